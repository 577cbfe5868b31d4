"""The memory of stock: what is saved is what is read, and what is told once is told once."""

from datetime import timedelta

from brygga.core.stock import (
    SUSPENDED,
    Gap,
    Hint,
    Ledger,
    LevelRead,
    Side,
    Slot,
    StockRecord,
    Timing,
    Verdict,
    hinted,
    observed,
    sent,
)
from brygga.core.stock.movement import Cause, Moved, reported
from brygga.database import (
    initial_levels,
    ledgers,
    movements,
    pending_writes,
    reported_changes,
    retention,
    stock_saving,
)
from brygga.database.engine import Database
from brygga.database.ledgers import LedgerRow
from brygga.database.pending_writes import CallPart, Pending
from tests.conftest import NOON
from tests.database.merchants import connected

PRODUCT = "11111111-0000-1000-8000-000000000000"


def full_of_news() -> Ledger:
    """A ledger with something in every field that a turn leaves behind."""
    ledger = Ledger(
        StockRecord(confirmed=9), StockRecord(confirmed=9, variant_id=4, floor=1), closed=(1, 2)
    )
    ledger = observed(ledger, Side.ZETTLE, LevelRead(6, NOON), Timing()).ledger
    ledger = sent(ledger, Side.SHOP, -3, "call", NOON, Slot(77, 1_000))
    return hinted(ledger, Side.SHOP, Hint(NOON, by_order=True, variant="4"))


async def test_a_ledger_comes_back_as_it_was(database: Database) -> None:
    connection_id = (await connected(database)).id
    ledger_rows = [
        LedgerRow(PRODUCT, "b", full_of_news()),
        LedgerRow(
            PRODUCT,
            "a",
            Ledger(StockRecord(confirmed=3), StockRecord(confirmed=Gap.NOT_CREATED)),
            check_since=NOON,
        ),
        LedgerRow(
            PRODUCT,
            "c",
            Ledger(
                StockRecord(confirmed=4), StockRecord(confirmed=5, rests=SUSPENDED), separate=True
            ),
        ),
    ]
    async with database.transaction() as tx:
        await ledgers.save(tx, connection_id, ledger_rows, NOON)
    async with database.transaction() as tx:
        found = await ledgers.lock(tx, connection_id, [PRODUCT])
        others = await ledgers.load(tx, connection_id + 1, [PRODUCT])

    assert sorted(ledger_rows, key=lambda ledger_row: ledger_row.variant_uuid) == list(
        found.values()
    )
    assert {} == others


async def test_thousands_of_ledgers_are_saved_and_read_in_bulk(database: Database) -> None:
    connection_id = (await connected(database)).id
    ledger_rows = [
        LedgerRow(f"p{n // 4}", f"v{n}", Ledger(StockRecord(confirmed=n), StockRecord(confirmed=n)))
        for n in range(4000)
    ]
    async with database.transaction() as tx:
        await ledgers.save(tx, connection_id, ledger_rows, NOON)
        await ledgers.save(tx, connection_id, ledger_rows, NOON)
        found = await ledgers.load(
            tx, connection_id, {ledger_row.product_uuid for ledger_row in ledger_rows}
        )

    assert 4000 == len(found)


async def test_a_hint_is_told_once_and_in_order(database: Database) -> None:
    connection_id = (await connected(database)).id
    later = NOON + timedelta(seconds=1)
    async with database.transaction() as tx:
        await reported_changes.record_hint(
            tx, connection_id, Side.SHOP, "77", Hint(NOON, variant="5", made=NOON)
        )
        await reported_changes.record_hint(
            tx, connection_id, Side.SHOP, "77", Hint(later, by_order=True)
        )
        await reported_changes.record_hint(tx, connection_id, Side.SHOP, "78", Hint(NOON))
        await reported_changes.record_hint(
            tx, connection_id, Side.ZETTLE, PRODUCT, Hint(NOON, variant="a")
        )
        first = await reported_changes.take(tx, connection_id, [PRODUCT], ["77"])
        second = await reported_changes.take(tx, connection_id, [PRODUCT], ["77"])

    assert {"77": [Hint(NOON, variant="5", made=NOON), Hint(later, by_order=True)]} == first.hints[
        Side.SHOP
    ]
    assert {PRODUCT: [Hint(NOON, variant="a")]} == first.hints[Side.ZETTLE]
    assert [{}, {}] == [second.hints[side] for side in Side]


