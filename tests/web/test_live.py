"""Figures that move by themselves while a page is open."""

import asyncio

from tests.conftest import MovableClock
from tests.web.conftest import World

from brygga.web.i18n import words
from brygga.web.live import states


async def test_a_stream_tells_only_what_has_moved(world: World, clock: MovableClock) -> None:
    connection = await world.running()
    stream = states(world.deps, connection.id, words("en"), asyncio.Event())
    first = await anext(stream)
    following = asyncio.create_task(anext(stream))
    for _ in range(3):
        await asyncio.sleep(0.01)
        clock.move(1)
    still = following.done()

    await world.stock_library(connection, "Kanna", assigned=True)
    for _ in range(50):
        clock.move(1)
        await asyncio.sleep(0.01)
        if following.done():
            break
    await stream.aclose()

    assert ("state", False) == (first.event, still)
    assert '"waiting": "1"' in str((await following).data)


async def test_an_open_stream_ends_by_itself_when_the_pages_close(world: World) -> None:
    """Otherwise it would be torn off in the middle, with a traceback in the log."""
    connection, closing = await world.running(), asyncio.Event()
    stream = states(world.deps, connection.id, words("en"), closing)
    await anext(stream)
    rest = asyncio.create_task(anext(stream, None))
    await asyncio.sleep(0.01)

    closing.set()

    assert await asyncio.wait_for(rest, 5) is None
