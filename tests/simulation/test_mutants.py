"""The simulation tested: it finds out every engine that is wrong on purpose."""

from collections.abc import Callable

import pytest

from tests.simulation.disk import Disk
from tests.simulation.mutants import MUTANTS, caught


@pytest.mark.slow
@pytest.mark.parametrize("name", ["naive", *MUTANTS])
def test_a_wrong_engine_is_caught(disk: Disk, name: str, record_property: Callable[[str, object], None]) -> None:
    found = caught(name, disk, most=50)

    assert found is not None, f"{name} was right for 50 days"
    record_property("seeds", found.seeds)
    print(f"{name}: caught within {found.seeds} seeds, {found.why}")  # noqa: T201 - the numbers are the point
