"""Stock both ways through the whole service: webhooks in, adjustments out (rules S1 to S7;
decisions 2 to 4, 7).
"""

import asyncio
from typing import Any

import pytest

from brygga.core.report import Code
from brygga.database import work_items
from brygga.database.work_items import Kind
from brygga_sandbox.bigcommerce import Config as ShopConfig
from brygga_sandbox.outbox import DeliveryFaults
from tests.rules.conftest import OpenStack
from tests.rules.stack import DemoStack, sizes_of, words_of

Levels = list[tuple[int, int]]


async def stocked(home: DemoStack, stock: int = 10) -> str:
    uuid = home.add("Mugg", stock=stock)
    await home.connect()
    return uuid


async def ordered(home: DemoStack, uuid: str, quantity: int = 1) -> int:
    order = home.shop.place([{"product_id": home.id_of(uuid), "quantity": quantity}])
    await home.calm()
    return int(order.id)


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


async def part(home: DemoStack, uuid: str, till: int, shop: int, **more: str) -> str:
    variant = home.variant(uuid)
    await home.open(f"/library/{uuid}")
    numbers = {f"zettle-{variant}": str(till), f"shop-{variant}": str(shop)}
    # The form has the first number of the page; "Save" of other forms stands before it.
    home.browser_session.page = home.browser_session.page.partition('id="separate-stock"')[2]
    said = words_of(await home.press("Save", separate="yes", **numbers, **more))
    await home.calm()
    return said


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


# ---- Tracking ------------------------------------------------------------------------------------


async def track(home: DemoStack, uuid: str, *, on: bool) -> None:
    await home.open(f"/library/{uuid}")
    home.browser_session.page = home.browser_session.page.partition('id="stock"')[2]
    await home.press("Save", tracking="yes" if on else [])
    await home.calm()


@pytest.mark.rule("S7")
async def test_switched_off_stock_stops_and_the_store_keeps_its_number(
    home: DemoStack,
) -> None:
    """Decision 2."""
    uuid = await stocked(home, 10)

    await track(home, uuid, on=False)
    home.shop.set_stock(3, product_id=home.id_of(uuid))
    home.till.sell(home.variant(uuid))
    await home.calm()

    assert not home.sandbox.merchant.organization.tracked(uuid)
    assert ("product", 3) == (
        home.shown(uuid)["inventory_tracking"],
        home.shop.level(product_id=home.id_of(uuid)),
    )
    assert Code.STOCK_STOPPED in await home.codes()


@pytest.mark.rule("S1", "S7")
async def test_switched_at_the_till_the_products_page_says_so_within_a_second(
    home: DemoStack,
) -> None:
    """Zettle's message is on its way, not ours to hasten: the page follows it at once."""
    uuid = await stocked(home, 10)
    home.till.sell(home.variant(uuid))
    home.till.track(uuid, False)
    await asyncio.sleep(1)
    off = await home.read(f"/library/{uuid}")
    home.till.track(uuid, True)
    await home.calm()
    on = await home.read(f"/library/{uuid}")

    assert "The same on both sides" not in off
    assert "Tracking was switched off." in off
    assert "The same on both sides" in on
    assert [(9, 9)] == home.levels(uuid)


@pytest.mark.rule("S5", "S7")
async def test_switched_off_while_separate_is_asked_first_and_ends_it(home: DemoStack) -> None:
    """What the page says: the shop keeps its number, and switched on again the till's counts."""
    uuid = await stocked(home, 10)
    await part(home, uuid, 6, 4)

    await track(home, uuid, on=False)
    asked, still = (
        words_of(home.browser_session.page),
        home.sandbox.merchant.organization.tracked(uuid),
    )
    await home.press("Turn off")
    await home.calm()
    off: Levels = home.levels(uuid)
    home.till.sell(home.variant(uuid))
    await home.calm()
    await track(home, uuid, on=True)
    await home.wait(15)

    assert "Turn off inventory management?" in asked
    assert still
    assert 4 == off[0][1]
    assert home.levels(uuid)[0][0] == home.levels(uuid)[0][1]
    assert "Shared stock" in await home.read(f"/library/{uuid}")


@pytest.mark.rule("S5", "A3")
async def test_unassigned_while_separate_the_stores_number_is_kept_for_later(
    home: DemoStack,
) -> None:
    uuid = await stocked(home, 10)
    await part(home, uuid, 6, 4)
    await home.open(f"/library/{uuid}")
    await home.press("Save", bigcommerce=[])
    await home.press("Unassign product")
    await home.wait(15)
    gone, page = home.find(uuid), await home.read(f"/library/{uuid}")
    home.till.sell(home.variant(uuid))
    await home.open(f"/library/{uuid}")
    await home.press("Save", bigcommerce="yes")
    await home.wait(15)
    back: Levels = home.levels(uuid)
    await home.open(f"/library/{uuid}/stock/join")
    await home.press("Disable separate stock")
    await home.wait(15)

    assert gone is None
    assert "assigned again, the product is made with it" in page
    assert ([(5, 4)], [(9, 9)]) == (back, home.levels(uuid))


