"""A merchant's hands in the control panel while people buy, and answers that leave something out
(decisions 15, 17, 18).
"""

from typing import Any

import pytest

from brygga.core.hands import Counting
from brygga.core.report import Code
from brygga.core.stock import Hint, Side
from brygga.database import reported_changes, waiting_work
from brygga.database.work_items import Kind
from brygga.sync.products.hands import RECOUNT
from tests.stock.bench import StockBench
from tests.stock.merchant import asked, bought, ready
from tests.stock.panel import both, counting, lines, recreated, reported, shirt, shown, switched


def requests(bench: StockBench) -> int:
    return sum(
        sum(one.requests.counts.values())
        for one in (bench.sandbox.zettle, bench.sandbox.bigcommerce)
    )


async def ordered(bench: StockBench, uuid: str, units: int, variant_id: int) -> None:
    """A shopper buys, and BigCommerce's hook says how much of which variant."""
    bench.sandbox.shop().place([{"variant_id": variant_id, "quantity": units}])
    await received(bench, uuid, Hint(bench.clock.now(), by_order=True, variant=str(variant_id)))


async def received(bench: StockBench, uuid: str, hint: Hint) -> None:
    product_id = await bench.product_id(uuid)
    async with bench.database.transaction() as tx:
        await reported_changes.record_hint(
            tx, bench.connection.id, Side.SHOP, str(product_id), hint
        )
    await bench.add_item(Kind.SHOP_STOCK, str(product_id))
    await bench.work_off()


async def options_added(bench: StockBench, uuid: str, level: int) -> list[int]:
    """The variants that a simple product got."""
    product_id, shop = await bench.product_id(uuid), bench.sandbox.shop()
    shop.add_option(product_id, "Gravyr", ["Ja", "Nej"])
    shop.set_stock(level, product_id=product_id)
    return sorted(one["id"] for one in (await bench.shown(uuid))["variants"])


@pytest.mark.rule("S2")
async def test_an_uncounted_product_with_a_new_option_never_loops(bench: StockBench) -> None:
    """A sale on it costs a few requests, and no line that says what is not so (decision 17)."""
    uuid, variant = await ready(bench)
    await switched(bench, uuid, "none")
    await reported(bench, uuid)
    bench.sandbox.shop().add_option(await bench.product_id(uuid), "Gravyr", ["Ja", "Nej"])
    await reported(bench, uuid)
    await bench.sells(variant)
    await bench.quiet(120)
    said, before = len(await lines(bench, Code.STOCK_SWITCHED_ON)), requests(bench)
    await bench.quiet(600)

    assert said <= 1
    assert said == len(await lines(bench, Code.STOCK_SWITCHED_ON))
    assert requests(bench) - before < 10


@pytest.mark.rule("S3")
async def test_a_sweep_leaves_what_is_not_counted_alone(bench: StockBench) -> None:
    """No read closes the event of an order then (decision 18)."""
    uuid, _ = await ready(bench)
    await bought(bench, uuid, 1)
    await switched(bench, uuid, "none")
    await reported(bench, uuid)
    await bench.quiet(30)
    await bench.sweep()
    async with bench.database.read() as tx:
        waiting = await waiting_work.counts(tx, bench.connection.id)

    assert Kind.STOCK not in waiting


@pytest.mark.rule("S3")
async def test_an_order_explains_one_fall_only(bench: StockBench) -> None:
    """Its unit is taken, and then BigCommerce forgets the number (bigcommerce facts 5.4): a sweep
    that finds the 0 a moment later asks.
    """
    uuid, variant = await ready(bench)
    await bench.counts(variant, 2)
    await bench.quiet()
    await bought(bench, uuid, 1)
    await bench.quiet(6)
    await switched(bench, uuid, "none")
    await switched(bench, uuid, "product")

    await bench.sweep()
    await bench.quiet()

    assert [1, 1] == [
        len(await lines(bench, Code.STOCK_VANISHED)),
        (await bench.causes(variant)).count("swept"),
    ]


@pytest.mark.rule("S3")
async def test_two_orders_that_reads_show_one_by_one_explain_both_falls(bench: StockBench) -> None:
    """Nobody read while the first one came, and reads trail when the second one does."""
    uuid, variant = await ready(bench)
    await bench.counts(variant, 2)
    await bench.quiet()
    bench.sandbox.shop().place([{"product_id": await bench.product_id(uuid), "quantity": 1}])
    bench.clock.move(60)
    bench.sandbox.shop().store.read_lag_s = 6

    await bought(bench, uuid, 1)
    await bench.quiet()

    assert (0, 0) == await bench.levels(uuid)
    assert ["order", "seen"] == sorted({"order", "seen"} & {*await bench.causes(variant)})
    assert not await asked(bench, uuid)


