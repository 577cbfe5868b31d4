"""The simulation tested: it finds out every engine that is wrong on purpose."""

import inspect
from collections.abc import Callable

import pytest

from tests.simulation.disk import Disk
from tests.simulation.mutants import MUTANTS, caught


def _takes(what: Callable[..., object]) -> list[object]:
    """What it is called with: every parameter by name but those of any number."""
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [one.name for one in inspect.signature(what).parameters.values() if one.kind not in kinds]


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


@pytest.mark.slow
@pytest.mark.parametrize("name", ["naive", *MUTANTS])
def test_a_wrong_engine_is_caught(disk: Disk, name: str, record_property: Callable[[str, object], None]) -> None:
    found = caught(name, disk, most=50)

    assert found is not None, f"{name} was right for 50 days"
    record_property("seeds", found.seeds)
    print(f"{name}: caught within {found.seeds} seeds, {found.why}")  # noqa: T201 - the numbers are the point
