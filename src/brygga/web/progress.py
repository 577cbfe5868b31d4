"""The progress of products that are being created, as the overview and its live figures say it."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from brygga.core import progress
from brygga.core.progress import WINDOW, Budget, Doing, Estimate, Made
from brygga.database import bindings, connections, waiting_work
from brygga.database.engine import Tx
from brygga.database.work_items import Kind
from brygga.web.i18n import Words


@dataclass(frozen=True, slots=True)
class Progress:
    made: Made = field(default_factory=Made)
    estimate: Estimate = field(default_factory=lambda: Estimate(None, None))
    doing: Doing = Doing.FINISHING
    waits_until: datetime | None = None
    """When the store takes requests again."""
    budget: Budget | None = None

    @property
    def is_shown(self) -> bool:
        """Whether many products are being created: during the first sync, or after many were
        assigned.
        """
        return self.made.is_shown


async def read(tx: Tx, connection_id: int, waiting: int, now: datetime) -> Progress:
    """`waiting` is how many products wait. While none does, nothing is counted."""
    budget = progress.budget_of(await connections.budget_seen(tx, connection_id))
    if not waiting:
        return Progress(budget=budget)
    found = await bindings.made(tx, connection_id, now - WINDOW)
    # A product that waits for us to correct a fault is not on its way.
    made = replace(found, wanted=found.made + min(found.left, waiting))
    if not made.is_shown:
        return Progress(made, budget=budget)
    kinds = await waiting_work.waiting_kinds(tx, connection_id)
    until = budget.waits_until(now) if budget else None
    reading = bool({Kind.SETUP, Kind.LIBRARY} & set(kinds))
    doing = progress.doing(made, reading=reading, store_waits=until is not None)
    return Progress(made, progress.estimate(made, budget, now), doing, until, budget)


def texts(words: Words, of: Progress) -> dict[str, str]:
    """The sentences that change while a page is open, by the name of their place."""
    made, wanted = words.number(of.made.made), words.number(of.made.wanted)
    name = of.made.latest
    key = f"doing.{of.doing}"
    key = f"{key}_named" if of.doing is Doing.CREATING and name else key
    return {
        "made": words.fill("progress.made", {"made": made, "wanted": wanted}),
        "doing": words.fill(key, {"name": name}),
        "rate": _rate(words, of.estimate),
        "left": _left(words, of.estimate),
    }


def _rate(words: Words, estimate: Estimate) -> str:
    if estimate.per_minute is None:
        return words.fill("progress.rate_unknown", {})
    return words.fill("progress.rate", {"n": words.number(estimate.per_minute)})


def _left(words: Words, estimate: Estimate) -> str:
    if estimate.minutes is None:
        return words.fill("progress.left_unknown", {})
    if estimate.minutes <= 1:
        return words.fill("progress.left_minute", {})
    hours, minutes = divmod(estimate.minutes, 60)
    if not hours:
        return words.fill("progress.left_minutes", {"n": words.number(minutes)})
    values = {"h": words.number(hours), "m": words.number(minutes)}
    return words.fill("progress.left_hours", values)


def limit_text(words: Words, budget: Budget | None) -> str:
    """What the estimate rests on: the store's own limit."""
    if budget is None or not budget.quota:
        return ""
    quota, window = words.number(budget.quota), words.number(round(budget.window_s))
    return words.fill("progress.limit", {"quota": quota, "s": window})
