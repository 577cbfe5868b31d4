"""The handlers of stock work items: take events, read, reconcile, send, and come back when due."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from brygga.core import stock
from brygga.core.stock import Ledger, Side, StockRecord, Timing
from brygga.database import owners, reported_changes, waiting_work
from brygga.database.engine import Tx
from brygga.database.owners import Owner
from brygga.database.work_items import Kind, Wish, WorkItem
from brygga.sync.stock.evidence import unreadable
from brygga.sync.stock.first_levels import LAGS_MEANWHILE
from brygga.sync.stock.gather import Till, gather
from brygga.sync.stock.orders import sold_since
from brygga.sync.stock.reconciling import Reconciling
from brygga.sync.stock.reports import take_reports
from brygga.sync.stock.sending import Sending
from brygga.sync.stock.unit_of_work import UnitOfWork, locked
from brygga.sync.worker.session import Session

NEWBORN = timedelta(minutes=1)
"""How long webhooks are taken to report a product's creation, unless they name an order. They may
be late when hundreds of products are created.
"""

FEW = 25
"""More waiting products than this mean that a whole library is being imported."""


@dataclass(frozen=True, slots=True)
class StockWork:
    """`products` handles work items of kind `stock` and `resolve`. `shop_hints` handles those of
    kind `shop_stock`.
    """

    timing: Timing = field(default_factory=Timing)
    till: Till = field(default_factory=Till)

    async def shop_hints(self, session: Session, batch: Sequence[WorkItem]) -> None:
        """A BigCommerce event names its product. An event of a product that is not ours is dropped
        (P7).
        """
        now, connection_id = session.clock.now(), session.connection.id
        fence = replace(session.fence, is_checked_later=True)
        async with session.database.transaction(fence) as tx:
            ids = {int(item.subject) for item in batch if item.subject.isdigit()}
            bound = await owners.of_products(tx, connection_id, ids, now - NEWBORN)
            ours = {id_: one.uuid for id_, one in bound.items()}
            if strangers := [str(one) for one in ids if one not in ours]:
                await reported_changes.take(tx, connection_id, [], strangers)
            awaited = await self._newborn(tx, connection_id, bound)
            due = await self._pooled(tx, connection_id, now) if awaited else now
            wishes = [
                Wish(Kind.STOCK, uuid, due if uuid in awaited else now)
                for uuid in sorted(ours.values())
            ]
            await session.finish_and_add(batch, wishes, tx)

    async def _newborn(self, tx: Tx, connection_id: int, bound: Mapping[int, Owner]) -> set[str]:
        """Products that we just created and that no order names. What moved is what we wrote, so
        one read covers many of them.
        """
        young = {str(id_): one.uuid for id_, one in bound.items() if one.is_young}
        sold = await reported_changes.ordered(tx, connection_id, [*young]) if young else ()
        return {uuid for id_, uuid in young.items() if id_ not in sold}

    async def _pooled(self, tx: Tx, connection_id: int, now: datetime) -> datetime:
        """When one read covers what many creates wrote."""
        is_import = await waiting_work.is_more_than(tx, connection_id, Kind.PRODUCT, FEW)
        return self.timing.pooled(now, LAGS_MEANWHILE) if is_import else self.timing.pooled(now)

    async def products(self, session: Session, batch: Sequence[WorkItem]) -> None:
        """Does all stock work of these products. Then each item is done, or due again at its next
        read.

        First it gathers once, then decides and saves once, then sends the calls. The answer to each
        call is saved together with the next call.
        """
        uuids = sorted({item.subject for item in batch})
        world = await gather(session, self.till, uuids)
        sold = await sold_since(session, world, self.timing)
        unread = {uuid: side for side, some in world.unread.items() for uuid in some}
        off = world.stored.uncounted
        moved = {item.subject for item in batch if item.kind is Kind.STOCK}
        odd = [str(id_) for uuid, id_ in world.stored.odd.items() if uuid in moved]
        due: dict[str, datetime] = {}

        async def finish(unit: UnitOfWork) -> None:
            await unit.finish(session, [item for item in batch if item.subject not in unread])
            unit.due |= due
            come_back(unit, self.timing, off, unread)

        sending = Sending(session, self.till, self.timing, uuids, finish)
        async with locked(session, uuids) as unit:
            # Something moved on a product that BigCommerce does not count as Zettle does. Perhaps
            # it does now.
            await unit.item(Kind.SHOP_PRODUCT, *odd)
            reconciling = Reconciling(unit, world, self.timing, sold=sold)
            await reconciling.run(
                await take_reports(session, unit, uuids, world.stored.bound, self.timing)
            )
            due |= unit.due
            sending.reported_at = unit.reported_at
            call = await sending.first(unit, reconciling.bound)
        await sending.run(call)
        for item in session.unresolved(batch):
            await session.fail(item, unreadable(unread[item.subject], item.subject))


def come_back(
    unit: UnitOfWork, timing: Timing, off: Collection[str] = (), unread: Collection[str] = ()
) -> None:
    """Adds a work item for each product of this unit of work, due when a read or a write can first
    have a result.

    Products that BigCommerce does not count (`off`) show no number. They are read again when the
    product work has seen that BigCommerce counts them. Products that could not be read are tried
    again by their own work items.
    """
    due = dict(unit.due)
    for one in unit.ledger_rows.values():
        at = next_step(one.ledger, unit.now, timing, counted=one.product_uuid not in off)
        if at is not None:
            due[one.product_uuid] = min(at, due.get(one.product_uuid, at))
    open_ = {
        one.product_uuid
        for one in unit.ledger_rows.values()
        if one.ledger.zettle.pending_write or one.ledger.shop.pending_write
    }
    for uuid, at in sorted(due.items()):
        if uuid not in unread:
            unit.wish(Kind.RESOLVE if uuid in open_ else Kind.STOCK, uuid, at)


def next_step(
    ledger: Ledger, now: datetime, timing: Timing, *, counted: bool = True
) -> datetime | None:
    """When this ledger must be read or sent next. None when nothing is open. At least one second
    from now, because this pass has just read it.

    `counted` False: the store does not count the product. It shows no number and takes none, so
    only Zettle's side is read. A pending write in the store is forgotten when the store counts the
    product again.
    """
    times = [
        at
        for side in (Side if counted else (Side.ZETTLE,))
        for at in _steps(ledger, side, now, timing)
    ]
    return max(min(times), now + timedelta(seconds=1)) if times else None


def _steps(ledger: Ledger, side: Side, now: datetime, timing: Timing) -> Iterator[datetime]:
    record, read = ledger[side], stock.next_read(ledger, side, timing)
    if read is not None:
        read = _with_echoes(record, read, timing) if side is Side.SHOP else read
        yield read if read > now else _again(record, read, now, timing)
    if record.pending_write is not None:
        # Once resolving has started, the side is read again one read lag of BigCommerce's later.
        # Before the resolve timeout Zettle's echo comes by itself.
        at = stock.resolve_at(side, record.pending_write, timing)
        waits = record.pending_write.since is None or (side is Side.ZETTLE and at > now)
        yield max(at, now if waits else now + timing.read_lag(Side.SHOP))
    if record.to_push and record.rests is not None and now < record.rests < stock.SUSPENDED:
        yield record.rests
    if stock.sendable(ledger, side, now, timing):
        yield now


def _with_echoes(record: StockRecord, read: datetime, timing: Timing) -> datetime:
    """When a write of ours is closed: together with BigCommerce's own events about it, where
    nothing else is open.
    """
    last = max(record.recent, key=lambda change: change.at, default=None)
    if last is None or last.told is not None or record.ambiguous is not None:
        return read
    is_open = record.hinted is not None and record.hinted >= last.at
    is_sole = not is_open and record.pending_write is None and record.rests is None
    return (
        timing.closing(last.at) if is_sole and read == last.at + timing.finish(Side.SHOP) else read
    )


def _again(record: StockRecord, due: datetime, now: datetime, timing: Timing) -> datetime:
    """When a read that was due, and that this pass made, is repeated."""
    if record.pending_write is not None:
        # While a write is pending, a second read at once is not clear either.
        return now + timing.read_lag(Side.SHOP)
    if record.seen is None or record.seen < due:
        # It showed no number, and no event brings one: the time between two reads grows.
        return now + max(timing.read_lag(Side.SHOP), now - due)
    return due
