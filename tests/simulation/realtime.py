"""A short day in real time, on what production runs: pgqueuer, PostgreSQL, HTTP on the loopback,
and worker processes that are killed.

    python -m tests.simulation.realtime [--seconds 30] [--workers 2] [--kills 8] [--seed 1]

The sandboxes and our pages run in this process. Each worker is a process of its own, killed with
SIGKILL at random and replaced. People sell, refund, count, order, cancel and edit. When all is
quiet, each variant must show the same number on both sides: the true one. The waiting times of
leases, calls and reads are short (`SHORT`), so that a killed worker's work is taken over in
seconds. Nothing else differs.
"""

# ruff: noqa: T201 - it tells what it found
import argparse
import asyncio
import contextlib
import multiprocessing
import os
import random
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from brygga import wiring
from brygga.cli import demo_stack, merchant, serving
from brygga.cli.browser import BrowserClient
from brygga.core.report import Code
from brygga.core.stock import Timing
from brygga.database import connections, synclog
from brygga.database.engine import Database
from brygga.database.migrating import upgrade
from brygga.database.queue import QueueJobs, QueueSettings
from brygga.settings import Settings
from brygga.sync.worker.pace import Pace
from brygga.system import SystemClock, SystemDice
from brygga.wire.call import Call
from brygga.wire.door import Wire
from brygga.wiring import Seams, Service, build, sealer
from brygga_sandbox import bigcommerce
from brygga_sandbox.bigcommerce import Shop
from brygga_sandbox.bigcommerce.refusal import Refusal
from brygga_sandbox.clock import RealClock
from brygga_sandbox.merchants import Merchant
from brygga_sandbox.sandbox import Connector, Plan, Sandbox
from brygga_sandbox.server import SandboxServer, address, listen
from brygga_sandbox.zettle import Till

PRODUCTS = 4
CALL_S = 4.0
PACE = Pace(lease_s=CALL_S + 3, renew_s=1, takeover_delay_s=0.5, retry_first_s=0.5, retry_most_s=3)
QUEUE = QueueSettings(heartbeat=timedelta(seconds=2), check_s=0.5, pause_s=0.5)
SHORT = Timing(read_lag_s=2.0, request_deadline_s=CALL_S + 2, resolve_timeout_s=12.0)
CALM_S = 120.0
"""So long the work may take to its end when nobody does anything any more."""
STEP_S = 0.25
SIGNATURE = "X-Sent-By"
"""The header that names the process."""
READ_LAG_S = 1.0
"""So far BigCommerce's reads may trail; shorter than `SHORT` takes it to be."""
FAULTS = ("timeout_after", "cut_after", "cut_before", "5xx_after", "429")
SHARE = 0.03


@dataclass(frozen=True, slots=True)
class Wish:
    seconds: float = 30.0
    workers: int = 2
    kills: int = 8
    seed: int = 1


@dataclass
class Outcome:
    """What it came to. `wrong` names what both sides do not agree on, or not with the truth."""

    changes: int = 0
    kills: int = 0
    asked: int = 0
    """Numbers that the merchant was asked to check."""
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        head = f"{self.changes} changes, {self.kills} workers killed, {self.asked} numbers to check"
        return "\n".join([f"{head}; {len(self.wrong)} wrong", *self.wrong])


# ---- A worker ------------------------------------------------------------------------------------


def work(settings: Settings) -> None:
    """What a worker process does until it is killed."""
    with short_waits():
        asyncio.run(_work(settings))


@contextlib.contextmanager
def short_waits() -> Any:
    """No call takes longer than `CALL_S` or hides which process sent it, and stock waits as `SHORT`
    says.
    """
    send = Wire.send

    async def quick(self: Wire, call: Call, *more: Any, **named: Any) -> Any:
        signed = {**call.headers, SIGNATURE: str(os.getpid())}
        mine = replace(call, timeout_s=min(CALL_S, call.timeout_s), headers=signed)
        return await send(self, mine, *more, **named)

    with patch.object(Wire, "send", quick), patch.object(wiring, "Timing", lambda: SHORT):
        yield


async def _work(settings: Settings) -> None:
    service = service_of(settings)
    await service.worker.run(asyncio.Event())


def service_of(settings: Settings) -> Service:
    assert settings.database_url is not None
    direct = settings.database_direct_url
    database = Database.at(settings.database_url, sealer(settings), direct_url=direct)
    clock = SystemClock()
    return build(
        settings, database, QueueJobs(database, clock, QUEUE), Seams(clock, SystemDice()), PACE
    )


