"""What the merchant has ticked off on our lists. A tick holds as long as its item counts no more
than it did then.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

import sqlalchemy as sa

from brygga.database.engine import Tx
from brygga.database.tables import ticks

_TICK = sa.text("""
    INSERT INTO ticks (connection_id, item, count, ticked_at) VALUES (:id, :item, :count, :now)
    ON CONFLICT (connection_id, item)
        DO UPDATE SET count = EXCLUDED.count, ticked_at = EXCLUDED.ticked_at
""")


async def all_of(tx: Tx, connection_id: int, prefix: str = "") -> Mapping[str, int]:
    """The ticked items that begin with `prefix`, each with its count at that time."""
    c = ticks.c
    statement = sa.select(c.item, c.count.label("counted")).where(
        c.connection_id == connection_id, c.item.startswith(prefix, autoescape=True)
    )
    return {row.item: row.counted for row in await tx.rows(statement)}


async def tick(tx: Tx, connection_id: int, items: Mapping[str, int], now: datetime) -> None:
    """Ticks these items, each with what it counts now."""
    rows = [
        {"id": connection_id, "item": item, "count": count, "now": now}
        for item, count in items.items()
    ]
    await tx.run_many(_TICK, rows)
    tx.touch(connection_id)


async def untick(tx: Tx, connection_id: int, items: Collection[str]) -> None:
    c = ticks.c
    await tx.run(sa.delete(ticks).where(c.connection_id == connection_id, c.item.in_(list(items))))
    tx.touch(connection_id)
