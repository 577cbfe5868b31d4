"""Time costs nothing here either: a first sync waits for webhooks and reads that lag."""

import asyncio
from collections.abc import Callable, Mapping

import pytest

from tests.rules.virtual_time import VirtualLoop


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"virtual": VirtualLoop}
