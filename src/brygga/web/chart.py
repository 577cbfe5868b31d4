"""The stock on both sides over time, as the values of a chart. The lines are steps, because stock
changes at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from brygga.core.stock.movement import Movement

WIDTH, HEIGHT = 1000, 200
"""In the chart's own units. The page stretches it."""
TICKS = 4
"""The most lines above the lowest one."""
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


def chart(moves: Sequence[Movement], now: datetime) -> Chart | None:
    """The chart of the movements, which come oldest first, and of the time from the last one until
    now. None when neither side ever had a number.
    """
    if not moves:
        return None
    start, end = moves[0].at, max(now, moves[-1].at, moves[0].at + LEAST)
    start -= (end - start) / 40  # room for the time before the first movement
    till = [(start, moves[0].zettle_before), *((move.at, move.zettle_after) for move in moves)]
    shop = [(start, moves[0].shop_before), *((move.at, move.shop_after) for move in moves)]
    numbers = [level for _, level in (*till, *shop) if level is not None]
    if not numbers:
        return None
    ticks = scale(min(numbers), max(numbers))
    frame = _Frame(start, end, ticks[-1], ticks[0])
    return Chart(frame.path(till), frame.path(shop), ticks, start, end, extent(till), extent(shop))


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

    def _x(self, at: datetime) -> float:
        return round(WIDTH * ((at - self.start) / (self.end - self.start)), 1)

    def _y(self, level: int) -> float:
        return round(HEIGHT * (self.top - level) / (self.top - self.bottom), 1)
