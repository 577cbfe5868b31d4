"""An honest tiny world: two shelves, late reads, lost answers, hooks that come late, twice or
never, and an engine that may die anywhere.

The world knows what really happened; the engine sees only what the platforms would tell it.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from brygga.core.stock import (
    Flight,
    Hint,
    Ledger,
    Look,
    Resolved,
    Review,
    Shelf,
    Side,
    Slot,
    Timing,
    Verdict,
    corrected,
    hinted,
    landed,
    next_look,
    observed,
    resolve_at,
    resolve_shop,
    resolve_till,
    reviewed,
    sendable,
    sent,
    short,
    unanswered,
)

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
CALM_S, SWEEP_S = 4_500, 300
"""A doubt about a write to Zettle ends within an hour and two minutes."""


class Crash(Exception):
    """The process died here."""


class TooLittle(Exception):
    """BigCommerce's answer to a change below what is there."""


class NoAnswer(Exception):
    """The wire went silent."""


@dataclass
class Hook:
    at: float
    side: Side
    identifier: str | None
    by_api: bool
    number: int
    """The same for both of a double."""


@dataclass
class Town:
    """Both platforms. `share` is the chance of each fault; `lag_s` the most that BigCommerce's
    reads trail.
    """

    dice: random.Random
    start: int = 20
    share: float = 0.0
    crashes: float = 0.0
    drops: float = 0.0
    lag_s: float = 3.0
    partial: bool = False
    """A call that is cut lands in part: the marker's item does, the record's does not."""
    now_s: float = 0.0
    levels: dict[Side, int] = field(default_factory=dict)
    moved: int = 0
    hooks: list[Hook] = field(default_factory=list)
    history: list[tuple[float, int]] = field(default_factory=list)
    slots: list[tuple[float, int]] = field(default_factory=lambda: [(-1e9, 0)])
    """The levels of the marker's one variant, and since when."""
    writes: int = 0
    told: int = 0
    below_zero: int = 0
    steps: int = 0
    die_at: int | None = None
    deaths: int = 0

    def __post_init__(self) -> None:
        self.levels = {Side.ZETTLE: self.start, Side.SHOP: self.start}
        self.history = [(-1e9, self.start)]

    @property
    def now(self) -> datetime:
        return START + timedelta(seconds=self.now_s)

    @property
    def truth(self) -> int:
        """What both shelves should show: the start and everything that people did."""
        return self.start + self.moved

    def people(self, side: Side, change: int, by_api: bool = False) -> int:
        """A sale, an order or an edit; BigCommerce sells nothing that it does not have."""
        if side is Side.SHOP:
            change = max(change, -self.levels[side])
        if change:
            self.moved += change
            self._apply(side, change, None, by_api)
        return change

    def _apply(self, side: Side, change: int, identifier: str | None, by_api: bool) -> None:
        self.levels[side] += change
        if side is Side.SHOP:
            self.history.append((self.now_s, self.levels[side]))
        if self.dice.random() < self.drops:
            return
        self.told += 1
        late = 120.0 if self.dice.random() < self.share else 2.0
        for _ in range(2 if self.dice.random() < self.share else 1):
            at = self.now_s + self.dice.random() * late
            self.hooks.append(Hook(at, side, identifier, by_api, self.told))

    def read(self, side: Side) -> int:
        self.point()
        self.now_s += 0.05
        if side is Side.ZETTLE:
            return self.levels[side]
        return self._as_seen(self.history)

    def read_slot(self) -> int:
        """In the answer of the last read; each item trails by itself."""
        return self._as_seen(self.slots)

    def _as_seen(self, history: list[tuple[float, int]]) -> int:
        seen = self.now_s - self.dice.random() * self.lag_s
        return next(level for at, level in reversed(history) if at <= seen)

    def write(self, side: Side, change: int, identifier: str, slot: Slot | None = None) -> None:
        """A relative change, with the marker's item; may be lost before or after its effect."""
        self.point()
        self.writes += 1
        self.now_s += 0.1
        if self.dice.random() < self.share:
            raise NoAnswer
        if self.levels[side] + change < 0 and side is Side.SHOP:
            raise TooLittle
        if self.levels[side] + change < 0 and change < 0:
            self.below_zero += 1
        is_cut = self.dice.random() < self.share
        if slot is not None:
            self.slots.append((self.now_s, self.slots[-1][1] + 1))
        if not (is_cut and self.partial and slot is not None):
            self._apply(side, change, identifier, by_api=True)
        if is_cut:
            raise NoAnswer
        self.point()

    def point(self) -> None:
        """A place where the process may die."""
        self.steps += 1
        if self.steps == self.die_at or self.dice.random() < self.crashes:
            self.deaths += 1
            raise Crash

    def due_hooks(self) -> list[Hook]:
        due = [hook for hook in self.hooks if hook.at <= self.now_s]
        self.hooks = [hook for hook in self.hooks if hook.at > self.now_s]
        return due


