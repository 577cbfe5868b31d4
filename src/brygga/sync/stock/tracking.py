"""Tracking switched in Zettle (rule S7, decisions 2 and 3): off stops stock for the product, on
writes Zettle's number to the shop.
"""

import contextlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from brygga.core import stock
from brygga.core.failures import Refused
from brygga.core.hands import level_of
from brygga.core.report import Code
from brygga.core.stock import Look, Side, Timing
from brygga.core.stock.story import Cause, Moved
from brygga.database import bindings, library
from brygga.database.ledgers import Book
from brygga.database.work_items import Kind, Mark
from brygga.sync.shown import products_shown
from brygga.sync.stock.evidence import Looks, is_tracked, unreadable
from brygga.sync.stock.gather import Known, Till, known, shop_looks
from brygga.sync.stock.hearing import hear
from brygga.sync.stock.pages import Pages, opened, stop
from brygga.sync.stock.sending import Part, Sending
from brygga.sync.stock.work import come_back
from brygga.sync.worker.session import Session


@dataclass(frozen=True, slots=True)
class TrackingWork:
    """The handler of tracking marks. The detail is the merchant's wish on our page ("on", "off"),
    or "" for an event.
    """

    timing: Timing = field(default_factory=Timing)
    till: Till = field(default_factory=Till)

    async def __call__(self, session: Session, batch: Sequence[Mark]) -> None:
        await self._wish(session, batch)
        uuids = sorted({mark.subject for mark in batch})
        async with opened(session, uuids) as pages:
            found = await bindings.get_many(pages.tx, pages.connection_id, uuids)
            product_ids = {uuid: one.synced.product_id for uuid, one in found.items()}
            await hear(session, pages, uuids, product_ids, self.timing)
        paper = await known(session, uuids)
        tracked = await is_tracked(session, uuids, paper.books.values())
        on = {uuid for uuid in uuids if tracked.get(uuid)}
        starting = _starting(paper, on)
        uncounted = await _uncounted(session, paper, starting)
        await _count(session, paper, uncounted)
        till = await self.till.looks(
            session, {uuid: paper.at_till.get(uuid, ()) for uuid in sorted(on)}, paper.books
        )
        shop = await shop_looks(session, paper, starting)

        # Of a product whose answers contradict each other nothing is stopped and nothing started
        # (decision 15).
        is_on = {uuid: uuid in on for uuid in uuids if uuid in tracked and uuid not in till.unread}

        async def finish(pages: Pages) -> None:
            await session.finish(*(mark for mark in batch if mark.subject in is_on), tx=pages.tx)
            await come_back(pages, self.timing)

        sending = Sending(
            session,
            self.till,
            self.timing,
            [*is_on],
            finish,
            sides=(),
            shown=shop.looks,
            switched=uncounted,
        )
        async with opened(session, is_on) as pages:
            looks = {Side.ZETTLE: till.looks, Side.SHOP: shop.looks}
            waiting = await self._booked(pages, is_on, paper, looks, uncounted)
            sending.parts.append(Part(Side.SHOP, waiting, absolute=True))
            call = await sending.first(pages, paper.bound)
        await sending.run(call)
        for mark in session.unsettled(batch):
            await session.fail(mark, unreadable(Side.ZETTLE, mark.subject))

    async def _wish(self, session: Session, batch: Sequence[Mark]) -> None:
        """Only the merchant's own click switches anything in Zettle (S1)."""
        for word, enabled in (("on", True), ("off", False)):
            wanted = sorted({mark.subject for mark in batch if mark.detail == word})
            if wanted:
                await session.zettle.set_tracking(wanted, enabled=enabled)

    async def _booked(
        self,
        pages: Pages,
        is_on: Mapping[str, bool],
        paper: Known,
        looks: Mapping[Side, Looks],
        uncounted: Collection[str],
    ) -> Collection[str]:
        """Stops what is off and opens what is on. Answers the variants that the store is to count
        from now on: their level is written as an absolute one. What it counts already is adopted by
        the work of stock, with a change: no order gets lost by it."""
        await library.set_tracking(pages.tx, pages.connection_id, is_on)
        waiting: dict[str, str] = {}
        for variant, (uuid, variant_id) in sorted(paper.variants.items()):
            is_off = uuid in uncounted
            if (
                is_on.get(uuid)
                and _start(pages, looks, (uuid, variant), variant_id, uncounted=is_off)
                and is_off
            ):
                waiting[variant] = uuid
        for variant, book in list(pages.books.items()):
            look = looks[Side.ZETTLE].get(variant)
            if not is_on[book.product_uuid]:
                if book.ledger.is_tracked:
                    await stop(pages, book, self.timing)
            elif variant not in paper.variants and look is not None:
                _open(pages, book, look)
        others = {uuid for uuid, on in is_on.items() if on} - {*waiting.values()}
        await pages.mark(Kind.STOCK, *others)
        return waiting


