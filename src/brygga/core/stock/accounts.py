"""What the platforms say that a shelf went through, held against the level that is read: the evidence for a write without an answer.

A hook of BigCommerce's tells when a number moved, by whole seconds, and carries the level that it moved to, or the change (bigcommerce
facts 6.3); an event of Zettle's carries the balance before and after (zettle facts 4.6). That is never the number that we go on with: a
level is read. But a chain of hooks that leads exactly from the level that was known to the level that is read leaves no room for a
movement of which nobody told. If one link of it can be our write, it is ours; if none can, somebody else's links explain everything, and
our write came to nothing. An event of Zettle's without an identifier is never ours.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from itertools import product
from math import prod

from brygga.core.stock.ledger import CLOSE, TICK, Flight, Look, Shelf, Side, Timing, Told

MANY = 500
"""In so many ways at most can a part of one second's movements have happened; the hooks of a busier second give no evidence."""
LONGEST = 60
"""So many movements are remembered of a shelf while it is never quiet."""


class Ours(Enum):
    """Where our write stands in a chain."""

    NOWHERE = auto()
    TOLD = auto()
    """It is one of the links, made when writes take effect that take effect at all."""
    LATE = auto()
    """It may be one of the links, made so long after it left that it may as well be somebody else's."""
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
    late: bool = False
    """One in which it took effect long after it left."""
    linked: bool = False
    """It was told of by all that went before, whatever happened since."""

    @property
    def explains(self) -> bool:
        return self.told or self.without

    @property
    def denies(self) -> bool:
        """It never happened: everything is told of, and it is none of that."""
        return self.without and not (self.told or self.late or self.silent)

    @property
    def untold(self) -> bool:
        """It happened and its hook is missing, or others' hooks are that amount to the same."""
        return self.silent and not (self.told or self.late or self.without)

    def beside(self, peers: Collection["Account"]) -> "Account":
        """A call is all or nothing: where it changed nothing of a peer, what looks like its part here was somebody else's."""
        return Account(told=False, without=True, silent=False) if any(peer.denies for peer in peers) else self


def account(side: Side, flight: Flight, tale: Iterable[Told], look: Look, timing: Timing) -> Account | None:
    """The stories by which a look can be explained. None where hooks carry no values, or too many came in one second.

    `tale` holds what was told of the shelf. What happened within a lag before the look, or about when the base of the flight was read, may
    be in the level or not. Of a flight that sets a level nothing can be told `without` it: what was there before is not known.
    """
    if not isinstance(look.level, int) or flight.base is None:
        return None
    tale = [_as_of(flight, one) for one in tale]
    flight, look = _theirs(side, flight, timing), replace(look, begun=timing.theirs(side, look.begun))
    # What happened longer than a lag before the base was read is in it, however late it was told of.
    oldest = _read(flight) - timing.lag(side) - TICK
    tale = [one for one in tale if oldest <= one.at <= look.begun + TICK]
    seconds: dict[datetime, Counter[Told]] = defaultdict(Counter)
    for one in tale:
        seconds[one.at][one] += 1
    if any(one.value is None for one in tale) or any(_ways(group) > MANY for group in seconds.values()):
        return None
    for reading in _readings(tale):
        chain = _Chain(side, flight, look, timing, reading)
        ends = chain.ends(seconds)
        found = {state.ours for state in ends if state.level == look.level}
        if found:
            break
    without = Ours.NOWHERE in found and not flight.is_absolute
    return Account(Ours.TOLD in found, without, Ours.SILENT in found, Ours.LATE in found, Ours.TOLD in chain.met)


def _as_of(flight: Flight, one: Told) -> Told:
    """When it was heard of matters only where that was before the write left; else equal movements are equal."""
    return replace(one, heard=flight.sent if one.heard is not None and one.heard < flight.sent else None)


def _theirs(side: Side, flight: Flight, timing: Timing) -> Flight:
    """With its times as the platform's clock showed them, since what was told of it is timed by that."""
    clock = timing.clock(side, flight)
    times = (flight.sent, flight.left, flight.lost, flight.seen)
    sent, left, lost, seen = (None if at is None else clock.theirs(at) for at in times)
    assert sent is not None
    return replace(flight, sent=sent, left=left, lost=lost, seen=seen)


def _ways(group: Counter[Told]) -> int:
    """How many parts a second has. Equal movements are not told apart: a hundred sales of one unit are a hundred and one."""
    return prod(count + 1 for count in group.values())


def _read(flight: Flight) -> datetime:
    """When the base of a write was read."""
    return flight.sent if flight.seen is None else flight.seen


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


