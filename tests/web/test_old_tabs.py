"""Buttons of a page that was open for long: the connection has moved on, and nothing is done (rules
D1 to D3).
"""

import html

import pytest
from tests.web.conftest import Browser, World
from tests.web.states import NAMES, Change, leaving, left, paused, silent, stage
from tests.web.test_true_pages import come_back, plain, with_products

from brygga.core.model import Choices, Stage
from brygga.database import connections, shown, waiting_work, work_items
from brygga.database.shown import Read
from brygga.database.tokens import Platform
from brygga.database.work_items import Kind

HOME = "/apps/bigcommerce"
OVER = "Nothing was changed: no store is connected."
GOES = "Nothing was changed: the store is being disconnected."
EARLY = "Nothing was changed: the set-up is not finished."
STATES: dict[str, tuple[Change, str]] = {
    "left": (left(keep=True), OVER),
    "leaving": (leaving(keep=True), GOES),
    "leaving, remove": (leaving(keep=False), GOES),
    "set-up": (stage(Stage.PRICES_CHOSEN), EARLY),
}
OF_SET_UP = frozenset({"finish", "back", "prices", "products", "resume", "disconnect"})
"""Buttons that mean something in a set-up."""
PRESSED: dict[str, dict[str, str]] = {
    "/library/{mug}/sync": {},
    "/library/{mug}/recount": {},
    "/library/{mug}/look": {},
    "/library/{mug}/keep": {},
    "/library/{mug}/assign": {"bigcommerce": "yes"},
    "/library/{mug}/stock/tracking": {"shown": "on"},
    "/library/{mug}/stock/separate": {"separate": "yes"},
    "/library/{mug}/stock/join": {"confirmed": "yes"},
    "/library/{mug}/stock/check": {"variant": "v"},
    "/library/sync": {"everything": "yes"},
    "/library/assign": {"everything": "yes", "bigcommerce": "yes"},
    "/library/undo": {"undo": "{mug}", "back": "product"},
    "/library/new": {"name": "Ny"},
    f"{HOME}/plan": {"choice-{mug}": "skip"},
    f"{HOME}/log/retry": {"code": "image_not_fetched", "first": "1", "last": "9"},
    f"{HOME}/finish": {},
    f"{HOME}/back": {},
    f"{HOME}/prices": {"prices": "no"},
    f"{HOME}/products": {"products": "hand"},
    f"{HOME}/resume": {},
    f"{HOME}/prices/resume": {},
    f"{HOME}/answer/removed": {"answer": "yes"},
    f"{HOME}/disconnect": {"products": "remove"},
}
CASES = [
    (state, path)
    for state in STATES
    for path in PRESSED
    if state != "set-up"
    or path.rpartition("/")[2] not in OF_SET_UP
    or path.endswith("/prices/resume")
]


async def said(browser: Browser, path: str, **fields: str) -> str:
    """What stands on the page that a button leads to."""
    answer = await browser.press(path, **fields)
    assert 303 == answer.status_code, path
    page = await browser.open(answer.headers["location"].partition("#")[0])
    return plain(html.unescape(page.text))


@pytest.mark.rule("D1", "D2", "D3")
@pytest.mark.parametrize(("state", "path"), CASES)
async def test_a_button_of_an_old_page_changes_nothing_and_says_why(
    world: World, state: str, path: str
) -> None:
    change, why = STATES[state]
    connection, uuids = await with_products(world)
    browser = world.browser()
    await browser.sign_in()
    async with world.database.transaction() as tx:
        await change(tx, connection, world)
        await work_items.forget(tx, connection.id, list(Kind))
        before = await connections.by_id(tx, connection.id)
    sent = {key.format(mug=uuids[1]): value for key, value in PRESSED[path].items()}
    page = await said(browser, path.format(mug=uuids[1]), **sent)
    async with world.database.read() as tx:
        waiting = await waiting_work.waiting_kinds(tx, connection.id)
        after = await connections.by_id(tx, connection.id)

    in_words = why if (state, path) != ("set-up", "/library/new") else "Finish the set-up first"
    assert in_words in page
    assert (set(), before) == (set(waiting), after)


