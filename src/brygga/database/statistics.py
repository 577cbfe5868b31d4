"""What PostgreSQL's planner knows of our tables. It guesses until the tables are analyzed.

After a first import the guess is wrong by a factor of a thousand, and a page takes a minute.

Autovacuum analyzes too, up to a minute later. An external server may have it switched off, and a
merchant does not wait.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import SQLAlchemyError

from brygga.database.engine import Database, DatabaseBusy, DatabaseGone, DatabaseUnfit
from brygga.seams import Clock

log = structlog.get_logger(__name__)

EVERY_S: Final = 5.0
"""A process checks this often at most, however many connections it works for."""
SELDOM_S: Final = 60.0
"""The same where little was done: a sale moves no plan."""
MUCH: Final = 10
"""As many work items are more than a little."""
COUNTED: Final[Mapping[str, str]] = {
    "library": "connection_id, product_uuid, etag, sort_key, vat, tracking, assigned, unassign_at,"
    " unreadable, failure, removed_at",
    "bindings": "",
    "binding_children": "",
    "work_items": "",
    "ledgers": "connection_id, variant_uuid, product_uuid, separate, check_since",
    "pending_writes": "connection_id, call, variant_uuid, product_uuid, side, state, at",
    "initial_levels": "",
    "movements": "",
    "synclog": "connection_id, id, at, code, topic, severity, subject, variant",
    "duplicates": "",
    "shop_claims": "",
    "planned": "",
    "plan_steps": "connection_id, product_uuid, sort_key, filters",
}
"""The tables that bulk work writes. For a table with wide columns, the other columns are listed:
analyzing a wide column costs more than it helps.
"""

# The size of a table is known exactly and at once. PostgreSQL's own counters of changed rows come
# seconds later, or never.
_GROWN = sa.text("""
    SELECT c.relname AS name FROM pg_class c
    WHERE c.oid = ANY (SELECT to_regclass(one) FROM unnest(CAST(:tables AS text[])) AS one)
        AND pg_relation_size(c.oid) / CAST(current_setting('block_size') AS integer)
            >= greatest(8, 1.2 * c.relpages)
    ORDER BY c.relname
""")


async def refresh(database: Database) -> None:
    """Analyzes the tables that have grown by a fifth since they were last analyzed. It needs only
    the rights of their owner.

    Call it after bulk work is committed. It never makes that work fail: without it pages are slow,
    not wrong.
    """
    try:
        for table in await grown(database):
            await analyze(database, table)
    except (SQLAlchemyError, DatabaseGone, DatabaseBusy, DatabaseUnfit) as failed:
        log.warning("tables not counted", why=str(failed).splitlines()[0])


@dataclass(slots=True)
class Upkeep:
    """For tables that grow little by little.

    It is called after every piece of work, and does something only now and then.
    """

    database: Database
    clock: Clock
    _last: float = float("-inf")

    async def follow(self, items: int = MUCH) -> None:
        """After a piece of work on so many items."""
        rest_s = EVERY_S if items >= MUCH else SELDOM_S
        if self.clock.monotonic() >= self._last + rest_s:
            self._last = self.clock.monotonic()
            await refresh(self.database)


async def grown(database: Database) -> list[str]:
    async with database.read(once=True) as tx:
        return [row.name for row in await tx.rows(_GROWN, {"tables": list(COUNTED)})]


async def analyze(database: Database, table: str) -> None:
    """It does not wait for a lock: a table that another process analyzes at this moment
    is skipped.
    """
    columns = f" ({COUNTED[table]})" if COUNTED[table] else ""
    async with database.transaction() as tx:
        await tx.run(sa.text(f"ANALYZE (SKIP_LOCKED) {table}{columns}"))
