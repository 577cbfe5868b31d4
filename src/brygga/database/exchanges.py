"""The newest calls that wrote something to a platform, or failed: what was sent and what came back,
without secrets. The pages show them beside the sync log. Nothing decides by them.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from brygga.database import ageing
from brygga.database.engine import Tx
from brygga.database.tables import exchanges
from brygga.database.values import to_json

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


# The deletion does not see the rows that are added beside it.
ADD = """
        INSERT INTO exchanges (connection_id, at, platform, method, path, status, subjects, sent,
            answer)
        SELECT :id, at, platform, method, path, status, subjects, sent, answer
        FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS n (place integer, at timestamptz,
            platform text, method text, path text, status integer, subjects text[], sent jsonb,
            answer jsonb)
        ORDER BY place
"""
CUT = """
        DELETE FROM exchanges WHERE connection_id = :id AND id <= (
            SELECT id FROM exchanges WHERE connection_id = :id ORDER BY id DESC OFFSET :rest LIMIT 1
        )
"""
"""The oldest beyond `MOST`, after these values are added."""
_ADD = sa.text(f"WITH added AS ({ADD}) {CUT}")


async def add(tx: Tx, connection_id: int, made: Sequence[Exchange]) -> None:
    """Saves these calls, and deletes the oldest beyond `MOST`."""
    if made:
        await tx.run(_ADD, {"id": connection_id, **added(made)})


def added(made: Sequence[Exchange]) -> Mapping[str, Any]:
    """These calls as the values of `ADD` and `CUT`."""
    rows = [
        {
            "place": place,
            "at": one.at.isoformat(),
            "platform": one.platform,
            "method": one.method,
            "path": one.path,
            "status": one.status,
            "subjects": list(one.subjects),
            "sent": one.sent,
            "answer": one.answer,
        }
        for place, one in enumerate([*made][-MOST:])
    ]
    return {"rows": to_json(rows), "rest": MOST - len(rows)}


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
    return await ageing.delete_older(tx, exchanges.c.at, now - KEPT)
