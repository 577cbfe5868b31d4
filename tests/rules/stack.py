"""The whole service over the sandbox, in memory: pages, webhooks, worker, a real database, and a
merchant who presses buttons.

Nothing of the service is replaced. The transport of the wire is the network of the sandboxes, in
which our own web application is a third host. The clock is the event loop's, which the tests make
virtual.
"""

import asyncio
import html
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import httpx2
import sqlalchemy as sa

from brygga.cli import merchant
from brygga.cli.browser import BrowserClient
from brygga.cli.demo_stack import settings_for
from brygga.core.marker import METAFIELD_KEY, NAME, SKUS
from brygga.core.model import Connection
from brygga.core.report import Code, Line
from brygga.database import bindings, synclog
from brygga.database.bindings import Binding
from brygga.database.engine import Database
from brygga.database.queue import TableJobs
from brygga.database.work_items import WORKABLE
from brygga.sync.worker.loop import Pace
from brygga.wiring import Seams, Service, build, sealer
from brygga_sandbox.bigcommerce import Config as ShopConfig
from brygga_sandbox.bigcommerce import Shop
from brygga_sandbox.clock import LoopClock
from brygga_sandbox.merchants import Merchant
from brygga_sandbox.requests import Asked
from brygga_sandbox.sandbox import Connector, Plan, Sandbox, host_of
from brygga_sandbox.zettle import Till
from tests import pages
from tests.conftest import NOON, CountingDice
from tests.database.merchants import newest
from tests.log_watch import recorded, secrets_of, told
from tests.markers import is_marker, merchants_products
from tests.rules.wire_law import unlawful
from tests.simulation.disk import Disk, DiskDatabase
from tests.timely import TimelyJobs

