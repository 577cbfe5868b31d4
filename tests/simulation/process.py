"""One process of the service: its worker and its receivers, on a disk that outlives it, behind a
wire that may be cut.

A process may die at any point: around every request, around every commit, or while it waits. A dead
process does nothing more: the disk and the wire refuse its tasks that still run. The next process
is a new service on the same database.
"""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx2

from brygga.cli.demo_stack import settings_for
from brygga.database.engine import Fence, Tx
from brygga.database.tokens import Platform
from brygga.database.work_items import Kind
from brygga.settings import Settings
from brygga.signing_in import Platforms, ShopInstall, ZettleSignIn
from brygga.sync.stock import StockCommands
from brygga.sync.worker.loop import Pace, Worker
from brygga.sync.worker.turn import Handler
from brygga.web import hooks
from brygga.web.addresses import look_up
from brygga.web.deps import WebDeps, WebSettings
from brygga.web.receiving import Receiving
from brygga.web.tally import Reports
from brygga.wire import Wire, open_client
from brygga.wiring import clients, handlers
from brygga_sandbox.sandbox import Sandbox
from tests.conftest import NOON
from tests.simulation.crashing import Crash, Moments
from tests.simulation.disk import Disk, DiskDatabase
from tests.simulation.fault_plan import Net
from tests.timely import TimelyJobs

URL = "https://brygga.town.test"
MakeHandlers = Callable[[], Mapping[Kind, Handler]]


@dataclass(frozen=True, slots=True)
class LoopTime:
    """The service's clock: the running loop's time, counted from noon."""

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass
class SeededDice:
    """The service's dice, thrown by the seed."""

    dice: random.Random

    def uuid1(self) -> str:
        text = f"{self.dice.getrandbits(128):032x}"
        return f"{text[:8]}-{text[8:12]}-1{text[13:16]}-8{text[17:20]}-{text[20:]}"

    def token(self) -> str:
        return f"{self.dice.getrandbits(192):048x}"

    def random(self) -> float:
        return self.dice.random()


@dataclass
class Fate:
    """When this life ends: after so many points, or never. `stall_s` says how long the machine
    hangs before a commit. With `moments`, points that leave the same world count once.
    """

    after: int | None = None
    stall: Callable[[], float] = lambda: 0.0
    dead: bool = False
    passed: int = 0
    died: asyncio.Event = field(default_factory=asyncio.Event)
    moments: Moments | None = None

    def reach(self, point: str) -> None:
        if not self.dead and (self.moments is None or self.moments.is_new(point)):
            self.passed += 1
            if self.after is not None and self.passed >= self.after:
                self.die()
        if self.dead:
            raise Crash(point)

    def die(self) -> None:
        self.dead = True
        self.died.set()


class MortalDatabase(DiskDatabase):
    """A crash before a commit rolls it back; one after it only loses the memory of it."""

    def __init__(self, disk: Disk, fate: Fate) -> None:
        super().__init__(disk)
        self.fate = fate

    @contextlib.asynccontextmanager
    async def transaction(self, fence: Fence | None = None) -> AsyncIterator[Tx]:
        hang = self.fate.stall()
        if hang:
            await asyncio.sleep(hang)
        async with super().transaction(fence) as tx:
            yield tx
            self.fate.reach("before a commit")
        self.fate.reach("after a commit")

    @contextlib.asynccontextmanager
    async def read(self, *, once: bool = False) -> AsyncIterator[Tx]:
        if self.fate.dead:
            raise Crash("a dead process reads nothing")
        async with super().read(once=once) as tx:
            yield tx


class MortalWire(httpx2.AsyncBaseTransport):
    """Between a life and the net. `net` may lose what it carries."""

    def __init__(self, net: Net, fate: Fate) -> None:
        self.net = net
        self.fate = fate

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.fate.reach(f"before {request.method} {request.url.path}")
        response = await self.net.handle_async_request(request)
        self.fate.reach(f"after {request.method} {request.url.path}")
        return response


