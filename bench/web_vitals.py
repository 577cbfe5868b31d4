"""What a merchant's browser measures on the pages of a large store: `python bench/web_vitals.py
[N]` (10,000 products).

A real Chromium opens each page without a cache, as at a first visit, and again with one. The bars
are those of docs/operating.md: nothing moves after it is drawn (CLS 0), the largest part is there
within a second (LCP), the page answers a click or key within 100 ms (INP), and at most 20 kB come
over the wire at a first visit: the page with every file of ours, without the goods' pictures.
Then a page stays open while nothing changes: what it asks for and receives is printed.

One process serves the pages, on an embedded database; the platforms are sandboxes in a process of
their own. A few products go through the first sync. The others are copies of one of them in the
database (`large_store.py`), because only the pages are measured.
"""

import argparse
import asyncio
import logging
import os
import sys
from dataclasses import dataclass, field
from typing import Any

from large_store import large_store, one_product
from pages_at_size import HOME
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from brygga.cli import demo_stack, logs

CLS, LCP_MS, INP_MS, FIRST_BYTES = 0.0, 1_000.0, 100.0, 20_000
NAMES = ("CLS", "LCP ms", "INP ms", "HTML B", "first B", "again B")
HEADING = f"{'page':<64}" + "".join(f"{name:>9}" for name in NAMES)
STILL_S = 20.0
"""How long a page stays open while nothing changes."""
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]

WATCH = """
window.felt = { cls: 0, lcp: 0, inp: 0, slowest: "" };
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) if (!one.hadRecentInput) window.felt.cls += one.value;
}).observe({ type: "layout-shift", buffered: true });
new PerformanceObserver((list) => {
  for (const { startTime } of list.getEntries()) {
    window.felt.lcp = Math.max(window.felt.lcp, startTime);
  }
}).observe({ type: "largest-contentful-paint", buffered: true });
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) {
    if (!one.interactionId || one.duration <= window.felt.inp) continue;
    window.felt.inp = one.duration;
    window.felt.slowest = one.name;
  }
}).observe({ type: "event", durationThreshold: 16, buffered: true });
"""
"""INP is the slowest of all interactions of a page; with so few of them, no outlier is left out."""


@dataclass(frozen=True, slots=True)
class PageLoad:
    path: str
    cls: float
    lcp_ms: float
    inp_ms: float
    document: int
    """Bytes of the HTML over the wire."""
    first: int
    """Bytes of everything from our host at the first visit."""
    again: int
    """Bytes of the same at the next one."""

    @property
    def misses(self) -> list[str]:
        bars = {
            "CLS": self.cls > CLS,
            "LCP": self.lcp_ms >= LCP_MS,
            "INP": self.inp_ms >= INP_MS,
            "bytes": self.first > FIRST_BYTES,
        }
        return [name for name, misses in bars.items() if misses]


# ---- The browser ---------------------------------------------------------------------------------


@dataclass
class Wire:
    """The bytes that a page receives, by the address that sent them."""

    received: dict[str, int] = field(default_factory=dict)
    _of: dict[str, str] = field(default_factory=dict)

    async def follow(self, page: Page) -> None:
        session = await page.context.new_cdp_session(page)
        await session.send("Network.enable")
        session.on("Network.requestWillBeSent", self._sent)
        session.on("Network.loadingFinished", self._finished)
        session.on("Network.dataReceived", self._streamed)

    def _sent(self, event: dict[str, Any]) -> None:
        self._of[event["requestId"]] = event["request"]["url"]
        self.received.setdefault(event["request"]["url"], 0)

    def _finished(self, event: dict[str, Any]) -> None:
        self.received[self._of.get(event["requestId"], "")] = int(event["encodedDataLength"])

    def _streamed(self, event: dict[str, Any]) -> None:
        url = self._of.get(event["requestId"], "")
        if url.endswith("/live"):
            self.received[url] = self.received.get(url, 0) + int(event["dataLength"])

    def total(self, host: str) -> int:
        return sum(
            size
            for url, size in self.received.items()
            if url.startswith(f"{host}/") and not url.endswith("/live")
        )


