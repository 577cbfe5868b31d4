"""The only loop: takes jobs, leases each connection and runs a turn over its work items.

One process runs one worker; any number of processes may run. The work and the failures of one
connection never affect another.
"""

import asyncio
import heapq
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog

from brygga import traces
from brygga.core.failures import LeaseLost
from brygga.database import (
    alert_messages,
    audit,
    brakes,
    connections,
    deliveries,
    erasing,
    exchanges,
    failed_work,
    gone,
    inbox,
    kept_webhooks,
    leases,
    oauth_states,
    operator_sessions,
    sessions,
    signed_messages,
    statements,
    store_users,
    subscriptions,
    synclog,
    turns,
    watching,
    work_items,
)
from brygga.database.engine import Database, DatabaseBusy, DatabaseGone, Notice, Tx, trouble
from brygga.database.queue import Job, Jobs
from brygga.database.queue_table import Wanted, portions
from brygga.database.statistics import Upkeep
from brygga.database.turns import TurnDue
from brygga.database.work_items import Kind
from brygga.figures import Figures
from brygga.seams import Clock, Dice
from brygga.sync.worker.alerting import Outbox, observe
from brygga.sync.worker.judging import Judge, Refusal, refusal_line
from brygga.sync.worker.pace import NETS, ROUTINES, Pace
from brygga.sync.worker.session import Facts, Lease, MakeClients
from brygga.sync.worker.turn import Handler, Means, Turn

AWAKE_S = 60.0
"""A timer that has not done its round for so long has stopped."""

FEW = 2
"""As many connections without a sale or an order are begun each second by a worker that is busy."""

LEFT_S = 2.0
"""A job that was there for so long without a turn is one to remind all workers of."""
OVERDUE = 10
"""As many connections that have waited too long go with the sales at a time: the next one as one of
them has its turn. A sale that comes then waits for no more of them than these.
"""

__all__ = ["Handler", "Pace", "Worker"]


