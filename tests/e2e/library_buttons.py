"""The steps of the story of the library's buttons, on a page that has renewed itself."""

import re

from playwright.sync_api import Locator, Page, ViewportSize, expect

from tests.e2e.conftest import Demo

PHONE: ViewportSize = {"width": 380, "height": 800}
# The list is as wide as its longest entry, which grows with the language and the number of
# products.
MEASURED_WITH_A_LONG_ENTRY = """() => {
    const list = document.querySelector("#state");
    list.add(new Option("Kvar i kategorin Zettle sedan flera år (1 234 567)"));
    const parts = ["section[data-part=library]", "#q", "#state"];
    return parts.map(part => document.querySelector(part).getBoundingClientRect().toJSON());
}"""


def tell(page: Page, demo: Demo) -> None:
    """The whole story, of a cup of its own."""
    name = renewed(page, demo, demo.make("Kopp Kvällsljus")["uuid"])
    a_wish_taken_back_is_forgotten(page, name)
    unassigned_after_a_confirmation(page, name)
    undone_without_a_question(page, name)
    filtered_by_choosing(page, name)
    everything_fits_a_phone(page, demo)
    page.goto("about:blank")


def renewed(page: Page, demo: Demo, uuid: str) -> str:
    """The open library after the rows were fetched anew, because a product was renamed at the
    till.
    """
    name = "Kopp Morgonljus"
    page.goto(f"{demo.url}/library?q=Morgonljus")
    page.get_by_text("Ingen produkt passar").wait_for()
    page.evaluate("document.body.dataset.witness = 'the same page'")
    till = page.context.new_page()
    till.goto(f"{demo.till}/products/{uuid}?lang=sv")
    till.locator("input[name=name]").fill(name)
    till.get_by_role("button", name="Spara").first.click()
    row(page, name).wait_for()
    till.close()
    assert page.evaluate("document.body.dataset.witness") == "the same page"
    expect(row(page, name).get_by_text("Synkad")).to_be_visible(timeout=30_000)
    return name


def a_wish_taken_back_is_forgotten(page: Page, name: str) -> None:
    """Cancelled, the dialog leaves nothing behind that "Sync now" could send."""
    open_channels(page, name)
    channel(page).uncheck()
    page.get_by_role("dialog").get_by_role("button", name="Avbryt").click()
    page.get_by_text("Åtgärder").click()
    with page.expect_navigation(), page.expect_request("**/library/sync") as sent:
        page.get_by_role("button", name="Synka nu").click()

    assert "bigcommerce" not in (sent.value.post_data or "")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(row(page, name).get_by_role("button", name="Ångra")).to_have_count(0)


def unassigned_after_a_confirmation(page: Page, name: str) -> None:
    """The first answer may be no: then nothing is sent, and it can be asked anew."""
    open_channels(page, name)
    channel(page).uncheck()
    page.get_by_role("button", name="Uppdatera produkter").click()
    page.get_by_role("dialog").get_by_role("button", name="Avbryt").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("#channel-wish")).to_have_value("leave")

    open_channels(page, name, tick=False)
    channel(page).uncheck()
    page.get_by_role("button", name="Uppdatera produkter").click()
    page.get_by_role("dialog").get_by_role("button", name="Ta bort tilldelning av produkt").click()
    row(page, name).get_by_role("button", name="Ångra").wait_for()


def undone_without_a_question(page: Page, name: str) -> None:
    with page.expect_navigation(), page.expect_request("**/library/undo") as sent:
        row(page, name).get_by_role("button", name="Ångra").click()

    assert "bigcommerce" not in (sent.value.post_data or "")
    expect(row(page, name).get_by_role("button", name="Ångra")).to_have_count(0)


def filtered_by_choosing(page: Page, name: str) -> None:
    page.get_by_label("Visa", exact=True).select_option("synced")
    page.wait_for_url("**state=synced**")


def everything_fits_a_phone(page: Page, demo: Demo) -> None:
    wide = page.viewport_size
    page.set_viewport_size(PHONE)
    page.goto(f"{demo.url}/library")
    # Measured in one step: between two, a live update can put a new card in the place of the old.
    card, *fields = page.evaluate(MEASURED_WITH_A_LONG_ENTRY)
    for field in fields:
        assert card["left"] <= field["left"]
        assert field["left"] < field["right"] <= card["right"]
    assert wide is not None
    page.set_viewport_size(wide)


# ---- Where things are ----------------------------------------------------------------------------


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("row").filter(has_text=name)


def open_channels(page: Page, name: str, *, tick: bool = True) -> None:
    if tick:
        page.get_by_role("checkbox", name=name).check()
    page.get_by_text("Åtgärder").click()
    page.get_by_role("button", name="Tilldela till kanaler").click()


def channel(page: Page) -> Locator:
    return page.get_by_role("checkbox", name=re.compile("BigCommerce"))
