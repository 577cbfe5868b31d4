"""An honest tiny world: two shelves, late reads, lost answers, hooks that come late, twice or never, and an engine that may die anywhere.

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
    Shelf,
    Side,
    Timing,
    Told,
    Verdict,
    corrected,
    hinted,
    is_told_late,
    landed,
    next_look,
    observed,
    retold,
    sendable,
    sent,
    settle,
    settle_at,
    short,
    unanswered,
)

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


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
    made: datetime
    change: int
    level: int
    number: int
    """The same for both of a double."""

    def told(self) -> Told:
        """As the platforms say it: an edit by its level, an order by its change, and whole seconds in BigCommerce."""
        if self.side is Side.ZETTLE:
            return Told(self.made, self.change, relative=True)
        made = self.made.replace(microsecond=0)
        return Told(made, self.level) if self.by_api else Told(made, self.change, relative=True, by_order=True)


@dataclass
class Town:
    """Both platforms. `share` is the chance of each fault; `lag_s` the most that BigCommerce's reads trail."""

    dice: random.Random
    start: int = 20
    share: float = 0.0
    crashes: float = 0.0
    drops: float = 0.0
    lag_s: float = 3.0
    values: bool = True
    """Hooks carry values, or say only that something moved."""
    now_s: float = 0.0
    levels: dict[Side, int] = field(default_factory=dict)
    moved: int = 0
    hooks: list[Hook] = field(default_factory=list)
    history: list[tuple[float, int]] = field(default_factory=list)
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
            at, level = self.now_s + self.dice.random() * late, self.levels[side]
            self.hooks.append(Hook(at, side, identifier, by_api, self.now, change, level, self.told))

    def read(self, side: Side) -> int:
        self.point()
        self.now_s += 0.05
        if side is Side.ZETTLE:
            return self.levels[side]
        seen = self.now_s - self.dice.random() * self.lag_s
        return next(level for at, level in reversed(self.history) if at <= seen)

    def write(self, side: Side, change: int, identifier: str) -> None:
        """A relative change; may be lost before or after its effect."""
        self.point()
        self.writes += 1
        self.now_s += 0.1
        if self.dice.random() < self.share:
            raise NoAnswer
        if self.levels[side] + change < 0 and side is Side.SHOP:
            raise TooLittle
        if self.levels[side] + change < 0 and change < 0:
            self.below_zero += 1
        self._apply(side, change, identifier, by_api=True)
        if self.dice.random() < self.share:
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

    @property
    def reported(self) -> bool: ...


