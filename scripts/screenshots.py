"""Pictures of the pages, from a demo of its own: those of docs/screenshots, or with `--every DIR`
each page in every look.

A look is a language, light or dark, and a width. Needs Chromium (BRYGGA_CHROMIUM, else
/usr/bin/chromium). Prints what does not fit.
"""

import argparse
import base64
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import httpx2
from guide import shown
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from brygga.web.checks import NumberCheck
from brygga.web.i18n import LANGUAGES, Language, Said, Words, words
from brygga.web.pages.check import CheckView
from brygga.web.pages.question import QuestionView, StockLine, SubjectView
from brygga.web.rendering import Frame, render

DOCS = Path(__file__).parent.parent / "docs" / "screenshots"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]
TIMEOUT_S = 300.0
LOADED = """async () => {
  for (const one of document.images) one.loading = "eager";
  await Promise.all([...document.images].map((one) => one.decode().catch(() => null)));
}"""
"""Pictures below the window too."""
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@dataclass(frozen=True, slots=True)
class Look:
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
WANTED = {
    "overview": (Look("sv", "light", 1280), Look("sv", "dark", 390)),
    "setup-prices": (Look("sv", "light", 1280),),
    "plan": (Look("sv", "light", 1280),),
    "library-unassign": (Look("sv", "light", 1280),),
    "product": (Look("en", "dark", 1280),),
    "separate-sum": (Look("sv", "light", 1280),),
    "join": (Look("sv", "light", 390),),
    "why": (Look("sv", "light", 1280), Look("en", "dark", 390)),
    "check": (Look("sv", "light", 1280),),
    "product-edited": (Look("sv", "light", 1280),),
    "log": (Look("en", "light", 390),),
    "log-line": (Look("sv", "light", 1280),),
    "library": (Look("en", "light", 1280),),
    "add-product": (Look("sv", "light", 1280),),
}
"""What the documents show."""
GUIDE = tuple(Look(language, "light", 1280) for language in LOCALES)
"""How the merchants' guide shows its pictures."""
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
    name: str
    path: str
    act: Callable[[Page], None] | None = None
    whole: bool = True
    """The whole page, else what fits in the window: a dialog stands in the middle of it."""


@dataclass
class Sandbox:
    """A running demo."""

    facts: dict[str, Any]
    http: httpx2.Client

    @property
    def url(self) -> str:
        return str(self.facts["app"])

    def till(self, path: str, body: dict[str, Any]) -> None:
        self.http.post(f"{self.facts['zettle']['control']}{path}", json=body).raise_for_status()

    def shop(self, path: str, body: dict[str, Any]) -> None:
        self.http.post(
            f"{self.facts['bigcommerce']['control']}{path}", json=body
        ).raise_for_status()

    def store(self) -> dict[str, Any]:
        return dict(
            self.http.get(f"{self.facts['bigcommerce']['control']}/state").raise_for_status().json()
        )

    def library(self) -> list[dict[str, Any]]:
        headers = {"Authorization": f"Bearer {self.facts['zettle']['access_token']}"}
        where = f"{self.facts['zettle']['products']}/organizations/self/products/v2"
        return list(self.http.get(where, headers=headers).raise_for_status().json())

    def product(self, product_id: int) -> dict[str, Any]:
        return next(one for one in self.store()["products"] if one["id"] == product_id)


@contextmanager
def sandbox(folder: Path) -> Iterator[Sandbox]:
    ready, log = folder / "ready.json", folder / "demo.log"
    command = [
        sys.executable,
        "-m",
        "brygga",
        "demo",
        "--port-base",
        "0",
        "--ready-file",
        str(ready),
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)  # noqa: S603 - our own
        try:
            until(lambda: ready.exists() or process.poll() is not None)
            yield Sandbox(json.loads(ready.read_text()), httpx2.Client(timeout=20))
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def until(seen: Callable[[], object]) -> None:
    ends = time.monotonic() + TIMEOUT_S
    while not seen():
        if time.monotonic() > ends:
            raise TimeoutError("the demo never came so far")
        time.sleep(0.2)


# ---- Taking pictures -----------------------------------------------------------------------------


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


# ---- The merchant's way --------------------------------------------------------------------------


