"""Tracking switched in Zettle (rule S7, decisions 2 and 3): off stops stock for the product, on writes Zettle's number to the shop."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from brygga.core import stock
from brygga.core.report import Code
from brygga.core.stock import Side, Timing
from brygga.core.stock.story import Cause, Moved
from brygga.store import library
from brygga.store.ledgers import Book
from brygga.store.marks import Kind, Mark, mark_many
from brygga.sync.session import Session
from brygga.sync.stock.gather import Known, Looks, Till, known, shop_looks
from brygga.sync.stock.hearing import hear_stops
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
            await hear_stops(pages, uuids)
        tracked = await session.zettle.tracking_status(uuids)
        paper = await known(session, uuids)
        on = [uuid for uuid in uuids if tracked.get(uuid)]
        looks = await self.till.looks(session, {uuid: paper.at_till.get(uuid, ()) for uuid in on})

        before = await shop_looks(session, _asleep(paper, on))

        waiting = await self._written(session, uuids, tracked, paper, {Side.ZETTLE: looks, Side.SHOP: before})
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

    async def _written(
        self,
        session: Session,
        uuids: Sequence[str],
        tracked: Mapping[str, bool],
        paper: Known,
        looks: Mapping[Side, Looks],
    ) -> list[str]:
        """Stops what is off and opens what is on. Answers the variants whose absolute level has to be written now."""
        waiting: list[str] = []
        async with opened(session, uuids) as pages:
            await library.set_tracking(
                pages.tx, pages.connection_id, {uuid: tracked.get(uuid, False) for uuid in uuids}
            )
            for book in list(pages.books.values()):
                if not tracked.get(book.product_uuid) and book.ledger.is_tracked:
                    await stop(pages, book)
            for variant, (uuid, variant_id) in sorted(paper.variants.items()):
                if tracked.get(uuid) and _start(pages, looks, (uuid, variant), variant_id):
                    waiting.append(variant)
            for variant, book in list(pages.books.items()):
                if tracked.get(book.product_uuid) and variant not in paper.variants:
                    _open(pages, book, looks[Side.ZETTLE])
            unread = {uuid for uuid in uuids if tracked.get(uuid)} - {paper.variants[one][0] for one in waiting}
            await mark_many(pages.tx, pages.connection_id, Kind.STOCK, sorted(unread), pages.now)
        return waiting


def _asleep(paper: Known, on: Sequence[str]) -> Mapping[str, int]:
    """Variants that were not counted until now: the number that the shop kept meanwhile gives way to Zettle's, and is told."""
    still = {variant for variant, book in paper.books.items() if not book.ledger.is_tracked}
    return {v: variant_id for v, (uuid, variant_id) in paper.variants.items() if v in still and uuid in on}


def _start(pages: Pages, looks: Mapping[Side, Looks], of: tuple[str, str], variant_id: int) -> bool:
    """False when this shelf is alive already: the event was told twice, or a birth was quicker."""
    uuid, variant = of
    book, look, shop = pages.books.get(variant), looks[Side.ZETTLE].get(variant), looks[Side.SHOP].get(variant)
    if look is None or not isinstance(look.level, int):
        return False
    if book is None:
        book = Book(uuid, variant, stock.opened(look))
    elif (book.ledger.is_tracked and isinstance(book.ledger.shop.known, int)) or book.ledger.shop.flight is not None:
        return False
    started = stock.woken(stock.restarted(book.ledger, look), variant_id)
    pages.put(book, started, Moved(Side.ZETTLE, Cause.STARTED, look.level))
    if shop is not None and isinstance(shop.level, int) and shop.level != look.level:
        pages.say(Code.STOCK_REPLACED, book, was=str(shop.level), number=str(look.level))
    else:
        pages.say(Code.STOCK_STARTED, book, number=str(look.level))
    return True


def _open(pages: Pages, book: Book, looks: Looks) -> None:
    """A variant that the shop does not have: its number counts from now on, for when it is born."""
    look = looks.get(book.variant_uuid)
    if look is not None and isinstance(look.level, int) and not book.ledger.is_tracked:
        pages.put(book, stock.restarted(book.ledger, look), Moved(Side.ZETTLE, Cause.STARTED, look.level))


def identities(paper: Known) -> dict[str, Identity]:
    """How the shop knows each bound variant."""
    return {
        variant: Identity(binding.synced.product_id, variant_id, not binding.synced.options)
        for binding in paper.bound.values()
        for variant, variant_id in binding.synced.variants.items()
    }
