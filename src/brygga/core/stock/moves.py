"""The moves of a ledger: observed, hinted, sent, landed, refused. `resolving` decides what becomes
of a write without an answer.

Each move keeps the law. It moves a number from one term of `target` to another, or changes both
targets by the same quantity.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from brygga.core.stock.ledger import (
    SUSPENDED,
    Change,
    Gap,
    Ledger,
    LevelRead,
    PendingWrite,
    ReportedChange,
    Side,
    Slot,
    StockRecord,
    Timing,
)

APART: Final = timedelta(seconds=2)
"""Two events of BigCommerce's that were made this long apart are of two edits: it sends several for
one, and gives their times in whole seconds (bigcommerce facts 6.2).
"""


@dataclass(frozen=True, slots=True)
class Observed:
    """The ledger after a read, and the change that the record made by itself."""

    ledger: Ledger
    change: int = 0


def observed(ledger: Ledger, side: Side, read: LevelRead, timing: Timing) -> Observed:
    """A change that one record makes by itself must be written to the other (rules S2, S3, S4).

    | the read | what it says |
    |---|---|
    | is older than the last one that counted, or has no number | nothing |
    | started a read lag after our last write and the last change; no write pending | the truth |
    | is below every level that our own recent writes can explain | the difference is sold |
    | anything else | nothing yet: wait for a clear read |

    In the third case at least the difference was sold, so it counts at once. With separate stock
    only its own record moves, and a negative `to_push` is never more than the record holds.
    """
    record = ledger[side]
    if (
        not isinstance(read.level, int)
        or not isinstance(record.confirmed, int)
        or (record.seen and read.read_started < record.seen)
    ):
        return Observed(ledger)

    read_lag = timing.read_lag(side)
    clear = record.is_clear(read, read_lag)
    change = (
        read.level - record.confirmed
        if clear
        else min(0, read.level - record.lowest(read, read_lag))
    )
    doubtful = not clear and read.level != record.confirmed + change
    seen = replace(
        record.resumed(),
        floor=read.floor,
        seen=read.read_started,
        clear_read=read.read_started if clear else record.clear_read,
        ambiguous=(record.ambiguous or read.read_started) if doubtful else None,
        recent=tuple(c for c in record.recent if c.at > read.read_started - read_lag),
    )
    return Observed(_moved(ledger, side, seen, change, read.read_started, timing), change)


def _moved(  # noqa: PLR0917 - what moved, and what is known of it
    ledger: Ledger, side: Side, record: StockRecord, change: int, at: datetime, timing: Timing
) -> Ledger:
    """Adds the change to `record`, and to the other record's `to_push`."""
    if change == 0:
        return ledger.with_record(side, record)
    assert isinstance(record.confirmed, int)
    # An observed change closes Zettle's event. Only a clear read closes BigCommerce's: a read may
    # show half of the change. While a write is pending, the event stays open: it is needed to
    # resolve the write (`resolving.resolve_till`).
    answered = (
        side is Side.ZETTLE
        and record.pending_write is None
        and record.hinted is not None
        and record.hinted <= at
    )
    hint = None if answered else record.hinted
    told, since = _edit_reported(side, record, at, timing), ledger[side].seen
    moved = replace(
        record,
        confirmed=record.confirmed + change,
        recent=(*record.recent, Change(at, change, told, since)),
        hinted=hint,
    )
    if ledger.separate:
        # A split takes from a record only what the record has. The rest must not reduce the next
        # restock.
        left = record.confirmed + change + moved.pending_change
        return ledger.with_record(side, replace(moved, to_push=max(moved.to_push, min(0, -left))))
    other = ledger[side.other]
    if other.target is not None:
        other = replace(other, to_push=other.to_push + change)
    return ledger.with_record(side, moved, other)


def _edit_reported(
    side: Side, record: StockRecord, at: datetime, timing: Timing
) -> datetime | None:
    """When the last edit was made, by BigCommerce's clock, whose event came before a read. `at` is
    when that read started; it showed a change. None where no such event came.
    """
    reported = record.reported
    if side is Side.ZETTLE or reported is None or not is_edited(record, timing):
        return None
    return reported.edit_made if reported.edited and reported.edited <= at else None


# ---- A level that is gone without an event -------------------------------------------------------


