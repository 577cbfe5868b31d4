"""What a restored backup means: every connection waits until both sides are read and each question
is answered. Until then none of its work runs but that (`work_items.WORKABLE`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from brygga.database import work_items
from brygga.database.engine import Tx
from brygga.database.work_items import Kind


@dataclass(frozen=True, slots=True)
class Restored:
    """`compared_at` is None until both sides have been read. `questions`: numbers that the merchant
    is asked to check.
    """

    at: datetime
    compared_at: datetime | None
    questions: int
    taken_over: bool = False
    """It does not come from a backup: it takes over from another app (`watching`)."""


_FORGET = tuple(
    sa.text(statement)
    for statement in (
        # Their requests were answered long ago, by what both sides show now.
        "DELETE FROM pending_writes",
        "DELETE FROM stock_hints",
        "DELETE FROM echoes",
        # It is found again in the store, with the levels that it has now.
        "DELETE FROM marker_products",
        "DELETE FROM pgqueuer",
        # What was sent, ended or used since must not begin anew.
        "DELETE FROM alert_messages",
        "DELETE FROM sessions",
        "DELETE FROM operator_sessions",
        "DELETE FROM oauth_states",
    )
)
_BEGIN = sa.text("""
    UPDATE connections SET restored_at = :now, compared_at = NULL, zettle_cursor = '',
        budget = NULL, lease_holder = NULL, lease_until = NULL, unreachable_since = NULL
    WHERE stage IN ('running', 'leaving') RETURNING id, stage
""")
_BEGIN_ONE = sa.text("UPDATE connections SET restored_at = :now, compared_at = NULL WHERE id = :id")
_STATE = sa.text("""
    SELECT restored_at, compared_at, (
        SELECT count(*) FROM ledgers l WHERE l.connection_id = c.id AND l.check_since IS NOT NULL
            AND jsonb_typeof(l.zettle -> 'confirmed') = 'number'
    ) AS questions, EXISTS (
        SELECT FROM watched_products w WHERE w.connection_id = c.id
    ) AS taken_over
    FROM connections c WHERE id = :id AND restored_at IS NOT NULL
""")
_COMPARED = sa.text("UPDATE connections SET compared_at = :now WHERE id = :id")
_END = sa.text("""
    UPDATE connections SET restored_at = NULL, compared_at = NULL
    WHERE id = :id AND restored_at IS NOT NULL
""")
_WAITING = sa.text("SELECT id FROM connections WHERE restored_at IS NOT NULL ORDER BY id")


async def begin_all(tx: Tx, now: datetime) -> Sequence[int]:
    """Makes every connection wait that has something to lose. In the transaction that ends a
    restore. Returns their numbers.
    """
    for statement in _FORGET:
        await tx.run(statement)
    rows = await tx.rows(_BEGIN, {"now": now})
    for row in rows:
        if row.stage == "running":
            await work_items.add(tx, row.id, Kind.RECONCILE, "", now)
    return sorted(row.id for row in rows)


async def begin(tx: Tx, connection_id: int, now: datetime) -> None:
    """Makes one connection wait that takes over from another app, or comes from another
    installation: its two sides are compared in the same way.
    """
    await tx.run(_BEGIN_ONE, {"id": connection_id, "now": now})
    await work_items.add(tx, connection_id, Kind.RECONCILE, "", now)


async def state(tx: Tx, connection_id: int) -> Restored | None:
    """None for a connection that does not wait."""
    row = await tx.first(_STATE, {"id": connection_id})
    return None if row is None else Restored(*row)


async def waiting(tx: Tx) -> Sequence[int]:
    """The connections that wait."""
    return [row.id for row in await tx.rows(_WAITING)]


async def compared(tx: Tx, connection_id: int, now: datetime) -> None:
    """Both sides have been read, and each difference is a question."""
    await tx.run(_COMPARED, {"id": connection_id, "now": now})
    tx.touch(connection_id)


async def end(tx: Tx, connection_id: int) -> bool:
    """Its work goes on. True when it waited until now."""
    tx.touch(connection_id)
    return await tx.run(_END, {"id": connection_id}) == 1
