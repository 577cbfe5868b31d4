"""Who may write: the lease, its fence, and a database that is not there."""

import asyncio
import itertools
from datetime import timedelta

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from brygga.core.failures import LeaseLost
from brygga.database import connections, leases, receiving, tokens, work_items
from brygga.database.engine import Database, DatabaseGone, Fence
from brygga.database.leases import Acquired, gate_key
from brygga.database.receiving import Question
from brygga.database.tokens import Platform, Token
from brygga.database.work_items import Kind
from tests.conftest import NOON, SEALER
from tests.database.merchants import connected, ids_from

LATER = NOON + timedelta(minutes=5)


async def _lease(database: Database, connection_id: int, holder: str, at_s: float) -> Fence | None:
    now = NOON + timedelta(seconds=at_s)
    async with database.transaction() as tx:
        found = await leases.acquire(
            tx,
            connection_id,
            holder,
            now=now,
            until=now + timedelta(seconds=60),
            takeover_delay=timedelta(seconds=10),
        )
    return None if found is None else found.fence


async def test_a_lease_is_taken_over_only_after_its_end_and_the_margin(database: Database) -> None:
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


async def test_an_id_beyond_32_bits_has_a_lease_and_webhooks_too(database: Database) -> None:
    """The gate's key has 32 bits. Ids that are 2**31 apart have one gate, and each its lease."""
    small = await connected(database)
    async with database.transaction() as tx:
        await ids_from(tx, 2**31 + small.id)
    large = await connected(database, "org-2", "def456")
    taken = []
    for one in (small, large):
        async with database.transaction() as tx:
            asked = Question(Platform.ZETTLE, ["message"], NOON)
            known = await receiving.receive(tx, one.id, asked, NOON)
        fence = await _lease(database, one.id, "first", 0)
        taken.append((one.id, known and known.fresh, fence and fence.epoch))

    assert [(number, {"message"}, 1) for number in (small.id, 2**31 + small.id)] == taken
    async with database.read() as tx:
        keys = await tx.first(
            sa.text(
                f"SELECT {gate_key('7')} AS low, {gate_key(str(2**63 - 1))} AS high, "
                f"{gate_key(str(2**31 - 1))} AS last"
            )
        )
    assert (7, 2**31 - 1, 2**31 - 1) == tuple(keys or ())


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


async def test_a_flood_of_webhooks_keeps_no_worker_from_the_lease(database: Database) -> None:
    """Transactions that hold the connection's row, of which one always overlaps the next: whoever
    takes the lease comes between them.
    """
    one = await connected(database)
    is_over = asyncio.Event()

    async def hooks(writer: int) -> None:
        for number in itertools.count():
            async with database.transaction() as tx:
                asked = Question(Platform.ZETTLE, [f"{writer}-{number}"], NOON)
                await receiving.receive(tx, one.id, asked, NOON)
                await asyncio.sleep(0.03)
            if is_over.is_set():
                return

    async with asyncio.TaskGroup() as group:
        for writer in range(10):
            group.create_task(hooks(writer))
            await asyncio.sleep(0.01)
        try:
            async with asyncio.timeout(5):
                fences = [await _lease(database, one.id, f"w{at}", at) for at in (0, 100, 200)]
        finally:
            is_over.set()

    assert [1, 2, 3] == [fence and fence.epoch for fence in fences]


_CHANGES = {
    "disconnect": "stage = 'disconnected'",
    "pause": "paused = 'access_gone'",
    "hold": "held_at = now()",
    "pause of products": "products_paused = true",
}
_WAITING = sa.text("""
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'
""")


@pytest.mark.parametrize("change", _CHANGES.values(), ids=_CHANGES)
async def test_what_changed_while_the_lease_was_waited_for_counts(
    database: Database, change: str
) -> None:
    """The work that was due before is none of a connection that may not do it any more, and the
    tokens are those given meanwhile.
    """
    one = await connected(database)
    async with database.transaction() as tx:
        await work_items.add(tx, one.id, Kind.PRODUCT, "cup", NOON)
        for platform in Platform:
            await tokens.save(tx, one.id, platform, Token("old", NOON))

    async def take() -> Acquired | None:
        async with database.transaction() as tx:
            return await leases.acquire(
                tx, one.id, "w", now=NOON, until=LATER, takeover_delay=timedelta()
            )

    async with database.transaction() as other:
        await other.run(sa.text(f"UPDATE connections SET {change}"))
        for platform in Platform:
            await tokens.save(other, one.id, platform, Token("new", NOON))
        taking = asyncio.create_task(take())
        for _ in range(1000):
            async with database.read() as look:
                if await look.scalar(_WAITING):
                    break
            await asyncio.sleep(0.01)
    taken = await taking

    assert taken is not None
    assert taken.due is None, "look anew"
    assert dict.fromkeys(Platform, "new") == {name: it.access for name, it in taken.tokens.items()}
    async with database.read() as tx:
        found = await connections.by_id(tx, one.id)
        assert (found, []) == (taken.connection, await work_items.due(tx, one.id, NOON))


async def test_connections_that_the_server_ended_are_opened_anew(
    database: Database, database_url: str
) -> None:
    """As after a restart of the server, which nobody who works with it has to notice."""

    async def both() -> list[int]:
        pid = sa.text("SELECT pg_backend_pid()")
        async with database.read() as one, database.transaction() as two:
            return [await tx.scalar(pid) for tx in (one, two)]

    before = await both()
    async with await psycopg.AsyncConnection.connect(database_url) as other:
        await other.execute("SELECT pg_terminate_backend(p) FROM unnest(%s::int[]) p", [before])
    after = await both()

    assert not {*before} & {*after}
