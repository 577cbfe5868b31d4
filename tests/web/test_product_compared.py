"""A product's page compares both sides, field by field (P1, P4, P6, decision 1)."""

import html
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from tests.web.conftest import BERG, SHOP, Browser, World, product

from brygga.core import clashes
from brygga.core.drift import differences, digest
from brygga.core.fingerprints import fingerprint
from brygga.core.mapping import desired
from brygga.core.model import Connection, ObservedProduct, ObservedVariant, Synced
from brygga.core.terms import terms_of
from brygga.database import bindings, library, library_pages, shown, waiting_work, work_items
from brygga.database.shown import Read
from brygga.database.work_items import Kind
from brygga.web.pages.product import READ_AFTER

Edit = Callable[[ObservedProduct], ObservedProduct]
ROW = re.compile(r"<tr[^>]*><th scope=\"row\">(.*?)</th>(.*?)</tr>", re.DOTALL)
CELL = re.compile(r"<td[^>]*>(.*?)</td>", re.DOTALL)


async def synced(world: World, language: str = "en") -> tuple[Connection, Browser, str]:
    """A mug that is in the store as Zettle has it. Nothing was read of it yet."""
    connection = await world.running()
    browser = world.browser(language)
    await browser.sign_in()
    (mug,) = await world.stock_library(connection, "Mugg", assigned=True)
    wanted = desired(product(mug, "Mugg"), terms_of(connection)).product
    assert wanted is not None
    binding = Synced(
        mug,
        11,
        etag="etag",
        fingerprint=fingerprint(wanted),
        variants={f"{mug}-v": 21},
    )
    async with world.database.transaction() as tx:
        await bindings.save(tx, connection.id, binding, world.clock.now())
        await work_items.forget(tx, connection.id, list(Kind))
    world.clock.move(1)
    return connection, browser, mug


def as_written(connection: Connection, mug: str) -> ObservedProduct:
    wanted = desired(product(mug, "Mugg"), terms_of(connection)).product
    assert wanted is not None
    (variant,) = wanted.variants
    return ObservedProduct(
        11,
        wanted.name,
        wanted.description,
        sku=variant.sku,
        price=wanted.price or Decimal(0),
        base_variant_id=21,
        variants=(ObservedVariant(21, variant.sku),),
    )


async def read(world: World, connection: Connection, mug: str, edit: Edit | None) -> None:
    """What a read of BigCommerce finds after this edit. None: the product is gone."""
    wanted = desired(product(mug, "Mugg"), terms := terms_of(connection)).product
    assert wanted is not None
    found = Read(11, None, digest="missing")
    async with world.database.transaction() as tx:
        binding = await bindings.get(tx, connection.id, mug)
        assert binding is not None
        if edit is not None:
            observed = edit(as_written(connection, mug))
            over = differences(wanted, binding.synced, observed, terms)
            found = Read(11, observed, len(over), digest(over))
        await shown.save(tx, connection.id, {mug: found}, world.clock.now())


def same(one: ObservedProduct) -> ObservedProduct:
    return one


def edited(one: ObservedProduct) -> ObservedProduct:
    return replace(
        one,
        name="Egen mugg",
        description="<p>Drejad &amp; <b>bränd</b></p>",
        price=Decimal("1249.5"),
        tax_class_id=3,
    )


def rows(page: str) -> dict[str, list[str]]:
    """Field -> what Zettle has, what BigCommerce has, where it is edited, how it stands."""
    table = page.partition('id="fields"')[2].partition("</section>")[0]
    return {
        plain(head): [plain(one) for one in CELL.findall(rest)] for head, rest in ROW.findall(table)
    }


