"""What the overview costs: while nothing changes, its numbers are counted once for all."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.web.conftest import BERG, SHOP, World
from tests.web.test_live import opened, statements

from brygga.database import bindings, finished_work, leases, stamps, work_items
from brygga.database.engine import Tx
from brygga.database.leases import Acquired
from brygga.database.work_items import Kind

pytestmark = pytest.mark.usefixtures("database_url")
OTHER_SHOP = replace(SHOP, store_hash="other1")
COUNTS = ("GROUP BY state", "FROM bindings WHERE", "GROUP BY l.vat")


async def test_an_open_page_s_numbers_are_counted_once_per_change(world: World) -> None:
    connection = await world.running()
    uuids = await world.stock_library(connection, "Kanna", assigned=True)
    browser = world.browser()
    await browser.sign_in()
    stream = opened(world, connection.id)
    await anext(stream)
    await asyncio.sleep(0.3)
    await browser.open("/apps/bigcommerce")
    seen = statements(world.database)

    for path in ("/apps/bigcommerce", "/apps", "/apps/bigcommerce"):
        await browser.open(path)
    quiet = counted(seen)
    async with world.database.transaction() as tx:
        await bindings.set_seen(tx, connection.id, {uuids[0]: (True, True)})
        tx.touch(connection.id)
    for _ in range(2):
        await browser.open("/apps/bigcommerce")
    moved = counted(seen)
    await stream.aclose()

    assert [0, 0, 0] == quiet
    assert [1, 1, 1] == moved


async def test_without_a_script_nothing_is_counted_until_work_is_done(world: World) -> None:
    """Nobody follows: each view asks for one stamp of the work instead."""
    connection = await world.running()
    uuids = await world.stock_library(connection, "Kanna", assigned=True)
    browser = world.browser()
    await browser.sign_in()
    await browser.open("/apps/bigcommerce")
    seen = statements(world.database)

    for path in ("/apps/bigcommerce", "/apps", "/apps/bigcommerce"):
        await browser.open(path)
    quiet = counted(seen)
    async with world.database.transaction() as tx:
        await work_items.add(tx, connection.id, Kind.PRODUCT, uuids[0], world.clock.now())
    for _ in range(2):
        await browser.open("/apps/bigcommerce")

    assert [0, 0, 0] == quiet
    assert [1, 1, 1] == counted(seen)


async def test_the_work_of_another_merchant_counts_nothing_again(world: World) -> None:
    """Among thousands of merchants somebody always has work."""
    connection, other = await world.running(), await world.running(BERG, OTHER_SHOP)
    await world.stock_library(connection, "Kanna", assigned=True)
    browser = world.browser()
    await browser.sign_in()
    await browser.open("/apps/bigcommerce")
    seen = statements(world.database)

    async with world.database.transaction() as tx:
        await work_items.add(tx, other.id, Kind.PRODUCT, "cup", world.clock.now())
        await work_items.add(tx, other.id, Kind.PRODUCT, "mug", world.clock.now())
    await browser.open("/apps/bigcommerce")

    assert [0, 0, 0] == counted(seen)


@pytest.mark.parametrize("is_over", [True, False], ids=["turn over", "during the turn"])
async def test_work_that_was_added_and_done_in_a_turn_is_counted(
    world: World, *, is_over: bool
) -> None:
    """As many items wait as before, and the same ones."""
    connection, now = await world.running(), world.clock.now()
    later = now + timedelta(hours=1)
    async with world.database.transaction() as tx:
        await work_items.add(tx, connection.id, Kind.SWEEP, "", now, due_at=later)
        if not is_over:
            await taken(tx, connection.id, now)
        before = await stamps.of(tx, connection.id)
    async with world.database.transaction() as tx:
        lease = await taken(tx, connection.id, now) if is_over else None
        await work_items.add(tx, connection.id, Kind.PRODUCT, "cup", now)
        items = await work_items.due(tx, connection.id, now)
        await finished_work.all_done(tx, items)
        if lease is not None:
            await leases.release(tx, lease.fence)
    async with world.database.read() as tx:
        after = await stamps.of(tx, connection.id)

    assert ["cup"] == [item.subject for item in items]
    assert before != after


async def taken(tx: Tx, connection_id: int, now: datetime) -> Acquired:
    lease = await leases.acquire(
        tx,
        connection_id,
        "worker",
        now=now,
        until=now + timedelta(seconds=90),
        takeover_delay=timedelta(),
    )
    assert lease is not None
    return lease


def counted(seen: list[str]) -> list[int]:
    return [sum(which in one for one in seen) for which in COUNTS]
