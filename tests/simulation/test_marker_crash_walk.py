"""A process that dies at any point of the marker's life never leaves two, nor one that nobody uses
(decision 16)."""

import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from brygga.core.failures import Failure
from brygga.core.marker import SKUS
from brygga.core.stock import Slot
from brygga.database import markers
from brygga.database.engine import Database
from brygga.sync.stock import marker
from tests.conftest import MovableClock
from tests.rules.products_bench import Bench, opened
from tests.simulation.crashing import Crash, Dying

Story = Callable[[Bench], Awaitable[object]]


@pytest.fixture
async def bench(database: Database, clock: MovableClock) -> Bench:
    bench = await opened(database, clock)
    bench.sandbox.shop().set_settings(quota=10_000_000)
    await bench.finish_setup()
    return bench


def markers_in_shop(bench: Bench) -> list[dict[str, Any]]:
    products = bench.sandbox.shop().state()["products"]
    return [one for one in products if any(variant["sku"] in SKUS for variant in one["variants"])]


async def ensured(bench: Bench) -> None:
    """As often as the worker would try again."""
    for _ in range(5):
        with contextlib.suppress(Failure):
            if await marker.ensure(bench.session):
                return
        bench.clock.move(61)
    raise AssertionError("it is never made")


async def nothing(bench: Bench) -> None:
    """There is none yet."""
    async with bench.database.transaction() as tx:
        await markers.forget(tx, bench.connection.id)
    for one in markers_in_shop(bench):
        await bench.session.shop.delete_products([one["id"]])


async def deleted(bench: Bench) -> None:
    """The merchant deletes it."""
    await ensured(bench)
    await bench.session.shop.delete_products([one["id"] for one in markers_in_shop(bench)])


async def renamed(bench: Bench) -> None:
    await ensured(bench)
    await bench.session.shop.update_product(
        markers_in_shop(bench)[0]["id"], {"name": "Min produkt"}
    )


async def dies(bench: Bench, at: int, begin: Story, work: Story) -> Dying:
    """What `begin` leaves, then `work` with a death at moment `at`."""
    database, plain = bench.database, bench.sandbox.transport()
    await begin(bench)
    dying = Dying(at)
    await bench.restart(dying.disk(database), dying.wire(plain))
    try:
        with contextlib.suppress(Failure):
            await work(bench)
    except Crash:
        assert len(markers_in_shop(bench)) < 2, dying.moment
    await bench.restart(database, plain)
    return dying


@pytest.mark.slow
@pytest.mark.parametrize("begin", [nothing, deleted, renamed], ids=lambda story: story.__name__)
async def test_a_death_at_any_point_never_leaves_two_markers(bench: Bench, begin: Story) -> None:
    """(decision 16) And what is on disk is what stands in the store: the product, its variants and
    their levels."""
    at, struck = 1, True
    while struck:
        dying = await dies(bench, at, begin, ensured)
        await ensured(bench)

        (made,) = markers_in_shop(bench)
        async with bench.database.read() as tx:
            known = await markers.find(tx, bench.connection.id)
            free = [one.slot for one in await markers.free(tx, bench.connection.id)]
        assert known is not None, dying.moment
        assert (made["id"], True) == (known.product_id, known.stands), dying.moment
        assert [Slot(one["id"], one["inventory_level"]) for one in made["variants"]] == free, (
            dying.moment
        )
        at, struck = at + 1, dying.struck
    print(f"\n  a marker {begin.__name__}: {at - 2} moments, never two")  # noqa: T201 - to be read with -s

    assert at > 7


@pytest.mark.slow
async def test_a_death_at_any_point_of_a_disconnect_leaves_none(bench: Bench) -> None:
    """(decision 16)"""
    at, struck = 1, True
    while struck:
        dying = await dies(bench, at, ensured, lambda bench: marker.remove(bench.session))
        await marker.remove(bench.session)

        async with bench.database.read() as tx:
            assert await markers.find(tx, bench.connection.id) is None, dying.moment
        assert [] == markers_in_shop(bench), dying.moment
        at, struck = at + 1, dying.struck

    assert at > 3
