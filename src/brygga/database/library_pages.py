"""The library as a merchant sees it: each product's state, searched, filtered and paged in one
statement.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from brygga.core.model import Product
from brygga.database.engine import Tx
from brygga.database.library import Entry, entry_of
from brygga.database.values import from_json


class State(StrEnum):
    """The state of a product. The order is that of the decision in `_STATE`."""

    UNREADABLE = "unreadable"
    UNASSIGNING = "unassigning"
    """Unassigned, and this can still be undone."""
    NOT_ASSIGNED = "not_assigned"
    REMOVING = "removing"
    """Unassigned. The product in BigCommerce is about to be deleted."""
    FAILED = "failed"
    WAITING = "waiting"
    SYNCED = "synced"
    KEPT = "kept"
    """The connection is ending or has ended. The product stays in the store and is no longer
    synced.
    """


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the library page."""

    entry: Entry
    state: State
    product_id: int | None
    linked: bool
    synced_at: datetime | None
    due_at: datetime | None
    """When the product's work is tried next, None when nothing waits."""
    attempts: int
    support_id: str
    to_check: bool
    """The merchant is asked to check the number of one of its variants."""
    edited: int = 0
    """How many fields of Zettle's somebody edited in BigCommerce, unless the merchant keeps
    them.
    """
    missing: bool = False
    """Somebody deleted it in BigCommerce."""