URL = "https://brygga.town.test"
SOON = timedelta(seconds=60)
"""Work that is due later than this is routine: a demo stack is calm although it waits."""
SECRET = "a secret of this one house, long enough"
HOOK_DELAY_S = 30.0
READ_LAG_S = 3.0
READS = 2_000
LOOK_AGAIN = 20
"""Every so many looks for calm, work that nobody announced is looked for too."""
JSON = dict[str, Any]
_WAITING = sa.text(f"""
    SELECT m.failing_since IS NOT NULL AS parked FROM work_items m JOIN connections c
        ON c.id = m.connection_id
    WHERE c.stage <> 'disconnected' AND (m.failing_since IS NOT NULL OR (m.due_at <= :soon
        AND {WORKABLE}))
    ORDER BY m.failing_since NULLS LAST LIMIT 1
""")


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
class DemoStack:
    """`browser_session` is the merchant's browser, in English; nobody has signed in yet."""

    sandbox: Sandbox
    service: Service
    jobs: TimelyJobs
    browser_session: BrowserClient = field(init=False)
    browsers: list[httpx2.AsyncClient] = field(default_factory=list)
    worker: asyncio.Task[None] | None = None
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = URL

    # ---- The service -----------------------------------------------------------------------------

    def start(self) -> None:
        self.stop = asyncio.Event()
        self.worker = asyncio.create_task(self.service.worker.run(self.stop))

    async def halt(self) -> None:
        self.stop.set()
        if self.worker is not None:
            await self.worker

    async def move(self, url: str) -> None:
        """The service starts again at another address, on the same database. What stands at the old
        one stays there.
        """
        await self.service.http.aclose()
        database, clock = self.service.database, LoopTime()
        settings, seams = (
            replace(self.service.settings, public_url=url),
            Seams(clock, CountingDice(10_000), self.sandbox.hosts),
        )
        self.service = build(settings, database, self.jobs, seams, self.service.worker.pace)
        self.sandbox.hosts.open(host_of(url), self.service.web)
        self.url = url
        self.start()

    # ---- People ----------------------------------------------------------------------------------

    @property
    def till(self) -> Till:
        return self.sandbox.till()

    @property
    def shop(self) -> Shop:
        return self.sandbox.shop()

    async def connect(self, *, prices: bool = True, whole_library: bool = True) -> None:
        """From signing in to a first sync that has come to its end; both platforms' webhooks
        work.
        """
        await self.prepare(prices=prices, whole_library=whole_library)
        await self.finish()

    async def prepare(self, *, prices: bool = True, whole_library: bool = True) -> None:
        """Everything before "Finish set-up"."""
        await merchant.prepare(
            self.browser_session, URL, prices=prices, whole_library=whole_library
        )
        await self.calm()

    async def finish(self) -> None:
        await self.browser_session.open("/apps/bigcommerce")
        await merchant.finish(self.browser_session)
        await self.wait(HOOK_DELAY_S)

    async def open(self, path: str) -> str:
        """The page, as text with its markup."""
        return await self.browser_session.open(f"{self.url}{path}")

    async def read(self, path: str) -> str:
        """The words of the page, without its markup."""
        return words_of(await self.open(path))

    async def press(self, *words: str, **choices: str | Sequence[str]) -> str:
        return await self.browser_session.press(*words, **choices)

    def browser(self, language: str = "en") -> BrowserClient:
        """Somebody else's browser, without our cookies."""
        http = httpx2.AsyncClient(
            transport=self.sandbox.transport(), headers={"Accept-Language": language}
        )
        self.browsers.append(http)
        return BrowserClient(http)

    # ---- Goods -----------------------------------------------------------------------------------

    def add(
        self, name: str = "Mugg", *variants: JSON, stock: int | None = None, **fields: Any
    ) -> str:
        """A product made in Zettle's own pages: its uuid. `stock` turns tracking on and is every
        variant's balance.
        """
        rows = variants or ({"sku": f"{name.upper()}-1", "price": 24900},)
        product = self.till.create_product(name, rows, **fields)
        if stock is not None:
            self.till.track(product["uuid"])
            for variant in product["variants"]:
                self.till.set_stock(variant["uuid"], stock)
        return str(product["uuid"])

    def add_sized(
        self, *sizes: str, name: str = "Tröja", stock: int | None = None, **fields: Any
    ) -> str:
        """A product with the option "Storlek" and a variant for each size."""
        return self.add(
            name, *(sized(size) for size in sizes), stock=stock, **{**sizes_of(*sizes), **fields}
        )

    def variants(self, uuid: str) -> list[JSON]:
        """Zettle's variants, as values to change and to save."""
        return [dict(variant) for variant in self.till.product(uuid)["variants"]]

    def variant(self, uuid: str, number: int = 0) -> str:
        return str(self.till.product(uuid)["variants"][number]["uuid"])

    async def save(self, uuid: str, **changes: Any) -> JSON:
        """Saved in Zettle, and synced: the product in the shop."""
        self.till.edit_product(uuid, **changes)
        await self.calm()
        return self.shown(uuid)

    # ---- Time ------------------------------------------------------------------------------------

    async def calm(self) -> None:
        """Returns when no webhook is on its way and nothing is due soon. Work that is parked, or
        never ends, is a failure.
        """
        quiet = 0
        for number in range(READS):
            await self.sandbox.idle()
            quiet = 0 if await self._is_busy() else quiet + 1
            if quiet == 2:
                return
            if number % LOOK_AGAIN == LOOK_AGAIN - 1:
                self.jobs.look()
            await asyncio.sleep(0.25)
        raise AssertionError("the work never ends")

    async def wait(self, seconds: float) -> None:
        """So long, and until it is calm."""
        await asyncio.sleep(seconds)
        await self.calm()

    async def until(self, seen: Callable[[], bool]) -> None:
        """Returns as soon as it is so. Half a minute without it is a failure."""
        for _ in range(300):
            if seen():
                return
            await asyncio.sleep(0.1)
        raise AssertionError("it never came to be")

    async def wait_hours(self, hours: float) -> None:
        """A long time, and until it is calm."""
        await self.wait(hours * 3600 + 600)

    async def _is_busy(self) -> bool:
        if self.worker is not None and self.worker.done():
            self.worker.result()
        soon = self.service.worker.clock.now() + SOON
        async with self.service.database.read() as tx:
            found = await tx.first(_WAITING, {"soon": soon})
        assert found is None or not found.parked, "a bug has parked work"
        return found is not None

    # ---- Seeing ----------------------------------------------------------------------------------

    def find(self, uuid: str) -> JSON | None:
        """The product in the shop that our metafield says is this one, as raw JSON."""
        state = self.shop.state()
        named = {
            one["resource_id"]
            for one in state["metafields"]
            if (one["key"], one["value"]) == ("zettle_uuid", uuid)
        }
        found = [product for product in state["products"] if product["id"] in named]
        assert len(found) < 2, "one product in Zettle, two in the shop"
        return found[0] if found else None

    def shown(self, uuid: str) -> JSON:
        found = self.find(uuid)
        assert found is not None, "not in the shop"
        return found

    def id_of(self, uuid: str) -> int:
        return int(self.shown(uuid)["id"])

    def merchants_products(self) -> list[JSON]:
        """All products in the shop but our marker, as raw JSON."""
        return merchants_products(self.shop.state())

    def markers(self) -> list[JSON]:
        """Our hidden products in the shop: one at most (decision 16)."""
        return [product for product in self.shop.state()["products"] if is_marker(product)]

    def in_shop(self) -> list[str]:
        """The names of all products in the shop but our marker."""
        return sorted(product["name"] for product in self.merchants_products())

    def category(self, name: str = "Zettle") -> int:
        (found,) = [
            one["category_id"] for one in self.shop.state()["categories"] if one["name"] == name
        ]
        return int(found)

    def levels(self, uuid: str) -> list[tuple[int, int]]:
        """For every variant of a product: the number at the till, and the true one in the shop."""
        numbers = {one["sku"]: one["id"] for one in self.shown(uuid)["variants"]}
        return [
            (self.till.balance(one["uuid"]), self.shop.level(variant_id=numbers[one["sku"]]))
            for one in self.till.product(uuid)["variants"]
        ]

    def asked(self, *methods: str, of: str = "shop") -> list[Asked]:
        """What our app asked a platform, with these methods or with any."""
        requests = (self.sandbox.zettle if of == "till" else self.sandbox.bigcommerce).requests.last
        return [one for one in requests if not methods or one.method in methods]

    def asked_of_products(self, *methods: str) -> list[Asked]:
        """The same of the shop, without what was asked for our marker's sake (decision 16)."""
        return [one for one in self.asked(*methods) if not is_about_marker(one)]

    async def connection(self) -> Connection:
        """The first merchant's, living or not."""
        async with self.service.database.read() as tx:
            return await newest(tx, self.sandbox.merchant.organization.uuid)

    async def binding(self, uuid: str) -> Binding | None:
        connection = await self.connection()
        async with self.service.database.read() as tx:
            return await bindings.get(tx, connection.id, uuid)

    async def log(self) -> list[Line]:
        """The sync log, oldest line first."""
        connection = await self.connection()
        async with self.service.database.read() as tx:
            return [
                logged.line for logged in reversed(await synclog.page(tx, connection.id, limit=200))
            ]

    async def codes(self) -> list[Code]:
        return [line.code for line in await self.log()]

    async def reported(self, code: Code) -> list[dict[str, str]]:
        """The parameters of every line with this code."""
        return [dict(line.params) for line in await self.log() if line.code is code]


