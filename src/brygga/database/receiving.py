"""What a receiver of webhooks has to know about a connection and the products of a message."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from brygga.core.model import Stage
from brygga.database.engine import Tx


@dataclass(frozen=True, slots=True)
class Known:
    """`marker`: those products that are our own hidden one (decision 16). `bound`: those that
    belong to a Zettle product. `settled`: those of them that have for a while.
    """

    stage: Stage
    marker: Collection[int] = frozenset()
    bound: Collection[int] = frozenset()
    settled: Collection[int] = frozenset()


_KNOWN = sa.text("""
    SELECT c.stage,
        ARRAY(SELECT m.product_id FROM marker_products m WHERE m.connection_id = c.id
            AND m.product_id = ANY (CAST(:ids AS bigint[]))) AS marker,
        ARRAY(SELECT b.product_id FROM bindings b WHERE b.connection_id = c.id
            AND b.product_id = ANY (CAST(:ids AS bigint[]))) AS bound,
        ARRAY(SELECT b.product_id FROM bindings b WHERE b.connection_id = c.id
            AND b.product_id = ANY (CAST(:ids AS bigint[])) AND b.bound_at <= :before) AS settled
    FROM connections c WHERE c.id = :id
""")


async def known(
    tx: Tx, connection_id: int, product_ids: Collection[int], before: datetime
) -> Known | None:
    """What we know of these BigCommerce products. `settled` are those that were bound before then.

    None for a connection that does not exist.
    """
    values = {"id": connection_id, "ids": list(product_ids), "before": before}
    row = await tx.first(_KNOWN, values)
    if row is None:
        return None
    return Known(
        Stage(row.stage), frozenset(row.marker), frozenset(row.bound), frozenset(row.settled)
    )
