"""Whose products of the store's are. A turn asks this as its transaction begins."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from brygga.database.engine import Tx, checked


@dataclass(frozen=True, slots=True)
class Owner:
    """The Zettle product of a product of the store's. `is_young`: it was bound a moment ago."""

    uuid: str
    is_young: bool


_OF_PRODUCTS = sa.text("""
    SELECT c.lease_epoch, c.lease_holder, b.product_id, b.product_uuid, b.bound_at > :since
        AS is_young
    FROM (SELECT lease_epoch, lease_holder FROM connections WHERE id = :id FOR KEY SHARE) AS c
        LEFT JOIN bindings b ON b.connection_id = :id
            AND b.product_id = ANY (CAST(:products AS bigint[]))
""")


async def of_products(
    tx: Tx, connection_id: int, product_ids: Collection[int], since: datetime
) -> Mapping[int, Owner]:
    """By BigCommerce product id. An id that is missing is not ours. What was bound after `since` is
    young. It also checks a fence that waits for that (`Fence.is_checked_later`).
    """
    values = {"id": connection_id, "products": sorted(product_ids), "since": since}
    rows = checked(tx, await tx.rows(_OF_PRODUCTS, values))
    return {
        row.product_id: Owner(row.product_uuid, row.is_young)
        for row in rows
        if row.product_id is not None
    }