@dataclass
class Crew:
    """The worker processes, and who ends them."""

    settings: Settings
    dice: random.Random
    active: list[Any] = field(default_factory=list)
    killed: int = 0
    method: Any = field(default_factory=lambda: multiprocessing.get_context("spawn"))

    def hire(self) -> None:
        process = self.method.Process(target=work, args=(self.settings,), daemon=True)
        process.start()
        self.active.append(process)

    def kill(self) -> None:
        """One of them, at once and without a word."""
        process = self.active.pop(self.dice.randrange(len(self.active)))
        process.kill()
        process.join()
        assert process.exitcode == -signal.SIGKILL, (
            f"a worker had fallen before: {process.exitcode}"
        )
        self.killed += 1

    def end(self) -> None:
        while self.active:
            process = self.active.pop()
            process.kill()
            process.join()


# ---- People --------------------------------------------------------------------------------------


@dataclass
class StockRecord:
    """One variant on both sides, and how many there are."""

    variant: str
    variant_id: int
    truth: int


@dataclass
class People:
    """What they do, and what is true after it."""

    sandbox: Sandbox
    dice: random.Random
    records: list[StockRecord]
    merchant: Merchant | None = None
    """None: the first."""
    sales: list[Any] = field(default_factory=list)
    orders: list[int] = field(default_factory=list)
    changes: int = 0

    def step(self) -> None:
        act = self.dice.choice(
            [
                self._sell,
                self._sell,
                self._refund,
                self._count,
                self._order,
                self._order,
                self._cancel,
                self._edit,
            ]
        )
        before = [self._levels(record) for record in self.records]
        with contextlib.suppress(Refusal, ValueError, LookupError, IndexError):
            act(self.dice.choice(self.records))
        for record, (till, shop) in zip(self.records, before, strict=True):
            now = self._levels(record)
            moved = now[0] - till + now[1] - shop
            self.changes += bool(moved)
            record.truth += moved

    @property
    def _till(self) -> Till:
        return self.sandbox.till(self.merchant)

    @property
    def _shop(self) -> Shop:
        return self.sandbox.shop(self.merchant)

    def _levels(self, record: StockRecord) -> tuple[int, int]:
        return self._till.balance(record.variant), self._shop.level(variant_id=record.variant_id)

    def _sell(self, record: StockRecord) -> None:
        self.sales.append(self._till.sell(record.variant, self.dice.randint(1, 3)))

    def _refund(self, record: StockRecord) -> None:
        self._till.refund(self.sales.pop(self.dice.randrange(len(self.sales))))

    def _count(self, record: StockRecord) -> None:
        self._till.set_stock(
            record.variant, self._till.balance(record.variant) + self.dice.randint(-4, 8)
        )

    def _order(self, record: StockRecord) -> None:
        lines = [{"variant_id": record.variant_id, "quantity": self.dice.randint(1, 3)}]
        self.orders.append(self._shop.place(lines).id)

    def _cancel(self, record: StockRecord) -> None:
        self._shop.cancel(self.orders.pop(self.dice.randrange(len(self.orders))))

    def _edit(self, record: StockRecord) -> None:
        level = self._shop.level(variant_id=record.variant_id) + self.dice.randint(-3, 6)
        self._shop.set_stock(max(0, level), variant_id=record.variant_id)

    def wrong(self) -> list[str]:
        found = [(record, *self._levels(record)) for record in self.records]
        return [
            f"{record.variant[:8]}: till {till}, shop {shop}, truth {record.truth}"
            for record, till, shop in found
            if not till == shop == record.truth
        ]


# ---- The day -------------------------------------------------------------------------------------


async def play(wish: Wish, database_url: str) -> Outcome:
    """Set up as a merchant would, a storm, calm, and what is left."""
    dice = random.Random(wish.seed)
    async with _sandbox(database_url) as (sandbox, settings, service, url):
        crew = Crew(settings, dice)
        try:
            for _ in range(wish.workers):
                crew.hire()
            async with demo_stack.browser_client() as http:
                await merchant.connect(BrowserClient(http), url)
            if not await _until(lambda: _is_set_up(service)):
                raise AssertionError("the first sync never ends")
            people = People(sandbox, dice, records(sandbox))
            await _storm(wish, sandbox, crew, people)
            outcome = Outcome(people.changes, crew.killed)
            if not await _until(lambda: _is_right(service, people)):
                outcome.wrong = people.wrong() or ["the work never ends"]
            outcome.asked = await _asked(service)
        finally:
            crew.end()
    return outcome


