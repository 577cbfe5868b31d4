"""What platforms tell of a shelf around a write that gets no answer, for the tests of what is made of it."""

from datetime import UTC, datetime, timedelta

from brygga.core.stock import Flight, Look, Side, Timing, Told
from brygga.core.stock.accounts import Account, account

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TIMING = Timing()


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def flight(quantity: int = -3, *, lost: float | None = 0.2, base: int = 10) -> Flight:
    """It left at noon, from a level that was read just before."""
    return Flight("call", quantity, NOON, base=base, lost=None if lost is None else at(lost), seen=at(-0.2))


def edit(second: int, level: int) -> Told:
    return Told(at(second), level)


def order(second: int, change: int) -> Told:
    return Told(at(second), change, relative=True, by_order=True)


def of(level: int, *tale: Told, write: Flight | None = None, side: Side = Side.SHOP) -> Account | None:
    return account(side, write or flight(), tale, Look(level, at(60)), TIMING)


OURS, NOT_OURS = (
    Account(told=True, without=True, silent=True, linked=True),
    Account(told=False, without=True, silent=False),
)
"""An edit sets a level, so it may have covered a write that nobody told of."""
EITHER = Account(told=False, without=True, silent=True)
UNKNOWN = Account(told=False, without=False, silent=False)
SILENT = Account(told=False, without=False, silent=True)