async def used(page: Page) -> None:
    """Clicks and keys as a merchant would, wherever the page has something for them."""
    for box in (await page.locator("input[type=checkbox]:visible").all())[:3]:
        await box.click()
    for opener in (await page.locator("details > summary:visible").all())[:2]:
        await opener.click()
    for entry in (await page.locator("input[type=search]:visible, #name:visible").all())[:1]:
        await entry.press_sequentially("mugg", delay=30)
    await page.keyboard.press("Tab")
    await page.mouse.click(5, 5)
    await page.wait_for_timeout(300)


async def measured(context: BrowserContext, url: str, path: str) -> PageLoad:
    page, first = await context.new_page(), Wire()
    await first.follow(page)
    await page.goto(f"{url}{path}", wait_until="load")
    await page.wait_for_timeout(500)
    await used(page)
    found = await page.evaluate("window.felt")
    document = next((size for at, size in first.received.items() if at == f"{url}{path}"), 0)
    again = Wire()
    page_again = await context.new_page()
    await again.follow(page_again)
    await page_again.goto(f"{url}{path}", wait_until="load")
    await page_again.wait_for_timeout(200)
    await page.close()
    await page_again.close()
    return PageLoad(
        path,
        found["cls"],
        found["lcp"],
        found["inp"],
        document,
        first.total(url),
        again.total(url),
    )


async def still(context: BrowserContext, url: str) -> tuple[int, int]:
    """Requests and bytes of an open page after its first figures, while nothing changes."""
    page, wire = await context.new_page(), Wire()
    await wire.follow(page)
    await page.goto(f"{url}{HOME}", wait_until="load")
    await page.wait_for_timeout(3_000)
    requests, received = len(wire.received), sum(wire.received.values())
    await page.wait_for_timeout(STILL_S * 1_000)
    await page.close()
    return len(wire.received) - requests, sum(wire.received.values()) - received


def reported(one: PageLoad) -> str:
    times = f"{one.cls:9.4f}{one.lcp_ms:9.0f}{one.inp_ms:9.0f}"
    sizes = f"{one.document:9}{one.first:9}{one.again:9}"
    return f"{one.path[:64]:<64}{times}{sizes}  {' '.join(one.misses)}".rstrip()


def pages(uuid: str, variant: str) -> list[str]:
    one = f"/library/{uuid}"
    return [
        "/apps",
        HOME,
        "/library",
        "/library?page=100",
        "/library?q=mugg",
        "/library/new",
        one,
        f"{one}/variants/{variant}/stock",
        f"{HOME}/log",
        f"{HOME}/plan",
        f"{HOME}/check",
        f"{HOME}/disconnect",
        "/help",
        "/support",
    ]


async def measure(products: int, database_url: str, chromium: str) -> bool:
    async with (
        large_store(products, database_url) as store,
        async_playwright() as playwright,
    ):
        await store.finish()
        uuid, variant = await one_product(store.service.database)
        opened = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        print(HEADING, flush=True)
        found = []
        for path in pages(uuid, variant):
            context = await _context(opened, store.http.cookies, store.url)
            found.append(await measured(context, store.url, path))
            await context.close()
            print(reported(found[-1]), flush=True)
        context = await _context(opened, store.http.cookies, store.url)
        requests, received = await still(context, store.url)
        await opened.close()
    still_s = f"{STILL_S:.0f} s while nothing changes"
    print(f"an open page, {still_s}: {requests} requests, {received} bytes")
    return not any(one.misses for one in found) and not requests


async def _context(browser: Browser, cookies: Any, url: str) -> BrowserContext:
    context = await browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 900})
    await context.add_cookies(
        [{"name": name, "value": value, "url": url} for name, value in cookies.items()]
    )
    await context.add_init_script(WATCH)
    return context


def main() -> int:
    asked_for = argparse.ArgumentParser(description=__doc__)
    asked_for.add_argument("products", type=int, nargs="?", default=10_000)
    chromium = os.environ.get("BRYGGA_CHROMIUM", "/usr/bin/chromium")
    wish = asked_for.parse_args()
    logs.configure(logging.WARNING)
    with demo_stack.throwaway_database() as database_url:
        return 0 if asyncio.run(measure(wish.products, database_url, chromium)) else 1


if __name__ == "__main__":
    sys.exit(main())
