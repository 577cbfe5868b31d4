"""What is old is deleted in portions, and two workers never wait for each other."""

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa

from brygga.core.report import Code, Line, Severity, Topic
from brygga.database import ageing, synclog
from brygga.database.engine import Database, Tx
from brygga.database.tables import synclog as lines
from tests.conftest import NOON
from tests.database.apart import OWNER
from tests.database.merchants import connected

LATER = NOON + timedelta(days=91)


async def aged(database: Database, count: int) -> int:
    """A connection with as many lines, one minute apart, the last of them at `NOON`."""
    connection_id = (await connected(database)).id
    line = Line(Code.PRODUCT_CREATED, Topic.PRODUCT, Severity.INFO, "p")
    async with database.transaction() as tx:
        for minute in range(count):
            at = NOON - timedelta(minutes=count - 1 - minute)
            await synclog.add(tx, connection_id, line, at)
    return connection_id


async def left(tx: Tx, connection_id: int) -> int:
    statement = sa.select(sa.func.count()).where(lines.c[OWNER] == connection_id)
    return int(await tx.scalar(statement))


async def test_the_oldest_go_first_and_no_more_than_a_portion(database: Database) -> None:
    connection_id = await aged(database, 5)
    async with database.transaction() as tx:
        deleted = await ageing.delete_older(tx, lines.c.at, NOON, portion=3)
        oldest = await tx.scalar(sa.select(sa.func.min(lines.c.at)))
        again = await ageing.delete_older(tx, lines.c.at, NOON, portion=3)

        assert (3, NOON - timedelta(minutes=1), 1) == (deleted, oldest, again)
        assert 1 == await left(tx, connection_id), "what is not older stays"


async def test_a_worker_does_not_wait_for_what_another_deletes(database: Database) -> None:
    connection_id = await aged(database, 5)
    async with database.transaction() as first, asyncio.timeout(20):
        mine = await ageing.delete_older(first, lines.c.at, LATER, portion=2)
        async with database.transaction() as second:
            theirs = await ageing.delete_older(second, lines.c.at, LATER)
    async with database.read() as tx:
        none = await left(tx, connection_id)

    assert (2, 3, 0) == (mine, theirs, none)


@pytest.mark.parametrize("days", [0, 91])
async def test_a_log_is_kept_for_ninety_days(database: Database, days: int) -> None:
    connection_id = await aged(database, 3)
    async with database.transaction() as tx:
        deleted = await synclog.prune(tx, NOON + timedelta(days=days))

        assert ((0, 3) if days == 0 else (3, 0)) == (deleted, await left(tx, connection_id))
