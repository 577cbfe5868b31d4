"""The messages that the platforms have already delivered. They deliver a message more than once,
and late.
"""

from datetime import datetime, timedelta

import sqlalchemy as sa

from brygga.database.engine import Tx
from brygga.database.tables import inbox
from brygga.database.tokens import Platform

KEPT = timedelta(days=4)
"""Longer than either platform repeats a message."""


_ACCEPT = sa.text("""
    INSERT INTO inbox (connection_id, platform, message_id, received_at) VALUES (:id, :platform,
        :message, :now)
    ON CONFLICT DO NOTHING RETURNING message_id
""")


async def accept(
    tx: Tx, connection_id: int, platform: Platform, message_id: str, now: datetime
) -> bool:
    """True the first time. It runs in the transaction of the work item: a message that added no
    work item was not accepted.
    """
    values = {"id": connection_id, "platform": platform.value, "message": message_id, "now": now}
    return await tx.first(_ACCEPT, values) is not None


async def prune(tx: Tx, now: datetime) -> int:
    return await tx.run(sa.delete(inbox).where(inbox.c.received_at < now - KEPT))
