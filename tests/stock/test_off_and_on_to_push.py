"""Tracking switched off and on again, with something that was to push to Zettle or not known to
have (rules S3, S7).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from brygga.core.failures import Unreachable
from brygga.core.report import Code
from brygga.core.stock import recreated
from brygga.database import retention
from brygga.database.work_items import Kind
from brygga.sync.stock import StockInitialLevels
from brygga.sync.stock.unit_of_work import locked
from tests.stock.bench import StockBench
from tests.stock.merchant import asked, part, ready, switch, switch_on, tell_of_a_stop


@pytest.mark.rule("S5", "S7")
@pytest.mark.parametrize("received", [True, False], ids=["by its time", "by a look"])
async def test_a_split_in_doubt_corrects_nothing_after_tracking_was_off(
    bench: StockBench, received: bool
) -> None:
    """The shop gets Zettle's number as it is, so that there is nothing to ask either."""
    uuid, variant = await ready(bench)
    bench.fault("cut_after", "POST", "*/adjustments/relative", next=1)
    await part(bench, uuid, {variant: (2, 8, 10)})
    await bench.quiet(400)
    if received:
        await tell_of_a_stop(bench, uuid, bench.clock.now())
    else:
        await switch(bench, uuid, on=False)
        await switch(bench, uuid, on=True)
    await bench.quiet(60)
    back = await bench.levels(uuid)
    await bench.quiet(3900)

    assert ((2, 2), (2, 2)) == (back, await bench.levels(uuid))
    assert {Code.STOCK_CORRECTED, Code.STOCK_CHECK}.isdisjoint(await bench.codes())
    assert not await asked(bench, uuid)


@pytest.mark.rule("S3", "S7")
async def test_a_till_write_in_doubt_is_asked_about_when_tracking_is_on_again(
    bench: StockBench,
) -> None:
    """And corrects nothing: Zettle's number counts, whatever it has of that."""
    uuid, variant = await ready(bench)
    call = await bench.unanswered_order(uuid, 3)
    await bench.quiet(400)
    await switch(bench, uuid, on=False)
    await bench.quiet(60)
    off = await asked(bench, uuid)
    await switch_on(bench, uuid, variant, 7)
    await bench.quiet()
    await bench.echo_late(call, uuid)
    await bench.quiet(3900)

    assert not off
    assert (7, 7) == await bench.levels(uuid)
    assert await asked(bench, uuid)
    assert 1 == (await bench.codes()).count(Code.STOCK_CHECK)


@pytest.mark.rule("S3", "S7")
async def test_a_till_write_whose_echo_came_before_tracking_went_off_is_not_missing(
    bench: StockBench,
) -> None:
    """Zettle's number includes it, although its answer was lost: nobody is asked."""
    uuid, _ = await ready(bench)
    call = await bench.unanswered_order(uuid, 3)
    await bench.echo(call)
    await switch(bench, uuid, on=False)
    await bench.wait(120)
    await switch(bench, uuid, on=True)
    await bench.quiet(120)

    assert (7, 7) == await bench.levels(uuid)
    assert not await asked(bench, uuid)


@pytest.mark.rule("S3", "S7")
@pytest.mark.parametrize(
    ("counted", "number"), [(None, 7), (10, 7), (12, 9)], ids=["not", "the same", "anew"]
)
async def test_what_was_to_push_to_zettle_at_the_stop_is_missing_and_asked_about(
    bench: StockBench, counted: int | None, number: int
) -> None:
    """Zettle is out of reach when a shopper buys; tracking goes off and on: the lower number, and a
    question.
    """
    uuid, variant = await ready(bench)
    bench.till_fault("cut_before", next=100)
    await bench.orders(uuid, 3)
    await bench.work_off()
    await bench.quiet(240)
    bench.sandbox.zettle.faults.clear()
    await switch(bench, uuid, on=False)
    await bench.wait(120)
    await switch_on(bench, uuid, variant, counted)
    await bench.quiet(120)

    assert (number, number) == await bench.levels(uuid)
    assert await asked(bench, uuid)


@pytest.mark.rule("S7")
async def test_a_question_open_when_tracking_stops_is_open_when_it_starts(
    bench: StockBench,
) -> None:
    uuid, _ = await ready(bench)
    await bench.unanswered_order(uuid, 3)
    await bench.quiet(4100)
    before = await asked(bench, uuid)
    await switch(bench, uuid, on=False)
    off = await asked(bench, uuid)
    async with bench.database.transaction() as tx:
        await retention.prune(tx, bench.connection.id, bench.clock.now() + timedelta(days=30))
    await switch(bench, uuid, on=True)
    await bench.quiet()

    assert [True, False, True] == [before, off, await asked(bench, uuid)]


@pytest.mark.rule("S7")
async def test_nothing_is_asked_about_the_number_of_a_product_that_is_not_tracked(
    bench: StockBench,
) -> None:
    """A till write in doubt ends while tracking is off: there is no number that the merchant could
    correct, until it counts again.
    """
    uuid, _ = await ready(bench)
    await bench.unanswered_order(uuid, 3)
    await bench.quiet(400)
    await switch(bench, uuid, on=False)
    await bench.add_item(Kind.STOCK, uuid)
    await bench.quiet(3900)

    assert not await asked(bench, uuid)


