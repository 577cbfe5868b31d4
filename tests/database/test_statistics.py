"""PostgreSQL knows how large our tables are right after bulk work, whoever keeps that server."""

from datetime import UTC, datetime

import psycopg
import pytest
import sqlalchemy as sa

from brygga.core.model import Organization, Product, Variant
from brygga.database import connections, library, migrating, statistics, work_items
from brygga.database import library_pages as pages
from brygga.database.engine import Database, DatabaseBusy, DatabaseGone
from brygga.database.statistics import EVERY_S, Upkeep
from brygga.database.work_items import Kind
from tests.conftest import SEALER, MovableClock

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
MANY = 1_000


async def with_products(database: Database, count: int, account: str = "org") -> int:
    """A connection whose library has so many products, each with a work item."""
    products = [Product(f"p{n}", f"Mugg {n}", "etag", (Variant(f"v{n}"),)) for n in range(count)]
    async with database.transaction() as tx:
        made = await connections.start(
            tx, Organization(account, account, "SEK"), f"key {account}", NOW
        )
        await library.upsert_many(tx, made.id, products, NOW)
        await work_items.add_many(
            tx, made.id, Kind.PRODUCT, [one.uuid for one in products], NOW, bulk=True
        )
    return made.id


async def rows_known(database: Database, table: str) -> float:
    """-1: nobody has counted."""
    async with database.read() as tx:
        return float(
            await tx.scalar(
                sa.text("SELECT reltuples FROM pg_class WHERE relname = :name"), {"name": table}
            )
        )


async def test_a_table_that_has_grown_is_counted_and_then_left_alone(database: Database) -> None:
    await with_products(database, MANY)
    before = await rows_known(database, "library")
    await statistics.refresh(database)

    assert before == -1
    assert MANY == await rows_known(database, "library") == await rows_known(database, "work_items")
    assert [] == await statistics.grown(database)


async def test_a_small_table_is_not_worth_counting(database: Database) -> None:
    await with_products(database, 10)

    assert [] == await statistics.grown(database)


async def test_the_wide_columns_of_the_library_are_not_read(database: Database) -> None:
    """A product is some kilobytes of JSON, and nothing is planned by it."""
    await with_products(database, MANY)
    await statistics.refresh(database)
    async with database.read() as tx:
        rows = await tx.rows(sa.text("SELECT attname FROM pg_stats WHERE tablename = 'library'"))
    counted = {row.attname for row in rows}

    assert {"connection_id", "product_uuid", "assigned"} <= counted
    assert not {"product", "search"} & counted


async def test_a_role_that_only_owns_its_tables_can_keep_them_counted(
    empty_database_url: str,
) -> None:
    """As on a server of somebody else's:

    no superuser, no right to vacuum what belongs to others.
    """
    role = "owner_of_tables"
    with psycopg.connect(empty_database_url, autocommit=True) as admin:
        admin.execute(f"DROP ROLE IF EXISTS {role}")
        admin.execute(f"CREATE ROLE {role} LOGIN")
        admin.execute(f"GRANT ALL ON SCHEMA public TO {role}")
    database = Database.at(empty_database_url.replace("//brygga@", f"//{role}@"), SEALER)
    try:
        await migrating.upgrade(database)
        await with_products(database, MANY)
        await statistics.refresh(database)
        known = await rows_known(database, "library")
    finally:
        await database.close()
        with psycopg.connect(empty_database_url, autocommit=True) as admin:
            admin.execute(f"REASSIGN OWNED BY {role} TO brygga")
            admin.execute(f"DROP OWNED BY {role}")
            admin.execute(f"DROP ROLE {role}")

    assert MANY == known


async def test_a_table_that_another_process_counts_is_not_waited_for(database: Database) -> None:
    await with_products(database, MANY)
    async with database.transaction() as tx:
        await tx.run(sa.text("LOCK TABLE library IN SHARE UPDATE EXCLUSIVE MODE"))
        await statistics.refresh(database)

    assert -1 == await rows_known(database, "library")
    assert MANY == await rows_known(database, "work_items")


async def test_work_that_goes_on_is_followed_now_and_then(
    database: Database, clock: MovableClock
) -> None:
    """Bindings and ledgers of a first import grow batch by batch."""
    upkeep = Upkeep(database, clock)
    await upkeep.follow()
    await with_products(database, MANY)
    await upkeep.follow()
    too_soon = await rows_known(database, "library")
    clock.move(EVERY_S)
    await upkeep.follow()

    assert (-1, MANY) == (too_soon, await rows_known(database, "library"))


async def test_statistics_never_fail_the_work(database: Database) -> None:
    await with_products(database, MANY)
    async with database.transaction() as tx:
        await tx.run(sa.text("ALTER TABLE planned RENAME COLUMN etag TO version"))
        await tx.run(sa.text("ALTER TABLE library RENAME COLUMN etag TO version"))
    await statistics.refresh(database)

    assert -1 == await rows_known(database, "library")


@pytest.mark.parametrize("statement", ["counts", "cut"])
async def test_a_whole_library_is_never_joined_row_by_row(
    database: Database, statement: str
) -> None:
    """Nobody has counted a table, and the planner takes ten thousand rows for one:

    each table is read once all the same.
    """
    id_ = await with_products(database, MANY)
    text = {"counts": pages._COUNTS, "cut": pages._CUTS[pages.Order.NAME]}[statement].text
    values = {**pages._values(id_, "", (), pages.EVERYTHING), "limit": 50, "offset": 0}
    async with database.read() as tx, tx.joining_whole():
        plan = "\n".join(
            row[0] for row in await tx.rows(sa.text(f"EXPLAIN (COSTS OFF) {text}"), values)
        )

    assert "Nested Loop" not in plan
    assert 2 == plan.count("Join")


@pytest.mark.parametrize(
    "trouble", [DatabaseBusy("57014"), DatabaseGone("away")], ids=["busy", "gone"]
)
async def test_a_database_in_trouble_does_not_fail_work_over_statistics(
    database: Database, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    async def failing(*_: object) -> None:
        raise trouble

    monkeypatch.setattr(statistics, "analyze", failing)
    await with_products(database, MANY)
    await statistics.refresh(database)

    assert -1 == await rows_known(database, "library")
