"""`brygga erase`: shown first, refused while a connection lives, and done with a receipt."""

import argparse
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from brygga.cli import erase
from brygga.cli.demo_stack import settings_for
from brygga.cli.process import Runtime
from brygga.core.lifecycle import Departure, Leaving
from brygga.database import connections, erasing, library, waiting_work
from brygga.database.engine import Database
from brygga.database.work_items import Kind
from brygga_sandbox.clock import RealClock
from brygga_sandbox.sandbox import Plan, Sandbox
from tests.conftest import NOON
from tests.database.merchants import connected, cup

WISH = {"connection": 1, "yes": False, "disconnect": False, "moved": False, "json": False}


@pytest.fixture
def runtime(database_url: str) -> Runtime:
    sandbox = Sandbox(Plan(products=0, drawings=False), RealClock())
    settings = settings_for(sandbox, "https://brygga.example")
    return Runtime(replace(settings, database_url=database_url))


async def merchant_with_goods(database: Database, *, ended: bool) -> int:
    one = await connected(database)
    async with database.transaction() as tx:
        await library.upsert_many(tx, one.id, [cup()], NOON, assign_new=True)
        if ended:
            await connections.disconnect(tx, one.id, NOON)
    return one.id


async def test_without_yes_it_only_shows_what_would_go(
    database: Database, runtime: Runtime, capsys: pytest.CaptureFixture[str]
) -> None:
    number = await merchant_with_goods(database, ended=True)
    code = await erase._erase(argparse.Namespace(**{**WISH, "connection": number}), runtime)

    async with database.read() as tx:
        assert await connections.by_id(tx, number) is not None
    assert 0 == code
    assert "library              1" in capsys.readouterr().out


async def test_with_yes_everything_goes_and_the_receipt_can_be_checked(
    database: Database, runtime: Runtime, capsys: pytest.CaptureFixture[str]
) -> None:
    number = await merchant_with_goods(database, ended=True)
    wish = argparse.Namespace(**{**WISH, "connection": number, "yes": True, "json": True})
    code = await erase._erase(wish, runtime)
    receipt = json.loads(capsys.readouterr().out)

    async with database.read() as tx:
        assert await connections.by_id(tx, number) is None
    assert (0, {"connections": 1, "library": 1}) == (code, receipt["tables"])
    assert 64 == len(receipt["hash"])
    assert 1 == await erase._erase(wish, runtime)


async def test_an_active_connection_is_refused_unless_it_is_to_be_ended(
    database: Database, runtime: Runtime, capsys: pytest.CaptureFixture[str]
) -> None:
    number = await merchant_with_goods(database, ended=False)
    wish = {**WISH, "connection": number, "yes": True}
    refused = await erase._erase(argparse.Namespace(**wish), runtime)
    async with database.transaction() as tx:
        before = await connections.state(tx, number)
    done = await erase._erase(argparse.Namespace(**{**wish, "disconnect": True}), runtime)

    async with database.transaction() as tx:
        after = await connections.state(tx, number)
        waiting = await waiting_work.counts(tx, number)
        nobody = await erasing.due(tx, NOON - timedelta(days=1))
        await connections.disconnect(tx, number, NOON)
        now_due = await erasing.due(tx, NOON - timedelta(days=1))
    assert (1, 0) == (refused, done)
    assert not isinstance(before, Leaving)
    assert (Leaving(Departure.KEEP), 1) == (after, waiting[Kind.LEAVE])
    assert ([], ["org-1"]) == (nobody, now_due)
    assert "https://brygga.example/erased/" in capsys.readouterr().out
