"""What a side cannot hold, cannot be moved, or does not count: said in the sync log, and nothing of
it lost.
"""

import pytest

from brygga.core.report import Code
from brygga.database import synclog
from brygga.database.synclog import Filter
from brygga.sync.stock.gather import Till
from tests.stock.bench import StockBench
from tests.stock.merchant import join, part, ready


async def reported(bench: StockBench, code: Code) -> list[dict[str, str]]:
    async with bench.database.read() as tx:
        page = await synclog.page(tx, bench.connection.id, Filter(), limit=200)
    return [dict(one.line.params) for one in reversed(page) if one.line.code is code]


# ---- More than a side holds (zettle facts 3.5) ---------------------------------------------------


@pytest.mark.rule("S4")
async def test_more_than_zettle_holds_is_said_once_and_moves_over_as_the_stock_falls(
    bench: StockBench,
) -> None:
    uuid, _ = await ready(bench, 9)
    product_id = await bench.product_id(uuid)

    for level in (150_000, 149_000, 149_500):
        bench.sandbox.shop().set_stock(level, product_id=product_id)
        await bench.shop_reports(uuid)
        await bench.quiet()
    full = await bench.levels(uuid)
    said = await reported(bench, Code.STOCK_FULL)
    await bench.orders(uuid, 60_000)
    await bench.quiet()

    assert (99_999, 149_500) == full
    assert [("zettle", "99999", "150000")] == [
        (one["side"], one["limit"], one["number"]) for one in said
    ]
    assert [Code.STOCK_SHOP_MOVED, Code.STOCK_FULL] == [
        one for one in await bench.codes() if "stock" in one
    ][:2]
    assert (89_500, 89_500) == await bench.levels(uuid)
    assert 1 == len(await reported(bench, Code.STOCK_FULL))


@pytest.mark.rule("S6")
async def test_a_joined_number_beyond_zettle_s_is_said(bench: StockBench) -> None:
    uuid, variant = await ready(bench, 9)
    await part(bench, uuid, {variant: (99_999, 99_999, 9)})
    await bench.quiet()
    before = await reported(bench, Code.STOCK_FULL)

    await join(bench, uuid)
    await bench.quiet()

    assert [] == before
    assert (99_999, 199_998) == await bench.levels(uuid)
    assert ["199998"] == [one["number"] for one in await reported(bench, Code.STOCK_FULL)]


# ---- Nowhere to move it (zettle facts 3.2) -------------------------------------------------------


@pytest.mark.rule("S3")
async def test_an_account_with_the_stores_inventory_only_reads_so_and_loses_nothing(
    bench: StockBench,
) -> None:
    """Four exist (zettle facts 3.2). Should they not, the till waits, the shop goes on, and it is
    made good when they do.
    """
    other, _ = await bench.stocked(5, name="Fat", sku="FAT-1")
    uuid, variant = await ready(bench, 9)
    places = bench.sandbox.merchant.organization.inventories
    away = {one: places.pop(one) for one, place in list(places.items()) if place.type != "STORE"}

    await bench.orders(uuid, 2)
    await bench.orders(other, 1)
    await bench.quiet()
    waiting = await bench.levels(uuid), await bench.levels(other)
    said = await reported(bench, Code.STOCK_REFUSED)
    places.update(away)
    await bench.sells(variant)
    await bench.quiet()

    assert ((9, 7), (5, 4)) == waiting
    assert {("Mugg", "zettle_inventories_missing"), ("Fat", "zettle_inventories_missing")} == {
        (one["name"], one["cause"]) for one in said
    }
    assert 2 == len(said)
    assert (6, 6) == await bench.levels(uuid)


async def test_inventories_that_come_later_are_found(bench: StockBench) -> None:
    await ready(bench, 9)
    places, till = bench.sandbox.merchant.organization.inventories, Till()
    away = {one: places.pop(one) for one, place in list(places.items()) if place.type != "STORE"}
    before = await till.inventories(bench.session)
    places.update(away)
    after = await till.inventories(bench.session)

    assert before is not None
    assert after is not None
    assert (0, 3) == (len(before.others), len(after.others))


# ---- Not counted in BigCommerce (bigcommerce facts 5.2, 5.4) -------------------------------------


@pytest.mark.rule("S2")
async def test_tracking_that_was_off_in_bigcommerce_is_said_when_it_is_on_again(
    bench: StockBench,
) -> None:
    uuid, variant = await ready(bench, 9)
    product_id = await bench.product_id(uuid)

    numbers = []
    for _ in range(2):
        await bench.session.shop.update_product(product_id, {"tracking": "none"})
        await bench.quiet()
        await bench.sells(variant)
        await bench.sells(variant)
        await bench.quiet()
        numbers.append([one["number"] for one in await reported(bench, Code.STOCK_SWITCHED_ON)])

    assert (5, 5) == await bench.levels(uuid)
    assert ("product", [["7"], ["7", "5"]]) == (
        (await bench.shown(uuid))["inventory_tracking"],
        numbers,
    )


@pytest.mark.rule("S2")
async def test_where_bigcommerce_refuses_to_count_again_only_that_is_said(
    bench: StockBench,
) -> None:
    uuid, variant = await ready(bench, 9)
    await bench.session.shop.update_product(await bench.product_id(uuid), {"tracking": "none"})
    await bench.quiet()
    bench.fault("batch_refused", "PUT", "*/adjustments/absolute")

    await bench.sells(variant)
    await bench.quiet()

    assert [] == await reported(bench, Code.STOCK_SWITCHED_ON)
    assert Code.STOCK_REFUSED in await bench.codes()
