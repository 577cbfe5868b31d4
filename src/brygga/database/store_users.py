"""Users of a store who lost the right to open the app. A session that such a user began ends
(bigcommerce facts 1.5).

Only removed users are stored, and only for as long as one of their sessions can last.
"""

from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from brygga.database.access_tables import removed_users
from brygga.database.engine import Tx

KEPT: Final = timedelta(days=90)


async def remove(tx: Tx, store_hash: str, user_id: int, now: datetime) -> None:
    """The sessions that the user began before `now` end."""
    statement = insert(removed_users).values(store_hash=store_hash, user_id=user_id, removed_at=now)
    await tx.run(
        statement.on_conflict_do_update(
            index_elements=["store_hash", "user_id"], set_={"removed_at": now}
        )
    )


async def is_removed(tx: Tx, store_hash: str, user_id: int, since: datetime) -> bool:
    """Whether the user was removed after `since`, when their session began."""
    c = removed_users.c
    there = sa.select(c.user_id).where(
        c.store_hash == store_hash, c.user_id == user_id, c.removed_at >= since
    )
    return await tx.first(there) is not None


async def prune(tx: Tx, now: datetime) -> int:
    return await tx.run(sa.delete(removed_users).where(removed_users.c.removed_at < now - KEPT))
