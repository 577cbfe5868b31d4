"""What the shop sold between "tracking is on" and the moment at which its absolute level had landed (rules S3, S7).

Such an order is in no level: the one that was written covers it. Zettle's number, from which that was taken, does not know of it either.
It is known by its hook alone, which counts whole seconds, so that an order of the very second may have come before the level or after it;
which of the two, the levels that were read since tell.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from brygga.core.stock.accounts import LONGEST
from brygga.core.stock.ledger import TICK, Apart, Flight, Fresh, Look, Shelf, Side, Timing, Told

LATEST = timedelta(days=4)
"""Hooks are tried for two days (bigcommerce facts 6.4): none comes later than this."""


def heard_of(shelf: Shelf, told: Told) -> Fresh | None:
    """With one movement more that was told of. What is no order, came twice, or is from before, changes nothing."""
    fresh = shelf.fresh
    if fresh is None or not told.by_order or told.again:
        return fresh
    if fresh.until is not None and told.heard is not None and told.heard > fresh.until + LATEST:
        return None
    if _is_before(fresh, told):
        return replace(fresh, aside=(*fresh.aside, told)[-LONGEST:])
    value = told.value if told.relative and shelf.signed else None
    if fresh.until is not None and told.at > fresh.until:
        return fresh if value is None else replace(fresh, told=fresh.told + value)
    if value is None or len(fresh.early) >= LONGEST:
        return replace(fresh, sure=False)
    return replace(fresh, early=(*fresh.early, told))


def _is_before(fresh: Fresh, told: Told) -> bool:
    """As in `sharing.bought_since`: what was taken in the very second counts, what was put back in it does not."""
    returned = told.value is not None and told.value > 0
    return told.at + TICK <= fresh.since or (returned and told.at < fresh.since)


def begun_earlier(shelf: Shelf, start: datetime) -> Fresh | None:
    """Tracking was on sooner than was thought, as is told only now: with the orders since then that were left aside."""
    fresh = shelf.fresh
    if fresh is None or start >= fresh.since or (fresh.off is not None and start <= fresh.off):
        return fresh
    shelf = replace(shelf, fresh=replace(fresh, since=start, aside=()))
    for one in fresh.aside:
        shelf = replace(shelf, fresh=heard_of(shelf, one))
    return shelf.fresh


def decided(shelf: Shelf, look: Look, timing: Timing) -> tuple[Fresh, int | None] | None:
    """By a look that closes all hints: what of the early orders is in no level, beside what is taken for that already.

    None for it where nobody can know, because an order did not say how much, or nothing leads to the levels that were seen: that is waited
    for as long as a doubt (`doubt_s`), since a hook may be missing. None at all while there is nothing to say. An answer stands once
    patience is over; until then another order's hook may still be on its way, and make it another one.
    """
    fresh, lag = shelf.fresh, timing.lag(Side.SHOP)
    if fresh is None or fresh.until is None or not _closes(shelf, look, lag):
        return None
    done = replace(fresh, early=(), covered=0, told=fresh.moved, sure=True)
    if not fresh.sure:
        return done, None
    early = sorted(fresh.early, key=lambda one: one.at)
    if not early or timing.theirs(Side.SHOP, look.begun) < early[-1].at + TICK + lag:
        return None
    since = look.begun - max(one.heard or look.begun for one in early)
    covered = _covered([one.value or 0 for one in early], fresh.moved - fresh.told)
    if covered is None:
        return (done, None) if since >= timing.doubt else None
    now = done if since >= timing.patience else replace(fresh, covered=covered)
    return None if now == fresh else (now, covered - fresh.covered)


def _closes(shelf: Shelf, look: Look, lag: timedelta) -> bool:
    return shelf.settled == look.begun and (shelf.hinted is None or look.begun >= shelf.hinted + lag)


def _covered(early: list[int], seen: int) -> int | None:
    """The first of them came before the level, the rest after it: so many that the rest is what was seen of them."""
    return next((sum(early[:count]) for count in range(len(early) + 1) if sum(early[count:]) == seen), None)


def landed_by(shelf: Shelf, flight: Flight, latest: datetime) -> Fresh | None:
    """An absolute level has landed, at the latest then: what the level does by itself counts from here."""
    if shelf.fresh is None:
        return None
    clock = flight.clock or Apart()
    return replace(shelf.fresh, until=clock.theirs(latest) + clock.slack, covered=0, told=0, moved=0)
