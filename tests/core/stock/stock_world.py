"""An honest tiny world: two stock records, late reads, lost answers, hooks that come late, twice or
never, and an engine that may die anywhere.

The world knows what really happened; the engine sees only what the platforms would tell it.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from brygga.core.stock import (
    Hint,
    Ledger,
    LevelRead,
    PendingWrite,
    Resolved,
    Review,
    Side,
    Slot,
    StockRecord,
    Timing,
    Verdict,
    corrected,
    hinted,
    landed,
    next_read,
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
class Sandbox:
    """Both platforms. `share` is the chance of each fault; `read_lag_s` the most that BigCommerce's
    reads trail.
    """

    dice: random.Random
    start: int = 20
    share: float = 0.0
    crashes: float = 0.0
    drops: float = 0.0
    read_lag_s: float = 3.0
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
    reported: int = 0
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
        """What both stock records should show: the start and everything that people did."""
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
        self.reported += 1
        late = 120.0 if self.dice.random() < self.share else 2.0
        for _ in range(2 if self.dice.random() < self.share else 1):
            at = self.now_s + self.dice.random() * late
            self.hooks.append(Hook(at, side, identifier, by_api, self.reported))

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
        seen = self.now_s - self.dice.random() * self.read_lag_s
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
    """What keeps the two stock records equal."""

    def take_reports(self, sandbox: Sandbox, hook: Hook) -> None: ...
    def work(self, sandbox: Sandbox) -> None: ...
    def sweep(self, sandbox: Sandbox) -> None: ...
    def wakes_s(self, sandbox: Sandbox) -> float | None: ...

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
    lost: dict[str, tuple[PendingWrite, Verdict, datetime]] = field(default_factory=dict)
    """Writes to Zettle that were resolved without an echo."""
    received: set[int] = field(default_factory=set)
    doubts: int = 0
    contradictions: int = 0
    calls: int = 0
    looking: bool = True

    @classmethod
    def of(cls, sandbox: Sandbox) -> "Ledgers":
        records = (
            StockRecord(confirmed=sandbox.start),
            StockRecord(confirmed=sandbox.start, variant_id=1),
        )
        return cls(Ledger(*records), Timing(is_whole=not sandbox.partial))

    @classmethod
    def unmarked(cls, sandbox: Sandbox) -> "Ledgers":
        return replace(cls.of(sandbox), count=None)

    @property
    def reported(self) -> bool:
        return self.doubts > 0

    def take_reports(self, sandbox: Sandbox, hook: Hook) -> None:
        """Doubles stop at the door, as in the receivers."""
        if hook.number in self.received:
            return
        self.received.add(hook.number)
        if hook.identifier is not None and hook.side is Side.ZETTLE:
            self.echoes.setdefault(hook.identifier, sandbox.now)
        else:
            self.disk = hinted(
                self.disk, hook.side, Hint(sandbox.now, by_order=not hook.by_api, variant="1")
            )
        self.looking = True

    def _review(self, sandbox: Sandbox) -> None:
        for call, (pending_write, verdict, since) in list(self.lost.items()):
            over = sandbox.now - since >= self.timing.escalation_timeout
            found = reviewed(verdict, echoed=call in self.echoes, over=over)
            if found is Review.WAIT:
                continue
            del self.lost[call]
            self.doubts += found is Review.ASK
            if found is Review.OTHERWISE:
                landed_ = verdict is not Verdict.PRESUMED_LOST
                self.disk = corrected(
                    self.disk,
                    Side.ZETTLE,
                    pending_write.quantity if landed_ else -pending_write.quantity,
                )

    def sweep(self, sandbox: Sandbox) -> None:
        self.looking = True

    def work(self, sandbox: Sandbox) -> None:
        waits = any(sendable(self.disk, side, sandbox.now, self.timing) for side in Side)
        if not self.looking and not waits and not any(at <= sandbox.now for at in self._due()):
            return
        self.looking = False
        self._review(sandbox)
        for side in (Side.SHOP, Side.ZETTLE):
            self._level_read(sandbox, side)
        for side in (Side.ZETTLE, Side.SHOP):
            self._send(sandbox, side)

    def _due(self) -> list[datetime]:
        due = [at for side in Side if (at := next_read(self.disk, side, self.timing)) is not None]
        due += [
            resolve_at(side, f, self.timing)
            for side in Side
            if (f := self.disk[side].pending_write) is not None
        ]
        asked = (Verdict.PRESUMED_LOST, Verdict.ASSUMED_LANDED, Verdict.ASSUMED_LOST)
        return due + [
            since + self.timing.escalation_timeout
            for _, verdict, since in self.lost.values()
            if verdict in asked
        ]

    def wakes_s(self, sandbox: Sandbox) -> float | None:
        """When it has something to do by time alone, by the sandbox's clock; None when it waits for
        nothing.
        """
        times = self._due()
        for side in Side:
            free = max(sandbox.now, self.disk[side].rests or sandbox.now)
            if sendable(self.disk, side, free, self.timing):
                times.append(free)
        return min((at - START).total_seconds() for at in times) if times else None

    def _save(self, sandbox: Sandbox, move: Callable[[Ledger], Ledger]) -> None:
        sandbox.point()
        self.disk = move(self.disk)
        sandbox.point()

    def _level_read(self, sandbox: Sandbox, side: Side) -> None:
        read_started = sandbox.now
        read = LevelRead(sandbox.read(side), read_started)
        pending_write = self.disk[side].pending_write
        if pending_write is None:
            self._save(sandbox, lambda ledger: observed(ledger, side, read, self.timing).ledger)
            return
        shown = sandbox.read_slot() if pending_write.slot is not None else None
        done = self._resolved(side, read, shown)
        sandbox.point()
        self.disk = done.ledger
        if done.verdict is not Verdict.WAITING:
            self._closed(side, pending_write, done, shown, sandbox.now)
        sandbox.point()

    def _resolved(self, side: Side, read: LevelRead, shown: int | None) -> Resolved:
        pending_write = self.disk[side].pending_write
        assert pending_write is not None
        if side is Side.SHOP:
            return resolve_shop(self.disk, read, shown, self.timing)
        return resolve_till(self.disk, read, self.echoes.get(pending_write.call), self.timing)

    def _closed(
        self,
        side: Side,
        pending_write: PendingWrite,
        done: Resolved,
        shown: int | None,
        now: datetime,
    ) -> None:
        self.contradictions += done.contradicts
        if side is Side.ZETTLE and done.verdict is not Verdict.LANDED:
            self.lost[pending_write.call] = (pending_write, done.verdict, now)
        elif side is Side.SHOP:
            self.doubts += done.verdict.is_doubtful
            self._give_back(pending_write.call, shown)

    def _give_back(self, call: str, shown: int | None) -> None:
        if self.held == call and shown is not None:
            self.held, self.count = "", shown

    def _send(self, sandbox: Sandbox, side: Side) -> None:
        change = sendable(self.disk, side, sandbox.now, self.timing)
        if change == 0 or (side is Side.SHOP and self.held):
            return
        self.calls += 1
        call = f"call-{self.calls}"
        slot = Slot(99, self.count) if side is Side.SHOP and self.count is not None else None
        sandbox.point()
        self.disk = sent(self.disk, side, change, call, sandbox.now, slot)
        self.held = call if slot is not None else self.held
        sandbox.point()
        try:
            sandbox.write(side, change, call, slot)
        except NoAnswer:
            self._save(sandbox, lambda ledger: unanswered(ledger, side, sandbox.now))
        except TooLittle:
            sandbox.point()
            self.disk = short(self.disk, side, sandbox.now, self.timing)
            self._give_back(call, self.count)
            sandbox.point()
        else:
            sandbox.point()
            self.disk = landed(self.disk, side, sandbox.now)
            self._give_back(call, None if slot is None else slot.count + 1)
            sandbox.point()


@dataclass
class Naive:
    """What one writes first: read both, write the difference, remember after. The properties below
    must catch it.
    """

    confirmed: dict[Side, int]
    reported: bool = False

    @classmethod
    def of(cls, sandbox: Sandbox) -> "Naive":
        return cls(dict.fromkeys(Side, sandbox.start))

    def take_reports(self, sandbox: Sandbox, hook: Hook) -> None: ...
    def sweep(self, sandbox: Sandbox) -> None: ...

    def wakes_s(self, sandbox: Sandbox) -> float | None:
        return sandbox.now_s

    def work(self, sandbox: Sandbox) -> None:
        for side in Side:
            change = sandbox.read(side) - self.confirmed[side]
            if change:
                try:
                    sandbox.write(side.other, change, "naive")
                except (NoAnswer, TooLittle):
                    return
                self.confirmed = {
                    side: self.confirmed[side] + change,
                    side.other: self.confirmed[side.other] + change,
                }


def tick(sandbox: Sandbox, engine: Engine, seconds: float = 1.0) -> None:
    """Time passes, hooks arrive, the engine works; if it dies, its process starts again with what
    is on disk.
    """
    sandbox.now_s += seconds
    for hook in sandbox.due_hooks():
        engine.take_reports(sandbox, hook)
    try:
        engine.work(sandbox)
    except Crash:
        engine.sweep(sandbox)


def calm(sandbox: Sandbox, engine: Engine) -> None:
    """The faults end and time runs on: hooks that are late arrive, and the sweep looks at what
    nobody announced.
    """
    sandbox.share = sandbox.crashes = sandbox.drops = 0.0
    sandbox.die_at = None
    second = 0
    while second < CALM_S:
        if second % SWEEP_S == 0:
            engine.sweep(sandbox)
        tick(sandbox, engine)
        idle = min(_idle_seconds(sandbox, engine), SWEEP_S - 1 - second % SWEEP_S)
        sandbox.now_s += idle
        second += 1 + idle


def _idle_seconds(sandbox: Sandbox, engine: Engine) -> int:
    """So many whole seconds nothing happens: the ticks of these change nothing, and are left
    out.
    """
    times = [hook.at for hook in sandbox.hooks]
    wakes = engine.wakes_s(sandbox)
    times += [] if wakes is None else [wakes]
    return max(0, int(min(times) - sandbox.now_s) - 1) if times else SWEEP_S


def outcome(sandbox: Sandbox, engine: Engine) -> str:
    """`right`, `low` (both stock records promise too little), `high`, or `separate` (the stock
    records disagree).
    """
    want = max(0, sandbox.truth)
    till, shop = (max(0, sandbox.levels[side]) for side in (Side.ZETTLE, Side.SHOP))
    if till == shop == want:
        return "right"
    if till != shop and sandbox.truth >= 0:
        return "apart"
    return "low" if max(till, shop) <= want else "high"


__all__ = ["Crash", "Engine", "Hook", "Ledgers", "Naive", "Sandbox", "calm", "outcome", "tick"]