def connect(page: Page, camera: Camera) -> None:
    url = camera.sandbox.url
    camera.take(Shot("sign-in", "/sign-in"))
    page.goto(f"{url}/sign-in")
    page.get_by_role("link", name="Sign in with Zettle").click()
    page.get_by_role("button", name="Confirm").click()
    page.wait_for_url(f"{url}/**")
    camera.cookies = page.context.storage_state()
    camera.take(Shot("apps", "/apps"), Shot("setup-connect", "/apps/bigcommerce"))
    page.goto(f"{url}/apps/bigcommerce")
    page.get_by_role("button", name="Connect").click()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Confirm").click()
    page.get_by_role("heading", name=re.compile("^Connect ")).wait_for()
    page.get_by_role("button", name="Connect", exact=True).click()
    page.get_by_role("radio", name="Prices come from Zettle").wait_for()
    camera.take(Shot("setup-prices", "/apps/bigcommerce"))
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("radio", name="The whole library").wait_for()
    camera.take(Shot("setup-products", "/apps/bigcommerce"))
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Finish set-up").wait_for()
    page.wait_for_timeout(5000)
    camera.take(Shot("setup-check", "/apps/bigcommerce"), Shot("plan", "/apps/bigcommerce/plan"))
    page.goto(f"{url}/apps/bigcommerce")
    page.get_by_role("button", name="Finish set-up").click()


def synced(page: Page, sandbox: Sandbox) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """By name: what is in both systems. Waits until the first sync is over."""
    page.goto(f"{sandbox.url}/apps/bigcommerce")

    def figure(name: str) -> str:
        return str(page.locator(f"[data-live-text={name}]").inner_text())

    until(lambda: figure("waiting") == "0" and figure("synced") != "0")
    in_shop = {one["name"]: one for one in sandbox.store()["products"]}
    return {
        one["name"]: (one, in_shop[one["name"]])
        for one in sandbox.library()
        if one["name"] in in_shop
    }


def a_day(sandbox: Sandbox, mug: dict[str, Any], there: dict[str, Any]) -> None:
    """Sales, a restock, an order and a refund, so that there is something to explain."""
    variant, product_id = mug["variants"][0]["uuid"], there["id"]

    def level() -> int:
        return int(sandbox.product(product_id)["inventory_level"])

    for path, body, after in (
        ("/stock", {"variant_uuid": variant, "balance": 15}, 15),
        ("/sell", {"variant_uuid": variant, "quantity": 2}, 13),
        ("/sell", {"variant_uuid": variant, "quantity": 5}, 8),
    ):
        sandbox.till(path, body)
        until(lambda after=after: level() == after)  # type: ignore[misc]
    variant_id = there["variants"][0]["id"]
    sandbox.shop(
        "/orders", {"lines": [{"product_id": product_id, "variant_id": variant_id, "quantity": 2}]}
    )
    time.sleep(3)
    sandbox.till("/refund", {"variant_uuid": variant, "quantity": 1})
    until(lambda: level() == 7)


def edited(page: Page, sandbox: Sandbox, product: dict[str, Any], there: dict[str, Any]) -> None:
    """Somebody edits the product in BigCommerce, and its page has read that."""
    edits = {
        "name": f"{there['name']}, handgjord",
        "description": "<p>Drejad &amp; <b>bränd</b></p>",
    }
    sandbox.shop(f"/products/{there['id']}", {**edits, "weight": 1.25})
    page.goto(f"{sandbox.url}/library/{product['uuid']}")
    page.get_by_role("button", name="Read again").click()
    page.get_by_text("have been edited in BigCommerce").wait_for()


def state_now(page: Page, sandbox: Sandbox) -> None:
    """A statement without waiting for the night."""
    page.goto(f"{sandbox.url}/apps/bigcommerce/statements")
    page.get_by_role("button", name="Compare now").click()
    page.locator("td a", has_text="CSV").first.wait_for()


def press(name: str) -> Callable[[Page], None]:
    """By the words on the button, whose English is given."""

    def act(page: Page) -> None:
        said = words(language_of(page)).text(name)
        page.get_by_role("button", name=said, exact=True).first.click()

    return act


def language_of(page: Page) -> Language:
    found = page.locator("html").get_attribute("lang")
    return next(one for one in LANGUAGES if one == found)


