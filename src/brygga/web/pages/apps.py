"""Apps · Integrations: what the Zettle account is linked with, and whether something waits for the
merchant.
"""

from dataclasses import dataclass

from litestar import Response, get

from brygga.core.model import Connection
from brygga.database.library_pages import State
from brygga.web.live import Boards
from brygga.web.pages.joining import drop_pending
from brygga.web.standing import Phase, phase_of, store_name
from brygga.web.troubles import pause_trouble
from brygga.web.visit import Merchant


@dataclass(frozen=True, slots=True)
class AppsView:
    state: str
    """none, unfinished, connected, attention or leaving."""
    store: str = ""
    synced: int = 0


@get("/apps")
async def show(merchant: Merchant) -> Response[str]:
    drop_pending(merchant)
    boards: Boards = merchant.request.app.state.boards
    synced = 0
    if merchant.running:
        synced = (await boards.summary(merchant.own.id)).counts[State.SYNCED]
    return merchant.page("apps.html", view(merchant.own, synced), section="apps")


def view(connection: Connection, synced: int) -> AppsView:
    store, needs_you = store_name(connection), pause_trouble(connection) is not None
    match phase_of(connection):
        case Phase.NONE:
            return AppsView("none")
        case Phase.LEAVING:
            return AppsView("leaving", store)
        case Phase.RUNNING:
            return AppsView("attention" if needs_you else "connected", store, synced)
        case Phase.SETUP:
            return AppsView("unfinished", store)


__all__ = ["AppsView", "show", "store_name", "view"]
