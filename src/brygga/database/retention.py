"""What stock deletes, connection by connection: writes, hints and echoes that nothing can need any
more.

Only a connection's own work deletes them: what waits while another merchant's work is paused stays.
"""

from datetime import datetime, timedelta

import sqlalchemy as sa

from brygga.database.engine import Tx
from brygga.database.work_items import STOCK_KINDS

KEPT = timedelta(days=4)
"""Zettle repeats an event for about 72 hours (zettle facts 4.5)."""

# The products with waiting work, by Zettle's uuid or by BigCommerce's id: a work item may name
# either.
_AWAITED = """
    WITH marked AS (
        SELECT subject FROM work_items
        WHERE connection_id = :id AND kind = ANY (CAST(:kinds AS text[]))
    ), awaited AS (
        SELECT subject FROM marked
        UNION
        SELECT CAST(b.product_id AS text) FROM bindings b JOIN marked ON b.product_uuid = subject
            WHERE b.connection_id = :id
        UNION
        SELECT b.product_uuid FROM bindings b JOIN marked ON CAST(b.product_id AS text) = subject
            WHERE b.connection_id = :id
    )
"""
_PRUNE_LOST = sa.text(f"""
    {_AWAITED} DELETE FROM pending_writes
    WHERE connection_id = :id AND state = 'lost' AND at < :before
        AND product_uuid NOT IN (SELECT subject FROM awaited)
""")  # noqa: S608 - our own
# Reports of tracking switches are kept among the hints, with a word and a colon before the product.
_PRUNE_HINTS = sa.text(f"""
    {_AWAITED} DELETE FROM stock_hints h
    WHERE h.connection_id = :id AND h.at < :before
        AND split_part(regexp_replace(h.subject, '^[a-z]+:', ''), '/', 1) NOT IN (SELECT subject
            FROM awaited)
""")  # noqa: S608 - our own
_PRUNE_ECHOES = sa.text("""
    DELETE FROM echoes e WHERE e.connection_id = :id AND e.received_at < :before
        AND NOT EXISTS (SELECT 1 FROM pending_writes f WHERE f.connection_id = :id
            AND f.call = e.identifier)
""")


async def prune(tx: Tx, connection_id: int, now: datetime) -> None:
    """Deletes what no late event can need any more, unless it waits to be read: work may have been
    paused for longer than events come late.

    Open writes are kept until they are resolved, and writes in doubt until they are decided or
    asked about, however old they are. Their echoes are kept as long.
    """
    values = {"id": connection_id, "before": now - KEPT}
    kinds = sorted(kind.value for kind in STOCK_KINDS)
    await tx.run(_PRUNE_LOST, {**values, "kinds": kinds})
    await tx.run(_PRUNE_HINTS, {**values, "kinds": kinds})
    await tx.run(_PRUNE_ECHOES, values)
    await tx.run(
        sa.text("DELETE FROM initial_levels WHERE connection_id = :id AND begun_at < :before"),
        values,
    )


async def close(tx: Tx, connection_id: int) -> None:
    """The connection has ended: it resolves no write and records no event any more. Its ledgers
    stay for the next connection (`ledgers.earlier`).
    """
    for table in ("pending_writes", "stock_hints", "echoes", "initial_levels"):
        await tx.run(
            sa.text(f"DELETE FROM {table} WHERE connection_id = :id"),  # noqa: S608 - our own
            {"id": connection_id},
        )
