"""Answers that say nothing move nothing, and are asked again within seconds (decision 15)."""

from typing import Any

import pytest

from brygga.core.report import Code
from brygga.core.stock import Gap
from brygga.database.engine import Database
from brygga.database.work_items import Kind
from brygga_sandbox.faults import HOLLOWS
from brygga_sandbox.sandbox import Plan
from brygga_sandbox.zettle.switches import Switches
from tests.conftest import MovableClock
from tests.rules.products_bench import kr
from tests.stock.bench import StockBench, opened
from tests.stock.merchant import ready

OF_ONE = "*/v3/stock/{inventory}/products/{product}"
ITEMS = "*/v3/inventory/items"


def hollow(bench: StockBench, answer: str, path: str, **more: Any) -> None:
    """Both sides have the fault; a path belongs to one of them."""
    for platform in (bench.sandbox.zettle, bench.sandbox.bigcommerce):
        platform.faults.add("hollow", path=path, params={"answer": answer}, **more)


def heal(bench: StockBench) -> None:
    for platform in (bench.sandbox.zettle, bench.sandbox.bigcommerce):
        platform.faults.clear()


@pytest.mark.rule("S2")
@pytest.mark.parametrize("answer", HOLLOWS)
async def test_a_sale_whose_stock_cannot_be_read_is_never_a_zero(
    bench: StockBench, answer: str
) -> None:
    """Two readings of Zettle's stock say nothing: BigCommerce keeps 10, and has 9 seconds later
    (decision 15).
    """
    uuid, variant = await ready(bench, 10)
    hollow(bench, answer, OF_ONE, next=2)

    seen = []
    await bench.sells(variant)
    for _ in range(10):
        await bench.wait(2)
        seen.append((await bench.levels(uuid))[1])

    assert {*seen} <= {10, 9}
    assert (9, 9) == await bench.levels(uuid)


@pytest.mark.rule("S3")
@pytest.mark.parametrize("answer", [one for one in HOLLOWS if one != "not_tracked"])
async def test_an_order_reaches_the_till_though_a_list_was_empty(
    bench: StockBench, answer: str
) -> None:
    """A bound variant that one answer leaves out is not gone (decision 15)."""
    uuid, _ = await ready(bench, 10)
    hollow(bench, answer, ITEMS, next=1)

    await bench.orders(uuid)
    await bench.quiet(30)

    assert (9, 9) == await bench.levels(uuid)
    assert not (await bench.ledger(uuid)).shop.is_suspended


@pytest.mark.rule("S1")
@pytest.mark.parametrize("answer", HOLLOWS)
async def test_a_product_is_not_created_with_a_level_that_nobody_named(
    bench: StockBench, answer: str
) -> None:
    """What cannot be read is made once it can be (decision 15)."""
    await ready(bench, 4)
    hollow(bench, answer, OF_ONE, next=2)
    uuid, _ = await bench.stocked(7, name="Fat", sku="FAT-1")

    await bench.sync(uuid)
    if "Fat" in await bench.in_shop():
        assert (7, 7) == await bench.levels(uuid), "another answer named it"
    await bench.quiet(60)

    assert (7, 7) == await bench.levels(uuid)


@pytest.mark.rule("S1")
async def test_a_variant_that_was_never_stocked_is_zero(bench: StockBench) -> None:
    """It has no row until its first movement: Zettle's status and an answer with others' rows agree
    (decision 15).
    """
    await ready(bench, 4)
    uuid = bench.till_product("Fat", {"sku": "FAT-1", "price": kr(9)})
    bench.sandbox.till().track(uuid)

    await bench.sync(uuid)
    await bench.quiet()

    assert 0 == (await bench.ledger(uuid)).shop.confirmed
    assert "product" == (await bench.shown(uuid))["inventory_tracking"]


@pytest.mark.rule("S1")
async def test_in_an_account_without_any_stock_a_variant_is_zero(bench: StockBench) -> None:
    """Two lists are empty, tracking is on by name, and nothing ever had a row (decision 15)."""
    uuid = bench.till_product("Fat", {"sku": "FAT-1", "price": kr(9)})
    bench.sandbox.till().track(uuid)
    await bench.finish_setup()
    await bench.quiet()

    assert 0 == (await bench.ledger(uuid)).shop.confirmed


@pytest.mark.rule("S1", "S7")
async def test_a_product_that_is_gone_does_not_bear_witness_for_others(bench: StockBench) -> None:
    """It had a stock row, which no answer shows any more: the only other one is read all the same
    (decision 15).
    """
    uuid, _ = await ready(bench, 4)
    other = bench.till_product("Fat", {"sku": "FAT-1", "price": kr(9)})
    bench.sandbox.till().track(other)
    bench.sandbox.till().delete_product(uuid)

    await bench.sync(uuid)
    await bench.sync(other)
    await bench.quiet()

    assert 0 == (await bench.ledger(other)).shop.confirmed


@pytest.mark.rule("S7")
@pytest.mark.parametrize("answer", ["empty_list", "empty_object", "null", "no_content"])
async def test_a_status_that_leaves_a_product_out_does_not_stop_it(
    bench: StockBench, answer: str
) -> None:
    """Not named is not off (decision 15)."""
    uuid, variant = await ready(bench, 4)
    hollow(bench, answer, "*/v3/products/status", next=2)

    await bench.add_item(Kind.TRACKING, uuid)
    await bench.sells(variant)
    await bench.quiet()

    assert Code.STOCK_STOPPED not in await bench.codes()
    assert (3, 3) == await bench.levels(uuid)


@pytest.mark.rule("S2", "S4")
@pytest.mark.parametrize("answer", ["empty_list", "cut", "not_found", "no_content"])
async def test_a_sweep_that_reads_nothing_empties_nothing(bench: StockBench, answer: str) -> None:
    """(decision 15)"""
    uuid, _ = await ready(bench, 4)
    hollow(bench, answer, "*/v3/stock/{inventory}")

    await bench.sweep()
    await bench.quiet(60)
    heal(bench)
    await bench.quiet()

    assert (4, 4) == await bench.levels(uuid)
    assert Code.STOCK_FOUND_BY_SWEEP not in await bench.codes()


@pytest.mark.rule("S3")
async def test_a_variant_that_both_lists_lack_is_gone(bench: StockBench) -> None:
    """The catalogue is another kind of evidence: the stock record sleeps (decision 15)."""
    uuid, _ = await ready(bench, 4)
    bench.sandbox.shop().delete_product(await bench.product_id(uuid))

    await bench.add_item(Kind.STOCK, uuid)
    await bench.quiet()

    assert (await bench.ledger(uuid)).shop.is_suspended


@pytest.mark.rule("S2")
async def test_the_last_unit_is_sold_also_where_zero_has_no_row(
    database: Database, clock: MovableClock
) -> None:
    """Zettle's older versions left rows of 0 out; another product's row proves that the answer is
    whole (decision 15).
    """
    bench = await opened(
        database,
        clock,
        Plan(products=0, drawings=False, zettle_switches=Switches(zero_rows_left_out=True)),
    )
    await bench.stocked(5, name="Fat", sku="FAT-1")
    uuid, variant = await ready(bench, 1)

    await bench.sells(variant)
    await bench.quiet()

    assert (0, 0) == await bench.levels(uuid)
    assert Gap.UNKNOWN is not (await bench.ledger(uuid)).zettle.confirmed
