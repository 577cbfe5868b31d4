"""What pages know of stock, and what becomes of separate stock, when a product leaves and comes
back (S5 to S7, D4, P11).
"""

import asyncio

import pytest

from brygga.core.report import Code
from brygga.database import connections
from tests.rules.household import Household, sized, sizes_of
from tests.rules.test_disconnect import disconnect
from tests.rules.test_products_decisions import decide
from tests.rules.test_stock import ordered, stocked
from tests.rules.test_stock_separate_shapes import part, parted_sizes

Pair = tuple[int | None, int | None]


async def linked(home: Household, stock: int = 10) -> tuple[str, int]:
    """A product that was in both systems before, linked by the merchant: its uuid, and
    BigCommerce's id.
    """
    own = await home.shop.add_product(
        name="Mugg", price=10, inventory_tracking="product", inventory_level=stock
    )
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


# ---- What the pages know -------------------------------------------------------------------------


async def counted_and_parted(home: Household, uuid: str) -> None:
    """The page shows inventory management as on, saving it as it stands switches nothing, and stock
    can be parted.
    """
    page = await home.open(f"/library/{uuid}")
    await save_tracking_as_it_stands(home, uuid)

    assert 'name="shown" value="on"' in page
    assert home.town.merchant.organization.tracked(uuid)
    await part(home, uuid, (6, 4))


@pytest.mark.rule("S5", "S7", "P11")
async def test_a_linked_products_page_knows_that_inventory_management_is_on(
    home: Household,
) -> None:
    uuid, product_id = await linked(home)

    await counted_and_parted(home, uuid)

    assert (6, 4) == held(home, uuid, product_id)


@pytest.mark.rule("S5", "S7", "D4")
async def test_a_kept_products_page_knows_it_after_connecting_again(home: Household) -> None:
    uuid = await stocked(home, 10)
    await disconnect(home, "keep")
    await come_back(home)

    await counted_and_parted(home, uuid)

    assert [(6, 4)] == home.levels(uuid)


@pytest.mark.rule("S7", "D4")
async def test_a_kept_product_whose_tracking_was_switched_off_meanwhile_shows_it_off(
    home: Household,
) -> None:
    uuid = await stocked(home, 10)
    await disconnect(home, "keep")
    home.till.track(uuid, False)
    await come_back(home)

    assert 'name="shown" value="off"' in await home.open(f"/library/{uuid}")
    assert Code.STOCK_STOPPED not in await home.codes()


# ---- Kept, and connected again -------------------------------------------------------------------


@pytest.mark.rule("S5", "D4")
async def test_kept_products_stay_separate_and_each_side_has_what_it_has_when_connected_again(
    home: Household,
) -> None:
    uuid = await stocked(home, 10)
    await part(home, uuid, (6, 4))
    await disconnect(home, "keep")
    home.till.sell(home.variant(uuid))
    home.shop.place([{"product_id": home.id_of(uuid), "quantity": 3}])
    await home.wait(300)

    await come_back(home)
    back = home.levels(uuid)
    home.till.sell(home.variant(uuid))
    await home.calm()
    page = await home.read(f"/library/{uuid}")

    assert ([(5, 1)], [(4, 1)]) == (back, home.levels(uuid))
    assert "Disable separate stock" in page
    assert [] == await home.told(Code.STOCK_ADOPTED) + await home.told(Code.SEPARATE_ENDED)


@pytest.mark.rule("S5", "D4")
async def test_a_kept_product_that_was_deleted_in_the_shop_is_made_again_with_the_shops_own_number(
    home: Household,
) -> None:
    uuid = await stocked(home, 10)
    await part(home, uuid, (6, 4))
    await disconnect(home, "keep")
    home.shop.delete_product(home.id_of(uuid))

    await come_back(home)
    await home.wait(60)

    assert (["Mugg"], [(6, 4)]) == (home.in_shop(), home.levels(uuid))


@pytest.mark.rule("S5", "D4")
async def test_a_size_added_while_away_is_separate_like_the_others(home: Household) -> None:
    uuid = await parted_sizes(home)
    await disconnect(home, "keep")
    home.till.edit_product(
        uuid, variants=[*home.variants(uuid), sized("L")], **sizes_of("S", "M", "L")
    )
    home.till.set_stock(home.variant(uuid, 2), 9)

    await come_back(home)
    await home.wait(60)

    assert [(6, 4), (7, 3), (9, 0)] == home.levels(uuid)


