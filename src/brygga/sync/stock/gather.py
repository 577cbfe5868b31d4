"""What both shelves hold now, read in bulk. Unknown is never taken for zero, and nothing is no
number (decisions 3 and 15).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from brygga.bigcommerce.values import Level as ShopLevel
from brygga.core.hands import Counting, counting, is_odd, is_whole
from brygga.core.model import InventoryType, ObservedProduct
from brygga.core.stock import Gap, Look, Side
from brygga.database import bindings, ledgers, library, work_items
from brygga.database.bindings import Binding, State
from brygga.database.engine import Tx
from brygga.database.ledgers import Book
from brygga.database.work_items import Kind
from brygga.sync.shown import products_shown
from brygga.sync.stock.evidence import (
    Looks,
    Read,
    TillEvidence,
    absent_in_shop,
    is_proven_gone,
)
from brygga.sync.worker.session import Session
from brygga.zettle.api.inventory import store_of


@dataclass(frozen=True, slots=True)
class Inventories:
    """The account's inventories by what they are for (zettle facts 3.2)."""

    store: str
    others: Mapping[InventoryType, str]


@dataclass(slots=True)
class Till:
    """Zettle's shelves. Which inventories an account has does not change, so it is asked once."""

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

    async def looks(
        self,
        session: Session,
        wanted: Mapping[str, Collection[str]],
        books: Mapping[str, Book],
        *,
        swept: bool = False,
    ) -> Read:
        """Product uuid -> variant uuids: asked for by name, or, in a sweep, found in the list of
        all. `books` are our ledgers of them.
        """
        begun = session.clock.now()
        if not wanted:
            return Read()
        places = await self.inventories(session)
        evidence = TillEvidence(session, "" if places is None else places.store, books, begun)
        return await (evidence.by_list(wanted) if swept else evidence.by_name(wanted))


@dataclass(frozen=True, slots=True)
class Known:
    """What we have on paper about some products: their bindings and their ledgers."""

    uuids: Collection[str]
    bound: Mapping[str, Binding]
    variants: Mapping[str, tuple[str, int]]
    """Every variant that is bound now: uuid -> (product uuid, BigCommerce variant id)."""
    books: Mapping[str, Book]
    gone: frozenset[str] = frozenset()
    """Variants with a ledger that neither side has any more: they have no shelf to look at."""
    odd: Mapping[str, int] = field(default_factory=dict)
    """Products that BigCommerce was last seen to count in another way than Zettle: uuid ->
    BigCommerce product id.
    """

    @property
    def slots(self) -> frozenset[int]:
        """The marker's variants that ride in open calls to these."""
        flights = [book.ledger.shop.flight for book in self.books.values()]
        return frozenset(
            one.slot.variant_id for one in flights if one is not None and one.slot is not None
        )

    @property
    def at_till(self) -> Mapping[str, set[str]]:
        wanted: dict[str, set[str]] = {}
        for variant, (uuid, _) in self.variants.items():
            wanted.setdefault(uuid, set()).add(variant)
        for book in self.books.values():
            wanted.setdefault(book.product_uuid, set()).add(book.variant_uuid)
        return wanted

    @property
    def in_shop(self) -> Mapping[str, int]:
        """Asleep shelves are looked at too: what is not there stays unknown and changes nothing."""
        return {
            variant: variant_id
            for variant, (_, variant_id) in self.variants.items()
            if not is_whole(variant_id)
        }


async def known(session: Session, uuids: Collection[str] | None = None) -> Known:
    """Of these products, or of all. Of one that waits for its deletion the stock is the shop's no
    longer.
    """
    connection_id = session.connection.id
    async with session.read() as tx:
        if uuids is None:
            found = await bindings.all_of(tx, connection_id)
            uuids = sorted({*await ledgers.products(tx, connection_id), *_standing(found)})
        else:
            found = await bindings.get_many(tx, connection_id, uuids)
        bound = {uuid: one for uuid, one in found.items() if one.shares_stock}
        books = await ledgers.load(tx, connection_id, uuids)
        variants = {
            v: (uuid, id_) for uuid, one in bound.items() for v, id_ in one.synced.variants.items()
        }
        gone = await _gone(
            tx, connection_id, [book for variant, book in books.items() if variant not in variants]
        )
    odd = {
        uuid: one.synced.product_id
        for uuid, one in _standing(found).items()
        if one.counting is not Counting.ALIKE
    }
    return Known(
        uuids, bound, variants, {v: book for v, book in books.items() if v not in gone}, gone, odd
    )


