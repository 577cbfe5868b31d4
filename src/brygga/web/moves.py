"""A movement of stock in words: when, on which side, why, from what to what, and the outcome of our
own request.

What we wrote to the other side because of an event is part of that event's line (`folded`): one
event, one line. An order that was read in several parts is one line too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
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
FAILED: Final = frozenset({Cause.NOT_WRITTEN, Cause.REFUSED})
"""Our write changed nothing. It waits, and is sent again."""
USUAL: Final = frozenset({"pos", "www"})
"""The places that a line's sentence says already: at the till, in the web shop."""
AT_ONCE: Final = timedelta(minutes=1)
"""A request that we sent so soon after its event needs no time of its own."""
COMMANDS: Final = frozenset(
    {Cause.SPLIT, Cause.JOINED, Cause.COUNTED, Cause.CORRECTED, Cause.COMPARED}
)
"""Causes after which both sides may be written."""
MOVES: Final = BY_ITSELF | LANDED
"""The stock on one side moved by the movement's quantity. A command on our pages moves stock only
when it is written.
"""
ONE: Final = frozenset({Reason.SALE, Reason.REFUND, Reason.ORDER, Reason.RETURN})
"""One receipt or one order caused the movement, if its number is one."""


@dataclass(frozen=True, slots=True)
class RequestView:
    """One request of ours in words. `to` is zettle or shop, "" where the line says it already.
    `sent` is None where it was sent at once.
    """

    said: str
    sent: datetime | None = None
    to: str = ""


@dataclass(frozen=True, slots=True)
class MoveView:
    """`whose` is till, shop or us. `moved` is the change of stock. `till` and `shop` are the
    numbers before and after, None for no number.
    """

    id: int
    at: datetime
    whose: str
    sentence: str
    moved: int | None
    change: str
    till: tuple[int | None, int | None]
    shop: tuple[int | None, int | None]
    requests: tuple[RequestView, ...] = ()
    doubtful: bool = False
    seller: str = ""
    place: str = ""
    """Where it was sold or ordered, in words."""
    is_usual: bool = True
    """The sentence says the place already."""

    @property
    def request(self) -> str:
        return " ".join(one.said for one in self.requests)


@dataclass(slots=True, eq=False)
class Event:
    """A movement, by its id, and our writes because of it: those that landed, and those before
    them that did not.

    For a movement that was read in several parts it is the sum, by the id of the newest part.
    """

    id: int
    move: Movement
    writes: tuple[Movement, ...] = ()

    @property
    def written(self) -> Movement | None:
        """The first write that landed."""
        return next((one for one in self.writes if one.cause in LANDED), None)


@dataclass(slots=True)
class Folding:
    """Makes events of movements, which are added oldest first. A write that succeeded belongs to
    the events that it carried: the oldest unwritten ones whose sum is its quantity, or a single
    one. It is shown with the last of them. A write because of a command on our pages is shown with
    the command. A write that fits nothing has a line of its own.
    """

    events: list[Event] = field(default_factory=list)
    _waiting: dict[Side, list[Event]] = field(default_factory=lambda: {side: [] for side in Side})
    _command: Event | None = None

    def add(self, id_: int, move: Movement) -> None:
        causes = self._causes(move)
        if causes:
            causes[-1].writes += (move,)
            if move.cause in LANDED:
                waiting = self._waiting[move.side]
                self._waiting[move.side] = [one for one in waiting if one not in causes]
            return
        event = Event(id_, move)
        self.events.append(event)
        if move.cause in COMMANDS:
            self._command = event
        if move.cause in BY_ITSELF and move.change:
            self._waiting[move.side.other].append(event)

    def _causes(self, move: Movement) -> list[Event]:
        """The events because of which we wrote this. Empty where it is no write of ours, or where
        none fits.
        """
        if move.cause not in LANDED | FAILED:
            return []
        carried = _carried(self._waiting[move.side], move)
        command = self._command
        if carried or command is None or move.at - command.move.at > SOON:
            return carried
        sides = {one.side for one in command.writes if one.cause in LANDED}
        return [] if move.side in sides else [command]

    def taken(self, keep: int) -> list[Event]:
        """Removes all events but about the `keep` newest ones, and returns them. A write because
        of one of them that comes later has a line of its own.
        """
        cut = max(0, len(self.events) - keep)
        while 0 < cut < len(self.events) and self._is_close(cut):
            cut -= 1
        done, self.events = self.events[:cut], self.events[cut:]
        for side, waiting in self._waiting.items():
            self._waiting[side] = [one for one in waiting if one in self.events]
        return _whole(done)

    def _is_close(self, place: int) -> bool:
        """Whether this event and the one before it may be parts of one order."""
        return self.events[place].move.at - self.events[place - 1].move.at <= TOGETHER


