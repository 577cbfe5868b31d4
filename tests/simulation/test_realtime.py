"""A short day in real time on what production runs; longer ones by `python -m
tests.simulation.realtime`.
"""

import asyncio

import pytest

from brygga.cli import demo_stack
from tests.simulation.realtime import Wish, play


@pytest.mark.slow
@pytest.mark.rule("S2", "S3", "S4")
def test_workers_that_are_killed_lose_and_invent_no_unit() -> None:
    """Processes of their own on pgqueuer, killed with SIGKILL in the middle of work, while answers
    get lost too.
    """
    with demo_stack.throwaway_database() as database_url:
        outcome = asyncio.run(play(Wish(seconds=8, kills=3), database_url))

    assert 3 == outcome.kills
    assert outcome.changes > 20
    assert [] == outcome.wrong
