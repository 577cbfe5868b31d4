"""The mirror of Zettle's library: what our pages show, and what a change is compared with.

`assigned` is the decision (None: nobody has decided yet). `unassign_at` is the time until which an
unassignment can be undone (decision 14).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from brygga.core.model import Product
from brygga.core.text import barcode, one_line
from brygga.database.engine import Tx
from brygga.database.product_tables import library
from brygga.database.values import from_json, to_json, unique


@dataclass(frozen=True, slots=True)
class Entry:
    """One product of the library. `product` is None while only its uuid is known, or when it cannot
    be read.
    """

    product_uuid: str
    etag: str
    name: str
    product: Product | None
    tracking: bool | None
    """None: unknown."""
    assigned: bool | None
    unassign_at: datetime | None
    unreadable: str
    """The code of why the product cannot be read, or ""."""
    failure: str
    """The code of why its last sync was refused, or ""."""
    removed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Arrived:
    """What a read of Zettle brought: new products, products seen again after a removal, and
    products with a new etag.

    `broken` are products that cannot be read now, and that are new or could be read before.
    """

    added: tuple[str, ...]
    changed: tuple[str, ...]
    broken: tuple[str, ...] = ()


# Swedish order: å, ä, ö after z; é as e. "{", "|" and "}" are the characters that follow z.
_SORT = str.maketrans(
    {
        "å": "{",
        "ä": "|",
        "æ": "|",
        "ö": "}",
        "ø": "}",
        **dict.fromkeys("àáâã", "a"),
        **dict.fromkeys("èéêë", "e"),
        **dict.fromkeys("ìíîï", "i"),
        **dict.fromkeys("òóôõ", "o"),
        **dict.fromkeys("ùúû", "u"),
        **dict.fromkeys("üýÿ", "y"),
        "ç": "c",
        "ñ": "n",
    }
)


def sort_key(name: str) -> str:
    """Names in the order of a Swedish dictionary, when compared by code point."""
    return " ".join(name.casefold().split()).translate(_SORT)


def searched(product: Product) -> str:
    """The text that a search covers: the name, and every variant's name, SKU and barcode."""
    words = [product.name]
    for variant in product.variants:
        words += [variant.name, variant.sku, variant.barcode, barcode(variant.barcode)]
    return "\n".join(unique(word for text in words if (word := one_line(text).casefold())))


_UPSERT = sa.text("""
    WITH arrived AS (
        SELECT * FROM unnest(
            CAST(:uuids AS text[]), CAST(:etags AS text[]), CAST(:names AS text[]), CAST(:sort_keys
                AS text[]),
            CAST(:searches AS text[]), CAST(:products AS text[]), CAST(:vats AS numeric[]),
                CAST(:unreadable AS text[])
        ) AS a (product_uuid, etag, name, sort_key, search, product, vat, unreadable)
    ), before AS (
        SELECT l.product_uuid, l.etag, l.removed_at, l.unreadable, l.product IS NULL
            AND l.unreadable = '' AS placeholder
        FROM library l JOIN arrived USING (product_uuid) WHERE l.connection_id = :id
    ), written AS (
        INSERT INTO library AS l
            (connection_id, product_uuid, etag, name, sort_key, search, product, vat, unreadable,
                assigned, seen_at)
        SELECT :id, product_uuid, etag, name, sort_key, search, CAST(product AS jsonb), vat,
            unreadable,
            CAST(:assign_new AS boolean), :now
        FROM arrived
        ON CONFLICT (connection_id, product_uuid) DO UPDATE SET
            etag = EXCLUDED.etag, name = EXCLUDED.name, sort_key = EXCLUDED.sort_key,
                search = EXCLUDED.search,
            product = EXCLUDED.product, vat = EXCLUDED.vat, unreadable = EXCLUDED.unreadable,
                seen_at = EXCLUDED.seen_at,
            assigned = coalesce(l.assigned, EXCLUDED.assigned), removed_at = NULL,
            failure = CASE WHEN l.etag = EXCLUDED.etag THEN l.failure ELSE '' END
    )
    SELECT a.product_uuid, b.product_uuid IS NULL OR b.removed_at IS NOT NULL OR b.placeholder
        AS added, b.etag <> a.etag AS changed,
        a.unreadable <> '' AND (b.unreadable IS DISTINCT FROM a.unreadable OR b.removed_at
            IS NOT NULL) AS broken
    FROM arrived a LEFT JOIN before b USING (product_uuid)
    ORDER BY a.sort_key, a.product_uuid
""")


