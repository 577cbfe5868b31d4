"""How a stock record is created, attached, recreated, split from the other, joined to it, stopped
and started again.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from brygga.core.stock.ledger import (
    SUSPENDED,
    Change,
    Gap,
    Kind,
    Ledger,
    Level,
    LevelRead,
    PendingWrite,
    Side,
    Slot,
    StockRecord,
    Timing,
    as_read,
)
from brygga.core.stock.sending import LIMITS


class Orders(StrEnum):
    """Which orders count for a variant whose number is `renewed`."""

    ALL = "all"
    """All orders: the variant was recreated."""
    UNSEEN = "unseen"
    """The orders that no read has shown: the variant was counted until now."""
    NEW = "new"
    """The orders from now on: the variant was not counted."""


LOOKBACK = timedelta(days=7)
"""How long ago the merchant may have created a variant that we learn of now."""


def new_ledger(read: LevelRead, *, separate: bool = False) -> Ledger:
    """The ledger of a variant whose Zettle level is read for the first time. The store does not
    have the variant yet.

    `separate`: its product has separate stock, so the variant has too (rule S5). All of its stock
    is in Zettle: the merchant has given the store none.
    """
    till = as_read(read)
    if not separate:
        return Ledger(zettle=till)
    return Ledger(zettle=till, shop=StockRecord(confirmed=0, rests=SUSPENDED), separate=True)


def first_level(ledger: Ledger) -> int | None:
    """The level in the request that creates a variant: the target, saved before the request leaves.

    Zettle may be below zero; then the store starts at 0 (decision 7). None where there is no
    target: an unknown level is never written.
    """
    own = ledger.shop.target if ledger.separate else None
    target = own if own is not None else ledger.zettle.target
    return None if target is None else min(max(0, target), LIMITS[Side.SHOP].highest)


def created(ledger: Ledger, level: int, variant_id: int, at: datetime) -> Ledger:
    """The variant exists with its initial level. What was sold meanwhile is in `to_push`, and so
    are the units missing below zero. An earlier variant id is closed. The target already includes a
    pending write to it.
    """
    own = ledger.shop.target if ledger.separate else None
    target = own if own is not None else ledger.zettle.target
    ledger = _closing(ledger, variant_id)
    if target is None:
        return ledger.with_record(
            Side.SHOP, StockRecord(confirmed=ledger.zettle.confirmed, variant_id=variant_id)
        )
    # For one read lag a new level may read as 0 or not at all. So the whole level is a rise that a
    # read may miss.
    record = StockRecord(level, target - level, recent=(Change(at, level),), variant_id=variant_id)
    return ledger.with_record(Side.SHOP, record)


def reset(ledger: Ledger, call: str, at: datetime, base: int, slot: Slot | None = None) -> Ledger:
    """Writes the target as an absolute level: to a record for which BigCommerce knows no level
    (bigcommerce facts 5.2), or whose tracking was just switched on (rule S7). `base` is the level
    that the store shows until the write lands.
    """
    level = first_level(ledger)
    assert level is not None, "unknown never writes"
    target = ledger.shop.target if ledger.separate else ledger.zettle.target
    assert target is not None
    numbered = isinstance(ledger.shop.confirmed, int)
    pending_write = PendingWrite(call, level, at, Kind.RESET, base, first=not numbered, slot=slot)
    record = replace(
        ledger.shop, confirmed=Gap.NOT_CREATED, to_push=target - level, pending_write=pending_write
    )
    return ledger.with_record(Side.SHOP, record)


def _closing(ledger: Ledger, successor: int | None = None) -> Ledger:
    """Another variant id replaces the last one. Nothing more is expected of the last one."""
    last = ledger.shop.variant_id
    closed = ledger.closed if last is None or last == successor else (*ledger.closed, last)
    return replace(ledger, closed=closed, started=None, shown=None)


def attached(ledger: Ledger, variant_id: int, read: LevelRead, sold: int = 0) -> Ledger:
    """A variant that the store has with a level is attached: linked, kept from before (rules P11,
    D4), tracked again (S7), or `renewed`.

    Zettle's number is the right one when both sides have a number, so the store gets the
    difference. The difference is a relative change, so that it keeps what an order takes meanwhile.

    With separate stock the store's own number counts (S5). It is the level in the store, if this
    variant existed all the time or was the merchant's before. It is the record's target, if the
    variant replaced ours or is renewed.

    `sold` is the change that orders made since that number counts (`Ledger.started`), below zero
    for what was sold. The read includes it, and the target does not yet.
    """
    own = None
    if ledger.separate:
        before = _closing(ledger).closed
        stayed = ledger.shop.variant_id is None and (not before or variant_id in before)
        own = read.level if stayed and isinstance(read.level, int) else ledger.shop.target
        own = own if own is None or stayed else own + sold
    else:
        ledger = ledger.with_record(
            Side.ZETTLE, replace(ledger.zettle, to_push=ledger.zettle.to_push + sold)
        )
    target = ledger.zettle.target if own is None else own
    untracked = ledger.zettle.confirmed is Gap.UNTRACKED
    level: Level = read.level if target is not None else Gap.UNTRACKED if untracked else Gap.UNKNOWN
    to_push = target - level if target is not None and isinstance(level, int) else 0
    record = as_read(replace(read, level=level), to_push, variant_id)
    return replace(_closing(ledger, variant_id), shop=record, separate=own is not None)


def recreated(ledger: Ledger) -> Ledger:
    """The store's variant is being deleted or is gone. Its id is closed. Zettle's record keeps the
    target, and the next variant is created with it.
    """
    record, ledger = ledger.shop, _closing(ledger)
    if ledger.separate and record.target is not None:
        return ledger.with_record(
            Side.SHOP, StockRecord(confirmed=0, to_push=record.target, rests=SUSPENDED)
        )
    return ledger.with_record(Side.SHOP, StockRecord(confirmed=Gap.NOT_CREATED))


def carried(ledger: Ledger) -> Ledger | None:
    """Separate stock of a product that is kept, for the next connection to the same store (D4).
    Each side's target becomes its number. None when stock is shared: then Zettle's number counts.
    """
    till = ledger.zettle.target
    if not ledger.separate or till is None or ledger.shop.target is None:
        return None
    return replace(recreated(ledger), zettle=StockRecord(confirmed=till))


def ended(ledger: Ledger) -> Ledger:
    """Zettle no longer has the variant: there is no target, and neither side is read or written."""
    return Ledger(
        StockRecord(confirmed=Gap.UNTRACKED),
        StockRecord(confirmed=Gap.NOT_CREATED),
        closed=_closing(ledger).closed,
    )


def resumed(ledger: Ledger, variant_id: int) -> Ledger:
    """The product work has found the store's variant where the stock work had not."""
    return ledger.with_record(Side.SHOP, replace(ledger.shop.resumed(), variant_id=variant_id))


