"""What became of a write that got no answer.

Neither platform has an idempotency key. A call to BigCommerce carries a slot of the marker, and the
slot's level shows whether the call landed (decision 16). Zettle returns our identifier in its
event, the echo (zettle facts 3.5). These resolve a write, together with levels that are read when
the write can no longer take effect. A write is never repeated before it is resolved.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from brygga.core.stock.ledger import Ledger, Level, LevelRead, PendingWrite, Side, Timing
from brygga.core.stock.moves import landed, observed, refused, suspended


class Verdict(StrEnum):
    WAITING = "waiting"
    LANDED = "landed"
    NOT_LANDED = "not_landed"
    ASSUMED_LANDED = "assumed_landed"
    """In doubt. Taken as landed, because that gives the lower target. The merchant is asked to
    check.
    """
    ASSUMED_LOST = "assumed_lost"
    """In doubt. Taken as not landed, because that gives the lower target. The merchant is asked to
    check.
    """
    PRESUMED_LOST = "presumed_lost"
    """A rise that probably never reached Zettle. Taken as landed, which gives the lower target,
    until the time for its echo is over.
    """

    @property
    def is_doubtful(self) -> bool:
        return self in (Verdict.ASSUMED_LANDED, Verdict.ASSUMED_LOST)


@dataclass(frozen=True, slots=True)
class Resolved:
    """The ledger after an attempt to resolve. `change` is what the record changed by itself."""

    ledger: Ledger
    verdict: Verdict
    change: int = 0
    contradicts: bool = False
    """The slot and the record contradict each other. An operator counts these."""


def resolve_at(side: Side, pending_write: PendingWrite, timing: Timing) -> datetime:
    """The earliest time at which a read can resolve the write: the request can no longer take
    effect, and reads show its result.
    """
    if side is Side.ZETTLE and pending_write.since is not None:
        return pending_write.since + timing.resolve_timeout
    return pending_write.dead(timing) + timing.finish(side)


# ---- BigCommerce ---------------------------------------------------------------------------------


def resolve_shop(ledger: Ledger, read: LevelRead, slot: Level | None, timing: Timing) -> Resolved:
    """Resolves by the level of the call's slot, which is read together with the record. `slot` is
    None where there is no slot to read.

    | the slot shows, one read lag after the request's end | verdict |
    |---|---|
    | one more than its count | landed |
    | the same, but the record has its level from before, and no event has named it | in doubt |
    | its count | not landed |
    | anything else, or nothing | in doubt |

    In doubt, the lower number becomes the target and the merchant is asked. Where a call may land
    in part (`Timing.is_whole`), the merchant is asked about every record, except one that nothing
    has touched. An earlier read decides nothing. Only a fall below every level that the write can
    explain counts at once.
    """
    pending_write = ledger.shop.pending_write
    assert pending_write is not None, "no write is pending"
    if not isinstance(read.level, int) or read.read_started < resolve_at(
        Side.SHOP, pending_write, timing
    ):
        return _waiting(ledger, Side.SHOP, read, timing)
    before = None if pending_write.slot is None else pending_write.slot.count
    is_landed = before is not None and slot == before + 1
    is_known = is_landed or (before is not None and slot == before)
    contradicts = is_known and _contradicts(ledger, pending_write, read.level, landed_=is_landed)
    if timing.is_whole:
        is_sure = not (is_landed and contradicts) or _is_named_since(ledger, pending_write)
    else:
        is_sure = not is_landed and _is_untouched(ledger, pending_write, read.level)
    if is_known and is_sure:
        has_landed = is_landed
        verdict = Verdict.LANDED if has_landed else Verdict.NOT_LANDED
    else:
        has_landed = _is_lower_landed(pending_write, read.level)
        verdict = Verdict.ASSUMED_LANDED if has_landed else Verdict.ASSUMED_LOST
    done = (
        landed(ledger, Side.SHOP, pending_write.dead(timing))
        if has_landed
        else refused(ledger, Side.SHOP, read.level)
    )
    resolved = _resolved_with(done, Side.SHOP, read, timing, verdict)
    return replace(resolved, contradicts=contradicts)


def _is_named_since(ledger: Ledger, pending_write: PendingWrite) -> bool:
    """Whether an event has named this very variant since the write left."""
    reported = ledger.shop.reported
    return reported is not None and reported.at is not None and reported.at >= pending_write.sent


def _contradicts(ledger: Ledger, pending_write: PendingWrite, level: int, *, landed_: bool) -> bool:
    """The record shows the opposite of what the slot says. Either another change of the same size
    moved it, or a call is not all or nothing.
    """
    if pending_write.is_absolute:
        return landed_ and level == pending_write.base != pending_write.quantity
    if ledger.shop.confirmed != pending_write.base or pending_write.base is None:
        return False
    return level == (pending_write.base if landed_ else pending_write.base + pending_write.quantity)


def _is_untouched(ledger: Ledger, pending_write: PendingWrite, level: int) -> bool:
    """The record shows its level from before, and no event has come since the write left."""
    before = pending_write.base if pending_write.is_absolute else ledger.shop.confirmed
    hinted = ledger.shop.hinted
    return level == before and (hinted is None or hinted < pending_write.sent)


def _is_lower_landed(pending_write: PendingWrite, level: int) -> bool:
    return (
        level <= pending_write.quantity if pending_write.is_absolute else pending_write.quantity > 0
    )


def absent(ledger: Ledger, read: LevelRead, timing: Timing) -> Ledger:
    """The store's answer has no such variant: its record is suspended, as after a refusal
    (`suspended`).

    A read that trails may miss a new variant, so a recently moved record is left as it is. A write
    that may still take effect is waited for. A write to a variant that is gone has not landed.
    """
    record = ledger.shop
    if not record.is_shown(read, timing.read_lag(Side.SHOP)):
        return ledger
    if record.pending_write is not None:
        if read.read_started < resolve_at(Side.SHOP, record.pending_write, timing):
            return ledger
        ledger = refused(ledger, Side.SHOP)
    return suspended(ledger, Side.SHOP)


# ---- Zettle --------------------------------------------------------------------------------------


def resolve_till(
    ledger: Ledger, read: LevelRead, echoed: datetime | None, timing: Timing
) -> Resolved:
    """Resolves by the echo, which came at `echoed`, and by the level: Zettle's reads have no lag.

    | when the request can no longer take effect | a fall | a rise |
    |---|---|---|
    | the echo came, at any time | landed | landed |
    | the level is as before, nothing has moved, before the timeout | not landed | waiting |
    | the level is as before, nothing has moved, after the timeout | not landed | not landed |
    | after the timeout, and an event of another movement came | not landed | presumed lost [1] |
    | after twice the timeout, and no such event came | assumed lost | assumed landed |
    | anything else | waiting | waiting |

    [1] Where the level is high enough to include the rise, its echo may be lost: assumed landed.

    The timeout is the resolve timeout. Presumed lost means landed for an hour, then not landed.
    The two assumed verdicts give the lower target, and the merchant is asked if no echo comes
    within an hour. A late echo corrects all of these (`reviewed`).
    """
    pending_write = ledger.zettle.pending_write
    assert pending_write is not None, "no write is pending"
    if echoed is not None:
        # A read that started before the echo came may or may not include the write. `observed`
        # leaves it to the next read.
        return _resolved_with(
            landed(ledger, Side.ZETTLE, echoed), Side.ZETTLE, read, timing, Verdict.LANDED
        )
    waits = _waiting(ledger, Side.ZETTLE, read, timing)
    pending_write = waits.ledger.zettle.pending_write
    if pending_write is None or pending_write.since is None or not isinstance(read.level, int):
        return waits
    waited = read.read_started - pending_write.since
    is_over = waited >= timing.resolve_timeout
    rise = pending_write.quantity > 0
    if read.level == pending_write.base == waits.ledger.zettle.confirmed and (is_over or not rise):
        return _ended(waits, refused(waits.ledger, Side.ZETTLE), read, timing, Verdict.NOT_LANDED)
    hinted = waits.ledger.zettle.hinted
    reported = hinted is not None and hinted >= pending_write.sent - timing.finish(Side.ZETTLE)
    # What moved the level just before the timeout may be reported a moment later.
    if not is_over or (not reported and waited < 2 * timing.resolve_timeout):
        return waits
    if rise:
        is_low = read.level < (pending_write.base or 0) + pending_write.quantity
        verdict = Verdict.PRESUMED_LOST if reported and is_low else Verdict.ASSUMED_LANDED
        done = landed(waits.ledger, Side.ZETTLE, pending_write.dead(timing))
    else:
        verdict = Verdict.NOT_LANDED if reported else Verdict.ASSUMED_LOST
        done = refused(waits.ledger, Side.ZETTLE)
    return _ended(waits, done, read, timing, verdict)


def _ended(
    waits: Resolved, done: Ledger, read: LevelRead, timing: Timing, verdict: Verdict
) -> Resolved:
    resolved = _resolved_with(done, Side.ZETTLE, read, timing, verdict)
    return replace(resolved, change=resolved.change + waits.change)


class Review(StrEnum):
    """What becomes of a write to Zettle that was resolved without an echo."""

    WAIT = "wait"
    AS_TAKEN = "as_taken"
    OTHERWISE = "otherwise"
    """The verdict was wrong: both targets are too high or too low by its quantity
    (`moves.corrected`).
    """
    ASK = "ask"


def reviewed(verdict: Verdict, *, echoed: bool, over: bool) -> Review:
    """Decided by a late echo, or when the time for an echo is `over`.

    | verdict | an echo came | its time is over |
    |---|---|---|
    | not landed | otherwise | wait |
    | presumed lost | as taken | otherwise |
    | assumed landed | as taken | ask |
    | assumed lost | otherwise | ask |
    """
    if echoed:
        landed_ = verdict in (Verdict.ASSUMED_LANDED, Verdict.PRESUMED_LOST)
        return Review.AS_TAKEN if landed_ else Review.OTHERWISE
    if not over or verdict is Verdict.NOT_LANDED:
        return Review.WAIT
    return Review.OTHERWISE if verdict is Verdict.PRESUMED_LOST else Review.ASK


# ---- Both ----------------------------------------------------------------------------------------


def _waiting(ledger: Ledger, side: Side, read: LevelRead, timing: Timing) -> Resolved:
    """Nothing is decided yet. What the read shows beyond the write counts at once. The resolve
    timeout starts when the write can no longer take effect.
    """
    seen = _resolved_with(ledger, side, read, timing, Verdict.WAITING)
    pending_write = seen.ledger[side].pending_write
    if (
        pending_write is None
        or pending_write.since is not None
        or read.read_started < resolve_at(side, pending_write, timing)
    ):
        return seen
    record = replace(
        seen.ledger[side], pending_write=replace(pending_write, since=read.read_started)
    )
    return replace(seen, ledger=seen.ledger.with_record(side, record))


def _resolved_with(
    ledger: Ledger, side: Side, read: LevelRead, timing: Timing, verdict: Verdict
) -> Resolved:
    step = observed(ledger, side, read, timing)
    return Resolved(step.ledger, verdict, step.change)
