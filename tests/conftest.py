"""What every floor shares: one real PostgreSQL for the session, and for each test a database of its
own, copied from a migrated one.
"""

import asyncio
import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
import structlog

from brygga.database import migrating
from brygga.database.embedded import Server, embedded
from brygga.database.engine import Database
from brygga.database.sealing import Sealer
from tests.databases import Databases
from tests.simulation.disk import Disk, DiskDatabase

REAL_ENGINE = os.environ.get("BRYGGA_REAL_ENGINE", "") == "1"
"""Every test on the service's own pool, as in production (`./test --all`)."""
LONGEST = (
    "test_storm.py",
    "test_realtime.py",
    "test_stock_crash_walk.py",
    "test_operators_commands.py",
    "test_accessible.py",
    "test_stories.py",
    "test_explorer.py",
    "test_mutants.py",
    "test_wheel.py",
    "test_ending.py",
    "test_pages_fit.py",
    "test_a_merchants_day.py",
)
"""Files that take longest, in that order. Some only wait, and others work meanwhile."""
_NUMBERS = itertools.count(1)
SEALER = Sealer(("a test secret that is long enough",))
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass(slots=True)
class MovableClock:
    """A clock that stands still until it is moved; `sleep` waits for that."""

    at: datetime = NOON
    _sleepers: list[tuple[datetime, asyncio.Event]] = field(default_factory=list)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return (self.at - NOON).total_seconds()

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        resumed = asyncio.Event()
        self._sleepers.append((self.at + timedelta(seconds=seconds), resumed))
        await resumed.wait()

    def move(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        for due, resumed in self._sleepers:
            if due <= self.at:
                resumed.set()
        self._sleepers = [(due, resumed) for due, resumed in self._sleepers if due > self.at]


@dataclass(slots=True)
class CountingDice:
    """Dice that always fall the same way: each throw is the next number."""

    thrown: int = 0

    def uuid1(self) -> str:
        self.thrown += 1
        return f"{self.thrown:08x}-0000-1000-8000-000000000000"

    def token(self) -> str:
        self.thrown += 1
        return f"token{self.thrown:040d}"

    def random(self) -> float:
        return 0.5


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first: each worker takes a file at a time, and none shall be left alone
    with a long one in the end.
    """
    long = {item.path for item in items if item.get_closest_marker("slow")}
    place = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: (place.get(item.path.name, len(place)), item.path not in long))


@pytest.fixture(autouse=True)
def _own_logs() -> Iterator[None]:
    """A command that a test runs in this process sets up its logs, and the next test does not
    inherit them.
    """
    logs = structlog.get_config()
    processors = list(logs["processors"])
    yield
    structlog.configure(**{**logs, "processors": processors})


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def dice() -> CountingDice:
    return CountingDice()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """An embedded PostgreSQL whose database "brygga" is migrated and serves as the template of all
    others.
    """
    folder = Path(tempfile.mkdtemp(prefix="brygga-test-"))
    folder.chmod(0o755)
    try:
        with embedded(folder, durable=False, tidy=False) as server:
            asyncio.run(_migrate(server.url))
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _migrate(url: str) -> None:
    database = Database.at(url, SEALER)
    await migrating.upgrade(database)
    await database.close()


@pytest.fixture(scope="session")
def databases(postgres: Server) -> Databases:
    return Databases(postgres.url)


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """An empty, migrated database."""
    name = databases.lend()
    yield databases.url(name)
    databases.take_back(name)


@pytest.fixture
def empty_database_url(postgres: Server) -> Iterator[str]:
    """A fresh database without any table."""
    name = f"empty_{next(_NUMBERS)}"
    with psycopg.connect(postgres.url.replace("/brygga?", "/postgres?"), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    yield postgres.url.replace("/brygga?", f"/{name}?")
    with psycopg.connect(postgres.url.replace("/brygga?", "/postgres?"), autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def shared_disk(databases: Databases) -> Iterator[Disk]:
    """One database for all tests without the service's own pool; each begins without a row."""
    name = databases.lend()
    made = Disk(databases.url(name), prompt=True)
    yield made
    made.close()
    databases.take_back(name)


@pytest.fixture
def disk_or_address(request: pytest.FixtureRequest) -> Disk | str:
    """The disk, emptied. A test that asks for `database_url` has the service's own engine instead,
    on a database of its own."""
    if REAL_ENGINE or "database_url" in request.fixturenames:
        return str(request.getfixturevalue("database_url"))
    disk: Disk = request.getfixturevalue("shared_disk")
    disk.empty()
    return disk


@pytest.fixture
async def quick_database(disk_or_address: Disk | str) -> AsyncIterator[Database]:
    """For tests of what the service does. Its statements and PostgreSQL are real; its own pool is
    left out, so that a transaction ends before anything else runs.

    Tests of `store`, and of several processes at once, take `database`.
    """
    on = disk_or_address
    database = Database.at(on, SEALER) if isinstance(on, str) else DiskDatabase(on, SEALER)
    yield database
    await database.close()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database.at(database_url, SEALER)
    yield database
    await database.close()
