"""The moves: observed, hinted, sent, landed, refused; what becomes of a write without an answer is
in `resolving`.

Each keeps the law, because each moves a number from one term of `target` to another, or changes
both shelves' promise alike.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from brygga.core.stock.ledger import (
    SUSPENDED,
    Change,
    Gap,
    Ledger,
    LevelRead,
    PendingWrite,
    ReportedChange,
    Side,
    StockRecord,
    Timing,
)
from brygga.core.stock.slots import Slot


@dataclass(frozen=True, slots=True)
class Observed:
    """The ledger after a look, and by how much the shelf was found to have moved by itself."""

    ledger: Ledger
    change: int = 0


def observed(ledger: Ledger, side: Side, read: LevelRead, timing: Timing) -> Observed:
    """A shelf that changed by itself owes the change to the other one (rules S2, S3, S4).

    | the look | what it says |
    |---|---|
    | is older than the last one that counted, or has no number | nothing |
    | began one lag after our last write and the last change, and no flight is open | the truth |
    | is below every level that our own recent writes can explain | at least the difference was sold: it counts at once |
    | anything else | nothing yet: wait for a clear one |

    Separate stock moves only its own shelf, and owes nobody more than it holds.
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
    return Observed(_moved(ledger, side, seen, change, read.read_started), change)


def _moved(ledger: Ledger, side: Side, record: StockRecord, change: int, at: datetime) -> Ledger:
    """`record` with a change of its own, and the other shelf owed the same."""
    if change == 0:
        return ledger.with_record(side, record)
    assert isinstance(record.confirmed, int)
    # A change that was seen answers Zettle's hint. BigCommerce's is closed by a clear look: a read
    # may show half of it. An open write is weighed with it later (`resolving.resolve_till`).
    answered = (
        side is Side.ZETTLE
        and record.pending_write is None
        and record.hinted is not None
        and record.hinted <= at
    )
    hint = None if answered else record.hinted
    moved = replace(
        record,
        confirmed=record.confirmed + change,
        recent=(*record.recent, Change(at, change)),
        hinted=hint,
    )
    if ledger.separate:
        # A split takes from a shelf as far as the shelf goes; the rest must not eat the next
        # restock.
        return ledger.with_record(
            side,
            replace(
                moved,
                to_push=max(
                    moved.to_push, min(0, -(record.confirmed + change + moved.pending_change))
                ),
            ),
        )
    other = ledger[side.other]
    if other.target is not None:
        other = replace(other, to_push=other.to_push + change)
    return ledger.with_record(side, moved, other)


# ---- A level that is gone without an event -------------------------------------------------------


def is_zeroed(ledger: Ledger, read: LevelRead, timing: Timing) -> bool:
    """The shop shows none of some units, and no event said so: they are sold, or BigCommerce forgot
    the number.

    It forgets numbers when it counts otherwise (bigcommerce facts 5.4). An event of an order says
    that some are sold: of several units the orders must tell. One that names no order says that it
    moved, but for our own movement, where the shelf moved a moment ago or we write to it.
    """
    record = ledger.shop
    is_ours, by_order = (
        bool(record.recent) or record.pending_write is not None,
        is_ordered(record, timing),
    )
    is_reported = (
        record.reported is not None
        and not is_ours
        and _is_open(record, record.reported.otherwise, timing)
    )
    if not isinstance(record.confirmed, int) or is_reported:
        return False
    step = observed(ledger, Side.SHOP, read, timing)
    # An open write downwards may be in the look.
    left = min(0, record.pending_change) if record.confirmed + step.change else 0
    return step.change < (-1 if by_order else 0) and record.confirmed + step.change + left == 0


def unproven(ledger: Ledger, read: LevelRead, timing: Timing) -> Ledger | None:
    """A shelf that `is_zeroed`, and orders do not explain it: for a while that is no number, and
    looked at again: a hook may be late. None where it is believed because it has stayed so."""
    record = ledger.shop
    since = (
        record.ambiguous if is_held(ledger) and record.ambiguous is not None else read.read_started
    )
    if read.read_started - since >= timing.resolve_timeout:
        return None
    # It stays `seen` as it was: the orders since then are those that may explain it.
    return ledger.with_record(Side.SHOP, replace(record, ambiguous=since, hinted=read.read_started))


def is_held(ledger: Ledger) -> bool:
    """Whether the last look at the shop showed none, and was not believed (`unproven`)."""
    record = ledger.shop
    return record.ambiguous is not None and (record.seen is None or record.seen < record.ambiguous)


def is_ordered(record: StockRecord, timing: Timing) -> bool:
    """Whether an event that is still open names an order of this very variant."""
    return _is_open(record, record.ordered, timing)


def _is_open(record: StockRecord, reported: datetime | None, timing: Timing) -> bool:
    """No look since then was beyond doubt."""
    return reported is not None and (
        record.clear_read is None or reported > record.clear_read - timing.read_lag(Side.SHOP)
    )