@dataclass(frozen=True, slots=True)
class Page:
    """`total` counts the products that match search and filter, over all pages."""

    rows: tuple[Row, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Narrow:
    """E1: only bound products that are hidden, are still in the category, or have this VAT rate
    ("25", "12.5", or "none"); or only products with a number that the merchant is asked to check.
    """

    hidden: bool = False
    in_category: bool = False
    to_check: bool = False
    vat: str = ""
    edited: bool = False
    """Only products that somebody edited or deleted in BigCommerce."""


class Order(StrEnum):
    """The order of the list."""

    NAME = ""
    NAME_DOWN = "-name"
    SYNCED = "synced"
    """The latest sync first."""
    WRONG = "wrong"
    """What needs the merchant first."""


@dataclass(frozen=True, slots=True)
class Flagged:
    """How many products have a number to check, and how many were edited in BigCommerce."""

    to_check: int
    edited: int


EVERYTHING = Narrow()


_STAGE = "(SELECT stage FROM connections WHERE id = :id)"
_REMOVES = "(SELECT stage = 'leaving' AND leaving = 'remove' FROM connections WHERE id = :id)"
_STATE = f"""
    CASE
        WHEN l.unreadable <> '' THEN 'unreadable'
        WHEN {_STAGE} IN ('leaving', 'disconnected') THEN
            CASE WHEN b.product_uuid IS NULL THEN 'not_assigned'
                WHEN {_REMOVES} AND b.origin = 'created' THEN 'removing'
                ELSE 'kept' END
        WHEN l.unassign_at IS NOT NULL THEN 'unassigning'
        WHEN l.assigned IS NOT TRUE AND b.product_uuid IS NULL THEN 'not_assigned'
        WHEN l.assigned IS NOT TRUE THEN 'removing'
        WHEN m.parked_at IS NOT NULL THEN 'failed'
        WHEN m.subject IS NOT NULL THEN 'waiting'
        WHEN l.failure <> '' THEN 'failed'
        WHEN b.state = 'bound' AND b.etag = l.etag THEN 'synced'
        ELSE 'waiting'
    END
"""
_TO_CHECK = """
    EXISTS (
        SELECT FROM ledgers g
        WHERE g.connection_id = l.connection_id AND g.product_uuid = l.product_uuid
            AND g.check_since IS NOT NULL
            AND jsonb_typeof(g.zettle -> 'confirmed') = 'number'
    )
"""
_CHECKED = """
    SELECT g.product_uuid FROM ledgers g
    WHERE g.connection_id = :id AND g.check_since IS NOT NULL
        AND jsonb_typeof(g.zettle -> 'confirmed') = 'number'
"""
# What was read before the last sync says nothing any more.
_IS_EDITED = """
    s.digest <> s.accepted AND b.state = 'bound' AND b.product_id = s.product_id
        AND (b.synced_at IS NULL OR b.synced_at <= s.read_at)
"""
_EDITED = f"""
    SELECT s.product_uuid FROM shown_products s
        JOIN bindings b ON b.connection_id = s.connection_id AND b.product_uuid = s.product_uuid
    WHERE s.connection_id = :id AND {_IS_EDITED}
"""  # noqa: S608 - only our own constants are put together
_FROM = f"""
    FROM library l
    LEFT JOIN bindings b ON b.connection_id = l.connection_id AND b.product_uuid = l.product_uuid
    LEFT JOIN work_items m ON m.connection_id = l.connection_id AND m.kind = 'product'
        AND m.subject = l.product_uuid
    WHERE l.connection_id = :id AND l.removed_at IS NULL AND (l.product IS NOT NULL
        OR l.unreadable <> '')
        AND (CAST(:patterns AS text[]) = '{{}}' OR l.search LIKE ALL (CAST(:patterns AS text[])))
        AND (NOT :hidden OR (b.hidden AND b.state = 'bound'))
        AND (NOT :in_category OR (b.in_category AND b.state = 'bound'))
        AND (NOT :to_check OR l.product_uuid IN ({_CHECKED}))
        AND (NOT :edited OR l.product_uuid IN ({_EDITED}))
        AND (:vat = '' OR (coalesce(CAST(trim_scale(l.vat) AS text), 'none') = :vat
            AND b.state = 'bound'))
"""
_COLUMNS = f"""
    l.product_uuid, l.etag, l.name, CAST(l.product AS text) AS product, l.tracking, l.assigned,
        l.unassign_at, l.unreadable, l.failure,
    l.removed_at, b.product_id, b.origin, b.synced_at, m.due_at,
    coalesce(m.attempts, 0) AS attempts, coalesce(m.support_id, '') AS support_id,
    {_TO_CHECK} AS to_check,
    CASE WHEN {_IS_EDITED} THEN s.differs ELSE 0 END AS edited,
    coalesce({_IS_EDITED} AND s.product IS NULL, false) AS missing
"""
_SHOWN = """
    LEFT JOIN shown_products s ON s.connection_id = l.connection_id
        AND s.product_uuid = l.product_uuid
"""
# The page is selected before the wide columns are read, so that sorting ten thousand rows moves
# keys, not products.
_RANK = f"""
    CASE WHEN state IN ('failed', 'unreadable') THEN 0
        WHEN uuid IN ({_EDITED}) OR uuid IN ({_CHECKED}) THEN 1
        WHEN state IN ('waiting', 'unassigning', 'removing') THEN 2 ELSE 3 END
"""
_ORDERS = {
    Order.NAME: "place, uuid",
    Order.NAME_DOWN: "place DESC, uuid DESC",
    Order.SYNCED: "synced DESC NULLS LAST, place, uuid",
    Order.WRONG: f"{_RANK}, place, uuid",
}
_CUTS = {
    order: sa.text(f"""
        SELECT uuid, state, count(*) OVER () AS total
        FROM (SELECT l.product_uuid AS uuid, l.sort_key AS place, b.synced_at AS synced,
            {_STATE} AS state {_FROM}) found
        WHERE CAST(:states AS text[]) IS NULL OR state = ANY (CAST(:states AS text[]))
        ORDER BY {by} LIMIT :limit OFFSET :offset
    """)  # noqa: S608 - as above
    for order, by in _ORDERS.items()
}
_UNCOUNTED = {
    order: sa.text(cut.text.replace(", count(*) OVER () AS total", ""))
    for order, cut in _CUTS.items()
}
# By name, without a filter, the index has the order: nothing is joined or sorted.
_IN_ORDER = {
    order: sa.text(f"""
        SELECT l.product_uuid AS uuid FROM library l
        WHERE l.connection_id = :id AND l.removed_at IS NULL
            AND (l.product IS NOT NULL OR l.unreadable <> '')
            AND (CAST(:patterns AS text[]) = '{{}}'
                OR l.search LIKE ALL (CAST(:patterns AS text[])))
        ORDER BY {by} LIMIT :limit OFFSET :offset
    """)  # noqa: S608 - as above
    for order, by in {
        Order.NAME: "l.sort_key, l.product_uuid",
        Order.NAME_DOWN: "l.sort_key DESC, l.product_uuid DESC",
    }.items()
}
_ROWS = sa.text(f"""
    SELECT {_COLUMNS}, {_STATE} AS state FROM library l
    LEFT JOIN bindings b ON b.connection_id = l.connection_id AND b.product_uuid = l.product_uuid
    LEFT JOIN work_items m ON m.connection_id = l.connection_id AND m.kind = 'product'
        AND m.subject = l.product_uuid
    {_SHOWN}
    WHERE l.connection_id = :id AND l.product_uuid = ANY (CAST(:uuids AS text[]))
        ORDER BY array_position(CAST(:uuids AS text[]), l.product_uuid)
""")  # noqa: S608 - as above
_ONE = sa.text(
    f"SELECT {_COLUMNS}, {_STATE} AS state"
    f" {_FROM.replace('    WHERE l.', _SHOWN + '    WHERE l.', 1)} AND l.product_uuid = :uuid"
)
_COUNTS = sa.text(
    f"SELECT state, count(*) AS products FROM (SELECT {_STATE} AS state {_FROM}) s"  # noqa: S608
    " GROUP BY state"
)
_UUIDS = sa.text(f"""
    SELECT uuid FROM (SELECT l.product_uuid AS uuid, l.sort_key AS place, {_STATE}
        AS state {_FROM}) s
    WHERE CAST(:states AS text[]) IS NULL OR state = ANY (CAST(:states AS text[])) ORDER BY place,
        uuid
""")  # noqa: S608


async def page(
    tx: Tx,
    connection_id: int,
    *,
    search: str = "",
    states: Collection[State] = (),
    narrow: Narrow = EVERYTHING,
    order: Order = Order.NAME,
    limit: int = 50,
    offset: int = 0,
    total: int | None = None,
) -> Page:
    """Products whose name, SKUs or barcodes hold every word of `search`, by name in Swedish order
    unless `order` says otherwise. No `states` means all. Where `counts` has said how many there
    are, `total` spares counting them again.
    """
    values = {**_values(connection_id, search, states, narrow), "limit": limit, "offset": offset}
    is_everything = not states and narrow == EVERYTHING
    if total is not None and is_everything and order in _IN_ORDER:
        cut = await tx.rows(_IN_ORDER[order], values)
    else:
        async with tx.joining_whole():
            cut = await tx.rows((_CUTS if total is None else _UNCOUNTED)[order], values)
    if not cut and offset and total is None:
        found = await counts(tx, connection_id, search, narrow)
        return Page(
            (), sum(count for state, count in found.items() if not states or state in states)
        )
    rows = (
        await tx.rows(_ROWS, {"id": connection_id, "uuids": [row.uuid for row in cut]})
        if cut
        else ()
    )

    if total is None:
        total = cut[0].total if cut else 0
    return Page(tuple(map(_row, rows)), total)


async def one(tx: Tx, connection_id: int, uuid: str) -> Row | None:
    row = await tx.first(_ONE, {**_values(connection_id, "", ()), "uuid": uuid})
    return None if row is None else _row(row)


async def counts(
    tx: Tx, connection_id: int, search: str = "", narrow: Narrow = EVERYTHING
) -> Mapping[State, int]:
    """How many products are in each state. Every state is included."""
    async with tx.joining_whole():
        rows = await tx.rows(_COUNTS, _values(connection_id, search, (), narrow))
    return {**dict.fromkeys(State, 0), **{State(row.state): row.products for row in rows}}


async def flagged(tx: Tx, connection_id: int) -> Flagged:
    """How many products of the library need a look, whatever their state."""
    row = await tx.first(_FLAGGED, {"id": connection_id})
    return Flagged(row.to_check, row.edited) if row is not None else Flagged(0, 0)


_IN_LIBRARY = """
    SELECT count(*) FROM library l WHERE l.connection_id = :id AND l.removed_at IS NULL
        AND (l.product IS NOT NULL OR l.unreadable <> '') AND l.product_uuid IN
"""
_FLAGGED = sa.text(f"""
    SELECT ({_IN_LIBRARY} ({_CHECKED})) AS to_check, ({_IN_LIBRARY} ({_EDITED})) AS edited
""")


async def unassigning(tx: Tx, connection_id: int) -> tuple[int, datetime | None]:
    """How many products are about to be unassigned, and until when all of that can be undone."""
    statement = sa.text("""
        SELECT count(*) AS products, min(unassign_at) AS until FROM library
        WHERE connection_id = :id AND removed_at IS NULL AND unassign_at IS NOT NULL
    """)
    row = await tx.first(statement, {"id": connection_id})
    return (row.products, row.until) if row is not None else (0, None)


async def uuids(
    tx: Tx,
    connection_id: int,
    *,
    search: str = "",
    states: Collection[State] = (),
    narrow: Narrow = EVERYTHING,
) -> Sequence[str]:
    """The uuids of all products that match search and filter, for "select all"."""
    async with tx.joining_whole():
        return [
            row.uuid
            for row in await tx.rows(_UUIDS, _values(connection_id, search, states, narrow))
        ]


async def linked_among(tx: Tx, connection_id: int, uuids: Collection[str]) -> int:
    """How many of these the merchant linked: they are released, not deleted (decision 12)."""
    statement = sa.text("""
        SELECT count(*) FROM bindings
        WHERE connection_id = :id AND origin = 'linked' AND state = 'bound'
            AND product_uuid = ANY (CAST(:uuids AS text[]))
    """)
    return int(await tx.scalar(statement, {"id": connection_id, "uuids": list(uuids)}))


async def vat_rates(tx: Tx, connection_id: int) -> Sequence[Decimal]:
    """The VAT rates of the library's products, the most common first."""
    statement = sa.text("""
        SELECT vat FROM library WHERE connection_id = :id AND removed_at IS NULL AND vat IS NOT NULL
        GROUP BY vat ORDER BY count(*) DESC, vat DESC LIMIT 20
    """)
    return [row.vat for row in await tx.rows(statement, {"id": connection_id})]


async def priced(tx: Tx, connection_id: int, limit: int) -> Sequence[Product]:
    """Some readable products with VAT and a price above zero, in the order of the library."""
    statement = sa.text("""
        SELECT CAST(product AS text) AS product FROM library
        WHERE connection_id = :id AND removed_at IS NULL AND vat > 0
            AND jsonb_path_exists(product, '$.variants[*].price.minor ? (@ > 0)')
        ORDER BY sort_key, product_uuid LIMIT :limit
    """)
    return [
        from_json(row.product, Product)
        for row in await tx.rows(statement, {"id": connection_id, "limit": limit})
    ]


def _values(
    connection_id: int, search: str, states: Collection[State], narrow: Narrow = EVERYTHING
) -> dict[str, Any]:
    return {
        "id": connection_id,
        "patterns": patterns(search),
        "states": [state.value for state in states] or None,
        "hidden": narrow.hidden,
        "in_category": narrow.in_category,
        "to_check": narrow.to_check,
        "edited": narrow.edited,
        "vat": narrow.vat,
    }


def patterns(search: str) -> list[str]:
    """The patterns of a LIKE ALL that finds every word of the search. Empty: there is no search,
    and the texts are not read.
    """
    words = search.casefold().replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_").split()
    return [f"%{word}%" for word in words]


def _row(row: Any) -> Row:
    return Row(
        entry_of(row),
        State(row.state),
        row.product_id,
        row.origin == "linked",
        row.synced_at,
        row.due_at,
        row.attempts,
        row.support_id,
        row.to_check,
        row.edited,
        row.missing,
    )
