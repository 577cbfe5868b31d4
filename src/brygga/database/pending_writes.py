"""Stock writes whose outcome is open, or was assumed without an echo. They are saved before the
request is sent (`stock_saving`).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from brygga.core.stock import PendingWrite, Side, Verdict
from brygga.database.engine import Tx
from brygga.database.values import from_plain, to_json

STATES = {
    Verdict.WAITING: "open",
    Verdict.NOT_LANDED: "lost",
    Verdict.ASSUMED_LOST: "doubted",
    Verdict.ASSUMED_LANDED: "believed",
    Verdict.PRESUMED_LOST: "presumed",
}
VERDICTS = {state: verdict for verdict, state in STATES.items()}


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


INTEND = """
    INSERT INTO pending_writes (connection_id, call, variant_uuid, product_uuid, side, state,
        pending_write, at)
    SELECT :id, call, variant_uuid, product_uuid, side, 'open', CAST(pending_write AS jsonb), :now
    FROM unnest(CAST(:calls AS text[]), CAST(:called AS text[]), CAST(:of_products AS text[]),
        CAST(:sides AS text[]), CAST(:pending_writes AS text[]))
        AS n (call, variant_uuid, product_uuid, side, pending_write)
"""
PENDING = """
    SELECT 0 AS id, f.side, f.product_uuid || '/' || f.variant_uuid AS subject, f.at, false
        AS by_order,
        e.received_at AS happened_at, f.pending_write, f.state
    FROM pending_writes f
    LEFT JOIN echoes e ON e.connection_id = f.connection_id AND e.identifier = f.call
    WHERE f.connection_id = :id AND f.side = 'zettle' AND f.product_uuid = ANY (CAST(:till
        AS text[]))
"""
"""Those to Zettle of these products, each with its echo."""


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
        sa.text(f"{PENDING} ORDER BY f.at, f.call"),
        {"id": connection_id, "till": list(product_uuids)},
    )
    return [read_pending(row) for row in rows]


def read_pending(row: Any) -> Pending:
    """What `PENDING` found."""
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
