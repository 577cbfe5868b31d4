"""Tracking switched off and on again: before it was worked on, with writes in doubt, with orders meanwhile (rules S3, S5, S7)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from brygga.core.report import Code
from brygga.core.stock import Apart, Timing
from brygga.store import ledgers, marks
from brygga.store.marks import Kind
from brygga.sync.stock.hearing import hear_stops
from brygga.sync.stock.pages import opened_in
from tests.stock.bench import StockBench, worked
from tests.stock.merchant import (
    asked,
    bought,
    join,
    part,
    parted,
    ready,
    switch,
    tell_of_a_start,
    tell_of_a_stop,
    tell_of_an_order,
)

# ---- Off and on again, before it was worked on -----------------------------------------------------------------------


@pytest.mark.rule("S5", "S7")
async def test_a_stop_that_is_told_twice_ends_separate_stock_once_and_not_what_was_parted_after_it(
    bench: StockBench,
) -> None:
    uuid, variant = await parted(bench)
    stop = bench.clock.now()
    await tell_of_a_stop(bench, uuid, stop)
    await tell_of_a_stop(bench, uuid, stop)
    await bench.quiet()
    ended = await bench.levels(uuid)
    await part(bench, uuid, {variant: (5, 1, 6)})
    await bench.quiet()

    await tell_of_a_stop(bench, uuid, stop)
    await bench.quiet()

    assert ((6, 6), (5, 1)) == (ended, await bench.levels(uuid))
    assert 1 == (await bench.codes()).count(Code.STOCK_OFF_APART)
    assert (await bench.ledger(uuid)).separate


@pytest.mark.rule("S5", "S7")
async def test_a_stop_that_was_heard_before_stock_was_parted_ends_nothing(bench: StockBench) -> None:
    """Zettle's clock may be ahead of ours: what we have heard before is before."""
    uuid, variant = await ready(bench)
    ahead = bench.clock.now().replace(year=bench.clock.now().year + 1)
    async with bench.database.transaction() as tx:
        await bench.desk.hear_stop(tx, bench.connection.id, uuid, ahead, bench.clock.now())
    await bench.wait(1)
    await part(bench, uuid, {variant: (6, 4, 10)})
    await bench.mark(Kind.TRACKING, uuid)
    await bench.quiet()

    assert (6, 4) == await bench.levels(uuid)


@pytest.mark.rule("S6", "S7")
async def test_a_stop_that_is_told_after_a_join_changes_nothing(bench: StockBench) -> None:
    uuid, _ = await parted(bench)
    stop = bench.clock.now()
    await bench.wait(1)
    await join(bench, uuid)
    await bench.quiet()

    await tell_of_a_stop(bench, uuid, stop)
    await bench.quiet()

    assert (10, 10) == await bench.levels(uuid)
    assert Code.STOCK_OFF_APART not in await bench.codes()


@pytest.mark.rule("S5", "S7")
@pytest.mark.parametrize("wish_first", [True, False], ids=["wish first", "stop first"])
async def test_the_merchants_wish_on_our_page_survives_what_is_told_meanwhile(
    bench: StockBench, wish_first: bool
) -> None:
    uuid, _ = await parted(bench)
    if wish_first:
        await bench.mark(Kind.TRACKING, uuid, force=True, detail="off")
    await tell_of_a_stop(bench, uuid, bench.clock.now())
    if not wish_first:
        await bench.mark(Kind.TRACKING, uuid, force=True, detail="off")
    await bench.quiet()

    assert {uuid: False} == dict(await bench.session.zettle.tracking_status([uuid]))
    assert not (await bench.ledger(uuid)).is_tracked
    assert 1 == (await bench.codes()).count(Code.STOCK_OFF_APART)


