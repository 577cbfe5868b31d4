"""Takes pictures of pages, a page in one look after another, and says what does not fit."""

import base64
import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from picture_demo import Sandbox
from playwright.sync_api import Browser, BrowserContext, Page

LOADED = """async () => {
  for (const one of document.images) one.loading = "eager";
  await Promise.all([...document.images].map((one) => one.decode().catch(() => null)));
}"""
"""Pictures below the window too."""
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@dataclass(frozen=True, slots=True)
class Look:
    """How a page is shown. `width` is that of the window, in pixels."""

    language: str
    scheme: str
    width: int

    @property
    def name(self) -> str:
        return f"{self.language}-{self.scheme}-{self.width}"


LOCALES: dict[str, str] = {
    "sv": "sv-SE",
    "en": "en-GB",
    "nb": "nb-NO",
    "da": "da-DK",
    "fi": "fi-FI",
    "de": "de-DE",
}
EVERY = tuple(Look(*one) for one in product(("sv", "en"), ("light", "dark"), (1280, 390)))
HIGHEST = 1800
"""Pixels of a picture in the documents: of a long list, the beginning."""
WEBP = """async (png) => {
  const image = new Image();
  image.src = "data:image/png;base64," + png;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.width, image.height];
  canvas.getContext("2d").drawImage(image, 0, 0);
  return canvas.toDataURL("image/webp", .55).split(",")[1];
}"""
"""A quarter of the bytes of a PNG; every letter can be read."""


@dataclass(frozen=True, slots=True)
class Shot:
    """A page to take, and what is done on it before."""

    name: str
    path: str
    act: Callable[[Page], None] | None = None
    whole: bool = True
    """The whole page, else what fits in the window: a dialog stands in the middle of it."""


@dataclass
class Camera:
    browser: Browser
    sandbox: Sandbox
    folder: Path
    wanted: dict[str, tuple[Look, ...]] | None
    """None for every page in every look."""
    is_guide: bool = False
    cookies: Any = None
    misfits: int = 0

    def looks(self, shot: Shot) -> tuple[Look, ...]:
        return EVERY if self.wanted is None else self.wanted.get(shot.name, ())

    def take(self, *shots: Shot) -> None:
        for shot in shots:
            for look in self.looks(shot):
                self._take(shot, look)

    def _take(self, shot: Shot, look: Look) -> None:
        context = self._context(look)
        page = context.new_page()
        page.goto(f"{self.sandbox.url}{shot.path}")
        if shot.act is not None:
            shot.act(page)
        page.evaluate(LOADED)
        page.wait_for_timeout(150)
        too_wide = page.evaluate(SIDEWAYS)
        if too_wide > 0:
            self.misfits += 1
            sys.stdout.write(f"{shot.name}-{look.name}: {too_wide} px too wide\n")
        png = page.screenshot(full_page=shot.whole, **self._part(page, shot, look))
        self._keep(page, f"{shot.name}-{look.name}", png)
        context.close()

    def _part(self, page: Page, shot: Shot, look: Look) -> dict[str, Any]:
        height = page.evaluate("document.documentElement.scrollHeight")
        if self.wanted is None or not shot.whole or height <= HIGHEST:
            return {}
        return {"clip": {"x": 0, "y": 0, "width": look.width, "height": HIGHEST}}

    def _keep(self, page: Page, name: str, png: bytes) -> None:
        if not self.is_guide:
            (self.folder / f"{name}.png").write_bytes(png)
            return
        page.goto("about:blank")
        made = page.evaluate(WEBP, base64.b64encode(png).decode())
        (self.folder / f"{name}.webp").write_bytes(base64.b64decode(made))

    def _context(self, look: Look) -> BrowserContext:
        context = self.browser.new_context(
            locale=LOCALES[look.language],
            timezone_id="Europe/Stockholm",
            color_scheme="dark" if look.scheme == "dark" else "light",
            viewport={"width": look.width, "height": 900 if look.width > 600 else 844},
            reduced_motion="reduce",
            storage_state=self.cookies,
        )
        context.set_default_timeout(20_000)
        return context
