"""The ledgers of stock, one of each variant: what each side shows, and what has to be written.

A ledger is changed only under the lock of its row (`lock`), because a page may split stock while a
turn writes it. Rows are always locked in the order of their variants, so that no two transactions
wait for each other.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from brygga.core.stock import Ledger, StockRecord
from brygga.database.engine import Tx, checked
from brygga.database.values import from_plain, to_json


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """The ledger of one variant, and the time since when the merchant is asked to check it."""

    product_uuid: str
    variant_uuid: str
    ledger: Ledger
    check_since: datetime | None = None

    @property
    def is_asked(self) -> bool:
        """False for a product that is not tracked: it has no number to check, and the question
        waits until it has one.
        """
        return self.check_since is not None and self.ledger.is_tracked


_COLUMNS = (
    "product_uuid, variant_uuid, separate, zettle, shop, check_since, started_at, shown_at, closed"
)
_LOAD = (
    f"SELECT {_COLUMNS} FROM ledgers WHERE connection_id = :id"  # noqa: S608 - our own
    " AND product_uuid = ANY (CAST(:uuids AS text[]))"
)
_LOAD_MANY = sa.text(f"{_LOAD} ORDER BY variant_uuid")
_LOCK_MANY = sa.text(f"{_LOAD} ORDER BY variant_uuid FOR UPDATE")
_LOCK_FENCED = sa.text(f"""
    SELECT c.lease_epoch, c.lease_holder, l.* FROM (
        SELECT lease_epoch, lease_holder FROM connections WHERE id = :held FOR KEY SHARE
    ) AS c LEFT JOIN ({_LOAD} ORDER BY variant_uuid FOR UPDATE) AS l ON true
""")  # noqa: S608 - our own
SAVE = """
    INSERT INTO ledgers (
        connection_id, variant_uuid, product_uuid, separate, zettle, shop, check_since, started_at,
            shown_at, closed, updated_at
    )
    SELECT :id, variant_uuid, product_uuid, separate, CAST(zettle AS jsonb), CAST(shop AS jsonb),
        check_since,
        started_at, shown_at, CAST(closed AS jsonb), :now
    FROM unnest(
        CAST(:variants AS text[]), CAST(:products AS text[]), CAST(:separate AS boolean[]),
            CAST(:zettle AS text[]),
        CAST(:shop AS text[]), CAST(:checks AS timestamptz[]), CAST(:started AS timestamptz[]),
        CAST(:shown AS timestamptz[]), CAST(:closed AS text[])
    ) AS n (variant_uuid, product_uuid, separate, zettle, shop, check_since, started_at, shown_at,
        closed)
    ORDER BY variant_uuid
    ON CONFLICT (connection_id, variant_uuid) DO UPDATE SET
        product_uuid = EXCLUDED.product_uuid, separate = EXCLUDED.separate,
            zettle = EXCLUDED.zettle,
        shop = EXCLUDED.shop, check_since = EXCLUDED.check_since, started_at = EXCLUDED.started_at,
        shown_at = EXCLUDED.shown_at, closed = EXCLUDED.closed, updated_at = EXCLUDED.updated_at
