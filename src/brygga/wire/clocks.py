"""The offset between the platforms' clocks and ours, from the `Date` of their answers (RFC 9110,
6.6.1).

A sale or an order has its platform's time. To find the movement of ours that it caused, both clocks
are compared (`sync/stock/explaining.py`). A machine whose own clock is seconds wrong must not
return a wrong result.
"""

import functools
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

DRIFT = 5e-5
"""Seconds by which two clocks may drift apart in each second: an old measurement is less exact."""
WIDE_S = 3.0
"""Wider bounds are not used: the answer took too long, or is too old."""
NEAR_S = 60.0
"""A first answer is used when it gives an offset of at most this."""
AGREE = 3
"""This many answers must agree before they replace the known bounds, or before a large offset is
accepted: one machine of the platform may have a wrong clock itself.
"""
ABSURD_S = 86_400.0
"""No clock that allowed its owner to sign in is wrong by a day. Such a Date is invalid."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """A platform's clock is at least `low_s` and at most `high_s` seconds ahead of ours."""

    low_s: float
    high_s: float

    @property
    def middle_s(self) -> float:
        return (self.low_s + self.high_s) / 2

    @property
    def is_narrow(self) -> bool:
        return self.high_s - self.low_s <= WIDE_S

    def wider(self, by_s: float) -> "Bounds":
        return Bounds(self.low_s - by_s, self.high_s + by_s)

    def narrowed(self, other: "Bounds") -> "Bounds | None":
        """The intersection; None when the bounds exclude each other."""
        low, high = max(self.low_s, other.low_s), min(self.high_s, other.high_s)
        return Bounds(low, high) if low <= high else None


@dataclass(frozen=True, slots=True)
class _Said:
    """Bounds, when they were last narrowed, and how many answers agreed on them."""

    bounds: Bounds
    at: datetime
    answers: int = 1

    def by(self, now: datetime) -> Bounds:
        return self.bounds.wider(abs((now - self.at).total_seconds()) * DRIFT)

    def and_also(self, found: Bounds, now: datetime) -> "_Said | None":
        both = self.by(now).narrowed(found)
        return None if both is None else _Said(both, now, self.answers + 1)


class Clocks:
    """The bounds that the answers of this process gave so far. Each answer narrows them, because
    whole seconds change at a different moment for each.
    """

    def __init__(self) -> None:
        self._known: dict[str, _Said] = {}
        self._rivals: dict[str, _Said] = {}
        """Bounds that contradict the known ones, until enough answers agree on them."""

    def received(self, platform: str, date: str, sent: datetime, received: datetime) -> None:
        """Records the `Date` of an answer. It is cut to whole seconds and was written between
        `sent` and `received`.

        A `Date` that cannot be read, is absurd, or took too long is ignored.
        """
        written = time_of(date)
        if written is None or received < sent:
            return
        found = Bounds((written - received).total_seconds(), (written - sent).total_seconds() + 1)
        if not found.is_narrow or abs(found.middle_s) > ABSURD_S:
            return
        known = self._known.get(platform)
        agreed = None if known is None else known.and_also(found, received)
        if agreed is not None:
            self._known[platform] = agreed
            self._rivals.pop(platform, None)
        elif known is None and abs(found.middle_s) <= NEAR_S:
            self._known[platform] = _Said(found, received)
        else:
            self._contradicted(platform, found, received)

    def _contradicted(self, platform: str, found: Bounds, received: datetime) -> None:
        rival = self._rivals.get(platform)
        agreed = (None if rival is None else rival.and_also(found, received)) or _Said(
            found, received
        )
        self._rivals[platform] = agreed
        if agreed.answers >= AGREE:
            self._known[platform] = self._rivals.pop(platform)

    def offset(self, platform: str, now: datetime) -> Bounds | None:
        """None before an answer was accepted, and when the last one is too old."""
        known = self._known.get(platform)
        found = None if known is None else known.by(now)
        return found if found is not None and found.is_narrow else None


@functools.lru_cache(8)
def time_of(date: str) -> datetime | None:
    """The time of a `Date` header, in UTC; None when it cannot be read."""
    try:
        found = parsedate_to_datetime(date)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None
