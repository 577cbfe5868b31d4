"""One merchant, one day, in Swedish and in a real browser: from sign-in to disconnect."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.e2e.conftest import Demo

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.rule("C1", "C3", "C4", "C8", "C9", "C10", "P1", "P2", "P3", "P4", "P5", "P7")
@pytest.mark.rule("A1", "A2", "A3", "A4", "S1", "S2", "S3", "S4", "S7", "D1", "D2", "E1")
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
    edited_in_the_shop(demo, mug)
    all_is_well(page, demo)
    both_sides_compared(page, demo, mug)
    counted_no_more(page, demo, mug)
    told_by_mail(page, demo)
    compared_and_downloaded(page, demo)
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


def edited_in_the_shop(demo: Demo, mug: dict[str, Any]) -> None:
    """S4, P7: the number follows to the till, the name does not."""
    there = demo.product("Mugg Solnedgång")
    assert there is not None
    control = f"{demo.facts['bigcommerce']['control']}"
    body = {"product_id": there["id"], "level": 9}
    demo.http.post(f"{control}/stock", json=body).raise_for_status()
    demo.http.post(f"{control}/products/{there['id']}", json={"page_title": "Egen"})
    variant = mug["variants"][0]["uuid"]
    demo.wait("nine at the till", lambda: demo.balance(variant) == 9)
    assert "Egen" not in str(demo.library())


def both_sides_compared(page: Page, demo: Demo, mug: dict[str, Any]) -> None:
    """P1, P2, P4, C8 on the product's page, and A2: unassigned there, and undone."""
    page.goto(f"{demo.url}/library/{mug['uuid']}")
    fields = page.locator("#fields")
    fields.get_by_role("row", name=re.compile("^Namn Mugg Solnedgång Mugg Solnedgång")).wait_for()
    for own in ("Synlighet", "Kategorier", "Moms"):
        fields.get_by_role("row", name=re.compile(f"^{own} .*Ditt eget")).wait_for()
    page.get_by_role("checkbox", name=re.compile("^BigCommerce")).uncheck()
    page.get_by_role("button", name="Spara").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Ta bort tilldelning av produkt").click()
    page.get_by_role("button", name="Ångra").click()
    page.get_by_text("produkten blir kvar i BigCommerce").wait_for()


def counted_no_more(page: Page, demo: Demo, mug: dict[str, Any]) -> None:
    """S1, S7: switched off, nothing is shared; on again, both sides have Zettle's number."""
    tracking = page.get_by_role("checkbox", name="Aktivera lagerhantering")
    same = page.locator("#stock").get_by_text("Lika på båda sidor")
    same.wait_for()
    tracking.uncheck()
    page.locator("#stock form button").first.click()
    same.wait_for(state="detached")
    tracking.check()
    page.locator("#stock form button").first.click()
    same.wait_for()
    there = demo.product("Mugg Solnedgång")
    assert there is not None
    assert demo.balance(mug["variants"][0]["uuid"]) == there["inventory_level"]


def told_by_mail(page: Page, demo: Demo) -> None:
    """An address is confirmed by the link that was sent there; one cause is switched off."""
    page.goto(f"{demo.url}/apps/bigcommerce")
    page.get_by_role("link", name="Aviseringar").click()
    page.get_by_label("E-postadress").fill("anna@example.com")
    page.get_by_role("button", name="Spara adressen").click()
    page.get_by_text("Inte bekräftad än").wait_for()
    demo.wait("the mail with the link", lambda: demo.mailbox.mails)
    (link,) = re.findall(r"https?://\S+/alerts/confirm/\S+", demo.mailbox.mails[-1])
    page.goto(link)
    page.get_by_role("button", name="Ja, skicka aviseringar hit").click()
    page.get_by_role("link", name="Aviseringar").click()
    page.get_by_text("Bekräftad", exact=True).wait_for()
    cause = page.get_by_role("checkbox", name=re.compile("Den första synken är klar"))
    cause.uncheck()
    page.get_by_role("button", name="Spara", exact=True).click()
    page.get_by_role("status").first.wait_for()
    assert not cause.is_checked()


def compared_and_downloaded(page: Page, demo: Demo) -> None:
    """A statement without waiting for the night, and its file."""
    page.get_by_role("link", name="Besked", exact=True).click()
    page.get_by_role("button", name="Jämför nu").click()
    file = page.get_by_role("link", name=re.compile("^Besked 1 som CSV"))
    with page.expect_download() as sent:
        file.click()
    assert "Lika;" in Path(sent.value.path()).read_text()


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
