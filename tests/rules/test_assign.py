"""Assigning and unassigning in the library and on a product's page (rules A1 to A3, A5; decision
14).
"""

import re

import pytest

from brygga.cli.browser import BrowserClient
from brygga.core.report import Code
from tests.rules.stack import DemoStack, words_of


async def tick(home: DemoStack, *uuids: str, wish: str) -> str:
    """Library: tick products, Actions, "Assign to channels", a box, "Update products"."""
    await home.open("/library")
    return words_of(await home.press("Update products", product=uuids, bigcommerce=wish))


async def unassign(home: DemoStack, *uuids: str) -> str:
    """The same, and the confirmation."""
    await tick(home, *uuids, wish="no")
    return words_of(await home.press("Unassign product"))


@pytest.mark.rule("A1", "P8")
async def test_ticked_products_are_assigned_and_synced_the_others_are_not(home: DemoStack) -> None:
    mug, plate, _ = home.add("Mugg"), home.add("Fat"), home.add("Vas")
    await home.connect(whole_library=False)
    page = await home.read("/library")

    said = await tick(home, mug, plate, wish="yes")
    await home.calm()

    assert "Actions ▾ Assign to channels Sync now" in page
    assert "2 products are being synced to BigCommerce." in said
    assert ["Fat", "Mugg"] == home.in_shop()


@pytest.mark.rule("A2")
async def test_one_product_is_assigned_on_its_own_page(home: DemoStack) -> None:
    mug = home.add("Mugg")
    home.add("Fat")
    await home.connect(whole_library=False)

    page = await home.read(f"/library/{mug}")
    await home.press("Save", bigcommerce="yes")
    await home.calm()

    assert "Assign to channels BigCommerce" in page
    assert ["Mugg"] == home.in_shop()


@pytest.mark.rule("A3")
async def test_many_are_unassigned_after_a_confirmation_and_then_removed(home: DemoStack) -> None:
    mug, plate, _ = home.add("Mugg"), home.add("Fat"), home.add("Vas")
    await home.connect()
    page = await home.open("/library")
    asked = await tick(home, mug, plate, wish="no")
    await home.wait(11)
    before = home.in_shop()

    said = words_of(await home.press("Unassign product"))
    await home.wait(11)

    assert 'data-confirms="unassign-dialog"' in page
    dialog = "Unassign product 2 products.{,80} The products are removed from BigCommerce."
    assert re.search(dialog, asked)
    assert ["Fat", "Mugg", "Vas"] == before
    assert "2 products are removed from BigCommerce in ten seconds." in said
    assert (["Vas"], 2) == (home.in_shop(), (await home.codes()).count(Code.PRODUCT_DELETED))


@pytest.mark.rule("A3")
async def test_one_is_unassigned_on_its_page_after_a_confirmation(home: DemoStack) -> None:
    uuid = home.add("Mugg")
    await home.connect()
    page = await home.open(f"/library/{uuid}")
    asked = words_of(await home.press("Save", bigcommerce=[]))
    await home.wait(11)
    before = home.in_shop()

    said = words_of(await home.press("Unassign product"))
    await home.wait(11)

    assert 'data-confirms="unassign-dialog" data-when="#one-channel:not(:checked)"' in page
    assert "Unassign product Mugg The products are removed from BigCommerce." in asked
    assert "removed from BigCommerce in ten seconds" in said
    assert (["Mugg"], []) == (before, home.in_shop())
    assert "Not assigned" in await home.read(f"/library/{uuid}")


@pytest.mark.rule("A3")
async def test_until_ten_seconds_have_passed_nothing_has_changed(home: DemoStack) -> None:
    """Decision 14: it stays on sale, its stock is synced, the row counts down."""
    uuid = home.add("Mugg", stock=5)
    await home.connect()
    page = await unassign(home, uuid)
    counting = "data-left=" in home.browser_session.page

    home.till.sell(home.variant(uuid))
    await home.until(lambda: home.shop.level(product_id=home.id_of(uuid)) == 4)
    within = home.in_shop()
    await home.wait(11)

    assert "Undo" in page
    assert (True, ["Mugg"], []) == (counting, within, home.in_shop())


@pytest.mark.rule("A3")
@pytest.mark.parametrize("where", ["/library", "/library/{uuid}"])
async def test_undo_stops_it(home: DemoStack, where: str) -> None:
    """Decision 14: no delete is ever sent."""
    uuid = home.add("Mugg")
    await home.connect()
    await unassign(home, uuid)

    await home.open(where.format(uuid=uuid))
    said = words_of(await home.press("Undo"))
    await home.wait(60)

    assert "Undone: the product stays in BigCommerce." in said
    assert ["Mugg"] == home.in_shop()
    assert [] == [one.path for one in home.asked("DELETE") if "/catalog/products" in one.path]
    assert "Kopp" == (await home.save(uuid, name="Kopp"))["name"]


@pytest.mark.rule("A3")
async def test_undo_after_the_delete_was_sent_is_told_to_be_too_late(home: DemoStack) -> None:
    uuid = home.add("Mugg")
    await home.connect()
    await unassign(home, uuid)
    late = BrowserClient(home.browser_session._http)
    await late.open(home.browser_session.url)
    await home.wait(11)

    said = words_of(await late.press("Undo"))

    assert "Too late: the removal was already sent." in said
    assert [] == home.in_shop()


@pytest.mark.rule("A1", "A3")
async def test_an_unassigned_product_can_be_assigned_again_and_is_one_product(
    home: DemoStack,
) -> None:
    uuid = home.add("Mugg", stock=3)
    await home.connect()
    await unassign(home, uuid)
    await home.wait(11)
    home.till.sell(home.variant(uuid))

    await tick(home, uuid, wish="yes")
    await home.calm()

    assert (["Mugg"], [(2, 2)]) == (home.in_shop(), home.levels(uuid))


@pytest.mark.rule("A5")
async def test_a_box_that_is_left_alone_changes_nothing(home: DemoStack) -> None:
    """A mixed selection: the box of each row says what it is, so that the page can show a third
    state.
    """
    inside, outside = home.add("Mugg"), home.add("Fat")
    await home.connect(whole_library=False)
    await tick(home, inside, wish="yes")
    await home.calm()
    page = await home.open("/library")
    seen = len(home.asked())

    said = await tick(home, inside, outside, wish="leave")
    await home.wait(20)

    assert f'value="{inside}" data-assigned="yes"' in page
    assert f'value="{outside}" data-assigned="no"' in page
    assert (
        "A dash means that some are sold there and some are not: leave it, and nothing changes."
    ) in words_of(page)
    assert "Nothing was changed." in said
    assert (["Mugg"], []) == (home.in_shop(), [one.path for one in home.asked()[seen:]])
