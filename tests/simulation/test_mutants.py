"""The simulation tested: it finds out every engine that is wrong on purpose."""

import inspect
from collections.abc import Callable

import pytest

from tests.simulation.catching import KNOWN, NAMES, Days, found_out, spread
from tests.simulation.disk import Disk
from tests.simulation.judging import OPEN, Verdict
from tests.simulation.mutants import MUTANTS


@pytest.fixture(scope="module")
def days(disk: Disk) -> Days:
    """What the sound engine does on a day is played once for all."""
    return Days(disk)


def _takes(what: Callable[..., object]) -> list[object]:
    """What it is called with: every parameter by name but those of any number."""
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [
        one.name for one in inspect.signature(what).parameters.values() if one.kind not in kinds
    ]


@pytest.mark.parametrize("name", MUTANTS)
def test_a_wrong_engine_is_called_as_the_sound_one_is(name: str) -> None:
    """One that cannot be called is found out for that alone, which proves nothing."""
    for one in MUTANTS[name]():
        sound = getattr(one.getter(), one.attribute)
        if not callable(sound) or isinstance(sound, type):
            continue
        wrong = inspect.signature(one.new)
        if any(each.kind is inspect.Parameter.VAR_POSITIONAL for each in wrong.parameters.values()):
            continue
        assert _takes(one.new) == _takes(sound), f"{name} replaces {one.attribute}"


def test_there_are_twenty_five_wrong_engines() -> None:
    assert len(MUTANTS) >= 25


def test_a_day_that_the_sound_engine_ends_wrong_too_proves_nothing() -> None:
    right, asks = Verdict(0), Verdict(0, checks=1)
    wrong = Verdict(0, wrong=["two too many"])

    assert ["", "two too many", "two too many"] == [
        found_out(wrong, sound) for sound in (wrong, asks, right)
    ]
    assert ["", "", "1 numbers to check"] == [
        found_out(asks, sound) for sound in (wrong, asks, right)
    ]
    assert found_out(right, right) == ""


def test_every_beginning_of_the_days_is_spread_over_all() -> None:
    seeds = spread(100)

    assert sorted(seeds) == [seed for seed in range(100) if seed not in OPEN]
    assert all(any(low <= seed < low + 25 for seed in seeds[:8]) for low in (0, 25, 50, 75))


def test_every_wrong_engine_has_a_day_that_is_known_to_catch_it() -> None:
    assert set(NAMES) == set(KNOWN)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_engine_is_caught(
    days: Days, name: str, record_property: Callable[[str, object], None]
) -> None:
    """The day that is known to find it out comes first, the others after it."""
    found = days.caught(name, most=50)

    assert found is not None, f"{name} was right for 50 days"
    record_property("days", found.days)
    print(f"{name}: caught on day {found.seed}, the {found.days}. played, {found.why}")  # noqa: T201 - the numbers are the point
