"""How much may be written to a stock record now, and when it must be read next."""

from dataclasses import dataclass
from datetime import datetime

from brygga.core.stock.ledger import Gap, Ledger, Side, StockRecord, Timing
from brygga.core.stock.moves import is_ordered

REPEATS = 4
"""How often an order that a read did not show is read again, before the read that closes it."""


@dataclass(frozen=True, slots=True)
class Limits:
    highest: int
    biggest_change: int


LIMITS = {
    # zettle facts 3.5 and 7: stock at most 99 999, one movement at most 100 000.
    Side.ZETTLE: Limits(highest=99_999, biggest_change=100_000),
    # bigcommerce facts 5.2: a signed 32-bit number; the API refuses more.
    Side.SHOP: Limits(highest=2**31 - 1, biggest_change=2**31 - 1),
}


def sendable(ledger: Ledger, side: Side, now: datetime, timing: Timing) -> int:
    """The change to write to this record now. 0 for none.

    It is 0 while a write is pending, while the record is suspended or must be read again (`rests`),
    while either side is unknown or untracked, and after our own writes have kept its reads
    ambiguous for `write_hold_s`.

    It never brings the level below zero or BigCommerce's safety stock, nor above the platform's
    limit. What does not fit stays in `to_push` until the next restock or sale (decision 7). What a
    store's variant sold before it was deleted is still taken from Zettle.
    """
    record = ledger[side]
    if (
        not isinstance(record.confirmed, int)
        or record.to_push == 0
        or not _is_free(record, now, timing)
    ):
        return 0
    if not ledger.separate and ledger[side.other].confirmed in (Gap.UNKNOWN, Gap.UNTRACKED):
        return 0
    if record.to_push < 0:
        room = max(0, record.confirmed - max(0, record.floor))
        return max(record.to_push, -room, -LIMITS[side].biggest_change)
    room = max(0, LIMITS[side].highest - record.confirmed)
    return min(record.to_push, room, LIMITS[side].biggest_change)


def excess(ledger: Ledger, side: Side) -> int:
    """The units of this side's target above the platform's limit. They stay in `to_push`, and only
    the other side shows them. 0 for none.
    """
    target = ledger[side].target
    return 0 if target is None else max(0, target - LIMITS[side].highest)


def unshown(ledger: Ledger, side: Side) -> int:
    """The part of `to_push` that this side cannot show: above 0 what is more than the platform's
    limit, below 0 what is missing below zero or below the safety stock. It is not on its way.
    """
    record = ledger[side]
    if isinstance(record.confirmed, int) and record.to_push < 0:
        room = max(0, record.confirmed - max(0, record.floor))
        return min(0, record.to_push + room)
    return excess(ledger, side)


def _is_free(record: StockRecord, now: datetime, timing: Timing) -> bool:
    if record.pending_write is not None or (record.rests is not None and now < record.rests):
        return False
    return record.ambiguous is None or now - record.ambiguous < timing.write_hold


def next_read(ledger: Ledger, side: Side, timing: Timing) -> datetime | None:
    """When this record must be read again. None when no change event of it is open.

    An event is closed only by a read that started one read lag after the event and after our last
    write. On Zettle's side one more read closes an event that showed nothing. An order that the
    first read did not show is read again soon.
    """
    record = ledger[side]
    if side is Side.SHOP and ledger.is_unset and record.touched is not None:
        is_away = record.is_suspended and not ledger.separate
        return None if is_away else record.touched + timing.read_lag(side)
    if not isinstance(record.confirmed, int) or record.is_suspended:
        return None
    disturbed = record.disturbed if side is Side.SHOP else record.hinted
    finish = record.rests if disturbed is None else disturbed + timing.finish(side)
    done = finish is not None and record.clear_read is not None and record.clear_read >= finish
    if done or finish is None:
        return None
    return min(finish, _order_read(record, timing) or finish) if side is Side.SHOP else finish


def _order_read(record: StockRecord, timing: Timing) -> datetime | None:
    """When an order is looked for again, after a read that did not show it: every half `repeat_s`,
    `REPEATS` times after its event. Then only the read that closes the event is left.
    """
    seen, hinted, step = record.seen, record.hinted, timing.finish(Side.ZETTLE) / 2
    if seen is None or hinted is None or record.pending_write or not is_ordered(record, timing):
        return None
    is_shown = any(change.at >= hinted for change in record.recent)
    return None if is_shown or seen >= hinted + REPEATS * step else max(seen, hinted) + step
