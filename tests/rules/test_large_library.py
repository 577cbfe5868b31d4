"""A large library is read, and the pages are quick at once: nobody waits for somebody else's server
to count.
"""

import pytest
import sqlalchemy as sa

from brygga.database.engine import Database
from tests.conftest import MovableClock
from tests.rules.test_products_requests import with_library

pytestmark = pytest.mark.usefixtures("database_url")
"""It asks for the server's own figures."""
MANY = 300


async def test_a_library_that_was_just_read_is_counted(
    database: Database, clock: MovableClock
) -> None:
    """The tests' server never does it by itself."""
    bench = await with_library(database, clock, MANY)
    await bench.read_library()
    async with database.read() as tx:
        autovacuum = await tx.scalar(sa.text("SHOW autovacuum"))
        rows = await tx.scalar(sa.text("SELECT reltuples FROM pg_class WHERE relname = 'library'"))
        counted = await tx.scalar(
            sa.text("SELECT count(*) FROM pg_stats WHERE tablename = 'library'")
        )

    assert ("off", MANY) == (autovacuum, rows)
    assert counted > 0
