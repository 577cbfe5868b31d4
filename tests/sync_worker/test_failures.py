"""What a failure does to the item it met, and who is told."""

import asyncio
import itertools
from collections.abc import Sequence

import pytest

from brygga.core.failures import NeedsMerchant, Refused, Unanswered, Unreachable, fingerprint
from brygga.core.report import Code
from brygga.database import connections, library, tokens
from brygga.database.tokens import Platform, Token
from brygga.database.work_items import Kind, WorkItem
from brygga.sync.worker.session import Session
from tests.conftest import NOON
from tests.database.merchants import connected, cup
from tests.sync_worker.conftest import Bench
from tests.sync_worker.seen import has_done, logged_codes
from tests.sync_worker.test_bugs import routine


async def test_an_outage_is_tried_again_later_each_time_and_said_once(bench: Bench) -> None:
    one = await connected(bench.database)
    tries: list[float] = []

    async def product(session: Session, batch: Sequence[WorkItem]) -> None:
        tries.append(bench.clock.monotonic())
        if len(tries) < 5:
            raise Unreachable("unreachable")
        async with session.read() as tx:
            assert (await connections.health(tx, one.id)).unreachable_since is not None
        await bench.note(session, batch)

    bench.handlers[Kind.PRODUCT] = product
    await bench.item(one.id, Kind.PRODUCT, "a")

    async with bench.running():
        await bench.until(lambda: has_done(bench, 1))
        await bench.until(bench.quiet_but_routines)

    waits = [later - earlier for earlier, later in itertools.pairwise(tries)]
    doubled = (2, 4, 8, 16)
    assert all(wait >= least for wait, least in zip(waits, doubled, strict=True))
    assert waits[0] < doubled[-1], "the first retry already waits as long as the last"
    assert [] == await logged_codes(bench.database, one.id)
    async with bench.database.read() as tx:
        assert (await connections.health(tx, one.id)).unreachable_since is None


async def test_a_platform_that_says_when_is_not_asked_before(bench: Bench) -> None:
    one = await connected(bench.database)

    async def product(session: Session, batch: Sequence[WorkItem]) -> None:
        if bench.clock.monotonic() < 100:
            raise Unreachable("too_many_requests", after_s=120)
        await bench.note(session, batch)

    bench.handlers[Kind.PRODUCT] = product
    await bench.item(one.id, Kind.PRODUCT, "a")

    async with bench.running():
        await bench.until(lambda: has_done(bench, 1))

    assert bench.clock.monotonic() >= 120


async def test_no_answer_is_looked_at_again_soon(bench: Bench) -> None:
    one = await connected(bench.database)
    seen: list[int] = []

    async def product(session: Session, batch: Sequence[WorkItem]) -> None:
        seen.append(batch[0].attempts)
        if len(seen) == 1:
            raise Unanswered("no_answer")
        await bench.note(session, batch)

    bench.handlers[Kind.PRODUCT] = product
    await bench.item(one.id, Kind.PRODUCT, "a")

    async with bench.running():
        await bench.until(lambda: has_done(bench, 1))

    assert [0, 1] == seen
    assert bench.clock.monotonic() < 30


async def test_a_refusal_ends_its_own_item_only_and_the_merchant_reads_why(bench: Bench) -> None:
    one = await connected(bench.database)
    async with bench.database.transaction() as tx:
        await library.upsert_many(tx, one.id, [cup("good"), cup("bad")], NOON, assign_new=True)

    async def product(session: Session, batch: Sequence[WorkItem]) -> None:
        if any(item.subject == "bad" for item in batch):
            raise Refused("name_taken", status=409)
        await bench.note(session, batch)

    bench.handlers[Kind.PRODUCT] = product
    await bench.item(one.id, Kind.PRODUCT, "bad", "good")

    async with bench.running():
        await bench.until(bench.quiet_but_routines)

    async with bench.database.read() as tx:
        entries = await library.get_many(tx, one.id, ["bad", "good"])
    assert {"bad": "name_taken", "good": ""} == {
        uuid: entry.failure for uuid, entry in entries.items()
    }
    assert [(one.id, "product", "good")] == bench.done
    assert [Code.REFUSED] == await logged_codes(bench.database, one.id)


