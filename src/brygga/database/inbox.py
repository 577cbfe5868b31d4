"""The messages that the platforms have already delivered. They deliver a message more than once,
and late.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

import sqlalchemy as sa

from brygga.database import leases
from brygga.database.engine import Tx
from brygga.database.tables import inbox
from brygga.database.tokens import Platform
from brygga.database.values import unique

KEPT = timedelta(days=4)
"""Longer than either platform repeats a message."""


# The gate of the connection's lease (`database/leases.py`): webhooks come without end.
_GATE = f"pg_advisory_xact_lock_shared({leases.GATE}, {leases.gate_key(':id')})"
_ACCEPT = sa.text(f"""
    INSERT INTO inbox (connection_id, platform, message_id, received_at)
    SELECT :id, :platform, n.message, :now
    FROM {_GATE}, unnest(CAST(:messages AS text[])) AS n (message) ORDER BY n.message
    ON CONFLICT DO NOTHING RETURNING message_id
""")  # noqa: S608 - only our own constants are put together


async def accept(
    tx: Tx, connection_id: int, platform: Platform, message_ids: Collection[str], now: datetime
) -> set[str]:
    """Those of the messages that came the first time.

    It runs in the transaction of their work items: a message that added no work item was not
    accepted.
    """
    wanted = unique(message_id for message_id in message_ids if message_id)
    if not wanted:
        return set()
    values = {"id": connection_id, "platform": platform.value, "messages": wanted, "now": now}
    return {row.message_id for row in await tx.rows(_ACCEPT, values)}


async def prune(tx: Tx, now: datetime) -> int:
    return await tx.run(sa.delete(inbox).where(inbox.c.received_at < now - KEPT))
