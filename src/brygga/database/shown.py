"""What BigCommerce showed of each of our products when it was last read, and which differences the
merchant keeps until the next save in Zettle (decision 1).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from brygga.core.model import ObservedProduct
from brygga.database.engine import Tx
from brygga.database.values import from_json, to_json


@dataclass(frozen=True, slots=True)
class Shown:
    """One read of a product. `product` is None when BigCommerce did not have it."""

    product_id: int
    read_at: datetime
    product: ObservedProduct | None
    differs: int = 0
    """How many fields somebody edited in BigCommerce."""
    is_accepted: bool = False
    """The merchant keeps these very differences until the next save in Zettle."""


@dataclass(frozen=True, slots=True)
class Read:
    """What a read found. `differs` and `digest` are of the differences (`core.drift`)."""

    product_id: int
    product: ObservedProduct | None
    differs: int = 0
    digest: str = ""


_SAVE = sa.text("""
    INSERT INTO shown_products AS s
        (connection_id, product_uuid, product_id, read_at, product, differs, digest)
    SELECT :id, uuid, product_id, :now, CAST(product AS jsonb), differs, digest
    FROM unnest(
        CAST(:uuids AS text[]), CAST(:product_ids AS bigint[]), CAST(:products AS text[]),
        CAST(:differs AS integer[]), CAST(:digests AS text[])
    ) AS n (uuid, product_id, product, differs, digest)
    ON CONFLICT (connection_id, product_uuid) DO UPDATE SET
        product_id = EXCLUDED.product_id, read_at = EXCLUDED.read_at,
        product = EXCLUDED.product, differs = EXCLUDED.differs, digest = EXCLUDED.digest,
        accepted = CASE WHEN s.accepted = EXCLUDED.digest THEN s.accepted ELSE '' END
""")


async def save(tx: Tx, connection_id: int, reads: Mapping[str, Read], now: datetime) -> None:
    """Zettle's uuid -> what was read. Other differences than the accepted ones are asked about
    again.
    """
    if not reads:
        return
    found = list(reads.values())
    values = {
        "id": connection_id,
        "now": now,
        "uuids": list(reads),
        "product_ids": [one.product_id for one in found],
        "products": [None if one.product is None else to_json(one.product) for one in found],
        "differs": [one.differs for one in found],
        "digests": [one.digest for one in found],
    }
    await tx.run(_SAVE, values)


async def get(tx: Tx, connection_id: int, uuid: str) -> Shown | None:
    statement = sa.text("""
        SELECT product_id, read_at, CAST(product AS text) AS product, differs,
            digest <> '' AND digest = accepted AS is_accepted
        FROM shown_products WHERE connection_id = :id AND product_uuid = :uuid
    """)
    row = await tx.first(statement, {"id": connection_id, "uuid": uuid})
    if row is None:
        return None
    product = None if row.product is None else from_json(row.product, ObservedProduct)
    return Shown(row.product_id, row.read_at, product, row.differs, row.is_accepted)


async def accept(tx: Tx, connection_id: int, uuid: str) -> bool:
    """The merchant keeps what differs now until the next save in Zettle. False when nothing
    differs.
    """
    statement = sa.text("""
        UPDATE shown_products SET accepted = digest
        WHERE connection_id = :id AND product_uuid = :uuid AND digest <> ''
    """)
    return await tx.run(statement, {"id": connection_id, "uuid": uuid}) == 1


async def accepted(tx: Tx, connection_id: int, uuids: Collection[str]) -> Mapping[str, str]:
    """The digests of the differences that the merchant keeps, by Zettle's uuid."""
    statement = sa.text("""
        SELECT product_uuid, accepted FROM shown_products
        WHERE connection_id = :id AND product_uuid = ANY (CAST(:uuids AS text[]))
            AND accepted <> ''
    """)
    rows = await tx.rows(statement, {"id": connection_id, "uuids": list(uuids)})
    return {row.product_uuid: row.accepted for row in rows}


async def prune(tx: Tx, connection_id: int) -> int:
    """Deletes what was read of products that are not bound any more."""
    statement = sa.text("""
        DELETE FROM shown_products s WHERE s.connection_id = :id AND NOT EXISTS (
            SELECT FROM bindings b WHERE b.connection_id = :id AND b.product_uuid = s.product_uuid
        )
    """)
    return await tx.run(statement, {"id": connection_id})
