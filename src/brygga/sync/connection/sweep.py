"""Compares everything at regular times: lost events are repaired, edits in BigCommerce are
reported, and nothing is reverted (decision 1).
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from brygga.bigcommerce.codes import Code as ShopCode
from brygga.core import planning
from brygga.core.drift import digest
from brygga.core.failures import Refused
from brygga.core.guards import Effect
from brygga.core.mapping import desired
from brygga.core.model import CatalogProduct, ObservedProduct
from brygga.core.report import Code, Line, Severity, Topic
from brygga.core.terms import Terms, terms_of
from brygga.database import (
    bindings,
    brakes,
    connections,
    library,
    suffixes,
    synclog,
    work_items,
)
from brygga.database import (
    shown as shown_products,
)
from brygga.database.bindings import Binding, State
from brygga.database.engine import Tx
from brygga.database.library import Entry
from brygga.database.suffixes import Suffix
from brygga.database.work_items import Kind, WorkItem
from brygga.sync.initial_levels import InitialLevels
from brygga.sync.products.gathering import DELETED
from brygga.sync.products.hands import RECOUNT, Hands, recount
from brygga.sync.products.observing import edits, reads_of
from brygga.sync.products.removing import SPARED
from brygga.sync.products.suffixing import found_in, release, review
from brygga.sync.shown import products_shown
from brygga.sync.worker.session import Session

PAGE = 250
SAID_AGAIN_AFTER = timedelta(days=1)
"""The same drift gets at most one line a day."""
MOST_FIELDS = 5
_TEXT = 120
_DRIFT = "said_drift"

Part = Callable[[Session], Awaitable[None]]


async def nothing(session: Session) -> None:
    """A sweep without a part for stock."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """The handler of sweep work items. `stock` compares the levels, in the same pass."""

    initial_levels: InitialLevels
    stock: Part = nothing

    async def __call__(self, session: Session, items: Sequence[WorkItem]) -> None:
        now = session.clock.now()
        async with session.transaction() as tx:
            await _carry_out_answers(tx, session)
            for kind in (Kind.LIBRARY, Kind.MARKER):
                await work_items.add(tx, session.connection.id, kind, "", now)
        await review(session, await compare(session, self.initial_levels))
        await self.stock(session)
        async with session.transaction() as tx:
            await connections.set_swept(tx, session.connection.id, now)
            await shown_products.prune(tx, session.connection.id)
            await session.finish(*items, tx=tx)


async def _carry_out_answers(tx: Tx, session: Session) -> None:
    """Applies the merchant's answers about work that a brake stopped (decision 9)."""
    connection_id, now = session.connection.id, session.clock.now()
    question = (await brakes.all_questions(tx, connection_id)).get(Effect.REMOVED.value)
    if question is None or not question.answer:
        return
    if question.answer == "go":
        await work_items.add_many(
            tx, connection_id, Kind.PRODUCT, question.subjects, now, detail=DELETED
        )
    else:
        await brakes.note(tx, connection_id, SPARED, question.subjects, now)
    await brakes.close(tx, connection_id, question.kind)


async def compare(session: Session, initial_levels: InitialLevels) -> list[Suffix]:
    """Compares every binding with the mirror and the store, 250 in a read. Returns the suffixes
    that were found.
    """
    suffixed: list[Suffix] = []
    async with session.read() as tx:
        bound = await bindings.all_of(tx, session.connection.id)
    uuids = list(bound)
    for place in range(0, len(uuids), PAGE):
        page = {uuid: bound[uuid] for uuid in uuids[place : place + PAGE]}
        suffixed += await _compare_page(session, page, initial_levels)
    return suffixed


async def _compare_page(
    session: Session, bound: Mapping[str, Binding], initial_levels: InitialLevels
) -> list[Suffix]:
    connection_id, now = session.connection.id, session.clock.now()
    found = await products_shown(session, [binding.synced.product_id for binding in bound.values()])
    category_id = session.connection.shop.category_id if session.connection.shop else None
    async with session.read() as tx:
        entries = await library.get_many(tx, connection_id, list(bound))
    terms = terms_of(session.connection)
    wanted = {
        uuid: desired(entry.product, terms).product
        for uuid, entry in entries.items()
        if entry.product
    }
    async with session.transaction() as tx:
        said = await brakes.noted_since(tx, connection_id, _DRIFT, now - SAID_AGAIN_AFTER)
        stale = [uuid for uuid, binding in bound.items() if _is_stale(entries.get(uuid), binding)]
        accepted = await shown_products.accepted(tx, connection_id, list(bound))
        lines = []
        for uuid, binding in bound.items():
            if uuid not in stale and uuid not in said:
                shown = found.get(binding.synced.product_id)
                compared = (wanted.get(uuid), shown)
                lines += _drift(terms, entries.get(uuid), binding, compared, accepted.get(uuid, ""))
        seen = {
            uuid: (not shown.is_visible, category_id in shown.category_ids)
            for uuid, binding in bound.items()
            if (shown := found.get(binding.synced.product_id))
        }
        await work_items.add_many(
            tx, connection_id, Kind.PRODUCT, stale, now, bulk=len(stale) > PAGE // 10
        )
        await bindings.set_seen(tx, connection_id, seen)
        await shown_products.save(
            tx, connection_id, reads_of(terms, entries, bound, found, wanted), now
        )
        await brakes.note(tx, connection_id, _DRIFT, [line.subject for line in lines], now)
        lines += await Hands(tx, session, initial_levels, entries).seen(
            list(bound), found, swept=True
        )
        await synclog.add(tx, connection_id, lines, now)
    return [
        row
        for uuid, binding in bound.items()
        if uuid not in stale
        and (shown := found.get(binding.synced.product_id)) is not None
        and (plain := wanted.get(uuid)) is not None
        for row in found_in(plain, binding.synced, shown)
    ]


