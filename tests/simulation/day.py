"""One seed is one day: a town, its merchants' acts, a service that dies and comes back, and at last the calm."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from brygga.bigcommerce.api import ShopApi
from brygga.core.model import Choices, Stage
from brygga.sandbox.bigcommerce.inventory import locate
from brygga.sandbox.bigcommerce.sandbox import Config as ShopConfig
from brygga.sandbox.bigcommerce.switches import Switches as ShopSwitches
from brygga.sandbox.clock import LoopClock
from brygga.sandbox.outbox import Weather
from brygga.sandbox.town import Connector, Merchant, Plan, Town
from brygga.store import connections, marks, tokens
from brygga.store.marks import Kind
from brygga.store.tokens import Platform, Token
from brygga.sync.account import read_shop
from brygga.wire import OpenGate, Wire, open_client
from brygga.wiring import Platforms, _FreshToken, handlers
from brygga.zettle.api import Zettle
from tests.conftest import NOON
from tests.simulation.disk import Disk, DiskDatabase
from tests.simulation.process import HOST, URL, Fate, Ground, LoopTime, MakeHandlers, Process, Street, settings_of
from tests.simulation.weather import Net, Sky

_BUSY = sa.text("""
    SELECT 1 FROM connections c LEFT JOIN marks m ON m.connection_id = c.id AND m.parked_at IS NULL
    WHERE c.lease_holder IS NOT NULL OR m.due_at <= :soon OR m.kind NOT IN ('hooks', 'account', 'sweep') LIMIT 1
""")


@dataclass
class Goods:
    """One variant of one merchant's, and what people made of it."""

    merchant: Merchant
    connection: int
    product: str
    variant: str
    sku: str
    truth: int
    till_only: bool = False
    """Tracking is off, or the shop does not have it: what happens in the shop is not counted."""


@dataclass
class Day:
    """The world of one seed. `story` is everything that happened, for whoever looks at a failure and to compare two runs of a seed."""

    seed: int
    disk: Disk
    dice: random.Random
    weather: Sky
    town: Town
    net: Net
    database: DiskDatabase
    processes: list[Process] = field(default_factory=list)
    goods: list[Goods] = field(default_factory=list)
    connections: dict[int, Merchant] = field(default_factory=dict)
    lives: list[asyncio.Task[None]] = field(default_factory=list)
    story: list[str] = field(default_factory=list)
    did: Counter[str] = field(default_factory=Counter)
    make: MakeHandlers = handlers
    changes: int = 0
    crashes_left: int = 0
    crashes: int = 0
    open: bool = True

    # ---- Time and telling ------------------------------------------------------------------------------------------

    @property
    def now(self) -> float:
        return asyncio.get_running_loop().time()

    def tell(self, line: str) -> None:
        self.story.append(f"{self.now:10.3f} {line}")

    # ---- The service -----------------------------------------------------------------------------------------------

    def run_service(self) -> None:
        self.lives.append(asyncio.create_task(self._lives(0)))
        if self.weather.has("two workers"):
            self.lives.append(asyncio.create_task(self._lives(1)))

    async def _lives(self, place: int) -> None:
        """One life after the other, until the day is over."""
        while self.open:
            process = self._born()
            self.processes.append(process)
            died = await process.live()
            self.processes.remove(process)
            if not died:
                return
            self.crashes += 1
            pause = self.dice.choice([0.0, 0.0, 1.0, 3.0, 30.0, 200.0])
            self.tell(f"process {place} died, {process.fate.passed} points old; the next one in {pause:.0f} s")
            await asyncio.sleep(pause)

    def _born(self) -> Process:
        after = None
        if self.weather.has("crash") and self.crashes_left > 0:
            self.crashes_left -= 1
            after = self.dice.choice([self.dice.randint(1, 12), self.dice.randint(1, 80)])
        fate = Fate(after, self._stall)
        ground = Ground(self.town, self.disk, self.net, self.make)
        return Process(ground, fate, random.Random(self.dice.getrandbits(64)))

    def _stall(self) -> float:
        return self.dice.uniform(1, 150) if self.weather.roll("stall", 0.004) else 0.0

    # ---- Levels ------------------------------------------------------------------------------------------------------

    def till_level(self, one: Goods) -> int:
        return self.town.till(one.merchant).balance(one.variant)

    def shop_level(self, one: Goods) -> int | None:
        shop = self.town.shop(one.merchant)
        found = locate(shop.store, "sku", one.sku)
        return None if found is None else shop.level(sku=one.sku)

    def account(self, what: str, act: Any) -> Any:
        """An act of people's: what it did to the levels is the truth from now on."""
        before = [(self.till_level(one), self.shop_level(one)) for one in self.goods]
        result = act()
        told = []
        for one, (till, shop) in zip(self.goods, before, strict=True):
            moved = self.till_level(one) - till
            after = self.shop_level(one)
            online = 0 if after is None or shop is None else after - shop
            if moved or online:
                self.changes += 1
                one.truth += moved + (0 if one.till_only else online)
                told.append(f"{one.sku} {moved:+d}/{online:+d} -> {one.truth}")
        self.tell(f"{what}: {', '.join(told) or 'nothing'}")
        self.did[what] += 1
        return result

    def check_step(self) -> None:
        """What must hold at every moment."""

    # ---- Quiet -------------------------------------------------------------------------------------------------------

    async def quiet(self, patience_s: float = 20_000.0) -> bool:
        """True when no webhook is on its way and no work is due soon."""
        until, step = self.now + patience_s, 4.0
        while self.now < until:
            await asyncio.sleep(step)
            if await self._is_quiet():
                return True
            if self.requests() > self.bound():
                return False
            step = min(60.0, step * 1.1)
        return False

    def requests(self) -> int:
        return self.town.zettle.requests.total() + self.town.bigcommerce.requests.total()

    def bound(self) -> int:
        """Invariant 14: no more requests than these, or something echoes for ever."""
        return 600 * len(self.connections) + 60 * (self.changes + self.crashes)

    async def _is_quiet(self) -> bool:
        if self.town.zettle.outbox.tasks or self.town.bigcommerce.outbox.tasks or self.net.late:
            return False
        async with self.database.read() as tx:
            return await tx.first(_BUSY, {"soon": LoopTime().now() + timedelta(minutes=1)}) is None

    async def sweep(self) -> None:
        await self.mark(Kind.HOOKS)
        await self.mark(Kind.SWEEP)

    async def mark(self, kind: Kind, subject: str = "", connection: int | None = None) -> None:
        """As a page would, in the process that is alive."""
        database = self.processes[0].database if self.processes else self.database
        async with database.transaction() as tx:
            for number in [connection] if connection is not None else sorted(self.connections):
                await marks.mark(tx, number, kind, subject, LoopTime().now())

    async def close(self) -> None:
        self.open = False
        for process in list(self.processes):
            process.stop.set()
        for life in self.lives:
            life.cancel()
        await asyncio.gather(*self.lives, return_exceptions=True)
        for process in list(self.processes):
            if process.running is not None:
                process.fate.die()
                process.running.cancel()
                await asyncio.gather(process.running, return_exceptions=True)
        await self.net.stop()
        await self.town.stop()


