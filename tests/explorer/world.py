"""A small world in which every chance is a choice, and each choice has an ordinary answer.

The world of `tests.core.stock.stock_world` asks dice whether a request is lost, a read is late or
the process dies. Here it asks `Choices`, which answers with the ordinary case unless the run
deviates there. A run is therefore named by its plan (what people do, and when) and its deviations,
and is the same whenever it is played.
"""

import copy
import random
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from brygga.core.stock import Side, Slot, joined, split
from tests.core.stock.stock_world import Crash, Hook, Ledgers, NoAnswer, Sandbox, TooLittle

EVENT_S = 0.5
"""An ordinary event arrives so long after what it tells of."""
LATE_S = 40.0
"""A late one: after every wait of the engine but its patience."""
LAG_S = 3.0
"""A late read of BigCommerce shows the level of so long ago."""
LONGEST_S = 4_500.0
"""A run ends here at the latest; by then an in-doubt write has been asked about."""
SWEEPS_S = (30.0, 240.0, 900.0, 4_000.0)
"""When the sweep looks at both sides after the last event."""


T = TypeVar("T")


class Act(StrEnum):
    """What one event of a plan is. Each changes the number by one unit, so that coincidences are
    many.
    """

    SALE = "sale"
    REFUND = "refund"
    TILL_COUNT = "till count"
    ORDER = "order"
    CANCEL = "cancel"
    EDIT_UP = "edit up"
    EDIT_DOWN = "edit down"
    SPLIT = "split"
    JOIN = "join"


EDITS = frozenset({Act.EDIT_UP, Act.EDIT_DOWN})
MOVES = {
    Act.SALE: (Side.ZETTLE, -1, False),
    Act.REFUND: (Side.ZETTLE, 1, False),
    Act.ORDER: (Side.SHOP, -1, False),
    Act.CANCEL: (Side.SHOP, 1, False),
    Act.EDIT_UP: (Side.SHOP, 1, True),
    Act.EDIT_DOWN: (Side.SHOP, -1, True),
}
COUNTED = 7
"""What somebody types at the till when the stock there is counted."""
SHOP_PART = 2
"""What a split gives to the shop."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What people do, in order, and how many seconds pass between two events."""

    acts: tuple[Act, ...]
    gap_s: float

    def __str__(self) -> str:
        return f", {self.gap_s:g} s, ".join(self.acts)


@dataclass(slots=True)
class Choices:
    """Answers each choice with 0, the ordinary case, unless a deviation names it: place ->
    answer.
    """

    deviations: dict[int, int]
    asked: list[tuple[str, int]] = field(default_factory=list)
    """What was asked, and how many answers there are."""
    story: list[str] = field(default_factory=list)

    def ask(self, what: str, *others: str) -> int:
        place = len(self.asked)
        self.asked.append((what, 1 + len(others)))
        answer = self.deviations.get(place, 0)
        if answer:
            self.story.append(f"{place}: {what}: {others[answer - 1]}")
        return answer


