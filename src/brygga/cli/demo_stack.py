"""The demo stack on this machine: database, web, worker and both sandboxes in one process, for
`demo`, `check` and tests.
"""

import asyncio
import contextlib
import os
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2

from brygga.cli.merchant import NeverReady
from brygga.cli.process import interrupted
from brygga.cli.serving import web, working
from brygga.database import connections, turns
from brygga.database.embedded import embedded
from brygga.database.engine import Database
from brygga.database.migrating import upgrade
from brygga.database.queue import QueueJobs
from brygga.database.server_files import EmbeddedFailed
from brygga.settings import Hosts, Settings, mail_server
from brygga.system import SystemClock, SystemDice
from brygga.wiring import Seams, Service, build, sealer
from brygga_sandbox.clock import RealClock
from brygga_sandbox.sandbox import Connector, Plan, Sandbox
from brygga_sandbox.server import PortTakenError, SandboxServer, address, listen

PORT_BASE = 8700
SOON = timedelta(seconds=60)
"""Work that is due later than this is routine: a demo stack counts as quiet although it waits."""


@dataclass(frozen=True, slots=True)
class Wish:
    """The requested sandbox. `products` None is the demo library of two hundred; 0 is an empty
    library.
    """

    port_base: int = PORT_BASE
    """The pages' port; Zettle's and BigCommerce's are the next two. 0: any three."""
    products: int | None = None
    seed: int = 1
    currency: str = "SEK"
    store_currency: str = "SEK"
    furnished: bool = False
    """The store already has products of its own, some of which look like Zettle products (P11)."""
    merchants: int = 1
    workers: int = 1
    """Workers on the one database, as in an installation with several worker processes."""


@dataclass(frozen=True, slots=True)
class DemoStack:
    """A running demo stack. Its service and its sandbox live in this process and end with it."""

    url: str
    service: Service
    sandbox: Sandbox
    stop: asyncio.Event
    """Set when the stack is to end, or when its worker failed."""


@contextlib.contextmanager
def throwaway_database(*, durable: bool = False) -> Iterator[str]:
    """The address of an embedded database that is deleted afterwards, as the sandbox's memory is.
    Its commits wait for no disk, unless `durable`. From the main thread only.
    """
    with tempfile.TemporaryDirectory(prefix="brygga-demo-") as folder:
        # The database runs as an unprivileged user when we are root. That user must reach its
        # folder inside this one.
        Path(folder).chmod(0o755)
        with embedded(Path(folder), durable=durable) as server:
            yield server.url


def alone(work: Callable[[str], Coroutine[Any, Any, int]]) -> int:
    """Runs a command on a throwaway database. An error that a person can fix is one line, and exit
    code 1. From the main thread only.
    """
    try:
        with interrupted(), throwaway_database() as database_url:
            return asyncio.run(work(database_url))
    except PortTakenError as taken:
        print(f"{taken}; choose others with --port-base", file=sys.stderr)
    except (EmbeddedFailed, NeverReady) as failed:
        print(failed, file=sys.stderr)
    return 1


@contextlib.asynccontextmanager
async def open_stack(
    wish: Wish, database_url: str, direct_url: str | None = None
) -> AsyncIterator[DemoStack]:
    """Yields when all three addresses answer. `direct_url` as for `Database.at`."""
    door = listen(wish.port_base)
    url = address(door)
    sandboxes = SandboxServer(
        Plan(
            seed=wish.seed,
            products=wish.products,
            zettle_currency=wish.currency,
            store_currency=wish.store_currency,
            connector=Connector().at(url),
            drawings=wish.products is None or wish.products <= 5_000,
            merchants=wish.merchants,
        ),
        RealClock(),
        wish.port_base + 1 if wish.port_base else 0,
    )
    sandbox = await sandboxes.start()
    # A larger plan than the smallest: three times the requests a second (bigcommerce facts 2.1).
    for one in sandbox.merchants:
        sandbox.shop(one).set_settings(plan="Scale", quota=450)
    if wish.furnished:
        await sandbox.furnish()
    try:
        stop = asyncio.Event()
        settings = replace(settings_for(sandbox, url), database_direct_url=direct_url)
        async with (
            _service(settings, database_url, door, stop) as service,
            contextlib.AsyncExitStack() as others,
        ):
            for _ in range(wish.workers - 1):
                await others.enter_async_context(_another_worker(settings, database_url, stop))
            yield DemoStack(url, service, sandbox, stop)
    finally:
        await sandboxes.stop()


def settings_for(sandbox: Sandbox, url: str) -> Settings:
    """The settings of a service that uses the sandbox as the platforms."""
    plan = sandbox.plan
    return settings_at(plan.zettle_url, plan.bigcommerce_url, url, plan.connector)


def settings_at(zettle: str, shop: str, url: str, app: Connector | None = None) -> Settings:
    """The same by the sandbox's two addresses. `app` None: the sandbox's default app."""
    app = app or Connector()
    hosts = Hosts(
        **{
            f"zettle_{host}": f"{zettle}/{host}"
            for host in ("oauth", "products", "inventory", "pusher", "purchase", "secure", "image")
        },
        bigcommerce_api=f"{shop}/api",
        bigcommerce_login=f"{shop}/login",
    )
    return Settings(
        public_url=url,
        data_dir=Path(),
        secret_keys=(SystemDice().token(),),
        zettle_client_id=app.zettle_client_id,
        zettle_client_secret=app.zettle_client_secret,
        bigcommerce_client_id=app.bigcommerce_client_id,
        bigcommerce_client_secret=app.bigcommerce_client_secret,
        contact_email="help@example.com",
        metrics_local=True,
        smtp=mail_server(os.environ),
        hosts=hosts,
    )


@contextlib.asynccontextmanager
async def _service(
    settings: Settings, database_url: str, door: socket.socket, stop: asyncio.Event
) -> AsyncIterator[Service]:
    settings = replace(settings, database_url=database_url)
    database = Database.at(database_url, sealer(settings), direct_url=settings.database_direct_url)
    await upgrade(database)
    clock = SystemClock()
    service = build(settings, database, QueueJobs(database, clock), Seams(clock, SystemDice()))
    try:
        async with web(service, door), working(service, stop):
            yield service
    finally:
        await service.close()


@contextlib.asynccontextmanager
async def _another_worker(
    settings: Settings, database_url: str, stop: asyncio.Event
) -> AsyncIterator[None]:
    """One more worker, with a database pool and a queue of its own: it shares only the database
    with the first.
    """
    settings = replace(settings, database_url=database_url)
    database = Database.at(database_url, sealer(settings), direct_url=settings.database_direct_url)
    clock = SystemClock()
    service = build(settings, database, QueueJobs(database, clock), Seams(clock, SystemDice()))
    try:
        async with working(service, stop):
            yield
    finally:
        await service.close()


async def is_quiet(service: Service) -> bool:
    """Whether nothing is due for any active connection, now or `SOON`."""
    async with service.database.read() as tx:
        due = [
            await turns.next_due(tx, connection.id) for connection in await connections.active(tx)
        ]
    soon = service.worker.clock.now() + SOON
    return all(at is None or at > soon for at in due)


def browser_client() -> httpx2.AsyncClient:
    """An HTTP client with a browser's cookies and a browser's timeout."""
    return httpx2.AsyncClient(timeout=60, headers={"Accept-Language": "en"})