def plain(text: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", text)).strip()


@pytest.mark.rule("P6")
async def test_each_field_shows_both_sides_and_whose_it_is(world: World) -> None:
    connection, browser, mug = await synced(world, "sv")
    await read(world, connection, mug, edited)
    page = (await browser.open(f"/library/{mug}")).text
    found = rows(page)

    assert ["Mugg", "Egen mugg", "Zettle", "Ändrat i BigCommerce"] == found["Namn"]
    assert ["Drejad för hand", "Drejad & bränd", "Zettle", "Ändrat i BigCommerce"] == found[
        "Beskrivning"
    ]
    assert ["249,00\xa0kr", "1\xa0249,50\xa0kr", "Zettle", "Ändrat i BigCommerce"] == found["Pris"]
    assert ["SKU-Mugg", "SKU-Mugg", "Zettle", "Lika"] == found["SKU"]
    assert "BigCommerce" == found["Moms"][2]
    assert "3 fält har ändrats i BigCommerce" in page


@pytest.mark.rule("P6")
async def test_what_is_equal_asks_nothing(world: World) -> None:
    connection, browser, mug = await synced(world)
    await read(world, connection, mug, same)
    page = (await browser.open(f"/library/{mug}")).text

    assert {"The same"} == {cells[3] for cells in rows(page).values() if cells[2] == "Zettle"}
    assert "Keep theirs until the next save" not in page


async def test_edits_are_kept_until_the_next_save_and_others_are_asked_about(world: World) -> None:
    """Decision 1: also the library says nothing of them then."""
    connection, browser, mug = await synced(world)
    await read(world, connection, mug, edited)
    asked = (await browser.open(f"/library/{mug}")).text
    listed = (await browser.open("/library?state=edited")).text
    await browser.press(f"/library/{mug}/keep")
    await read(world, connection, mug, edited)
    kept = (await browser.open(f"/library/{mug}")).text
    async with world.database.read() as tx:
        flagged = await library_pages.flagged(tx, connection.id)
    await read(world, connection, mug, lambda one: replace(edited(one), name="Kopp"))
    anew = (await browser.open(f"/library/{mug}")).text

    button = "Keep theirs until the next save"
    assert (True, False, True) == (button in asked, button in kept, button in anew)
    assert f'href="/library/{mug}#fields"' in listed
    assert "You keep what was edited in BigCommerce" in kept
    assert 0 == flagged.edited


@pytest.mark.rule("P1", "P6")
async def test_differing_texts_are_never_called_the_same(world: World) -> None:
    """A name with our suffix, since another product has the plain one (decision 6); and texts that
    nobody edited, because the next save in Zettle writes what a newer mapping wants.
    """
    connection, browser, mug = await synced(world)
    suffixed = clashes.forms_of_name("Mugg", mug)[0]
    await read(world, connection, mug, lambda one: replace(one, name=suffixed))
    adapted = rows((await browser.open(f"/library/{mug}")).text)
    async with world.database.transaction() as tx:
        binding = await bindings.get(tx, connection.id, mug)
        assert binding is not None
        older = replace(binding.synced, fingerprint="0" * 32)
        await bindings.save(tx, connection.id, older, world.clock.now() - timedelta(minutes=1))
    await read(world, connection, mug, edited)
    later = rows((await browser.open(f"/library/{mug}")).text)

    assert ["Mugg", suffixed, "Zettle", "Adapted for the store Why?"] == adapted["Name"]
    assert ("The same", "The same") == (adapted["SKU"][3], later["SKU"][3])
    assert "At the next save" == later["Description"][3]


@pytest.mark.rule("P1")
async def test_a_picture_that_was_left_out_is_not_called_the_same(world: World) -> None:
    """Decision 8: the line says which, and why."""
    connection, browser, mug = await synced(world)
    gone = ("https://zettle.test/gone.png",)
    pictured = replace(product(mug, "Mugg"), image_urls=gone, etag="pictured")
    async with world.database.transaction() as tx:
        await library.upsert_many(tx, connection.id, [pictured], world.clock.now())
        binding = await bindings.get(tx, connection.id, mug)
        assert binding is not None
        written = replace(binding.synced, etag="pictured")
        await bindings.save(tx, connection.id, written, world.clock.now() - timedelta(minutes=1))
    await read(world, connection, mug, same)
    found = rows((await browser.open(f"/library/{mug}")).text)

    assert ["1", "–", "Zettle", "Not all carried over Why?"] == found["Images"]


async def test_there_is_nothing_to_keep_where_nothing_differs(world: World) -> None:
    connection, browser, mug = await synced(world)
    await read(world, connection, mug, same)
    answer = await browser.press(f"/library/{mug}/keep")
    page = (await browser.open(answer.headers["location"].partition("#")[0])).text

    assert "Nothing was changed" in page


@pytest.mark.rule("P10")
async def test_a_product_that_was_deleted_in_the_store_can_be_created_again(world: World) -> None:
    connection, browser, mug = await synced(world)
    await read(world, connection, mug, None)
    page = (await browser.open(f"/library/{mug}")).text
    listed = (await browser.open("/library")).text

    assert "The product has been deleted in BigCommerce." in page
    assert "Create it again now" in page
    assert "Deleted in BigCommerce" in listed


async def test_a_product_is_read_when_its_page_opens_and_not_again_at_once(world: World) -> None:
    connection, browser, mug = await synced(world)

    async def asks() -> bool:
        await browser.open(f"/library/{mug}")
        async with world.database.transaction() as tx:
            asked = await waiting_work.waits(tx, connection.id, Kind.SHOP_PRODUCT, "11")
            await work_items.forget(tx, connection.id, list(Kind))
        return asked

    first = await asks()
    await read(world, connection, mug, same)
    soon = await asks()
    world.clock.move(READ_AFTER.total_seconds() + 1)
    later = await asks()

    assert (True, False, True) == (first, soon, later)


async def test_what_was_read_before_the_last_sync_is_not_shown(world: World) -> None:
    connection, browser, mug = await synced(world)
    await read(world, connection, mug, edited)
    async with world.database.transaction() as tx:
        world.clock.move(1)
        sealed = {mug: ("etag", "print")}
        await bindings.commit(tx, connection.id, sealed, world.clock.now())
    page = (await browser.open(f"/library/{mug}")).text

    assert "Egen mugg" not in page
    assert "BigCommerce is being asked what it shows." in page


async def test_no_merchant_keeps_another_ones_edits(world: World) -> None:
    connection, _, mug = await synced(world)
    await read(world, connection, mug, edited)
    await world.running(BERG, replace(SHOP, store_hash="berg1"))
    stranger = world.browser()
    await stranger.sign_in("berg")
    answers = [await stranger.press(f"/library/{mug}/{one}") for one in ("keep", "look")]
    async with world.database.read() as tx:
        seen = await shown.get(tx, connection.id, mug)

    assert [404, 404] == [one.status_code for one in answers]
    assert seen is not None
    assert not seen.is_accepted
