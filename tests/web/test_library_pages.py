"""The library and product pages: assigning, undoing, and the wall between merchants (A1 to A5)."""

import html
import re
from dataclasses import replace

import pytest
from tests.web.conftest import BERG, SHOP, Browser, World

from brygga.core.model import Connection, Synced
from brygga.core.report import Code, Line, Severity, Topic
from brygga.database import bindings, duplicates, library, synclog, turns, waiting_work, work_items
from brygga.database.duplicates import Choice, Pair
from brygga.database.work_items import Kind


async def signed_in(world: World, language: str = "en") -> tuple[Connection, Browser]:
    connection = await world.running()
    browser = world.browser(language)
    await browser.sign_in()
    return connection, browser


async def assigned(world: World, connection: Connection) -> list[str]:
    async with world.database.read() as tx:
        return list(await library.assigned_uuids(tx, connection.id))


@pytest.mark.rule("A1")
async def test_ticked_products_are_assigned(world: World) -> None:
    connection, browser = await signed_in(world)
    kanna, _, mugg = await world.stock_library(connection, "Kanna", "Fat", "Mugg")
    await browser.press("/library/assign", bigcommerce="yes", product=[kanna, mugg])

    assert {kanna, mugg} == set(await assigned(world, connection))
    async with world.database.read() as tx:
        assert 2 == (await waiting_work.counts(tx, connection.id))[Kind.PRODUCT]


@pytest.mark.rule("A5")
@pytest.mark.parametrize("wish", ["leave", "", "nonsense"])
async def test_a_box_left_alone_changes_nothing(world: World, wish: str) -> None:
    connection, browser = await signed_in(world)
    kanna, mugg = await world.stock_library(connection, "Kanna", "Mugg")
    await browser.press("/library/assign", bigcommerce="yes", product=kanna)
    await browser.press("/library/assign", bigcommerce=wish, product=[kanna, mugg])

    assert [kanna] == await assigned(world, connection)


@pytest.mark.rule("A3")
async def test_unassigning_waits_ten_seconds_and_can_be_undone(world: World) -> None:
    connection, browser = await signed_in(world)
    (kanna,) = await world.stock_library(connection, "Kanna", assigned=True)
    await browser.press("/library/assign", bigcommerce="no", confirmed="yes", product=kanna)
    page = await browser.open("/library")
    async with world.database.read() as tx:
        due = await turns.next_due(tx, connection.id)
    await browser.press("/library/undo", undo=kanna)
    async with world.database.read() as tx:
        entry = await library.get(tx, connection.id, kanna)

    assert "Undo" in page.text
    assert due is not None
    assert entry is not None
    assert (True, None) == (entry.assigned, entry.unassign_at)


@pytest.mark.rule("A3")
async def test_without_scripts_a_page_asks_before_products_are_unassigned(world: World) -> None:
    connection, browser = await signed_in(world)
    kanna, mugg = await world.stock_library(connection, "Kanna", "Mugg", assigned=True)
    asked = await browser.press(
        "/library/assign", bigcommerce="no", product=[kanna, mugg], q='"K', state="synced"
    )
    async with world.database.read() as tx:
        before = [
            entry.unassign_at
            for entry in (await library.get_many(tx, connection.id, [kanna, mugg])).values()
        ]
    fields = re.findall(r'<input type="hidden" name="(?!_csrf)(\w+)" value="([^"]*)">', asked.text)
    sent = {
        name: [html.unescape(value) for key, value in fields if key == name] for name, _ in fields
    }
    back = await browser.press("/library/assign", "/help", confirmed="yes", **sent)
    async with world.database.read() as tx:
        after = [
            entry.unassign_at
            for entry in (await library.get_many(tx, connection.id, [kanna, mugg])).values()
        ]

    assert "2 products" in asked.text
    assert '<button class="danger" name="confirmed" value="yes">' in asked.text
    assert [None, None] == before
    assert None not in after
    assert "/library?q=%22K&state=synced" == back.headers["location"]


@pytest.mark.rule("A3", "P10")
@pytest.mark.parametrize("wish", ["no", "yes"])
async def test_sync_now_and_undo_never_heed_the_channel_box(world: World, wish: str) -> None:
    """They are buttons of the same form; a box that was left ticked or unticked there is not about
    them.
    """
    connection, browser = await signed_in(world)
    kanna, mugg = await world.stock_library(connection, "Kanna", "Mugg", assigned=True)
    (fat,) = await world.stock_library(connection, "Fat")
    await browser.press("/library/assign", bigcommerce="no", confirmed="yes", product=mugg)
    await browser.press("/library/sync", bigcommerce=wish, product=[kanna, fat])
    await browser.press("/library/undo", bigcommerce=wish, product=[kanna, fat], undo=mugg)

    assert {kanna, mugg} == set(await assigned(world, connection))
    async with world.database.read() as tx:
        entries = await library.get_many(tx, connection.id, [kanna, mugg, fat])
    assert [None, None, None] == [entry.unassign_at for entry in entries.values()]