@pytest.mark.rule("S3")
@pytest.mark.parametrize("undone", [False, True])
async def test_what_no_read_showed_before_an_option_came_counts(
    bench: StockBench, undone: bool
) -> None:
    """Reads trail by five seconds: the last one before the option shows the number from before the
    order, or from before it was cancelled. Whether a store puts stock back to an earlier variant id
    is not known.
    """
    uuid, _ = await ready(bench)
    bench.sandbox.shop().store.read_lag_s = 5
    product_id = await bench.product_id(uuid)
    order = bench.sandbox.shop().place([{"product_id": product_id, "quantity": 3}])
    await bench.shop_reports(uuid, by_order=True)
    await bench.work_off()
    if undone:
        await bench.quiet()
        bench.sandbox.shop().cancel(int(order.id))
        await bench.shop_reports(uuid, by_order=True)
        await bench.work_off()
    bench.sandbox.shop().add_option(product_id, "Gravyr", ["Ja", "Nej"])
    await reported(bench, uuid)
    await bench.quiet()

    assert (7, 7) == await bench.levels(uuid)
    assert undone is await asked(bench, uuid)


@pytest.mark.rule("S3")
async def test_an_order_received_before_its_variant_is_known_counts(bench: StockBench) -> None:
    """The merchant makes a size again, a shopper buys of it, and only then we learn of the size
    (decision 17).
    """
    uuid, _ = await shirt(bench)
    await recreated(bench, uuid, sku="TR-M")
    new = (await shown(bench, uuid))["TR-M"]["id"]
    bench.sandbox.shop().set_stock(10, variant_id=new)
    bench.clock.move(2)
    await ordered(bench, uuid, 3, new)
    await bench.quiet(300)

    assert [(10, 10), (7, 7)] == await both(bench, uuid)
    assert not await asked(bench, uuid)


@pytest.mark.rule("S3")
async def test_another_option_of_a_whole_product_keeps_its_number(bench: StockBench) -> None:
    """The option variant that we knew the product by is deleted, and somebody buys meanwhile
    (decision 17).
    """
    uuid, _ = await ready(bench)
    first, second = await options_added(bench, uuid, 10)
    await reported(bench, uuid)
    await bench.quiet()
    bench.sandbox.shop().delete_variant(first)
    bench.sandbox.shop().place([{"variant_id": second, "quantity": 3}])
    await reported(bench, uuid)
    await bench.quiet(300)

    assert Counting.WHOLE is await counting(bench, uuid)
    assert (7, 7) == await bench.levels(uuid)


@pytest.mark.rule("S4")
@pytest.mark.parametrize("forced", [False, True], ids=["by its hook", "by sync now"])
async def test_numbers_that_a_switch_forgot_are_seen_and_asked_about(
    bench: StockBench, forced: bool
) -> None:
    """Counted as a whole and by variant again before we look: BigCommerce shows 0, and no stock
    hook tells (decision 15).
    """
    uuid, _ = await shirt(bench)
    await switched(bench, uuid, "product", 20)
    await switched(bench, uuid, "variant")
    if forced:
        await bench.sync(uuid, force=True)
    await reported(bench, uuid)
    await bench.quiet(600)

    assert all(till == shop for till, shop in await both(bench, uuid))
    assert 2 == len(await lines(bench, Code.STOCK_VANISHED))


@pytest.mark.rule("S4")
async def test_the_forgotten_number_of_a_whole_product_waits_for_no_sweep(
    bench: StockBench,
) -> None:
    """The store stops counting it and counts it again before we look (decision 18)."""
    uuid, _ = await ready(bench)
    await options_added(bench, uuid, 10)
    await reported(bench, uuid)
    await bench.quiet()
    await switched(bench, uuid, "none")
    await switched(bench, uuid, "product")
    await reported(bench, uuid)
    await bench.quiet(150)

    assert (0, 0) == await bench.levels(uuid)
    assert 1 == len(await lines(bench, Code.STOCK_VANISHED))


@pytest.mark.rule("S4")
@pytest.mark.parametrize("was_whole", [True, False])
async def test_a_zero_typed_after_a_switch_does_not_explain_what_is_gone(
    bench: StockBench, was_whole: bool
) -> None:
    """BigCommerce names the whole product only while it counts it as a whole, and forgets the sizes
    (bigcommerce facts 5.4 and 6.3). Without such an event the 0 was typed (decision 3).
    """
    uuid, _ = await shirt(bench)
    small = (await shown(bench, uuid))["TR-S"]["id"]
    await bench.wait(60)
    bench.sandbox.shop().set_stock(0, variant_id=small)
    if was_whole:
        await received(bench, uuid, Hint(bench.clock.now()))
    bench.clock.move(1)
    await received(bench, uuid, Hint(bench.clock.now(), variant=str(small)))
    before = await both(bench, uuid)
    await bench.quiet(300)

    assert (10 if was_whole else 0, 0) == before[0]
    assert [(0, 0), (10, 10)] == await both(bench, uuid)
    assert was_whole is await asked(bench, uuid)


