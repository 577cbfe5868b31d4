"""Many merchants, several workers, large libraries, and the start of a process."""

import asyncio
import contextlib
import os
import resource
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from brygga.cli.benching import homes
from brygga.cli.benching.figures import Figure, at_least, at_most, percentile
from brygga.cli.benching.homes import CLOCK, READ_LAG_S, Child, Failed, Home
from brygga.cli.benching.syncing import FREE, Size, swept, synced
from brygga.cli.benching.trading import Pair, pairs
from brygga.cli.browser import BrowserClient

SLOW_S = 0.15
"""How long the platforms take for an answer where several workers are compared."""
PARALLEL = 2
"""How many merchants each of the compared workers works for at a time, a twentieth of the usual: so
they are enough for four workers, and the platforms' answers to all of them do not come at once.
"""
LOOKED_S = 125.0
"""How long idle merchants are watched: two rounds of what is done once a minute."""
PAGES = ("/apps", "/apps/bigcommerce", "/library", "/apps/bigcommerce/log")
VIEWS = 12
STARTED_S = 15.0
"""Workers that are compared have started within this time. The backlog is due then."""
MOST_S = 60.0
"""The longest time for a backlog."""


# ---- Idle merchants ------------------------------------------------------------------------------

_COPIES = sa.text("""
    INSERT INTO connections (organization_uuid, organization, store_hash, shop, stage,
        hook_key_hash, created_at)
    SELECT 'idle-' || n, c.organization || jsonb_build_object('uuid', 'idle-' || n),
        'idle-' || n, c.shop || jsonb_build_object('store_hash', 'idle-' || n), 'running',
        convert_to('idle-' || n, 'UTF8'), now()
    FROM (SELECT * FROM connections LIMIT 1) AS c, generate_series(1, :count) AS n
    RETURNING id
""")
_ROUTINE = sa.text("""
    INSERT INTO work_items (connection_id, kind, subject, rank, generation, due_at, added_at)
    SELECT c.id, kind, '', 50, 10 * c.id + nth, now() + interval '1 hour' * (1 + random() * hours),
        now()
    FROM connections c, (VALUES ('hooks', 1, 1), ('sweep', 2, 6), ('account', 3, 24))
        AS n (kind, nth, hours)
    WHERE c.organization_uuid LIKE 'idle-%'
""")


async def many(url: str, size: Size, latency_s: float) -> list[Figure]:
    """Merchants who are connected and do nothing: what it costs to watch their timers, without
    their routine work, which `cpu.routine` counts.
    """
    async with homes.opened(url, products=size.goods, quota=FREE, latency_s=latency_s) as home:
        await home.connect()
        await asyncio.sleep(15)
        alone = await home.house.ask()
        async with home.database.transaction() as tx:
            await tx.rows(_COPIES, {"count": size.idle})
            await tx.run(_ROUTINE)
        await asyncio.sleep(5)
        before, began = await home.house.ask(), CLOCK.monotonic()
        await asyncio.sleep(min(LOOKED_S, size.seconds * 7))
        after, passed = await home.house.ask(), CLOCK.monotonic() - began
        cpu_s, hours = after["cpu"] - before["cpu"], passed / 3600
        routine = await _routine(home, cpu_s / passed)
    statements = (after["statements"] - before["statements"]) / hours
    return [
        at_most("many.memory", after["peak"], f"MB with {size.idle}", 400),
        at_most("many.added", after["rss"] - alone["rss"], "MB more than with one"),
        at_most("many.cpu", 100 * cpu_s / passed, "% of a core", 1),
        at_most("many.statements", statements, "SQL an hour"),
        at_most("cpu.routine", routine, "s CPU a merchant-hour", 0.2),
    ]


async def _routine(home: Home, idle: float) -> float:
    """CPU seconds of an hour's routine work for one merchant: two looks at the subscriptions, a
    sixth of a sweep, and a part of the account's daily look. Without what the process uses when it
    is `idle`, in seconds a second.
    """
    used: dict[str, float] = {}
    for kind in ("hooks", "sweep", "account"):
        before, began = await home.house.ask(), CLOCK.monotonic()
        await home.house.ask(kind)
        await home.quiet()
        await asyncio.sleep(1)
        passed = CLOCK.monotonic() - began
        used[kind] = float((await home.house.ask())["cpu"] - before["cpu"]) - idle * passed
    return 2 * used["hooks"] + used["sweep"] / 6 + used["account"] / 24