@pytest.mark.rule("A2")
async def test_one_product_is_assigned_on_its_page(world: World) -> None:
    connection, browser = await signed_in(world)
    (kanna,) = await world.stock_library(connection, "Kanna")
    await browser.press(f"/library/{kanna}/assign", bigcommerce="yes")

    assert [kanna] == await assigned(world, connection)


@pytest.mark.rule("P10")
async def test_sync_now_is_a_forced_read(world: World) -> None:
    connection, browser = await signed_in(world)
    (kanna,) = await world.stock_library(connection, "Kanna", assigned=True)
    await browser.press(f"/library/{kanna}/sync")
    async with world.database.read() as tx:
        (item,) = await work_items.due(tx, connection.id, world.clock.now(), [Kind.PRODUCT])

    assert (kanna, True) == (item.subject, item.force)


@pytest.mark.rule("S7")
async def test_tracking_is_switched_by_a_work_item(world: World) -> None:
    connection, browser = await signed_in(world)
    (kanna,) = await world.stock_library(connection, "Kanna", assigned=True)
    await browser.press(f"/library/{kanna}/stock/tracking", tracking="yes", shown="off")
    async with world.database.read() as tx:
        (item,) = await work_items.due(tx, connection.id, world.clock.now(), [Kind.TRACKING])

    assert (kanna, "on") == (item.subject, item.detail)


async def test_another_merchant_s_product_is_not_there(world: World) -> None:
    _, browser = await signed_in(world)
    other = await world.running(BERG, replace(SHOP, store_hash="berg1"))
    (secret,) = await world.stock_library(other, "Hemlig")

    opened = await browser.open(f"/library/{secret}")
    pressed = [
        (
            await browser.press(f"/library/{secret}/{button}", bigcommerce="yes", tracking="yes")
        ).status_code
        for button in ("assign", "sync", "stock/tracking")
    ]
    await browser.press("/library/assign", bigcommerce="yes", product=secret)
    await browser.press("/library/sync", product=secret)

    assert 404 == opened.status_code
    assert "Hemlig" not in opened.text
    assert [404, 404, 404] == pressed
    assert [] == await assigned(world, other)
    async with world.database.read() as tx:
        assert {} == await waiting_work.counts(tx, other.id)


@pytest.mark.rule("A4")
async def test_the_sync_log_says_what_happened_and_why(world: World) -> None:
    connection, browser = await signed_in(world, "sv")
    (kanna,) = await world.stock_library(connection, "Kanna", assigned=True)
    line = Line(
        Code.PRODUCT_REFUSED,
        Topic.PRODUCT,
        Severity.ERROR,
        kanna,
        params={"name": "<b>Kanna", "reason": "sku_taken"},
    )
    async with world.database.transaction() as tx:
        await synclog.add(tx, connection.id, line, world.clock.now())
    page = await browser.open("/apps/bigcommerce/log?severity=error")
    stock = await browser.open("/apps/bigcommerce/log?topic=stock")

    assert (
        "&lt;b&gt;Kanna kunde inte synkas: En annan produkt i butiken har samma SKU." in page.text
    )
    assert "Produktsynk" in page.text
    assert "Lagersynk" in page.text
    assert "kunde inte synkas" not in stock.text


@pytest.mark.rule("P11")
async def test_likely_duplicates_are_warned_of_until_they_are_synced_or_decided(
    world: World,
) -> None:
    connection, browser = await signed_in(world)
    kanna, mugg, fat = await world.stock_library(connection, "Kanna", "Mugg", "Fat")
    pairs = [Pair(uuid, number, "likely") for number, uuid in enumerate((kanna, mugg, fat), 1)]
    async with world.database.transaction() as tx:
        await duplicates.found(tx, connection.id, pairs, world.clock.now())
    three = await browser.open("/library")
    async with world.database.transaction() as tx:
        await bindings.save_many(tx, connection.id, [Synced(kanna, 11)], world.clock.now())
        await duplicates.choose(tx, connection.id, mugg, 2, Choice.SKIP)
    one = await browser.open("/library")
    async with world.database.transaction() as tx:
        await bindings.save_many(tx, connection.id, [Synced(fat, 13)], world.clock.now())
    none = await browser.open("/library")

    assert "3 products may be in the store already" in three.text
    assert "1 product may be in the store already" in one.text
    assert "may be in the store already" not in none.text


@pytest.mark.rule("E1")
async def test_the_overview_s_lists_show_just_those_products(world: World) -> None:
    connection, browser = await signed_in(world)
    kanna, mugg = await world.stock_library(connection, "Kanna", "Mugg", assigned=True)
    async with world.database.transaction() as tx:
        await bindings.save_many(
            tx, connection.id, [Synced(kanna, 1), Synced(mugg, 2)], world.clock.now()
        )
        await bindings.set_seen(tx, connection.id, {kanna: (True, False), mugg: (False, True)})
    overview = await browser.open("/apps/bigcommerce")
    shown = [
        (await browser.open(f"/library?{query}")).text
        for query in ("state=hidden", "state=in_category", "vat=25", "vat=6")
    ]

    assert 'href="/library?vat=25"' in overview.text
    assert [(True, False), (False, True), (True, True), (False, False)] == [
        (">Kanna</a>" in page, ">Mugg</a>" in page) for page in shown
    ]
