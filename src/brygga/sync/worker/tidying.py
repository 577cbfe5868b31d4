"""The worker's housekeeping, once a minute: routine work for every connection, rows whose retention
has ended, what merchants are to be told of, and accounts that are to be erased.

Each part is a transaction of its own, and those over all connections are taken in portions. So
nobody waits long for a row of theirs, least of all a turn that takes the lease of its connection.
"""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import sqlalchemy as sa

from brygga.core.model import Stage
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
    oauth_states,
    operator_sessions,
    sessions,
    signed_messages,
    statements,
    store_users,
    synclog,
    watching,
    work_items,
)
from brygga.database.engine import Database, Tx
from brygga.database.work_items import Kind
from brygga.seams import Clock, Dice
from brygga.sync.worker.alerting import Outbox, look, note
from brygga.sync.worker.pace import NETS, ROUTINES
from brygga.sync.worker.session import Facts

PORTION: Final = 200
"""As many connections get routine work, or are told of something, in one transaction."""
PRUNED: Final = (
    inbox.prune,
    synclog.prune,
    gone.prune,
    sessions.prune,
    operator_sessions.prune,
    oauth_states.prune,
    signed_messages.prune,
    store_users.prune,
    brakes.prune,
    deliveries.prune,
    audit.prune,
    alert_messages.prune,
    exchanges.prune,
    watching.prune,
)
"""Each deletes the rows of a table whose retention has ended."""
# For a transaction only, so that it works behind a pooler too.
_ALONE = sa.text("SELECT pg_try_advisory_xact_lock(1278366037, 0)")


class _Elsewhere(Exception):
    """Another worker tidies up now."""


@dataclass(frozen=True, slots=True)
class Tidying:
    """One worker at a time. What a worker leaves undone, the next round of any worker does."""

    database: Database
    clock: Clock
    dice: Dice
    settings: Facts
    program: str
    outbox: Outbox | None
    log: Any

    async def round(self) -> bool:
        """False where another worker is at it: then this one leaves the rest to it."""
        try:
            await self._routines()
            await self._retry()
            await self._prune()
            await self._watch()
            await self._erase()
        except _Elsewhere:
            return False
        return True

    async def _routines(self) -> None:
        running = [(kind, every, (Stage.RUNNING,)) for kind, every in ROUTINES.items()]
        nets = [(kind, every, stages) for kind, (every, stages) in NETS.items()]
        for kind, every, stages in [*running, *nets]:
            ensure = partial(work_items.ensure, kind=kind, every=every, stages=stages)
            await self._in_portions(ensure)
        await self._in_portions(statements.ensure)

    async def _in_portions(self, ensure: Callable[..., Awaitable[int]]) -> None:
        """Until a portion is not full."""
        done = PORTION
        while done >= PORTION:
            async with self._part() as tx:
                done = await ensure(tx, now=self.clock.now(), limit=PORTION)

    async def _retry(self) -> None:
        """A version that fixes a bug recovers by itself. It does not wait for the pauses that
        earlier versions set.
        """
        async with self._part() as tx:
            resumed = await failed_work.retry_for(tx, self.program, self.clock.now())
        if resumed:
            self.log.info("work that failed in another version is tried again", items=resumed)

    async def _prune(self) -> None:
        for prune in PRUNED:
            async with self._part() as tx:
                await prune(tx, self.clock.now())
        async with self._part() as tx:
            await kept_webhooks.prune(tx, self.clock.now() - self.settings.keep_webhooks)
        async with self._part() as tx:
            await statements.prune(tx, self.settings.statements_kept, self.clock.now())

    async def _watch(self) -> None:
        """Notes numbers that differ, and what merchants are to be told of."""
        async with self._part() as tx:
            await statements.watch(tx, self.clock.now())
        async with self._part() as tx:
            found = await look(tx, self.clock.now())
        channels = tuple(self.outbox.senders if self.outbox else ())
        for at in range(0, len(found), PORTION):
            async with self._part() as tx:
                await note(tx, found[at : at + PORTION], channels, self.dice, self.clock.now())

    async def _erase(self) -> None:
        """Erases merchants who asked for it, and those who disconnected long ago. Who signed in
        long ago and never joined a store is disconnected first.
        """
        now = self.clock.now()
        before = now - self.settings.erase_after
        async with self._part() as tx:
            accounts = await erasing.due(tx, before)
            for connection_id, account in await erasing.never_joined(tx, before):
                await connections.leave(tx, connection_id, keep=True)
                await work_items.add(tx, connection_id, Kind.LEAVE, "", now)
                await erasing.ask(tx, self.dice.token(), account, now)
        for account in accounts:
            async with self._part() as tx:
                receipt = await erasing.erase(tx, account, now)
            self.log.info("a merchant was erased", rows=receipt.rows, hash=receipt.hash)

    @contextlib.asynccontextmanager
    async def _part(self) -> AsyncIterator[Tx]:
        """A transaction, while no other worker has such a one."""
        async with self.database.transaction() as tx:
            if not await tx.scalar(_ALONE):
                raise _Elsewhere
            yield tx
