"""Every page in a real browser, on phones and on a desk, light and dark, in the languages with the
longest words: nothing sticks out sideways, and every word can be read.
"""

import re
from typing import Any, Final, Literal

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.conftest import Demo
from tests.e2e.test_a_merchants_day import connect, finish, stocked

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LOOKS: Final[tuple[tuple[int, Literal["light", "dark"], str], ...]] = (
    (320, "light", "de-DE"),
    (320, "dark", "fi-FI"),
    (390, "dark", "en-GB"),
    (1280, "light", "sv-SE"),
)
"""Widths in CSS pixels, colours and languages. German and Finnish have the longest words."""
ENOUGH = 4.5
"""Contrast of text, as WCAG 2 wants it (1.4.3); 3 for what is large."""

TOO_WIDE = """() => {
  const wide = document.documentElement.clientWidth;
  const out = document.documentElement.scrollWidth > wide ? [`the page is ${document.documentElement.scrollWidth} wide`] : [];
  for (const spot of document.querySelectorAll("main *")) {
    const box = spot.getBoundingClientRect();
    const scrolls = spot.closest(".wide, .tabs, .unseen, .plan thead, .moves thead, .shares thead, select");
    if (box.width && box.right > wide + 1 && !scrolls) out.push(`${spot.tagName} ${spot.textContent.trim().slice(0, 40)}`);
  }
  return out;
}"""  # noqa: E501

FAINT = """(enough) => {
  const parts = (colour) => (colour.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, n) => sum + v * [.2126, .7152, .0722][n], 0);
  const behind = (spot) => {
    for (let at = spot; at; at = at.parentElement) {
      const colour = parts(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const spot = walker.currentNode.parentElement, text = walker.currentNode.textContent.trim();
    const style = getComputedStyle(spot);
    const drawn = spot.checkVisibility() && !spot.closest("script, noscript, .unseen, .skip, .choice.off, option, title, desc");
    if (!text || !drawn || spot.closest(":disabled")) continue;
    const [one, other] = [light(parts(style.color)), light(behind(spot))].sort((a, b) => b - a);
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.6 && Number(style.fontWeight) >= 700);
    const contrast = (one + .05) / (other + .05);
    if (contrast < (large ? 3 : enough)) faint.push(`${text.slice(0, 40)}: ${contrast.toFixed(2)}`);
  }
  return [...new Set(faint)];
}"""  # noqa: E501


@pytest.mark.rule("A4", "E1", "E2", "S5")
def test_every_page_fits_and_can_be_read(page: Page, demo: Demo, chromium: Browser) -> None:
    connect(page, demo)
    wrong = looked_at(chromium, page, demo, ["/apps", "/apps/bigcommerce"])
    finish(page, demo)
    demo.wait(
        "every product in the store", lambda: len(demo.store()["products"]) == len(demo.library())
    )
    stated(page, demo)
    long = unbroken(demo)
    mug = stocked(demo, demo.library())
    wrong += looked_at(
        chromium,
        page,
        demo,
        [
            *addresses(mug),
            f"/library/{long}",
            f"/library/{long}/stock/separate",
            a_line(page, demo, long),
        ],
    )

    assert [] == wrong


def unbroken(demo: Demo) -> str:
    """A product whose texts have nowhere to break, and a picture that cannot be fetched: its
    uuid.
    """
    word = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
    lost = f"{demo.facts['zettle']['products']}/{'long' * 30}.png"
    made = {
        "name": word,
        "variants": [{"name": word, "sku": "X" * 80, "price": 100}],
        "description": word * 3,
    }
    control = f"{demo.facts['zettle']['control']}/products"
    product = (
        demo.http.post(control, json={**made, "presentation": {"imageUrl": lost}})
        .raise_for_status()
        .json()
    )
    demo.wait("the long word in the store", lambda: demo.product(word) is not None)
    tracking = f"{demo.facts['zettle']['control']}/tracking"
    demo.http.post(tracking, json={"product_uuid": product["uuid"], "on": True}).raise_for_status()
    return str(product["uuid"])


def stated(page: Page, demo: Demo) -> None:
    """A statement, without waiting for the night."""
    page.goto(f"{demo.url}/apps/bigcommerce/statements")
    page.get_by_role("button", name="Jämför nu").click()
    page.get_by_role("link", name=re.compile("som CSV")).wait_for()


def a_line(page: Page, demo: Demo, uuid: str) -> str:
    """The page of the newest line about this product."""
    log = page.request.get(f"{demo.url}/apps/bigcommerce/log?product={uuid}").text()
    line = re.search(r'href="(/apps/bigcommerce/log/\d+)"', log)
    assert line is not None
    return line[1]


def addresses(mug: dict[str, Any]) -> list[str]:
    here = f"/library/{mug['uuid']}"
    return [
        "/apps",
        "/apps/bigcommerce",
        "/apps/bigcommerce/log",
        "/apps/bigcommerce/plan",
        "/apps/bigcommerce/left-out",
        "/apps/bigcommerce/check",
        "/apps/bigcommerce/disconnect",
        "/apps/bigcommerce/alerts",
        "/apps/bigcommerce/statements",
        "/apps/bigcommerce/statements/1",
        "/help/codes",
        "/help/codes/image_not_fetched",
        "/library",
        "/library?q=finns-inte",
        "/library/new",
        here,
        f"{here}/stock/separate",
        f"{here}/variants/{mug['variants'][0]['uuid']}/stock",
        "/help?q=lager",
        f"/support?product={mug['uuid']}",
        "/library/nothing",
    ]


def looked_at(chromium: Browser, page: Page, demo: Demo, paths: list[str]) -> list[str]:
    """What sticks out or is too faint, by page and look."""
    wrong: list[str] = []
    cookies = page.context.storage_state()
    for width, scheme, locale in LOOKS:
        context = chromium.new_context(
            locale=locale,
            color_scheme=scheme,
            viewport={"width": width, "height": 844},
            storage_state=cookies,
        )
        look = context.new_page()
        for path in paths:
            look.goto(f"{demo.url}{path}")
            found = [*look.evaluate(TOO_WIDE), *look.evaluate(FAINT, ENOUGH)]
            wrong += [f"{path} {width} {scheme} {locale}: {one}" for one in found]
        assert sees(look), "the looking itself finds nothing"
        context.close()
    return wrong


def sees(look: Page) -> bool:
    """Whether a page with something wrong would be noticed: letters nearly as pale as the paper,
    and a word that is too long.
    """
    look.evaluate("""() => {
      const word = document.querySelector("main").appendChild(document.createElement("p"));
      word.textContent = "x".repeat(3000);
      word.style.color = getComputedStyle(document.body).backgroundColor;
      word.style.whiteSpace = "nowrap";
    }""")
    return bool(look.evaluate(TOO_WIDE)) and bool(look.evaluate(FAINT, ENOUGH))
