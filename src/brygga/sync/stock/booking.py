"""Gathered looks become moves of the ledgers: adopted, observed, settled, stopped."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from brygga.core import stock
from brygga.core.report import Code, Severity
from brygga.core.stock import Account, Flight, Gap, Ledger, Look, Side, Timing, Verdict
from brygga.core.stock.story import Cause, Moved
from brygga.store import bindings, ledgers, library, marks
from brygga.store.bindings import State
from brygga.store.ledgers import Book, Departed
from brygga.store.marks import Kind
from brygga.sync.stock.gather import World
from brygga.sync.stock.pages import Pages, stop

ORDER_EXPLAINS = timedelta(minutes=2)
"""A movement so soon after a hint that named an order is told as the order's."""
START_COMES = timedelta(seconds=10)
"""So long Zettle's "tracking started" is waited for where a look showed it first."""
VERDICTS: Mapping[Verdict, Cause] = {
    Verdict.LANDED: Cause.SETTLED,
    Verdict.NOT_LANDED: Cause.NOT_WRITTEN,
    Verdict.ASSUMED_LANDED: Cause.DOUBTED,
    Verdict.ASSUMED_LOST: Cause.DOUBTED,
}


@dataclass(frozen=True, slots=True)
class Booking:
    """One pass over the looks of some products. `swept` looks were not asked for by any hint."""

    pages: Pages
    world: World
    echoes: Mapping[str, datetime]
    timing: Timing
    swept: bool = False
    accounts: dict[tuple[str, str], Account] = field(default_factory=dict)
    """By call and variant: what was told of the shelves whose write got no answer."""

    async def run(self) -> None:
        await self._attach()
        self._hold_against_each_other()
        for variant in sorted(self.pages.books):
            book = self.pages.books[variant]
            look = self.world.looks[Side.ZETTLE].get(variant)
            if look is not None and not await self._is_tracked(book, look):
                continue
            for side in (Side.SHOP, Side.ZETTLE):
                await self._look(self.pages.books[variant], side)
        await self._tell_library()

    # ---- Which shelves there are -------------------------------------------------------------------------------------

    async def _attach(self) -> None:
        """Shelves follow the bindings: a bound variant without one is adopted at the level it has, one that is not bound is let go."""
        bound = await self._bound_now()
        for variant, (uuid, variant_id) in self.world.known.variants.items():
            # What was looked at may have been remade or let go while we looked.
            if bound.get(variant) == variant_id:
                self._adopt(variant, uuid, variant_id)
        for variant, book in list(self.pages.books.items()):
            if variant in bound:
                continue
            if variant in self.world.known.gone:
                await self._end(book)
            elif book.ledger.shop.variant_id is not None:
                self.pages.put(book, stock.remade(book.ledger))

    async def _end(self, book: Book) -> None:
        """It was deleted in Zettle, and in the shop after that: what was on its way to it has come to nothing."""
        for side in Side:
            flight = book.ledger[side].flight
            if flight is not None:
                await ledgers.arrive(self.pages.tx, self.pages.connection_id, flight.call, [book.variant_uuid])
        self.pages.put(book, stock.ended(book.ledger))

    async def _bound_now(self) -> Mapping[str, int]:
        """Read with the ledgers locked: a product that was born while we looked is not let go because we had not seen it."""
        uuids = {book.product_uuid for book in self.pages.books.values()} | self.world.known.bound.keys()
        found = await bindings.get_many(self.pages.tx, self.pages.connection_id, sorted(uuids))
        living = [one.synced.variants for one in found.values() if one.state is State.BOUND]
        return {variant: variant_id for variants in living for variant, variant_id in variants.items()}

    def _adopt(self, variant: str, uuid: str, variant_id: int) -> None:
        book = self.pages.books.get(variant)
        shop, till = self.world.looks[Side.SHOP].get(variant), self.world.looks[Side.ZETTLE].get(variant)
        if book is not None and book.ledger.shop.variant_id == variant_id and book.ledger.shop.known is not Gap.UNKNOWN:
            return
        if till is None or not isinstance(till.level, int):
            return
        if book is None:
            first = stock.opened(till, apart=self.pages.is_apart(uuid))
            book = self.pages.put(Book(uuid, variant, first), first)
        elif book.ledger.is_tracked and book.ledger.zettle.seen is None:
            # Carried over from an earlier connection: its number is the one that is found.
            book = self.pages.put(book, replace(book.ledger, zettle=stock.opened(till).zettle))
        if shop is None or not isinstance(shop.level, int) or not book.ledger.is_tracked:
            return
        ledger = stock.adopted(book.ledger, variant_id, shop)
        self.pages.put(book, ledger, Moved(Side.SHOP, Cause.ADOPTED, ledger.shop.owed))
        if ledger.shop.owed and not ledger.separate and ledger.shop.promised is not None:
            self.pages.say(Code.STOCK_ADOPTED, book, was=str(shop.level), number=str(ledger.shop.promised))

    async def _is_tracked(self, book: Book, look: Look) -> bool:
        """Whether stock is ours to sync. A switch whose event was lost is found here (S7, decision 2)."""
        if look.level is Gap.UNTRACKED:
            seen = book.ledger.zettle.seen
            if book.ledger.is_tracked and (seen is None or look.begun >= seen):
                await stop(self.pages, book)
            return False
        known = book.ledger.is_tracked
        if stock.awaits_level(book.ledger) and not book.ledger.shop.asleep:
            await self._mark_tracking(book, self.pages.now)
        elif isinstance(look.level, int) and not known:
            # Its event is probably on its way, and says since when: what the shop sold from then on counts.
            await self._mark_tracking(book, self.pages.now + START_COMES)
        return known or not isinstance(look.level, int)

    async def _mark_tracking(self, book: Book, due: datetime) -> None:
        tx, connection_id = self.pages.tx, self.pages.connection_id
        await marks.mark(tx, connection_id, Kind.TRACKING, book.product_uuid, self.pages.now, due_at=due)

    async def _tell_library(self) -> None:
        """The pages show whether inventory management is on (S7): what Zettle showed in this pass, where our ledgers agree."""
        counted = {book.product_uuid for book in self.pages.books.values() if book.ledger.is_tracked}
        seen: dict[str, bool | None] = {}
        for uuid, variants in self.world.known.at_till.items():
            levels = [look.level for one in variants if (look := self.world.looks[Side.ZETTLE].get(one)) is not None]
            if any(isinstance(level, int) for level in levels) and uuid in counted:
                seen[uuid] = True
            elif Gap.UNTRACKED in levels and uuid not in counted:
                seen[uuid] = False
        if seen:
            await library.set_tracking(self.pages.tx, self.pages.connection_id, seen)

    def _hold_against_each_other(self) -> None:
        """Calls are all or nothing: what became of one variant's part says what became of the others'."""
        for variant, book in self.pages.books.items():
            for side in Side:
                look, flight = self.world.looks[side].get(variant), book.ledger[side].flight
                if look is None or flight is None or (side is Side.SHOP and not self._is_of(book)):
                    continue
                account = stock.evidence(book.ledger, side, look, self.timing)
                if account is not None and stock.has_caught_up(flight, look, self.timing):
                    self.accounts[flight.call, variant] = account

    def _peers(self, call: str, variant: str) -> list[Account]:
        return [one for (of, peer), one in self.accounts.items() if of == call and peer != variant]

    # ---- What they show ----------------------------------------------------------------------------------------------

    async def _look(self, book: Book, side: Side) -> None:
        look = self.world.looks[side].get(book.variant_uuid)
        if look is None or (side is Side.SHOP and not self._is_of(book)):
            return
        if look.level is Gap.UNBORN:
            await self._missed(book, look)
            return
        if book.ledger[side].flight is None:
            step = stock.observed(book.ledger, side, look, self.timing)
            await self._moved(book, side, step.ledger, step.change)
            if side is Side.SHOP:
                self._count_early(self.pages.books[book.variant_uuid], look)
        else:
            await self._settle(book, side, look)

    def _count_early(self, book: Book, look: Look) -> None:
        """An order that came just before tracking's first number had landed in the shop, and was told of after it."""
        early = stock.ordered_early(book.ledger, look, self.timing)
        if early is None:
            return
        self.pages.put(book, early.ledger, Moved(Side.SHOP, Cause.ORDER, early.change) if early.change else None)
        if early.change:
            self.pages.say_moved(book, Side.SHOP, Cause.ORDER, early.change)
        if not early.sure:
            self.pages.ask_to_check(book)
            self.pages.say(Code.STOCK_ORDERS_UNCOUNTED, book, Severity.WARNING, number=str(early.ledger.promised))

    def _is_of(self, book: Book) -> bool:
        """What was looked at is the variant of this shelf, not one that was let go or remade while we looked."""
        seen = self.world.known.variants.get(book.variant_uuid)
        return seen is not None and seen[1] == book.ledger.shop.variant_id

    async def _missed(self, book: Book, look: Look) -> None:
        """The shop does not have it: it sleeps, and what was on its way there has come to nothing."""
        flight = book.ledger.shop.flight
        ledger = self.pages.put(book, stock.absent(book.ledger, look, self.timing)).ledger
        if flight is not None and ledger.shop.flight is None:
            lost = Departed(book.product_uuid, book.variant_uuid, Side.SHOP, flight)
            await ledgers.lose(self.pages.tx, self.pages.connection_id, lost, self.pages.now)

    async def _settle(self, book: Book, side: Side, look: Look) -> None:
        flight = book.ledger[side].flight
        assert flight is not None
        peers = self._peers(flight.call, book.variant_uuid)
        done = stock.settle(book.ledger, side, look, self.echoes.get(flight.call), self.timing, peers)
        if done.verdict is Verdict.WAITING:
            await self._moved(book, side, done.ledger, done.change)
            return
        what = Moved(side, VERDICTS[done.verdict], flight.quantity, call=flight.call)
        await self._moved(book, side, done.ledger, done.change, what)
        tx, connection_id, now = self.pages.tx, self.pages.connection_id, self.pages.now
        gone = Departed(book.product_uuid, book.variant_uuid, side, _given_up(book.ledger, side, look))
        if done.verdict.is_doubtful:
            await ledgers.doubt(tx, connection_id, gone, now, landed=done.verdict is Verdict.ASSUMED_LANDED)
        elif done.verdict is Verdict.NOT_LANDED:
            await ledgers.lose(tx, connection_id, gone, now)
        else:
            await ledgers.arrive(tx, connection_id, flight.call, [book.variant_uuid])

    async def _moved(self, book: Book, side: Side, ledger: Ledger, change: int, what: Moved | None = None) -> None:
        """A shelf's own change, beside whatever became of a write to it."""
        if what is not None or change == 0:
            self.pages.put(book, ledger, what)
        if change == 0:
            return
        cause = self._cause(ledger, side)
        self.pages.put(book, ledger, Moved(side, cause, change))
        self.pages.say_moved(book, side, cause, change)
        if await self._has_vanished(book, side, ledger, change):
            self.pages.ask_to_check(book)
            self.pages.say(Code.STOCK_VANISHED, book, Severity.WARNING, was=str(-change))
        promised = ledger.promised
        if not ledger.separate and promised is not None and promised < 0 and promised - change >= 0:
            self.pages.say(Code.STOCK_BELOW_ZERO, book, Severity.WARNING, units=str(-promised))

    async def _has_vanished(self, book: Book, side: Side, ledger: Ledger, change: int) -> bool:
        """Whether the sweep finds nothing where there was more than a few, and nobody had told of it.

        BigCommerce forgets a product's numbers when its inventory tracking is switched off and on again (facts 5.4), which looks the same.
        """
        if (
            not self.swept
            or side is not Side.SHOP
            or ledger.shop.known != 0
            or -change <= stock.FEW
            or book.ledger.shop.tale
        ):
            return False
        binding = self.world.known.bound.get(book.product_uuid)
        told = [] if binding is None else [str(binding.synced.product_id)]
        return not await ledgers.waiting(self.pages.tx, self.pages.connection_id, Side.SHOP, told)

    def _cause(self, ledger: Ledger, side: Side) -> Cause:
        if self.swept:
            return Cause.SWEPT
        ordered = ledger[side].ordered
        explained = side is Side.SHOP and ordered is not None and self.pages.now - ordered <= ORDER_EXPLAINS
        return Cause.ORDER if explained else Cause.SEEN


def _given_up(ledger: Ledger, side: Side, look: Look) -> Flight:
    """With what a late hook can be held against."""
    flight = ledger[side].flight
    assert flight is not None
    return replace(flight, tale=ledger[side].tale, closing=look)
