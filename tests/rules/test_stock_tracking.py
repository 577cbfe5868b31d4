"""Tracking through the whole service: switched off and on, on either side, and what a product that
is not counted costs (rules S1, S2, S4, S5 and S7; decisions 2 and 3).
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
from tests.rules.stocked import Levels, ordered, part, stocked


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
