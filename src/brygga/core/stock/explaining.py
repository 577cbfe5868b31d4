"""Which sale, refund or order made a shelf move: a guess by time and quantity, for the page that explains a number. It moves nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from brygga.core.stock.story import Reason

LATER = timedelta(seconds=10)
"""A deed may bear a time so long after we saw what it did: clocks differ."""
TICK = timedelta(seconds=1)
EARLIER = timedelta(hours=24)
"""A till without a network tells of its sales when it is back."""


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that a platform has a number for, and what it did to one variant's shelf."""

    at: datetime
    change: int
    reason: Reason
    number: str


@dataclass(frozen=True, slots=True)
class Unexplained:
    """A shelf's own movement, by the id that the memory gave it. `since` is a look before it at which the shelf's level was known."""

    id: int
    at: datetime
    change: int
    since: datetime | None = None

    @property
    def begins(self) -> datetime:
        """What made it is looked for from here on: since that look, and no further back than a till tells late."""
        earliest = self.at - EARLIER
        return earliest if self.since is None else max(self.since, earliest)

    @property
    def is_bounded(self) -> bool:
        """Whether what made it must lie after `begins`."""
        return self.since is not None and self.since >= self.at - EARLIER


@dataclass(frozen=True, slots=True)
class Explained:
    id: int
    reason: Reason
    numbers: tuple[str, ...] = ()


def explained(moves: Sequence[Unexplained], deeds: Sequence[Deed]) -> tuple[Explained, ...]:
    """One shelf's movements, oldest first, each with the deeds that made it. All times are by one clock, the platform's.

    | among the deeds since the look before, not yet used | then |
    |---|---|
    | all of them together, else the last few, else any one, are of the movement's size | those made it |
    | there is none | somebody changed the number by hand, or another app did |
    | there is none, but the look before is too long ago, or not known | nobody can tell: it may have been earlier |
    | there are some of another size | nobody can tell: a sale and an edit in one look |
    """
    left = sorted(deeds, key=lambda deed: deed.at)
    found: list[Explained] = []
    for move in moves:
        near = [deed for deed in left if move.at - EARLIER <= deed.at <= move.at + LATER]
        fresh = [deed for deed in near if deed.at > move.begins - LATER]
        before = [deed for deed in fresh if deed.at <= move.at + TICK]
        made = next(filter(None, (_fitting(move.change, among) for among in (before, fresh, near))), ())
        if made:
            left = [deed for deed in left if deed not in made]
            found.append(Explained(move.id, _reason(made), tuple(deed.number for deed in made)))
        else:
            found.append(Explained(move.id, Reason.UNCLEAR if fresh or not move.is_bounded else Reason.EDIT))
    return tuple(found)


def _fitting(change: int, deeds: Sequence[Deed]) -> tuple[Deed, ...]:
    """The longest run of the last of them that makes the change, else the last one that does alone."""
    for first in range(len(deeds)):
        if sum(deed.change for deed in deeds[first:]) == change:
            return tuple(deeds[first:])
    return next(((deed,) for deed in reversed(deeds) if deed.change == change), ())


def _reason(made: Sequence[Deed]) -> Reason:
    reasons = {deed.reason for deed in made}
    return reasons.pop() if len(reasons) == 1 else Reason.SEVERAL
