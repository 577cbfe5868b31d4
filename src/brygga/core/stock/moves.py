"""The moves: observed, hinted, sent, landed, refused; what becomes of a write without an answer is
in `resolving`.

Each keeps the law, because each moves a number from one term of `promised` to another, or changes
both shelves' promise alike.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from brygga.core.stock.ledger import (
    SUSPENDED,
    Change,
    Flight,
    Ledger,
    Look,
    Shelf,
    Side,
    Timing,
    Told,
)
from brygga.core.stock.slots import Slot


@dataclass(frozen=True, slots=True)
class Observed:
    """The ledger after a look, and by how much the shelf was found to have moved by itself."""

    ledger: Ledger
    change: int = 0


def observed(ledger: Ledger, side: Side, look: Look, timing: Timing) -> Observed:
    """A shelf that changed by itself owes the change to the other one (rules S2, S3, S4).

    | the look | what it says |
    |---|---|
    | is older than the last one that counted, or has no number | nothing |
    | began one lag after our last write and the last change, and no flight is open | the truth |
    | is below every level that our own recent writes can explain | at least the difference was sold: it counts at once |
    | anything else | nothing yet: wait for a clear one |

    Separate stock moves only its own shelf, and owes nobody more than it holds.
    """
    shelf = ledger[side]
    if (
        not isinstance(look.level, int)
        or not isinstance(shelf.known, int)
        or (shelf.seen and look.begun < shelf.seen)
    ):
        return Observed(ledger)

    lag = timing.lag(side)
    clear = shelf.is_clear(look, lag)
    change = look.level - shelf.known if clear else min(0, look.level - shelf.lowest(look, lag))
    doubtful = not clear and look.level != shelf.known + change
    seen = replace(
        shelf.woken(),
        floor=look.floor,
        seen=look.begun,
        settled=look.begun if clear else shelf.settled,
        ambiguous=(shelf.ambiguous or look.begun) if doubtful else None,
        recent=tuple(c for c in shelf.recent if c.at > look.begun - lag),
    )
    return Observed(_moved(ledger, side, seen, change, look.begun), change)


def _moved(ledger: Ledger, side: Side, shelf: Shelf, change: int, at: datetime) -> Ledger:
    """`shelf` with a change of its own, and the other shelf owed the same."""
    if change == 0:
        return ledger.put(side, shelf)
    assert isinstance(shelf.known, int)
    # A change that was seen answers Zettle's hint. BigCommerce's is closed by a clear look: a read
    # may show half of it. An open write is weighed with it later (`resolving.resolve_till`).
    answered = (
        side is Side.ZETTLE
        and shelf.flight is None
        and shelf.hinted is not None
        and shelf.hinted <= at
    )
    hint = None if answered else shelf.hinted
    moved = replace(
        shelf, known=shelf.known + change, recent=(*shelf.recent, Change(at, change)), hinted=hint
    )
    if ledger.separate:
        # A split takes from a shelf as far as the shelf goes; the rest must not eat the next
        # restock.
        return ledger.put(
            side,
            replace(moved, owed=max(moved.owed, min(0, -(shelf.known + change + moved.in_flight)))),
        )
    other = ledger[side.other]
    if other.promised is not None:
        other = replace(other, owed=other.owed + change)
    return ledger.put(side, moved, other)


# ---- A level that is gone without an event -------------------------------------------------------


def is_emptied(ledger: Ledger, look: Look, timing: Timing) -> bool:
    """The shop shows none of some units, and no event said so: they are sold, or BigCommerce forgot
    the number.

    It forgets numbers when it counts otherwise (bigcommerce facts 5.4). An event of an order says
    that some are sold: of several units the orders must tell.
    """
    shelf = ledger.shop
    by_order = is_ordered(shelf, timing)
    if (
        shelf.flight is not None
        or not isinstance(shelf.known, int)
        or (is_told(shelf, timing) and not by_order)
    ):
        return False
    step = observed(ledger, Side.SHOP, look, timing)
    return step.change < (-1 if by_order else 0) and step.ledger.shop.known == 0


def unproven(ledger: Ledger, look: Look, timing: Timing) -> Ledger | None:
    """A shelf that `is_emptied`, and orders do not explain it: for a while that is no number, and
    looked at again: a hook may be late. None where it is believed because it has stayed so."""
    shelf = ledger.shop
    since = shelf.ambiguous or look.begun
    if look.begun - since >= timing.patience:
        return None
    return ledger.put(
        Side.SHOP, replace(shelf, ambiguous=since, hinted=look.begun, seen=look.begun)
    )


def is_held(ledger: Ledger) -> bool:
    """Whether the last look at the shop showed none, and was not believed (`unproven`)."""
    shelf = ledger.shop
    return shelf.ambiguous is not None and shelf.seen is not None and shelf.hinted == shelf.seen


def is_told(shelf: Shelf, timing: Timing) -> bool:
    """Whether an event of the shop's that is still open can be about a movement of its own.

    Where the shelf moved a moment ago, an event may be about that; then only one of an order
    counts. One that names the product of several sizes says nothing of this one.
    """
    return _is_open(
        shelf, shelf.ordered if shelf.recent or shelf.told is None else shelf.told.at, timing
    )


def is_ordered(shelf: Shelf, timing: Timing) -> bool:
    """Whether an event that is still open names an order of this very variant."""
    return _is_open(shelf, shelf.ordered, timing)


def _is_open(shelf: Shelf, told: datetime | None, timing: Timing) -> bool:
    """No look since then was beyond doubt."""
    return told is not None and (
        shelf.settled is None or told > shelf.settled - timing.lag(Side.SHOP)
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
    shelf = ledger[side]
    latest = max(shelf.hinted or hint.at, hint.at)
    if side is Side.ZETTLE or not hint.variant:
        return ledger.put(side, replace(shelf, hinted=latest))
    made = hint.made or hint.at
    ordered = max(shelf.ordered or made, made) if hint.by_order else shelf.ordered
    return ledger.put(side, replace(shelf, hinted=latest, told=Told(latest, ordered)))


# ---- Writes --------------------------------------------------------------------------------------


def sent(  # noqa: PLR0917 - what a write is, and with what it leaves
    ledger: Ledger, side: Side, change: int, call: str, at: datetime, slot: Slot | None = None
) -> Ledger:
    """Owed becomes flight. To be saved before the request leaves, or a crash in between would
    forget it.
    """
    shelf = ledger[side]
    assert shelf.flight is None, "one open flight per shelf"
    assert isinstance(shelf.known, int), "a change needs a number to change"
    flight = Flight(call, change, at, base=shelf.known, slot=slot)
    return ledger.put(side, replace(shelf, owed=shelf.owed - change, flight=flight))


def landed(ledger: Ledger, side: Side, at: datetime) -> Ledger:
    """The platform said yes: what was in flight is known."""
    shelf, flight = ledger[side], _flight(ledger, side)
    if flight.is_absolute:
        # What it showed before is not known: a store that does not count shows 0 (bigcommerce facts
        # 5.4).
        known, ledger = flight.quantity, replace(ledger, started=None)
    else:
        assert isinstance(shelf.known, int)
        known = shelf.known + flight.quantity
    recent = (*shelf.recent, Change(at, flight.quantity))
    return ledger.put(side, replace(shelf.woken(), known=known, flight=None, recent=recent))


def refused(ledger: Ledger, side: Side) -> Ledger:
    """The platform said no, or never got it: what was in flight is owed again."""
    shelf, flight = ledger[side], _flight(ledger, side)
    assert not flight.is_absolute, "an absolute level is taken back by `reset_refused`"
    return ledger.put(side, replace(shelf, owed=shelf.owed + flight.quantity, flight=None))


def short(ledger: Ledger, side: Side, at: datetime, timing: Timing) -> Ledger:
    """Refused for too little stock: somebody sold meanwhile. Owed again, and nothing is sent until
    the shelf was read.

    A shelf that shows less than we know gets its rest as far as it goes; the remainder stays owed
    and is paid by the next restock. Separate stock has no one to owe to: what does not fit its
    shelf is dropped (`_moved`).
    """
    back = refused(ledger, side)
    rests = at + max(timing.lag(side), timing.finish(side))
    return back.put(side, replace(back[side], rests=rests, hinted=max(back[side].hinted or at, at)))


def suspended(ledger: Ledger, side: Side) -> Ledger:
    """The platform knows no such item: the shelf sleeps until the product work has spoken."""
    return ledger.put(side, replace(ledger[side], rests=SUSPENDED))


def unanswered(ledger: Ledger, side: Side, at: datetime) -> Ledger:
    """Sent, and no answer will come: from now on the flight may be resolved."""
    return ledger.put(side, replace(ledger[side], flight=replace(_flight(ledger, side), lost=at)))


def corrected(ledger: Ledger, side: Side, change: int) -> Ledger:
    """A write that was taken for lost had landed: both shelves promised `change` too much, and owe
    it back.

    What the level showed meanwhile was booked as the shelf's own movement, so the two readings of
    the world differ by exactly `change` in what both sides promise. With separate stock it is its
    own shelf's alone.
    """
    other = ledger[side.other]
    if ledger[side].promised is None:
        return ledger
    shelf = replace(ledger[side], owed=ledger[side].owed - change)
    alone = ledger.separate or other.promised is None
    return ledger.put(side, shelf, other if alone else replace(other, owed=other.owed - change))


def _flight(ledger: Ledger, side: Side) -> Flight:
    flight = ledger[side].flight
    assert flight is not None, "nothing was in flight"
    return flight
