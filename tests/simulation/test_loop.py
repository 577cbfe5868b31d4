"""The order of what runs on virtual time is the seed's alone."""

import asyncio
import contextlib
from collections.abc import Sequence

from tests.simulation import loop


async def _ended(names: Sequence[str], between: list[bytes]) -> list[str]:
    """The tasks of a group that is given up, in the order in which they end."""
    ended: list[str] = []

    async def wait(name: str) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(name)

    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(1), asyncio.TaskGroup() as group:
            for name in names:
                group.create_task(wait(name))
                between.append(bytes(len(between) * 7 % 900))
    return ended


def test_tasks_end_in_one_order_wherever_they_lie_in_memory() -> None:
    between: list[bytes] = []

    orders = {
        tuple(loop.run(_ended("abcdefgh", between), seed=seed)) for seed in (5, 5, 5, 5, 5, 5)
    }

    assert len(orders) == 1
    assert {*orders.pop()} == {*"abcdefgh"}
