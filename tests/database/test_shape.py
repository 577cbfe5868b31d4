"""The database has the shape that the tables say, whoever starts first, however often."""

import asyncio
from typing import Any

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from brygga.database import access_tables, alert_tables, migrating, stock_tables
from brygga.database.all_tables import metadata
from brygga.database.engine import Database
from brygga.database.migration_engine import migration_engine
from tests.conftest import SEALER

_OF_OTHERS = ("pgqueuer", "alembic_version")


async def test_two_processes_may_migrate_at_once_and_again(empty_database_url: str) -> None:
    databases = [Database.at(empty_database_url, SEALER) for _ in range(2)]
    assert await migrating.current(databases[0]) is None

    await asyncio.gather(*(migrating.upgrade(database) for database in databases))
    await migrating.upgrade(databases[0])
    now = await migrating.current(databases[0])
    async with databases[0].read() as tx:
        jobs = await tx.scalar(sa.text("SELECT count(*) FROM pgqueuer"))
    for database in databases:
        await database.close()

    assert (migrating.newest(), 0) == (now, jobs)


async def test_the_migrations_make_exactly_the_tables(database: Database) -> None:
    """Also that no table with a merchant's rows is missing in the values."""
    ours = set(metadata.tables)
    made = {access_tables.removed_users, alert_tables.alerts, stock_tables.ledgers}
    assert {table.name for table in made} <= ours

    def differences(connection: sa.Connection) -> list[Any]:
        def include(thing: Any, name: str | None, kind: str, reflected: bool, other: Any) -> bool:
            table = name if kind == "table" else thing.table.name
            return table in ours and not str(table).startswith(_OF_OTHERS)

        options = {"include_object": include, "compare_type": True, "compare_server_default": False}
        found: list[Any] = compare_metadata(
            MigrationContext.configure(connection, opts=options), metadata
        )
        return found

    async with migration_engine(database).connect() as connection:
        assert [] == await connection.run_sync(differences)
        owned = await connection.execute(
            sa.text(
                "SELECT table_name FROM information_schema.columns"
                " WHERE table_schema = 'public' AND column_name = 'connection_id'"
            )
        )
    assert {row.table_name for row in owned} <= ours
