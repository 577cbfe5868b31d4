"""Days on which BigCommerce's clock is apart from ours: which they are, and that nothing else about
a day depends on it.
"""

import random
from collections import Counter

import pytest

from tests.simulation import fault_plan
from tests.simulation.beginning import begin
from tests.simulation.disk import Disk
from tests.simulation.fault_plan import CLOCK, Faults, ahead_of_us
from tests.simulation.loop import run

SEEDS = range(400)


def test_every_second_day_has_them_up_to_three_seconds_either_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fault_plan, "CLOCK_OFFSETS", True)
    found = [ahead_of_us(seed) for seed in SEEDS]
    separate = [one for one in found if one]

    assert len(SEEDS) * 0.4 < len(separate) < len(SEEDS) * 0.6
    assert -3 <= min(separate) < -2.5
    assert 2.5 < max(separate) <= 3
    assert found == [ahead_of_us(seed) for seed in SEEDS]


def test_the_other_faults_of_a_day_are_the_same() -> None:
    """Of the day's own dice it takes none, or every known seed would be another story."""
    for seed in SEEDS:
        one, other = random.Random(seed), random.Random(seed)
        with_clock, without = Faults.of(one, 1.5), Faults.of(other)

        assert with_clock.on - without.on == {CLOCK}
        assert without.on < with_clock.on
        assert one.getstate() == other.getstate()


async def _begun(seed: int, disk: Disk) -> tuple[float, list[str], Counter[str]]:
    """What BigCommerce's clock is ahead in a day's sandbox, what its story tells, and what struck
    after the storm has come and gone.
    """
    day = await begin(seed, disk)
    try:
        day.fault_plan.begin(day.sandbox)
        day.fault_plan.end(day.sandbox)
        return day.sandbox.bigcommerce.switches.clock_ahead_s, day.story, day.fault_plan.struck
    finally:
        await day.close()


@pytest.mark.slow
def test_a_day_says_so_and_differs_in_nothing_else(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In its first line, among its faults, and once in what struck."""
    monkeypatch.setattr(fault_plan, "CLOCK_OFFSETS", True)
    seed = next(seed for seed in SEEDS if ahead_of_us(seed))
    ahead, reported, struck = run(_begun(seed, disk), seed)
    monkeypatch.setattr(fault_plan, "CLOCK_OFFSETS", False)
    even, unreported, calm = run(_begun(seed, disk), seed)

    assert (3 >= abs(ahead) > 0, even) == (True, 0.0)
    assert f"clock apart: BigCommerce's is {ahead:+.3f} s ahead" in reported[0]
    assert CLOCK in reported[-1]
    assert reported[1:-1] == unreported[:-1]
    assert not any(CLOCK in line for line in unreported)
    assert (struck[CLOCK], calm[CLOCK]) == (1, 0)
