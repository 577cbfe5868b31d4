"""What a merchant is told of by mail or webhook: only what needs the merchant, once for each cause.

A condition is something that is true of a connection now: a cause, and the subject it is about. It
is told once. It is told again only when it has ended and come back.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final


class Cause(StrEnum):
    """The comment names the subject."""

    ACCESS_LOST = "access_lost"  # the failure's code
    SYNC_STOPPED = "sync_stopped"  # the failure's code, or "prices_paused"
    NUMBERS_TO_CHECK = "numbers_to_check"  # variant uuid
    NUMBERS_DIFFER = "numbers_differ"  # variant uuid
    HOOKS_DEAD = "hooks_dead"  # ""
    BRAKE = "brake"  # the question's kind
    FIRST_SYNC_DONE = "first_sync_done"  # ""


ONCE: Final = frozenset({Cause.FIRST_SYNC_DONE})
"""These happen once in a connection, and never come back."""
GATHER: Final = timedelta(minutes=2)
"""A cause must last this long. What begins in the same minutes is told in one message."""
BETWEEN: Final = timedelta(hours=1)
"""Two messages of the same cause are at least this far apart."""
NEWS_FOR: Final = timedelta(days=1)
"""What happens once is told within this time, or not at all."""


@dataclass(frozen=True, slots=True)
class Condition:
    cause: Cause
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """A condition that was seen before. `told_at` is None until a message is on disk."""

    condition: Condition
    since: datetime
    told_at: datetime | None = None


def compared(
    present: Collection[Condition], known: Collection[Known]
) -> tuple[frozenset[Condition], frozenset[Condition]]:
    """The conditions that begin now, and those that have ended."""
    before = frozenset(one.condition for one in known)
    now = frozenset(present)
    return now - before, frozenset(one for one in before - now if one.cause not in ONCE)


def to_tell(
    known: Collection[Known], off: Collection[Cause], now: datetime
) -> Mapping[Cause, tuple[str, ...]]:
    """What a message is to be made of now: by cause, the subjects that nobody was told of yet."""
    last: dict[Cause, datetime] = {}
    for one in known:
        if one.told_at is not None:
            cause = one.condition.cause
            last[cause] = max(one.told_at, last.get(cause, one.told_at))
    found: dict[Cause, list[str]] = {}
    for one in sorted(known, key=lambda each: (each.since, each.condition.subject)):
        cause = one.condition.cause
        if one.told_at is not None or cause in off or now - one.since < GATHER:
            continue
        if cause in last and now - last[cause] < BETWEEN:
            continue
        if cause in ONCE and now - one.since > NEWS_FOR:
            continue
        found.setdefault(cause, []).append(one.condition.subject)
    return {cause: tuple(subjects) for cause, subjects in found.items()}


RETRY_FIRST: Final = timedelta(minutes=1)
RETRY_MOST: Final = timedelta(hours=1)
GIVE_UP: Final = timedelta(days=3)
"""A message that could not be delivered for this long is given up, and the page says so."""


def next_try(attempts: int, created_at: datetime, now: datetime) -> datetime | None:
    """When a message is tried again after `attempts` failed tries: the delay doubles. None when it
    is given up.
    """
    if now - created_at >= GIVE_UP:
        return None
    doublings = min(max(attempts - 1, 0), 10)
    return now + min(RETRY_FIRST * (1 << doublings), RETRY_MOST)
