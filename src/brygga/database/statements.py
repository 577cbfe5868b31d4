"""The nightly statements of a connection, each chained to the one before, and the differences that
may have to be told.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from brygga.core.statements import (
    FIRST,
    LASTS,
    Compared,
    Link,
    Statement,
    canonical,
    hash_of,
    next_night,
)
from brygga.database import work_items
from brygga.database.alert_tables import statements
from brygga.database.engine import Tx
from brygga.database.work_items import Kind

c = statements.c


@dataclass(frozen=True, slots=True)
class Stored:
    """A statement without its rows."""

    number: int
    made_at: datetime
    hash: str
    equal: int
    different: int
    unknown: int
    separate: int


async def add(tx: Tx, connection_id: int, made: Statement) -> Statement:
    """Saves the statement as the next link of the chain: its number and what it is chained to are
    set here. Call it in a transaction that holds the connection's lease.
    """
    last = await tx.first(
        sa.select(c.number, c.hash)
        .where(c.connection_id == connection_id)
        .order_by(c.number.desc())
        .limit(1)
    )
    chained = replace(
        made,
        number=last.number + 1 if last else 1,
        previous=last.hash if last else FIRST,
    )
    text = canonical(chained)
    values = {
        "connection_id": connection_id,
        "number": chained.number,
        "made_at": chained.made_at,
        "previous": chained.previous,
        "hash": hash_of(text),
        "text": text,
        "equal": chained.equal,
        "different": chained.different,
        "unknown": chained.unknown,
        "separate": chained.separate,
    }
    await tx.run(sa.insert(statements).values(**values))
    return chained


async def newest(tx: Tx, connection_id: int, limit: int = 400) -> Sequence[Stored]:
    columns = (c.number, c.made_at, c.hash, c.equal, c.different, c.unknown, c.separate)
    rows = await tx.rows(
        sa.select(*columns)
        .where(c.connection_id == connection_id)
        .order_by(c.number.desc())
        .limit(limit)
    )
    return [Stored(*row) for row in rows]


async def link(tx: Tx, connection_id: int, number: int) -> Link | None:
    statement = sa.select(statements).where(c.connection_id == connection_id, c.number == number)
    row = await tx.first(statement)
    return None if row is None else _link(row)


async def chain(tx: Tx, connection_id: int) -> Sequence[Link]:
    """All statements that are kept, oldest first."""
    statement = sa.select(statements).where(c.connection_id == connection_id).order_by(c.number)
    return [_link(row) for row in await tx.rows(statement)]


async def ensure(tx: Tx, now: datetime) -> None:
    """Every running connection has a work item for the next night of its merchant."""
    rows = await tx.rows(
        sa.text("""
            SELECT c.id, c.organization ->> 'country' AS country FROM connections c
            WHERE c.stage = 'running' AND NOT EXISTS (
                SELECT FROM work_items w
                WHERE w.connection_id = c.id AND w.kind = 'statement' AND w.subject = ''
            )
            ORDER BY c.id
        """)
    )
    for row in rows:
        due_at = next_night(row.country or "", share(row.id), now)
        await work_items.add(tx, row.id, Kind.STATEMENT, "", now, due_at=due_at)


def share(connection_id: int) -> float:
    """Where in the night a connection has its place: always the same, and spread evenly."""
    return (connection_id * 0.6180339887498949) % 1.0


async def prune(tx: Tx, kept: timedelta, now: datetime) -> int:
    return await tx.run(sa.delete(statements).where(c.made_at < now - kept))


# ---- Differences that last -----------------------------------------------------------------------

_FOUND = sa.text("""
    INSERT INTO differences AS d
        (connection_id, variant_uuid, product_uuid, since, seen_at, zettle, shop)
    SELECT :id, variant, product, :now, :now, zettle, shop
    FROM unnest(CAST(:variants AS text[]), CAST(:products AS text[]),
        CAST(:zettle AS integer[]), CAST(:shop AS integer[])) AS n (variant, product, zettle, shop)
    ON CONFLICT (connection_id, variant_uuid) DO UPDATE
        SET seen_at = EXCLUDED.seen_at, zettle = EXCLUDED.zettle, shop = EXCLUDED.shop
