"""The overview: is everything all right, what needs the merchant, and what is on its way."""

import html
import re
from datetime import timedelta

import pytest
from tests.web.conftest import Browser, World
from tests.web.separate_stock import put
from tests.web.test_true_pages import with_products

from brygga.core.hands import Counting
from brygga.core.model import Connection, Origin, Synced
from brygga.core.report import Code, Line, Topic
from brygga.core.statements import Row, Statement
from brygga.core.stock import Ledger, StockRecord
from brygga.core.stock.ledger import Side
from brygga.core.stock.movement import Cause, Movement, Reason
from brygga.database import (
    bindings,
    connections,
    ledgers,
    library,
    movements,
    statements,
    synclog,
    work_items,
)
from brygga.database.ledgers import LedgerRow
from brygga.database.work_items import Kind
from brygga.web.i18n import Language, words
from brygga.web.state import Health, Tone, state, took

HOME = "/apps/bigcommerce"
LEFT_OUT = f"{HOME}/left-out"


@pytest.mark.parametrize(
    ("health", "tone", "sentence"),
    [
        (Health(stopped=True, needs=2), Tone.BAD, "The sync has stopped until you do something."),
        (Health(needs=2, silent=True), Tone.WARN, "2 things need you."),
        (Health(needs=1), Tone.WARN, "One thing needs you."),
        (Health(silent=True), Tone.WARN, "One side does not answer at the moment."),
        (Health(products_paused=True, waiting=3), Tone.WARN, "You have paused product sync."),
        (Health(wanted=9, made=2), Tone.BUSY, "2 of 9 are in the store."),
        (Health(waiting=1, stock_waiting=1, synced=4), Tone.BUSY, "2 changes are on their way."),
        (Health(stock_waiting=1), Tone.BUSY, "One change is on its way."),
        (Health(synced=4), Tone.GOOD, "Everything matches."),
        (Health(synced=4, unequal=1), Tone.GOOD, "Everything matches but one number,"),
        (Health(synced=4, unequal=2), Tone.GOOD, "Everything matches but 2 numbers,"),
        (Health(unequal=1), Tone.GOOD, "No product is synced yet"),
        (Health(waiting=1, synced=4, unequal=1), Tone.BUSY, "One change is on its way."),
        (Health(), Tone.GOOD, "No product is synced yet"),
    ],
)
def test_one_sentence_says_how_it_is(health: Health, tone: Tone, sentence: str) -> None:
    view = state(words("en"), health)

    assert tone == view.tone
    assert sentence in words("en").fill(view.key, dict(view.params))


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.84, "0,8\u00a0s"), (14.2, "14\u00a0s"), (119.0, "119\u00a0s"), (170.0, "3\u00a0min")],
)
def test_a_duration_is_said_as_people_say_it(seconds: float, said: str) -> None:
    assert said == took(words("sv"), seconds)


async def opened(world: World, language: Language = "en") -> tuple[Connection, Browser, list[str]]:
    """Three products, all of them synced."""
    connection, uuids = await with_products(world)
    async with world.database.transaction() as tx:
        synced = Synced(uuids[2], 102, Origin.CREATED, "etag", "print", {f"{uuids[2]}-v": 202})
        await bindings.save(tx, connection.id, synced, world.clock.now())
        await bindings.set_seen(tx, connection.id, {uuids[0]: (True, True)})
    browser = world.browser(language)
    await browser.sign_in()
    return connection, browser, uuids


async def read(browser: Browser, path: str = HOME) -> str:
    page = (await browser.open(path)).text.partition("<main")[2].partition("</main>")[0]
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


@pytest.mark.rule("A4", "E1")
@pytest.mark.parametrize("language", ["sv", "en"])
async def test_all_is_well_and_the_last_sale_is_told(world: World, language: Language) -> None:
    connection, browser, uuids = await opened(world, language)
    at = world.clock.now()
    of = (uuids[0], f"{uuids[0]}-v")
    sale = Movement(
        at, *of, Side.ZETTLE, Cause.SEEN, -1, 7, 6, 7, 7, reported=at, reason=Reason.SALE
    )
    written = Movement(at + timedelta(seconds=0.8), *of, Side.SHOP, Cause.WRITTEN, -1, 6, 6, 7, 6)
    async with world.database.transaction() as tx:
        await movements.add(tx, connection.id, [sale, written])

    page = await read(browser)

    assert {"en": "Everything matches. Last sale", "sv": "Allt stämmer. Senaste köpet"}[
        language
    ] in page
    assert {"en": "the web shop had it 0.8 s later.", "sv": "webbutiken hade det 0,8 s senare."}[
        language
    ] in page
    assert "order_placed" not in page


