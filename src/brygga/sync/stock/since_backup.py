"""What sales, refunds and orders did to both sides since a backup: the evidence by which two equal
numbers are believed, or asked about (docs/operating.md, "Restore").
"""

from collections.abc import Awaitable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from brygga.bigcommerce.values import InventorySettings
from brygga.core.failures import Refused
from brygga.core.stock import Side, SoldSince, Timing, Window
from brygga.core.stock.explaining import SourceTransaction
from brygga.core.stock.movement import Reason
from brygga.database import movements
from brygga.sync.stock.explaining import RIPE, ours, sales_since
from brygga.sync.stock.gather import World
from brygga.sync.stock.orders import NEAR, OrderReader, TooMany, by_ours, done
from brygga.sync.worker.session import Session

SWEPT = timedelta(hours=12)
"""A record whose last read is older than the newest one of its connection by more than this has
been compared by a sweep since: it had not moved.
"""
REACH = timedelta(days=90)
"""Movements are kept for so long."""
MOST_PAGES = 20
"""Of purchases. Where there are more, nobody knows."""
MOST_ORDERS = 1_000
"""Each costs a request."""

Windows = Mapping[str, Window]
Found = dict[str, list[SourceTransaction]]
"""By variant, by our clock."""
SinceBackup = Mapping[Side, Mapping[str, SoldSince] | None]
"""By side and variant. None where a platform does not show its sales, or there are too many."""


async def sold_since(session: Session, world: World, timing: Timing) -> SinceBackup:
    """Asks both platforms. `world` is what they show now, read a moment ago."""
    ended = session.clock.now()
    async with session.read() as tx:
        moves = await movements.last_moves(tx, session.connection.id, ended - REACH)
    windows = {side: _windows(world, side, moves, (ended, timing)) for side in Side}
    if not all(windows.values()):
        return {side: {} for side in Side}
    in_shop = await _shown(_in_shop(session, world, windows[Side.SHOP]))
    # A sale may be listed a moment after the level that shows it.
    await session.clock.sleep(max(0.0, (ended + RIPE - session.clock.now()).total_seconds()))
    at_till = await _shown(_at_till(session, windows[Side.ZETTLE]))
    return {
        side: None if found is None else _of(windows[side], found)
        for side, found in ((Side.ZETTLE, at_till), (Side.SHOP, in_shop))
    }


async def _shown(found: Awaitable[Found]) -> Found | None:
    try:
        return await found
    except (Refused, TooMany):
        return None


def _of(windows: Windows, found: Found) -> Mapping[str, SoldSince]:
    return {variant: one.sold(found.get(variant, ())) for variant, one in windows.items()}


def _windows(
    world: World,
    side: Side,
    moves: Mapping[tuple[Side, str], datetime],
    now: tuple[datetime, Timing],
) -> Windows:
    """Of each variant whose number both sides share and show."""
    ended, timing = now
    seen = {
        variant: at
        for variant, row in world.stored.ledger_rows.items()
        if not row.ledger.separate
        and (at := row.ledger[side].seen) is not None
        and all(variant in world.reads[one] for one in Side)
    }
    earliest = max(seen.values(), default=ended) - SWEPT
    found = dict[str, Window]()
    for variant, at in seen.items():
        since, began = max(at, earliest), world.reads[side][variant].read_started
        window = Window(since, began, ended, timing.read_lag(side), NEAR)
        last = moves.get((side, variant))
        found[variant] = replace(window, is_still=last is None or last < window.edge)
    return found


async def _at_till(session: Session, windows: Windows) -> Found:
    # By Zettle's clock, as far as it is known; each sale is placed by ours.
    start = min(one.since for one in windows.values()) - NEAR
    start += start - by_ours(session, Side.ZETTLE, start)
    sales, whole = await sales_since(session, start, MOST_PAGES)
    if not whole:
        raise TooMany
    return {
        variant: [replace(one, at=by_ours(session, Side.ZETTLE, one.at)) for one in some]
        for variant, some in sales.items()
    }


async def _in_shop(session: Session, world: World, windows: Windows) -> Found:
    found: Found = {}
    of = {one.synced.product_id: one for one in world.stored.bound.values()}
    begin = min(one.edge for one in windows.values())
    orders = OrderReader(session, MOST_ORDERS)
    for order in await orders.since(begin):
        if await orders.is_refund_alone(order, begin):
            continue
        store = orders.store or InventorySettings(None, None)
        for line in await orders.lines(order):
            variant = ours(line, of[line.product_id]) if line.product_id in of else ""
            if variant not in windows:
                continue
            for change, at in done(order, line, windows[variant].since, store):
                # It is not known whether an older order that changed moved anything.
                changes = (change,) if change else (int(line.quantity), -int(line.quantity))
                found.setdefault(variant, []).extend(
                    SourceTransaction(
                        by_ours(session, Side.SHOP, at),
                        one,
                        Reason.ORDER if change else Reason.UNCLEAR,
                        str(order.id),
                    )
                    for one in changes
                )
    return found
