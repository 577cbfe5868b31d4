"""The service of one process, for the long-running commands."""

import contextlib
from collections.abc import AsyncIterator

from brygga import traces
from brygga.cli.process import Runtime
from brygga.database import leases
from brygga.database.migrating import upgrade
from brygga.database.queue import QueueJobs
from brygga.system import SystemClock, SystemDice
from brygga.wiring import Seams, Service, build


@contextlib.asynccontextmanager
async def open_service(runtime: Runtime) -> AsyncIterator[Service]:
    """The service on a database of this version."""
    if runtime.settings.traces:
        traces.configure()
    database = runtime.database()
    try:
        await upgrade(database)
        clock = SystemClock()
        if runtime.alone:
            async with database.transaction() as tx:
                await leases.end_all(tx, clock.now())
        yield build(
            runtime.settings, database, QueueJobs(database, clock), Seams(clock, SystemDice())
        )
    finally:
        if runtime.settings.traces:
            traces.stop()
        await database.close()