def unfold(page: Page) -> None:
    """Opens the form of separate stock, which a product's page keeps folded."""
    for fold in page.locator("details.fold:not([open]) > summary").all():
        fold.click()


def change_sum(page: Page) -> None:
    unfold(page)
    page.locator("input[name^=zettle-]").first.fill("5")
    page.locator("input[name^=shop-]").first.fill("4")
    page.locator("input[name=separate]").check()
    press("Save")(page)


def typed(page: Page) -> None:
    """The form of separate stock, filled in on the product's page."""
    unfold(page)
    page.locator("input[name^=zettle-]").first.fill("5")
    page.locator("input[name^=shop-]").first.fill("4")
    page.evaluate("scrollTo(0, 0)")


def previewed(page: Page) -> None:
    """A new product with two sizes, before it is saved."""
    page.locator("#name").fill("Mugg Sommar")
    page.locator("#price").fill("249")
    page.locator("#sku").fill("MUG-S")
    page.locator("#option-1-name").fill("Storlek")
    page.locator("#option-1-values").fill("S, M")
    page.locator("#option-1-values").blur()
    page.locator("[name=row-sku-0]").wait_for()
    press("Preview")(page)
    page.locator("#preview").wait_for()


def pick(page: Page) -> None:
    for box in page.locator("input[name=product]").all()[1:4]:
        box.check()
    page.locator("details.drop summary").click()
    press("Assign to channels")(page)


def unpick(page: Page) -> None:
    pick(page)
    page.locator("#channel").uncheck()
    press("Update products")(page)


def track_off(page: Page) -> None:
    page.locator("input[name=tracking]").uncheck()
    page.locator("#stock form button").first.click()


def drawn(template: str, view: Any, path: str, section: str) -> Callable[[Page], None]:
    """A page that a sandbox in order never shows, drawn from values and put where it would
    stand.
    """

    def act(page: Page) -> None:
        language = language_of(page)
        frame = Frame(
            language=language,
            nonce="0",
            csrf="0",
            path=path,
            section=section,
            merchant="Linds Keramik",
        )
        html = render(template, frame, view(words(language)))
        page.route(f"**{path}", lambda route: route.fulfill(body=html, content_type="text/html"))
        page.goto(page.url.split("/apps")[0] + path)

    return act


def doubt(product_uuid: str, variant: str) -> Callable[[Words], CheckView]:
    def view(_: Words) -> CheckView:
        happened = Said("doubt.shop", (("n", "−2"),), (("at", datetime.now(UTC)),))
        one = NumberCheck(
            product_uuid,
            variant,
            "Mugg Sand",
            None,
            9,
            7,
            (7, 7),
            separate=False,
            happened=happened,
        )
        return CheckView((one,), product_uuid, "Mugg Sand", f"/library/{product_uuid}")

    return view


def question(_: Words) -> QuestionView:
    rows = [("Mugg Sand", 0, 12), ("Skål Hav", 0, 4), ("Fat Sten", 0, 31)]
    subjects = tuple(
        SubjectView(name, name, (StockLine(name, till, shop),)) for name, till, shop in rows
    )
    return QuestionView("zeroed", "question.zeroed", 24, subjects)