def is_zeroed(ledger: Ledger, read: LevelRead, timing: Timing) -> bool:
    """The store shows 0 where it had units, and no event explains it. Either they are sold, or
    BigCommerce forgot the number.

    BigCommerce forgets numbers when it counts in another way (bigcommerce facts 5.4). An event that
    names an order explains one unit; for several units the orders must be read. A write that is
    sent to a 0 that is not believed does not explain it. Nor does an undone order that makes it 1.
    """
    record = ledger.shop
    if not isinstance(record.confirmed, int) or is_edited(record, timing):
        return False
    if is_held(ledger) and record.pending_write is not None:
        return read.level == 0
    by_order = _explains_one(ledger, timing)
    step = observed(ledger, Side.SHOP, read, timing)
    # The read may include a pending write downwards.
    left = min(0, record.pending_change) if record.confirmed + step.change else 0
    is_gone = is_held(ledger) or record.confirmed + step.change + left == 0
    return is_gone and step.change < (-1 if by_order else 0)


def _explains_one(ledger: Ledger, timing: Timing) -> bool:
    """Whether the open event of an order explains that the last unit is gone.

    It does not if the number has fallen since the event: then the order is in that fall. It does
    not if ambiguous reads may have shown more units than are confirmed, unless the event came after
    the 0.
    """
    record = ledger.shop
    came = None if record.reported is None else record.reported.at
    if came is None or any(one.quantity < 0 and one.at >= came for one in record.recent):
        return False
    is_after = record.ambiguous is None or (is_held(ledger) and came > record.ambiguous)
    return is_after and is_ordered(record, timing)


def unproven(ledger: Ledger, read: LevelRead, timing: Timing) -> Ledger | None:
    """A record that `is_zeroed`, and that orders do not explain. Its 0 does not count at first, and
    it is read again, because a webhook may be late. None when it has stayed 0 for the resolve
    timeout: then the 0 is believed.
    """
    record = ledger.shop
    since = (record.ambiguous if is_held(ledger) else None) or read.read_started
    if read.read_started - since >= timing.resolve_timeout:
        return None
    # `seen` does not change: the orders since then may explain the fall.
    return ledger.with_record(Side.SHOP, replace(record, ambiguous=since, hinted=read.read_started))


def is_held(ledger: Ledger) -> bool:
    """Whether the last read of the store showed 0 and was not believed (`unproven`)."""
    record = ledger.shop
    return record.ambiguous is not None and (record.seen is None or record.seen < record.ambiguous)


def is_edited(record: StockRecord, timing: Timing) -> bool:
    """Whether an open event of an edit explains the number that a read shows, whatever it is.

    It does not in three cases. The record has a pending write: the event may be about that write.
    The record moved a moment ago, and no earlier event reported that movement: the event may be
    about it. Or an open event named the whole product of several variants: BigCommerce may have
    forgotten the number, and an edit says nothing about that.
    """
    reported = record.reported
    return (
        reported is not None
        and record.pending_write is None
        and all(_is_before(one, reported) for one in record.recent)
        and not _is_open(record, reported.whole, timing)
        and _is_open(record, reported.edited, timing)
    )


def _is_before(change: Change, reported: ReportedChange) -> bool:
    """Whether an event reported this change, and the event of the last edit was made later."""
    return (
        change.told is not None
        and reported.edit_made is not None
        and reported.edit_made - change.told >= APART
    )


def is_ordered(record: StockRecord, timing: Timing) -> bool:
    """Whether an event that is not closed names an order of this very variant."""
    return _is_open(record, record.ordered, timing)


def _is_open(record: StockRecord, reported: datetime | None, timing: Timing) -> bool:
    """Whether no read since then was clear."""
    return reported is not None and (
        record.clear_read is None or reported > record.clear_read - timing.read_lag(Side.SHOP)
    )


# ---- Change events -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hint:
    """A change event: a platform reports that a record moved. `at` is when we received it, `made`
    when it happened by the platform's clock.

    `variant` is Zettle's uuid or BigCommerce's id. It is "" where the event is about the whole
    product: then it names no variant and is only a reason to read.
    """

    at: datetime
    by_order: bool = False
    variant: str = ""
    made: datetime | None = None


def hinted(ledger: Ledger, side: Side, hint: Hint) -> Ledger:
    """A change event is a reason to read, never a number."""
    record = ledger[side]
    latest = max(record.hinted or hint.at, hint.at)
    reported = record.reported or ReportedChange(None)
    if side is Side.ZETTLE:
        return ledger.with_record(side, replace(record, hinted=latest))
    if hint.variant:
        made = hint.made or hint.at
        ordered = max(record.ordered or made, made) if hint.by_order else record.ordered
        reported = replace(reported, at=latest, ordered=ordered)
        if not hint.by_order:
            if reported.edit_made is None or made > reported.edit_made:
                record = _with_its_event(record, made)
            last = max(reported.edit_made or made, made)
            reported = replace(reported, edited=latest, edit_made=last)
    else:
        reported = replace(reported, whole=hint.at)
    return ledger.with_record(side, replace(record, hinted=latest, reported=reported))


