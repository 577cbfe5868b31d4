"""What pages know of stock, and what becomes of separate stock, when a product leaves and comes
back (S5 to S7, D4, P11).
"""

import asyncio

import pytest

from brygga.core.report import Code
from brygga.database import connections
from tests.rules.stack import DemoStack, sized, sizes_of
from tests.rules.stocked import ordered, stocked
from tests.rules.test_disconnect import disconnect
from tests.rules.test_products_decisions import decide
from tests.rules.test_stock_separate_shapes import part, parted_sizes

Pair = tuple[int | None, int | None]


async def linked(home: DemoStack, stock: int = 10) -> tuple[str, int]:
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


def held(home: DemoStack, uuid: str, product_id: int) -> Pair:
    """What the till and the shop have now, whether the product is bound or not."""
    return home.till.balance(home.variant(uuid)), home.shop.level(product_id=product_id)


async def come_back(home: DemoStack) -> None:
    home.browser_session = home.browser()
    await home.connect()
    await home.wait(60)


async def save_tracking_as_it_stands(home: DemoStack, uuid: str) -> None:
    await home.open(f"/library/{uuid}")
    home.browser_session.page = home.browser_session.page.partition('id="stock"')[2]
    await home.press("Save")
    await home.wait(60)


# ---- What the pages know -------------------------------------------------------------------------


async def counted_and_parted(home: DemoStack, uuid: str) -> None:
    """The page shows inventory management as on, saving it as it stands switches nothing, and stock
    can be parted.
    """
    page = await home.open(f"/library/{uuid}")
    await save_tracking_as_it_stands(home, uuid)

    assert 'name="shown" value="on"' in page
    assert home.sandbox.merchant.organization.tracked(uuid)
    await part(home, uuid, (6, 4))


@pytest.mark.rule("S5", "S7", "P11")
async def test_a_linked_products_page_knows_that_inventory_management_is_on(
    home: DemoStack,
) -> None:
    uuid, product_id = await linked(home)

    await counted_and_parted(home, uuid)

    assert (6, 4) == held(home, uuid, product_id)


@pytest.mark.rule("S5", "S7", "D4")
async def test_a_kept_products_page_knows_it_after_connecting_again(home: DemoStack) -> None:
    uuid = await stocked(home, 10)
    await disconnect(home, "keep")
    await come_back(home)

    await counted_and_parted(home, uuid)

    assert [(6, 4)] == home.levels(uuid)


@pytest.mark.rule("S7", "D4")
async def test_a_kept_product_whose_tracking_was_switched_off_meanwhile_shows_it_off(
    home: DemoStack,
) -> None:
    uuid = await stocked(home, 10)
    await disconnect(home, "keep")
    home.till.track(uuid, False)
    await come_back(home)

    assert 'name="shown" value="off"' in await home.open(f"/library/{uuid}")
    assert Code.STOCK_STOPPED not in await home.codes()


# ---- Kept, and connected again -------------------------------------------------------------------


