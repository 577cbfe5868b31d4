"""The service in a process of its own: `python -m brygga.cli.benching.house`, with a `House` as one
line of JSON on its standard input. It ends when its input does.

To each line of input it answers what it used since its start, and to "spans" which webhooks came
and which calls left since the last time.
"""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from brygga.cli import logs
from brygga.cli.benching.pipe import each_line, usage
from brygga.cli.benching.quick import QuickClock
from brygga.cli.benching.spans import Spans
from brygga.cli.demo_stack import settings_at
from brygga.cli.serve import listen
from brygga.cli.serving import web, working
from brygga.database import work_items
from brygga.database.engine import Database
from brygga.database.migrating import upgrade
from brygga.database.queue import QueueJobs, QueueSettings
from brygga.database.work_items import Kind
from brygga.sync.worker.pace import ROUTINES
from brygga.system import SystemClock, SystemDice
from brygga.wiring import Seams, build, sealer

CLOCK = SystemClock()
COPY = "idle-"
"""How the organizations of merchants begin who are only rows of the database."""
_REAL = sa.text("""
    SELECT id FROM connections
    WHERE stage = 'running' AND shop IS NOT NULL AND organization_uuid NOT LIKE :copies ORDER BY id
""")
ERROR = 40
"""`logging.ERROR`: what is measured is not the log."""


@dataclass(frozen=True, slots=True)
class House:
    """`secret` is shared by all processes of one installation. `web` and `work` say what this one
    does.
    """

    url: str
    database_url: str
    secret: str
    zettle: str
    bigcommerce: str
    began: float
    speed: float = 1.0
    web: bool = True
    work: bool = True
    parallel: int = 40
    """The number of connections that this worker works for at a time."""
    limits: bool = True
    """Whether rate limits hold: of many merchants of a bench all sign in from one address."""


@dataclass(slots=True)
class Counted:
    """Statements of our own pool since the start. The queue's are apart."""

    statements: int = 0
    by: dict[str, int] = field(default_factory=dict)

    def listen(self, database: Database) -> None:
        def asked(statement: str) -> None:
            self.statements += 1
            self.by[statement] = self.by.get(statement, 0) + 1

        database.on_statement(asked)


@contextlib.asynccontextmanager
async def opened(house: House, spans: Spans, counted: Counted) -> AsyncIterator[Database]:
    clock = QuickClock(datetime.fromtimestamp(house.began, UTC), house.speed)
    settings = replace(
        settings_at(house.zettle, house.bigcommerce, house.url),
        secret_keys=(house.secret,),
        database_url=house.database_url,
        rate_limits=house.limits,
    )
    database = Database.at(house.database_url, sealer(settings))
    await upgrade(database)
    counted.listen(database)
    jobs = QueueJobs(database, clock, QueueSettings(parallel=house.parallel))
    seams = Seams(clock, SystemDice(), spans.transport())
    service = build(settings, database, jobs, seams)
    stop = asyncio.Event()
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(service.close)
        if house.web:
            watched = replace(service, web=spans.watched(service.web))
            port = int(house.url.rpartition(":")[2])
            await stack.enter_async_context(web(watched, listen("127.0.0.1", port)))
        if house.work:
            await stack.enter_async_context(working(service, stop))
        yield database


async def routine(database: Database, kind: Kind) -> None:
    """This for each merchant who has a store and is no mere row, as its timer asks for it. Only
    their ids are read: what is measured is the work, not the asking.
    """
    now = CLOCK.now()
    async with database.transaction() as tx:
        for row in await tx.rows(_REAL, {"copies": f"{COPY}%"}):
            await work_items.add(tx, row.id, kind, "", now)
            tx.notify(row.id, urgent=False)


async def run(house: House) -> None:
    logs.configure(ERROR)
    spans, counted = Spans(), Counted()
    async with opened(house, spans, counted) as database:
        print(json.dumps(usage()), flush=True)
        async for line in each_line():
            shown: dict[str, Any] = {
                **usage(),
                "statements": counted.statements,
                "commits": database.pool.commits,
            }
            if line == "spans":
                shown["taken"] = spans.taken()
            if line in ROUTINES:
                await routine(database, Kind(line))
            if line == "by":
                shown["by"] = {" ".join(one.split())[:110]: n for one, n in counted.by.items()}
            print(json.dumps(shown), flush=True)


if __name__ == "__main__":
    asyncio.run(run(msgspec.json.decode(sys.stdin.readline(), type=House)))
