"""The plan of a large library:

paged and counted by the database, drawn anew behind the page (rules P8, P11).
"""

import asyncio
import re
from collections.abc import Awaitable, Callable

import pytest
import sqlalchemy as sa
from tests.web.conftest import Browser, World
from tests.web.test_live import statements
from tests.web.test_plan_page import PLAN, prepared

from brygga.core.model import Connection
from brygga.database import connections, duplicates, plans, work_items
from brygga.database.duplicates import Pair
from brygga.database.work_items import Kind
from brygga.sync.products.plans import Plans

pytestmark = pytest.mark.usefixtures("database_url")
"""Statements are counted at the engine, and plans are drawn beside the pages."""
COUNT = re.compile(r'show="[^>]*><b>(\d+)</b>')
NOTE = "being updated"


async def with_many(world: World, count: int = 120) -> tuple[Connection, Browser]:
    connection, browser = await prepared(world)
    await world.stock_library(connection, *(f"Vas {number:03}" for number in range(count)))
    async with world.database.transaction() as tx:
        await work_items.forget(tx, connection.id, list(Kind))
    return connection, browser


async def until(seen: Callable[[], Awaitable[bool]]) -> bool:
    for _ in range(1200):
        if await seen():
            return True
        await asyncio.sleep(0.05)
    return False


async def drawn_at(world: World, connection: Connection) -> object:
    async with world.database.read() as tx:
        return await tx.scalar(
            sa.text("SELECT drawn_at FROM plans WHERE connection_id = :id"), {"id": connection.id}
        )


async def test_a_page_of_the_plan_is_cut_by_the_database(world: World) -> None:
    _, browser = await with_many(world)
    await browser.open(PLAN)
    seen = statements(world.database)
    page = await browser.open(f"{PLAN}?page=2&q=vas")
    asked = [one for one in seen if "plan_steps" in one]

    assert 50 == page.text.count('<tr><td><a href="/library/')
    assert ["Vas 050", "Vas 099"] == [re.findall(r"Vas \d+", page.text)[place] for place in (0, -1)]
    assert [True] == ["LIMIT" in one and "OFFSET" in one for one in asked if "AS step" in one]
    assert not any(
        "FROM library WHERE connection_id" in one and "product, tracking" in one for one in seen
    )


async def test_an_unchanged_plan_is_not_drawn_again(world: World) -> None:
    connection, browser = await with_many(world)
    await browser.open(PLAN)
    drawn = []
    for _ in range(2):
        await browser.open(PLAN)
        world.clock.move(60)
        drawn.append(await drawn_at(world, connection))

    assert 1 == len(set(drawn))


async def test_a_page_stays_small_whatever_the_library(world: World) -> None:
    connection, browser = await with_many(world, 60)
    small = len((await browser.open(PLAN)).content)
    await world.stock_library(connection, *(f"Krus {number:04}" for number in range(900)))
    large = len((await browser.open(PLAN)).content)

    assert large < small * 1.2


@pytest.mark.rule("P11")
async def test_a_large_plan_is_shown_at_once_and_drawn_anew_behind_it(world: World) -> None:
    connection, browser = await with_many(world)
    first = await browser.open(PLAN)
    world.deps.plans.small = 50
    await world.stock_library(connection, "Zink")
    second = await browser.open(PLAN)

    async def is_there() -> bool:
        async with world.database.read() as tx:
            return (await plans.counts(tx, connection.id))[""] == 124

    drawn = await until(is_there)
    third = await browser.open(f"{PLAN}?q=zink")

    assert ("123", "123", "124") == tuple(
        COUNT.findall(page.text)[0] for page in (first, second, third)
    )
    assert (False, True, False) == tuple(NOTE in page.text for page in (first, second, third))
    assert drawn
    assert "Zink" in third.text


async def test_nobody_waits_for_the_first_drawing_of_a_large_plan(world: World) -> None:
    """While the store is being compared the work draws it; afterwards it is drawn behind the
    page.
    """
    world.deps.plans.small = 50
    connection, browser = await with_many(world)
    async with world.database.transaction() as tx:
        await work_items.add(tx, connection.id, Kind.LIBRARY, "", world.clock.now())
    comparing = await browser.open(PLAN)
    begun = world.deps.plans._of(connection).task
    async with world.database.transaction() as tx:
        await work_items.forget(tx, connection.id, [Kind.LIBRARY])
    pages = [await browser.open(path) for path in (PLAN, "/apps/bigcommerce")]

    async def is_there() -> bool:
        return ["123"] == COUNT.findall((await browser.open(PLAN)).text)[:1]

    assert begun is None
    assert [200] * 3 == [page.status_code for page in (comparing, *pages)]
    assert "No product fits" not in comparing.text + pages[0].text
    assert await until(is_there)


