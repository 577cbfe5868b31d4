"""Figures that move by themselves while a page is open."""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial

import pytest
import sqlalchemy as sa
from litestar.response.sse import ServerSentEventMessage
from tests.conftest import SEALER, MovableClock
from tests.web.conftest import Browser, World
from tests.web.test_bodies import Sender, ask
from tests.web.test_store_callbacks import REMOVE_USER, STAFF, through_the_panel

from brygga.core.model import Choices
from brygga.core.report import Code, Line, Severity, Topic
from brygga.database import audit, connections, sessions, synclog, work_items
from brygga.database.audit import Act, Actor, Entry
from brygga.database.engine import Database
from brygga.database.work_items import Kind
from brygga.web.i18n import words
from brygga.web.live import PATH, Boards, states

pytestmark = pytest.mark.usefixtures("database_url")
"""Statements are counted, and another process tells of its own."""
Stream = AsyncGenerator[ServerSentEventMessage, None]


async def opened(world: World, connection_id: int) -> Stream:
    """What moves, without the signs of life: the tests' clock may run far ahead of the database,
    and of what another process says.
    """
    boards: Boards = world.app.state.boards
    async with aclosing(states(boards, connection_id, words("en"), asyncio.Event())) as stream:
        async for message in stream:
            if message.event:
                yield message


def statements(database: Database) -> list[str]:
    """What this process asks the database from now on."""
    seen: list[str] = []
    database.on_statement(seen.append)
    return seen


async def pass_time(
    clock: MovableClock, until: Callable[[], bool] = lambda: False, seconds: int = 5
) -> None:
    for _ in range(seconds):
        clock.move(1)
        await asyncio.sleep(0.02)
        if until():
            return


async def until_quiet(clock: MovableClock) -> None:
    """The ears are open, and what was missed before that has been looked at."""
    await asyncio.sleep(0.3)
    await pass_time(clock)


async def soon(
    reported: "Awaitable[ServerSentEventMessage]", clock: MovableClock
) -> ServerSentEventMessage:
    task = asyncio.ensure_future(reported)
    await pass_time(clock, task.done, seconds=100)
    return await asyncio.wait_for(task, 5)


async def test_a_stream_tells_only_what_has_moved(world: World, clock: MovableClock) -> None:
    connection = await world.running()
    stream = opened(world, connection.id)
    first = await anext(stream)
    following = asyncio.create_task(anext(stream))
    await until_quiet(clock)
    still = following.done()

    uuids = await world.stock_library(connection, "Kanna", assigned=True)
    async with world.database.transaction() as tx:
        await work_items.add_many(tx, connection.id, Kind.PRODUCT, uuids, clock.now())
    second = await soon(following, clock)
    await stream.aclose()

    assert ("state", False) == (first.event, still)
    assert '"waiting": "1"' in str(second.data)


async def test_nothing_is_asked_while_nothing_changes(world: World, clock: MovableClock) -> None:
    connection = await world.running()
    streams = [opened(world, connection.id) for _ in range(3)]
    for stream in streams:
        await anext(stream)
    waiting = [asyncio.create_task(anext(stream)) for stream in streams]
    await until_quiet(clock)
    seen = statements(world.database)

    await pass_time(clock, seconds=14)
    asked = list(seen)
    for task in waiting:
        task.cancel()

    assert [] == asked


async def test_open_pages_share_one_count(world: World, clock: MovableClock) -> None:
    connection = await world.running()
    streams = [opened(world, connection.id) for _ in range(5)]
    for stream in streams:
        await anext(stream)
    waiting = [asyncio.create_task(anext(stream)) for stream in streams]
    await until_quiet(clock)
    seen = statements(world.database)

    uuids = await world.stock_library(connection, "Kanna", assigned=True)
    async with world.database.transaction() as tx:
        await work_items.add_many(tx, connection.id, Kind.PRODUCT, uuids, clock.now())
    reported = [await soon(task, clock) for task in waiting]

    assert 5 == sum('"waiting": "1"' in str(one.data) for one in reported)
    assert 1 == sum("GROUP BY state" in one for one in seen)


async def test_the_first_figures_know_more_than_a_page_that_was_read_before(world: World) -> None:
    """Rule S7: tracking was switched off between a page and its stream. The page can tell."""
    connection = await world.running()
    (uuid,) = await world.stock_library(connection, "Kanna", assigned=True)
    browser = world.browser()
    await browser.sign_in()
    line = Line(Code.STOCK_STOPPED, Topic.STOCK, Severity.INFO, uuid, params={"name": "Kanna"})
    before = newest_of((await browser.open(f"/library/{uuid}")).text)
    async with world.database.transaction() as tx:
        await synclog.add(tx, connection.id, line, world.clock.now())
    stream = opened(world, connection.id)
    first = json.loads(str((await anext(stream)).data))
    await stream.aclose()
    after = newest_of((await browser.open(f"/library/{uuid}")).text)

    assert before != first["newest"] == after


def newest_of(page: str) -> str:
    return page.partition('data-newest="')[2].partition('"')[0]


