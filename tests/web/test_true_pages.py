"""Every page in every state of a connection: what must stand there, and what would not be true
(rules D1 to D4, E1; decision 5).

The table of `states` is the test. A state is reached with the same functions that the service uses;
then every page is opened and read.
"""

import html
import re
from dataclasses import replace

import pytest
from tests.web.conftest import LIND, SHOP, Browser, World, product
from tests.web.states import ABOVE, KEPT, KEY, NAMES, PAGES, STATES, left

from brygga.core.model import Choices, Connection, Origin, Synced
from brygga.database import bindings, connections, library
from brygga.web.i18n import words
from brygga.zettle.codes import Code as TillCode

# ---- The walk ------------------------------------------------------------------------------------


async def with_products(world: World, *, whole: bool = True) -> tuple[Connection, list[str]]:
    """A running connection: two products are synced, one waits."""
    connection = await world.running()
    uuids = await world.stock_library(connection, *NAMES, assigned=True if whole else None)
    async with world.database.transaction() as tx:
        await connections.set_choices(tx, connection.id, Choices(prices=True, whole_library=whole))
        for number, uuid in enumerate(uuids[:2] if whole else ()):
            synced = Synced(
                uuid, 100 + number, Origin.CREATED, "etag", "print", {f"{uuid}-v": 200 + number}
            )
            await bindings.save(tx, connection.id, synced, world.clock.now())
        await library.set_tracking(tx, connection.id, dict.fromkeys(uuids, True))
    return connection, uuids


async def walked(world: World, browser: Browser, mug: str) -> dict[str, str]:
    """Every page as it is drawn, or "→" and where it leads instead."""
    found = {}
    for name, path in PAGES.items():
        answer = await browser.open(path.format(mug=mug))
        led = f"→ {answer.headers['location']}" if answer.status_code == 303 else ""
        assert answer.status_code in {200, 303}, (name, answer.status_code)
        found[name] = led or html.unescape(
            answer.text.partition("<main")[2].partition("</main>")[0]
        )
    return found


@pytest.mark.rule("D1", "D2", "D3", "D4", "E1")
@pytest.mark.parametrize("name", STATES)
async def test_every_page_says_what_is_true_in_every_state(world: World, name: str) -> None:
    state = STATES[name]
    connection, uuids = await with_products(world, whole=not state.hand)
    browser = world.browser()
    await browser.sign_in()
    async with world.database.transaction() as tx:
        await state.change(tx, connection, world)

    pages = await walked(world, browser, uuids[1])

    opened = {page: text for page, text in pages.items() if not text.startswith("→")}
    missing = [
        (page, one)
        for page in ABOVE
        if page in opened
        for one in state.above
        if one not in plain(opened[page])
    ]
    missing += [(page, one) for page, one in state.says if one not in plain(pages[page])]
    untrue = [
        (page, one)
        for page, text in opened.items()
        if page != "new"
        for one in state.never
        if one in plain(text)
    ]
    browser.http.headers["accept-language"] = "sv"
    swedish = await walked(world, browser, uuids[1])
    english = [
        (page, one)
        for page, text in swedish.items()
        for one in state.above
        if one[0] != "<" and one in plain(text)
    ]
    keys = [(page, key) for page, text in swedish.items() for key in KEY.findall(text)]

    assert ([], [], [], []) == (missing, untrue, english, keys)


@pytest.mark.rule("D3", "D4")
async def test_signed_in_anew_the_merchant_still_reads_how_it_ended(world: World) -> None:
    """Decision 5. A new sign-in makes a new connection; what happened to the last one is said until
    a store is connected.
    """
    connection, _ = await with_products(world)
    async with world.database.transaction() as tx:
        await left(keep=True, uninstalled=True)(tx, connection, world)
    browser = world.browser()
    await browser.sign_in()

    apps, library_page = (await browser.open("/apps")).text, (await browser.open("/library")).text
    await browser.press("/apps/bigcommerce/connect")
    await browser.open(
        "/bigcommerce/auth?code=good&scope=store_v2_products&context=stores%2Fabc123"
    )
    await browser.confirm_store()
    after = await browser.open("/apps")

    assert "Disconnected: the app was uninstalled in BigCommerce" in apps
    assert KEPT[0] in apps
    assert "as they were when the store was disconnected" not in library_page
    assert "uninstalled" not in after.text


