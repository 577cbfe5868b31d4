"""What is owed leaves in batches, and comes to an end: landed, refused, or open until it is settled.

The flight is on disk before the request (`_depart`), and every answer is written in a transaction of its own. Calls are all or
nothing on both platforms (zettle facts 3.5, bigcommerce facts 5.2), so one bad item is found by its name in the refusal, or by halving.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from brygga.bigcommerce.api.inventory import ADJUSTED_AT_ONCE
from brygga.bigcommerce.codes import Code as ShopCode
from brygga.bigcommerce.refusals import named_items
from brygga.bigcommerce.values import StockChange
from brygga.core import stock
from brygga.core.failures import Failure, NeedsMerchant, Refused, Unanswered, Unreachable
from brygga.core.model import InventoryType, Tracking
from brygga.core.report import Code, Line, Severity
from brygga.core.stock import Ledger, Side, Timing
from brygga.core.stock.story import Cause, Moved
from brygga.store import ledgers, marks, synclog
from brygga.store.ledgers import Departed
from brygga.store.marks import Kind
from brygga.store.synclog import Filter
from brygga.sync.session import Session
from brygga.sync.stock.booking import ORDER_EXPLAINS
from brygga.sync.stock.clocks import clock_of
from brygga.sync.stock.gather import Till, known, location
from brygga.sync.stock.pages import Pages, opened
from brygga.zettle.api.inventory import MOVED_AT_ONCE
from brygga.zettle.codes import Code as TillCode
from brygga.zettle.values import Movement

AT_ONCE = {Side.ZETTLE: MOVED_AT_ONCE, Side.SHOP: ADJUSTED_AT_ONCE}
TRIES = 3
"""So often an item may leave in one pass: a refusal that names others sends it again."""
LINES_BACK = 200
"""So many of a product's newest lines are looked through for its variants' last ones."""


@dataclass(frozen=True, slots=True)
class Identity:
    """How BigCommerce knows an item: a product without variants is tracked as the product (bigcommerce facts 5.2)."""

    product_id: int
    variant_id: int
    simple: bool

    def change(self, location_id: int, quantity: int) -> StockChange:
        if self.simple:
            return StockChange(location_id, quantity, product_id=self.product_id)
        return StockChange(location_id, quantity, variant_id=self.variant_id)

    def is_named(self, named: Collection[tuple[str, int]]) -> bool:
        return ("variant_id", self.variant_id) in named or ("product_id", self.product_id) in named

    @property
    def tracking(self) -> Tracking:
        return Tracking.PRODUCT if self.simple else Tracking.VARIANT


@dataclass(frozen=True, slots=True)
class Item:
    """One variant's part of a call, as it left."""

    departed: Departed
    by_order: bool = False

    @property
    def variant(self) -> str:
        return self.departed.variant_uuid

    @property
    def product(self) -> str:
        return self.departed.product_uuid

    @property
    def quantity(self) -> int:
        return self.departed.flight.quantity