@pytest.mark.rule("S5", "S7")
async def test_a_stop_that_a_stock_mark_reads_first_ends_the_same(bench: StockBench) -> None:
    """Stock goes before tracking. And the work dies between the end of separate stock and its new beginning."""
    uuid, variant = await parted(bench)
    await tell_of_a_stop(bench, uuid, bench.clock.now())
    bench.town.till().sell(variant)
    await bench.till_tells(variant)
    bench.town.zettle.faults.add("5xx_before", method="POST", path="*/products/status", next=1)
    await bench.drain()
    between = (await bench.ledger(uuid)).is_tracked
    await bench.quiet(120)

    assert not between
    assert (5, 5) == await bench.levels(uuid)
    assert not (await bench.ledger(uuid)).separate


@pytest.mark.rule("S7")
async def test_a_write_that_is_in_the_air_when_tracking_is_switched_off_is_no_longer_waited_for(
    bench: StockBench,
) -> None:
    uuid, _ = await ready(bench)
    call = await bench.unanswered_order(uuid, 3)
    await switch(bench, uuid, on=False)
    async with bench.database.read() as tx:
        left = await ledgers.in_the_air(tx, bench.connection.id)
    await switch(bench, uuid, on=True)
    await bench.echo_late(call, uuid)
    await bench.quiet()

    assert [] == left
    assert (7, 7) == await bench.levels(uuid)


# ---- Sold in the shop after tracking was on again, before we looked --------------------------------------------------


async def off_and_on(bench: StockBench, uuid: str, *, heard: bool) -> tuple[datetime, datetime]:
    """Half an hour passes after it. Heard of the stop when it happened, or not yet."""
    stop = bench.clock.now()
    if heard:
        await switch(bench, uuid, on=False)
    else:
        bench.town.till().track(uuid, False)
    await bought(bench, uuid, 1, -1)
    bench.clock.move(60)
    start = bench.clock.now()
    bench.town.till().track(uuid, True)
    bench.clock.move(1800)
    return stop, start


@pytest.mark.rule("S3", "S5", "S7")
@pytest.mark.parametrize("heard", [True, False], ids=["off while we looked", "off unseen"])
@pytest.mark.parametrize("first", [(Kind.SHOP_STOCK, Kind.STOCK), (Kind.TRACKING,)], ids=["stock", "tracking"])
async def test_what_the_shop_sold_since_tracking_is_on_is_taken_from_zettles_number(
    bench: StockBench, heard: bool, first: Sequence[Kind]
) -> None:
    """Not what it sold while tracking was off: then it was nobody's."""
    uuid, variant = await parted(bench)
    stop, start = await off_and_on(bench, uuid, heard=heard)
    await bought(bench, uuid, 2, -2)
    bench.town.till().sell(variant, 1)
    bench.clock.move(60)
    if not heard:
        await tell_of_a_stop(bench, uuid, stop)
    await tell_of_a_start(bench, uuid, start)
    for kind in first:
        async with bench.database.read() as tx:
            due = await marks.due(tx, bench.connection.id, bench.clock.now(), (kind,))
        await worked(bench.session, bench.handlers()[kind], due)
    await bench.quiet(120)
    back = await bench.levels(uuid)
    await bench.orders(uuid, 1)
    await bench.sells(variant, 1)
    await bench.quiet()

    assert ((3, 3), (1, 1)) == (back, await bench.levels(uuid))
    assert not await asked(bench, uuid)
    assert Code.STOCK_SHOP_ORDER in await bench.codes()


@pytest.mark.rule("S3", "S5", "S7")
async def test_an_order_that_is_heard_of_before_the_switch_is_not_lost_either(bench: StockBench) -> None:
    """It was booked as separate stock's by then; the messages about tracking were slower."""
    uuid, _ = await parted(bench)
    stop = bench.clock.now()
    bench.town.till().track(uuid, False)
    bench.town.till().track(uuid, True)
    await bench.wait(3)
    await bought(bench, uuid, 1, -1)
    await bench.wait(3)
    booked = await bench.levels(uuid)
    await tell_of_a_start(bench, uuid, stop)
    await tell_of_a_stop(bench, uuid, stop)
    await bench.quiet()

    assert ((6, 3), (5, 5)) == (booked, await bench.levels(uuid))


