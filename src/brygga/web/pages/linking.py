"""Linking instead of a duplicate: the store's own product replaces the one that we made (decisions
6, 12).
"""

from dataclasses import dataclass

from litestar import Response, get, post
from litestar.response import Redirect

from brygga.core.model import Connection, Origin
from brygga.core.report import Code
from brygga.database import bindings, duplicates, library, synclog
from brygga.database.bindings import Binding
from brygga.database.engine import Tx
from brygga.database.library import Entry
from brygga.database.synclog import Filter
from brygga.database.work_items import Kind
from brygga.sync.products.linking import Obstacle
from brygga.web.visit import Form, Merchant, NotThere
from brygga.web.work import ask

LINES = 200
"""How far back in a product's log its clashes are searched."""


@dataclass(frozen=True, slots=True)
class PartnerView:
    """A product of the store that may be the right one. `ours` is the one that we made, by its name
    in the store.
    """

    product_id: int
    name: str
    ours: str = ""
    obstacle: str = ""


@dataclass(frozen=True, slots=True)
class LinkingView:
    uuid: str
    name: str
    partners: tuple[PartnerView, ...]
    chosen: PartnerView | None = None
    created_id: int = 0
    """The product of ours that would be deleted. 0 when there is none."""
    linked_id: int = 0
    """The store's product that it is linked with now."""
    prices: bool = False


@get("/library/{uuid:str}/link")
async def show(merchant: Merchant, uuid: str, to: str = "") -> Response[str]:
    connection = merchant.own
    async with merchant.deps.database.read() as tx:
        entry, binding, partners = await _gathered(tx, connection, uuid)
    chosen = next((one for one in partners if str(one.product_id) == to), None)
    if to and chosen is None:
        raise NotThere
    created = binding is not None and binding.synced.origin is Origin.CREATED
    bound_id = binding.synced.product_id if binding is not None else 0
    view = LinkingView(
        uuid=uuid,
        name=entry.name,
        partners=partners,
        chosen=chosen or (partners[0] if len(partners) == 1 else None),
        created_id=bound_id if created else 0,
        linked_id=0 if created else bound_id,
        prices=connection.choices.prices,
    )
    return merchant.page("linking.html", view, section="library")


@post("/library/{uuid:str}/link")
async def link(merchant: Merchant, form: Form, uuid: str) -> Redirect:
    """Adds a work item. The turn reads again before anything is deleted."""
    connection, to = merchant.own, form.one("to")
    async with merchant.deps.database.transaction() as tx:
        _, _, partners = await _gathered(tx, connection, uuid)
        chosen = next((one for one in partners if str(one.product_id) == to), None)
        if chosen is None:
            raise NotThere
        if not chosen.obstacle and merchant.running:
            await duplicates.choose(
                tx, connection.id, uuid, chosen.product_id, duplicates.Choice.LINK
            )
            await ask(merchant.deps, tx, connection.id, Kind.LINK, [uuid], force=True, detail=to)
    if chosen.obstacle or not merchant.running:
        return merchant.unchanged(f"/library/{uuid}/link?to={to}")
    return merchant.go(f"/library/{uuid}", "linking")


async def _gathered(
    tx: Tx, connection: Connection, uuid: str
) -> tuple[Entry, Binding | None, tuple[PartnerView, ...]]:
    """The product, its binding, and the store's products that its clashes and likely duplicates
    name.
    """
    entry = await library.get(tx, connection.id, uuid)
    if entry is None or entry.product is None:
        raise NotThere
    binding = await bindings.get(tx, connection.id, uuid)
    named: dict[int, tuple[str, str]] = {}
    for logged in await synclog.page(tx, connection.id, Filter(subject=uuid), limit=LINES):
        params = logged.line.params
        if logged.line.code is Code.CLASH and params.get("other_id", "").isdigit():
            ours = params.get("written", "") if params.get("field") == "name" else ""
            other_id = int(params["other_id"])
            other, known = named.get(other_id, (params.get("other", ""), ""))
            named[other_id] = (
                other,
                known or ours,
            )  # the same product may have our name, SKU and address
    for pair in await duplicates.all_of(tx, connection.id, [uuid]):
        named.setdefault(pair.product_id, (pair.shop_name, ""))
    owners = await bindings.by_product_ids(tx, connection.id, named)
    assigned = entry.assigned is True and entry.unassign_at is None
    partners = tuple(
        PartnerView(
            product_id, name, ours, _obstacle(owners.get(product_id, ""), assigned=assigned)
        )
        for product_id, (name, ours) in named.items()
        if owners.get(product_id) != uuid
    )
    return entry, binding, partners


def _obstacle(owner: str, *, assigned: bool) -> str:
    return Obstacle.TAKEN.value if owner else "" if assigned else Obstacle.NOT_ASSIGNED.value