class Small(Sandbox):
    """Both platforms. What people do is judged by side while stock is separate."""

    def __init__(self, choices: Choices, start: int, *, partial: bool = False) -> None:
        super().__init__(random.Random(0), start=start, partial=partial)
        self.choices = choices
        self.separate: dict[Side, int] | None = None

    def act(self, act: Act, engine: Ledgers) -> None:
        """One event of the plan. A split and a join are the merchant's clicks on our own page."""
        if act in MOVES:
            side, change, by_api = MOVES[act]
            self._people(side, change, by_api=by_api)
        elif act is Act.TILL_COUNT:
            self._people(Side.ZETTLE, COUNTED - self.levels[Side.ZETTLE], by_api=False)
        elif act is Act.SPLIT:
            self._split(engine)
        else:
            self._join(engine)

    def _people(self, side: Side, change: int, *, by_api: bool) -> None:
        moved = self.people(side, change, by_api)
        if self.separate is not None:
            self.separate[side] += moved

    def _split(self, engine: Ledgers) -> None:
        target = engine.disk.target
        if engine.disk.separate or target is None:
            return
        shop = min(SHOP_PART, max(0, target))
        parted = split(engine.disk, max(0, target) - shop, shop)
        if parted is None:
            return
        engine.disk = parted
        engine.lost.clear()
        # What moved and was not read before the click counts on top of what the merchant typed.
        unread = self.truth - target
        self.choices.story.append(f"split {target}, {unread} not yet read")
        self.separate = {Side.ZETTLE: max(0, target) - shop, Side.SHOP: shop}
        for side in Side:
            known = engine.disk[side].confirmed
            assert isinstance(known, int)
            self.separate[side] += self._unread(engine, side)

    def _unread(self, engine: Ledgers, side: Side) -> int:
        """What people changed on a side that its record did not show when stock was parted."""
        record = engine.disk[side]
        assert isinstance(record.confirmed, int)
        flying = (
            0
            if record.pending_write is None or not self.landed(record.pending_write.call)
            else record.pending_write.quantity
        )
        return self.levels[side] - record.confirmed - flying

    def _join(self, engine: Ledgers) -> None:
        if self.separate is None or not engine.disk.separate:
            return
        engine.disk = joined(engine.disk)
        self.moved = sum(self.separate.values()) - self.start
        self.separate = None

    # ---- Chances --------------------------------------------------------------------------------

    def landed(self, call: str) -> bool:
        return call in self._landed

    @property
    def _landed(self) -> set[str]:
        found: set[str] = self.__dict__.setdefault("calls", set())
        return found

    def _apply(self, side: Side, change: int, identifier: str | None, by_api: bool) -> None:
        self.levels[side] += change
        if identifier is not None:
            self._landed.add(identifier)
        if side is Side.SHOP:
            self.history.append((self.now_s, self.levels[side]))
        self.reported += 1
        answer = self.choices.ask(f"event of {side.value}", "late", "twice", "at once")
        waits = {0: (EVENT_S,), 1: (LATE_S,), 2: (EVENT_S, LATE_S), 3: (0.0,)}[answer]
        self.hooks += [
            Hook(self.now_s + wait, side, identifier, by_api, self.reported) for wait in waits
        ]

    def read(self, side: Side) -> int:
        self.now_s += 0.05
        if side is Side.ZETTLE:
            return self.levels[side]
        return self._as_seen(self.history)

    def _as_seen(self, history: list[tuple[float, int]]) -> int:
        """Each item of an answer is late by itself."""
        recent = [level for at, level in history if at > self.now_s - LAG_S]
        trails = bool(recent) and self.choices.ask("read", "late")
        seen = self.now_s - (LAG_S if trails else 0.0)
        return next(level for at, level in reversed(history) if at <= seen)

    def write(self, side: Side, change: int, identifier: str, slot: Slot | None = None) -> None:
        self.writes += 1
        self.now_s += 0.1
        answer = self.choices.ask(f"write to {side.value}", "lost before", "lost after")
        if answer == 1:
            raise NoAnswer
        if side is Side.SHOP and self.levels[side] + change < 0:
            raise TooLittle
        self.below_zero += self.levels[side] + change < 0 and change < 0
        if slot is not None:
            self.slots.append((self.now_s, self.slots[-1][1] + 1))
        if not (answer == 2 and self.partial and slot is not None):
            self._apply(side, change, identifier, by_api=True)
        if answer == 2:
            raise NoAnswer
        self.point()

    def point(self) -> None:
        if self.choices.ask("process", "dies"):
            self.deaths += 1
            raise Crash


@dataclass(frozen=True, slots=True)
class End:
    """How a run ended: `right`, `low`, `high` or `separate`, and whether the merchant was asked."""

    what: str
    asked: bool
    story: tuple[str, ...]
    choices: tuple[tuple[str, int], ...]

    @property
    def is_wrong(self) -> bool:
        """Wrong without a word, or too high although something was said."""
        return self.what != "right" and not (self.asked and self.what == "low")


