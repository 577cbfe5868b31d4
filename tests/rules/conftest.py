"""A demo stack for each test: one merchant's till and shop in the sandbox, the whole service
between them, and time that costs nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from typing import Any

import pytest

from brygga.database.engine import Database
from brygga_sandbox.sandbox import Plan
from tests.conftest import MovableClock
from tests.rules.products_bench import Bench, opened
from tests.rules.stack import DemoStack, opened_stack
from tests.rules.virtual_time import VirtualLoop
from tests.simulation.disk import Disk

OpenStack = Callable[..., Awaitable[DemoStack]]


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"virtual": VirtualLoop}


@pytest.fixture
def database(quick_database: Database) -> Database:
    return quick_database


@pytest.fixture
async def open_stack(disk_or_address: Disk | str) -> AsyncIterator[OpenStack]:
    """Opens a demo stack by a plan of the test's own; nothing is connected yet."""
    async with AsyncExitStack() as stack:

        async def opening(**wishes: Any) -> DemoStack:
            plan = Plan(**{"products": 0, "drawings": False, **wishes})
            return await stack.enter_async_context(opened_stack(disk_or_address, plan))

        yield opening


@pytest.fixture
async def home(open_stack: OpenStack) -> DemoStack:
    """An empty till and an empty shop, not connected."""
    return await open_stack()


@pytest.fixture
async def bench(database: Database, clock: MovableClock) -> Bench:
    """A connected till and shop, without the service's processes and pages."""
    return await opened(database, clock)
