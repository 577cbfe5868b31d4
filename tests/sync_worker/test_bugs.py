"""Work that met a bug of ours: it waits under a support id, is tried again, and is said once."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from brygga.core.failures import Refused, Unreachable
from brygga.core.model import Stage
from brygga.core.report import Code
from brygga.database import connections, support, synclog, waiting_work
from brygga.database.engine import DatabaseBusy
from brygga.database.support import Case
from brygga.database.work_items import Kind, WorkItem
from brygga.sync.worker.judging import Judge
from brygga.sync.worker.pace import Pace
from brygga.sync.worker.session import Session
from tests.conftest import NOON
from tests.database.merchants import connected
from tests.sync_worker.conftest import Bench
from tests.sync_worker.seen import has_done, logged_codes


async def test_a_bug_parks_its_own_item_under_a_support_id_without_a_secret(
    bench: Bench,
) -> None:
    one = await connected(bench.database)

    async def product(session: Session, batch: Sequence[WorkItem]) -> None:
        if any(item.subject == "odd" for item in batch):
            raise ZeroDivisionError("Anna Andersson's secret token")
        await bench.note(session, batch)

    bench.handlers[Kind.PRODUCT] = product
    await bench.item(one.id, Kind.PRODUCT, "a", "odd", "z")

    async with bench.running():
        await bench.until(bench.quiet_but_routines)

    async with bench.database.read() as tx:
        (parked,) = await waiting_work.parked(tx, one.id)
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


async def test_a_handler_that_forgets_an_item_is_a_bug_and_no_endless_loop(bench: Bench) -> None:
    one = await connected(bench.database)
    calls = 0

    async def product(session: Session, batch: Sequence[WorkItem]) -> None:
        nonlocal calls
        calls += 1

    bench.handlers[Kind.PRODUCT] = product
    await bench.item(one.id, Kind.PRODUCT, "a")

    async with bench.running():
        await bench.until(bench.quiet_but_routines)

    async with bench.database.read() as tx:
        assert ["a"] == [parked.subject for parked in await waiting_work.parked(tx, one.id)]
    assert 1 == calls


async def test_a_kind_without_a_handler_is_parked(bench: Bench) -> None:
    one = await connected(bench.database)
    await bench.item(one.id, Kind.SWEEP)

    async with bench.running():
        await bench.until(bench.quiet_but_routines)

    async with bench.database.read() as tx:
        assert [Kind.SWEEP] == [parked.kind for parked in await waiting_work.parked(tx, one.id)]


class Bug(Exception):
    """A fault of ours, in a test."""


async def routine(session: Session, batch: Sequence[WorkItem]) -> None:
    """What comes round by itself, and is not what these tests are about."""
    await session.finish(*batch)


def failing(bench: Bench, until_s: float, tries: list[float]) -> None:
    """Product work fails by a bug until so many seconds after noon."""

    async def product(session: Session, batch: Sequence[WorkItem]) -> None:
        tries.append(bench.clock.monotonic())
        if bench.clock.monotonic() < until_s:
            raise Bug
        await bench.note(session, batch)

    bench.handlers |= {**dict.fromkeys(Kind, routine), Kind.PRODUCT: product}


async def test_a_bug_is_tried_again_until_it_works_and_said_once(bench: Bench) -> None:
    one = await connected(bench.database)
    tries: list[float] = []
    failing(bench, 40 * 3600, tries)
    await bench.item(one.id, Kind.PRODUCT, "cup")

    async with bench.running():
        await bench.until(lambda: has_done(bench, 1), step_s=240)

    assert [Code.INTERNAL_ERROR, Code.WORKS_AGAIN] == await logged_codes(bench.database, one.id)
    async with bench.database.read() as tx:
        assert [] == await waiting_work.parked(tx, one.id)
        (case,) = await support.faults(tx, one.id)
    assert len(tries) - 2 == case.bundle["attempts"], "the report is of the last try"
    assert 4 <= len(tries) <= 9


@pytest.mark.parametrize(("failing_h", "pause_h"), [(0, 1), (1, 1), (5, 5), (30, 24), (400, 24)])
def test_a_pause_after_a_bug_is_as_long_as_it_has_failed(
    bench: Bench, failing_h: int, pause_h: int
) -> None:
    judge = Judge(bench.clock, bench.dice, Pace())
    since = NOON - timedelta(hours=failing_h) if failing_h else None
    item = WorkItem(1, Kind.PRODUCT, "cup", 1, NOON, failing_since=since)
    pause = judge._pause(item, NOON)

    assert timedelta(hours=0.9 * pause_h) <= pause <= timedelta(hours=pause_h)


async def test_a_new_version_tries_at_once_what_failed_in_another(bench: Bench) -> None:
    one = await connected(bench.database)
    tries: list[float] = []
    failing(bench, 60, tries)
    await bench.item(one.id, Kind.PRODUCT, "cup")
    old, new = bench.worker(), bench.worker()
    old.program, new.program = "1.0", "1.1"

    async with bench.running(old):
        await bench.until(bench.quiet_but_routines)
    bench.clock.move(120)
    async with bench.running(new):
        await bench.until(lambda: has_done(bench, 1))

    assert bench.clock.monotonic() < 600


async def test_a_sale_of_a_product_whose_work_fails_is_said_once(bench: Bench) -> None:
    """Each new item is a try of its own, and part of the same incident."""
    one = await connected(bench.database)
    tries: list[float] = []
    failing(bench, 1e9, tries)
    async with bench.running():
        for _ in range(3):
            await bench.item(one.id, Kind.PRODUCT, "cup")
            await bench.until(bench.quiet_but_routines)
            bench.clock.move(60)

    assert 3 == len(tries)
    assert [Code.INTERNAL_ERROR] == await logged_codes(bench.database, one.id)


@pytest.mark.parametrize("kind", [Kind.ACCOUNT, Kind.LIBRARY, Kind.HOOKS, Kind.SETUP, Kind.LEAVE])
async def test_a_refusal_does_not_end_what_a_set_up_waits_for(bench: Bench, kind: Kind) -> None:
    """Nobody would ask for it again: the page would wait for ever."""
    one = await connected(bench.database)
    async with bench.database.transaction() as tx:
        await connections.set_stage(
            tx, one.id, Stage.LEAVING if kind is Kind.LEAVE else Stage.STORE_CONNECTED
        )

    async def refused(session: Session, batch: Sequence[WorkItem]) -> None:
        if bench.clock.monotonic() < 1800:
            raise Refused("odd", status=404)
        await bench.note(session, batch)

    bench.handlers |= {**dict.fromkeys(Kind, routine), kind: refused}
    await bench.item(one.id, kind)

    async with bench.running():
        await bench.until(lambda: has_done(bench, 1), step_s=30)

    assert bench.clock.monotonic() < 2 * 3600
    assert [Code.REFUSED, Code.WORKS_AGAIN] == await logged_codes(bench.database, one.id)


async def test_a_set_up_and_a_leaving_whose_work_item_got_lost_get_it_again(bench: Bench) -> None:
    left, begun = (
        await connected(bench.database),
        await connected(bench.database, "org-2", "def456"),
    )
    async with bench.database.transaction() as tx:
        await connections.set_stage(tx, left.id, Stage.LEAVING)
        await connections.set_stage(tx, begun.id, Stage.STORE_CONNECTED)

    await bench.worker().tidy()
    async with bench.database.read() as tx:
        found = [set(await waiting_work.counts(tx, one.id)) for one in (left, begun)]

    assert [{Kind.LEAVE}, {Kind.ACCOUNT}] == found


async def test_a_database_that_ends_a_statement_is_no_bug_at_first(bench: Bench) -> None:
    one = await connected(bench.database)

    async def product(session: Session, batch: Sequence[WorkItem]) -> None:
        if batch[0].attempts < 2:
            raise DatabaseBusy("a deadlock")
        await bench.note(session, batch)

    bench.handlers[Kind.PRODUCT] = product
    await bench.item(one.id, Kind.PRODUCT, "cup", "mug")

    async with bench.running():
        await bench.until(lambda: has_done(bench, 2))

    assert bench.clock.monotonic() < 60
    assert [] == await logged_codes(bench.database, one.id)


async def test_a_statement_that_always_takes_too_long_is_a_bug(bench: Bench) -> None:
    one = await connected(bench.database)

    async def product(session: Session, batch: Sequence[WorkItem]) -> None:
        if any(item.subject == "huge" for item in batch):
            raise DatabaseBusy("statement timeout")
        await bench.note(session, batch)

    bench.handlers[Kind.PRODUCT] = product
    await bench.item(one.id, Kind.PRODUCT, "huge", "mug")

    async with bench.running():
        await bench.until(bench.quiet_but_routines, step_s=2)

    async with bench.database.read() as tx:
        assert ["huge"] == [one.subject for one in await waiting_work.parked(tx, one.id)]
    assert [(one.id, "product", "mug")] == bench.done


async def test_a_first_try_after_a_bug_comes_within_the_hour(bench: Bench) -> None:
    one = await connected(bench.database)
    failing(bench, 1e9, [])
    await bench.item(one.id, Kind.PRODUCT, "cup")
    async with bench.running():
        await bench.until(bench.quiet_but_routines)
    async with bench.database.read() as tx:
        (seen,) = await waiting_work.parked(tx, one.id)

    assert timedelta(minutes=50) <= seen.next_try - seen.failing_since <= timedelta(hours=1)


@pytest.mark.rule("S3")
async def test_failed_work_that_then_meets_an_outage_is_an_outage_and_both_end(
    bench: Bench,
) -> None:
    """A side that cannot be read is said, and said to be over, although the work had failed by a
    bug before (decision 15).
    """
    one = await connected(bench.database)

    async def product(session: Session, batch: Sequence[WorkItem]) -> None:
        if bench.clock.monotonic() < 1800:
            raise Bug
        if bench.clock.monotonic() < 5 * 3600:
            raise Unreachable("zettle_unreachable")
        await bench.note(session, batch)

    bench.handlers |= {**dict.fromkeys(Kind, routine), Kind.PRODUCT: product}
    await bench.item(one.id, Kind.PRODUCT, "cup")
    async with bench.running():
        await bench.until(lambda: _is_out(bench, one.id), step_s=30)
        await bench.until(lambda: has_done(bench, 1), step_s=30)
        await bench.until(bench.quiet_but_routines)

    said = [Code.INTERNAL_ERROR, Code.SIDE_UNREADABLE, Code.WORKS_AGAIN, Code.SIDE_READABLE]
    assert said == await logged_codes(bench.database, one.id)
    async with bench.database.read() as tx:
        assert (await connections.health(tx, one.id)).unreachable_since is None
        assert {} == await waiting_work.outages(tx, one.id)


async def _is_out(bench: Bench, connection_id: int) -> bool:
    async with bench.database.read() as tx:
        since = (await connections.health(tx, connection_id)).unreachable_since
        return since is not None and "zettle" in await waiting_work.outages(tx, connection_id)