async def test_what_only_the_merchant_can_mend_pauses_is_said_once_and_waits(
    bench: Bench,
) -> None:
    one = await connected(bench.database)
    healed = False

    async def product(session: Session, batch: Sequence[WorkItem]) -> None:
        if not healed:
            raise NeedsMerchant("access_gone")
        await bench.note(session, batch)

    bench.handlers |= {Kind.PRODUCT: product, Kind.STOCK: product}
    await bench.item(one.id, Kind.PRODUCT, "a", "b")
    await bench.item(one.id, Kind.STOCK, "a")

    async with bench.running():
        await bench.until(lambda: _paused(bench, one.id))
        for _ in range(40):
            bench.clock.move(1)
            await asyncio.sleep(0.002)
        assert [] == bench.done
        healed = True
        async with bench.database.transaction() as tx:
            await connections.resume(tx, one.id)
        await bench.until(lambda: has_done(bench, 3))

    assert [Code.PAUSED] == await logged_codes(bench.database, one.id)


@pytest.mark.rule("C3", "D3")
@pytest.mark.parametrize("platform", list(Platform))
@pytest.mark.parametrize("renewed", [True, False], ids=["access given anew", "access gone"])
async def test_only_a_token_that_still_counts_pauses(
    bench: Bench, platform: Platform, renewed: bool
) -> None:
    """The merchant gives access again between a refusal and what becomes of it."""
    one = await connected(bench.database)
    async with bench.database.transaction() as tx:
        for other in Platform:
            await tokens.save(tx, one.id, other, Token(f"old-{other}", NOON, "refresh"))

    async def product(session: Session, batch: Sequence[WorkItem]) -> None:
        async with session.read() as tx:
            token = await tokens.get(tx, one.id, platform)
        assert token is not None
        if token.access.startswith("new"):
            await bench.note(session, batch)
            return
        if renewed:
            async with bench.database.transaction() as tx:
                await tokens.save(tx, one.id, platform, Token("new", NOON, "refresh"))
        raise NeedsMerchant("access_gone", access=fingerprint(token.access))

    bench.handlers[Kind.PRODUCT] = product
    await bench.item(one.id, Kind.PRODUCT, "a")

    async with bench.running():
        await bench.until(lambda: has_done(bench, 1) if renewed else _paused(bench, one.id))

    assert ([] if renewed else [Code.PAUSED]) == await logged_codes(bench.database, one.id)
    assert renewed is not await _paused(bench, one.id)


async def _paused(bench: Bench, connection_id: int) -> bool:
    async with bench.database.read() as tx:
        found = await connections.by_id(tx, connection_id)
    return found is not None and found.paused == "access_gone"


# ---- A bug is never for ever ---------------------------------------------------------------------


async def test_answers_that_never_come_are_an_outage_at_last(bench: Bench) -> None:
    one = await connected(bench.database)
    reported: list[bool] = []

    async def product(session: Session, batch: Sequence[WorkItem]) -> None:
        async with session.read() as tx:
            reported.append((await connections.health(tx, one.id)).unreachable_since is not None)
        if len(reported) < 12:
            raise Unanswered("no_answer")
        await bench.note(session, batch)

    bench.handlers |= {**dict.fromkeys(Kind, routine), Kind.PRODUCT: product}
    await bench.item(one.id, Kind.PRODUCT, "cup")
    async with bench.running():
        await bench.until(lambda: has_done(bench, 1), step_s=1)
        await bench.until(bench.quiet_but_routines)

    assert ([False] * 9, [True] * 3) == (reported[:9], reported[9:])
    async with bench.database.read() as tx:
        assert (await connections.health(tx, one.id)).unreachable_since is None