@pytest.mark.rule("D4", "S6")
async def test_products_that_were_not_kept_get_zettles_number_and_the_log_says_that_separate_stock_ended(
    home: Household,
) -> None:
    uuid = await stocked(home, 10)
    await part(home, uuid, (6, 4))
    await disconnect(home, "remove")

    await come_back(home)

    assert (["Mugg"], [(6, 6)]) == (home.in_shop(), home.levels(uuid))
    assert [{"count": "1"}] == await home.told(Code.SEPARATE_ENDED)


@pytest.mark.rule("D4", "P11")
async def test_a_shared_product_that_was_sold_from_while_away_gets_zettles_number_and_the_log_says_so(
    home: Household,
) -> None:
    uuid = await stocked(home, 10)
    await disconnect(home, "keep")
    home.shop.place([{"product_id": home.id_of(uuid), "quantity": 3}])
    await home.wait(60)

    await come_back(home)
    said = [(line["was"], line["number"]) for line in await home.told(Code.STOCK_ADOPTED)]

    assert ([(10, 10)], [("7", "10")]) == (home.levels(uuid), said)


# ---- Linked, unassigned, assigned again ----------------------------------------------------------


@pytest.mark.rule("S5", "A3", "P11")
async def test_a_linked_product_that_stayed_on_sale_while_unassigned_keeps_what_is_left_in_the_shop(
    home: Household,
) -> None:
    uuid, product_id = await linked(home)
    await part(home, uuid, (6, 4))
    await home.open(f"/library/{uuid}")
    await home.press("Save", bigcommerce=[])
    await home.press("Unassign product")
    await home.wait(60)
    home.till.sell(home.variant(uuid))
    home.shop.place([{"product_id": product_id, "quantity": 3}])
    await home.wait(60)

    await home.open(f"/library/{uuid}")
    await home.press("Save", bigcommerce="yes")
    await home.wait(60)

    assert (5, 1) == held(home, uuid, product_id)
    assert "Disable separate stock" in await home.read(f"/library/{uuid}")


# ---- Tracking switched off and on ----------------------------------------------------------------


@pytest.mark.rule("S5", "S7")
@pytest.mark.parametrize("heard", [True, False], ids=["by event", "by a look"])
async def test_switched_off_in_zettle_the_log_says_that_separate_stock_ended_and_what_replaced_the_shops_number(
    home: Household, heard: bool
) -> None:
    uuid = await stocked(home, 10)
    await part(home, uuid, (6, 4))
    await switched_off(home, uuid, heard=heard)
    code = Code.STOCK_OFF_APART if heard else Code.STOCK_STOPPED_APART
    ended = [(line["till"], line["shop"]) for line in await home.told(code)]
    off = home.levels(uuid)
    home.till.track(uuid, True)
    await home.wait(60)
    replaced = [(line["was"], line["number"]) for line in await home.told(Code.STOCK_REPLACED)]

    assert ([("6", "4")], [(6, 4)]) == (ended, off)
    assert ([("4", "6")], [(6, 6)]) == (replaced, home.levels(uuid))
    assert {Code.STOCK_STOPPED, Code.STOCK_STARTED}.isdisjoint(await home.codes())


async def switched_off(home: Household, uuid: str, *, heard: bool) -> None:
    """Told by an event; or that was lost, and a look finds it that was due anyway."""
    if heard:
        home.till.track(uuid, False)
    else:
        home.town.merchant.organization.tracking[uuid] = False
        home.shop.set_stock(4, product_id=home.id_of(uuid))
    await home.wait(60)


async def rest(home: Household, *, wake: bool = False) -> None:
    """Webhooks are heard, and nothing is worked on until we wake."""
    connection = await home.connection()
    async with home.service.database.transaction() as tx:
        assert await (
            connections.resume(tx, connection.id)
            if wake
            else connections.pause(tx, connection.id, "resting")
        )


