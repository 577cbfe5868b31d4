"""Tracking switched in Zettle (rule S7, decisions 2 and 3): off stops stock for the product, on writes Zettle's number to the shop."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from brygga.core import stock
from brygga.core.report import Code, Severity
from brygga.core.stock import Side, Timing
from brygga.core.stock.story import Cause, Moved
from brygga.store import library, switches
from brygga.store.ledgers import Book
from brygga.store.marks import Kind, Mark, mark_many
from brygga.sync.session import Session
from brygga.sync.stock.before import begun_anew, owed_before, say_owed
from brygga.sync.stock.clocks import measured
from brygga.sync.stock.gather import Known, Looks, Till, known, shop_looks
from brygga.sync.stock.hearing import hear_stops, listen
from brygga.sync.stock.pages import Pages, opened, stop
from brygga.sync.stock.sending import Identity, Resetting
from brygga.sync.stock.work import come_back


@dataclass(frozen=True, slots=True)
class TrackingWork:
    """The handler of tracking marks. The detail is the merchant's wish on our page ("on", "off"), or "" for an event."""

    timing: Timing = field(default_factory=Timing)
    till: Till = field(default_factory=Till)

    async def __call__(self, session: Session, batch: Sequence[Mark]) -> None:
        await self._wish(session, batch)
        uuids = sorted({mark.subject for mark in batch})
        async with opened(session, uuids) as pages:
            await hear_stops(pages, uuids, measured(session.clients.clocks, self.timing, session.clock.now()))
        begun = session.clock.now()
        tracked = await session.zettle.tracking_status(uuids)
        paper = await known(session, uuids)
        on = [uuid for uuid in uuids if tracked.get(uuid)]
        looks = await self.till.looks(session, {uuid: paper.at_till.get(uuid, ()) for uuid in on})

        before = await shop_looks(session, _asleep(paper, on))

        looked = _Looked(begun, tracked, {Side.ZETTLE: looks, Side.SHOP: before})
        waiting = await self._written(session, uuids, paper, looked)
        failure = None
        if waiting:
            resetting = Resetting(session, self.timing, identities(paper))
            failure = await resetting.run(waiting, {paper.variants[one][0] for one in waiting}, switch=True)
        if failure is not None:
            raise failure
        async with opened(session, uuids) as pages:
            await session.finish(*batch, tx=pages.tx)
            await come_back(pages, self.timing)

    async def _wish(self, session: Session, batch: Sequence[Mark]) -> None:
        """Only the merchant's own click switches anything in Zettle (S1)."""
        for word, enabled in (("on", True), ("off", False)):
            wanted = sorted({mark.subject for mark in batch if mark.detail == word})
            if wanted:
                await session.zettle.set_tracking(wanted, enabled=enabled)

    async def _written(self, session: Session, uuids: Sequence[str], paper: Known, looked: "_Looked") -> list[str]:
        """Stops what is off and opens what is on. Answers the variants whose absolute level has to be written now."""
        on = [uuid for uuid in uuids if looked.tracked.get(uuid)]
        waiting: list[str] = []
        async with opened(session, uuids) as pages:
            await library.set_tracking(pages.tx, pages.connection_id, {uuid: uuid in on for uuid in uuids})
            for book in list(pages.books.values()):
                if book.product_uuid not in on and book.ledger.is_tracked:
                    await stop(pages, book)
            timing = measured(session.clients.clocks, self.timing, session.clock.now())
            starts = await self._starts(pages, uuids, paper, looked, timing)
            for variant, (uuid, variant_id) in sorted(paper.variants.items()):
                owed = await owed_before(pages, variant, looked.looks[Side.ZETTLE].get(variant), timing)
                since = _Since(starts.get(uuid), timing.theirs(Side.SHOP, looked.begun), owed)
                if uuid in on and _start(pages, looked.looks, (uuid, variant), variant_id, since):
                    waiting.append(variant)
            for variant, book in list(pages.books.items()):
                if book.product_uuid in on and variant not in paper.variants:
                    await _open(pages, book, looked.looks[Side.ZETTLE], timing)
            started = {paper.variants[one][0] for one in waiting}
            await switches.forget_starts(pages.tx, pages.connection_id, started)
            await mark_many(pages.tx, pages.connection_id, Kind.STOCK, sorted({*on} - started), pages.now)
        return waiting

    async def _starts(
        self, pages: Pages, uuids: Sequence[str], paper: Known, looked: "_Looked", timing: Timing
    ) -> Mapping[str, datetime]:
        """When, by BigCommerce's clock, tracking of the products that are on was switched on, where that was told; and what the shop
        told of them is listened to first, since what it sold from then on counts."""
        off = [uuid for uuid in uuids if not looked.tracked.get(uuid)]
        await switches.forget_starts(pages.tx, pages.connection_id, off, looked.begun)
        starts = await switches.starts(pages.tx, pages.connection_id, sorted({*uuids} - {*off}))
        await listen(
            pages, timing, {uuid: paper.bound[uuid].synced.product_id for uuid in starts if uuid in paper.bound}
        )
        apart = timing.theirs(Side.SHOP, looked.begun) - timing.theirs(Side.ZETTLE, looked.begun)
        return {uuid: at + apart for uuid, at in starts.items()}


