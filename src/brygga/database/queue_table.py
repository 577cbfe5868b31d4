"""Jobs for many connections at once, as the worker's timer adds them. pgqueuer's own statement is
for one job, and writes its row anew where it is queued already.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from brygga.database.engine import Tx
from brygga.database.leases import gate_key

ENTRYPOINT: Final = "drain"
URGENT, NORMAL = 10, 0
PORTION: Final = 100
"""The jobs that the timer adds in one transaction. Whoever adds a job for one of these connections
meanwhile waits for its end.
"""
TIMERS = 1_278_366_036
"""The first key of the locks by which timers of different workers leave each other's jobs alone."""

# The partial index that makes `dedupe_key` unique.
_KEYED = "status IN ('queued', 'picked') AND dedupe_key IS NOT NULL"
_LOGGED = f"""
    INSERT INTO pgqueuer_log (job_id, status, entrypoint, priority)
    SELECT id, 'queued', '{ENTRYPOINT}', priority FROM added
"""  # noqa: S608 - only our own constants are put together
# What another timer adds now is left to it, and a job that somebody holds keeps its priority: this
# timer looks again in a second. Rows are added in the order of the connections' ids. A job that
# becomes urgent gets a new id, behind the urgent ones: a sale that is queued stays before it.
_ADD_MISSING = sa.text(f"""
    WITH wanted AS MATERIALIZED (
        SELECT n.id, n.priority, '{ENTRYPOINT}/' || n.id AS dedupe_key
        FROM unnest(CAST(:ids AS bigint[]), CAST(:priorities AS integer[])) AS n (id, priority)
    ), lower AS (
        SELECT q.id, w.priority FROM wanted w JOIN pgqueuer q USING (dedupe_key)
        WHERE q.status = 'queued' AND q.priority < w.priority FOR NO KEY UPDATE OF q SKIP LOCKED
    ), raised AS (
        UPDATE pgqueuer q SET priority = lower.priority,
            id = nextval(pg_get_serial_sequence('pgqueuer', 'id'))
        FROM lower WHERE q.id = lower.id
    ), missing AS MATERIALIZED (
        SELECT w.* FROM wanted w WHERE NOT EXISTS (
            SELECT FROM pgqueuer q WHERE q.dedupe_key = w.dedupe_key AND {_KEYED})
    ), ours AS MATERIALIZED (
        SELECT * FROM missing WHERE pg_try_advisory_xact_lock({TIMERS}, {gate_key("id")})
    ), added AS (
        INSERT INTO pgqueuer (priority, entrypoint, payload, dedupe_key, status)
        SELECT priority, '{ENTRYPOINT}', convert_to(CAST(id AS text), 'UTF8'), dedupe_key, 'queued'
        FROM ours ORDER BY id
        ON CONFLICT (dedupe_key) WHERE {_KEYED} DO NOTHING
        RETURNING id, priority
    )
    {_LOGGED}
""")  # noqa: S608 - as above
_QUEUED = sa.text(f"""
    SELECT CAST(substr(dedupe_key, {len(ENTRYPOINT) + 2}) AS bigint) AS id,
        priority >= {URGENT} OR status = 'picked' AS is_urgent
    FROM pgqueuer WHERE {_KEYED} AND entrypoint = '{ENTRYPOINT}'
""")  # noqa: S608 - as above


@dataclass(frozen=True, slots=True)
class Wanted:
    """A connection that needs a job."""

    connection_id: int
    urgent: bool = False


async def add_missing(tx: Tx, wanted: Sequence[Wanted]) -> None:
    """A job for each of these that has none. One that becomes urgent is queued behind what was
    urgent before. It skips a job that is there, also where a turn is about to end it: whoever calls
    this has to look again. It waits for no other timer.
    """
    if not wanted:
        return
    values = {
        "ids": [one.connection_id for one in wanted],
        "priorities": [URGENT if one.urgent else NORMAL for one in wanted],
    }
    await tx.run(_ADD_MISSING, values)


async def queued(tx: Tx) -> Mapping[int, bool]:
    """The connections that have a job, and whether it is begun already or cannot be more urgent."""
    return {row.id: row.is_urgent for row in await tx.rows(_QUEUED)}


def portions(wanted: Sequence[Wanted]) -> Sequence[Sequence[Wanted]]:
    return [wanted[at : at + PORTION] for at in range(0, len(wanted), PORTION)]


# ---- Notifications -------------------------------------------------------------------------------

_TELL = """pg_notify('ch_pgqueuer', CAST(json_build_object('channel', 'ch_pgqueuer',
                'operation', 'insert', 'sent_at', now(), 'table', 'pgqueuer',
                'type', 'table_changed_event') AS text))"""
_REMIND = sa.text(f"SELECT {_TELL}")


async def remind(tx: Tx) -> None:
    """Every worker looks for jobs once this commits."""
    await tx.run(_REMIND)
