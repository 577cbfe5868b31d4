"""What the pages say when a connection ends, pauses or meets silence, and of products that are gone
(rules A4, D1 to D4, P12).
"""

import asyncio

import pytest

from brygga.core.report import Code
from tests.rules.stack import DemoStack, words_of
from tests.rules.test_disconnect import LEAVE, disconnect

PAGES = ("/apps", "/apps/bigcommerce", "/apps/bigcommerce/log", "/library")


async def uninstall(home: DemoStack) -> None:
    await home.browser_session.open(
        f"{home.sandbox.plan.bigcommerce_url}/manage/{home.sandbox.merchant.store_hash}/apps"
    )
    await home.press("Uninstall")
    await home.calm()


@pytest.mark.rule("D1", "D2")
async def test_after_keep_no_page_says_that_products_are_removed(home: DemoStack) -> None:
    home.add("Mugg", stock=5)
    await home.connect()
    await home.open(LEAVE)
    at_once = words_of(await home.press("Disconnect", products="keep"))
    await home.calm()

    after = [await home.read(path) for path in PAGES]

    assert "Disconnecting from" in at_once
    assert not [
        page
        for page in [at_once, *after]
        if "removed" in page.replace("0 products were removed", "")
    ]
    assert all(
        "1 product from Zettle stays in the store and is no longer synced." in page
        for page in after
    )
    assert "Connect" in after[0]


@pytest.mark.rule("D2")
async def test_after_remove_the_pages_say_that_they_were_deleted(home: DemoStack) -> None:
    home.add("Mugg")
    await home.connect()
    await disconnect(home, "remove")

    for path in PAGES:
        assert "The products that we had made there were deleted." in await home.read(path)


@pytest.mark.rule("D3", "D4")
async def test_after_an_uninstall_the_pages_say_what_happened_and_what_to_do(
    home: DemoStack,
) -> None:
    """Decision 5: what happened, that the products stayed, and the way back, which works."""
    uuid = home.add("Mugg", stock=5)
    await home.connect()
    first = home.id_of(uuid)
    await uninstall(home)

    for path in PAGES:
        page = await home.read(path)
        assert "Disconnected: the app was uninstalled in BigCommerce" in page
        assert "1 product from Zettle stays in the store and is no longer synced." in page
        assert (
            "Connect the same store again and they are found again, assigned, and not duplicated."
            in page
        )
    log = await home.read("/apps/bigcommerce/log")
    await home.prepare()
    await home.finish()
    assert "the app was uninstalled in BigCommerce, so the products stayed" in log
    assert (first, ["Mugg"]) == (home.id_of(uuid), home.in_shop())


@pytest.mark.rule("D3")
async def test_uninstalling_while_products_are_removed_says_which_stayed(home: DemoStack) -> None:
    """Decision 11."""
    home.add("Mugg")
    await home.connect()
    home.sandbox.bigcommerce.faults.add(
        "5xx_before", method="DELETE", path="*/catalog/products*", next=1_000
    )
    await home.open(LEAVE)
    await home.press("Disconnect", products="remove")
    await asyncio.sleep(80)
    leaving = await home.read("/apps")
    home.sandbox.bigcommerce.faults.clear()
    await uninstall(home)
    await home.wait(300)

    assert "1 product is still to be deleted." in leaving
    assert "1 product that was to be deleted stays in the store" in await home.read("/apps")
    assert ["Mugg"] == home.in_shop()


@pytest.mark.rule("D3")
async def test_access_removed_in_zettle_is_told_with_both_ways_out(home: DemoStack) -> None:
    uuid = home.add("Mugg")
    await home.connect()
    home.till.remove_app(home.sandbox.plan.connector.zettle_client_id)
    home.till.edit_product(uuid, name="Kopp")
    await home.wait(60)

    for path in (*PAGES, f"/library/{uuid}"):
        page = await home.open(path)
        assert "The access to Zettle is gone." in page
        assert "Changes are on their way" not in page
        assert f'href="{LEAVE}"' in page
    await home.open("/apps")
    back = words_of(await home.press("Sign in with Zettle"))
    if "Confirm" in back:
        back = words_of(await home.press("Confirm"))
    await home.calm()
    assert "The access to Zettle works again, and the sync continues." in back
    assert ["Kopp"] == home.in_shop()


@pytest.mark.rule("A4")
@pytest.mark.parametrize("platform", ["zettle", "bigcommerce"])
async def test_an_outage_names_the_platform_and_ends_by_itself(
    home: DemoStack, platform: str
) -> None:
    """On every page, with a time that the reader's browser shows in its own zone."""
    uuid = home.add("Mugg", stock=5)
    await home.connect()
    sandbox = home.sandbox.zettle if platform == "zettle" else home.sandbox.bigcommerce
    sandbox.faults.add("5xx_before", path="*", next=1_000_000)
    home.till.edit_product(uuid, name="Kopp")
    await home.sandbox.idle()
    await asyncio.sleep(20)

    named, other = ("Zettle", "BigCommerce") if platform == "zettle" else ("BigCommerce", "Zettle")
    for path in (*PAGES, f"/library/{uuid}"):
        page = await home.open(path)
        assert f"{named} does not answer as it should right now" in page
        assert f"{other} does not answer" not in page
        assert 'It has been so since <time datetime="' in page
        assert "Changes are on their way" not in page
    sandbox.faults.clear()
    await home.wait(600)

    assert "does not answer" not in await home.read("/apps")
    assert ["Kopp"] == home.in_shop()


@pytest.mark.rule("A4", "P12")
async def test_a_line_of_a_deleted_product_leads_to_its_history(home: DemoStack) -> None:
    uuid = home.add("Mugg", stock=5)
    await home.connect()
    home.till.sell(home.variant(uuid), 2)
    await home.calm()
    variant = home.variant(uuid)
    home.till.delete_product(uuid)
    await home.wait(60)

    log = await home.open("/apps/bigcommerce/log")
    page = await home.open(f"/library/{uuid}")
    why = await home.read(f"/library/{uuid}/variants/{variant}/stock")
    lines = await home.read(f"/apps/bigcommerce/log?product={uuid}")
    table = await home.open(f"/library/{uuid}/variants/{variant}/stock.csv")

    assert Code.PRODUCT_DELETED in await home.codes()
    assert f'href="/library/{uuid}"' in log
    assert "This product is no longer in Zettle" in words_of(page)
    assert "MUGG-1" in page
    assert [True, False] == ["data-live" in page, "data-waits" in page]
    assert f'href="/library/{uuid}/variants/{variant}/stock"' in page
    assert "This is what had happened to its stock." in why
    assert "Every movement" in why
    assert "Mugg" in lines
    assert uuid not in lines
    assert "Mugg" in table
