"""The loop: who works for whom, in what order, and what a failure does."""

import asyncio
import itertools
from collections.abc import Sequence
from datetime import timedelta

import pytest

from brygga.core.failures import LeaseLost, NeedsMerchant, Refused, Unanswered, Unreachable
from brygga.core.model import Stage
from brygga.core.report import Code
from brygga.store import connections, leases, library, marks, support, synclog
from brygga.store.database import Database, Fence
from brygga.store.marks import Kind, Mark
from brygga.store.support import Case
from brygga.sync.session import Lease, Session
from brygga.sync.worker import Pace
from tests.conftest import NOON
from tests.store.town import connected, cup
from tests.sync_worker.conftest import Bench


async def _log(database: Database, connection_id: int) -> list[Code]:
    async with database.read() as tx:
        return [logged.line.code for logged in reversed(await synclog.page(tx, connection_id))]


async def _due(bench: Bench, connection_id: int) -> list[Mark]:
    async with bench.database.read() as tx:
        return list(await marks.due(tx, connection_id, bench.clock.now(), [Kind.PRODUCT]))


async def test_work_left_before_and_during_a_drain_is_all_done(bench: Bench) -> None:
    one = await connected(bench.database)

    async def stock(session: Session, batch: Sequence[Mark]) -> None:
        if not bench.done:
            await bench.mark(one.id, Kind.STOCK, "b")
            await bench.mark(one.id, Kind.PRODUCT, "c")
        await bench.note(session, batch)

    bench.handlers |= {Kind.STOCK: stock, Kind.PRODUCT: bench.note}
    await bench.mark(one.id, Kind.STOCK, "a")

    async with bench.running():
        await bench.until(lambda: _has(bench, 3))
        await bench.until(bench.quiet_but_routines)

    assert {(one.id, "stock", "a"), (one.id, "stock", "b"), (one.id, "product", "c")} == set(bench.done)


async def _has(bench: Bench, count: int) -> bool:
    return len(bench.done) >= count


async def test_a_sale_does_not_wait_for_a_long_product_job(bench: Bench) -> None:
    one = await connected(bench.database)
    stock_done = asyncio.Event()

    async def product(session: Session, batch: Sequence[Mark]) -> None:
        await bench.mark(one.id, Kind.STOCK, "sold")
        await stock_done.wait()
        await bench.note(session, batch)

    async def stock(session: Session, batch: Sequence[Mark]) -> None:
        await bench.note(session, batch)
        stock_done.set()

    bench.handlers |= {Kind.PRODUCT: product, Kind.STOCK: stock}
    await bench.mark(one.id, Kind.PRODUCT, "import")

    async with bench.running():
        await bench.until(lambda: _has(bench, 2))

    assert ["sold", "import"] == [subject for _, _, subject in bench.done]


async def test_work_that_is_due_later_is_done_then(bench: Bench) -> None:
    one = await connected(bench.database)
    bench.handlers[Kind.PRODUCT] = bench.note
    await bench.mark(one.id, Kind.PRODUCT, "later", due_at=NOON + timedelta(seconds=10))

    async with bench.running():
        await bench.until(lambda: _has(bench, 1))

    assert NOON + timedelta(seconds=10) <= bench.clock.now() <= NOON + timedelta(seconds=20)


async def test_a_mark_made_again_while_it_is_worked_on_is_worked_on_again(bench: Bench) -> None:
    one = await connected(bench.database)

    async def product(session: Session, batch: Sequence[Mark]) -> None:
        if not bench.done:
            await bench.mark(one.id, Kind.PRODUCT, "cup")
        await bench.note(session, batch)

    bench.handlers[Kind.PRODUCT] = product
    await bench.mark(one.id, Kind.PRODUCT, "cup")

    async with bench.running():
        await bench.until(bench.quiet_but_routines)

    assert [(one.id, "product", "cup")] * 2 == bench.done


async def test_a_big_store_does_not_starve_a_small_one(bench: Bench) -> None:
    """With room for one drain at a time, the small store has its turn after one slice of the big one."""
    big, small = await connected(bench.database), await connected(bench.database, "org-2", "def456")
    bench.pace = Pace(slice_s=5, batch=1)

    async def slow(session: Session, batch: Sequence[Mark]) -> None:
        await session.clock.sleep(2)
        await bench.note(session, batch)

    bench.handlers[Kind.PRODUCT] = slow
    await bench.mark(big.id, Kind.PRODUCT, *(f"p{number:03}" for number in range(40)))
    await bench.mark(small.id, Kind.PRODUCT, "only")
    worker = bench.worker()
    worker.jobs.parallel = 1  # type: ignore[attr-defined]

    async with bench.running(worker):
        await bench.until(lambda: _small(bench, small.id))

    assert len(bench.done) < 10


