"""The handlers of stock marks: hear, look, book, send, and come back when there is more to see."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from brygga.core import stock
from brygga.core.stock import Flight, Ledger, Shelf, Side, Timing
from brygga.store import bindings, ledgers, marks
from brygga.store.database import Tx
from brygga.store.marks import Kind, Mark
from brygga.sync.session import Session
from brygga.sync.stock.births import LAGS_MEANWHILE
from brygga.sync.stock.booking import Booking
from brygga.sync.stock.clocks import by_clocks, measured
from brygga.sync.stock.gather import Till, World, gather, known
from brygga.sync.stock.hearing import Hearing
from brygga.sync.stock.pages import Pages, opened
from brygga.sync.stock.sending import Sending

NEWBORN = timedelta(minutes=1)
"""So long hooks are taken to tell of a product's birth, unless they tell of an order: they may come late when hundreds are born."""

FEW = 25
"""More products than this that wait for their turn are a library being brought over."""


@dataclass(frozen=True, slots=True)
class StockWork:
    """`products` handles marks of kind `stock` and `settle`, `shop_hints` those of kind `shop_stock`."""

    timing: Timing = field(default_factory=Timing)
    till: Till = field(default_factory=Till)

    async def shop_hints(self, session: Session, batch: Sequence[Mark]) -> None:
        """A hint of BigCommerce's names its product; what is not ours is let go (P7)."""
        now = session.clock.now()
        async with session.transaction() as tx:
            ids = {int(mark.subject) for mark in batch if mark.subject.isdigit()}
            ours = await bindings.by_product_ids(tx, session.connection.id, ids)
            strangers = [str(one) for one in ids if one not in ours]
            await ledgers.take_hints(tx, session.connection.id, Side.SHOP, strangers)
            newborn = await self._newborn(tx, session, set(ours))
            awaited = sorted(uuid for id_, uuid in ours.items() if id_ in newborn)
            at_once = sorted(uuid for id_, uuid in ours.items() if id_ not in newborn)
            await marks.mark_many(tx, session.connection.id, Kind.STOCK, at_once, now)
            await marks.mark_many(
                tx, session.connection.id, Kind.STOCK, awaited, now, due_at=await self._pooled(tx, session)
            )
            await session.finish(*batch, tx=tx)

    async def _pooled(self, tx: Tx, session: Session) -> datetime:
        """When newborns are looked at together; more seldom while a library is being brought over."""
        waiting = (await marks.counts(tx, session.connection.id)).get(Kind.PRODUCT, 0)
        now = session.clock.now()
        return self.timing.pooled(now, LAGS_MEANWHILE) if waiting > FEW else self.timing.pooled(now)

    async def _newborn(self, tx: Tx, session: Session, ids: Collection[int]) -> Collection[int]:
        """Products that we made a moment ago, told of by no order: what moved is what we wrote, and one look serves many of them."""
        young = await bindings.bound_since(tx, session.connection.id, ids, session.clock.now() - NEWBORN)
        sold = await ledgers.ordered(tx, session.connection.id, [str(id_) for id_ in young])
        return {id_ for id_ in young if str(id_) not in sold}

    async def products(self, session: Session, batch: Sequence[Mark]) -> None:
        """Everything that these products' shelves ask for now; each mark is done, or due again at its next look."""
        uuids = sorted({mark.subject for mark in batch})
        await self._hear(session, uuids)
        world = await gather(session, self.till, uuids)
        await book(session, world, uuids, self.timing)

        failure = await Sending(session, self.till, self.timing, uuids).run()
        if failure is not None:
            raise failure
        async with opened(session, uuids) as pages:
            await session.finish(*batch, tx=pages.tx)
            await come_back(pages, self.timing)

    async def _hear(self, session: Session, uuids: Sequence[str]) -> None:
        paper, places = await known(session, uuids), await self.till.inventories(session)
        timing = await by_clocks(session, uuids, self.timing)
        async with opened(session, uuids) as pages:
            ids = {uuid: binding.synced.product_id for uuid, binding in paper.bound.items()}
            await Hearing(pages, timing, places.store if places is not None else "").run(uuids, ids)


async def book(session: Session, world: World, uuids: Collection[str], timing: Timing, *, swept: bool = False) -> None:
    """The gathered looks, written into the ledgers as they are by now."""
    async with opened(session, uuids) as pages:
        calls = {f.call for one in pages.books.values() for side in Side if (f := one.ledger[side].flight) is not None}
        echoes = await ledgers.echoes(pages.tx, pages.connection_id, calls) if calls else {}
        await Booking(pages, world, echoes, measured(session.clients.clocks, timing, pages.now), swept).run()


async def come_back(pages: Pages, timing: Timing) -> None:
    """Marks every product of these pages for the earliest moment at which it can be looked at or written with a result."""
    due: dict[str, datetime] = {}
    uuids = {one.product_uuid for one in pages.books.values()}
    for doubt in await ledgers.doubts(pages.tx, pages.connection_id, uuids):
        due[doubt.departed.product_uuid] = doubt.since + timing.doubt
    for waits in await ledgers.unasked(pages.tx, pages.connection_id, uuids):
        book = pages.books.get(waits.departed.variant_uuid)
        if not waits.outlived and book is not None and book.ledger.is_tracked:
            uuid = waits.departed.product_uuid
            due[uuid] = min(waits.since + timing.doubt, due.get(uuid, waits.since + timing.doubt))
    for one in pages.books.values():
        at = next_step(one.ledger, pages.now, timing)
        if at is not None:
            due[one.product_uuid] = min(at, due.get(one.product_uuid, at))
    for uuid, at in sorted(due.items()):
        kind = Kind.SETTLE if _is_open(pages, uuid) else Kind.STOCK
        await marks.mark(pages.tx, pages.connection_id, kind, uuid, pages.now, due_at=at)


def next_step(ledger: Ledger, now: datetime, timing: Timing) -> datetime | None:
    """When this ledger has something to see or to send; None when it is quiet. Never earlier than in a moment: this pass just looked."""
    times: list[datetime] = []
    for side in Side:
        shelf = ledger[side]
        look = stock.next_look(ledger, side, timing)
        if look is not None and look <= now and shelf.flight is not None:
            look = now + timing.gap  # a shelf with an open write is not cleared by looking again at once
        elif look is not None and look <= now and _is_blank(shelf, look):
            look = now + max(timing.gap, now - look)  # nobody tells a number: asked more and more seldom
        times += [look] if look is not None else []
        times += [max(stock.settle_at(shelf.flight, timing), _paced(shelf.flight, now, timing))] if shelf.flight else []
        times += [shelf.rests] if shelf.rests is not None and shelf.rests > now and shelf.owed else []
        free = stock.sendable_at(ledger, side, now)
        times += [free] if stock.sendable(ledger, side, free, timing) else []
    return max(min(times), now + timedelta(seconds=1)) if times else None


def _is_blank(shelf: Shelf, due: datetime) -> bool:
    """The look that was due showed no number: BigCommerce does not count the product just now, or its answer could not be read."""
    return shelf.seen is None or shelf.seen < due


def _paced(flight: Flight, now: datetime, timing: Timing) -> datetime:
    """Settling has begun: the next look that can say more is a gap later."""
    return now if flight.since is None else now + timing.gap


def _is_open(pages: Pages, uuid: str) -> bool:
    return any(
        one.ledger[side].flight is not None for one in pages.books.values() if one.product_uuid == uuid for side in Side
    )
