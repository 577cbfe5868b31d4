"""Tracking switched, and stock that is separate for a while (rules S5, S6, S7, decisions 2 and
4).
"""

from collections.abc import Collection, Mapping
from typing import Any

import pytest

from brygga.core.report import Code
from brygga.core.stock import Gap, LevelRead, Timing
from brygga.database import bindings, library
from brygga.database.work_items import Kind
from brygga.sync.stock import Moved, StockInitialLevels
from brygga.sync.stock.evidence import Read
from brygga.sync.stock.gather import Till, gather
from brygga.sync.stock.reconciling import Reconciling
from brygga.sync.stock.unit_of_work import locked
from brygga.sync.worker.session import Session
from tests.stock.bench import StockBench
from tests.stock.merchant import asked, join, part, ready, switch


@pytest.mark.rule("S7")
async def test_off_stops_stock_and_on_writes_zettles_balance(bench: StockBench) -> None:
    uuid, _variant = await ready(bench)

    await switch(bench, uuid, on=False)
    bench.sandbox.shop().set_stock(3, product_id=await bench.product_id(uuid))
    await bench.shop_reports(uuid)
    await bench.quiet()
    writes, tracking = bench.writes(), (await bench.shown(uuid))["inventory_tracking"]
    await switch(bench, uuid, on=True)
    await bench.quiet()

    assert (0, "product") == (writes, tracking)
    assert (10, 10) == await bench.levels(uuid)
    assert [Code.STOCK_STOPPED, Code.STOCK_REPLACED] == [
        code for code in await bench.codes() if code in (Code.STOCK_STOPPED, Code.STOCK_REPLACED)
    ]


@pytest.mark.rule("S7")
async def test_on_for_the_first_time_sets_tracking_in_the_shop(bench: StockBench) -> None:
    uuid = bench.till_product()
    variant = bench.sandbox.till().variant(sku="MUG-1")
    await bench.finish_setup()
    await bench.quiet()

    bench.sandbox.till().track(uuid)
    bench.sandbox.till().set_stock(variant, 4)
    await bench.add_item(Kind.TRACKING, uuid)
    await bench.quiet()
    started = await bench.levels(uuid)
    await bench.sells(variant)
    await bench.quiet()

    assert "product" == (await bench.shown(uuid))["inventory_tracking"]
    assert ((4, 4), (3, 3)) == (started, await bench.levels(uuid))


@pytest.mark.rule("S7")
async def test_the_merchants_click_on_our_page_switches_tracking_in_zettle(
    bench: StockBench,
) -> None:
    uuid, _ = await ready(bench)

    await bench.add_item(Kind.TRACKING, uuid, force=True, detail="off")
    await bench.work_off()
    off = dict(await bench.session.zettle.tracking_status([uuid]))
    await bench.add_item(Kind.TRACKING, uuid, force=True, detail="on")
    await bench.quiet()

    assert {uuid: False} == off
    assert {uuid: True} == dict(await bench.session.zettle.tracking_status([uuid]))
    assert (10, 10) == await bench.levels(uuid)


@pytest.mark.rule("S7")
async def test_a_switch_whose_event_was_lost_is_found_by_the_sweep(bench: StockBench) -> None:
    uuid, variant = await ready(bench)

    bench.sandbox.till().track(uuid, False)
    await bench.sweep()
    stopped = (await bench.ledger(uuid)).is_tracked
    bench.sandbox.till().track(uuid, True)
    bench.sandbox.till().set_stock(variant, 6)
    await bench.sweep()
    await bench.quiet()

    assert not stopped
    assert (6, 6) == await bench.levels(uuid)


@pytest.mark.rule("S7")
async def test_an_event_told_twice_writes_once(bench: StockBench) -> None:
    uuid, _ = await ready(bench)
    await switch(bench, uuid, on=False)
    await switch(bench, uuid, on=True)
    writes = bench.writes()

    await bench.add_item(Kind.TRACKING, uuid)
    await bench.quiet()

    assert writes == bench.writes()


@pytest.mark.rule("S5")
async def test_separate_stock_writes_both_sides_and_then_neither_moves_the_other(
    bench: StockBench,
) -> None:
    uuid, variant = await ready(bench)

    await part(bench, uuid, {variant: (6, 4, 10)})
    parted = await bench.levels(uuid)
    await bench.sells(variant, 2)
    await bench.orders(uuid, 1)
    await bench.counts(variant, 5)
    bench.sandbox.shop().set_stock(9, product_id=await bench.product_id(uuid))
    await bench.shop_reports(uuid)
    await bench.quiet()
    await bench.sweep()

    assert (6, 4) == parted
    assert (5, 9) == await bench.levels(uuid)
    assert Code.STOCK_SPLIT in await bench.codes()