def is_about_marker(asked: Asked) -> bool:
    """Whether a request makes, finds or looks after our marker. A stock call that carries one of
    its slots does not.
    """
    finds = {("key", METAFIELD_KEY), ("sku", SKUS[0])} & set(asked.query)
    makes = asked.method == "POST" and (
        NAME.encode() in asked.body or b'"key":"marker"' in asked.body
    )
    return bool(finds) or makes


def words_of(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def sized(size: str, **fields: Any) -> JSON:
    options = [{"name": "Storlek", "value": size}]
    return {"name": size, "sku": f"TR-{size}", "price": 19900, "options": options, **fields}


def sizes_of(*sizes: str) -> JSON:
    return {
        "variantOptionDefinitions": {
            "definitions": [{"name": "Storlek", "properties": values(*sizes)}]
        }
    }


def values(*texts: str) -> list[JSON]:
    return [{"value": text} for text in texts]


@asynccontextmanager
async def opened_stack(on: str | Disk, plan: Plan) -> AsyncIterator[DemoStack]:
    """A running service and a sandbox on the running loop's clock. What the plan does not say is
    slow as the platforms are.

    The database is the one at this address, or the simulation's disk, where a transaction ends
    before anything else runs.
    """
    shop = plan.bigcommerce_config or ShopConfig(read_lag_s=READ_LAG_S, hook_delay_s=HOOK_DELAY_S)
    plan = replace(plan, connector=Connector().at(URL), bigcommerce_config=shop)
    sandbox = Sandbox(plan, LoopClock(NOON.timestamp(), origin=0.0))
    settings, clock = replace(settings_for(sandbox, URL), secret_keys=(SECRET,)), LoopTime()
    own = sealer(settings)
    database = Database.at(on, own) if isinstance(on, str) else DiskDatabase(on, own)
    # The jobs know when items are due; the worker's timer has only to tidy up.
    jobs, pace = TimelyJobs(database, clock), Pace(tick_s=1200, tidy_s=1200)
    seams = Seams(clock, CountingDice(), sandbox.transport())
    service = build(settings, database, jobs, seams, pace, pages=pages.lend)
    sandbox.transport({host_of(URL): service.web})
    home = DemoStack(sandbox, service, jobs)
    home.browser_session = home.browser()
    with recorded() as lines:
        home.start()
        try:
            yield home
        finally:
            await home.halt()
            # Whatever a test was about: no request says a word too much, and no line a secret.
            assert [] == unlawful(one for one in home.asked() if one.client)
            assert [] == told(lines, {SECRET, *await secrets_of(sandbox, home.service.database)})
            await sandbox.stop()
            for browser in home.browsers:
                await browser.aclose()
            await home.service.close()
            pages.give_back(service.web)


@asynccontextmanager
async def another_worker(home: DemoStack, database_url: str) -> AsyncIterator[Service]:
    """A second worker beside the demo stack's, as in another process: the two share nothing but the
    database.
    """
    first = home.service
    database, clock = Database.at(database_url, sealer(first.settings)), LoopTime()
    jobs, pace = TableJobs(database, clock), Pace(tick_s=1200, tidy_s=1200)
    seams = Seams(clock, CountingDice(1_000_000), home.sandbox.transport())
    service = build(first.settings, database, jobs, seams, pace)
    stop = asyncio.Event()
    task = asyncio.create_task(service.worker.run(stop))
    try:
        yield service
    finally:
        stop.set()
        await task
        await service.close()


__all__ = [
    "HOOK_DELAY_S",
    "URL",
    "DemoStack",
    "Merchant",
    "another_worker",
    "opened_stack",
    "sized",
    "sizes_of",
    "values",
    "words_of",
]