class Engine(Protocol):
    """What keeps the two shelves equal."""

    def hear(self, town: Town, hook: Hook) -> None: ...
    def work(self, town: Town) -> None: ...
    def sweep(self, town: Town) -> None: ...
    def wakes_s(self, town: Town) -> float | None: ...

    @property
    def reported(self) -> bool: ...


@dataclass
class Ledgers:
    """The engine under test: `core.stock`, with `disk` and `count` as all that outlives a crash."""

    disk: Ledger
    timing: Timing = field(default_factory=Timing)
    count: int | None = 0
    """What the marker's variant shows while it is free; None where there is no marker."""
    held: str = ""
    """The call that holds it."""
    echoes: dict[str, datetime] = field(default_factory=dict)
    lost: dict[str, tuple[Flight, Verdict, datetime]] = field(default_factory=dict)
    """Writes to Zettle that were resolved without an echo."""
    heard: set[int] = field(default_factory=set)
    doubts: int = 0
    contradictions: int = 0
    calls: int = 0
    looking: bool = True

    @classmethod
    def of(cls, town: Town) -> "Ledgers":
        shelves = Shelf(known=town.start), Shelf(known=town.start, variant_id=1)
        return cls(Ledger(*shelves), Timing(is_whole=not town.partial))

    @classmethod
    def unmarked(cls, town: Town) -> "Ledgers":
        return replace(cls.of(town), count=None)

    @property
    def reported(self) -> bool:
        return self.doubts > 0

    def hear(self, town: Town, hook: Hook) -> None:
        """Doubles stop at the door, as in the receivers."""
        if hook.number in self.heard:
            return
        self.heard.add(hook.number)
        if hook.identifier is not None and hook.side is Side.ZETTLE:
            self.echoes.setdefault(hook.identifier, town.now)
        else:
            self.disk = hinted(
                self.disk, hook.side, Hint(town.now, by_order=not hook.by_api, variant="1")
            )
        self.looking = True

    def _review(self, town: Town) -> None:
        for call, (flight, verdict, since) in list(self.lost.items()):
            over = town.now - since >= self.timing.doubt
            found = reviewed(verdict, echoed=call in self.echoes, over=over)
            if found is Review.WAIT:
                continue
            del self.lost[call]
            self.doubts += found is Review.ASK
            if found is Review.OTHERWISE:
                landed_ = verdict is not Verdict.PRESUMED_LOST
                self.disk = corrected(
                    self.disk, Side.ZETTLE, flight.quantity if landed_ else -flight.quantity
                )

    def sweep(self, town: Town) -> None:
        self.looking = True

    def work(self, town: Town) -> None:
        waits = any(sendable(self.disk, side, town.now, self.timing) for side in Side)
        if not self.looking and not waits and not any(at <= town.now for at in self._due()):
            return
        self.looking = False
        self._review(town)
        for side in (Side.SHOP, Side.ZETTLE):
            self._look(town, side)
        for side in (Side.ZETTLE, Side.SHOP):
            self._send(town, side)

    def _due(self) -> list[datetime]:
        due = [at for side in Side if (at := next_look(self.disk, side, self.timing)) is not None]
        due += [
            resolve_at(side, f, self.timing)
            for side in Side
            if (f := self.disk[side].flight) is not None
        ]
        asked = (Verdict.PRESUMED_LOST, Verdict.ASSUMED_LANDED, Verdict.ASSUMED_LOST)
        return due + [
            since + self.timing.doubt
            for _, verdict, since in self.lost.values()
            if verdict in asked
        ]

    def wakes_s(self, town: Town) -> float | None:
        """When it has something to do by time alone, by the town's clock; None when it waits for
        nothing.
        """
        times = self._due()
        for side in Side:
            free = max(town.now, self.disk[side].rests or town.now)
            if sendable(self.disk, side, free, self.timing):
                times.append(free)
        return min((at - START).total_seconds() for at in times) if times else None

    def _save(self, town: Town, move: Callable[[Ledger], Ledger]) -> None:
        town.point()
        self.disk = move(self.disk)
        town.point()

    def _look(self, town: Town, side: Side) -> None:
        begun = town.now
        look = Look(town.read(side), begun)
        flight = self.disk[side].flight
        if flight is None:
            self._save(town, lambda ledger: observed(ledger, side, look, self.timing).ledger)
            return
        shown = town.read_slot() if flight.slot is not None else None
        done = self._resolved(side, look, shown)
        town.point()
        self.disk = done.ledger
        if done.verdict is not Verdict.WAITING:
            self._closed(side, flight, done, shown, town.now)
        town.point()

    def _resolved(self, side: Side, look: Look, shown: int | None) -> Resolved:
        flight = self.disk[side].flight
        assert flight is not None
        if side is Side.SHOP:
            return resolve_shop(self.disk, look, shown, self.timing)
        return resolve_till(self.disk, look, self.echoes.get(flight.call), self.timing)

    def _closed(
        self, side: Side, flight: Flight, done: Resolved, shown: int | None, now: datetime
    ) -> None:
        self.contradictions += done.contradicts
        if side is Side.ZETTLE and done.verdict is not Verdict.LANDED:
            self.lost[flight.call] = (flight, done.verdict, now)
        elif side is Side.SHOP:
            self.doubts += done.verdict.is_doubtful
            self._give_back(flight.call, shown)

    def _give_back(self, call: str, shown: int | None) -> None:
        if self.held == call and shown is not None:
            self.held, self.count = "", shown

    def _send(self, town: Town, side: Side) -> None:
        change = sendable(self.disk, side, town.now, self.timing)
        if change == 0 or (side is Side.SHOP and self.held):
            return
        self.calls += 1
        call = f"call-{self.calls}"
        slot = Slot(99, self.count) if side is Side.SHOP and self.count is not None else None
        town.point()
        self.disk = sent(self.disk, side, change, call, town.now, slot)
        self.held = call if slot is not None else self.held
        town.point()
        try:
            town.write(side, change, call, slot)
        except NoAnswer:
            self._save(town, lambda ledger: unanswered(ledger, side, town.now))
        except TooLittle:
            town.point()
            self.disk = short(self.disk, side, town.now, self.timing)
            self._give_back(call, self.count)
            town.point()
        else:
            town.point()
            self.disk = landed(self.disk, side, town.now)
            self._give_back(call, None if slot is None else slot.count + 1)
            town.point()


