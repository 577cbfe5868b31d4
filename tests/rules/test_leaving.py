"""Leaving with removal: hidden first, undone within a minute, counted, and with nothing of ours
left (rules D2, D4).
"""

import asyncio
from dataclasses import replace

import pytest

from brygga.core.model import Stage
from brygga.core.report import Code
from brygga.database import connections
from tests.rules.stack import URL, DemoStack
from tests.rules.test_disconnect import LEAVE

THE_MINUTE_S = 90


async def remove(home: DemoStack) -> None:
    """Decided, and what is to be deleted is hidden."""
    await home.open(LEAVE)
    await home.press("Disconnect", products="remove")
    await asyncio.sleep(20)


def visible(home: DemoStack) -> list[str]:
    return sorted(one["name"] for one in home.merchants_products() if one["is_visible"])


async def stage(home: DemoStack) -> Stage:
    return (await home.connection()).stage


async def on_sale(home: DemoStack, *names: str) -> list[str]:
    """Products of Zettle's that the merchant shows in the shop."""
    uuids = [home.add(name, stock=5) for name in names]
    await home.connect()
    for uuid in uuids:
        await home.shop.edit_product(home.id_of(uuid), is_visible=True)
    return uuids


@pytest.mark.rule("D2")
async def test_before_a_removal_products_are_hidden_and_nothing_is_deleted(home: DemoStack) -> None:
    await on_sale(home, "Mugg", "Fat")
    own = await home.shop.add_product(name="Butikens egen", price=10, is_visible=True)
    await remove(home)
    page = await home.read("/apps")
    waiting = (home.in_shop(), visible(home))
    await home.wait(THE_MINUTE_S)

    assert (["Butikens egen", "Fat", "Mugg"], ["Butikens egen"]) == waiting
    assert (
        "2 products will be deleted. Until then they are hidden in the shop, and you can undo this."
        in page
    )
    assert (["Butikens egen"], Stage.DISCONNECTED) == (home.in_shop(), await stage(home))
    assert own.id


@pytest.mark.rule("D2", "P4")
async def test_an_undo_shows_what_was_hidden_and_the_sync_goes_on(home: DemoStack) -> None:
    """What the merchant had hidden stays hidden; what was sold meanwhile reaches the shop."""
    mug, plate = await on_sale(home, "Mugg", "Fat")
    await home.shop.edit_product(home.id_of(plate), is_visible=False)
    ids = [home.id_of(mug), home.id_of(plate)]
    await remove(home)
    home.till.sell(home.variant(mug), 2)
    home.till.edit_product(plate, name="Tallrik")
    await home.open("/apps")
    said = await home.press("Undo, and stay connected")
    await home.wait(THE_MINUTE_S)

    assert "The removal is undone" in said
    assert Stage.RUNNING is await stage(home)
    assert ids == [home.id_of(mug), home.id_of(plate)]
    assert ["Mugg"] == visible(home)
    assert ([(3, 3)], "Tallrik") == (home.levels(mug), home.shown(plate)["name"])


@pytest.mark.rule("D2")
async def test_after_the_minute_there_is_no_undo(home: DemoStack) -> None:
    await on_sale(home, "Mugg")
    await remove(home)
    await home.open("/apps")
    old = home.browser_session.page
    await home.wait(THE_MINUTE_S)
    home.browser_session.page = old
    await home.press("Undo, and stay connected")
    await home.wait(THE_MINUTE_S)

    assert ([], Stage.DISCONNECTED) == (home.in_shop(), await stage(home))


@pytest.mark.rule("D2")
async def test_who_does_not_want_to_wait_need_not(home: DemoStack) -> None:
    await on_sale(home, "Mugg")
    await remove(home)
    await home.open("/apps")
    await home.press("Delete now")
    await asyncio.sleep(10)

    assert [] == home.in_shop()


@pytest.mark.rule("D2")
@pytest.mark.parametrize("call", ["PUT", "DELETE"])
async def test_a_removal_that_meets_faults_ends_all_the_same_with_the_right_count(
    home: DemoStack, call: str
) -> None:
    """Answers that are lost after their effect, and a new worker in between."""
    await on_sale(home, "Mugg", "Fat", "Kanna")
    home.sandbox.bigcommerce.faults.add(
        "5xx_after", method=call, path="*/catalog/products*", next=3
    )
    await remove(home)
    await home.halt()
    home.start()
    await home.wait_hours(1)

    assert ([], Stage.DISCONNECTED) == (home.in_shop(), await stage(home))
    assert [{"reason": "remove", "removed": "3"}] == await home.reported(Code.DISCONNECTED)


@pytest.mark.rule("D2")
async def test_the_pages_count_what_is_deleted(home: DemoStack) -> None:
    await on_sale(home, "Mugg", "Fat")
    home.sandbox.bigcommerce.faults.add(
        "5xx_before", method="DELETE", path="*/catalog/products*", next=1_000
    )
    await remove(home)
    await asyncio.sleep(60)
    page = await home.read("/apps")
    home.sandbox.bigcommerce.faults.clear()
    await home.wait_hours(1)

    assert "2 products are still to be deleted. 0 of 2 are deleted." in page
    assert [] == home.in_shop()


@pytest.mark.rule("D2")
@pytest.mark.parametrize(("products", "left"), [("remove", False), ("keep", True)])
async def test_the_category_goes_when_it_is_empty_and_ours(
    home: DemoStack, products: str, left: bool
) -> None:
    home.add("Mugg")
    await home.connect()
    await home.open(LEAVE)
    await home.press("Disconnect", products=products)
    await home.wait(THE_MINUTE_S)

    assert left is ("Zettle" in categories(home))
    hooks = home.sandbox.bigcommerce.hooks[home.sandbox.merchant.store_hash].all.values()
    assert [] == [hook for hook in hooks if hook.destination.startswith(URL)]
    assert [] == home.markers()


@pytest.mark.rule("D2")
async def test_a_category_with_the_merchants_own_product_stays(home: DemoStack) -> None:
    home.add("Mugg")
    await home.connect()
    await home.shop.add_product(name="Egen", price=10, categories=[home.category()])
    await remove(home)
    await home.wait(THE_MINUTE_S)

    assert (["Egen"], True) == (home.in_shop(), "Zettle" in categories(home))


@pytest.mark.rule("D2")
async def test_a_category_that_was_there_before_us_stays(home: DemoStack) -> None:
    home.add("Mugg")
    await home.prepare()
    connection = await home.connection()
    assert connection.shop is not None
    await home.finish()
    now = (await home.connection()).shop
    assert now is not None
    async with home.service.database.transaction() as tx:
        await connections.set_shop(tx, connection.id, replace(now, category_is_ours=False))
    await remove(home)
    await home.wait(THE_MINUTE_S)

    assert "Zettle" in categories(home)


@pytest.mark.rule("D2", "D4")
async def test_the_category_of_an_earlier_connection_is_still_ours(home: DemoStack) -> None:
    home.add("Mugg")
    await home.connect()
    await home.open(LEAVE)
    await home.press("Disconnect", products="keep")
    await home.wait(THE_MINUTE_S)
    await home.prepare()
    await home.finish()
    await remove(home)
    await home.wait(THE_MINUTE_S)

    assert ([], False) == (home.in_shop(), "Zettle" in categories(home))


def categories(home: DemoStack) -> list[str]:
    return [one["name"] for one in home.shop.state()["categories"]]
