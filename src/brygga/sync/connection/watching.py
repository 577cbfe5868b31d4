"""Watching beside the app that links the two today: both sides are read, what Brygga would write is
kept as a prediction, and each is compared with what happens (`core.watching`).

Nothing is written to either platform: the gate of every call is shut in this stage (`wiring`).
Pairs are the merchant's links and clear likely duplicates (P11). Webhooks come as work items of
their usual kinds, whose handlers are replaced here by one read of both sides (`beside`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from brygga.core.model import Origin, Product, Stage, Synced
from brygga.core.stock import Gap, Ledger, StockRecord
from brygga.core.terms import terms_of
from brygga.core.watching import (
    CREATED,
    GIVEN_UP,
)
from brygga.database import (
    assigning,
    bindings,
    duplicates,
    ledgers,
    library,
    reported_changes,
    restoring,
    watching,
    work_items,
)
from brygga.database.duplicates import Choice
from brygga.database.engine import Tx
from brygga.database.ledgers import LedgerRow
from brygga.database.library import Entry
from brygga.database.work_items import Kind, WorkItem
from brygga.sync.connection.watched_product import Both, Found, Judging, Own, is_wanted
from brygga.sync.products.gathering import read_again
from brygga.sync.products.likely import find_duplicates
from brygga.sync.shown import products_shown
from brygga.sync.stock import Till
from brygga.sync.stock.gather import location
from brygga.sync.worker.session import Session
from brygga.sync.worker.turn import Handler

EVERY: Final = timedelta(minutes=15)
"""Everything is compared this often, whatever webhooks say."""
PORTION: Final = 250
AGAIN: Final = ((timedelta(minutes=3), 15), (timedelta(minutes=15), 60), (GIVEN_UP, 300))
"""While a prediction is open, its product is read again this many seconds later, by its age."""
SURE: Final = frozenset({"sku", "barcode", "same_name", "connector"})
"""Reasons for which a likely duplicate is proposed as a pair, where it is the only one."""


def beside(handler: Handler, own: Handler) -> Handler:
    """`own` while the connection watches, `handler` in every other stage."""

    async def handle(session: Session, items: Sequence[WorkItem]) -> None:
        await (own if session.connection.stage is Stage.WATCHING else handler)(session, items)

    return handle


@dataclass(frozen=True, slots=True)
class Watching:
    """The handlers of a connection that watches."""

    till: Till

    async def everything(self, session: Session, items: Sequence[WorkItem]) -> None:
        """The handler of watch work items: proposes pairs, and compares all."""
        connection_id, now = session.connection.id, session.clock.now()
        await propose(session)
        async with session.read() as tx:
            links = await duplicates.links(tx, connection_id)
            known = await watching.pairs(tx, connection_id)
        uuids = sorted({*links, *known})
        for place in range(0, len(uuids), PORTION):
            await self._compare(session, uuids[place : place + PORTION], {})
        async with session.transaction() as tx:
            await work_items.add(tx, connection_id, Kind.LIBRARY, "", now)
            for item in items:
                await session.again(item, EVERY.total_seconds(), tx=tx)
            await _look_again(tx, session, uuids)

    async def look(self, session: Session, items: Sequence[WorkItem]) -> None:
        """What a webhook names, or what an open prediction waits for, is read on both sides."""
        connection_id, kind = session.connection.id, items[0].kind
        uuids = [item.subject for item in items]
        if kind in {Kind.SHOP_STOCK, Kind.SHOP_PRODUCT}:
            ids = [int(one.subject) for one in items if one.subject.isdigit()]
            async with session.read() as tx:
                uuids = sorted((await watching.owners(tx, connection_id, ids)).values())
        before: Mapping[str, Product | None] = {}
        if kind is Kind.PRODUCT:
            before = await self._read_products(session, items)
        await self._compare(session, uuids, before, shop_first=kind is Kind.SHOP_STOCK)
        async with session.transaction() as tx:
            await reported_changes.take(tx, connection_id, uuids, [one.subject for one in items])
            await session.finish(*session.unresolved(items), tx=tx)
            # After that: an item that is not finished would keep its due time, which is over.
            await _look_again(tx, session, uuids)

    async def _read_products(
        self, session: Session, items: Sequence[WorkItem]
    ) -> Mapping[str, Product | None]:
        """The products as they were known before this read. Searches the store again where a
        product that Brygga would create may be there by now.
        """
        connection_id, uuids = session.connection.id, [item.subject for item in items]
        async with session.read() as tx:
            entries = await library.get_many(tx, connection_id, uuids)
        _, failed = await read_again(session, items)
        for item in items:
            if item.subject in failed:
                await session.fail(item, failed[item.subject])
        async with session.read() as tx:
            links = await duplicates.links(tx, connection_id, uuids)
            now_known = await library.get_many(tx, connection_id, uuids)
        if any(is_wanted(now_known.get(uuid)) and uuid not in links for uuid in uuids):
            await find_duplicates(session)
            await propose(session)
        return {uuid: entries[uuid].product if uuid in entries else None for uuid in uuids}

    async def _compare(
        self,
        session: Session,
        uuids: Sequence[str],
        before: Mapping[str, Product | None],
        *,
        shop_first: bool = False,
    ) -> None:
        if not uuids:
            return
        connection_id = session.connection.id
        async with session.read() as tx:
            links = await duplicates.links(tx, connection_id, uuids)
            known = await watching.pairs(tx, connection_id, uuids)
            entries = await library.get_many(tx, connection_id, uuids)
            waiting = await watching.open_for(tx, connection_id, uuids)
        ids = {uuid: links.get(uuid) or known[uuid].product_id for uuid in {*links, *known}}
        both = await self._both_sides(session, entries, ids)
        terms = terms_of(session.connection)
        found = Found()
        for uuid in uuids:
            own = Own(
                entries.get(uuid),
                known.get(uuid),
                ids.get(uuid),
                [one for one in waiting if one.product_uuid == uuid],
                uuid in before,
                before.get(uuid),
            )
            judging = Judging(uuid, own, both, terms, found, shop_first)
            judging.run(session)
        await _save(session, found)

    async def _both_sides(
        self, session: Session, entries: Mapping[str, Entry], ids: Mapping[str, int]
    ) -> "Both":
        """BigCommerce is read first, as the engine does."""
        product_ids = sorted(set(ids.values()))
        shown = await products_shown(session, product_ids)
        there = sorted(shown)
        rows = await session.shop.levels(location(session), product_ids=there) if there else ()
        wanted = {
            uuid: [variant.uuid for variant in entry.product.variants]
            for uuid, entry in entries.items()
            if uuid in ids and entry.product is not None and entry.removed_at is None
        }
        read = await self.till.reads(session, wanted, {})
        return Both(
            shown,
            {row.variant_id: row.onhand for row in rows if row.onhand is not None},
            {uuid: one.level for uuid, one in read.reads.items() if not isinstance(one.level, Gap)},
        )


async def propose(session: Session) -> None:
    """A likely duplicate that is the only one on both sides, and of which nobody has decided yet,
    becomes a pair. The merchant can change it.
    """
    connection_id = session.connection.id
    async with session.transaction() as tx:
        found = await duplicates.all_of(tx, connection_id)
        undecided = [one for one in found if one.choice is Choice.OPEN]
        for one in undecided:
            ours = [pair for pair in found if pair.product_uuid == one.product_uuid]
            theirs = [pair for pair in found if pair.product_id == one.product_id]
            if one.reason in SURE and len(ours) == len(theirs) == 1:
                await duplicates.choose(
                    tx, connection_id, one.product_uuid, one.product_id, Choice.LINK
                )


async def _save(session: Session, found: Found) -> None:
    connection_id, now = session.connection.id, session.clock.now()
    async with session.transaction() as tx:
        await watching.save(tx, connection_id, found.pairs)
        await watching.drop(tx, connection_id, found.gone)
        await watching.predict(tx, connection_id, found.made)
        for end in dict.fromkeys(end for _, end in found.settled):
            ids = [id_ for id_, own in found.settled if own == end]
            await watching.resolve(tx, connection_id, ids, end, now)
        await watching.withdraw(tx, connection_id, found.withdrawn)


async def _look_again(tx: Tx, session: Session, uuids: Sequence[str]) -> None:
    """Products with an open prediction are read again, the younger it is the sooner."""
    connection_id, now = session.connection.id, session.clock.now()
    for one in await watching.open_for(tx, connection_id, uuids):
        wait_s = next((s for age, s in AGAIN if now - one.made_at <= age), AGAIN[0][1])
        kind = Kind.PRODUCT if one.field == CREATED else Kind.STOCK
        due_at = now + timedelta(seconds=wait_s)
        await work_items.add(tx, connection_id, kind, one.product_uuid, now, due_at=due_at)


# ---- The end -------------------------------------------------------------------------------------


async def take_over(tx: Tx, connection_id: int, now: datetime) -> Sequence[str]:
    """Pairs become bindings, and the connection compares both sides before anything is written, as
    after a restore (`restored`). Returns the products that are bound.
    """
    known = await watching.pairs(tx, connection_id)
    single = {one.product_id: one for one in reversed(list(known.values()))}
    rows: list[LedgerRow] = []
    for one in single.values():
        ids = {variant: levels.variant_id for variant, levels in one.variants.items()}
        bound = Synced(one.product_uuid, one.product_id, Origin.LINKED, variants=ids)
        await bindings.save(tx, connection_id, bound, now)
        rows += [
            LedgerRow(one.product_uuid, variant, Ledger(shop=StockRecord(variant_id=id_)))
            for variant, id_ in ids.items()
        ]
    await ledgers.save(tx, connection_id, rows, now)
    uuids = sorted(one.product_uuid for one in single.values())
    await assigning.assign_all(tx, connection_id, uuids)
    await restoring.begin(tx, connection_id, now)
    return uuids
