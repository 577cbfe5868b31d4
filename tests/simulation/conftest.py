"""One disk for all sessions of a file."""

from collections.abc import Iterator

import pytest

from brygga.database.engine import Database
from tests.databases import Databases
from tests.simulation.disk import Disk


@pytest.fixture(scope="module")
def disk(databases: Databases) -> Iterator[Disk]:
    name = databases.lend()
    made = Disk(databases.url(name))
    yield made
    made.close()
    databases.take_back(name)


@pytest.fixture
def database(quick_database: Database) -> Database:
    return quick_database
