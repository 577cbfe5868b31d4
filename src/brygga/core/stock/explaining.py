"""Which sale, refund or order moved a record: a guess by time and quantity, for the page that
explains a number. It changes no number.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from brygga.core.stock.ledger import StockRecord
from brygga.core.stock.movement import Reason

LATER = timedelta(seconds=10)
"""The time of a source transaction may be this long after we saw its effect: clocks differ."""
TICK = timedelta(seconds=1)
EARLIER = timedelta(hours=24)
"""How late a sale may be reported: a till without a network reports its sales when it is back."""
TOGETHER = timedelta(seconds=60)
"""BigCommerce's reads may show an order of several lines in parts, within this time."""


@dataclass(frozen=True, slots=True)
class SourceTransaction:
    """A sale, refund or order with a platform's number, and its change of one variant's record."""

    at: datetime
    change: int
    reason: Reason
    number: str
    seller: str = ""
    """The seller, as Zettle names them. Never a shopper."""
    place: str = ""
    """Where it was sold or ordered, in the platform's word."""


@dataclass(frozen=True, slots=True)
class Unexplained:
    """A movement that a record made by itself, by its id in the database. `since` is when an
    earlier read showed the record's level.
    """

    id: int
    at: datetime
    change: int
    since: datetime | None = None
    by_order: bool = False
    """The store's event named an order. Then the change is not an edit, even if no order is
    found.
    """

    @property
    def begins(self) -> datetime:
        """The start of the search for its cause: that read, but at most `EARLIER` before the
        movement.
        """
        earliest = self.at - EARLIER
        return earliest if self.since is None else max(self.since, earliest)

    @property
    def is_bounded(self) -> bool:
        """Whether its cause must lie after `begins`."""
        return self.since is not None and self.since >= self.at - EARLIER


@dataclass(frozen=True, slots=True)
class Explained:
    id: int
    reason: Reason
    numbers: tuple[str, ...] = ()
    seller: str = ""
    place: str = ""
    """Empty where several transactions differ."""


def is_order(
    record: StockRecord, received: Collection[bool], change: int, read_lag: timedelta
) -> bool:
    """Whether the store's events say that an order made this `change`. If not, it may be an edit.

    `received` are the events since the last read: for each, whether it named an order. `record` is
    the record before these events.

    | the events since the last read | an order made the change |
    |---|---|
    | all name an order | a fall: yes; a rise: only if no earlier event is open |
    | some name none | not known |
    | there are none | a fall, if an order's event is open and nothing has moved since |

    An earlier open event may be about an edit. In the last case the read may trail the order.
    """
    closed = None if record.clear_read is None else record.clear_read - read_lag
    if received:
        is_alone = record.hinted is None or (closed is not None and record.hinted <= closed)
        return all(received) and (change < 0 or is_alone)
    is_open = record.ordered is not None and (closed is None or record.ordered > closed)
    return change < 0 and is_open and not record.recent


def unshown(
    transactions: Collection[SourceTransaction],
    movements: Iterable[tuple[datetime, int]],
    apart: timedelta,
) -> tuple[list[SourceTransaction], bool]:
    """The transactions of a record that none of its own movements (when, change) has shown, and
    whether that is sure. What one has shown explains nothing else. Clocks are at most `apart`.

    It is not sure where a movement is left that may have shown several of them together.
    """
    left, unlike = list(transactions), list[datetime]()
    for at, change in movements:
        shown = (one for one in left if one.change == change and one.at <= at + apart)
        if (one := next(shown, None)) is not None:
            left.remove(one)
        else:
            unlike.append(at)
    return left, not any(one.at <= at + apart for at in unlike for one in left)


def explained(
    moves: Sequence[Unexplained], transactions: Sequence[SourceTransaction]
) -> tuple[Explained, ...]:
    """One record's movements, oldest first, each with the source transactions that made it. All
    times are by one clock, the platform's.

    | the transactions since the previous read, not yet used | then |
    |---|---|
    | all together, else the last few, else any one, have the movement's size | they made it |
    | one has the size of this movement and those just after it (1) | it made them, read in parts |
    | there is none | an edit: a person or another app changed the number |
    | there is none, but the store's event named an order | unclear: we do not find the order |
    | there is none, but the previous read is too old or not known | unclear: it may be earlier |
    | there are some of another size | unclear: a sale and an edit in one read |

    (1) One that has the size of a single movement just after those is that one's.
    """
    left = sorted(transactions, key=lambda transaction: transaction.at)
    found: list[Explained] = []
    while len(found) < len(moves):
        rest = moves[len(found) :]
        parts, made = _made(rest, left)
        left = [transaction for transaction in left if transaction not in made]
        reason = _reason(rest[0], left, made)
        numbers = tuple(dict.fromkeys(transaction.number for transaction in made))
        seller, place = _common(one.seller for one in made), _common(one.place for one in made)
        found += [Explained(move.id, reason, numbers, seller, place) for move in rest[:parts]]
    return tuple(found)


def _common(names: Iterable[str]) -> str:
    """The name that all have. "" where they differ."""
    found = {*names}
    return found.pop() if len(found) == 1 else ""


def _made(
    moves: Sequence[Unexplained], left: Sequence[SourceTransaction]
) -> tuple[int, tuple[SourceTransaction, ...]]:
    """The number of movements, from the first on, and the transactions that made them. One movement
    and no transactions, where none fits.
    """
    move = moves[0]
    near = _near(move, left)
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
        made = [transaction for transaction in fresh if transaction.change == whole]
        soon = [move for move in moves[count:] if move.at - first.at <= TOGETHER]
        alone = sum(move.change == whole for move in soon)
        if len(made) > alone:
            return count, (made[-1 - alone],)
    return 1, ()


def _fresh(move: Unexplained, left: Sequence[SourceTransaction]) -> list[SourceTransaction]:
    """Those that may have happened since the previous read, as far as clocks agree."""
    return [one for one in _near(move, left) if one.at > move.begins - LATER]


def _near(move: Unexplained, left: Sequence[SourceTransaction]) -> list[SourceTransaction]:
    return [one for one in left if move.at - EARLIER <= one.at <= move.at + LATER]


def _fitting(
    change: int, transactions: Sequence[SourceTransaction]
) -> tuple[SourceTransaction, ...]:
    """The longest run of the last transactions whose sum is the change, else the last single one
    that equals it.
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