def _is_stale(entry: Entry | None, binding: Binding) -> bool:
    """True when work was lost: a version that was never synced, or an unassignment or a delete that
    was never carried out.
    """
    if binding.state is State.TO_DELETE:
        return True
    if entry is None or entry.product is None:
        return False
    leaves = entry.removed_at is not None or (entry.assigned is False and entry.unassign_at is None)
    changed = planning.is_changed(binding.synced, entry.etag, force=False)
    return leaves or (changed and not entry.failure)


def _drift(
    terms: Terms,
    entry: Entry | None,
    binding: Binding,
    compared: tuple[CatalogProduct | None, ObservedProduct | None],
    accepted: str,
) -> list[Line]:
    """Differences although nothing was saved in Zettle since: somebody's edit in BigCommerce, which
    stays until the next save in Zettle. Those that the merchant has accepted are not said again.
    """
    if entry is None or entry.product is None:
        return []
    wanted, shown = compared
    named = {"name": entry.product.name}
    if shown is None:
        return [
            Line(
                Code.MISSING_IN_SHOP,
                Topic.PRODUCT,
                Severity.WARNING,
                entry.product_uuid,
                params=named,
            )
        ]
    found = edits(terms, wanted, binding, shown)
    if digest(found) == accepted:
        return []
    return [
        Line(
            Code.DRIFT,
            Topic.PRODUCT,
            Severity.INFO,
            entry.product_uuid,
            over.variant,
            {**named, "field": over.field, "shop": over.was[:_TEXT], "till": over.now[:_TEXT]},
        )
        for over in found[:MOST_FIELDS]
    ]


@dataclass(frozen=True, slots=True)
class ShopProducts:
    """The handler of BigCommerce's events about products, the store's own or ours.

    Our products are read for what the pages show, and for the merchant's changes to their variants
    (`hands`). Nothing is written except by a button of ours (P7). A product of ours that was
    deleted in the store is created again at its next save in Zettle, or by "Sync now" (P10): the
    log says so.
    """

    initial_levels: InitialLevels

    async def __call__(self, session: Session, items: Sequence[WorkItem]) -> None:
        connection_id = session.connection.id
        ids = [int(item.subject) for item in items if item.subject.isdigit()]
        async with session.read() as tx:
            owners = await bindings.by_product_ids(tx, connection_id, ids)
            waiting = await suffixes.held_by(tx, connection_id, ids)
        if asked := [item for item in items if _is_asked(item, owners)]:
            await self._recounted(session, asked, owners)
        if not (left := session.unresolved(items)):
            return
        found = await products_shown(session, list(owners))
        if waiting:
            holders = {row.holder_id for row in waiting}
            strangers = await session.shop.products(sorted(holders - owners.keys())[:PAGE])
            await release(session, waiting, {**found, **strangers})
        await self._looked(session, left, owners, found)

    async def _recounted(
        self, session: Session, asked: Sequence[WorkItem], owners: Mapping[int, str]
    ) -> None:
        """The button that makes the store count a product as Zettle does. A refusal of the store
        concerns that product only.
        """
        async with session.read() as tx:
            bound = await bindings.get_many(
                tx, session.connection.id, [owners[int(item.subject)] for item in asked]
            )
        for item in asked:
            uuid = owners[int(item.subject)]
            try:
                await recount(session, {uuid: bound[uuid]} if uuid in bound else {})
            except Refused as refused:
                if refused.code != ShopCode.PRODUCT_GONE:
                    await session.fail(item, refused)

    async def _looked(
        self,
        session: Session,
        items: Sequence[WorkItem],
        owners: Mapping[int, str],
        found: Mapping[int, ObservedProduct],
    ) -> None:
        connection_id, now = session.connection.id, session.clock.now()
        category_id = session.connection.shop.category_id if session.connection.shop else None
        async with session.transaction() as tx:
            entries = await library.get_many(tx, connection_id, list(owners.values()))
            gone = [uuid for id_, uuid in owners.items() if id_ not in found and uuid in entries]
            if gone:
                since = now - SAID_AGAIN_AFTER
                said = await brakes.noted_since(tx, connection_id, _DRIFT, since)
                gone = [uuid for uuid in gone if uuid not in said]
            lines = [
                Line(
                    Code.MISSING_IN_SHOP,
                    Topic.PRODUCT,
                    Severity.WARNING,
                    uuid,
                    params={"name": entries[uuid].name},
                )
                for uuid in gone
            ]
            seen = {
                owners[id_]: (not one.is_visible, category_id in one.category_ids)
                for id_, one in found.items()
            }
            bound = await bindings.get_many(tx, connection_id, list(owners.values()))
            await bindings.set_seen(tx, connection_id, _news(bound, seen))
            reads = reads_of(terms_of(session.connection), entries, bound, found)
            await shown_products.save(tx, connection_id, reads, now)
            await brakes.note(tx, connection_id, _DRIFT, gone, now)
            await session.finish(*items, tx=tx)
            lines += await Hands(tx, session, self.initial_levels, entries).seen(
                list(owners.values()), found, bound=bound
            )
            await synclog.add(tx, connection_id, lines, now)


def _news(
    bound: Mapping[str, Binding], seen: Mapping[str, tuple[bool, bool]]
) -> Mapping[str, tuple[bool, bool]]:
    """What of `bindings.set_seen` is not known yet."""
    known = {uuid: (one.hidden, one.in_category) for uuid, one in bound.items()}
    return {uuid: one for uuid, one in seen.items() if uuid in known and known[uuid] != one}


def _is_asked(item: WorkItem, owners: Mapping[int, str]) -> bool:
    return item.detail == RECOUNT and item.subject.isdigit() and int(item.subject) in owners
