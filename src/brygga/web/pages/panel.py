"""The page inside BigCommerce's control panel, without cookies, and the calls of BigCommerce's
server (bigcommerce facts 1.2, 1.5, 1.7).

A signed message proves only that BigCommerce wrote it: any user of the store can copy theirs from
the browser. Each message serves one purpose.
"""

from dataclasses import dataclass, replace
from typing import Final

import structlog
from litestar import Response, get
from litestar.enums import MediaType
from litestar.response import Redirect

from brygga.core.model import Connection
from brygga.database import connections, library_pages, signed_messages, store_users
from brygga.database.audit import Act, Actor
from brygga.database.engine import Tx
from brygga.database.library_pages import State
from brygga.database.signed_messages import Purpose, Use
from brygga.database.work_items import Kind
from brygga.web.deps import SHOP_LOAD, SHOP_REMOVE_USER, SHOP_UNINSTALL, ShopPayload
from brygga.web.messages import Trouble
from brygga.web.rendering import Frame, render
from brygga.web.standing import Phase, phase_of
from brygga.web.store_user import panel_ticket, read_panel_ticket, remember_store_user
from brygga.web.tracing import note
from brygga.web.troubles import pause_trouble
from brygga.web.visit import Visit
from brygga.web.work import ask

log = structlog.get_logger()
_PAGES: Final = {
    "help": "/help",
    "disconnect": "/apps/bigcommerce/disconnect",
    "sign-in": "/sign-in/zettle",
}

_STATES = {
    Phase.NONE: "unlinked",
    Phase.SETUP: "unfinished",
    Phase.RUNNING: "connected",
    Phase.LEAVING: "leaving",
}


@dataclass(frozen=True, slots=True)
class PanelView:
    state: str
    """invalid, waiting, unlinked, unfinished, connected or leaving."""
    store: str = ""
    organization: str = ""
    link: str = ""
    synced: int = 0
    waiting: int = 0
    failed: int = 0
    trouble: Trouble | None = None
    is_owner: bool = False
    """Only the owner of the store can disconnect here."""
    ticket: str = ""
    """Names the user of the store to our own pages."""


@get(SHOP_LOAD)
async def load(visit: Visit, signed_payload_jwt: str = "") -> Response[str]:
    """The page when the app is opened from the control panel. It shows only what the signed payload
    names, and every link opens our own site in a new tab. The message may be used again for this,
    since the frame can be reloaded. It serves no other purpose.
    """
    deps = visit.deps
    payload = _read(visit, signed_payload_jwt)
    if payload is None:
        return _panel(visit, PanelView("invalid"), status=401)
    async with deps.database.transaction() as tx:
        use = await signed_messages.use(tx, payload.id, Purpose.LOAD, payload.expires)
        connection = await connections.by_store(tx, payload.store_hash)
        counts = await library_pages.counts(tx, connection.id) if connection else {}
    if use is Use.FOREIGN:
        return _panel(visit, PanelView("invalid"), status=401)
    ticket = panel_ticket(deps, payload.store_hash, payload.user_id)
    if connection is None or connection.shop is None:
        return _panel(visit, PanelView("unlinked", store=payload.store_hash, ticket=ticket))
    shown = linked(connection, counts)
    return _panel(visit, replace(shown, ticket=ticket, is_owner=payload.is_owner))


@get("/bigcommerce/open")
async def leave_panel(visit: Visit, to: str = "", by: str = "") -> Redirect:
    """Leads from the control panel to a page of ours. The session records which user of the store
    it was.
    """
    came = read_panel_ticket(visit.deps, by)
    if came is not None:
        remember_store_user(visit.request, came)
    return Redirect(_PAGES.get(to, "/apps/bigcommerce"), status_code=303)


def linked(connection: Connection, counts: object) -> PanelView:
    found = counts if isinstance(counts, dict) else {}
    shop = connection.shop
    return PanelView(
        state=_STATES[phase_of(connection)],
        store=(shop.name or shop.store_hash) if shop else "",
        organization=connection.organization.name or "Zettle",
        synced=found.get(State.SYNCED, 0),
        waiting=found.get(State.WAITING, 0),
        failed=found.get(State.FAILED, 0),
        trouble=pause_trouble(connection),
    )


def waiting_panel(visit: Visit, store: str, link: str) -> Response[str]:
    """The store has granted access, and has no Zettle account yet. Zettle's sign-in refuses frames,
    so it opens in a new tab.
    """
    return _panel(visit, PanelView("waiting", store=store, link=link))


def _panel(visit: Visit, view: PanelView, status: int = 200) -> Response[str]:
    frame = Frame(visit.language, public_url=visit.deps.settings.public_url.rstrip("/"))
    return Response(
        render("panel.html", frame, view), status_code=status, media_type=MediaType.HTML
    )


@get(SHOP_UNINSTALL)
async def uninstalled(visit: Visit, signed_payload_jwt: str = "") -> Response[str]:
    """BigCommerce says that the app was removed (D3). A message proves nothing: we ask the store
    with the token that we hold (`sync/connection/uninstalling.py`).
    """
    deps = visit.deps
    payload = _read(visit, signed_payload_jwt)
    if payload is None:
        return _plain(401)
    async with deps.database.transaction() as tx:
        use = await signed_messages.use(tx, payload.id, Purpose.UNINSTALL, payload.expires)
        connection = await connections.by_store(tx, payload.store_hash)
        if use is Use.FIRST and connection is not None:
            await ask(deps, tx, connection.id, Kind.UNINSTALL)
    return _used(use)


@get(SHOP_REMOVE_USER)
async def user_removed(visit: Visit, signed_payload_jwt: str = "") -> Response[str]:
    """A user of the store lost the right to open the app: sessions that they began here end."""
    deps = visit.deps
    payload = _read(visit, signed_payload_jwt)
    if payload is None:
        return _plain(401)
    async with deps.database.transaction() as tx:
        use = await signed_messages.use(tx, payload.id, Purpose.REMOVE_USER, payload.expires)
        if use is Use.FIRST and payload.user_id:
            await store_users.remove(tx, payload.store_hash, payload.user_id, deps.clock.now())
            await _note_removed(tx, visit, payload)
    return _used(use)


async def _note_removed(tx: Tx, visit: Visit, payload: ShopPayload) -> None:
    """Records who may no longer open the app, by number. Open pages of the merchant look again."""
    connection = await connections.by_store(tx, payload.store_hash)
    if connection is None:
        return
    user = str(payload.user_id)
    await note(
        tx, visit.request, Act.ACCESS_REMOVED, connection.id, Actor.BIGCOMMERCE, store_user=user
    )
    tx.touch(connection.id)


def _read(visit: Visit, signed_payload_jwt: str) -> ShopPayload | None:
    return visit.deps.shop.read_payload(signed_payload_jwt) if signed_payload_jwt else None


def _used(use: Use) -> Response[str]:
    """A message that was used for another purpose before is a stolen one."""
    if use is not Use.FOREIGN:
        return _plain(200)
    log.warning("a signed message was brought for another purpose")
    return _plain(401)


def _plain(status: int) -> Response[str]:
    return Response("", status_code=status, media_type=MediaType.TEXT)
