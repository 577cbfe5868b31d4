"""The current levels of both sides, read in bulk. Unknown is never taken as zero, and a missing row
is not a number (decisions 3 and 15).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from brygga.bigcommerce.values import Level as ShopLevel
from brygga.core.hands import Counting, counting, is_odd, is_whole
from brygga.core.model import InventoryType, ObservedProduct
from brygga.core.stock import Gap, LevelRead, Side
from brygga.database import bindings, ledgers, library, work_items
from brygga.database.bindings import Binding, State
from brygga.database.engine import Tx
from brygga.database.ledgers import LedgerRow
from brygga.database.work_items import Kind
from brygga.sync.shown import products_shown
from brygga.sync.stock.evidence import Read, Reads, TillEvidence, absent_in_shop, is_proven_gone
from brygga.sync.worker.session import Session
from brygga.zettle.api.inventory import store_of


@dataclass(frozen=True, slots=True)
class Inventories:
    """The account's inventories by what they are for (zettle facts 3.2)."""

    store: str
    others: Mapping[InventoryType, str]


@dataclass(slots=True)
class Till:
    """Zettle's levels. The inventories of an account do not change, so they are read once."""

    _known: dict[int, Inventories] = field(default_factory=dict)

    async def inventories(self, session: Session) -> Inventories | None:
        """None until tracking was first switched on for any product (zettle facts 3.2)."""
        known = self._known.get(session.connection.id)
        if known is None:
            found = await session.zettle.inventories()
            store = store_of(found)
            if store is None:
                return None
            others: dict[InventoryType, str] = {one.type: one.uuid for one in found}
            others.pop(InventoryType.STORE, None)
            known = Inventories(store.uuid, others)
            if others:  # an account that has none besides the store's may get them
                self._known[session.connection.id] = known
        return known

    async def reads(
        self,
        session: Session,
        wanted: Mapping[str, Collection[str]],
        ledger_rows: Mapping[str, LedgerRow],
        *,
        swept: bool = False,
    ) -> Read:
        """Reads the levels of `wanted`: product uuid -> variant uuids. They are asked for by name,
        or, in a sweep, found in the list of all. `ledger_rows` are our ledgers of them.
        """
        read_started = session.clock.now()
        if not wanted:
            return Read()
        places = await self.inventories(session)
        evidence = TillEvidence(
            session, "" if places is None else places.store, ledger_rows, read_started
        )
        return await (evidence.by_list(wanted) if swept else evidence.by_name(wanted))


@dataclass(frozen=True, slots=True)
class Stored:
    """What the database has about some products: their bindings and their ledgers."""

    uuids: Collection[str]
    bound: Mapping[str, Binding]
    variants: Mapping[str, tuple[str, int]]
    """Every variant that is bound now: uuid -> (product uuid, BigCommerce variant id)."""
    ledger_rows: Mapping[str, LedgerRow]
    gone: frozenset[str] = frozenset()
    """Variants with a ledger that neither side has any more: they have no level to read."""
    odd: Mapping[str, int] = field(default_factory=dict)
    """Products that BigCommerce counts in another way than Zettle, as far as we know: uuid ->
    BigCommerce product id.
    """

    @property
    def slots(self) -> frozenset[int]:
        """The marker's variants in open calls to these."""
        pending_writes = [row.ledger.shop.pending_write for row in self.ledger_rows.values()]
        return frozenset(
            one.slot.variant_id
            for one in pending_writes
            if one is not None and one.slot is not None
        )

    @property
    def uncounted(self) -> frozenset[str]:
        """Products that BigCommerce does not count, as far as we know."""
        return frozenset(uuid for uuid, one in self.bound.items() if one.counting is Counting.OFF)

    @property
    def at_till(self) -> Mapping[str, set[str]]:
        wanted: dict[str, set[str]] = {}
        for variant, (uuid, _) in self.variants.items():
            wanted.setdefault(uuid, set()).add(variant)
        for row in self.ledger_rows.values():
            wanted.setdefault(row.product_uuid, set()).add(row.variant_uuid)
        return wanted

    @property
    def in_shop(self) -> Mapping[str, int]:
        """Suspended records are read too: a missing level stays unknown and changes nothing."""
        return {
            variant: variant_id
            for variant, (_, variant_id) in self.variants.items()
            if not is_whole(variant_id)
        }


async def known(session: Session, uuids: Collection[str] | None = None) -> Stored:
    """What is stored of these products, or of all. The stock of a product that waits for its
    deletion is no longer synced to the store.
    """
    connection_id = session.connection.id
    async with session.read() as tx:
        if uuids is None:
            found = await bindings.all_of(tx, connection_id)
            uuids = sorted({*await ledgers.products(tx, connection_id), *_standing(found)})
        else:
            found = await bindings.get_many(tx, connection_id, uuids)
        bound = {uuid: one for uuid, one in found.items() if one.shares_stock}
        ledger_rows = await ledgers.load(tx, connection_id, uuids)
        variants = {
            v: (uuid, id_) for uuid, one in bound.items() for v, id_ in one.synced.variants.items()
        }
        gone = await _gone(
            tx,
            connection_id,
            [row for variant, row in ledger_rows.items() if variant not in variants],
        )
    odd = {
        uuid: one.synced.product_id
        for uuid, one in _standing(found).items()
        if one.counting is not Counting.ALIKE
    }
    return Stored(
        uuids,
        bound,
        variants,
        {variant: row for variant, row in ledger_rows.items() if variant not in gone},
        gone,
        odd,
    )