@dataclass(slots=True)
class Worker:
    """Knows no kind of work item: handlers are passed in, by kind. `clients` reaches both platforms
    for one turn of one connection.

    `program` is the version of the program that runs here.
    """

    database: Database
    jobs: Jobs
    clock: Clock
    dice: Dice
    settings: Facts
    handlers: Mapping[Kind, Handler]
    clients: MakeClients
    pace: Pace = field(default_factory=Pace)
    program: str = ""
    figures: Figures = field(default_factory=Figures)
    refusal: Refusal = refusal_line
    outbox: Outbox | None = None
    """None: nobody is told anything by mail or webhook."""
    log: Any = field(default_factory=lambda: structlog.get_logger("brygga.worker"))
    holder: str = ""
    upkeep: Upkeep = field(init=False)
    ticked_at: float | None = None
    """When the timer last did its round, on the clock that never goes backwards."""
    _turns: dict[int, Turn] = field(default_factory=dict)
    _waiting: dict[int, float] = field(default_factory=dict)
    """Since when the timer has seen each connection wait for a turn, on the clock that never goes
    backwards.
    """
    _let_in: set[int] = field(default_factory=set)
    """Those that have waited so long that they go with the sales."""
    _alerts_due: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.upkeep = Upkeep(self.database, self.clock)
        self.holder = self.holder or self.dice.token()[-16:]

    async def run(self, stop: asyncio.Event) -> None:
        """Works until `stop`. Then running handlers finish, leases are given back, and it
        returns.
        """
        silence = self.database.on_commit(self._received)
        self.figures.working(lambda: len(self._turns), lambda: self.jobs.at_once)
        try:
            async with asyncio.TaskGroup() as group:
                beside = [group.create_task(self._timer()), group.create_task(self._post())]
                await self.jobs.run(lambda job: self.turn(job, stop), stop)
                for task in beside:
                    task.cancel()
        finally:
            silence()

    async def turn(self, job: Job, stop: asyncio.Event) -> None:
        """One turn for one connection. Does nothing when another worker holds the lease. Each log
        line of it, also of the packages that we use, names the connection and the turn.
        """
        lease = await self._acquire(job)
        if lease is None:
            return
        self._waiting.pop(job.connection_id, None)
        began, name = self.clock.monotonic(), f"{self.holder[-6:]}-{lease.fence.epoch}"
        with (
            structlog.contextvars.bound_contextvars(connection=job.connection_id, turn=name),
            traces.span("turn", brygga_connection=job.connection_id, brygga_turn=name),
        ):
            await self._turn(job, lease, stop)
        self.figures.turns.observe(self.clock.monotonic() - began)

    async def _turn(self, job: Job, lease: Lease, stop: asyncio.Event) -> None:
        turn = Turn(self._means(), job, lease, stop)
        self._turns[job.connection_id] = turn
        try:
            await turn.run()
        except* LeaseLost:
            lease.lost = True
            self.figures.lost.inc()
            self.log.warning("lease lost", connection=job.connection_id)
        except* (DatabaseGone, DatabaseBusy) as gone:
            why = _innermost(gone)
            self.log.warning(trouble(why), connection=job.connection_id, why=str(why))
        finally:
            # The next turn may have begun since this one gave its job and its lease back.
            if self._turns.get(job.connection_id) is turn:
                del self._turns[job.connection_id]

    def _means(self) -> Means:
        return Means(
            database=self.database,
            jobs=self.jobs,
            clock=self.clock,
            dice=self.dice,
            settings=self.settings,
            handlers=self.handlers,
            clients=self.clients,
            pace=self.pace,
            judge=Judge(self.clock, self.dice, self.pace, self.refusal, self.program),
            upkeep=self.upkeep,
            log=self.log,
            figures=self.figures,
        )

    def is_awake(self) -> bool:
        """Whether the timer does its rounds: a worker that hangs, or that lost the database for a
        while, does not.
        """
        ticked = self.ticked_at
        return ticked is not None and self.clock.monotonic() - ticked <= AWAKE_S

    def _received(self, resumed: Notice) -> None:
        if turn := self._turns.get(resumed.connection_id):
            turn.notify(is_stock=resumed.urgent)

    async def _acquire(self, job: Job) -> Lease | None:
        now, started = self.clock.now(), self.clock.monotonic()
        until, takeover_delay = (
            now + timedelta(seconds=self.pace.lease_s),
            timedelta(seconds=self.pace.takeover_delay_s),
        )
        async with self.database.transaction() as tx:
            acquired = await leases.acquire(
                tx,
                job.connection_id,
                self.holder,
                now=now,
                until=until,
                takeover_delay=takeover_delay,
            )
            if acquired is None:
                await self.jobs.give_up(tx, job)
                return None

        until_s = started + self.pace.lease_s
        return Lease(acquired.fence, self.clock, until_s, acquired=acquired)

    # ---- The timer -------------------------------------------------------------------------------

    async def _timer(self) -> None:
        """Once a second, enqueues connections whose work items have come due, and has messages sent
        that are due. At longer intervals, adds routine work and tidies up.
        """
        tidied: float | None = None
        looked, late_s = False, 0.0
        while True:
            try:
                if not looked:
                    await self.check_address()
                    looked = True
                began = self.clock.monotonic()
                await self.tick(is_busy=late_s > self.pace.busy_s)
                self.ticked_at = self.clock.monotonic()
                self.figures.ticks.observe(self.ticked_at - began)
                await self.database.announce()
                if tidied is None or self.clock.monotonic() - tidied >= self.pace.tidy_s:
                    tidied = self.clock.monotonic()
                    await self.tidy()
                    self.figures.tidies.observe(self.clock.monotonic() - tidied)
            except (DatabaseGone, DatabaseBusy) as gone:
                self.log.warning(trouble(gone), why=str(gone))
            slept = self.clock.monotonic()
            await self.clock.sleep(self.pace.tick_s)
            late_s = self.clock.monotonic() - slept - self.pace.tick_s
            self.figures.late.observe(max(0.0, late_s))

    async def tick(self, *, is_busy: bool = False) -> None:
        """Adds a job for each connection that needs a turn and has none: first where somebody
        waits. It writes only what is missing, in portions, and waits for no other worker's timer.
        What it skips because a job is there, it sees again in a second if that job has ended
        without it.
        """
        delay = timedelta(seconds=self.pace.takeover_delay_s)
        async with self.database.transaction() as tx:
            due = await turns.turns_due(tx, self.clock.now(), delay)
            queued = await self.jobs.queued(tx) if due else {}
            long = self._waited_long(due)
            wanted = [
                Wanted(one.connection_id, one.is_prompt or one.connection_id in long)
                for one in sorted(self._prompt(due, long) if is_busy else due, key=_by_need)
            ]
            missing = [one for one in wanted if one.urgent > queued.get(one.connection_id, -1)]
            first, *rest = portions(missing) or [()]
            await self.jobs.enqueue_missing(tx, first)
            if self._is_job_left(queued.keys() - {one.connection_id for one in missing}):
                await self.jobs.remind(tx)
            # Somebody waits for the mail that confirms an address.
            if self.outbox is not None and await alert_messages.is_due(tx, self.clock.now()):
                self._alerts_due.set()
        for portion in rest:
            async with self.database.transaction() as tx:
                await self.jobs.enqueue_missing(tx, portion)

    def _is_job_left(self, there: Collection[int]) -> bool:
        """Whether one of these, whose job was there before, has had no turn for a while. The job's
        worker may have died: nothing else tells the others that they may take it.
        """
        now = self.clock.monotonic()
        return any(now - self._waiting.get(number, now) >= LEFT_S for number in there)

    def _waited_long(self, due: Sequence[TurnDue]) -> Collection[int]:
        """Those that the queue has passed over for the whole time of `held_back_s`, a few of them
        at a time: they go with those where somebody waits. It counts anew after each turn, so that
        a long import is not urgent for being long.
        """
        now, before = self.clock.monotonic(), self._waiting
        self._waiting = {one.connection_id: before.get(one.connection_id, now) for one in due}
        most_s = self.pace.held_back_s
        long = [
            one
            for one in due
            if not one.is_prompt and now - self._waiting[one.connection_id] >= most_s
        ]
        self._let_in &= {one.connection_id for one in long}
        others = (one for one in long if one.connection_id not in self._let_in)
        free = OVERDUE - len(self._let_in)
        first = heapq.nsmallest(
            free, others, key=lambda one: (self._waiting[one.connection_id], one.since)
        )
        self._let_in |= {one.connection_id for one in first}
        return self._let_in

    def _prompt(self, due: Sequence[TurnDue], long: Collection[int]) -> Sequence[TurnDue]:
        """Those that a busy worker begins now: where somebody waits, those that go with them, and
        of the others the few that have been due longest: more of them once they were held back for
        long enough. Another worker with time to spare takes them all.
        """
        others = (one for one in due if not one.is_prompt)
        long_ago = self.clock.now() - timedelta(seconds=self.pace.held_back_s)
        let_in = {
            one.connection_id
            for place, one in enumerate(heapq.nsmallest(OVERDUE, others, key=lambda one: one.since))
            if place < FEW or one.since <= long_ago
        }
        return [
            one
            for one in due
            if one.is_prompt or one.connection_id in let_in or one.connection_id in long
        ]

    async def check_address(self) -> None:
        """At the start, subscriptions that point to another address are moved at once, not at the
        next check of the webhooks.
        """
        now, address = self.clock.now(), self.settings.public_url
        async with self.database.transaction() as tx:
            elsewhere = await subscriptions.elsewhere(tx, address)
            for connection_id in elsewhere:
                await work_items.add(tx, connection_id, Kind.HOOKS, "", now)
        if elsewhere:
            self.log.warning(
                "our address has changed: webhooks are moved",
                address=address,
                connections=len(elsewhere),
            )

    async def tidy(self) -> None:
        async with self.database.transaction() as tx:
            for kind, every in ROUTINES.items():
                await work_items.ensure(tx, kind, every, self.clock.now())
            for kind, (every, stages) in NETS.items():
                await work_items.ensure(tx, kind, every, self.clock.now(), stages)
            # A version that fixes a bug recovers by itself. It does not wait for the pauses that
            # earlier versions set.
            resumed = await failed_work.retry_for(tx, self.program, self.clock.now())
            await prune(tx, self.clock.now())
            await kept_webhooks.prune(tx, self.clock.now() - self.settings.keep_webhooks)
            await statements.prune(tx, self.settings.statements_kept, self.clock.now())
            await statements.ensure(tx, self.clock.now())
            await statements.watch(tx, self.clock.now())
            channels = self.outbox.senders if self.outbox else ()
            await observe(tx, tuple(channels), self.dice, self.clock.now())
        await self._erase()
        if resumed:
            self.log.info("work that failed in another version is tried again", items=resumed)

    async def _post(self) -> None:
        """Sends the messages that are due. A mail server that is slow holds up nothing else."""
        while True:
            await self._alerts_due.wait()
            self._alerts_due.clear()
            try:
                if self.outbox is not None:
                    await self.outbox.empty()
            except (DatabaseGone, DatabaseBusy) as gone:
                self.log.warning(trouble(gone), why=str(gone))

    async def _erase(self) -> None:
        """Erases merchants who asked for it, and those who disconnected long ago. Who signed in
        long ago and never joined a store is disconnected first.
        """
        now = self.clock.now()
        before = now - self.settings.erase_after
        async with self.database.transaction() as tx:
            accounts = await erasing.due(tx, before)
            for connection_id, account in await erasing.never_joined(tx, before):
                await connections.leave(tx, connection_id, keep=True)
                await work_items.add(tx, connection_id, Kind.LEAVE, "", now)
                await erasing.ask(tx, self.dice.token(), account, now)
        for account in accounts:
            async with self.database.transaction() as tx:
                receipt = await erasing.erase(tx, account, now)
            self.log.info("a merchant was erased", rows=receipt.rows, hash=receipt.hash)


async def prune(tx: Tx, now: datetime) -> None:
    """Deletes the rows whose retention has ended."""
    await inbox.prune(tx, now)
    await synclog.prune(tx, now)
    await gone.prune(tx, now)
    await sessions.prune(tx, now)
    await operator_sessions.prune(tx, now)
    await oauth_states.prune(tx, now)
    await signed_messages.prune(tx, now)
    await store_users.prune(tx, now)
    await brakes.prune(tx, now)
    await deliveries.prune(tx, now)
    await audit.prune(tx, now)
    await alert_messages.prune(tx, now)
    await exchanges.prune(tx, now)
    await watching.prune(tx, now)


def _by_need(one: TurnDue) -> tuple[bool, datetime]:
    """Where somebody waits comes first, then what has been due longest."""
    return not one.is_prompt, one.since


def _innermost(group: BaseException) -> BaseException:
    """The exception that caused a group of groups."""
    while isinstance(group, BaseExceptionGroup):
        group = group.exceptions[0]
    return group
