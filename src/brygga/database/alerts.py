"""What every connection needs its merchant for now, and since when. Each condition is told once.

The conditions are read from the other tables, for all connections in one statement.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from brygga.core.alerts import Cause, Condition, Known
from brygga.core.statements import LASTS
from brygga.database.engine import Tx

HOOK_TRIES: Final = 18
"""Webhooks that could not be made so many times in a row are dead: about an hour."""
_PRESENT = sa.text("""
    SELECT id AS connection_id,
        CASE WHEN paused = ANY (CAST(:access AS text[])) THEN 'access_lost' ELSE 'sync_stopped' END
            AS cause, paused AS subject
    FROM connections WHERE stage = 'running' AND paused <> ''
    UNION ALL
    SELECT id, 'sync_stopped', 'prices_paused' FROM connections
    WHERE stage = 'running' AND prices_paused
    UNION ALL
    SELECT l.connection_id, 'numbers_to_check', l.variant_uuid
    FROM ledgers l JOIN connections c ON c.id = l.connection_id
    WHERE c.stage = 'running' AND l.check_since IS NOT NULL
        AND jsonb_typeof(l.zettle -> 'confirmed') = 'number'
    UNION ALL
    SELECT d.connection_id, 'numbers_differ', d.variant_uuid
    FROM differences d JOIN connections c ON c.id = d.connection_id
    WHERE c.stage = 'running' AND d.seen_at >= d.since + CAST(:lasts AS interval)
    UNION ALL
    SELECT w.connection_id, 'hooks_dead', ''
    FROM work_items w JOIN connections c ON c.id = w.connection_id
    WHERE c.stage = 'running' AND c.paused = '' AND w.kind = 'hooks' AND w.waits_for = ''
        AND (w.failing_since < :hooks_before OR w.attempts >= :tries)
    UNION ALL
    SELECT q.connection_id, 'brake', q.kind
    FROM questions q JOIN connections c ON c.id = q.connection_id
    WHERE c.stage = 'running' AND q.answer = '' AND cardinality(q.subjects) > 0
    UNION ALL
    SELECT c.id, 'first_sync_done', '' FROM connections c
    WHERE c.stage = 'running' AND c.paused = ''
        AND NOT EXISTS (SELECT FROM alerts a
            WHERE a.connection_id = c.id AND a.cause = 'first_sync_done')
        AND NOT EXISTS (SELECT FROM work_items w WHERE w.connection_id = c.id
            AND w.kind IN ('setup', 'library', 'product', 'marker') AND w.parked_at IS NULL)
        AND EXISTS (SELECT FROM bindings b WHERE b.connection_id = c.id
            AND b.state = 'bound' AND b.synced_at IS NOT NULL)
    ORDER BY 1, 2, 3
""")
_KNOWN = sa.text("""
    SELECT connection_id, cause, subject, since, told_at FROM alerts
    ORDER BY connection_id, cause, subject
""")
_BEGIN = sa.text("""
    INSERT INTO alerts (connection_id, cause, subject, since)
    SELECT :id, cause, subject, :now
    FROM unnest(CAST(:causes AS text[]), CAST(:subjects AS text[])) AS n (cause, subject)
    ON CONFLICT DO NOTHING
""")
_END = sa.text("""
    DELETE FROM alerts a
    USING unnest(CAST(:causes AS text[]), CAST(:subjects AS text[])) AS n (cause, subject)
    WHERE a.connection_id = :id AND a.cause = n.cause AND a.subject = n.subject
""")
_TOLD = sa.text("""
    UPDATE alerts SET told_at = :now
    WHERE connection_id = :id AND cause = :cause AND subject = ANY (CAST(:subjects AS text[]))
        AND told_at IS NULL
    RETURNING subject
""")


async def present(
    tx: Tx, access: Collection[str], now: datetime
) -> Mapping[int, Sequence[Condition]]:
    """What is true now, by connection. `access` are the codes of a pause that mean lost access."""
    values = {
        "access": sorted(access),
        "lasts": LASTS,
        "hooks_before": now - timedelta(hours=1),
        "tries": HOOK_TRIES,
    }
    found: dict[int, list[Condition]] = {}
    for row in await tx.rows(_PRESENT, values):
        condition = Condition(Cause(row.cause), row.subject)
        found.setdefault(row.connection_id, []).append(condition)
    return found


async def known(tx: Tx) -> Mapping[int, Sequence[Known]]:
    """What was true at the last look, by connection."""
    found: dict[int, list[Known]] = {}
    for row in await tx.rows(_KNOWN):
        condition = Condition(Cause(row.cause), row.subject)
        found.setdefault(row.connection_id, []).append(Known(condition, row.since, row.told_at))
    return found


async def begin(
    tx: Tx, connection_id: int, conditions: Collection[Condition], now: datetime
) -> None:
    await tx.run(_BEGIN, {**_columns(connection_id, conditions), "now": now})


async def end(tx: Tx, connection_id: int, conditions: Collection[Condition]) -> None:
    await tx.run(_END, _columns(connection_id, conditions))


async def tell(
    tx: Tx, connection_id: int, cause: Cause, subjects: Collection[str], now: datetime
) -> Sequence[str]:
    """Notes that these are told. Returns those that nobody had told: of two processes at once, one
    gets each. Call it in the transaction that saves the message.
    """
    values = {"id": connection_id, "cause": cause.value, "subjects": list(subjects), "now": now}
    return sorted(row.subject for row in await tx.rows(_TOLD, values))


async def names(
    tx: Tx, connection_id: int, variant_uuids: Collection[str], limit: int
) -> Sequence[str]:
    """The names of the products that these variants belong to, in order."""
    statement = sa.text("""
        SELECT DISTINCT l.name FROM ledgers g JOIN library l
            ON l.connection_id = g.connection_id AND l.product_uuid = g.product_uuid
        WHERE g.connection_id = :id AND g.variant_uuid = ANY (CAST(:variants AS text[]))
        ORDER BY l.name LIMIT :limit
    """)
    values = {"id": connection_id, "variants": list(variant_uuids), "limit": limit}
    return [row.name for row in await tx.rows(statement, values)]


async def still(
    tx: Tx, connection_id: int, cause: Cause, subjects: Collection[str]
) -> Collection[str]:
    """Those of these subjects for which the cause has not ended."""
    statement = sa.text("""
        SELECT subject FROM alerts WHERE connection_id = :id AND cause = :cause
            AND subject = ANY (CAST(:subjects AS text[]))
    """)
    values = {"id": connection_id, "cause": cause.value, "subjects": list(subjects)}
    return {row.subject for row in await tx.rows(statement, values)}


async def of(tx: Tx, connection_id: int) -> Sequence[Known]:
    """What this connection needs its merchant for now."""
    statement = sa.text("""
        SELECT cause, subject, since, told_at FROM alerts WHERE connection_id = :id
        ORDER BY since, cause, subject
    """)
    return [
        Known(Condition(Cause(row.cause), row.subject), row.since, row.told_at)
        for row in await tx.rows(statement, {"id": connection_id})
    ]


def _columns(connection_id: int, conditions: Collection[Condition]) -> dict[str, object]:
    ordered = sorted(conditions, key=lambda one: (one.cause.value, one.subject))
    return {
        "id": connection_id,
        "causes": [one.cause.value for one in ordered],
        "subjects": [one.subject for one in ordered],
    }
