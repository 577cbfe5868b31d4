"""Requests of product work on large libraries, in memory: `python -m pytest -s
bench/products_at_size.py`.

Numbers of requests are the same on every machine; seconds are not looked at.
`BRYGGA_BENCH_PRODUCTS` says how many products (10,000).
"""

import os

import pytest
from tests.conftest import MovableClock, clock, database, database_url, postgres
from tests.rules.products_bench import kr
from tests.rules.test_products_requests import HANDFUL, counted, with_library

from brygga.database.engine import Database

__all__ = ["clock", "database", "database_url", "postgres"]

MANY = int(os.environ.get("BRYGGA_BENCH_PRODUCTS", "10000"))


async def test_a_first_sync_and_a_sweep_that_finds_nothing(
    database: Database, clock: MovableClock
) -> None:
    bench = await with_library(database, clock, MANY)

    await bench.finish_setup()
    first = counted(bench, f"first sync of {MANY} generated products")
    bench.sandbox.bigcommerce.requests.reset()
    await bench.sweep()
    swept = counted(bench, f"a sweep over {MANY} unchanged products")

    assert first <= MANY * 1.05 + HANDFUL
    assert swept <= MANY / 250 * 1.5
    assert 0 == bench.sandbox.bigcommerce.requests.writes()


async def test_a_thousand_changed_prices(database: Database, clock: MovableClock) -> None:
    bench = await with_library(database, clock, 0)
    uuids = [bench.till_product(f"Mugg {number}", {"price": kr(100)}) for number in range(1000)]
    await bench.finish_setup()
    for uuid in uuids:
        (variant,) = bench.sandbox.till().product(uuid)["variants"]
        bench.sandbox.till().edit_variant(variant["uuid"], price=kr(90))
    bench.sandbox.bigcommerce.requests.reset()

    await bench.read_library()

    assert counted(bench, "1000 changed prices") <= 110


if __name__ == "__main__":
    raise SystemExit(pytest.main(["-s", "-q", __file__]))
