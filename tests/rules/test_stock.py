"""Stock both ways through the whole service: webhooks in, adjustments out, and separate stock
(rules S1 to S6; decisions 4 and 7).
"""

import pytest

from brygga.core.report import Code
from brygga_sandbox.bigcommerce import Config as ShopConfig
from tests.rules.conftest import OpenStack
from tests.rules.stack import DemoStack, words_of
from tests.rules.stocked import Levels, ordered, part, stocked


@pytest.mark.rule("S1")
async def test_untracked_products_are_never_written_whatever_happens_to_them(
    home: DemoStack,
) -> None:
    uuid = home.add("Fri")
    await home.connect()
    await home.shop.edit_product(home.id_of(uuid), inventory_tracking="product")
    home.shop.set_stock(7, product_id=home.id_of(uuid))

    home.till.sell(home.variant(uuid), 2)
    await home.calm()

    assert 7 == home.shop.level(product_id=home.id_of(uuid))
    assert not home.sandbox.merchant.organization.tracked(uuid)
    assert [] == [one.path for one in home.asked("PUT", "POST") if "/inventory/" in one.path]


@pytest.mark.rule("S2")
async def test_a_sale_and_a_refund_reach_the_shop_in_seconds_and_are_no_orders(
    home: DemoStack,
) -> None:
    uuid = await stocked(home)
    clock = home.service.worker.clock
    began = clock.monotonic()

    sale = home.till.sell(home.variant(uuid), 3)
    await home.until(lambda: home.levels(uuid) == [(7, 7)])
    took = clock.monotonic() - began
    await home.calm()
    home.till.refund(sale)
    await home.calm()

    assert took < 5
    assert ([(10, 10)], []) == (home.levels(uuid), home.shop.state()["orders"])


@pytest.mark.rule("S3")
@pytest.mark.parametrize(("lag", "within"), [(0.0, 3), (3.0, 15)])
async def test_an_order_changes_the_till_in_seconds_and_its_cancellation_undoes_it(
    open_stack: OpenStack, lag: float, within: float
) -> None:
    """At once where the shop's reads are fresh; after one horizon where they lag behind the
    order.
    """
    home = await open_stack(bigcommerce_config=ShopConfig(read_lag_s=lag))
    uuid = await stocked(home)
    clock = home.service.worker.clock
    began = clock.monotonic()

    order = home.shop.place([{"product_id": home.id_of(uuid), "quantity": 4}])
    await home.until(lambda: home.levels(uuid) == [(6, 6)])
    took = clock.monotonic() - began
    await home.calm()
    home.shop.cancel(order.id)
    await home.calm()

    assert took < within
    assert [(10, 10)] == home.levels(uuid)
    assert Code.STOCK_SHOP_ORDER in await home.codes()


@pytest.mark.rule("S3")
@pytest.mark.parametrize(("restocks", "left"), [(True, 10), (False, 8)])
async def test_a_refund_in_the_shop_counts_where_the_store_puts_stock_back(
    home: DemoStack, restocks: bool, left: int
) -> None:
    home.shop.set_settings(refund_order_stock_adjustment=restocks)
    uuid = await stocked(home)
    order = await ordered(home, uuid, 2)

    home.shop.refund(order)
    await home.calm()

    assert [(left, left)] == home.levels(uuid)


@pytest.mark.rule("S4")
async def test_stock_edited_by_hand_on_either_side_shows_on_the_other(home: DemoStack) -> None:
    uuid = await stocked(home)

    home.till.set_stock(home.variant(uuid), 14)
    await home.calm()
    edited: Levels = home.levels(uuid)
    home.shop.set_stock(3, product_id=home.id_of(uuid))
    await home.calm()

    assert ([(14, 14)], [(3, 3)]) == (edited, home.levels(uuid))
    assert {Code.STOCK_TILL_MOVED, Code.STOCK_SHOP_MOVED} <= set(await home.codes())