@pytest.mark.rule("S5", "D4")
async def test_kept_products_stay_separate_with_their_numbers_when_connected_again(
    home: DemoStack,
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
    assert [] == await home.reported(Code.STOCK_ATTACHED) + await home.reported(Code.SEPARATE_ENDED)


@pytest.mark.rule("S5", "D4")
async def test_a_kept_product_that_was_deleted_is_created_with_the_stores_number(
    home: DemoStack,
) -> None:
    uuid = await stocked(home, 10)
    await part(home, uuid, (6, 4))
    await disconnect(home, "keep")
    home.shop.delete_product(home.id_of(uuid))

    await come_back(home)
    await home.wait(60)

    assert (["Mugg"], [(6, 4)]) == (home.in_shop(), home.levels(uuid))


@pytest.mark.rule("S5", "D4")
async def test_a_size_added_while_away_is_separate_like_the_others(home: DemoStack) -> None:
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
async def test_products_not_kept_get_zettles_number_and_a_line_ends_separate_stock(
    home: DemoStack,
) -> None:
    uuid = await stocked(home, 10)
    await part(home, uuid, (6, 4))
    await disconnect(home, "remove")

    await come_back(home)

    assert (["Mugg"], [(6, 6)]) == (home.in_shop(), home.levels(uuid))
    assert [{"count": "1"}] == await home.reported(Code.SEPARATE_ENDED)


@pytest.mark.rule("D4", "P11")
async def test_a_shared_product_sold_while_away_gets_zettles_number_with_a_line(
    home: DemoStack,
) -> None:
    uuid = await stocked(home, 10)
    await disconnect(home, "keep")
    home.shop.place([{"product_id": home.id_of(uuid), "quantity": 3}])
    await home.wait(60)

    await come_back(home)
    said = [(line["was"], line["number"]) for line in await home.reported(Code.STOCK_ATTACHED)]

    assert ([(10, 10)], [("7", "10")]) == (home.levels(uuid), said)


# ---- Linked, unassigned, assigned again ----------------------------------------------------------


@pytest.mark.rule("S5", "A3", "P11")
async def test_a_linked_product_sold_while_unassigned_keeps_what_the_store_has(
    home: DemoStack,
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
@pytest.mark.parametrize("received", [True, False], ids=["by event", "by a look"])
async def test_switched_off_the_log_says_what_replaced_the_stores_separate_number(
    home: DemoStack, received: bool
) -> None:
    uuid = await stocked(home, 10)
    await part(home, uuid, (6, 4))
    await switched_off(home, uuid, received=received)
    code = Code.STOCK_OFF_SEPARATE if received else Code.STOCK_STOPPED_SEPARATE
    ended = [(line["till"], line["shop"]) for line in await home.reported(code)]
    off = home.levels(uuid)
    home.till.track(uuid, True)
    await home.wait(60)
    replaced = [(line["was"], line["number"]) for line in await home.reported(Code.STOCK_REPLACED)]

    assert ([("6", "4")], [(6, 4)]) == (ended, off)
    assert ([("4", "6")], [(6, 6)]) == (replaced, home.levels(uuid))
    assert {Code.STOCK_STOPPED, Code.STOCK_STARTED}.isdisjoint(await home.codes())


async def switched_off(home: DemoStack, uuid: str, *, received: bool) -> None:
    """Told by an event; or that was lost, and a look finds it that was due anyway."""
    if received:
        home.till.track(uuid, False)
    else:
        home.sandbox.merchant.organization.tracking[uuid] = False
        home.shop.set_stock(4, product_id=home.id_of(uuid))
    await home.wait(60)


async def rest(home: DemoStack, *, notify: bool = False) -> None:
    """Webhooks are heard, and nothing is worked on until we wake."""
    connection = await home.connection()
    async with home.service.database.transaction() as tx:
        assert await (
            connections.resume(tx, connection.id)
            if notify
            else connections.pause(tx, connection.id, "resting")
        )


@pytest.mark.rule("S5", "S7")
async def test_off_and_on_before_we_read_ends_separate_stock_with_zettles_number(
    home: DemoStack,
) -> None:
    uuid = await stocked(home, 10)
    await part(home, uuid, (6, 4))
    await rest(home)
    home.till.track(uuid, False)
    home.till.track(uuid, True)
    await home.wait(30)
    unreceived = home.levels(uuid)

    await rest(home, notify=True)
    await home.wait(60)
    back = home.levels(uuid)
    home.till.sell(home.variant(uuid))
    home.shop.place([{"product_id": home.id_of(uuid), "quantity": 2}])
    await home.wait(60)

    assert ([(6, 4)], [(6, 6)], [(3, 3)]) == (unreceived, back, home.levels(uuid))
    assert [("6", "4")] == [
        (line["till"], line["shop"]) for line in await home.reported(Code.STOCK_OFF_SEPARATE)
    ]
    assert [("4", "6")] == [
        (line["was"], line["number"]) for line in await home.reported(Code.STOCK_REPLACED)
    ]


@pytest.mark.rule("S3", "S5", "S7")
async def test_what_the_shop_sold_since_tracking_was_on_and_unread_is_not_lost(
    home: DemoStack,
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

    await rest(home, notify=True)
    await home.wait(120)

    assert [(3, 3)] == home.levels(uuid)
    assert [("-2", "3")] == [
        (line["change"], line["number"]) for line in await home.reported(Code.STOCK_SHOP_ORDER)
    ]
    assert Code.STOCK_CHECK not in await home.codes()


@pytest.mark.rule("S5", "S7")
async def test_every_size_of_a_product_that_was_off_for_a_moment_gets_zettles_number(
    home: DemoStack,
) -> None:
    uuid = await parted_sizes(home)
    await rest(home)
    home.till.track(uuid, False)
    home.till.track(uuid, True)
    await home.wait(30)
    await rest(home, notify=True)
    await home.wait(60)

    assert [(6, 6), (7, 7)] == home.levels(uuid)
    assert "Disable separate stock" not in await home.read(f"/library/{uuid}")


@pytest.mark.rule("S5", "S7")
async def test_a_switch_from_before_stock_was_parted_is_told_late_and_changes_nothing(
    home: DemoStack,
) -> None:
    uuid = await stocked(home, 10)
    fault_plan = home.sandbox.zettle.outbox.delivery_faults
    fault_plan.delay = (300.0, 300.0)
    home.till.track(uuid, False)
    home.till.track(uuid, True)
    fault_plan.delay = (0.0, 0.0)
    await asyncio.sleep(20)
    await part_now(home, uuid)
    await home.wait(600)

    assert [(6, 4)] == home.levels(uuid)
    assert {
        Code.STOCK_STOPPED,
        Code.STOCK_STOPPED_SEPARATE,
        Code.STOCK_OFF_SEPARATE,
        Code.STOCK_REPLACED,
    }.isdisjoint(await home.codes())


async def part_now(home: DemoStack, uuid: str) -> None:
    """While something is still to be told: the page is not waited for."""
    variant = home.variant(uuid)
    await home.open(f"/library/{uuid}")
    home.browser_session.page = home.browser_session.page.partition('id="separate-stock"')[2]
    await home.press("Save", separate="yes", **{f"zettle-{variant}": "6", f"shop-{variant}": "4"})


@pytest.mark.rule("S2", "S3", "S7")
async def test_shared_stock_off_for_a_moment_goes_on_with_what_both_sides_sold(
    home: DemoStack,
) -> None:
    uuid = await stocked(home, 10)
    await rest(home)
    home.till.track(uuid, False)
    home.till.track(uuid, True)
    home.till.sell(home.variant(uuid))
    home.shop.place([{"product_id": home.id_of(uuid), "quantity": 2}])
    await home.wait(30)
    await rest(home, notify=True)
    await home.wait(60)

    assert [(7, 7)] == home.levels(uuid)
    assert Code.STOCK_REPLACED not in await home.codes()