@dataclass(slots=True)
class Sending:
    """One pass over what some products are owed, one side at a time."""

    session: Session
    till: Till
    timing: Timing
    uuids: Collection[str]
    identities: dict[str, Identity] = field(default_factory=dict)
    tries: dict[tuple[Side, str], int] = field(default_factory=dict)

    async def run(self) -> Failure | None:
        """The first failure that concerns more than an item; the other side goes on without it."""
        paper = await known(self.session, self.uuids)
        for uuid, binding in paper.bound.items():
            simple = not binding.synced.options
            for variant, variant_id in binding.synced.variants.items():
                self.identities[variant] = Identity(binding.synced.product_id, variant_id, simple)
            assert uuid == binding.synced.key
        failures = [await self._side(side) for side in (Side.SHOP, Side.ZETTLE)]
        return next((failure for failure in failures if failure is not None), None)

    async def _side(self, side: Side) -> Failure | None:
        while True:
            items = await self._depart(side)
            if not items:
                return None
            failure = await self._fly(side, items)
            if failure is not None:
                return failure

    # ---- On disk before the wire -------------------------------------------------------------------------------------

    async def _depart(self, side: Side, only: Collection[str] | None = None) -> list[Item]:
        """Owed becomes flight, for as many as ride in one call. `only` names the variants of a half that is tried alone."""
        now, call = self.session.clock.now(), self.session.dice.uuid1()
        clock = clock_of(self.session.clients.clocks, side, now)
        left: list[Item] = []
        async with opened(self.session, self.uuids) as pages:
            for variant, book in list(pages.books.items()):
                if only is not None and variant not in only:
                    continue
                change = stock.sendable(book.ledger, side, now, self.timing)
                if change == 0 or not self._may_leave(side, variant, counted=only is None):
                    continue
                ledger = stock.sent(book.ledger, side, change, call, now, clock)
                pages.put(book, ledger)
                flight = ledger[side].flight
                assert flight is not None
                ordered = ledger.shop.ordered
                by_order = ordered is not None and now - ordered <= ORDER_EXPLAINS
                left.append(Item(Departed(book.product_uuid, variant, side, flight), by_order))
                if len(left) == AT_ONCE[side]:
                    break
            await ledgers.depart(pages.tx, pages.connection_id, [item.departed for item in left], now)
        return left

    def _may_leave(self, side: Side, variant: str, *, counted: bool) -> bool:
        if side is Side.SHOP and variant not in self.identities:
            return False
        if counted:
            self.tries[side, variant] = self.tries.get((side, variant), 0) + 1
        return self.tries.get((side, variant), 0) <= TRIES

    # ---- On the wire -------------------------------------------------------------------------------------------------

    async def _fly(self, side: Side, items: Sequence[Item]) -> Failure | None:
        try:
            await self._call(side, items)
        except Unanswered as lost:
            await self._unanswered(side, items, lost.left)
        except Refused as refusal:
            return await self._refused(side, items, refusal)
        except (Unreachable, NeedsMerchant) as failure:
            await self._end(side, items, lambda ledger: stock.refused(ledger, side))
            return failure
        else:
            now = self.session.clock.now()
            await self._end(side, items, lambda ledger: stock.landed(ledger, side, now), Cause.WRITTEN)
        return None

    async def _call(self, side: Side, items: Sequence[Item]) -> None:
        if side is Side.SHOP:
            place = location(self.session)
            changes = [self.identities[item.variant].change(place, item.quantity) for item in items]
            await self.session.shop.adjust(changes, "Zettle")
            return
        places = await self.till.inventories(self.session)
        if places is None:
            raise Refused(TillCode.NOT_TRACKED.value, "the account has no inventory")
        if not places.others:
            raise Refused(TillCode.INVENTORIES_MISSING.value, "no inventory to move from or to but the store's own")
        movements = [_movement(item, places.store, places.others) for item in items]
        await self.session.zettle.move(items[0].departed.flight.call, movements)

    async def _end(
        self, side: Side, items: Sequence[Item], move: Callable[[Ledger], Ledger], cause: Cause | None = None
    ) -> None:
        """What became of these is known."""
        call = items[0].departed.flight.call
        async with opened(self.session, {item.product for item in items}) as pages:
            for item in items:
                book = pages.books.get(item.variant)
                if book is None or not _is_open(book.ledger, side, call):
                    continue  # tracking was switched off, or the variant remade, while the call was out
                what = None if cause is None else Moved(side, cause, item.quantity, call=call)
                pages.put(book, move(book.ledger), what)
            await ledgers.arrive(pages.tx, pages.connection_id, call, [item.variant for item in items])

    async def _unanswered(self, side: Side, items: Sequence[Item], left: datetime | None) -> None:
        """Nobody knows yet: the flights stay open, and settling is due as soon as a look can say something."""
        call, now = items[0].departed.flight.call, self.session.clock.now()
        async with opened(self.session, {item.product for item in items}) as pages:
            for item in items:
                book = pages.books.get(item.variant)
                if book is not None and _is_open(book.ledger, side, call):
                    pages.put(book, stock.unanswered(book.ledger, side, now, left))
            due = now + self.timing.gap
            products = {item.product for item in items}
            await marks.mark_many(pages.tx, pages.connection_id, Kind.SETTLE, sorted(products), now, due_at=due)

    # ---- Refusals ----------------------------------------------------------------------------------------------------

    async def _refused(self, side: Side, items: Sequence[Item], refusal: Refused) -> Failure | None:
        """The named items, or the only one, are dealt with; the others are owed again. With no name, each half is tried alone."""
        named = named_items(refusal) if side is Side.SHOP else frozenset()
        guilty = [item for item in items if named and self.identities[item.variant].is_named(named)]
        if not guilty and (len(items) == 1 or refusal.code == TillCode.INVENTORIES_MISSING):
            guilty = list(items)
        innocent = [item for item in items if item not in guilty]
        if innocent:
            await self._end(side, innocent, lambda ledger: stock.refused(ledger, side))
        if guilty:
            return await self._blame(side, guilty, refusal)
        middle = len(items) // 2
        for half in (items[:middle], items[middle:]):
            again = await self._depart(side, {item.variant for item in half})
            failure = await self._fly(side, again) if again else None
            if failure is not None:
                return failure
        return None

    async def _blame(self, side: Side, items: Sequence[Item], refusal: Refused) -> Failure | None:
        now = self.session.clock.now()
        match refusal.code:
            case ShopCode.NOT_ENOUGH_STOCK:
                await self._end(side, items, lambda ledger: stock.short(ledger, side, now, self.timing), Cause.REFUSED)
            case TillCode.NOT_TRACKED:
                await self._end(side, items, lambda ledger: stock.short(ledger, side, now, self.timing), Cause.REFUSED)
                async with self.session.transaction() as tx:
                    untracked = sorted({item.product for item in items})
                    await marks.mark_many(tx, self.session.connection.id, Kind.TRACKING, untracked, now)
            case ShopCode.NEEDS_ABSOLUTE_FIRST | ShopCode.TRACKING_LEVEL:
                await self._end(side, items, lambda ledger: stock.refused(ledger, side), Cause.REFUSED)
                switch = refusal.code == ShopCode.TRACKING_LEVEL
                # A switch makes the store forget the numbers of all variants of a product (bigcommerce facts 5.4).
                concerned = self.identities if switch else {item.variant for item in items}
                products = {item.product for item in items}
                failure = await Resetting(self.session, self.timing, self.identities).run(
                    concerned, products, switch=switch
                )
                if switch and failure is None:
                    await self._say_switched(products)
                return failure
            case ShopCode.ITEM_UNKNOWN | ShopCode.PRODUCT_GONE | TillCode.ITEM_UNKNOWN:
                await self._end(side, items, lambda ledger: stock.missing(ledger, side), Cause.REFUSED)
                await self._say(side, items, Code.STOCK_ITEM_UNKNOWN)
            case _:
                await self._end(side, items, lambda ledger: stock.missing(ledger, side), Cause.REFUSED)
                await self._say(side, items, Code.STOCK_REFUSED, cause=refusal.code)
        return None

    async def _say(self, side: Side, items: Sequence[Item], code: Code, **params: str) -> None:
        """Not again for a variant whose last line it is: a refused shelf is looked at, and tried, once more after each hint."""
        params = {"side": side.value, **params}
        async with opened(self.session, {item.product for item in items}) as pages:
            last: dict[str, Line] = {}
            for product in {item.product for item in items}:
                last |= await _last_lines(pages, product)
            for item in items:
                one = last.get(item.variant)
                if one is not None and one.code is code and params.items() <= one.params.items():
                    continue
                if item.variant in pages.books:
                    pages.say(code, pages.books[item.variant], Severity.WARNING, **params)

    async def _say_switched(self, products: Collection[str]) -> None:
        """One line for a product that BigCommerce counts again; none where it said no to that, which has a line of its own."""
        async with opened(self.session, products) as pages:
            for product in sorted(products):
                books = [one for one in pages.books.values() if one.product_uuid == product]
                levels = [stock.first_level(one.ledger) for one in books if not one.ledger.shop.asleep]
                numbers = [level for level in levels if level is not None]
                if numbers:
                    pages.say(Code.STOCK_SWITCHED_ON, books[0], Severity.WARNING, number=str(sum(numbers)))


