"""The levels that are sent with creates, until the create is resolved."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa

from brygga.database.engine import Tx

CREATES_KEPT = timedelta(hours=1)
"""An initial level older than this belongs to a create that is resolved."""


async def begin_creates(
    tx: Tx, connection_id: int, levels: Mapping[str, Mapping[str, int]], now: datetime
) -> None:
    """The levels that creates are about to set, by product and variant. They replace those of an
    earlier try.
    """
    rows = [(uuid, *one) for uuid, variants in levels.items() for one in variants.items()]
    if not rows:
        return
    statement = sa.text("""
        INSERT INTO initial_levels (connection_id, product_uuid, variant_uuid, level, begun_at)
        SELECT :id, product_uuid, variant_uuid, level, :now
        FROM unnest(CAST(:products AS text[]), CAST(:variants AS text[]),
            CAST(:levels AS integer[])) AS n (product_uuid, variant_uuid, level)
        ON CONFLICT (connection_id, product_uuid, variant_uuid) DO UPDATE
            SET level = EXCLUDED.level, begun_at = EXCLUDED.begun_at
    """)
    products, variants, given = (list(column) for column in zip(*rows, strict=True))
    values = {"id": connection_id, "products": products, "variants": variants, "levels": given}
    await tx.run(statement, {**values, "now": now})


async def take_creates(
    tx: Tx, connection_id: int, variants: Mapping[str, Collection[str]], now: datetime
) -> Mapping[str, int]:
    """The levels that these variants, by product, were created with. Each is returned once."""
    pairs = [(uuid, variant) for uuid, some in variants.items() for variant in some]
    statement = sa.text("""
        DELETE FROM initial_levels l
        USING unnest(CAST(:products AS text[]), CAST(:variants AS text[]))
            AS n (product_uuid, variant_uuid)
        WHERE l.connection_id = :id AND l.product_uuid = n.product_uuid
            AND l.variant_uuid = n.variant_uuid
        RETURNING l.variant_uuid, l.level, l.begun_at
    """)
    values = {
        "id": connection_id,
        "products": [uuid for uuid, _ in pairs],
        "variants": [variant for _, variant in pairs],
    }
    rows = await tx.rows(statement, values)
    return {row.variant_uuid: row.level for row in rows if row.begun_at > now - CREATES_KEPT}


async def end_creates(tx: Tx, connection_id: int, product_uuid: str) -> None:
    """The create made nothing of this product."""
    statement = sa.text(
        "DELETE FROM initial_levels WHERE connection_id = :id AND product_uuid = :product"
    )
    await tx.run(statement, {"id": connection_id, "product": product_uuid})
