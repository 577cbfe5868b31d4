"""A short day in real time: what production runs. pgqueuer, PostgreSQL, HTTP on the loopback, and
worker processes that are killed.

    python -m tests.simulation.realtime [--seconds 30] [--workers 2] [--kills 8] [--seed 1]

The town and our pages live in this process; each worker is a process of its own, killed with
SIGKILL at random and replaced. People sell, refund, count, order, cancel and edit. When all is
quiet each variant must show the same number on both sides: the true one. The waiting times of
leases, calls and looks are short (`SHORT`), so that a killed worker's work is taken over in
seconds; nothing else differs.
"""

# ruff: noqa: T201 - it tells what it found
import argparse
import asyncio
import contextlib
import multiprocessing
import random
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from brygga import wiring
from brygga.cli import house, merchant
from brygga.cli.visitor import Visitor
from brygga.core.report import Code
from brygga.core.stock import Timing
from brygga.database import connections, synclog
from brygga.database.engine import Database
from brygga.database.migrating import upgrade
from brygga.database.queue import QueueJobs, QueueSettings
from brygga.settings import Settings
from brygga.sync.worker.pace import Pace
from brygga.wire.call import Call
from brygga.wire.door import Wire
from brygga.wiring import Seams, Service, SystemClock, SystemDice, build, sealer
from brygga_sandbox import bigcommerce
from brygga_sandbox.bigcommerce.refusal import Refusal
from brygga_sandbox.clock import RealClock
from brygga_sandbox.server import TownServer, address, listen
from brygga_sandbox.town import Connector, Plan, Town

PRODUCTS = 4
CALL_S = 4.0
PACE = Pace(lease_s=CALL_S + 3, renew_s=1, grace_s=0.5, retry_first_s=0.5, retry_most_s=3)
QUEUE = QueueSettings(heartbeat=timedelta(seconds=2), check_s=0.5, pause_s=0.5)
SHORT = Timing(lag_s=2.0, grace_s=CALL_S + 2, patience_s=12.0)
CALM_S = 120.0
"""So long the work may take to its end when nobody does anything any more."""
STEP_S = 0.25
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
    """No call takes longer than `CALL_S`, and stock waits as `SHORT` says."""
    send = Wire.send

    async def quick(self: Wire, call: Call, *more: Any, **named: Any) -> Any:
        return await send(
            self, replace(call, timeout_s=min(CALL_S, call.timeout_s)), *more, **named
        )

    with patch.object(Wire, "send", quick), patch.object(wiring, "Timing", lambda: SHORT):
        yield


async def _work(settings: Settings) -> None:
    service = _service(settings)
    await service.worker.run(asyncio.Event())


def _service(settings: Settings) -> Service:
    assert settings.database_url is not None
    database, clock = Database.at(settings.database_url, sealer(settings)), SystemClock()
    return build(
        settings, database, QueueJobs(database, clock, QUEUE), Seams(clock, SystemDice()), PACE
    )


@dataclass
class Crew:
    """The worker processes, and who ends them."""

    settings: Settings
    dice: random.Random
    living: list[Any] = field(default_factory=list)
    killed: int = 0
    method: Any = field(default_factory=lambda: multiprocessing.get_context("spawn"))

    def hire(self) -> None:
        process = self.method.Process(target=work, args=(self.settings,), daemon=True)
        process.start()
        self.living.append(process)

    def kill(self) -> None:
        """One of them, at once and without a word."""
        process = self.living.pop(self.dice.randrange(len(self.living)))
        process.kill()
        process.join()
        assert process.exitcode == -signal.SIGKILL, (
            f"a worker had fallen before: {process.exitcode}"
        )
        self.killed += 1

    def end(self) -> None:
        while self.living:
            process = self.living.pop()
            process.kill()
            process.join()


# ---- People --------------------------------------------------------------------------------------


@dataclass
class Shelf:
    """One variant on both sides, and how many there are."""

    variant: str
    variant_id: int
    truth: int