@dataclass(slots=True)
class Run:
    """One run of a plan, as far as it has been played."""

    choices: Choices
    sandbox: Small
    engine: Ledgers
    acts: list[tuple[float, Act]]
    sweeps: list[float]

    @classmethod
    def of(cls, plan: Plan, *, start: int = 10, partial: bool = False) -> "Run":
        """Nothing has happened yet."""
        choices = Choices({})
        sandbox = Small(choices, start, partial=partial)
        engine = Ledgers.of(sandbox)
        engine.looking = False
        acts = [(1.0 + place * plan.gap_s, act) for place, act in enumerate(plan.acts)]
        last = acts[-1][0]
        return cls(choices, sandbox, engine, acts, [last + wait for wait in SWEEPS_S])

    def copied(self) -> "Run":
        """The same, and what is played of one does not change the other."""
        choices, sandbox = _copied(self.choices), _copied(self.sandbox)
        sandbox.choices = choices
        return Run(choices, sandbox, _copied(self.engine), [*self.acts], [*self.sweeps])

    def turn(self) -> bool:
        """What happens next; False at the end."""
        sandbox, engine, acts, sweeps = self.sandbox, self.engine, self.acts, self.sweeps
        at = _next(sandbox, engine, acts, sweeps) if sandbox.now_s < LONGEST_S else None
        if at is None:
            return False
        sandbox.now_s = max(sandbox.now_s, at)
        while acts and acts[0][0] <= sandbox.now_s:
            sandbox.act(acts.pop(0)[1], engine)
        if sweeps and sweeps[0] <= sandbox.now_s:
            sweeps.pop(0)
            engine.sweep(sandbox)
        _step(sandbox, engine)
        return True

    def end(self) -> End:
        """Where it has come to."""
        choices = self.choices
        what, asked = _end(self.sandbox), self.engine.reported
        return End(what, asked, tuple(choices.story), tuple(choices.asked))


def _copied(made: T) -> T:
    """With collections of its own. What they hold never changes."""
    found = copy.copy(made)
    for name, value in (
        vars(made).items()
        if hasattr(made, "__dict__")
        else ((name, getattr(made, name)) for name in made.__slots__)  # type: ignore[attr-defined]
    ):
        if isinstance(value, list | dict | set):
            setattr(found, name, copy.copy(value))
    return found


def play(plan: Plan, deviations: dict[int, int], *, start: int = 10, partial: bool = False) -> End:
    """One run, from a quiet sandbox through the plan to a quiet sandbox."""
    run = Run.of(plan, start=start, partial=partial)
    run.choices.deviations = deviations
    while run.turn():
        pass
    return run.end()


def _next(
    sandbox: Small, engine: Ledgers, acts: list[tuple[float, Act]], sweeps: list[float]
) -> float | None:
    times = [hook.at for hook in sandbox.hooks] + [at for at, _ in acts[:1]] + sweeps[:1]
    wakes = engine.wakes_s(sandbox)
    if wakes is not None:
        times.append(max(wakes, sandbox.now_s + 1.0))
    if engine.looking:
        times.append(sandbox.now_s + 0.2)
    return min(times) if times else None


def _step(sandbox: Small, engine: Ledgers) -> None:
    for hook in sandbox.due_hooks():
        engine.take_reports(sandbox, hook)
    try:
        engine.work(sandbox)
    except Crash:
        engine.sweep(sandbox)


def _end(sandbox: Small) -> str:
    if sandbox.below_zero:
        return "below zero"
    if sandbox.separate is not None:
        ends = {_compared(sandbox.levels[side], sandbox.separate[side]) for side in Side}
        return "right" if ends == {"right"} else "high" if "high" in ends else "low"
    if sandbox.levels[Side.ZETTLE] != sandbox.levels[Side.SHOP] and sandbox.truth >= 0:
        return "apart"
    return _compared(sandbox.levels[Side.ZETTLE], sandbox.truth)


def _compared(level: int, truth: int) -> str:
    level, truth = max(0, level), max(0, truth)
    return "right" if level == truth else "low" if level < truth else "high"
