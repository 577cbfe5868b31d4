"""The inputs of the plan before the first sync: the values that the store's own products hold, and
the library as it was when the plan was made.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

from brygga.database.engine import Tx


@dataclass(frozen=True, slots=True)
class Claim:
    """A value of `core.claims` ("name", "sku", "url") that a product of the store's own has."""

    field: str
    value: str
    product_id: int
    name: str


class Change(StrEnum):
    """What happened to a product between the plan and the first sync."""

    ADDED = "added"
    EDITED = "edited"
    REMOVED = "removed"


async def keep_claims(tx: Tx, connection_id: int, claims: Collection[Claim]) -> None:
    """Replaces those read before. Of two products with the same value, the first one has it."""
    await tx.run(
        sa.text("DELETE FROM shop_claims WHERE connection_id = :id"), {"id": connection_id}
    )
    statement = sa.text("""
        INSERT INTO shop_claims (connection_id, field, value, product_id, name)
        SELECT :id, field, value, product_id, name FROM unnest(
            CAST(:fields AS text[]), CAST(:values AS text[]), CAST(:product_ids AS bigint[]),
                CAST(:names AS text[])
        ) AS n (field, value, product_id, name)
        ON CONFLICT DO NOTHING
    """)
    values = {
        "id": connection_id,
        "fields": [claim.field for claim in claims],
        "values": [claim.value for claim in claims],
        "product_ids": [claim.product_id for claim in claims],
        "names": [claim.name for claim in claims],
    }
    if claims:
        await tx.run(statement, values)


async def claims(tx: Tx, connection_id: int) -> Sequence[Claim]:
    statement = sa.text("""
        SELECT field, value, product_id, name FROM shop_claims WHERE connection_id = :id
            ORDER BY field, value
    """)
    rows = await tx.rows(statement, {"id": connection_id})
    return [Claim(row.field, row.value, row.product_id, row.name) for row in rows]


async def stamp(tx: Tx, connection_id: int) -> str:
    """A stamp that changes when any input of a plan changes."""
    statement = sa.text("""
        SELECT concat_ws(' ',
            (SELECT concat(count(*), ' ', sum(hashtextextended(concat_ws(
                '|', product_uuid, etag, assigned, failure, unreadable, removed_at, unassign_at),
                    0)))
                FROM library WHERE connection_id = :id),
            (SELECT sum(hashtextextended(concat_ws('|', product_uuid, product_id, etag, state,
                origin), 0))
                FROM bindings WHERE connection_id = :id),
            (SELECT sum(hashtextextended(concat_ws('|', product_uuid, product_id, reason, shop_name,
                choice), 0))
                FROM duplicates WHERE connection_id = :id),
            (SELECT sum(hashtextextended(concat_ws('|', field, value, product_id), 0))
                FROM shop_claims WHERE connection_id = :id)
        )
    """)
    return str(await tx.scalar(statement, {"id": connection_id}))


async def remember(tx: Tx, connection_id: int) -> None:
    """Saves the present library as what the merchant agreed to."""
    await forget(tx, connection_id)
    statement = sa.text("""
        INSERT INTO planned (connection_id, product_uuid, etag, name)
        SELECT connection_id, product_uuid, etag, name FROM library WHERE connection_id = :id
            AND removed_at IS NULL
    """)
    await tx.run(statement, {"id": connection_id})


async def changes(tx: Tx, connection_id: int) -> Sequence[tuple[str, str, Change]]:
    """Uuid, name and change of every product that differs from the plan. Empty where there is no
    plan.
    """
    statement = sa.text("""
        WITH plan AS (SELECT product_uuid, etag, name FROM planned WHERE connection_id = :id),
            now AS (SELECT product_uuid, etag, name FROM library WHERE connection_id = :id
                AND removed_at IS NULL AND etag <> '')
        SELECT product_uuid, coalesce(now.name, plan.name) AS name,
            CASE WHEN plan.product_uuid IS NULL THEN 'added' WHEN now.product_uuid IS NULL
                THEN 'removed' ELSE 'edited' END AS change
        FROM plan FULL JOIN now USING (product_uuid)
        WHERE now.etag IS DISTINCT FROM plan.etag AND EXISTS (SELECT 1 FROM plan)
        ORDER BY name, product_uuid
    """)
    rows = await tx.rows(statement, {"id": connection_id})
    return [(row.product_uuid, row.name, Change(row.change)) for row in rows]


async def forget(tx: Tx, connection_id: int) -> None:
    await tx.run(sa.text("DELETE FROM planned WHERE connection_id = :id"), {"id": connection_id})
