"""No storm of sales keeps other work waiting for ever, and no import is urgent for being long."""

import asyncio
from datetime import timedelta

from brygga.database import leases, work_items
from brygga.database.engine import Tx
from brygga.database.queue import Job, QueueJobs, QueueSettings, TableJobs
from brygga.database.work_items import Kind
from tests.conftest import NOON
from tests.database.merchants import connected
from tests.sync_worker.conftest import Bench

PARALLEL = 2
SELLING = 5
MOST = 60
"""The turns of a storm, each a second long."""


async def test_more_sales_than_places_hold_routine_work_back_for_twenty_seconds(
    bench: Bench,
) -> None:
    """Every place always has the next sale. After twenty seconds without a turn, routine work goes
    with the sales, and before those that came after it.
    """
    database = bench.database
    routine = await connected(database)
    selling = [await connected(database, f"org-{n}", f"store-{n}") for n in range(2, 2 + SELLING)]
    await bench.item(routine.id, Kind.SWEEP)
    for one in selling:
        await bench.item(one.id, Kind.STOCK, "cup")
    worker, stop, turns = bench.worker(), asyncio.Event(), list[int]()
    jobs = QueueJobs(database, bench.clock, QueueSettings(parallel=PARALLEL))
    worker.jobs = jobs

    async def turn(job: Job) -> None:
        turns.append(job.connection_id)
        if job.connection_id == routine.id or len(turns) >= MOST:
            stop.set()
        bench.clock.move(1)
        async with database.transaction() as tx:
            await jobs.hand_on(tx, job)
        await worker.tick()

    await worker.tick()
    async with asyncio.timeout(60):
        await jobs.run(turn, stop)

    before = turns.index(routine.id)
    assert 20 <= before <= 20 + SELLING + PARALLEL
    assert {one.id for one in selling} == {*turns[:before]}


async def test_an_import_waits_anew_after_each_turn(bench: Bench) -> None:
    one = await connected(bench.database)
    await bench.item(one.id, Kind.PRODUCT, "cup")
    worker, urgent = bench.worker(), list[bool]()

    class Noted(TableJobs):
        async def enqueue(self, tx: Tx, connection_id: int, urgent_: bool = False) -> None:
            urgent.append(urgent_)

    worker.jobs = Noted(bench.database, bench.clock)

    async def seconds(number: int) -> list[bool]:
        urgent.clear()
        for _ in range(number):
            await worker.tick()
            bench.clock.move(1)
        return list(urgent)

    first = await seconds(22)
    async with bench.database.transaction() as tx:
        now = bench.clock.now()
        until = now + timedelta(seconds=90)
        lease = await leases.acquire(
            tx, one.id, "w", now=now, until=until, takeover_delay=timedelta()
        )
    assert lease is not None
    during = await seconds(8)
    async with bench.database.transaction(lease.fence) as tx:
        await leases.release(tx, lease.fence)
    again = await seconds(20)

    assert [*[False] * 20, True, True] == first
    assert ([], [False] * 20) == (during, again)
    async with bench.database.read() as tx:
        (item,) = await work_items.due(tx, one.id, bench.clock.now())
    assert NOON == item.due_at, "it has been due for all that time"
