"""Alerts in a real Chromium: the address is confirmed from its own mail, a cause is told once, and
not where the merchant switched it off.
"""

import re
from dataclasses import replace

import pytest
from playwright.async_api import expect
from tests.chromium import CHROMIUM
from tests.rules.told import STORIES, Told
from tests.web.conftest import World
from tests.web.test_alerts_page import ADDRESS, HERE
from tests.web.test_connect_clicks import MORE_FLAGS, Merchant, merchant

from brygga.core.alerts import Cause

__all__ = ["MORE_FLAGS", "merchant"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium"),
]


@pytest.fixture
def world(world: World) -> World:
    """An installation that can send mail."""
    deps = replace(world.deps, settings=replace(world.deps.settings, mail=True))
    return replace(world, deps=deps)


async def test_a_cause_is_told_once_and_not_while_it_is_switched_off(merchant: Merchant) -> None:
    page, world = merchant.page, merchant.world
    connection, lost = await world.running(), STORIES[Cause.ACCESS_LOST]
    one = Told(world.database, world.clock, connection)
    await merchant.sign_in()
    await page.goto(f"{merchant.url}{HERE}")
    await page.get_by_label("Mail address").fill(ADDRESS)
    await page.get_by_role("button", name="Save the address").click()
    await page.get_by_text("Not confirmed yet").wait_for()
    await one.outbox.empty()
    link = re.search(r"https://\S+(/alerts/confirm/\S+)", one.letters.mails.pop().text)
    assert link is not None
    await page.goto(f"{merchant.url}{link[1]}")
    await page.get_by_role("button", name=re.compile("^Yes")).click()
    await page.goto(f"{merchant.url}{HERE}")
    await page.get_by_text("Confirmed", exact=True).wait_for()

    await lost.begin(one)
    await one.minutes(90)
    await page.reload()
    sent = page.locator("[data-part=sent] li", has_text="Access lost · mail: sent.")
    await expect(sent).to_have_count(1)
    first = len(one.letters.mails)

    await lost.end(one)
    await switched(merchant, on=False)
    await lost.begin(one)
    await one.minutes(90)
    off = len(one.letters.mails)

    await lost.end(one)
    await one.minutes(2)
    await switched(merchant, on=True)
    await lost.begin(one)
    await one.minutes(10)

    assert (1, 1, 2) == (first, off, len(one.letters.mails))


async def switched(merchant: Merchant, *, on: bool) -> None:
    """The merchant ticks or unticks the cause, and the page says what is saved."""
    page = merchant.page
    await page.goto(f"{merchant.url}{HERE}")
    box = page.get_by_role("checkbox", name="Access lost")
    await box.set_checked(on)
    await page.locator("form[action$='/causes']").get_by_role("button", name="Save").click()
    await page.get_by_role("status").first.wait_for()
    await expect(page.get_by_role("checkbox", name="Access lost")).to_be_checked(checked=on)