async def upsert_many(
    tx: Tx,
    connection_id: int,
    products: Iterable[Product],
    now: datetime,
    *,
    assign_new: bool | None = None,
    unreadable: Mapping[str, tuple[str, str, str]] | None = None,
) -> Arrived:
    """Writes the present state of Zettle. A new product is assigned as `assign_new` says. An
    earlier decision stays.

    `unreadable` names products that could not be read: uuid -> (etag, name, code).
    """
    last_word = {product.uuid: product for product in products}
    broken = {uuid: word for uuid, word in (unreadable or {}).items() if uuid not in last_word}
    known = sorted(last_word.values(), key=lambda product: (sort_key(product.name), product.uuid))
    rows: list[sa.Row[Any]] = []
    for first in range(0, max(len(known), 1), PORTION):
        part = known[first : first + PORTION]
        values = _arriving(part, {} if first else broken)
        of = {"id": connection_id, "now": now, "assign_new": assign_new}
        rows += await tx.rows(_UPSERT, {**values, **of})

    return Arrived(
        tuple(row.product_uuid for row in rows if row.added),
        tuple(row.product_uuid for row in rows if row.changed and not row.added),
        tuple(row.product_uuid for row in rows if row.broken),
    )


def _arriving(
    known: Sequence[Product], broken: Mapping[str, tuple[str, str, str]]
) -> Mapping[str, object]:
    return {
        "uuids": [p.uuid for p in known] + list(broken),
        "etags": [p.etag for p in known] + [etag for etag, _, _ in broken.values()],
        "names": [p.name for p in known] + [name for _, name, _ in broken.values()],
        "sort_keys": [sort_key(p.name) for p in known]
        + [sort_key(name) for _, name, _ in broken.values()],
        "searches": [searched(p) for p in known]
        + [name.casefold() for _, name, _ in broken.values()],
        "products": [to_json(p) for p in known] + [None] * len(broken),
        "vats": [p.vat_percentage for p in known] + [None] * len(broken),
        "unreadable": [""] * len(known) + [code for _, _, code in broken.values()],
    }


async def remove(
    tx: Tx, connection_id: int, uuids: Collection[str], now: datetime
) -> Sequence[str]:
    """Zettle has proven that these products are gone. Returns those that were not gone before."""
    statement = (
        update_of(connection_id, uuids)
        .where(library.c.removed_at.is_(None))
        .values(removed_at=now)
        .returning(library.c.product_uuid)
    )
    return [row.product_uuid for row in await tx.rows(statement)]


async def purge(tx: Tx, connection_id: int, uuids: Collection[str]) -> None:
    """Deletes removed products from the mirror when nothing of them is left in BigCommerce. Their
    last state stays in `gone_products`.
    """
    statement = sa.text("""
        WITH gone AS (
            DELETE FROM library
            WHERE connection_id = :id AND product_uuid = ANY (CAST(:uuids AS text[])) AND removed_at
                IS NOT NULL
            RETURNING connection_id, product_uuid, name, product, removed_at
        )
        INSERT INTO gone_products (connection_id, product_uuid, name, product, gone_at)
        SELECT * FROM gone WHERE name <> '' OR product IS NOT NULL
        ON CONFLICT (connection_id, product_uuid) DO UPDATE SET
            name = EXCLUDED.name, product = EXCLUDED.product, gone_at = EXCLUDED.gone_at
    """)
    await tx.run(statement, {"id": connection_id, "uuids": list(uuids)})


# ---- Reading -------------------------------------------------------------------------------------

_ENTRY = sa.text("""
    SELECT product_uuid, etag, name, CAST(product AS text) AS product, tracking, assigned,
        unassign_at, unreadable, failure, removed_at
    FROM library WHERE connection_id = :id AND product_uuid = ANY(CAST(:uuids AS text[]))
""")


