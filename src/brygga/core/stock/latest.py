"""The last change of stock that a side made by itself, and when it was on the other side."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from brygga.core.stock.ledger import Side
from brygga.core.stock.movement import OWN, Cause, Movement, Reason

WRITES = frozenset({Cause.WRITTEN, Cause.RESOLVED})


@dataclass(frozen=True, slots=True)
class LastChange:
    """`side` is where stock moved, `at` when we learnt of it: by the platform's event, else by our
    read. `took_s` is how many seconds later the other side had it, None while it has not.
    """

    side: Side
    at: datetime
    took_s: float | None
    is_sale: bool = False
    """A sale or an order, as far as that is known."""


def last_change(newest_first: Sequence[Movement]) -> LastChange | None:
    """None where none of these movements is a platform's own."""
    for place, move in enumerate(newest_first):
        if move.cause not in OWN or not move.change:
            continue
        began = move.reported or move.at
        written = next(
            (
                later
                for later in reversed(newest_first[:place])
                if later.variant_uuid == move.variant_uuid
                and later.side is not move.side
                and later.cause in WRITES
            ),
            None,
        )
        took_s = None if written is None else max(0.0, (written.at - began).total_seconds())
        sale = move.reason in {Reason.SALE, Reason.ORDER} or move.cause is Cause.ORDER
        return LastChange(move.side, began, took_s, sale and move.change < 0)
    return None
