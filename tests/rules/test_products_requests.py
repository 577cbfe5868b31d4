"""How many requests product work costs the store: counted, printed and bounded. `bench/` counts the
same for large libraries.
"""

from collections import Counter

import pytest

from brygga.core.report import Code
from brygga.database.engine import Database
from brygga_sandbox.sandbox import Plan
from tests.conftest import MovableClock
from tests.rules.products_bench import Bench, kr, opened


async def with_library(database: Database, clock: MovableClock, products: int | None) -> Bench:
    bench = await opened(database, clock, Plan(products=products, drawings=False))
    # The smallest plan's quota would be all that is counted.
    bench.sandbox.shop().set_settings(quota=1_000_000)
    bench.sandbox.bigcommerce.requests.reset()
    return bench


def counted(bench: Bench, what: str) -> int:
    requests = bench.sandbox.bigcommerce.requests
    rows = Counter(
        {
            f"{method} {path.partition('}')[2]}": count
            for (method, path), count in requests.counts.items()
        }
    )
    print(f"\n  {what}: {requests.total()} requests {dict(rows.most_common())}")  # noqa: T201 - to be read with -s
    return requests.total()


HANDFUL = 8
"""Category, tree, the store's time: once, whatever the number of products."""


@pytest.mark.rule("P1")
async def test_a_first_sync_costs_one_request_a_product(
    database: Database, clock: MovableClock
) -> None:
    bench = await with_library(database, clock, 150)

    await bench.finish_setup()

    assert counted(bench, "first sync of 150 generated products") <= 150 * 1.05 + HANDFUL


@pytest.mark.rule("P1")
async def test_the_demo_library_with_all_its_oddities_costs_little_more(
    database: Database, clock: MovableClock
) -> None:
    bench = await with_library(database, clock, None)
    total = len(bench.sandbox.merchant.library.products)

    await bench.finish_setup()
    await bench.wait(6)
    await bench.wait(21)

    assert counted(bench, f"first sync of {total} demo products") <= total * 1.15
    assert total == Counter(line for line in await bench.made())[Code.PRODUCT_CREATED]


@pytest.mark.rule("P5")
async def test_changed_prices_go_ten_products_at_a_time(
    database: Database, clock: MovableClock
) -> None:
    bench = await with_library(database, clock, 0)
    uuids = [bench.till_product(f"Mugg {number}", {"price": kr(100)}) for number in range(300)]
    await bench.finish_setup()
    for uuid in uuids:
        (variant,) = bench.sandbox.till().product(uuid)["variants"]
        bench.sandbox.till().edit_variant(variant["uuid"], price=kr(90))
    bench.sandbox.bigcommerce.requests.reset()

    await bench.read_library()

    assert counted(bench, "300 changed prices") <= 40
    assert {90} == {(await bench.shown(uuid))["price"] for uuid in uuids}


async def test_a_sweep_that_finds_nothing_costs_one_reading_for_250_products(
    database: Database, clock: MovableClock
) -> None:
    bench = await with_library(database, clock, 120)
    await bench.finish_setup()
    bench.sandbox.bigcommerce.requests.reset()

    await bench.sweep()

    assert counted(bench, "a sweep over 120 unchanged products") <= 2
    assert 0 == bench.sandbox.bigcommerce.requests.writes()