@pytest.mark.rule("S4")
async def test_news_of_a_deleted_size_says_nothing_of_the_size_that_is_left(
    bench: StockBench,
) -> None:
    """It waits for the product work to know that size, and is asked about more and more seldom."""
    uuid, _ = await shirt(bench)
    sizes = await shown(bench, uuid)
    small, medium = sizes["TR-S"]["id"], sizes["TR-M"]["id"]
    bench.sandbox.shop().delete_variant(small)
    await reported(bench, uuid)
    await bench.quiet()
    bench.sandbox.shop().set_stock(0, variant_id=medium)
    before = requests(bench)
    await received(bench, uuid, Hint(bench.clock.now(), variant=str(small)))
    await bench.quiet(300)

    assert Code.STOCK_VANISHED in await bench.codes()
    assert requests(bench) - before < 150


@pytest.mark.rule("S3", "S4")
@pytest.mark.parametrize(("units", "asks"), [(1, True), (10, False)])
async def test_an_order_of_one_does_not_explain_that_ten_are_gone(
    bench: StockBench, units: int, asks: bool
) -> None:
    """Its event comes, and BigCommerce forgets the rest of the number: the orders tell how much was
    sold.
    """
    uuid, _ = await ready(bench)
    product_id = await bench.product_id(uuid)
    bench.sandbox.shop().place([{"product_id": product_id, "quantity": units}])
    bench.sandbox.shop().set_stock(0, product_id=product_id)
    await bench.shop_reports(uuid, by_order=True)
    await bench.quiet(30)
    meanwhile = await bench.levels(uuid)
    await bench.quiet(300)

    assert ((10, 0) if asks else (0, 0)) == meanwhile
    assert (0, 0) == await bench.levels(uuid)
    assert asks is await asked(bench, uuid)


@pytest.mark.rule("S3")
async def test_a_product_counted_by_its_only_variant_sells_out(bench: StockBench) -> None:
    """Simple on both sides: at which level BigCommerce counts it makes no difference (decision
    18).
    """
    uuid, variant = await ready(bench)
    await switched(bench, uuid, "variant")
    await reported(bench, uuid)
    await bench.quiet(60)
    await bench.sells(variant, 3)
    await bench.quiet(60)
    await bought(bench, uuid, 7)
    await bench.quiet(300)

    assert (0, 0) == await bench.levels(uuid)
    assert [] == await lines(bench, Code.STOCK_NOT_COUNTED)


@pytest.mark.rule("S3")
async def test_a_refused_recount_is_its_own_products_alone(bench: StockBench) -> None:
    """The button on a product that was just deleted, and another product's hook in the same work
    (decision 17).
    """
    uuid, _ = await shirt(bench)
    await switched(bench, uuid, "product", 20)
    await reported(bench, uuid)
    other, _ = await bench.stocked(5, name="Fat", sku="FAT-1")
    await bench.sync(other)
    await bench.quiet(60)
    gone = await bench.product_id(uuid)
    bench.sandbox.shop().delete_product(gone)
    await bench.add_item(Kind.SHOP_PRODUCT, str(gone), detail=RECOUNT)
    await options_added(bench, other, 5)
    await reported(bench, other)
    await bench.quiet(120)

    assert Counting.WHOLE is await counting(bench, other)
    assert (5, 5) == await bench.levels(other)
    assert 1 == len(await lines(bench, Code.MISSING_IN_SHOP))


@pytest.mark.rule("S3")
async def test_a_hook_about_the_whole_product_is_no_sizes_number(bench: StockBench) -> None:
    """An order just before the level is switched back is told of after it, for the whole product
    (decision 18).
    """
    uuid, _ = await shirt(bench)
    await switched(bench, uuid, "product", 20)
    await reported(bench, uuid)
    small = (await shown(bench, uuid))["TR-S"]["id"]
    bench.sandbox.shop().place([{"variant_id": small, "quantity": 4}])
    await bench.wait(10)
    await reported(bench, uuid, RECOUNT)
    await bench.wait(1)
    await received(bench, uuid, Hint(bench.clock.now(), by_order=True))
    await bench.quiet(300)

    assert [(10, 10), (10, 10)] == await both(bench, uuid)


EMPTY: dict[str, Any] = {"answer": "counted_empty"}


@pytest.mark.rule("S2", "S3")
async def test_empty_lists_that_count_themselves_part_nothing(bench: StockBench) -> None:
    """Stock and catalogue both answer with a whole, empty page for a while (decision 15)."""
    uuid, (small, _) = await shirt(bench)
    for path in ("*/v3/inventory/items", "*/v3/catalog/products"):
        bench.sandbox.bigcommerce.faults.add(
            "hollow", method="GET", path=path, params=EMPTY, lasts_s=60.0
        )
    await bench.sells(small)
    await bench.quiet(900)

    assert [(9, 9), (10, 10)] == await both(bench, uuid)
    assert [] == await lines(bench, Code.MISSING_IN_SHOP)
