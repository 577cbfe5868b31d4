"""Disconnect: keep or remove the products that came from Zettle (rules D1, D2)."""

from dataclasses import dataclass

from litestar import Response, get, post
from litestar.response import Redirect

from brygga.bigcommerce.codes import Code as ShopCode
from brygga.core.model import Connection, Stage
from brygga.database import bindings, connections, tokens
from brygga.database.engine import Tx
from brygga.database.tokens import Platform
from brygga.database.work_items import Kind
from brygga.web.pages.apps import store_name
from brygga.web.visit import Form, Merchant
from brygga.web.work import ask

HERE = "/apps/bigcommerce/disconnect"


@dataclass(frozen=True, slots=True)
class DisconnectView:
    store: str
    created: int = 0
    linked: int = 0
    store_gone: bool = False
    """The store's access is dead: then the products can only be kept (decision 5)."""
    zettle_gone: bool = False


@get(HERE)
async def show(merchant: Merchant) -> Response[str] | Redirect:
    connection = merchant.own
    if connection.stage in {Stage.LEAVING, Stage.DISCONNECTED} or connection.shop is None:
        return merchant.go("/apps")
    async with merchant.deps.database.read() as tx:
        totals = await bindings.totals(tx, connection.id)
        store_gone = await _store_is_gone(tx, connection)
        zettle_gone = await _is_gone(tx, connection, Platform.ZETTLE)
    view = DisconnectView(
        store_name(connection), totals.created, totals.linked, store_gone, zettle_gone
    )
    return merchant.page("disconnect.html", view, section="apps")


@post(HERE)
async def disconnect(merchant: Merchant, form: Form) -> Redirect:
    """Decided once; the work carries it out. Where the store's access is dead, "remove" means
    keep.
    """
    deps, connection = merchant.deps, merchant.own
    async with deps.database.transaction() as tx:
        store_gone = await _store_is_gone(tx, connection)
        keep = form.one("products") != "remove" or store_gone
        ends = await connections.leave(tx, connection.id, keep=keep)
        if ends:
            await ask(deps, tx, connection.id, Kind.LEAVE)
    if not ends:
        return merchant.unchanged("/apps")
    return merchant.go("/apps", "disconnected_keep" if keep else "disconnected_remove")


async def _store_is_gone(tx: Tx, connection: Connection) -> bool:
    """Its token was revoked, or BigCommerce has refused it since: nothing can be removed there any
    more (decision 5).
    """
    return connection.paused == ShopCode.ACCESS_GONE or await _is_gone(
        tx, connection, Platform.BIGCOMMERCE
    )


async def _is_gone(tx: Tx, connection: Connection, platform: Platform) -> bool:
    token = await tokens.get(tx, connection.id, platform)
    return token is None or token.revoked_at is not None
