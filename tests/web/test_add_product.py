"""The "Add product" form: what it takes, what it refuses and how, and that nothing typed is lost
(rule P9).
"""

import re
import struct
import zlib
from dataclasses import replace
from typing import Any

import httpx2
import pytest
from tests.web.conftest import BERG, LIND, SHOP, Browser, World

from brygga.core import pictures
from brygga.core.model import Connection, Organization, Stage, TaxationMode
from brygga.database import additions, library, work_items
from brygga.database.additions import State
from brygga.database.values import from_plain
from brygga.database.work_items import Kind
from brygga.sync.products.adding import Wanted
from brygga.zettle.values import SalesTax

FORM = "/library/new"
SIZES = {"option-1-name": "Storlek", "option-1-values": "S, M"}


def png(width: int = 120, height: int = 120, noise: int = 4_000) -> bytes:
    """A picture whose bytes are only as many as its check wants."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"tEXt", b"x" * noise) + chunk(b"IEND", b"")


async def signed_in(world: World, organization: Organization = LIND) -> tuple[Connection, Browser]:
    connection = await world.running(organization)
    browser = world.browser()
    await browser.sign_in("berg" if organization is BERG else "lind")
    return connection, browser


async def send(
    browser: Browser, *files: tuple[str, bytes], **fields: str | list[str]
) -> httpx2.Response:
    """The form as a browser sends it, opened anew unless a key is given."""
    page = (await browser.open(FORM)).text
    token = re.search(r'name="_csrf_token" value="(\w+)"', page)
    key = re.search(r'name="key" value="([^"]+)"', page)
    assert token is not None
    assert key is not None
    data: dict[str, Any] = {
        "_csrf_token": token[1],
        "key": key[1],
        "action": "save",
        "bigcommerce": "yes",
        **fields,
    }
    sent = [("picture", (name, content, "image/png")) for name, content in files]
    # Without a file this would be another kind of body than a browser's.
    return await browser.http.post(
        FORM, data=data, files=sent or [("picture", ("", b"", "application/octet-stream"))]
    )


async def waiting(world: World, connection: Connection) -> list[Wanted]:
    async with world.database.read() as tx:
        found = await additions.under_way(tx, connection.id)
    return [from_plain(one.product, Wanted) for one in found if one.state is State.WAITING]


# ---- What is sent --------------------------------------------------------------------------------


@pytest.mark.rule("P9")
async def test_every_field_of_the_form_reaches_the_product(world: World) -> None:
    connection, browser = await signed_in(world)
    answer = await send(
        browser,
        name="Mugg",
        price="249,50",
        vat="12",
        sku="MUG-1",
        barcode="7310865004703",
        description="Rad ett\r\nRad två",
        online_description="Drejad",
        weight="0,45",
        weight_unit="kg",
        seo_title="Mugg | Lind",
        seo_description="Handgjord",
        slug="bla-mugg",
        tracked="yes",
        stock="7",
    )
    (asked,) = await waiting(world, connection)
    new, (variant,) = asked.product, asked.product.variants

    assert f"/library/new/{new.uuid}" == answer.headers["location"]
    assert ("Mugg", "Rad ett\nRad två", "Drejad") == (
        new.name,
        new.description,
        new.online_description,
    )
    assert (450, "12", None) == (new.weight_grams, str(new.vat_percentage), new.tax)
    assert ("Mugg | Lind", "Handgjord", "bla-mugg") == (
        new.seo_title,
        new.seo_description,
        new.slug,
    )
    assert (24950, "MUG-1", "7310865004703", ()) == (
        variant.price and variant.price.minor,
        variant.sku,
        variant.barcode,
        variant.options,
    )
    assert (True, True, {variant.uuid: 7}) == (asked.assigned, asked.tracked, asked.stock)
    assert all(uuid[14] == "1" for uuid in (new.uuid, variant.uuid)), "Zettle wants version 1"


@pytest.mark.rule("P9")
async def test_variants_are_shown_before_they_are_saved_and_each_keeps_what_was_typed(
    world: World,
) -> None:
    connection, browser = await signed_in(world)
    options = {**SIZES, "option-2-name": "Färg", "option-2-values": "Röd\nBlå"}
    shown = await send(browser, name="Tröja", price="199", **options)
    keys = re.findall(r'name="row-key-(\d)" value="([^"]+)"', shown.text)
    rows = {f"row-key-{number}": key.replace("&#34;", '"') for number, key in keys}
    used = {f"row-use-{number}": "yes" for number, _ in keys if number != "3"}
    typed = {"row-price-1": "219", "row-sku-0": "S-R", "row-stock-2": "5", "tracked": "yes"}
    await send(browser, name="Tröja", price="199", **options, **rows, **used, **typed)
    (asked,) = await waiting(world, connection)
    variants = asked.product.variants

    assert 400 == shown.status_code
    assert "Look them over" in shown.text
    assert ["S, Röd", "S, Blå", "M, Röd"] == [one.name for one in variants]
    assert [19900, 21900, 19900] == [one.price.minor for one in variants if one.price]
    assert (("Storlek", "S"), ("Färg", "Röd")) == variants[0].options
    assert "S-R" == variants[0].sku
    assert {variants[2].uuid: 5} == asked.stock
    assert [("Storlek", ("S", "M")), ("Färg", ("Röd", "Blå"))] == [
        (one.name, one.values) for one in asked.product.definitions
    ]


@pytest.mark.rule("P9")
async def test_without_scripts_a_button_draws_the_table_and_asks_for_nothing_else(
    world: World,
) -> None:
    connection, browser = await signed_in(world)
    shown = await send(browser, action="variants", name="", price="x", **SIZES)

    assert 200 == shown.status_code
    assert 2 == len(re.findall(r'name="row-key-', shown.text))
    assert "The product needs a name" not in shown.text
    assert [] == await waiting(world, connection)


@pytest.mark.rule("P9")
async def test_a_form_that_is_sent_twice_adds_one_product(world: World) -> None:
    connection, browser = await signed_in(world)
    first = await send(browser, name="Mugg")
    key = first.headers["location"].rpartition("/")[2]
    again = await send(browser, name="Mugg två", key=key)
    async with world.database.read() as tx:
        found = await work_items.due(tx, connection.id, world.clock.now(), [Kind.ADDITION])

    assert first.headers["location"] == again.headers["location"]
    assert ["Mugg"] == [one.product.name for one in await waiting(world, connection)]
    assert [key] == [item.subject for item in found]


@pytest.mark.rule("P9")
async def test_a_key_of_a_product_that_is_there_or_of_no_sense_overwrites_nothing(
    world: World,
) -> None:
    connection, browser = await signed_in(world)
    await world.stock_library(connection, "Kanna")
    nonsense = await send(browser, name="Mugg", key="../../etc")
    (asked,) = await waiting(world, connection)

    assert nonsense.headers["location"] == f"/library/new/{asked.product.uuid}"
    assert "1" == asked.product.uuid[14]


@pytest.mark.rule("P9")
@pytest.mark.parametrize(("box", "assigned"), [("yes", True), ("", False)])
async def test_the_box_is_decided_before_zettle_gets_the_product(
    world: World, box: str, assigned: bool
) -> None:
    connection, browser = await signed_in(world)
    await send(browser, name="Kassakopp", bigcommerce=box)
    async with world.database.read() as tx:
        (item,) = await work_items.due(tx, connection.id, world.clock.now(), [Kind.ADDITION])
        entry = await library.get(tx, connection.id, item.subject)

    assert entry is not None
    assert (None, assigned) == (entry.product, entry.assigned)


@pytest.mark.rule("P9")
async def test_an_account_with_sales_tax_is_asked_for_no_percentage(world: World) -> None:
    us = replace(LIND, currency="USD", country="US", taxation_mode=TaxationMode.EXCLUSIVE)
    connection = await world.running(us)
    world.till.accounts["lind"] = us
    browser = world.browser()
    await browser.sign_in()
    page = await browser.open(FORM)
    await send(browser, name="Mug", price="12.50", vat="25")
    await send(browser, name="Gift", tax="exempt")
    found = {one.product.name: one.product for one in await waiting(world, connection)}

    assert 'name="vat"' not in page.text
    assert (None, SalesTax.DEFAULT) == (found["Mug"].vat_percentage, found["Mug"].tax)
    assert SalesTax.EXEMPT is found["Gift"].tax


async def test_nothing_is_added_before_the_set_up_is_finished(world: World) -> None:
    connection = await world.running(stage=Stage.PRODUCTS_CHOSEN)
    browser = world.browser()
    await browser.sign_in()
    opened = await browser.open(FORM)
    pressed = await browser.press(FORM, name="Mugg", action="save")

    assert ["/apps/bigcommerce"] * 2 == [one.headers["location"] for one in (opened, pressed)]
    assert [] == await waiting(world, connection)


# ---- Pictures ------------------------------------------------------------------------------------


@pytest.mark.rule("P9")
async def test_pictures_survive_a_mistake_elsewhere_and_can_be_taken_away(world: World) -> None:
    connection, browser = await signed_in(world)
    wrong = await send(browser, ("a.png", png()), ("b.png", png(200)), name="")
    places = re.findall(r'name="picture-drop" value="(\d+)"', wrong.text)
    key = re.search(r'name="key" value="([^"]+)"', wrong.text)
    assert key is not None
    shown = await browser.open(f"/library/new/{key[1]}/pictures/{places[0]}")
    endless = await send(browser, key=key[1], name="", **{"picture-drop": "9" * 5_000})
    await send(browser, key=key[1], name="Mugg", **{"picture-drop": places[0]})
    async with world.database.read() as tx:
        left = await additions.pictures(tx, connection.id, key[1])

    assert 400 == endless.status_code
    assert (200, "image/png", png()) == (
        shown.status_code,
        shown.headers["content-type"],
        shown.content,
    )
    assert [int(places[1])] == [one.place for one in left]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"<svg onload=alert(1)>" + b" " * 4000, "picture_kind"),
        (b"RIFF0000WEBPVP8 " + b"\0" * 4000, "picture_kind"),
        (png(noise=5_000_001), "picture_large"),
        (png(6000), "picture_large"),
        (png(40), "picture_small"),
        (png(noise=10), "picture_small"),
    ],
    ids=["svg", "webp", "bytes", "pixels", "narrow", "tiny"],
)
async def test_a_file_that_is_no_proper_picture_is_refused_with_its_reason(
    world: World, content: bytes, code: str
) -> None:
    connection, browser = await signed_in(world)
    answer = await send(browser, ("bild.png", content), name="Mugg")
    words = {
        "picture_kind": "right kind",
        "picture_large": "too large",
        "picture_small": "too small",
    }[code]

    assert (400, True) == (answer.status_code, words in answer.text)
    assert 'value="Mugg"' in answer.text
    assert [] == await waiting(world, connection)


def test_the_size_of_every_kind_of_picture_is_read_from_its_bytes() -> None:
    jpeg = (
        b"\xff\xd8\xff\xe0\x00\x10"
        + b"\0" * 14
        + b"\xff\xc2\x00\x11\x08\x01\x02\x03\x04"
        + b"\0" * 20
    )
    bmp = b"BM" + b"\0" * 12 + struct.pack("<Iii", 40, 300, -200) + b"\0" * 20

    assert pictures.Picture(pictures.Kind.JPEG, 0x0304, 0x0102) == pictures.described(jpeg)
    assert pictures.Picture(pictures.Kind.GIF, 10, 20) == pictures.described(
        b"GIF89a" + struct.pack("<HH", 10, 20)
    )
    assert pictures.Picture(pictures.Kind.BMP, 300, 200) == pictures.described(bmp)
    assert pictures.Picture(pictures.Kind.PNG, 7, 9) == pictures.described(png(7, 9))
    assert [None] * 3 == [
        pictures.described(junk) for junk in (b"", jpeg[:12], b"\xff\xd8\xff\xe0\x00\x00" * 9)
    ]


async def test_what_was_typed_comes_back_as_text_whatever_it_is(world: World) -> None:
    """Control characters, which no database takes, are left out."""
    _, browser = await signed_in(world)
    options = {"option-1-name": "<b>", "option-1-values": "<i>, \x07"}
    answer = await browser.press(
        FORM, FORM, action="save", name='"><script>alert(1)</script>\x1b', price="x", **options
    )

    assert 400 == answer.status_code
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in answer.text


async def test_a_form_from_another_site_adds_nothing(world: World) -> None:
    connection, browser = await signed_in(world)
    await browser.open(FORM)
    refused = await browser.http.post(
        FORM, data={"name": "Mugg", "action": "save", "_csrf_token": "0" * 128}
    )

    assert 403 == refused.status_code
    assert [] == await waiting(world, connection)


# ---- Afterwards ----------------------------------------------------------------------------------


@pytest.mark.rule("P9")
async def test_what_zettle_refused_comes_back_with_everything_that_was_typed(world: World) -> None:
    connection, browser = await signed_in(world)
    sent = await send(
        browser, ("a.png", png()), name="Mugg", price="12,50", vat="13", description="Fin"
    )
    place = sent.headers["location"]
    key = place.rpartition("/")[2]
    during = await browser.open(place)
    async with world.database.transaction() as tx:
        await additions.refuse(
            tx, connection.id, key, "zettle_input_refused", {"vatPercentage": "no such rate"}
        )
    back = await browser.open(place)
    listed = await browser.open("/library")
    await send(browser, key=key, name="Mugg", vat="12")
    (asked,) = await waiting(world, connection)

    assert "Being added in Zettle" in during.text
    assert "Zettle did not take the product" in back.text
    for typed in (
        'value="Mugg"',
        'value="12,50"',
        'value="13"',
        ">Fin</textarea>",
        f"/library/new/{key}/pictures/1",
    ):
        assert typed in back.text
    assert 'id="vat-wrong"' in back.text
    assert place in listed.text
    assert (key, "12") == (asked.product.uuid, str(asked.product.vat_percentage))


@pytest.mark.rule("P9")
async def test_a_refused_product_can_be_thrown_away_and_one_on_its_way_cannot(world: World) -> None:
    connection, browser = await signed_in(world)
    place = (await send(browser, name="Mugg")).headers["location"]
    key = place.rpartition("/")[2]
    await browser.press(f"{place}/discard")
    kept = await waiting(world, connection)
    async with world.database.transaction() as tx:
        await additions.refuse(tx, connection.id, key, "zettle_input_refused", {})
    await browser.press(f"{place}/discard")
    async with world.database.read() as tx:
        left = await library.get_many(tx, connection.id, [key])

    assert ["Mugg"] == [one.product.name for one in kept]
    assert ([], {}) == (await waiting(world, connection), left)
    assert 404 == (await browser.open(place)).status_code


async def test_another_merchant_s_addition_is_not_there(world: World) -> None:
    _, browser = await signed_in(world)
    place = (await send(browser, ("a.png", png()), name="Hemlig")).headers["location"]
    await world.running(BERG, replace(SHOP, store_hash="berg1"))
    other = world.browser()
    await other.sign_in("berg")

    found = [(await other.open(path)).status_code for path in (place, f"{place}/pictures/1")]

    assert [404, 404] == found
    assert 200 == (await browser.open(f"{place}/pictures/1")).status_code


async def test_drafts_that_nobody_came_back_to_are_thrown_away(world: World) -> None:
    connection, browser = await signed_in(world)
    page = await send(browser, ("a.png", png()), name="")
    key = re.search(r'name="key" value="([^"]+)"', page.text)
    assert key is not None
    world.clock.move(15 * 24 * 3600)
    await browser.sign_in("lind-2")
    await browser.open(FORM)
    async with world.database.read() as tx:
        assert await additions.get(tx, connection.id, key[1]) is None
