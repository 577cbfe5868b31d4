"""What pages know of stock, and what becomes of separate stock, when a product leaves and comes back (S5 to S7, D4, P11)."""

import pytest

from brygga.core.report import Code
from tests.rules.household import Household
from tests.rules.test_disconnect import disconnect
from tests.rules.test_products_decisions import decide
from tests.rules.test_stock import stocked
from tests.rules.test_stock_separate_shapes import part

Pair = tuple[int | None, int | None]


async def linked(home: Household, stock: int = 10) -> tuple[str, int]:
    """A product that was in both systems before, linked by the merchant: its uuid, and BigCommerce's id."""
    own = await home.shop.add_product(name="Mugg", price=10, inventory_tracking="product", inventory_level=stock)
    uuid = home.add("Mugg", stock=stock)
    await home.prepare()
    await decide(home, uuid, own.id, "link")
    await home.finish()
    await home.wait(60)
    return uuid, own.id


def held(home: Household, uuid: str, product_id: int) -> Pair:
    """What the till and the shop have now, whether the product is bound or not."""
    return home.till.balance(home.variant(uuid)), home.shop.level(product_id=product_id)


async def come_back(home: Household) -> None:
    home.visitor = home.browser()
    await home.connect()
    await home.wait(60)


async def save_tracking_as_it_stands(home: Household, uuid: str) -> None:
    await home.open(f"/library/{uuid}")
    home.visitor.page = home.visitor.page.partition('id="stock"')[2]
    await home.press("Save")
    await home.wait(60)


# ---- What the pages know ---------------------------------------------------------------------------------------------


@pytest.mark.rule("S5", "S7", "P11")
async def test_a_linked_products_page_knows_that_inventory_management_is_on(home: Household) -> None:
    uuid, product_id = await linked(home)

    page = await home.open(f"/library/{uuid}")
    await save_tracking_as_it_stands(home, uuid)
    counted = home.town.merchant.organization.tracked(uuid)
    await part(home, uuid, (6, 4))

    assert 'name="shown" value="on"' in page
    assert counted
    assert (6, 4) == held(home, uuid, product_id)


@pytest.mark.rule("S5", "S7", "D4")
async def test_a_kept_products_page_knows_it_after_connecting_again(home: Household) -> None:
    uuid = await stocked(home, 10)
    await disconnect(home, "keep")
    await come_back(home)

    page = await home.open(f"/library/{uuid}")
    await save_tracking_as_it_stands(home, uuid)
    counted = home.town.merchant.organization.tracked(uuid)
    await part(home, uuid, (6, 4))

    assert 'name="shown" value="on"' in page
    assert counted
    assert [(6, 4)] == home.levels(uuid)


@pytest.mark.rule("S7", "D4")
async def test_a_kept_product_whose_tracking_was_switched_off_meanwhile_shows_it_off(home: Household) -> None:
    uuid = await stocked(home, 10)
    await disconnect(home, "keep")
    home.till.track(uuid, False)
    await come_back(home)

    assert 'name="shown" value="off"' in await home.open(f"/library/{uuid}")
    assert Code.STOCK_STOPPED not in await home.codes()
