"""A worker over the real database with handlers of the test's own, on a clock that the test
moves.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast

import pytest
import sqlalchemy as sa

from brygga.bigcommerce.api import ShopApi
from brygga.core.model import Connection
from brygga.core.stock import Timing
from brygga.database import work_items
from brygga.database.engine import Database
from brygga.database.queue import TableJobs
from brygga.database.work_items import Kind, WorkItem
from brygga.sync.worker.loop import Handler, Pace, Worker
from brygga.sync.worker.pace import ROUTINES
from brygga.sync.worker.session import Clients, Lease, Session
from brygga.zettle.api import Zettle
from tests.conftest import CountingDice, MovableClock


@dataclass(frozen=True)
class Facts:
    public_url: str = "https://brygga.example"
    contact_email: str = "hej@brygga.example"
    stock: Timing = Timing()  # noqa: RUF009 - it is frozen
    erase_after: timedelta = timedelta(days=365)
    keep_webhooks: timedelta = timedelta(days=3)
    statements_kept: timedelta = timedelta(days=365)


@contextlib.asynccontextmanager
async def no_clients(connection: Connection, lease: Lease) -> AsyncIterator[Clients]:
    """Handlers of these tests call nobody."""
    yield Clients(cast("Zettle", None), cast("ShopApi", None))


@dataclass
class Bench:
    """A worker that a test runs as a task, and what its handlers did, in order."""

    database: Database
    clock: MovableClock
    dice: CountingDice
    handlers: dict[Kind, Handler] = field(default_factory=dict)
    done: list[tuple[int, str, str]] = field(default_factory=list)
    pace: Pace = field(default_factory=Pace)

    def worker(self) -> Worker:
        return Worker(
            database=self.database,
            jobs=TableJobs(self.database, self.clock),
            clock=self.clock,
            dice=self.dice,
            settings=Facts(),
            handlers=self.handlers,
            clients=no_clients,
            pace=self.pace,
        )

    async def note(self, session: Session, batch: Sequence[WorkItem]) -> None:
        """A handler that does its work at once."""
        self.done += [(session.connection.id, item.kind.value, item.subject) for item in batch]
        await session.finish(*batch)

    @contextlib.asynccontextmanager
    async def running(self, worker: Worker | None = None) -> AsyncIterator[asyncio.Event]:
        stop = asyncio.Event()
        task = asyncio.create_task((worker or self.worker()).run(stop))
        try:
            yield stop
        finally:
            stop.set()
            await self.until(lambda: _true(task.done()))
            await task

    async def item(
        self, connection_id: int, kind: Kind, *subjects: str, due_at: datetime | None = None
    ) -> None:
        async with self.database.transaction() as tx:
            await work_items.add_many(
                tx, connection_id, kind, subjects or ("",), self.clock.now(), due_at=due_at
            )

    async def until(self, what: Callable[[], Awaitable[bool]], step_s: float = 0.25) -> None:
        """Lets time run until it is so. A thousand steps without it is a failure, not a wait."""
        for _ in range(1000):
            if await what():
                return
            self.clock.move(step_s)
            await asyncio.sleep(0.002)
        raise AssertionError("it never came to be")

    async def quiet_but_routines(self) -> bool:
        """Nothing is due, nothing but routines will be within ten minutes, and no lease is held."""
        values = {"now": self.clock.now(), "routines": list(ROUTINES)}
        async with self.database.read() as tx:
            return not await tx.scalar(_DUE, values) and not await tx.scalar(_HELD)


_DUE = sa.text("""
    SELECT count(*) FROM work_items WHERE parked_at IS NULL AND (due_at <= :now OR
        due_at <= :now + interval '10 minutes' AND kind <> ALL (CAST(:routines AS text[])))
""")
_HELD = sa.text("SELECT count(*) FROM connections WHERE lease_holder IS NOT NULL")


async def _true(value: bool) -> bool:
    return value


@pytest.fixture
def bench(database: Database, clock: MovableClock, dice: CountingDice) -> Bench:
    return Bench(database, clock, dice)
