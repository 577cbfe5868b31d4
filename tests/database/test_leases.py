"""Who may write: the lease, its fence, and a database that is not there."""

from datetime import timedelta

import pytest
from sqlalchemy.exc import DBAPIError

from brygga.core.failures import LeaseLost
from brygga.database import connections, leases
from brygga.database.engine import Database, DatabaseGone, Fence
from tests.conftest import NOON, SEALER
from tests.database.merchants import connected

LATER = NOON + timedelta(minutes=5)


async def _lease(database: Database, connection_id: int, holder: str, at_s: float) -> Fence | None:
    now = NOON + timedelta(seconds=at_s)
    async with database.transaction() as tx:
        return await leases.acquire(
            tx,
            connection_id,
            holder,
            now=now,
            until=now + timedelta(seconds=60),
            takeover_delay=timedelta(seconds=10),
        )


async def test_a_lease_is_taken_over_only_after_its_end_and_the_grace(database: Database) -> None:
    one = await connected(database)

    holders = [await _lease(database, one.id, f"w{at}", at) for at in (0, 59, 69, 71)]

    assert [1, None, None, 2] == [fence and fence.epoch for fence in holders]


async def test_who_lost_the_lease_writes_nothing(database: Database) -> None:
    one = await connected(database)
    first = await _lease(database, one.id, "first", 0)
    assert await _lease(database, one.id, "second", 100)

    with pytest.raises(LeaseLost):
        async with database.transaction(first) as tx:
            await connections.set_cursor(tx, one.id, "too late")

    async with database.transaction() as tx:
        assert first is not None
        assert not await leases.renew(tx, first, LATER)
        assert "" == (await connections.health(tx, one.id)).zettle_cursor


async def test_a_lease_given_back_is_free_at_once(database: Database) -> None:
    one = await connected(database)
    fence = await _lease(database, one.id, "first", 0)
    assert fence is not None

    async with database.transaction(fence) as tx:
        await leases.release(tx, fence)

    assert await _lease(database, one.id, "second", 1)


async def test_reading_cannot_write(database: Database) -> None:
    one = await connected(database)

    with pytest.raises(DBAPIError):
        async with database.read() as tx:
            await connections.set_cursor(tx, one.id, "x")


async def test_a_database_that_is_not_there_is_one_clear_line_without_the_password() -> None:
    gone = Database.at("postgresql://user:hush@127.0.0.1:1/none", SEALER)

    with pytest.raises(DatabaseGone) as said:
        async with gone.read():
            pass
    await gone.close()

    assert "\n" not in str(said.value)
    assert "hush" not in str(said.value)