""")
_OVER = sa.text("""
    DELETE FROM differences WHERE connection_id = :id
        AND (CAST(:products AS text[]) IS NULL OR product_uuid = ANY (CAST(:products AS text[])))
        AND variant_uuid <> ALL (CAST(:variants AS text[]))
""")


async def differ(
    tx: Tx,
    connection_id: int,
    found: Sequence[Compared],
    now: datetime,
    products: Collection[str] | None = None,
) -> None:
    """These variants differ now. All others are equal again: of these products, or of all."""
    values: dict[str, Any] = {
        "id": connection_id,
        "now": now,
        "variants": [one.variant_uuid for one in found],
        "products": [one.product_uuid for one in found],
        "zettle": [one.zettle for one in found],
        "shop": [one.shop for one in found],
    }
    await tx.run(_FOUND, values)
    about = None if products is None else list(products)
    await tx.run(_OVER, {**values, "products": about})


async def lasting(tx: Tx, connection_id: int) -> Mapping[str, Sequence[str]]:
    """The variants that differ, by product."""
    statement = sa.text("""
        SELECT product_uuid, variant_uuid FROM differences WHERE connection_id = :id
        ORDER BY product_uuid, variant_uuid
    """)
    found: dict[str, list[str]] = {}
    for row in await tx.rows(statement, {"id": connection_id}):
        found.setdefault(row.product_uuid, []).append(row.variant_uuid)
    return found


async def is_listed(tx: Tx, connection_id: int, product_uuid: str) -> bool:
    """Whether the product is in the store, so that its numbers can be compared."""
    statement = sa.text(
        "SELECT 1 FROM bindings WHERE connection_id = :id AND product_uuid = :product"
    )
    values = {"id": connection_id, "product": product_uuid}
    return await tx.first(statement, values) is not None


async def look_again(tx: Tx, connection_id: int, now: datetime, after: timedelta = LASTS) -> None:
    """What differs is compared again after this time."""
    await work_items.add(tx, connection_id, Kind.STATEMENT, AGAIN, now, due_at=now + after)


_OPENED = sa.text("""
    INSERT INTO differences AS d
        (connection_id, variant_uuid, product_uuid, since, seen_at, zettle, shop)
    SELECT DISTINCT l.connection_id, l.variant_uuid, l.product_uuid, CAST(:now AS timestamptz),
        CAST(:now AS timestamptz), CAST(l.zettle ->> 'confirmed' AS integer),
        CAST(l.shop ->> 'confirmed' AS integer)
    FROM work_items m JOIN connections c ON c.id = m.connection_id
        JOIN ledgers l ON l.connection_id = m.connection_id AND l.product_uuid = m.subject
    WHERE c.stage = 'running' AND c.paused = '' AND c.held_at IS NULL
        AND m.kind IN ('stock', 'resolve')
        AND NOT l.separate AND l.check_since IS NULL
        AND jsonb_typeof(l.zettle -> 'confirmed') = 'number'
        AND jsonb_typeof(l.shop -> 'confirmed') = 'number'
        AND l.zettle -> 'confirmed' <> l.shop -> 'confirmed'
    ON CONFLICT (connection_id, variant_uuid) DO UPDATE
        SET since = EXCLUDED.since, seen_at = EXCLUDED.seen_at,
            zettle = EXCLUDED.zettle, shop = EXCLUDED.shop
        WHERE d.seen_at = d.since AND d.zettle <> EXCLUDED.zettle AND d.shop <> EXCLUDED.shop