@dataclass(frozen=True, slots=True)
class _Looked:
    """What Zettle said of tracking from `begun` on, and what both sides showed then."""

    begun: datetime
    tracked: Mapping[str, bool]
    looks: Mapping[Side, Looks]


@dataclass(frozen=True, slots=True)
class _Since:
    """When tracking of a product was switched on, by BigCommerce's clock: as it was `told`, or at the latest when we saw it."""

    told: datetime | None
    seen: datetime
    owed: stock.Owed
    """What Zettle's number lacks of what the shop sold before it was off."""


def _asleep(paper: Known, on: Sequence[str]) -> Mapping[str, int]:
    """Variants that were not counted until now: the number that the shop kept meanwhile gives way to Zettle's, and is told."""
    still = {variant for variant, book in paper.books.items() if not book.ledger.is_tracked}
    return {v: variant_id for v, (uuid, variant_id) in paper.variants.items() if v in still and uuid in on}


def _start(pages: Pages, looks: Mapping[Side, Looks], of: tuple[str, str], variant_id: int, since: _Since) -> bool:
    """False when this shelf is alive already: the event was told twice, or a birth was quicker."""
    uuid, variant = of
    book, look, shop = pages.books.get(variant), looks[Side.ZETTLE].get(variant), looks[Side.SHOP].get(variant)
    if look is None or not isinstance(look.level, int):
        return False
    if book is None:
        book = Book(uuid, variant, stock.opened(look))
    elif stock.awaits_level(book.ledger):
        return True  # the work was cut off before the level left, or the store was out of reach
    elif (book.ledger.is_tracked and isinstance(book.ledger.shop.known, int)) or book.ledger.shop.flight is not None:
        if since.told is not None:
            pages.put(book, stock.started_earlier(book.ledger, since.told))
        return False
    bought = stock.Bought() if since.told is None else stock.bought_since(book.ledger.shop, since.told)
    missing = since.owed.change + bought.change
    first, told = since.told or since.seen, since.told is not None
    started = stock.restarted(book.ledger, look, missing, first, told=told)
    started = stock.woken(started, variant_id)
    pages.put(book, started, Moved(Side.ZETTLE, Cause.STARTED, look.level))
    number = str(look.level + missing)
    if shop is not None and isinstance(shop.level, int) and shop.level != look.level + missing:
        pages.say(Code.STOCK_REPLACED, book, was=str(shop.level), number=number)
    else:
        pages.say(Code.STOCK_STARTED, book, number=number)
    say_owed(pages, book, since.owed)
    _say_bought(pages, book, bought, number)
    return True


def _say_bought(pages: Pages, book: Book, bought: stock.Bought, number: str) -> None:
    """The number is Zettle's less what the shop sold since tracking is on; the merchant is asked where that is not known."""
    if bought.change:
        pages.put(book, pages.books[book.variant_uuid].ledger, Moved(Side.SHOP, Cause.ORDER, bought.change))
        pages.say(Code.STOCK_SHOP_ORDER, book, change=f"{bought.change:+d}", number=number)
    if not bought.sure:
        pages.ask_to_check(book)
        pages.say(Code.STOCK_ORDERS_UNCOUNTED, book, Severity.WARNING, number=number)


async def _open(pages: Pages, book: Book, looks: Looks, timing: Timing) -> None:
    """A variant that the shop does not have: its number counts from now on, for when it is born."""
    look = looks.get(book.variant_uuid)
    if look is not None and isinstance(look.level, int) and not book.ledger.is_tracked:
        await begun_anew(pages, book, look, timing, Moved(Side.ZETTLE, Cause.STARTED, look.level))


def identities(paper: Known) -> dict[str, Identity]:
    """How the shop knows each bound variant."""
    return {
        variant: Identity(binding.synced.product_id, variant_id, not binding.synced.options)
        for binding in paper.bound.values()
        for variant, variant_id in binding.synced.variants.items()
    }
