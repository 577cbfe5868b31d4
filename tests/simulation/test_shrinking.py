"""A failing day is made small: what is left fails still, and is played again as it was."""

from collections.abc import Sequence

import pytest

from tests.simulation.disk import Disk
from tests.simulation.shrinking import FAULTS, Shrinker, smallest

RUNS = 6
"""A whole shrinking plays a hundred days; these few are enough to see it go on."""


@pytest.mark.parametrize("needed", [(), (0,), (3, 7), (0, 19), (5, 6, 7, 13)])
def test_nothing_more_can_be_left_out_of_what_is_left(needed: Sequence[int]) -> None:
    tried: list[Sequence[int]] = []

    def fails(some: Sequence[int]) -> bool:
        tried.append(some)
        return set(needed) <= set(some)

    assert list(needed) == smallest(range(20), fails)
    assert len(tried) <= 150


@pytest.mark.slow
def test_a_failing_day_is_made_small_and_fails_as_before(disk: Disk) -> None:
    shrinker = Shrinker(0, disk, "absolute", RUNS)
    found = shrinker.shrink()

    assert found is not None
    assert found.runs <= RUNS
    assert len(found.turns) < len(shrinker.script.turns)
    left_out = [kind for kind in FAULTS if kind not in found.faults]
    assert (
        shrinker.play(shrinker.script.only(found.turns, left_out, found.waits)).alarms
        == found.verdict.alarms
    )


@pytest.mark.slow
def test_a_day_that_is_right_is_not_made_small(disk: Disk) -> None:
    assert Shrinker(4, disk).shrink() is None