def _starting(paper: Known, on: Collection[str]) -> Mapping[str, int]:
    """Variants whose number in the shop we did not know until now: uuid -> BigCommerce variant
    id.
    """
    alive = {
        v for v, book in paper.books.items() if book.ledger.is_tracked and not book.ledger.is_unset
    }
    return {
        v: id_ for v, id_ in paper.in_shop.items() if v not in alive and paper.variants[v][0] in on
    }


async def _uncounted(session: Session, paper: Known, starting: Collection[str]) -> set[str]:
    """Products of these variants that the store does not count as their shape asks for."""
    uuids = sorted({paper.variants[variant][0] for variant in starting})
    synced = {uuid: paper.bound[uuid].synced for uuid in uuids}
    shown = await products_shown(session, [one.product_id for one in synced.values()])
    seen = {
        uuid: shown[one.product_id].tracking
        for uuid, one in synced.items()
        if one.product_id in shown
    }
    return {uuid for uuid, tracking in seen.items() if tracking is not level_of(synced[uuid])}


async def _count(session: Session, paper: Known, uncounted: Collection[str]) -> None:
    """The store counts these from now on, before anything of ours rests on it. What it refuses is
    refused once more, and told, where the level is written (`Sending`)."""
    for uuid in sorted(uncounted):
        synced = paper.bound[uuid].synced
        with contextlib.suppress(Refused):
            await session.shop.update_product(synced.product_id, {"tracking": level_of(synced)})


def _start(
    pages: Pages,
    looks: Mapping[Side, Looks],
    of: tuple[str, str],
    variant_id: int,
    *,
    uncounted: bool,
) -> bool:
    """False when this shelf is alive already: the event was told twice, or a birth was quicker."""
    uuid, variant = of
    book, look, shop = (
        pages.books.get(variant),
        looks[Side.ZETTLE].get(variant),
        looks[Side.SHOP].get(variant),
    )
    if look is None or not isinstance(look.level, int):
        return False
    if book is None:
        book = Book(uuid, variant, stock.opened(look))
    elif book.ledger.is_tracked and book.ledger.is_unset:
        return True  # the work was cut off before the level left, or the store was out of reach
    elif (
        book.ledger.is_tracked and isinstance(book.ledger.shop.known, int)
    ) or book.ledger.shop.flight is not None:
        return False
    started = stock.restarted(stock.woken(book.ledger, variant_id), look, uncounted=uncounted)
    pages.put(book, started, Moved(Side.ZETTLE, Cause.STARTED, look.level))
    if shop is not None and isinstance(shop.level, int) and shop.level != started.promised:
        pages.say(Code.STOCK_REPLACED, book, was=str(shop.level), number=str(started.promised))
    else:
        pages.say(Code.STOCK_STARTED, book, number=str(started.promised))
    return True


def _open(pages: Pages, book: Book, look: Look) -> None:
    """A variant that the shop does not have: its number counts from now on, for when it is born."""
    if isinstance(look.level, int) and not book.ledger.is_tracked:
        started = stock.restarted(book.ledger, look)
        pages.put(book, started, Moved(Side.ZETTLE, Cause.STARTED, look.level))
