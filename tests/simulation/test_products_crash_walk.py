"""Product work survives a crash at any point: nothing is doubled, orphaned or lost, and the end is
the one without a crash.
"""

import pytest

from brygga.database.engine import Database
from tests.conftest import MovableClock
from tests.rules.products_bench import Bench, opened
from tests.simulation import product_stories as stories
from tests.simulation.crashing import Dying
from tests.simulation.product_stories import Story, Walked


@pytest.fixture
async def bench(database: Database, clock: MovableClock) -> Bench:
    bench = await opened(database, clock)
    bench.sandbox.shop().set_settings(quota=10_000_000)
    await bench.finish_setup()
    return bench


@pytest.mark.slow
@pytest.mark.rule("P8", "P10", "A3")
@pytest.mark.parametrize(
    ("story", "fewest"),
    [
        (stories.created, 20),
        (stories.grown, 20),
        (stories.sized, 10),
        (stories.simplified, 8),
        (stories.coloured, 12),
        (stories.unassigned, 4),
        (stories.lost, 8),
        (stories.five, 20),
        (stories.swapped, 15),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
async def test_a_crash_at_every_point_comes_to_the_end_without_one(
    bench: Bench, story: Story, fewest: int
) -> None:
    """Before and after every request and every commit; at most one write is repeated."""
    walked = Walked(bench, story)

    crashes = await walked.walk(Dying)
    print(f"\n  a crash at every point of {walked}")  # noqa: T201 - to be read with -s

    assert crashes > fewest
    walked.judge(spare=3)