async def test_work_that_ends_is_told_to_a_page_that_waits(
    world: World, clock: MovableClock
) -> None:
    """Stock work that changed no number: the overview does not go on saying that it is on its
    way.
    """
    connection = await world.running()
    browser = world.browser()
    await browser.sign_in()
    async with world.database.transaction() as tx:
        await work_items.forget(tx, connection.id, list(Kind))
        await work_items.add(tx, connection.id, Kind.STOCK, "kanna", clock.now())
    during = (await browser.open("/apps/bigcommerce")).text
    stream = opened(world, connection.id)
    first = json.loads(str((await anext(stream)).data))
    following = asyncio.create_task(anext(stream))
    await until_quiet(clock)
    async with world.database.transaction() as tx:
        await work_items.forget(tx, connection.id, [Kind.STOCK])
        tx.touch(connection.id)
    second = json.loads(str((await soon(following, clock)).data))
    await stream.aclose()
    after = (await browser.open("/apps/bigcommerce")).text

    assert (True, False) == ("data-waits" in during, "data-waits" in after)
    assert first["version"] == second["version"]
    assert first["work"] != second["work"]


async def test_a_page_that_renews_itself_takes_no_notice_away(world: World) -> None:
    """The old page may do so between a button and the page that it leads to."""
    connection = await world.running()
    (uuid,) = await world.stock_library(connection, "Kanna", assigned=True)
    browser, here = world.browser(), f"/library/{uuid}"
    await browser.sign_in()
    await browser.press(f"{here}/sync")
    renewed = await browser.http.get(here, headers={"x-requested-with": "brygga"})
    pages = [renewed.text, *[(await browser.open(here)).text for _ in range(2)]]

    assert [False, True, False] == ['<div class="note good" role="status">' in one for one in pages]


async def test_changes_of_another_process_are_received(world: World, clock: MovableClock) -> None:
    """Of a page there, and of a turn, which are told to others once a second."""
    connection = await world.running()
    elsewhere = Database.at(world.database.url, SEALER)
    stream = opened(world, connection.id)
    await anext(stream)
    following = asyncio.create_task(anext(stream))
    await until_quiet(clock)

    async with elsewhere.transaction() as tx:
        await connections.set_choices(tx, connection.id, Choices(prices=False, whole_library=True))
    by_page = await soon(following, clock)
    following = asyncio.create_task(anext(stream))
    async with elsewhere.transaction() as tx:
        await tx.run(sa.text("UPDATE connections SET paused = 'x'"))
    elsewhere.unannounced.add(connection.id)
    await elsewhere.announce()
    by_turn = await soon(following, clock)
    await elsewhere.close()
    await stream.aclose()

    assert by_page.event == by_turn.event == "state"
    assert by_page.data != by_turn.data


async def test_an_open_stream_ends_by_itself_when_the_pages_close(world: World) -> None:
    """Otherwise it would be torn off in the middle, with a traceback in the log."""
    connection, closing = await world.running(), asyncio.Event()
    stream = states(world.app.state.boards, connection.id, words("en"), closing)
    await anext(stream)
    rest = asyncio.create_task(anext(stream, None))
    await asyncio.sleep(0.01)

    closing.set()

    assert await asyncio.wait_for(rest, 5) is None


async def test_the_last_reader_who_leaves_closes_the_ears(world: World) -> None:
    connection = await world.running()
    streams = [opened(world, connection.id) for _ in range(2)]
    for stream in streams:
        await anext(stream)
    open_ears = len(world.database.followers)
    for stream in streams:
        await stream.aclose()
    await asyncio.sleep(0.05)

    assert (1, 0) == (open_ears, len(world.database.followers))


async def everywhere(world: World) -> None:
    other = world.browser()
    await other.sign_in("lind-other")
    await other.press("/sign-out", everywhere="yes")


async def removed_in_the_store(world: World) -> None:
    await world.browser().open(f"{REMOVE_USER}signed-gone-{STAFF}")


async def elsewhere(world: World) -> None:
    """In another process, which says so by the database alone."""
    other = Database.at(world.database.url, SEALER)
    async with other.transaction() as tx:
        (connection,) = await connections.active(tx)
        await sessions.end_all(tx, connection.id)
        entry = Entry(Act.SIGNED_OUT_EVERYWHERE, Actor.MERCHANT, connection.id)
        await audit.add(tx, entry, world.clock.now())
    await other.close()


@pytest.mark.parametrize("end", [everywhere, removed_in_the_store, elsewhere])
async def test_an_open_stream_ends_soon_after_its_session(
    world: World, clock: MovableClock, end: Callable[[World], Awaitable[None]]
) -> None:
    """The page is told to load itself again. A session that goes on keeps its stream."""
    await world.running()
    ended = await following(world, await through_the_panel(world, STAFF))
    await until_quiet(clock)
    before = is_told(ended)
    await end(world)
    stays = await following(world, await through_the_panel(world, "9"))
    await pass_time(clock, partial(is_told, ended), seconds=5)
    for _ in range(500):
        await asyncio.sleep(0 if is_told(ended) else 0.01)
    told = [is_told(one) for one in (ended, stays)]
    for one in (ended, stays):
        one.task.cancel()

    assert (False, [True, False]) == (before, told)


def is_told(one: "Open") -> bool:
    return '"version": "ended"' in one.sender.body.decode()


@dataclass
class Open:
    sender: Sender
    task: "asyncio.Task[Sender]"


async def following(world: World, browser: Browser) -> Open:
    """An open stream of this browser that has had its first figures."""
    cookies = "; ".join(f"{one.name}={one.value}" for one in browser.http.cookies.jar)
    sender = Sender(then="silence")
    asking = ask(world, "GET", PATH, sender, cookie=cookies)
    one = Open(sender, asyncio.create_task(asking))
    while b"event: state" not in sender.body:
        assert not one.task.done(), sender.status
        await asyncio.sleep(0.01)
    return one
