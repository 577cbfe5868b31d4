"""The library, a product's page and the sync log in a real Chromium, as a merchant uses them (rules
A1, A3, A4, A5, P6, S5).
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser as Chromium
from playwright.async_api import Page, expect
from tests.chromium import CHROMIUM
from tests.e2e.conftest import TIMEOUT_S
from tests.web.conftest import World
from tests.web.separate_stock import ledger_of, put
from tests.web.test_connect_clicks import Merchant, served
from tests.web.test_product_compared import edited, read, synced
from tests.web.test_synclog_page import pictures

from brygga.database import exchanges, library, waiting_work, work_items
from brygga.database.exchanges import Exchange
from brygga.database.work_items import Kind

LOG = "/apps/bigcommerce/log"
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium"),
]


@pytest_asyncio.fixture(loop_scope="module")
async def merchant(world: World, chromium: Chromium, database_url: str) -> AsyncIterator[Merchant]:
    async with served(world) as url:
        page = await chromium.new_page(locale="en-GB")
        page.set_default_timeout(TIMEOUT_S * 1000)
        made = Merchant(world, url, page)
        page.context.on("weberror", lambda error: made.faults.append(str(error.error)))
        yield made
        await page.context.close()
    assert [] == made.faults


@pytest.mark.rule("A1", "A3", "A5")
async def test_products_are_chosen_by_keyboard_and_taken_back_at_once(merchant: Merchant) -> None:
    """ "/" searches, arrows move, space ticks. The dialogs name what is chosen. The browser's
    clock is years ahead of the service's, and the ten seconds pass before "Undo all" is pressed:
    while nothing is removed, it can be pressed and works.
    """
    page, world = merchant.page, merchant.world
    connection = await world.running()
    await world.stock_library(connection, *(f"Mugg {n:02}" for n in range(60)), assigned=True)
    await page.clock.install()
    await merchant.sign_in()
    await page.goto(f"{merchant.url}/library")

    await page.keyboard.press("/")
    await expect(page.get_by_role("searchbox")).to_be_focused()
    await page.keyboard.type("Mugg 1")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**q=Mugg+1**")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Space")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Space")
    await expect(page.locator("#picked-count")).to_have_text("2 chosen on this page")

    await page.get_by_text("Actions").click()
    await page.get_by_role("button", name="Assign to channels").click()
    await expect(page.get_by_role("dialog")).to_contain_text("2 products: Mugg 01, Mugg 10")
    await page.locator("#channel").uncheck()
    await page.get_by_role("button", name="Update products").click()
    await expect(page.get_by_role("dialog")).to_contain_text("2 products: Mugg 01, Mugg 10")
    await page.get_by_role("dialog").get_by_role("button", name="Unassign product").click()
    await undone_when_the_count_is_over(page)
    async with world.database.read() as tx:
        kept = await library.get_many(tx, connection.id, [f"{connection.id}-mugg 10"])

    assert [None] == [one.unassign_at for one in kept.values()]
    await all_that_match(page, merchant.url)


async def undone_when_the_count_is_over(page: Page) -> None:
    undo = page.get_by_role("button", name="Undo all")
    asked = page.locator("form", has=undo)
    await expect(asked.get_by_role("timer")).to_have_attribute("data-left", "10")
    await page.clock.fast_forward(15_000)
    await expect(asked.get_by_role("timer")).to_be_empty()
    await expect(asked).to_contain_text("2 products are about to be removed from BigCommerce.")
    await undo.click()
    await expect(undo).to_have_count(0)


async def all_that_match(page: Page, url: str) -> None:
    await page.goto(f"{url}/library")
    await page.get_by_label("Choose all 60 products on all pages").check()
    await expect(page.locator("#picked-count")).to_have_text("All 60 that match are chosen")
    await page.get_by_role("link", name="Product", exact=True).click()
    await page.wait_for_url("**sort=-name")
    await expect(page.locator("tbody tr").first).to_contain_text("Mugg 59")


@pytest.mark.rule("P6", "S5")
async def test_edits_are_kept_and_a_split_is_changed_on_the_products_page(
    merchant: Merchant,
) -> None:
    page, world = merchant.page, merchant.world
    connection, _, mug = await synced(world)
    await read(world, connection, mug, edited)
    async with world.database.transaction() as tx:
        await library.set_tracking(tx, connection.id, {mug: True})
    await put(world, connection, mug, 8, 4, separate=True)
    await merchant.sign_in()
    await page.goto(f"{merchant.url}/library/{mug}")

    await page.get_by_role("heading", name="3 fields have been edited in BigCommerce").wait_for()
    await expect(page.get_by_role("row", name="Description")).to_contain_text("Drejad & bränd")
    await page.get_by_role("button", name="Keep theirs until the next save").click()
    await page.get_by_text("You keep what was edited in BigCommerce").wait_for()
    await expect(page.get_by_role("button", name="Keep theirs")).to_have_count(0)

    till = page.get_by_label("Mugg: Zettle")
    await expect(till).to_be_hidden()
    await page.get_by_text("Change the split").click()
    await till.fill("3")
    await page.get_by_label("Mugg: BigCommerce").fill("9")
    await page.locator("#separate").get_by_role("button", name="Save").click()
    await page.get_by_text("The new numbers are written to both sides.").wait_for()
    ledger = await ledger_of(world, connection, mug)

    assert (3, 9) == (ledger.zettle.target, ledger.shop.target)


@pytest.mark.rule("A4")
async def test_the_log_is_searched_read_and_tried_again(merchant: Merchant) -> None:
    page, world = merchant.page, merchant.world
    connection = await world.running()
    uuids = await pictures(world, connection, 32)
    async with world.database.transaction() as tx:
        await work_items.forget(tx, connection.id, list(Kind))
        sent = {"image_url": "https://till.test/lost.png"}
        call = Exchange(
            world.clock.now(),
            "bigcommerce",
            "POST",
            "/v3/x",
            422,
            (uuids[7],),
            sent,
            {"title": "No"},
        )
        await exchanges.add(tx, connection.id, [call])
    await merchant.sign_in()
    await page.goto(f"{merchant.url}{LOG}")

    await page.get_by_text("32 products:").wait_for()
    await page.get_by_role("searchbox").fill("mugg 07")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**q=mugg**")
    await expect(page.locator(".log > li")).to_have_count(1)
    await page.get_by_role("link", name="Details").click()
    await page.get_by_text("POST /v3/x").click()
    await expect(page.get_by_text('"title": "No"')).to_be_visible()
    await page.get_by_role("button", name="Try again").click()
    await page.get_by_text("The product is tried again now.").wait_for()
    async with world.database.read() as tx:
        assert await waiting_work.waits(tx, connection.id, Kind.PRODUCT, uuids[7])
    await nothing_wrong_is_said_so(page, merchant.url)


async def nothing_wrong_is_said_so(page: Page, url: str) -> None:
    """Choosing is enough. The spreadsheet holds what the list shows."""
    await page.goto(f"{url}{LOG}")
    await page.get_by_label("Problems").select_option("error")
    await page.get_by_text("Nothing of what you chose has gone wrong").wait_for()
    await page.goto(f"{url}{LOG}?q=mugg+07")
    async with page.expect_download() as loaded:
        await page.get_by_role("link", name="Download as a spreadsheet").click()
    found = await loaded.value
    lines = (await asyncio.to_thread(Path(await found.path()).read_text, "utf-8-sig")).splitlines()

    assert 2 == len(lines)
    assert "Mugg 07" in lines[1]
