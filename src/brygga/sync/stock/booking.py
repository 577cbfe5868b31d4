"""Gathered looks become moves of the ledgers: adopted, observed, settled, stopped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from brygga.core import stock
from brygga.core.report import Code, Severity
from brygga.core.stock import Gap, Ledger, Look, Resolved, Side, Timing, Verdict
from brygga.core.stock.explaining import is_order
from brygga.core.stock.story import Cause, Moved, Reason
from brygga.database import bindings, ledgers, library, work_items
from brygga.database.bindings import Binding
from brygga.database.ledgers import Book, Departed, Pending
from brygga.database.work_items import Kind
from brygga.sync.stock.gather import World
from brygga.sync.stock.hearing import review
from brygga.sync.stock.orders import NEAR, Sold
from brygga.sync.stock.pages import Pages, stop

ORDER_EXPLAINS = timedelta(minutes=2)
"""A write so soon after a hint that named an order goes to Zettle as a sale
(`sending.departed`).
"""
ORDERS_PAUSE = timedelta(minutes=10)
"""A shelf waits so long for a moment without orders in which it can be adopted."""
VERDICTS: Mapping[Verdict, Cause] = {
    Verdict.LANDED: Cause.SETTLED,
    Verdict.NOT_LANDED: Cause.NOT_WRITTEN,
    Verdict.ASSUMED_LANDED: Cause.DOUBTED,
    Verdict.ASSUMED_LOST: Cause.DOUBTED,
    Verdict.PRESUMED_LOST: Cause.DOUBTED,
}


@dataclass(slots=True)
class Booking:
    """One pass over the looks of some products. `swept` looks were not asked for by any hint."""

    pages: Pages
    world: World
    timing: Timing
    swept: bool = False
    sold: Mapping[str, Sold | None] = field(default_factory=dict)
    """What orders did, of the products that were to be adopted."""
    echoes: Mapping[str, datetime] = field(default_factory=dict)
    bound: Mapping[str, Binding] = field(default_factory=dict)
    """As they are now, with the ledgers locked."""
    resolved: dict[str, Book] = field(default_factory=dict)
    """By call: a ledger that it was open in, before it was resolved."""

    async def run(self, pending: Sequence[Pending]) -> None:
        await self._read_bindings()
        self.echoes = await review(self.pages, pending, self.timing)
        tracked = self._counted()
        await self._attach()
        for variant in sorted(self.pages.books):
            book = self.pages.books[variant]
            look = self.world.looks[Side.ZETTLE].get(variant)
            if look is not None and not await self._is_tracked(book, look):
                continue
            for side in (Side.SHOP, Side.ZETTLE):
                await self._look(self.pages.books[variant], side)
        await self._free()
        await self._tell_library(tracked)

    # ---- Which shelves there are -----------------------------------------------------------------

    async def _read_bindings(self) -> None:
        """A product that was born while we looked is not let go because we had not seen it: what
        changes a binding changes its ledgers too."""
        known = self.world.known
        if known.books == self.pages.locked and known.variants.keys() <= known.books.keys():
            self.bound = known.bound
            return
        uuids = {book.product_uuid for book in self.pages.books.values()} | known.bound.keys()
        self.bound = await bindings.get_many(self.pages.tx, self.pages.connection_id, sorted(uuids))

    async def _attach(self) -> None:
        """Shelves follow the bindings: a bound variant without one is adopted at the level it has,
        one that is not bound is let go.
        """
        living = [one.synced.variants for one in self.bound.values() if one.shares_stock]
        bound = {
            variant: variant_id for variants in living for variant, variant_id in variants.items()
        }
        for variant, (uuid, variant_id) in self.world.known.variants.items():
            # What was looked at may have been remade or let go while we looked.
            if bound.get(variant) == variant_id:
                await self._adopt(variant, uuid, variant_id)
        for variant, book in list(self.pages.books.items()):
            if variant in bound:
                continue
            if variant in self.world.known.gone:
                await self._end(book)
            elif book.ledger.shop.variant_id is not None:
                await self.pages.forget_flight(book)
                self.pages.put(book, stock.remade(book.ledger))
        await self._let_others_go(bound)

    async def _let_others_go(self, bound: Mapping[str, int]) -> None:
        """A record still of another BigCommerce variant than the bound one, which showed no number
        to go on with: nothing is written to either before the new one shows one."""
        for variant, book in list(self.pages.books.items()):
            known = book.ledger.shop.variant_id
            if variant in bound and known is not None and known != bound[variant]:
                await self.pages.forget_flight(book)
                self.pages.put(book, stock.remade(book.ledger))

    async def _end(self, book: Book) -> None:
        """It was deleted in Zettle, and in the shop after that: what was on its way to it has come
        to nothing.
        """
        for side in Side:
            await self.pages.forget_flight(book, side)
        self.pages.put(book, stock.ended(book.ledger))

    async def _adopt(self, variant: str, uuid: str, variant_id: int) -> None:
        book, till = self.pages.books.get(variant), self.world.looks[Side.ZETTLE].get(variant)
        known = book is not None and book.ledger.shop.variant_id == variant_id
        if (
            till is None
            or not isinstance(till.level, int)
            or (known and book is not None and not book.ledger.is_unset)
        ):
            return
        book, shop = (
            self._opened(book, (uuid, variant), till),
            self.world.looks[Side.SHOP].get(variant),
        )
        if shop is None or not isinstance(shop.level, int) or not book.ledger.is_tracked:
            return
        if known:
            await self._renew(book, variant_id, shop)
            return
        await self.pages.forget_flight(book)
        ledger = stock.adopted(book.ledger, variant_id, shop)
        self.pages.put(book, ledger, Moved(Side.SHOP, Cause.ADOPTED, ledger.shop.owed))
        if ledger.shop.owed and not ledger.separate and ledger.shop.promised is not None:
            self.pages.say(
                Code.STOCK_ADOPTED, book, was=str(shop.level), number=str(ledger.shop.promised)
            )

    def _opened(self, book: Book | None, of: tuple[str, str], till: Look) -> Book:
        """A variant that had no record has one, and one that was carried over from an earlier
        connection has the number that is found.
        """
        uuid, variant = of
        if book is None:
            first = stock.opened(till, apart=self.pages.is_apart(uuid))
            return self.pages.put(Book(uuid, variant, first), first)
        if book.ledger.is_tracked and book.ledger.zettle.seen is None:
            return self.pages.put(book, replace(book.ledger, zettle=stock.opened(till).zettle))
        return book

    async def _renew(self, book: Book, variant_id: int, shop: Look) -> None:
        """A variant that we knew, whose number we did not (`Ledger.is_unset`): Zettle's number
        counts, less what orders took since.
        """
        sold = self._sold(book, shop)
        if sold is None:
            return
        book = self.pages.books[book.variant_uuid]
        ledger = stock.adopted(book.ledger, variant_id, shop, sold)
        self.pages.put(book, ledger, Moved(Side.SHOP, Cause.ADOPTED, ledger.shop.owed))
        if sold:
            self.pages.say_moved(book, Side.SHOP, Cause.ORDER, sold)
        if book.check_since == self.pages.now:
            self.pages.say(
                Code.STOCK_ORDERS_UNCOUNTED,
                book,
                Severity.WARNING,
                number=str(ledger.shop.promised),
            )

    def _sold(self, book: Book, look: Look) -> int | None:
        """What orders did since Zettle's number counts (S3), as far as the look shows it; None: not
        to be adopted yet.

        A read that trails may not show an order of the last lag: it is waited for, and where orders
        do not pause, or cannot be read, for ten minutes, the merchant is asked.
        """
        lag, started = self.timing.lag(Side.SHOP), book.ledger.started
        if not book.ledger.shop.is_clear(look, lag):
            return None
        if started is None:
            return 0
        if book.product_uuid not in self.sold:
            self.pages.due_at(book.product_uuid, self.pages.now)
            return None
        deeds = self.sold[book.product_uuid]
        # What was sold before tracking went off moved the numbers of then.
        since = max(started - NEAR, book.ledger.shop.seen or started - NEAR)
        told = [deed for deed in (deeds or {}).get(book.variant_uuid, ()) if deed.at >= since]
        clear = max((deed.at for deed in told), default=started - lag) + lag + NEAR
        begun = max(started, book.ledger.shop.touched or started)
        if (deeds is None or look.begun < clear) and look.begun < begun + ORDERS_PAUSE:
            self.pages.due_at(book.product_uuid, max(clear, self.pages.now + lag))
            return None
        if (
            deeds is None
            or look.begun < clear
            or any(deed.reason is Reason.UNCLEAR for deed in told)
        ):
            self.pages.ask_to_check(book)
        return sum(deed.change for deed in told)

    async def _is_tracked(self, book: Book, look: Look) -> bool:
        """Whether stock is ours to sync. A switch whose event was lost is found here (S7, decision
        2).
        """
        if look.level is Gap.UNTRACKED:
            seen = book.ledger.zettle.seen
            if book.ledger.is_tracked and (seen is None or look.begun >= seen):
                await stop(self.pages, book, self.timing)
            return False
        known = book.ledger.is_tracked
        if isinstance(look.level, int) and not known:
            tx, uuid = self.pages.tx, book.product_uuid
            await work_items.mark(tx, self.pages.connection_id, Kind.TRACKING, uuid, self.pages.now)
        return known or not isinstance(look.level, int)

    def _counted(self) -> Mapping[str, bool]:
        """Whether Zettle has shown a number; not for what was carried over from an earlier
        connection and not read yet.
        """
        books = self.pages.books
        return {
            one: book.ledger.is_tracked and book.ledger.zettle.seen is not None
            for one, book in books.items()
        }

    async def _tell_library(self, before: Mapping[str, bool]) -> None:
        """The pages show whether inventory management is on (S7): what Zettle showed, where our
        ledgers agree.

        Written where that is new, and by each sweep.
        """
        now = self._counted()
        if now == before and not self.swept:
            return
        counted = {
            book.product_uuid for book in self.pages.books.values() if book.ledger.is_tracked
        }
        seen: dict[str, bool | None] = {}
        for uuid, variants in self.world.known.at_till.items():
            levels = [
                look.level
                for one in variants
                if (look := self.world.looks[Side.ZETTLE].get(one)) is not None
            ]
            if any(isinstance(level, int) for level in levels) and uuid in counted:
                seen[uuid] = True
            elif Gap.UNTRACKED in levels and uuid not in counted:
                seen[uuid] = False
        if seen:
            await library.set_tracking(self.pages.tx, self.pages.connection_id, seen)

    # ---- What they show --------------------------------------------------------------------------

    async def _look(self, book: Book, side: Side) -> None:
        look = self.world.looks[side].get(book.variant_uuid)
        if look is None or (side is Side.SHOP and not self._is_of(book)):
            return
        if look.level is Gap.UNBORN:
            await self._missed(book, look)
            return
        if book.ledger[side].flight is None:
            if side is Side.SHOP and await self._is_unproven(book, look):
                return
            step = stock.observed(book.ledger, side, look, self.timing)
            await self._moved(book, side, step.ledger, step.change)
        else:
            await self._settle(book, side, look)

    def _is_of(self, book: Book) -> bool:
        """What was looked at is the variant of this shelf, not one that was let go or remade while
        we looked.
        """
        seen = self.world.known.variants.get(book.variant_uuid)
        return seen is not None and seen[1] == book.ledger.shop.variant_id

    async def _missed(self, book: Book, look: Look) -> None:
        """The shop does not have it: it sleeps, and what was on its way there has come to
        nothing.
        """
        flight = book.ledger.shop.flight
        ledger = self.pages.put(book, stock.absent(book.ledger, look, self.timing)).ledger
        if flight is not None and ledger.shop.flight is None:
            self.resolved[flight.call] = book
            await self.pages.forget_flight(book)

    async def _settle(self, book: Book, side: Side, look: Look) -> None:
        flight = book.ledger[side].flight
        assert flight is not None
        done = self._resolved(book, side, look)
        if done.verdict is Verdict.WAITING:
            await self._moved(book, side, done.ledger, done.change)
            return
        unlike = done.contradicts and done.verdict.is_doubtful
        cause = Cause.CONTRADICTED if unlike else VERDICTS[done.verdict]
        what = Moved(side, cause, flight.quantity, call=flight.call)
        await self._moved(book, side, done.ledger, done.change, what)
        tx, connection_id, now = self.pages.tx, self.pages.connection_id, self.pages.now
        if side is Side.SHOP:
            self.resolved[flight.call] = book
            if done.verdict.is_doubtful:
                self.pages.ask_about(book, side, flight.quantity)
        if side is Side.SHOP or done.verdict is Verdict.LANDED:
            await ledgers.arrive(tx, connection_id, flight.call, [book.variant_uuid])
            return
        gone = Departed(book.product_uuid, book.variant_uuid, side, flight)
        await ledgers.resolve(tx, connection_id, gone, done.verdict, now)
        if done.verdict is not Verdict.NOT_LANDED:
            self.pages.due_at(book.product_uuid, now + self.timing.doubt)

    def _resolved(self, book: Book, side: Side, look: Look) -> Resolved:
        flight = book.ledger[side].flight
        assert flight is not None
        if side is Side.ZETTLE:
            return stock.resolve_till(book.ledger, look, self.echoes.get(flight.call), self.timing)
        slot = None if flight.slot is None else self.world.slots.get(flight.slot.variant_id)
        if slot is not None:
            # Both as old as the older one.
            look = replace(look, begun=min(look.begun, slot.begun))
        return stock.resolve_shop(
            book.ledger, look, None if slot is None else slot.level, self.timing
        )

    async def _free(self) -> None:
        """A slot is given back when all that rode in its call is resolved."""
        for call, book in self.resolved.items():
            flight = book.ledger.shop.flight
            if flight is None or flight.slot is None:
                continue
            shown = self.world.slots.get(flight.slot.variant_id)
            if shown is not None and not await ledgers.is_open(
                self.pages.tx, self.pages.connection_id, call
            ):
                await self.pages.free(flight, shown.level)

    async def _moved(
        self, book: Book, side: Side, ledger: Ledger, change: int, what: Moved | None = None
    ) -> None:
        """A shelf's own change, beside whatever became of a write to it."""
        if what is not None or change == 0:
            self.pages.put(book, ledger, what)
        if change == 0:
            return
        cause = self._cause(book, side, change)
        self.pages.put(book, ledger, Moved(side, cause, change))
        self.pages.say_moved(book, side, cause, change)
        if ledger.separate and (dropped := book.ledger[side].owed - ledger[side].owed) < 0:
            # Sold before a split took its units: whether they come back, as when an order is
            # cancelled, nobody knows.
            self.pages.ask_about(book, side, dropped)
        if await self._has_vanished(book, side):
            self.pages.ask_to_check(book)
            self.pages.say(Code.STOCK_VANISHED, book, Severity.WARNING, was=str(-change))
        promised = ledger.promised
        if not ledger.separate and promised is not None and promised < 0 and promised - change >= 0:
            self.pages.say(Code.STOCK_BELOW_ZERO, book, Severity.WARNING, units=str(-promised))

    async def _is_unproven(self, book: Book, look: Look) -> bool:
        """A sweep that could read the orders asks at once: it looks at shelves of which nothing was
        told.
        """
        could_read = self.sold.get(book.product_uuid) is not None
        if (self.swept and could_read) or not stock.is_emptied(book.ledger, look, self.timing):
            return False
        held = (
            None
            if self._are_ordered(book, look)
            else stock.unproven(book.ledger, look, self.timing)
        )
        if held is None:
            return False
        self.pages.put(book, held)
        return True

    def _are_ordered(self, book: Book, look: Look) -> bool:
        """Whether the store has orders for all that is gone since the last look. One of which
        nobody can tell how much it took explains it only where an event named an order."""
        deeds, shop = self.sold.get(book.product_uuid), book.ledger.shop
        if (
            deeds is None
            or shop.seen is None
            or not isinstance(shop.known, int)
            or not isinstance(look.level, int)
        ):
            return False
        since = shop.seen - self.timing.lag(Side.SHOP) - NEAR
        told = [deed for deed in deeds.get(book.variant_uuid, ()) if deed.at >= since]
        is_unclear = any(deed.reason is Reason.UNCLEAR for deed in told)
        return (is_unclear and stock.is_ordered(shop, self.timing)) or sum(
            deed.change for deed in told
        ) <= look.level - shop.known

    async def _has_vanished(self, book: Book, side: Side) -> bool:
        """Whether there is nothing where there was something, and nobody has told of it
        (`stock.is_emptied`).
        """
        look = self.world.looks[side].get(book.variant_uuid)
        if (
            side is not Side.SHOP
            or look is None
            or not stock.is_emptied(book.ledger, look, self.timing)
        ):
            return False
        return not self._are_ordered(book, look) and not await self._is_told_of(book)

    async def _is_told_of(self, book: Book) -> bool:
        """A hook about the variant waits to be heard."""
        binding = self.world.known.bound.get(book.product_uuid)
        if binding is None:
            return False
        product = str(binding.synced.product_id)
        of_variant, is_one = f"{product}/{book.ledger.shop.variant_id}", not binding.synced.options
        told = [product, of_variant] if is_one else [of_variant]
        return bool(await ledgers.waiting(self.pages.tx, self.pages.connection_id, Side.SHOP, told))

    def _cause(self, book: Book, side: Side, change: int) -> Cause:
        if self.swept:
            return Cause.SWEPT
        before, heard = (
            self.pages.locked.get(book.variant_uuid, book),
            self.pages.heard.get(book.variant_uuid, ()),
        )
        lag = self.timing.lag(side)
        by_order = side is Side.SHOP and is_order(before.ledger.shop, heard, change, lag)
        return Cause.ORDER if by_order else Cause.SEEN
