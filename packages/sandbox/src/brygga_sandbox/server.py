"""Both platforms behind real sockets: two loopback ports, one event loop, no threads."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import httpx2
import uvicorn

from brygga_sandbox.clock import Clock
from brygga_sandbox.recording import Recordings
from brygga_sandbox.sandbox import Plan, Sandbox

App = Any
LOOPBACK = "127.0.0.1"


class PortTakenError(RuntimeError):
    """Another process already listens on the port."""


def listen(port: int) -> socket.socket:
    """A listening socket on the loopback address. Port 0 takes any free port. Connections wait in
    the socket until it is served.
    """
    try:
        return socket.create_server((LOOPBACK, port), backlog=256)
    except OSError as error:
        raise PortTakenError(f"port {port} of {LOOPBACK} is not free ({error.strerror})") from error


def listen_pair(port_base: int) -> tuple[socket.socket, socket.socket]:
    """Sockets for Zettle (the port) and BigCommerce (the next port). With 0, any two ports. It
    opens both or none.
    """
    first = listen(port_base)
    try:
        return first, listen(port_base + 1 if port_base else 0)
    except PortTakenError:
        first.close()
        raise


def address(listening: socket.socket) -> str:
    """The address at which a client finds the socket."""
    return f"http://{LOOPBACK}:{listening.getsockname()[1]}"


class Server(uvicorn.Server):
    """Uvicorn inside our event loop. It does not touch the signals of the process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def configured(app: App) -> uvicorn.Config:
    """How an application is served. A platform sends the time of its own clock, so uvicorn adds no
    Date of the machine's clock.
    """
    return uvicorn.Config(
        app,
        lifespan="off",
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=1,
        date_header=False,
    )


class Servers:
    """Several applications, each on its own socket."""

    def __init__(self) -> None:
        self.running: list[tuple[Server, asyncio.Task[None]]] = []

    async def start(self, places: Sequence[tuple[socket.socket, App]]) -> None:
        """Serve every application. Returns when all of them answer."""
        for listening, app in places:
            server = Server(configured(app))
            self.running.append((server, asyncio.create_task(server.serve(sockets=[listening]))))
        for server, task in self.running:
            while not server.started:
                if task.done():
                    await task
                    raise RuntimeError("the server stopped before it had started")
                await asyncio.sleep(0.005)

    async def stop(self) -> None:
        """Finish the requests in progress, then close the sockets."""
        for server, _ in self.running:
            server.should_exit = True
        await asyncio.gather(*(task for _, task in self.running))
        self.running.clear()


class SandboxServer:
    """A sandbox on two ports: Zettle on the first, BigCommerce on the next (0: any two). The
    addresses in its plan become the real ones.
    """

    def __init__(self, plan: Plan, clock: Clock, port_base: int = 0) -> None:
        self.plan = plan
        self.clock = clock
        self.port_base = port_base
        self.servers = Servers()
        self.opened: Sandbox | None = None
        self.recordings: Recordings

    @property
    def sandbox(self) -> Sandbox:
        """The running sandbox. It exists only between start and stop."""
        assert self.opened is not None, "the sandbox is not open"
        return self.opened

    async def start(self) -> Sandbox:
        """Start the sandbox. Returns when both platforms answer. Raises PortTakenError."""
        zettle, bigcommerce = listen_pair(self.port_base)
        plan = replace(self.plan, zettle_url=address(zettle), bigcommerce_url=address(bigcommerce))
        self.opened = Sandbox(plan, self.clock, httpx2.AsyncClient())
        self.recordings = Recordings(self.opened)
        for router in (self.opened.zettle.router, self.opened.bigcommerce.router):
            self.recordings.mount(router)
        await self.servers.start(
            [(zettle, self.opened.zettle.app), (bigcommerce, self.opened.bigcommerce.app)]
        )
        return self.opened

    async def stop(self) -> None:
        """Drop all pending webhooks and close both platforms."""
        if self.opened is not None:
            await self.opened.stop()
        await self.servers.stop()
        self.opened = None
