"""What our role may do in the database: what an operator granted, not what a merchant may see."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from brygga.database.all_tables import metadata
from brygga.database.engine import Tx


@dataclass(frozen=True, slots=True)
class Rights:
    """`schema` is "" where the role may use none. `foreign` are tables of ours that another role
    owns: a migration cannot change them, and ANALYZE skips them. `closed` are those that the role
    may not read and write.
    """

    role: str
    schema: str
    creates: bool
    is_standby: bool
    foreign: tuple[str, ...]
    closed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Session:
    """What a session of ours is like. Two with the same `database` and `started_at` are of one
    server's database.
    """

    role: str
    database: str
    started_at: datetime
    statement_timeout: str
    timezone: str


_ROLE = sa.text("""
    SELECT current_user AS role, coalesce(current_schema(), '') AS schema,
        coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS creates,
        pg_is_in_recovery() AS is_standby
""")
_TABLES = sa.text("""
    SELECT c.relname AS name, pg_has_role(c.relowner, 'USAGE') AS owns,
        has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
            AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE')
            AS opens
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = current_schema() AND c.relkind = 'r'
        AND c.relname = ANY (CAST(:tables AS text[]))
    ORDER BY c.relname
""")
_WORKERS = sa.text("""
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = :name
""")
_SESSION = sa.text("""
    SELECT current_user AS role, current_database() AS database,
        pg_postmaster_start_time() AS started_at,
        current_setting('statement_timeout') AS statement_timeout,
        current_setting('TimeZone') AS timezone
""")
_CLOCK = sa.text("SELECT clock_timestamp()")
WORKER = "brygga worker"
"""The application name of the connection on which each worker waits for jobs."""


async def read(tx: Tx) -> Rights:
    role = await tx.first(_ROLE)
    assert role is not None
    ours = [*metadata.tables, "alembic_version", "pgqueuer", "pgqueuer_log"]
    rows = await tx.rows(_TABLES, {"tables": ours})

    return Rights(
        role.role,
        role.schema,
        role.creates,
        role.is_standby,
        tuple(row.name for row in rows if not row.owns),
        tuple(row.name for row in rows if not row.opens),
    )


async def workers(tx: Tx) -> int:
    """How many workers wait for jobs on this database now."""
    return int(await tx.scalar(_WORKERS, {"name": WORKER}))


async def clock(tx: Tx) -> datetime:
    """What time the database's machine has."""
    found: datetime = await tx.scalar(_CLOCK)
    return found


async def session(tx: Tx) -> Session:
    row = await tx.first(_SESSION)
    assert row is not None
    return Session(*row)
