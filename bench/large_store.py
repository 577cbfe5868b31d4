"""A service with a large store, for the benches of pages: a few products go through set-up and
first sync, the others are copies of them in the database.

The platforms are sandboxes in a process of their own, which is this file.
"""

import argparse
import asyncio
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass, replace
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa

from brygga.cli import demo_stack, merchant, serving
from brygga.cli.browser import BrowserClient
from brygga.database.engine import Database
from brygga.database.migrating import upgrade
from brygga.database.queue import QueueJobs
from brygga.system import SystemClock, SystemDice
from brygga.wiring import Seams, Service, build, sealer
from brygga_sandbox.clock import RealClock
from brygga_sandbox.sandbox import Connector, Plan
from brygga_sandbox.server import SandboxServer, address, listen

REAL = 12
"""Products that go through the first sync."""
WAITING = 10
"""One of so many copies waits to be created."""
TIMEOUT_S = 120.0

# ---- The platforms, in a process of their own


async def sandbox(products: int, url: str) -> None:
    """Prints where the sandbox is, and lives until its input closes."""
    plan = Plan(products=products, connector=Connector().at(url), drawings=False)
    sandboxes = SandboxServer(plan, RealClock(), 0)
    found = await sandboxes.start()
    found.shop().set_settings(plan="Scale", quota=450)
    facts = {"zettle_url": found.plan.zettle_url, "bigcommerce_url": found.plan.bigcommerce_url}
    print(json.dumps({**facts, "connector": asdict(found.plan.connector)}), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await sandboxes.stop()


@contextlib.contextmanager
def sandbox_beside(products: int, url: str) -> Any:
    """The sandbox as `demo_stack.settings_for` wants to know it."""
    process = subprocess.Popen(
        [sys.executable, __file__, str(products), "--sandbox", url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        facts = json.loads(process.stdout.readline())
        plan = SimpleNamespace(**{**facts, "connector": Connector(**facts["connector"])})
        yield SimpleNamespace(plan=plan)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(30)


# ---- The service ---------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def service_of(settings: Any, database_url: str, door: Any) -> AsyncIterator[Service]:
    database = Database.at(database_url, sealer(settings))
    await upgrade(database)
    clock, stop = SystemClock(), asyncio.Event()
    service = build(settings, database, QueueJobs(database, clock), Seams(clock, SystemDice()))
    try:
        async with serving.web(service, door), serving.working(service, stop):
            yield service
    finally:
        await service.close()


@dataclass(frozen=True, slots=True)
class LargeStore:
    """`http` has the cookies of the merchant who has signed in."""

    service: Service
    http: Any
    url: str
    products: int

    async def finish(self) -> None:
        """Finishes the set-up, and fills the store once the real products are in it."""
        browser = BrowserClient(self.http)
        await browser.open(f"{self.url}/apps/bigcommerce")
        await merchant.finish(browser)
        await _without_work(self.service.database)
        await _copy(self.service.database, self.products, ("bindings", "ledgers", "synclog"))


@contextlib.asynccontextmanager
async def large_store(products: int, database_url: str) -> AsyncIterator[LargeStore]:
    """A merchant's set-up up to the button that finishes it, with this many products more in the
    library.
    """
    door = listen(0)
    url = address(door)
    with sandbox_beside(REAL, url) as beside:
        settings = replace(demo_stack.settings_for(beside, url), database_url=database_url)
        async with (
            service_of(settings, database_url, door) as service,
            demo_stack.browser_client() as http,
        ):
            await merchant.prepare(BrowserClient(http), url, prices=True, whole_library=True)
            await _copy(service.database, products, ("library",))
            yield LargeStore(service, http, url, products)


# ---- Copies --------------------------------------------------------------------------------------

_MARKED = "overlay(t.{} placing lpad(to_hex(n), 8, '0') from 1 for 8)"
_PRODUCT, _VARIANT = _MARKED.format("product_uuid"), _MARKED.format("variant_uuid")
_CHANGED = {
    "library": {
        "product_uuid": _PRODUCT,
        "name": "t.name || ' ' || n",
        "sort_key": "t.sort_key || lpad(n::text, 6, '0')",
        # Each uuid of the product is marked in the same way.
        "product": """CAST(regexp_replace(t.product::text,
            '"[0-9a-f]{8}(-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")',
            '"' || lpad(to_hex(n), 8, '0') || '\\1', 'g') AS jsonb)""",
    },
    "bindings": {"product_uuid": _PRODUCT, "product_id": "t.product_id + 100000 + n * 100"},
    "ledgers": {"product_uuid": _PRODUCT, "variant_uuid": _VARIANT},
    "synclog": {"subject": _MARKED.format("subject")},
}


async def _copy(database: Database, count: int, tables: tuple[str, ...]) -> None:
    """Copies the rows of one product, whose first eight digits become the number of the copy. Every
    tenth has no binding: it waits.
    """
    uuid, _ = await one_product(database)
    for table in tables:
        changed = _CHANGED[table]
        key = "subject" if table == "synclog" else "product_uuid"
        async with database.transaction() as tx:
            rows = await tx.rows(
                sa.text(
                    "SELECT column_name AS name FROM information_schema.columns"
                    " WHERE table_name = :table AND table_schema = current_schema()"
                    " AND is_identity = 'NO' AND is_generated = 'NEVER'"
                ),
                {"table": table},
            )
            names = [row.name for row in rows]
            values = ", ".join(changed.get(name, f"t.{name}") for name in names)
            await tx.run(
                sa.text(
                    f"INSERT INTO {table} ({', '.join(names)}) SELECT {values}"
                    f" FROM (SELECT * FROM {table} WHERE {key} = :uuid"
                    f" {'LIMIT 1' if table == 'synclog' else ''}) AS t,"
                    " generate_series(1, :count) AS n"
                    f" {'' if table == 'library' else f'WHERE n % {WAITING} > 0'}"
                ),
                {"uuid": uuid, "count": count},
            )
    async with database.transaction() as tx:
        await tx.run(sa.text("ANALYZE"))


async def _without_work(database: Database) -> None:
    """Until the first sync of the real products is over."""
    ends = time.monotonic() + TIMEOUT_S
    made = 0
    while made < REAL - 2:
        if time.monotonic() > ends:
            raise TimeoutError(f"{made} of {REAL} products were synced")
        await asyncio.sleep(0.5)
        async with database.read() as tx:
            made = await tx.scalar(
                sa.text("SELECT count(*) FROM bindings WHERE synced_at IS NOT NULL")
            )


async def one_product(database: Database) -> tuple[str, str]:
    async with database.read() as tx:
        row = await tx.first(
            sa.text("""
                SELECT product_uuid AS uuid, product #>> '{variants,0,uuid}' AS variant FROM library
                WHERE product IS NOT NULL AND jsonb_array_length(product -> 'variants') = 1
                    AND name !~ ' [0-9]+$'
                ORDER BY sort_key LIMIT 1
            """)
        )
    assert row is not None
    return row.uuid, row.variant


if __name__ == "__main__":
    asked_for = argparse.ArgumentParser(description=__doc__)
    asked_for.add_argument("products", type=int)
    asked_for.add_argument("--sandbox", required=True)
    wish = asked_for.parse_args()
    asyncio.run(sandbox(wish.products, wish.sandbox))
