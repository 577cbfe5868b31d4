"""A handler that reports an outcome in a transaction which then fails."""

from collections.abc import Sequence
from contextlib import AsyncExitStack

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from brygga.core.failures import Unreachable
from brygga.core.report import Code
from brygga.database import synclog, waiting_work
from brygga.database.work_items import Kind, WorkItem
from brygga.sync.stock.unit_of_work import locked
from brygga.sync.worker.judging import BUSY_TRIES
from brygga.sync.worker.session import Session
from tests.database.merchants import connected
from tests.sync_worker.conftest import Bench

BUG = sa.text("SELECT 1 / 0")
TOO_LONG = sa.text("""
    DO $$ BEGIN RAISE EXCEPTION 'it took too long' USING ERRCODE = '57014'; END $$
""")


@pytest.mark.parametrize("is_busy", [False, True], ids=["a bug", "the database is busy"])
@pytest.mark.parametrize("outcome", ["finish", "finish and add", "again", "unit"])
async def test_a_transaction_that_fails_after_its_outcome_was_reported_fails_its_item(
    bench: Bench, outcome: str, is_busy: bool
) -> None:
    """Nothing of it was written: the item is parked by a bug, and tried again by a busy database
    with pauses that grow, until that counts as a bug too.
    """
    one = await connected(bench.database)
    attempts: list[int] = []

    async def fails(session: Session, batch: Sequence[WorkItem]) -> None:
        attempts.append(batch[0].attempts)
        async with AsyncExitStack() as stack:
            if outcome == "unit":
                unit = await stack.enter_async_context(locked(session, ["cup"]))
                await unit.finish(session, batch)
                tx = unit.tx
            else:
                tx = await stack.enter_async_context(session.transaction())
            if outcome == "finish":
                await session.finish(*batch, tx=tx)
            elif outcome == "finish and add":
                await session.finish_and_add(batch, [], tx)
            elif outcome == "again":
                await session.again(batch[0], 0, tx=tx)
            await tx.run(TOO_LONG if is_busy else BUG)

    bench.handlers |= {**dict.fromkeys(Kind, bench.note), Kind.STOCK: fails}
    await bench.item(one.id, Kind.STOCK, "cup")

    async with bench.running():
        await bench.until(bench.quiet_but_routines, step_s=5)

    async with bench.database.read() as tx:
        assert ["cup"] == [parked.subject for parked in await waiting_work.parked(tx, one.id)]
        assert [Code.INTERNAL_ERROR] == [it.line.code for it in await synclog.page(tx, one.id)]
    assert ([*range(BUSY_TRIES + 1)] if is_busy else [0]) == attempts


@pytest.mark.parametrize(
    ("failure", "level"),
    [(ZeroDivisionError(), "error"), (Unreachable("zettle_unreachable"), "warning")],
)
async def test_what_fails_after_its_work_was_done_is_said_in_the_log(
    bench: Bench, failure: Exception, level: str
) -> None:
    """No item can say it: its work is saved, and is not done again."""
    one = await connected(bench.database)

    async def fails(session: Session, batch: Sequence[WorkItem]) -> None:
        await bench.note(session, batch)
        raise failure

    bench.handlers |= {**dict.fromkeys(Kind, bench.note), Kind.STOCK: fails}
    await bench.item(one.id, Kind.STOCK, "cup")
    with capture_logs() as logs:
        async with bench.running():
            await bench.until(bench.quiet_but_routines)

    said = [line for line in logs if line["event"] == "failed after its work was done"]
    assert [(level, "stock")] == [(line["log_level"], line["kind"]) for line in said]
    assert 1 == bench.done.count((one.id, "stock", "cup"))
