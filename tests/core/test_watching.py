"""What Brygga would have written beside another app, and what became of it."""

import random
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brygga.core.overwriting import Overwritten
from brygga.core.stock import Side
from brygga.core.watching import (
    GIVEN_UP,
    Counts,
    Judged,
    Levels,
    Outcome,
    Predicted,
    arrived,
    begun,
    came_true,
    followed,
    judged,
)
from tests.conftest import NOON

EQUAL = Levels(7, 10, 10)


@pytest.mark.rule("S2", "S3")
def test_a_change_of_one_side_is_predicted_for_the_other() -> None:
    sold = followed(EQUAL, 8, 10, NOON)
    copied = followed(sold.levels, 8, 8, NOON)
    ordered = followed(copied.levels, 8, 7, NOON)

    assert (((Side.SHOP, -2),), -2) == (sold.made, sold.levels.to_shop)
    assert ((), 0, 0) == (copied.made, copied.levels.to_shop, copied.levels.to_zettle)
    assert ((Side.ZETTLE, -1),) == ordered.made


def test_what_the_other_app_wrote_before_the_read_has_arrived_at_once() -> None:
    both = followed(EQUAL, 7, 7, NOON)
    by_order = followed(EQUAL, 7, 7, NOON, shop_first=True)

    assert (((Side.SHOP, -3),), 0, 0) == (both.made, both.levels.to_shop, both.levels.to_zettle)
    assert ((Side.ZETTLE, -3),) == by_order.made


def test_numbers_that_differed_before_may_go_on_differing() -> None:
    apart = Levels(7, 10, 4)
    sold = followed(apart, 9, 4, NOON)

    assert ((Side.SHOP, -1),) == sold.made
    assert 0 == followed(sold.levels, 9, 3, NOON).levels.to_shop


def test_what_was_on_its_way_at_the_first_read_is_no_change_of_a_side() -> None:
    moving = begun(None, 7, (57, 40), NOON)
    assert moving is not None
    there = begun(moving, 7, (57, 57), NOON + timedelta(seconds=3))
    apart = begun(moving, 7, (57, 40), NOON + timedelta(minutes=3))

    assert there == Levels(7, 57, 57)
    assert apart == Levels(7, 57, 40)
    assert begun(apart, 7, (57, 39), NOON) is None, "from now on changes count"


def test_a_number_below_zero_counts_as_none() -> None:
    sold = followed(Levels(7, 1, 1), -2, 1, NOON)

    assert ((Side.SHOP, -1),) == sold.made


CHANGES = st.lists(st.tuples(st.sampled_from(["zettle", "shop"]), st.integers(-3, 6)), max_size=12)


@given(CHANGES, st.randoms(use_true_random=False))
def test_whatever_is_copied_in_any_order_nothing_is_left_at_the_end(
    changes: list[tuple[str, int]], dice: random.Random
) -> None:
    """Each change is copied to the other side some steps later, and reads come at any time."""
    levels, zettle, shop = Levels(7, 100, 100), 100, 100
    waiting: list[tuple[str, int]] = []
    for side, change in changes:
        zettle, shop = (zettle + change, shop) if side == "zettle" else (zettle, shop + change)
        waiting.append(("shop" if side == "zettle" else "zettle", change))
        while waiting and dice.random() < 0.5:
            to, copied = waiting.pop(dice.randrange(len(waiting)))
            zettle, shop = (zettle + copied, shop) if to == "zettle" else (zettle, shop + copied)
        if dice.random() < 0.5:
            levels = followed(levels, zettle, shop, NOON, shop_first=dice.random() < 0.5).levels
    for to, copied in waiting:
        zettle, shop = (zettle + copied, shop) if to == "zettle" else (zettle, shop + copied)
    levels = followed(levels, zettle, shop, NOON).levels

    assert (0, 0) == (levels.to_zettle, levels.to_shop)


@pytest.mark.parametrize(
    ("changes", "left", "count"),
    [
        ([-1, -2], 0, 2),
        ([-1, -2], -2, 1),
        ([-1, -2], -3, 0),
        ([-3], -1, 0),
        ([-1, 1], 0, 2),
        ([], 0, 0),
    ],
)
def test_the_oldest_changes_arrive_first_and_only_whole(
    changes: list[int], left: int, count: int
) -> None:
    assert count == arrived(changes, left)


def test_a_field_is_judged_by_what_the_engine_would_still_write() -> None:
    one = Predicted(("name", ""), "Mugg", "Kopp")
    still = {one.field: Overwritten("name", "Mugg", "Kopp")}
    other = {one.field: Overwritten("name", "Krus", "Kopp")}
    newer = {one.field: Overwritten("name", "Mugg", "Skål")}
    late = NOON + GIVEN_UP + timedelta(seconds=1)

    assert Judged(Outcome.RIGHT, "Kopp") == judged(one, NOON, {}, NOON)
    assert Judged(Outcome.OPEN) == judged(one, NOON, still, NOON)
    assert Judged(Outcome.MISSING, "Mugg") == judged(one, NOON, still, late)
    assert Judged(Outcome.DIFFERENT, "Krus") == judged(one, NOON, other, late)
    assert judged(one, NOON, newer, NOON) is None


def test_right_is_within_two_minutes() -> None:
    assert Outcome.RIGHT is came_true(NOON, NOON + timedelta(minutes=2))
    assert Outcome.LATE is came_true(NOON, NOON + timedelta(minutes=2, seconds=1))


def test_a_hundred_percent_means_that_each_one_came_true() -> None:
    assert Counts().percent is None
    assert 100 == Counts({Outcome.RIGHT: 3, Outcome.OPEN: 2}).percent
    assert 99.9 == Counts({Outcome.RIGHT: 99_999, Outcome.MISSING: 1}).percent
