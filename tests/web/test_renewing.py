"""An open page in a real Chromium is never left behind what happened (rules E1, S7)."""

from typing import Any

import pytest
from playwright.async_api import Browser as Chromium
from playwright.async_api import Page, Route, expect
from tests.chromium import CHROMIUM
from tests.web.clicks import drawn, moved, opened
from tests.web.conftest import World
from tests.web.test_by_keyboard import furnished

from brygga.core.model import Connection
from brygga.core.report import Code, Line, Severity, Topic
from brygga.database import connections, synclog

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium"),
]
FIGURES = {"texts": {}, "done": 0, "total": 0, "version": "1", "work": "1"}


async def figures(page: Page, **changed: str) -> None:
    """What the live stream says."""
    await page.evaluate("state => window.hear(state)", {**FIGURES, **changed})


async def happened(world: World, connection: Connection, uuid: str, what: str) -> None:
    named = {"name": "Mugg", "url": what}
    line = Line(Code.IMAGE_NOT_FETCHED, Topic.PRODUCT, Severity.WARNING, uuid, params=named)
    async with world.database.transaction() as tx:
        await synclog.add(tx, connection.id, line, world.clock.now())


async def test_a_page_looks_again_whenever_it_may_be_behind(
    world: World, chromium: Chromium
) -> None:
    connection, browser, (mug, *_) = await furnished(world)
    async with opened(chromium, browser) as windows:
        page = await windows.new_page()
        await page.clock.install()
        asked: list[str] = []
        page.on("request", lambda one: asked.append(one.resource_type))

        async def sees(what: str, *, rest: int = 1_000) -> None:
            await page.clock.fast_forward(rest)
            await expect(page.locator("[data-part=lines]").get_by_text(what).first).to_be_visible()

        async def opened_page() -> None:
            """As if nothing were waited for."""
            await page.goto(f"/library/{mug}")
            await page.evaluate("delete document.body.dataset.waits")

        await opened_page()
        read = await page.evaluate("document.body.dataset.newest")
        await figures(page, newest=read)
        quiet = asked.count("fetch")

        # Between the reading of the page and the first figures.
        await opened_page()
        await happened(world, connection, mug, "Before the figures")
        await figures(page, newest="later")
        await sees("Before the figures")

        # While a dialog is open.
        await page.evaluate("document.getElementById('unassign-dialog').showModal()")
        await happened(world, connection, mug, "Behind a dialog")
        await figures(page, version="2")
        await page.clock.fast_forward(20_000)
        behind = await page.get_by_text("Behind a dialog").count()
        await page.keyboard.press("Escape")
        await sees("Behind a dialog")

        # A tick that is not saved yet stays, and the rest of the page goes on.
        box = page.get_by_role("checkbox", name="Enable inventory management")
        await box.check()
        await happened(world, connection, mug, "Beside a tick")
        await figures(page, version="tick")
        await sees("Beside a tick")
        await expect(box).to_be_checked()

        # While the service could not be reached.
        await happened(world, connection, mug, "Out of reach")
        await page.route(f"**/library/{mug}", refused, times=1)
        async with page.expect_event("requestfailed"):
            await figures(page, version="3")
            await page.clock.fast_forward(10_000)
        await sees("Out of reach", rest=11_000)

    assert (0, 0) == (quiet, behind)


async def refused(route: Route, *_: Any) -> None:
    await route.abort()


async def test_a_page_that_waits_for_work_looks_when_it_is_done(
    world: World, chromium: Chromium
) -> None:
    """Also where no figure is another: the work that ended changed nothing."""
    connection, browser, (mug, *_) = await furnished(world)
    async with opened(chromium, browser) as windows:
        page = await windows.new_page()
        await page.goto(f"/library/{mug}")
        newest = await page.evaluate("document.body.dataset.newest")
        await page.evaluate("document.body.dataset.waits = ''")
        async with page.expect_response(f"**/library/{mug}"):
            await figures(page, newest=newest)
        await drawn(page)
        await page.evaluate("document.body.dataset.waits = ''")
        await happened(world, connection, mug, "Done")
        await figures(page, newest=newest, work="2")
        await expect(page.locator("[data-part=lines]").get_by_text("Done").first).to_be_visible()


async def test_the_colour_of_the_state_follows_its_words(world: World, chromium: Chromium) -> None:
    connection, browser, _ = await furnished(world)
    async with opened(chromium, browser) as windows:
        page = await windows.new_page()
        await page.goto("/apps/bigcommerce")
        state = page.locator("[data-part=state]")
        await expect(state).to_have_class("state busy")
        async with world.database.transaction() as tx:
            await connections.pause(tx, connection.id, "zettle_access_gone")
        await moved(page)
        await expect(state).to_contain_text("The sync has stopped")
        await expect(state).to_have_class("state bad")
