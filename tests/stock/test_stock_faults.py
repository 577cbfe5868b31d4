"""Stock when answers are lost, refused or late (design "Stock": Lag, Settle, Refusals; invariants
7, 10, 11, 14).
"""

from datetime import timedelta
from typing import Any

import pytest

from brygga.core.report import Code
from brygga.core.stock import Hint, Ledger, PendingWrite, Side, StockRecord, Timing, hinted
from brygga.database import bindings, markers, reported_changes
from brygga.database.bindings import State
from brygga.database.work_items import Kind
from brygga.sync.stock.work import next_step
from brygga_sandbox.bigcommerce import items
from tests.conftest import NOON
from tests.stock.bench import StockBench
from tests.stock.merchant import asked, ready

RELATIVE = "*/adjustments/relative"


@pytest.mark.rule("S2")
@pytest.mark.parametrize("kind", ["5xx_before", "cut_before"])
async def test_a_write_to_the_shop_that_never_happened_is_written_again(
    bench: StockBench, kind: str
) -> None:
    uuid, variant = await ready(bench, 9)
    bench.fault(kind, "POST", RELATIVE, next=1)

    await bench.sells(variant, 2)
    await bench.quiet(240)

    assert (7, 7) == await bench.levels(uuid)
    assert (await bench.ledger(uuid)).shop.pending_write is None


@pytest.mark.rule("S2")
@pytest.mark.parametrize("kind", ["5xx_after", "cut_after"])
async def test_a_write_to_the_shop_without_an_answer_is_not_repeated(
    bench: StockBench, kind: str
) -> None:
    """The marker tells that it landed: nobody is asked (decision 16)."""
    uuid, variant = await ready(bench, 9)
    bench.fault(kind, "POST", RELATIVE, next=1)

    await bench.sells(variant, 2)
    await bench.quiet(240)

    assert (7, 7) == await bench.levels(uuid)
    assert "settled" in await bench.causes(variant)
    assert Code.STOCK_CHECK not in await bench.codes()
    assert [] == await held(bench)


async def held(bench: StockBench) -> list[str]:
    """The calls that hold a slot of the marker."""
    async with bench.database.read() as tx:
        return sorted(await markers.held(tx, bench.connection.id))


@pytest.mark.rule("S4")
@pytest.mark.parametrize("kind", ["cut_before", "cut_after"])
async def test_an_edit_in_the_same_second_is_not_taken_for_the_write(
    bench: StockBench, kind: str
) -> None:
    """And one by another number is known apart from it without a question (decision 16)."""
    uuid, variant = await ready(bench, 9)
    bench.fault(kind, "POST", RELATIVE, next=1)

    await bench.sells(variant, 2)
    await bench.work_off()
    shop, product_id = bench.sandbox.shop(), await bench.product_id(uuid)
    shop.set_stock(shop.level(product_id=product_id) - 1, product_id=product_id)
    await bench.shop_reports(uuid)
    await bench.quiet(240)

    assert (6, 6) == await bench.levels(uuid)
    assert Code.STOCK_CHECK not in await bench.codes()


@pytest.mark.rule("S4")
@pytest.mark.parametrize(
    ("kind", "edited", "reported", "number"),
    [("cut_before", 7, True, 5), ("cut_after", 9, True, 9), ("cut_after", 9, False, 7)],
)
async def test_an_edit_of_its_very_size_is_known_from_the_write(
    bench: StockBench, kind: str, edited: int, reported: bool, number: int
) -> None:
    """One that undoes the write, and of which nothing is told, looks as if a call were not all or
    nothing: the lower number, and a question (decision 16)."""
    uuid, variant = await ready(bench, 9)
    bench.fault(kind, "POST", RELATIVE, next=1)

    await bench.sells(variant, 2)
    await bench.work_off()
    bench.sandbox.shop().set_stock(edited, product_id=await bench.product_id(uuid))
    if reported:
        await bench.shop_reports(uuid)
    await bench.quiet(240)

    assert (number, number) == await bench.levels(uuid)
    assert await asked(bench, uuid) is not reported


@pytest.mark.parametrize(("kind", "number"), [("cut_before", 7), ("cut_after", 5)])
async def test_without_a_marker_the_lower_number_is_the_target_and_asked_about(
    bench: StockBench, kind: str, number: int
) -> None:
    """It could not be made: no second engine guesses (decision 16)."""
    uuid, variant = await bench.stocked(9)
    await bench.finish_setup(marked=False)
    await bench.quiet()
    bench.fault(kind, "POST", RELATIVE, next=1)

    await bench.sells(variant, 2)
    await bench.quiet(240)

    assert (number, number) == await bench.levels(uuid)
    assert Code.STOCK_CHECK in await bench.codes()
    assert await asked(bench, uuid)


