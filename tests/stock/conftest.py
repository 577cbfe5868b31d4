"""A connected merchant on a sandbox whose clock only moves when it is moved."""

import pytest

from brygga.database.engine import Database
from tests.conftest import MovableClock
from tests.stock.bench import StockBench, opened


@pytest.fixture
async def bench(database: Database, clock: MovableClock) -> StockBench:
    return await opened(database, clock)
