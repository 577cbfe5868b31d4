"""A merchant who keeps prices and tax in BigCommerce, in a real browser: from the choice to a
second connection that finds everything again, and ends in BigCommerce (C5, C6, C8, D1 to D4).
"""

import re
from typing import Any

import pytest
from playwright.sync_api import Page

from brygga_sandbox.sandbox import Connector
from tests.e2e.conftest import Demo
from tests.e2e.test_a_merchants_day import connect

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PRICE, TAX_CLASS = 149.5, 2
CONNECT = re.compile(r">\s*Anslut\s*</button>")


@pytest.mark.rule("C5", "C6", "C8", "C10", "D1", "D2", "D3", "D4")
def test_prices_and_tax_stay_the_merchants_own(page: Page, demo: Demo) -> None:
    connect(page, demo)
    chosen(page)
    products = demo.library()
    demo.wait("every product in the store", lambda: len(demo.store()["products"]) == len(products))
    assert {(0, 0)} == {(one["price"], one["tax_class_id"]) for one in demo.store()["products"]}

    uuid = priced_in_the_store(page, demo, products)
    said_on_the_page(page, demo, uuid)
    saved_at_the_till(page, demo, uuid, "Kopp Kvällsljus")
    assert (PRICE, TAX_CLASS) == own(demo, "Kopp Kvällsljus")
    added_later(demo)

    before = {one["id"]: one["name"] for one in demo.store()["products"]}
    connected_again(page, demo)
    chosen(page)
    saved_at_the_till(page, demo, uuid, "Kopp Gryning")
    # Found again, and none twice.
    assert {*before} == {one["id"] for one in demo.store()["products"]}
    assert (PRICE, TAX_CLASS) == own(demo, "Kopp Gryning")
    uninstalled(page, demo)
    page.goto("about:blank")


def chosen(page: Page) -> None:
    """The set-up, without prices, up to its last button. The choice is said to stay."""
    own_prices = page.get_by_role("radio", name=re.compile("Jag sätter priser i BigCommerce"))
    own_prices.wait_for()
    own_prices.check()
    page.get_by_role("button", name="Fortsätt").click()
    page.get_by_role("radio", name=re.compile("Hela biblioteket")).check()
    page.get_by_role("button", name="Fortsätt").click()
    page.get_by_role("button", name="Slutför inställningarna").click()
    page.wait_for_url("**/apps/bigcommerce**")


def priced_in_the_store(page: Page, demo: Demo, products: list[dict[str, Any]]) -> str:
    """A simple product gets a price and a tax class, on the store's own page."""
    simple = next(one for one in products if len(one["variants"]) == 1)
    shown = demo.product(simple["name"])
    assert shown is not None
    store = demo.facts["bigcommerce"]["store_hash"]
    page.goto(f"{demo.shop}/manage/{store}/products/{shown['id']}?lang=sv")
    page.locator("input[name=price]").fill("149,50")
    page.locator("select[name=tax_class_id]").select_option(str(TAX_CLASS))
    page.get_by_role("button", name="Spara").first.click()
    demo.wait("the price in the store", lambda: own(demo, simple["name"]) == (PRICE, TAX_CLASS))
    return str(simple["uuid"])


def said_on_the_page(page: Page, demo: Demo, uuid: str) -> None:
    page.goto(f"{demo.url}/library/{uuid}")
    page.get_by_text("Ändra priser i BigCommerce.").wait_for()
    page.get_by_text("Ändra skatt i BigCommerce.").wait_for()


def saved_at_the_till(page: Page, demo: Demo, uuid: str, name: str) -> None:
    """Whatever a save changes, the store's price and tax class are not among it."""
    page.goto(f"{demo.till}/products/{uuid}?lang=sv")
    page.locator("input[name=name]").fill(name)
    page.locator("input[name=price-0]").fill("99")
    page.get_by_role("button", name="Spara").first.click()
    demo.wait("the new name in the store", lambda: demo.product(name) is not None)


def added_later(demo: Demo) -> None:
    demo.http.post(
        f"{demo.facts['zettle']['control']}/products",
        json={"name": "Fat Senare", "variants": [{"price": 5000}]},
    ).raise_for_status()
    demo.wait("the later product in the store", lambda: demo.product("Fat Senare") is not None)
    assert (0, 0) == own(demo, "Fat Senare")


def own(demo: Demo, name: str) -> tuple[float, int]:
    found = demo.product(name)
    assert found is not None
    return found["price"], found["tax_class_id"]


def connected_again(page: Page, demo: Demo) -> None:
    """D4: Connect leads by way of Zettle and BigCommerce back to the set-up, in one go."""
    page.goto(f"{demo.url}/apps/bigcommerce/disconnect")
    page.get_by_role("radio", name=re.compile("Behåll produkterna")).check()
    with page.expect_navigation():
        page.get_by_role("button", name="Koppla från").click()
    # A page that renews itself would cut off where we go: none is open while we wait.
    page.goto("about:blank")
    demo.wait("a connection that has ended", lambda: offers_connect(page, demo))
    page.goto(f"{demo.url}/apps/bigcommerce")
    page.get_by_role("button", name="Anslut").click()
    page.get_by_role("button", name="Bekräfta").click()
    page.get_by_role("button", name="Fortsätt").click()
    page.get_by_role("button", name="Bekräfta").click()
    page.get_by_role("heading", name=re.compile("^Anslut ")).wait_for()
    page.get_by_role("button", name="Anslut", exact=True).click()
    page.wait_for_url(f"{demo.url}/apps/bigcommerce**")


def offers_connect(page: Page, demo: Demo) -> bool:
    return bool(CONNECT.search(page.request.get(f"{demo.url}/apps/bigcommerce").text()))


def uninstalled(page: Page, demo: Demo) -> None:
    """D3: on the store's own page. Ours says so, and the products stay."""
    page.goto(f"{demo.shop}/manage/{demo.facts['bigcommerce']['store_hash']}/apps?lang=sv")
    ours = page.locator(f"form:has(input[value='{Connector().bigcommerce_client_id}'])")
    page.on("dialog", lambda dialog: dialog.accept())
    ours.get_by_role("button", name="Avinstallera").click()
    page.get_by_text("Appen är avinstallerad.").first.wait_for()
    page.goto("about:blank")
    here = f"{demo.url}/apps/bigcommerce"
    said = "avinstallerades i BigCommerce"
    demo.wait("the end of the connection", lambda: said in page.request.get(here).text())
    page.goto(here)
    page.get_by_text(said).first.wait_for()
    assert demo.product("Kopp Gryning") is not None
