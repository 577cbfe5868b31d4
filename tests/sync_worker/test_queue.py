"""pgqueuer behind our interface: no wake-up is lost, and a killed worker's work comes back."""

import asyncio
import random
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from brygga.database import work_items
from brygga.database.engine import Database
from brygga.database.queue import Job, Jobs, QueueJobs, QueueSettings, TableJobs
from brygga.database.work_items import Kind
from brygga.system import SystemClock
from tests.conftest import NOON, SEALER
from tests.database.merchants import connected

ROOT = Path(__file__).parents[2]


async def _jobs(database: Database) -> int:
    async with database.read() as tx:
        return int(
            await tx.scalar(sa.text("SELECT count(*) FROM pgqueuer WHERE dedupe_key IS NOT NULL"))
        )


async def test_a_job_exists_only_if_its_transaction_commits_and_many_are_one(
    database: Database,
) -> None:
    one = await connected(database)
    jobs = QueueJobs(database, SystemClock())

    async with database.transaction() as tx:
        await jobs.enqueue(tx, one.id)
        await tx.connection.rollback()
    none = await _jobs(database)
    for urgent in (False, True, False):
        async with database.transaction() as tx:
            await jobs.enqueue(tx, one.id, urgent)
            await jobs.enqueue(tx, one.id)

    async with database.read() as tx:
        priorities = [
            row.priority for row in await tx.rows(sa.text("SELECT priority FROM pgqueuer"))
        ]
    assert (0, [10]) == (none, priorities)


async def test_a_job_is_not_released_while_something_is_due(database: Database) -> None:
    one = await connected(database)
    jobs = QueueJobs(database, SystemClock())
    async with database.transaction() as tx:
        await work_items.add(tx, one.id, Kind.PRODUCT, "a", NOON)
        await jobs.enqueue(tx, one.id)
        number = await tx.scalar(sa.text("SELECT id FROM pgqueuer"))
        job = Job(one.id, number)

        kept = await jobs.release(tx, job, NOON)
        await work_items.forget(tx, one.id, [Kind.PRODUCT])
        released = await jobs.release(tx, job, NOON)

    assert (False, True) == (kept, released)


@pytest.mark.slow
@pytest.mark.parametrize("make", [QueueJobs, TableJobs])
async def test_no_wake_up_is_lost_between_a_turns_last_read_and_its_end(
    database: Database, make: type[QueueJobs] | type[TableJobs]
) -> None:
    """Work items in bursts, against turns that end all the time; after each burst none may be left
    without a job. No timer helps here.
    """
    dice = random.Random(7)
    clock = SystemClock()
    ids = [(await connected(database, f"org-{number}", f"hash{number}")).id for number in range(6)]
    jobs: Jobs = (
        QueueJobs(database, clock)
        if make is QueueJobs
        else TableJobs(database, clock, every_s=3600)
    )
    turns = 0

    async def turn(job: Job) -> None:
        nonlocal turns
        turns += 1
        while True:
            async with database.transaction() as tx:
                await work_items.forget(tx, job.connection_id, [Kind.PRODUCT])
            await asyncio.sleep(dice.uniform(0, 0.004))
            async with database.transaction() as tx:
                if await jobs.release(tx, job, NOON):
                    return

    async def producer(burst: int, writer: int) -> None:
        for number in range(15):
            async with database.transaction() as tx:
                connection_id = dice.choice(ids)
                await work_items.add(
                    tx, connection_id, Kind.PRODUCT, f"{burst}-{writer}-{number}", NOON
                )
                await jobs.enqueue(tx, connection_id)
                await asyncio.sleep(dice.uniform(0, 0.004))
            await asyncio.sleep(dice.uniform(0, 0.01))

    async with _running(jobs, turn):
        for burst in range(6):
            await asyncio.gather(*(producer(burst, writer) for writer in range(6)))
            await _no_items(database, f"burst {burst}: an item is stranded after {turns} turns")

    assert turns > len(ids)


async def _no_items(database: Database, otherwise: str) -> None:
    for _ in range(200):
        async with database.read() as tx:
            if not await tx.scalar(
                sa.text("SELECT count(*) FROM work_items WHERE kind = 'product'")
            ):
                return
        await asyncio.sleep(0.05)
    raise AssertionError(otherwise)


@asynccontextmanager
async def _running(jobs: Jobs, turn: object) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(jobs.run(turn, stop))  # type: ignore[arg-type]
    yield
    stop.set()
    await task


@pytest.mark.slow
async def test_a_killed_workers_work_comes_back(database: Database, database_url: str) -> None:
    one = await connected(database)
    jobs = QueueJobs(database, SystemClock())
    async with database.transaction() as tx:
        await work_items.add(tx, one.id, Kind.PRODUCT, "cup", NOON)
        await jobs.enqueue(tx, one.id)

    victim = await _worker(database_url, "hang")
    assert "begun cup" == await _line(victim)
    victim.kill()
    await victim.wait()
    heir = await _worker(database_url, "work")
    try:
        said = [await _line(heir), await _line(heir)]
        await _no_items(database, "the item is still there")
    finally:
        heir.kill()
        await heir.wait()

    assert ["begun cup", "done cup"] == said


async def test_items_added_in_another_process_start_a_turn_in_this_one(
    database: Database, database_url: str
) -> None:
    one = await connected(database)
    elsewhere = Database.at(database_url, SEALER)
    received = asyncio.Event()
    silence = database.on_commit(
        lambda resumed: (
            received.set() if resumed.connection_id == one.id and resumed.urgent else None
        )
    )
    jobs = QueueJobs(database, SystemClock())

    async def turn(job: Job) -> None:
        async with database.transaction() as tx:
            await jobs.give_up(tx, job)

    async with _running(jobs, turn):
        for _ in range(100):  # until it listens
            async with elsewhere.transaction() as tx:
                await work_items.add(tx, one.id, Kind.STOCK, "cup", NOON)
            await asyncio.sleep(0.05)
            if received.is_set():
                break
    silence()
    await elsewhere.close()

    assert received.is_set()


async def test_a_worker_outlives_a_database_that_restarts(database: Database) -> None:
    """Every connection is cut, as when the server restarts: the next job is taken within seconds,
    not at some later poll.
    """
    one = await connected(database)
    jobs = QueueJobs(database, SystemClock(), QueueSettings(check_s=0.05, pause_s=0.1))
    worked: asyncio.Queue[int] = asyncio.Queue()

    async def turn(job: Job) -> None:
        async with database.transaction() as tx:
            await jobs.give_up(tx, job)
        worked.put_nowait(job.connection_id)

    async def notify() -> int:
        async with database.transaction() as tx:
            await jobs.enqueue(tx, one.id)
        return await asyncio.wait_for(worked.get(), 10)

    async with _running(jobs, turn):
        before = await notify()
        await _cut_all(database)
        after = await notify()

    assert (one.id, one.id) == (before, after)


async def _cut_all(database: Database) -> None:
    """Ends every other connection to this database."""
    async with database.transaction() as tx:
        await tx.rows(_CUT)


_CUT = sa.text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND "
    "pid <> pg_backend_pid()"
)


async def _worker(url: str, mode: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.sync_worker.dying_worker",
        url,
        mode,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )


async def _line(process: asyncio.subprocess.Process) -> str:
    """The next line that is not a log's."""
    assert process.stdout is not None
    while True:
        line = (await asyncio.wait_for(process.stdout.readline(), 60)).decode().strip()
        if line.startswith(("begun", "done")) or not line:
            return line