async def _gone(tx: Tx, connection_id: int, unbound: Sequence[Book]) -> frozenset[str]:
    """The variants that are in no product of Zettle's either, as far as we know that product."""
    unsure = {book.product_uuid for book in unbound}
    entries = await library.get_many(tx, connection_id, unsure) if unsure else {}
    living = {
        uuid: {one.uuid for one in entry.product.variants}
        for uuid, entry in entries.items()
        if entry.product
    }
    return frozenset(
        one.variant_uuid
        for one in unbound
        if one.variant_uuid not in living.get(one.product_uuid, {one.variant_uuid})
    )


def _standing(found: Mapping[str, Binding]) -> Mapping[str, Binding]:
    return {uuid: one for uuid, one in found.items() if one.state is State.BOUND}


# ---- BigCommerce ---------------------------------------------------------------------------------


async def shop_looks(
    session: Session, paper: Known, wanted: Mapping[str, int], *, swept: bool = False
) -> Read:
    """Variant uuid -> BigCommerce variant id. What the answer leaves out is looked for in the
    catalogue (`evidence`), but not by a sweep. The slots of open calls are read with them: both are
    as old (decision 16)."""
    if not wanted and not paper.slots:
        return Read()
    begun = Look(Gap.UNKNOWN, session.clock.now())
    rows = await (_all_rows(session) if swept else _rows(session, {*wanted.values(), *paper.slots}))
    missing = {} if swept else {variant: id_ for variant, id_ in wanted.items() if id_ not in rows}
    absent = (
        await absent_in_shop(session, missing, paper.bound, paper.books, begun)
        if missing
        else Read()
    )
    looks = {variant: rows[id_] for variant, id_ in wanted.items() if id_ in rows}
    slots = {one: rows[one] for one in paper.slots if one in rows}
    return Read({**looks, **absent.looks}, absent.unread, slots)


async def _rows(session: Session, variant_ids: Collection[int]) -> Mapping[int, Look]:
    begun = session.clock.now()
    rows = await session.shop.levels(location(session), variant_ids=sorted(variant_ids))
    return {row.variant_id: _look(row, begun) for row in rows}


async def _all_rows(session: Session) -> Mapping[int, Look]:
    rows: dict[int, Look] = {}
    number: int | None = 1
    while number is not None:
        begun = session.clock.now()
        page = await session.shop.levels_page(location(session), number)
        rows |= {row.variant_id: _look(row, begun) for row in page}
        number = page.next
    return rows


def _look(row: ShopLevel, begun: datetime) -> Look:
    """What is on hand, because that is what adjustments change; the safety stock is the floor below
    which none may go.
    """
    return Look(Gap.UNKNOWN if row.onhand is None else row.onhand, begun, max(0, row.safety_stock))


async def proven(session: Session, paper: Known, looks: Looks) -> Looks:
    """A number counts only at the level at which the product is counted (decision 18), and zero
    needs proof on this side too (decision 3).

    A product whose tracking was switched in BigCommerce shows 0 for every variant, or the number of
    the whole for each, and nobody sold anything. The catalogue is asked where a number would change
    one of ours by such a switch, and where the number is that of a whole product. A missing row has
    had its proof (`evidence`): then the product work finds out what happened.
    """
    of, begun = paper.variants, session.clock.now()
    whole = {uuid for uuid, variant_id in of.values() if is_whole(variant_id)}
    doubtful = {
        of[variant][0] for variant, look in looks.items() if _is_doubtful(paper, variant, look)
    }
    asked = sorted(doubtful | whole)
    shown = await products_shown(session, [paper.bound[uuid].synced.product_id for uuid in asked])
    whole_ids = sorted(paper.bound[uuid].synced.product_id for uuid in whole)
    rows = await session.shop.levels(location(session), product_ids=whole_ids) if whole else ()

    believed, odd = dict(looks), set[str]()
    for variant, (uuid, variant_id) in of.items():
        binding = paper.bound[uuid]
        look, seen = looks.get(variant), shown.get(binding.synced.product_id)
        if is_whole(variant_id):
            believed[variant] = _of_whole(binding, seen, rows, begun)
        elif look is not None and uuid in doubtful:
            believed[variant] = _held_against(binding, seen, look)
        if _is_news(paper, variant, look, seen):
            odd.add(str(binding.synced.product_id))
    if odd:
        # The product work finds out what a merchant's hands did (`sync.products.hands`).
        async with session.transaction() as tx:
            await work_items.mark_many(
                tx, session.connection.id, Kind.SHOP_PRODUCT, sorted(odd), session.clock.now()
            )
    return believed


