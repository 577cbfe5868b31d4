"""Who runs when a connection has work: one job per connection.

Jobs are coalesced and never delayed. Another worker takes a job over when its worker dies.

There are two implementations of one interface. `QueueJobs` is pgqueuer: many processes, immediate
wake-up, and it survives a killed worker. `TableJobs` needs only our own tables and the time that is
passed in. It is for the simulation, where the server's clock and a LISTEN must not be used.

Waiting is in the items' `due_at`. A job only says "check now".
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

import psycopg
import sqlalchemy as sa
import structlog
from pgqueuer.adapters.drivers.psycopg import PsycopgDriver
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core.applications import PgQueuer
from pgqueuer.domain.models import Job as QueueJob
from psycopg import AsyncRawCursor
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from brygga.database import queue_table, rights, turns
from brygga.database.engine import CHANNEL, Database, Notice, Tx
from brygga.database.queue_table import ENTRYPOINT, NORMAL, URGENT, Wanted
from brygga.database.work_items import WORKABLE, Kind
from brygga.seams import Clock

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """The right to work on one connection. `number` is the queue's job number, 0 where there is no
    queue.
    """

    connection_id: int
    number: int = 0


Turn = Callable[[Job], Awaitable[None]]


class Jobs(Protocol):
    @property
    def at_once(self) -> int:
        """How many turns may run at a time in this process."""
        ...

    async def enqueue(self, tx: Tx, connection_id: int, urgent: bool = False) -> None:
        """Once the caller's transaction commits, a worker checks the connection. Many calls before
        that make one job.
        """
        ...

    async def queued(self, tx: Tx) -> Mapping[int, bool]:
        """The connections for which the timer need not ask: their job waits or is begun. True where
        it cannot be more urgent.
        """
        ...

    async def enqueue_missing(self, tx: Tx, wanted: Sequence[Wanted]) -> None:
        """As `enqueue`, for the timer, which looks again each second: it skips a job that is there,
        also one that is about to end, and waits for no other timer.
        """
        ...

    async def remind(self, tx: Tx) -> None:
        """Every worker looks for jobs once this commits: that of a worker that died has no other
        sign.
        """
        ...

    async def release(self, tx: Tx, job: Job, now: Any) -> bool:
        """Ends the job and returns True if nothing is due. False: there is work, so go on.

        An item that was committed before this call is seen here. An item committed after it makes a
        new job. No item is missed between the two.
        """
        ...

    async def hand_on(self, tx: Tx, job: Job) -> None:
        """Ends the job and adds another for the same connection at the end of the queue, so that
        other connections have their turn first: at the end of the urgent ones where a sale or an
        order waits.
        """
        ...

    async def give_up(self, tx: Tx, job: Job) -> None:
        """Ends the job although work may be due. The timer brings it back when the connection's
        lease is free.
        """
        ...

    async def run(self, turn: Turn, stop: asyncio.Event) -> None:
        """Calls `turn` for each job, many at once, until `stop`. Then it waits for the running
        turns.
        """
        ...


# ---- pgqueuer ------------------------------------------------------------------------------------


class _CallersDriver(PsycopgDriver):
    """Runs statements in the caller's transaction, which the caller begins and ends. It does not
    listen.
    """

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    async def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        return await self._tx.connection.fetch(query, args)


class _PoolDriver(PsycopgDriver):
    """Listens on a connection of its own and runs statements on a pool, because waiting for a
    notification holds the lock of a connection.
    """

    def __init__(
        self, listening: "psycopg.AsyncConnection[Any]", pool: "AsyncConnectionPool[Any]"
    ) -> None:
        super().__init__(listening)
        self._pool = pool

    @property
    def deaf(self) -> bool:
        """True when no notification can arrive any more."""
        return self._connection.closed

    async def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        async with (
            self._pool.connection() as connection,
            AsyncRawCursor(connection, row_factory=dict_row) as cursor,
        ):
            await cursor.execute(query.encode(), args or None)
            return await cursor.fetchall()

    async def execute(self, query: str, *args: object) -> str:
        async with self._pool.connection() as connection, AsyncRawCursor(connection) as cursor:
            await cursor.execute(query.encode(), args or None)
            return cursor.statusmessage or ""


@dataclass(frozen=True, slots=True)
class QueueSettings:
    parallel: int = 40
    """The number of connections that one process works for at a time."""
    heartbeat: timedelta = timedelta(seconds=30)
    """A worker that is silent for this long counts as dead, and its job goes to another worker."""
    pool: int = 2
    check_s: float = 1.0
    """How often we check that the listening connection is alive."""
    pause_s: float = 2.0
    """The pause between losing the database and the next try."""


_LOCK_OWN_ROW = sa.text("SELECT 1 FROM pgqueuer WHERE id = :number FOR UPDATE")
_RELEASE = sa.text(f"""
    WITH due AS (
        SELECT EXISTS (
            SELECT FROM work_items m JOIN connections c ON c.id = m.connection_id
            WHERE m.connection_id = :id AND m.due_at <= :now
                AND m.kind = ANY (CAST(:kinds AS text[])) AND {WORKABLE}
        ) AS is_due
    ), released AS (
        UPDATE pgqueuer q SET dedupe_key = NULL FROM due WHERE q.id = :number AND NOT due.is_due
    )
    SELECT is_due FROM due