async def _gone(tx: Tx, connection_id: int, unbound: Sequence[LedgerRow]) -> frozenset[str]:
    """The variants that are in no Zettle product either, as far as we know that product."""
    unsure = {row.product_uuid for row in unbound}
    entries = await library.get_many(tx, connection_id, unsure) if unsure else {}
    active = {
        uuid: {one.uuid for one in entry.product.variants}
        for uuid, entry in entries.items()
        if entry.product
    }
    return frozenset(
        one.variant_uuid
        for one in unbound
        if one.variant_uuid not in active.get(one.product_uuid, {one.variant_uuid})
    )


def _standing(found: Mapping[str, Binding]) -> Mapping[str, Binding]:
    return {uuid: one for uuid, one in found.items() if one.state is State.BOUND}


# ---- BigCommerce ---------------------------------------------------------------------------------


async def bigcommerce_reads(
    session: Session, stored: Stored, wanted: Mapping[str, int], *, swept: bool = False
) -> Read:
    """Reads the levels of `wanted`: variant uuid -> BigCommerce variant id.

    What the answer leaves out is searched in the catalogue (`evidence`), but not by a sweep. The
    slots of open calls are read in the same request, so that both are equally old (decision 16).
    """
    if not wanted and not stored.slots:
        return Read()
    read_started = LevelRead(Gap.UNKNOWN, session.clock.now())
    rows = await (
        _all_rows(session) if swept else _rows(session, {*wanted.values(), *stored.slots})
    )
    missing = {} if swept else {variant: id_ for variant, id_ in wanted.items() if id_ not in rows}
    absent = await absent_in_shop(session, missing, stored.bound, stored.ledger_rows, read_started)
    reads = {variant: rows[id_] for variant, id_ in wanted.items() if id_ in rows}
    slots = {one: rows[one] for one in stored.slots if one in rows}
    return Read({**reads, **absent.reads}, absent.unread, slots)


async def _rows(session: Session, variant_ids: Collection[int]) -> Mapping[int, LevelRead]:
    read_started = session.clock.now()
    rows = await session.shop.levels(location(session), variant_ids=sorted(variant_ids))
    return {row.variant_id: _level_read(row, read_started) for row in rows}


async def _all_rows(session: Session) -> Mapping[int, LevelRead]:
    rows: dict[int, LevelRead] = {}
    number: int | None = 1
    while number is not None:
        read_started = session.clock.now()
        page = await session.shop.levels_page(location(session), number)
        rows |= {row.variant_id: _level_read(row, read_started) for row in page}
        number = page.next
    return rows


def _level_read(row: ShopLevel, read_started: datetime) -> LevelRead:
    """The stock on hand, because that is what adjustments change. The safety stock is the floor: no
    adjustment may go below it.
    """
    return LevelRead(
        Gap.UNKNOWN if row.onhand is None else row.onhand, read_started, max(0, row.safety_stock)
    )


async def proven(session: Session, stored: Stored, reads: Reads) -> Reads:
    """A number counts only at the level at which the product is counted (decision 18). Zero needs
    proof on this side too (decision 3).

    If a product's tracking was switched in BigCommerce, each variant shows 0 or the number of the
    whole product, without any sale. The catalogue is read where such a switch may have changed one
    of our numbers, and where the number is that of a whole product. A missing row already has its
    proof (`evidence`): then the product work finds out what happened.
    """
    of, read_started = stored.variants, session.clock.now()
    whole = {uuid for uuid, variant_id in of.values() if is_whole(variant_id)}
    doubtful = {
        of[variant][0] for variant, read in reads.items() if _is_doubtful(stored, variant, read)
    }
    asked = sorted(doubtful | whole)
    shown = await products_shown(session, [stored.bound[uuid].synced.product_id for uuid in asked])
    whole_ids = sorted(stored.bound[uuid].synced.product_id for uuid in whole)
    rows = await session.shop.levels(location(session), product_ids=whole_ids) if whole else ()

    believed, odd = dict(reads), set[str]()
    for variant, (uuid, variant_id) in of.items():
        binding = stored.bound[uuid]
        read, seen = reads.get(variant), shown.get(binding.synced.product_id)
        if is_whole(variant_id):
            believed[variant] = _of_whole(binding, seen, rows, read_started)
        elif read is not None and uuid in doubtful:
            believed[variant] = _held_against(binding, seen, read)
        if _is_news(stored, variant, read, seen):
            odd.add(str(binding.synced.product_id))
    if odd:
        # The product work finds out what the merchant changed (`sync.products.hands`).
        async with session.transaction() as tx:
            await work_items.add_many(
                tx, session.connection.id, Kind.SHOP_PRODUCT, sorted(odd), session.clock.now()
            )
    return believed


