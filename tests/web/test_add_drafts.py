"""The "Add product" form around the saving: drafts, the preview, and what became of the product
(rule P9).
"""

import re
from dataclasses import replace
from decimal import Decimal

import pytest
from tests.web.conftest import Browser, World, product
from tests.web.test_add_product import FORM, SIZES, png, send, signed_in, waiting

from brygga.core.model import Connection
from brygga.database import additions, assigning, library
from brygga.web.i18n import LANGUAGES

KEY = re.compile(r'name="key" value="([^"]+)"')


async def key_of(browser: Browser, **fields: str) -> str:
    """Sends the form and returns its key."""
    found = KEY.search((await browser.open(FORM)).text)
    assert found is not None
    await send(browser, key=found[1], **fields)
    return found[1]


# ---- Drafts --------------------------------------------------------------------------------------


@pytest.mark.rule("P9")
async def test_a_draft_survives_a_closed_tab_and_says_no_mistakes(world: World) -> None:
    connection, browser = await signed_in(world)
    key = await key_of(browser, action="draft", name="Mugg", price="tolv", **SIZES)
    offered = (await browser.open(FORM)).text
    back = (await browser.open(f"{FORM}/{key}")).text
    await browser.press(f"{FORM}/{key}/discard")

    assert [] == await waiting(world, connection)
    assert f'href="{FORM}/{key}" aria-label="Continue with Mugg"' in offered
    assert all(text in back for text in ('value="Mugg"', 'value="tolv"', 'name="row-sku-1"'))
    assert "aria-invalid" not in back
    assert f"{FORM}/{key}" not in (await browser.open(FORM)).text


@pytest.mark.rule("P9")
async def test_saving_a_draft_answers_nothing_and_keeps_a_chosen_picture(world: World) -> None:
    _, browser = await signed_in(world)
    key = await key_of(browser, action="variants", name="Mugg")
    answer = await send(browser, ("a.png", png()), key=key, action="draft", name="Mugg")

    assert (204, b"") == (answer.status_code, answer.content)
    assert f"{FORM}/{key}/pictures/1" in (await browser.open(f"{FORM}/{key}")).text


@pytest.mark.rule("P9")
async def test_a_draft_of_a_product_that_was_sent_meanwhile_changes_nothing(world: World) -> None:
    connection, browser = await signed_in(world)
    key = await key_of(browser, name="Mugg")
    late = await send(browser, key=key, action="draft", name="Mugg två")

    assert 303 == late.status_code
    assert ["Mugg"] == [one.product.name for one in await waiting(world, connection)]


# ---- VAT -----------------------------------------------------------------------------------------


@pytest.mark.rule("P9")
async def test_the_accounts_own_vat_rates_come_first_and_in_order(world: World) -> None:
    connection, browser = await signed_in(world)
    products = [
        replace(product(f"p{n}", f"Vara {n}"), vat_percentage=Decimal(rate))
        for n, rate in enumerate(("6", "25", "25", "11.5"))
    ]
    async with world.database.transaction() as tx:
        await library.upsert_many(tx, connection.id, products, world.clock.now())
    page = (await browser.open(FORM)).text
    choice = page.partition('<select id="vat"')[2].partition("</select>")[0]

    assert ["25", "11.5", "6", "12", "0", "", "other"] == re.findall(r'value="([^"]*)"', choice)
    assert '<option value="25" selected>25 %</option>' in choice
    assert "11.5 %" in choice


# ---- The preview ---------------------------------------------------------------------------------


@pytest.mark.rule("P1", "P9")
@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_preview_shows_both_sides_and_saves_nothing(world: World, language: str) -> None:
    connection, browser = await signed_in(world)
    await browser.open(f"/language/{language}")
    sizes = {"row-key-0": '["S"]', "row-use-0": "yes", "row-key-1": '["M"]', "row-use-1": "yes"}
    answer = await send(
        browser,
        action="preview",
        name="Mugg",
        price="249,50",
        vat="12",
        tracked="yes",
        slug="bla-mugg",
        **SIZES,
        **sizes,
        **{"row-price-1": "300", "row-stock-0": "7", "row-sku-0": "M-S"},
    )
    shown = answer.text.partition('id="preview"')[2].partition("</section>")[0]
    plain = " ".join(re.sub(r"<[^>]+>", " ", shown).split()).replace("\u00a0", " ")

    assert (200, []) == (answer.status_code, await waiting(world, connection))
    assert "/bla-mugg/" in plain
    assert re.search(r"S M-S \D*249[.,]50.*7 M – \D*300[.,]00.*0", plain), plain
    assert 'value="Mugg"' in answer.text


@pytest.mark.rule("P9")
async def test_a_preview_of_a_product_for_the_till_alone_says_so(world: World) -> None:
    _, browser = await signed_in(world)
    alone = await send(browser, action="preview", name="Kopp", bigcommerce="")
    wrong = await send(browser, action="preview", name="Kopp", price="tolv")

    assert "BigCommerce does not get it" in alone.text
    assert "Price in BigCommerce" not in alone.text
    assert 'id="preview"' not in wrong.text
    assert 'id="price-wrong"' in wrong.text


# ---- What became of it ---------------------------------------------------------------------------


async def in_zettle(world: World, connection: Connection, key: str, *, assigned: bool) -> None:
    """As the work leaves it."""
    now = world.clock.now()
    async with world.database.transaction() as tx:
        await assigning.decide(tx, connection.id, key, assigned=assigned, now=now)
        await library.upsert_many(tx, connection.id, [product(key, "Mugg")], now)
        await additions.done(tx, connection.id, key)


@pytest.mark.rule("P9")
@pytest.mark.parametrize(
    ("assigned", "says"), [(True, "being made in the store"), (False, "sold at the till only")]
)
async def test_the_page_says_what_happened_where(world: World, assigned: bool, says: str) -> None:
    connection, browser = await signed_in(world)
    key = await key_of(browser, name="Mugg", bigcommerce="yes" if assigned else "")
    await in_zettle(world, connection, key, assigned=assigned)
    page = (await browser.open(f"{FORM}/{key}")).text

    assert "<h1>Mugg is added</h1>" in page
    assert says in page
    assert f'href="/library/{key}"' in page


async def test_a_product_that_nobody_has_is_not_said_to_be_added(world: World) -> None:
    _, browser = await signed_in(world)

    assert 404 == (await browser.open(f"{FORM}/6a1d3b00-0000-11ed-9c3e-0000000000ab")).status_code
