"""Every page in every state of a connection: what must stand there, and what would not be true
(rules D1 to D4, E1; decision 5).

The table is the test. A state is reached with the same functions that the service uses; then every
page is opened and read.
"""

import html
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from tests.web.conftest import LIND, SHOP, Browser, World, product

from brygga.core.model import Choices, Connection, Origin, Stage, Synced
from brygga.core.report import Code, Line, Topic
from brygga.database import bindings, connections, library, synclog, tokens, work_items
from brygga.database.engine import Tx
from brygga.database.tokens import Platform
from brygga.database.work_items import Kind
from brygga.web.i18n import words
from brygga.zettle.codes import Code as TillCode

NAMES = ("Fat", "Mugg", "Vas")
PAGES = {
    "apps": "/apps",
    "overview": "/apps/bigcommerce",
    "log": "/apps/bigcommerce/log",
    "plan": "/apps/bigcommerce/plan",
    "check": "/apps/bigcommerce/check",
    "disconnect": "/apps/bigcommerce/disconnect",
    "library": "/library",
    "product": "/library/{mug}",
    "why": "/library/{mug}/variants/{mug}-v/stock",
    "new": "/library/new",
}
ABOVE = ("apps", "overview", "log", "plan", "library", "product", "why", "check", "new")
"""Pages above which it stands how the connection is doing, where they can be opened at all."""

KEY = re.compile(r"\b(?:left|leaving|trouble|gone|why|shelf)\.[a-z]+\b")
"""A sentence that has no words would show its key."""

Change = Callable[[Tx, Connection, World], Awaitable[None]]


@dataclass(frozen=True)
class State:
    """`above` stands on every page that can be opened, `says` on the page named; `never` stands on
    no page.
    """

    change: Change
    above: tuple[str, ...] = ()
    says: tuple[tuple[str, str], ...] = ()
    never: tuple[str, ...] = ()
    hand: bool = False
    """Whether the merchant picks by hand."""


# ---- How a connection comes into each state ------------------------------------------------------


def stage(wanted: Stage) -> Change:
    async def change(tx: Tx, connection: Connection, world: World) -> None:
        await connections.set_stage(tx, connection.id, wanted)

    return change


def paused(code: str, stage: Stage = Stage.RUNNING) -> Change:
    async def change(tx: Tx, connection: Connection, world: World) -> None:
        await connections.set_stage(tx, connection.id, stage)
        await connections.pause(tx, connection.id, code)

    return change


def silent(*platforms: Platform, stage: Stage = Stage.RUNNING) -> Change:
    async def change(tx: Tx, connection: Connection, world: World) -> None:
        now = world.clock.now()
        await connections.set_stage(tx, connection.id, stage)
        await connections.unreachable(tx, connection.id, now)
        for number, platform in enumerate(platforms):
            kind = Kind.LEAVE if stage is Stage.LEAVING else (Kind.HOOKS, Kind.SWEEP)[number]
            await work_items.add(tx, connection.id, kind, "", now)
            found = await work_items.due(tx, connection.id, now, [kind])
            for mark in found:
                await work_items.again(
                    tx, mark, now + timedelta(seconds=60), waits_for=platform.value, now=now
                )

    return change


def leaving(*, keep: bool, uninstalled: bool = False) -> Change:
    async def change(tx: Tx, connection: Connection, world: World) -> None:
        await connections.leave(tx, connection.id, keep=keep, uninstalled=uninstalled)

    return change


def left(*, keep: bool, uninstalled: bool = False, stuck: bool = False) -> Change:
    """As `sync.connection.leaving` ends it."""

    async def change(tx: Tx, connection: Connection, world: World) -> None:
        await connections.leave(tx, connection.id, keep=keep, uninstalled=uninstalled)
        if not keep and not stuck:
            await bindings.forget(
                tx, connection.id, list(await bindings.product_ids(tx, connection.id))
            )
        await bindings.keep_all(tx, connection.id)
        await work_items.forget(tx, connection.id, list(Kind))
        for platform in Platform:
            await tokens.forget(tx, connection.id, platform)
        await connections.disconnect(tx, connection.id, world.clock.now())
        line = Line(
            Code.DISCONNECTED, Topic.CONNECTION, params={"reason": "uninstalled", "removed": "0"}
        )
        await synclog.add(tx, connection.id, line, world.clock.now())

    return change