async def test_a_call_waits_while_every_slot_is_held(bench: StockBench) -> None:
    uuid, variant = await ready(bench, 9)
    async with bench.database.transaction() as tx:
        for place in range(8):
            assert await markers.take(tx, bench.connection.id, f"call-{place}", bench.clock.now())
    await bench.sells(variant, 2)
    await bench.quiet(12)
    waiting = await bench.levels(uuid)
    async with bench.database.transaction() as tx:
        await markers.give_back(tx, bench.connection.id, "call-3", 1_000)
    await bench.quiet(12)

    assert ((7, 9), (7, 7)) == (waiting, await bench.levels(uuid))


async def test_a_write_to_a_variant_that_is_let_go_holds_no_slot(bench: StockBench) -> None:
    """The merchant unassigns the product while its write has no answer: eight of these would stop
    all.
    """
    uuid, variant = await ready(bench, 9)
    bench.fault("cut_after", "POST", RELATIVE, next=1)
    await bench.sells(variant, 2)
    await bench.work_off()
    async with bench.database.transaction() as tx:
        await bindings.forget(tx, bench.connection.id, [uuid])
    await bench.add_item(Kind.STOCK, uuid)
    await bench.quiet(120)

    async with bench.database.read() as tx:
        held = await markers.held(tx, bench.connection.id)
        orphans = await markers.orphans(tx, bench.connection.id, bench.clock.now())
    assert held.keys() == {one.call for one in orphans}
    assert 1 == len(held)


async def test_a_slot_that_the_store_does_not_know_is_taken_no_more(bench: StockBench) -> None:
    """Somebody deleted the marker: the call is refused for it, and leaves again with another slot
    or without.
    """
    uuid, variant = await ready(bench, 9)
    async with bench.database.read() as tx:
        known = await markers.find(tx, bench.connection.id)
    assert known is not None
    assert known.product_id is not None
    bench.sandbox.shop().delete_product(known.product_id)

    await bench.sells(variant, 2)
    await bench.quiet(120)

    assert (7, 7) == await bench.levels(uuid)
    assert Code.STOCK_ITEM_UNKNOWN not in await bench.codes()


@pytest.mark.rule("S2", "S3")
@pytest.mark.parametrize("side", Side)
def test_a_write_without_an_answer_is_not_looked_at_every_second(side: Side) -> None:
    """No look clears a stock record with an open write, and a hint stays open with it: the next
    look is the one that can settle something.
    """
    now, timing = NOON + timedelta(seconds=30), Timing()
    pending_write = PendingWrite(
        "call", -3, NOON, base=7, lost=NOON, since=NOON + timedelta(seconds=10)
    )
    open_, quiet = (
        StockRecord(confirmed=7, pending_write=pending_write, variant_id=1),
        StockRecord(confirmed=7, variant_id=1),
    )
    records = (open_, quiet) if side is Side.ZETTLE else (quiet, open_)
    ledger = hinted(Ledger(*records, separate=True), side, Hint(NOON))

    assert now + timing.read_lag(Side.SHOP) == next_step(ledger, now, timing)


async def test_an_event_of_a_product_that_is_not_synced_is_not_kept_for_later(
    bench: StockBench,
) -> None:
    uuid, variant = await bench.stocked(9)
    await bench.finish_setup(whole_library=False)
    await bench.sells(variant, 2)
    await bench.quiet()
    async with bench.database.read() as tx:
        assert not await reported_changes.waiting(tx, bench.connection.id, Side.ZETTLE, [uuid])

    await bench.assign(uuid)
    await bench.quiet()

    assert (7, 7) == await bench.levels(uuid)


