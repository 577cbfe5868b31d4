"""The page inside BigCommerce's control panel, without cookies, and what BigCommerce's server calls
(bigcommerce facts 1.2, 1.5, 1.7).
"""

from dataclasses import dataclass

from litestar import Response, get
from litestar.enums import MediaType

from brygga.core.model import Connection
from brygga.database import connections, library_pages, tokens
from brygga.database.library_pages import State
from brygga.database.tokens import Platform
from brygga.database.work_items import Kind
from brygga.web.deps import SHOP_LOAD, SHOP_REMOVE_USER, SHOP_UNINSTALL
from brygga.web.messages import Trouble
from brygga.web.rendering import Frame, render
from brygga.web.standing import Phase, phase_of
from brygga.web.troubles import pause_trouble
from brygga.web.visit import Visit
from brygga.web.work import ask

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


@get(SHOP_LOAD)
async def load(visit: Visit, signed_payload_jwt: str = "") -> Response[str]:
    """Opened from the control panel. Only what the signed payload names is shown, and every link
    opens our own site in a new tab.
    """
    payload = visit.deps.shop.read_payload(signed_payload_jwt) if signed_payload_jwt else None
    if payload is None:
        return _panel(visit, PanelView("invalid"), status=401)
    async with visit.deps.database.read() as tx:
        connection = await connections.by_store(tx, payload.store_hash)
        counts = await library_pages.counts(tx, connection.id) if connection else {}
    if connection is None or connection.shop is None:
        link = f"{visit.deps.settings.public_url.rstrip('/')}/sign-in/zettle"
        return _panel(visit, PanelView("unlinked", store=payload.store_hash, link=link))
    return _panel(visit, linked(connection, counts))


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
    """The store has let us in, and no Zettle account belongs to it yet: Zettle's sign-in refuses
    frames, so it opens in a new tab.
    """
    return _panel(visit, PanelView("waiting", store=store, link=link))


def _panel(visit: Visit, view: PanelView, status: int = 200) -> Response[str]:
    frame = Frame(visit.language, public_url=visit.deps.settings.public_url.rstrip("/"))
    return Response(
        render("panel.html", frame, view), status_code=status, media_type=MediaType.HTML
    )


@get(SHOP_UNINSTALL)
async def uninstalled(visit: Visit, signed_payload_jwt: str = "") -> Response[str]:
    """BigCommerce removed the app: our token there is dead, the products stay (D3, decision 5).

    A message that was issued before the current token is about an earlier install, and is ignored.
    """
    deps = visit.deps
    payload = deps.shop.read_payload(signed_payload_jwt) if signed_payload_jwt else None
    if payload is None:
        return Response("", status_code=401, media_type=MediaType.TEXT)
    async with deps.database.transaction() as tx:
        connection = await connections.by_store(tx, payload.store_hash)
        token = await tokens.get(tx, connection.id, Platform.BIGCOMMERCE) if connection else None
        if connection is not None and (token is None or payload.issued >= token.issued_at):
            await tokens.revoke(tx, connection.id, Platform.BIGCOMMERCE, deps.clock.now())
            await connections.leave(tx, connection.id, keep=True, uninstalled=True)
            await ask(deps, tx, connection.id, Kind.LEAVE)
    return Response("", status_code=200, media_type=MediaType.TEXT)


@get(SHOP_REMOVE_USER)
async def user_removed(visit: Visit, signed_payload_jwt: str = "") -> Response[str]:
    """A user lost the right to open the app. We keep nothing about the store's users, so there is
    nothing to forget.
    """
    payload = visit.deps.shop.read_payload(signed_payload_jwt) if signed_payload_jwt else None
    return Response("", status_code=200 if payload else 401, media_type=MediaType.TEXT)
