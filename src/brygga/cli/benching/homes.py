"""An installation that is measured: a database, the sandbox and the service, in processes of their
own.
"""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import httpx2
import sqlalchemy as sa

from brygga.cli import merchant
from brygga.cli.benching import spans
from brygga.cli.benching.house import House
from brygga.cli.benching.platforms import Platforms
from brygga.cli.browser import BrowserClient
from brygga.cli.demo_stack import browser_client
from brygga.cli.merchant import Choice
from brygga.cli.serve import address, listen
from brygga.database.engine import Database
from brygga.database.sealing import Sealer
from brygga.system import SystemClock, SystemDice

LINE = 64 * 1024 * 1024
AT_ONCE = 6
"""How many merchants set up at the same time."""
FEW = 20
"""So many merchants sign in from one address without reaching its limit."""
READ_LAG_S = 12.0
"""The last look at what was written is not later than this."""
LATER_S = 120.0
"""What set-up leaves for later is due within this time: the second look at new webhooks comes after
90 s, and what that look asks for.
"""
CLOCK = SystemClock()


class Failed(Exception):
    """A process of the bench ended, or its work did not."""


@dataclass(slots=True)
class Child:
    """A process that answers each line with a line."""

    process: asyncio.subprocess.Process
    hello: dict[str, Any] = field(default_factory=dict)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @classmethod
    async def start(cls, module: str, wish: Any) -> "Child":
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", f"brygga.cli.benching.{module}",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=LINE,
        )  # fmt: skip
        child = cls(process)
        try:
            child.hello = await child.ask(json.dumps(asdict(wish)))
        except BaseException:
            child.kill()
            raise
        return child

    async def ask(self, line: str = "") -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        async with self.lock:
            self.process.stdin.write(f"{line}\n".encode())
            answer = await self.process.stdout.readline()
        if not answer:
            raise Failed("a process of the bench ended; its reason is above")
        return dict(json.loads(answer))

    def kill(self) -> None:
        """As a machine that loses its power."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()

    async def stop(self) -> None:
        if self.process.returncode is None and self.process.stdin is not None:
            self.process.stdin.close()
        try:
            async with asyncio.timeout(20):
                await self.process.wait()
        except TimeoutError:
            self.kill()


@dataclass(slots=True)
class Home:
    """`database` is for looking, never for what the service does."""

    url: str
    platforms: Child
    house: Child
    wish: House
    database: Database
    http: httpx2.AsyncClient
    longest_wait_s: float = 110.0
    """The longest wait for work to end."""
    workers: list[Child] = field(default_factory=list)
    """Processes that only work, beside the house."""

    @property
    def merchants(self) -> Sequence[dict[str, str]]:
        return list(self.platforms.hello["merchants"])

    async def connect(self, chosen: Sequence[dict[str, str]] | None = None) -> None:
        """These merchants (None: all) set up, until nothing is due, now or soon."""
        await self.prepare(chosen)
        await self.at_rest()

    async def at_rest(self) -> None:
        """Returns when nothing is due, now or soon. What a set-up leaves for later is done now:
        else it would be counted as what is measured next.
        """
        await self.quiet()
        async with self.database.transaction() as tx:
            await tx.run(_NOW, {"now": self._at(0), "soon": self._at(LATER_S)})
        await self.quiet(READ_LAG_S)

    async def start_anew(self) -> None:
        """The house is another process, which has done nothing yet."""
        await self.house.stop()
        self.house = await Child.start("house", self.wish)

    async def prepare(
        self, chosen: Sequence[dict[str, str]] | None = None, *, finish: bool = True
    ) -> list[BrowserClient]:
        """The browsers, on the page with "Finish set-up", or after it."""
        slots = asyncio.Semaphore(AT_ONCE)

        async def one(who: dict[str, str]) -> BrowserClient:
            async with slots:
                browser = BrowserClient(browser_client())
                choice = Choice(who["user"], who["store"])
                await merchant.prepare(
                    browser, self.url, prices=True, whole_library=True, choice=choice
                )
                if finish:
                    await merchant.finish(browser)
                return browser

        return await asyncio.gather(*(one(who) for who in chosen or self.merchants))

    async def signed_in(self, who: dict[str, str]) -> BrowserClient:
        browser = BrowserClient(browser_client())
        await merchant.sign_in(browser, self.url, Choice(who["user"], who["store"]))
        return browser

    async def due(self, within_s: float, store: str = "") -> int:
        """How much work is due within so many seconds of the service's clock, of one store or of
        all ("").
        """
        values = {"soon": self._at(within_s), "store": store}
        async with self.database.read() as tx:
            return int(await tx.scalar(_DUE, values) or 0)

    def _at(self, within_s: float) -> float:
        """So many seconds from now by the service's clock."""
        passed = (CLOCK.now().timestamp() - self.wish.began) * self.wish.speed
        return self.wish.began + passed + within_s

    async def quiet(self, soon_s: float = 1.0, store: str = "") -> float:
        """Returns when nothing is due within `soon_s`, of one store or of all (""). The seconds
        that it took.
        """
        began, calm = CLOCK.monotonic(), 0
        while calm < 3:
            if CLOCK.monotonic() - began > self.longest_wait_s:
                due = await self.due(soon_s, store)
                raise Failed(f"{due} pieces of work are due after {self.longest_wait_s:g} s")
            await asyncio.sleep(0.2)
            calm = calm + 1 if not await self.due(soon_s, store) else 0
        return CLOCK.monotonic() - began

    async def act(self, platform: str, path: str, body: dict[str, Any]) -> Any:
        """What a merchant or a shopper does, through the sandbox's control addresses. Raises
        `Failed` where it cannot.
        """
        url = f"{self.platforms.hello[platform]}/sandbox{path}"
        try:
            answer = await self.http.post(url, json=body)
        except httpx2.HTTPError as error:
            raise Failed(f"{path}: the sandbox does not answer ({type(error).__name__})") from None
        if answer.status_code >= 400:
            raise Failed(f"{path}: {answer.status_code} {answer.text[:200]}")
        return answer.json() if answer.content else None

    async def clients(self) -> int:
        """How many clients the database has."""
        async with self.database.read() as tx:
            return int(await tx.scalar(_CLIENTS) or 0)

    async def used(self, store: str = "") -> dict[str, Any]:
        """What all processes of the service used since their start, and how long their webhooks
        took to become writes since the last time: those of one store, or of all ("").
        """
        told = [await one.ask("spans") for one in (self.house, *self.workers)]
        names = ("cpu", "statements", "commits", "peak")
        summed = {name: sum(one[name] for one in told) for name in names}
        return {
            **summed,
            **await spans.pairs(self.database, [one["taken"] for one in told], store),
        }

    async def more_workers(self, count: int, parallel: int = 40) -> None:
        """They end with this installation."""
        self.workers += [await self.another_worker(parallel) for _ in range(count)]

    async def another_worker(self, parallel: int) -> Child:
        wish = replace(self.wish, web=False, work=True, parallel=parallel)
        return await Child.start("house", wish)


