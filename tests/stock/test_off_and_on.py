"""Tracking switched off and on again: before it was worked on, with writes in doubt, with orders
meanwhile (rules S3, S5, S7).
"""

from datetime import timedelta
from typing import Any

import pytest

from brygga.core.report import Code
from brygga.database import pending_writes, reported_changes
from brygga.database.work_items import Kind
from tests.stock.bench import StockBench
from tests.stock.merchant import asked, join, part, parted, ready, switch, tell_of_a_stop

# ---- Off and on again, before it was worked on ---------------------------------------------------


@pytest.mark.rule("S5", "S7")
async def test_a_stop_reported_twice_ends_separate_stock_once_and_no_later_split(
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
    assert 1 == (await bench.codes()).count(Code.STOCK_OFF_SEPARATE)
    assert (await bench.ledger(uuid)).separate


@pytest.mark.rule("S5", "S7")
async def test_a_stop_that_was_received_before_stock_was_parted_ends_nothing(
    bench: StockBench,
) -> None:
    """Zettle's clock may be ahead of ours: what we have heard before is before."""
    uuid, variant = await ready(bench)
    ahead = bench.clock.now().replace(year=bench.clock.now().year + 1)
    async with bench.database.transaction() as tx:
        await reported_changes.record_switch(
            tx, bench.connection.id, uuid, ahead, bench.clock.now(), on=False
        )
    await bench.wait(1)
    await part(bench, uuid, {variant: (6, 4, 10)})
    await bench.add_item(Kind.TRACKING, uuid)
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
    assert Code.STOCK_OFF_SEPARATE not in await bench.codes()


@pytest.mark.rule("S5", "S7")
@pytest.mark.parametrize("wish_first", [True, False], ids=["wish first", "stop first"])
async def test_the_merchants_wish_on_our_page_survives_what_is_told_meanwhile(
    bench: StockBench, wish_first: bool
) -> None:
    uuid, _ = await parted(bench)
    if wish_first:
        await bench.add_item(Kind.TRACKING, uuid, force=True, detail="off")
    await tell_of_a_stop(bench, uuid, bench.clock.now())
    if not wish_first:
        await bench.add_item(Kind.TRACKING, uuid, force=True, detail="off")
    await bench.quiet()

    assert {uuid: False} == dict(await bench.session.zettle.tracking_status([uuid]))
    assert not (await bench.ledger(uuid)).is_tracked
    assert 1 == (await bench.codes()).count(Code.STOCK_OFF_SEPARATE)


@pytest.mark.rule("S5", "S7")
async def test_a_stop_that_stock_work_reads_first_ends_the_same(bench: StockBench) -> None:
    """Stock goes before tracking. And the work dies between the end of separate stock and its new
    beginning.
    """
    uuid, variant = await parted(bench)
    await tell_of_a_stop(bench, uuid, bench.clock.now())
    bench.sandbox.till().sell(variant)
    await bench.till_reports(variant)
    bench.sandbox.zettle.faults.add("5xx_before", method="POST", path="*/products/status", next=1)
    await bench.work_off()
    between = (await bench.ledger(uuid)).is_tracked
    await bench.quiet(120)

    assert not between
    assert (5, 5) == await bench.levels(uuid)
    assert not (await bench.ledger(uuid)).separate


@pytest.mark.rule("S7")
async def test_a_write_pending_when_tracking_goes_off_is_no_longer_waited_for(
    bench: StockBench,
) -> None:
    """Zettle's number may have it or not: the lower number, and one question when it counts
    again.
    """
    uuid, _ = await ready(bench)
    await bench.unanswered_order(uuid, 3)
    await switch(bench, uuid, on=False)
    async with bench.database.read() as tx:
        left = await pending_writes.with_pending_writes(tx, bench.connection.id)
    off = await asked(bench, uuid)
    await switch(bench, uuid, on=True)
    await bench.quiet(3900)

    assert ([], False) == (left, off)
    assert (4, 4) == await bench.levels(uuid)
    assert await asked(bench, uuid)
    assert 1 == (await bench.codes()).count(Code.STOCK_CHECK)


@pytest.mark.rule("S5", "S7")
@pytest.mark.parametrize(("after", "ends"), [(3, True), (-20, False)])
async def test_whether_a_stop_came_after_the_split_is_told_by_zettles_clock(
    bench: StockBench, after: float, ends: bool
) -> None:
    uuid, variant = await ready(bench)
    await bench.wait(10)
    split = bench.clock.now()
    await part(bench, uuid, {variant: (6, 4, 10)})
    await bench.wait(30)
    await tell_of_a_stop(bench, uuid, split + timedelta(seconds=after))
    await bench.quiet()

    assert ends is (Code.STOCK_OFF_SEPARATE in await bench.codes())
    assert ((6, 6) if ends else (6, 4)) == await bench.levels(uuid)


# ---- Sold in the shop in the seconds of a switch -------------------------------------------------


@pytest.mark.rule("S3", "S7")
@pytest.mark.parametrize(
    "before", [True, False], ids=["before the shop's number gives way", "after it"]
)
async def test_an_order_in_the_seconds_of_a_switch_counts(
    bench: StockBench, monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    uuid, _ = await ready(bench)
    await switch(bench, uuid, on=False)
    bench.sandbox.shop().set_stock(7, product_id=await bench.product_id(uuid))
    await bench.quiet(60)
    product_id, adjust = await bench.product_id(uuid), bench.session.shop.adjust

    async def at_that_moment(*args: Any) -> None:
        if before:
            bench.sandbox.shop().place([{"product_id": product_id, "quantity": 2}])
        await adjust(*args)
        if not before:
            bench.sandbox.shop().place([{"product_id": product_id, "quantity": 2}])

    monkeypatch.setattr(type(bench.session.shop), "adjust", lambda _, *args: at_that_moment(*args))
    await switch(bench, uuid, on=True)
    await bench.wait(2)
    await bench.shop_reports(uuid, by_order=True)
    await bench.quiet()

    assert (8, 8) == await bench.levels(uuid)
    assert not await asked(bench, uuid)


@pytest.mark.rule("S7")
async def test_what_was_sold_while_tracking_was_off_is_nobodys(bench: StockBench) -> None:
    uuid, _ = await ready(bench)
    await switch(bench, uuid, on=False)
    await bench.orders(uuid, 2)
    await bench.quiet(120)
    await switch(bench, uuid, on=True)
    await bench.quiet()

    assert (10, 10) == await bench.levels(uuid)
    assert not await asked(bench, uuid)


@pytest.mark.rule("S3", "S7")
@pytest.mark.parametrize(
    ("transaction", "number", "asks"),
    [
        ("order", 8, False),
        ("cancelled", 10, False),
        ("shipped", 8, False),
        ("earlier order, shipped", 10, False),
        ("earlier order, refunded in part", 10, False),
        ("earlier order, never sent and cancelled", 10, False),
        ("earlier order, changed", 10, True),  # by how much nobody tells
    ],
)
async def test_what_was_sold_after_the_switch_and_before_we_looked_counts(
    bench: StockBench, transaction: str, number: int, asks: bool
) -> None:
    """Zettle's event says since when its number counts; BigCommerce's orders say what was sold
    since.
    """
    uuid, _ = await ready(bench)
    await switch(bench, uuid, on=False)
    shop, line = bench.sandbox.shop(), [{"product_id": await bench.product_id(uuid), "quantity": 2}]
    if "never sent" in transaction:
        shop.set_settings(update_stock_behavior="order_completed_or_shipped")
    order = shop.place(line) if transaction.startswith("earlier") else None
    await bench.quiet(120)
    bench.sandbox.till().track(uuid, True)
    since = bench.clock.now()
    await bench.wait(30)
    order = order or shop.place(line)
    if transaction.endswith("cancelled"):
        shop.cancel(order.id)
    if transaction.endswith("shipped"):
        shop.ship(order.id)
    if transaction.endswith("in part"):
        shop.refund(order.id, {order.lines[0].id: 1})
    if transaction.endswith("changed"):
        shop.edit_order(order.id, {order.lines[0].id: 1})
    await bench.wait(30)
    await tell_of_a_stop(bench, uuid, since, on=True)
    await bench.quiet(120)

    assert (number, number) == await bench.levels(uuid)
    assert asks is await asked(bench, uuid)


@pytest.mark.rule("S7")
async def test_a_start_that_was_followed_by_a_stop_counts_no_order(bench: StockBench) -> None:
    """On and off again before we looked, and on later without an event: what was sold meanwhile is
    nobody's.
    """
    uuid, _ = await ready(bench)
    await switch(bench, uuid, on=False)
    start = bench.clock.now()
    await tell_of_a_stop(bench, uuid, start, on=True)
    await tell_of_a_stop(bench, uuid, start + timedelta(seconds=2))
    await bench.quiet()
    await bench.orders(uuid, 3)
    await bench.quiet(120)
    await switch(bench, uuid, on=True)
    await bench.quiet()

    assert (10, 10) == await bench.levels(uuid)


@pytest.mark.rule("S3", "S7")
async def test_an_order_counts_from_a_switch_that_is_told_after_we_looked(
    bench: StockBench,
) -> None:
    """Zettle's status says on; its event of when comes after that, and before the shop's variant is
    adopted.
    """
    uuid, variant = await ready(bench)
    await switch(bench, uuid, on=False)
    await bench.quiet(120)
    bench.sandbox.till().track(uuid, True)
    since = bench.clock.now()
    bench.sandbox.shop().place([{"product_id": await bench.product_id(uuid), "quantity": 2}])
    bench.sandbox.till().sell(variant)
    await bench.wait(30)
    bench.sandbox.bigcommerce.faults.add(
        "5xx_before", method="GET", path="*/v3/inventory/items*", next=1
    )
    await bench.add_item(Kind.TRACKING, uuid)
    await bench.work_off()
    await tell_of_a_stop(bench, uuid, since, on=True)
    await bench.quiet(120)

    assert (7, 7) == await bench.levels(uuid)
    assert not await asked(bench, uuid)
