"""One turn for one connection: leases, their renewal, and stopping."""

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from brygga.core.failures import LeaseLost
from brygga.core.model import Connection
from brygga.database import leases, work_items
from brygga.database.engine import DatabaseBusy, DatabaseGone, Fence, Notice
from brygga.database.queue import Job
from brygga.database.work_items import Kind, WorkItem
from brygga.sync.worker.loop import Pace
from brygga.sync.worker.session import Clients, Lease, Session
from tests.conftest import NOON
from tests.database.merchants import connected
from tests.sync_worker.conftest import Bench, no_clients
from tests.sync_worker.seen import has_done


async def _due(bench: Bench, connection_id: int) -> list[WorkItem]:
    async with bench.database.read() as tx:
        return list(await work_items.due(tx, connection_id, bench.clock.now(), [Kind.PRODUCT]))


async def test_two_workers_never_work_for_one_connection_at_once(bench: Bench) -> None:
    one = await connected(bench.database)
    inside, most = 0, 0

    async def product(session: Session, batch: Sequence[WorkItem]) -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        await session.clock.sleep(1)
        inside -= 1
        await bench.note(session, batch)

    bench.handlers[Kind.PRODUCT] = product
    bench.pace = Pace(batch=1, slice_s=3)
    await bench.item(one.id, Kind.PRODUCT, *"abcdefgh")

    async with bench.running(), bench.running():
        await bench.until(lambda: has_done(bench, 8))

    assert (1, 8) == (most, len(bench.done))


async def test_the_next_turn_may_begin_while_the_last_one_closes_its_clients(bench: Bench) -> None:
    """Its lease is given back before that. Each turn of a worker ends by itself, and a notice
    reaches the one that works.
    """
    one = await connected(bench.database)
    closing, may_close, works, noticed = (asyncio.Event() for _ in range(4))
    turns: list[int] = []

    @contextlib.asynccontextmanager
    async def clients(connection: Connection, lease: Lease) -> AsyncIterator[Clients]:
        turns.append(lease.fence.epoch)
        async with no_clients(connection, lease) as made:
            yield made
        if len(turns) == 1:
            closing.set()
            await may_close.wait()

    async def product(session: Session, batch: Sequence[WorkItem]) -> None:
        if len(turns) == 2:
            works.set()
            await asyncio.wait_for(session.changed.wait(), 10)
            noticed.set()
        await bench.note(session, batch)

    bench.handlers[Kind.PRODUCT] = product
    worker = dataclasses.replace(bench.worker(), clients=clients)
    await bench.item(one.id, Kind.PRODUCT, "first")
    first = asyncio.create_task(worker.turn(Job(one.id), asyncio.Event()))
    await asyncio.wait_for(closing.wait(), 10)
    await bench.item(one.id, Kind.PRODUCT, "second")
    second = asyncio.create_task(worker.turn(Job(one.id), asyncio.Event()))
    await asyncio.wait_for(works.wait(), 10)
    may_close.set()
    await first
    worker._received(Notice(one.id, urgent=False))
    await second

    assert noticed.is_set()
    assert ["first", "second"] == [subject for _, _, subject in bench.done]


async def test_a_turn_whose_lease_was_taken_stops_and_writes_nothing(bench: Bench) -> None:
    one = await connected(bench.database)
    started, go = asyncio.Event(), asyncio.Event()
    outcome: list[str] = []

    async def product(session: Session, batch: Sequence[WorkItem]) -> None:
        started.set()
        await go.wait()
        try:
            await session.finish(*batch)
        except LeaseLost:
            outcome.append("refused")
            raise

    bench.handlers[Kind.PRODUCT] = product
    await bench.item(one.id, Kind.PRODUCT, "a")
    async with bench.running():
        await bench.until(lambda: _is_set(started))
        async with bench.database.transaction() as tx:
            late = NOON + timedelta(hours=1)
            stolen = await leases.acquire(
                tx, one.id, "thief", now=late, until=late, takeover_delay=timedelta(0)
            )
        assert stolen is not None
        go.set()
        await bench.until(lambda: _is_done(outcome))

    assert ["refused"] == outcome
    assert ["a"] == [item.subject for item in await _due(bench, one.id)]


async def _is_set(event: asyncio.Event) -> bool:
    return event.is_set()


async def _is_done(outcome: list[str]) -> bool:
    return bool(outcome)