@contextlib.asynccontextmanager
async def _sandbox(database_url: str) -> AsyncIterator[tuple[Sandbox, Settings, Service, str]]:
    door = listen(0)
    url = address(door)
    plan = Plan(
        products=0,
        drawings=False,
        connector=Connector().at(url),
        bigcommerce_switches=bigcommerce.Switches(random_read_lag=True),
    )
    sandboxes = SandboxServer(plan, RealClock(), 0)
    sandbox = await sandboxes.start()
    try:
        furnish(sandbox, 10_000)
        settings = replace(demo_stack.settings_for(sandbox, url), database_url=database_url)
        service = service_of(settings)
        await upgrade(service.database)
        try:
            async with serving.web(service, door):
                yield sandbox, settings, service, url
        finally:
            await service.close()
    finally:
        await sandboxes.stop()


def furnish(sandbox: Sandbox, quota: int, merchant: Merchant | None = None) -> None:
    """A store with that quota, and some products at the till."""
    till, shop = sandbox.till(merchant), sandbox.shop(merchant)
    shop.set_settings(plan="Scale", quota=quota)
    shop.store.read_lag_s = READ_LAG_S
    for number in range(PRODUCTS):
        made = till.create_product(f"Vara {number}", [{"sku": f"VARA{number}", "price": 9900}])
        till.track(made["uuid"])
        till.set_stock(made["variants"][0]["uuid"], 400)


def records(sandbox: Sandbox, merchant: Merchant | None = None) -> list[StockRecord]:
    """Both sides of each variant of that merchant's, the first one's unless told."""
    till, shop, found = sandbox.till(merchant), sandbox.shop(merchant), []
    for stored in (merchant or sandbox.merchant).organization.products.values():
        variant = stored.value()["variants"][0]
        there = next(one for one in shop.state()["products"] if one["sku"] == variant["sku"])
        pair = variant["uuid"], there["variants"][0]["id"]
        found.append(StockRecord(*pair, till.balance(variant["uuid"])))
    return found


async def _storm(wish: Wish, sandbox: Sandbox, crew: Crew, people: People) -> None:
    for platform in (sandbox.zettle, sandbox.bigcommerce):
        for kind in FAULTS:
            platform.faults.add(kind, probability=SHARE, params={"seconds": CALL_S + 1})
    loop, dice = asyncio.get_running_loop(), people.dice
    began = loop.time()
    deaths = sorted(dice.uniform(0, wish.seconds) for _ in range(wish.kills))
    while loop.time() < began + wish.seconds:
        people.step()
        if deaths and loop.time() >= began + deaths[0]:
            deaths.pop(0)
            await asyncio.to_thread(crew.kill)
            crew.hire()
        await asyncio.sleep(dice.choice([0.0, 0.02, dice.expovariate(10)]))
    for _ in deaths:  # what a slow machine did not come to
        await asyncio.to_thread(crew.kill)
        crew.hire()
    for platform in (sandbox.zettle, sandbox.bigcommerce):
        platform.faults.clear()


async def _until(holds: Callable[[], Any]) -> bool:
    """Whether it has come to hold. Looks a few times a second, for `CALM_S` at most."""
    for _ in range(int(CALM_S / STEP_S)):
        if await holds():
            return True
        await asyncio.sleep(STEP_S)
    return False


async def _is_set_up(service: Service) -> bool:
    async with service.database.read() as tx:
        active = await connections.active(tx)
    return bool(active) and await demo_stack.is_quiet(service)


async def _is_right(service: Service, people: People) -> bool:
    return not people.wrong() and await demo_stack.is_quiet(service)


async def _asked(service: Service) -> int:
    async with service.database.read() as tx:
        (connection,) = await connections.active(tx)
        lines = await synclog.page(tx, connection.id, limit=100_000)
    return sum(one.line.code is Code.STOCK_CHECK for one in lines)


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulation.realtime", description="A short day in real time."
    )
    parser.add_argument("--seconds", type=float, default=30.0, help="how long people are busy")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--kills", type=int, default=8)
    parser.add_argument(
        "--seed", type=int, default=1, help="what people do; how the processes run is chance"
    )
    chosen = parser.parse_args(words)
    wish = Wish(chosen.seconds, chosen.workers, chosen.kills, chosen.seed)
    with demo_stack.throwaway_database() as database_url:
        outcome = asyncio.run(play(wish, database_url))
    print(outcome)
    return 1 if outcome.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