def _is_doubtful(paper: Known, variant: str, look: Look) -> bool:
    book, binding = paper.books.get(variant), paper.bound[paper.variants[variant][0]]
    if book is None or not isinstance(look.level, int):
        return False
    before = book.ledger.shop.known
    if not isinstance(before, int):
        return book.ledger.is_unset
    # The base variant of a simple product is there only as long as the product is simple.
    return look.level != before and (bool(binding.synced.options) or look.level == 0)


def _is_news(paper: Known, variant: str, look: Look | None, seen: ObservedProduct | None) -> bool:
    """The catalogue proved that the variant is gone, or shows its product counted in another way
    than we knew.
    """
    uuid, variant_id = paper.variants[variant]
    binding = paper.bound[uuid]
    if seen is not None and is_odd(binding.synced, binding.counting, seen):
        return True
    if look is not None and look.level is Gap.UNBORN:
        return not is_proven_gone(paper.books.get(variant), variant_id)
    return look is not None and look.level is Gap.UNTRACKED and binding.counting is Counting.ALIKE


def _held_against(binding: Binding, shown: ObservedProduct | None, look: Look) -> Look:
    """What a number says, once the catalogue was asked."""
    how = Counting.OFF if shown is None else counting(binding.synced, shown)
    if not isinstance(look.level, int) or how is binding.counting is Counting.BASE:
        return look
    if how is Counting.OFF:
        return Look(Gap.UNTRACKED, look.begun)
    # What it began to count again has forgotten its number from before.
    return (
        look
        if how is Counting.ALIKE and binding.counting is not Counting.OFF
        else Look(Gap.UNKNOWN, look.begun)
    )


def _of_whole(
    binding: Binding, seen: ObservedProduct | None, rows: Sequence[ShopLevel], begun: datetime
) -> Look:
    """The one number of a product that the merchant gave options (decision 17), as far as it is
    counted by product.

    What the inventory shows for the variants of such a product no document says (open question
    B48): its number counts where the catalogue shows the same, and else the catalogue's. Where a
    safety stock hides one of the two, nothing is known; what is sold on backorder shows in the
    inventory, where the catalogue ends at 0.
    """
    if seen is None:
        return Look(Gap.UNBORN, begun)
    how = counting(binding.synced, seen)
    if how is not Counting.WHOLE or is_odd(binding.synced, binding.counting, seen):
        return Look(Gap.UNTRACKED if how is Counting.OFF else Gap.UNKNOWN, begun)
    return _whole(
        [row for row in rows if row.product_id == seen.product_id], seen.inventory_level, begun
    )


def _whole(rows: Sequence[ShopLevel], shown: int | None, begun: datetime) -> Look:
    floor = max((row.safety_stock for row in rows), default=0)
    numbers = {row.onhand for row in rows}
    onhand = numbers.pop() if len(numbers) == 1 else None
    alike = {onhand, *(row.available for row in rows)} | (
        {0} if onhand is not None and onhand < 0 else set()
    )
    if onhand is not None and shown is not None and shown in alike:
        return Look(onhand, begun, max(0, floor))
    is_hidden = floor > 0 or any(row.takes_backorders for row in rows)
    return Look(Gap.UNKNOWN if shown is None or is_hidden else shown, begun)


def location(session: Session) -> int:
    assert session.connection.shop is not None
    return session.connection.shop.location_id


@dataclass(frozen=True, slots=True)
class World:
    """What both platforms showed in one pass."""

    known: Known
    looks: Mapping[Side, Looks]
    unread: Mapping[Side, frozenset[str]] = field(default_factory=dict)
    """Products that could not be read on a side, by Zettle's uuid."""
    slots: Mapping[int, Look] = field(default_factory=dict)
    """The marker's variants that ride in open calls."""


async def gather(session: Session, till: Till, uuids: Collection[str] | None = None) -> World:
    """These products, or all of them in a sweep. The shop first: a sale there must not sit between
    two looks at the till.
    """
    swept = uuids is None
    paper = await known(session, uuids)
    shop = await shop_looks(session, paper, paper.in_shop, swept=swept)
    in_shop = await proven(session, paper, shop.looks)
    at_till = await till.looks(session, paper.at_till, paper.books, swept=swept)
    looks = {Side.SHOP: in_shop, Side.ZETTLE: at_till.looks}
    return World(paper, looks, {Side.SHOP: shop.unread, Side.ZETTLE: at_till.unread}, shop.slots)
