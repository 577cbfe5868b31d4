"""How far the platforms' clocks go apart from ours, by the `Date` of their answers (RFC 9110, 6.6.1).

A webhook says when something happened by its platform's clock. Whether that was before or after a request of ours left is asked of both
clocks, and a machine whose own is seconds wrong must not answer it wrongly.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

DRIFT = 1e-4
"""Seconds by which two clocks may part in each second: what was measured long ago says less."""


@dataclass(frozen=True, slots=True)
class Apart:
    """A platform's clock is at least `low_s` and at most `high_s` seconds ahead of ours."""

    low_s: float
    high_s: float

    @property
    def middle_s(self) -> float:
        return (self.low_s + self.high_s) / 2

    @property
    def within_s(self) -> float:
        """How far the truth may be from the middle."""
        return (self.high_s - self.low_s) / 2

    def wider(self, by_s: float) -> "Apart":
        return Apart(self.low_s - by_s, self.high_s + by_s)

    def narrowed(self, other: "Apart") -> "Apart":
        """What both say; what the other one says where they exclude each other, since a clock was set meanwhile."""
        low, high = max(self.low_s, other.low_s), min(self.high_s, other.high_s)
        return Apart(low, high) if low <= high else other


class Clocks:
    """What the answers of this process have said so far. Each narrows it: whole seconds turn at a different moment for each."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Apart, datetime]] = {}

    def heard(self, platform: str, date: str, sent: datetime, received: datetime) -> None:
        """An answer carried this `Date`, which is cut to whole seconds and was written between leaving and coming. Others are ignored."""
        written = _read(date)
        if written is None or received < sent:
            return
        low = (written - received).total_seconds()
        found = Apart(low, (written - sent).total_seconds() + 1)
        before = self._known.get(platform)
        if before is not None:
            found = before[0].wider(abs((received - before[1]).total_seconds()) * DRIFT).narrowed(found)
        self._known[platform] = (found, received)

    def apart(self, platform: str) -> Apart | None:
        """None before the first answer."""
        known = self._known.get(platform)
        return None if known is None else known[0]


def _read(date: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(date)
    except (ValueError, TypeError):
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
