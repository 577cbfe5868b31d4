"""Which products of the library the merchant wants in the store: decided, undone, carried over.

`library.assigned` holds the decision, `library.unassign_at` the time until which an unassignment
can be undone (decision 14).
"""

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa

from brygga.database.engine import Tx
from brygga.database.library import update_of
from brygga.database.product_tables import library


async def assign(tx: Tx, connection_id: int, uuids: Collection[str]) -> Sequence[str]:
    """A1, A2. A waiting unassignment is undone. Returns the products that were not assigned
    before.
    """
    c = library.c
    statement = (
        update_of(connection_id, uuids)
        .where(sa.or_(c.assigned.is_not(True), c.unassign_at.is_not(None)))
        .values(assigned=True, unassign_at=None, failure="")
        .returning(c.product_uuid)
    )
    return [row.product_uuid for row in await tx.rows(statement)]


async def assign_all(
    tx: Tx, connection_id: int, among: Collection[str] | None = None
) -> Sequence[str]:
    """P8, whole library: every product without a decision. With `among`, only those (D4). Returns
    them.
    """
    c = library.c
    statement = (
        sa.update(library)
        .where(c.connection_id == connection_id, c.removed_at.is_(None), c.assigned.is_(None))
        .values(assigned=True)
        .returning(c.product_uuid)
    )
    if among is not None:
        statement = statement.where(c.product_uuid.in_(list(among)))
    return [row.product_uuid for row in await tx.rows(statement)]


async def unassign(
    tx: Tx, connection_id: int, uuids: Collection[str], at: datetime
) -> Sequence[str]:
    """A3: the unassignment is decided, and can be undone until `at`. Nothing changes until then.
    Returns the products for which this is new.
    """
    c = library.c
    statement = (
        update_of(connection_id, uuids)
        .where(c.assigned.is_(True), c.unassign_at.is_(None))
        .values(unassign_at=at)
        .returning(c.product_uuid)
    )
    return [row.product_uuid for row in await tx.rows(statement)]


async def undo(tx: Tx, connection_id: int, uuids: Collection[str]) -> Sequence[str]:
    """Returns the products whose unassignment was still waiting."""
    c = library.c
    statement = (
        update_of(connection_id, uuids)
        .where(c.unassign_at.is_not(None))
        .values(unassign_at=None)
        .returning(c.product_uuid)
    )
    return [row.product_uuid for row in await tx.rows(statement)]


async def undo_all(tx: Tx, connection_id: int) -> Sequence[str]:
    """Returns the products whose unassignment was still waiting: all of them are undone."""
    c = library.c
    statement = (
        sa.update(library)
        .where(c.connection_id == connection_id, c.unassign_at.is_not(None))
        .values(unassign_at=None)
        .returning(c.product_uuid)
    )
    return [row.product_uuid for row in await tx.rows(statement)]


async def decide_unassigned(
    tx: Tx, connection_id: int, uuids: Collection[str], now: datetime
) -> Sequence[str]:
    """Products whose time to undo has passed become unassigned. Returns them. "Undo" comes too late
    from now on.
    """
    c = library.c
    statement = (
        update_of(connection_id, uuids)
        .where(c.unassign_at <= now)
        .values(assigned=False, unassign_at=None)
        .returning(c.product_uuid)
    )
    return [row.product_uuid for row in await tx.rows(statement)]


async def decide(tx: Tx, connection_id: int, uuid: str, assigned: bool, now: datetime) -> None:
    """P9: what our form decided for a product that Zettle may not have reported yet."""
    statement = sa.text("""
        INSERT INTO library (connection_id, product_uuid, assigned, seen_at) VALUES (:id, :uuid,
            :assigned, :now)
        ON CONFLICT (connection_id, product_uuid) DO UPDATE SET assigned = EXCLUDED.assigned,
            unassign_at = NULL
    """)
    await tx.run(statement, {"id": connection_id, "uuid": uuid, "assigned": assigned, "now": now})


async def carry_over(tx: Tx, connection_id: int, uuids: Collection[str]) -> Collection[str]:
    """D4: adds those of these products that this mirror lacks, assigned, as an earlier connection
    of the account had them. Returns them.
    """
    statement = sa.text("""
        INSERT INTO library (connection_id, product_uuid, etag, name, sort_key, search, product,
            vat, unreadable, assigned, seen_at)
        SELECT DISTINCT ON (uuid) :id, uuid, coalesce(old.etag, ''), coalesce(old.name, ''),
            coalesce(old.sort_key, ''),
            coalesce(old.search, ''), old.product, old.vat, coalesce(old.unreadable, ''), TRUE,
                c.created_at
        FROM connections c CROSS JOIN unnest(CAST(:uuids AS text[])) AS wanted (uuid)
        LEFT JOIN (library old JOIN connections before ON before.id = old.connection_id)
            ON old.product_uuid = wanted.uuid AND before.organization_uuid = c.organization_uuid
                AND before.id < c.id
        WHERE c.id = :id ORDER BY uuid, before.id DESC NULLS LAST
        ON CONFLICT (connection_id, product_uuid) DO NOTHING
        RETURNING product_uuid
    """)
    return {
        row.product_uuid
        for row in await tx.rows(statement, {"id": connection_id, "uuids": list(uuids)})
    }
