"""A connection that changes in the middle of a turn: whoever works for it reaches it as it is
now.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import sqlalchemy as sa
import structlog

from brygga.bigcommerce.api import ShopApi
from brygga.core.model import Connection, Stage
from brygga.database import connections, leases, tokens, waiting_work
from brygga.database.engine import Database, Fence, Tx
from brygga.database.tokens import Platform, Token
from brygga.database.work_items import Kind, WorkItem
from brygga.settings import Settings
from brygga.signing_in import Platforms
from brygga.sync.worker.judging import Judge
from brygga.sync.worker.session import Clients, Lease, Session
from brygga.wire import StoreBudget, Wire, open_client
from brygga.wiring import clients
from brygga.zettle.api import Zettle
from tests.conftest import NOON, MovableClock
from tests.database.merchants import account, connected, shop
from tests.sync_worker.conftest import Bench, _true

SETTINGS = Settings(
    public_url="https://brygga.example",
    data_dir=Path(),
    secret_keys=("a test secret that is long enough",),
    zettle_client_id="till",
    zettle_client_secret="till-secret",
    bigcommerce_client_id="shop",
    bigcommerce_client_secret="shop-secret",
    contact_email="hej@brygga.example",
)


async def _signed_in(database: Database) -> Connection:
    """A Zettle account that has no store yet."""
    async with database.transaction() as tx:
        return await connections.start(tx, account(), "hook-org-1", NOON)


async def _joins(database: Database, connection_id: int, token: str = "first") -> None:
    async with database.transaction() as tx:
        await connections.set_shop(tx, connection_id, shop("abc123"))
        await tokens.save(tx, connection_id, Platform.BIGCOMMERCE, Token(token, NOON))
        await connections.set_stage(
            tx, connection_id, Stage.STORE_CONNECTED, [Stage.ZETTLE_CONNECTED]
        )


def _reaching(connection: Connection) -> Clients:
    """With an object for the store that calls nobody."""
    reached = cast("ShopApi", connection.shop.store_hash) if connection.shop else None
    return Clients(cast("Zettle", None), reached, follow=_follow)


async def _follow(tx: Tx, connection: Connection) -> Clients:
    return _reaching(connection)


@contextlib.asynccontextmanager
async def _following(connection: Connection, lease: Lease) -> AsyncIterator[Clients]:
    yield _reaching(connection)


async def test_a_turn_reads_a_changed_connection_and_its_access_in_one_snapshot(
    bench: Bench,
) -> None:
    """Nothing that another process commits comes between the two."""
    one = await _signed_in(bench.database)
    seen: list[tuple[object, str, str]] = []

    async def follow(tx: Tx, connection: Connection) -> Clients:
        isolation = await tx.scalar(sa.text("SELECT current_setting('transaction_isolation')"))
        read_only = await tx.scalar(sa.text("SELECT current_setting('transaction_read_only')"))
        seen.append((connection.shop and connection.shop.store_hash, isolation, read_only))
        return replace(_reaching(connection), follow=follow)

    @contextlib.asynccontextmanager
    async def following(connection: Connection, lease: Lease) -> AsyncIterator[Clients]:
        yield replace(_reaching(connection), follow=follow)

    async def library(session: Session, batch: Sequence[WorkItem]) -> None:
        await _joins(bench.database, one.id)
        await bench.item(one.id, Kind.PRODUCT, "a")
        await bench.note(session, batch)

    bench.handlers |= {Kind.LIBRARY: library, Kind.PRODUCT: bench.note}
    await bench.item(one.id, Kind.LIBRARY)
    worker = bench.worker()
    worker.clients = following
    async with bench.running(worker):
        await bench.until(lambda: _true(("abc123", "repeatable read", "on") in seen))

    assert {("repeatable read", "on")} == {(isolation, only) for _, isolation, only in seen}


async def test_a_store_that_comes_in_the_middle_of_a_turn_is_reached(bench: Bench) -> None:
    """The reading of the library goes on while the store is connected; then it looks into the store
    (C3).
    """
    one = await _signed_in(bench.database)
    began, joined = asyncio.Event(), asyncio.Event()
    reached: list[object] = []

    async def library(session: Session, batch: Sequence[WorkItem]) -> None:
        began.set()
        await joined.wait()
        for _ in range(200):  # the other queue looks at the connection once a second
            if session.connection.shop is not None:
                break
            bench.clock.move(0.5)
            await asyncio.sleep(0.002)
        reached.append(session.shop)
        await bench.note(session, batch)

    async def facts(session: Session, batch: Sequence[WorkItem]) -> None:
        reached.append(session.shop)
        await bench.note(session, batch)

    bench.handlers |= {Kind.LIBRARY: library, Kind.ACCOUNT: facts}
    await bench.item(one.id, Kind.LIBRARY)
    worker = bench.worker()
    worker.clients = _following

    async with bench.running(worker):
        await asyncio.wait_for(began.wait(), 10)
        await _joins(bench.database, one.id)
        await bench.item(one.id, Kind.ACCOUNT)
        joined.set()
        await bench.until(lambda: _both(bench))
    async with bench.database.read() as tx:
        assert [] == await waiting_work.parked(tx, one.id)

    assert ["abc123", "abc123"] == reached


async def _both(bench: Bench) -> bool:
    return len(bench.done) == 2


# ---- The real clients ----------------------------------------------------------------------------


async def test_clients_are_made_anew_for_a_store_and_for_another_token_only(
    database: Database, clock: MovableClock
) -> None:
    one = await _signed_in(database)
    async with open_client() as http, _real(database, clock, one, Wire(http, clock)) as first:
        same = await _now(database, one.id, first)
        await _joins(database, one.id)
        joined = await _now(database, one.id, first)
        again = await _now(database, one.id, joined)
        await _joins(database, one.id, token="second")
        renewed = await _now(database, one.id, again)
        async with database.transaction() as tx:
            await tokens.forget(tx, one.id, Platform.BIGCOMMERCE)
        gone = await _now(database, one.id, renewed)

        assert same is first
        assert first.shop is None
        assert joined.shop is not None
        assert again is joined
        assert renewed.shop is not joined.shop
        assert renewed.zettle is first.zettle
        assert gone.shop is None
        assert renewed.shop is not None
        assert renewed.shop.gate is joined.shop.gate, (
            "one budget, whichever client a call belongs to"
        )


async def test_two_queues_that_read_at_once_both_reach_the_store(bench: Bench) -> None:
    """Neither puts back the clients that it had before."""
    database, clock = bench.database, bench.clock
    one = await _signed_in(database)
    async with open_client() as http, _real(database, clock, one, Wire(http, clock)) as first:
        session = Session(
            connection=one,
            database=database,
            lease=Lease(Fence(one.id, 1, "me"), clock, 90),
            clock=clock,
            dice=bench.dice,
            settings=SETTINGS,
            log=structlog.get_logger(),
            clients=first,
            judge=Judge(clock, bench.dice, bench.pace).failed,
        )
        reached = []
        for number in range(10):
            await _joins(database, one.id, token=f"token {number}")
            await asyncio.gather(session.reload(), session.reload())
            reached.append(session.clients.shop)

        assert None not in reached
        assert 10 == len({id(shop) for shop in reached})


async def test_the_budget_of_a_store_that_came_in_a_turn_is_handed_on(
    database: Database, clock: MovableClock
) -> None:
    one = await _signed_in(database)
    async with open_client() as http:
        async with _real(database, clock, one, Wire(http, clock)) as first:
            await _joins(database, one.id)
            joined = await _now(database, one.id, first)
            assert joined.shop is not None
            gate: Any = joined.shop.gate
            while not isinstance(gate, StoreBudget):
                gate = gate.inner
            gate.known = True
        async with database.transaction() as tx:
            later = NOON + timedelta(hours=1)
            found = await leases.acquire(
                tx, one.id, "next", now=later, until=later, takeover_delay=timedelta()
            )

    assert found is not None
    assert found.budget


async def _needs_store(session: Session, batch: Sequence[WorkItem]) -> None:
    assert session.shop is not None
    await session.finish(*batch)


async def test_access_that_came_a_moment_ago_does_not_pause(bench: Bench) -> None:
    """The clients are from before; the token is on disk by now: the work is tried again (D3)."""
    one = await connected(bench.database)
    made = 0

    @contextlib.asynccontextmanager
    async def late(connection: Connection, lease: Lease) -> AsyncIterator[Clients]:
        nonlocal made
        made += 1
        async with bench.database.transaction() as tx:
            await tokens.save(tx, one.id, Platform.BIGCOMMERCE, Token("first", NOON))
        yield replace(
            _reaching(connection), shop=cast("ShopApi", "store") if made > 1 else None, follow=None
        )

    bench.handlers |= {**dict.fromkeys(Kind, bench.note), Kind.PRODUCT: _needs_store}
    await bench.item(one.id, Kind.PRODUCT, "cup")
    worker = bench.worker()
    worker.clients = late
    async with bench.running(worker):
        await bench.until(lambda: _is_done(bench, one.id))

    assert not await _paused(bench, one.id)


async def _is_done(bench: Bench, connection_id: int) -> bool:
    async with bench.database.read() as tx:
        return not await waiting_work.waits(tx, connection_id, Kind.PRODUCT, "cup")


async def test_a_store_without_access_pauses_instead_of_failing(bench: Bench) -> None:
    """The merchant can help with that; a bug of ours it is not."""
    one = await connected(bench.database)

    @contextlib.asynccontextmanager
    async def without(connection: Connection, lease: Lease) -> AsyncIterator[Clients]:
        yield Clients(cast("Zettle", None), None)

    bench.handlers[Kind.PRODUCT] = _needs_store
    await bench.item(one.id, Kind.PRODUCT, "cup")
    worker = bench.worker()
    worker.clients = without
    async with bench.running(worker):
        await bench.until(lambda: _paused(bench, one.id))
    async with bench.database.read() as tx:
        assert [] == await waiting_work.parked(tx, one.id)


async def _paused(bench: Bench, connection_id: int) -> bool:
    async with bench.database.read() as tx:
        found = await connections.by_id(tx, connection_id)
    return found is not None and found.paused == "bigcommerce_access_gone"


async def _now(database: Database, connection_id: int, before: Clients) -> Clients:
    async with database.read() as tx:
        found = await connections.by_id(tx, connection_id)
        assert found is not None
        assert before.follow is not None
        return await before.follow(tx, found)


@contextlib.asynccontextmanager
async def _real(
    database: Database, clock: MovableClock, one: Connection, wire: Wire
) -> AsyncIterator[Clients]:
    until = NOON + timedelta(seconds=90)
    async with database.transaction() as tx:
        acquired = await leases.acquire(
            tx, one.id, "me", now=NOON, until=until, takeover_delay=timedelta()
        )
    assert acquired is not None
    make = clients(Platforms(SETTINGS, wire, clock), database)
    async with make(
        one, Lease(acquired.fence, clock, clock.monotonic() + 90, acquired=acquired)
    ) as made:
        yield made