""")  # noqa: S608 - only our own constants are put together
_GIVE_KEY_BACK = sa.text("UPDATE pgqueuer SET dedupe_key = NULL WHERE id = :number")
_CLEAN = """
    WITH old AS (DELETE FROM pgqueuer_statistics WHERE created < now() - interval '7 days')
    DELETE FROM pgqueuer_log WHERE aggregated AND created < now() - interval '1 hour'
"""


@dataclass(slots=True)
class QueueJobs:
    """pgqueuer. Jobs are coalesced by a dedupe key. A turn releases the key only when nothing is
    due, which it checks with the job's row locked.
    """

    database: Database
    clock: Clock
    settings: QueueSettings = QueueSettings()

    @property
    def at_once(self) -> int:
        return self.settings.parallel

    async def enqueue(self, tx: Tx, connection_id: int, urgent: bool = False) -> None:
        # "update_priority", not "skip": the conflict then waits for a turn that is about to release
        # the key, and makes a new job if the turn released it. With "skip", an item could commit
        # unseen between the last check of that turn and its end.
        await Queries(_CallersDriver(tx)).enqueue(
            ENTRYPOINT,
            str(connection_id).encode(),
            URGENT if urgent else NORMAL,
            dedupe_key=f"{ENTRYPOINT}/{connection_id}",
            on_conflict="update_priority",
        )

    async def queued(self, tx: Tx) -> Mapping[int, bool]:
        return await queue_table.queued(tx)

    async def enqueue_missing(self, tx: Tx, wanted: Sequence[Wanted]) -> None:
        await queue_table.add_missing(tx, wanted)

    async def remind(self, tx: Tx) -> None:
        await queue_table.remind(tx)

    async def release(self, tx: Tx, job: Job, now: Any) -> bool:
        # The lock first: the next statement sees what whoever held it has committed.
        await tx.run(_LOCK_OWN_ROW, {"number": job.number})
        values = {"id": job.connection_id, "number": job.number, "now": now}
        return not await tx.scalar(_RELEASE, {**values, "kinds": [kind.value for kind in Kind]})

    async def hand_on(self, tx: Tx, job: Job) -> None:
        urgent = await turns.is_prompt(tx, job.connection_id, self.clock.now())
        await self.give_up(tx, job)
        await self.enqueue(tx, job.connection_id, urgent)

    async def give_up(self, tx: Tx, job: Job) -> None:
        await tx.run(_GIVE_KEY_BACK, {"number": job.number})

    async def run(self, turn: Turn, stop: asyncio.Event) -> None:
        """Survives the loss of the database. A server restart costs a pause, not the worker, which
        would otherwise wait for a dead LISTEN.
        """
        while not stop.is_set():
            try:
                await self._run(turn, stop)
            except* psycopg.Error as gone:
                log.warning("queue out of reach", why=_first_line(gone))
                await first_of(self.clock.sleep(self.settings.pause_s), stop.wait())

    async def _run(self, turn: Turn, stop: asyncio.Event) -> None:
        """Runs until `stop`, or until the listening connection is lost. Raises a group of psycopg's
        errors.
        """
        async with self._driver() as driver:
            queue = PgQueuer(driver)

            @queue.entrypoint(ENTRYPOINT)
            async def look(job: QueueJob) -> None:
                await turn(Job(int(job.payload or b"0"), int(job.id)))

            await driver.add_listener(CHANNEL, self._received)
            async with asyncio.TaskGroup() as group:
                chores = [
                    group.create_task(self._until(stop, queue.shutdown)),
                    group.create_task(self._clean(driver)),
                    group.create_task(self._while_listening(driver, queue.shutdown)),
                ]
                try:
                    await queue.qm.run(
                        batch_size=self.settings.parallel // 2,
                        max_concurrent_tasks=self.settings.parallel,
                        heartbeat_timeout=self.settings.heartbeat,
                    )
                finally:
                    for chore in chores:
                        chore.cancel()

    def _received(self, payload: str | bytes | bytearray) -> None:
        """A commit in another process added items. If the connection's turn runs in this process,
        it is notified.
        """
        text = payload if isinstance(payload, str) else bytes(payload).decode()
        connection_id, urgent = text.split()
        self.database.tell(Notice(int(connection_id), urgent == "1"))

    async def _until(self, stop: asyncio.Event, shutdown: asyncio.Event) -> None:
        await stop.wait()
        shutdown.set()

    async def _while_listening(self, driver: _PoolDriver, shutdown: asyncio.Event) -> None:
        while not driver.deaf:
            await self.clock.sleep(self.settings.check_s)
        shutdown.set()
        raise psycopg.OperationalError("the connection that listens for jobs was lost")

    async def _clean(self, driver: _PoolDriver) -> None:
        """Deletes the job log. pgqueuer writes three rows per job into it and never deletes
        them.
        """
        while True:
            await self.clock.sleep(600)
            await driver.execute(_CLEAN)

    @contextlib.asynccontextmanager
    async def _driver(self) -> AsyncIterator[_PoolDriver]:
        url = self.database.url
        async with (
            await psycopg.AsyncConnection.connect(
                url, autocommit=True, application_name=rights.WORKER
            ) as listening,
            AsyncConnectionPool(
                url, min_size=1, max_size=self.settings.pool, kwargs={"autocommit": True}
            ) as pool,
        ):
            yield _PoolDriver(listening, pool)


# ---- Without a queue -----------------------------------------------------------------------------


@dataclass(slots=True)
class TableJobs:
    """Finds connections with due items and a free lease. It checks after every commit in this
    process that added items, and every second.

    All its state is in the items and the leases, so a crash leaves nothing to clean up.
    """

    database: Database
    clock: Clock
    parallel: int = 40
    takeover_delay: timedelta = timedelta(seconds=10)
    every_s: float = 1.0
    _notices: asyncio.Event = field(default_factory=asyncio.Event)
    _turns: dict[int, int] = field(default_factory=dict)
    """The count of all turns when each connection last had its own. The connection that waited
    longest is next.
    """

    @property
    def at_once(self) -> int:
        return self.parallel

    async def enqueue(self, tx: Tx, connection_id: int, urgent: bool = False) -> None:
        tx.notify(connection_id, urgent)

    async def queued(self, tx: Tx) -> Mapping[int, bool]:
        return {}

    async def enqueue_missing(self, tx: Tx, wanted: Sequence[Wanted]) -> None:
        for one in sorted(wanted, key=lambda each: each.connection_id):
            await self.enqueue(tx, one.connection_id, one.urgent)

    async def remind(self, tx: Tx) -> None:
        return

    async def release(self, tx: Tx, job: Job, now: Any) -> bool:
        due = await turns.next_due(tx, job.connection_id)
        return due is None or due > now

    async def hand_on(self, tx: Tx, job: Job) -> None:
        tx.notify(job.connection_id, urgent=False)

    async def give_up(self, tx: Tx, job: Job) -> None:
        return

    async def run(self, turn: Turn, stop: asyncio.Event) -> None:
        silence = self.database.on_commit(lambda _: self._notices.set())
        running: dict[int, asyncio.Task[None]] = {}
        try:
            async with asyncio.TaskGroup() as group:
                while not stop.is_set():
                    self._notices.clear()
                    await self._start_due(group, turn, running)
                    rest_s = await self._rest_s(running.keys())
                    await first_of(self.clock.sleep(rest_s), self._notices.wait(), stop.wait())
        finally:
            silence()

    async def _rest_s(self, running: Collection[int]) -> float:
        """The seconds until the next check. `running` are the connections that have a turn now."""
        return self.every_s

    async def _start_due(
        self, group: asyncio.TaskGroup, turn: Turn, running: dict[int, asyncio.Task[None]]
    ) -> None:
        for connection_id in [number for number, task in running.items() if task.done()]:
            del running[connection_id]
        async with self.database.read() as tx:
            due = await turns.turns_due(tx, self.clock.now(), self.takeover_delay)
        order = sorted(
            due, key=lambda one: (not one.is_prompt, self._turns.get(one.connection_id, 0))
        )
        for connection_id in [one.connection_id for one in order]:
            if connection_id not in running and len(running) < self.parallel:
                self._turns[connection_id] = max(self._turns.values(), default=0) + 1
                running[connection_id] = group.create_task(self._one(turn, connection_id))

    async def _one(self, turn: Turn, connection_id: int) -> None:
        try:
            await turn(Job(connection_id))
        except Exception:
            # As with a queue, a bug with one connection does not end the work of the others. The
            # items are still there for the next check.
            log.exception("turn failed", connection=connection_id)
        finally:
            self._notices.set()


def _first_line(errors: BaseException) -> str:
    """The message of the first of a group of errors, in one line."""
    while isinstance(errors, BaseExceptionGroup):
        errors = errors.exceptions[0]
    return next(iter(str(errors).strip().splitlines()), type(errors).__name__)


async def first_of(*waits: Awaitable[object]) -> None:
    """Returns when the first of them ends. The others are cancelled."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
