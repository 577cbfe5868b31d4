"""Every state of a connection, how the service brings it about, and what its pages must say then,
and may not.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from tests.web.conftest import World

from brygga.core.model import Connection, Stage
from brygga.core.report import Code, Line, Topic
from brygga.database import (
    bindings,
    connections,
    failed_work,
    kept_bindings,
    synclog,
    tokens,
    work_items,
)
from brygga.database.engine import Tx
from brygga.database.tokens import Platform
from brygga.database.work_items import Kind
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

KEY = re.compile(r"\b(?:left|leaving|trouble|gone|why|record)\.[a-z]+\b")
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
                await failed_work.again(
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
        await kept_bindings.keep_all(tx, connection.id)
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
    "watching": State(
        stage(Stage.WATCHING),
        says=(("apps", "Set-up not finished"), ("overview", "→ /apps/bigcommerce/watch")),
        never=("Changes are on their way", "Disconnected", *NOT_RUNNING),
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
