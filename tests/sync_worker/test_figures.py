"""What a worker says of itself: whether it has room for more turns, keeps time, and reaches the
database.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from brygga.database import turns
from brygga.database.engine import DatabaseGone, PoolExhausted
from brygga.database.work_items import Kind, WorkItem
from brygga.figures import Figures
from brygga.sync.worker.pace import Pace
from brygga.sync.worker.session import Session
from tests.database.merchants import connected
from tests.sync_worker.conftest import Bench, _true


def read(figures: Figures) -> dict[str, float]:
    """Each series as a monitor reads it."""
    lines = figures.exposed().decode().splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in pairs}


async def test_turns_that_run_are_shown_beside_how_many_may(bench: Bench) -> None:
    ids = [(await connected(bench.database, f"org-{n}", f"store-{n}")).id for n in range(3)]
    begun, free = list[int](), asyncio.Event()

    async def stock(session: Session, batch: Sequence[WorkItem]) -> None:
        begun.append(session.connection.id)
        await free.wait()
        await bench.note(session, batch)

    bench.handlers |= {Kind.STOCK: stock}
    for id_ in ids:
        await bench.item(id_, Kind.STOCK, "cup")
    worker = bench.worker()
    async with bench.running(worker):
        await bench.until(lambda: _true(len(begun) == 3))
        during = read(worker.figures)
        free.set()
        await bench.until(bench.quiet_but_routines)
        after = read(worker.figures)

    assert (3, 40) == (during["brygga_turns_running"], during["brygga_turns_max"])
    assert (0, 40) == (after["brygga_turns_running"], after["brygga_turns_max"])


async def test_the_timer_says_how_late_it_woke_and_how_long_its_rounds_take(
    bench: Bench,
) -> None:
    """A processor that is full is seen here first: nothing else has to be late yet."""
    bench.pace = Pace(tick_s=7)
    worker = bench.worker()

    async def rests() -> None:
        wakes = bench.clock.now() + timedelta(seconds=7)
        for _ in range(1000):
            if any(due == wakes for due, _ in bench.clock._sleepers):
                return
            await asyncio.sleep(0.01)
        raise AssertionError("the timer does not rest")

    async with bench.running(worker):
        for seconds in (7, 7, 10):
            await rests()
            bench.clock.move(seconds)
        await rests()
        found = read(worker.figures)

    assert 3 == found["brygga_timer_late_seconds_sum"]
    assert 2 == found['brygga_timer_late_seconds_bucket{le="0.01"}']
    assert 4 == found["brygga_tick_seconds_count"]
    assert 1 <= found["brygga_tidy_seconds_count"]


@pytest.mark.parametrize(
    ("met", "said"),
    [
        (PoolExhausted("all 30 are in use"), "no connection to the database is free"),
        (DatabaseGone("it does not answer"), "database out of reach"),
    ],
    ids=["full", "gone"],
)
async def test_a_worker_that_has_no_connection_free_does_not_blame_the_database(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, met: Exception, said: str
) -> None:
    """An operator who reads so looks at this process first. The timer goes on either way."""
    real, tries = turns.turns_due, 0

    async def failing(*arguments: Any) -> Any:
        nonlocal tries
        tries += 1
        if tries == 2:
            raise met
        return await real(*arguments)

    monkeypatch.setattr(turns, "turns_due", failing)
    with capture_logs() as logs:
        async with bench.running():
            await bench.until(lambda: _true(tries > 3))

    assert [(said, str(met))] == [(line["event"], line["why"]) for line in logs if "why" in line]
