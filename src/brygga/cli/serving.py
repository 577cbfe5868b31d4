"""The service inside this process: the pages on a socket, a worker, and a worker's own port."""

import asyncio
import contextlib
import gc
import socket
from collections.abc import AsyncIterator, Iterator
from functools import cache

import uvicorn

from brygga.cli.doorkeeper import IN_A_TURN, Door, Doorkeeper, Peers
from brygga.web import rendering
from brygga.web.limits import proxies_of
from brygga.wiring import Service


@contextlib.asynccontextmanager
async def web(service: Service, door: socket.socket) -> AsyncIterator[None]:
    """The pages answer on this socket for the length of the block."""
    proxies = service.settings.trusted_proxies
    peers = service.web.state.peers = Peers(service.web.state.refusals, proxies_of(proxies))
    config = uvicorn.Config(
        service.web,
        http=Doorkeeper,
        # Uvicorn hands it to the event loop, which lets in as many before it does anything else.
        backlog=IN_A_TURN,
        access_log=False,
        # Whatever is worth a warning is counted: a line for each would be a way to fill the log.
        log_level="error",
        server_header=False,
        # Unset, Uvicorn believes this machine: whoever asks from here could name any client.
        proxy_headers=bool(proxies),
        forwarded_allow_ips=list(proxies),
        timeout_graceful_shutdown=1,
    )
    async with _served(_Guest(config), Door.over(door, peers)):
        preparing = asyncio.create_task(asyncio.to_thread(_prepare))
        try:
            yield
        finally:
            service.web.state.closing.set()
            await preparing


@cache
def _prepare() -> None:
    """Once in a process. What lives by then lives until the end: the collector of garbage need not
    walk through it, which takes a fifth of a second each time, for all requests.
    """
    rendering.prepare()
    gc.freeze()


@contextlib.asynccontextmanager
async def answering(service: Service, door: socket.socket) -> AsyncIterator[None]:
    """A worker's health and figures on this socket for the length of the block."""
    config = uvicorn.Config(
        service.worker_door(), access_log=False, log_level="error", server_header=False
    )
    async with _served(_Guest(config), door):
        yield


@contextlib.asynccontextmanager
async def _served(server: uvicorn.Server, door: socket.socket) -> AsyncIterator[None]:
    task = asyncio.create_task(server.serve(sockets=[door]))
    while not server.started:
        if task.done():
            await task
            raise RuntimeError("the pages stopped before they had started")
        await asyncio.sleep(0.005)
    try:
        yield
    finally:
        server.should_exit = True
        await task


class _Guest(uvicorn.Server):
    """Uvicorn inside our event loop: we handle the process's signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def working(service: Service, stop: asyncio.Event) -> AsyncIterator[None]:
    """The worker runs for the length of the block. If it fails, `stop` is set, and its error leaves
    the block.
    """
    task = asyncio.create_task(service.worker.run(stop))
    task.add_done_callback(lambda _: stop.set())
    try:
        yield
    finally:
        stop.set()
        await task
