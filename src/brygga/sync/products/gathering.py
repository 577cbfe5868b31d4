"""Gathers what product work needs: the mirror, read again where a work item may be newer than it,
the bindings, and which of the products leave the store.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from brygga.core import assignment
from brygga.core.assignment import Removal
from brygga.core.failures import Failure, Refused, Unreachable
from brygga.core.guards import Cause
from brygga.core.model import Origin, Product, Synced
from brygga.core.report import Code, Line, Severity, Topic
from brygga.database import (
    assigning,
    bindings,
    duplicates,
    kept_bindings,
    library,
    suffixes,
    synclog,
    work_items,
)
from brygga.database.bindings import Binding, State
from brygga.database.engine import Tx
from brygga.database.library import Entry
from brygga.database.suffixes import Suffix
from brygga.database.work_items import BULK_RANK, Kind, WorkItem
from brygga.sync.products.batch import PARALLEL
from brygga.sync.products.removing import ProductRemoval
from brygga.sync.worker.session import Session
from brygga.zettle.codes import Code as TillCode
from brygga.zettle.values import FeedTooOld

DELETED = "deleted"
"""A work item's detail when Zettle announced that the product is gone."""
ASK_AGAIN_S = 60.0


@dataclass(frozen=True, slots=True)
class Gathered:
    entries: Mapping[str, Entry]
    bound: Mapping[str, Binding]
    removals: tuple[ProductRemoval, ...]
    staying: tuple[WorkItem, ...]
    suffixed: Mapping[str, tuple[Suffix, ...]]


async def gather(session: Session, items: Sequence[WorkItem]) -> Gathered:
    """What we know and what Zettle says of these products, and which of them leave the store."""
    now, connection_id = session.clock.now(), session.connection.id
    gone, failed = await read_again(session, items)
    failed |= await _contradicted(
        session, [item for item in items if item.subject in gone and item.attempts > 0]
    )
    uuids = [item.subject for item in items]
    async with session.transaction() as tx:
        await assigning.decide_unassigned(tx, connection_id, uuids, now)
        entries = await library.get_many(tx, connection_id, uuids)
        bound = dict(await bindings.get_many(tx, connection_id, uuids))
        links = await duplicates.links(
            tx, connection_id, [uuid for uuid in uuids if uuid not in bound]
        )
        linked = await _link(session, links, tx)
        suffixed = await suffixes.of(tx, connection_id, uuids)
    bound |= linked
    removals, staying = [], []
    for item in items:
        if item.subject in failed:
            await session.fail(item, failed[item.subject])
            continue
        entry, binding = entries.get(item.subject), bound.get(item.subject)
        exists = entry is not None and entry.removed_at is None and item.subject not in gone
        belongs = assignment.belongs(
            exists=exists,
            decided=entry.assigned if entry else None,
            whole_library=session.connection.choices.whole_library,
            known_at_setup=True,
        )
        if belongs and entry is not None and entry.product is not None:
            staying.append(item)
        elif belongs:
            await session.finish(
                item
            )  # Unreadable: the library says so, and its next version adds a work item again.
        elif item.subject in gone and not _announced(item, entry) and item.attempts == 0:
            await session.again(item, ASK_AGAIN_S)
        else:
            removals.append(_removal(item, entry, binding, exists))
    bound |= await _kept(session, [item.subject for item in staying], bound)
    return Gathered(entries, bound, tuple(removals), tuple(staying), suffixed)


async def _kept(
    session: Session, uuids: Sequence[str], bound: Mapping[str, Binding]
) -> Mapping[str, Binding]:
    """Products that were assigned again before a delete was sent, or before its outcome was known:
    what is left of them is synced again.
    """
    back = [uuid for uuid in uuids if uuid in bound and bound[uuid].state is State.TO_DELETE]
    if not back:
        return {}
    async with session.transaction() as tx:
        await kept_bindings.keep(tx, session.connection.id, back)
        await work_items.add_many(tx, session.connection.id, Kind.STOCK, back, session.clock.now())
        return await bindings.get_many(tx, session.connection.id, back)


def _announced(item: WorkItem, entry: Entry | None) -> bool:
    return item.detail == DELETED or (entry is not None and entry.removed_at is not None)


def _removal(
    item: WorkItem, entry: Entry | None, binding: Binding | None, exists: bool
) -> ProductRemoval:
    removal = Removal.UNASSIGNED if exists else Removal.DELETED_IN_ZETTLE
    sure = exists or _announced(item, entry)
    cause = Cause.PERSON if exists else Cause.EVENT if sure else Cause.INFERRED
    return ProductRemoval(item, entry.name if entry else "", binding, removal, cause)


