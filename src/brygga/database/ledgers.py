"""Stock in the database: ledgers by variant, pending writes, reported changes, initial levels.

A ledger is changed only under the lock of its row (`lock`), because a page may split stock while a
turn writes it. Rows are always locked in the order of their variants, so that no two transactions
wait for each other.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from brygga.core.stock import Hint, Ledger, PendingWrite, Side, StockRecord, Verdict
from brygga.database.engine import Tx, checked
from brygga.database.values import from_plain, to_json, unique

CREATES_KEPT = timedelta(hours=1)
"""An initial level older than this belongs to a create that is resolved."""
STARTED = "started:"
"""A prefix of a Zettle product in a hint's subject: its tracking was switched on."""
STOPPED = "stopped:"
"""A prefix of a Zettle product in a hint's subject: its tracking was switched off."""
STATES = {
    Verdict.WAITING: "open",
    Verdict.NOT_LANDED: "lost",
    Verdict.ASSUMED_LOST: "doubted",
    Verdict.ASSUMED_LANDED: "believed",
    Verdict.PRESUMED_LOST: "presumed",
}
VERDICTS = {state: verdict for verdict, state in STATES.items()}


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


@dataclass(frozen=True, slots=True)
class CallPart:
    """One variant's part of a call."""

    product_uuid: str
    variant_uuid: str
    side: Side
    pending_write: PendingWrite


@dataclass(frozen=True, slots=True)
class Pending:
    """A write to Zettle that is open, or was resolved without an echo. It holds the assumed
    outcome, the time of that, and its echo.
    """

    call_part: CallPart
    verdict: Verdict
    since: datetime
    echoed: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reports:
    """What the platforms reported about some products since the last time, by product, in order of
    arrival.
    """

    hints: Mapping[Side, Mapping[str, Sequence[Hint]]]
    stops: Mapping[str, Sequence[tuple[datetime, datetime]]]
    """When tracking was switched off, by Zettle's clock, and when it was reported to us, by our
    clock.
    """
    starts: Mapping[str, datetime]
    """When tracking was last switched on, by Zettle's clock."""
    pending: Sequence[Pending]


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


# ---- Ledgers -------------------------------------------------------------------------------------


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


# ---- Pending writes ------------------------------------------------------------------------------


INTEND = """
    INSERT INTO pending_writes (connection_id, call, variant_uuid, product_uuid, side, state,
        pending_write, at)
    SELECT :id, call, variant_uuid, product_uuid, side, 'open', CAST(pending_write AS jsonb), :now
    FROM unnest(CAST(:calls AS text[]), CAST(:called AS text[]), CAST(:of_products AS text[]),
        CAST(:sides AS text[]), CAST(:pending_writes AS text[]))
        AS n (call, variant_uuid, product_uuid, side, pending_write)
"""


def intended(call_part: Collection[CallPart]) -> Mapping[str, Any]:
    """These writes, which are about to be sent, as the values of `INTEND`."""
    return {
        "calls": [one.pending_write.call for one in call_part],
        "called": [one.variant_uuid for one in call_part],
        "of_products": [one.product_uuid for one in call_part],
        "sides": [one.side.value for one in call_part],
        "pending_writes": [to_json(one.pending_write) for one in call_part],
    }


async def resolve_call(
    tx: Tx, connection_id: int, call: str, variant_uuids: Collection[str]
) -> None:
    """The outcome of these parts is known for good."""
    statement = sa.text("""
        DELETE FROM pending_writes WHERE connection_id = :id AND call = :call
            AND variant_uuid = ANY (CAST(:variants AS text[]))
    """)
    await tx.run(statement, {"id": connection_id, "call": call, "variants": list(variant_uuids)})