async def _small(bench: Bench, connection_id: int) -> bool:
    return any(number == connection_id for number, _, _ in bench.done)


async def test_a_paused_and_a_disconnected_connection_do_no_product_or_stock_work(bench: Bench) -> None:
    paused, gone = await connected(bench.database), await connected(bench.database, "org-2", "def456")
    healthy = await connected(bench.database, "org-3", "ghi789")
    bench.handlers |= dict.fromkeys((Kind.PRODUCT, Kind.STOCK, Kind.LEAVE), bench.note)
    async with bench.database.transaction() as tx:
        await connections.pause(tx, paused.id, "access_gone")
        await connections.set_stage(tx, gone.id, Stage.DISCONNECTED)
    for one in (paused, gone, healthy):
        for kind in (Kind.PRODUCT, Kind.STOCK, Kind.LEAVE):
            await bench.mark(one.id, kind, "x")

    async with bench.running():
        await bench.until(lambda: _has(bench, 5))

    expected = {(one.id, "leave", "x") for one in (paused, gone, healthy)}
    assert expected | {(healthy.id, "product", "x"), (healthy.id, "stock", "x")} == set(bench.done)


# ---- Failures --------------------------------------------------------------------------------------------------------


async def test_an_outage_is_tried_again_later_each_time_and_said_once(bench: Bench) -> None:
    one = await connected(bench.database)
    tries: list[float] = []

    async def product(session: Session, batch: Sequence[Mark]) -> None:
        tries.append(bench.clock.monotonic())
        if len(tries) < 5:
            raise Unreachable("unreachable")
        async with session.read() as tx:
            assert (await connections.health(tx, one.id)).unreachable_since is not None
        await bench.note(session, batch)

    bench.handlers[Kind.PRODUCT] = product
    await bench.mark(one.id, Kind.PRODUCT, "a", "b")

    async with bench.running():
        await bench.until(lambda: _has(bench, 2))
        await bench.until(bench.quiet_but_routines)

    waits = [later - earlier for earlier, later in itertools.pairwise(tries)]
    assert waits == sorted(waits)
    assert 2 <= waits[0] < 8
    assert waits[-1] >= 16
    assert [] == await _log(bench.database, one.id)
    async with bench.database.read() as tx:
        assert (await connections.health(tx, one.id)).unreachable_since is None


async def test_a_platform_that_says_when_is_not_asked_before(bench: Bench) -> None:
    one = await connected(bench.database)

    async def product(session: Session, batch: Sequence[Mark]) -> None:
        if bench.clock.monotonic() < 100:
            raise Unreachable("too_many_requests", after_s=120)
        await bench.note(session, batch)

    bench.handlers[Kind.PRODUCT] = product
    await bench.mark(one.id, Kind.PRODUCT, "a")

    async with bench.running():
        await bench.until(lambda: _has(bench, 1))

    assert bench.clock.monotonic() >= 120


async def test_no_answer_is_looked_at_again_soon(bench: Bench) -> None:
    one = await connected(bench.database)
    seen: list[int] = []

    async def product(session: Session, batch: Sequence[Mark]) -> None:
        seen.append(batch[0].attempts)
        if len(seen) == 1:
            raise Unanswered("no_answer")
        await bench.note(session, batch)

    bench.handlers[Kind.PRODUCT] = product
    await bench.mark(one.id, Kind.PRODUCT, "a")

    async with bench.running():
        await bench.until(lambda: _has(bench, 1))

    assert [0, 1] == seen
    assert bench.clock.monotonic() < 30


async def test_a_refusal_ends_its_own_mark_only_and_the_merchant_reads_why(bench: Bench) -> None:
    one = await connected(bench.database)
    async with bench.database.transaction() as tx:
        await library.upsert_many(tx, one.id, [cup("good"), cup("bad")], NOON, assign_new=True)

    async def product(session: Session, batch: Sequence[Mark]) -> None:
        if any(mark.subject == "bad" for mark in batch):
            raise Refused("name_taken", status=409)
        await bench.note(session, batch)

    bench.handlers[Kind.PRODUCT] = product
    await bench.mark(one.id, Kind.PRODUCT, "bad", "good")

    async with bench.running():
        await bench.until(bench.quiet_but_routines)

    async with bench.database.read() as tx:
        entries = await library.get_many(tx, one.id, ["bad", "good"])
    assert {"bad": "name_taken", "good": ""} == {uuid: entry.failure for uuid, entry in entries.items()}
    assert [(one.id, "product", "good")] == bench.done
    assert [Code.REFUSED] == await _log(bench.database, one.id)