async def test_a_stop_is_told_once_and_is_no_hint(database: Database) -> None:
    connection_id = (await connected(database)).id
    now, times = NOON + timedelta(seconds=9), [NOON, NOON + timedelta(seconds=2)]
    async with database.transaction() as tx:
        for at in times:
            await reported_changes.record_switch(tx, connection_id, PRODUCT, at, now, on=False)
        first = await reported_changes.take(tx, connection_id, [PRODUCT], [])
        second = await reported_changes.take(tx, connection_id, [PRODUCT], [])

    assert ({}, {}) == (first.hints[Side.ZETTLE], second.stops)
    assert {PRODUCT: [(at, now) for at in times]} == first.stops


async def test_a_create_level_is_told_once_and_not_after_long(database: Database) -> None:
    connection_id = (await connected(database)).id
    async with database.transaction() as tx:
        await initial_levels.begin_creates(tx, connection_id, {PRODUCT: {"a": 5, "b": 0}}, NOON)
        await initial_levels.begin_creates(tx, connection_id, {PRODUCT: {"a": 4}}, NOON)
        first = await initial_levels.take_creates(tx, connection_id, {PRODUCT: ["a"]}, NOON)
        again = await initial_levels.take_creates(tx, connection_id, {PRODUCT: ["a"]}, NOON)
        late = await initial_levels.take_creates(
            tx, connection_id, {PRODUCT: ["b"]}, NOON + timedelta(days=1)
        )

    assert ({"a": 4}, {}, {}) == (first, again, late)


async def test_a_lost_write_is_found_with_its_echo_until_echoes_cannot_come(
    database: Database,
) -> None:
    connection_id = (await connected(database)).id
    pending_write = full_of_news().shop.pending_write
    assert pending_write is not None
    one = CallPart(PRODUCT, "b", Side.ZETTLE, pending_write)
    async with database.transaction() as tx:
        both = [CallPart(PRODUCT, "a", Side.ZETTLE, pending_write), one]
        await stock_saving.save(tx, connection_id, [], [], [], both, NOON)
        open_ = [
            await pending_writes.with_pending_writes(tx, connection_id),
            await pending_writes.is_open(tx, connection_id, "call"),
        ]
        await pending_writes.resolve_call(tx, connection_id, "call", ["a"])
        await pending_writes.resolve(tx, connection_id, one, Verdict.NOT_LANDED, NOON)
        still = await pending_writes.is_open(tx, connection_id, "call")
        await reported_changes.record_echo(tx, connection_id, "call", NOON)
        await reported_changes.record_echo(tx, connection_id, "call", NOON + timedelta(days=1))
        lost = await pending_writes.pending(tx, connection_id, [PRODUCT])
        await retention.prune(tx, connection_id, NOON + timedelta(days=5))
        after = await pending_writes.pending(tx, connection_id, [PRODUCT])

    assert ([[PRODUCT], True], False) == (open_, still)
    assert [Pending(one, Verdict.NOT_LANDED, NOON, NOON)] == lost
    assert [] == after


async def test_every_move_is_kept_for_the_question_why(database: Database) -> None:
    connection_id = (await connected(database)).id
    before = Ledger(StockRecord(confirmed=9), StockRecord(confirmed=9))
    after = observed(before, Side.ZETTLE, LevelRead(6, NOON), Timing()).ledger
    line = reported(Moved(Side.ZETTLE, Cause.SEEN, -3), (PRODUCT, "a"), before, after, NOON)
    async with database.transaction() as tx:
        await movements.add(tx, connection_id, [line, line])
        found = await movements.of_variant(tx, connection_id, "a", limit=1)
        older = await movements.of_variant(tx, connection_id, "a", before=found[0][0])

    assert [line] == [one for _, one in found] == [one for _, one in older]
    assert (9, 6, 9, 9) == (
        line.zettle_before,
        line.zettle_after,
        line.shop_before,
        line.shop_after,
    )
