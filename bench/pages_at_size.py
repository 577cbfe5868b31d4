"""Server time of every page of a merchant with a large store: `python bench/pages_at_size.py [N]`
(10,000 products).

One process serves the pages and has a worker, as `./run serve --work` does, on an embedded
database; both platforms are sandboxes in a process of their own. A few products are real, the
others are copies in the database (`large_store.py`), a tenth of which wait to be created. Three
pages stay open and follow the sync. Every page is asked for again and again, first while the set-up
is not finished, then after it. A time is what passes between the request and the last byte of its
answer, inside the process of the pages; `bytes` is what leaves it, compressed. `free` is the median
less the time that this process stood in line for a processor, where the kernel tells: on a machine
that does much else it is nearer to the truth, and still too long, as the database stands in line
too. `--no-autovacuum` proves that nobody but Brygga itself need keep statistics.
"""

import argparse
import asyncio
import contextlib
import logging
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import httpx2
import psycopg
from large_store import LargeStore, large_store, one_product

from brygga.cli import demo_stack, logs

HOME = "/apps/bigcommerce"
BAR_MS = 300
OPEN = 3
"""Pages that somebody has left open."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One page, asked for many times."""

    path: str
    status: int
    first_ms: float
    median_ms: float
    free_ms: float
    p99_ms: float
    sent: int
    """Bytes of one answer, as they leave."""
    whole: int
    """Bytes of the page itself."""


def set_up_pages() -> list[str]:
    plan = f"{HOME}/plan"
    return [
        "/apps",
        HOME,
        "/library",
        plan,
        f"{plan}?page=100",
        f"{plan}?q=mugg",
        f"{plan}?show=warnings",
        "/help",
    ]


def running_pages(uuid: str, variant: str) -> list[str]:
    library, one, log, plan = "/library", f"/library/{uuid}", f"{HOME}/log", f"{HOME}/plan"
    states = ("synced", "waiting", "failed", "not_assigned", "hidden", "in_category", "to_check")
    return [
        "/apps",
        HOME,
        library,
        f"{library}?page=100",
        f"{library}?q=mugg",
        f"{library}?q=mugg+alnö&page=2",
        *(f"{library}?state={state}" for state in states),
        f"{library}?vat=25",
        *(f"{library}?sort={order}" for order in ("-name", "synced", "wrong")),
        f"{library}?state=edited",
        f"{library}/new",
        one,
        f"{one}/variants/{variant}/stock",
        log,
        f"{log}?topic=product",
        f"{log}?topic=stock&severity=warning",
        f"{log}?product={uuid}",
        f"{log}?q=mugg",
        f"{log}?severity=problems&period=day",
        f"{log}?kind=created",
        plan,
        f"{plan}?page=100",
        f"{plan}?q=mugg",
        f"{plan}?show=warnings",
        f"{HOME}/duplicates",
        f"{HOME}/check",
        f"{HOME}/left-out",
        f"{HOME}/disconnect",
        "/help",
        "/support",
    ]


def in_line_ms() -> float:
    """How long this process, which works in one thread, has stood in line for a processor so
    far.
    """
    try:
        return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e6
    except (FileNotFoundError, IndexError):
        return 0.0


async def ask(
    pages: httpx2.AsyncClient, path: str
) -> tuple[tuple[float, float], httpx2.Response, int]:
    began, stood = time.perf_counter(), in_line_ms()
    async with pages.stream("GET", path) as answer:
        raw = b"".join([part async for part in answer.aiter_raw()])
    took = (time.perf_counter() - began) * 1000
    return (took, max(0.0, took - (in_line_ms() - stood))), answer, len(raw)