async def test_what_only_the_merchant_can_mend_pauses_the_connection_is_said_once_and_waits(bench: Bench) -> None:
    one = await connected(bench.database)
    healed = False

    async def product(session: Session, batch: Sequence[Mark]) -> None:
        if not healed:
            raise NeedsMerchant("access_gone")
        await bench.note(session, batch)

    bench.handlers |= {Kind.PRODUCT: product, Kind.STOCK: product}
    await bench.mark(one.id, Kind.PRODUCT, "a", "b")
    await bench.mark(one.id, Kind.STOCK, "a")

    async with bench.running():
        await bench.until(lambda: _paused(bench, one.id))
        for _ in range(40):
            bench.clock.move(1)
            await asyncio.sleep(0.002)
        assert [] == bench.done
        healed = True
        async with bench.database.transaction() as tx:
            await connections.resume(tx, one.id)
        await bench.until(lambda: _has(bench, 3))

    assert [Code.PAUSED] == await _log(bench.database, one.id)


async def _paused(bench: Bench, connection_id: int) -> bool:
    async with bench.database.read() as tx:
        found = await connections.by_id(tx, connection_id)
    return found is not None and found.paused == "access_gone"


async def test_a_bug_parks_its_own_mark_under_a_support_id_without_telling_secrets(bench: Bench) -> None:
    one = await connected(bench.database)

    async def product(session: Session, batch: Sequence[Mark]) -> None:
        if any(mark.subject == "odd" for mark in batch):
            raise ZeroDivisionError("Anna Andersson's secret token")
        await bench.note(session, batch)

    bench.handlers[Kind.PRODUCT] = product
    await bench.mark(one.id, Kind.PRODUCT, "a", "odd", "z")

    async with bench.running():
        await bench.until(bench.quiet_but_routines)

    async with bench.database.read() as tx:
        (parked,) = await marks.parked(tx, one.id)
        case = await support.by_id(tx, parked.support_id)
        (logged,) = await synclog.page(tx, one.id)
    assert {"a", "z"} == {subject for _, _, subject in bench.done}
    assert ("odd", Code.INTERNAL_ERROR, {"support_id": parked.support_id}) == (
        parked.subject,
        logged.line.code,
        logged.line.params,
    )
    assert isinstance(case, Case)
    assert "ZeroDivisionError" == case.bundle["bug"]
    assert "Anna" not in str(case.bundle)


async def test_a_handler_that_forgets_a_mark_is_a_bug_and_no_endless_loop(bench: Bench) -> None:
    one = await connected(bench.database)
    calls = 0

    async def product(session: Session, batch: Sequence[Mark]) -> None:
        nonlocal calls
        calls += 1

    bench.handlers[Kind.PRODUCT] = product
    await bench.mark(one.id, Kind.PRODUCT, "a")

    async with bench.running():
        await bench.until(bench.quiet_but_routines)

    async with bench.database.read() as tx:
        assert ["a"] == [parked.subject for parked in await marks.parked(tx, one.id)]
    assert 1 == calls


async def test_a_kind_without_a_handler_is_parked(bench: Bench) -> None:
    one = await connected(bench.database)
    await bench.mark(one.id, Kind.SWEEP)

    async with bench.running():
        await bench.until(bench.quiet_but_routines)

    async with bench.database.read() as tx:
        assert [Kind.SWEEP] == [parked.kind for parked in await marks.parked(tx, one.id)]


# ---- Leases ----------------------------------------------------------------------------------------------------------


async def test_two_workers_never_work_for_one_connection_at_once(bench: Bench) -> None:
    one = await connected(bench.database)
    inside, most = 0, 0

    async def product(session: Session, batch: Sequence[Mark]) -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        await session.clock.sleep(1)
        inside -= 1
        await bench.note(session, batch)

    bench.handlers[Kind.PRODUCT] = product
    bench.pace = Pace(batch=1, slice_s=3)
    await bench.mark(one.id, Kind.PRODUCT, *"abcdefgh")

    async with bench.running(), bench.running():
        await bench.until(lambda: _has(bench, 8))

    assert (1, 8) == (most, len(bench.done))


