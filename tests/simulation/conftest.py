"""One disk for all sessions of a file."""

from collections.abc import Iterator

import pytest

from tests.simulation import storm
from tests.simulation.disk import Disk


@pytest.fixture(scope="module")
def disk() -> Iterator[Disk]:
    with storm.disk() as made:
        yield made
