"""Disconnect: keep or remove the products that came from Zettle (rules D1, D2)."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from litestar import Response, get, post
from litestar.response import Redirect

from brygga.bigcommerce.codes import Code as ShopCode
from brygga.core.lifecycle import Departure, Ended, Leaving, Removing, Running
from brygga.core.model import Connection, Stage
from brygga.database import bindings, connections, sessions, tokens
from brygga.database.audit import Act
from brygga.database.engine import Tx
from brygga.database.tokens import Platform
from brygga.database.work_items import Kind
from brygga.web.pages.apps import store_name
from brygga.web.session import session_id
from brygga.web.tracing import note
from brygga.web.visit import Form, Merchant
from brygga.web.work import ask

HERE = "/apps/bigcommerce/disconnect"
UNDO: Final = timedelta(minutes=1)
"""How long a removal can be undone at least. Until then, products that will be deleted are only
hidden.
"""


@dataclass(frozen=True, slots=True)
class DisconnectView:
    store: str
    created: int = 0
    linked: int = 0
    store_gone: bool = False
    """The store's access is revoked: then the products can only be kept (decision 5)."""
    zettle_gone: bool = False
    kept_days: int = 0
    """How long our data about the merchant is kept after the end."""


@get(HERE)
async def show(merchant: Merchant) -> Response[str] | Redirect:
    connection = merchant.own
    if connection.stage in {Stage.LEAVING, Stage.DISCONNECTED} or connection.shop is None:
        return merchant.go("/apps")
    async with merchant.deps.database.read() as tx:
        totals = await bindings.totals(tx, connection.id)
        store_gone = await _store_is_gone(tx, connection)
        zettle_gone = await _is_gone(tx, connection, Platform.ZETTLE)
    kept = merchant.deps.settings.erase_after.days
    view = DisconnectView(
        store_name(connection), totals.created, totals.linked, store_gone, zettle_gone, kept
    )
    return merchant.page("disconnect.html", view, section="apps")


@post(HERE)
async def disconnect(merchant: Merchant, form: Form) -> Redirect:
    """Saves the decision once, and the work carries it out. Where the store's access is revoked,
    "remove" means keep.
    """
    deps, connection = merchant.deps, merchant.own
    async with deps.database.transaction() as tx:
        store_gone = await _store_is_gone(tx, connection)
        keep = form.one("products") != "remove" or store_gone
        ends = await _leave(merchant, tx, keep=keep)
        if ends:
            await ask(deps, tx, connection.id, Kind.LEAVE)
            await sessions.end_all(tx, connection.id, but=session_id(merchant.request))
            await note(
                tx,
                merchant.request,
                Act.DISCONNECTED,
                connection.id,
                products="keep" if keep else "remove",
            )
    if not ends:
        return merchant.unchanged("/apps")
    return merchant.go("/apps", "disconnected_keep" if keep else "disconnected_remove")


async def _leave(merchant: Merchant, tx: Tx, *, keep: bool) -> bool:
    """True when this call made the decision. A removal can be undone for a while."""
    connection_id = merchant.own.id
    match await connections.state(tx, connection_id):
        case Removing() | Leaving() | Ended():
            return False
        case Running() as now if not keep:
            until = merchant.deps.clock.now() + UNDO
            await connections.save(tx, connection_id, now.remove(), undo_until=until)
        case now:
            await connections.save(
                tx, connection_id, now.leave(Departure.KEEP if keep else Departure.REMOVE)
            )
    return True


@post(f"{HERE}/undo")
async def undo(merchant: Merchant) -> Redirect:
    """Cancels the removal while nothing is deleted. Changes made meanwhile are synced
    afterwards.
    """
    deps, connection_id = merchant.deps, merchant.own.id
    async with deps.database.transaction() as tx:
        now = await connections.state(tx, connection_id)
        if not isinstance(now, Removing):
            return merchant.unchanged("/apps")
        await connections.save(tx, connection_id, now.undo())
        for kind in (Kind.LEAVE, Kind.ACCOUNT, Kind.LIBRARY, Kind.HOOKS, Kind.SWEEP):
            await ask(deps, tx, connection_id, kind)
    return merchant.go("/apps/bigcommerce", "removal_undone")


@post(f"{HERE}/now")
async def at_once(merchant: Merchant) -> Redirect:
    """The merchant does not wait for the end of the minute."""
    deps, connection_id = merchant.deps, merchant.own.id
    async with deps.database.transaction() as tx:
        now = await connections.state(tx, connection_id)
        if not isinstance(now, Removing):
            return merchant.unchanged("/apps")
        await connections.save(tx, connection_id, now, undo_until=deps.clock.now())
        await ask(deps, tx, connection_id, Kind.LEAVE)
    return merchant.go("/apps")


async def _store_is_gone(tx: Tx, connection: Connection) -> bool:
    """The store's token was revoked, or BigCommerce has refused it since: nothing can be removed
    there any more (decision 5).
    """
    return connection.paused == ShopCode.ACCESS_GONE or await _is_gone(
        tx, connection, Platform.BIGCOMMERCE
    )


async def _is_gone(tx: Tx, connection: Connection, platform: Platform) -> bool:
    token = await tokens.get(tx, connection.id, platform)
    return token is None or token.revoked_at is not None