def renewed(
    ledger: Ledger, variant_id: int, at: datetime, timing: Timing, orders: Orders
) -> Ledger:
    """The store's number of this variant is gone or means something else: the variant was
    recreated, or is counted at another level.

    A forgotten number (bigcommerce facts 5.4) is not a sale. The variant is attached at a read that
    shows the new state.
    """
    if not ledger.is_tracked:
        return _closing(ledger, variant_id).with_record(
            Side.SHOP, StockRecord(ledger.zettle.confirmed, variant_id=variant_id)
        )
    was = ledger.shop
    touched = at if was.pending_write is None else max(at, was.pending_write.dead(timing))
    closed, again = _closing(ledger, variant_id).closed, recreated(ledger)
    record = again.shop if ledger.separate else StockRecord(Gap.UNKNOWN)
    # What no clear read has shown yet may be in the number or not: `explaining.unshown` tells.
    clear = None if was.clear_read is None else was.clear_read - timing.read_lag(Side.SHOP)
    seen = {Orders.ALL: None, Orders.UNSEEN: clear or was.seen or at, Orders.NEW: at}[orders]
    record = replace(
        record,
        recent=(Change(touched, 0),),
        seen=seen,
        reported=was.reported,
        variant_id=variant_id,
    )
    return replace(
        again.with_record(Side.SHOP, record), closed=closed, started=seen or at - LOOKBACK
    )


def split(ledger: Ledger, till: int, shop: int) -> Ledger | None:
    """Separate stock (rule S5): each side gets the `to_push` that brings it to its own number. From
    then on neither moves the other. None when a side has no target: the product is not tracked, or
    not in the store.
    """
    if ledger.zettle.target is None or ledger.shop.target is None:
        return None
    return Ledger(
        ledger.zettle.toward(till), ledger.shop.toward(shop), separate=True, closed=ledger.closed
    )


def joined(ledger: Ledger) -> Ledger:
    """Stock is shared again (rule S6). The two targets are added, so that no unit is lost (decision
    4): each side's `to_push` grows by the other's target.
    """
    if not ledger.separate:
        return ledger
    till, shop = ledger.zettle.target, ledger.shop.target
    if till is None or shop is None:
        return replace(ledger, separate=False)
    return Ledger(
        zettle=replace(ledger.zettle, to_push=ledger.zettle.to_push + shop),
        shop=replace(ledger.shop, to_push=ledger.shop.to_push + till),
        closed=ledger.closed,
    )


