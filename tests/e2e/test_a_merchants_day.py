"""One merchant, one day, in Swedish and in a real browser: from sign-in to disconnect."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.e2e.conftest import Demo

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.rule(
    "C1", "C3", "C4", "C9", "C10", "P3", "P5", "S2", "S3", "A1", "A3", "A4", "E1", "D1", "D2"
)
def test_a_day_with_brygga(page: Page, demo: Demo) -> None:
    connect(page, demo)
    finish(page, demo)

    products = demo.library()
    demo.wait("every product in the store", lambda: len(demo.store()["products"]) == len(products))
    page.goto(f"{demo.url}/apps/bigcommerce/log")
    page.get_by_role("link", name="Synk-logg").first.wait_for()

    hidden_in_the_category(page, demo, products)
    mug = stocked(demo, products)
    renamed_at_the_till(page, demo, mug)
    sold_at_the_till(page, demo, mug)
    ordered_in_the_shop(page, demo, mug)
    all_is_well(page, demo)
    unassigned(page, demo)
    disconnected(page, demo)


def connect(page: Page, demo: Demo) -> None:
    page.goto(demo.url)
    page.get_by_role("link", name="Logga in med Zettle").click()
    page.get_by_role("button", name="Bekräfta").click()
    page.wait_for_url(f"{demo.url}/**")
    page.goto(f"{demo.url}/apps")
    page.get_by_role("heading", name="Appar · Integrationer").first.wait_for()
    page.goto(f"{demo.url}/apps/bigcommerce")
    page.get_by_role("button", name="Anslut").click()
    page.get_by_role("button", name="Fortsätt").click()
    page.get_by_role("button", name="Bekräfta").click()
    page.get_by_role("heading", name=re.compile("^Anslut ")).wait_for()
    page.get_by_role("button", name="Anslut", exact=True).click()
    page.wait_for_url(f"{demo.url}/apps/bigcommerce**")


def finish(page: Page, demo: Demo) -> None:
    page.get_by_role("radio", name=re.compile("Priserna kommer från Zettle")).wait_for()
    page.get_by_role("radio", name=re.compile("Priserna kommer från Zettle")).check()
    page.get_by_role("button", name="Fortsätt").click()
    page.get_by_role("radio", name=re.compile("Hela biblioteket")).check()
    page.get_by_role("button", name="Fortsätt").click()
    # Nothing is synced before set-up is finished (C11).
    assert demo.store()["products"] == []
    page.get_by_role("button", name="Slutför inställningarna").click()


def hidden_in_the_category(page: Page, demo: Demo, products: list[dict[str, Any]]) -> None:
    """P3, and as the store's own page shows it."""
    state = demo.store()
    category = next(one["category_id"] for one in state["categories"] if one["name"] == "Zettle")
    assert all(
        one["categories"] == [category] and one["is_visible"] is False for one in state["products"]
    )
    page.goto(f"{demo.shop}/manage?lang=sv")
    for product in products[:5]:
        page.get_by_text(product["name"].strip(), exact=True).first.wait_for()


def stocked(demo: Demo, products: list[dict[str, Any]]) -> dict[str, Any]:
    """A simple product with enough on the stock record to sell."""
    for product in products:
        found = demo.product(product["name"])
        simple = len(product["variants"]) == 1 and not product.get("variantOptionDefinitions")
        if (
            found
            and simple
            and found["inventory_tracking"] != "none"
            and found["inventory_level"] >= 3
        ):
            return product
    raise AssertionError("no product with stock")


def renamed_at_the_till(page: Page, demo: Demo, mug: dict[str, Any]) -> None:
    """P5, by the cashier's own form."""
    page.goto(f"{demo.till}/products/{mug['uuid']}?lang=sv")
    page.locator("input[name=name]").fill("Mugg Solnedgång")
    page.get_by_role("button", name="Spara").first.click()
    demo.wait("the new name in the store", lambda: demo.product("Mugg Solnedgång") is not None)


def sold_at_the_till(page: Page, demo: Demo, mug: dict[str, Any]) -> None:
    """S2: less in the shop, and no order there."""
    before = demo.product("Mugg Solnedgång")
    assert before is not None
    page.goto(f"{demo.till}?lang=sv&q=Solnedg")
    page.get_by_role("button", name=re.compile("^Sälj")).first.click()
    demo.wait("one less in the shop", lambda: level(demo) == before["inventory_level"] - 1)
    assert demo.store()["orders"] == []


def ordered_in_the_shop(page: Page, demo: Demo, mug: dict[str, Any]) -> None:
    """S3."""
    variant = mug["variants"][0]["uuid"]
    before = demo.balance(variant)
    page.goto(f"{demo.shop}/shop/{demo.facts['bigcommerce']['store_hash']}?hidden=1&lang=sv")
    page.locator("article", has_text="Mugg Solnedgång").get_by_role("button").click()
    demo.wait("one less at the till", lambda: demo.balance(variant) == before - 1)


def all_is_well(page: Page, demo: Demo) -> None:
    """E1: one sentence says so, with the last change, and the list in BigCommerce is ticked off."""
    page.goto(f"{demo.url}/apps/bigcommerce")
    page.get_by_text("Allt stämmer.").wait_for()
    page.get_by_text(re.compile(r"kassan hade den \d+(,\d)?\ss senare")).wait_for()
    page.get_by_role("button", name=re.compile("^Klart: Visa ")).click()
    page.get_by_text("1 avbockad").wait_for()


def level(demo: Demo) -> int:
    found = demo.product("Mugg Solnedgång")
    assert found is not None
    return int(found["inventory_level"])


def unassigned(page: Page, demo: Demo) -> None:
    """A1, A3 and decision 14, by the words on the pages."""
    page.goto(f"{demo.url}/library?q=Solnedg")
    page.get_by_role("checkbox", name="Mugg Solnedgång").check()
    page.get_by_text("Åtgärder").click()
    page.get_by_role("button", name="Tilldela till kanaler").click()
    page.get_by_role("checkbox", name=re.compile("BigCommerce")).uncheck()
    page.get_by_role("button", name="Uppdatera produkter").click()
    page.get_by_role("dialog").get_by_role("button", name="Ta bort tilldelning av produkt").click()
    page.get_by_role("button", name="Ångra").wait_for()
    # Until the ten seconds are over nothing has changed.
    assert demo.product("Mugg Solnedgång") is not None
    demo.wait("gone from the store", lambda: demo.product("Mugg Solnedgång") is None)


def disconnected(page: Page, demo: Demo) -> None:
    """D1, D2: every product that came from Zettle is removed."""
    page.goto(f"{demo.url}/apps/bigcommerce/disconnect")
    page.get_by_role("radio", name=re.compile("Ta bort produkterna")).check()
    page.get_by_role("button", name="Koppla från").click()
    page.get_by_text("Till dess är de dolda i butiken").wait_for()
    page.get_by_role("button", name="Ta bort nu").click()
    demo.wait("an empty store", lambda: demo.store()["products"] == [])
    page.goto(f"{demo.url}/apps")
    page.get_by_text("BigCommerce").first.wait_for()
