"""Sales and orders of many merchants at once."""

import asyncio
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from brygga.cli.benching import homes
from brygga.cli.benching.figures import Figure, at_least, at_most, percentile
from brygga.cli.benching.homes import CLOCK, READ_LAG_S, Failed, Home
from brygga.cli.benching.syncing import FREE, Size

LOOKED = 4
"""After so many sales the clients of the database are counted."""
Pair = tuple[str, str, str, int]
"""A merchant's organization, store, and one variant's ids in both."""


async def pairs(home: Home) -> list[Pair]:
    """Each merchant's first product, then each one's second, so that no product is sold twice in
    a row.
    """
    async with home.database.read() as tx:
        rows = await tx.rows(_PAIRS)
    return [(row.organization_uuid, row.store_hash, row.key, row.child_id) for row in rows]


_PAIRS = sa.text("""
    SELECT c.organization_uuid, c.store_hash, b.key, b.child_id,
        row_number() OVER (PARTITION BY c.id ORDER BY b.key) AS nth
    FROM binding_children b JOIN connections c ON c.id = b.connection_id
    WHERE b.kind = 'variant' ORDER BY nth, c.id
""")


async def traded(home: Home, kind: str, sold: Sequence[Pair], size: Size) -> dict[str, Any]:
    """Sales or orders at a steady pace. What the service answers about them."""
    await home.used()
    tasks, began, held = [], CLOCK.monotonic(), 0
    count = int(size.a_second * size.seconds)
    for number in range(count):
        await asyncio.sleep(max(0.0, began + number / size.a_second - CLOCK.monotonic()))
        pair = sold[number % len(sold)]
        tasks.append(asyncio.create_task(_sell(home, pair) if kind == "sale" else _buy(home, pair)))
        if number % LOOKED == 0:
            held = max(held, await home.clients())
    await asyncio.gather(*tasks)
    await home.quiet(READ_LAG_S)
    return {**await home.used(), "count": count, "clients": held}


async def _sell(home: Home, pair: Pair) -> None:
    await home.act("zettle", "/sell", {"organization_uuid": pair[0], "variant_uuid": pair[2]})


async def _buy(home: Home, pair: Pair) -> None:
    lines = [{"variant_id": pair[3], "quantity": 1}]
    await home.act("bigcommerce", "/orders", {"store_hash": pair[1], "lines": lines})


def timed(kind: str, told: dict[str, Any], aims: tuple[float, float]) -> list[Figure]:
    """No time is told, and so none met, where nothing was written."""
    own = [pair[1] for pair in told[kind]]
    written = at_least(f"{kind}.written", 100 * len(own) / told["count"], "% of them found", 95)
    if not own:
        return [written]
    return [
        at_most(f"{kind}.p50", percentile(own, 0.5), "ms of ours", aims[0]),
        at_most(f"{kind}.p99", percentile(own, 0.99), "ms of ours", aims[1]),
        written,
    ]


async def trade(url: str, size: Size, latency_s: float) -> list[Figure]:
    """Lines `sale` and `order`, and what each costs."""
    async with homes.opened(
        url, merchants=size.merchants, products=size.goods, quota=FREE, latency_s=latency_s,
        longest_wait_s=size.longest_wait_s,
    ) as home:  # fmt: skip
        await home.connect()
        await home.more_workers(size.workers - 1)
        sold = await pairs(home)
        before = await home.used()
        sales = await traded(home, "sale", sold, size)
        orders = await traded(home, "order", sold[len(sold) // 2 :] + sold[: len(sold) // 2], size)
        again = await _near_our_own(home, sold, size)
        await home.quiet(READ_LAG_S)
        idle = await home.used()
        await asyncio.sleep(size.seconds / 2)
        rested = await home.used()
    statements = (sales["statements"] - before["statements"]) / sales["count"]
    cpu_ms = 1000 * (sales["cpu"] - before["cpu"]) / sales["count"]
    hours = len(home.merchants) * size.seconds / 2 / 3600
    # One of them is the bench's own, which counts.
    held = (max(sales["clients"], orders["clients"]) - 1) / size.workers
    return [
        *timed("sale", sales, (15, 60)),
        at_most("sale.statements", statements, "SQL a sale", 20),
        at_most("cpu.stock", cpu_ms, "ms CPU a sale", 3),
        at_most("sale.connections", held, "database connections a process", 8),
        at_most("sale.memory", sales["peak"], f"MB with {len(home.merchants)} who sell", 400),
        *timed("order", orders, (20, 100)),
        *near_ours(again),
        at_most("cpu.quiet", (rested["cpu"] - idle["cpu"]) / hours, "s CPU a merchant-hour"),
    ]


def near_ours(waited_ms: Sequence[float]) -> list[Figure]:
    """No time is told where no write was found."""
    if not waited_ms:
        return [at_least("order.near_ours", 0, "found", 1)]
    return [at_most("order.near_ours", percentile(waited_ms, 0.99), "ms p99 with waits", 3000)]


async def _near_our_own(home: Home, sold: Sequence[Pair], size: Size) -> list[float]:
    """Orders a moment after our own write of the same variant: milliseconds with all waits."""
    await home.used()
    some = sold[: max(2, int(size.a_second))]
    await asyncio.gather(*(_sell(home, pair) for pair in some))
    await asyncio.sleep(1.5)
    await asyncio.gather(*(_buy(home, pair) for pair in some))
    await home.quiet()
    return [pair[0] for pair in (await home.used())["order"]]


async def fairness(url: str, size: Size, latency_s: float) -> list[Figure]:
    """A small merchant sells while another one imports and all others are busy. Only sales during
    the import count. Raises `Failed` where it ends before there are enough.
    """
    async with homes.opened(
        url, merchants=size.neighbours, products=size.goods, large=size.large, quota=FREE,
        latency_s=latency_s, longest_wait_s=size.longest_wait_s,
    ) as home:  # fmt: skip
        importing, small, *others = home.merchants
        await home.connect([small, *others])
        sold = await pairs(home)
        own = [pair for pair in sold if pair[1] == small["store"]]
        busy = [pair for pair in sold if pair[1] != small["store"]]
        there = (await home.platforms.ask())["products"] + size.goods + size.large
        await home.prepare([importing])
        await home.used()
        most, number = int(size.seconds * 2), 0
        while number < most and (await home.platforms.ask())["products"] < there:
            await _sell(home, own[number % len(own)])
            if busy:
                await asyncio.gather(
                    *(_sell(home, busy[(5 * number + each) % len(busy)]) for each in range(5))
                )
            await asyncio.sleep(0.4)
            number += 1
        if number < most / 4:
            raise Failed(f"the import ended after {number} sales")
        await home.quiet(store=small["store"])
        told = await home.used(small["store"])
    return fair([pair[1] for pair in told["sale"]], number)


def fair(taken_ms: Sequence[float], count: int) -> list[Figure]:
    """Of so many sales. No time is told where no write was found."""
    written = at_least("fairness.written", 100 * len(taken_ms) / count, "% of them found", 95)
    if not taken_ms:
        return [written]
    return [at_most("fairness.p99", percentile(taken_ms, 0.99), "ms of ours", 1000), written]
