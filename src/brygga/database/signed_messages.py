"""The signed messages of BigCommerce that have been used, by the hash of their `jti`. Each serves
one purpose.

A row is kept for an hour longer than its message is valid: whoever reads messages may allow for
another clock. It names no merchant.
"""

import hashlib
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from brygga.database.access_tables import signed_messages
from brygga.database.engine import Tx

SPARE: Final = timedelta(hours=1)


class Purpose(StrEnum):
    LOAD = "load"
    UNINSTALL = "uninstall"
    REMOVE_USER = "remove_user"


class Use(StrEnum):
    """What using a message for a purpose means."""

    FIRST = "first"
    REPEATED = "repeated"
    """It was used for this purpose already."""
    FOREIGN = "foreign"
    """It was used for another purpose: this sender is not BigCommerce."""


async def use(tx: Tx, message_id: str, purpose: Purpose, expires_at: datetime) -> Use:
    """Uses the message. Of several uses at once exactly one is the first."""
    key = hashlib.sha256(message_id.encode()).digest()
    values = {"key": key, "purpose": purpose.value, "expires_at": expires_at}
    statement = insert(signed_messages).values(**values).on_conflict_do_nothing()
    if await tx.first(statement.returning(signed_messages.c.key)) is not None:
        return Use.FIRST
    known = await tx.scalar(
        sa.select(signed_messages.c.purpose).where(signed_messages.c.key == key)
    )
    return Use.REPEATED if known == purpose.value else Use.FOREIGN


async def prune(tx: Tx, now: datetime) -> int:
    return await tx.run(
        sa.delete(signed_messages).where(signed_messages.c.expires_at < now - SPARE)
    )
