"""Which sale, refund or order moved a record: both platforms are asked when a page shows a movement
without an explanation.

They are asked only then, to save requests. The result is text beside a number. It never changes a
number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from brygga.bigcommerce.values import Order, OrderLine
from brygga.core.failures import Refused
from brygga.core.stock import Side
from brygga.core.stock.explaining import (
    EARLIER,
    LATER,
    TOGETHER,
    Explained,
    SourceTransaction,
    Unexplained,
    explained,
)
from brygga.core.stock.movement import Reason
from brygga.database import bindings, movements
from brygga.database.bindings import Binding
from brygga.database.work_items import WorkItem
from brygga.sync.worker.session import Session
from brygga.wire import Clocks
from brygga.zettle.values import Purchase

REACH: Final = timedelta(days=7)
"""Older movements get no order or sale number: every purchase since then would have to be read."""
RIPE: Final = timedelta(seconds=10)
"""A sale may be listed a moment after its balance."""
PAGE: Final = 1_000
MOST_PAGES: Final = 10
MOST_ORDERS: Final = 40
NEAR: Final = timedelta(minutes=10)
"""What is this close to a movement is read first. The search also starts this long before the
previous read, because clocks and reads are not exact.
"""
ORDERS: Final = 250
"""The size of a page of orders."""
UNDONE: Final = frozenset({4, 5, 6})
"""Refunded, cancelled, declined (bigcommerce facts 8)."""

PLATFORM = {Side.ZETTLE: "zettle", Side.SHOP: "bigcommerce"}


def clock_offset(clocks: Clocks, side: Side, now: datetime) -> timedelta:
    """How far a platform's clock is ahead of ours, as far as its answers show."""
    found = clocks.offset(PLATFORM[side], now)
    return timedelta(seconds=0 if found is None else found.middle_s)


Transactions = Mapping[str, Sequence[SourceTransaction]]
"""By variant."""


async def explain(session: Session, items: Sequence[WorkItem]) -> None:
    """The handler of explain work items. Their subject is a Zettle product."""
    for item in items:
        now, connection_id = session.clock.now(), session.connection.id
        async with session.read() as tx:
            waiting = await movements.unexplained(tx, connection_id, item.subject, now - REACH)
            used = await movements.reported(tx, connection_id, item.subject, now - REACH - EARLIER)
            binding = await bindings.get(tx, connection_id, item.subject)
        ripe = {of: _ripe(moves, now - RIPE) for of, moves in waiting.items()}
        found: list[Explained] = []
        for side in Side:
            moves = {
                variant: found
                for (where, variant), found in ripe.items()
                if where is side and found
            }
            if moves:
                found += await _side(session, Case(side, moves, used), binding)
        async with session.transaction() as tx:
            await movements.explain(tx, connection_id, found, now)
            await session.finish(item, tx=tx)


def _ripe(moves: Sequence[Unexplained], until: datetime) -> Sequence[Unexplained]:
    """Leaves out those to which a newer movement may belong."""
    until = min((move.at - TOGETHER for move in moves if move.at > until), default=until)
    return [move for move in moves if move.at <= until]


@dataclass(frozen=True, slots=True)
class Case:
    """The movements on one side of a product, by variant, and the sales and orders that already
    explain another movement.
    """

    side: Side
    moves: Mapping[str, Sequence[Unexplained]]
    used: frozenset[tuple[str, Reason, str]]

    @property
    def all(self) -> Sequence[Unexplained]:
        return [move for found in self.moves.values() for move in found]

    def timed(self, clocks: Clocks, now: datetime) -> "Case":
        """The same, by the platform's clock: sales and orders have its times."""
        by = clock_offset(clocks, self.side, now)
        return replace(
            self,
            moves={
                variant: [_timed(move, by) for move in some] for variant, some in self.moves.items()
            },
        )

    def reported(self, transactions: Transactions) -> list[Explained]:
        found: list[Explained] = []
        for variant, moves in self.moves.items():
            fresh = [
                transaction
                for transaction in transactions.get(variant, ())
                if (variant, transaction.reason, transaction.number) not in self.used
            ]
            found += explained(moves, fresh)
        return found

    def spans(self, at: datetime | None) -> bool:
        """Whether what happened then may have made one of the movements."""
        return self.away(at) < timedelta.max

    def away(self, at: datetime | None) -> timedelta:
        """The time between it and the nearest movement that it may have made. `timedelta.max` where
        there is none.
        """
        if at is None:
            return timedelta.max
        spanned = [move for move in self.all if move.begins - NEAR <= at <= move.at + LATER]
        return min((abs(move.at - at) for move in spanned), default=timedelta.max)


def _timed(move: Unexplained, by: timedelta) -> Unexplained:
    return replace(move, at=move.at + by, since=None if move.since is None else move.since + by)