@pytest.mark.rule("S7")
@pytest.mark.parametrize("where", ["our page", "Zettle"])
async def test_switched_on_zettles_balance_is_written_and_tracking_is_set_in_the_shop(
    home: DemoStack, where: str
) -> None:
    uuid = home.add("Mugg")
    await home.connect()
    before = home.shown(uuid)["inventory_tracking"]

    if where == "Zettle":
        home.till.track(uuid)
        await home.calm()
    else:
        await track(home, uuid, on=True)
    home.till.set_stock(home.variant(uuid), 6)
    await home.calm()

    assert ("none", "product") == (before, home.shown(uuid)["inventory_tracking"])
    assert [(6, 6)] == home.levels(uuid)
    await ordered(home, uuid)
    assert [(5, 5)] == home.levels(uuid)


@pytest.mark.rule("S2", "P12")
async def test_a_variant_that_was_deleted_in_zettle_is_no_loss_that_the_sweep_finds(
    home: DemoStack,
) -> None:
    """Its last number goes with it: nobody is told that units have vanished, and nothing asks for
    it any more.
    """
    uuid = home.add_sized("S", "M", stock=10)
    await home.connect()
    gone = home.variant(uuid, 1)
    home.till.edit_product(uuid, variants=home.variants(uuid)[:1], **sizes_of("S"))
    await home.wait(60)
    before = len(await home.log())

    await home.wait_hours(25)
    home.till.sell(home.variant(uuid))
    await home.calm()

    assert [(9, 9)] == home.levels(uuid)
    assert gone not in {line.variant for line in (await home.log())[before:]}
    assert Code.STOCK_FOUND_BY_SWEEP not in await home.codes()


async def swept(home: DemoStack) -> None:
    connection = await home.connection()
    async with home.service.database.transaction() as tx:
        await work_items.add(tx, connection.id, Kind.SWEEP, "", home.service.worker.clock.now())
    await home.wait(60)


@pytest.mark.rule("S4", "S7")
async def test_stock_that_vanished_unreported_takes_the_lower_number_and_asks(
    home: DemoStack,
) -> None:
    """Tracking switched off and on again in the control panel while its hooks are lost: BigCommerce
    has forgotten the number (bigcommerce facts 5.4)."""
    uuid = await stocked(home)
    await home.wait(60)
    home.sandbox.bigcommerce.outbox.delivery_faults = DeliveryFaults(loss=1.0)
    await home.shop.edit_product(home.id_of(uuid), inventory_tracking="none")
    await home.wait(5)
    await home.shop.edit_product(home.id_of(uuid), inventory_tracking="product")
    await home.wait(60)
    home.sandbox.bigcommerce.outbox.delivery_faults = DeliveryFaults()

    await swept(home)
    asked = await home.reported(Code.STOCK_VANISHED)
    page = words_of(await home.open(f"/library/{uuid}"))

    assert ([(0, 0)], ["10"]) == (home.levels(uuid), [line["was"] for line in asked])
    assert "Check this number" in page


@pytest.mark.rule("S2", "S7")
async def test_a_write_that_starts_tracking_is_no_sale_while_reads_trail(
    open_stack: OpenStack,
) -> None:
    home = await open_stack(bigcommerce_config=ShopConfig(read_lag_s=3.0))
    uuid = await stocked(home)
    await home.wait(60)
    await home.shop.edit_product(home.id_of(uuid), inventory_tracking="none")
    await home.wait(120)

    home.till.sell(home.variant(uuid))
    await home.wait(120)

    assert [(9, 9)] == home.levels(uuid)
    assert [] == [
        one.body for one in home.asked("POST", of="till") if one.path.endswith("/movements")
    ]


@pytest.mark.rule("S2")
async def test_a_product_that_the_shop_does_not_count_is_read_ever_more_seldom(
    home: DemoStack,
) -> None:
    uuid = await stocked(home)
    home.till.sell(home.variant(uuid))
    await asyncio.sleep(2)
    await home.shop.edit_product(home.id_of(uuid), inventory_tracking="none")
    await asyncio.sleep(90)
    before = len(home.asked())

    await asyncio.sleep(300)

    assert len(home.asked()) - before < 20


@pytest.mark.rule("S7")
async def test_a_list_of_tracked_products_that_is_too_short_stops_nothing(home: DemoStack) -> None:
    uuid = await stocked(home)
    organization = home.sandbox.merchant.organization
    tracking, organization.tracking = organization.tracking, _Forgetful(organization.tracking)

    await swept(home)
    organization.tracking = tracking
    await ordered(home, uuid, 2)

    assert [(8, 8)] == home.levels(uuid)
    assert Code.STOCK_STOPPED not in await home.codes()


class _Forgetful(dict[str, bool]):
    """Answers who asks by name, and lists nothing."""

    def items(self) -> Any:
        return {}.items()
