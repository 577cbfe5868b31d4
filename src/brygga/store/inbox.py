"""Which messages the platforms have already delivered. They deliver more than once, and late."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from brygga.store.database import Tx
from brygga.store.tables import inbox
from brygga.store.tokens import Platform

KEPT = timedelta(days=4)
"""Longer than either platform goes on delivering a message."""


async def accept(tx: Tx, connection_id: int, platform: Platform, message_id: str, now: datetime) -> bool:
    """True the first time. In the transaction of the mark: a message that left no mark was not accepted."""
    statement = insert(inbox).values(
        connection_id=connection_id, platform=platform.value, message_id=message_id, received_at=now
    )
    return await tx.first(statement.on_conflict_do_nothing().returning(inbox.c.message_id)) is not None


async def prune(tx: Tx, now: datetime) -> int:
    return await tx.run(sa.delete(inbox).where(inbox.c.received_at < now - KEPT))
