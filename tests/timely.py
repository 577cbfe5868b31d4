"""The queue of tests on virtual time: it knows when work is due next instead of looking every
second.
"""

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from brygga.database.queue import TableJobs
from brygga.database.work_items import WORKABLE

LONGEST_S = 600.0
"""So long it rests at most: what another process leaves is seen then."""
_NEXT = sa.text(f"""
    SELECT min(greatest(m.due_at, CASE WHEN c.lease_holder IS NOT NULL
        THEN c.lease_until + CAST(:grace AS interval) END))
    FROM work_items m JOIN connections c ON c.id = m.connection_id
    WHERE {WORKABLE} AND c.id <> ALL (CAST(:running AS bigint[]))
""")


@dataclass(slots=True)
class TimelyJobs(TableJobs):
    """As `TableJobs`, for one process."""

    def look(self) -> None:
        """Now, and not when the next item is due: a connection may go on that was paused."""
        self._notices.set()

    async def _rest_s(self, running: Collection[int]) -> float:
        """Until the next item is due at a connection that nobody works for, or its dead holder's
        lease has run out.
        """
        async with self.database.read() as tx:
            at = await tx.scalar(_NEXT, {"running": sorted(running), "grace": self.takeover_delay})
        now = self.clock.now()
        return (
            LONGEST_S
            if at is None
            else min(LONGEST_S, max(0.001, (at - now).total_seconds() + 0.001))
        )