# ---- Several workers -----------------------------------------------------------------------------


async def scale_out(url: str, size: Size, latency_s: float) -> list[Figure]:
    """The same backlog of sales with one, two and four workers, while the platforms take so long
    that nobody waits for the processor.
    """
    async with homes.opened(
        url, merchants=size.sellers, products=1, quota=FREE, latency_s=max(latency_s, SLOW_S),
    ) as home:  # fmt: skip
        await home.connect()
        await home.house.stop()
        home.house = await Child.start("house", replace(home.wish, work=False))
        taken, held = {}, 0.0
        for count in (1, 2, 4):
            taken[count], held = await _worked_off(home, count, await pairs(home))
    return [
        at_most("scale_out.one", taken[1], "s for the backlog"),
        at_least("scale_out.two", taken[1] / taken[2], "times as fast", 1.9, 2),
        at_least("scale_out.four", taken[1] / taken[4], "times as fast", 3.7, 4),
        at_most("scale_out.connections", held, "database connections a worker", 8),
    ]


async def _worked_off(home: Home, count: int, sold: Sequence[Pair]) -> tuple[float, float]:
    """The seconds that so many workers need for a sale of each merchant, from the first that one
    of them takes, and the database connections of each.
    """
    for organization, _, variant, _ in sold:
        of = {"organization_uuid": organization, "variant_uuid": variant}
        await home.act("zettle", "/sell", of)
    await _waiting(home, len(sold))
    begins = CLOCK.now() + timedelta(seconds=STARTED_S)
    async with home.database.transaction() as tx:
        await tx.run(_HELD_BACK, {"at": begins})
    others = await home.clients()
    workers = await asyncio.gather(*(home.another_worker(PARALLEL) for _ in range(count)))
    held = 0
    try:
        await asyncio.sleep((begins - CLOCK.now()).total_seconds())
        if await home.due(0) < len(sold):
            raise Failed("the workers began before all of them ran")
        began = await _taken(home)
        while await _left(home, begins):
            held = max(held, await home.clients() - others)
            if CLOCK.monotonic() - began > MOST_S:
                raise Failed(f"the backlog is not worked off in {MOST_S:g} s")
            await asyncio.sleep(0.05)
        return CLOCK.monotonic() - began, held / count
    finally:
        # What the store reports about these writes must not be among the next ones.
        await home.quiet(READ_LAG_S)
        await asyncio.gather(*(one.stop() for one in workers))


async def _waiting(home: Home, count: int) -> None:
    """Until so much work is due. Raises `Failed` where it does not come."""
    began = CLOCK.monotonic()
    while (due := await home.due(1)) < count:
        if CLOCK.monotonic() - began > MOST_S:
            raise Failed(f"{due} of {count} pieces of work came within {MOST_S:g} s")
        await asyncio.sleep(0.1)


async def _left(home: Home, begins: datetime) -> int:
    """How much of the backlog is left: what its own writes bring comes due later."""
    async with home.database.read() as tx:
        return int(await tx.scalar(_LEFT, {"at": begins}) or 0)


async def _taken(home: Home) -> float:
    """When a worker begins with the first: a timer looks once a second. Raises `Failed` where none
    does.
    """
    began = CLOCK.monotonic()
    while CLOCK.monotonic() - began < MOST_S:
        async with home.database.read() as tx:
            if await tx.scalar(_TAKEN):
                return CLOCK.monotonic()
        await asyncio.sleep(0.01)
    raise Failed(f"no worker began within {MOST_S:g} s")


_HELD_BACK = sa.text("UPDATE work_items SET due_at = :at, added_at = :at WHERE due_at <= :at")
_LEFT = sa.text("SELECT count(*) FROM work_items WHERE due_at <= :at")
_TAKEN = sa.text("SELECT EXISTS (SELECT FROM connections WHERE lease_holder IS NOT NULL)")


# ---- Large libraries -----------------------------------------------------------------------------


