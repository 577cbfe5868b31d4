"""The worker's timer with thousands of merchants and other workers: nobody waits for it, and
nothing that is due is left without a job.
"""

import asyncio
import random
import time
from collections.abc import Sequence
from datetime import timedelta

import pytest
import sqlalchemy as sa

from brygga.core.model import Connection
from brygga.database import queue_table, work_items
from brygga.database.engine import Database, Tx
from brygga.database.queue import Job, QueueJobs, QueueSettings
from brygga.database.queue_table import PORTION, Wanted
from brygga.database.work_items import Kind
from brygga.sync.worker.loop import OVERDUE, Worker
from tests.conftest import SEALER
from tests.database.merchants import connected
from tests.sync_worker.conftest import Bench

PARALLEL = 4
TOO_LONG_S = 5
"""Whoever waits for a transaction that the test holds open waits for this long at least."""
_MANY = sa.text("""
    INSERT INTO connections
        (organization_uuid, organization, store_hash, shop, stage, hook_key_hash, created_at)
    SELECT 'many-' || n, c.organization, 'many-' || n, c.shop, 'running',
        convert_to('many-' || n, 'UTF8'), c.created_at
    FROM connections c, generate_series(1, :count) n WHERE c.id = :like
""")
_SWEEPS = sa.text("""
    INSERT INTO work_items (connection_id, kind, subject, rank, generation, due_at, added_at)
    SELECT id, 'sweep', '', 16, nextval('work_item_generations'), :due, :due FROM connections
    WHERE id <> :but
""")
_DIES = sa.text("""
    UPDATE pgqueuer SET status = 'picked', heartbeat = now(), queue_manager_id = gen_random_uuid()
""")
_JOBS = sa.text("SELECT CAST(substr(dedupe_key, 7) AS int) FROM pgqueuer WHERE dedupe_key <> ''")


async def many(bench: Bench, like: Connection, count: int) -> None:
    """So many more merchants, whose sweep is due; `like` has nothing due."""
    async with bench.database.transaction() as tx:
        await tx.run(_MANY, {"count": count, "like": like.id})
        await tx.run(_SWEEPS, {"due": bench.clock.now(), "but": like.id})


async def with_jobs(database: Database) -> set[int]:
    async with database.read() as tx:
        return {row[0] for row in await tx.rows(_JOBS)}


def queued(bench: Bench, database: Database | None = None) -> Worker:
    """A worker on pgqueuer, of another process where it has a database of its own."""
    worker = bench.worker()
    worker.database = database or bench.database
    worker.jobs = QueueJobs(worker.database, bench.clock, QueueSettings(parallel=PARALLEL))
    return worker


# ---- Who comes first -----------------------------------------------------------------------------


async def test_a_sale_is_begun_at_once_though_hundreds_wait_too_long(bench: Bench) -> None:
    """Five hundred merchants have waited for more than twenty seconds. Only a few of them go with
    the sales at a time, and these few are no more as time goes on.
    """
    database, seller = bench.database, await connected(bench.database)
    await many(bench, seller, 500)
    worker, stop, turns = queued(bench), asyncio.Event(), list[int]()
    sold: list[tuple[int, float]] = []
    begun: list[float] = []

    async def turn(job: Job) -> None:
        turns.append(job.connection_id)
        if job.connection_id == seller.id:
            begun.append(time.monotonic())
            stop.set()
        await asyncio.sleep(0.05)
        async with database.transaction() as tx:
            await work_items.forget(tx, job.connection_id, [Kind.SWEEP, Kind.STOCK])
            await worker.jobs.give_up(tx, job)
        await worker.tick()
        if len(turns) >= 20 and not sold:
            sold.append((len(turns), time.monotonic()))
            async with database.transaction() as tx:
                await work_items.add(tx, seller.id, Kind.STOCK, "cup", bench.clock.now())
                await worker.jobs.enqueue(tx, seller.id, urgent=True)

    await worker.tick()
    bench.clock.move(worker.pace.held_back_s + 1)
    await worker.tick()
    async with asyncio.timeout(60):
        await worker.jobs.run(turn, stop)

    ((turns_before, at),) = sold
    assert turns.index(seller.id) - turns_before <= OVERDUE + 2 * PARALLEL
    assert begun[0] - at < 2


