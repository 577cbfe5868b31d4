"""An upgrade in the middle of an unanswered write: the old shape of ledgers and writes is read into
the new one.
"""

import json
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command

from brygga.core import stock
from brygga.core.stock import Gap, LevelRead, Side, Timing, Verdict
from brygga.database import ledgers, migrating, pending_writes, reported_changes
from brygga.database.engine import Database
from brygga.database.migration_engine import migration_engine
from tests.conftest import NOON
from tests.database.merchants import connected

BEFORE = "0017"
PRODUCT, VARIANT = "p", "v"
AT = "2026-03-02T12:00:00Z"
FLIGHT: dict[str, Any] = {
    "call": "call",
    "quantity": -3,
    "sent": AT,
    "kind": "change",
    "base": 10,
    "lost": AT,
    "since": None,
    "clock": {"ahead_s": 1.0, "slack_s": 0.5},
    "prior": None,
    "left": AT,
    "told": AT,
    "tells": 1,
    "maybes": 0,
    "others": 2,
    "hinted": AT,
    "unborn": False,
    "seen": AT,
    "tale": [{"at": AT, "value": 7}],
    "closing": None,
    "first": {"level": 10, "begun": AT, "floor": 0},
    "strayed": True,
    "shown": False,
}
SHELF: dict[str, Any] = {
    "known": 10,
    "owed": 0,
    "flight": None,
    "floor": 2,
    "recent": [],
    "tale": [{"at": AT}],
    "signed": True,
    "seen": AT,
    "settled": AT,
    "touched": AT,
    "wrote": AT,
    "hinted": AT,
    "ordered": AT,
    "heard": AT,
    "ambiguous": None,
    "rests": None,
    "asleep": False,
    "stopped": None,
    "fresh": None,
    "variant_id": None,
    "closed": [],
}


async def old(
    database: Database, zettle: dict[str, Any], shop: dict[str, Any], **pending_writes: str
) -> int:
    """A connection as the version before left it: its ledger, and its writes by state -> side."""
    connection_id = (await connected(database)).id
    async with migration_engine(database).connect() as connection, connection.begin():
        await connection.run_sync(lambda sync: command.downgrade(migrating._config(sync), BEFORE))
    async with database.transaction() as tx:
        values = {
            "id": connection_id,
            "zettle": json.dumps({**SHELF, **zettle}),
            "shop": json.dumps({**SHELF, **shop}),
        }
        await tx.run(
            sa.text(
                "INSERT INTO ledgers (connection_id, variant_uuid, product_uuid, separate, zettle, "
                "shop, updated_at)"
                " VALUES (:id, 'v', 'p', false, CAST(:zettle AS jsonb), CAST(:shop AS jsonb), :now)"
            ),
            {**values, "now": NOON},
        )
        for state, side in pending_writes.items():
            await tx.run(
                sa.text(
                    "INSERT INTO flights (connection_id, call, variant_uuid, product_uuid, side, "
                    "state, flight, at)"
                    " VALUES (:id, :call, 'v', 'p', :side, :state, CAST(:flight AS jsonb), :now)"
                ),
                {"id": connection_id, "call": state, "side": side, "state": state, "now": NOON}
                | {"flight": json.dumps({**FLIGHT, "call": state})},
            )
    await migrating.upgrade(database)
    return connection_id


async def book_of(database: Database, connection_id: int) -> ledgers.LedgerRow:
    async with database.read() as tx:
        return (await ledgers.load(tx, connection_id, [PRODUCT]))[VARIANT]


@pytest.mark.rule("S2")
async def test_an_open_write_to_the_shop_ends_low_and_is_asked_about(database: Database) -> None:
    shop = {"known": 10, "flight": FLIGHT, "variant_id": 4, "closed": [1, 2]}
    connection_id = await old(database, {"known": 7}, shop, open="shop")
    ledger = (await book_of(database, connection_id)).ledger
    done = stock.resolve_shop(ledger, LevelRead(7, NOON + timedelta(minutes=1)), None, Timing())

    assert (7, 7, (1, 2)) == (ledger.target, ledger.shop.target, ledger.closed)
    assert (Verdict.ASSUMED_LOST, 4) == (done.verdict, done.ledger.target)


@pytest.mark.rule("S3")
async def test_an_open_write_to_zettle_still_waits_for_its_echo(database: Database) -> None:
    pending_write = {**FLIGHT, "call": "open"}
    connection_id = await old(
        database,
        {"flight": pending_write},
        {"known": 7},
        open="zettle",
        lost="zettle",
        doubted="zettle",
    )
    ledger = (await book_of(database, connection_id)).ledger
    async with database.transaction() as tx:
        await reported_changes.record_echo(tx, connection_id, "open", NOON)
        pending = await pending_writes.pending(tx, connection_id, [PRODUCT])
    done = stock.resolve_till(ledger, LevelRead(7, NOON + timedelta(minutes=1)), NOON, Timing())

    assert {"open": (Verdict.WAITING, NOON), "lost": (Verdict.NOT_LANDED, None)} == {
        one.call_part.pending_write.call: (one.verdict, one.echoed)
        for one in pending
        if one.verdict is not Verdict.ASSUMED_LOST
    }
    assert (Verdict.LANDED, 7) == (done.verdict, done.ledger.target)


async def test_a_first_level_and_a_sleeping_shelf_stay_what_they_are(database: Database) -> None:
    first = {**FLIGHT, "kind": "reset", "quantity": 7, "base": 0, "unborn": True}
    connection_id = await old(
        database, {"known": 7}, {"known": "unborn", "flight": first, "fresh": {"since": AT}}
    )
    flying = (await book_of(database, connection_id)).ledger

    assert flying.shop.pending_write is not None
    assert flying.shop.pending_write.first
    assert stock.refused(flying, Side.SHOP).is_unset


async def test_an_order_that_was_received_of_without_a_hint_is_carried_over(
    database: Database,
) -> None:
    connection_id = await old(database, {"known": 10}, {"known": 10, "hinted": None})
    shop = (await book_of(database, connection_id)).ledger.shop

    assert shop.reported is not None
    assert shop.reported.at == shop.ordered


async def test_a_sleeping_shelf_sleeps_on(database: Database) -> None:
    connection_id = await old(database, {"known": 10}, {"known": 10, "asleep": True})

    assert (await book_of(database, connection_id)).ledger.shop.is_suspended


@pytest.mark.rule("S7")
async def test_what_was_to_push_to_zettle_while_off_is_missing_and_asked_about(
    database: Database,
) -> None:
    stopped = {"level": 10, "owed": -2, "flight": FLIGHT, "seen": AT}
    connection_id = await old(
        database,
        {"known": "untracked", "stopped": stopped},
        {"known": "untracked"},
        unasked="zettle",
        believed="shop",
    )
    ledger_row = await book_of(database, connection_id)
    started = stock.restarted(ledger_row.ledger, LevelRead(10, NOON))

    assert (Gap.UNTRACKED, -5, 5) == (
        ledger_row.ledger.zettle.confirmed,
        ledger_row.ledger.zettle.to_push,
        started.target,
    )
    assert (True, False) == (ledger_row.check_since is not None, ledger_row.is_asked)
    async with database.read() as tx:
        assert [] == await pending_writes.pending(tx, connection_id, [PRODUCT])
        assert not await reported_changes.waiting(tx, connection_id, Side.ZETTLE, [PRODUCT])
