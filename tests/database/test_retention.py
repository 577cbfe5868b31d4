"""What stock forgets after some days: only what nobody waits for, and never another merchant's."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from brygga.core.model import Synced
from brygga.core.stock import Hint, PendingWrite, Side
from brygga.database import (
    bindings,
    initial_levels,
    pending_writes,
    reported_changes,
    retention,
    stock_saving,
    work_items,
)
from brygga.database.engine import Database, Tx
from brygga.database.pending_writes import CallPart
from brygga.database.work_items import Kind
from tests.conftest import NOON
from tests.database.merchants import connected

PRODUCT, PRODUCT_ID = "11111111-0000-1000-8000-000000000000", 77
LATER = NOON + timedelta(days=5)
TABLES = ("pending_writes", "stock_hints", "echoes", "initial_levels")


async def remembering(database: Database, organization: str = "org-1") -> int:
    """A connection that remembers something of every kind, all of it from `NOON`."""
    connection_id = (await connected(database, organization, f"store-{organization}")).id
    async with database.transaction() as tx:
        await reported_changes.record_hint(tx, connection_id, Side.ZETTLE, PRODUCT, Hint(NOON))
        await reported_changes.record_hint(
            tx, connection_id, Side.SHOP, str(PRODUCT_ID), Hint(NOON, variant="4")
        )
        await reported_changes.record_switch(tx, connection_id, PRODUCT, NOON, NOON, on=False)
        await initial_levels.begin_creates(tx, connection_id, {PRODUCT: {"a": 5}}, NOON)
        for call in ("open", "lost", "doubted", "believed"):
            await flown(tx, connection_id, call)
        for call in ("open", "lost", "doubted", "believed", "nobody's"):
            await reported_changes.record_echo(tx, connection_id, call, NOON)
    return connection_id


async def flown(tx: Tx, connection_id: int, call: str) -> None:
    one = CallPart(PRODUCT, "a", Side.ZETTLE, PendingWrite(call, -3, NOON))
    await stock_saving.save(tx, connection_id, [], [], [], [one], NOON)
    if call != "open":
        await pending_writes.resolve(tx, connection_id, one, pending_writes.VERDICTS[call], NOON)


async def count(tx: Tx, connection_id: int) -> list[int]:
    """How much it remembers, table by table."""
    statements = [
        sa.text(f"SELECT count(*) FROM {table} WHERE connection_id = :id") for table in TABLES
    ]
    return [await tx.scalar(statement, {"id": connection_id}) for statement in statements]


@pytest.mark.rule("S2")
async def test_a_sweep_forgets_nothing_of_a_merchant_whose_work_is_paused(
    database: Database,
) -> None:
    paused, other = await remembering(database), await remembering(database, "org-2")
    async with database.transaction() as tx:
        await retention.prune(tx, other, LATER)

        assert [4, 3, 5, 1] == await count(tx, paused)
        assert [3, 0, 3, 0] == await count(tx, other)


@pytest.mark.rule("S2")
async def test_what_is_open_or_in_doubt_is_kept_with_its_echo_until_it_is_decided(
    database: Database,
) -> None:
    connection_id = await remembering(database)
    calls = ["open", "lost", "doubted", "believed", "nobody's"]
    async with database.transaction() as tx:
        await retention.prune(tx, connection_id, LATER)
        open_ = await pending_writes.with_pending_writes(tx, connection_id)
        pending = await pending_writes.pending(tx, connection_id, [PRODUCT])
        echoes = {
            call for call in calls if await reported_changes.is_echoed(tx, connection_id, call)
        }

    assert [PRODUCT] == open_
    assert {"open": NOON, "doubted": NOON, "believed": NOON} == {
        one.call_part.pending_write.call: one.echoed for one in pending
    }
    assert {"open", "doubted", "believed"} == echoes


@pytest.mark.rule("S2", "S7")
@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        (Kind.STOCK, PRODUCT),
        (Kind.RESOLVE, PRODUCT),
        (Kind.TRACKING, PRODUCT),
        (Kind.SHOP_STOCK, str(PRODUCT_ID)),
    ],
)
async def test_what_was_told_of_a_product_is_kept_while_its_work_waits(
    database: Database, kind: Kind, subject: str
) -> None:
    """The sweep may be quicker than the work, when both begin again after some days."""
    connection_id = await remembering(database)
    async with database.transaction() as tx:
        await bindings.save(tx, connection_id, Synced(PRODUCT, PRODUCT_ID), NOON)
        await work_items.add(tx, connection_id, kind, subject, NOON)
        await retention.prune(tx, connection_id, LATER)

        assert [4, 3, 4, 0] == await count(tx, connection_id)


@pytest.mark.parametrize(
    ("kind", "subject"),
    [(Kind.STOCK, "another product"), (Kind.SHOP_STOCK, "7"), (Kind.PRODUCT, PRODUCT)],
)
async def test_other_work_that_waits_keeps_nothing(
    database: Database, kind: Kind, subject: str
) -> None:
    connection_id = await remembering(database)
    async with database.transaction() as tx:
        await bindings.save(tx, connection_id, Synced(PRODUCT, PRODUCT_ID), NOON)
        await work_items.add(tx, connection_id, kind, subject, NOON)
        await retention.prune(tx, connection_id, LATER)

        assert [3, 0, 3, 0] == await count(tx, connection_id)


async def test_what_an_event_may_still_ask_for_is_kept(database: Database) -> None:
    connection_id = await remembering(database)
    async with database.transaction() as tx:
        await retention.prune(tx, connection_id, NOON + timedelta(days=3))

        assert [4, 3, 5, 1] == await count(tx, connection_id)


@pytest.mark.rule("D1")
async def test_what_a_connection_left_goes_with_it_and_another_keeps_its_own(
    database: Database,
) -> None:
    ended, other = await remembering(database), await remembering(database, "org-2")
    async with database.transaction() as tx:
        await retention.close(tx, ended)

        assert [0, 0, 0, 0] == await count(tx, ended)
        assert [4, 3, 5, 1] == await count(tx, other)
