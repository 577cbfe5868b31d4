"""Which sale, refund or order made a shelf move: a guess by time and quantity, for the page that
explains a number. It moves nothing.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from brygga.core.stock.ledger import StockRecord
from brygga.core.stock.movement import Reason

LATER = timedelta(seconds=10)
"""A deed may bear a time so long after we saw what it did: clocks differ."""
TICK = timedelta(seconds=1)
EARLIER = timedelta(hours=24)
"""A till without a network tells of its sales when it is back."""
TOGETHER = timedelta(seconds=60)
"""BigCommerce's reads may show an order of several lines bit by bit, within so long."""


@dataclass(frozen=True, slots=True)
class SourceTransaction:
    """Something that a platform has a number for, and what it did to one variant's shelf."""

    at: datetime
    change: int
    reason: Reason
    number: str


@dataclass(frozen=True, slots=True)
class Unexplained:
    """A shelf's own movement, by the id that the memory gave it. `since` is a look before it at
    which the shelf's level was known.
    """

    id: int
    at: datetime
    change: int
    since: datetime | None = None
    by_order: bool = False
    """The shop's event named an order: then nobody changed the number by hand, though no order is
    found.
    """

    @property
    def begins(self) -> datetime:
        """What made it is looked for from here on: since that look, and no further back than a till
        tells late.
        """
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


def is_order(
    record: StockRecord, received: Collection[bool], change: int, read_lag: timedelta
) -> bool:
    """Whether the shop's events say that an order made this `change` of its shelf. If not, it may
    be an edit by hand.

    `record` is as it was before the events were `received` (each: whether it named an order) that came
    since the last look.

    | the events since the last look | an order made the change |
    |---|---|
    | all name an order | a fall: yes; a rise: where no earlier event is open, that may be about an edit |
    | some name none | nobody can tell |
    | there are none | a fall, where an order's event is open and nothing has moved since: a read may trail it |
    """
    closed = None if record.clear_read is None else record.clear_read - read_lag
    if received:
        is_alone = record.hinted is None or (closed is not None and record.hinted <= closed)
        return all(received) and (change < 0 or is_alone)
    is_open = record.ordered is not None and (closed is None or record.ordered > closed)
    return change < 0 and is_open and not record.recent


def explained(
    moves: Sequence[Unexplained], transactions: Sequence[SourceTransaction]
) -> tuple[Explained, ...]:
    """One shelf's movements, oldest first, each with the deeds that made it. All times are by one
    clock, the platform's.

    | among the deeds since the look before, not yet used | then |
    |---|---|
    | all of them together, else the last few, else any one, are of the movement's size | those made it |
    | one has the size of this movement and those of just after it | it made them, seen bit by bit |
    | there is none | somebody changed the number by hand, or another app did |
    | there is none, but the shop's event named an order | nobody can tell: an order that we do not find |
    | there is none, but the look before is too long ago, or not known | nobody can tell: it may have been earlier |
    | there are some of another size | nobody can tell: a sale and an edit in one look |
    """
    left = sorted(transactions, key=lambda transaction: transaction.at)
    found: list[Explained] = []
    while len(found) < len(moves):
        rest = moves[len(found) :]
        parts, made = _made(rest, left)
        left = [transaction for transaction in left if transaction not in made]
        reason, numbers = (
            _reason(rest[0], left, made),
            tuple(dict.fromkeys(transaction.number for transaction in made)),
        )
        found += [Explained(move.id, reason, numbers) for move in rest[:parts]]
    return tuple(found)


def _made(
    moves: Sequence[Unexplained], left: Sequence[SourceTransaction]
) -> tuple[int, tuple[SourceTransaction, ...]]:
    """How many of these movements, from the first on, were made by which deeds: one by none, where
    none fits.
    """
    move = moves[0]
    near = [
        transaction
        for transaction in left
        if move.at - EARLIER <= transaction.at <= move.at + LATER
    ]
    fresh = _fresh(move, left)
    before = [transaction for transaction in fresh if transaction.at <= move.at + TICK]
    made = next(filter(None, (_fitting(move.change, among) for among in (before, fresh, near))), ())
    return (1, made) if made else _in_parts(moves, fresh)


def _in_parts(
    moves: Sequence[Unexplained], fresh: Sequence[SourceTransaction]
) -> tuple[int, tuple[SourceTransaction, ...]]:
    first = moves[0]
    for count in range(2, len(moves) + 1):
        last = moves[count - 1]
        if last.at - first.at > TOGETHER or (last.change < 0) is not (first.change < 0):
            break
        whole = sum(move.change for move in moves[:count])
        if made := [transaction for transaction in fresh if transaction.change == whole]:
            return count, (made[-1],)
    return 1, ()


def _fresh(move: Unexplained, left: Sequence[SourceTransaction]) -> list[SourceTransaction]:
    """Those that may have happened since the look before, as far as clocks agree."""
    return [
        d
        for d in left
        if move.at - EARLIER <= d.at <= move.at + LATER and d.at > move.begins - LATER
    ]


def _fitting(
    change: int, transactions: Sequence[SourceTransaction]
) -> tuple[SourceTransaction, ...]:
    """The longest run of the last of them that makes the change, else the last one that does
    alone.
    """
    for first in range(len(transactions)):
        if sum(transaction.change for transaction in transactions[first:]) == change:
            return tuple(transactions[first:])
    return next(
        ((transaction,) for transaction in reversed(transactions) if transaction.change == change),
        (),
    )


def _reason(
    move: Unexplained, left: Sequence[SourceTransaction], made: Sequence[SourceTransaction]
) -> Reason:
    if not made:
        is_edit = move.is_bounded and not move.by_order and not _fresh(move, left)
        return Reason.EDIT if is_edit else Reason.UNCLEAR
    reasons = {transaction.reason for transaction in made}
    return reasons.pop() if len(reasons) == 1 else Reason.SEVERAL
