"""Products that are in both systems before the first sync, in Swedish and in a real Chromium: told
of while the store is compared, linked, and not made twice (rule P11).
"""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import TIMEOUT_S, Demo
from tests.e2e.test_a_merchants_day import connect

pytestmark = [pytest.mark.browser, pytest.mark.slow]
expect.set_options(timeout=TIMEOUT_S * 1000)


@pytest.mark.rule("P11", "C11")
def test_a_product_of_both_systems_is_linked_before_the_first_sync(page: Page, demo: Demo) -> None:
    twin = next(one for one in demo.library() if len(one["variants"]) == 1)
    control = demo.facts["bigcommerce"]["control"]
    own = {"name": twin["name"], "price": 10, "is_visible": True}
    made = demo.http.post(f"{control}/products", json=own).raise_for_status().json()
    connect(page, demo)
    page.get_by_role("radio", name=re.compile("Priserna kommer från Zettle")).check()
    page.get_by_role("button", name="Fortsätt").click()
    page.get_by_role("radio", name=re.compile("Hela biblioteket")).check()
    page.get_by_role("button", name="Fortsätt").click()
    # It comes by itself, while the page is open.
    expect(page.get_by_text(f"{twin['name']} och {twin['name']} i butiken")).to_be_visible()
    page.get_by_role("link", name="Se troliga dubbletter").click()
    page.get_by_role("radio", name=re.compile("Länka med den här")).check()
    page.get_by_role("button", name="Spara valen").last.click()
    page.get_by_text("Sparat:").wait_for()
    page.goto(f"{demo.url}/apps/bigcommerce")
    expect(page.get_by_text("inga hittade")).to_be_visible()
    page.get_by_role("button", name="Slutför inställningarna").click()
    count = len(demo.library())
    demo.wait("every product in the store", lambda: len(demo.store()["products"]) == count)
    found = demo.product(twin["name"])

    assert found is not None
    assert (made["id"], True) == (found["id"], found["is_visible"])
