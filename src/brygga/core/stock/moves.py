"""The moves: observed, sent, landed, refused, and (in `settling`) settle. Each keeps the law, because each moves a number from
one term of `promised` to another, or changes both shelves' promise alike.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from brygga.core.stock.accounts import forgotten, remembered
from brygga.core.stock.fresh import begun_earlier, decided, heard_of, landed_by
from brygga.core.stock.ledger import TICK, Apart, Change, Flight, Kind, Ledger, Look, Shelf, Side, Timing, Told


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
    if not isinstance(look.level, int) or not isinstance(shelf.known, int) or (shelf.seen and look.begun < shelf.seen):
        return Observed(ledger)

    lag = timing.lag(side)
    clear = shelf.is_clear(look, lag)
    change = look.level - shelf.known if clear else min(0, look.level - shelf.lowest(look, lag))
    doubtful = not clear and look.level != shelf.known + change
    seen = replace(
        shelf,
        asleep=False,
        floor=look.floor,
        seen=look.begun,
        settled=look.begun if clear else shelf.settled,
        ambiguous=(shelf.ambiguous or look.begun) if doubtful else None,
        recent=tuple(c for c in shelf.recent if c.at > look.begun - lag),
        tale=forgotten(shelf.tale, timing.theirs(side, look.begun) - lag) if clear else shelf.tale,
    )
    return Observed(_moved(ledger, side, seen, change, look.begun), change)


def _moved(ledger: Ledger, side: Side, shelf: Shelf, change: int, at: datetime) -> Ledger:
    """`shelf` with a change of its own, and the other shelf owed the same."""
    if change == 0:
        return ledger.put(side, shelf)
    assert isinstance(shelf.known, int)
    # A change that was seen answers Zettle's hint; BigCommerce's is closed by a clear look, since a read may show half of what happened.
    hint = None if side is Side.ZETTLE and shelf.hinted and shelf.hinted <= at else shelf.hinted
    fresh = None if shelf.fresh is None else replace(shelf.fresh, moved=shelf.fresh.moved + change)
    recent = (*shelf.recent, Change(at, change))
    moved = replace(shelf, known=shelf.known + change, recent=recent, touched=at, hinted=hint, fresh=fresh)
    if ledger.separate:
        # What a confirmed split still wants taken from a shelf is taken as far as the shelf goes; it must not eat the next restock.
        return ledger.put(side, replace(moved, owed=max(moved.owed, min(0, -(shelf.known + change + moved.in_flight)))))
    other = ledger[side.other]
    if other.promised is not None:
        other = replace(other, owed=other.owed + change)
    return ledger.put(side, moved, other)


@dataclass(frozen=True, slots=True)
class Hint:
    """A platform says that a shelf moved. `at` is when we heard.

    `edited` is the time that a BigCommerce hook carries, if it tells of an edit or of a write by an interface, not of an order.
    `variant_id` is BigCommerce's, 0 where the hook is about the whole product.
    """

    at: datetime
    edited: datetime | None = None
    by_order: bool = False
    variant_id: int = 0
    told: Told | None = None
    """What it tells of the movement; None where it says nothing but that there was one."""

    @property
    def tells(self) -> Told:
        return replace(self.told or Told(self.at, by_order=self.by_order), heard=self.at)

    def is_about(self, shelf: Shelf) -> bool:
        return self.variant_id in (0, shelf.variant_id)


def hinted(ledger: Ledger, side: Side, hint: Hint, timing: Timing, variant: str = "") -> Ledger:
    """A hint is a reason to look, never a number. What it tells of a sibling of `variant` is no movement of this shelf.

    Our own writes in BigCommerce cause hints of an edit, without saying so: such a one tells of an open flight if the times allow it.
    What was told `again` asks for no other look than the first time did.
    """
    shelf = ledger[side]
    shelf = replace(shelf, signed=shelf.signed or hint.tells.is_signed)
    flight = shelf.flight
    if hint.tells.again:
        return ledger.put(side, replace(shelf, tale=remembered(shelf, hint.tells)))
    # What was heard before it left, and is read only now, does not tell of it.
    edited = hint.edited if flight is not None and hint.at >= flight.sent else None
    if flight is not None and edited is not None and may_tell(flight, edited, timing):
        flight = replace(flight, told=flight.told or hint.at, tells=flight.tells + 1)
    elif flight is not None and edited is not None and _could_tell(flight, edited, timing):
        flight = replace(flight, maybes=flight.maybes + 1)
    elif flight is not None and hint.at >= flight.sent - timing.unseen(side):
        flight = replace(flight, others=flight.others + 1)
    latest = max(shelf.hinted or hint.at, hint.at)
    ordered = latest if hint.by_order else shelf.ordered
    if hint.tells.variant in ("", variant):
        shelf = replace(shelf, tale=remembered(shelf, hint.tells), fresh=heard_of(shelf, hint.tells))
    return ledger.put(side, replace(shelf, hinted=latest, heard=latest, ordered=ordered, flight=flight))


def may_tell(flight: Flight, edited: datetime, timing: Timing) -> bool:
    """Whether an edit in BigCommerce is likely this write: made just after it left, and not our previous write."""
    clock = timing.clock(Side.SHOP, flight)
    sent = clock.theirs(flight.sent)
    return sent - TICK - clock.slack < edited <= sent + timing.prompt + TICK and not flight.is_crowded


def _could_tell(flight: Flight, edited: datetime, timing: Timing) -> bool:
    """Whether it could be this write at all: made before we gave it up. A request whose process died has no known end."""
    clock = timing.clock(Side.SHOP, flight)
    sent, ended = (clock.theirs(at) for at in (flight.sent, flight.lost or flight.sent + timing.gap))
    return sent - TICK - clock.slack < edited <= ended + TICK and not flight.is_crowded


def sent(  # noqa: PLR0917 - what a write is, and when and by which clock it leaves
    ledger: Ledger, side: Side, change: int, call: str, at: datetime, clock: Apart | None = None
) -> Ledger:
    """Owed becomes flight. To be saved before the request leaves, or a crash in between would forget it."""
    shelf = ledger[side]
    assert shelf.flight is None, "one open flight per shelf"
    assert isinstance(shelf.known, int), "a change needs a number to change"
    flight = Flight(
        call,
        change,
        at,
        Kind.CHANGE,
        base=shelf.known,
        clock=clock,
        prior=shelf.wrote,
        hinted=shelf.hinted,
        seen=shelf.seen,
    )
    return ledger.put(side, replace(shelf, owed=shelf.owed - change, flight=flight))


def landed(ledger: Ledger, side: Side, at: datetime, latest: datetime | None = None) -> Ledger:
    """The platform said yes: what was in flight is known. `latest`: when it can have taken effect at the latest, if not by `at`."""
    shelf = ledger[side]
    flight = shelf.flight
    assert flight is not None, "nothing was in flight"
    if flight.is_absolute:
        # What it showed before is not known: a store that does not count shows 0 (bigcommerce facts 5.4), and reads may go on doing so.
        known = change = flight.quantity
        shelf = replace(shelf, fresh=landed_by(shelf, flight, latest or at))
    else:
        assert isinstance(shelf.known, int)
        known, change = shelf.known + flight.quantity, flight.quantity
    recent = (*shelf.recent, Change(at, change))
    touched = max(shelf.touched or at, at)
    return ledger.put(
        side, replace(shelf, known=known, flight=None, recent=recent, touched=touched, wrote=touched, asleep=False)
    )


def refused(ledger: Ledger, side: Side) -> Ledger:
    """The platform said no, or never got it: what was in flight is owed again."""
    shelf = ledger[side]
    flight = shelf.flight
    assert flight is not None, "nothing was in flight"
    assert not flight.is_absolute, "an absolute level is taken back by `reset_refused`"
    return ledger.put(side, replace(shelf, owed=shelf.owed + flight.quantity, flight=None))


def short(ledger: Ledger, side: Side, at: datetime, timing: Timing) -> Ledger:
    """Refused for too little stock: somebody sold meanwhile. Owed again, and nothing is sent until the shelf was looked at.

    A shelf that shows less than we know gets its rest as far as it goes; the remainder stays owed and is paid by the next restock. Separate
    stock has no one to owe to: what does not fit its shelf is dropped (see `sending`).
    """
    back = refused(ledger, side)
    rests = at + max(timing.lag(side), timing.finish(side))
    return back.put(side, replace(back[side], rests=rests, hinted=max(back[side].hinted or at, at)))


def missing(ledger: Ledger, side: Side) -> Ledger:
    """Refused because the platform knows no such item: the shelf sleeps until the product work has spoken."""
    back = refused(ledger, side)
    return back.put(side, replace(back[side], asleep=True))


def unanswered(ledger: Ledger, side: Side, at: datetime, left: datetime | None = None) -> Ledger:
    """Sent, and no answer will come: from now on the flight may be settled. `left`: when the wire sent it, where it says so."""
    shelf = ledger[side]
    assert shelf.flight is not None, "nothing was in flight"
    return ledger.put(side, replace(shelf, flight=replace(shelf.flight, lost=at, left=left)))


def corrected(ledger: Ledger, side: Side, change: int) -> Ledger:
    """A write that had been given up for lost had landed: both shelves promised `change` too much, and owe it back.

    Whatever the level showed meanwhile was booked as the shelf's own movement, so the two readings of the world differ by exactly `change`
    in what both sides promise. With separate stock it is its own shelf's alone: what a split or a join wrote there.
    """
    other = ledger[side.other]
    if ledger[side].promised is None or (other.promised is None and not ledger.separate):
        return ledger
    shelf = replace(ledger[side], owed=ledger[side].owed - change)
    return ledger.put(side, shelf, other if ledger.separate else replace(other, owed=other.owed - change))


@dataclass(frozen=True, slots=True)
class Early:
    """What orders took before the shop's level had landed; `sure` unless nothing that was told leads to the levels that were read."""

    ledger: Ledger
    change: int = 0
    sure: bool = True


def ordered_early(ledger: Ledger, look: Look, timing: Timing) -> Early | None:
    """After tracking was switched on: both sides promise less what was ordered before the shop's level had landed (`fresh`).

    None while a look says nothing of that.
    """
    found = decided(ledger.shop, look, timing)
    if found is None:
        return None
    fresh, change = found
    done = ledger.put(Side.SHOP, replace(ledger.shop, fresh=fresh))
    return Early(done, sure=False) if change is None else Early(corrected(done, Side.SHOP, -change), change)


def started_earlier(ledger: Ledger, start: datetime) -> Ledger:
    """Zettle told only now when tracking was switched on, by BigCommerce's clock."""
    return ledger.put(Side.SHOP, replace(ledger.shop, fresh=begun_earlier(ledger.shop, start)))
