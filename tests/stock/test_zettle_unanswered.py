"""Writes to Zettle without an answer, and what the event with our identifier tells of them (design
"Stock"; invariants 7, 10).
"""

from datetime import timedelta

import pytest

from brygga.core.report import Code
from brygga.core.stock import Hint, Side
from brygga.database import reported_changes
from brygga.database.engine import Database
from brygga.database.work_items import Kind
from brygga.sync.stock import StockSweep
from tests.conftest import MovableClock
from tests.stock.bench import StockBench, opened
from tests.stock.merchant import asked, ready


@pytest.mark.rule("S3")
@pytest.mark.parametrize("kind", ["cut_before", "cut_after"])
async def test_an_order_reaches_the_till_once_though_zettle_did_not_answer(
    bench: StockBench, kind: str
) -> None:
    """Zettle's event carries our identifier: with it the write landed, without it, it did not."""
    uuid, _variant = await ready(bench, 9)

    call = await bench.unanswered_order(uuid, 3, kind)
    if kind == "cut_after":
        await bench.echo(call)
    await bench.quiet(240)

    assert (6, 6) == await bench.levels(uuid)


async def test_a_late_echo_mends_what_was_given_up_for_lost(bench: StockBench) -> None:
    uuid, _variant = await ready(bench, 9)
    call = await bench.unanswered_order(uuid, 3)
    await bench.quiet(400)
    given_up = await bench.levels(uuid)

    await bench.echo_late(call, uuid)
    await bench.quiet()

    assert (3, 3) == given_up
    assert (6, 6) == await bench.levels(uuid)
    assert Code.STOCK_CORRECTED in await bench.codes()


@pytest.mark.rule("S3")
@pytest.mark.parametrize(("late", "is_asked"), [(True, False), (False, True)])
async def test_a_sale_of_just_its_size_that_is_reported_late_ends_the_doubt(
    bench: StockBench, late: bool, is_asked: bool
) -> None:
    """The till sold three while our write of three got lost: which of them made the level is known
    when the sale's event comes, within the hour. A sale of afterwards says nothing about it."""
    uuid, variant = await ready(bench, 9)
    made = bench.clock.now()
    await bench.unanswered_order(uuid, 3, "cut_before")
    bench.sandbox.till().sell(variant, 3)
    await bench.quiet(400)
    in_doubt = await bench.levels(uuid)

    made = made + timedelta(seconds=1) if late else bench.clock.now()
    hint = Hint(bench.clock.now(), variant=variant, made=made)
    async with bench.database.transaction() as tx:
        await reported_changes.record_hint(tx, bench.connection.id, Side.ZETTLE, uuid, hint)
    await bench.add_item(Kind.STOCK, uuid)
    await bench.work_off()
    bench.clock.move(timedelta(hours=1).total_seconds())
    await bench.work_off()

    assert (3, 3) == in_doubt == await bench.levels(uuid)
    assert await asked(bench, uuid) is is_asked


async def resumed(bench: StockBench) -> None:
    """Work goes on after five days in which the merchant had to help, and the sweep is quicker than
    the rest.
    """
    bench.clock.move(timedelta(days=5).total_seconds())
    await bench.restart(bench.database, bench.sandbox.transport())
    await StockSweep()(bench.session)
    await bench.quiet()


@pytest.mark.rule("S3")
async def test_a_doubt_that_waited_for_days_still_ends_in_a_question(bench: StockBench) -> None:
    uuid, _ = await ready(bench, 9)
    await bench.unanswered_order(uuid, 3)
    await bench.quiet(400)
    before = await asked(bench, uuid)

    await resumed(bench)

    assert (False, True) == (before, await asked(bench, uuid))
    assert 1 == (await bench.codes()).count(Code.STOCK_CHECK)


@pytest.mark.rule("S2")
async def test_an_echo_received_while_paused_still_corrects_what_was_given_up(
    bench: StockBench,
) -> None:
    uuid, _ = await ready(bench, 9)
    call = await bench.unanswered_order(uuid, 3)
    await bench.quiet(300)
    assert (3, 3) == await bench.levels(uuid)
    await bench.echo_late(call, uuid)

    await resumed(bench)

    assert (6, 6) == await bench.levels(uuid)
    assert Code.STOCK_CORRECTED in await bench.codes()


async def test_a_till_sale_while_the_till_does_not_answer_still_counts(bench: StockBench) -> None:
    uuid, variant = await ready(bench, 9)
    call = await bench.unanswered_order(uuid, 3)

    await bench.sells(variant, 1)
    await bench.echo(call)
    await bench.quiet(240)

    assert (5, 5) == await bench.levels(uuid)


async def test_late_reads_make_no_echo(database: Database, clock: MovableClock) -> None:
    """BigCommerce shows our write seconds later: neither the old nor the new number is taken for an
    edit (invariant 14).
    """
    bench = await opened(database, clock)
    uuid, variant = await ready(bench, 9)
    bench.sandbox.shop().store.read_lag_s = 6

    for _ in range(4):
        await bench.sells(variant, 1)
        await bench.work_off()
        await bench.shop_reports(uuid)
        await bench.wait(2)
    await bench.quiet()

    assert (5, 5) == await bench.levels(uuid)
    assert 4 == len(bench.requests("POST", "/adjustments/relative"))
    till = [one for one in bench.sandbox.zettle.requests.last if one.path.endswith("/v3/movements")]
    assert [] == till