async def test_the_job_of_a_worker_that_died_is_taken_as_soon_as_it_may_be(bench: Bench) -> None:
    """Nothing is written when its time is over, so nothing notifies of it. The timers of the others
    see that its merchant has no turn.
    """
    database, one = bench.database, await connected(bench.database)
    await bench.item(one.id, Kind.STOCK, "cup")
    worker, stop, taken = bench.worker(), asyncio.Event(), list[int]()
    settings = QueueSettings(PARALLEL, heartbeat=timedelta(seconds=2))
    worker.jobs = QueueJobs(database, bench.clock, settings)

    async def turn(job: Job) -> None:
        taken.append(job.connection_id)
        stop.set()

    await worker.tick()
    async with database.transaction() as tx:
        await tx.run(_DIES)
    running = asyncio.create_task(worker.jobs.run(turn, stop))
    async with asyncio.timeout(15):
        while not running.done():
            await asyncio.sleep(0.25)
            bench.clock.move(1)
            await worker.tick()

    assert [one.id] == taken


async def test_a_busy_worker_lets_no_thousands_in_after_twenty_seconds(bench: Bench) -> None:
    one = await connected(bench.database)
    await many(bench, one, 100)
    bench.clock.move(60)
    worker = queued(bench)

    await worker.tick(is_busy=True)
    first = await with_jobs(bench.database)
    await worker.tick(is_busy=True)

    assert OVERDUE == len(first)
    assert first == await with_jobs(bench.database), "they have not had their turn"


# ---- Nobody waits for the timer ------------------------------------------------------------------


async def test_two_timers_leave_each_others_jobs_alone(bench: Bench, database_url: str) -> None:
    """One worker stands still in the middle of a portion. The other's timer does not wait, and adds
    what is left when the first has gone.
    """
    one, two = await connected(bench.database), await connected(bench.database, "org-2", "def456")
    await bench.item(one.id, Kind.SWEEP)
    await bench.item(two.id, Kind.SWEEP)
    elsewhere = Database.at(database_url, SEALER)
    jobs = QueueJobs(elsewhere, bench.clock)

    async with elsewhere.transaction() as tx:
        await jobs.enqueue_missing(tx, [Wanted(one.id)])
        async with asyncio.timeout(TOO_LONG_S):
            await queued(bench).tick()
        meanwhile = await with_jobs(bench.database)
        await tx.connection.rollback()
    await queued(bench).tick()
    await elsewhere.close()

    assert {two.id} == meanwhile
    assert {one.id, two.id} == await with_jobs(bench.database)


async def test_a_timer_does_not_wait_to_make_a_job_more_urgent(bench: Bench) -> None:
    one = await connected(bench.database)
    async with bench.database.transaction() as tx:
        await queued(bench).jobs.enqueue(tx, one.id)
    async with bench.database.transaction() as held:
        await held.rows(sa.text("SELECT 1 FROM pgqueuer FOR UPDATE"))
        async with asyncio.timeout(TOO_LONG_S), bench.database.transaction() as tx:
            await queue_table.add_missing(tx, [Wanted(one.id, urgent=True)])
            left = await tx.scalar(sa.text("SELECT priority FROM pgqueuer"))
    async with bench.database.transaction() as tx:
        await queue_table.add_missing(tx, [Wanted(one.id, urgent=True)])
        raised = await tx.scalar(sa.text("SELECT priority FROM pgqueuer"))

    assert (queue_table.NORMAL, queue_table.URGENT) == (left, raised)