def entry_of(row: Any) -> Entry:
    return Entry(
        row.product_uuid,
        row.etag,
        row.name,
        None if row.product is None else from_json(row.product, Product),
        row.tracking,
        row.assigned,
        row.unassign_at,
        row.unreadable,
        row.failure,
        row.removed_at,
    )


async def get(tx: Tx, connection_id: int, uuid: str) -> Entry | None:
    return (await get_many(tx, connection_id, [uuid])).get(uuid)


async def get_many(tx: Tx, connection_id: int, uuids: Collection[str]) -> Mapping[str, Entry]:
    rows = await tx.rows(_ENTRY, {"id": connection_id, "uuids": list(uuids)})
    return {row.product_uuid: entry_of(row) for row in rows}


async def etags(tx: Tx, connection_id: int) -> Mapping[str, str]:
    """Every product that Zettle still has, as far as we know, with its etag in the mirror."""
    c = library.c
    statement = sa.select(c.product_uuid, c.etag).where(
        c.connection_id == connection_id, c.removed_at.is_(None)
    )
    return {row.product_uuid: row.etag for row in await tx.rows(statement)}


async def size(tx: Tx, connection_id: int) -> int:
    """How many products Zettle has, as far as we know."""
    statement = sa.text(
        "SELECT count(*) FROM library WHERE connection_id = :id AND removed_at IS NULL"
    )
    return int(await tx.scalar(statement, {"id": connection_id}))


PORTION = 250
"""The number of products read or written at once. Between two portions, other tasks of the process
have a turn.
"""


async def products(tx: Tx, connection_id: int, assigned_only: bool = False) -> Sequence[Product]:
    """The whole readable library, for matching and plans."""
    statement = sa.text("""
        SELECT sort_key, product_uuid, CAST(product AS text) AS product FROM library
        WHERE connection_id = :id AND removed_at IS NULL AND product IS NOT NULL
            AND (assigned IS TRUE OR NOT :assigned_only)
            AND (sort_key, product_uuid) > (CAST(:after_key AS text), CAST(:after AS text))
        ORDER BY sort_key, product_uuid LIMIT :limit
    """)
    found: list[Product] = []
    after_key, after, more = "", "", True
    while more:
        values = {"id": connection_id, "assigned_only": assigned_only, "limit": PORTION}
        rows = await tx.rows(statement, {**values, "after_key": after_key, "after": after})
        found += [from_json(row.product, Product) for row in rows]
        more = len(rows) == PORTION
        if more:
            after_key, after = rows[-1].sort_key, rows[-1].product_uuid
    return found


async def bound_like(
    tx: Tx, connection_id: int, words: Collection[str], slugs: Collection[str]
) -> Sequence[tuple[int, Product]]:
    """Products in the store that may have one of these names or SKUs (case-folded) or slugs, each
    with its BigCommerce id.

    The answer may contain more than the right ones. It may miss a product whose name has unusual
    spaces.
    """
    statement = sa.text("""
        SELECT b.product_id, CAST(l.product AS text) AS product FROM library l
            JOIN bindings b USING (connection_id, product_uuid)
        WHERE l.connection_id = :id AND b.state = 'bound' AND l.product IS NOT NULL AND (
            string_to_array(l.search, E'\\n') && CAST(:words AS text[])
            OR lower(btrim(l.product ->> 'slug', ' /')) = ANY (CAST(:slugs AS text[]))
        )
        ORDER BY b.product_id
    """)
    rows = await tx.rows(
        statement, {"id": connection_id, "words": list(words), "slugs": list(slugs)}
    )
    return [(row.product_id, from_json(row.product, Product)) for row in rows]


