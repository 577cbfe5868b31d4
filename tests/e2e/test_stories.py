"""The rules that a merchant meets on our pages, each as one short story in Swedish and in a real
Chromium, all in one demo (docs/rules.md, "Told in a browser").
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e import library_buttons, separating
from tests.e2e.conftest import TIMEOUT_S, Demo

pytestmark = [pytest.mark.browser, pytest.mark.slow]
expect.set_options(timeout=TIMEOUT_S * 1000)
SAME = "Lika på båda sidor"


@pytest.fixture(scope="module")
def signed_in(chromium: Browser, shared: Demo) -> Any:
    """The cookies of a merchant who has signed in."""
    context = chromium.new_context(locale="sv-SE")
    page = context.new_page()
    page.goto(shared.url)
    page.get_by_role("link", name="Logga in med Zettle").click()
    page.get_by_role("button", name="Bekräfta").click()
    page.wait_for_url(f"{shared.url}/**")
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def shown(chromium: Browser, signed_in: Any) -> Iterator[Page]:
    """The merchant's browser, in Swedish. No page of it may have a fault."""
    context = chromium.new_context(locale="sv-SE", storage_state=signed_in)
    context.set_default_timeout(TIMEOUT_S * 1000)
    faults: list[str] = []
    context.on("weberror", lambda error: faults.append(str(error.error)))
    yield context.new_page()
    context.close()
    assert faults == []


def at_the_till(shown: Page, shared: Demo, path: str) -> Page:
    """A second window, with a page of the cashier's. It says yes to what it is asked."""
    till = shown.context.new_page()
    till.on("dialog", lambda dialog: dialog.accept())
    till.goto(f"{shared.till}{path}")
    return till


def in_the_panel(shown: Page, shared: Demo, name: str) -> Page:
    """A second window, with the store's own page of the product."""
    found = shared.product(name)
    assert found is not None
    panel = shown.context.new_page()
    store = shared.facts["bigcommerce"]["store_hash"]
    panel.goto(f"{shared.shop}/manage/{store}/products/{found['id']}?lang=sv")
    return panel


def saved(page: Page) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name="Spara", exact=True).last.click()


@pytest.mark.rule("P8", "P5")
def test_a_product_added_at_the_till_comes_by_itself(shown: Page, shared: Demo) -> None:
    """The open library shows it without anybody's doing."""
    shown.goto(f"{shared.url}/library?q=Nykomling")
    shown.get_by_text("Ingen produkt passar").wait_for()
    till = at_the_till(shown, shared, "/products/new?lang=sv")
    till.locator("input[name=name]").fill("Vas Nykomling")
    till.locator("input[name=price-0]").fill("249")
    saved(till)
    row = shown.get_by_role("row").filter(has_text="Vas Nykomling")
    expect(row.get_by_text("Synkad")).to_be_visible()

    found = shared.product("Vas Nykomling")
    assert found is not None
    assert (249, False) == (found["price"], found["is_visible"])


@pytest.mark.rule("P9", "A2")
def test_a_product_for_the_till_only_is_assigned_later_on_its_own_page(
    shown: Page, shared: Demo
) -> None:
    shown.goto(f"{shared.url}/library")
    shown.get_by_role("link", name="Lägg till produkt").first.click()
    expect(shown.get_by_text("läggs till på Zettles egna sidor synkas alltid")).to_be_visible()
    shown.get_by_label(re.compile("^Namn")).first.fill("Kanna Kassa")
    shown.get_by_label(re.compile("^Pris")).first.fill("349")
    shown.get_by_role("checkbox", name="BigCommerce").uncheck()
    shown.locator("button.main", has_text="Spara").click()
    shown.get_by_role("link", name="Visa produkten").first.click()
    expect(shown.locator("[data-part=tag]")).to_contain_text("Inte tilldelad")
    assert shared.product("Kanna Kassa") is None

    shown.get_by_role("checkbox", name="BigCommerce").check()
    shown.get_by_role("button", name="Spara").first.click()
    expect(shown.locator("[data-part=tag]")).to_contain_text("Synkad")
    assert shared.product("Kanna Kassa") is not None


