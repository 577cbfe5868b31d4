"""What orders took from a record that is to be attached, or that fell to 0 without an event
(rules S3, S7).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from brygga.bigcommerce.values import InventorySettings, Order, OrderLine
from brygga.core import stock
from brygga.core.failures import Refused, Unreachable
from brygga.core.model import StockMoment
from brygga.core.stock import Ledger, Side, Timing
from brygga.core.stock.explaining import SourceTransaction
from brygga.core.stock.movement import Reason
from brygga.database.bindings import Binding
from brygga.sync.stock.explaining import MOST_ORDERS, UNDONE, clock_offset, orders_since, ours
from brygga.sync.stock.gather import World
from brygga.sync.worker.session import Session

NEAR = timedelta(seconds=4)
"""How far apart two platforms' times may be, after both are converted to our clock. One of them
has whole seconds only.
"""
TOLD = timedelta(seconds=2)
"""How far apart an event and its order may be: the event has whole seconds, by the same clock."""
INCOMPLETE = 0
"""The status of an order that is started and not placed: it takes no stock (bigcommerce facts 8).
"""
SHIPPED, PARTLY_SHIPPED = frozenset({2, 10}), frozenset({3})
"""Shipped or completed, and shipped in part (bigcommerce facts 8)."""
PARTLY_REFUNDED = 14
"""A refund of a part puts nothing back (bigcommerce facts 8)."""
LATE = timedelta(days=1)
"""How far back one list of orders is used for all products of a pass."""
Sold = Mapping[str, Sequence[SourceTransaction]]
"""By variant, by our clock."""


def by_ours(session: Session, side: Side, at: datetime) -> datetime:
    """A platform's time, converted to our clock."""
    return at - clock_offset(session.clients.clocks, side, session.clock.now())


@dataclass(slots=True)
class OrderReader:
    """The store's orders, each read once in a pass."""

    session: Session
    most: int = MOST_ORDERS
    """More orders than this are too many."""
    store: InventorySettings | None = None
    _lines: dict[int, Sequence[OrderLine]] = field(default_factory=dict)

    async def since(self, at: datetime) -> Sequence[Order]:
        """The orders that changed since then. Raises `TooMany`."""
        orders, whole = await orders_since(self.session, at)
        if not whole or len(orders) > self.most:
            raise TooMany
        if orders and self.store is None:
            self.store = await self.session.shop.inventory_settings()
        return [order for order in orders if order.status_id != INCOMPLETE]

    @property
    def takes_at_shipping(self) -> bool:
        return self.store is not None and self.store.moment is StockMoment.ORDER_SHIPPED

    async def lines(self, order: Order) -> Sequence[OrderLine]:
        if order.id not in self._lines:
            self._lines[order.id] = await self.session.shop.order_lines(order.id)
        return self._lines[order.id]

    async def is_refund_alone(self, order: Order, since: datetime) -> bool:
        """Whether a partial refund is the only change of an older order."""
        modified, is_new = order.modified or since, (order.created or since) >= since - NEAR
        if order.status_id != PARTLY_REFUNDED or is_new:
            return False
        made = await self.session.shop.refunds(order.id)
        return any(one.created is not None and abs(one.created - modified) <= NEAR for one in made)


class TooMany(Exception):
    """There are too many orders to read while stock waits."""


async def sold_since(session: Session, world: World, timing: Timing) -> Mapping[str, Sold | None]:
    """What orders did, by product that has a variant to attach, or one that fell to 0 without an
    event.

    None where it is not known: there are too many orders, or the store does not let us read them.
    """
    wanted: dict[str, datetime] = {}
    for variant, ledger_row in world.stored.ledger_rows.items():
        one, read = ledger_row.ledger, world.reads[Side.SHOP].get(variant)
        since = one.started if one.is_unset else None
        begin = one.shop.unshown_since
        if read is not None and begin is not None and stock.is_zeroed(one, read, timing):
            since = begin - timing.read_lag(Side.SHOP)
        if since is not None and ledger_row.product_uuid in world.stored.bound:
            wanted[ledger_row.product_uuid] = min(
                since - NEAR, wanted.get(ledger_row.product_uuid, since)
            )
    # Recent changes are one list for all products. A product with an older start has its own list.
    late = [since for since in wanted.values() if since > session.clock.now() - LATE]
    orders, found = OrderReader(session), dict[str, Sold | None]()
    lists: dict[datetime, Sequence[Order]] = {}
    for uuid, since in wanted.items():
        begin = min(late) if since in late else since
        ledger_rows = {
            variant: one.ledger
            for variant, one in world.stored.ledger_rows.items()
            if one.product_uuid == uuid
        }
        try:
            lists[begin] = lists[begin] if begin in lists else await orders.since(begin - NEAR)
            found[uuid] = await _of(
                orders, lists[begin], world.stored.bound[uuid], ledger_rows, since
            )
        except (Refused, Unreachable, TooMany):
            found[uuid] = None
    return found


async def _of(
    orders: OrderReader,
    some: Sequence[Order],
    binding: Binding,
    ledger_rows: Mapping[str, Ledger],
    since: datetime,
) -> Sold:
    found: dict[str, list[SourceTransaction]] = {}
    for order in some:
        if await orders.is_refund_alone(order, since):
            continue
        for line in await orders.lines(order):
            moved = _moved(orders, order, line, binding, ledger_rows, since=since)
            for variant, change, at in moved:
                found.setdefault(variant, []).append(
                    _transaction(orders.session, order, change, at)
                )
    return {
        variant: [one for one in sorted(some, key=lambda one: one.at) if one.at >= since]
        for variant, some in found.items()
    }


