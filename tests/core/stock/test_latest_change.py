"""The last change of stock that a side made by itself, and when the other side had it."""

from datetime import timedelta

import pytest

from brygga.core.stock.latest import LastChange, last_change
from brygga.core.stock.ledger import Side
from brygga.core.stock.movement import Cause, Movement, Reason
from tests.conftest import NOON


def move(cause: Cause, side: Side, at_s: float, change: int = -1, variant: str = "v") -> Movement:
    at = NOON + timedelta(seconds=at_s)
    return Movement(at, "p", variant, side, cause, change, 5, 5, 5, 5)


SEEN = move(Cause.SEEN, Side.ZETTLE, 0)


@pytest.mark.parametrize(
    ("newest_first", "took_s"),
    [
        ([SEEN], None),
        ([move(Cause.WRITTEN, Side.SHOP, 0.8), SEEN], 0.8),
        ([move(Cause.RESOLVED, Side.SHOP, 30), SEEN], 30.0),
        ([move(Cause.WRITTEN, Side.SHOP, 0.8, variant="w"), SEEN], None),
        ([move(Cause.WRITTEN, Side.ZETTLE, 0.8), SEEN], None),
        ([move(Cause.WRITTEN, Side.SHOP, 9), move(Cause.WRITTEN, Side.SHOP, 2), SEEN], 2.0),
    ],
)
def test_the_other_side_had_it_at_the_first_write(
    newest_first: list[Movement], took_s: float | None
) -> None:
    assert LastChange(Side.ZETTLE, NOON, took_s) == last_change(newest_first)


def test_the_time_counts_from_the_platform_s_event() -> None:
    told = NOON - timedelta(seconds=1)
    seen = Movement(NOON, "p", "v", Side.ZETTLE, Cause.SEEN, -1, 6, 5, 6, 6, reported=told)

    assert LastChange(Side.ZETTLE, told, 2.0) == last_change(
        [move(Cause.WRITTEN, Side.SHOP, 1), seen]
    )


@pytest.mark.parametrize(
    ("cause", "reason", "change", "is_sale"),
    [
        (Cause.SEEN, Reason.SALE, -1, True),
        (Cause.ORDER, None, -1, True),
        (Cause.ORDER, None, 1, False),
        (Cause.SEEN, None, -1, False),
    ],
)
def test_a_sale_is_called_so_where_that_is_known(
    cause: Cause, reason: Reason | None, change: int, is_sale: bool
) -> None:
    one = Movement(NOON, "p", "v", Side.SHOP, cause, change, 5, 5, 5, 4, reason=reason)

    found = last_change([one])

    assert found is not None
    assert is_sale is found.is_sale


def test_what_we_wrote_ourselves_is_no_change_of_theirs() -> None:
    assert (
        last_change([move(Cause.WRITTEN, Side.SHOP, 0), move(Cause.SWEPT, Side.SHOP, 0, 0)]) is None
    )
