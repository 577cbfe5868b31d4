"""How many sessions each process may hold at PostgreSQL, as docs/scaling.md says it."""

import asyncio
import contextlib
import re
from pathlib import Path

import psycopg

from brygga.database.changes import Changes
from brygga.database.engine import Database
from brygga.database.queue import QueueJobs
from brygga.system import SystemClock
from tests.conftest import SEALER

DOCS = Path(__file__).parents[2] / "docs"
OTHERS = """
    SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
        AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


async def sessions(url: str, wanted: int) -> int:
    """How many there are, once there are as many as wanted."""
    found = 0
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as one:
        for _ in range(200):
            row = await (await one.execute(OTHERS)).fetchone()
            found = int(row[0]) if row else 0
            if found >= wanted:
                break
            await asyncio.sleep(0.05)
    return found


async def test_a_process_holds_as_many_sessions_as_the_documents_say(database_url: str) -> None:
    """All of the pool at work, all of the queue's own, and a page that is open."""
    clock = SystemClock()
    busy = Database.at(database_url, SEALER)
    jobs = QueueJobs(busy, clock)
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(busy.pool.most):
            await stack.enter_async_context(busy.transaction())
        pool = await sessions(database_url, 5)
        with Changes(busy, clock).follow(1):
            server = await sessions(database_url, 6)
            driver = await stack.enter_async_context(jobs._driver())
            for _ in range(jobs.settings.pool):
                await stack.enter_async_context(driver._pool.connection())
            both = await sessions(database_url, 9)
    await busy.close()
    text = (DOCS / "scaling.md").read_text()
    table = dict(re.findall(r"^\| `(brygga [^`]+)`.*?\| (\d+) \| \d+ \|$", text, re.MULTILINE))

    assert (5, 6, 9) == (pool, server, both)
    assert {
        "brygga serve": str(server),
        "brygga worker": str(both - (server - pool)),
        "brygga serve --work": str(both),
    } == table


async def test_the_sum_in_the_documents_is_of_these_numbers() -> None:
    text = (DOCS / "scaling.md").read_text()

    assert "8 x workers + 6 x servers + 10" in text