# ---- Cut off, or out of reach --------------------------------------------------------------------


@contextmanager
def unreachable_once(of: type, name: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The first call comes to nothing."""
    real, calls = getattr(of, name), []

    async def once(self: Any, *args: Any, **more: Any) -> Any:
        calls.append(name)
        if len(calls) == 1:
            raise Unreachable("bigcommerce_busy", "429", 2.0)
        return await real(self, *args, **more)

    with monkeypatch.context() as patched:
        patched.setattr(of, name, once)
        yield
    assert len(calls) > 1


async def three_to_push(bench: StockBench, uuid: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Zettle is busy when a shopper buys 3; tracking is switched off before it was told."""

    async def busy(*_: Any) -> None:
        raise Unreachable("zettle_busy", "429")

    with monkeypatch.context() as patched:
        patched.setattr(type(bench.session.zettle), "move", busy)
        await bench.orders(uuid, 3)
        await bench.work_off()
        await bench.quiet(12)
        await switch(bench, uuid, on=False)
    await bench.wait(120)


@pytest.mark.rule("S7")
async def test_a_shop_that_is_busy_when_its_number_gives_way_does_not_add_it(
    bench: StockBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    uuid, _ = await ready(bench)
    await switch(bench, uuid, on=False)
    bench.sandbox.shop().set_stock(7, product_id=await bench.product_id(uuid))
    await bench.quiet()
    with unreachable_once(type(bench.session.shop), "adjust", monkeypatch):
        await switch(bench, uuid, on=True)
        await bench.shop_reports(uuid)
        await bench.quiet(120)

    assert (10, 10) == await bench.levels(uuid)
    assert not await asked(bench, uuid)


@pytest.mark.rule("S3", "S7")
async def test_what_zettles_number_lacks_survives_work_that_is_cut_off(
    bench: StockBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    uuid, _ = await ready(bench)
    await three_to_push(bench, uuid, monkeypatch)
    with unreachable_once(type(bench.session.shop), "levels", monkeypatch):
        await switch(bench, uuid, on=True)
        await bench.quiet(240)

    assert (7, 7) == await bench.levels(uuid)
    assert 1 == (await bench.codes()).count(Code.STOCK_STARTED) + (await bench.codes()).count(
        Code.STOCK_REPLACED
    )


@pytest.mark.rule("S3", "S7")
async def test_a_product_made_again_is_created_with_what_was_to_push_to_zettle(
    bench: StockBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    uuid, variant = await ready(bench)
    await three_to_push(bench, uuid, monkeypatch)
    async with locked(bench.session, [uuid]) as unit:
        unit.update(unit.ledger_rows[variant], recreated(unit.ledger_rows[variant].ledger))
    bench.sandbox.till().track(uuid, True)

    assert {uuid: {variant: 7}} == dict(
        await StockInitialLevels().first_levels(bench.session, [uuid])
    )


@pytest.mark.rule("S3", "S7")
async def test_orders_are_not_counted_again_when_the_shop_has_to_be_set_anew(
    bench: StockBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    uuid, variant = await ready(bench, 40)
    await switch(bench, uuid, on=False)
    bench.sandbox.shop().set_stock(35, product_id=await bench.product_id(uuid))
    with unreachable_once(type(bench.session.shop), "adjust", monkeypatch):
        await switch(bench, uuid, on=True)
        await bench.quiet()
    for _ in range(3):
        await bench.orders(uuid, 2)
        await bench.quiet(24)
    await bench.session.shop.update_product(await bench.product_id(uuid), {"tracking": "none"})
    await bench.wait(5)
    await bench.sells(variant, 1)
    await bench.quiet(120)

    assert (33, 33) == await bench.levels(uuid)


@pytest.mark.rule("S3", "S7")
@pytest.mark.parametrize("back", [True, False], ids=["back in the shop", "still sold"])
async def test_what_was_sold_twice_is_asked_about_where_units_came_back_untracked(
    bench: StockBench, back: bool
) -> None:
    """What is missing is in no number of Zettle's, so that nobody can tell whether it is missing
    still.
    """
    uuid, variant = await ready(bench, 3)
    order = bench.sandbox.shop().place(
        [{"product_id": await bench.product_id(uuid), "quantity": 3}]
    )
    bench.sandbox.till().sell(variant)
    await bench.shop_reports(uuid, by_order=True)
    await bench.till_reports(variant)
    await bench.quiet(60)
    if back:
        bench.sandbox.shop().cancel(order.id)
    await switch(bench, uuid, on=False)
    await bench.quiet(60)
    await switch_on(bench, uuid, variant, 5)
    await bench.quiet(60)

    assert (4, 4) == await bench.levels(uuid)
    assert back is await asked(bench, uuid)
