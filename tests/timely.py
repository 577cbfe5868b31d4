"""The queue of tests on virtual time: it knows when work is due next instead of looking every second."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from brygga.store.jobs import Job, TableJobs, first_of
from brygga.store.marks import WORKABLE

LONGEST_S = 600.0
"""So long it rests at most: what another process leaves is seen then."""
_NEXT = sa.text(f"""
    SELECT min(greatest(m.due_at, CASE WHEN c.lease_holder IS NOT NULL THEN c.lease_until + CAST(:grace AS interval) END))
    FROM marks m JOIN connections c ON c.id = m.connection_id
    WHERE {WORKABLE} AND c.id <> ALL (CAST(:running AS bigint[]))
""")


@dataclass(slots=True)
class TimelyJobs(TableJobs):
    """As `TableJobs`, for one process. `next_due` is the statement that asks when a connection that nobody works for has work."""

    next_due: sa.TextClause = _NEXT

    async def run(self, drain: Callable[[Job], Any], stop: asyncio.Event) -> None:
        silence = self.database.on_commit(lambda _: self._woken.set())
        running: dict[int, asyncio.Task[None]] = {}
        try:
            async with asyncio.TaskGroup() as group:
                while not stop.is_set():
                    self._woken.clear()
                    await self._start_due(group, drain, running)
                    await first_of(self.clock.sleep(await self._rest_s(set(running))), self._woken.wait(), stop.wait())
        finally:
            silence()

    def look(self) -> None:
        """Now, and not when the next mark is due: a connection may go on that was paused."""
        self._woken.set()

    async def _rest_s(self, running: set[int]) -> float:
        """Until the next mark is due at a connection that nobody works for, or its dead holder's lease has run out."""
        async with self.database.read() as tx:
            at = await tx.scalar(self.next_due, {"running": sorted(running), "grace": self.grace})
        now = self.clock.now()
        return LONGEST_S if at is None else min(LONGEST_S, max(0.001, (at - now).total_seconds() + 0.001))