@pytest.mark.rule("P12")
def test_a_product_deleted_at_the_till_is_removed_from_the_store(shown: Page, shared: Demo) -> None:
    fat = shared.make("Fat Bortgång")
    till = at_the_till(shown, shared, f"/products/{fat['uuid']}?lang=sv")
    with till.expect_event("dialog") as asked:
        till.get_by_role("button", name="Ta bort").click()
    assert "Ta bort produkten?" == asked.value.message
    till.get_by_text("Produkten är borttagen.").wait_for()
    shared.wait("gone from the store", lambda: shared.product("Fat Bortgång") is None)

    shown.goto(f"{shared.url}/library/{fat['uuid']}")
    expect(shown.get_by_text("Produkten finns inte längre i Zettle")).to_be_visible()
    removed = shown.get_by_text("Fat Bortgång togs bort från BigCommerce")
    # The page does not renew itself, and may have been read before the removal was saved.
    shared.wait("the line of it", lambda: shown.reload() and removed.count() > 0)


@pytest.mark.rule("P1", "P2", "P4", "P6", "P7")
def test_what_is_edited_in_the_store_stays_there_or_gives_way(shown: Page, shared: Demo) -> None:
    """A name edited there never reaches Zettle, and is overwritten at the next save. What is the
    merchant's own stays.
    """
    vase = shared.make("Vas Egensinnig")
    panel = in_the_panel(shown, shared, "Vas Egensinnig")
    panel.locator("input[name=name]").fill("Vas Omdöpt")
    panel.locator("input[name=is_visible]").check()
    saved(panel)
    shown.goto(f"{shared.url}/library/{vase['uuid']}")
    fields = shown.locator("#fields")
    name = fields.get_by_role("row").filter(has=shown.get_by_role("rowheader", name="Namn"))
    expect(name).to_contain_text(re.compile("Vas Egensinnig.*Vas Omdöpt"))
    own = fields.get_by_role("row").filter(has=shown.get_by_role("rowheader", name="Synlighet"))
    expect(own).to_contain_text("BigCommerce")
    assert "Vas Egensinnig" in {one["name"] for one in shared.library()}

    till = at_the_till(shown, shared, f"/products/{vase['uuid']}?lang=sv")
    till.locator("textarea[name=description]").fill("Drejad för hand.")
    saved(till)
    shared.wait("Zettle's name again", lambda: shared.product("Vas Egensinnig") is not None)
    found = shared.product("Vas Egensinnig")
    assert found is not None
    assert found["is_visible"] is True
    expect(name).not_to_contain_text("Vas Omdöpt")


@pytest.mark.rule("A1", "A3", "A5", "P10")
def test_the_library_s_buttons_do_what_they_say(shown: Page, shared: Demo) -> None:
    library_buttons.tell(shown, shared)


@pytest.mark.rule("E2")
def test_help_answers_in_the_merchants_words(shown: Page, shared: Demo) -> None:
    shown.goto(f"{shared.url}/help")
    answers = shown.locator(".answers details:visible")
    everything = answers.count()
    shown.get_by_role("searchbox").fill("dubbletter")
    expect(answers.first).to_contain_text(re.compile("dubblett", re.IGNORECASE))
    assert 0 < answers.count() < everything
    answers.first.locator("summary").click()
    expect(answers.first.locator(".answer")).to_be_visible()
    shown.get_by_role("searchbox").fill("xylofon")
    expect(shown.get_by_text("Inget svar passar")).to_be_visible()


def test_a_statement_of_both_sides_is_made_read_and_downloaded(shown: Page, shared: Demo) -> None:
    shared.make("Kopp Avstämd", 7)
    shown.goto(f"{shared.url}/apps/bigcommerce")
    shown.get_by_role("link", name=re.compile("^Avstämningar")).click()
    shown.get_by_role("button", name="Jämför nu").click()
    shown.locator("[data-part=list] tbody a").first.click()
    expect(shown.get_by_role("heading", level=1, name=re.compile("^Avstämning "))).to_be_visible()
    equal = shown.locator("dl.figures div").filter(has_text=SAME).locator("dd")
    assert int(equal.inner_text()) >= 1
    with shown.expect_download() as sent:
        shown.get_by_role("link", name="CSV").click()
    rows = sent.value.path().read_text("utf-8-sig").splitlines()
    assert [row for row in rows if row.startswith("Lika;")]