# ---- Hints ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hint:
    """A platform says that a shelf moved. `at` is when we heard, `made` when it happened by the
    platform's clock.

    `variant` is Zettle's uuid or BigCommerce's id, "" where the hint is about the whole product:
    then it is no variant's, only a reason to look.
    """

    at: datetime
    by_order: bool = False
    variant: str = ""
    made: datetime | None = None


def hinted(ledger: Ledger, side: Side, hint: Hint) -> Ledger:
    """A hint is a reason to look, never a number."""
    record = ledger[side]
    latest = max(record.hinted or hint.at, hint.at)
    if side is Side.ZETTLE or not hint.variant:
        return ledger.with_record(side, replace(record, hinted=latest))
    made = hint.made or hint.at
    ordered = max(record.ordered or made, made) if hint.by_order else record.ordered
    before = None if record.reported is None else record.reported.otherwise
    reported = ReportedChange(latest, ordered, before if hint.by_order else latest)
    return ledger.with_record(side, replace(record, hinted=latest, reported=reported))


# ---- Writes --------------------------------------------------------------------------------------


def sent(  # noqa: PLR0917 - what a write is, and with what it leaves
    ledger: Ledger, side: Side, change: int, call: str, at: datetime, slot: Slot | None = None
) -> Ledger:
    """Owed becomes flight. To be saved before the request leaves, or a crash in between would
    forget it.
    """
    record = ledger[side]
    assert record.pending_write is None, "one open flight per shelf"
    assert isinstance(record.confirmed, int), "a change needs a number to change"
    pending_write = PendingWrite(call, change, at, base=record.confirmed, slot=slot)
    return ledger.with_record(
        side, replace(record, to_push=record.to_push - change, pending_write=pending_write)
    )


def landed(ledger: Ledger, side: Side, at: datetime) -> Ledger:
    """The platform said yes: what was in flight is known."""
    record, pending_write = ledger[side], _pending_write(ledger, side)
    if pending_write.is_absolute:
        # What it showed before is not known: a store that does not count shows 0 (bigcommerce facts
        # 5.4).
        known, ledger = pending_write.quantity, replace(ledger, started=None)
    else:
        assert isinstance(record.confirmed, int)
        known = record.confirmed + pending_write.quantity
    recent = (*record.recent, Change(at, pending_write.quantity))
    return ledger.with_record(
        side, replace(record.resumed(), confirmed=known, pending_write=None, recent=recent)
    )


def refused(ledger: Ledger, side: Side, level: int | None = None) -> Ledger:
    """The platform said no, or never got it: what was in flight is owed again.

    Without its absolute level a shelf has what it had, or the `level` that a look shows, and is
    owed the rest. One that had no number has none, and waits for it: what the store shows from
    before is not of ours.
    """
    record, pending_write = ledger[side], _pending_write(ledger, side)
    if not pending_write.is_absolute:
        return ledger.with_record(
            side,
            replace(record, to_push=record.to_push + pending_write.quantity, pending_write=None),
        )
    if pending_write.first and not ledger.separate:
        young = (*record.recent, Change(pending_write.sent, 0))
        return ledger.with_record(
            side,
            replace(record, confirmed=Gap.UNKNOWN, to_push=0, pending_write=None, recent=young),
        )
    known, target = (pending_write.base or 0) if level is None else level, record.target
    assert target is not None
    return ledger.with_record(
        side, replace(record, confirmed=known, to_push=target - known, pending_write=None)
    )


def short(ledger: Ledger, side: Side, at: datetime, timing: Timing) -> Ledger:
    """Refused for too little stock: somebody sold meanwhile. Owed again, and nothing is sent until
    the shelf was read.

    A shelf that shows less than we know gets its rest as far as it goes; the remainder stays owed
    and is paid by the next restock. Separate stock has no one to owe to: what does not fit its
    shelf is dropped (`_moved`).
    """
    back = refused(ledger, side)
    rests = at + max(timing.read_lag(side), timing.finish(side))
    return back.with_record(
        side, replace(back[side], rests=rests, hinted=max(back[side].hinted or at, at))
    )


def suspended(ledger: Ledger, side: Side) -> Ledger:
    """The platform knows no such item: the shelf sleeps until the product work has spoken."""
    return ledger.with_record(side, replace(ledger[side], rests=SUSPENDED))


def unanswered(ledger: Ledger, side: Side, at: datetime) -> Ledger:
    """Sent, and no answer will come: from now on the flight may be resolved."""
    return ledger.with_record(
        side, replace(ledger[side], pending_write=replace(_pending_write(ledger, side), lost=at))
    )


def corrected(ledger: Ledger, side: Side, change: int) -> Ledger:
    """A write that was taken for lost had landed: both shelves promised `change` too much, and owe
    it back.

    What the level showed meanwhile was booked as the shelf's own movement, so the two readings of
    the world differ by exactly `change` in what both sides promise. With separate stock it is its
    own shelf's alone.
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
    assert pending_write is not None, "nothing was in flight"
    return pending_write
