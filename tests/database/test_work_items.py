"""What waits to be done, and what may be."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from brygga.core.model import Stage
from brygga.database import (
    connections,
    failed_work,
    finished_work,
    inbox,
    leases,
    receiving,
    statistics,
    turns,
    waiting_work,
    work_items,
)
from brygga.database.engine import Database
from brygga.database.receiving import Question
from brygga.database.tokens import Platform
from brygga.database.work_items import Kind
from tests.conftest import NOON
from tests.database.merchants import connected

LATER = NOON + timedelta(minutes=5)
PRODUCT_B = (Kind.PRODUCT, "b")


async def test_work_is_done_only_if_nobody_added_it_again_meanwhile(database: Database) -> None:
    one = await connected(database)
    async with database.transaction() as tx:
        await work_items.add(tx, one.id, Kind.PRODUCT, "cup", NOON)
        (seen,) = await work_items.due(tx, one.id, NOON)
        await work_items.add(tx, one.id, Kind.PRODUCT, "cup", NOON, force=True)

        assert not await finished_work.done(tx, seen)
        assert not await failed_work.again(tx, seen, LATER)
        (newer,) = await work_items.due(tx, one.id, NOON)
        assert newer.force
        assert newer.generation > seen.generation
        assert await finished_work.done(tx, newer)
        assert 0 == await waiting_work.pending(tx)


async def test_many_are_done_at_once_but_none_that_was_added_again(database: Database) -> None:
    one = await connected(database)
    async with database.transaction() as tx:
        await work_items.add_many(tx, one.id, Kind.PRODUCT, ["a", "b"], NOON)
        await work_items.add(tx, one.id, Kind.STOCK, "a", NOON)
        seen = [
            *await work_items.due(tx, one.id, NOON, [Kind.PRODUCT]),
            *await work_items.due(tx, one.id, NOON, [Kind.STOCK]),
        ]
        await work_items.add(tx, one.id, Kind.PRODUCT, "b", NOON)
        ended = await finished_work.all_done(tx, seen)
        (left,) = await work_items.due(tx, one.id, NOON)

    assert ended == {item.generation for item in seen if (item.kind, item.subject) != PRODUCT_B}
    assert PRODUCT_B == (left.kind, left.subject)
    assert 2 == len(ended)


async def test_stock_goes_first_and_small_changes_before_a_first_import(database: Database) -> None:
    one = await connected(database)
    order = []
    async with database.transaction() as tx:
        await work_items.add_many(tx, one.id, Kind.PRODUCT, ["a", "b", "c"], NOON, bulk=True)
        await work_items.add(tx, one.id, Kind.SWEEP, "", NOON)
        await work_items.add(tx, one.id, Kind.PRODUCT, "c", LATER, due_at=NOON)
        await work_items.add(tx, one.id, Kind.STOCK, "z", NOON)
        await work_items.add(tx, one.id, Kind.STOCK, "not yet", NOON, due_at=LATER)
        while batch := await work_items.due(tx, one.id, NOON):
            order.append([(item.kind.value, item.subject) for item in batch])
            for item in batch:
                await finished_work.done(tx, item)

    assert [
        [("stock", "z")],
        [("product", "c")],
        [("sweep", "")],
        [("product", "a"), ("product", "b")],
    ] == order


BEFORE_THE_END = {Kind.LEAVE, Kind.UNINSTALL, Kind.SETUP, Kind.ACCOUNT, Kind.LIBRARY, Kind.HOOKS}


@pytest.mark.rule("C11")
@pytest.mark.parametrize(
    ("stage", "paused", "expected"),
    [
        (Stage.RUNNING, "", set(Kind)),
        (Stage.RUNNING, "access_gone", {Kind.LEAVE, Kind.UNINSTALL, Kind.SETUP, Kind.HOOKS}),
        (Stage.PRICES_CHOSEN, "", BEFORE_THE_END),
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
            await work_items.add(tx, one.id, kind, "", NOON)
        while batch := await work_items.due(tx, one.id, NOON):
            worked |= {item.kind for item in batch}
            for item in batch:
                await finished_work.done(tx, item)
        left = await turns.next_due(tx, one.id)

    assert (expected, None) == (worked, left)


HOUR = timedelta(hours=1)


async def _failed(database: Database, connection_id: int, program: str = "one") -> None:
    """An item whose work failed at noon by a bug."""
    async with database.transaction() as tx:
        await work_items.add(tx, connection_id, Kind.PRODUCT, "cup", NOON)
        (item,) = await work_items.due(tx, connection_id, NOON)
        assert await failed_work.park(tx, item, "S-1", NOON, next_try=NOON + HOUR, program=program)


async def test_failed_work_waits_for_its_next_try(database: Database) -> None:
    one = await connected(database)
    await _failed(database, one.id)
    async with database.transaction() as tx:
        before = await work_items.due(tx, one.id, NOON + HOUR / 2)
        (resumed,) = await turns.turns_due(tx, NOON + HOUR, timedelta())
        (again,) = await work_items.due(tx, one.id, NOON + HOUR)
        (seen,) = await waiting_work.parked(tx, one.id)

    assert ([], (one.id, False)) == (before, (resumed.connection_id, resumed.is_prompt))
    assert (NOON, "S-1", 1) == (again.failing_since, again.support_id, again.attempts)
    assert (NOON, NOON + HOUR, True) == (seen.failing_since, seen.next_try, seen.waits)


async def test_a_new_item_tries_failed_work_at_once_as_the_same_incident(
    database: Database,
) -> None:
    one = await connected(database)
    await _failed(database, one.id)
    async with database.transaction() as tx:
        await work_items.add(tx, one.id, Kind.PRODUCT, "cup", LATER)
        (again,) = await work_items.due(tx, one.id, LATER)
        (seen,) = await waiting_work.parked(tx, one.id)
        await work_items.add(tx, one.id, Kind.PRODUCT, "cup", LATER)
        await failed_work.park(tx, again, "S-2", LATER, next_try=LATER + HOUR)
        newer = await work_items.due(tx, one.id, LATER)

    assert ("S-1", False) == (again.support_id, seen.waits)
    assert ["S-1"] == [item.support_id for item in newer], (
        "marked again while it failed: it is tried at once"
    )


@pytest.mark.parametrize(
    ("wish", "resumed"),
    [
        ({}, True),
        ({"kind": Kind.PRODUCT, "support_id": "S-1"}, True),
        ({"kind": Kind.STOCK}, False),
        ({"support_id": "S-2"}, False),
        ({"connection_id": 0}, False),
    ],
)
async def test_failed_work_can_be_tried_now(
    database: Database, wish: dict[str, Any], resumed: bool
) -> None:
    one = await connected(database)
    await _failed(database, one.id)
    async with database.transaction() as tx:
        await work_items.add(tx, one.id, Kind.SWEEP, "", NOON, due_at=NOON + HOUR)
        reported = await failed_work.retry(tx, LATER, **wish)
        due = await work_items.due(tx, one.id, LATER)

    assert ({one.id: 1} if resumed else {}) == reported
    assert resumed == bool(due)


async def test_another_version_tries_what_failed_once(database: Database) -> None:
    one = await connected(database)
    await _failed(database, one.id, "one")
    async with database.transaction() as tx:
        same = await failed_work.retry_for(tx, "one", LATER)
        other = await failed_work.retry_for(tx, "two", LATER)
        (item,) = await work_items.due(tx, one.id, LATER)
        await failed_work.park(tx, item, "S-2", LATER, next_try=LATER + HOUR, program="two")
        either = [await failed_work.retry_for(tx, program, LATER) for program in ("one", "two")]

    assert (0, 1, [0, 0]) == (same, other, either), (
        "two versions beside each other do not wake it for ever"
    )


async def test_two_versions_at_once_do_not_try_every_minute(database: Database) -> None:
    """The newer one wakes failed work, and the older one takes it each time and fails."""
    one = await connected(database)
    await _failed(database, one.id, "old")
    resumed = 0
    for minute in range(1, 30):
        now = NOON + timedelta(minutes=minute)
        async with database.transaction() as tx:
            resumed += await failed_work.retry_for(tx, "new", now)
            for item in await work_items.due(tx, one.id, now):
                await failed_work.park(tx, item, "S-1", now, next_try=now + HOUR, program="old")

    assert 1 == resumed


async def test_failed_work_that_meets_an_outage_waits_for_that(database: Database) -> None:
    """Pages say that the platform does not answer, and since when."""
    one = await connected(database)
    await _failed(database, one.id)
    async with database.transaction() as tx:
        (item,) = await work_items.due(tx, one.id, NOON + HOUR)
        await failed_work.again(tx, item, NOON + 2 * HOUR, waits_for="zettle", now=NOON + HOUR)
        outages = await waiting_work.outages(tx, one.id)
        (seen,) = await waiting_work.parked(tx, one.id)

        assert {"zettle": NOON + HOUR} == outages
        assert await waiting_work.struggling(tx, one.id)
        assert (False, "S-1") == (seen.waits, seen.support_id), "still the same incident"


async def test_only_what_was_due_as_it_was_added_is_prompt(database: Database) -> None:
    """A sale, an order or a count, also where a look was planned before it. A look that time
    brings, products and routine work may wait.
    """
    waits, sold, ordered, edited, both = [
        await connected(database, f"org-{n}", f"store-{n}") for n in range(5)
    ]
    async with database.transaction() as tx:
        for one in (waits, both):
            due = NOON + timedelta(seconds=12)
            await work_items.add(tx, one.id, Kind.STOCK, "cup", NOON, due_at=due)
        await work_items.add(tx, both.id, Kind.STOCK, "cup", NOON + timedelta(seconds=3))
        await work_items.add(tx, sold.id, Kind.STOCK, "cup", NOON)
        await work_items.add(tx, ordered.id, Kind.SHOP_STOCK, "812", NOON)
        await work_items.add(tx, edited.id, Kind.PRODUCT, "cup", NOON)
        found = await turns.turns_due(tx, LATER, timedelta())
        prompt = {one.id for one in (sold, ordered, both)}
        asked = {one.id for one in (waits, sold, ordered, edited, both)}
        said = {one for one in asked if await turns.is_prompt(tx, one, LATER)}

    assert sorted(asked) == [one.connection_id for one in found]
    assert prompt == {one.connection_id for one in found if one.is_prompt} == said
    assert NOON + timedelta(seconds=12) == next(
        one.since for one in found if one.connection_id == waits.id
    )


@pytest.mark.parametrize(
    ("kind", "force", "bulk", "is_prompt"),
    [
        *((kind, False, False, True) for kind in (Kind.LEAVE, Kind.SETUP)),
        *((kind, False, False, True) for kind in (Kind.ADDITION, Kind.LINK)),
        (Kind.PRODUCT, True, False, True),
        (Kind.PRODUCT, True, True, False),
        (Kind.PRODUCT, False, False, False),
        (Kind.SWEEP, True, False, False),
    ],
)
async def test_what_a_page_waits_for_is_prompt_unless_it_was_put_off(
    database: Database, kind: Kind, force: bool, bulk: bool, is_prompt: bool
) -> None:
    asked, later = await connected(database), await connected(database, "org-2", "def456")
    due_at = NOON + timedelta(seconds=2)
    async with database.transaction() as tx:
        await work_items.add_many(tx, asked.id, kind, ["x"], NOON, force=force, bulk=bulk)
        await work_items.add_many(
            tx, later.id, kind, ["x"], NOON, force=force, bulk=bulk, due_at=due_at
        )
        found = {
            one.connection_id: one.is_prompt
            for one in await turns.turns_due(tx, LATER, timedelta())
        }

    assert {asked.id: is_prompt, later.id: False} == found


async def test_one_look_reads_both_queues_where_little_is_due(database: Database) -> None:
    one = await connected(database)
    async with database.transaction() as tx:
        await work_items.add(tx, one.id, Kind.STOCK, "cup", NOON)
        await work_items.add(tx, one.id, Kind.PRODUCT, "cup", NOON)
        await work_items.add(tx, one.id, Kind.SWEEP, "", NOON)
        both = await work_items.due_with_stamp(tx, one.id, NOON, work_items.STOCK_KINDS, 250)
        few = await work_items.due_with_stamp(tx, one.id, NOON, work_items.PRODUCT_KINDS, 250)
        more = [f"p{number}" for number in range(work_items.FEW)]
        await work_items.add_many(tx, one.id, Kind.PRODUCT, more, NOON)
        many = await work_items.due_with_stamp(tx, one.id, NOON, work_items.STOCK_KINDS, 250)
        taken = await leases.acquire(
            tx, one.id, "w", now=NOON, until=LATER, takeover_delay=timedelta()
        )

    assert [("stock", "cup")] == [(item.kind.value, item.subject) for item in both.items]
    assert both.others is not None
    assert [Kind.PRODUCT] == [item.kind for item in work_items.first_batch(both.others)]
    assert (True, False, [Kind.PRODUCT]) == (
        both.is_all,
        few.is_all,
        [item.kind for item in few.items],
    )
    assert (None, True) == (many.others, many.is_all)
    assert taken is not None
    assert taken.due is None


async def test_a_lease_brings_what_is_due_along(database: Database) -> None:
    one = await connected(database)
    async with database.transaction() as tx:
        await work_items.add(tx, one.id, Kind.STOCK, "cup", NOON, detail="x")
        await work_items.add(tx, one.id, Kind.STOCK, "mug", NOON, due_at=LATER)
        wanted = await work_items.due(tx, one.id, NOON)
        taken = await leases.acquire(
            tx, one.id, "w", now=NOON, until=LATER, takeover_delay=timedelta()
        )

    assert taken is not None
    assert wanted == taken.due


async def test_items_of_a_kind_that_is_not_known_here_are_left_alone(database: Database) -> None:
    """A newer version of the program has made them, beside an older worker."""
    one = await connected(database)
    async with database.transaction() as tx:
        await work_items.add(tx, one.id, Kind.PRODUCT, "cup", NOON)
        await tx.run(sa.text("UPDATE work_items SET kind = 'of_tomorrow'"))
        found = (
            await turns.next_due(tx, one.id),
            await turns.turns_due(tx, NOON, timedelta()),
        )
        counted = await waiting_work.counts(tx, one.id)

    assert ((None, []), {}) == (found, counted)


async def test_a_message_is_accepted_once_per_merchant(database: Database) -> None:
    one, two = await connected(database), await connected(database, "org-2", "def456")
    async with database.transaction() as tx:
        asked = Question(Platform.ZETTLE, ["m1"], NOON)
        received = [
            known.fresh
            for connection in (one, one, two)
            if (known := await receiving.receive(tx, connection.id, asked, NOON)) is not None
        ]
        assert 2 == await inbox.prune(tx, NOON + timedelta(days=5))

    assert [{"m1"}, set(), {"m1"}] == received


# ---- What a look costs ---------------------------------------------------------------------------

MANY = 5_000
_READ = sa.text("""
    SELECT seq_tup_read + coalesce(idx_tup_fetch, 0) FROM pg_stat_xact_user_tables
    WHERE relname = 'work_items'