async def _side(session: Session, case: Case, binding: Binding | None) -> list[Explained]:
    """Explains one side. Where a platform refuses to show its sales, or there are too many, a
    movement without a match is unclear and not an edit.
    """
    try:
        transactions, whole = await (
            sales_since(session, min(one.at for one in case.all) - EARLIER - NEAR, MOST_PAGES)
            if case.side is Side.ZETTLE
            else _in_shop(session, case, binding)
        )
    except Refused:
        transactions, whole = {}, False
    found = case.timed(session.clients.clocks, session.clock.now()).reported(transactions)
    return [
        replace(one, reason=Reason.UNCLEAR) if one.reason is Reason.EDIT and not whole else one
        for one in found
    ]


# ---- Zettle --------------------------------------------------------------------------------------


async def sales_since(
    session: Session, since: datetime, most_pages: int
) -> tuple[Transactions, bool]:
    """Sales and refunds since then, by Zettle's clock, and whether these are all of them."""
    transactions: dict[str, list[SourceTransaction]] = {}
    cursor = ""
    for _ in range(most_pages):
        page = await session.zettle.purchases(since, cursor, PAGE)
        for one in page.purchases:
            reason, number = Reason.REFUND if one.is_refund else Reason.SALE, str(one.number)
            for variant, change in _sold(one).items():
                transactions.setdefault(variant, []).append(
                    SourceTransaction(
                        one.at or since, change, reason, number, one.seller, one.source
                    )
                )
        if not page.purchases or page.cursor == cursor:
            return transactions, True
        cursor = page.cursor
    return transactions, False


def _sold(purchase: Purchase) -> Mapping[str, int]:
    """The change of each variant's record by a receipt.

    Refunds have negative quantities. One with a positive quantity is a refund too (zettle facts
    5.3).
    """
    found: dict[str, int] = {}
    for row in purchase.rows:
        if row.quantity == row.quantity.to_integral_value():
            quantity = int(row.quantity)
            found[row.variant_uuid] = found.get(row.variant_uuid, 0) + (
                abs(quantity) if purchase.is_refund else -quantity
            )
    return {variant: change for variant, change in found.items() if change}


# ---- BigCommerce ---------------------------------------------------------------------------------


async def _in_shop(
    session: Session, case: Case, binding: Binding | None
) -> tuple[Transactions, bool]:
    """Orders placed, shipped, cancelled or refunded before these movements, the nearest first, and
    whether these are all that matter.
    """
    if binding is None:
        return {}, False
    orders, whole = await orders_since(session, min(move.begins for move in case.all) - NEAR)
    # The clock offset is taken only now: the answer has shown the store's time.
    case = case.timed(session.clients.clocks, session.clock.now())
    ways = ((min(case.away(order.created), case.away(order.modified)), order) for order in orders)
    near = sorted((way for way in ways if way[0] < timedelta.max), key=lambda way: way[0])
    transactions: dict[str, list[SourceTransaction]] = {}
    for place, (away, order) in enumerate(near):
        if away > NEAR and all(one.numbers for one in case.reported(transactions)):
            return transactions, True
        if place == MOST_ORDERS:
            return transactions, False
        lines: dict[str, list[OrderLine]] = {}
        for line in await session.shop.order_lines(order.id):
            lines.setdefault(ours(line, binding), []).append(line)
        for variant, some in lines.items():
            transactions.setdefault(variant, []).extend(ordered(order, some, case))
    return transactions, whole


async def orders_since(session: Session, since: datetime) -> tuple[Sequence[Order], bool]:
    """The orders that changed since then, and whether these are all of them."""
    orders = list[Order]()
    for number in range(1, MOST_PAGES + 1):
        page = await session.shop.orders_since(since, number)
        orders += page
        if len(page) < ORDERS:
            return orders, True
    return orders, False


def ours(line: OrderLine, binding: Binding) -> str:
    """The Zettle variant that was ordered. "" for a line of another product."""
    synced = binding.synced
    if line.product_id != synced.product_id:
        return ""
    by_id = {variant_id: uuid for uuid, variant_id in synced.variants.items()}
    only = next(iter(synced.variants), "") if len(synced.variants) == 1 else ""
    return by_id.get(line.variant_id, only)


def ordered(order: Order, lines: Sequence[OrderLine], case: Case) -> list[SourceTransaction]:
    """The changes of a variant's record by all lines of an order: one when the order took the
    stock, one when the store put it back.

    A refund of a part of an order puts nothing back (bigcommerce facts 8).
    """
    quantity, number = sum(int(line.quantity) for line in lines), str(order.id)
    back = quantity if order.status_id in UNDONE else 0
    transactions = []
    # If stock moves when an order ships, the time of the order's change is near, not its creation.
    taken = order.created if case.spans(order.created) else order.modified
    if taken is not None and quantity:
        transactions.append(
            SourceTransaction(taken, -quantity, Reason.ORDER, number, place=order.source)
        )
    if order.modified is not None and back:
        transactions.append(
            SourceTransaction(order.modified, back, Reason.RETURN, number, place=order.source)
        )
    return transactions
