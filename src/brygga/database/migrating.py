"""The database has the schema that this version of the code needs, or an error says why not.

Two processes may start at once: an advisory lock lets one migrate while the other waits and then
finds nothing to do.
"""

import contextlib
from collections.abc import AsyncIterator
from importlib.resources import files
from typing import Any

import psycopg
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from pgqueuer.adapters.drivers.psycopg import PsycopgDriver
from pgqueuer.adapters.persistence.queries import Queries
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from brygga.database import hook_keys
from brygga.database.engine import Database, DatabaseGone, DatabaseUnfit, Tx, no_writes, unfit
from brygga.database.migration_engine import migration_engine

_LOCK = 0x62727967_6761  # "brygga": any number that no other user of this database would pick


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("brygga.database") / "migrations"))
    config.attributes["connection"] = connection
    return config


def newest() -> str:
    """The revision that this version of the code needs."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head


def known() -> frozenset[str]:
    """Every revision that this version of the code has."""
    scripts = ScriptDirectory.from_config(_config())
    return frozenset(one.revision for one in scripts.walk_revisions())


def is_newer(at: str) -> DatabaseUnfit:
    """What to say of a schema that this version does not know."""
    return DatabaseUnfit(
        f"the database is at {at}, which this version does not know (its newest is {newest()}): "
        "a newer version has upgraded it",
        "run that version, or restore the backup from before its upgrade",
    )


async def upgrade(database: Database) -> None:
    """Brings the database to `newest()`: our tables in one transaction, then the job queue's own.
    Safe to call at every start. Raises `DatabaseGone` and `DatabaseUnfit`.
    """
    async with alone(database) as gate:
        await upgrade_with(database, gate)


@contextlib.asynccontextmanager
async def alone(database: Database) -> "AsyncIterator[psycopg.AsyncConnection[Any]]":
    """While the block runs, every other process that starts waits: none uses a database that is
    being upgraded or restored.
    """
    try:
        async with await psycopg.AsyncConnection.connect(database.url, autocommit=True) as gate:
            await gate.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
            yield gate
    except (psycopg.Error, DBAPIError) as error:
        raise _explained(error) from error


async def upgrade_with(database: Database, gate: "psycopg.AsyncConnection[Any]") -> None:
    """The same within `alone`."""
    at = await current(database)
    if at is not None and at not in known():
        raise is_newer(at)
    async with migration_engine(database).connect() as connection, connection.begin():
        await connection.run_sync(lambda sync: command.upgrade(_config(sync), "head"))
    await _upgrade_queue(gate)
    async with database.transaction() as tx:
        await hook_keys.seal_all(tx)


async def current(database: Database) -> str | None:
    """The revision that the database has, None when it is empty. Raises `DatabaseGone` and
    `DatabaseUnfit`.
    """
    try:
        async with migration_engine(database).connect() as connection:
            return await connection.run_sync(
                lambda sync: MigrationContext.configure(sync).get_current_revision()
            )
    except DBAPIError as error:
        raise _explained(error) from error


_NO_ROOM = ("53100", "53200", "53300")
_READ_ONLY = "25006"


def _explained(error: "psycopg.Error | DBAPIError") -> Exception:
    """The error in an operator's words; the error itself where it is a bug of ours."""
    original = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(original, "sqlstate", None)
    said = str(original).strip().splitlines()[0]
    if state == _READ_ONLY:
        return no_writes()
    if state in {"42501", "3F000"}:
        return unfit(error) or error
    if isinstance(original, psycopg.OperationalError) or state in _NO_ROOM:
        return DatabaseGone(f"the database does not answer: {said}")
    return error


async def revision(tx: Tx) -> str:
    """The same, within a transaction. "" when the database is empty."""
    found: str | None = await tx.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return found or ""


async def _upgrade_queue(gate: "psycopg.AsyncConnection[tuple[object, ...]]") -> None:
    queries = Queries(PsycopgDriver(gate))
    if await queries.schema_is_installed():
        await queries.upgrade()
    else:
        await queries.install()