""")


async def importing(database: Database) -> int:
    """A connection whose whole library waits, and that has routine work besides."""
    one = await connected(database)
    async with database.transaction() as tx:
        subjects = [f"p{number}" for number in range(MANY)]
        await work_items.add_many(tx, one.id, Kind.PRODUCT, subjects, NOON, bulk=True)
        await work_items.add(tx, one.id, Kind.SWEEP, "", NOON, due_at=LATER)
    await statistics.analyze(database, "work_items")
    return one.id


async def test_a_look_reads_a_batch_and_not_all_that_is_due(database: Database) -> None:
    """An import of 20,000 products looks eighty times."""
    one = await importing(database)
    async with database.read() as tx:
        product = await work_items.due_with_stamp(tx, one, NOON, work_items.PRODUCT_KINDS, 250)
        read = await tx.scalar(_READ)
        stock = await work_items.due_with_stamp(tx, one, NOON, work_items.STOCK_KINDS, 250)
        read_again = await tx.scalar(_READ) - read

    assert (250, False) == (len(product.items), product.is_all)
    assert {Kind.PRODUCT} == {item.kind for item in product.items}
    assert ([], True, None) == (stock.items, stock.is_all, stock.others)
    assert read <= 251
    assert read_again <= work_items.FEW + 1


async def test_whether_much_waits_is_known_without_counting_it(database: Database) -> None:
    """Each batch of hints asks during an import."""
    one = await importing(database)
    async with database.read() as tx:
        found = await waiting_work.is_more_than(tx, one, Kind.PRODUCT, 25)
        read = await tx.scalar(_READ)
        exact = [await waiting_work.is_more_than(tx, one, Kind.SWEEP, most) for most in (0, 1)]

    assert found
    assert [True, False] == exact
    assert read <= 26
