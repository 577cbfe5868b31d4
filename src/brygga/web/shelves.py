"""What a shelf holds and what is on its way to it, in words: the present of "why is this 7?"."""

from dataclasses import dataclass

from brygga.core.stock import LIMITS, Flight, Gap, Ledger, Shelf, Side
from brygga.web.i18n import Words


@dataclass(frozen=True, slots=True)
class ShelfView:
    """`level` is what the side shows, `promised` what it will show when everything has been written; None where there is no number."""

    side: str
    level: int | None
    promised: int | None
    sentences: tuple[str, ...]
    moving: bool = False


def shelf_view(words: Words, ledger: Ledger, side: Side) -> ShelfView:
    shelf = ledger[side]
    level = shelf.known if isinstance(shelf.known, int) else None
    keys = (
        _gap(shelf, side) if level is None else [(f"shelf.shows.{side}", level), *_flight(shelf), *_owed(shelf, side)]
    )
    said = tuple(words.fill(key, {"n": _plain(words, key, value)}) for key, value in keys)
    return ShelfView(side.value, level, shelf.promised, said, moving=shelf.flight is not None or shelf.owed != 0)


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
            "why.separate" if shop.known is not Gap.UNBORN and not shop.asleep else "why.separate_away", numbers
        )
    if shop.promised is None:
        return words.fill("why.till_only", numbers)
    if till.promised < 0:
        return words.fill("why.below_zero", {"n": words.number(-till.promised)})
    return words.fill("why.calm" if till.known == shop.known == till.promised else "why.moving", numbers)


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


def _owed(shelf: Shelf, side: Side) -> Said:
    """What waits to be written, and why it does not leave at once where that is known."""
    assert isinstance(shelf.known, int)
    if shelf.owed == 0:
        return []
    if shelf.asleep:
        return [("shelf.asleep", shelf.owed)]
    room = max(0, shelf.known - max(0, shelf.floor))
    if -shelf.owed > room:
        return [("shelf.held_by_floor" if shelf.floor > 0 else "shelf.short", -shelf.owed - room)]
    if shelf.known + shelf.owed > LIMITS[side].highest:
        return [("shelf.full", shelf.owed)]
    return [("shelf.owed", shelf.owed)]


CHANGES = frozenset({"shelf.in_flight", "shelf.unanswered", "shelf.owed", "shelf.asleep", "shelf.full"})


def _plain(words: Words, key: str, value: int | None) -> str:
    if value is None:
        return ""
    return signed(words, value) if key in CHANGES else words.number(value) if value >= 0 else signed(words, value)
