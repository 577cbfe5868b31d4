"""How the account's last connection ended, and what it left in a store: what the pages say after a
disconnect (D1 to D4).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from brygga.core.model import Connection, Shop
from brygga.database.engine import Tx
from brygga.database.values import from_plain


@dataclass(frozen=True, slots=True)
class Ending:
    """`how` is "keep", "remove" or "uninstalled". `kept` counts the products that stayed in that
    store and are not synced.
    """

    shop: Shop
    how: str
    at: datetime
    kept: int
    marker_left: bool = False
    """Our hidden product stayed there too (decision 16)."""


async def last(tx: Tx, connection: Connection) -> Ending | None:
    """The ending of this connection if it has ended, else of the one before it. None where the
    account never had a store.
    """
    row = await tx.first(_LAST, {"id": connection.id, "organization": connection.organization.uuid})
    if row is None:
        return None
    return Ending(
        from_plain(row.shop, Shop), row.leaving or "keep", row.left_at, row.kept, row.marker_left
    )


_LAST = sa.text("""
    SELECT c.shop, c.leaving, c.left_at,
        (SELECT count(*) FROM bindings b WHERE b.connection_id = c.id AND b.state = 'kept') AS kept,
        EXISTS (
            SELECT FROM marker_products m
            WHERE m.connection_id = c.id AND (m.product_id IS NOT NULL OR m.begun_at IS NOT NULL)
        ) AS marker_left
    FROM connections c
    WHERE c.organization_uuid = :organization AND c.id <= :id AND c.stage = 'disconnected'
        AND c.shop IS NOT NULL
    ORDER BY c.id DESC LIMIT 1
""")


async def found_again(tx: Tx, connection_id: int) -> int:
    """D4: how many of Zettle's products this store still has from an earlier connection. They are
    assigned automatically.
    """
    return len(await uuids_found_again(tx, connection_id))


async def uuids_found_again(tx: Tx, connection_id: int) -> Sequence[str]:
    return [row.product_uuid for row in await tx.rows(_FOUND_AGAIN, {"id": connection_id})]


_FOUND_AGAIN = sa.text("""
    SELECT DISTINCT b.product_uuid FROM bindings b
    JOIN connections c ON c.organization_uuid = b.organization_uuid AND c.store_hash = b.store_hash
    JOIN library l ON l.connection_id = c.id AND l.product_uuid = b.product_uuid AND l.removed_at
        IS NULL
    WHERE c.id = :id AND b.state = 'kept'
        AND NOT EXISTS (SELECT FROM bindings mine WHERE mine.connection_id = c.id
            AND mine.product_uuid = b.product_uuid)
""")


async def left_to_remove(tx: Tx, connection_id: int) -> int:
    """How many products a disconnect with removal still has to delete: those that we made (decision
    12).
    """
    statement = sa.text(
        "SELECT count(*) FROM bindings WHERE connection_id = :id AND origin = 'created'"
    )
    return int(await tx.scalar(statement, {"id": connection_id}))


async def made_category(tx: Tx, connection_id: int, category_id: int) -> bool:
    """Whether an earlier connection of the same account and store made this category."""
    return bool(
        await tx.scalar(_MADE_CATEGORY, {"id": connection_id, "category": str(category_id)})
    )


_MADE_CATEGORY = sa.text("""
    SELECT EXISTS (
        SELECT FROM connections c
        JOIN connections e ON e.organization_uuid = c.organization_uuid
            AND e.store_hash = c.store_hash AND e.id <= c.id
        WHERE c.id = :id AND e.shop ->> 'category_id' = :category
            AND COALESCE(CAST(e.shop ->> 'category_is_ours' AS boolean), false)
    )
""")
