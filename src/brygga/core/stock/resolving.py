"""What became of a write that got no answer.

Neither platform has an idempotency key. A call to BigCommerce carries a slot of the marker, whose
level says whether the call landed (decision 16); Zettle hands our identifier back in its event
(zettle facts 3.5). A write is resolved by these and by levels that were read when it could no
longer take effect. It is never repeated blindly.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from brygga.core.stock.ledger import Flight, Ledger, Level, Look, Side, Timing
from brygga.core.stock.moves import landed, observed, refused, suspended
from brygga.core.stock.sharing import reset_refused, reset_undone


class Verdict(StrEnum):
    WAITING = "waiting"
    LANDED = "landed"
    NOT_LANDED = "not_landed"
    ASSUMED_LANDED = "assumed_landed"
    """Nobody knows. Taken as landed, because that promises the lower number; the merchant is asked
    to check.
    """
    ASSUMED_LOST = "assumed_lost"
    """Nobody knows. Taken as not landed, because that promises the lower number; the merchant is
    asked to check.
    """
    PRESUMED_LOST = "presumed_lost"
    """A rise that probably never reached Zettle. Taken as landed, the lower number, until its echo
    had its time.
    """

    @property
    def is_doubtful(self) -> bool:
        return self in (Verdict.ASSUMED_LANDED, Verdict.ASSUMED_LOST)


@dataclass(frozen=True, slots=True)
class Resolved:
    """The ledger after an attempt to resolve; `change` is what the shelf was found to have moved by
    itself.
    """

    ledger: Ledger
    verdict: Verdict
    change: int = 0
    contradicts: bool = False
    """The slot and the record say opposite things (an operator wants to know)."""


def resolve_at(side: Side, flight: Flight, timing: Timing) -> datetime:
    """The earliest moment at which a look can say something: the request is dead by then, and reads
    have caught up.
    """
    if side is Side.ZETTLE and flight.since is not None:
        return flight.since + timing.patience
    return flight.dead(timing) + timing.finish(side)


# ---- BigCommerce ---------------------------------------------------------------------------------


def resolve_shop(ledger: Ledger, look: Look, slot: Level | None, timing: Timing) -> Resolved:
    """By the level of the call's slot, read with the record's own. `slot` is None where there is
    none to read.

    | the slot shows, in a read of after the request's end and a lag | verdict |
    |---|---|
    | one more than its count | landed |
    | the same, but the record shows exactly its level from before, and no event told of it | the lower number, and a question |
    | its count | not landed |
    | anything else, or nothing | the lower number, and a question |

    Where a call may land in part (`Timing.is_whole`), all is asked about but a record that nothing
    has touched. An earlier read decides nothing, and only a fall below all that the write can
    explain counts at once.
    """
    flight = ledger.shop.flight
    assert flight is not None, "nothing was in flight"
    if not isinstance(look.level, int) or look.begun < resolve_at(Side.SHOP, flight, timing):
        return _waiting(ledger, Side.SHOP, look, timing)
    more = slot - flight.slot.count if isinstance(slot, int) and flight.slot is not None else None
    is_landed = more == 1
    contradicts = more in (0, 1) and _contradicts(ledger, flight, look.level, landed_=is_landed)
    if timing.is_whole:
        told = ledger.shop.told
        is_sure = not (is_landed and contradicts) or (told is not None and told.at >= flight.sent)
    else:
        is_sure = more == 0 and _is_untouched(ledger, flight, look.level)
    if more in (0, 1) and is_sure:
        verdict = Verdict.LANDED if is_landed else Verdict.NOT_LANDED
        return replace(_closed(ledger, look, timing, verdict), contradicts=contradicts)
    lower = Verdict.ASSUMED_LANDED if _is_lower_landed(flight, look.level) else Verdict.ASSUMED_LOST
    return replace(_closed(ledger, look, timing, lower), contradicts=contradicts)


def _contradicts(ledger: Ledger, flight: Flight, level: int, *, landed_: bool) -> bool:
    """The record shows the opposite of what the slot says: somebody moved it by just as much, or a
    call is not all or nothing after all."""
    if flight.is_absolute:
        return landed_ and level == flight.base != flight.quantity
    if ledger.shop.known != flight.base or flight.base is None:
        return False
    return level == (flight.base if landed_ else flight.base + flight.quantity)


def _is_untouched(ledger: Ledger, flight: Flight, level: int) -> bool:
    """The record shows its level from before, and no event came since the write left."""
    before = flight.base if flight.is_absolute else ledger.shop.known
    hinted = ledger.shop.hinted
    return level == before and (hinted is None or hinted < flight.sent)


def _is_lower_landed(flight: Flight, level: int) -> bool:
    return level <= flight.quantity if flight.is_absolute else flight.quantity > 0


def _closed(ledger: Ledger, look: Look, timing: Timing, verdict: Verdict) -> Resolved:
    flight = ledger.shop.flight
    assert flight is not None
    assert isinstance(look.level, int)
    if verdict in (Verdict.LANDED, Verdict.ASSUMED_LANDED):
        ledger = landed(ledger, Side.SHOP, flight.dead(timing))
    elif flight.is_absolute:
        ledger = reset_undone(ledger, look.level)
    else:
        ledger = refused(ledger, Side.SHOP)
    return _booked(ledger, Side.SHOP, look, timing, verdict)


def absent(ledger: Ledger, look: Look, timing: Timing) -> Ledger:
    """The shop answered a look and left the variant out: its shelf sleeps, as after a refusal
    (`suspended`).

    A young one may be missing in a read that trails, and a write that may still take effect is
    waited for. One that was on its way to a variant that is gone has come to nothing.
    """
    shelf = ledger.shop
    if shelf.touched is not None and look.begun < shelf.touched + timing.lag(Side.SHOP):
        return ledger
    if shelf.flight is not None:
        if look.begun < resolve_at(Side.SHOP, shelf.flight, timing):
            return ledger
        ledger = reset_refused(ledger) if shelf.flight.is_absolute else refused(ledger, Side.SHOP)
    return suspended(ledger, Side.SHOP)


# ---- Zettle --------------------------------------------------------------------------------------


def resolve_till(ledger: Ledger, look: Look, echoed: datetime | None, timing: Timing) -> Resolved:
    """By the echo, which came at `echoed`, and by the level, since Zettle's reads trail nothing.

    | what is seen when the request is dead | verdict |
    |---|---|
    | the echo, at any time | landed |
    | the level from before, and nothing moved since | not landed: a fall at once, a rise when patience is over |
    | patience is over: a fall, and an event of another movement came | not landed |
    | a rise, and an event of another movement came | taken as landed for an hour, then not landed |
    | no such event | the lower number, and a question when an hour brought no echo |
    | anything else | waiting |

    A late echo corrects all of these (`reviewed`).
    """
    flight = ledger.zettle.flight
    assert flight is not None, "nothing was in flight"
    if echoed is not None:
        # A look that began before the echo came may contain the write or not; `observed` leaves it
        # to the next one.
        return _booked(
            landed(ledger, Side.ZETTLE, echoed), Side.ZETTLE, look, timing, Verdict.LANDED
        )
    waits = _waiting(ledger, Side.ZETTLE, look, timing)
    flight = waits.ledger.zettle.flight
    if flight is None or flight.since is None or not isinstance(look.level, int):
        return waits
    patient, rise = look.begun - flight.since >= timing.patience, flight.quantity > 0
    if look.level == flight.base == waits.ledger.zettle.known and (patient or not rise):
        return _given_up(waits, look, timing, Verdict.NOT_LANDED)
    if not patient:
        return waits
    hinted = waits.ledger.zettle.hinted
    told = hinted is not None and hinted >= flight.sent - timing.finish(Side.ZETTLE)
    if rise:
        verdict = Verdict.PRESUMED_LOST if told else Verdict.ASSUMED_LANDED
        done = landed(waits.ledger, Side.ZETTLE, flight.dead(timing))
        booked = _booked(done, Side.ZETTLE, look, timing, verdict)
        return replace(booked, change=booked.change + waits.change)
    return _given_up(waits, look, timing, Verdict.NOT_LANDED if told else Verdict.ASSUMED_LOST)


def _given_up(waits: Resolved, look: Look, timing: Timing, verdict: Verdict) -> Resolved:
    booked = _booked(refused(waits.ledger, Side.ZETTLE), Side.ZETTLE, look, timing, verdict)
    return replace(booked, change=booked.change + waits.change)


class Review(StrEnum):
    """What becomes of a write to Zettle that was resolved without an echo."""

    WAIT = "wait"
    AS_TAKEN = "as_taken"
    OTHERWISE = "otherwise"
    """It is not as it was taken: both sides promise too much or too little by its quantity
    (`moves.corrected`).
    """
    ASK = "ask"


def reviewed(verdict: Verdict, *, echoed: bool, over: bool) -> Review:
    """By an echo that came after all, or when the time for one is `over`.

    | taken for | an echo came | its time is over |
    |---|---|---|
    | not landed | otherwise | as taken |
    | landed, presumed lost | as taken | otherwise |
    | landed, nobody knows | as taken | ask |
    | lost, nobody knows | otherwise | ask |
    """
    if echoed:
        landed_ = verdict in (Verdict.ASSUMED_LANDED, Verdict.PRESUMED_LOST)
        return Review.AS_TAKEN if landed_ else Review.OTHERWISE
    if not over or verdict is Verdict.NOT_LANDED:
        return Review.WAIT
    return Review.OTHERWISE if verdict is Verdict.PRESUMED_LOST else Review.ASK


# ---- Both ----------------------------------------------------------------------------------------


def _waiting(ledger: Ledger, side: Side, look: Look, timing: Timing) -> Resolved:
    """Nothing is decided. What the look shows beyond the write counts at once; patience begins when
    the write is dead.
    """
    seen = _booked(ledger, side, look, timing, Verdict.WAITING)
    flight = seen.ledger[side].flight
    if flight is None or flight.since is not None or look.begun < resolve_at(side, flight, timing):
        return seen
    shelf = replace(seen.ledger[side], flight=replace(flight, since=look.begun))
    return replace(seen, ledger=seen.ledger.put(side, shelf))


def _booked(ledger: Ledger, side: Side, look: Look, timing: Timing, verdict: Verdict) -> Resolved:
    step = observed(ledger, side, look, timing)
    return Resolved(step.ledger, verdict, step.change)