def counted(ledger: Ledger, till: int, shop: int) -> Ledger | None:
    """What the merchant counted, after being asked to check a number that is in doubt: each side
    gets the `to_push` that brings it to its number. Shared stock has one number for both.

    None when there is nothing to count: Zettle has no number of its own, or two numbers were given
    for shared stock. A side that does not exist yet is created with the number later.
    """
    if ledger.zettle.target is None or (not ledger.separate and till != shop):
        return None
    return replace(ledger, zettle=ledger.zettle.toward(till), shop=ledger.shop.toward(shop))


# ---- Tracking switched in Zettle (rule S7) -------------------------------------------------------


def stopped(ledger: Ledger, timing: Timing) -> Ledger:
    """Tracking was switched off (decision 2): nothing is written, and the store keeps its number.
    Separate stock ends too: when tracking is on again, Zettle's balance counts.

    That balance may lack a part of shared stock that was in `to_push` or pending. That part stays
    in `to_push` (`is_unsure`). What may still move the store's number stays in `recent`, and when
    Zettle was last read in its `clear_read` (`seen_off`).
    """
    till, shop, lacks = ledger.zettle, ledger.shop, 0
    if not isinstance(till.confirmed, int):
        lacks = till.to_push
    elif not ledger.separate:
        lacks = min(0, till.to_push) + min(0, till.pending_change)
    recent = (
        shop.recent
        if shop.pending_write is None
        else (*shop.recent, Change(shop.pending_write.dead(timing), 0))
    )
    gap = Gap.NOT_CREATED if shop.variant_id is None else Gap.UNTRACKED
    record = StockRecord(gap, recent=recent, seen=shop.seen, variant_id=shop.variant_id)
    till = StockRecord(Gap.UNTRACKED, to_push=lacks, clear_read=till.clear_read)
    return Ledger(till, record, closed=ledger.closed)


def seen_off(ledger: Ledger, read: LevelRead) -> Ledger:
    """A read shows that tracking is still off: it was not switched on before (`restarted`)."""
    return ledger.with_record(
        Side.ZETTLE, replace(ledger.zettle, clear_read=read.read_started), ledger.shop
    )


def is_unsure(ledger: Ledger) -> bool:
    """Whether Zettle's number may or may not include an earlier write when tracking is on again.
    Then the merchant is asked.

    Units that were sold twice are not asked about: we never bring Zettle's number below zero, so
    they wait for the next restock.
    """
    till, target = ledger.zettle, ledger.zettle.target
    if ledger.separate or target is None:
        return False
    return (
        till.pending_write is not None
        or till.to_push != max(till.to_push, min(0, target))
        or till.to_push > 0
    )


def restarted(ledger: Ledger, read: LevelRead, *, uncounted: bool = False) -> Ledger:
    """Tracking was switched on: Zettle's balance counts, less what it may lack.

    The store's variant, if there is one, is attached. Where the store has not counted it
    (`uncounted`), only a read after the switch in the store shows a number. Before the start,
    `started` of the ledger is when tracking was switched on, where Zettle reported it. Where it did
    not, that was at some time since the last read that showed it off: `started` is that read's
    time, and `shown` the time of this one.
    """
    is_off = ledger.zettle.confirmed is Gap.UNTRACKED
    lacks, off = (ledger.zettle.to_push, ledger.zettle.clear_read) if is_off else (0, None)
    started, shown = ledger.started, None
    if uncounted or ledger.shop.variant_id is None:
        started = None
    elif started is None:
        shown = None if off is None else read.read_started
        started = max(off or read.read_started, read.read_started - LOOKBACK)
    till = as_read(read, lacks)
    gap = Gap.NOT_CREATED if ledger.shop.variant_id is None else Gap.UNKNOWN
    recent = (
        (*ledger.shop.recent, Change(read.read_started, 0)) if uncounted else ledger.shop.recent
    )
    shop = StockRecord(gap, recent=recent, seen=ledger.shop.seen, variant_id=ledger.shop.variant_id)
    return Ledger(till, shop, closed=ledger.closed, started=started, shown=shown)


def began(ledger: Ledger, at: datetime, apart: timedelta) -> Ledger:
    """Zettle reports when tracking was switched on that a read showed before. Nothing changes once
    the store's variant is attached, nor by a report of an earlier switch. `apart` is how far apart
    clocks may be.
    """
    started, seen = ledger.started, ledger.shop.seen
    if not ledger.is_tracked or not ledger.is_unset or started is None:
        return ledger
    if ledger.shown is None:
        is_since = seen is None or at >= seen
        return replace(ledger, started=min(at, started)) if is_since else ledger
    if at < started - apart:
        return ledger
    return replace(ledger, started=at, shown=None)
