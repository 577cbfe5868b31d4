"""What a shelf holds and what is on its way to it, in words: the present of "why is this 7?"."""

from dataclasses import dataclass

from brygga.core import stock
from brygga.core.stock import LIMITS, Flight, Gap, Ledger, Shelf, Side
from brygga.web.i18n import Words


@dataclass(frozen=True, slots=True)
class ShelfView:
    """`level` is what the side shows, `promised` what it will show when everything has been
    written; None where there is no number.
    """

    side: str
    level: int | None
    promised: int | None
    sentences: tuple[str, ...]
    moving: bool = False


def shelf_view(words: Words, ledger: Ledger, side: Side, *, paused: bool = False) -> ShelfView:
    """`paused`: what waits is written when the work goes on, not in a moment."""
    shelf = ledger[side]
    level = shelf.known if isinstance(shelf.known, int) else None
    keys = (
        _gap(shelf, side)
        if level is None
        else [(f"shelf.shows.{side}", level), *_flight(shelf), *_owed(ledger, side)]
    )
    limit, beyond = words.number(LIMITS[side].highest), stock.excess(ledger, side)
    said = tuple(
        words.fill(
            f"{key}.paused" if paused and words.has(f"{key}.paused") else key,
            {"n": _plain(words, key, value), "limit": limit},
        )
        for key, value in keys
    )
    promised = None if shelf.promised is None else shelf.promised - beyond
    return ShelfView(
        side.value, level, promised, said, moving=shelf.flight is not None or shelf.owed != beyond
    )


def headline(words: Words, ledger: Ledger) -> str:
    """The number in one sentence, before its history."""
    till, shop = ledger.zettle, ledger.shop
    if till.known is Gap.UNTRACKED:
        return words.fill("why.untracked", {})
    if till.promised is None:
        return words.fill("why.unknown", {})
    numbers = {
        "till": words.number(till.promised),
        "shop": "" if shop.promised is None else words.number(shop.promised),
    }
    if ledger.separate:
        return words.fill(
            "why.separate"
            if shop.known is not Gap.UNBORN and not shop.asleep
            else "why.separate_away",
            numbers,
        )
    if shop.promised is None:
        return words.fill("why.till_only", numbers)
    return _shared(words, ledger, till.promised)


def _shared(words: Words, ledger: Ledger, promised: int) -> str:
    """The number of both sides, and why one of them may show another."""
    number, limit = words.number(promised), words.number(LIMITS[Side.ZETTLE].highest)
    if stock.excess(ledger, Side.ZETTLE):
        return words.fill("why.full", {"n": number, "limit": limit})
    if promised < 0:
        return words.fill("why.below_zero", {"n": words.number(-promised)})
    calm = ledger.zettle.known == ledger.shop.known == promised
    return words.fill("why.calm" if calm else "why.moving", {"till": number})


def signed(words: Words, change: int) -> str:
    """+3 or −3, as people write it."""
    return f"{'+' if change > 0 else '−' if change < 0 else ''}{words.number(abs(change))}"


Said = list[tuple[str, int | None]]


def _gap(shelf: Shelf, side: Side) -> Said:
    if shelf.flight is not None:
        return [("shelf.reset", shelf.flight.quantity)]
    assert isinstance(shelf.known, Gap)
    return [(f"shelf.{shelf.known.value}.{side}", None)]


def _flight(shelf: Shelf) -> Said:
    flight: Flight | None = shelf.flight
    if flight is None:
        return []
    return [("shelf.unanswered" if flight.lost is not None else "shelf.in_flight", flight.quantity)]


def _owed(ledger: Ledger, side: Side) -> Said:
    """What waits to be written, and why it does not leave at once where that is known."""
    shelf = ledger[side]
    assert isinstance(shelf.known, int)
    if shelf.owed == 0:
        return []
    if shelf.asleep:
        return [("shelf.asleep", shelf.owed)]
    room = max(0, shelf.known - max(0, shelf.floor))
    if -shelf.owed > room:
        return [("shelf.held_by_floor" if shelf.floor > 0 else "shelf.short", -shelf.owed - room)]
    beyond = stock.excess(ledger, side)
    fits = [("shelf.owed", shelf.owed - beyond)] if shelf.owed != beyond else []
    return [*fits, (f"shelf.full.{side}", beyond)] if beyond else [*fits]


CHANGES = frozenset({"shelf.in_flight", "shelf.unanswered", "shelf.owed", "shelf.asleep"})


def _plain(words: Words, key: str, value: int | None) -> str:
    if value is None:
        return ""
    return (
        signed(words, value)
        if key in CHANGES
        else words.number(value)
        if value >= 0
        else signed(words, value)
    )