"""
_SAVE = sa.text(SAVE)


async def load(tx: Tx, connection_id: int, product_uuids: Collection[str]) -> dict[str, LedgerRow]:
    """The ledgers of these products, for reading only."""
    rows = await tx.rows(_LOAD_MANY, {"id": connection_id, "uuids": list(product_uuids)})
    return {row.variant_uuid: _ledger_row(row) for row in rows}


async def lock(tx: Tx, connection_id: int, product_uuids: Collection[str]) -> dict[str, LedgerRow]:
    """The ledgers of these products, for changing. No other transaction changes them before this
    one ends. It also checks a fence that waits for that (`Fence.is_checked_later`).
    """
    values = {"id": connection_id, "uuids": list(product_uuids)}
    if tx.unchecked is None:
        rows = await tx.rows(_LOCK_MANY, values)
        return {row.variant_uuid: _ledger_row(row) for row in rows}
    held = {"held": tx.unchecked.connection_id}
    rows = checked(tx, await tx.rows(_LOCK_FENCED, {**values, **held}))
    return {row.variant_uuid: _ledger_row(row) for row in rows if row.variant_uuid is not None}


async def save(tx: Tx, connection_id: int, ledger_rows: Iterable[LedgerRow], now: datetime) -> None:
    """Saves these ledgers as they are, in one statement."""
    rows = list(ledger_rows)
    if rows:
        await tx.run(_SAVE, {"id": connection_id, "now": now, **saved(rows)})


def saved(rows: Sequence[LedgerRow]) -> Mapping[str, Any]:
    """These ledgers as the values of `SAVE`."""
    return {
        "variants": [ledger_row.variant_uuid for ledger_row in rows],
        "products": [ledger_row.product_uuid for ledger_row in rows],
        "separate": [ledger_row.ledger.separate for ledger_row in rows],
        "zettle": [to_json(ledger_row.ledger.zettle) for ledger_row in rows],
        "shop": [to_json(ledger_row.ledger.shop) for ledger_row in rows],
        "checks": [ledger_row.check_since for ledger_row in rows],
        "started": [ledger_row.ledger.started for ledger_row in rows],
        "shown": [ledger_row.ledger.shown for ledger_row in rows],
        "closed": [to_json(ledger_row.ledger.closed) for ledger_row in rows],
    }


async def products(tx: Tx, connection_id: int) -> Sequence[str]:
    """Every product that has a ledger."""
    statement = sa.text(
        "SELECT DISTINCT product_uuid FROM ledgers WHERE connection_id = :id ORDER BY product_uuid"
    )
    return [row.product_uuid for row in await tx.rows(statement, {"id": connection_id})]


async def stocked(tx: Tx, connection_id: int, without: Collection[str]) -> str:
    """A product that has a stock row in Zettle, as far as we know, and is not in `without`.

    "" where there is none. A product that Zettle no longer has keeps its ledger, and has no row.
    """
    statement = sa.text("""
        SELECT s.product_uuid FROM ledgers s
        JOIN library l ON l.connection_id = s.connection_id AND l.product_uuid = s.product_uuid
            AND l.removed_at IS NULL
        WHERE s.connection_id = :id AND jsonb_typeof(s.zettle -> 'confirmed') = 'number'
            AND s.zettle ->> 'confirmed' <> '0'
            AND s.product_uuid <> ALL (CAST(:without AS text[]))
        ORDER BY s.updated_at DESC, s.product_uuid LIMIT 1
    """)
    row = await tx.first(statement, {"id": connection_id, "without": list(without)})
    return "" if row is None else str(row.product_uuid)


async def earlier(tx: Tx, connection_id: int, *, here: bool) -> Sequence[LedgerRow]:
    """Ledgers of separate stock from the account's earlier connections: to the same store (`here`),
    or to any store.

    For each product, those of the last such connection that had it.
    """
    statement = sa.text(f"""
        WITH before AS (
            SELECT b.id FROM connections b JOIN connections c
                ON c.organization_uuid = b.organization_uuid
            WHERE c.id = :id AND b.id < c.id AND (b.store_hash = c.store_hash OR NOT :here)
        ), last AS (
            SELECT product_uuid, max(connection_id) AS connection_id
            FROM ledgers WHERE connection_id IN (SELECT id FROM before) GROUP BY product_uuid
        )
        SELECT {_COLUMNS} FROM ledgers JOIN last USING (product_uuid, connection_id) WHERE separate
            ORDER BY variant_uuid
    """)  # noqa: S608 - our own
    return [
        _ledger_row(row) for row in await tx.rows(statement, {"id": connection_id, "here": here})
    ]


async def in_question(
    tx: Tx, connection_id: int, product_uuids: Collection[str] | None = None, limit: int = 1_000
) -> Sequence[LedgerRow]:
    """What the merchant is asked to check, the longest open first. `product_uuids` narrows it to
    these.

    A product that is not tracked has no number to check: its question waits until it has one.
    """
    statement = sa.text(f"""
        SELECT {_COLUMNS} FROM ledgers
        WHERE connection_id = :id AND check_since IS NOT NULL
            AND jsonb_typeof(zettle -> 'confirmed') = 'number'
            AND (CAST(:uuids AS text[]) IS NULL OR product_uuid = ANY (CAST(:uuids AS text[])))
        ORDER BY check_since, variant_uuid LIMIT :limit
    """)  # noqa: S608 - our own
    uuids = None if product_uuids is None else list(product_uuids)
    return [
        _ledger_row(row)
        for row in await tx.rows(statement, {"id": connection_id, "uuids": uuids, "limit": limit})
    ]


def _ledger_row(row: Any) -> LedgerRow:
    records = from_plain(row.zettle, StockRecord), from_plain(row.shop, StockRecord)
    ledger = Ledger(*records, row.separate, tuple(row.closed), row.started_at, row.shown_at)
    return LedgerRow(row.product_uuid, row.variant_uuid, ledger, row.check_since)
