"""The stock on both sides over time, as the values of a chart. The lines are steps, because stock
changes at once. Each event has a mark on its side's line.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise

from brygga.core.stock import Side
from brygga.core.stock.movement import Movement, Reason
from brygga.web.days import ticks

WIDTH, HEIGHT = 1000, 200
"""In the chart's own units. The page stretches it."""
TICKS = 4
"""The most lines above the lowest one."""
EDGE = 3.0
"""Per cent of the width. A label nearer to an edge would stick out."""
LEAST = timedelta(minutes=1)
"""The shortest time that a chart shows, so that a first movement is visible in it."""


@dataclass(frozen=True, slots=True)
class Extent:
    """The stock of one side in the time that is shown. None where it never had a number."""

    first: int | None
    last: int | None
    lowest: int | None
    highest: int | None


@dataclass(frozen=True, slots=True)
class Label:
    """A round time below the chart. `across` is its place in per cent of the width."""

    at: datetime
    """In the shop's time zone."""
    across: float
    is_day: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """An event on the line of its side. `path` draws a dot there, by a line without a length."""

    path: str
    side: str
    is_edit: bool
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    till: str
    shop: str
    """Paths, with a gap where a side had no number."""
    ticks: tuple[int, ...]
    """The values of the lines, from the top."""
    start: datetime
    end: datetime
    till_extent: Extent
    shop_extent: Extent
    labels: tuple[Label, ...] = ()
    marks: tuple[Mark, ...] = ()

    @property
    def lines(self) -> tuple[float, ...]:
        """The positions of the lines, from the top."""
        return tuple(
            round(HEIGHT * place / (len(self.ticks) - 1), 1) for place in range(len(self.ticks))
        )

    @property
    def is_same(self) -> bool:
        return self.till == self.shop


Level = tuple[datetime, int | None]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a chart shows: movements, oldest first, and the time around them. `before` is the last
    movement before that time, for a time in which nothing moved.
    """

    moves: Sequence[Movement]
    start: datetime
    end: datetime
    before: Movement | None = None

    @property
    def till(self) -> Sequence[Level]:
        first = self.moves[0].zettle_before if self.moves else None
        if not self.moves and self.before is not None:
            first = self.before.zettle_after
        return [(self.start, first), *((move.at, move.zettle_after) for move in self.moves)]

    @property
    def shop(self) -> Sequence[Level]:
        first = self.moves[0].shop_before if self.moves else None
        if not self.moves and self.before is not None:
            first = self.before.shop_after
        return [(self.start, first), *((move.at, move.shop_after) for move in self.moves)]


def whole(moves: Sequence[Movement], now: datetime) -> Shown | None:
    """All these movements, and the time from the last one until now. None where there are none."""
    if not moves:
        return None
    start, end = moves[0].at, max(now, moves[-1].at, moves[0].at + LEAST)
    start -= (end - start) / 40  # room for the time before the first movement
    return Shown(moves, start, end)


def chart(
    shown: Shown | None, zone: tzinfo = UTC, marked: Sequence[tuple[Movement, str]] = ()
) -> Chart | None:
    """The chart of what is shown, with a mark for each of `marked`: a movement and its sentence.
    None when neither side ever had a number.
    """
    if shown is None:
        return None
    till, shop = shown.till, shown.shop
    numbers = [level for _, level in (*till, *shop) if level is not None]
    if not numbers:
        return None
    lines = scale(min(numbers), max(numbers))
    frame = _Frame(shown.start, shown.end, lines[-1], lines[0])
    return Chart(
        frame.path(till),
        frame.path(shop),
        lines,
        shown.start,
        shown.end,
        extent(till),
        extent(shop),
        frame.labels(zone),
        frame.marks(marked),
    )


def scale(lowest: int, highest: int) -> tuple[int, ...]:
    """Round numbers at equal distances, from the top. Zero is always among them."""
    bottom, top = min(0, lowest), max(0, highest)
    step = next(step for step in _steps() if -(-top // step) - bottom // step <= TICKS)
    return tuple(range(max(step, -(-top // step) * step), bottom // step * step - 1, -step))


def _steps() -> Sequence[int]:
    return [digit * 10**power for power in range(12) for digit in (1, 2, 5)]


def extent(levels: Sequence[Level]) -> Extent:
    numbers = [level for _, level in levels if level is not None]
    if not numbers:
        return Extent(None, None, None, None)
    return Extent(numbers[0], levels[-1][1], min(numbers), max(numbers))


@dataclass(frozen=True, slots=True)
class _Frame:
    start: datetime
    end: datetime
    bottom: int
    top: int

    def path(self, levels: Sequence[Level]) -> str:
        """A line along each level until the next change, then straight up or down. It is
        interrupted where there is no number.
        """
        parts: list[str] = []
        drawing = False
        for (at, level), (until, _) in pairwise([*levels, (self.end, None)]):
            if level is None:
                drawing = False
                continue
            place = f"{self._x(at)} {self._y(level)}"
            parts.append(f"V{self._y(level)}" if drawing else f"M{place}")
            parts.append(f"H{self._x(until)}")
            drawing = True
        return "".join(parts)

    def labels(self, zone: tzinfo) -> tuple[Label, ...]:
        """The round times, but those too near to an edge for their words."""
        found = [
            Label(tick.at.astimezone(zone), self._x(tick.at) * 100 / WIDTH, tick.is_day)
            for tick in ticks(self.start, self.end, zone)
        ]
        return tuple(one for one in found if EDGE <= one.across <= 100 - EDGE)

    def marks(self, marked: Sequence[tuple[Movement, str]]) -> tuple[Mark, ...]:
        """Those whose side had a number, and that lie in the time that is shown."""
        found = []
        for move, text in marked:
            level = move.zettle_after if move.side is Side.ZETTLE else move.shop_after
            if level is None or not self.start <= move.at <= self.end:
                continue
            if not self.bottom <= level <= self.top:
                continue
            path = f"M{self._x(move.at)} {self._y(level)}h0"
            found.append(Mark(path, move.side.value, move.reason is Reason.EDIT, text))
        return tuple(found)

    def _x(self, at: datetime) -> float:
        return round(WIDTH * ((at - self.start) / (self.end - self.start)), 1)

    def _y(self, level: int) -> float:
        return round(HEIGHT * (self.top - level) / (self.top - self.bottom), 1)
