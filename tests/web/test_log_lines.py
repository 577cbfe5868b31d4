"""Each log line of a request or a turn says which, and for which connection."""

from collections.abc import Sequence

import pytest
import structlog
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs
from tests.conftest import CountingDice, MovableClock
from tests.database.merchants import connected
from tests.sync_worker.conftest import Bench
from tests.web.conftest import World

from brygga.database.engine import Database
from brygga.database.work_items import Kind, WorkItem
from brygga.sync.worker.session import Session


async def test_a_line_of_a_page_names_the_request_and_the_merchant(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.running()
    browser = world.browser()
    await browser.sign_in()

    def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("brygga.web.pages.help.view", broken)
    with capture_logs(processors=[merge_contextvars]) as lines:
        answer = await browser.open("/help")

    (line,) = [one for one in lines if one["event"] == "page failed"]
    assert answer.headers["x-request-id"] == line["request_id"]
    assert line["connection"] > 0


async def test_a_line_of_a_turn_names_the_connection_and_the_turn(
    database: Database, clock: MovableClock, dice: CountingDice
) -> None:
    """Also a line of a package that knows nothing of turns."""
    connection, bench = await connected(database), Bench(database, clock, dice)

    async def handler(session: Session, batch: Sequence[WorkItem]) -> None:
        structlog.get_logger("somewhere else").info("working")
        await bench.note(session, batch)

    bench.handlers[Kind.PRODUCT] = handler
    await bench.item(connection.id, Kind.PRODUCT, "cup")
    with capture_logs(processors=[merge_contextvars]) as lines:
        async with bench.running():
            await bench.until(bench.quiet_but_routines)

    (line,) = [one for one in lines if one["event"] == "working"]
    assert connection.id == line["connection"]
    assert line["turn"]
