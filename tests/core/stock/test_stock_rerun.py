"""Movements of the past, taken through the ledger once more (`brygga replay`)."""

from datetime import datetime, timedelta

import pytest

from brygga.core.stock import Side
from brygga.core.stock.movement import Cause, Movement
from brygga.core.stock.rerun import Rerun
from tests.conftest import NOON

TILL, SHOP = Side.ZETTLE, Side.SHOP
END = NOON + timedelta(hours=1)
Numbers = tuple[int | None, int | None]


def moved(  # noqa: PLR0917 - a line of a table
    minute: int, side: Side, cause: Cause, change: int, before: Numbers, after: Numbers
) -> Movement:
    at: datetime = NOON + timedelta(minutes=minute)
    return Movement(at, "p", "v", side, cause, change, before[0], after[0], before[1], after[1])


SALE = moved(1, TILL, Cause.SEEN, -2, (10, 10), (8, 10))
WRITE = moved(2, SHOP, Cause.WRITTEN, -2, (8, 10), (8, 8))
ORDER = moved(3, SHOP, Cause.ORDER, -1, (8, 8), (8, 7))
BACK = moved(4, TILL, Cause.WRITTEN, -1, (8, 7), (7, 7))
TYPED = moved(5, TILL, Cause.COUNTED, 3, (8, 7), (8, 7))
LATER = moved(70, TILL, Cause.SEEN, -5, (7, 7), (2, 7))
OVERSOLD = moved(1, TILL, Cause.SEEN, -3, (1, 1), (-2, 1))
ZEROED = moved(2, SHOP, Cause.WRITTEN, -1, (-2, 1), (-2, 0))
ONE_LESS = moved(2, SHOP, Cause.WRITTEN, -1, (8, 10), (8, 9))


@pytest.mark.parametrize(
    ("moves", "is_open", "then", "now"),
    [
        ([], False, (0, 0), (0, 0)),
        ([SALE, WRITE, ORDER, BACK], False, (-1, -2), (-1, -2)),
        ([SALE, WRITE, ORDER, BACK, LATER], False, (-1, -2), (-1, -2)),
        ([SALE, ORDER, WRITE, BACK], False, (-1, -2), (-1, -2)),
        ([SALE], True, (0, 0), (0, -2)),
        ([SALE, ONE_LESS], True, (0, -1), (0, -2)),
        ([SALE, WRITE, TYPED], True, (0, -2), (0, -2)),
        ([ORDER, BACK], False, (-1, 0), (-1, 0)),
        ([OVERSOLD, ZEROED], False, (0, -1), (0, -1)),
        ([moved(1, TILL, Cause.SEEN, -2, (10, 9), (8, 9))], True, (0, 0), (0, 0)),
    ],
)
def test_each_movement_asks_for_what_was_written(
    moves: list[Movement], is_open: bool, then: tuple[int, int], now: tuple[int, int]
) -> None:
    rerun = Rerun()
    rerun.run(moves, END)

    assert (is_open, then, now) == (
        rerun.is_open,
        (rerun.then[TILL], rerun.then[SHOP]),
        (rerun.now[TILL], rerun.now[SHOP]),
    )
    assert not rerun.differs