async def asked(pages: httpx2.AsyncClient, paths: Sequence[str], rounds: int) -> list[Asked]:
    """Round by round, so that every page is asked for at every stage of the sync."""
    times: dict[str, list[tuple[float, float]]] = {path: [] for path in paths}
    last: dict[str, tuple[httpx2.Response, int]] = {}
    for _ in range(rounds):
        for path in paths:
            took, answer, sent = await ask(pages, path)
            times[path].append(took)
            last[path] = (answer, sent)
            await asyncio.sleep(0.01)
    found = []
    for path, both in times.items():
        ordered, free = sorted(wall for wall, _ in both), [less for _, less in both]
        answer, sent = last[path]
        p99 = ordered[min(len(ordered) - 1, round(len(ordered) * 0.99))]
        whole = len((await pages.get(path)).content)
        first, median = both[0][0], statistics.median(ordered)
        rows = (first, median, statistics.median(free), p99)
        found.append(Asked(path, answer.status_code, *rows, sent, whole))
    return found


def reported(title: str, found: Sequence[Asked]) -> str:
    names = "".join(f"{name:>9}" for name in ("first", "p50", "free", "p99", "bytes", "page"))
    rows = []
    for one in found:
        times = "".join(
            f"{ms:9.1f}" for ms in (one.first_ms, one.median_ms, one.free_ms, one.p99_ms)
        )
        slow = "  SLOW" if one.free_ms >= BAR_MS else ""
        rows.append(f"{one.path[:56]:<56} {one.status:>3}{times}{one.sent:>9}{one.whole:>9}{slow}")
    slow_ones = sum(one.free_ms >= BAR_MS for one in found)
    end = f"{len(found)} pages, {slow_ones} of them {BAR_MS} ms or more at the median (ms)"
    return "\n".join([title, f"{'page':<60}{names}", *rows, end, ""])


async def follow(http: httpx2.AsyncClient, url: str) -> None:
    """A page that somebody has left open: it listens to what moves."""
    with contextlib.suppress(httpx2.HTTPError):
        async with http.stream("GET", f"{url}{HOME}/live", timeout=None) as answer:
            async for _ in answer.aiter_raw():
                pass


async def measure(products: int, rounds: int, database_url: str) -> bool:
    began = time.perf_counter()
    async with large_store(products, database_url) as store:
        took = time.perf_counter() - began
        print(f"{products} products are in the library after {took:.0f} s", flush=True)
        transport = httpx2.ASGITransport(cast(Any, store.service.web))
        async with httpx2.AsyncClient(
            transport=transport,
            base_url=store.url,
            cookies=store.http.cookies,
            headers={"accept-language": "en", "accept-encoding": "gzip"},
            timeout=120,
        ) as pages:
            before = await asked(pages, set_up_pages(), max(3, rounds // 2))
            print(reported("before the set-up is finished", before), flush=True)
            running = await after_setup(store, pages, rounds)
    return all(one.free_ms < BAR_MS and one.status < 400 for one in [*before, *running])


async def after_setup(store: LargeStore, pages: httpx2.AsyncClient, rounds: int) -> Sequence[Asked]:
    await store.finish()
    open_pages = [asyncio.create_task(follow(store.http, store.url)) for _ in range(OPEN)]
    uuid, variant = await one_product(store.service.database)
    began = time.perf_counter()
    running = await asked(pages, running_pages(uuid, variant), rounds)
    took = time.perf_counter() - began
    print(reported(f"after the set-up, for {took:.0f} s", running), flush=True)
    for one in open_pages:
        one.cancel()
    await asyncio.gather(*open_pages, return_exceptions=True)
    return running


def main() -> int:
    asked_for = argparse.ArgumentParser(description=__doc__)
    asked_for.add_argument("products", type=int, nargs="?", default=10_000)
    asked_for.add_argument("--rounds", type=int, default=15)
    asked_for.add_argument("--no-autovacuum", action="store_true")
    wish = asked_for.parse_args()
    logs.configure(logging.WARNING)
    with demo_stack.throwaway_database() as database_url:
        if wish.no_autovacuum:
            with psycopg.connect(database_url, autocommit=True) as admin:
                admin.execute("ALTER SYSTEM SET autovacuum = off")
                admin.execute("SELECT pg_reload_conf()")
        return 0 if asyncio.run(measure(wish.products, wish.rounds, database_url)) else 1


if __name__ == "__main__":
    raise SystemExit(main())
