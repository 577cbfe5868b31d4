"""What a test of the worker waits for, and what it finds in the sync log."""

from brygga.core.report import Code
from brygga.database import synclog
from brygga.database.engine import Database
from tests.sync_worker.conftest import Bench


async def logged_codes(database: Database, connection_id: int) -> list[Code]:
    async with database.read() as tx:
        return [logged.line.code for logged in reversed(await synclog.page(tx, connection_id))]


async def has_done(bench: Bench, count: int) -> bool:
    return len(bench.done) >= count
