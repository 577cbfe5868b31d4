"""The loop: who works for whom, and in what order."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from brygga.core.model import Connection, Stage
from brygga.database import alert_messages, alert_settings, connections, finished_work, work_items
from brygga.database.alert_messages import CONFIRM, Channel, Draft, Message
from brygga.database.alert_settings import AlertSettings
from brygga.database.engine import Tx
from brygga.database.queue import QueueJobs, TableJobs
from brygga.database.work_items import Kind, WorkItem
from brygga.sync.worker.alerting import Outbox
from brygga.sync.worker.loop import Pace
from brygga.sync.worker.session import Session
from tests.conftest import NOON
from tests.database.merchants import connected
from tests.sync_worker.conftest import Bench, _true
from tests.sync_worker.seen import has_done


async def test_work_left_before_and_during_a_turn_is_all_done(bench: Bench) -> None:
    one = await connected(bench.database)

    async def stock(session: Session, batch: Sequence[WorkItem]) -> None:
        if not bench.done:
            await bench.item(one.id, Kind.STOCK, "b")
            await bench.item(one.id, Kind.PRODUCT, "c")
        await bench.note(session, batch)

    bench.handlers |= {Kind.STOCK: stock, Kind.PRODUCT: bench.note}
    await bench.item(one.id, Kind.STOCK, "a")

    async with bench.running():
        await bench.until(lambda: has_done(bench, 3))
        await bench.until(bench.quiet_but_routines)

    assert {(one.id, "stock", "a"), (one.id, "stock", "b"), (one.id, "product", "c")} == set(
        bench.done
    )


async def test_a_sale_does_not_wait_for_a_long_product_job(bench: Bench) -> None:
    one = await connected(bench.database)
    stock_done = asyncio.Event()

    async def product(session: Session, batch: Sequence[WorkItem]) -> None:
        await bench.item(one.id, Kind.STOCK, "sold")
        await stock_done.wait()
        await bench.note(session, batch)

    async def stock(session: Session, batch: Sequence[WorkItem]) -> None:
        await bench.note(session, batch)
        stock_done.set()

    bench.handlers |= {Kind.PRODUCT: product, Kind.STOCK: stock}
    await bench.item(one.id, Kind.PRODUCT, "import")

    async with bench.running():
        await bench.until(lambda: has_done(bench, 2))

    assert ["sold", "import"] == [subject for _, _, subject in bench.done]


async def test_work_that_is_due_later_is_done_then(bench: Bench) -> None:
    one = await connected(bench.database)
    bench.handlers[Kind.PRODUCT] = bench.note
    await bench.item(one.id, Kind.PRODUCT, "later", due_at=NOON + timedelta(seconds=10))

    async with bench.running():
        await bench.until(lambda: has_done(bench, 1), step_s=0.02)

    assert NOON + timedelta(seconds=10) <= bench.clock.now() <= NOON + timedelta(seconds=20)


async def test_a_message_that_somebody_waits_for_is_sent_within_seconds(bench: Bench) -> None:
    """The mail that confirms an address does not wait for the tidying, once a minute."""
    one = await connected(bench.database)
    sent: list[tuple[str, datetime]] = []

    async def sender(message: Message, settings: AlertSettings, connection: Connection) -> None:
        sent.append((message.kind, bench.clock.now()))

    worker = bench.worker()
    worker.outbox = Outbox(bench.database, bench.clock, {Channel.MAIL: sender})
    async with bench.running(worker):
        await bench.until(lambda: _true(worker.ticked_at is not None), step_s=0.02)
        asked = bench.clock.now() + timedelta(seconds=1)
        draft = Draft(Channel.MAIL, CONFIRM, "msg_1", (), {"ticket": "t", "to": "anna@example.com"})
        async with bench.database.transaction() as tx:
            await alert_settings.set_email(tx, one.id, "anna@example.com", "t", asked)
            await alert_messages.save(tx, one.id, draft, asked)
        await bench.until(lambda: _true(bool(sent)), step_s=0.02)

    ((kind, at),) = sent
    assert CONFIRM == kind
    assert at - asked < timedelta(seconds=10)


async def test_an_item_added_again_while_it_is_worked_on_is_worked_on_again(bench: Bench) -> None:
    one = await connected(bench.database)

    async def product(session: Session, batch: Sequence[WorkItem]) -> None:
        if not bench.done:
            await bench.item(one.id, Kind.PRODUCT, "cup")
        await bench.note(session, batch)

    bench.handlers[Kind.PRODUCT] = product
    await bench.item(one.id, Kind.PRODUCT, "cup")

    async with bench.running():
        await bench.until(bench.quiet_but_routines)

    assert [(one.id, "product", "cup")] * 2 == bench.done


async def test_a_big_store_does_not_starve_a_small_one(bench: Bench) -> None:
    """With room for one turn at a time, the small store has its turn after one slice of the big
    one.
    """
    big, small = await connected(bench.database), await connected(bench.database, "org-2", "def456")
    bench.pace = Pace(slice_s=5, batch=1)

    async def slow(session: Session, batch: Sequence[WorkItem]) -> None:
        await session.clock.sleep(2)
        await bench.note(session, batch)

    bench.handlers[Kind.PRODUCT] = slow
    await bench.item(big.id, Kind.PRODUCT, *(f"p{number:03}" for number in range(40)))
    await bench.item(small.id, Kind.PRODUCT, "only")
    worker = bench.worker()
    worker.jobs.parallel = 1  # type: ignore[attr-defined]

    async with bench.running(worker):
        await bench.until(lambda: _small(bench, small.id))

    assert len(bench.done) < 10


async def _small(bench: Bench, connection_id: int) -> bool:
    return any(number == connection_id for number, _, _ in bench.done)


async def test_a_paused_and_a_disconnected_connection_do_no_product_or_stock_work(
    bench: Bench,
) -> None:
    paused, gone = (
        await connected(bench.database),
        await connected(bench.database, "org-2", "def456"),
    )
    healthy = await connected(bench.database, "org-3", "ghi789")
    bench.handlers |= dict.fromkeys((Kind.PRODUCT, Kind.STOCK, Kind.LEAVE), bench.note)
    async with bench.database.transaction() as tx:
        await connections.pause(tx, paused.id, "access_gone")
        await connections.set_stage(tx, gone.id, Stage.DISCONNECTED)
    for one in (paused, gone, healthy):
        for kind in (Kind.PRODUCT, Kind.STOCK, Kind.LEAVE):
            await bench.item(one.id, kind, "x")

    async with bench.running():
        await bench.until(lambda: has_done(bench, 5))

    expected = {(one.id, "leave", "x") for one in (paused, gone, healthy)}
    assert expected | {(healthy.id, "product", "x"), (healthy.id, "stock", "x")} == set(bench.done)


async def test_routine_work_comes_round_for_every_running_connection(bench: Bench) -> None:
    one = await connected(bench.database)
    kinds = {Kind.HOOKS, Kind.SWEEP, Kind.ACCOUNT, Kind.STATEMENT}
    bench.handlers |= dict.fromkeys(kinds, bench.note)

    await bench.worker().tidy()
    found = {item.kind: item.due_at - NOON for item in await _all_due(bench, one.id)}

    assert kinds == set(found)
    assert timedelta(hours=6) == found[Kind.SWEEP]


async def _all_due(bench: Bench, connection_id: int) -> list[WorkItem]:
    found: list[WorkItem] = []
    async with bench.database.transaction() as tx:
        while batch := await work_items.due(tx, connection_id, NOON + timedelta(days=9)):
            found += batch
            for item in batch:
                await finished_work.done(tx, item)
    return found


async def test_a_busy_worker_begins_with_those_where_somebody_waits(bench: Bench) -> None:
    """Looks that close our writes, and products, wait until it has time, twenty seconds at most."""
    late = [await connected(bench.database, f"org-{n}", f"store-{n}") for n in range(6)]
    sold = await connected(bench.database, "org-9", "store-9")
    for place, one in enumerate(late):
        due = NOON + timedelta(seconds=10 + place)
        await bench.item(one.id, Kind.STOCK, "cup", due_at=due)
    bench.clock.move(18)
    await bench.item(sold.id, Kind.STOCK, "cup")
    worker, begun = bench.worker(), list[tuple[int, bool]]()

    class Noted(TableJobs):
        async def enqueue(self, tx: Tx, connection_id: int, urgent: bool = False) -> None:
            begun.append((connection_id, urgent))

    worker.jobs = Noted(bench.database, bench.clock)
    found = []
    for is_busy, seconds in ((True, 0), (False, 0), (True, 14)):
        begun.clear()
        bench.clock.move(seconds)
        await worker.tick(is_busy=is_busy)
        found.append(list(begun))

    ids = [one.id for one in late]
    assert [*((id_, False) for id_ in ids[:2]), (sold.id, True)] == found[0]
    assert [*((id_, False) for id_ in ids), (sold.id, True)] == found[1]
    assert [*((id_, False) for id_ in ids[:3]), (sold.id, True)] == found[2]


class BrokenJobs(TableJobs):
    """A queue whose first job meets what a test wants, and which is pgqueuer otherwise."""

    breaks: Callable[[Tx], Awaitable[None]]
    broken: bool = False

    async def enqueue(self, tx: Tx, connection_id: int, urgent: bool = False) -> None:
        if not self.broken:
            self.broken = True
            await self.breaks(tx)
        await QueueJobs(self.database, self.clock).enqueue(tx, connection_id, urgent)


async def _ended(tx: Tx) -> None:
    await tx.connection.driver.execute("SELECT 1")
    with contextlib.suppress(sa.exc.OperationalError):
        await tx.run(sa.text("SELECT pg_terminate_backend(pg_backend_pid())"))


async def _too_slow(tx: Tx) -> None:
    await tx.run(sa.text("SET LOCAL statement_timeout = 50"))
    await tx.connection.driver.execute("SELECT pg_sleep(30)")


async def _demoted(tx: Tx) -> None:
    await tx.run(sa.text("SET LOCAL transaction_read_only = on"))


@pytest.mark.parametrize("breaks", [_ended, _too_slow, _demoted])
async def test_the_timer_survives_what_the_database_does_while_it_adds_jobs(
    bench: Bench, breaks: Callable[[Tx], Awaitable[None]]
) -> None:
    """A restart, a statement that takes too long, a primary that was demoted: nothing ends the
    worker.
    """
    one = await connected(bench.database)
    await bench.item(one.id, Kind.STOCK, "a")
    worker, jobs = bench.worker(), BrokenJobs(bench.database, bench.clock)
    jobs.breaks, worker.jobs = breaks, jobs
    timer = asyncio.create_task(worker._timer())
    await bench.until(lambda: _true(worker.ticked_at is not None or timer.done()))
    timer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await timer

    async with bench.database.read() as tx:
        assert 1 == await tx.scalar(sa.text("SELECT count(*) FROM pgqueuer"))
    assert jobs.broken