async def resolve(
    tx: Tx, connection_id: int, one: CallPart, verdict: Verdict, now: datetime
) -> None:
    """Records an assumed outcome, without an echo. A late echo may still correct it."""
    statement = sa.text("""
        UPDATE pending_writes
        SET state = :state, pending_write = CAST(:pending_write AS jsonb), at = :now
        WHERE connection_id = :id AND call = :call AND variant_uuid = :variant
    """)
    values = {
        "id": connection_id,
        "call": one.pending_write.call,
        "variant": one.variant_uuid,
        "pending_write": to_json(one.pending_write),
    }
    await tx.run(statement, {**values, "state": STATES[verdict], "now": now})


async def pending(tx: Tx, connection_id: int, product_uuids: Collection[str]) -> Sequence[Pending]:
    """Writes to Zettle of these products that an echo may resolve or correct."""
    rows = await tx.rows(
        sa.text(f"{_PENDING} ORDER BY f.at, f.call"),
        {"id": connection_id, "till": list(product_uuids)},
    )
    return [_pending(row) for row in rows]


_PENDING = """
    SELECT 0 AS id, f.side, f.product_uuid || '/' || f.variant_uuid AS subject, f.at, false
        AS by_order,
        e.received_at AS happened_at, f.pending_write, f.state
    FROM pending_writes f
    LEFT JOIN echoes e ON e.connection_id = f.connection_id AND e.identifier = f.call
    WHERE f.connection_id = :id AND f.side = 'zettle' AND f.product_uuid = ANY (CAST(:till
        AS text[]))
"""


def _pending(row: Any) -> Pending:
    product, _, variant = row.subject.partition("/")
    one = CallPart(product, variant, Side.ZETTLE, from_plain(row.pending_write, PendingWrite))
    return Pending(one, VERDICTS[row.state], row.at, row.happened_at)


async def forget(tx: Tx, connection_id: int, variant_uuids: Collection[str]) -> None:
    """The outcome of earlier writes to these variants has no effect any more."""
    statement = sa.text("""
        DELETE FROM pending_writes WHERE connection_id = :id AND variant_uuid = ANY (CAST(:variants
            AS text[]))
    """)
    await tx.run(statement, {"id": connection_id, "variants": list(variant_uuids)})


async def is_open(tx: Tx, connection_id: int, call: str) -> bool:
    """Whether the outcome of a part of this call is still unknown."""
    statement = sa.text(
        "SELECT 1 FROM pending_writes WHERE connection_id = :id AND call = :call"
        " AND state = 'open' LIMIT 1"
    )
    return await tx.first(statement, {"id": connection_id, "call": call}) is not None


async def with_pending_writes(tx: Tx, connection_id: int) -> Sequence[str]:
    """Products with a write whose outcome is open, including what a dead turn left."""
    statement = sa.text("""
        SELECT DISTINCT product_uuid FROM pending_writes
        WHERE connection_id = :id AND state = 'open'
            ORDER BY product_uuid
    """)
    return [row.product_uuid for row in await tx.rows(statement, {"id": connection_id})]


# ---- Creates -------------------------------------------------------------------------------------


async def begin_creates(
    tx: Tx, connection_id: int, levels: Mapping[str, Mapping[str, int]], now: datetime
) -> None:
    """The levels that creates are about to set, by product and variant. They replace those of an
    earlier try.
    """
    rows = [(uuid, *one) for uuid, variants in levels.items() for one in variants.items()]
    if not rows:
        return
    statement = sa.text("""
        INSERT INTO initial_levels (connection_id, product_uuid, variant_uuid, level, begun_at)
        SELECT :id, product_uuid, variant_uuid, level, :now
        FROM unnest(CAST(:products AS text[]), CAST(:variants AS text[]),
            CAST(:levels AS integer[])) AS n (product_uuid, variant_uuid, level)
        ON CONFLICT (connection_id, product_uuid, variant_uuid) DO UPDATE
            SET level = EXCLUDED.level, begun_at = EXCLUDED.begun_at
    """)
    products, variants, given = (list(column) for column in zip(*rows, strict=True))
    values = {"id": connection_id, "products": products, "variants": variants, "levels": given}
    await tx.run(statement, {**values, "now": now})


