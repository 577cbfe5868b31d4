"""Stock both ways over both sandboxes (rules S1 to S4, decisions 3, 4 and 7)."""

import pytest

from brygga.core.report import Code
from brygga_sandbox.zettle.receipts import Line as SaleLine
from tests.stock.bench import StockBench


@pytest.mark.rule("S1", "P1")
async def test_a_tracked_product_is_created_with_its_balance(bench: StockBench) -> None:
    uuid, variant = await bench.stocked(7)

    await bench.finish_setup()
    await bench.quiet()

    assert (7, 7) == await bench.levels(uuid)
    assert "product" == (await bench.shown(uuid))["inventory_tracking"]
    assert ["born"] == await bench.causes(variant)


@pytest.mark.rule("S1")
async def test_an_untracked_product_is_made_without_stock(bench: StockBench) -> None:
    uuid = bench.till_product()

    await bench.finish_setup()
    await bench.quiet()

    assert "none" == (await bench.shown(uuid))["inventory_tracking"]
    assert 0 == bench.writes()


@pytest.mark.rule("S2")
async def test_a_sale_reaches_the_shop_at_once_and_is_no_order(bench: StockBench) -> None:
    uuid, variant = await bench.stocked(7)
    await bench.finish_setup()
    await bench.quiet(3)

    await bench.sells(variant, 2)
    await bench.work_off()

    assert (5, 5) == await bench.levels(uuid)
    assert [] == bench.requests("POST", "/orders")
    assert Code.STOCK_TILL_MOVED in await bench.codes()


@pytest.mark.rule("S2")
async def test_a_refund_at_the_till_comes_back_to_the_shop(bench: StockBench) -> None:
    uuid, variant = await bench.stocked(7)
    await bench.finish_setup()
    receipt = await bench.sells(variant, 2)
    await bench.work_off()

    bench.sandbox.till().refund(receipt)
    await bench.till_reports(variant)
    await bench.work_off()

    assert (7, 7) == await bench.levels(uuid)


@pytest.mark.rule("S3")
async def test_an_order_and_its_cancellation_reach_the_till_within_seconds(
    bench: StockBench,
) -> None:
    uuid, variant = await bench.stocked(7)
    await bench.finish_setup()
    await bench.quiet()

    order = await bench.orders(uuid, 3)
    await bench.work_off()
    ordered = await bench.levels(uuid)
    await bench.quiet(15)
    bench.sandbox.shop().cancel(order)
    await bench.shop_reports(uuid, by_order=True)
    await bench.work_off()

    assert (4, 4) == ordered
    assert (7, 7) == await bench.levels(uuid)
    assert ["born", "order", "written", "order", "written"] == await bench.causes(variant)


@pytest.mark.rule("S3")
async def test_an_order_goes_to_sold_and_an_edit_to_the_bin(bench: StockBench) -> None:
    """Zettle's own books tell a sale from a correction (zettle facts 3.5)."""
    uuid, _ = await bench.stocked(7)
    await bench.finish_setup()
    await bench.quiet()

    await bench.orders(uuid, 1)
    await bench.work_off()
    await bench.quiet(150)
    bench.sandbox.shop().set_stock(2, product_id=await bench.product_id(uuid))
    await bench.shop_reports(uuid)
    await bench.work_off()

    moves = [
        one for one in bench.sandbox.zettle.requests.last if one.path.endswith("/v3/movements")
    ]
    assert (2, (2, 2)) == (len(moves), await bench.levels(uuid))


@pytest.mark.rule("S4")
async def test_edits_on_either_side_show_on_the_other(bench: StockBench) -> None:
    uuid, variant = await bench.stocked(7)
    await bench.finish_setup()
    await bench.quiet()

    await bench.counts(variant, 12)
    await bench.work_off()
    after_till = await bench.levels(uuid)
    await bench.quiet()
    bench.sandbox.shop().set_stock(20, product_id=await bench.product_id(uuid))
    await bench.shop_reports(uuid)
    await bench.work_off()

    assert (12, 12) == after_till
    assert (20, 20) == await bench.levels(uuid)


