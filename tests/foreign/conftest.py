"""A shopfront for each test: real sockets, on loopback only."""

from collections.abc import AsyncIterator

import pytest

from tests.foreign.shopfront import Shopfront, opened


@pytest.fixture
async def front() -> AsyncIterator[Shopfront]:
    async with opened() as found:
        yield found