""")
"""Where both numbers have moved, writes arrive, and it is another difference."""
_CLOSED = sa.text("""
    DELETE FROM differences d
    WHERE d.seen_at = d.since AND NOT EXISTS (
        SELECT FROM work_items m WHERE m.connection_id = d.connection_id
            AND (m.kind IN ('stock', 'resolve') AND m.subject = d.product_uuid
                OR m.kind = 'statement' AND m.subject = :again)
    )
""")
_LONG = sa.text("""
    SELECT DISTINCT d.connection_id FROM differences d
        JOIN connections c ON c.id = d.connection_id
    WHERE c.stage = 'running' AND c.paused = '' AND c.held_at IS NULL
        AND d.seen_at = d.since AND d.since <= :before
        AND NOT EXISTS (SELECT FROM work_items m WHERE m.connection_id = d.connection_id
            AND m.kind = 'statement' AND m.subject = :again)
    ORDER BY d.connection_id
""")


async def watch(tx: Tx, now: datetime) -> None:
    """Notes the variants whose ledger differs while their stock work is not done, and forgets those
    that are done. What has been noted for `LASTS` is compared now: the platforms are read again.
    """
    await tx.run(_CLOSED, {"again": AGAIN})
    await tx.run(_OPENED, {"now": now})
    for row in await tx.rows(_LONG, {"before": now - LASTS, "again": AGAIN}):
        await look_again(tx, row.connection_id, now, timedelta(0))


@dataclass(frozen=True, slots=True)
class Differing:
    """A variant whose numbers have differed since then, as far as the last comparison tells."""

    product_uuid: str
    variant_uuid: str
    name: str
    zettle: int
    shop: int
    since: datetime


async def differing(tx: Tx, connection_id: int, limit: int = 50) -> Sequence[Differing]:
    """Those that the merchant is told of: they differed for `LASTS` at least."""
    statement = sa.text("""
        SELECT d.product_uuid, d.variant_uuid, coalesce(l.name, '') AS name, d.zettle, d.shop,
            d.since
        FROM differences d LEFT JOIN library l
            ON l.connection_id = d.connection_id AND l.product_uuid = d.product_uuid
        WHERE d.connection_id = :id AND d.seen_at >= d.since + CAST(:lasts AS interval)
        ORDER BY d.since, d.variant_uuid LIMIT :limit
    """)
    values = {"id": connection_id, "lasts": LASTS, "limit": limit}
    return [Differing(*row) for row in await tx.rows(statement, values)]


@dataclass(frozen=True, slots=True)
class Unequal:
    """How many variants have two numbers now that are not equal, and the first of them by name:
    product, variant, name.
    """

    count: int = 0
    first: tuple[tuple[str, str, str], ...] = ()


async def unequal(tx: Tx, connection_id: int, limit: int = 5) -> Unequal:
    """As the ledgers know it, of products in the store that Zettle counts and that have no separate
    stock. A number that only Zettle has counts too.
    """
    statement = sa.text("""
        SELECT g.product_uuid, g.variant_uuid, l.name, count(*) OVER () AS variants
        FROM ledgers g
            JOIN bindings b ON b.connection_id = g.connection_id
                AND b.product_uuid = g.product_uuid AND b.state = 'bound'
            JOIN library l ON l.connection_id = g.connection_id
                AND l.product_uuid = g.product_uuid AND l.removed_at IS NULL
        WHERE g.connection_id = :id AND NOT g.separate
            AND jsonb_typeof(g.zettle -> 'confirmed') = 'number'
            AND g.shop -> 'confirmed' IS DISTINCT FROM g.zettle -> 'confirmed'
        ORDER BY l.name, g.variant_uuid LIMIT :limit
    """)
    rows = await tx.rows(statement, {"id": connection_id, "limit": limit})
    first = tuple((row.product_uuid, row.variant_uuid, row.name) for row in rows)
    return Unequal(rows[0].variants if rows else 0, first)


AGAIN = "again"
"""The subject of a work item that compares only what differed."""


def _link(row: Any) -> Link:
    return Link(row.number, row.previous, row.hash, row.text)
