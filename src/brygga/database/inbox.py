"""The messages that the platforms have already delivered (`receiving.receive`). They deliver a
message more than once, and late.
"""

from datetime import datetime, timedelta

import sqlalchemy as sa

from brygga.database.engine import Tx
from brygga.database.tables import inbox

KEPT = timedelta(days=4)
"""Longer than either platform repeats a message."""


async def prune(tx: Tx, now: datetime) -> int:
    return await tx.run(sa.delete(inbox).where(inbox.c.received_at < now - KEPT))