def _is_doubtful(stored: Stored, variant: str, read: LevelRead) -> bool:
    ledger_row, binding = stored.ledger_rows.get(variant), stored.bound[stored.variants[variant][0]]
    if ledger_row is None or not isinstance(read.level, int):
        return False
    before = ledger_row.ledger.shop.confirmed
    if not isinstance(before, int):
        return ledger_row.ledger.is_unset
    # The base variant of a simple product exists only as long as the product is simple.
    return read.level != before and (bool(binding.synced.options) or read.level == 0)


def _is_news(
    stored: Stored, variant: str, read: LevelRead | None, seen: ObservedProduct | None
) -> bool:
    """Whether the catalogue proves that the variant is gone, or shows that its product is now
    counted in another way.
    """
    uuid, variant_id = stored.variants[variant]
    binding = stored.bound[uuid]
    if seen is not None and is_odd(binding.synced, binding.counting, seen):
        return True
    if read is not None and read.level is Gap.NOT_CREATED:
        return not is_proven_gone(stored.ledger_rows.get(variant), variant_id)
    return read is not None and read.level is Gap.UNTRACKED and binding.counting is Counting.ALIKE


def _held_against(binding: Binding, shown: ObservedProduct | None, read: LevelRead) -> LevelRead:
    """What a number means, after the catalogue is read."""
    how = Counting.OFF if shown is None else counting(binding.synced, shown)
    if not isinstance(read.level, int) or how is binding.counting is Counting.BASE:
        return read
    if how is Counting.OFF:
        return LevelRead(Gap.UNTRACKED, read.read_started)
    # A product that is counted again has forgotten its earlier number.
    return (
        read
        if how is Counting.ALIKE and binding.counting is not Counting.OFF
        else LevelRead(Gap.UNKNOWN, read.read_started)
    )


def _of_whole(
    binding: Binding,
    seen: ObservedProduct | None,
    rows: Sequence[ShopLevel],
    read_started: datetime,
) -> LevelRead:
    """The one number of a product that the merchant gave options (decision 17), if it is counted by
    product.

    It is not documented what the inventory shows for the variants of such a product (open question
    B48). Its number counts where the catalogue shows the same; otherwise the catalogue's counts.
    Where a safety stock hides one of the two, the level is unknown. The inventory shows sales on
    backorder; the catalogue ends at 0.
    """
    if seen is None:
        return LevelRead(Gap.NOT_CREATED, read_started)
    how = counting(binding.synced, seen)
    if how is not Counting.WHOLE or is_odd(binding.synced, binding.counting, seen):
        return LevelRead(Gap.UNTRACKED if how is Counting.OFF else Gap.UNKNOWN, read_started)
    return _whole(
        [row for row in rows if row.product_id == seen.product_id],
        seen.inventory_level,
        read_started,
    )


def _whole(rows: Sequence[ShopLevel], shown: int | None, read_started: datetime) -> LevelRead:
    floor = max((row.safety_stock for row in rows), default=0)
    numbers = {row.onhand for row in rows}
    onhand = numbers.pop() if len(numbers) == 1 else None
    alike = {onhand, *(row.available for row in rows)} | (
        {0} if onhand is not None and onhand < 0 else set()
    )
    if onhand is not None and shown is not None and shown in alike:
        return LevelRead(onhand, read_started, max(0, floor))
    is_hidden = floor > 0 or any(row.takes_backorders for row in rows)
    return LevelRead(Gap.UNKNOWN if shown is None or is_hidden else shown, read_started)


def location(session: Session) -> int:
    assert session.connection.shop is not None
    return session.connection.shop.location_id


@dataclass(frozen=True, slots=True)
class World:
    """What both platforms showed in one pass."""

    stored: Stored
    reads: Mapping[Side, Reads]
    unread: Mapping[Side, frozenset[str]] = field(default_factory=dict)
    """Products that could not be read on a side, by Zettle's uuid."""
    slots: Mapping[int, LevelRead] = field(default_factory=dict)
    """The marker's variants in open calls."""


async def gather(session: Session, till: Till, uuids: Collection[str] | None = None) -> World:
    """Reads these products, or all of them in a sweep. BigCommerce is read first: a sale there must
    not lie between two reads of Zettle.
    """
    swept = uuids is None
    stored = await known(session, uuids)
    shop = await bigcommerce_reads(session, stored, stored.in_shop, swept=swept)
    in_shop = await proven(session, stored, shop.reads)
    at_till = await till.reads(session, stored.at_till, stored.ledger_rows, swept=swept)
    reads = {Side.SHOP: in_shop, Side.ZETTLE: at_till.reads}
    return World(stored, reads, {Side.SHOP: shop.unread, Side.ZETTLE: at_till.unread}, shop.slots)
