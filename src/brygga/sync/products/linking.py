"""Replaces a product of ours by the store's own product, when the merchant says that both are the
same: "link instead" (decision 6).

Ours is deleted, because only one of the two may be active. The merchant's own product is bound as
linked (decision 12). The product work that follows writes it, without birth-only fields.
"""

from collections.abc import Sequence
from enum import StrEnum

from brygga.core.failures import Failure
from brygga.core.marker import is_marker
from brygga.core.model import ObservedProduct, Origin, Synced
from brygga.core.report import Code, Line, Severity, Topic
from brygga.database import bindings, intents, library, synclog, work_items
from brygga.database.bindings import Binding
from brygga.database.library import Entry
from brygga.database.work_items import Kind, WorkItem
from brygga.sync.products.suffixing import gone
from brygga.sync.worker.session import Session


class Obstacle(StrEnum):
    """Why two products cannot be linked now. Nothing is changed then."""

    GONE = "gone"
    """The store's product does not exist any more."""
    TAKEN = "taken"
    """The store's product already belongs to another Zettle product."""
    NOT_ASSIGNED = "not_assigned"


async def link(session: Session, items: Sequence[WorkItem]) -> None:
    """The handler of link work items, whose detail is the BigCommerce product id."""
    for item in items:
        try:
            await _link(session, item)
        except Failure as failure:
            await session.fail(item, failure)


async def _link(session: Session, item: WorkItem) -> None:
    uuid, target, connection_id = item.subject, int(item.detail), session.connection.id
    async with session.read() as tx:
        entry = await library.get(tx, connection_id, uuid)
        binding = await bindings.get(tx, connection_id, uuid)
        owner = (await bindings.by_product_ids(tx, connection_id, [target])).get(target, "")
    if owner == uuid:
        await session.finish(item)
        return
    # Read before ours is deleted: a link to a missing product would lose the product.
    found = await session.shop.product(target)
    if obstacle := _obstacle(entry, owner, found):
        await _impossible(session, item, entry, obstacle)
        return

    assert entry is not None
    assert found is not None
    if binding is not None and binding.synced.origin is Origin.CREATED:
        # The work item stays until the binding below is saved: after a failed delete, or a stop
        # here, it is retried.
        await session.shop.delete_products([binding.synced.product_id])
    await _bind(session, item, entry, (binding, found))


def _obstacle(entry: Entry | None, owner: str, found: ObservedProduct | None) -> Obstacle | None:
    if (
        entry is None
        or not entry.assigned
        or entry.unassign_at is not None
        or entry.removed_at is not None
    ):
        return Obstacle.NOT_ASSIGNED
    if owner or (found is not None and is_marker(found)):
        return Obstacle.TAKEN
    return Obstacle.GONE if found is None else None


async def _bind(
    session: Session, item: WorkItem, entry: Entry, bound: tuple[Binding | None, ObservedProduct]
) -> None:
    connection_id, now, uuid = session.connection.id, session.clock.now(), item.subject
    before, found = bound
    lines = []
    if before is not None:
        code = (
            Code.PRODUCT_DELETED
            if before.synced.origin is Origin.CREATED
            else Code.PRODUCT_UNLINKED
        )
        lines.append(Line(code, Topic.PRODUCT, subject=uuid, params={"name": entry.name}))
    params = {"name": entry.name, "other": found.name, "other_id": str(found.product_id)}
    lines.append(Line(Code.LINKED_INSTEAD, Topic.PRODUCT, subject=uuid, params=params))
    async with session.transaction() as tx:
        if before is not None and before.synced.origin is Origin.CREATED:
            await gone(tx, session, [before.synced.product_id], [uuid])
        await bindings.forget(tx, connection_id, [uuid])
        await intents.end(tx, connection_id, [uuid])
        await bindings.save(tx, connection_id, Synced(uuid, found.product_id, Origin.LINKED), now)
        await synclog.add(tx, connection_id, lines, now)
        await work_items.add(tx, connection_id, Kind.PRODUCT, uuid, now, force=True)
        await session.finish(item, tx=tx)


async def _impossible(
    session: Session, item: WorkItem, entry: Entry | None, obstacle: Obstacle
) -> None:
    params = {
        "name": entry.name if entry else "",
        "other_id": item.detail,
        "obstacle": obstacle.value,
    }
    line = Line(Code.LINK_IMPOSSIBLE, Topic.PRODUCT, Severity.WARNING, item.subject, params=params)
    async with session.transaction() as tx:
        await synclog.add(tx, session.connection.id, line, session.clock.now())
        await session.finish(item, tx=tx)
