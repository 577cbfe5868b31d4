"""What a monitor reads of the whole installation."""

from datetime import timedelta

import sqlalchemy as sa

from brygga.core.model import Stage
from brygga.database import connections, failed_work, service_health, work_items
from brygga.database.engine import Database
from brygga.database.queue import QueueJobs
from brygga.database.queue_table import NORMAL, URGENT
from brygga.database.work_items import Kind
from brygga.system import SystemClock
from tests.conftest import NOON
from tests.database.merchants import connected


async def _read(database: Database, after_s: float = 0.0) -> service_health.ServiceHealth:
    async with database.read() as tx:
        return await service_health.read(tx, NOON + timedelta(seconds=after_s))


async def test_an_empty_installation_is_well(database: Database) -> None:
    assert service_health.ServiceHealth({}, 0, 0, 0, 0.0, 0.0, 0, 0.0, 0, 0) == await _read(
        database
    )


async def test_the_age_of_what_is_due_is_told_and_stock_by_itself(database: Database) -> None:
    one = await connected(database)
    async with database.transaction() as tx:
        await work_items.add(tx, one.id, Kind.PRODUCT, "cup", NOON)
        await work_items.add(
            tx, one.id, Kind.STOCK, "cup", NOON, due_at=NOON + timedelta(seconds=20)
        )
        await work_items.add(tx, one.id, Kind.SWEEP, "", NOON, due_at=NOON + timedelta(hours=1))

    found = await _read(database, after_s=30)

    assert (2, 30.0, 10.0) == (found.waiting, found.late_s, found.stock_late_s)


async def test_work_of_a_paused_or_unfinished_connection_is_not_late(database: Database) -> None:
    """It waits for its merchant: a page would show it, and no operator can help."""
    one, two = await connected(database), await connected(database, "org-2", "def456")
    async with database.transaction() as tx:
        for connection in (one, two):
            await work_items.add(tx, connection.id, Kind.PRODUCT, "cup", NOON)
        await connections.pause(tx, one.id, "zettle_access_gone")
        await connections.set_stage(tx, two.id, Stage.ZETTLE_CONNECTED)

    found = await _read(database, after_s=30)

    assert (0, 0.0, 1) == (found.waiting, found.late_s, found.paused)
    assert {"running": 1, "zettle_connected": 1} == dict(found.stages)


async def test_a_bug_and_an_outage_are_counted(database: Database) -> None:
    one = await connected(database)
    async with database.transaction() as tx:
        await work_items.add(tx, one.id, Kind.PRODUCT, "cup", NOON)
        (seen,) = await work_items.due(tx, one.id, NOON)
        await failed_work.park(tx, seen, "support-1", NOON, next_try=NOON + timedelta(hours=1))
        await connections.unreachable(tx, one.id, NOON)

    found = await _read(database, after_s=90)

    assert (1, 90.0, 1, 0) == (found.parked, found.parked_s, found.unreachable, found.waiting)


async def test_work_of_a_set_up_that_nobody_does_is_late(database: Database) -> None:
    """A merchant sits before that page: workers that are down are seen here, not only once syncing
    has begun.
    """
    one = await connected(database)
    async with database.transaction() as tx:
        await connections.set_stage(tx, one.id, Stage.STORE_CONNECTED)
        await work_items.add(tx, one.id, Kind.ACCOUNT, "", NOON)

    found = await _read(database, after_s=30)

    assert (1, 30.0) == (found.waiting, found.late_s)


async def test_jobs_that_wait_for_a_worker_are_counted_by_priority(database: Database) -> None:
    jobs = QueueJobs(database, SystemClock())
    ids = [(await connected(database, f"org-{n}", f"store-{n}")).id for n in range(4)]
    async with database.transaction() as tx:
        empty = await service_health.queued(tx)
        for place, id_ in enumerate(ids):
            await jobs.enqueue(tx, id_, urgent=place == 0)
        await tx.run(sa.text("UPDATE pgqueuer SET status = 'picked' WHERE id = 4"))
        found = await service_health.queued(tx)

    assert {} == empty
    assert {URGENT: 1, NORMAL: 2} == found


async def test_what_a_monitor_asks_each_minute_reads_few_movements(database: Database) -> None:
    """Of a day's movements, which may be millions, only those that are counted."""
    one = await connected(database)
    async with database.transaction() as tx:
        await tx.run(_MOVED, {"id": one.id, "now": NOON})
    async with database.transaction() as tx:
        await tx.run(sa.text("ANALYZE movements"))

    async with database.read() as tx:
        found = await service_health.read(tx, NOON)
        read = await tx.scalar(_READ)

    assert 3 == found.contradicted
    assert read <= 10


_MOVED = sa.text("""
    INSERT INTO movements (connection_id, at, product_uuid, variant_uuid, side, cause, change)
    SELECT :id, CAST(:now AS timestamptz) - n * interval '10 seconds', 'cup', 'v' || n, 'shop',
        CASE WHEN n % 1000 = 7 THEN 'contradicted' ELSE 'observed' END, 1
    FROM generate_series(1, 3000) AS n
""")
_READ = sa.text("""
    SELECT seq_tup_read + coalesce(idx_tup_fetch, 0) FROM pg_stat_xact_user_tables
    WHERE relname = 'movements'
""")