async def test_stock_that_is_paused_by_how_it_is_counted_needs_the_merchant(world: World) -> None:
    """Decision 18: the overview does not say that everything matches, and leads to the button."""
    connection, browser, uuids = await opened(world)
    async with world.database.transaction() as tx:
        await bindings.set_counting(tx, connection.id, uuids[1], Counting.LUMPED)
    page = (await browser.open(HOME)).text

    assert "The stock of one product is paused" in page
    assert f'href="/library/{uuids[1]}#stock"' in page
    assert "Everything matches" not in page


async def below_zero(world: World, connection: Connection, uuid: str) -> None:
    """Two more were sold at the till than there were."""
    now = world.clock.now()
    ledger = Ledger(StockRecord(-2, seen=now), StockRecord(0, -2, seen=now, variant_id=7))
    async with world.database.transaction() as tx:
        await ledgers.save(tx, connection.id, [LedgerRow(uuid, f"{uuid}-v", ledger)], now)


@pytest.mark.rule("E1", "S6")
async def test_a_number_that_cannot_become_equal_is_named_beside_all_that_match(
    world: World,
) -> None:
    """Decision 7: below zero in Zettle, 0 in the store. Separate stock is two numbers by choice.
    A difference of last night that is gone is called that.
    """
    connection, browser, uuids = await opened(world)
    await below_zero(world, connection, uuids[0])
    await put(world, connection, uuids[1], 8, 3, separate=True)
    await put(world, connection, uuids[2], 5, 5)
    below = (await browser.open(HOME)).text
    row = Row(uuids[0], f"{uuids[0]}-v", "Kanna", "", -2, 0, "below_zero")
    made = Statement(0, "", world.clock.now(), "", "abc123", 1, 1, 0, 1, (row,))
    async with world.database.transaction() as tx:
        await statements.add(tx, connection.id, made)
    named = await read(browser)
    named_on_page = await read(browser, f"/library/{uuids[0]}")
    await put(world, connection, uuids[0], 4, 4)
    async with world.database.transaction() as tx:
        await work_items.add(tx, connection.id, Kind.HOOKS, "", world.clock.now())
    after = await read(browser)

    assert "Everything matches but one number, which is explained." in html.unescape(below)
    assert "−2 0 Differs, with a reason" in named_on_page
    assert "On its way" not in named_on_page
    assert f'href="/library/{uuids[0]}/variants/{uuids[0]}-v/stock"' in below
    assert f"/library/{uuids[1]}/variants" not in below
    assert "Different: 1" in named
    assert "Everything matches but one number" in named
    assert "become equal" not in named
    assert "Everything matches. " in after
    assert "Since then all numbers have become equal." in after


@pytest.mark.rule("C12", "E1")
async def test_the_list_of_what_is_left_to_do_can_be_finished(world: World) -> None:
    """A tick holds until there are more products than it was made for."""
    connection, browser, uuids = await opened(world)
    first = await read(browser)
    for item in ("todo:category", "todo:hidden", "todo:vat:25", "todo:nothing"):
        await browser.press(f"{HOME}/todo", item=item)
    ticked = await read(browser)
    async with world.database.transaction() as tx:
        await bindings.set_seen(tx, connection.id, {uuids[1]: (True, False)})
        await work_items.add(tx, connection.id, Kind.HOOKS, "", world.clock.now())
    grown = await read(browser)
    await browser.press(f"{HOME}/todo", item="todo:vat:25", done="no")
    opened_again = await read(browser)

    assert "Show 1 hidden product in the shop" in first
    assert "Choose the tax class of 3 products with 25 % VAT" in first
    assert "All done" not in first
    assert "All done" in ticked
    assert "3 ticked off" in ticked
    assert "Show 2 hidden products in the shop" in grown
    assert "All done" not in grown
    assert "2 ticked off" in grown
    assert "1 ticked off" in opened_again