@pytest.mark.rule("S2", "S3", "S4")
async def test_sales_orders_and_edits_of_the_same_moment_lose_no_unit(home: DemoStack) -> None:
    """Each variant on its own: a sale, an order and a delivery in one second."""
    uuid = home.add_sized("S", "M", stock=20)
    await home.connect()
    small, medium = home.variant(uuid), home.variant(uuid, 1)
    ids = {one["sku"]: one["id"] for one in home.shown(uuid)["variants"]}

    home.till.sell(small, 2)
    home.shop.place(
        [{"variant_id": ids["TR-S"], "quantity": 3}, {"variant_id": ids["TR-M"], "quantity": 1}]
    )
    home.till.set_stock(medium, 25)
    home.till.sell(medium, 4)
    await home.calm()

    assert [(15, 15), (20, 20)] == home.levels(uuid)


@pytest.mark.rule("S2")
async def test_stock_below_zero_is_zero_in_the_shop_and_paid_by_the_next_delivery(
    home: DemoStack,
) -> None:
    """Decision 7."""
    uuid = await stocked(home, 1)

    home.till.sell(home.variant(uuid), 3)
    await home.calm()
    below: Levels = home.levels(uuid)
    home.till.set_stock(home.variant(uuid), 5)
    await home.calm()

    assert ([(-2, 0)], [(5, 5)]) == (below, home.levels(uuid))
    assert ["2"] == [line["units"] for line in await home.reported(Code.STOCK_BELOW_ZERO)]


# ---- Separate stock ------------------------------------------------------------------------------


@pytest.mark.rule("S5")
async def test_separate_stock_is_given_per_side_and_stays_where_it_moves(
    home: DemoStack,
) -> None:
    uuid = await stocked(home, 10)
    page = await home.open(f"/library/{uuid}")

    said = await part(home, uuid, 6, 4)
    parted: Levels = home.levels(uuid)
    sale = home.till.sell(home.variant(uuid), 2)
    await home.calm()
    await ordered(home, uuid)
    home.till.refund(sale, 1)
    home.shop.set_stock(9, product_id=home.id_of(uuid))
    home.till.set_stock(home.variant(uuid), 5)
    await home.calm()

    assert "Now shared" in words_of(page)
    assert f'name="zettle-{home.variant(uuid)}" value="10"' in page
    assert "Separate stock is on." in said
    assert ([(6, 4)], [(5, 9)]) == (parted, home.levels(uuid))


@pytest.mark.rule("S5")
async def test_a_changed_sum_needs_a_confirmation(home: DemoStack) -> None:
    uuid = await stocked(home, 10)

    refused = await part(home, uuid, 9, 9)
    before: Levels = home.levels(uuid)
    await part(home, uuid, 9, 9, sum="changed")

    assert "The sum differs from the shared number." in refused
    assert ([(10, 10)], [(9, 9)]) == (before, home.levels(uuid))


@pytest.mark.rule("S6")
async def test_separate_stock_is_switched_off_after_a_confirmation_that_shows_the_sum(
    home: DemoStack,
) -> None:
    """Decision 4: the two numbers are added, and stock is shared again."""
    uuid = await stocked(home, 10)
    await part(home, uuid, 6, 4)
    home.till.sell(home.variant(uuid))
    await home.calm()

    asked = await home.read(f"/library/{uuid}/stock/join")
    untouched: Levels = home.levels(uuid)
    await home.press("Disable separate stock", confirmed="yes")
    await home.calm()
    joined: Levels = home.levels(uuid)
    await ordered(home, uuid, 2)

    assert "The two numbers are added, so that no unit is lost. Both sides will have:" in asked
    assert "Variant Zettle BigCommerce Both sides Mugg 5 4 9" in asked
    assert ([(5, 4)], [(9, 9)], [(7, 7)]) == (untouched, joined, home.levels(uuid))