@dataclass
class People:
    """What they do, and what is true after it."""

    town: Town
    dice: random.Random
    shelves: list[Shelf]
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
        before = [self._levels(shelf) for shelf in self.shelves]
        with contextlib.suppress(Refusal, ValueError, LookupError, IndexError):
            act(self.dice.choice(self.shelves))
        for shelf, (till, shop) in zip(self.shelves, before, strict=True):
            now = self._levels(shelf)
            moved = now[0] - till + now[1] - shop
            self.changes += bool(moved)
            shelf.truth += moved

    def _levels(self, shelf: Shelf) -> tuple[int, int]:
        return self.town.till().balance(shelf.variant), self.town.shop().level(
            variant_id=shelf.variant_id
        )

    def _sell(self, shelf: Shelf) -> None:
        self.sales.append(self.town.till().sell(shelf.variant, self.dice.randint(1, 3)))

    def _refund(self, shelf: Shelf) -> None:
        self.town.till().refund(self.sales.pop(self.dice.randrange(len(self.sales))))

    def _count(self, shelf: Shelf) -> None:
        self.town.till().set_stock(
            shelf.variant, self.town.till().balance(shelf.variant) + self.dice.randint(-4, 8)
        )

    def _order(self, shelf: Shelf) -> None:
        lines = [{"variant_id": shelf.variant_id, "quantity": self.dice.randint(1, 3)}]
        self.orders.append(self.town.shop().place(lines).id)

    def _cancel(self, shelf: Shelf) -> None:
        self.town.shop().cancel(self.orders.pop(self.dice.randrange(len(self.orders))))

    def _edit(self, shelf: Shelf) -> None:
        level = self.town.shop().level(variant_id=shelf.variant_id) + self.dice.randint(-3, 6)
        self.town.shop().set_stock(max(0, level), variant_id=shelf.variant_id)

    def wrong(self) -> list[str]:
        found = [(shelf, *self._levels(shelf)) for shelf in self.shelves]
        return [
            f"{shelf.variant[:8]}: till {till}, shop {shop}, truth {shelf.truth}"
            for shelf, till, shop in found
            if not till == shop == shelf.truth
        ]


# ---- The day -------------------------------------------------------------------------------------


async def play(wish: Wish, database_url: str) -> Outcome:
    """Set up as a merchant would, a storm, calm, and what is left."""
    dice = random.Random(wish.seed)
    async with _town(database_url) as (town, settings, service, url):
        crew = Crew(settings, dice)
        try:
            for _ in range(wish.workers):
                crew.hire()
            async with house.visitor_client() as http:
                await merchant.connect(Visitor(http), url)
            if not await _until(lambda: _is_set_up(service)):
                raise AssertionError("the first sync never ends")
            people = People(town, dice, _shelves(town))
            await _storm(wish, town, crew, people)
            outcome = Outcome(people.changes, crew.killed)
            if not await _until(lambda: _is_right(service, people)):
                outcome.wrong = people.wrong() or ["the work never ends"]
            outcome.asked = await _asked(service)
        finally:
            crew.end()
    return outcome


@contextlib.asynccontextmanager
async def _town(database_url: str) -> AsyncIterator[tuple[Town, Settings, Service, str]]:
    door = listen(0)
    url = address(door)
    plan = Plan(
        products=0,
        drawings=False,
        connector=Connector().at(url),
        bigcommerce_switches=bigcommerce.Switches(random_read_lag=True),
    )
    towns = TownServer(plan, RealClock(), 0)
    town = await towns.start()
    try:
        town.shop().set_settings(plan="Scale", quota=10_000)
        town.shop().store.read_lag_s = READ_LAG_S
        for number in range(PRODUCTS):
            made = town.till().create_product(
                f"Vara {number}", [{"sku": f"VARA{number}", "price": 9900}]
            )
            town.till().track(made["uuid"])
            town.till().set_stock(made["variants"][0]["uuid"], 400)
        settings = replace(house.settings_for(town, url), database_url=database_url)
        service = _service(settings)
        await upgrade(service.database)
        try:
            async with house.web(service, door):
                yield town, settings, service, url
        finally:
            await service.close()
    finally:
        await towns.stop()


def _shelves(town: Town) -> list[Shelf]:
    found = []
    for stored in town.merchant.organization.products.values():
        variant = stored.value()["variants"][0]
        there = next(one for one in town.shop().state()["products"] if one["sku"] == variant["sku"])
        found.append(
            Shelf(variant["uuid"], there["variants"][0]["id"], town.till().balance(variant["uuid"]))
        )
    return found


async def _storm(wish: Wish, town: Town, crew: Crew, people: People) -> None:
    for platform in (town.zettle, town.bigcommerce):
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
    for platform in (town.zettle, town.bigcommerce):
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
        living = await connections.living(tx)
    return bool(living) and await house.is_quiet(service)


async def _is_right(service: Service, people: People) -> bool:
    return not people.wrong() and await house.is_quiet(service)


async def _asked(service: Service) -> int:
    async with service.database.read() as tx:
        (connection,) = await connections.living(tx)
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
    with house.throwaway_database() as database_url:
        outcome = asyncio.run(play(wish, database_url))
    print(outcome)
    return 1 if outcome.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
