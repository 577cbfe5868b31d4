"""A merchant who sets up the integration on our own pages, by the text on the buttons."""

import asyncio
from dataclasses import dataclass

from brygga.cli.browser import BrowserClient, Lost

SIGN_IN = ("Sign in with Zettle",)
CONFIRM = ("Confirm", "Continue")
TIMEOUT_S = 60.0


class NeverReady(Exception):
    """A page did not reach the expected state."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The choices on the platforms' own pages: which user signs in, and which store is chosen. "":
    their default.
    """

    user: str = ""
    store: str = ""


PROPOSED = Choice()


async def sign_in(browser: BrowserClient, url: str, choice: Choice = PROPOSED) -> None:
    """Rule C1."""
    await browser.open(f"{url}/sign-in")
    await browser.press(*SIGN_IN)
    await _consent(browser, url, user=choice.user)


async def connect(
    browser: BrowserClient, url: str, *, prices: bool = True, whole_library: bool = True
) -> None:
    """Rules C1 to C10, from signing in to "Finish set-up"."""
    await prepare(browser, url, prices=prices, whole_library=whole_library)
    await finish(browser)


async def finish(browser: BrowserClient) -> None:
    """Rule C10, on the page that `prepare` left open."""
    await browser.press("Finish set-up")


async def prepare(
    browser: BrowserClient,
    url: str,
    *,
    prices: bool,
    whole_library: bool,
    choice: Choice = PROPOSED,
) -> None:
    """Everything before "Finish set-up"; nothing is synced yet (C11)."""
    await sign_in(browser, url, choice)
    await browser.open(f"{url}/apps/bigcommerce")
    await browser.press("Connect")
    await _consent(browser, url, store=choice.store)
    if browser.url == f"{url}/bigcommerce/join":
        await browser.press("Connect")
    await _until(browser, f"{url}/apps/bigcommerce", "Continue")
    await browser.press("Continue", prices="yes" if prices else "no")
    await _until(browser, f"{url}/apps/bigcommerce", "Continue")
    await browser.press("Continue", products="whole" if whole_library else "hand")
    await _until(browser, f"{url}/apps/bigcommerce", "Finish set-up")


async def _consent(browser: BrowserClient, url: str, **chosen: str) -> None:
    """The platform's own pages, until we are back on ours."""
    given = {name: value for name, value in chosen.items() if value}
    for _ in range(4):
        if browser.url.startswith(f"{url}/"):
            return
        await browser.press(*CONFIRM, **given)
    raise NeverReady(f"the platform's pages do not lead back: {browser.url}")


async def _until(browser: BrowserClient, page: str, button: str) -> None:
    waited = 0.0
    while True:
        try:
            await browser.open(page)
        except Lost as lost:
            raise NeverReady(str(lost)) from lost
        if browser.offers(button):
            return
        if waited >= TIMEOUT_S:
            raise NeverReady(f'{page} never offered "{button}"')
        await asyncio.sleep(0.2)
        waited += 0.2