# ---- The beginning ---------------------------------------------------------------------------------------------------


async def begin(seed: int, disk: Disk, make: MakeHandlers = handlers) -> Day:
    """A town whose merchants have just pressed "Finish set-up"; nothing is synced yet."""
    dice = random.Random(seed)
    weather = Sky.of(random.Random(dice.getrandbits(64)))
    plan = Plan(
        seed=dice.getrandbits(32),
        products=0,
        drawings=False,
        connector=Connector().at(URL),
        bigcommerce_config=ShopConfig(read_lag_s=3.0, hook_delay_s=0.0),
        bigcommerce_switches=ShopSwitches(random_read_lag=True),
    )
    town = Town(plan, LoopClock(NOON.timestamp(), origin=0.0))
    database = DiskDatabase(disk)
    disk.clear()
    net = Net(town, weather, random.Random(dice.getrandbits(64)))
    day = Day(seed, disk, dice, weather, town, net, database, make=make)
    day.crashes_left = dice.randint(4, 16)
    town.hosts.doors[HOST] = Street(town, day.processes, random.Random(dice.getrandbits(64)))  # type: ignore[assignment]
    for box in (town.zettle.outbox, town.bigcommerce.outbox):
        box.weather = Weather(delay=(0.0, 0.6))
    for number in range(dice.choice([1, 1, 1, 2, 3])):
        merchant = town.merchant if number == 0 else town.add_merchant(f"Butik {number}", products=0)
        await _connect(day, merchant, number)
        _stock(day, merchant, number)
    day.tell(f"faults: {', '.join(sorted(weather.on))}")
    return day


async def _connect(day: Day, merchant: Merchant, number: int) -> None:
    town, now = day.town, LoopTime().now()
    town.shop(merchant).set_settings(quota=1500)
    wire = Wire(open_client(town.transport()), LoopTime(), user_agent="Brygga")
    platforms = Platforms(settings_of(town), wire, LoopTime())
    till, store = town.zettle_tokens(merchant, town.plan.connector), town.store_token(merchant, town.plan.connector)
    organization = await Zettle(wire, OpenGate(), platforms.zettle_urls, _FreshToken(till.access)).organization()
    shop = await read_shop(ShopApi(wire, OpenGate(), platforms.shop_urls, store, merchant.store_hash))
    async with day.database.transaction() as tx:
        made = await connections.start(tx, organization, f"key{number}", now)
        await connections.set_shop(tx, made.id, shop)
        await connections.set_choices(tx, made.id, Choices(prices=True, whole_library=True))
        await connections.set_stage(tx, made.id, Stage.RUNNING)
        expires = now + timedelta(hours=2)
        await tokens.put(tx, made.id, Platform.ZETTLE, Token(till.access, now, till.refresh, expires))
        await tokens.put(tx, made.id, Platform.BIGCOMMERCE, Token(store, now))
        await marks.mark(tx, made.id, Kind.SETUP, "", now)
        await marks.mark(tx, made.id, Kind.HOOKS, "", now)
    day.connections[made.id] = merchant


def _stock(day: Day, merchant: Merchant, number: int) -> None:
    """One or two products, two to four variants."""
    till, connection = day.town.till(merchant), max(day.connections)
    few = "low stock" in day.weather.on
    for product in range(day.dice.choice([1, 2])):
        name = f"Vara{number}{product}"
        sizes = day.dice.choice([1, 2])
        rows = [_row(name, size if sizes > 1 else "") for size in ("S", "M")[:sizes]]
        more: dict[str, Any] = {}
        if sizes > 1:
            properties = [{"value": row["name"]} for row in rows]
            more = {"variantOptionDefinitions": {"definitions": [{"name": "Storlek", "properties": properties}]}}
        made = till.create_product(name, rows, **more)
        till.track(made["uuid"])
        for variant in made["variants"]:
            level = day.dice.randint(0, 4) if few else day.dice.randint(5, 40)
            till.set_stock(variant["uuid"], level)
            day.goods.append(Goods(merchant, connection, made["uuid"], variant["uuid"], variant["sku"], level))


def _row(name: str, size: str) -> dict[str, Any]:
    row: dict[str, Any] = {"sku": f"{name}{size}", "price": 9900}
    return row | ({"name": size, "options": [{"name": "Storlek", "value": size}]} if size else {})