def _moved(
    orders: OrderReader,
    order: Order,
    line: OrderLine,
    binding: Binding,
    ledger_rows: Mapping[str, Ledger],
    *,
    since: datetime,
) -> Iterator[tuple[str, int, datetime]]:
    """What a line of an order did: the variant, the change, and when."""
    before = next((v for v, one in ledger_rows.items() if line.variant_id in one.closed), "")
    is_bound = not before or line.variant_id in binding.synced.variants.values()
    variant = ours(line, binding) if is_bound else ""
    store = orders.store or InventorySettings(None, None)
    for change, at in done(order, line, since, store):
        if variant in ledger_rows and _is_its_own(ledger_rows[variant], line, binding):
            took = order.created is None or by_ours(
                orders.session, Side.SHOP, order.created
            ) >= _begins(ledger_rows[variant], since)
            if took or change <= 0 or gave_back(ledger_rows[variant], order, at):
                yield variant, change, at
        elif before and _may_have_moved(orders.session, ledger_rows[before], order, change, at):
            # It is not known whether a store puts stock back to an earlier variant id, or takes
            # from it at shipping.
            yield before, 0 if orders.takes_at_shipping else min(0, change), at


def _begins(ledger: Ledger, since: datetime) -> datetime:
    """When orders begin to count for a variant. What one took before a read that showed the number
    of a variant that is to be attached is in that number.
    """
    seen = ledger.shop.seen if ledger.is_unset else None
    return since if seen is None else max(since, seen)


def _is_its_own(ledger: Ledger, line: OrderLine, binding: Binding) -> bool:
    """Whether the line counts for this variant. For a recreated variant only a line that names its
    id counts.
    """
    return not _is_made_again(ledger) or line.variant_id in binding.synced.variants.values()


def _is_made_again(ledger: Ledger) -> bool:
    return ledger.started is not None and ledger.shop.seen is None and bool(ledger.closed)


def _may_have_moved(
    session: Session, ledger: Ledger, order: Order, change: int, at: datetime
) -> bool:
    """Whether an order of an earlier variant id may have moved the variant's number.

    Nothing is put back to a variant that was already gone, nor without an event that names an
    order.
    """
    if _is_made_again(ledger):
        return False
    touched = ledger.shop.touched
    is_late = touched is not None and by_ours(session, Side.SHOP, at) > touched + NEAR
    return change <= 0 or (_is_reported(ledger, order, at) and not is_late)


def gave_back(ledger: Ledger, order: Order, at: datetime) -> bool:
    """Whether an older order that was undone put its units back. One that was placed while the
    store did not count took none, and no event says that it gave one back to a variant that is
    attached anew.
    """
    return not ledger.is_unset or _is_reported(ledger, order, at)


def _is_reported(ledger: Ledger, order: Order, at: datetime) -> bool:
    """Whether an event of an order named this variant when the order last changed, or later."""
    ordered, back = ledger.shop.ordered, order.modified or at
    return ordered is not None and ordered >= back - TOLD


# ---- When a number begins to count ---------------------------------------------------------------


def of_start(ledger: Ledger, some: Sequence[SourceTransaction]) -> Sequence[SourceTransaction]:
    """What orders did since `Ledger.started`. Sales before tracking was switched off moved the
    earlier numbers; so did those before a read that showed it off.
    """
    started = ledger.started
    assert started is not None
    seen = ledger.shop.seen or started - NEAR
    if ledger.shown is not None:
        return [one for one in some if one.at > max(started, seen)]
    return [one for one in some if one.at >= max(started - NEAR, seen)]


def sold_by(
    orders: Sequence[SourceTransaction], unsure: datetime | None = None
) -> tuple[int, bool]:
    """What these, in order of time, did that is not in Zettle's number, and whether that is sure.

    `unsure`: the number began to count at some moment before this one. What was done until then may
    be from before that moment: the lowest sum over all moments is taken.
    """
    sums = [sum(one.change for one in orders if unsure is None or one.at > unsure)]
    for one in reversed([one for one in orders if unsure is not None and one.at <= unsure]):
        sums.append(sums[-1] + one.change)
    return min(sums), len({*sums}) == 1


def is_told(ledger: Ledger, at: datetime) -> bool:
    """Whether an event of an order named the variant since then, or its number was not renewed by
    hands. An order that came while the store did not count, which no read showed, took nothing:
    no event told of it.
    """
    ordered = ledger.shop.ordered
    return ledger.started != ledger.shop.seen or (ordered is not None and ordered >= at - 2 * NEAR)


def _transaction(session: Session, order: Order, change: int, at: datetime) -> SourceTransaction:
    reason = Reason.ORDER if change < 0 else Reason.RETURN if change else Reason.UNCLEAR
    return SourceTransaction(by_ours(session, Side.SHOP, at), change, reason, str(order.id))


def done(
    order: Order, line: OrderLine, since: datetime, store: InventorySettings
) -> list[tuple[int, datetime]]:
    """What an order did to stock, and when. 0 where that is not known, because an older order has
    changed since.

    An order that is undone or shipped became so at its last change, if we look back less than a
    day. For a longer time that is not known.
    """
    created, modified = order.created or since, order.modified or since
    quantity = int(line.quantity)
    is_new, unclear = created >= since - NEAR, [(0, modified)]
    is_reported = is_new or modified - since < LATE
    back = quantity if order.status_id in UNDONE and store.restocks_refunds is not False else 0
    if store.moment is StockMoment.ORDER_SHIPPED and not (is_new and back):
        if order.status_id in SHIPPED:
            return [(-quantity, modified)] if is_reported else unclear
        return unclear if line.shipped and order.status_id in UNDONE | PARTLY_SHIPPED else []
    if is_new or (back and is_reported):
        return [(-quantity, created), *([(back, modified)] if back else [])]
    return [] if order.status_id in SHIPPED else unclear