@pytest.mark.rule("D4")
async def test_the_set_up_says_what_the_same_store_kept(world: World) -> None:
    browser, _ = await come_back(world)
    prices = html.unescape((await browser.open("/apps/bigcommerce")).text)

    assert "2 products are in the store since your last connection." in prices
    assert "They are found again and assigned, whatever you choose here." in prices


@pytest.mark.rule("D4")
async def test_the_set_up_of_another_store_says_what_stays_in_the_first(world: World) -> None:
    world.store.shop = replace(SHOP, store_hash="other", name="Andra Butiken")
    browser, _ = await come_back(world)
    page = html.unescape((await browser.open("/apps/bigcommerce")).text)

    assert (
        "2 products from your last connection stay in Annas Butik as they are. They are not synced."
        in page
    )
    assert "found again" not in page


async def come_back(world: World) -> tuple[Browser, Connection]:
    """Kept, and connected again as far as the prices, with the library read."""
    connection, _ = await with_products(world)
    async with world.database.transaction() as tx:
        await left(keep=True)(tx, connection, world)
    browser = world.browser()
    await browser.sign_in()
    await browser.press("/apps/bigcommerce/connect")
    await browser.open(
        "/bigcommerce/auth?code=good&scope=store_v2_products&context=stores%2Fabc123"
    )
    await browser.confirm_store()
    async with world.database.transaction() as tx:
        fresh = await connections.by_organization(tx, LIND.uuid)
        assert fresh is not None
        same = [product(f"{connection.id}-{name.lower()}", name) for name in NAMES]
        await library.upsert_many(tx, fresh.id, same, world.clock.now())
    return browser, fresh


@pytest.mark.rule("P10")
@pytest.mark.parametrize(
    ("path", "fields", "said"),
    [
        ("/library/{uuid}/sync", {}, "Noted: the product is synced when the sync continues."),
        (
            "/library/sync",
            {"product": "{uuid}"},
            "Noted: the product is synced when the sync continues.",
        ),
        (
            "/library/assign",
            {"product": "{vase}", "bigcommerce": "no", "confirmed": "yes"},
            "when the sync continues. Until then",
        ),
        (
            "/library/{uuid}/stock/tracking",
            {"shown": "on"},
            "is switched off when the sync continues.",
        ),
    ],
)
async def test_a_paused_page_promises_nothing_for_now(
    world: World, path: str, fields: dict[str, str], said: str
) -> None:
    connection, uuids = await with_products(world)
    async with world.database.transaction() as tx:
        await connections.pause(tx, connection.id, "plan_limit")
    browser = world.browser()
    await browser.sign_in()
    async with world.database.transaction() as tx:
        await connections.pause(tx, connection.id, "plan_limit")
    filled = {key: value.format(uuid=uuids[1], vase=uuids[2]) for key, value in fields.items()}
    answer = await browser.press(path.format(uuid=uuids[1]), **filled)
    page = await browser.open(answer.headers["location"].partition("#")[0])

    assert said in html.unescape(page.text)
    assert "being synced now" not in page.text


@pytest.mark.rule("D3")
async def test_signing_in_again_says_that_the_sync_goes_on(world: World) -> None:
    connection, _ = await with_products(world)
    async with world.database.transaction() as tx:
        await connections.pause(tx, connection.id, TillCode.ACCESS_GONE.value)
    browser = world.browser()
    await browser.sign_in()

    assert (
        "The access to Zettle works again, and the sync continues."
        in (await browser.open("/apps")).text
    )


def test_every_ending_has_its_words_in_both_languages() -> None:
    keys = [
        f"left.{how}.{part}"
        for how in ("keep", "remove", "stuck", "uninstalled")
        for part in ("title", "cause")
    ]
    keys += [
        f"leaving.{how}.{part}"
        for how in ("keep", "remove", "uninstalled")
        for part in ("title", "cause")
    ]
    keys += [
        "left.keep.action",
        "left.stuck.action",
        "left.uninstalled.action",
        "left.empty.action",
    ]

    assert not [key for key in keys for language in ("sv", "en") if not words(language).has(key)]


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", text)