def test_each_alert_is_switched_off_and_on_by_the_merchant(shown: Page, shared: Demo) -> None:
    shown.goto(f"{shared.url}/apps/bigcommerce")
    shown.get_by_role("link", name="Aviseringar").first.click()
    causes = shown.locator("input[name=cause]")
    count = causes.count()
    assert [True] * count == ticks(shown)
    for number in range(count):
        causes.nth(number).uncheck()
        saved(shown)
        assert [place != number for place in range(count)] == ticks(shown)
        causes.nth(number).check()
    saved(shown)
    assert [True] * count == ticks(shown)


def ticks(shown: Page) -> list[bool]:
    return [one.is_checked() for one in shown.locator("input[name=cause]").all()]


# ---- Stock, last: an edit in the store seconds after a write of ours is known late ---------------


def counted(shared: Demo, place: int) -> tuple[str, str, str, int]:
    """A product of one variant that the first sync brought, with its stock: name, uuid, variant and
    level.
    """
    found = [
        (one["name"], one["uuid"], one["variants"][0]["uuid"], level)
        for one in shared.library()
        if len(one["variants"]) == 1 and (level := shared.level(one["name"]) or 0) >= 3
    ]
    return found[place]


@pytest.mark.rule("S1", "S7")
def test_inventory_management_is_switched_off_and_on_again(shown: Page, shared: Demo) -> None:
    """Off at the till: the open page says so, and the store's number is its own. On again on our
    page: Zettle's number is written.
    """
    name, uuid, variant, level = counted(shared, 0)
    shown.goto(f"{shared.url}/library/{uuid}")
    stock = shown.locator("#stock")
    expect(stock.get_by_text(SAME)).to_be_visible()

    till = at_the_till(shown, shared, f"/products/{uuid}?lang=sv")
    till.get_by_role("button", name="Stäng av lagerhantering").click()
    expect(till.get_by_text("Lagerhantering är av.")).to_be_visible()
    expect(stock.get_by_text(SAME)).to_have_count(0)
    expect(stock.get_by_role("checkbox", name="Aktivera lagerhantering")).not_to_be_checked()
    expect(shown.get_by_text("lagerhantering slogs av").first).to_be_visible()

    panel = in_the_panel(shown, shared, name)
    panel.locator("input[name=level]").fill("1")
    saved(panel)
    assert (1, level) == (shared.level(name), shared.balance(variant))

    stock.get_by_role("checkbox", name="Aktivera lagerhantering").check()
    stock.get_by_role("button", name="Spara").click()
    expect(stock.get_by_text(SAME)).to_be_visible()
    expect(shown.get_by_text(f"byttes ut: från 1 till {level}").first).to_be_visible()
    assert level == shared.level(name)


@pytest.mark.rule("S4")
def test_a_number_set_by_hand_shows_on_the_other_side(shown: Page, shared: Demo) -> None:
    name, uuid, variant, level = counted(shared, 1)
    shown.goto(f"{shared.url}/library/{uuid}")
    row = shown.locator("#stock tbody tr")
    panel = in_the_panel(shown, shared, name)
    panel.locator("input[name=level]").fill("2")
    saved(panel)
    expect(row).to_contain_text(re.compile(rf"2\s*2\s*{SAME}"))
    assert 2 == shared.balance(variant)

    till = at_the_till(shown, shared, f"?lang=sv&q={quote(name)}")
    till.locator("input[name=balance]").first.fill(str(level + 4))
    till.get_by_role("button", name="Sätt lager").first.click()
    expect(row).to_contain_text(re.compile(rf"{level + 4}\s*{level + 4}\s*{SAME}"))
    assert level + 4 == shared.level(name)


@pytest.mark.rule("S2", "S3", "S5", "S6")
def test_stock_is_parted_explained_and_joined(shown: Page, shared: Demo, chromium: Browser) -> None:
    separating.tell(shown, shared, chromium)
