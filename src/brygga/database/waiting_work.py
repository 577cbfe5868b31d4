"""Which work items wait, and which failed: read for pages, for commands, and for work that depends
on other work. `work_items` adds them, `finished_work` and `failed_work` end their tries.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from brygga.database.engine import Tx
from brygga.database.work_items import KNOWN, Kind


@dataclass(frozen=True, slots=True)
class Parked:
    """Work that failed by a bug of ours and has not succeeded since.

    It is tried again at `next_try`, or earlier when its item is added again.
    """

    kind: Kind
    subject: str
    failing_since: datetime
    """Of the first failure. Later failures of the same work share it."""
    support_id: str
    detail: str
    next_try: datetime
    attempts: int
    waits: bool
    """True while it waits for its next try. False when it is about to be tried again."""


async def counts(tx: Tx, connection_id: int) -> Mapping[Kind, int]:
    """How many items wait, by kind. Parked items are not counted."""
    statement = sa.text("""
        SELECT kind, count(*) AS work_items FROM work_items
        WHERE connection_id = :id AND parked_at IS NULL AND kind = ANY (CAST(:kinds AS text[]))
            GROUP BY kind
    """)
    return {
        Kind(row.kind): row.work_items
        for row in await tx.rows(statement, {"id": connection_id, "kinds": KNOWN})
    }


async def is_more_than(tx: Tx, connection_id: int, kind: Kind, most: int) -> bool:
    """Whether more than so many items of this kind wait. No more than that are read, however many
    wait. Parked items are not counted.
    """
    statement = sa.text("""
        SELECT count(*) FROM (
            SELECT FROM work_items
            WHERE connection_id = :id AND kind = :kind AND parked_at IS NULL LIMIT :most + 1
        ) AS few
    """)
    values = {"id": connection_id, "kind": kind.value, "most": most}
    return int(await tx.scalar(statement, values)) > most


async def waiting_kinds(tx: Tx, connection_id: int) -> Collection[Kind]:
    """Kinds with at least one waiting item. It does one index lookup for each kind, however many
    items wait.
    """
    statement = sa.text("""
        SELECT kind FROM unnest(CAST(:kinds AS text[])) AS k (kind) WHERE EXISTS (
            SELECT FROM work_items m WHERE m.connection_id = :id AND m.kind = k.kind AND m.parked_at
                IS NULL
        )
    """)
    rows = await tx.rows(statement, {"id": connection_id, "kinds": [kind.value for kind in Kind]})
    return {Kind(row.kind) for row in rows}


async def due_by(tx: Tx, connection_id: int, kinds: Collection[Kind], until: datetime) -> int:
    """How many items of these kinds are due by then. Parked items are not counted."""
    statement = sa.text("""
        SELECT count(*) FROM work_items WHERE connection_id = :id AND due_at <= :until
            AND kind = ANY (CAST(:kinds AS text[])) AND parked_at IS NULL
    """)
    values = {"id": connection_id, "until": until, "kinds": [kind.value for kind in kinds]}
    return int(await tx.scalar(statement, values))


async def due_at(tx: Tx, connection_id: int, kind: Kind) -> datetime | None:
    """When the earliest item of this kind is due. None: there is none."""
    statement = sa.text(
        "SELECT min(due_at) FROM work_items WHERE connection_id = :id AND kind = :kind"
    )
    found: datetime | None = await tx.scalar(statement, {"id": connection_id, "kind": kind.value})
    return found


async def waits(tx: Tx, connection_id: int, kind: Kind, subject: str, detail: str = "") -> bool:
    """Whether this exact item still has to be done. With `detail`, only an item with that detail
    counts.
    """
    statement = sa.text("""
        SELECT EXISTS (SELECT 1 FROM work_items WHERE connection_id = :id AND kind = :kind
            AND subject = :subject
            AND CAST(:detail AS text) IN ('', detail) AND parked_at IS NULL)
    """)
    values = {"id": connection_id, "kind": kind.value, "subject": subject, "detail": detail}
    return bool(await tx.scalar(statement, values))


async def struggling(tx: Tx, connection_id: int) -> bool:
    """Whether some work failed and waits for another try."""
    statement = sa.text("""
        SELECT EXISTS (SELECT 1 FROM work_items WHERE connection_id = :id AND parked_at IS NULL
            AND attempts > 0)
    """)
    return bool(await tx.scalar(statement, {"id": connection_id}))


async def outages(tx: Tx, connection_id: int) -> Mapping[str, datetime]:
    """The platforms that do not answer and that work of this connection waits for, each with the
    time since when.
    """
    statement = sa.text("""
        SELECT waits_for, min(waits_since) AS since FROM work_items
        WHERE connection_id = :id AND waits_for <> '' AND parked_at IS NULL GROUP BY waits_for
            ORDER BY waits_for DESC
    """)
    return {row.waits_for: row.since for row in await tx.rows(statement, {"id": connection_id})}


async def pending(tx: Tx) -> int:
    """The number of items of all connections that are not parked. 0 means idle."""
    return int(await tx.scalar(sa.text("SELECT count(*) FROM work_items WHERE parked_at IS NULL")))


async def parked(tx: Tx, connection_id: int) -> Sequence[Parked]:
    """Work that failed by a bug of ours and is not done yet, the oldest first."""
    statement = sa.text("""
        SELECT kind, subject, failing_since, support_id, detail, due_at, attempts, parked_at
            FROM work_items
        WHERE connection_id = :id AND failing_since IS NOT NULL AND kind = ANY (CAST(:kinds
            AS text[]))
        ORDER BY failing_since, kind, subject
    """)
    return [
        Parked(
            Kind(row.kind),
            row.subject,
            row.failing_since,
            row.support_id,
            row.detail,
            row.due_at,
            row.attempts,
            row.parked_at is not None,
        )
        for row in await tx.rows(statement, {"id": connection_id, "kinds": KNOWN})
    ]