async def not_synced(tx: Tx, connection_id: int, limit: int) -> Sequence[tuple[str, int, str]]:
    """Uuid, BigCommerce id and name of products in the store whose latest version is not written
    there yet.
    """
    statement = sa.text("""
        SELECT b.product_uuid, b.product_id, l.name FROM library l
            JOIN bindings b USING (connection_id, product_uuid)
        WHERE l.connection_id = :id AND b.state = 'bound' AND l.etag <> b.etag AND l.failure = ''
        ORDER BY b.product_id LIMIT :limit
    """)
    rows = await tx.rows(statement, {"id": connection_id, "limit": limit})
    return [(row.product_uuid, row.product_id, row.name) for row in rows]


async def tracked(tx: Tx, connection_id: int) -> Mapping[str, bool | None]:
    """The tracking of every product that Zettle still has. None: unknown."""
    c = library.c
    statement = sa.select(c.product_uuid, c.tracking).where(
        c.connection_id == connection_id, c.removed_at.is_(None)
    )
    return {row.product_uuid: row.tracking for row in await tx.rows(statement)}


async def assigned_uuids(tx: Tx, connection_id: int) -> Sequence[str]:
    c = library.c
    statement = sa.select(c.product_uuid).where(
        c.connection_id == connection_id, c.removed_at.is_(None), c.assigned.is_(True)
    )
    return [
        row.product_uuid for row in await tx.rows(statement.order_by(c.sort_key, c.product_uuid))
    ]


async def unplaced(tx: Tx, connection_id: int) -> Sequence[str]:
    """Assigned products that are not in the store and could be. A refused product waits for its
    next version in Zettle and is not reported again.
    """
    statement = sa.text("""
        SELECT l.product_uuid FROM library l
        WHERE l.connection_id = :id AND l.removed_at IS NULL AND l.assigned
            AND l.failure = '' AND l.product IS NOT NULL
            AND NOT EXISTS (
                SELECT FROM bindings b
                WHERE b.connection_id = :id AND b.product_uuid = l.product_uuid
                    AND b.state <> 'kept'
            )
        ORDER BY l.sort_key, l.product_uuid
    """)
    async with tx.joining_whole():
        return [row.product_uuid for row in await tx.rows(statement, {"id": connection_id})]


async def by_vat(tx: Tx, connection_id: int) -> Sequence[tuple[Decimal | None, int]]:
    """E1: how many bound products have each Zettle VAT rate, the most common first."""
    statement = sa.text("""
        SELECT l.vat, count(*) AS products FROM library l JOIN bindings b USING (connection_id,
            product_uuid)
        WHERE l.connection_id = :id AND l.removed_at IS NULL AND b.state = 'bound'
        GROUP BY l.vat ORDER BY products DESC, l.vat
    """)
    async with tx.joining_whole():
        return [(row.vat, row.products) for row in await tx.rows(statement, {"id": connection_id})]


# ---- Changing ----------------------------------------------------------------------------------


async def set_tracking(
    tx: Tx, connection_id: int, tracking: Mapping[str, bool | None]
) -> Sequence[str]:
    """Returns the products whose tracking changed."""
    statement = sa.text("""
        UPDATE library l SET tracking = t.tracking
        FROM unnest(CAST(:uuids AS text[]), CAST(:tracking AS boolean[])) AS t (product_uuid,
            tracking)
        WHERE l.connection_id = :id AND l.product_uuid = t.product_uuid AND l.tracking IS DISTINCT
            FROM t.tracking
        RETURNING l.product_uuid
    """)
    values = {"id": connection_id, "uuids": list(tracking), "tracking": list(tracking.values())}
    return [row.product_uuid for row in await tx.rows(statement, values)]


async def fail(tx: Tx, connection_id: int, uuid: str, code: str, now: datetime) -> None:
    """The product's last sync was refused. This stays until the product changes in Zettle or a sync
    succeeds.
    """
    await tx.run(update_of(connection_id, [uuid]).values(failure=code, failed_at=now))


async def succeed(tx: Tx, connection_id: int, uuids: Collection[str]) -> None:
    await tx.run(
        update_of(connection_id, uuids)
        .where(library.c.failure != "")
        .values(failure="", failed_at=None)
    )


def update_of(connection_id: int, uuids: Collection[str]) -> sa.Update:
    return sa.update(library).where(
        library.c.connection_id == connection_id, library.c.product_uuid.in_(list(uuids))
    )
