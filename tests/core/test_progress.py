"""How far the products are on their way, and how long it still takes."""

from dataclasses import replace
from datetime import timedelta

import pytest

from brygga.core.progress import Budget, Doing, Estimate, Made, budget_of, doing, estimate
from brygga.wire.budget import KEPT_FOR_STOCK
from tests.conftest import NOON

BUDGET = Budget(450, 200, 30.0, NOON + timedelta(seconds=10), NOON)
MADE = Made(1000, 100, 60, NOON - timedelta(seconds=60), "Mugg")


def test_the_measured_rate_decides_where_the_store_allows_more() -> None:
    assert Estimate(60, 15) == estimate(MADE, BUDGET, NOON)


def test_the_store_s_budget_decides_where_it_is_slower() -> None:
    """33 requests in 30 s, of which 3 are stock's, are 50 new products a minute."""
    tight = replace(BUDGET, quota=33)

    assert Estimate(60, 18) == estimate(MADE, tight, NOON)


def test_before_anything_is_measured_the_budget_alone_says_how_long() -> None:
    early = Made(1000, 2, 2, NOON)

    assert Estimate(None, 2) == estimate(early, BUDGET, NOON)
    assert Estimate(None, None) == estimate(early, None, NOON)
    assert Estimate(None, None) == estimate(early, replace(BUDGET, quota=None), NOON)


@pytest.mark.parametrize(
    ("budget", "after_s", "share", "waits"),
    [
        (BUDGET, 0, 44, None),
        (BUDGET, 11, 100, None),
        (replace(BUDGET, left=KEPT_FOR_STOCK), 0, 1, BUDGET.reset_at),
        (replace(BUDGET, left=KEPT_FOR_STOCK), 11, 100, None),
        (replace(BUDGET, blocked_until=NOON + timedelta(seconds=5)), 0, 44, NOON.replace(second=5)),
        (replace(BUDGET, quota=None), 0, None, None),
    ],
)
def test_what_is_free_in_the_store(
    budget: Budget, after_s: int, share: int | None, waits: object
) -> None:
    now = NOON + timedelta(seconds=after_s)

    assert (share, waits) == (budget.share(now), budget.waits_until(now))


def test_a_store_that_was_never_asked_has_no_budget() -> None:
    assert budget_of(None) is None


@pytest.mark.parametrize(
    ("made", "reading", "waits", "now"),
    [
        (Made(10, 0), True, False, Doing.READING),
        (Made(10, 1), True, False, Doing.CREATING),
        (Made(10, 1), False, True, Doing.STORE_WAITS),
        (Made(10, 10), False, True, Doing.FINISHING),
    ],
)
def test_what_is_being_done_now(made: Made, reading: bool, waits: bool, now: Doing) -> None:
    assert now is doing(made, reading=reading, store_waits=waits)


@pytest.mark.parametrize(("left", "lately", "shown"), [(4, 0, False), (5, 0, True), (0, 5, True)])
def test_few_new_products_are_no_progress_of_their_own(left: int, lately: int, shown: bool) -> None:
    assert shown is Made(100 + left, 100, lately).is_shown
