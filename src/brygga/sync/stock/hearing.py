"""What webhooks said since the last time: hints to both shelves, and what became of writes that had been given up or doubted."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from brygga.core import stock
from brygga.core.report import Code
from brygga.core.stock import Hint, Side, Timing
from brygga.core.stock.story import Cause, Moved
from brygga.store import ledgers, movements, switches
from brygga.store.ledgers import Book, Departed, Doubt, Unasked
from brygga.store.switches import Stop
from brygga.sync.stock.pages import Pages, stop

Hints = Mapping[Side, Mapping[str, Sequence[Hint]]]
"""By side and Zettle product uuid, in the order in which they came."""


async def hear_stops(pages: Pages, uuids: Collection[str], timing: Timing) -> None:
    """Tracking that was off for a while has ended separate stock, although it may be on again by now (S7).

    Only what was told of a time since the split counts, by Zettle's clock, and only if we heard of it since. Within what may be wrong
    about that clock a stop is taken to be from after: then Zettle's number counts, which is never too high. Shared stock goes on: each
    side shows what moved there meanwhile.
    """
    stops = await switches.take_stops(pages.tx, pages.connection_id, uuids)
    apart = [book for book in pages.books.values() if book.product_uuid in stops and book.ledger.separate]
    splits = await movements.last_splits(pages.tx, pages.connection_id, [*stops]) if apart else {}
    for book in apart:
        split, told = splits.get(book.product_uuid), stops[book.product_uuid]
        if book.ledger.is_tracked and (split is None or any(_is_after(one, split, timing) for one in told)):
            await stop(pages, book, Code.STOCK_OFF_APART)


def _is_after(stop: Stop, split: datetime, timing: Timing) -> bool:
    """Never before we heard of it, whatever Zettle's clock says."""
    return stop.heard >= split and stop.at >= timing.theirs(Side.ZETTLE, split) - timing.till_clock.slack


async def listen(pages: Pages, timing: Timing, product_ids: Mapping[str, int]) -> None:
    """What the shop told of these products, put beside their shelves; `product_ids` are BigCommerce's, by Zettle's."""
    told = await _taken_in_shop(pages, product_ids)
    for variant in sorted(pages.books):
        for hint in told.get(pages.books[variant].product_uuid, ()):
            book = pages.books[variant]
            if hint.is_about(book.ledger.shop):
                pages.put(book, stock.hinted(book.ledger, Side.SHOP, hint, timing, variant))


async def _taken_in_shop(pages: Pages, product_ids: Mapping[str, int]) -> Mapping[str, Sequence[Hint]]:
    """What BigCommerce told since the last time, by Zettle's product uuid."""
    by_id = {str(product_id): uuid for uuid, product_id in product_ids.items()}
    hints = await ledgers.take_hints(pages.tx, pages.connection_id, Side.SHOP, [*by_id])
    return {by_id[id_]: some for id_, some in hints.items()}