async def test_what_was_not_carried_over_is_a_list_to_work_through(world: World) -> None:
    connection, browser, (fat, mugg, vas) = await opened(world)
    now = world.clock.now()
    lines = [
        Line(Code.VIDEO_UNSUPPORTED, Topic.PRODUCT, subject=fat, params={"url": "https://x.test"}),
        Line(Code.TEXT_CUT, Topic.PRODUCT, subject=mugg, params={"field": "name", "limit": "250"}),
        Line(Code.PRODUCT_CREATED, Topic.PRODUCT, subject=vas),
    ]
    async with world.database.transaction() as tx:
        await synclog.add(tx, connection.id, lines, now)
        await bindings.commit(
            tx, connection.id, dict.fromkeys((fat, mugg, vas), ("etag", "f")), now
        )
    noted, listed = await read(browser), await read(browser, LEFT_OUT)
    await browser.press(LEFT_OUT, product=fat)
    rest, done = await read(browser, LEFT_OUT), await read(browser, f"{LEFT_OUT}?show=done")
    await browser.press(LEFT_OUT, product=fat, done="no", back="done")
    again = await read(browser, LEFT_OUT)
    later = now + timedelta(minutes=1)
    async with world.database.transaction() as tx:
        await bindings.commit(tx, connection.id, {mugg: ("etag", "f")}, later)

    assert "2 products lack something in BigCommerce" in noted
    assert ("Fat" in listed, "Mugg" in listed, "Vas" in listed) == (True, True, False)
    assert "https://x.test" in listed
    assert ("Fat" in rest, "Fat" in done) == (False, True)
    assert "Fat" in again
    assert "Mugg" not in await read(browser, LEFT_OUT)


async def test_a_failed_product_needs_the_merchant(world: World) -> None:
    connection, browser, uuids = await opened(world)
    async with world.database.transaction() as tx:
        await library.fail(tx, connection.id, uuids[0], "sku_taken", world.clock.now())
    page = (await browser.open(HOME)).text

    assert "One thing needs you." in page
    assert "One product could not be synced" in page
    assert 'href="/library?state=failed">Show the product<' in page


@pytest.mark.rule("P5")
async def test_the_merchant_pauses_product_sync_and_continues(world: World) -> None:
    """Every page says so. Stock work is due all the while, product work is not."""
    connection, browser, uuids = await opened(world)
    now = world.clock.now()
    async with world.database.transaction() as tx:
        for kind in (Kind.PRODUCT, Kind.STOCK):
            await work_items.add(tx, connection.id, kind, uuids[0], now)
    offered = "Pause product sync" in await read(browser)
    await browser.press(f"{HOME}/products/pause")
    paused = [await read(browser, path) for path in (HOME, "/apps", "/library")]
    await browser.press("/library/assign", product=[uuids[1]], bigcommerce="no", confirmed="yes")
    waits = await read(browser, "/library")
    due = await kinds_due(world, connection)
    unchanged = await browser.press(f"{HOME}/products/pause")
    await browser.press(f"{HOME}/products/resume")
    again = await kinds_due(world, connection)
    async with world.database.read() as tx:
        found = await connections.by_id(tx, connection.id)

    assert offered
    assert "Removed when the sync continues" in waits
    assert all("You have paused product sync" in page for page in paused)
    assert ({Kind.STOCK}, {Kind.STOCK, Kind.PRODUCT}) == (due, again)
    assert 303 == unchanged.status_code
    assert found is not None
    assert not found.products_paused


async def kinds_due(world: World, connection: Connection) -> set[Kind]:
    now, kinds = world.clock.now(), (Kind.STOCK, Kind.PRODUCT)
    async with world.database.read() as tx:
        return {one for one in kinds if await work_items.due(tx, connection.id, now, [one])}


async def test_many_new_products_show_how_far_they_are(world: World) -> None:
    connection, browser, _ = await opened(world)
    names = [f"Skål {number}" for number in range(6)]
    uuids = await world.stock_library(connection, *names, assigned=True)
    async with world.database.transaction() as tx:
        for number, uuid in enumerate(uuids[:4]):
            synced = Synced(uuid, 200 + number, Origin.CREATED, "", "print")
            await bindings.save(tx, connection.id, synced, world.clock.now())
        budget = {"quota": 450, "left": 45, "window_ms": 30000, "blocked_until_ms": 0}
        reset = {"reset_at_ms": round((world.clock.now().timestamp() + 20) * 1000)}
        await connections.set_budget(tx, connection.id, {**budget, **reset})
    world.clock.move(8)
    page = await read(browser)

    assert "Products are being created: 7 of 9 are in the store." in page
    assert "being measured" not in page
    assert "a minute at most" in page
    assert "10 % (45 of 450 in 30 s)" in page
    assert "This list fills when the products are in the store." in page