@pytest.mark.rule("S3", "S7")
async def test_an_order_that_does_not_say_how_much_it_took_is_asked_about(bench: StockBench) -> None:
    uuid, _ = await parted(bench)
    stop, start = await off_and_on(bench, uuid, heard=False)
    await bought(bench, uuid, 2, None)
    await tell_of_a_stop(bench, uuid, stop)
    await tell_of_a_start(bench, uuid, start)
    await bench.quiet(120)

    assert (6, 6) == await bench.levels(uuid)
    assert await asked(bench, uuid)
    assert 1 == (await bench.codes()).count(Code.STOCK_ORDERS_UNCOUNTED)


@pytest.mark.rule("S3", "S7")
@pytest.mark.parametrize("covered", [True, False], ids=["before the level", "after it"])
@pytest.mark.parametrize("heard_s", [2, 1800], ids=["told at once", "told late"])
async def test_an_order_just_as_the_first_level_is_written_counts_once(
    bench: StockBench, monkeypatch: pytest.MonkeyPatch, covered: bool, heard_s: int
) -> None:
    """In one second, by BigCommerce's hook, which comes after it."""
    uuid, _ = await ready(bench)
    await switch(bench, uuid, on=False)
    product_id, set_levels = await bench.product_id(uuid), bench.session.shop.set_levels

    async def at_that_moment(*args: Any) -> None:
        if covered:
            bench.town.shop().place([{"product_id": product_id, "quantity": 2}])
        await set_levels(*args)
        if not covered:
            bench.town.shop().place([{"product_id": product_id, "quantity": 2}])

    monkeypatch.setattr(type(bench.session.shop), "set_levels", lambda _, *args: at_that_moment(*args))
    await switch(bench, uuid, on=True)
    ordered = bench.clock.now()
    await bench.wait(heard_s)
    await tell_of_an_order(bench, uuid, ordered, -2)
    await bench.quiet()

    assert (8, 8) == await bench.levels(uuid)
    said = [one for one in await bench.codes() if one in {Code.STOCK_SHOP_ORDER, Code.STOCK_SHOP_MOVED}]
    assert 1 == len(said)
    assert not await asked(bench, uuid)


@pytest.mark.rule("S7")
async def test_a_start_from_before_the_last_stop_counts_nothing(bench: StockBench) -> None:
    """It is told once more, late, when tracking is off again; then the event of the next start is lost."""
    uuid, _ = await ready(bench)
    start = bench.clock.now()
    await tell_of_a_start(bench, uuid, start)
    await switch(bench, uuid, on=False)
    await tell_of_a_start(bench, uuid, start)
    await bench.wait(1)
    await bought(bench, uuid, 2, -2)
    await bench.drain()
    await switch(bench, uuid, on=True)
    await bench.quiet()

    assert (10, 10) == await bench.levels(uuid)


# ---- Clocks that do not go alike -------------------------------------------------------------------------------------


@pytest.mark.rule("S5", "S7")
@pytest.mark.parametrize(
    ("ahead", "after", "ends"),
    [(-5, 3, True), (-5, -3, False), (5, 3, True), (5, -3, False), (0, 0.2, True), (0, -0.2, True)],
    ids=["behind", "behind, before", "ahead", "ahead, before", "at once", "at once, before"],
)
async def test_whether_a_stop_came_after_the_split_is_told_by_zettles_clock(
    bench: StockBench, ahead: float, after: float, ends: bool
) -> None:
    uuid, variant = await ready(bench)
    await bench.wait(10)
    split = bench.clock.now()
    await part(bench, uuid, {variant: (6, 4, 10)})
    await bench.wait(10)
    timing = Timing(till_clock=Apart(ahead, 0.3))
    async with bench.database.transaction() as tx:
        told = split + timedelta(seconds=ahead + after)
        await bench.desk.hear_stop(tx, bench.connection.id, uuid, told, bench.clock.now())
        async with opened_in(tx, bench.connection.id, [uuid], bench.clock.now()) as pages:
            await hear_stops(pages, [uuid], timing)

    assert ends is not (await bench.ledger(uuid)).separate
    assert ends is (Code.STOCK_OFF_APART in await bench.codes())
