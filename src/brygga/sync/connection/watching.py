"""Watching beside the app that links the two today: both sides are read, what Brygga would write is
kept as a prediction, and each is compared with what happens (`core.watching`).

Nothing is written to either platform: the gate of every call is shut in this stage (`wiring`).
Pairs are the merchant's links and clear likely duplicates (P11). Webhooks come as work items of
their usual kinds, whose handlers are replaced here by one read of both sides (`beside`).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from brygga.core import planning
from brygga.core.mapping import desired
from brygga.core.model import CatalogProduct, ObservedProduct, Origin, Product, Stage, Synced
from brygga.core.planning import Overwritten
from brygga.core.stock import Gap, Ledger, Side, StockRecord
from brygga.core.terms import Terms, terms_of
from brygga.core.watching import (
    CREATED,
    GIVEN_UP,
    REMOVED,
    STOCK,
    Levels,
    Outcome,
    Predicted,
    arrived,
    begun,
    came_true,
    followed,
    judged,
    predicted,
    variant_ids,
)
from brygga.database import bindings, duplicates, ledgers, library, restoring, watching, work_items
from brygga.database.duplicates import Choice
from brygga.database.engine import Tx
from brygga.database.ledgers import LedgerRow
from brygga.database.library import Entry
from brygga.database.watching import Prediction, Watched
from brygga.database.work_items import Kind, WorkItem
from brygga.sync.products.likely import find_duplicates
from brygga.sync.products.work import read_again
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
            await ledgers.take(tx, connection_id, uuids, [one.subject for one in items])
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
        if any(_is_wanted(now_known.get(uuid)) and uuid not in links for uuid in uuids):
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
        found = _Found()
        for uuid in uuids:
            own = _Own(
                entries.get(uuid),
                known.get(uuid),
                ids.get(uuid),
                [one for one in waiting if one.product_uuid == uuid],
                uuid in before,
                before.get(uuid),
            )
            judging = _Judging(uuid, own, both, terms, found, shop_first)
            await judging.run(session)
        await _save(session, found)

    async def _both_sides(
        self, session: Session, entries: Mapping[str, Entry], ids: Mapping[str, int]
    ) -> "_Both":
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
        return _Both(
            shown,
            {row.variant_id: row.onhand for row in rows if row.onhand is not None},
            {uuid: one.level for uuid, one in read.reads.items() if not isinstance(one.level, Gap)},
        )


def _is_wanted(entry: Entry | None) -> bool:
    return entry is not None and entry.product is not None and entry.removed_at is None


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


# ---- One product ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Both:
    """The store's products by id, its levels by variant id, Zettle's levels by variant uuid."""

    shown: Mapping[int, ObservedProduct]
    shop: Mapping[int, int]
    zettle: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Own:
    """What is known of one product. `before`: as it was in Zettle before this read, where it was
    read now (`is_read`).
    """

    entry: Entry | None
    pair: Watched | None
    product_id: int | None
    waiting: Sequence[Prediction]
    is_read: bool = False
    before: Product | None = None


@dataclass(slots=True)
class _Found:
    """What a pass decides, for one transaction."""

    pairs: list[Watched] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    made: list[Prediction] = field(default_factory=list)
    settled: list[tuple[int, tuple[Outcome, str]]] = field(default_factory=list)
    withdrawn: list[int] = field(default_factory=list)


@dataclass(slots=True)
class _Judging:
    uuid: str
    own: _Own
    both: _Both
    terms: Terms
    found: _Found
    shop_first: bool

    async def run(self, session: Session) -> None:
        entry, own = self.own.entry, self.own
        shown = None if own.product_id is None else self.both.shown.get(own.product_id)
        self._of_creation(session, shown)
        if entry is not None and entry.removed_at is not None:
            if own.pair is None:
                self.found.withdrawn += [one.id for one in own.waiting]
            else:
                self._of_removal(session, own.pair, shown)
            return
        product = None if entry is None else entry.product
        if product is None or shown is None or own.product_id is None:
            self._give_up(session, {CREATED})
            return
        wanted = desired(product, self.terms).product
        if wanted is None:
            return
        ids = variant_ids(wanted, shown)
        pair = own.pair or Watched(self.uuid, shown.product_id, product.etag)
        if pair.product_id != shown.product_id:
            pair = Watched(self.uuid, shown.product_id, product.etag)
        if pair.etag != product.etag or self._fields_wait():
            await self._of_fields(session, product, wanted, shown)
        levels = {
            variant: self._of_stock(session, pair.variants.get(variant), variant, variant_id)
            for variant, variant_id in ids.items()
            if variant in self.both.zettle and variant_id in self.both.shop
        }
        self.found.pairs.append(replace(pair, etag=product.etag, variants=levels))

    # ---- Stock -----------------------------------------------------------------------------------

    def _of_stock(
        self, session: Session, before: Levels | None, variant: str, variant_id: int
    ) -> Levels:
        now = session.clock.now()
        zettle, shop = self.both.zettle[variant], self.both.shop[variant_id]
        if (first := begun(before, variant_id, (zettle, shop), now)) is not None:
            return first
        assert before is not None
        step = followed(before, zettle, shop, now, shop_first=self.shop_first)
        levels = step.levels
        for side in Side:
            name = STOCK[side]
            waiting = [
                one for one in self.own.waiting if (one.field, one.variant_uuid) == (name, variant)
            ]
            was, shows = (before.zettle, zettle) if side is Side.ZETTLE else (before.shop, shop)
            new = [
                Prediction(
                    self.uuid,
                    variant,
                    name,
                    self._name(),
                    str(was),
                    str(max(0, was) + change),
                    now,
                    change,
                )
                for of, change in step.made
                if of is side
            ]
            levels = self._settled(session, levels, side, [*waiting, *new], shows)
        return levels

    def _settled(
        self,
        session: Session,
        levels: Levels,
        side: Side,
        waiting: Sequence[Prediction],
        shows: int,
    ) -> Levels:
        """Marks what has arrived and what is given up. `waiting`: oldest first, new ones last."""
        now, left = session.clock.now(), levels.pushed(side)
        count = arrived([one.change for one in waiting], left)
        for number, one in enumerate(waiting):
            if number < count:
                self._end(one, came_true(one.made_at, now), str(shows), session)
            elif one.id == 0:
                self.found.made.append(one)
        rest = waiting[count:]
        old = [one for one in rest if now - one.made_at > GIVEN_UP]
        if not old:
            return levels
        partly = sum(one.change for one in rest) != left
        for one in old:
            self._end(one, Outcome.DIFFERENT if partly else Outcome.MISSING, str(shows), session)
        young = sum(one.change for one in rest if one not in old)
        return levels.without(side, left - young)

    def _end(self, one: Prediction, outcome: Outcome, seen: str, session: Session) -> None:
        if one.id:
            self.found.settled.append((one.id, (outcome, seen)))
        else:
            now = session.clock.now()
            self.found.made.append(replace(one, outcome=outcome, seen=seen, settled_at=now))

    # ---- Fields ----------------------------------------------------------------------------------

    def _fields_wait(self) -> bool:
        return any(self._is_field(one) for one in self.own.waiting)

    @staticmethod
    def _is_field(one: Prediction) -> bool:
        return one.field not in {CREATED, REMOVED, *STOCK.values()}

    async def _of_fields(
        self, session: Session, product: Product, wanted: CatalogProduct, shown: ObservedProduct
    ) -> None:
        now = session.clock.now()
        overwritten = await self._overwritten(session, wanted, shown)
        differs = {(one.field, one.variant): one for one in overwritten}
        for one in self.own.waiting:
            if not self._is_field(one):
                continue
            key = (one.field, one.variant_uuid)
            known = Predicted(key, one.was, one.expected)
            end = judged(known, one.made_at, differs, now)
            if end is None:
                self.found.withdrawn.append(one.id)
            elif end.outcome is not Outcome.OPEN:
                self.found.settled.append((one.id, (end.outcome, end.seen)))
        pair = self.own.pair
        if pair is None or pair.etag in {"", product.etag}:
            return
        asked = {(one.field, one.variant_uuid): one.expected for one in self.own.waiting}
        old = self.own.before
        before = desired(old, self.terms).product if old and old.etag != product.etag else None
        for new in predicted(before, wanted, overwritten):
            if asked.get(new.field) == new.expected:
                continue
            name, (field_name, variant) = self._name(), new.field
            made = Prediction(self.uuid, variant, field_name, name, new.was, new.expected, now)
            if new.is_there:
                made = replace(made, outcome=Outcome.RIGHT, seen=new.expected, settled_at=now)
            self.found.made.append(made)

    async def _overwritten(
        self, session: Session, wanted: CatalogProduct, shown: ObservedProduct
    ) -> Sequence[Overwritten]:
        """What the engine's own plan would overwrite, cut as it is stored."""
        bound = Synced(
            self.uuid, shown.product_id, Origin.LINKED, variants=variant_ids(wanted, shown)
        )
        plan = planning.plan(wanted, bound, shown, self.terms, force=True)
        if plan.needs_options:
            whole = await session.shop.product(shown.product_id)
            if whole is None:
                return ()
            plan = planning.plan(wanted, bound, whole, self.terms, force=True)
        most = watching.MOST_TEXT
        return [replace(one, was=one.was[:most], now=one.now[:most]) for one in plan.overwritten]

    # ---- Whole products --------------------------------------------------------------------------

    def _of_creation(self, session: Session, shown: ObservedProduct | None) -> None:
        """A product that is new in Zettle would be created, unless the store has it."""
        own, now = self.own, session.clock.now()
        waiting = [one for one in own.waiting if one.field == CREATED]
        is_new = own.is_read and own.before is None and own.pair is None and _is_wanted(own.entry)
        if is_new and not waiting:
            name = self._name()
            waiting = [Prediction(self.uuid, "", CREATED, name, "", name, now)]
            if shown is None:
                self.found.made += waiting
        if shown is not None:
            for one in waiting:
                self._end(one, came_true(one.made_at, now), shown.name, session)

    def _of_removal(self, session: Session, pair: Watched, shown: ObservedProduct | None) -> None:
        """A product that was deleted in Zettle would be removed from the store (P12)."""
        own, now = self.own, session.clock.now()
        waiting = [one for one in own.waiting if one.field == REMOVED]
        if not waiting:
            waiting = [Prediction(self.uuid, "", REMOVED, self._name(), self._name(), "", now)]
            self.found.withdrawn += [one.id for one in own.waiting if one.field != CREATED]
            if shown is not None:
                self.found.made += waiting
        if shown is None:
            for one in waiting:
                self._end(one, came_true(one.made_at, now), "", session)
            self.found.gone.append(self.uuid)
        else:
            self._give_up(session, {REMOVED})
            self.found.pairs.append(pair)

    def _give_up(self, session: Session, fields: Collection[str]) -> None:
        now = session.clock.now()
        for one in self.own.waiting:
            if one.field in fields and now - one.made_at > GIVEN_UP:
                self.found.settled.append((one.id, (Outcome.MISSING, "")))

    def _name(self) -> str:
        return "" if self.own.entry is None else self.own.entry.name


async def _save(session: Session, found: _Found) -> None:
    connection_id, now = session.connection.id, session.clock.now()
    async with session.transaction() as tx:
        await watching.save(tx, connection_id, found.pairs)
        await watching.drop(tx, connection_id, found.gone)
        await watching.predict(tx, connection_id, found.made)
        for end in dict.fromkeys(end for _, end in found.settled):
            ids = [id_ for id_, own in found.settled if own == end]
            await watching.settle(tx, connection_id, ids, end, now)
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
    await library.assign_all(tx, connection_id, uuids)
    await restoring.begin(tx, connection_id, now)
    return uuids