@dataclass(frozen=True, slots=True)
class Resetting:
    """Absolute levels, where BigCommerce knows none or its tracking has to be switched on first (S7, bigcommerce facts 5.2, 5.4)."""

    session: Session
    timing: Timing
    identities: Mapping[str, Identity]

    async def run(self, variants: Collection[str], products: Collection[str], *, switch: bool) -> Failure | None:
        """Writes the promised number of these variants."""
        items = await self._depart(variants, products)
        if not items:
            return None
        try:
            if switch:
                await self._switch_on(items)
            place = location(self.session)
            changes = [self.identities[item.variant].change(place, item.quantity) for item in items]
            for place_ in range(0, len(changes), ADJUSTED_AT_ONCE):
                await self.session.shop.set_levels(changes[place_ : place_ + ADJUSTED_AT_ONCE], "Zettle")
        except Unanswered:
            await self._lost(items)
        except Refused as refusal:
            await self._back(items, refusal)
        except (Unreachable, NeedsMerchant) as failure:
            await self._back(items, None)
            return failure
        else:
            await self._landed(items)
        return None

    async def _depart(self, variants: Collection[str], products: Collection[str]) -> list[Item]:
        now, call = self.session.clock.now(), self.session.dice.uuid1()
        clock = clock_of(self.session.clients.clocks, Side.SHOP, now)
        left: list[Item] = []
        async with opened(self.session, products) as pages:
            for variant in sorted(set(variants) & set(pages.books) & set(self.identities)):
                book = pages.books[variant]
                if book.ledger.shop.flight is not None or stock.first_level(book.ledger) is None:
                    continue
                known = book.ledger.shop.known
                ledger = stock.reset(book.ledger, call, now, known if isinstance(known, int) else 0, clock)
                ledger = stock.woken(ledger, self.identities[variant].variant_id)
                pages.put(book, ledger)
                assert ledger.shop.flight is not None
                left.append(Item(Departed(book.product_uuid, variant, Side.SHOP, ledger.shop.flight)))
            await ledgers.depart(pages.tx, pages.connection_id, [item.departed for item in left], now)
        return left

    async def _switch_on(self, items: Sequence[Item]) -> None:
        """The store counts at the level that the product's shape asks for."""
        wanted = {one.product_id: one.tracking for one in (self.identities[item.variant] for item in items)}
        for product_id, tracking in wanted.items():
            await self.session.shop.update_product(product_id, {"tracking": tracking})

    async def _landed(self, items: Sequence[Item]) -> None:
        now, call = self.session.clock.now(), items[0].departed.flight.call
        async with opened(self.session, {item.product for item in items}) as pages:
            for item in items:
                book = pages.books.get(item.variant)
                if book is not None and _is_open(book.ledger, Side.SHOP, call):
                    ledger = stock.landed(book.ledger, Side.SHOP, now)
                    pages.put(book, ledger, Moved(Side.SHOP, Cause.RESET, item.quantity, call=call))
            await ledgers.arrive(pages.tx, pages.connection_id, call, [item.variant for item in items])

    async def _lost(self, items: Sequence[Item]) -> None:
        now, call = self.session.clock.now(), items[0].departed.flight.call
        async with opened(self.session, {item.product for item in items}) as pages:
            for item in items:
                book = pages.books.get(item.variant)
                if book is not None and _is_open(book.ledger, Side.SHOP, call):
                    pages.put(book, stock.unanswered(book.ledger, Side.SHOP, now))
            products = sorted({item.product for item in items})
            due = now + timedelta(seconds=self.timing.lag_s)
            await marks.mark_many(pages.tx, pages.connection_id, Kind.SETTLE, products, now, due_at=due)

    async def _back(self, items: Sequence[Item], refusal: Refused | None) -> None:
        call = items[0].departed.flight.call
        async with opened(self.session, {item.product for item in items}) as pages:
            for item in items:
                book = pages.books.get(item.variant)
                if book is None or not _is_open(book.ledger, Side.SHOP, call):
                    continue
                ledger = stock.reset_refused(book.ledger)
                if refusal is not None:
                    ledger = ledger.put(Side.SHOP, replace(ledger.shop, asleep=True))
                    params = {"side": Side.SHOP.value, "cause": refusal.code}
                    pages.say(Code.STOCK_REFUSED, book, Severity.WARNING, **params)
                pages.put(book, ledger)
            await ledgers.arrive(pages.tx, pages.connection_id, call, [item.variant for item in items])


async def _last_lines(pages: Pages, product: str) -> Mapping[str, Line]:
    """What the sync log said last of each of its variants, as far as that is not long ago."""
    newest = await synclog.page(pages.tx, pages.connection_id, Filter(subject=product), limit=LINES_BACK)
    return {one.line.variant: one.line for one in reversed(newest)}


def _is_open(ledger: Ledger, side: Side, call: str) -> bool:
    flight = ledger[side].flight
    return flight is not None and flight.call == call


def _movement(item: Item, store: str, others: Mapping[InventoryType, str]) -> Movement:
    """Orders go where sales go and come back from there; edits come from the supplier and go to the bin (zettle facts 3.5)."""
    less = item.quantity < 0
    if item.by_order:
        other = others.get(InventoryType.SOLD, "")
    else:
        other = others.get(InventoryType.BIN if less else InventoryType.SUPPLIER, "")
    other = other or next(iter(others.values()))
    source, target = (store, other) if less else (other, store)
    return Movement(item.product, item.variant, source, target, abs(item.quantity))