@dataclass
class Naive:
    """What one writes first: read both, write the difference, remember after. The properties below
    must catch it.
    """

    known: dict[Side, int]
    reported: bool = False

    @classmethod
    def of(cls, town: Town) -> "Naive":
        return cls(dict.fromkeys(Side, town.start))

    def hear(self, town: Town, hook: Hook) -> None: ...
    def sweep(self, town: Town) -> None: ...

    def wakes_s(self, town: Town) -> float | None:
        return town.now_s

    def work(self, town: Town) -> None:
        for side in Side:
            change = town.read(side) - self.known[side]
            if change:
                try:
                    town.write(side.other, change, "naive")
                except (NoAnswer, TooLittle):
                    return
                self.known = {
                    side: self.known[side] + change,
                    side.other: self.known[side.other] + change,
                }


def tick(town: Town, engine: Engine, seconds: float = 1.0) -> None:
    """Time passes, hooks arrive, the engine works; if it dies, its process starts again with what
    is on disk.
    """
    town.now_s += seconds
    for hook in town.due_hooks():
        engine.hear(town, hook)
    try:
        engine.work(town)
    except Crash:
        engine.sweep(town)


def calm(town: Town, engine: Engine) -> None:
    """The faults end and time runs on: hooks that are late arrive, and the sweep looks at what
    nobody announced.
    """
    town.share = town.crashes = town.drops = 0.0
    town.die_at = None
    second = 0
    while second < CALM_S:
        if second % SWEEP_S == 0:
            engine.sweep(town)
        tick(town, engine)
        idle = min(_idle_seconds(town, engine), SWEEP_S - 1 - second % SWEEP_S)
        town.now_s += idle
        second += 1 + idle


def _idle_seconds(town: Town, engine: Engine) -> int:
    """So many whole seconds nothing happens: the ticks of these change nothing, and are left
    out.
    """
    times = [hook.at for hook in town.hooks]
    wakes = engine.wakes_s(town)
    times += [] if wakes is None else [wakes]
    return max(0, int(min(times) - town.now_s) - 1) if times else SWEEP_S


def outcome(town: Town, engine: Engine) -> str:
    """`right`, `low` (both shelves promise too little), `high`, or `apart` (the shelves
    disagree).
    """
    want = max(0, town.truth)
    till, shop = (max(0, town.levels[side]) for side in (Side.ZETTLE, Side.SHOP))
    if till == shop == want:
        return "right"
    if till != shop and town.truth >= 0:
        return "apart"
    return "low" if max(till, shop) <= want else "high"


__all__ = ["Crash", "Engine", "Hook", "Ledgers", "Naive", "Town", "calm", "outcome", "tick"]
