"""The operator's pages in a real Chromium, as whoever runs the service uses them, each held to the
rules of axe-core.
"""

import pytest
from playwright.async_api import Browser as Chromium
from playwright.async_api import Page, expect
from tests import axe
from tests.chromium import CHROMIUM
from tests.conftest import NOON
from tests.web.clicks import opened
from tests.web.conftest import FULL, READS, Office
from tests.web.operators import KEPT, acts_of, failing

from brygga.database import connections, kept_webhooks
from brygga.database.kept_webhooks import Webhook
from brygga.database.tokens import Platform

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium"),
    pytest.mark.skipif(not axe.IS_THERE, reason=axe.WHY_NOT),
]
NAME = "Linds Keramik"
FAULTS = f"async () => {{ {axe.RUN} return broken([]); }}"
ACTING = ("Pause all work", "Resume", "Sync now", "Try again", "Erase everything")


async def settled(page: Page, heading: str) -> None:
    """The page with this heading is there, and no rule of axe-core is broken on it."""
    await expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    await page.add_script_tag(path=axe.SCRIPT)
    assert [] == await page.evaluate(FAULTS), heading


async def sign_in(page: Page, secret: str) -> None:
    await page.goto("/operator/sign-in")
    await settled(page, "For whoever runs this service")
    await page.get_by_label("Secret").fill(secret)
    await page.get_by_role("button", name="Sign in").click()
    await settled(page, "Merchants")


async def test_an_operator_works_through_a_merchants_trouble(
    office: Office, chromium: Chromium
) -> None:
    """From the list to a merchant with failed work: paused, let go, tried again, webhooks replayed,
    the bundle saved, and erased after typing the name.
    """
    world, name = office.world, NAME
    connection = await world.running()
    await failing(world, connection)
    async with world.database.transaction() as tx:
        webhook = Webhook(KEPT, ("work: stock 7",))
        await kept_webhooks.add(tx, connection.id, Platform.BIGCOMMERCE, [webhook], NOON)
    async with opened(chromium, world.browser(), bypass_csp=True) as windows:
        page = await windows.new_page()
        await sign_in(page, FULL)
        row = page.get_by_role("row").filter(has_text=name)
        for shown in ("Fails", "Lag", "Free requests"):
            await expect(page.get_by_role("table")).to_contain_text(shown)

        await row.get_by_role("link", name=name).click()
        await settled(page, name)
        await page.get_by_role("button", name="Pause all work").click()
        await expect(page.get_by_role("status")).to_contain_text("All work is paused.")
        await expect(page.get_by_role("button", name="Pause all work")).to_have_count(0)
        await page.get_by_role("button", name="Resume").click()
        await expect(page.get_by_role("button", name="Pause all work")).to_be_visible()

        await page.goto("/operator/queue")
        await settled(page, "Queue")
        await expect(page.get_by_text("KeyError gather:77")).to_be_visible()
        await page.get_by_role("button", name="Try again").click()
        await expect(page.get_by_role("status")).to_have_text("1 are tried again now.")

        await page.goto(f"/operator/merchants/{connection.id}")
        await page.get_by_role("button", name="Show").click()
        await settled(page, "Webhooks")
        await expect(page.get_by_text("Then: work: stock 7")).to_be_visible()
        await page.get_by_role("button", name="Do the work of all again").click()
        await expect(page.get_by_role("status")).to_have_text("Work added: 1.")

        await page.goto(f"/operator/merchants/{connection.id}")
        saved = await page.get_by_role("link", name="Support bundle").get_attribute("href")
        bundle = await page.evaluate("async (url) => (await fetch(url)).json()", saved)
        await page.get_by_label(f"Type {name} to confirm").fill("somebody else")
        await page.get_by_role("button", name="Erase everything").click()
        await expect(page.get_by_role("status")).to_contain_text("Nothing was erased")
        await page.get_by_label(f"Type {name} to confirm").fill(name)
        await page.get_by_role("button", name="Erase everything").click()
        await expect(page.get_by_label(f"Type {name} to confirm")).to_have_count(0)

    async with world.database.read() as tx:
        left = await connections.by_id(tx, connection.id)
    done = await acts_of(world, connection.id)
    assert bundle
    assert {"pause", "resume", "replay"} <= {*done}
    assert left is None or left.stage.value in {"leaving", "disconnected"}


async def test_a_reader_sees_all_and_has_no_button_that_acts(
    office: Office, chromium: Chromium
) -> None:
    world = office.world
    connection = await world.running()
    await failing(world, connection)
    async with opened(chromium, world.browser(), bypass_csp=True) as windows:
        page = await windows.new_page()
        await sign_in(page, READS)
        for path, heading in (
            (f"/operator/merchants/{connection.id}", NAME),
            (f"/operator/merchants/{connection.id}/webhooks", "Webhooks"),
            ("/operator/queue", "Queue"),
        ):
            await page.goto(path)
            await settled(page, heading)
            for name in ACTING:
                await expect(page.get_by_role("button", name=name)).to_have_count(0)
        await expect(page.get_by_text("KeyError gather:77")).to_be_visible()
