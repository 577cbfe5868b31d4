"""A small town in which every chance is a choice, and each choice has an ordinary answer.

The town of `tests.core.stock.stock_town` asks dice whether a request is lost, a read is late or the
process dies. Here it asks `Choices`, which answers with the ordinary case unless the run deviates
there. A run is therefore named by its plan (what people do, and when) and its deviations, and is
the same whenever it is played.
"""

import random
from dataclasses import dataclass, field
from enum import StrEnum

from brygga.core.stock import Side, Slot, joined, split
from tests.core.stock.stock_town import Crash, Hook, Ledgers, NoAnswer, TooLittle, Town

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


class Small(Town):
    """Both platforms. What people do is judged by side while stock is separate."""

    def __init__(self, choices: Choices, start: int, *, partial: bool = False) -> None:
        super().__init__(random.Random(0), start=start, partial=partial)
        self.choices = choices
        self.apart: dict[Side, int] | None = None

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
        if self.apart is not None:
            self.apart[side] += moved

    def _split(self, engine: Ledgers) -> None:
        promised = engine.disk.promised
        if engine.disk.separate or promised is None:
            return
        shop = min(SHOP_PART, max(0, promised))
        parted = split(engine.disk, max(0, promised) - shop, shop)
        if parted is None:
            return
        engine.disk = parted
        engine.lost.clear()
        # What moved and was not read before the click counts on top of what the merchant typed.
        unread = self.truth - promised
        self.choices.story.append(f"split {promised}, {unread} not yet read")
        self.apart = {Side.ZETTLE: max(0, promised) - shop, Side.SHOP: shop}
        for side in Side:
            known = engine.disk[side].known
            assert isinstance(known, int)
            self.apart[side] += self._unread(engine, side)

    def _unread(self, engine: Ledgers, side: Side) -> int:
        """What people changed on a side that its record did not show when stock was parted."""
        shelf = engine.disk[side]
        assert isinstance(shelf.known, int)
        flying = (
            0
            if shelf.flight is None or not self.landed(shelf.flight.call)
            else shelf.flight.quantity
        )
        return self.levels[side] - shelf.known - flying

    def _join(self, engine: Ledgers) -> None:
        if self.apart is None or not engine.disk.separate:
            return
        engine.disk = joined(engine.disk)
        self.moved = sum(self.apart.values()) - self.start
        self.apart = None

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
        self.told += 1
        answer = self.choices.ask(f"event of {side.value}", "late", "twice", "at once")
        waits = {0: (EVENT_S,), 1: (LATE_S,), 2: (EVENT_S, LATE_S), 3: (0.0,)}[answer]
        self.hooks += [
            Hook(self.now_s + wait, side, identifier, by_api, self.told) for wait in waits
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
    """How a run ended: `right`, `low`, `high` or `apart`, and whether the merchant was asked."""

    what: str
    asked: bool
    story: tuple[str, ...]
    choices: tuple[tuple[str, int], ...]

    @property
    def is_wrong(self) -> bool:
        """Wrong without a word, or too high although something was said."""
        return self.what != "right" and not (self.asked and self.what == "low")


def play(plan: Plan, deviations: dict[int, int], *, start: int = 10, partial: bool = False) -> End:
    """One run, from a quiet town through the plan to a quiet town."""
    choices = Choices(deviations)
    town = Small(choices, start, partial=partial)
    engine = Ledgers.of(town)
    engine.looking = False
    acts = [(1.0 + place * plan.gap_s, act) for place, act in enumerate(plan.acts)]
    last = acts[-1][0]
    sweeps = [last + wait for wait in SWEEPS_S]
    while town.now_s < LONGEST_S:
        at = _next(town, engine, acts, sweeps)
        if at is None:
            break
        town.now_s = max(town.now_s, at)
        while acts and acts[0][0] <= town.now_s:
            town.act(acts.pop(0)[1], engine)
        if sweeps and sweeps[0] <= town.now_s:
            sweeps.pop(0)
            engine.sweep(town)
        _step(town, engine)
    return End(_end(town), engine.reported, tuple(choices.story), tuple(choices.asked))


def _next(
    town: Small, engine: Ledgers, acts: list[tuple[float, Act]], sweeps: list[float]
) -> float | None:
    times = [hook.at for hook in town.hooks] + [at for at, _ in acts[:1]] + sweeps[:1]
    wakes = engine.wakes_s(town)
    if wakes is not None:
        times.append(max(wakes, town.now_s + 1.0))
    if engine.looking:
        times.append(town.now_s + 0.2)
    return min(times) if times else None


def _step(town: Small, engine: Ledgers) -> None:
    for hook in town.due_hooks():
        engine.hear(town, hook)
    try:
        engine.work(town)
    except Crash:
        engine.sweep(town)


def _end(town: Small) -> str:
    if town.below_zero:
        return "below zero"
    if town.apart is not None:
        ends = {_compared(town.levels[side], town.apart[side]) for side in Side}
        return "right" if ends == {"right"} else "high" if "high" in ends else "low"
    if town.levels[Side.ZETTLE] != town.levels[Side.SHOP] and town.truth >= 0:
        return "apart"
    return _compared(town.levels[Side.ZETTLE], town.truth)


def _compared(level: int, truth: int) -> str:
    level, truth = max(0, level), max(0, truth)
    return "right" if level == truth else "low" if level < truth else "high"