async def test_a_drain_whose_lease_was_taken_stops_and_writes_nothing(bench: Bench) -> None:
    one = await connected(bench.database)
    started, go = asyncio.Event(), asyncio.Event()
    outcome: list[str] = []

    async def product(session: Session, batch: Sequence[Mark]) -> None:
        started.set()
        await go.wait()
        try:
            await session.finish(*batch)
        except LeaseLost:
            outcome.append("refused")
            raise

    bench.handlers[Kind.PRODUCT] = product
    await bench.mark(one.id, Kind.PRODUCT, "a")
    async with bench.running():
        await bench.until(lambda: _is_set(started))
        async with bench.database.transaction() as tx:
            late = NOON + timedelta(hours=1)
            stolen = await leases.acquire(tx, one.id, "thief", now=late, until=late, grace=timedelta(0))
        assert stolen is not None
        go.set()
        await bench.until(lambda: _is_done(outcome))

    assert ["refused"] == outcome
    assert ["a"] == [mark.subject for mark in await _due(bench, one.id)]


async def _is_set(event: asyncio.Event) -> bool:
    return event.is_set()


async def _is_done(outcome: list[str]) -> bool:
    return bool(outcome)


async def test_a_long_job_keeps_its_lease_by_renewing_it(bench: Bench) -> None:
    one = await connected(bench.database)

    async def product(session: Session, batch: Sequence[Mark]) -> None:
        for _ in range(30):
            await session.clock.sleep(10)
            session.lease.check(60)
        await bench.note(session, batch)

    bench.handlers[Kind.PRODUCT] = product
    await bench.mark(one.id, Kind.PRODUCT, "long")

    async with bench.running():
        await bench.until(lambda: _has(bench, 1), step_s=0.5)

    assert bench.clock.monotonic() >= 300


def test_no_call_leaves_that_could_outlive_the_lease(bench: Bench) -> None:
    lease = Lease(Fence(1, 1, "worker"), bench.clock, until=30.0)

    lease.check(29)
    with pytest.raises(LeaseLost):
        lease.check(30)


async def test_a_stop_lets_the_running_handler_end_and_gives_the_lease_back(bench: Bench) -> None:
    one = await connected(bench.database)
    started = asyncio.Event()

    async def product(session: Session, batch: Sequence[Mark]) -> None:
        started.set()
        await session.clock.sleep(5)
        await bench.note(session, batch)

    bench.handlers[Kind.PRODUCT] = product
    bench.pace = Pace(batch=1)
    await bench.mark(one.id, Kind.PRODUCT, "a", "b")

    async with bench.running():
        await bench.until(lambda: _is_set(started))

    assert 1 == len(bench.done)
    async with bench.database.transaction() as tx:
        soon = bench.clock.now()
        assert await leases.acquire(tx, one.id, "next", now=soon, until=soon, grace=timedelta(0))


async def test_a_stop_does_not_wait_for_ever_and_then_leaves_the_lease_to_run_out(bench: Bench) -> None:
    one = await connected(bench.database)
    started, never = asyncio.Event(), asyncio.Event()

    async def product(session: Session, batch: Sequence[Mark]) -> None:
        started.set()
        await never.wait()

    bench.handlers[Kind.PRODUCT] = product
    await bench.mark(one.id, Kind.PRODUCT, "a")

    async with bench.running():
        await bench.until(lambda: _is_set(started))

    async with bench.database.transaction() as tx:
        soon = bench.clock.now()
        assert not await leases.acquire(tx, one.id, "next", now=soon, until=soon, grace=timedelta(0))
    assert ["a"] == [mark.subject for mark in await _due(bench, one.id)]


async def test_routine_work_comes_round_for_every_running_connection(bench: Bench) -> None:
    one = await connected(bench.database)
    bench.handlers |= dict.fromkeys((Kind.HOOKS, Kind.SWEEP, Kind.ACCOUNT), bench.note)

    await bench.worker().tidy()
    found = {mark.kind: mark.due_at - NOON for mark in await _all_due(bench, one.id)}

    assert {Kind.HOOKS, Kind.SWEEP, Kind.ACCOUNT} == set(found)
    assert timedelta(hours=6) == found[Kind.SWEEP]


async def _all_due(bench: Bench, connection_id: int) -> list[Mark]:
    found: list[Mark] = []
    async with bench.database.transaction() as tx:
        while batch := await marks.due(tx, connection_id, NOON + timedelta(days=9)):
            found += batch
            for mark in batch:
                await marks.done(tx, mark)
    return found
