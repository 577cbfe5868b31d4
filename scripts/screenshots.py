"""Pictures of the pages, from a demo of its own: those of docs/screenshots, or with `--every DIR`
each page in every look.

A look is a language, light or dark, and a width. Needs Chromium (BRYGGA_CHROMIUM, else
/usr/bin/chromium). Prints what does not fit.
"""

import argparse
import os
import re
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from guide import shown
from picture_acts import (
    change_sum,
    doubt,
    drawn,
    pick,
    press,
    previewed,
    question,
    track_off,
    typed,
    unfold,
    unpick,
)
from picture_camera import LOCALES, Camera, Look, Shot
from picture_demo import TIMEOUT_S, a_day, edited, plain, sandbox, state_now, synced
from playwright.sync_api import Page, sync_playwright

DOCS = Path(__file__).parent.parent / "docs" / "screenshots"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]
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


def connect(page: Page, camera: Camera) -> None:
    """Signs in and sets up, and shows each step."""
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
    page.goto(f"{sandbox.url}{why_of(mug)}")
    page.get_by_text(re.compile(r"Order \d+")).locator("visible=true").first.wait_for()
    state_now(page, sandbox)
    take_lists(camera)
    take_product(camera, mug, many)
    take_account(camera, mug)
    edited(page, sandbox, jug, in_store)
    take_edited(page, camera, mug, jug)
    take_separate(page, camera, bowl)


def why_of(product: dict[str, Any]) -> str:
    """The page that says why the number of its first variant is what it is."""
    return f"/library/{product['uuid']}/variants/{product['variants'][0]['uuid']}/stock"


def take_lists(camera: Camera) -> None:
    """The overview, the log, the plan and the library."""
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
    )


def take_product(camera: Camera, mug: dict[str, Any], many: dict[str, Any]) -> None:
    """A product's own pages, and questions about its number. `many` has the most variants."""
    here, why = f"/library/{mug['uuid']}", why_of(mug)
    camera.take(
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
    )


def take_account(camera: Camera, mug: dict[str, Any]) -> None:
    """What is neither a list nor about a product that is there: forms, statements, help."""
    camera.take(
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


def take_edited(page: Page, camera: Camera, mug: dict[str, Any], jug: dict[str, Any]) -> None:
    """A product that was edited in BigCommerce, and a line of the log."""
    page.goto(f"{camera.sandbox.url}/apps/bigcommerce/log?product={mug['uuid']}&topic=product")
    line = page.get_by_role("link", name="Details").last.get_attribute("href") or ""
    camera.take(
        Shot("product-edited", f"/library/{jug['uuid']}"),
        Shot("log-line", line, lambda page: page.locator("main details summary").first.click()),
    )


def take_separate(page: Page, camera: Camera, bowl: dict[str, Any]) -> None:
    """Separates the stock of a product, and shows it."""
    separate = f"/library/{bowl['uuid']}"
    page.goto(f"{camera.sandbox.url}{separate}")
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
        Shot("why-separate", why_of(bowl)),
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
