"""Pages by keyboard, with a screen that stays still, while they renew themselves, and without
scripts: WCAG 2.2 beyond what axe-core can see.
"""

import pytest
from playwright.async_api import Browser as Chromium
from playwright.async_api import Page
from tests.chromium import CHROMIUM
from tests.conftest import NOON
from tests.web.clicks import moved, opened
from tests.web.conftest import Browser, World

from brygga.core.model import Connection, Stage
from brygga.core.report import Code, Line, Severity, Topic
from brygga.core.stock import Side
from brygga.core.stock.movement import Cause, Movement
from brygga.database import additions, library, movements, synclog
from brygga.database.additions import State

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium"),
]
ACTIVE = """() => {
  const one = document.activeElement;
  const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(one);
  const text = (one.textContent || one.getAttribute("aria-label") || "").trim();
  const ring = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2 || boxShadow !== "none";
  return { name: one.localName, id: one.id, text, ring };
}"""


async def furnished(world: World) -> tuple[Connection, Browser, list[str]]:
    connection = await world.running()
    uuids = await world.stock_library(connection, "Mugg", "Skål", "Fat", assigned=True)
    browser = world.browser()
    await browser.sign_in()
    return connection, browser, uuids


async def tabbed(page: Page, most: int = 120) -> list[dict[str, str]]:
    """Everything that the Tab key reaches, from the top of the page to its end."""
    found: list[dict[str, str]] = []
    for _ in range(most):
        await page.keyboard.press("Tab")
        one = await page.evaluate(ACTIVE)
        if one["name"] == "body":
            return found
        found.append(one)
    raise AssertionError("the keyboard never leaves the page")


@pytest.mark.rule("A1", "A3", "A5")
async def test_the_library_is_used_by_keyboard_alone(world: World, chromium: Chromium) -> None:
    _, browser, uuids = await furnished(world)
    async with opened(chromium, browser, reduced_motion="reduce") as windows:
        page = await windows.new_page()
        await page.goto("/library")
        reached = await tabbed(page)

        assert "Skip to the content" == reached[0]["text"]
        assert not [one for one in reached if not one["ring"]]
        assert {"Mugg", "Skål", "Fat", "Search"} <= {one["text"] for one in reached}

        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**#main")

        await page.locator(f"input[name=product][value='{uuids[0]}']").focus()
        await page.keyboard.press("Space")
        await page.locator("details.drop > summary").focus()
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        dialog = page.locator("#assign-dialog")
        await dialog.wait_for()
        assert await dialog.evaluate("one => one.contains(document.activeElement)")

        await page.keyboard.press("Escape")
        await dialog.wait_for(state="hidden")
        assert "summary" == (await page.evaluate(ACTIVE))["name"]


@pytest.mark.rule("A4", "C9", "C10")
async def test_set_up_and_sync_log_are_walked_by_keyboard(world: World, chromium: Chromium) -> None:
    """Each control is reached, in the order of the page, with a ring; Enter and the arrows do."""
    await world.running(stage=Stage.PRICES_CHOSEN)
    browser = world.browser()
    await browser.sign_in()
    async with opened(chromium, browser, reduced_motion="reduce") as windows:
        page = await windows.new_page()
        await page.goto("/apps/bigcommerce")
        await page.locator("input[name=products]").first.focus()
        await page.keyboard.press("ArrowDown")
        assert "hand" == await page.locator("input[name=products]:checked").get_attribute("value")
        await page.keyboard.press("Tab")
        assert "Continue" == (await page.evaluate(ACTIVE))["text"]
        await page.keyboard.press("Enter")
        await page.get_by_role("button", name="Finish set-up").wait_for()
        reached = [one["text"] for one in await tabbed(page)]
        wanted = ["Change the choices", "Look at the plan", "Finish set-up"]
        assert wanted == [one for one in reached if one in wanted]


