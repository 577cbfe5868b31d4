"""Tracking is switched on at the till, and Zettle's event of that is lost or late, while the shop
and the till sell (rules S3, S7): the number is right, or lower and asked about.
"""

import itertools
from datetime import datetime

import pytest

from tests.stock.bench import StockBench
from tests.stock.merchant import asked, ready, switch, tell_of_a_stop

NUMBER = 10
ORDERED, SOLD = 3, 2


async def _off(bench: StockBench) -> tuple[str, str]:
    """A product that is not tracked any more. A look, an hour ago, showed so."""
    uuid, variant = await ready(bench, NUMBER)
    await switch(bench, uuid, on=False)
    await _looked(bench, uuid)
    await bench.wait(3600)
    return uuid, variant


async def _looked(bench: StockBench, uuid: str) -> None:
    await bench.shop_reports(uuid)
    await bench.work_off()


async def _ordered(bench: StockBench, uuid: str, units: int = ORDERED) -> int:
    """An order that nobody reports."""
    line = {"product_id": await bench.product_id(uuid), "quantity": units}
    return int(bench.sandbox.shop().place([line]).id)


async def _done(bench: StockBench, uuid: str, variant: str, what: str) -> None:
    if what == "look":
        await _looked(bench, uuid)
    elif what == "order":
        await _ordered(bench, uuid)
    elif what == "on":
        bench.sandbox.till().track(uuid, True)
    else:
        bench.sandbox.till().sell(variant, SOLD)


@pytest.mark.rule("S2", "S3", "S7")
@pytest.mark.parametrize(
    "acts", [*itertools.permutations(("on", "order", "sale", "look"))], ids="-".join
)
async def test_a_switch_that_nobody_reports_never_ends_wrong_unasked(
    bench: StockBench, acts: tuple[str, ...]
) -> None:
    uuid, variant = await _off(bench)
    for what in acts:
        await _done(bench, uuid, variant, what)
        await bench.wait(20)
    await _looked(bench, uuid)
    await bench.quiet(240)

    is_after = acts.index("order") > acts.index("on")
    is_sold = acts.index("sale") > acts.index("on")
    looks_between = acts.index("on") < acts.index("look") < acts.index("order") or (
        acts.index("order") < acts.index("look") < acts.index("on")
    )
    truth = NUMBER - is_after * ORDERED - is_sold * SOLD
    lowest = NUMBER - ORDERED - is_sold * SOLD
    till, shop = await bench.levels(uuid)
    assert till == shop
    assert (till, await asked(bench, uuid)) == (
        truth if looks_between else lowest,
        not looks_between,
    )


@pytest.mark.rule("S3", "S7")
@pytest.mark.parametrize("gap", [1, 20])
@pytest.mark.parametrize("order_first", [True, False], ids=["order first", "switch first"])
async def test_an_event_of_the_switch_that_is_late_decides(
    bench: StockBench, order_first: bool, gap: int
) -> None:
    """Within two minutes nobody is asked."""
    uuid, _ = await _off(bench)
    since: datetime | None = None
    for what in ("order", "on") if order_first else ("on", "order"):
        if what == "on":
            since = bench.clock.now()
            bench.sandbox.till().track(uuid, True)
        else:
            await _ordered(bench, uuid)
        await bench.wait(gap + 10 * order_first)
    await _looked(bench, uuid)
    await bench.quiet(90)
    assert since is not None
    await tell_of_a_stop(bench, uuid, since, on=True)
    await bench.quiet(60)

    number = NUMBER if order_first else NUMBER - ORDERED
    assert (number, number) == await bench.levels(uuid)
    assert not await asked(bench, uuid)


@pytest.mark.rule("S3", "S7")
async def test_an_order_that_makes_us_read_counts_and_is_asked_about(bench: StockBench) -> None:
    """Earlier ones made us look, too: they are from before the switch."""
    uuid, _ = await _off(bench)
    for _ in range(3):
        await bench.orders(uuid, 1)
        await bench.work_off()
        await bench.wait(600)
    bench.sandbox.till().track(uuid, True)
    await bench.wait(60)
    await bench.orders(uuid, ORDERED)
    await bench.quiet(240)

    assert (NUMBER - ORDERED, NUMBER - ORDERED) == await bench.levels(uuid)
    assert await asked(bench, uuid)


@pytest.mark.rule("S3", "S7")
async def test_a_cancelled_order_gives_nothing_back_that_it_may_not_have_taken(
    bench: StockBench,
) -> None:
    """Placed before the switch and cancelled after it, or all of it on one side of it."""
    uuid, _ = await _off(bench)
    order = await _ordered(bench, uuid)
    await bench.wait(20)
    bench.sandbox.till().track(uuid, True)
    await bench.wait(20)
    bench.sandbox.shop().cancel(order)
    await bench.wait(20)
    await _looked(bench, uuid)
    await bench.quiet(240)

    assert (NUMBER, NUMBER) == await bench.levels(uuid)
    assert await asked(bench, uuid)


@pytest.mark.rule("S7")
async def test_a_switch_without_an_order_is_not_asked_about(bench: StockBench) -> None:
    uuid, variant = await _off(bench)
    bench.sandbox.till().track(uuid, True)
    await bench.wait(60)
    bench.sandbox.till().sell(variant, SOLD)
    await _looked(bench, uuid)
    await bench.quiet(60)

    assert (NUMBER - SOLD, NUMBER - SOLD) == await bench.levels(uuid)
    assert not await asked(bench, uuid)
