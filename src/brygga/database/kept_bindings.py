"""Bindings of products that leave: to be deleted, released, or kept in the store when a connection
ends, and taken back by the next one (D2, D4).
"""

from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa

from brygga.core.model import Origin
from brygga.database.bindings import GET, Binding, State, binding_of, update_of
from brygga.database.engine import Tx
from brygga.database.product_tables import bindings

_GET_TO_DELETE = sa.text(GET + " AND b.state = 'to_delete' ORDER BY b.product_uuid LIMIT :limit")


async def mark_to_delete(
    tx: Tx, connection_id: int, uuids: Collection[str] | None = None
) -> Sequence[str]:
    """Products that we created and that have to be deleted; all of them when no uuids are given.
    Linked ones are not touched (decision 12).
    """
    c = bindings.c
    conditions = [
        c.connection_id == connection_id,
        c.origin == Origin.CREATED.value,
        c.state == State.BOUND.value,
    ]
    if uuids is not None:
        conditions.append(c.product_uuid.in_(list(uuids)))
    statement = (
        sa.update(bindings)
        .where(*conditions)
        .values(state=State.TO_DELETE.value)
        .returning(c.product_uuid)
    )
    return [row.product_uuid for row in await tx.rows(statement)]


async def created_ids(tx: Tx, connection_id: int) -> Sequence[int]:
    """The ids of the products that we made in the store (decision 12)."""
    c = bindings.c
    mine = sa.select(c.product_id).where(
        c.connection_id == connection_id, c.origin == Origin.CREATED.value
    )
    return [row.product_id for row in await tx.rows(mine.order_by(c.product_id))]


async def keep(tx: Tx, connection_id: int, uuids: Collection[str]) -> None:
    """Products that were to be deleted, and perhaps already are, are bound again. They count as
    changed, so that the store is asked for them.
    """
    await tx.run(
        update_of(connection_id, uuids).values(state=State.BOUND.value, etag="", fingerprint="")
    )


async def to_delete(tx: Tx, connection_id: int, limit: int = 250) -> Mapping[str, Binding]:
    rows = await tx.rows(_GET_TO_DELETE, {"id": connection_id, "limit": limit})
    return {row.product_uuid: binding_of(row) for row in rows}


async def release_linked(tx: Tx, connection_id: int) -> Sequence[str]:
    """Linked products are released and stay in the store as they are (decision 12)."""
    c = bindings.c
    statement = sa.delete(bindings).where(
        c.connection_id == connection_id, c.origin == Origin.LINKED.value
    )
    return [row.product_uuid for row in await tx.rows(statement.returning(c.product_uuid))]


async def keep_all(tx: Tx, connection_id: int) -> int:
    """D2, decision 11: every product that is still in the store stays there, also those that were
    to be deleted. Returns how many were to be deleted.
    """
    statement = sa.text("""
        WITH before AS (SELECT count(*) AS doomed FROM bindings WHERE connection_id = :id
            AND state = 'to_delete'),
        kept AS (UPDATE bindings SET state = 'kept' WHERE connection_id = :id)
        SELECT doomed FROM before
    """)
    return int(await tx.scalar(statement, {"id": connection_id}))


async def take_back(tx: Tx, connection_id: int) -> Sequence[str]:
    """D4: products kept by an earlier connection of the same account and store now belong to this
    one, children included.

    They count as changed, so that the next sync compares each with what the store holds now.
    Returns their uuids.
    """
    statement = sa.text("""
        UPDATE bindings b SET connection_id = c.id, state = 'bound', etag = '', fingerprint = '',
            counting = ''
        FROM connections c
        WHERE c.id = :id AND b.state = 'kept' AND b.organization_uuid = c.organization_uuid
            AND b.store_hash = c.store_hash
            AND b.connection_id = (
                SELECT max(last.connection_id) FROM bindings last
                WHERE last.state = 'kept' AND last.product_uuid = b.product_uuid
                    AND last.organization_uuid = b.organization_uuid
                        AND last.store_hash = b.store_hash
            )
            AND NOT EXISTS (
                SELECT 1 FROM bindings mine
                WHERE mine.connection_id = c.id AND (mine.product_uuid = b.product_uuid
                    OR mine.product_id = b.product_id)
            )
        RETURNING b.product_uuid
    """)
    return [row.product_uuid for row in await tx.rows(statement, {"id": connection_id})]


async def kept_here(tx: Tx, connection_id: int) -> Mapping[str, int]:
    """Zettle product uuid -> BigCommerce product id, of what earlier connections of this account
    left in this store (D4).
    """
    statement = sa.text("""
        SELECT b.product_uuid, b.product_id FROM bindings b
        JOIN connections c ON c.organization_uuid = b.organization_uuid
            AND c.store_hash = b.store_hash
        WHERE c.id = :id AND b.state = 'kept'
    """)
    return {
        row.product_uuid: row.product_id for row in await tx.rows(statement, {"id": connection_id})
    }
