"""What the overview costs: while nothing changes, its numbers are counted once for all."""

import asyncio

import pytest
from tests.web.conftest import World
from tests.web.test_live import opened, statements

from brygga.database import bindings, work_items
from brygga.database.work_items import Kind

pytestmark = pytest.mark.usefixtures("database_url")
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


def counted(seen: list[str]) -> list[int]:
    return [sum(which in one for one in seen) for which in COUNTS]
