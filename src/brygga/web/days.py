"""Days as the merchant's shop has them, and round times along a line of time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.core import get_global

MOST: Final = 7
"""The most round times along a line."""
HOURS: Final = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(minutes=30),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=6),
)
"""Distances of round times within a day or two."""
DAYS: Final = (1, 2, 7, 14, 28)
"""Distances of days, where hours would be too many."""


@cache
def zone_of(country: str) -> tzinfo:
    """The time zone of a country that has one. UTC for others, and where it is not known."""
    zones: Any = get_global("territory_zones").get(country, ())
    if len(zones) != 1:
        return UTC
    try:
        return ZoneInfo(zones[0])
    except ZoneInfoNotFoundError:
        return UTC


@dataclass(frozen=True, slots=True)
class Day:
    """From its midnight until before the next one. In spring and autumn that is 23 or 25 hours."""

    date: date
    zone: tzinfo

    @property
    def start(self) -> datetime:
        return midnight(self.date, self.zone)

    @property
    def end(self) -> datetime:
        return midnight(self.date + timedelta(days=1), self.zone)


def midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def day_of(text: str, zone: tzinfo) -> Day | None:
    """The day of a text such as 2026-11-28. None for any other text."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    # The days before and after exist in every time zone.
    return Day(found, zone) if date(2000, 1, 1) <= found <= date(2200, 1, 1) else None


@dataclass(frozen=True, slots=True)
class Tick:
    """`is_day`: a midnight, which is named by its date."""

    at: datetime
    is_day: bool


def ticks(start: datetime, end: datetime, zone: tzinfo) -> Sequence[Tick]:
    """Round times from `start` to `end`, at most `MOST`: hours and minutes of the shop's day where
    they are few enough, else midnights.
    """
    for step in HOURS:
        if (end - start) / step <= MOST:
            return _clock(start, end, zone, step)
    first, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    count = (last - first).days
    step_days = next((days for days in DAYS if count / days <= MOST), 1 + count // MOST)
    found = [first + timedelta(days=n) for n in range(1, count + 1) if (count - n) % step_days == 0]
    moments = [midnight(day, zone) for day in found]
    return [Tick(at, is_day=True) for at in moments if start <= at <= end]


def _clock(start: datetime, end: datetime, zone: tzinfo, step: timedelta) -> Sequence[Tick]:
    day = midnight(start.astimezone(zone).date(), zone)
    at = day + -(-(start - day) // step) * step
    found = []
    while at <= end:
        local = at.astimezone(zone)
        found.append(Tick(at, is_day=(local.hour, local.minute) == (0, 0)))
        at += step
    return found
