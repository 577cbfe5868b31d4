"""The steps of the story of separate stock (rules S5, S6): parted, sold on each side, explained,
downloaded, joined.
"""

import csv
import io
import re
from typing import Any

from playwright.sync_api import Browser, Page

from tests.e2e.conftest import Demo


def tell(page: Page, demo: Demo, chromium: Browser) -> None:
    """The whole story, of a mug of its own."""
    mug = demo.make("Mugg Delad", 8)
    shared = demo.balance(variant_of(mug))

    parted(page, demo, mug, shared)
    sold_on_each_side(demo, mug, shared)
    explained(page, demo, mug, shared)
    downloaded(page, mug)
    joined(page, demo, mug, shared)
    without_scripts(chromium, page, demo, mug)


def variant_of(mug: dict[str, Any]) -> str:
    return str(mug["variants"][0]["uuid"])


def in_shop(demo: Demo, mug: dict[str, Any]) -> dict[str, Any]:
    found = demo.product(mug["name"])
    assert found is not None
    return found


def level(demo: Demo, mug: dict[str, Any]) -> int:
    return int(in_shop(demo, mug)["inventory_level"])


def parted(page: Page, demo: Demo, mug: dict[str, Any], shared: int) -> None:
    """The form starts from the shared number; a sum that is another is asked about before anything
    is written.
    """
    page.goto(f"{demo.url}/library/{mug['uuid']}")
    till, shop = (
        page.get_by_label(re.compile(": Zettle$")),
        page.get_by_label(re.compile(": BigCommerce$")),
    )
    form = page.locator("#separate-stock")
    form.get_by_text("Använd separat lager").click()
    assert (str(shared), "0") == (till.input_value(), shop.input_value())
    assert form.locator("output").inner_text() == str(shared)

    form.get_by_role("checkbox", name="Separat lager för BigCommerce").check()
    shop.fill("2")
    page.get_by_text("Summan skiljer sig från det gemensamma antalet.").wait_for()
    form.get_by_role("button", name="Spara").click()
    page.get_by_role("heading", name="Stämmer den nya summan?").wait_for()
    assert shared == level(demo, mug) == demo.balance(variant_of(mug))

    page.get_by_role("button", name="Ändra siffrorna").click()
    page.get_by_label(re.compile(": Zettle$")).fill(str(shared - 2))
    page.get_by_role("button", name="Spara").click()
    page.get_by_text("Separat lager är på.").wait_for()
    demo.wait("two in the shop", lambda: level(demo, mug) == 2)
    demo.wait("the rest at the till", lambda: demo.balance(variant_of(mug)) == shared - 2)


def sold_on_each_side(demo: Demo, mug: dict[str, Any], shared: int) -> None:
    """From then on neither side moves the other."""
    control = demo.facts["zettle"]["control"]
    demo.http.post(
        f"{control}/sell", json={"variant_uuid": variant_of(mug), "quantity": 1}
    ).raise_for_status()
    there = in_shop(demo, mug)
    line = {"product_id": there["id"], "variant_id": there["variants"][0]["id"], "quantity": 1}
    orders = f"{demo.facts['bigcommerce']['control']}/orders"
    demo.http.post(orders, json={"lines": [line]}).raise_for_status()
    assert (shared - 3, 1) == (demo.balance(variant_of(mug)), level(demo, mug))


def explained(page: Page, demo: Demo, mug: dict[str, Any], shared: int) -> None:
    """ "Why is this 7?" follows by itself, and learns what the receipts and orders were."""
    page.goto(f"{demo.url}/library/{mug['uuid']}")
    page.get_by_role("link", name="Varför?").first.click()
    page.get_by_role("heading", name=f"Varför {shared - 3} i kassan och 1 i webbutiken?").wait_for()
    cell = page.get_by_role("cell")
    cell.filter(has_text=re.compile(r"Sålt i kassan, kvitto \d+")).first.wait_for()
    cell.filter(has_text=re.compile(r"Order \d+ i webbutiken")).first.wait_for()
    cell.filter(has_text="Du slog på separat lager").first.wait_for()
    drawing = page.get_by_role("img", name="Lagret över tid")
    lines = [drawing.locator(f"path.{side}:not(.dot)").count() for side in ("till", "shop")]
    assert [1, 1] == lines
    assert (shared - 3, 1) == (demo.balance(variant_of(mug)), level(demo, mug))


def downloaded(page: Page, mug: dict[str, Any]) -> None:
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Ladda ner som kalkylblad (CSV)").click()
    content = waiting.value.path().read_bytes()
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))

    assert content.startswith(b"\xef\xbb\xbf")
    assert waiting.value.suggested_filename.endswith(".csv")
    assert {mug["name"].strip()} == {row["Produkt"].strip() for row in rows}
    assert any(row["Vad som hände"].startswith("Sålt i kassan, kvitto") for row in rows)


def joined(page: Page, demo: Demo, mug: dict[str, Any], shared: int) -> None:
    """The confirmation shows the number that both sides will have."""
    page.goto(f"{demo.url}/library/{mug['uuid']}")
    page.get_by_role("link", name="Avaktivera separat lager").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("cell", name=re.compile(rf" = {shared - 2}$")).wait_for()
    dialog.get_by_role("button", name="Avaktivera separat lager").click()
    page.get_by_text("Lagret är gemensamt igen.").wait_for()
    demo.wait("the sum at the till", lambda: demo.balance(variant_of(mug)) == shared - 2)
    demo.wait("the sum in the shop", lambda: level(demo, mug) == shared - 2)


def without_scripts(chromium: Browser, page: Page, demo: Demo, mug: dict[str, Any]) -> None:
    """The same in a browser that runs none: a button adds up, the sum is asked about, and the
    confirmation is a page.
    """
    shared = demo.balance(variant_of(mug))
    cookies = page.context.storage_state()
    context = chromium.new_context(locale="sv-SE", java_script_enabled=False, storage_state=cookies)
    bare = context.new_page()
    bare.goto(f"{demo.url}/library/{mug['uuid']}")
    bare.get_by_text("Använd separat lager").click()
    bare.get_by_role("checkbox", name="Separat lager för BigCommerce").check()
    bare.get_by_label(re.compile(": Zettle$")).fill(str(shared))
    bare.get_by_label(re.compile(": BigCommerce$")).fill("3")
    bare.get_by_role("button", name="Räkna ihop").click()
    assert str(shared + 3) == bare.locator("#separate-stock output").inner_text()
    bare.get_by_role("button", name="Spara").click()
    bare.get_by_role("button", name="Spara den nya summan").click()
    demo.wait("three in the shop", lambda: level(demo, mug) == 3)

    bare.get_by_role("link", name="Avaktivera separat lager").click()
    bare.get_by_role("cell", name=str(shared + 3), exact=True).wait_for()
    bare.get_by_role("button", name="Avaktivera separat lager").click()
    demo.wait("the sum in the shop", lambda: level(demo, mug) == shared + 3)
    demo.wait("the sum at the till", lambda: demo.balance(variant_of(mug)) == shared + 3)
    context.close()