async def take_creates(
    tx: Tx, connection_id: int, variants: Mapping[str, Collection[str]], now: datetime
) -> Mapping[str, int]:
    """The levels that these variants, by product, were created with. Each is returned once."""
    pairs = [(uuid, variant) for uuid, some in variants.items() for variant in some]
    statement = sa.text("""
        DELETE FROM initial_levels l
        USING unnest(CAST(:products AS text[]), CAST(:variants AS text[]))
            AS n (product_uuid, variant_uuid)
        WHERE l.connection_id = :id AND l.product_uuid = n.product_uuid
            AND l.variant_uuid = n.variant_uuid
        RETURNING l.variant_uuid, l.level, l.begun_at
    """)
    values = {
        "id": connection_id,
        "products": [uuid for uuid, _ in pairs],
        "variants": [variant for _, variant in pairs],
    }
    rows = await tx.rows(statement, values)
    return {row.variant_uuid: row.level for row in rows if row.begun_at > now - CREATES_KEPT}


async def end_creates(tx: Tx, connection_id: int, product_uuid: str) -> None:
    """The create made nothing of this product."""
    statement = sa.text(
        "DELETE FROM initial_levels WHERE connection_id = :id AND product_uuid = :product"
    )
    await tx.run(statement, {"id": connection_id, "product": product_uuid})


# ---- Reported changes ----------------------------------------------------------------------------


async def record_echo(tx: Tx, connection_id: int, identifier: str, now: datetime) -> None:
    """As `record_echoes`, for one."""
    await record_echoes(tx, connection_id, [identifier], now)


_RECORD_ECHOES = sa.text("""
    INSERT INTO echoes (connection_id, identifier, received_at)
    SELECT :id, n.identifier, :now
    FROM unnest(CAST(:identifiers AS text[])) AS n (identifier) ORDER BY n.identifier
    ON CONFLICT (connection_id, identifier) DO NOTHING
""")


async def record_echoes(
    tx: Tx, connection_id: int, identifiers: Collection[str], now: datetime
) -> None:
    """Zettle reported movements with these identifiers. The pending writes say which are ours."""
    if identifiers:
        values = {"id": connection_id, "identifiers": unique(identifiers), "now": now}
        await tx.run(_RECORD_ECHOES, values)


async def is_echoed(tx: Tx, connection_id: int, call: str) -> bool:
    """Whether Zettle reported a movement with this identifier."""
    statement = sa.text("SELECT 1 FROM echoes WHERE connection_id = :id AND identifier = :call")
    return await tx.first(statement, {"id": connection_id, "call": call}) is not None


async def record_hint(tx: Tx, connection_id: int, side: Side, subject: str, hint: Hint) -> None:
    """As `record_hints`, for one."""
    await record_hints(tx, connection_id, side, [(subject, hint)])


HINT = """
    INSERT INTO stock_hints (connection_id, side, subject, at, by_order, happened_at)
    SELECT :id, :side, n.subject, n.at, n.by_order, n.made
    FROM unnest(CAST(:hinted AS text[]), CAST(:at AS timestamptz[]),
        CAST(:by_order AS boolean[]), CAST(:made AS timestamptz[])) WITH ORDINALITY
        AS n (subject, at, by_order, made, place)
    ORDER BY n.place
"""
_RECORD_HINTS = sa.text(HINT)


async def record_hints(
    tx: Tx, connection_id: int, side: Side, hints: Sequence[tuple[str, Hint]]
) -> None:
    """A platform reported that the stock of these products moved, in this order. A subject is
    Zettle's product uuid or BigCommerce's product id.

    Rows are only appended, so that a webhook never waits for a turn.
    """
    if hints:
        await tx.run(_RECORD_HINTS, {"id": connection_id, **hinted(side, hints)})


def hinted(side: Side, hints: Sequence[tuple[str, Hint]]) -> Mapping[str, Any]:
    """These hints as the values of `HINT`."""
    return {
        "side": side.value,
        "hinted": [f"{of}/{hint.variant}" if hint.variant else of for of, hint in hints],
        "at": [hint.at for _, hint in hints],
        "by_order": [hint.by_order for _, hint in hints],
        "made": [hint.made for _, hint in hints],
    }


