"""A worker in a process of its own, for tests that kill it: it says when its handler begins, and
then hangs or finishes.
"""

import asyncio
import sys
from collections.abc import Sequence
from datetime import timedelta

from brygga.database.engine import Database
from brygga.database.queue import QueueJobs, QueueSettings
from brygga.database.work_items import Kind, WorkItem
from brygga.sync.worker.loop import Pace, Worker
from brygga.sync.worker.session import Session
from brygga.system import SystemClock, SystemDice
from tests.conftest import SEALER
from tests.sync_worker.conftest import Facts, no_clients

QUICK = Pace(
    lease_s=2, renew_s=0.3, takeover_delay_s=0.3, slice_s=2, shutdown_timeout_s=1, tick_s=0.2
)


def say(what: str, batch: Sequence[WorkItem]) -> None:
    sys.stdout.write(f"{what} {' '.join(item.subject for item in batch)}\n")
    sys.stdout.flush()


async def main(url: str, mode: str) -> None:
    database, clock = Database.at(url, SEALER), SystemClock()

    async def product(session: Session, batch: Sequence[WorkItem]) -> None:
        say("begun", batch)
        if mode == "hang":
            await asyncio.Event().wait()
        await session.finish(*batch)
        say("done", batch)

    jobs = QueueJobs(database, clock, QueueSettings(parallel=4, heartbeat=timedelta(seconds=1)))
    worker = Worker(
        database, jobs, clock, SystemDice(), Facts(), {Kind.PRODUCT: product}, no_clients, QUICK
    )
    await worker.run(asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
