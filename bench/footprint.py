"""What a product and a sale leave in PostgreSQL and cost it: rows by table, bytes, WAL, commits,
statements. docs/scaling.md does its arithmetic with it.

    .venv/bin/python bench/footprint.py [PRODUCTS] [SALES]

Two merchants set up with half of PRODUCTS each (60 unless told), then SALES (20 unless told) fall
at the till, one a second, and then nothing for half a minute.
"""

import asyncio
import logging
import sys
from collections import Counter
from dataclasses import dataclass, field

import psycopg
from psycopg import sql

from brygga.cli import demo_stack, logs, merchant
from brygga.cli.benching import homes, trading
from brygga.cli.benching.homes import Home

READ_LAG_S = 13.0
IDLE_S = 30.0
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
SIZE = """
    SELECT sum(pg_total_relation_size(c.oid))::bigint FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
"""
WRITTEN = "SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint"
COMMITS = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"


@dataclass
class Spent:
    """Of the whole server, but `statements`, which are those of our pool."""

    bytes: int = 0
    wal: int = 0
    commits: int = 0
    statements: int = 0
    rows: "Counter[str]" = field(default_factory=Counter)

    def since(self, before: "Spent") -> "Spent":
        return Spent(
            self.bytes - before.bytes,
            self.wal - before.wal,
            self.commits - before.commits,
            self.statements - before.statements,
            self.rows - before.rows,
        )

    def print_for_each(self, what: str, count: float) -> None:
        rows = ", ".join(f"{name} {n / count:.1f}" for name, n in self.rows.most_common())
        print(
            f"{what}: {self.statements / count:.1f} statements, {self.commits / count:.1f} commits,"
            f" {self.wal / count:,.0f} bytes of WAL, {self.bytes / count:,.0f} bytes of tables"
        )
        print(f"  rows: {rows or 'none'}", flush=True)


def read(url: str, statements: int) -> Spent:
    with psycopg.connect(url, autocommit=True) as one:
        size, wal, commits = (
            int((one.execute(query).fetchone() or (0,))[0]) for query in (SIZE, WRITTEN, COMMITS)
        )
        rows: Counter[str] = Counter()
        for (name,) in one.execute(TABLES).fetchall():
            query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(name))
            rows[name] = int((one.execute(query).fetchone() or (0,))[0])
    return Spent(size, wal, commits, statements, rows)


async def now(home: Home, url: str) -> Spent:
    await asyncio.sleep(2)  # a session's counts are seen a second after its last transaction
    return await asyncio.to_thread(read, url, (await home.house.ask())["statements"])


async def closed(home: Home) -> None:
    """Until the last looks at what was written are over too."""
    await home.quiet()
    await asyncio.sleep(READ_LAG_S)
    await home.quiet()


async def run(products: int, sales: int, url: str) -> None:
    async with homes.opened(url, merchants=2, products=products // 2, quota=1_000_000) as home:
        waiting = await home.prepare(finish=False)
        await home.quiet()
        before = await now(home, url)
        await asyncio.gather(*(merchant.finish(one) for one in waiting))
        await asyncio.sleep(3)
        await closed(home)
        synced = await now(home, url)
        synced.since(before).print_for_each("a product", products)
        pairs = await trading.pairs(home)
        for number in range(sales):
            pair = pairs[number % len(pairs)]
            sold = {"organization_uuid": pair[0], "variant_uuid": pair[2]}
            await home.act("zettle", "/sell", sold)
            await asyncio.sleep(1)
        await closed(home)
        traded = await now(home, url)
        traded.since(synced).print_for_each("a sale", sales)
        await asyncio.sleep(IDLE_S)
        rested = await now(home, url)
        rested.since(traded).print_for_each("a quiet hour of both", IDLE_S / 3600)


def main() -> None:
    logs.configure(logging.ERROR)
    words = [int(word) for word in sys.argv[1:]]
    products, sales = (*words, *(60, 20)[len(words) :])
    with demo_stack.throwaway_database() as url:
        asyncio.run(run(products, sales, url))


if __name__ == "__main__":
    main()