async def test_the_sync_log_is_searched_and_opened_by_keyboard(
    world: World, chromium: Chromium
) -> None:
    connection, browser, uuids = await furnished(world)
    line = Line(
        Code.IMAGE_NOT_FETCHED, Topic.PRODUCT, Severity.WARNING, uuids[0], params={"name": "Mugg"}
    )
    async with world.database.transaction() as tx:
        await synclog.add(tx, connection.id, line, world.clock.now())
    async with opened(chromium, browser, reduced_motion="reduce") as windows:
        page = await windows.new_page()
        await page.goto("/apps/bigcommerce/log")
        reached = await tabbed(page)
        assert not [one for one in reached if not one["ring"]]
        assert {"Show product", "Details", "Why, and what to do"} <= {
            one["text"] for one in reached
        }

        await page.locator("#q").focus()
        await page.keyboard.type("mugg")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**q=mugg**")
        await page.locator("details > summary", has_text="Why, and what to do").focus()
        await page.keyboard.press("Enter")
        await page.locator("details[open] p").first.wait_for()
        await page.get_by_role("link", name="Details").first.focus()
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/log/*")


async def test_the_focus_stays_where_it_was_when_a_page_renews_itself(
    world: World, chromium: Chromium
) -> None:
    connection, browser, uuids = await furnished(world)
    async with opened(chromium, browser) as windows:
        page = await windows.new_page()
        await page.goto("/library")
        await page.get_by_role("link", name="Skål").focus()
        async with world.database.transaction() as tx:
            await library.remove(tx, connection.id, uuids[:1], world.clock.now())
        await moved(page)
        await page.get_by_role("link", name="Mugg").wait_for(state="detached")

        assert "Skål" == (await page.evaluate(ACTIVE))["text"]

        async with world.database.transaction() as tx:
            await library.remove(tx, connection.id, uuids[1:2], world.clock.now())
        await moved(page)
        await page.get_by_role("link", name="Skål").wait_for(state="detached")
        assert "section" == (await page.evaluate(ACTIVE))["name"]
        await page.keyboard.press("Tab")
        assert "q" == (await page.evaluate(ACTIVE))["id"]

        await page.keyboard.type("fa")
        await moved(page)
        assert "fa" == await page.locator("#q").input_value()
        assert "q" == (await page.evaluate(ACTIVE))["id"]


async def test_nothing_moves_for_who_wants_a_still_screen(world: World, chromium: Chromium) -> None:
    _, browser, _ = await furnished(world)
    running = "document.getAnimations().length"
    for motion, expected in (("reduce", False), ("no-preference", True)):
        async with opened(chromium, browser, reduced_motion=motion) as windows:
            page = await windows.new_page()
            await page.goto("/library")

            assert expected is bool(await page.evaluate(running))


@pytest.mark.rule("P9", "S2")
async def test_without_scripts_everything_is_a_form_or_a_link(
    world: World, chromium: Chromium
) -> None:
    connection, browser, uuids = await furnished(world)
    of = (uuids[0], f"{uuids[0]}-v")
    async with world.database.transaction() as tx:
        sale = Movement(NOON, *of, Side.ZETTLE, Cause.SEEN, -1, 8, 7, 7, 7)
        await movements.add(tx, connection.id, [sale])
    async with opened(chromium, browser, java_script_enabled=False) as windows:
        page = await windows.new_page()
        await page.goto("/library/new")
        await page.locator("#name").fill("Tröja")
        await page.locator("#sku").fill("TR-1")
        assert not await page.locator("#stock").is_visible()
        await page.locator("[name=tracked]").check()
        await page.locator("#stock").fill("7")
        await page.locator("#option-1-name").fill("Storlek")
        await page.locator("#option-1-values").fill("S, M")
        await page.get_by_role("button", name="Show the variants").click()
        assert ["TR-1", "7"] == [
            await page.locator(f"[name=row-{name}-0]").input_value() for name in ("sku", "stock")
        ]
        await page.get_by_role("button", name="Preview").click()
        await page.get_by_role("heading", name="How the product will be").wait_for()
        await page.locator("#preview").get_by_role("button", name="Save").click()
        await page.get_by_text("Being added in Zettle").wait_for()

        await page.goto(f"/library/{of[0]}/variants/{of[1]}/stock")
        await page.locator("#day").fill("2026-03-02")
        await page.get_by_role("button", name="Show").click()
        await page.get_by_role("heading", name="Stock on 2 Mar 2026").wait_for()
        await page.get_by_role("link", name="All days").click()

        await page.goto(f"/library/{uuids[1]}")
        await page.locator("#one-channel").uncheck()
        await (
            page.locator("form", has=page.locator("#one-channel"))
            .get_by_role("button", name="Save")
            .click()
        )
        await page.get_by_role("button", name="Unassign").click()
        async with world.database.read() as tx:
            entry = await library.get(tx, connection.id, uuids[1])
            (added,) = await additions.under_way(tx, connection.id)

        assert entry is not None
        assert entry.unassign_at is not None
        assert ("Tröja", State.WAITING) == (added.name, added.state)


@pytest.mark.rule("P9")
async def test_what_is_typed_is_kept_when_the_tab_is_closed(
    world: World, chromium: Chromium
) -> None:
    _, browser, _ = await furnished(world)
    async with opened(chromium, browser) as windows:
        page = await windows.new_page()
        await page.goto("/library/new")
        await page.locator("#name").fill("Tröja")
        await page.locator("#sku").fill("TR-1")
        await page.locator("#option-1-name").fill("Storlek")
        await page.locator("#option-1-values").fill("S, M")
        await page.locator("#option-1-values").blur()
        await page.locator("[name=row-sku-0]").wait_for()
        assert "TR-1" == await page.locator("[name=row-sku-0]").input_value()
        assert not await page.locator("[name=row-stock-0]").is_visible()
        async with page.expect_response(lambda answer: answer.status == 204):
            await page.locator("#description").fill("Stickad")
        await page.get_by_text("Kept as a draft").wait_for()
        address = page.url
        await page.close()
        again = await windows.new_page()
        await again.goto(address)

        assert "Stickad" == await again.locator("#description").input_value()
        assert "TR-1" == await again.locator("[name=row-sku-0]").input_value()
