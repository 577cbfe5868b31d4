"""The newest calls that wrote something to a platform, or failed: what was sent and what came back,
without secrets. The pages show them beside the sync log. Nothing decides by them.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from brygga.database.engine import Tx
from brygga.database.tables import exchanges

KEPT = timedelta(days=14)
MOST = 2_000
"""More calls than this are not kept of one connection."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call and its answer. `status` is None where no answer came. `subjects` are the ids of
    products and variants that it names, as texts.
    """

    at: datetime
    platform: str
    method: str
    path: str
    status: int | None
    subjects: tuple[str, ...] = ()
    sent: Any = None
    answer: Any = None


async def add(tx: Tx, connection_id: int, made: Sequence[Exchange]) -> None:
    """Saves these calls, and deletes the oldest beyond `MOST`."""
    if not made:
        return
    values = [
        {
            "connection_id": connection_id,
            "at": one.at,
            "platform": one.platform,
            "method": one.method,
            "path": one.path,
            "status": one.status,
            "subjects": list(one.subjects),
            "sent": one.sent,
            "answer": one.answer,
        }
        for one in made
    ]
    await tx.run_many(sa.insert(exchanges), values)
    statement = sa.text("""
        DELETE FROM exchanges WHERE connection_id = :id AND id <= (
            SELECT id FROM exchanges WHERE connection_id = :id
            ORDER BY id DESC OFFSET :most LIMIT 1
        )
    """)
    await tx.run(statement, {"id": connection_id, "most": MOST})


async def about(
    tx: Tx,
    connection_id: int,
    subjects: Collection[str],
    between: tuple[datetime, datetime],
    limit: int = 10,
) -> Sequence[Exchange]:
    """The calls that name one of these ids between two times, oldest first: the newest `limit`."""
    statement = sa.text("""
        SELECT * FROM exchanges
        WHERE connection_id = :id AND at BETWEEN :since AND :until
            AND subjects && CAST(:subjects AS text[])
        ORDER BY id DESC LIMIT :limit
    """)
    since, until = between
    values = {"id": connection_id, "since": since, "until": until, "limit": limit}
    rows = await tx.rows(statement, {**values, "subjects": list(subjects)})
    return [
        Exchange(
            row.at,
            row.platform,
            row.method,
            row.path,
            row.status,
            tuple(row.subjects),
            row.sent,
            row.answer,
        )
        for row in reversed(rows)
    ]


async def prune(tx: Tx, now: datetime) -> int:
    return await tx.run(sa.delete(exchanges).where(exchanges.c.at < now - KEPT))
