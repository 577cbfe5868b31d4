"""How far the first sync is, how fast it goes, and how long it still takes.

The estimate promises no more than the store's request budget allows, and no more than what was
reached in the last minute.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

WINDOW: Final = timedelta(seconds=60)
"""The rate is measured over this time."""
ENOUGH: Final = 3
"""Fewer products in the window are no rate."""
FEW: Final = 5
"""Fewer new products than this are not shown as a progress of their own."""
KEPT: Final = 3
"""Requests that every window keeps for stock (`wire.budget.KEPT_FOR_STOCK`)."""
REQUESTS: Final = 1.2
"""Requests to BigCommerce for one new product: the create, and its share of the batches of tags,
channel assignments and reads.
"""


@dataclass(frozen=True, slots=True)
class Budget:
    """The store's request budget, as last seen. `left` of `quota` requests are free until
    `reset_at`, when the window begins again. `quota` is None where the store names no limit.
    """

    quota: int | None
    left: int
    window_s: float
    reset_at: datetime
    blocked_until: datetime

    def free(self, now: datetime) -> int:
        """The free requests now. After the reset the window is full, as far as we know."""
        full = self.quota or 0
        return full if now >= self.reset_at else max(0, min(self.left, full))

    def share(self, now: datetime) -> int | None:
        """The free share in percent, None where the store names no limit."""
        return round(100 * self.free(now) / self.quota) if self.quota else None

    def waits_until(self, now: datetime) -> datetime | None:
        """When requests go on, where none but stock's may be sent now."""
        if now < self.blocked_until:
            return self.blocked_until
        spent = self.quota is not None and now < self.reset_at and self.left <= KEPT
        return self.reset_at if spent else None


def budget_of(snapshot: Mapping[str, int] | None) -> Budget | None:
    """The budget from a saved snapshot (`wire.budget.StoreBudget.snapshot`)."""
    if not snapshot:
        return None
    return Budget(
        snapshot.get("quota"),
        snapshot.get("left", 0),
        snapshot["window_ms"] / 1000,
        _moment(snapshot.get("reset_at_ms", 0)),
        _moment(snapshot["blocked_until_ms"]),
    )


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


@dataclass(frozen=True, slots=True)
class Made:
    """Of the `wanted` products, `made` are in the store. `lately` of these came in the window, the
    first of them at `since`.
    """

    wanted: int = 0
    made: int = 0
    lately: int = 0
    since: datetime | None = None
    latest: str = ""
    """The name of the product that came last."""

    @property
    def left(self) -> int:
        return max(0, self.wanted - self.made)

    @property
    def is_shown(self) -> bool:
        """Whether many products are being created, or have just been."""
        return self.left + self.lately >= FEW


@dataclass(frozen=True, slots=True)
class Estimate:
    """`per_minute` is what was reached in the window, `minutes` the time left, rounded up. Each is
    None where nobody can know it yet.
    """

    per_minute: int | None
    minutes: int | None


def estimate(made: Made, budget: Budget | None, now: datetime) -> Estimate:
    """The slower of two rates decides: the measured one, and the one that the budget allows."""
    measured = _measured(made, now)
    allowed = _allowed(budget)
    rates = [rate for rate in (measured, allowed) if rate]
    minutes = -int(-made.left // (min(rates) * 60)) if rates else None
    return Estimate(round(measured * 60) if measured else None, minutes)


def _measured(made: Made, now: datetime) -> float | None:
    """Products a second."""
    if made.lately < ENOUGH or made.since is None:
        return None
    return made.lately / max((now - made.since).total_seconds(), 1.0)


def _allowed(budget: Budget | None) -> float | None:
    if budget is None or not budget.quota or budget.window_s <= 0:
        return None
    return max(budget.quota - KEPT, 1) / budget.window_s / REQUESTS


class Doing(StrEnum):
    """What the product work is at."""

    READING = "reading"
    """Zettle's library is being read."""
    STORE_WAITS = "store_waits"
    """The store's requests are used up until the window begins again."""
    CREATING = "creating"
    FINISHING = "finishing"
    """Every product is in the store. What is left is being completed and checked."""


def doing(made: Made, *, reading: bool, store_waits: bool) -> Doing:
    if reading and not made.made:
        return Doing.READING
    if not made.left:
        return Doing.FINISHING
    return Doing.STORE_WAITS if store_waits else Doing.CREATING
