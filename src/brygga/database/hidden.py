"""The visible products that we hid before a removal. An undo shows these again, and no others."""

from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from brygga.database.access_tables import hidden_products
from brygga.database.engine import Tx


async def note(tx: Tx, connection_id: int, product_ids: Collection[int]) -> None:
    """Call it before the call that hides them."""
    rows = [
        {"connection_id": connection_id, "product_id": product_id} for product_id in product_ids
    ]
    if rows:
        await tx.run(insert(hidden_products).values(rows).on_conflict_do_nothing())


async def some(tx: Tx, connection_id: int, limit: int) -> Sequence[int]:
    c = hidden_products.c
    statement = (
        sa.select(c.product_id)
        .where(c.connection_id == connection_id)
        .order_by(c.product_id)
        .limit(limit)
    )
    return [row.product_id for row in await tx.rows(statement)]


async def forget(tx: Tx, connection_id: int, product_ids: Collection[int] | None = None) -> None:
    """Forgets these products, or all of them."""
    c = hidden_products.c
    conditions = [c.connection_id == connection_id]
    if product_ids is not None:
        conditions.append(c.product_id.in_(list(product_ids)))
    await tx.run(sa.delete(hidden_products).where(*conditions))
