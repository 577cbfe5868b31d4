"""What an operator is shown of all merchants: states and ages, never what a merchant sells or to
whom.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from brygga.database.engine import Tx
from brygga.database.failed_work import CAUSE
from brygga.database.work_items import WORKABLE


class Standing(StrEnum):
    """How a connection is doing. The order is that of the decision in `_STANDING`."""

    ENDED = "ended"
    HELD = "held"
    """An operator holds its work."""
    LEAVING = "leaving"
    RESTORED = "restored"
    """It comes from a backup or another installation, and waits."""
    PAUSED = "paused"
    """It waits for its merchant."""
    UNREACHABLE = "unreachable"
    FAILING = "failing"
    """Some of its work failed by a bug of ours."""
    WATCHING = "watching"
    """It reads beside another app, and writes nothing."""
    SETUP = "setup"
    RUNNING = "running"


@dataclass(frozen=True, slots=True)
class Summary:
    """One connection in the list. Times are None where there is none yet."""

    id: int
    organization: str
    store: str
    store_hash: str
    standing: Standing
    stage: str
    cause: str
    """Why it is paused, or ""."""
    late_since: datetime | None
    """Since when the oldest of its work has been due."""
    failing: int
    budget: Mapping[str, int] | None
    last_event: datetime | None
    """When a webhook of a platform last came."""


@dataclass(frozen=True, slots=True)
class Summaries:
    """`total` counts all that match, over all pages."""

    rows: tuple[Summary, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Cause:
    """Work of one kind that failed by the same bug: its name, and the place in the code."""

    cause: str
    kind: str
    items: int
    merchants: int
    since: datetime
    support_id: str
    """Of the oldest."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Work of one kind, of all merchants or of one."""

    kind: str
    waiting: int
    due: int
    late_since: datetime | None
    failing: int


@dataclass(frozen=True, slots=True)
class Working:
    """What a worker does now: the connection whose lease it has. `doing` is the most urgent kind
    of work that is due there, or "".
    """

    worker: str
    connection: int
    organization: str
    doing: str
    due: int
    until: datetime


