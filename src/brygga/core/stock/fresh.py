"""What the shop sold between "tracking is on" and the moment at which its absolute level had landed (rules S3, S7).

Such an order is in no level: the one that was written covers it. Zettle's number, from which that was taken, does not know of it either.
It is known by its hook alone, which counts whole seconds, so that an order of the very second may have come before the level or after it;
which of the two, the levels that were read since tell.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from brygga.core.stock.ledger import TICK, Fresh, Look, Shelf, Side, Timing, Told


def heard_of(shelf: Shelf, told: Told) -> Fresh | None:
    """With one movement more that was told of. What is no order, came twice, does not say how much, or is from before, changes nothing."""
    fresh = shelf.fresh
    if fresh is None or not told.by_order or told.again or not told.relative or told.value is None or not shelf.signed:
        return fresh
    # As in `sharing.bought_since`: what was taken in the very second counts, what was put back in it does not.
    if told.at + TICK <= fresh.since or (told.value > 0 and told.at < fresh.since):
        return fresh
    if fresh.until is None or told.at <= fresh.until:
        return replace(fresh, early=(*fresh.early, told))
    return replace(fresh, told=fresh.told + told.value)


def decided(shelf: Shelf, look: Look, timing: Timing) -> tuple[Fresh, int | None] | None:
    """By a look that closes all hints: what the early orders took that is in no level; None for it where nothing leads to what was seen.

    None at all while there is nothing to say. What leads nowhere is waited for as long as a doubt (`doubt_s`): a hook may be missing.
    """
    fresh, lag = shelf.fresh, timing.lag(Side.SHOP)
    if fresh is None or fresh.until is None or not fresh.early or not _closes(shelf, look, lag):
        return None
    early = sorted(fresh.early, key=lambda one: one.at)
    if timing.theirs(Side.SHOP, look.begun) < early[-1].at + TICK + lag:
        return None
    change = _covered([one.value or 0 for one in early], fresh.moved - fresh.told)
    if change is None and look.begun < max(one.heard or look.begun for one in early) + timing.doubt:
        return None
    return replace(fresh, early=(), told=fresh.moved), change


def _closes(shelf: Shelf, look: Look, lag: timedelta) -> bool:
    return shelf.settled == look.begun and (shelf.hinted is None or look.begun >= shelf.hinted + lag)


def _covered(early: list[int], seen: int) -> int | None:
    """The first of them came before the level, the rest after it: so many that the rest is what was seen of them."""
    return next((sum(early[:count]) for count in range(len(early) + 1) if sum(early[count:]) == seen), None)


def landed_at(shelf: Shelf, at: datetime) -> Fresh | None:
    """An absolute level has landed, at the latest at `at`: what the level does by itself counts from here."""
    flight, fresh = shelf.flight, shelf.fresh
    if flight is None or fresh is None:
        return fresh
    latest = at if flight.lost is None else max(at, flight.lost)
    until = latest if flight.clock is None else flight.clock.theirs(latest) + flight.clock.slack
    return replace(fresh, until=until, told=0, moved=0)
