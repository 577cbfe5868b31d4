"""When Zettle told that tracking of a product was switched off or on: kept beside the hints, under names of their own.

Once it is on again, no look can tell that it was off, nor since when it is on.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from brygga.core.stock import Side
from brygga.store.database import Tx

STARTED, STOPPED = "started:", "stopped:"


@dataclass(frozen=True, slots=True)
class Stop:
    """Tracking was switched off `at` a time by Zettle's clock, and we `heard` of it at one by ours."""

    at: datetime
    heard: datetime


async def hear_stop(tx: Tx, connection_id: int, product_uuid: str, at: datetime, now: datetime) -> None:
    """Zettle told that tracking was switched off `at` that time."""
    await _hear_switch(tx, connection_id, f"{STOPPED}{product_uuid}", at, now)


async def hear_start(tx: Tx, connection_id: int, product_uuid: str, at: datetime, now: datetime) -> None:
    """Zettle told that tracking was switched on `at` that time. Kept until a ledger starts with it, or it is known to be over."""
    await _hear_switch(tx, connection_id, f"{STARTED}{product_uuid}", at, now)


async def _hear_switch(tx: Tx, connection_id: int, subject: str, at: datetime, now: datetime) -> None:
    statement = sa.text("""
        INSERT INTO stock_hints (connection_id, side, subject, at, edited) VALUES (:id, :side, :subject, :now, :at)
    """)
    values = {"id": connection_id, "side": Side.ZETTLE.value, "subject": subject}
    await tx.run(statement, {**values, "at": at, "now": now})


async def take_stops(tx: Tx, connection_id: int, product_uuids: Collection[str]) -> Mapping[str, Sequence[Stop]]:
    """When tracking of these was switched off, as far as that was told since the last time."""
    statement = sa.text("""
        DELETE FROM stock_hints WHERE connection_id = :id AND side = :side AND subject = ANY (CAST(:subjects AS text[]))
        RETURNING subject, edited, at
    """)
    subjects = [f"{STOPPED}{uuid}" for uuid in product_uuids]
    rows = await tx.rows(statement, {"id": connection_id, "side": Side.ZETTLE.value, "subjects": subjects})
    found: dict[str, list[Stop]] = {}
    for row in sorted(rows, key=lambda row: row.edited):
        found.setdefault(row.subject.removeprefix(STOPPED), []).append(Stop(row.edited, row.at))
    for uuid, stops in found.items():
        await _end_starts(tx, connection_id, uuid, stops[-1].at)
    return found


async def _end_starts(tx: Tx, connection_id: int, product_uuid: str, stopped: datetime) -> None:
    """What was switched on before is over."""
    statement = sa.text("""
        DELETE FROM stock_hints WHERE connection_id = :id AND side = :side AND subject = :subject AND edited < :stopped
    """)
    values = {"id": connection_id, "side": Side.ZETTLE.value, "subject": f"{STARTED}{product_uuid}"}
    await tx.run(statement, {**values, "stopped": stopped})


async def starts(tx: Tx, connection_id: int, product_uuids: Collection[str]) -> Mapping[str, datetime]:
    """When tracking of these was last switched on, by Zettle's clock, where that was told and no ledger has started with it."""
    statement = sa.text("""
        SELECT subject, max(edited) AS at FROM stock_hints
        WHERE connection_id = :id AND side = :side AND subject = ANY (CAST(:subjects AS text[])) GROUP BY subject
    """)
    subjects = [f"{STARTED}{uuid}" for uuid in product_uuids]
    rows = await tx.rows(statement, {"id": connection_id, "side": Side.ZETTLE.value, "subjects": subjects})
    return {row.subject.removeprefix(STARTED): row.at for row in rows}


async def forget_starts(
    tx: Tx, connection_id: int, product_uuids: Collection[str], heard: datetime | None = None
) -> None:
    """Ledgers have started with them; or they were `heard` before tracking was seen to be off."""
    statement = sa.text("""
        DELETE FROM stock_hints WHERE connection_id = :id AND side = :side AND subject = ANY (CAST(:subjects AS text[]))
            AND (CAST(:heard AS timestamptz) IS NULL OR at < :heard)
    """)
    subjects = [f"{STARTED}{uuid}" for uuid in product_uuids]
    values = {"id": connection_id, "side": Side.ZETTLE.value, "subjects": subjects, "heard": heard}
    await tx.run(statement, values)