@pytest.mark.rule("S5")
async def test_a_split_is_changed_and_stays_one(bench: StockBench) -> None:
    """From the two numbers as they are then. A number that moved meanwhile refuses it."""
    uuid, variant = await ready(bench)
    await part(bench, uuid, {variant: (6, 4, 10)})
    await bench.sells(variant, 2)
    await bench.quiet()

    with pytest.raises(Moved):
        await part(bench, uuid, {variant: (5, 5, 10)})
    await part(bench, uuid, {variant: (1, 7, 8)})
    await bench.quiet()
    changed = await bench.levels(uuid)
    await bench.orders(uuid, 1)
    await bench.quiet()

    assert (1, 7) == changed
    assert (1, 6) == await bench.levels(uuid)


@pytest.mark.rule("S5")
async def test_units_sold_before_a_split_took_them_are_asked_about(bench: StockBench) -> None:
    """The order is cancelled, and they are back: whose they are nobody knows."""
    uuid, variant = await ready(bench)
    order = bench.sandbox.shop().place(
        [{"product_id": await bench.product_id(uuid), "quantity": 9}]
    )
    await part(bench, uuid, {variant: (6, 4, 10)})
    await bench.shop_reports(uuid, by_order=True)
    await bench.quiet()
    sold = await asked(bench, uuid)
    bench.sandbox.shop().cancel(order.id)
    await bench.shop_reports(uuid, by_order=True)
    await bench.quiet()

    assert sold
    assert (6, 9) == await bench.levels(uuid)


@pytest.mark.rule("S5")
async def test_a_split_of_a_number_that_moved_meanwhile_is_refused(bench: StockBench) -> None:
    uuid, variant = await ready(bench)
    await bench.sells(variant)
    await bench.work_off()

    with pytest.raises(Moved):
        await part(bench, uuid, {variant: (6, 4, 10)})

    assert not (await bench.ledger(uuid)).separate


@pytest.mark.rule("S5")
async def test_the_sum_may_change_when_the_merchant_says_so(bench: StockBench) -> None:
    uuid, variant = await ready(bench)

    await part(bench, uuid, {variant: (8, 5, 10)})
    await bench.quiet()

    assert (8, 5) == await bench.levels(uuid)


@pytest.mark.rule("S6")
async def test_shared_again_the_two_numbers_are_added(bench: StockBench) -> None:
    uuid, variant = await ready(bench)
    await part(bench, uuid, {variant: (6, 4, 10)})
    await bench.sells(variant, 2)
    await bench.quiet()

    await join(bench, uuid)
    await bench.quiet()
    joined = await bench.levels(uuid)
    await bench.sells(variant, 1)
    await bench.quiet()

    assert ((8, 8), (7, 7)) == (joined, await bench.levels(uuid))


@pytest.mark.rule("S6")
async def test_a_join_survives_a_lost_answer(bench: StockBench) -> None:
    uuid, variant = await ready(bench)
    await part(bench, uuid, {variant: (6, 4, 10)})
    await bench.quiet()
    bench.fault("5xx_before", "POST", "*/adjustments/relative", next=1)

    await join(bench, uuid)
    await bench.quiet(240)

    assert (10, 10) == await bench.levels(uuid)


@pytest.mark.rule("S5", "S7")
async def test_switching_tracking_off_ends_separate_stock(bench: StockBench) -> None:
    uuid, variant = await ready(bench)
    await part(bench, uuid, {variant: (6, 4, 10)})
    await bench.quiet()

    await switch(bench, uuid, on=False)
    await switch(bench, uuid, on=True)
    await bench.quiet()

    assert (6, 6) == await bench.levels(uuid)
    assert not (await bench.ledger(uuid)).separate


@pytest.mark.rule("S7")
async def test_tracking_switched_on_for_a_product_that_the_shop_lost_is_received_once(
    bench: StockBench,
) -> None:
    """Its number counts from then on, for when it is created again; nothing goes on asking what is
    known.
    """
    uuid, variant = await ready(bench)
    await switch(bench, uuid, on=False)
    bench.sandbox.shop().delete_product(await bench.product_id(uuid))
    async with bench.database.transaction() as tx:
        await bindings.forget(tx, bench.connection.id, [uuid])
    await switch(bench, uuid, on=True)
    await bench.sells(variant, 1)
    before = bench.sandbox.zettle.requests.total()
    await bench.quiet(600)
    asked = bench.sandbox.zettle.requests.total() - before

    await bench.sync(uuid, force=True)
    await bench.sells(variant, 1)
    await bench.quiet()

    assert asked < 15
    assert (8, 8) == await bench.levels(uuid)


