"""A real Chromium on the pages of the web application, without a network: what it asks for goes
straight to the application.

A stream of live figures cannot go that way. The page gets one in its place, and the test sends the
figures: `moved(page)`.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser as Chromium
from playwright.async_api import BrowserContext, Page, Route, expect
from tests.e2e.conftest import TIMEOUT_S
from tests.web.conftest import HOME, Browser

expect.set_options(timeout=TIMEOUT_S * 1000)
STREAM = """
window.EventSource = class {
  addEventListener(name, heard) { window.hear = (state) => heard({ data: JSON.stringify(state) }); }
  close() {}
};
window.version = 0;
"""
MOVED = """() => {
  const say = () => window.hear({ texts: {}, done: 0, total: 0, version: `${window.version++}` });
  if (window.version === 0) say();
  say();
}"""
"""The first figures of all change nothing, unless the page waits for something."""
DRAWN = "async () => { while (refreshing) await new Promise(requestAnimationFrame); }"


@asynccontextmanager
async def opened(
    chromium: Chromium, browser: Browser, **context: Any
) -> AsyncIterator[BrowserContext]:
    """Windows of Chromium that are signed in as this client is."""

    async def answer(route: Route) -> None:
        request = route.request
        kept = {
            name: value
            for name, value in (await request.all_headers()).items()
            if name in {"content-type", "x-requested-with", "accept-language"}
        }
        found = await browser.http.request(
            request.method,
            request.url.removeprefix(HOME),
            content=request.post_data_buffer,
            headers=kept,
            follow_redirects=True,
        )
        headers = {
            name: value
            for name, value in found.headers.items()
            if name not in {"content-encoding", "content-length", "set-cookie"}
        }
        await route.fulfill(status=found.status_code, headers=headers, body=found.content)

    windows = await chromium.new_context(base_url=HOME, locale="en-GB", **context)
    windows.set_default_timeout(TIMEOUT_S * 1000)
    await windows.route(f"{HOME}/**", answer)
    await windows.add_init_script(STREAM)
    yield windows
    await windows.close()


async def moved(page: Page) -> None:
    """Something happened: the page is told, and has fetched its parts anew when this returns."""
    async with page.expect_response(lambda answer: answer.url == page.url):
        await page.evaluate(MOVED)
    await drawn(page)


async def drawn(page: Page) -> None:
    """No part is being fetched or drawn any more."""
    await page.evaluate(DRAWN)
