"""What we are about to create, saved before it is sent. A create without an answer is found by this
record, never guessed.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from brygga.database.engine import Tx
from brygga.database.tables import intents


@dataclass(frozen=True, slots=True)
class Intent:
    """`payload` is what was sent. `store_time` is the store's own clock just before, None when it
    could not be read.
    """

    product_uuid: str
    payload: Mapping[str, Any]
    begun_at: datetime
    store_time: datetime | None = None


async def begin(tx: Tx, connection_id: int, intent: Intent) -> None:
    """Replaces an older intent, whose outcome must be resolved before."""
    values = {
        "payload": dict(intent.payload),
        "store_time": intent.store_time,
        "begun_at": intent.begun_at,
    }
    statement = insert(intents).values(
        connection_id=connection_id, product_uuid=intent.product_uuid, **values
    )
    await tx.run(
        statement.on_conflict_do_update(
            index_elements=["connection_id", "product_uuid"], set_=values
        )
    )


async def open_for(tx: Tx, connection_id: int, uuids: Collection[str]) -> Mapping[str, Intent]:
    """Creates among these products whose outcome is unknown."""
    c = intents.c
    rows = await tx.rows(
        sa.select(intents).where(c.connection_id == connection_id, c.product_uuid.in_(list(uuids)))
    )
    return {row.product_uuid: _intent(row) for row in rows}


async def end(tx: Tx, connection_id: int, uuids: Collection[str]) -> None:
    """The outcome is known, whatever it is."""
    c = intents.c
    await tx.run(
        sa.delete(intents).where(c.connection_id == connection_id, c.product_uuid.in_(list(uuids)))
    )


def _intent(row: Any) -> Intent:
    return Intent(row.product_uuid, row.payload, row.begun_at, row.store_time)
