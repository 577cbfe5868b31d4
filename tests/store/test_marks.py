"""What waits to be done, and what may be."""

from datetime import timedelta

import pytest

from brygga.core.model import Stage
from brygga.store import (
    connections,
    inbox,
    marks,
)
from brygga.store.database import Database
from brygga.store.marks import Kind
from brygga.store.tokens import Platform
from tests.conftest import NOON
from tests.store.town import connected

LATER = NOON + timedelta(minutes=5)


async def test_work_is_done_only_if_nobody_marked_it_again_meanwhile(database: Database) -> None:
    one = await connected(database)
    async with database.transaction() as tx:
        await marks.mark(tx, one.id, Kind.PRODUCT, "cup", NOON)
        (seen,) = await marks.due(tx, one.id, NOON)
        await marks.mark(tx, one.id, Kind.PRODUCT, "cup", NOON, force=True)

        assert not await marks.done(tx, seen)
        assert not await marks.again(tx, seen, LATER)
        (newer,) = await marks.due(tx, one.id, NOON)
        assert newer.force
        assert newer.generation > seen.generation
        assert await marks.done(tx, newer)
        assert 0 == await marks.pending(tx)


async def test_stock_goes_first_and_small_changes_before_a_first_import(database: Database) -> None:
    one = await connected(database)
    order = []
    async with database.transaction() as tx:
        await marks.mark_many(tx, one.id, Kind.PRODUCT, ["a", "b", "c"], NOON, bulk=True)
        await marks.mark(tx, one.id, Kind.SWEEP, "", NOON)
        await marks.mark(tx, one.id, Kind.PRODUCT, "c", LATER, due_at=NOON)
        await marks.mark(tx, one.id, Kind.STOCK, "z", NOON)
        await marks.mark(tx, one.id, Kind.STOCK, "not yet", NOON, due_at=LATER)
        while batch := await marks.due(tx, one.id, NOON):
            order.append([(mark.kind.value, mark.subject) for mark in batch])
            for mark in batch:
                await marks.done(tx, mark)

    assert [
        [("stock", "z")],
        [("product", "c")],
        [("sweep", "")],
        [("product", "a"), ("product", "b")],
    ] == order


@pytest.mark.rule("C11")
@pytest.mark.parametrize(
    ("stage", "paused", "expected"),
    [
        (Stage.RUNNING, "", set(Kind)),
        (Stage.RUNNING, "access_gone", {Kind.LEAVE, Kind.SETUP}),
        (Stage.PRICES_CHOSEN, "", {Kind.LEAVE, Kind.SETUP, Kind.ACCOUNT, Kind.LIBRARY, Kind.HOOKS}),
        (Stage.LEAVING, "", {Kind.LEAVE}),
        (Stage.DISCONNECTED, "", {Kind.LEAVE}),
    ],
)
async def test_what_may_be_worked_on_follows_from_the_connections_state(
    database: Database, stage: Stage, paused: str, expected: set[Kind]
) -> None:
    one = await connected(database)
    worked = set()
    async with database.transaction() as tx:
        await connections.set_stage(tx, one.id, stage)
        await connections.pause(tx, one.id, paused)
        for kind in Kind:
            await marks.mark(tx, one.id, kind, "", NOON)
        while batch := await marks.due(tx, one.id, NOON):
            worked |= {mark.kind for mark in batch}
            for mark in batch:
                await marks.done(tx, mark)
        left = await marks.next_due(tx, one.id)

    assert (expected, None) == (worked, left)


async def test_parked_work_waits_for_its_next_mark(database: Database) -> None:
    one = await connected(database)
    async with database.transaction() as tx:
        await marks.mark(tx, one.id, Kind.PRODUCT, "cup", NOON)
        (mark,) = await marks.due(tx, one.id, NOON)
        await marks.park(tx, mark, "S-1", NOON)
        assert [] == await marks.due(tx, one.id, LATER)
        assert ["S-1"] == [parked.support_id for parked in await marks.parked(tx, one.id)]

        await marks.mark(tx, one.id, Kind.PRODUCT, "cup", LATER)

        assert ["cup"] == [mark.subject for mark in await marks.due(tx, one.id, LATER)]


async def test_a_message_is_accepted_once_per_merchant(database: Database) -> None:
    one, two = await connected(database), await connected(database, "org-2", "def456")
    async with database.transaction() as tx:
        heard = [await inbox.accept(tx, connection.id, Platform.ZETTLE, "m1", NOON) for connection in (one, one, two)]
        assert 2 == await inbox.prune(tx, NOON + timedelta(days=5))

    assert [True, False, True] == heard
