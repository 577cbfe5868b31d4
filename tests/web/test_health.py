"""What a process says of itself, also while it has no connection to the database free."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from litestar.datastructures import State
from tests.conftest import SEALER
from tests.log_watch import log_lines
from tests.web.conftest import World

from brygga.database import pool
from brygga.database.engine import Database, PoolExhausted
from brygga.web import health
from brygga.web.worker_door import worker_door


@dataclass(frozen=True)
class Deps:
    """As much of the pages' own as a port of a worker asks for."""

    database: Database


@contextlib.asynccontextmanager
async def asking(database: Database) -> AsyncIterator[httpx2.AsyncClient]:
    """Health and readiness of a process on this database."""
    shared: Any = State({"deps": Deps(database)})
    app: Any = worker_door(shared, lambda: health.readiness(database))
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://here") as http:
        yield http


@contextlib.asynccontextmanager
async def all_in_use(database: Database) -> AsyncIterator[None]:
    """Each connection that this process may open has a transaction."""
    free, held = asyncio.Event(), asyncio.Semaphore(0)

    async def hold() -> None:
        async with database.transaction():
            held.release()
            await free.wait()

    async with asyncio.TaskGroup() as group:
        for _ in range(database.pool.most):
            group.create_task(hold())
            await held.acquire()
        yield
        free.set()


async def test_health_reads_no_table(database: Database) -> None:
    """Anybody may ask, as often as they like: the answer costs the same at any size."""
    sent: list[str] = []
    async with asking(database) as http:
        database.on_statement(sent.append)
        answer = await http.get("/health")

    assert (200, {"status": "ok"}) == (answer.status_code, answer.json())
    assert ["SELECT 1"] == sent


async def test_a_process_without_a_free_connection_does_not_blame_the_database(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "FREE_WITHIN_S", 0.05)
    small = Database.at(database.url, SEALER, 1)
    async with all_in_use(small), asking(small) as http:
        alive, ready = await http.get("/health"), await http.get("/readyz")
    await small.close()

    said = "no connection free"
    assert (503, {"status": said}) == (alive.status_code, alive.json())
    assert 503 == ready.status_code
    assert {"database": said, "migrations": said, "queue": said} == ready.json()["checks"]


async def test_a_page_without_a_free_connection_says_that_there_is_too_much_to_do(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is no fault of ours with a support id, and our database is not said to be gone."""

    def full(*_: object) -> None:
        raise PoolExhausted("no connection was free within 30 s")

    monkeypatch.setattr("brygga.web.pages.help.view", full)
    with log_lines() as lines:
        page = await world.browser().open("/help")

    assert 503 == page.status_code
    assert "The service has too much to do right now" in page.text
    assert "Our database does not answer" not in page.text
    assert 0 == world.app.state.metrics.faults._value.get()
    assert 1 == sum("no connection to the database is free" in line for line in lines)


async def test_a_webhook_without_a_free_connection_is_sent_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise PoolExhausted("no connection was free within 30 s")

    monkeypatch.setattr("brygga.web.addresses.Addresses.find", full)
    answer = await world.browser().http.post("/hooks/zettle/some", content=b"{}")

    assert (503, b"") == (answer.status_code, answer.content)