@pytest.mark.rule("S5", "S7")
async def test_switched_off_and_on_before_we_looked_ends_separate_stock_and_the_shop_gets_zettles_number(
    home: Household,
) -> None:
    uuid = await stocked(home, 10)
    await part(home, uuid, (6, 4))
    await rest(home)
    home.till.track(uuid, False)
    home.till.track(uuid, True)
    await home.wait(30)
    unheard = home.levels(uuid)

    await rest(home, wake=True)
    await home.wait(60)
    back = home.levels(uuid)
    home.till.sell(home.variant(uuid))
    home.shop.place([{"product_id": home.id_of(uuid), "quantity": 2}])
    await home.wait(60)

    assert ([(6, 4)], [(6, 6)], [(3, 3)]) == (unheard, back, home.levels(uuid))
    assert [("6", "4")] == [
        (line["till"], line["shop"]) for line in await home.told(Code.STOCK_OFF_APART)
    ]
    assert [("4", "6")] == [
        (line["was"], line["number"]) for line in await home.told(Code.STOCK_REPLACED)
    ]


@pytest.mark.rule("S3", "S5", "S7")
async def test_what_the_shop_sold_after_tracking_was_on_again_and_before_we_looked_is_not_lost(
    home: Household,
) -> None:
    """What it sold while tracking was off is nobody's: Zettle's number counts from when it is
    on.
    """
    uuid = await stocked(home, 10)
    await part(home, uuid, (6, 4))
    await rest(home)
    home.till.track(uuid, False)
    await home.wait(60)
    await ordered(home, uuid, 1)
    await home.wait(60)
    home.till.track(uuid, True)
    await home.wait(600)
    await ordered(home, uuid, 2)
    home.till.sell(home.variant(uuid))
    await home.wait(600)

    await rest(home, wake=True)
    await home.wait(120)

    assert [(3, 3)] == home.levels(uuid)
    assert [("-2", "3")] == [
        (line["change"], line["number"]) for line in await home.told(Code.STOCK_SHOP_ORDER)
    ]
    assert Code.STOCK_CHECK not in await home.codes()


@pytest.mark.rule("S5", "S7")
async def test_every_size_of_a_product_that_was_off_for_a_moment_gets_zettles_number(
    home: Household,
) -> None:
    uuid = await parted_sizes(home)
    await rest(home)
    home.till.track(uuid, False)
    home.till.track(uuid, True)
    await home.wait(30)
    await rest(home, wake=True)
    await home.wait(60)

    assert [(6, 6), (7, 7)] == home.levels(uuid)
    assert "Disable separate stock" not in await home.read(f"/library/{uuid}")


@pytest.mark.rule("S5", "S7")
async def test_a_switch_from_before_stock_was_parted_is_told_late_and_changes_nothing(
    home: Household,
) -> None:
    uuid = await stocked(home, 10)
    weather = home.town.zettle.outbox.weather
    weather.delay = (300.0, 300.0)
    home.till.track(uuid, False)
    home.till.track(uuid, True)
    weather.delay = (0.0, 0.0)
    await asyncio.sleep(20)
    await part_now(home, uuid)
    await home.wait(600)

    assert [(6, 4)] == home.levels(uuid)
    assert {
        Code.STOCK_STOPPED,
        Code.STOCK_STOPPED_APART,
        Code.STOCK_OFF_APART,
        Code.STOCK_REPLACED,
    }.isdisjoint(await home.codes())


async def part_now(home: Household, uuid: str) -> None:
    """While something is still to be told: the page is not waited for."""
    variant = home.variant(uuid)
    await home.open(f"/library/{uuid}")
    home.visitor.page = home.visitor.page.partition('id="separate-stock"')[2]
    await home.press("Save", separate="yes", **{f"zettle-{variant}": "6", f"shop-{variant}": "4"})


@pytest.mark.rule("S2", "S3", "S7")
async def test_shared_stock_that_was_off_for_a_moment_goes_on_with_what_both_sides_sold(
    home: Household,
) -> None:
    uuid = await stocked(home, 10)
    await rest(home)
    home.till.track(uuid, False)
    home.till.track(uuid, True)
    home.till.sell(home.variant(uuid))
    home.shop.place([{"product_id": home.id_of(uuid), "quantity": 2}])
    await home.wait(30)
    await rest(home, wake=True)
    await home.wait(60)

    assert [(7, 7)] == home.levels(uuid)
    assert Code.STOCK_REPLACED not in await home.codes()