def folded(moves: Sequence[tuple[int, Movement]]) -> list[Event]:
    """The events, newest first, as `moves` are."""
    folding = Folding()
    for id_, move in reversed(moves):
        folding.add(id_, move)
    return folding.taken(0)[::-1]


def _whole(events: Sequence[Event]) -> list[Event]:
    """Oldest first, with one event for an order that explains several movements."""
    found: list[Event] = []
    for event in events:
        place = _part_of(found, event)
        found.append(event if place is None else _joined(found.pop(place), event))
    return found


def _part_of(found: Sequence[Event], event: Event) -> int | None:
    for place in range(len(found) - 1, -1, -1):
        if event.move.at - found[place].move.at > TOGETHER:
            return None
        if _is_of_one(found[place].move, event.move):
            return place
    return None


def _is_of_one(first: Movement, second: Movement) -> bool:
    alike = (first.side, first.variant_uuid, first.reason, first.reference) == (
        second.side,
        second.variant_uuid,
        second.reason,
        second.reference,
    )
    return alike and first.reason in ONE and bool(first.reference)


def _joined(first: Event, second: Event) -> Event:
    """Both parts as one. Where something else moved the stock between them, the numbers before are
    those after, less the whole change.
    """
    change = first.move.change + second.move.change
    till, shop = (
        _before(before, middle, after, change if second.move.side is side else 0)
        for side, before, middle, after in (
            (
                Side.ZETTLE,
                first.move.zettle_before,
                (first.move.zettle_after, second.move.zettle_before),
                second.move.zettle_after,
            ),
            (
                Side.SHOP,
                first.move.shop_before,
                (first.move.shop_after, second.move.shop_before),
                second.move.shop_after,
            ),
        )
    )
    move = replace(
        second.move, at=first.move.at, change=change, zettle_before=till, shop_before=shop
    )
    return Event(second.id, move, (*first.writes, *second.writes))


def _before(
    before: int | None, middle: tuple[int | None, int | None], after: int | None, change: int
) -> int | None:
    if middle[0] == middle[1] or after is None:
        return before
    return after - change


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
    """The line of an event, with our writes because of it and the resulting numbers."""
    view = replace(move_view(words, event.move), id=event.id)
    if not event.writes:
        return view
    levels = {
        Side.ZETTLE: [(one.zettle_before, one.zettle_after) for one in _landed(event, Side.ZETTLE)],
        Side.SHOP: [(one.shop_before, one.shop_after) for one in _landed(event, Side.SHOP)],
    }
    return replace(
        view,
        till=_from_to(view.till, levels[Side.ZETTLE]),
        shop=_from_to(view.shop, levels[Side.SHOP]),
        requests=(
            *view.requests,
            *(_request_view(words, one, event.move.at) for one in event.writes),
        ),
        doubtful=view.doubtful or event.writes[-1].cause is Cause.REFUSED,
    )


def _landed(event: Event, side: Side) -> list[Movement]:
    return [one for one in event.writes if one.cause in LANDED and one.side is side]


Pair = tuple[int | None, int | None]


def _from_to(own: Pair, written: Sequence[Pair]) -> Pair:
    return (written[0][0], written[-1][1]) if written else own


def _request_view(words: Words, move: Movement, since: datetime) -> RequestView:
    is_late = move.sent is not None and move.sent - since > AT_ONCE
    return RequestView(request(words, move), move.sent if is_late else None, move.side.value)


def move_view(words: Words, move: Movement) -> MoveView:
    ours = move.cause not in BY_ITSELF
    moved = move.change if move.cause in MOVES else None
    own = request(words, move)
    return MoveView(
        id=0,
        at=move.at,
        whose="us" if ours else "till" if move.side is Side.ZETTLE else "shop",
        sentence=sentence(words, move),
        moved=moved,
        change="" if not moved else signed(words, moved),
        till=(move.zettle_before, move.zettle_after),
        shop=(move.shop_before, move.shop_after),
        requests=(RequestView(own, move.sent),) if own else (),
        doubtful=move.cause in {Cause.IN_DOUBT, Cause.CONTRADICTED, Cause.REFUSED},
        seller=move.seller,
        place=place(words, move),
        is_usual=move.place.lower() in USUAL,
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


def place(words: Words, move: Movement) -> str:
    """Where it was sold or ordered. "" for a place that we have no words for."""
    key = f"place.{move.side.value}.{move.place.lower()}"
    return words.fill(key, {}) if move.place and words.has(key) else ""


def _keys(move: Movement) -> Iterator[str]:
    direction = "down" if move.change < 0 else "up"
    if move.reason is not None:
        yield f"reason.{move.reason.value}.{move.side.value}"
    yield f"moved.{move.cause.value}.{move.side.value}.{direction}"
    yield f"moved.{move.cause.value}.{move.side.value}"
    yield f"moved.{move.cause.value}"