@dataclass
class Ledgers:
    """The engine under test: `core.stock`, with `disk` as the only thing that outlives a crash."""

    disk: Ledger
    timing: Timing = field(default_factory=Timing)
    echoes: dict[str, datetime] = field(default_factory=dict)
    lost: dict[str, tuple[Side, Flight]] = field(default_factory=dict)
    heard: set[int] = field(default_factory=set)
    doubts: int = 0
    calls: int = 0
    looking: bool = True

    @classmethod
    def of(cls, town: Town) -> "Ledgers":
        return cls(Ledger(Shelf(known=town.start), Shelf(known=town.start, variant_id=1)))

    @property
    def reported(self) -> bool:
        return self.doubts > 0

    def hear(self, town: Town, hook: Hook) -> None:
        """Doubles stop at the door, as in the receivers."""
        if hook.number in self.heard:
            return
        self.heard.add(hook.number)
        ours = hook.identifier is not None and hook.side is Side.ZETTLE
        if ours:
            assert hook.identifier is not None
            self.echoes.setdefault(hook.identifier, town.now)
            self._correct(hook.identifier)
        else:
            told = hook.told() if town.values else None
            made = hook.made.replace(microsecond=0)
            self._hint(hook.side, Hint(town.now, made if hook.by_api else None, told=told))
        self.looking = True

    def _hint(self, side: Side, hint: Hint) -> None:
        for call, (of, flight) in list(self.lost.items()):
            if side is of is Side.SHOP:
                self.lost[call] = (of, retold(flight, [hint]))
                if is_told_late(self.lost[call][1], [hint], self.timing):
                    self._correct(call)
        self.disk = hinted(self.disk, side, hint, self.timing)

    def _correct(self, call: str) -> None:
        given_up = self.lost.pop(call, None)
        if given_up is not None:
            self.disk = corrected(self.disk, given_up[0], given_up[1].quantity)

    def sweep(self, town: Town) -> None:
        self.looking = True

    def work(self, town: Town) -> None:
        due = [at for side in Side if (at := next_look(self.disk, side, self.timing)) is not None]
        due += [settle_at(f, self.timing) for side in Side if (f := self.disk[side].flight) is not None]
        waits = any(sendable(self.disk, side, town.now, self.timing) for side in Side)
        if not self.looking and not waits and not any(at <= town.now for at in due):
            return
        self.looking = False
        for side in (Side.SHOP, Side.ZETTLE):
            self._look(town, side)
        for side in (Side.ZETTLE, Side.SHOP):
            self._send(town, side)

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
        given_up = replace(flight, tale=self.disk[side].tale, closing=look)
        done = settle(self.disk, side, look, self.echoes.get(flight.call), self.timing)
        self._save(town, lambda _: done.ledger)
        if done.verdict in (Verdict.NOT_LANDED, Verdict.ASSUMED_LOST):
            self.lost[flight.call] = (side, given_up)
        self.doubts += done.verdict.is_doubtful

    def _send(self, town: Town, side: Side) -> None:
        change = sendable(self.disk, side, town.now, self.timing)
        if change == 0:
            return
        self.calls += 1
        call = f"call-{self.calls}"
        self._save(town, lambda ledger: sent(ledger, side, change, call, town.now))
        try:
            town.write(side, change, call)
        except NoAnswer:
            self._save(town, lambda ledger: unanswered(ledger, side, town.now))
        except TooLittle:
            self._save(town, lambda ledger: short(ledger, side, town.now, self.timing))
        else:
            self._save(town, lambda ledger: landed(ledger, side, town.now))


@dataclass
class Naive:
    """What one writes first: read both, write the difference, remember after. The properties below must catch it."""

    known: dict[Side, int]
    reported: bool = False

    @classmethod
    def of(cls, town: Town) -> "Naive":
        return cls(dict.fromkeys(Side, town.start))

    def hear(self, town: Town, hook: Hook) -> None: ...
    def sweep(self, town: Town) -> None: ...

    def work(self, town: Town) -> None:
        for side in Side:
            change = town.read(side) - self.known[side]
            if change:
                try:
                    town.write(side.other, change, "naive")
                except (NoAnswer, TooLittle):
                    return
                self.known = {side: self.known[side] + change, side.other: self.known[side.other] + change}


def tick(town: Town, engine: Engine, seconds: float = 1.0) -> None:
    """Time passes, hooks arrive, the engine works; if it dies, its process starts again with what is on disk."""
    town.now_s += seconds
    for hook in town.due_hooks():
        engine.hear(town, hook)
    try:
        engine.work(town)
    except Crash:
        engine.sweep(town)


def calm(town: Town, engine: Engine) -> None:
    """The faults end and time runs on: hooks that are late arrive, and the sweep looks at what nobody announced."""
    town.share = town.crashes = town.drops = 0.0
    town.die_at = None
    for second in range(1200):
        if second % 60 == 0:
            engine.sweep(town)
        tick(town, engine)


def outcome(town: Town, engine: Engine) -> str:
    """`right`, `low` (both shelves promise too little), `high`, or `apart` (the shelves disagree)."""
    want = max(0, town.truth)
    till, shop = (max(0, town.levels[side]) for side in (Side.ZETTLE, Side.SHOP))
    if till == shop == want:
        return "right"
    if till != shop and town.truth >= 0:
        return "apart"
    return "low" if max(till, shop) <= want else "high"


__all__ = ["Crash", "Engine", "Hook", "Ledgers", "Naive", "Town", "calm", "outcome", "tick"]