@pytest.mark.rule("P10")
async def test_sync_now_of_what_is_not_assigned_says_so(world: World) -> None:
    connection, uuids = await with_products(world, whole=False)
    browser = world.browser()
    await browser.sign_in()
    async with world.database.transaction() as tx:
        await work_items.forget(tx, connection.id, list(Kind))
    page = await said(browser, f"/library/{uuids[1]}/sync")
    async with world.database.read() as tx:
        waiting = await waiting_work.waiting_kinds(tx, connection.id)

    assert "Nothing was synced: the product is not assigned to BigCommerce." in page
    assert not waiting


@pytest.mark.parametrize("path", [f"{HOME}/resume", f"{HOME}/prices/resume"])
async def test_what_is_not_paused_is_not_tried_again(world: World, path: str) -> None:
    await with_products(world)
    browser = world.browser()
    await browser.sign_in()

    assert "Nothing was changed: nothing is paused." in await said(browser, path)


@pytest.mark.rule("D4")
async def test_what_was_kept_waits_as_soon_as_set_up_by_hand_is_finished(world: World) -> None:
    """Before the work has taken it back: notice, overview and library say the same."""
    browser, fresh = await come_back(world)
    async with world.database.transaction() as tx:
        await connections.set_choices(tx, fresh.id, Choices(prices=True, whole_library=False))
        await connections.set_stage(tx, fresh.id, Stage.PRODUCTS_CHOSEN)
        await work_items.forget(tx, fresh.id, list(Kind))
    library = await said(browser, f"{HOME}/finish")
    overview = plain((await browser.open(HOME)).text)

    assert "2 products from your last connection are synced by themselves." in library
    assert "Waiting (2)" in library
    assert "Not assigned (1)" in library
    assert '<dd data-live-text="waiting">2</dd>' in overview


@pytest.mark.rule("D3", "C11")
@pytest.mark.parametrize("code", ["bigcommerce_access_gone", "zettle_access_gone"])
async def test_a_pause_in_a_set_up_speaks_of_no_products(world: World, code: str) -> None:
    connection, _ = await with_products(world)
    browser = world.browser()
    await browser.sign_in()
    async with world.database.transaction() as tx:
        await paused(code, Stage.PRODUCTS_CHOSEN)(tx, connection, world)
    page = plain(html.unescape((await browser.open(HOME)).text))

    assert "the set-up continues where it stopped" in page
    assert "Products that came from Zettle" not in page
    assert "the products are found" not in page
    assert "the products stay in BigCommerce or are removed" not in page


@pytest.mark.rule("P8")
@pytest.mark.parametrize("whole", [True, False])
async def test_new_products_are_synced_by_themselves_in_both_modes(
    world: World, *, whole: bool
) -> None:
    await with_products(world, whole=whole)
    browser = world.browser()
    await browser.sign_in()
    page = plain((await browser.open(HOME)).text)
    new = page.partition("<dt>New products</dt>")[2].partition("</dd>")[0]

    assert new.startswith("<dd>synced by themselves")
    assert ("you choose among the older ones" in new) != whole


@pytest.mark.parametrize("moves", [True, False])
async def test_pages_that_wait_read_once_when_they_listen(world: World, *, moves: bool) -> None:
    """What happened between drawing and the first figures is not missed."""
    connection, uuids = await with_products(world)
    browser = world.browser()
    await browser.sign_in()
    if not moves:
        async with world.database.transaction() as tx:
            await silent(Platform.ZETTLE)(tx, connection, world)
    waiting, synced = uuids[NAMES.index("Vas")], uuids[NAMES.index("Mugg")]
    read = Read(100 + uuids.index(synced), None)
    async with world.database.transaction() as tx:
        await shown.save(tx, connection.id, {synced: read}, world.clock.now())
    paths = (HOME, "/library", f"/library/{waiting}", f"/library/{synced}", "/apps")
    found = ["data-waits" in (await browser.open(path)).text for path in paths]

    assert [True, True, True, not moves, not moves] == found
