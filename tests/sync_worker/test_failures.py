"""What a failure does to the mark it met, and who is told."""

import asyncio
import itertools
from collections.abc import Sequence

from brygga.core.failures import NeedsMerchant, Refused, Unanswered, Unreachable
from brygga.core.report import Code
from brygga.store import connections, library, marks, support, synclog
from brygga.store.database import Database
from brygga.store.marks import Kind, Mark
from brygga.store.support import Case
from brygga.sync.session import Session
from tests.conftest import NOON
from tests.store.town import connected, cup
from tests.sync_worker.conftest import Bench


async def _log(database: Database, connection_id: int) -> list[Code]:
    async with database.read() as tx:
        return [logged.line.code for logged in reversed(await synclog.page(tx, connection_id))]


async def _has(bench: Bench, count: int) -> bool:
    return len(bench.done) >= count


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
    await bench.mark(one.id, Kind.PRODUCT, "a")

    async with bench.running():
        await bench.until(lambda: _has(bench, 1))
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
