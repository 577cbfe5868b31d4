"""Which sale, refund or order made a shelf move: asked of both platforms when a page shows a movement that nobody has explained yet.

Only then, so that it costs no request where nobody wants to know; and what it finds is words beside a number, never a number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from brygga.bigcommerce.values import Order, OrderLine
from brygga.core.failures import Refused
from brygga.core.stock import Side
from brygga.core.stock.explaining import EARLIER, LATER, Deed, Explained, Unexplained, explained
from brygga.core.stock.story import Reason
from brygga.store import bindings, movements
from brygga.store.bindings import Binding
from brygga.store.marks import Mark
from brygga.sync.session import Session
from brygga.zettle.values import Purchase

REACH: Final = timedelta(days=7)
"""Older movements are told without a number: every purchase since then would have to be read."""
RIPE: Final = timedelta(seconds=10)
"""A sale may be listed a moment after its balance."""
PAGE: Final = 1_000
MOST_PAGES: Final = 10
MOST_ORDERS: Final = 40
NEAR: Final = timedelta(minutes=10)
"""An order is read when it was placed or changed so shortly before a movement."""
UNDONE: Final = frozenset({4, 5, 6})
"""Refunded, cancelled, declined (bigcommerce facts 8)."""

Open = Mapping[tuple[Side, str], Sequence[Unexplained]]
Deeds = Mapping[str, Sequence[Deed]]
"""By variant."""


async def explain(session: Session, dirty: Sequence[Mark]) -> None:
    """The handler of explain marks, whose subject is a Zettle product."""
    for mark in dirty:
        now, connection_id = session.clock.now(), session.connection.id
        async with session.read() as tx:
            waiting = await movements.unexplained(tx, connection_id, mark.subject, now - REACH)
            used = await movements.told(tx, connection_id, mark.subject, now - REACH - EARLIER)
            binding = await bindings.get(tx, connection_id, mark.subject)
        ripe = {of: [move for move in moves if move.at <= now - RIPE] for of, moves in waiting.items()}
        found: list[Explained] = []
        for side in Side:
            moves = {variant: found for (where, variant), found in ripe.items() if where is side and found}
            if moves:
                found += await _side(session, side, moves, used, binding)
        async with session.transaction() as tx:
            await movements.explain(tx, connection_id, found, now)
            await session.finish(mark, tx=tx)


async def _side(
    session: Session,
    side: Side,
    moves: Mapping[str, Sequence[Unexplained]],
    used: frozenset[tuple[str, Reason, str]],
    binding: Binding | None,
) -> list[Explained]:
    """Where a platform does not let us read its sales, or too many of them, nobody can tell that there was none."""
    times = [move.at for found in moves.values() for move in found]
    try:
        deeds, whole = await (_at_till(session, times) if side is Side.ZETTLE else _in_shop(session, times, binding))
    except Refused:
        deeds, whole = {}, False
    told: list[Explained] = []
    for variant, found in moves.items():
        fresh = [deed for deed in deeds.get(variant, ()) if (variant, deed.reason, deed.number) not in used]
        told += explained(found, fresh)
    return [replace(one, reason=Reason.UNCLEAR) if one.reason is Reason.EDIT and not whole else one for one in told]


# ---- The till --------------------------------------------------------------------------------------------------------


async def _at_till(session: Session, times: Sequence[datetime]) -> tuple[Deeds, bool]:
    """Sales and refunds around these times, and whether that is all of them."""
    deeds: dict[str, list[Deed]] = {}
    cursor = ""
    for _ in range(MOST_PAGES):
        page = await session.zettle.purchases(min(times) - EARLIER, cursor, PAGE)
        for purchase in page.purchases:
            for variant, change in sold(purchase).items():
                reason = Reason.REFUND if purchase.is_refund else Reason.SALE
                at = purchase.at or min(times)
                deeds.setdefault(variant, []).append(Deed(at, change, reason, str(purchase.number)))
        if not page.purchases or page.cursor == cursor:
            return deeds, True
        cursor = page.cursor
    return deeds, False


def sold(purchase: Purchase) -> Mapping[str, int]:
    """What a receipt did to each variant's shelf. Refunds bear negative quantities; one that does not is one all the same (facts 5.3)."""
    found: dict[str, int] = {}
    for row in purchase.rows:
        if row.quantity == row.quantity.to_integral_value():
            quantity = int(row.quantity)
            found[row.variant_uuid] = found.get(row.variant_uuid, 0) + (
                abs(quantity) if purchase.is_refund else -quantity
            )
    return {variant: change for variant, change in found.items() if change}


# ---- The shop --------------------------------------------------------------------------------------------------------


async def _in_shop(session: Session, times: Sequence[datetime], binding: Binding | None) -> tuple[Deeds, bool]:
    """Orders placed, shipped, cancelled or refunded around these times."""
    if binding is None:
        return {}, False
    orders, number = list[Order](), 1
    while len(page := await session.shop.orders_since(min(times) - NEAR, number)) == 250 and number < MOST_PAGES:
        orders += page
        number += 1
    orders += page
    near = [order for order in orders if any(_near(at, times) for at in (order.created, order.modified))]
    deeds: dict[str, list[Deed]] = {}
    for order in near[:MOST_ORDERS]:
        for line in await session.shop.order_lines(order.id):
            variant = _ours(line, binding)
            if variant:
                deeds.setdefault(variant, []).extend(ordered(order, line, times))
    return deeds, len(near) <= MOST_ORDERS and number < MOST_PAGES


def _near(at: datetime | None, times: Sequence[datetime]) -> bool:
    return at is not None and any(moved - NEAR <= at <= moved + LATER for moved in times)


def _ours(line: OrderLine, binding: Binding) -> str:
    """The Zettle variant that was ordered; "" for what is not this product."""
    synced = binding.synced
    if line.product_id != synced.product_id:
        return ""
    by_id = {variant_id: uuid for uuid, variant_id in synced.variants.items()}
    only = next(iter(synced.variants), "") if len(synced.variants) == 1 else ""
    return by_id.get(line.variant_id, only)


def ordered(order: Order, line: OrderLine, times: Sequence[datetime]) -> list[Deed]:
    """What an order did to the shelf: once when it took the stock, once when the store put it back."""
    quantity, number = int(line.quantity), str(order.id)
    back = quantity if order.status_id in UNDONE else int(line.refunded)
    deeds = []
    # Where stock moves when an order ships, what is near is the change of the order, not its birth.
    taken = order.created if _near(order.created, times) else order.modified
    if taken is not None and quantity:
        deeds.append(Deed(taken, -quantity, Reason.ORDER, number))
    if order.modified is not None and back:
        deeds.append(Deed(order.modified, back, Reason.RETURN, number))
    return deeds