async def test_a_long_job_keeps_its_lease_by_renewing_it(bench: Bench) -> None:
    one = await connected(bench.database)

    async def product(session: Session, batch: Sequence[WorkItem]) -> None:
        for _ in range(30):
            await session.clock.sleep(10)
            session.lease.check(60)
        await bench.note(session, batch)

    bench.handlers[Kind.PRODUCT] = product
    await bench.item(one.id, Kind.PRODUCT, "long")

    async with bench.running():
        await bench.until(lambda: has_done(bench, 1), step_s=0.5)

    assert bench.clock.monotonic() >= 300


@pytest.mark.parametrize(
    "trouble", [DatabaseBusy("55P03"), DatabaseGone("away")], ids=["busy", "gone"]
)
async def test_a_lease_that_could_not_be_renewed_once_is_renewed_the_next_time(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    one, real, tries = await connected(bench.database), leases.renew, 0

    async def renew(*arguments: Any) -> bool:
        nonlocal tries
        tries += 1
        if tries == 2:
            raise trouble
        return await real(*arguments)

    monkeypatch.setattr(leases, "renew", renew)
    begun = 0

    async def product(session: Session, batch: Sequence[WorkItem]) -> None:
        nonlocal begun
        begun += 1
        await session.clock.sleep(120)
        await bench.note(session, batch)

    bench.handlers[Kind.PRODUCT] = product
    await bench.item(one.id, Kind.PRODUCT, "long")
    async with bench.running():
        await bench.until(lambda: has_done(bench, 1), step_s=0.5)

    assert tries > 3
    assert 1 == begun, "the work went through in its first turn"


async def test_an_operator_reads_what_really_failed_in_a_turn(bench: Bench) -> None:
    """Not "unhandled errors in a TaskGroup"."""
    one, tries = await connected(bench.database), 0

    async def product(session: Session, batch: Sequence[WorkItem]) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise DatabaseGone("the database at db.example does not answer")
        await bench.note(session, batch)

    bench.handlers[Kind.PRODUCT] = product
    await bench.item(one.id, Kind.PRODUCT, "cup")
    with capture_logs() as logs:
        async with bench.running():
            await bench.until(lambda: has_done(bench, 1))

    why = [line["why"] for line in logs if line["event"] == "database out of reach"]
    assert ["the database at db.example does not answer"] == why


def test_no_call_leaves_that_could_outlive_the_lease(bench: Bench) -> None:
    lease = Lease(Fence(1, 1, "worker"), bench.clock, until=30.0)

    lease.check(29)
    with pytest.raises(LeaseLost):
        lease.check(30)


async def test_a_stop_lets_the_running_handler_end_and_gives_the_lease_back(bench: Bench) -> None:
    one = await connected(bench.database)
    started = asyncio.Event()

    async def product(session: Session, batch: Sequence[WorkItem]) -> None:
        started.set()
        await session.clock.sleep(5)
        await bench.note(session, batch)

    bench.handlers[Kind.PRODUCT] = product
    # The clock runs a hundred times faster than the database behind it.
    bench.pace = Pace(batch=1, shutdown_timeout_s=200)
    await bench.item(one.id, Kind.PRODUCT, "a", "b")

    async with bench.running():
        await bench.until(lambda: _is_set(started))

    assert 1 == len(bench.done)
    async with bench.database.transaction() as tx:
        soon = bench.clock.now()
        assert await leases.acquire(
            tx, one.id, "next", now=soon, until=soon, takeover_delay=timedelta(0)
        )


async def test_a_stop_does_not_wait_for_ever_and_then_leaves_the_lease_to_run_out(
    bench: Bench,
) -> None:
    one = await connected(bench.database)
    started, never = asyncio.Event(), asyncio.Event()

    async def product(session: Session, batch: Sequence[WorkItem]) -> None:
        started.set()
        await never.wait()

    bench.handlers[Kind.PRODUCT] = product
    await bench.item(one.id, Kind.PRODUCT, "a")

    async with bench.running():
        await bench.until(lambda: _is_set(started))

    async with bench.database.transaction() as tx:
        soon = bench.clock.now()
        assert not await leases.acquire(
            tx, one.id, "next", now=soon, until=soon, takeover_delay=timedelta(0)
        )
    assert ["a"] == [item.subject for item in await _due(bench, one.id)]