_STANDING = """
    CASE
        WHEN c.stage = 'disconnected' THEN 'ended'
        WHEN c.held_at IS NOT NULL THEN 'held'
        WHEN c.stage = 'leaving' THEN 'leaving'
        WHEN c.restored_at IS NOT NULL THEN 'restored'
        WHEN c.paused <> '' THEN 'paused'
        WHEN c.unreachable_since IS NOT NULL THEN 'unreachable'
        WHEN failing.items > 0 THEN 'failing'
        WHEN c.stage = 'watching' THEN 'watching'
        WHEN c.stage <> 'running' THEN 'setup'
        ELSE 'running'
    END
"""
_LIST = sa.text(f"""
    WITH found AS (
        SELECT c.id, c.organization, c.shop, c.store_hash, c.stage, c.paused, c.budget_seen,
            late.since AS late_since, failing.items AS failing, {_STANDING} AS standing
        FROM connections c
        CROSS JOIN LATERAL (
            SELECT min(m.due_at) AS since FROM work_items m
            WHERE m.connection_id = c.id AND m.parked_at IS NULL AND m.due_at <= :now
                AND {WORKABLE}
        ) late
        CROSS JOIN LATERAL (
            SELECT count(*) AS items FROM work_items m
            WHERE m.connection_id = c.id AND m.failing_since IS NOT NULL
        ) failing
    )
    SELECT f.id, coalesce(nullif(f.organization ->> 'name', ''), f.organization ->> 'uuid')
            AS organization, coalesce(f.shop ->> 'name', '') AS store,
        coalesce(f.store_hash, '') AS store_hash, f.standing, f.stage, f.paused AS cause,
        f.late_since, f.failing, f.budget_seen AS budget, count(*) OVER () AS total,
        (SELECT max(d.last_at) FROM deliveries d
            WHERE d.connection_id = f.id AND d.outcome IN ('accepted', 'unverified'))
            AS last_event
    FROM found f
    WHERE (CAST(:one AS bigint) IS NULL OR f.id = :one)
        AND (CASE WHEN :standing = '' THEN :one IS NOT NULL OR f.standing <> 'ended'
            ELSE f.standing = :standing END)
        AND (:cause = '' OR f.paused = :cause)
        AND (:search = '' OR CAST(f.id AS text) = :search OR f.store_hash = :search
            OR strpos(lower(concat_ws(' ', f.organization ->> 'name', f.shop ->> 'name',
                f.shop ->> 'domain')), :search) > 0)
    ORDER BY CASE WHEN :by_lag THEN f.late_since END, f.id
    LIMIT :limit OFFSET :offset
""")  # noqa: S608 - only our own constants are put together
_CAUSES = sa.text(f"""
    SELECT {CAUSE} AS cause, m.kind, count(*) AS items,
        count(DISTINCT m.connection_id) AS merchants, min(m.failing_since) AS since,
        (array_agg(m.support_id ORDER BY m.failing_since))[1] AS support_id
    FROM work_items m LEFT JOIN support s ON s.id = m.support_id
        AND s.connection_id = m.connection_id
    WHERE m.failing_since IS NOT NULL
        AND (CAST(:one AS bigint) IS NULL OR m.connection_id = :one)
    GROUP BY 1, 2 ORDER BY items DESC, 1, 2
""")  # noqa: S608 - as above
_QUEUE = sa.text(f"""
    SELECT m.kind, count(*) FILTER (WHERE m.parked_at IS NULL) AS waiting,
        count(*) FILTER (WHERE m.parked_at IS NULL AND m.due_at <= :now AND {WORKABLE}) AS due,
        min(m.due_at) FILTER (WHERE m.parked_at IS NULL AND m.due_at <= :now AND {WORKABLE})
            AS late_since,
        count(*) FILTER (WHERE m.failing_since IS NOT NULL) AS failing
    FROM work_items m JOIN connections c ON c.id = m.connection_id
    WHERE CAST(:one AS bigint) IS NULL OR m.connection_id = :one
    GROUP BY m.kind ORDER BY due DESC, waiting DESC, m.kind
""")  # noqa: S608 - as above
_WORKING = sa.text(f"""
    SELECT c.lease_holder AS worker, c.id AS connection, c.lease_until AS until,
        coalesce(nullif(c.organization ->> 'name', ''), c.organization ->> 'uuid')
            AS organization, coalesce(now.doing, '') AS doing, now.due
    FROM connections c
    CROSS JOIN LATERAL (
        SELECT count(*) AS due, (array_agg(m.kind ORDER BY m.rank, m.due_at))[1] AS doing
        FROM work_items m WHERE m.connection_id = c.id AND m.parked_at IS NULL
            AND m.due_at <= :now AND {WORKABLE}
    ) now
    WHERE c.lease_holder IS NOT NULL AND c.lease_until > :now
    ORDER BY c.lease_holder, c.id LIMIT :limit
""")  # noqa: S608 - as above


async def merchants(
    tx: Tx,
    now: datetime,
    *,
    one: int | None = None,
    standing: Standing | None = None,
    cause: str = "",
    search: str = "",
    by_lag: bool = False,
    limit: int = 50,
    offset: int = 0,
) -> Summaries:
    """Connections whose names, store or number match. Those that have ended are left out unless
    `standing` asks for them, or `one` names one.
    """
    values = {
        "now": now,
        "one": one,
        "standing": standing.value if standing else "",
        "cause": cause,
        "search": search.strip().lower(),
        "by_lag": by_lag,
        "limit": limit,
        "offset": offset,
    }
    rows = await tx.rows(_LIST, values)
    return Summaries(tuple(_summary(row) for row in rows), rows[0].total if rows else 0)


def _summary(row: Any) -> Summary:
    return Summary(
        row.id,
        row.organization,
        row.store,
        row.store_hash,
        Standing(row.standing),
        row.stage,
        row.cause,
        row.late_since,
        row.failing,
        row.budget,
        row.last_event,
    )


async def causes(tx: Tx, one: int | None = None) -> Sequence[Cause]:
    """What failed by bugs of ours, by bug and kind, the most frequent first. `one`: of that
    connection alone.
    """
    return [
        Cause(row.cause or "", row.kind, row.items, row.merchants, row.since, row.support_id)
        for row in await tx.rows(_CAUSES, {"one": one})
    ]


async def queue(tx: Tx, now: datetime, one: int | None = None) -> Sequence[Waiting]:
    """The work that waits, by kind, what is due first."""
    return [
        Waiting(row.kind, row.waiting, row.due, row.late_since, row.failing)
        for row in await tx.rows(_QUEUE, {"now": now, "one": one})
    ]


async def working(tx: Tx, now: datetime, limit: int = 500) -> Sequence[Working]:
    """What each worker does now."""
    return [
        Working(row.worker, row.connection, row.organization, row.doing, row.due, row.until)
        for row in await tx.rows(_WORKING, {"now": now, "limit": limit})
    ]