def _with_its_event(record: StockRecord, made: datetime) -> StockRecord:
    """Notes the event on the oldest write of ours that has none yet. Our own writes fire events
    too: the first event after a write is taken for its own, so that a later one is an edit's.
    """
    for place, one in enumerate(record.recent):
        if one.since is None and one.told is None:
            told = replace(one, told=made)
            return replace(
                record, recent=(*record.recent[:place], told, *record.recent[place + 1 :])
            )
    return record


# ---- Writes --------------------------------------------------------------------------------------


def sent(  # noqa: PLR0917 - what a write is, and with what it leaves
    ledger: Ledger, side: Side, change: int, call: str, at: datetime, slot: Slot | None = None
) -> Ledger:
    """Moves `change` from `to_push` to the pending write. Save it before the request leaves: a
    crash in between would forget it.
    """
    record = ledger[side]
    assert record.pending_write is None, "one pending write per record"
    assert isinstance(record.confirmed, int), "a change needs a number to change"
    pending_write = PendingWrite(call, change, at, base=record.confirmed, slot=slot)
    return ledger.with_record(
        side, replace(record, to_push=record.to_push - change, pending_write=pending_write)
    )


def landed(ledger: Ledger, side: Side, at: datetime) -> Ledger:
    """The platform accepted the write: its quantity is confirmed."""
    record, pending_write = ledger[side], _pending_write(ledger, side)
    if pending_write.is_absolute:
        # The level from before is not known: a store that does not count shows 0 (bigcommerce facts
        # 5.4).
        confirmed, ledger = pending_write.quantity, replace(ledger, started=None, shown=None)
    else:
        assert isinstance(record.confirmed, int)
        confirmed = record.confirmed + pending_write.quantity
    recent = (*record.recent, Change(at, pending_write.quantity))
    return ledger.with_record(
        side, replace(record.resumed(), confirmed=confirmed, pending_write=None, recent=recent)
    )


def refused(ledger: Ledger, side: Side, level: int | None = None) -> Ledger:
    """The platform refused the write, or never got it: its quantity is in `to_push` again.

    A record whose absolute level did not land has its level from before, or the `level` of a read.
    The rest is in `to_push`. A record that had no number has none, and waits for one: the level
    that the store shows from before is not ours.
    """
    pending_write, target = _pending_write(ledger, side), ledger[side].target
    record = replace(ledger[side], pending_write=None)
    if not pending_write.is_absolute:
        record = replace(record, to_push=record.to_push + pending_write.quantity)
    elif pending_write.first and not ledger.separate:
        young = (*record.recent, Change(pending_write.sent, 0))
        record = replace(record, confirmed=Gap.UNKNOWN, to_push=0, recent=young)
    else:
        assert target is not None
        confirmed = (pending_write.base or 0) if level is None else level
        record = replace(record, confirmed=confirmed, to_push=target - confirmed)
    return ledger.with_record(side, record)


def short(ledger: Ledger, side: Side, at: datetime, timing: Timing) -> Ledger:
    """The platform refused the write for too little stock: units were sold meanwhile. The quantity
    is in `to_push` again, and nothing is sent until the record is read.

    A record that shows less than its confirmed level is written down as far as it goes. The
    remainder stays in `to_push` until the next restock. With separate stock the remainder is
    dropped, because no other record needs it (`_moved`).
    """
    back = refused(ledger, side)
    rests = at + timing.finish(side)
    return back.with_record(
        side, replace(back[side], rests=rests, hinted=max(back[side].hinted or at, at))
    )


def suspended(ledger: Ledger, side: Side) -> Ledger:
    """The platform knows no such item. The record is suspended until the product work has found
    it.
    """
    return ledger.with_record(side, replace(ledger[side], rests=SUSPENDED))


def unanswered(ledger: Ledger, side: Side, at: datetime) -> Ledger:
    """The write was sent and no answer will come. From now on it may be resolved."""
    return ledger.with_record(
        side, replace(ledger[side], pending_write=replace(_pending_write(ledger, side), lost=at))
    )


def corrected(ledger: Ledger, side: Side, change: int) -> Ledger:
    """A write that was assumed lost had landed: both targets are `change` too high, and are
    corrected.

    The ledger took what the level showed meanwhile as the record's own movement. So both targets
    are wrong by exactly `change`. With separate stock only its own record is corrected.
    """
    other = ledger[side.other]
    if ledger[side].target is None:
        return ledger
    record = replace(ledger[side], to_push=ledger[side].to_push - change)
    alone = ledger.separate or other.target is None
    return ledger.with_record(
        side, record, other if alone else replace(other, to_push=other.to_push - change)
    )


def _pending_write(ledger: Ledger, side: Side) -> PendingWrite:
    pending_write = ledger[side].pending_write
    assert pending_write is not None, "no write is pending"
    return pending_write
