"""What we are about to create, saved before it is sent. A create without an answer is found by this
record, never guessed.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from brygga.database.engine import Tx
from brygga.database.product_tables import intents
from brygga.database.values import to_json


@dataclass(frozen=True, slots=True)
class Intent:
    """`payload` is what was sent. `store_time` is the store's own clock just before, None when it
    could not be read.
    """

    product_uuid: str
    payload: Mapping[str, Any]
    begun_at: datetime
    store_time: datetime | None = None


_BEGIN = sa.text("""
    INSERT INTO intents (connection_id, product_uuid, payload, store_time, begun_at)
    SELECT :id, n.product_uuid, CAST(n.payload AS jsonb), n.store_time, n.begun_at
    FROM unnest(CAST(:uuids AS text[]), CAST(:payloads AS text[]),
        CAST(:store_times AS timestamptz[]), CAST(:begun AS timestamptz[]))
        AS n (product_uuid, payload, store_time, begun_at)
    ON CONFLICT (connection_id, product_uuid) DO UPDATE SET payload = EXCLUDED.payload,
        store_time = EXCLUDED.store_time, begun_at = EXCLUDED.begun_at
""")


async def begin(tx: Tx, connection_id: int, begun: Collection[Intent]) -> None:
    """Saves intents of different products, in one statement. Each replaces an older one, whose
    outcome must be resolved before.
    """
    if not begun:
        return
    values = {
        "id": connection_id,
        "uuids": [one.product_uuid for one in begun],
        "payloads": [to_json(dict(one.payload)) for one in begun],
        "store_times": [one.store_time for one in begun],
        "begun": [one.begun_at for one in begun],
    }
    await tx.run(_BEGIN, values)


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
