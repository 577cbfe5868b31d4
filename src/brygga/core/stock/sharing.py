"""How a shelf is born, adopted, remade, split from the other, joined to it, stopped and started
again.
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
    StockRecord,
    Timing,
)
from brygga.core.stock.sending import LIMITS
from brygga.core.stock.slots import Slot


class Orders(StrEnum):
    """Which orders count of a variant whose number is `renewed`."""

    ALL = "all"
    """It was made again."""
    UNSEEN = "unseen"
    """It was counted until now: those that no look has shown."""
    NEW = "new"
    """It was not counted: those of from now on."""


LOOKBACK = timedelta(days=7)
"""So long ago a merchant may have made a variant that we learn of now."""


def new_ledger(read: LevelRead, *, separate: bool = False) -> Ledger:
    """A variant whose Zettle level was read for the first time; the shop does not have it yet.

    `separate`: its product has separate stock, so it has too (rule S5). All of it is at the till;
    nobody gave the shop any.
    """
    till = StockRecord(confirmed=read.level, seen=read.read_started, clear_read=read.read_started)
    return (
        Ledger(zettle=till, shop=StockRecord(confirmed=0, rests=SUSPENDED), separate=True)
        if separate
        else Ledger(zettle=till)
    )


def first_level(ledger: Ledger) -> int | None:
    """The level to put into the request that creates a variant: the promised number, saved before
    the request leaves.

    Zettle may be below zero; the shop starts at 0 then (decision 7). None where there is no number
    to promise: unknown never writes.
    """
    own = ledger.shop.target if ledger.separate else None
    target = own if own is not None else ledger.zettle.target
    return None if target is None else min(max(0, target), LIMITS[Side.SHOP].highest)


def created(ledger: Ledger, level: int, variant_id: int, at: datetime) -> Ledger:
    """The variant exists, with the level that it was created with. What was sold meanwhile is owed,
    and so are units missing below zero. An earlier incarnation closes. What was in flight to it is
    in the promise already.
    """
    own = ledger.shop.target if ledger.separate else None
    target = own if own is not None else ledger.zettle.target
    ledger = _closing(ledger, variant_id)
    if target is None:
        return ledger.with_record(
            Side.SHOP, StockRecord(confirmed=ledger.zettle.confirmed, variant_id=variant_id)
        )
    # A young level may read as 0 or not at all for a lag: the whole level is a rise that a read may
    # miss.
    record = StockRecord(level, target - level, recent=(Change(at, level),), variant_id=variant_id)
    return ledger.with_record(Side.SHOP, record)


def reset(ledger: Ledger, call: str, at: datetime, base: int, slot: Slot | None = None) -> Ledger:
    """The promised number as an absolute level, for a shelf on which BigCommerce knows none
    (bigcommerce facts 5.2) or whose tracking was just switched on (rule S7). `base` is the level
    that shows until it lands."""
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
    """Another incarnation of the variant takes the place of the last one; what was waited for that
    is over.
    """
    last = ledger.shop.variant_id
    closed = ledger.closed if last is None or last == successor else (*ledger.closed, last)
    return replace(ledger, closed=closed, started=None)


def attached(ledger: Ledger, variant_id: int, read: LevelRead, sold: int = 0) -> Ledger:
    """A variant that is in the shop with a level: linked, kept from before (rules P11, D4), tracked
    again (S7), or `renewed`.

    Zettle is where stock is true when two histories meet, so the shop gets the difference. As a
    change, it leaves alone what an order takes meanwhile. With separate stock the shop's own number
    counts (S5): what is there, if this variant lived on while we were not looking or was the
    merchant's before; what it was promised, if it took the place of ours or is a renewed one.
    `sold` is the change that orders made since that number counts (`Ledger.started`), below zero
    for what was sold: it is in the look, and not yet in what is promised.
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
    record = StockRecord(
        level,
        to_push,
        floor=read.floor,
        seen=read.read_started,
        clear_read=read.read_started,
        variant_id=variant_id,
    )
    return replace(_closing(ledger, variant_id), shop=record, separate=own is not None)


def recreated(ledger: Ledger) -> Ledger:
    """The shop's variant is going or gone. Its shelf closes; the promise lives on in Zettle's, and
    the next one is born with it."""
    record, ledger = ledger.shop, _closing(ledger)
    if ledger.separate and record.target is not None:
        return ledger.with_record(
            Side.SHOP, StockRecord(confirmed=0, to_push=record.target, rests=SUSPENDED)
        )
    return ledger.with_record(Side.SHOP, StockRecord(confirmed=Gap.NOT_CREATED))