# ---- The table -----------------------------------------------------------------------------------

STOPPED = (
    "Changes are on their way",
    "updates by itself",
    "This takes a moment",
    "in a moment",
    "are being compared",
    "is being updated",
    "at once.",
    "Reading your store",
)
"""What no page says while the work stands still."""
OVER = (
    *STOPPED,
    "set-up is not finished",
    "Set-up not finished",
    "Continue the set-up",
    "Actions",
    "Shared stock",
    "Enable inventory management",
    "Sync now",
    "Waiting (",
    "Waiting</span>",
    "To do in BigCommerce",
    "Both sides have",
    "Make it as in Zettle",
)
"""What no page says of a connection that is ending or over."""
REMOVED = ("are being removed", "are deleted from the store", "were deleted", "Being removed")
KEPT = (
    "2 products from Zettle stay in the store and are no longer synced.",
    "Connect the same store again",
)
SINCE = '<time datetime="2026-03-02T12:00:00Z" data-when="short">'

ENDED = "You disconnected on"
NOT_RUNNING = ("Actions", "Enable inventory management", "Shared stock", "Sync now")

STATES: dict[str, State] = {
    "set-up at prices": State(
        stage(Stage.STORE_CONNECTED),
        says=(
            ("apps", "Set-up not finished"),
            ("overview", "Should prices come from Zettle?"),
            ("library", "The set-up is not finished"),
            ("product", "Products can be assigned to BigCommerce once the set-up is done."),
            ("new", "→ /apps/bigcommerce"),
            ("plan", "→ /apps/bigcommerce"),
            ("log", "→ /apps/bigcommerce"),
        ),
        never=("Changes are on their way", "Disconnected", *NOT_RUNNING),
    ),
    "set-up by hand": State(
        stage(Stage.PRODUCTS_CHOSEN),
        says=(("overview", "chosen by you – you choose among 3"), ("overview", "Finish set-up")),
        never=("Changes are on their way", "Disconnected", *NOT_RUNNING),
        hand=True,
    ),
    "set-up, access removed in Zettle": State(
        paused(TillCode.ACCESS_GONE.value, Stage.PRODUCTS_CHOSEN),
        above=(
            "The access to Zettle is gone.",
            "Nothing is synced until it is back",
            "Sign in with Zettle",
        ),
        says=(("apps", "Set-up not finished"),),
        never=(*STOPPED, *NOT_RUNNING),
    ),
    "set-up, Zettle silent": State(
        silent(Platform.ZETTLE, stage=Stage.PRODUCTS_CHOSEN),
        above=("Zettle does not answer as it should right now", SINCE),
        never=(*STOPPED, "BigCommerce does not answer"),
    ),
    "running": State(
        stage(Stage.RUNNING),
        says=(
            ("apps", "2 products are synced."),
            ("overview", "Changes are on their way. You can leave this page."),
            ("library", "Synced (2)"),
            ("library", "Waiting (1)"),
            ("product", "Sync now"),
        ),
        never=(
            "does not answer",
            "Disconnect from",
            "paused",
            "Stays in the store",
            "stay in the store",
        ),
    ),
    "access removed in Zettle": State(
        paused(TillCode.ACCESS_GONE.value),
        above=(
            "The access to Zettle is gone.",
            "nothing is removed from BigCommerce",
            "you then choose whether the products stay in BigCommerce or are removed",
            '<a class="button" href="/sign-in/zettle">Sign in with Zettle</a>',
            '<a class="button" href="/apps/bigcommerce/disconnect">Disconnect</a>',
        ),
        says=(
            ("apps", "Needs you"),
            ("apps", "The sync is paused."),
            ("overview", "What waits continues when the sync does."),
            ("disconnect", "Remove the products"),
            ("disconnect", "2 products created by us are deleted from BigCommerce."),
        ),
        never=(*STOPPED, "is synced.", "are synced."),
    ),
    "the store's access is gone": State(
        paused("bigcommerce_access_gone"),
        above=(
            "The access to the store is gone.",
            "stay there and are not synced",
            "Connect again",
        ),
        says=(
            ("disconnect", "we cannot reach the store: the products stay there"),
            ("disconnect", "disabled"),
        ),
        never=(*STOPPED, "can still be reached"),
    ),
    "a right is missing": State(
        paused("scope_missing"),
        above=("The app lacks a right in BigCommerce.", "Approve the app again."),
        never=STOPPED,
    ),
    "the store is closed to us": State(
        paused("bigcommerce_forbidden"), above=("The store refuses our access.",), never=STOPPED
    ),
    "a right is missing in Zettle": State(
        paused("zettle_scope_missing"), above=("Brygga lacks a right in Zettle.",), never=STOPPED
    ),
    "the plan is full": State(
        paused("plan_limit"), above=("The store’s plan is full.", "Try again"), never=STOPPED
    ),
    "Zettle silent": State(
        silent(Platform.ZETTLE),
        above=("Zettle does not answer as it should right now", SINCE, "Nothing is lost"),
        never=(*STOPPED, "BigCommerce does not answer", "12:00 UTC</p>"),
    ),
    "BigCommerce silent": State(
        silent(Platform.BIGCOMMERCE),
        above=("BigCommerce does not answer as it should right now", SINCE),
        never=(*STOPPED, "Zettle does not answer"),
    ),
    "both silent": State(
        silent(Platform.ZETTLE, Platform.BIGCOMMERCE),
        above=("Zettle does not answer as it should", "BigCommerce does not answer as it should"),
        never=STOPPED,
    ),
    "leaving, keep": State(
        leaving(keep=True),
        above=(
            "Disconnecting from Annas Butik",
            "The products stay in the store and are no longer synced.",
        ),
        says=(
            ("apps", "Disconnecting"),
            ("library", "Stays in the store, not synced (2)"),
            ("plan", "→"),
        ),
        never=(*(one for one in OVER if one not in STOPPED), *REMOVED, "Changes are on their way"),
    ),
    "leaving, remove": State(
        leaving(keep=False),
        above=(
            "Disconnecting from Annas Butik: products are removed",
            "2 products are still to be deleted.",
        ),
        says=(("library", "Being removed (2)"), ("product", "Being removed")),
        never=(
            *(one for one in OVER if one not in STOPPED),
            "stay in the store",
            "Changes are on their way",
        ),
    ),
    "leaving, uninstalled": State(
        leaving(keep=True, uninstalled=True),
        above=(
            "The app was uninstalled in BigCommerce",
            "The products stay in the store and are no longer synced.",
        ),
        never=(*(one for one in OVER if one not in STOPPED), *REMOVED, "You disconnected"),
    ),
    "left, kept": State(
        left(keep=True),
        above=("Disconnected from Annas Butik", ENDED, "chose to keep the products", *KEPT),
        says=(
            ("apps", "Not connected"),
            ("overview", "Connect your store"),
            ("library", "as they were when the store was disconnected"),
            ("library", "Stays in the store, not synced (2)"),
            ("library", "Connect again"),
            ("product", "The stock is no longer shared: each side keeps the number that it has."),
            ("why", "This is what had happened to the stock until then."),
            ("disconnect", "→ /apps"),
        ),
        never=(*OVER, *REMOVED),
    ),
    "left, removed": State(
        left(keep=False),
        above=(
            "Disconnected from Annas Butik",
            ENDED,
            "chose to remove the products",
            "You can connect again at any time",
        ),
        says=(
            ("apps", "The products that we had made there were deleted."),
            ("library", "Not assigned (3)"),
        ),
        never=(*OVER, "are being removed", "stay in the store", "stays in the store"),
    ),
    "left, could not remove": State(
        left(keep=False, stuck=True),
        above=(
            "Disconnected from Annas Butik, but products stayed",
            (
                "2 products that were to be deleted stay in the store: our access ended before "
                "they "
                "were gone."
            ),
            "connect the same store again",
        ),
        never=(*OVER, "were deleted"),
    ),
    "left, uninstalled": State(
        left(keep=True, uninstalled=True),
        above=("Disconnected: the app was uninstalled in BigCommerce", "That happened on", *KEPT),
        says=(
            ("apps", "Not connected"),
            ("log", "the app was uninstalled in BigCommerce, so the products stayed"),
        ),
        never=(*OVER, *REMOVED, ENDED),
    ),
}


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
