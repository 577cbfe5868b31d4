"""pgqueuer's table as we write it ourselves: a job is added where there is none, and nobody is told
of anything else.

pgqueuer's own statements write a row, and notify every worker, for each call that finds the job
queued already.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import psycopg
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
# A row that ON CONFLICT has updated carries the lock of that update in `xmax`; a new one has none.
_ADD = sa.text(f"""
    WITH added AS (
        INSERT INTO pgqueuer AS job (priority, entrypoint, payload, dedupe_key, status)
        VALUES (:priority, '{ENTRYPOINT}', convert_to(CAST(:id AS text), 'UTF8'),
            '{ENTRYPOINT}/' || CAST(:id AS text), 'queued')
        ON CONFLICT (dedupe_key) WHERE {_KEYED} DO UPDATE SET priority = EXCLUDED.priority
            WHERE job.priority < EXCLUDED.priority
        RETURNING id, priority, xmax = 0 AS is_new
    )
    {_LOGGED} WHERE is_new
""")  # noqa: S608 - as above
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


async def add(tx: Tx, connection_id: int, *, urgent: bool) -> None:
    """A job for the connection, or the one that is there: urgent, if that is wanted. Its row is
    locked until the end of the transaction, or added by it.
    """
    await tx.run(_ADD, {"id": connection_id, "priority": URGENT if urgent else NORMAL})


async def add_missing(tx: Tx, wanted: Sequence[Wanted]) -> None:
    """As `add`, for many connections and for the timer alone. What becomes urgent is queued behind
    what was urgent before. It skips a job that is queued, also
    where a turn is about to end it: whoever calls this has to look again. It waits for no other
    timer.
    """
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

# pgqueuer's trigger also notifies of each end of a job, which no worker waits for, and of calls
# that added nothing. Every worker then looks, and each commit that notifies waits for all others
# of the server that do. pgqueuer's `upgrade` leaves a trigger disabled, and leaves ours alone.
_HAS_OURS = """
    SELECT count(*) = 2 FROM pg_trigger WHERE tgrelid = 'pgqueuer'::regclass
        AND (tgname = 'brygga_job_added' OR tgname = 'tg_pgqueuer_changed' AND tgenabled = 'D')
"""
_TELL = """pg_notify('ch_pgqueuer', CAST(json_build_object('channel', 'ch_pgqueuer',
                'operation', 'insert', 'sent_at', now(), 'table', 'pgqueuer',
                'type', 'table_changed_event') AS text))"""
_REMIND = sa.text(f"SELECT {_TELL}")
_NOTIFY_OF_NEW = f"""
    CREATE OR REPLACE FUNCTION brygga_job_added() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT FROM added) THEN
            PERFORM {_TELL};
        END IF;
        RETURN NULL;
    END $$;
    CREATE OR REPLACE TRIGGER brygga_job_added AFTER INSERT ON pgqueuer
        REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION brygga_job_added();
    ALTER TABLE pgqueuer DISABLE TRIGGER tg_pgqueuer_changed
"""


async def remind(tx: Tx) -> None:
    """Every worker looks for jobs once this commits."""
    await tx.run(_REMIND)


async def notify_of_new_jobs(gate: "psycopg.AsyncConnection[Any]") -> None:
    """Workers are told of new jobs, and of nothing else. Changes nothing where that is so."""
    found = await (await gate.execute(_HAS_OURS)).fetchone()
    if found is None or not found[0]:
        await gate.execute(_NOTIFY_OF_NEW)
