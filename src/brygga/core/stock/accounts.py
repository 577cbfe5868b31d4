"""What the platforms say that a shelf went through, held against the level that is read: the evidence for a write without an answer.

A hook of BigCommerce's tells when a number moved, by whole seconds, and carries the level that it moved to, or the change (bigcommerce
facts 6.3); an event of Zettle's carries the balance before and after (zettle facts 4.6). That is never the number that we go on with: a
level is read. But a chain of hooks that leads exactly from the level that was known to the level that is read leaves no room for a
movement of which nobody told. If one link of it can be our write, it is ours; if none can, somebody else's links explain everything, and
our write came to nothing. An event of Zettle's without an identifier is never ours.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from brygga.core.stock.ledger import TICK, Flight, Look, Shelf, Side, Timing, Told

MANY = 6
"""More movements than these within one second are not put in order: their hooks give no evidence."""
LONGEST = 60
"""So many movements are remembered of a shelf while it is never quiet."""


class Ours(Enum):
    """Where our write stands in a chain."""

    NOWHERE = auto()
    TOLD = auto()
    """It is one of the links."""
    SILENT = auto()
    """It happened, and its own hook is missing."""


class Reading(Enum):
    """What `value` means is uncertain (bigcommerce facts 6.3, docs/open-questions.md); a chain that closes proves its reading."""

    BY_METHOD = auto()
    """The new level where the method is absolute, the change where it is relative."""
    LEVELS = auto()
    """The new level, whatever the method."""


@dataclass(frozen=True, slots=True)
class Account:
    """Which stories lead to the level that was read. With none of them something has not been told of yet."""

    told: bool
    """One in which our write is one of the movements told of."""
    without: bool
    """One in which it never happened."""
    silent: bool
    """One in which it happened, and was not told of."""

    @property
    def explains(self) -> bool:
        return self.told or self.without


def account(side: Side, flight: Flight, tale: Iterable[Told], look: Look, timing: Timing) -> Account | None:
    """The stories by which a look can be explained. None where hooks carry no values, or too many came in one second.

    `tale` holds what was told of the shelf. What happened within a lag before the look, or about when the base of the flight was read, may
    be in the level or not.
    """
    if not isinstance(look.level, int) or flight.base is None or flight.is_absolute:
        return None
    tale = [one for one in tale if one.at <= look.begun + TICK]
    seconds: dict[datetime, list[Told]] = defaultdict(list)
    for one in tale:
        seconds[one.at].append(one)
    if any(one.value is None for one in tale) or any(len(group) > MANY for group in seconds.values()):
        return None
    for reading in _readings(tale):
        ends = _Chain(side, flight, look, timing, reading).ends(seconds)
        found = {ours for level, ours in ends if level == look.level}
        if found:
            break
    return Account(Ours.TOLD in found, Ours.NOWHERE in found, Ours.SILENT in found)


def _readings(tale: Sequence[Told]) -> Iterator[Reading]:
    yield Reading.BY_METHOD
    if any(one.relative for one in tale) and all(one.value is not None and one.value >= 0 for one in tale):
        yield Reading.LEVELS


def remembered(shelf: Shelf, told: Told) -> tuple[Told, ...]:
    """What was told of a shelf, with one movement more."""
    return tuple(sorted((*shelf.tale, told), key=lambda one: one.at))[-LONGEST:]


def forgotten(tale: tuple[Told, ...], before: datetime) -> tuple[Told, ...]:
    """What may still matter after a look that showed everything up to a moment."""
    return tuple(one for one in tale if one.at >= before - TICK)


State = tuple[int, Ours]


@dataclass(frozen=True, slots=True)
class _Chain:
    """All levels that a shelf can have come to, second by second, and where our write stands on the way there."""

    side: Side
    flight: Flight
    look: Look
    timing: Timing
    reading: Reading

    def ends(self, seconds: Mapping[datetime, Sequence[Told]]) -> set[State]:
        assert self.flight.base is not None
        states: set[State] = {(self.flight.base, Ours.NOWHERE)}
        for at in sorted(seconds):
            states = set(self._second(states, tuple(seconds[at])))
        return states | set(self._silent(states))

    def _second(self, states: set[State], group: tuple[Told, ...]) -> Iterator[State]:
        """The movements of one second in every order, those left out that may be in the base already, or not in the look yet."""
        if not group:
            yield from states
            return
        for place, one in enumerate(group):
            rest = (*group[:place], *group[place + 1 :])
            after = set(self._step(states, one))
            yield from self._second(after, rest)

    def _step(self, states: set[State], one: Told) -> Iterator[State]:
        silent = set(self._silent(states)) if one.at + TICK > self.flight.sent else set()
        for level, ours in states | silent:
            yield self._after(level, one), ours
            if self._may_be_left_out(one):
                yield level, ours
            if ours is Ours.NOWHERE and self._is_ours(level, one):
                yield level + self.flight.quantity, Ours.TOLD

    def _silent(self, states: set[State]) -> Iterator[State]:
        for level, ours in states:
            if ours is Ours.NOWHERE:
                yield level + self.flight.quantity, Ours.SILENT

    def _after(self, level: int, one: Told) -> int:
        assert one.value is not None
        return level + one.value if self._is_change(one) else one.value

    def _is_change(self, one: Told) -> bool:
        return one.relative and self.reading is Reading.BY_METHOD

    def _is_ours(self, level: int, one: Told) -> bool:
        if self.side is Side.ZETTLE or one.by_order or not self._while_it_could(one.at):
            return False
        return self._after(level, one) == level + self.flight.quantity

    def _while_it_could(self, at: datetime) -> bool:
        flight = self.flight
        ended = max(flight.lost, flight.sent + TICK) if flight.lost is not None else flight.sent + self.timing.prompt
        return flight.sent - TICK < at <= ended + TICK and not flight.is_crowded

    def _may_be_left_out(self, one: Told) -> bool:
        flight, read = self.flight, self.look.begun - self.timing.lag(self.side)
        # Zettle's events tell of our earlier writes as changes, and those are in the base since they were answered.
        known = flight.sent if self.side is Side.ZETTLE or flight.seen is None else flight.seen
        return one.at <= known + TICK or one.at >= read - TICK