@dataclass(frozen=True, slots=True)
class Hearing:
    """`store` is the Zettle inventory that is sold from; what is told of the others is no movement of a shelf."""

    pages: Pages
    timing: Timing
    store: str

    async def run(self, marked: Collection[str], product_ids: Mapping[str, int]) -> None:
        """`product_ids` are BigCommerce's of the `marked` products, by Zettle's. What was said of one that is not synced is let go."""
        uuids = sorted({*marked, *product_ids, *(book.product_uuid for book in self.pages.books.values())})
        await hear_stops(self.pages, uuids, self.timing)
        hints = await self._taken(uuids, product_ids)
        for variant in sorted(self.pages.books):
            for side in Side:
                for hint in self._about(hints, self.pages.books[variant], side):
                    book = self.pages.books[variant]
                    of = self._of(hint, variant)
                    self.pages.put(book, stock.hinted(book.ledger, side, hint, self.timing, of))
        await self._correct(uuids, hints)
        await self._ask(uuids, hints)
        await self._ask_of_before(uuids)

    async def _taken(self, uuids: Sequence[str], product_ids: Mapping[str, int]) -> Hints:
        at_till = await ledgers.take_hints(self.pages.tx, self.pages.connection_id, Side.ZETTLE, uuids)
        return {Side.ZETTLE: at_till, Side.SHOP: await _taken_in_shop(self.pages, product_ids)}

    def _about(self, hints: Hints, book: Book, side: Side) -> list[Hint]:
        return [one for one in hints[side].get(book.product_uuid, ()) if one.is_about(book.ledger[side])]

    def _of(self, hint: Hint, variant: str) -> str:
        return variant if hint.told is None or hint.told.place in ("", self.store) else ""

    # ---- Writes that were given up or doubted ------------------------------------------------------------------------

    async def _retold(self, hints: Hints, one: Departed, book: Book) -> tuple[Departed, list[Hint]]:
        """With what came late about its shelf: kept, since another late hook may complete it."""
        late = [
            hint
            for hint in self._about(hints, book, one.side)
            if hint.told is None or hint.told.variant in ("", self._of(hint, one.variant_uuid))
        ]
        if not late:
            return one, late
        told = replace(one, flight=stock.retold(one.flight, late))
        await ledgers.retell(self.pages.tx, self.pages.connection_id, told)
        return told, late

    async def _echoed(self, departed: Sequence[Departed]) -> Mapping[str, object]:
        calls = {one.flight.call for one in departed if one.side is Side.ZETTLE}
        return await ledgers.echoes(self.pages.tx, self.pages.connection_id, calls) if calls else {}

    async def _correct(self, uuids: Sequence[str], hints: Hints) -> None:
        """A late echo, or a late hook that can only be ours, tells that a write had landed after all."""
        lost = await ledgers.lost(self.pages.tx, self.pages.connection_id, uuids)
        echoes = await self._echoed(lost)
        for one in lost:
            book = self.pages.books.get(one.variant_uuid)
            if book is None or one.flight.is_absolute:
                continue
            told, late = await self._retold(hints, one, book)
            by_hook = one.side is Side.SHOP and late and stock.is_told_late(told.flight, late, self.timing)
            if one.flight.call in echoes or by_hook:
                await self._settled(told, book, -told.flight.quantity)

    async def _ask(self, uuids: Sequence[str], hints: Hints) -> None:
        """What is in doubt ends with an echo, or with what was told late; if neither comes for so long, the merchant is asked."""
        doubts = await ledgers.doubts(self.pages.tx, self.pages.connection_id, uuids)
        echoes = await self._echoed([doubt.departed for doubt in doubts])
        for doubt in doubts:
            one = doubt.departed
            book = self.pages.books.get(one.variant_uuid)
            if book is None:
                await ledgers.arrive(self.pages.tx, self.pages.connection_id, one.flight.call, [one.variant_uuid])
                continue
            told = (await self._retold(hints, one, book))[0] if doubt.landed else one  # `_correct` has told the others
            over = self.pages.now - doubt.since >= self.timing.doubt
            peers = [
                of.departed.flight for of in doubts if of is not doubt and of.departed.flight.call == one.flight.call
            ]
            landed = one.flight.call in echoes or stock.reconsidered(
                book.ledger, one.side, told.flight, self.timing, over=over, peers=peers
            )
            if landed is not None and (landed is doubt.landed or not one.flight.is_absolute):
                await self._decided(doubt, told, book, landed=landed)
            elif over:
                await self._asked(doubt, told, book)

    async def _decided(self, doubt: Doubt, one: Departed, book: Book, *, landed: bool) -> None:
        if landed is doubt.landed:
            await self._as_believed(doubt, one)
        else:
            await self._settled(one, book, -one.flight.quantity if landed else one.flight.quantity)

    async def _as_believed(self, doubt: Doubt, one: Departed) -> None:
        """In doubt no longer. One that is taken for lost may still be echoed."""
        if doubt.landed:
            await ledgers.arrive(self.pages.tx, self.pages.connection_id, one.flight.call, [one.variant_uuid])
        else:
            await ledgers.lose(self.pages.tx, self.pages.connection_id, one, self.pages.now)

    async def _settled(self, one: Departed, book: Book, change: int) -> None:
        """It is not as was believed: both shelves promised too much or too little by as much."""
        await ledgers.arrive(self.pages.tx, self.pages.connection_id, one.flight.call, [one.variant_uuid])
        ledger = stock.corrected(book.ledger, one.side, -change)
        self.pages.put(book, ledger, Moved(one.side, Cause.CORRECTED, change, call=one.flight.call))
        number = "" if ledger.promised is None else str(ledger.promised)
        self.pages.say(Code.STOCK_CORRECTED, book, change=f"{change:+d}", number=number)

    async def _asked(self, doubt: Doubt, one: Departed, book: Book) -> None:
        await self._as_believed(doubt, one)
        self.pages.ask_about(book, one.side, one.flight.quantity)

    async def _ask_of_before(self, uuids: Sequence[str]) -> None:
        """Tracking was off, and is on again: the till's number counts, and may lack a write from before, or have it twice.

        An echo is waited for as long as with any doubt. One that had not been given up, and was echoed, is in the number once.
        """
        left = await ledgers.unasked(self.pages.tx, self.pages.connection_id, uuids)
        echoes = await self._echoed([one.departed for one in left])
        for waits in left:
            one = waits.departed
            book, echoed = self.pages.books.get(one.variant_uuid), one.flight.call in echoes
            if book is not None and not (book.ledger.is_tracked and (echoed or self._is_over(waits))):
                continue
            await ledgers.arrive(self.pages.tx, self.pages.connection_id, one.flight.call, [one.variant_uuid])
            if book is not None and (one.flight.closing is not None or not echoed):
                self.pages.ask_about(book, one.side, one.flight.quantity)

    def _is_over(self, waits: Unasked) -> bool:
        asked_before = waits.departed.flight.call == ledgers.ASKED_BEFORE
        return asked_before or (not waits.outlived and self.pages.now - waits.since >= self.timing.doubt)