@pytest.mark.rule("P10")
async def test_a_product_made_again_is_created_with_the_target(bench: StockBench) -> None:
    """The shop's product was deleted by hand; sales went on meanwhile."""
    uuid, variant = await ready(bench)
    await bench.sells(variant, 1)
    await bench.work_off()
    bench.sandbox.shop().delete_product(await bench.product_id(uuid))
    await bench.sells(variant, 2)
    await bench.work_off()

    await bench.sync(uuid, force=True)
    await bench.quiet()
    again = await bench.levels(uuid)
    await bench.sells(variant, 1)
    await bench.quiet()

    assert ((7, 7), (6, 6)) == (again, await bench.levels(uuid))


async def test_a_variant_added_later_is_created_with_its_own_balance(bench: StockBench) -> None:
    uuid = bench.shirt("S", "M")
    till = bench.sandbox.till()
    till.track(uuid)
    for size in "SM":
        till.set_stock(till.variant(sku=f"TR-{size}"), 4)
    await bench.finish_setup()
    await bench.quiet()

    product = till.product(uuid)
    large = {
        **product["variants"][0],
        "name": "L",
        "sku": "TR-L",
        "options": [{"name": "Storlek", "value": "L"}],
    }
    large.pop("uuid")
    values = [{"value": value} for value in ("S", "M", "L")]
    definitions = {"definitions": [{"name": "Storlek", "properties": values}]}
    bench.save(uuid, variants=[*product["variants"], large], variantOptionDefinitions=definitions)
    till.set_stock(till.variant(sku="TR-L"), 9)
    await bench.sync(uuid)
    await bench.quiet()

    shown = {row["sku"]: row["inventory_level"] for row in (await bench.shown(uuid))["variants"]}
    assert {"TR-S": 4, "TR-M": 4, "TR-L": 9} == shown


@pytest.mark.rule("S7")
async def test_what_was_read_before_a_switch_stops_nothing_after_it(bench: StockBench) -> None:
    """Another pass may have heard of the switch while this one was still reading."""
    uuid, variant = await ready(bench)
    await switch(bench, uuid, on=False)
    before = await gather(bench.session, Till(), [uuid])
    await bench.wait(30)
    await switch(bench, uuid, on=True)
    await bench.quiet()

    async with locked(bench.session, [uuid]) as unit:
        await Reconciling(unit, before, Timing()).run([])
    await bench.sells(variant)
    await bench.quiet()

    assert (9, 9) == await bench.levels(uuid)
    assert 1 == (await bench.codes()).count(Code.STOCK_STOPPED)


class Unread(Till):
    """Zettle's answer holds a balance that is no number."""

    async def reads(
        self, session: Session, wanted: Mapping[str, Collection[str]], *_: Any, **__: Any
    ) -> Read:
        now = session.clock.now()
        return Read(
            {one: LevelRead(Gap.UNKNOWN, now) for variants in wanted.values() for one in variants}
        )


@pytest.mark.rule("S1", "S7")
async def test_a_number_that_cannot_be_read_at_a_create_says_nothing_about_tracking(
    bench: StockBench,
) -> None:
    """What was promised before goes into the newborn."""
    uuid, variant = await ready(bench, 4)
    async with bench.database.transaction() as tx:
        await library.set_tracking(tx, bench.connection.id, {uuid: True})

    given = await StockInitialLevels(till=Unread()).first_levels(bench.session, [uuid])
    async with bench.database.read() as tx:
        tracked = await library.tracked(tx, bench.connection.id)

    assert {uuid: {variant: 4}} == given
    assert tracked[uuid] is True


@pytest.mark.rule("S5")
async def test_a_late_answer_to_an_earlier_write_does_not_move_separate_stock(
    bench: StockBench,
) -> None:
    """Each side has the number that was typed, whatever becomes of a write from before."""
    uuid, variant = await ready(bench)
    call = await bench.unanswered_order(uuid, 3)
    await bench.quiet(300)
    shared = (await bench.ledger(uuid)).target
    assert shared == 4, "the lower number is promised until an event tells"

    await part(bench, uuid, {variant: (2, 1, shared)})
    await bench.quiet()
    await bench.echo_late(call, uuid)
    await bench.quiet(120)

    assert (2, 1) == await bench.levels(uuid)
