"""The messages that the platforms have already delivered (`receiving.receive`). They deliver a
message more than once, and late.
"""

from datetime import datetime, timedelta

from brygga.database import ageing
from brygga.database.engine import Tx
from brygga.database.tables import inbox

KEPT = timedelta(days=4)
"""Longer than either platform repeats a message."""


async def prune(tx: Tx, now: datetime) -> int:
    return await ageing.delete_older(tx, inbox.c.received_at, now - KEPT)