async def record_switch(
    tx: Tx, connection_id: int, product_uuid: str, at: datetime, now: datetime, *, on: bool
) -> None:
    """Zettle reported that tracking was switched on or off `at` that time. No read can find that
    time.
    """
    statement = sa.text("""
        INSERT INTO stock_hints (connection_id, side, subject, at, happened_at) VALUES (:id, :side,
            :subject, :now, :at)
    """)
    values = {
        "id": connection_id,
        "side": Side.ZETTLE.value,
        "subject": f"{STARTED if on else STOPPED}{product_uuid}",
    }
    await tx.run(statement, {**values, "at": at, "now": now})


async def ordered(tx: Tx, connection_id: int, subjects: Collection[str]) -> Collection[str]:
    """Those of these BigCommerce products with a waiting hint of an order."""
    statement = sa.text("""
        SELECT DISTINCT split_part(subject, '/', 1) AS subject FROM stock_hints
        WHERE connection_id = :id AND side = :side AND by_order
            AND split_part(subject, '/', 1) = ANY (CAST(:subjects AS text[]))
    """)
    values = {"id": connection_id, "side": Side.SHOP.value, "subjects": list(subjects)}
    return {row.subject for row in await tx.rows(statement, values)}


async def waiting(tx: Tx, connection_id: int, side: Side, subjects: Collection[str]) -> bool:
    """Whether a hint of exactly these waits to be read: a product, or "product/variant"."""
    statement = sa.text("""
        SELECT 1 FROM stock_hints
        WHERE connection_id = :id AND side = :side AND subject = ANY (CAST(:subjects AS text[]))
            LIMIT 1
    """)
    values = {"id": connection_id, "side": side.value, "subjects": list(subjects)}
    return await tx.first(statement, values) is not None


async def take(
    tx: Tx, connection_id: int, at_till: Collection[str], in_shop: Collection[str]
) -> Reports:
    """The changes reported of these products since the last time, each once, and the writes to
    Zettle that wait for an echo.
    """
    statement = sa.text(f"""
        WITH heard AS (
            DELETE FROM stock_hints WHERE connection_id = :id AND (
                side = 'zettle' AND (
                    split_part(subject, '/', 1) = ANY (CAST(:till AS text[]))
                        OR subject = ANY (CAST(:switches AS text[]))
                ) OR side = 'shop' AND split_part(subject, '/', 1) = ANY (CAST(:shop AS text[]))
            )
            RETURNING id, side, subject, at, by_order, happened_at
        ), pending AS ({_PENDING})
        SELECT heard.*, CAST(NULL AS jsonb) AS pending_write, NULL AS state FROM heard
        UNION ALL SELECT * FROM pending
    """)  # noqa: S608 - our own
    values = {"id": connection_id, "till": list(at_till), "shop": list(in_shop)}
    rows = await tx.rows(
        statement,
        {
            **values,
            "switches": [f"{word}{uuid}" for uuid in at_till for word in (STARTED, STOPPED)],
        },
    )
    hints: dict[Side, dict[str, list[Hint]]] = {side: {} for side in Side}
    stops: dict[str, list[tuple[datetime, datetime]]] = {}
    starts: dict[str, datetime] = {}
    pending_: list[Pending] = []
    for row in sorted(rows, key=lambda row: (row.id, row.at)):
        if row.pending_write is not None:
            pending_.append(_pending(row))
            continue
        if row.subject.startswith(STOPPED):
            stops.setdefault(row.subject.removeprefix(STOPPED), []).append(
                (row.happened_at, row.at)
            )
            continue
        if row.subject.startswith(STARTED):
            uuid = row.subject.removeprefix(STARTED)
            starts[uuid] = max(row.happened_at, starts.get(uuid, row.happened_at))
            continue
        subject, _, variant = row.subject.partition("/")
        hints[Side(row.side)].setdefault(subject, []).append(
            Hint(row.at, row.by_order, variant, row.happened_at)
        )
    return Reports(hints, stops, starts, pending_)
