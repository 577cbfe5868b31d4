"""First syncs, changed prices and sweeps."""

import asyncio
from dataclasses import dataclass
from typing import Any

from brygga.cli import merchant
from brygga.cli.benching import homes
from brygga.cli.benching.figures import Figure, at_least, at_most
from brygga.cli.benching.homes import CLOCK, Failed, Home

QUOTA, WINDOW_S = 150, 30.0
"""BigCommerce's smallest plan."""
FREE = 1_000_000
"""A quota that nobody waits for."""
STILL_S = 5.0
"""Work that webhooks brought has ended when the platforms have counted no request for so long."""
SPEED = 6.0
"""How much faster than the machine's the clocks are where the quota decides."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: `products` of a first sync, `prices` that change, `sweep` products in a
    quiet sweep, `merchants` with `goods` products each who sell `a_second` for `seconds` while so
    many `workers` work, `webhooks` sent, `idle` merchants. For fairness, `neighbours` sell while
    one of them imports `large` products. `sellers` have one sale each that several workers share.
    """

    products: int = 2_000
    prices: int = 2_000
    sweep: int = 2_000
    growth: tuple[int, ...] = (250, 1_000, 2_500)
    merchants: int = 40
    goods: int = 20
    a_second: float = 50.0
    workers: int = 1
    seconds: float = 20.0
    webhooks: int = 1_500
    idle: int = 5_000
    sellers: int = 40
    runs: int = 5
    large: int = 2_500
    neighbours: int = 40
    longest_wait_s: float = 110.0
    """The longest wait for work to end."""
    within_s: float = 240.0
    """The longest time of one line of the table."""


FULL = Size(
    sweep=10_000, growth=(1_000, 10_000, 50_000), merchants=500, goods=4, large=20_000,
    neighbours=200, longest_wait_s=3_600, within_s=7_200,
)  # fmt: skip
"""Large libraries and many merchants: more than an hour."""
SMALL = Size(
    products=12, prices=10, sweep=10, growth=(6, 12), merchants=2, goods=4, a_second=4.0,
    seconds=2.0, webhooks=60, idle=50, sellers=4, runs=1, large=300, neighbours=2,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Run:
    """What a first sync used."""

    requests: int
    until_made: int
    statements: int
    commits: int
    cpu_s: float
    seconds: float
    refused: int


@dataclass(frozen=True, slots=True)
class Sweep:
    """What a sweep used: requests to BigCommerce, memory above that before it, our own time."""

    requests: int
    memory_mb: float
    cpu_s: float


async def synced(home: Home, products: int) -> Run:
    """From "Finish set-up" until every product is in the store and nothing is due, now or soon.
    `seconds` end with the last create, as the requests `until_made` do.
    """
    (browser,) = await home.prepare(finish=False)
    await home.quiet()
    platforms, house = await home.platforms.ask(), await home.house.ask()
    began, goal = CLOCK.monotonic(), platforms["products"] + products
    await merchant.finish(browser)
    made = await home.platforms.ask()
    while made["products"] < goal and CLOCK.monotonic() - began < home.longest_wait_s:
        await asyncio.sleep(0.1)
        made = await home.platforms.ask()
    ended = CLOCK.monotonic()
    await home.at_rest()
    after, used = await home.platforms.ask(), await home.house.ask()
    return Run(
        after["bigcommerce"] - platforms["bigcommerce"],
        made["bigcommerce"] - platforms["bigcommerce"],
        used["statements"] - house["statements"],
        used["commits"] - house["commits"],
        used["cpu"] - house["cpu"],
        ended - began,
        after["refused"],
    )


async def first_sync(url: str, size: Size, latency_s: float) -> list[Figure]:
    """A library with variants and pictures, under the quota of the smallest plan, with clocks that
    run faster than the machine's.
    """
    count = size.products
    async with homes.opened(
        url, products=count, kind="mixed", quota=QUOTA, speed=SPEED, latency_s=latency_s
    ) as home:
        run = await synced(home, count)
    allowed = QUOTA / WINDOW_S * run.seconds * SPEED + QUOTA
    share = 100 * run.until_made / max(run.until_made, allowed)
    return [
        at_most("first_sync.requests", run.requests / count, "a product", 1.05, 1.0),
        at_least("first_sync.quota", share, "% of the quota", 97, 100),
        at_most("first_sync.refused", run.refused, "answers 429", 0, 0),
        at_most("first_sync.statements", run.statements / count, "SQL a product", 6),
        at_most("first_sync.commits", run.commits / count, "commits a product"),
        at_most("cpu.product", 1000 * run.cpu_s / count, "ms CPU a product", 6),
    ]


async def bulk_update(url: str, size: Size, latency_s: float) -> list[Figure]:
    """Simple products get a new price each."""
    count = size.prices
    async with homes.opened(url, products=count, quota=FREE, latency_s=latency_s) as home:
        await synced(home, count)
        before, house = await home.platforms.ask(), await home.house.ask()
        await home.platforms.ask("reprice")
        after = await _ended(home, before["bigcommerce"])
        used = await home.house.ask()
    requests = after["bigcommerce"] - before["bigcommerce"]
    statements = used["statements"] - house["statements"]
    return [
        at_most("bulk_update.requests", requests / count, "a product", 0.11, 0.1),
        at_most("bulk_update.statements", statements / count, "SQL a product"),
    ]


async def _ended(home: Home, before: int, within_s: float = 110.0) -> dict[str, Any]:
    """What the platforms counted once webhooks have brought work and no request came for `STILL_S`.
    Raises `Failed` where no request comes at all.
    """
    began = CLOCK.monotonic()
    asked = await home.platforms.ask()
    last, at = int(asked["bigcommerce"]), began
    while last == before or CLOCK.monotonic() - at < STILL_S:
        if CLOCK.monotonic() - began > within_s:
            raise Failed(f"{last - before} requests, and no end, within {within_s:g} s")
        await asyncio.sleep(0.2)
        asked = await home.platforms.ask()
        if int(asked["bigcommerce"]) != last:
            last, at = int(asked["bigcommerce"]), CLOCK.monotonic()
    await home.quiet()
    return asked


async def quiet_sweep(url: str, size: Size, latency_s: float) -> list[Figure]:
    """A sweep over products of which nothing changed."""
    count = size.sweep
    async with homes.opened(
        url, products=count, quota=FREE, latency_s=latency_s, longest_wait_s=size.longest_wait_s
    ) as home:
        await synced(home, count)
        await home.start_anew()
        await home.at_rest()
        sweep = await swept(home)
    least = -(-count // 250) + 1
    most = round(least * 1.1 + 1)
    return [
        at_most("quiet_sweep.requests", sweep.requests, f"for {count}", most, least),
        at_most("quiet_sweep.memory", sweep.memory_mb, "MB above idle", 150),
        at_most("quiet_sweep.cpu", 1000 * sweep.cpu_s / count, "ms CPU a product"),
    ]


async def swept(home: Home) -> Sweep:
    """One sweep, from what was idle before."""
    before, house = await home.platforms.ask(), await home.house.ask()
    await home.house.ask("sweep")
    await home.quiet()
    after, used = await home.platforms.ask(), await home.house.ask()
    return Sweep(
        after["bigcommerce"] - before["bigcommerce"],
        used["peak"] - house["rss"],
        used["cpu"] - house["cpu"],
    )