_DUE = sa.text("""
    SELECT count(*) FROM work_items m JOIN connections c ON c.id = m.connection_id
    WHERE m.parked_at IS NULL AND m.due_at <= to_timestamp(:soon)
        AND (:store = '' OR c.store_hash = :store)
""")
_CLIENTS = sa.text("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'")
_NOW = sa.text("""
    UPDATE work_items SET due_at = to_timestamp(:now)
    WHERE parked_at IS NULL AND due_at > to_timestamp(:now) AND due_at <= to_timestamp(:soon)
        AND kind IN ('hooks', 'library', 'sweep')
""")


@contextlib.asynccontextmanager
async def opened(
    database_url: str,
    *,
    web: bool = True,
    work: bool = True,
    longest_wait_s: float = 110.0,
    **wished: Any,
) -> AsyncIterator[Home]:
    """`wished` are the fields of `Platforms`."""
    port = listen("127.0.0.1", 0)
    url = address(port)
    port.close()
    began, secret = CLOCK.now().timestamp(), SystemDice().token()
    async with contextlib.AsyncExitStack() as stack:
        platforms = await Child.start("platforms", Platforms(callback=url, began=began, **wished))
        stack.push_async_callback(platforms.stop)
        wish = House(
            url, database_url, secret,
            platforms.hello["zettle"], platforms.hello["bigcommerce"], began,
            wished.get("speed", 1.0), web, work, limits=wished.get("merchants", 1) <= FEW,
        )  # fmt: skip
        house = await Child.start("house", wish)
        stack.push_async_callback(house.stop)
        database = Database.at(database_url, Sealer((secret,)), 2)
        stack.push_async_callback(database.close)
        http = await stack.enter_async_context(httpx2.AsyncClient(timeout=60))
        home = Home(url, platforms, house, wish, database, http, longest_wait_s)
        try:
            yield home
        finally:
            await asyncio.gather(*(one.stop() for one in home.workers))