async def growth(url: str, size: Size, latency_s: float) -> list[Figure]:
    """A first sync, a quiet sweep and the pages at growing sizes."""
    figures, cpu, requests, sweep = [], [], [], []
    for count in size.growth:
        async with homes.opened(
            url, products=count, quota=FREE, latency_s=latency_s, longest_wait_s=size.longest_wait_s
        ) as home:
            run = await synced(home, count)
            times = await _viewed(home)
            look = await swept(home)
            await _without_work(home)
        cpu.append(1000 * run.cpu_s / count)
        requests.append(run.requests / count)
        sweep.append(1000 * look.cpu_s / count)
        figures += [
            at_most(f"growth.cpu.{count}", cpu[-1], "ms CPU a product"),
            at_most(f"growth.sweep.cpu.{count}", sweep[-1], "ms CPU a product, in a quiet sweep"),
            at_most(f"growth.sweep.requests.{count}", look.requests / count, "a product, in it"),
            at_most(f"growth.page.p50.{count}", percentile(times, 0.5), "ms with the client", 60),
            at_most(f"growth.page.p99.{count}", percentile(times, 0.99), "ms with the client", 300),
        ]
    return [
        *figures,
        at_most("growth.cpu", 100 * (cpu[-1] / min(cpu) - 1), "% more than the least", 15),
        at_most("growth.sweep", 100 * (sweep[-1] / min(sweep) - 1), "% more than the least", 15),
        at_most("growth.requests", requests[-1], "a product at the largest", 1.05, 1.0),
    ]


async def _viewed(home: Home) -> list[float]:
    """Milliseconds of each page, seen by the merchant."""
    browser: BrowserClient = await home.signed_in(home.merchants[0])
    found = []
    for path in PAGES * VIEWS:
        began = CLOCK.monotonic()
        await browser.open(f"{home.url}{path}")
        found.append(1000 * (CLOCK.monotonic() - began))
    return found


async def _without_work(home: Home) -> None:
    """The next size begins with a database of this version and nobody in it."""
    await home.house.stop()
    async with home.database.transaction() as tx:
        await tx.run(sa.text("TRUNCATE connections, pgqueuer CASCADE"))


# ---- The start of a process ----------------------------------------------------------------------


async def start(url: str, size: Size, latency_s: float) -> list[Figure]:
    """CPU of whole processes, and of `serve` until it answers: the median of some runs. The first
    `serve` brings an empty database to this version.
    """
    first = await _serve_cpu_s(url)
    again = [await _serve_cpu_s(url) for _ in range(size.runs)]
    aims = {"--version": 0.25, "status": 0.8}
    figures = []
    for word, aim in aims.items():
        used = [await _cpu_s(url, word) for _ in range(size.runs)]
        figures.append(at_most(f"start.{word.strip('-')}", statistics.median(used), "s CPU", aim))
    return [
        *figures,
        at_most("start.serve", statistics.median(again), "s CPU until ready", 2),
        at_most("start.serve_empty", first, "s CPU with all migrations"),
    ]


async def _cpu_s(url: str, word: str) -> float:
    """A whole process."""
    async with _process(url, word, stdout=asyncio.subprocess.DEVNULL) as process:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        await process.wait()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


async def _serve_cpu_s(url: str) -> float:
    """Until `serve` says that it answers. Raises `Failed` where it does not, or where the system
    does not tell what another process used.
    """
    async with _process(url, "serve", "--port", "0", stdout=asyncio.subprocess.PIPE) as process:
        assert process.stdout is not None
        if not await process.stdout.readline():
            raise Failed("`brygga serve` ended before it answered")
        used = _used_s(process.pid)
        process.terminate()
        await process.wait()
    return used


def _used_s(pid: int) -> float:
    try:
        told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        raise Failed("no /proc, which tells what another process used") from None
    user, system = told.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@contextlib.asynccontextmanager
async def _process(url: str, *words: str, stdout: int) -> AsyncIterator[asyncio.subprocess.Process]:
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "BRYGGA_DATABASE_URL": url,
            "BRYGGA_DATA_DIR": folder,
            "BRYGGA_PUBLIC_URL": "http://127.0.0.1:8700",
            "BRYGGA_SECRET_KEYS": "x" * 32,
            "BRYGGA_CONTACT_EMAIL": "help@example.com",
            **{
                f"BRYGGA_{side}_CLIENT_{part}": "bench"
                for side in ("ZETTLE", "BIGCOMMERCE")
                for part in ("ID", "SECRET")
            },
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "brygga", *words, env=environment,
            stdout=stdout, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
