"""Web processes behind one address, and what both platforms see of the workers behind them."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from brygga.cli import serving
from brygga.cli.serve import listen
from brygga.settings import Settings
from brygga_sandbox.http import Request, Response
from brygga_sandbox.sandbox import Sandbox
from tests.postgres import free_port
from tests.simulation.realtime import CALL_S, SIGNATURE, Crew, service_of

# ---- Web processes behind one address ------------------------------------------------------------


def serve(settings: Settings, port: int) -> None:
    """What a web process does until it is killed."""
    asyncio.run(_serve(settings, port))


async def _serve(settings: Settings, port: int) -> None:
    service = service_of(settings)
    async with serving.web(service, listen("127.0.0.1", port)):
        await asyncio.Event().wait()


@dataclass
class Serves(Crew):
    """Web processes, each on a port of its own."""

    ports: dict[int, int] = field(default_factory=dict)

    def hire(self) -> None:
        port = free_port()
        process = self.method.Process(target=serve, args=(self.settings, port), daemon=True)
        process.start()
        self.active.append(process)
        self.ports[process.pid] = port

    def open_ports(self) -> list[int]:
        return [self.ports[process.pid] for process in self.active]


@dataclass
class Front:
    """One address before them, as a proxy of an operator's: each connection goes to the next that
    lets it in.
    """

    serves: Serves | None = None
    taken: int = 0

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind = await self._behind()
        if behind is not None:
            theirs, ours = behind
            await asyncio.gather(_carry(reader, ours), _carry(theirs, writer))
        writer.close()

    async def _behind(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        ports = self.serves.open_ports() if self.serves else []
        for _ in ports:
            self.taken += 1
            with contextlib.suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", ports[self.taken % len(ports)])
        return None


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await reader.read(65_536):
            writer.write(chunk)
            await writer.drain()
    writer.close()


# ---- What the platforms see ----------------------------------------------------------------------


@dataclass
class Sightings:
    """Which processes speak for which merchant, and what a store's quota refused."""

    lives: Callable[[int], bool]
    under_way: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    twice: list[str] = field(default_factory=list)
    refused: int = 0

    def watch(self, app: Any, account: Callable[[Request], str]) -> None:
        inner: Callable[[Request], Awaitable[Response]] = app.dispatch

        async def seen(request: Request) -> Response:
            who, of = request.headers.get(SIGNATURE.lower(), ""), account(request)
            if not who or not of:
                return await inner(request)
            with self._speaking(of, int(who), request):
                response = await inner(request)
            self.refused += response.status == 429 and not response.is_fault
            return response

        app.dispatch = seen

    @contextlib.contextmanager
    def _speaking(self, of: str, who: int, request: Request) -> Iterator[None]:
        here, now = self.under_way.setdefault(of, []), time.monotonic()
        for other, since in here:
            # Whoever sent it has given it up by then, whatever the sandbox still does with it.
            if other != who and now - since < CALL_S and self.lives(other):
                self.twice.append(f"{of}: {who} and {other}, {request.method} {request.path}")
        mine = (who, now)
        here.append(mine)
        try:
            yield
        finally:
            here.remove(mine)


def of_store(request: Request) -> str:
    """BigCommerce's calls name the store in the path."""
    parts = request.path.split("/")
    return parts[parts.index("stores") + 1] if "stores" in parts[:-1] else ""


def of_organization(sandbox: Sandbox) -> Callable[[Request], str]:
    def account(request: Request) -> str:
        token = sandbox.zettle.core.access_tokens.get(request.bearer() or "")
        return str(token.grant.organization) if token else ""

    return account
