"""A short day in real time on what production runs: several processes of each kind on a PostgreSQL
of an operator's own, behind PgBouncer where it is installed, while processes die and a standby
takes over. Longer ones by `python -m tests.simulation.scaled`, and with one web process by `python
-m tests.simulation.realtime`.
"""

import asyncio

import pytest

from tests.conftest import REAL_ENGINE
from tests.simulation.scaled import POOLED, Wish, play

SHORT = {
    "a standby": Wish(seconds=8, merchants=1, workers=2, kills=3, serve_kills=0, deaf=1),
}
LONGER = {
    "restarts": Wish(
        seconds=30, merchants=2, workers=2, kills=4, restarts=10, takeover=False, pooler=""
    ),
    "a pooler by session": Wish(
        seconds=20, merchants=2, kills=4, pooler="session" if POOLED else ""
    ),
    "a small quota": Wish(
        seconds=60, merchants=1, kills=0, serve_kills=0, takeover=False, faults=False, quota=40
    ),
}
"""For `./test --all`."""
WISHES = {**SHORT, **(LONGER if REAL_ENGINE else {})}


@pytest.mark.slow
@pytest.mark.rule("S2", "S3", "S4")
@pytest.mark.parametrize("name", WISHES)
def test_workers_that_are_killed_lose_and_invent_no_unit(name: str) -> None:
    """Processes of their own on pgqueuer, killed with SIGKILL in the middle of work, while answers
    get lost too; sessions that LISTEN are ended, and the primary PostgreSQL dies for good.
    """
    wish = WISHES[name]
    outcome = asyncio.run(play(wish))

    assert wish.kills == outcome.done["worker killed"]
    assert wish.restarts == outcome.done["server restarted"]
    assert wish.takeover == outcome.done["standby took over"]
    assert outcome.changes > 20
    assert [] == outcome.wrong
    assert [] == outcome.twice, "two workers at a time"
    assert outcome.listening[0] == outcome.listening[1]
    if not wish.faults and not wish.kills:
        assert 0 == outcome.refused, "the store's quota, shared by all workers"