async def test_a_webhook_does_not_wait_while_the_timer_adds_thousands(
    bench: Bench, database_url: str
) -> None:
    """The timer stands still in the middle of its second portion. Webhooks of merchants whose job
    it has added, and of those that it comes to later, add their own job meanwhile.
    """
    like = await connected(bench.database)
    await many(bench, like, 20 * PORTION)
    elsewhere = Database.at(database_url, SEALER)
    halted, on = asyncio.Event(), asyncio.Event()
    portions: list[Sequence[Wanted]] = []

    class Halting(QueueJobs):
        async def enqueue_missing(self, tx: Tx, wanted: Sequence[Wanted]) -> None:
            await QueueJobs.enqueue_missing(self, tx, wanted)
            portions.append(wanted)
            if len(portions) == 2:
                halted.set()
                await on.wait()

    worker = queued(bench)
    worker.jobs = Halting(bench.database, bench.clock)
    ticking = asyncio.create_task(worker.tick())
    await halted.wait()
    held = {one.connection_id for wanted in portions for one in wanted}
    first, last = portions[0][0].connection_id, like.id + 20 * PORTION
    async with asyncio.timeout(TOO_LONG_S):
        for number in (first, last):
            async with elsewhere.transaction() as tx:
                await QueueJobs(elsewhere, bench.clock).enqueue(tx, number, urgent=True)
    meanwhile = await with_jobs(elsewhere)
    on.set()
    await ticking
    await elsewhere.close()

    assert first in held
    assert last not in held
    assert meanwhile == {one.connection_id for one in portions[0]} | {last}
    assert 20 * PORTION == len(await with_jobs(bench.database))


async def test_a_tick_that_finds_every_job_queued_writes_nothing(bench: Bench) -> None:
    one = await connected(bench.database)
    await many(bench, one, 3)
    worker, said = queued(bench), list[str]()
    await worker.tick()
    silence = bench.database.on_statement(said.append)
    await worker.tick()
    silence()

    assert 2 == len(said)
    assert not [text for text in said if "INSERT" in text or "UPDATE" in text]


# ---- Nothing is missed ---------------------------------------------------------------------------


async def test_what_the_timer_skips_as_a_turn_ends_it_adds_a_second_later(
    bench: Bench, database_url: str
) -> None:
    """A turn has seen that nothing is due, and has not committed yet that it gives the job's key
    back. An item that comes due now is seen by the timer, which skips it: the job is there. A
    second later it is not.
    """
    one = await connected(bench.database)
    elsewhere = Database.at(database_url, SEALER)
    jobs, worker = QueueJobs(bench.database, bench.clock), queued(bench, elsewhere)
    async with bench.database.transaction() as tx:
        await jobs.enqueue(tx, one.id)
        job = Job(one.id, await tx.scalar(sa.text("SELECT id FROM pgqueuer")))

    async with bench.database.transaction() as turn:
        released = await jobs.release(turn, job, bench.clock.now())
        await bench.item(one.id, Kind.SWEEP)
        async with asyncio.timeout(TOO_LONG_S):
            await worker.tick()
    after_the_turn = await with_jobs(bench.database)
    await worker.tick()
    await elsewhere.close()

    assert released
    assert set() == after_the_turn
    assert {one.id} == await with_jobs(bench.database)


@pytest.mark.slow
async def test_timers_alone_bring_every_item_to_a_turn(bench: Bench, database_url: str) -> None:
    """Items in bursts that nobody adds a job for, against turns that end all the time and the
    timers of two workers.
    """
    dice = random.Random(11)
    ids = [(await connected(bench.database, f"org-{n}", f"hash{n}")).id for n in range(6)]
    elsewhere = Database.at(database_url, SEALER)
    workers, stop = (queued(bench), queued(bench, elsewhere)), asyncio.Event()
    jobs, turns = workers[0].jobs, list[int]()

    async def turn(job: Job) -> None:
        turns.append(job.connection_id)
        while True:
            async with bench.database.transaction() as tx:
                await work_items.forget(tx, job.connection_id, [Kind.PRODUCT])
            await asyncio.sleep(dice.uniform(0, 0.004))
            async with bench.database.transaction() as tx:
                if await jobs.release(tx, job, bench.clock.now()):
                    return

    async def timer(worker: Worker) -> None:
        while not stop.is_set():
            await worker.tick()
            await asyncio.sleep(dice.uniform(0, 0.02))

    async def left() -> int:
        async with bench.database.read() as tx:
            return int(await tx.scalar(sa.text("SELECT count(*) FROM work_items")))

    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        group.create_task(jobs.run(turn, stop))
        for worker in workers:
            group.create_task(timer(worker))
        for burst in range(40):
            for number in ids:
                await bench.item(number, Kind.PRODUCT, f"{burst}")
                await asyncio.sleep(dice.uniform(0, 0.01))
        for _ in range(1000):
            await asyncio.sleep(0.02)
            if not await left():
                break
        stop.set()
    await elsewhere.close()

    assert (0, set(ids)) == (await left(), set(turns))