@pytest.mark.rule("P8")
@pytest.mark.parametrize("compared", [True, False])
async def test_a_plan_that_was_never_drawn_counts_nothing(world: World, *, compared: bool) -> None:
    """Neither on its page nor in the last step of the set-up, and both follow."""
    connection, browser = await with_many(world, 5)
    world.deps.plans.small = 1
    world.deps.plans._of(connection).next_at = world.clock.monotonic() + 60
    if not compared:
        async with world.database.transaction() as tx:
            await work_items.add(tx, connection.id, Kind.LIBRARY, "", world.clock.now())
    pages = [(await browser.open(path)).text for path in (PLAN, "/apps/bigcommerce")]

    assert [False, False] == [
        bool(COUNT.findall(page)) or "no products yet" in page for page in pages
    ]
    assert [True, True] == ["data-live" in page and "data-waits" in page for page in pages]
    assert ("The plan is being made. It is shown here" in pages[0]) == compared
    assert "being made…" in pages[1]
    assert 'data-part="step"' in pages[1]


@pytest.mark.rule("P8")
async def test_a_plan_that_nobody_draws_is_not_being_drawn(world: World) -> None:
    """The work draws it after comparing, and stands still."""
    connection, browser = await with_many(world, 5)
    world.deps.plans.small = 1
    async with world.database.transaction() as tx:
        await work_items.add(tx, connection.id, Kind.LIBRARY, "", world.clock.now())
        await connections.pause(tx, connection.id, "bigcommerce_access_gone")
    page = (await browser.open("/apps/bigcommerce")).text

    assert ("not ready yet" in page, "being drawn" in page, "no products yet" in page) == (
        True,
        False,
        False,
    )


@pytest.mark.rule("P11")
async def test_a_choice_stands_on_the_page_that_follows_it(world: World) -> None:
    """Also in a library whose plan is drawn behind the page."""
    connection, browser = await prepared(world, ("mugg", 7, "certain"))
    await browser.open(PLAN)
    world.deps.plans.small = 1
    await browser.press(PLAN, **{f"choice-{connection.id}-mugg": "link:7"})
    page = await browser.open(f"{PLAN}?show=link")

    assert NOTE not in page.text
    assert "#7" in page.text


async def test_a_plan_that_changes_all_the_time_is_not_drawn_all_the_time(world: World) -> None:
    connection, browser = await with_many(world, 5)
    await browser.open(PLAN)
    world.deps.plans.small = 1
    drawings = world.deps.plans._of(connection)
    await world.stock_library(connection, "Zink")
    await browser.open(PLAN)

    async def is_over() -> bool:
        return drawings.task is None

    await until(is_over)
    drawings.next_at = world.clock.monotonic() + 60
    await world.stock_library(connection, "Ask")
    resting = (await browser.open(PLAN)).text
    before = await drawn_at(world, connection)
    world.clock.move(59)
    await asyncio.sleep(0.2)
    still = await drawn_at(world, connection)
    world.clock.move(2)
    over = await until(is_over)  # nobody asks for it again

    assert (True, True) == (NOTE in resting, over)
    assert (before, True) == (still, before != await drawn_at(world, connection))
    assert NOTE not in (await browser.open(PLAN)).text


async def test_what_is_drawn_is_what_the_database_keeps(world: World) -> None:
    """Steps that are gone are gone, and those that have changed are the new ones."""
    connection, _ = await prepared(world, ("mugg", 7, "certain"))
    drawer = Plans()
    await drawer.draw(world.database, world.clock, connection)
    async with world.database.transaction() as tx:
        await tx.run(sa.text("DELETE FROM library WHERE name = 'Kanna'"))
        await duplicates.found(
            tx,
            connection.id,
            [Pair(f"{connection.id}-skål", 8, "likely", "name", "Skål 8")],
            world.clock.now(),
        )
    await drawer.draw(world.database, world.clock, connection)
    async with world.database.read() as tx:
        every = await plans.uuids(tx, connection.id, search="", shown="")
        likely = await plans.uuids(tx, connection.id, search="", shown="likely")
        by_partner = await plans.uuids(tx, connection.id, search="skål 8", shown="")

    assert [f"{connection.id}-mugg", f"{connection.id}-skål"] == list(every)
    assert [f"{connection.id}-skål"] == list(likely) == list(by_partner)
