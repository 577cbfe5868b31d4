"""Apps · Integrations: what the Zettle account is linked with, and whether something waits for the merchant."""

from dataclasses import dataclass

from litestar import Response, get

from brygga.core.model import Connection, Stage
from brygga.store import library_pages
from brygga.store.library_pages import State
from brygga.web.messages import Trouble
from brygga.web.troubles import pause_trouble
from brygga.web.visit import Merchant


@dataclass(frozen=True, slots=True)
class AppsView:
    state: str
    """none, unfinished, connected, attention or leaving."""
    store: str = ""
    synced: int = 0
    trouble: Trouble | None = None


@get("/apps")
async def show(merchant: Merchant) -> Response[str]:
    async with merchant.deps.database.read() as tx:
        counts = await library_pages.counts(tx, merchant.own.id)
    return merchant.page("apps.html", view(merchant.own, counts[State.SYNCED]), section="apps")


def view(connection: Connection, synced: int) -> AppsView:
    store = store_name(connection)
    trouble = pause_trouble(connection)
    match connection.stage:
        case Stage.ZETTLE_CONNECTED | Stage.DISCONNECTED:
            return AppsView("none")
        case Stage.LEAVING:
            return AppsView("leaving", store)
        case Stage.RUNNING:
            return AppsView("attention" if trouble else "connected", store, synced, trouble)
        case _:
            return AppsView("unfinished", store)


def store_name(connection: Connection) -> str:
    shop = connection.shop
    return (shop.name or shop.domain or shop.store_hash) if shop else "BigCommerce"
