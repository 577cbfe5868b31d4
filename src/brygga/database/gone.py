"""Products that Zettle no longer has, kept for as long as their sync log and stock history."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from brygga.core.model import Product
from brygga.database import library
from brygga.database.engine import Tx
from brygga.database.library import Entry
from brygga.database.library_pages import patterns
from brygga.database.synclog import KEPT
from brygga.database.values import from_json


async def find(tx: Tx, connection_id: int, uuid: str) -> Entry | None:
    """A product that is gone: its row, what was kept of it, or the name in its sync log. None:
    there never was such a product, as far as we know.
    """
    entry = await library.get(tx, connection_id, uuid)
    if entry is not None:
        return entry if entry.removed_at is not None else None
    row = await tx.first(_GONE, {"id": connection_id, "uuid": uuid})
    if row is None:
        return None
    product = None if row.product is None else from_json(row.product, Product)
    return Entry(uuid, "", row.name, product, None, None, None, "", "", row.gone_at)


_GONE = sa.text("""
    SELECT name, CAST(product AS text) AS product, gone_at FROM gone_products
    WHERE connection_id = :id AND product_uuid = :uuid
    UNION ALL
    SELECT coalesce((array_agg(params ->> 'name'
        ORDER BY id DESC) FILTER (WHERE params ->> 'name' <> ''))[1], ''),
        NULL, max(at)
    FROM synclog WHERE connection_id = :id AND subject = :uuid HAVING count(*) > 0
    LIMIT 1
""")
"""Products that were removed before the table `gone_products` existed appear only in their sync
log.
"""


async def among(tx: Tx, connection_id: int, uuids: Collection[str]) -> frozenset[str]:
    """Those of these products that Zettle no longer has."""
    statement = sa.text("""
        SELECT uuid FROM unnest(CAST(:uuids AS text[])) AS asked (uuid)
        WHERE NOT EXISTS (
            SELECT FROM library l WHERE l.connection_id = :id AND l.product_uuid = uuid
                AND l.removed_at IS NULL
        )
    """)
    rows = await tx.rows(statement, {"id": connection_id, "uuids": list(uuids)})
    return frozenset(row.uuid for row in rows)


async def names(tx: Tx, connection_id: int, uuids: Collection[str]) -> Mapping[str, str]:
    """The names of these products, also of those that Zettle no longer has, as far as known."""
    statement = sa.text("""
        SELECT product_uuid, name FROM gone_products
        WHERE connection_id = :id AND product_uuid = ANY (CAST(:uuids AS text[]))
        UNION ALL
        SELECT product_uuid, name FROM library
        WHERE connection_id = :id AND product_uuid = ANY (CAST(:uuids AS text[]))
    """)
    rows = await tx.rows(statement, {"id": connection_id, "uuids": list(uuids)})
    return {row.product_uuid: row.name for row in rows if row.name}


async def found(tx: Tx, connection_id: int, search: str, limit: int) -> Sequence[str]:
    """Products whose name, SKU or barcode holds every word of the search, also those that Zettle no
    longer has (by name): at most `limit` of each.
    """
    statement = sa.text("""
        SELECT product_uuid FROM (
            (SELECT product_uuid FROM library
                WHERE connection_id = :id AND search LIKE ALL (CAST(:patterns AS text[]))
                ORDER BY sort_key, product_uuid LIMIT :limit)
            UNION
            (SELECT product_uuid FROM gone_products
                WHERE connection_id = :id AND lower(name) LIKE ALL (CAST(:patterns AS text[]))
                LIMIT :limit)
        ) found
    """)
    values = {"id": connection_id, "patterns": patterns(search), "limit": limit}
    return [row.product_uuid for row in await tx.rows(statement, values)]


async def moved_variants(tx: Tx, connection_id: int, uuid: str) -> Sequence[str]:
    """The variants of a product whose stock has moved, the first one first."""
    statement = sa.text("""
        SELECT variant_uuid FROM movements WHERE connection_id = :id AND product_uuid = :uuid
        GROUP BY variant_uuid ORDER BY min(id)
    """)
    return [
        row.variant_uuid for row in await tx.rows(statement, {"id": connection_id, "uuid": uuid})
    ]


async def prune(tx: Tx, now: datetime) -> None:
    await tx.run(
        sa.text("DELETE FROM gone_products WHERE gone_at < :before"), {"before": now - KEPT}
    )