async def test_a_dead_turn_leaves_nothing_forgotten(
    bench: StockBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies between the disk and the wire: the pending write is on disk, and settled by
    whoever comes next.
    """
    uuid, variant = await ready(bench, 9)
    adjust = type(bench.session.shop).adjust

    async def dies(*_: Any, **__: Any) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(type(bench.session.shop), "adjust", dies)
    await bench.sells(variant, 2)
    with pytest.raises(KeyboardInterrupt):
        await bench.work_off()
    with_pending_writes = (await bench.ledger(uuid)).shop.pending_change
    monkeypatch.setattr(type(bench.session.shop), "adjust", adjust)
    await bench.quiet(300)

    assert -2 == with_pending_writes
    assert (7, 7) == await bench.levels(uuid)


async def test_to_push_stays_until_an_unreachable_shop_comes_back(bench: StockBench) -> None:
    uuid, variant = await ready(bench, 9)
    bench.fault("429", "POST", RELATIVE, next=3, params={"retry_after": 1})

    await bench.sells(variant, 2)
    await bench.quiet(90)

    assert (7, 7) == await bench.levels(uuid)


async def test_an_order_just_before_our_write_leaves_the_rest_to_push(bench: StockBench) -> None:
    """Too little stock: BigCommerce refuses, the stock record is looked at again, and what is there
    is taken (decision 7).
    """
    uuid, variant = await ready(bench, 3)
    bench.sandbox.shop().store.read_lag_s = 3

    bench.sandbox.shop().place([{"product_id": await bench.product_id(uuid), "quantity": 2}])
    await bench.sells(variant, 2)
    await bench.quiet(90)
    sold_out = await bench.levels(uuid)
    await bench.counts(variant, 10)
    await bench.quiet()

    assert (0, 0) == sold_out
    assert (9, 9) == await bench.levels(uuid)


async def test_one_bad_item_does_not_stop_the_others(bench: StockBench) -> None:
    """A batch is refused whole; the named item sleeps, the others are written (bigcommerce facts
    5.2).
    """
    one, first = await bench.stocked(5, name="Ett", sku="E-1")
    two, second = await bench.stocked(5, name="Två", sku="T-2")
    await bench.finish_setup()
    await bench.quiet()
    gone = await bench.product_id(two)
    bench.sandbox.shop().delete_product(gone)

    await bench.sells(first)
    await bench.sells(second)
    await bench.quiet()

    assert (4, 4) == await bench.levels(one)
    assert (await bench.ledger(two)).shop.to_push == -1


async def test_a_record_that_lost_its_tracking_is_set_anew(bench: StockBench) -> None:
    """BigCommerce answers that it does not count this item: tracking is set and the number written
    whole.
    """
    uuid, variant = await ready(bench, 9)
    product_id = await bench.product_id(uuid)
    await bench.session.shop.update_product(product_id, {"tracking": "none"})

    await bench.sells(variant, 2)
    await bench.quiet()

    assert "product" == (await bench.shown(uuid))["inventory_tracking"]
    assert (7, 7) == await bench.levels(uuid)


async def test_no_record_is_sent_below_its_safety_stock(bench: StockBench) -> None:
    uuid, variant = await ready(bench, 5)
    store, sku = bench.sandbox.shop().store, (await bench.shown(uuid))["sku"]
    items.set_settings(store, 1, {"settings": [{"identity": {"sku": sku}, "safety_stock": 2}]})

    await bench.sells(variant, 4)
    await bench.quiet()

    assert (1, 2) == await bench.levels(uuid)
    assert -1 == (await bench.ledger(uuid))[Side.SHOP].to_push


async def test_tracking_switched_off_in_the_shop_empties_nothing_at_the_till(
    bench: StockBench,
) -> None:
    """BigCommerce shows 0 for what it does not count; that is no sale (decision 3)."""
    uuid, _ = await ready(bench, 9)

    await bench.session.shop.update_product(await bench.product_id(uuid), {"tracking": "none"})
    await bench.shop_reports(uuid)
    await bench.quiet()
    await bench.sweep()
    await bench.quiet()

    assert 9 == (await bench.levels(uuid))[0]


@pytest.mark.rule("A1", "A2", "S2", "S3")
@pytest.mark.parametrize("kind", ["cut_before", "cut_after"])
async def test_what_is_assigned_again_before_its_deletion_is_synced_as_before(
    bench: StockBench, kind: str
) -> None:
    """It still stands in the shop, or is made again: either way its stock goes both ways."""
    uuid, variant = await ready(bench, 9)
    bench.fault(kind, "DELETE", "*/catalog/products", next=1)
    await bench.unassign(uuid)
    await bench.wait(15)
    found = await bench.binding(uuid)
    assert found is not None
    assert found.state is State.TO_DELETE

    await bench.assign(uuid)
    await bench.quiet(90)
    await bench.sells(variant)
    await bench.orders(uuid, 2)
    await bench.quiet(90)

    found = await bench.binding(uuid)
    assert found is not None
    assert found.state is State.BOUND
    assert (6, 6) == await bench.levels(uuid)
    assert ["Mugg"] == await bench.in_shop()


def test_an_open_write_to_what_is_not_counted_is_not_looked_at_for_ever() -> None:
    """The store shows no number then, and what was open is forgotten when it counts again (decision
    18).
    """
    timing, now = Timing(), NOON + timedelta(minutes=10)
    pending_write = PendingWrite("call", -1, NOON, base=1, lost=NOON, since=NOON)
    ledger = Ledger(
        StockRecord(-2, seen=now, clear_read=now),
        StockRecord(1, to_push=-2, pending_write=pending_write, variant_id=1, hinted=NOON),
    )

    assert next_step(ledger, now, timing, counted=True) is not None
    assert next_step(ledger, now, timing, counted=False) is None