async def _link(session: Session, links: Mapping[str, int], tx: Tx) -> dict[str, Binding]:
    """The merchant's own match of two existing products (P11), unless the store's product is
    already bound.
    """
    taken = await bindings.by_product_ids(tx, session.connection.id, list(links.values()))
    made = {
        uuid: Synced(uuid, id_, Origin.LINKED) for uuid, id_ in links.items() if id_ not in taken
    }
    # Two Zettle products cannot share one product of the store: the first match stands.
    single = {synced.product_id: synced for synced in reversed(made.values())}
    for synced in single.values():
        await bindings.save(tx, session.connection.id, synced, session.clock.now())
    return {synced.key: Binding(synced) for synced in single.values()}


async def read_again(
    session: Session, items: Sequence[WorkItem]
) -> tuple[set[str], dict[str, Failure]]:
    """Updates the mirror for work items that may be newer than it. Returns the products that Zettle
    does not have, and those whose read failed.

    Work items of mass work come from a read of the library and need no new read.
    """
    fresh = [item for item in items if item.rank < BULK_RANK]
    found: dict[str, Product] = {}
    unreadable: dict[str, tuple[str, str, str]] = {}
    gone: set[str] = set()
    failed: dict[str, Failure] = {}
    gate = asyncio.Semaphore(PARALLEL)

    async def read(item: WorkItem) -> None:
        uuid = item.subject
        async with gate:
            try:
                product = await session.zettle.product(uuid)
            except Refused as refused:
                unreadable[uuid] = ("", str(refused.errors.get("name", "")), refused.code)
            except Failure as failure:
                failed[uuid] = failure
            else:
                if product is None:
                    gone.add(uuid)
                else:
                    found[uuid] = product

    await asyncio.gather(*(read(item) for item in fresh))
    await _mirror(session, fresh, found, unreadable, gone)
    return gone, failed


async def _contradicted(session: Session, in_doubt: Sequence[WorkItem]) -> dict[str, Failure]:
    """Products for which Zettle answers 404 while its library lists them. One answer is no proof,
    and they are read again (decision 15).

    The library is read when nobody announced that the product is gone.
    """
    async with session.read() as tx:
        entries = await library.get_many(
            tx, session.connection.id, [item.subject for item in in_doubt]
        )
    unannounced = {
        item.subject for item in in_doubt if not _announced(item, entries.get(item.subject))
    }
    if not unannounced:
        return {}
    whole = await session.zettle.library()
    if isinstance(whole, FeedTooOld):
        raise Unreachable(TillCode.UNREACHABLE, "the library cannot be read")
    listed = {product.uuid for product in whole.products} | {one.uuid for one in whole.unreadable}
    why = "404 for a product that the library lists"
    return {
        uuid: Unreachable(TillCode.UNREACHABLE, f"{uuid}: {why}") for uuid in unannounced & listed
    }


async def _mirror(
    session: Session,
    fresh: Sequence[WorkItem],
    found: Mapping[str, Product],
    unreadable: Mapping[str, tuple[str, str, str]],
    gone: Collection[str],
) -> None:
    """A product that is new to us was added after set-up, and is synced by itself (P8)."""
    now, connection_id = session.clock.now(), session.connection.id
    proven = [item.subject for item in fresh if item.subject in gone and item.detail == DELETED]
    async with session.transaction() as tx:
        if found or unreadable:
            new = True if session.connection.is_running else None
            known = await library.get_many(tx, connection_id, [*found, *unreadable])
            # Only a product that was never seen is new; a product that was left out by hand stays
            # out.
            late = [
                product
                for uuid, product in found.items()
                if uuid not in known or known[uuid].product is None
            ]
            rest = [product for product in found.values() if product not in late]
            broken = {
                uuid: (known[uuid].etag, known[uuid].name, code)
                if uuid in known
                else ("", name, code)
                for uuid, (_, name, code) in unreadable.items()
            }
            await library.upsert_many(tx, connection_id, late, now, assign_new=new)
            arrived = await library.upsert_many(tx, connection_id, rest, now, unreadable=broken)
            names = {uuid: name for uuid, (_, name, _) in broken.items()}
            await say_unreadable(tx, connection_id, arrived.broken, names, now)
        await library.remove(tx, connection_id, proven, now)


async def say_unreadable(
    tx: Tx, connection_id: int, uuids: Collection[str], names: Mapping[str, str], now: datetime
) -> None:
    """A product that Zettle cannot send in a readable form is skipped, and the log says so once."""
    for uuid in uuids:
        params = {"name": names.get(uuid) or uuid}
        line = Line(Code.PRODUCT_UNREADABLE, Topic.PRODUCT, Severity.ERROR, uuid, params=params)
        await synclog.add(tx, connection_id, line, now)