def carried(ledger: Ledger) -> Ledger | None:
    """Separate stock of a product that was kept, for the next connection to the same store (D4):
    each side's number is the one it will be found with. None when stock was shared: then Zettle's
    number counts.
    """
    till = ledger.zettle.target
    if not ledger.separate or till is None or ledger.shop.target is None:
        return None
    return replace(recreated(ledger), zettle=StockRecord(confirmed=till))


def ended(ledger: Ledger) -> Ledger:
    """Zettle has no such variant any more: nothing is promised for it, and neither side is read or
    written.
    """
    return Ledger(
        StockRecord(confirmed=Gap.UNTRACKED),
        StockRecord(confirmed=Gap.NOT_CREATED),
        closed=_closing(ledger).closed,
    )


def resumed(ledger: Ledger, variant_id: int) -> Ledger:
    """The product work has found the shop's variant where the stock work had not."""
    return ledger.with_record(Side.SHOP, replace(ledger.shop.resumed(), variant_id=variant_id))


def renewed(
    ledger: Ledger, variant_id: int, at: datetime, timing: Timing, orders: Orders
) -> Ledger:
    """The shop's number of this variant is gone, or counts something else: the variant was made
    again, or is counted at another level.

    A forgotten number (bigcommerce facts 5.4) is no sale: the variant is adopted, at a look that
    shows what was done.
    """
    if not ledger.is_tracked:
        return _closing(ledger, variant_id).with_record(
            Side.SHOP, StockRecord(ledger.zettle.confirmed, variant_id=variant_id)
        )
    was = ledger.shop
    touched = at if was.pending_write is None else max(at, was.pending_write.dead(timing))
    closed, again = _closing(ledger, variant_id).closed, recreated(ledger)
    record = again.shop if ledger.separate else StockRecord(Gap.UNKNOWN)
    seen = {Orders.ALL: None, Orders.UNSEEN: was.seen or at, Orders.NEW: at}[orders]
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
    """Separate stock (rule S5): each side is owed what brings it to its own number; from then on
    neither moves the other. None when a side has no number to part from: the product is not
    tracked, or not in the shop.
    """
    if ledger.zettle.target is None or ledger.shop.target is None:
        return None
    return Ledger(
        ledger.zettle.toward(till), ledger.shop.toward(shop), separate=True, closed=ledger.closed
    )


def joined(ledger: Ledger) -> Ledger:
    """Shared again (rule S6): the two numbers are added, so that no unit is lost (decision 4). Each
    side is owed what the other has."""
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


# ---- Tracking switched in Zettle (rule S7) -------------------------------------------------------


def stopped(ledger: Ledger, timing: Timing) -> Ledger:
    """Tracking was switched off (decision 2): nothing is written, and the shop keeps its number. It
    ends separate stock too: switched on again, Zettle's balance is what counts.

    What that balance may lack of shared stock, because it was owed or on its way, stays `to_push`
    (`is_unsure`). What may still move the shop's number stays `recent`.
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
    known = Gap.NOT_CREATED if shop.variant_id is None else Gap.UNTRACKED
    record = StockRecord(known, recent=recent, seen=shop.seen, variant_id=shop.variant_id)
    return Ledger(StockRecord(Gap.UNTRACKED, to_push=lacks), record, closed=ledger.closed)


def is_unsure(ledger: Ledger) -> bool:
    """Zettle's number may lack something, or have it, when tracking is on again: the merchant is
    asked then.

    Not of what was sold twice: Zettle's number never goes below zero by us, so that it waits for
    the next restock.
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
    """Tracking was switched on: Zettle's balance counts, less what it may lack. The shop's variant,
    if there is one, is adopted. Where the store has not counted it (`uncounted`), only a look of
    after the switch there shows a number. When it was switched on is `started` of a ledger that is
    not tracked, where Zettle told it."""
    lacks = ledger.zettle.to_push if ledger.zettle.confirmed is Gap.UNTRACKED else 0
    started = (
        None if uncounted or ledger.shop.variant_id is None else ledger.started or read.read_started
    )
    till = StockRecord(
        read.level, to_push=lacks, seen=read.read_started, clear_read=read.read_started
    )
    known = Gap.NOT_CREATED if ledger.shop.variant_id is None else Gap.UNKNOWN
    recent = (
        (*ledger.shop.recent, Change(read.read_started, 0)) if uncounted else ledger.shop.recent
    )
    shop = StockRecord(
        known, recent=recent, seen=ledger.shop.seen, variant_id=ledger.shop.variant_id
    )
    return Ledger(till, shop, closed=ledger.closed, started=started)
