"""What both shelves hold now, read in bulk. Unknown is never taken for zero (decision 3)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from brygga.bigcommerce.values import Level as ShopLevel
from brygga.core.model import InventoryType, Tracking
from brygga.core.stock import Gap, Look, Side
from brygga.store import bindings, ledgers, library
from brygga.store.bindings import Binding, State
from brygga.store.database import Tx
from brygga.store.ledgers import Book
from brygga.sync.session import Session
from brygga.zettle.api.inventory import store_of
from brygga.zettle.values import Balance

PRODUCTS_AT_ONCE = 250
Looks = Mapping[str, Look]
"""By variant uuid."""


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

    async def looks(self, session: Session, wanted: Mapping[str, Collection[str]]) -> Looks:
        """Product uuid -> variant uuids. A variant without a row has zero if, and only if, its product is tracked (zettle facts 3.4)."""
        begun = session.clock.now()
        places = await self.inventories(session)
        rows = await session.zettle.stock_of_many(places.store, list(wanted)) if places is not None and wanted else ()
        found = balances(rows)
        silent = [uuid for uuid, variants in wanted.items() if any(variant not in found for variant in variants)]
        tracked = await session.zettle.tracking_status(silent) if silent else {}

        looks: dict[str, Look] = {}
        for uuid, variants in wanted.items():
            rest = Gap.UNTRACKED if not tracked.get(uuid, True) else Gap.UNKNOWN if places is None else 0
            looks |= {variant: Look(found.get(variant, rest), begun) for variant in variants}
        return looks


def balances(rows: Iterable[Balance]) -> dict[str, int | Gap]:
    """By variant; a balance that could not be read is unknown."""
    return {row.variant_uuid: Gap.UNKNOWN if row.balance is None else row.balance for row in rows}


async def shop_looks(session: Session, wanted: Mapping[str, int]) -> Looks:
    """Variant uuid -> BigCommerce variant id. What the shop's answer leaves out is not there (`Gap.UNBORN`)."""
    if not wanted:
        return {}
    begun = session.clock.now()
    found = {
        row.variant_id: row for row in await session.shop.levels(location(session), variant_ids=[*wanted.values()])
    }
    there, gone = Look(Gap.UNKNOWN, begun), Look(Gap.UNBORN, begun)
    return {
        variant: look_at(found[variant_id], there) if variant_id in found else gone
        for variant, variant_id in wanted.items()
    }


def look_at(row: ShopLevel, at: Look) -> Look:
    """What is on hand, because that is what adjustments change; the safety stock is the floor below which none may go."""
    return Look(Gap.UNKNOWN if row.onhand is None else row.onhand, at.begun, max(0, row.safety_stock))


@dataclass(frozen=True, slots=True)
class Known:
    """What we have on paper about some products: their bindings and their ledgers."""

    bound: Mapping[str, Binding]
    books: Mapping[str, Book]
    gone: frozenset[str] = frozenset()
    """Variants with a ledger that neither side has any more: they have no shelf to look at."""

    @property
    def variants(self) -> Mapping[str, tuple[str, int]]:
        """Every variant that is bound now: uuid -> (product uuid, BigCommerce variant id)."""
        return {
            variant: (uuid, variant_id)
            for uuid, binding in self.bound.items()
            for variant, variant_id in binding.synced.variants.items()
        }

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
        return {variant: variant_id for variant, (_, variant_id) in self.variants.items()}


async def known(session: Session, uuids: Collection[str]) -> Known:
    """Of a product that waits for its deletion the stock is the shop's no longer."""
    async with session.read() as tx:
        bound = await bindings.get_many(tx, session.connection.id, uuids)
        return await on_paper(tx, session.connection.id, bound, uuids)


async def on_paper(tx: Tx, connection_id: int, bindings_: Mapping[str, Binding], uuids: Collection[str]) -> Known:
    """The bindings that stand, and the ledgers of what is bound or in Zettle's product, as far as we know that product."""
    bound = {uuid: one for uuid, one in bindings_.items() if one.state is State.BOUND}
    books = await ledgers.load(tx, connection_id, uuids)
    in_shop = Known(bound, {}).variants
    unsure = {book.product_uuid for variant, book in books.items() if variant not in in_shop}
    entries = await library.get_many(tx, connection_id, unsure) if unsure else {}
    living = {uuid: {one.uuid for one in entry.product.variants} for uuid, entry in entries.items() if entry.product}
    gone = frozenset(
        variant
        for variant, book in books.items()
        if variant not in in_shop and variant not in living.get(book.product_uuid, {variant})
    )
    return Known(bound, {variant: book for variant, book in books.items() if variant not in gone}, gone)


async def proven(session: Session, paper: Known, looks: Looks) -> Looks:
    """Zero needs proof on this side too (decision 3): a product whose tracking was switched in BigCommerce shows 0 for every variant,
    and nobody sold anything. Asked only where stock seems to have run out."""
    empty = {
        variant: paper.variants[variant][0]
        for variant, look in looks.items()
        if look.level == 0 and _had_stock(paper.books.get(variant))
    }
    wanted = {uuid: paper.bound[uuid] for uuid in sorted(set(empty.values()))}
    counted: set[str] = set()
    for some in chunked(list(wanted), PRODUCTS_AT_ONCE):
        found = await session.shop.products([wanted[uuid].synced.product_id for uuid in some])
        tracking = {one.product_id: one.tracking for one in found.values()}
        counted |= {uuid for uuid in some if tracking.get(wanted[uuid].synced.product_id) is shape(wanted[uuid])}
    doubtful = {variant for variant, uuid in empty.items() if uuid not in counted}
    return {v: Look(Gap.UNTRACKED, look.begun) if v in doubtful else look for v, look in looks.items()}


def _had_stock(book: Book | None) -> bool:
    return book is not None and isinstance(book.ledger.shop.known, int) and book.ledger.shop.known > 0


def shape(binding: Binding) -> Tracking:
    """The level at which BigCommerce counts this product (bigcommerce facts 5.2)."""
    return Tracking.VARIANT if binding.synced.options else Tracking.PRODUCT


def chunked(rows: Sequence[str], size: int) -> Iterable[Sequence[str]]:
    return (rows[place : place + size] for place in range(0, len(rows), size))


def location(session: Session) -> int:
    assert session.connection.shop is not None
    return session.connection.shop.location_id


@dataclass(frozen=True, slots=True)
class World:
    """What both platforms showed in one pass."""

    known: Known
    looks: Mapping[Side, Looks]


async def gather(session: Session, till: Till, uuids: Collection[str]) -> World:
    """The shop first: a sale there must not sit between two looks at the till."""
    paper = await known(session, uuids)
    shop = await proven(session, paper, await shop_looks(session, paper.in_shop))
    return World(paper, {Side.SHOP: shop, Side.ZETTLE: await till.looks(session, paper.at_till)})