@pytest.mark.rule("S2", "S3")
async def test_a_sale_and_an_order_in_the_same_second_both_count(bench: StockBench) -> None:
    uuid, variant = await bench.stocked(7)
    await bench.finish_setup()
    await bench.quiet()

    await bench.sells(variant, 2)
    await bench.orders(uuid, 3)
    await bench.quiet()

    assert (2, 2) == await bench.levels(uuid)


@pytest.mark.rule("S2", "S3")
async def test_the_last_unit_sold_twice_is_paid_by_the_next_restock(bench: StockBench) -> None:
    """Decision 7: nothing is sent below zero, and the missing unit is not forgotten."""
    uuid, variant = await bench.stocked(1)
    await bench.finish_setup()
    await bench.quiet()

    await bench.sells(variant)
    await bench.orders(uuid)
    await bench.quiet()
    sold_out = await bench.levels(uuid)
    await bench.counts(variant, 10)
    await bench.quiet()

    assert (0, 0) == sold_out
    assert (9, 9) == await bench.levels(uuid)
    assert Code.STOCK_BELOW_ZERO in await bench.codes()


async def test_a_balance_below_zero_is_zero_in_the_shop(bench: StockBench) -> None:
    """Decision 7, from create on."""
    uuid, variant = await bench.stocked(0)
    bench.sandbox.till().sell(variant, 3)
    await bench.finish_setup()
    await bench.quiet()
    created = await bench.levels(uuid)

    await bench.counts(variant, 5)
    await bench.quiet()

    assert (-3, 0) == created
    assert (5, 5) == await bench.levels(uuid)


async def test_quiet_means_quiet(bench: StockBench) -> None:
    """Invariant 13: neither sweeps nor hooks of our own writes lead to another write."""
    uuid, variant = await bench.stocked(7)
    await bench.finish_setup()
    await bench.sells(variant)
    await bench.work_off()
    await bench.shop_reports(uuid)
    await bench.quiet()
    writes = bench.writes()

    await bench.sweep()
    await bench.quiet()
    await bench.sweep()

    assert (writes, (6, 6)) == (bench.writes(), await bench.levels(uuid))


async def test_a_sweep_finds_what_nobody_announced(bench: StockBench) -> None:
    uuid, variant = await bench.stocked(7)
    await bench.finish_setup()
    await bench.quiet()

    bench.sandbox.till().sell(variant, 1)
    await bench.sweep()
    await bench.quiet()

    assert (6, 6) == await bench.levels(uuid)
    assert Code.STOCK_FOUND_BY_SWEEP in await bench.codes()


async def test_a_sweep_that_would_empty_the_shop_asks_first(bench: StockBench) -> None:
    """Decision 9: more than ten products and a tenth of the catalogue set to 0 by one pass."""
    made = [await bench.stocked(5, name=f"Vara {n}", sku=f"V-{n}") for n in range(12)]
    await bench.finish_setup()
    await bench.quiet()
    writes = bench.writes()

    for _, variant in made:
        bench.sandbox.till().set_stock(variant, 0)
    await bench.sweep()
    await bench.quiet()

    assert writes == bench.writes()
    assert Code.MASS_EFFECT_STOPPED in await bench.codes()


async def test_variants_move_each_by_itself_and_in_one_request(bench: StockBench) -> None:
    uuid = bench.shirt("S", "M", "L")
    bench.sandbox.till().track(uuid)
    variants = [bench.sandbox.till().variant(sku=f"TR-{size}") for size in "SML"]
    for variant in variants:
        bench.sandbox.till().set_stock(variant, 4)
    await bench.finish_setup()
    await bench.quiet()
    writes = bench.writes()

    bench.sandbox.till().sell([SaleLine(variants[0]), SaleLine(variants[2], 3)])
    await bench.till_reports(variants[0])
    await bench.work_off()

    shown = {row["sku"]: row["inventory_level"] for row in (await bench.shown(uuid))["variants"]}
    assert {"TR-S": 3, "TR-M": 4, "TR-L": 1} == shown
    assert writes + 1 == bench.writes()