def take_all(camera: Camera) -> None:
    sandbox = camera.sandbox
    page = camera.browser.new_context(locale="en-GB").new_page()
    page.set_default_timeout(TIMEOUT_S * 1000)
    connect(page, camera)
    both = synced(page, sandbox)
    simple = [(mug, there) for mug, there in both.values() if plain(mug, there)]
    (mug, there), (bowl, _), (jug, in_store) = simple[:3]
    many = max((one for one, _ in both.values()), key=lambda one: len(one["variants"]))
    a_day(sandbox, mug, there)
    here, separate = f"/library/{mug['uuid']}", f"/library/{bowl['uuid']}"
    why = f"{here}/variants/{mug['variants'][0]['uuid']}/stock"
    page.goto(f"{sandbox.url}{why}")
    page.get_by_text(re.compile(r"Order \d+")).locator("visible=true").first.wait_for()
    state_now(page, sandbox)
    camera.take(
        Shot("overview", "/apps/bigcommerce"),
        Shot("log", "/apps/bigcommerce/log"),
        Shot("log-problems", "/apps/bigcommerce/log?severity=problems&period=day"),
        Shot("log-nothing", "/apps/bigcommerce/log?severity=error&on=2020-01-01"),
        Shot("left-out", "/apps/bigcommerce/left-out"),
        Shot("plan-later", "/apps/bigcommerce/plan"),
        Shot("library", "/library?sort=wrong"),
        Shot("library-assign", "/library", pick, whole=False),
        Shot("library-unassign", "/library", unpick, whole=False),
        Shot("product", here, typed),
        Shot("product-variants", f"/library/{many['uuid']}"),
        Shot("separate", f"{here}/stock/separate", typed),
        Shot("separate-sum", f"{here}/stock/separate", change_sum),
        Shot("link", f"{here}/link"),
        Shot("why", why),
        Shot("why-day", f"{why}?day={datetime.now(UTC).date().isoformat()}"),
        Shot("check-none", "/apps/bigcommerce/check"),
        Shot(
            "check",
            "/apps",
            drawn("check.html", doubt(mug["uuid"], "v"), f"{here}/stock/check", "library"),
        ),
        Shot(
            "question",
            "/apps",
            drawn("question.html", question, "/apps/bigcommerce/answer/zeroed", "apps"),
        ),
        Shot("add-product", "/library/new"),
        Shot("add-preview", "/library/new", previewed),
        Shot("disconnect", "/apps/bigcommerce/disconnect"),
        Shot("statements", "/apps/bigcommerce/statements"),
        Shot("statement", "/apps/bigcommerce/statements/1"),
        Shot("alerts", "/apps/bigcommerce/alerts"),
        Shot("message", "/help/codes/clash"),
        Shot("messages", "/help/codes"),
        Shot("help", "/help"),
        Shot("help-open", "/help#duplicates"),
        Shot("support", f"/support?product={mug['uuid']}"),
        Shot("not-there", "/library/nothing"),
    )
    edited(page, sandbox, jug, in_store)
    page.goto(f"{sandbox.url}/apps/bigcommerce/log?product={mug['uuid']}&topic=product")
    line = page.get_by_role("link", name="Details").last.get_attribute("href") or ""
    camera.take(
        Shot("product-edited", f"/library/{jug['uuid']}"),
        Shot("log-line", line, lambda page: page.locator("main details summary").first.click()),
    )
    page.goto(f"{sandbox.url}{separate}")
    unfold(page)
    page.locator("input[name=separate]").check()
    page.locator("input[name^=shop-]").first.fill("1")
    page.locator("input[name^=zettle-]").first.fill("3")
    page.locator("#separate-stock").get_by_role("button", name="Save").click()
    press("Save the new sum")(page)
    camera.take(
        Shot("product-separate", separate),
        Shot("join", f"{separate}/stock/join"),
        Shot(
            "join-dialog",
            separate,
            lambda page: page.locator("[data-opens=join-dialog]").click(),
            whole=False,
        ),
        Shot("untrack", separate, track_off),
        Shot("why-separate", f"{separate}/variants/{bowl['variants'][0]['uuid']}/stock"),
    )


def plain(product: dict[str, Any], there: dict[str, Any]) -> bool:
    """One variant with a name in letters that every machine can draw, and enough of it on the
    stock record.
    """
    drawable = product["name"].isprintable() and all(
        ord(letter) < 0x250 for letter in product["name"]
    )
    return (
        drawable
        and len(product["variants"]) == 1
        and there["inventory_tracking"] != "none"
        and there["inventory_level"] >= 4
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--every", type=Path, metavar="DIR", help="every page in every look, into DIR"
    )
    parser.add_argument(
        "--guide", type=Path, metavar="DIR", help="what the merchants' guide shows, into DIR"
    )
    asked = parser.parse_args()
    folder = asked.every or asked.guide or DOCS
    wanted = dict.fromkeys(shown("sv"), GUIDE) if asked.guide else WANTED
    folder.mkdir(parents=True, exist_ok=True)
    chromium = os.environ.get("BRYGGA_CHROMIUM", "/usr/bin/chromium")
    with (
        tempfile.TemporaryDirectory() as scratch,
        sandbox(Path(scratch)) as place,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        camera = Camera(
            browser, place, folder, None if asked.every else wanted, is_guide=bool(asked.guide)
        )
        take_all(camera)
        browser.close()
    return 1 if camera.misfits else 0


if __name__ == "__main__":
    sys.exit(main())