@dataclass(frozen=True, slots=True)
class State:
    """A level that a shelf can have come to. `level` None: whatever it was before the base of the flight was read."""

    level: int | None
    ours: Ours = Ours.NOWHERE
    counts: bool = False
    """Movements count from here on; those before are in the base."""


@dataclass(frozen=True, slots=True)
class _Chain:
    """All levels that a shelf can have come to, second by second, and where our write stands on the way there."""

    side: Side
    flight: Flight
    look: Look
    timing: Timing
    reading: Reading
    met: set[Ours] = field(default_factory=set)
    """Where our write may stand in what was told, wherever that led."""

    @property
    def _slack(self) -> timedelta:
        return self.timing.clock(self.side, self.flight).slack

    def ends(self, seconds: Mapping[datetime, Counter[Told]]) -> set[State]:
        """Where it can have been when the look was taken, which may trail by a lag."""
        states, seen = {State(None)}, set[State]()
        for at in sorted(seconds):
            states = self._second(states, at, seconds[at], seen)
        return self._silent(seen | self._counting(states))

    def _second(self, states: set[State], at: datetime, group: Counter[Told], seen: set[State]) -> set[State]:
        """The movements of one second, in every order. `seen` gets what a look that trails may show."""
        may_show = at >= self.look.begun - self.timing.lag(self.side) - TICK
        kinds = list(group)
        parts = list(product(*(range(group[one] + 1) for one in kinds)))
        after: dict[tuple[int, ...], set[State]] = {part: set() for part in parts}
        after[parts[0]] = states
        for part in parts[:-1]:
            if may_show:
                seen |= self._counting(after[part])
            for place, one in enumerate(kinds):
                if part[place] < group[one]:
                    more = (*part[:place], part[place] + 1, *part[place + 1 :])
                    after[more] |= self._step(after[part], one) | (after[part] if one.again else set())
        return after[parts[-1]]

    def _step(self, states: set[State], one: Told) -> set[State]:
        counting = self._counting(states)
        if one.at + TICK + self._slack > self.flight.sent:
            counting = self._silent(counting)
        moved = {replace(state, level=self._after(state.level, one)) for state in counting}
        ours = {State(level, when, counts=True) for level, when in self._as_ours(counting, one)}
        self.met.update(state.ours for state in ours)
        moved |= ours
        if one.at <= _read(self.flight) + TICK:
            moved |= {State(self._after(state.level, one)) for state in states if not state.counts}
        return moved

    def _counting(self, states: set[State]) -> set[State]:
        """From the base on. What is told of before it must have led to it."""
        base = State(self.flight.base, counts=True)
        begun = {base for state in states if not state.counts and state.level in (None, self.flight.base)}
        return begun | {state for state in states if state.counts}

    def _silent(self, states: set[State]) -> set[State]:
        """Our write may happen here, untold."""
        untold = {
            State(self._written(state.level), Ours.SILENT, counts=True)
            for state in states
            if state.ours is Ours.NOWHERE and state.level is not None
        }
        return states | untold

    def _after(self, level: int | None, one: Told) -> int | None:
        assert one.value is not None
        if not one.relative or self.reading is Reading.LEVELS:
            return one.value
        return None if level is None else level + one.value

    def _written(self, level: int) -> int:
        return self.flight.quantity if self.flight.is_absolute else level + self.flight.quantity

    def _as_ours(self, states: set[State], one: Told) -> Iterator[tuple[int, Ours]]:
        """This is our write, where it changes the level by as much. Zettle's events name ours, so that one without a name is not; nor is
        what was heard of before it left."""
        if self.side is Side.ZETTLE or one.by_order or one.heard is not None:
            return
        for state in states:
            if state.ours is Ours.NOWHERE and state.level is not None:
                level = self._written(state.level)
                if level == self._after(state.level, one):
                    yield from ((level, when) for when in self._when(one.at))

    def _when(self, at: datetime) -> Iterator[Ours]:
        """Between leaving and being given up a write may take effect: nearly always at once. Where it is not known when it really left, its
        process may have stood still before that: then it can be just before it was known to be lost. `at` is cut to whole seconds."""
        flight, slack = self.flight, self._slack
        left = flight.left or flight.sent
        first, soon = left - TICK - slack, left + self.timing.prompt
        ended = flight.lost + slack if flight.lost is not None else soon
        if flight.left is not None:
            ended = min(ended, left + self.timing.slow)
        at_last = flight.left is None and flight.lost is not None and at > flight.lost - CLOSE
        if not first < at <= ended:
            return
        yield Ours.TOLD if at <= soon or at_last else Ours.LATE
