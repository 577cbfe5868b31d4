"""A connected merchant on a sandbox whose clock only moves when it is moved."""

import pytest

from brygga.database.engine import Database
from tests.conftest import MovableClock
from tests.stock.bench import StockBench, opened


@pytest.fixture
def database(quick_database: Database) -> Database:
    return quick_database


@pytest.fixture
async def bench(database: Database, clock: MovableClock) -> StockBench:
    return await opened(database, clock)
