"""A movement of stock in words: when, on which side, why, from what to what, and the outcome of our
own request.

What we wrote to the other side because of an event is part of that event's line (`folded`): one
event, one line. An order that was read in several parts is one line too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from brygga.core.stock import Side
from brygga.core.stock.explaining import TOGETHER
from brygga.core.stock.movement import Cause, Movement, Reason
from brygga.web.i18n import Words
from brygga.web.stock_view import signed

BY_ITSELF: Final = frozenset({Cause.SEEN, Cause.ORDER, Cause.SWEPT})
"""Causes where the stock moved on the platform by itself. All others are our own writes, or the
merchant's commands on our pages.
"""
REQUESTS: Final = {
    Cause.WRITTEN: "landed",
    Cause.RESET: "landed",
    Cause.REFUSED: "refused",
    Cause.RESOLVED: "landed_late",
    Cause.NOT_WRITTEN: "not_landed",
    Cause.IN_DOUBT: "unknown",
    Cause.CONTRADICTED: "unknown",
}
"""The outcome of our request, where a movement states it."""
LEVELS: Final = frozenset({Cause.CREATED, Cause.RESET, Cause.STARTED})
"""Causes whose quantity is a level, not a change."""
SOON: Final = timedelta(minutes=10)
"""How soon a movement that was read is written to the other side, unless a platform does not
answer.
"""
LANDED: Final = frozenset({Cause.WRITTEN, Cause.RESOLVED})
"""Our write succeeded."""
MOVES: Final = BY_ITSELF | LANDED
"""The stock on one side moved by the movement's quantity. A command on our pages moves stock only
when it is written.
"""
ONE: Final = frozenset({Reason.SALE, Reason.REFUND, Reason.ORDER, Reason.RETURN})
"""One receipt or one order caused the movement, if its number is one."""


@dataclass(frozen=True, slots=True)
class MoveView:
    """`whose` is till, shop or us. `moved` is the change of stock. `till` and `shop` are the
    numbers before and after, None for no number.
    """

    at: datetime
    whose: str
    sentence: str
    moved: int | None
    change: str
    till: tuple[int | None, int | None]
    shop: tuple[int | None, int | None]
    request: str = ""
    sent: datetime | None = None
    doubtful: bool = False
    to: str = ""
    """Where the request was sent: zettle or shop. "" where the line is about nothing else."""


@dataclass(slots=True)
class Event:
    """A movement, by its id, and the write to the other side that it caused.

    For a movement that was read in several parts it is the sum, by the id of the newest part, and
    `also` are our further writes.
    """

    id: int
    move: Movement
    written: Movement | None = None
    also: tuple[Movement, ...] = ()


def folded(moves: Sequence[tuple[int, Movement]]) -> list[Event]:
    """The events, newest first, as `moves` are. A write that succeeded belongs to the events that
    it carried: the oldest unwritten ones whose sum is its quantity, or a single one. It is shown
    with the last of them. A write that fits no event has a line of its own.
    """
    events: list[Event] = []
    waiting: dict[Side, list[Event]] = {side: [] for side in Side}
    for id_, move in reversed(moves):
        carried = _carried(waiting[move.side], move) if move.cause in LANDED else []
        if carried:
            carried[-1].written = move
            waiting[move.side] = [event for event in waiting[move.side] if event not in carried]
            continue
        event = Event(id_, move)
        events.append(event)
        if move.cause in BY_ITSELF and move.change:
            waiting[move.side.other].append(event)
    return _whole(events)[::-1]


def _whole(events: Sequence[Event]) -> list[Event]:
    """Oldest first, with one event for an order that explains several movements in a row."""
    found: list[Event] = []
    for event in events:
        if found and _is_of_one(found[-1].move, event.move):
            found[-1] = _joined(found[-1], event)
        else:
            found.append(event)
    return found


def _is_of_one(first: Movement, second: Movement) -> bool:
    alike = (first.side, first.reason, first.reference) == (
        second.side,
        second.reason,
        second.reference,
    )
    return (
        alike and first.reason in ONE and bool(first.reference) and second.at - first.at <= TOGETHER
    )


def _joined(first: Event, second: Event) -> Event:
    move = replace(
        second.move,
        at=first.move.at,
        change=first.move.change + second.move.change,
        zettle_before=first.move.zettle_before,
        shop_before=first.move.shop_before,
    )
    writes = [
        one for one in (first.written, *first.also, second.written, *second.also) if one is not None
    ]
    return Event(second.id, move, next(iter(writes), None), tuple(writes[1:]))


def _carried(waiting: Sequence[Event], written: Movement) -> list[Event]:
    """The events carried by this write: among the most recent ones, else among all. An old event
    may have stayed unwritten for another reason.
    """
    fresh = [event for event in waiting if event.move.at > (written.sent or written.at) - SOON]
    for among in (fresh, waiting):
        for count in range(1, len(among) + 1):
            if sum(event.move.change for event in among[:count]) == written.change:
                return list(among[:count])
        alone = [event for event in among if event.move.change == written.change]
        if alone:
            return alone[:1]
    return []


def event_view(words: Words, event: Event) -> MoveView:
    """The line of an event, with our write because of it and the resulting number on the other
    side.
    """
    view, written = move_view(words, event.move), event.written
    if written is None:
        return view
    to_till, last = written.side is Side.ZETTLE, (written, *event.also)[-1]
    return replace(
        view,
        till=(written.zettle_before, last.zettle_after) if to_till else view.till,
        shop=view.shop if to_till else (written.shop_before, last.shop_after),
        request=" ".join(request(words, one) for one in (written, *event.also)),
        sent=written.sent,
        to=written.side.value,
    )


def move_view(words: Words, move: Movement) -> MoveView:
    ours = move.cause not in BY_ITSELF
    moved = move.change if move.cause in MOVES else None
    return MoveView(
        at=move.at,
        whose="us" if ours else "till" if move.side is Side.ZETTLE else "shop",
        sentence=sentence(words, move),
        moved=moved,
        change="" if not moved else signed(words, moved),
        till=(move.zettle_before, move.zettle_after),
        shop=(move.shop_before, move.shop_after),
        request=request(words, move),
        sent=move.sent,
        doubtful=move.cause in {Cause.IN_DOUBT, Cause.CONTRADICTED, Cause.REFUSED},
    )


def sentence(words: Words, move: Movement) -> str:
    """The most specific sentence available: for the reason of the movement, else for its cause with
    side and direction.
    """
    key = next((key for key in _keys(move) if words.has(key)), "moved.other")
    number = (
        signed(words, move.change)
        if move.cause is Cause.CORRECTED
        else words.number(abs(move.change))
    )
    said = words.fill(key, {"n": number, "reference": move.reference})
    found_late = move.cause is Cause.SWEPT and key.startswith("reason.")
    return f"{said}. {words.fill('moved.found_late', {})}" if found_late else said


def request(words: Words, move: Movement) -> str:
    """What we sent and its outcome. "" for a movement that is no request of ours."""
    key = REQUESTS.get(move.cause)
    if key is None:
        return ""
    quantity = words.number(move.change) if move.cause in LEVELS else signed(words, move.change)
    return words.fill(f"request.{key}", {"n": quantity, "took": took(words, move)})


def took(words: Words, move: Movement) -> str:
    """How long the answer took. "" where it came at once."""
    if move.sent is None or move.cause not in {Cause.WRITTEN, Cause.RESET}:
        return ""
    tenths = round((move.at - move.sent).total_seconds() * 10)
    return (
        words.fill("request.took", {"s": words.number(Decimal(tenths) / 10)}) if tenths > 0 else ""
    )


def _keys(move: Movement) -> Iterator[str]:
    direction = "down" if move.change < 0 else "up"
    if move.reason is not None:
        yield f"reason.{move.reason.value}.{move.side.value}"
    yield f"moved.{move.cause.value}.{move.side.value}.{direction}"
    yield f"moved.{move.cause.value}.{move.side.value}"
    yield f"moved.{move.cause.value}"