@dataclass(frozen=True)
class Runtime:
    """What outlives every process: the sandbox, the disk, the net, and how the work is done."""

    sandbox: Sandbox
    disk: Disk
    net: Net
    make: MakeHandlers = handlers


class Died(Exception):
    """The process that was asked is no more."""


class Process:
    """One life. `die` ends it between two breaths; `Fate.after` ends it at a point."""

    def __init__(self, runtime: Runtime, fate: Fate, dice: random.Random) -> None:
        self.fate = fate
        self.settings = settings_of(runtime.sandbox)
        self.database = MortalDatabase(runtime.disk, fate)
        clock, own = LoopTime(), SeededDice(dice)
        self.jobs = TimelyJobs(self.database, clock)
        platforms = Platforms(
            self.settings,
            Wire(open_client(MortalWire(runtime.net, fate)), clock, user_agent="Brygga"),
            clock,
        )
        self.worker = Worker(
            database=self.database,
            jobs=self.jobs,
            clock=clock,
            dice=own,
            settings=self.settings,
            handlers=runtime.make(),
            clients=clients(platforms, self.database),
            pace=Pace(tick_s=600, tidy_s=1800),
        )
        web = WebSettings(
            URL,
            "",
            self.settings.bigcommerce_client_secret,
            self.settings.contact_email,
            stock=self.settings.stock,
        )
        self.deps = WebDeps(
            database=self.database,
            jobs=self.jobs,
            sessions=None,  # type: ignore[arg-type]
            clock=clock,
            dice=own,
            settings=web,
            zettle=ZettleSignIn(platforms),
            shop=ShopInstall(platforms),
            stock=StockCommands(),
        )
        self.receiving = Receiving(self.deps)
        self.stop = asyncio.Event()
        self.running: asyncio.Task[None] | None = None

    async def live(self) -> bool:
        """Works until it dies (True) or is told to stop (False)."""
        work = self.running = asyncio.create_task(self.worker.run(self.stop))
        death = asyncio.create_task(self.fate.died.wait())
        await asyncio.wait({work, death}, return_when=asyncio.FIRST_COMPLETED)
        death.cancel()
        if self.fate.dead:
            work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            try:
                await work
            except BaseExceptionGroup as group:
                if group.split(Crash)[1] is not None and not self.fate.dead:
                    raise
            except Crash:
                pass
        return self.fate.dead

    async def take_reports(self, path: str, headers: Mapping[str, str], body: bytes) -> int:
        """What our receivers answer to a webhook. Raises `Died` when the process has no answer left
        to give.
        """
        if self.fate.dead:
            raise Died
        _, room, platform, key = path.split("/")
        assert room == "hooks"
        lower = {name.lower(): value for name, value in headers.items()}
        try:
            found = await look_up(self.deps.database, Platform(platform), key)
            if found is None:
                return 404
            received = Reports(found=found)
            if platform == "zettle":
                signature = lower.get("x-izettle-signature", "")
                proven = hooks._is_proven(found, signature, body)
                return await hooks._zettle(self.receiving, found, body, received, is_proven=proven)
            return await hooks._bigcommerce(self.receiving, found, lower, body, received)
        except (Crash, BaseExceptionGroup):
            raise Died from None

    def die(self) -> None:
        self.fate.die()


@dataclass
class ProcessHost:
    """How the platforms' webhooks reach the service: whatever process is alive at the moment."""

    day: Any
    dice: random.Random

    async def post(self, url: str, headers: dict[str, str], body: bytes) -> int | None:
        """The answer's status, or None when nobody answered."""
        active = [one for one in self.day.processes if not one.fate.dead]
        if not active:
            return None
        commits = self.day.disk.commits
        path = url.removeprefix(URL)
        try:
            async with asyncio.timeout(10):
                status: int = await self.dice.choice(active).take_reports(path, headers, body)
        except (Died, TimeoutError):
            return None
        self.day.received(path, body, status, self.day.disk.commits - commits)
        return status


def settings_of(sandbox: Sandbox) -> Settings:
    return settings_for(sandbox, URL)
