"""One turn for one connection: its due work items, with stock beside everything else, until nothing
is due or its slice of time is over.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from brygga import traces
from brygga.core.failures import Failure, LeaseLost, Refused
from brygga.database import leases, work_items
from brygga.database.engine import Database, DatabaseBusy, DatabaseGone
from brygga.database.queue import Job, Jobs, first_of
from brygga.database.statistics import Upkeep
from brygga.database.work_items import PRODUCT_KINDS, STOCK_KINDS, Kind, WorkItem
from brygga.figures import Figures
from brygga.seams import Clock, Dice
from brygga.sync.worker.judging import Judge
from brygga.sync.worker.pace import Pace
from brygga.sync.worker.session import Facts, Lease, MakeClients, Session

Handler = Callable[[Session, Sequence[WorkItem]], Awaitable[None]]
"""Does the work of some work items of one kind, and reports the outcome of each in the session."""


QUEUES = ("stock", "product")
REST_S = 1.0
"""A queue with nothing to do looks again after this time."""
TOGETHER = 2
"""A batch that the database ended is retried as a whole this many times."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a look saw due in a queue: the most urgent `batch`, and the `rest` after it (None: not
    known).
    """

    looked: float
    batch: Sequence[WorkItem] = ()
    rest: Sequence[WorkItem] | None = ()

    @classmethod
    def of(cls, looked: float, due: Iterable[WorkItem], most: int) -> "Found":
        """Of all that is due. A batch has `most` items."""
        left = list(due)
        batch = work_items.first_batch(left)[:most]
        return cls(looked, batch, [one for one in left if one not in batch])


class NotFinished(Exception):
    """A handler returned without reporting the outcome of a work item. This is a bug of that
    handler.
    """


class _OutOfTime(Exception):
    """The worker stops, and a handler did not finish in time."""


@dataclass(frozen=True, slots=True)
class Means:
    """What all turns of a worker share."""

    database: Database
    jobs: Jobs
    clock: Clock
    dice: Dice
    settings: Facts
    handlers: Mapping[Kind, Handler]
    clients: MakeClients
    pace: Pace
    judge: Judge
    upkeep: Upkeep
    log: Any
    figures: Figures


@dataclass(slots=True)
class Turn:
    """Holds the connection's lease. `stock_resumed` and `product_resumed` are set when a commit
    added work items.
    """

    means: Means
    job: Job
    lease: Lease
    stop: asyncio.Event
    stock_resumed: asyncio.Event = field(default_factory=asyncio.Event)
    product_resumed: asyncio.Event = field(default_factory=asyncio.Event)
    ends_at: float = 0.0
    outage: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when work other than stock was added since the running batch began."""
    _stamp: str = ""
    """Of the connection as the session last read it (`work_items.Due`)."""
    _reading: asyncio.Lock = field(default_factory=asyncio.Lock)
    """The queues read what is due one after the other, so that a change is read once."""
    _found: dict[str, Found] = field(default_factory=dict)
    """By queue: what a look saw due there, its own or the other's, or the one as the lease was
    taken. Forgotten when work is added.
    """
    _changes: int = 0
    """How often work was added, or was done."""
    _idle: set[str] = field(default_factory=set)
    _product_over: asyncio.Event = field(default_factory=asyncio.Event)

    def notify(self, *, is_stock: bool = False) -> None:
        self._changes += 1
        self._found.clear()
        if not is_stock:
            self.changed.set()
        self.stock_resumed.set()
        self.product_resumed.set()

    async def run(self) -> None:
        """Runs the turn, and gives the lease back when the turn ended well.

        After any other end the lease expires by itself, because a request may still be under way.
        Raises an ExceptionGroup with `LeaseLost` when another worker holds the connection.
        """
        acquired = self.lease.acquired
        assert acquired is not None
        connection, self._stamp = acquired.connection, acquired.stamp
        self.outage = acquired.is_outage
        self.ends_at = self.means.clock.monotonic() + self.means.pace.slice_s
        if acquired.due is not None and not self._changes:
            self._keep(acquired.due)
        async with self.means.clients(connection, self.lease) as clients:
            session = Session(
                connection=connection,
                database=self.means.database,
                lease=self.lease,
                clock=self.means.clock,
                dice=self.means.dice,
                settings=self.means.settings,
                log=self.means.log.bind(connection=connection.id),
                clients=clients,
                judge=self.means.judge.failed,
                figures=self.means.figures,
                changed=self.changed,
            )
            out_of_time = False
            try:
                async with asyncio.TaskGroup() as group:
                    watchers = [
                        group.create_task(self._renew()),
                        group.create_task(self._stop_in_time()),
                    ]
                    await self._until_done(session)
                    for watcher in watchers:
                        watcher.cancel()
            except* _OutOfTime:
                out_of_time = True
            if not out_of_time:
                await self._end()
        if out_of_time:
            self.means.log.warning("stopped in the middle of work", connection=connection.id)

    async def _until_done(self, session: Session) -> None:
        while True:
            self._idle.clear()
            self._product_over.clear()
            async with asyncio.TaskGroup() as queues:
                # Stock looks first, and mostly finds that there is no product work.
                queues.create_task(self._stock_queue(session))
                queues.create_task(self._product_queue(session))
            # What came due by time alone meanwhile is seen as the lease is given back.
            if self._turn_over() or not (self.stock_resumed.is_set() or self.changed.is_set()):
                return

    # ---- Queues ----------------------------------------------------------------------------------

    async def _product_queue(self, session: Session) -> None:
        try:
            while not self._turn_over():
                self.product_resumed.clear()
                self.changed.clear()
                if await self._work(session, PRODUCT_KINDS, "product"):
                    continue
                if len(self._idle) == 2:
                    return
                await self._wait(self.product_resumed)
        finally:
            self._product_over.set()

    async def _stock_queue(self, session: Session) -> None:
        """Goes on for as long as the product queue works, also beyond the slice: a sale does not
        wait for a long import.
        """
        while not (self._product_over.is_set() and self._turn_over()):
            self.stock_resumed.clear()
            if await self._work(session, STOCK_KINDS, "stock"):
                continue
            if self._product_over.is_set():
                return
            # The product queue may be waiting only to learn that nothing is due here either.
            self.product_resumed.set()
            await self._wait(self.stock_resumed, self._product_over)

    async def _work(self, session: Session, kinds: Collection[Kind], queue: str) -> bool:
        """Handles the most urgent batch of the queue. False when nothing is due."""
        async with self._reading:
            changes = self._changes
            found = self._known(queue) or await self._look(session, kinds)
        if not found.batch:
            self._idle.add(queue)
            return False
        self._idle.discard(queue)
        await self._handle(session, found.batch)
        is_same = changes == self._changes
        self._changes += 1
        self._found.pop(queue, None)
        if is_same and found.rest is not None:
            self._found[queue] = Found.of(found.looked, found.rest, self.means.pace.batch)
        await self.means.upkeep.follow(len(found.batch))

        return True

    async def _look(self, session: Session, kinds: Collection[Kind]) -> Found:
        """The due items of these kinds. It also shows what the other queue has."""
        changes, looked = self._changes, self.means.clock.monotonic()
        async with session.read(once=True) as tx:
            due = await work_items.due_with_stamp(
                tx, session.connection.id, self.means.clock.now(), kinds, self.means.pace.batch
            )
        # Also where nothing is due: the other queue's work heeds a pause by it.
        if due.stamp != self._stamp:
            await session.reload()
            self._stamp = due.stamp
        found = Found(looked, due.items, () if due.is_all else None)
        if changes == self._changes:
            own, other = QUEUES if kinds is STOCK_KINDS else reversed(QUEUES)
            self._found = {} if due.items else {own: found}
            if due.others is not None:
                self._found[other] = Found.of(looked, due.others, self.means.pace.batch)
        return found

    def _keep(self, due: Sequence[WorkItem]) -> None:
        """Keeps what is due in both queues."""
        looked = self.means.clock.monotonic()
        for queue, kinds in zip(QUEUES, (STOCK_KINDS, PRODUCT_KINDS), strict=True):
            of_queue = [one for one in due if one.kind in kinds]
            self._found[queue] = Found.of(looked, of_queue, self.means.pace.batch)

    def _known(self, queue: str) -> Found | None:
        """What is due there, where a look a moment ago found it and nothing was added since. None
        where that is not known. Work is handed out once.
        """
        found = self._found.get(queue)
        if found is None or self.means.clock.monotonic() - found.looked >= REST_S:
            return None
        if found.batch:
            del self._found[queue]
        return found

    async def _wait(self, *events: asyncio.Event) -> None:
        """Waits until a commit adds work items, or a second has passed: some may come due by time
        alone.
        """
        # A stop resumes a queue once. A second time would only make the stock queue spin until the
        # product queue ends.
        stop = () if self.stop.is_set() else (self.stop,)
        await first_of(
            self.means.clock.sleep(REST_S), *(event.wait() for event in (*stop, *events))
        )

    def _turn_over(self) -> bool:
        return self.stop.is_set() or self.lease.lost or self.means.clock.monotonic() >= self.ends_at

    # ---- One batch -------------------------------------------------------------------------------

    async def _handle(self, session: Session, batch: Sequence[WorkItem]) -> None:
        """Calls the handler and judges the work items that it left unresolved."""
        handler = self.means.handlers.get(batch[0].kind, _unhandled)
        try:
            with _span(batch):
                await handler(session, batch)
        except (LeaseLost, DatabaseGone):
            raise
        except DatabaseBusy as busy:
            await self._busy(session, self._left(session, batch, busy), busy)
        except Failure as failure:
            await self._judge(session, self._left(session, batch, failure), failure)
        except Exception as bug:
            await self._judge(session, self._left(session, batch, bug), bug)
        else:
            for item in session.unresolved(batch):
                await self.means.judge.park(session, item, NotFinished(item.kind.value))
            if self.outage:
                self.outage = not await self.means.judge.recovered(session)
        session.finished.difference_update(item.generation for item in batch)

    def _left(
        self, session: Session, batch: Sequence[WorkItem], reason: Exception
    ) -> Sequence[WorkItem]:
        """The items that this failure leaves without an outcome. Where all have theirs already, no
        item can say that something failed: the log does.
        """
        left = session.unresolved(batch)
        said, kind = "failed after its work was done", batch[0].kind.value
        if not left and isinstance(reason, Failure | DatabaseBusy):
            self.means.log.warning(said, kind=kind, why=str(reason))
        elif not left:
            self.means.log.error(said, kind=kind, exc_info=reason)
        return left

    async def _judge(self, session: Session, rest: Sequence[WorkItem], reason: Exception) -> None:
        """An outage concerns the whole batch. A refusal or a bug concerns one work item. To find
        out which one, each is tried alone.
        """
        whole = isinstance(reason, Failure) and not isinstance(reason, Refused)
        if len(rest) > 1 and not whole:
            for item in rest:
                await self._handle(session, [item])
            return
        for item in rest:
            if isinstance(reason, Failure):
                await self.means.judge.failed(session, item, reason)
            else:
                await self.means.judge.park(session, item, reason)
        self.outage = self.outage or whole

    async def _busy(self, session: Session, rest: Sequence[WorkItem], why: DatabaseBusy) -> None:
        """Usually the same batch succeeds the next time. If it does not, each work item is tried
        alone, to find out which one is the cause.
        """
        if len(rest) > 1 and any(item.attempts >= TOGETHER for item in rest):
            for item in rest:
                await self._handle(session, [item])
            return
        for item in rest:
            await self.means.judge.busy(session, item, why)

    # ---- The lease -------------------------------------------------------------------------------

    async def _renew(self) -> None:
        clock, pace = self.means.clock, self.means.pace
        while True:
            await clock.sleep(pace.renew_s)
            started, until = clock.monotonic(), clock.now() + timedelta(seconds=pace.lease_s)
            try:
                async with self.means.database.transaction() as tx:
                    held = await leases.renew(tx, self.lease.fence, until, self.lease.budget())
            except (DatabaseGone, DatabaseBusy):
                held = (
                    self.lease.left_s() > 0
                )  # The database may come back in time; until then, `Lease.check` stops the calls.
            else:
                self.lease.until = started + pace.lease_s
            if not held:
                self.lease.lost = True
                raise LeaseLost(f"connection {self.job.connection_id} was taken over")

    async def _stop_in_time(self) -> None:
        await self.stop.wait()
        await self.means.clock.sleep(self.means.pace.shutdown_timeout_s)
        raise _OutOfTime

    async def _end(self) -> None:
        """Gives back the lease, and the job or its key, in one transaction, and saves what outlives
        the turn. Work that came due meanwhile gets a new place in the queue.
        """
        async with self.means.database.transaction() as tx:
            # The connection's row before the job's row: the web pages that change a connection and
            # then enqueue it lock in the same order.
            await leases.release(tx, self.lease.fence, self.lease.budget(), self.lease.calls)
            self.lease.given_back = True
            if not await self.means.jobs.release(tx, self.job, self.means.clock.now()):
                await self.means.jobs.hand_on(tx, self.job)


def _span(batch: Sequence[WorkItem]) -> AbstractContextManager[traces.Span]:
    """The work belongs to the trace of its first item, and names those of the others."""
    own, *others = [item.trace for item in batch]
    return traces.span(
        f"work {batch[0].kind.value}",
        carried=own,
        also=[one for one in others if one],
        brygga_connection=batch[0].connection_id,
        brygga_items=len(batch),
    )


async def _unhandled(session: Session, batch: Sequence[WorkItem]) -> None:
    raise LookupError(f"no handler for work items of kind {batch[0].kind.value}")
