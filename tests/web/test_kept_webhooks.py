"""Webhooks are kept for some days, trimmed and sealed, and `brygga replay` reads them again."""

import argparse
from copy import copy
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from tests.web.conftest import World
from tests.web.webhooks import SECRET, listening, post_shop, post_zettle, reported, shop_body

from brygga.cli import replay
from brygga.core.model import Connection
from brygga.database import kept_webhooks, waiting_work
from brygga.database.kept_webhooks import Kept
from brygga.database.sealing import Sealer
from brygga.database.tokens import Platform
from brygga.database.work_items import Kind
from brygga.figures import Figures
from brygga.web import replaying
from brygga.web.app import state_of
from brygga.web.following import Changed
from brygga.web.operating import acts
from brygga.zettle import events as till_events

ROW = {
    "productUuid": "p1",
    "variantUuid": "v1",
    "locationUuid": "l1",
    "balance": "3",
    "note": "to Anna Svensson",
}
TILL: dict[str, dict[str, Any]] = {
    "ProductCreated": {"uuid": "p1", "name": "Annas mugg", "etag": "e"},
    "ProductUpdated": {"newEntity": {"uuid": "p1", "name": "Annas mugg", "etag": "e"}},
    "ProductDeleted": {"uuid": "p1"},
    "InventoryBalanceChanged": {"balanceAfter": [ROW], "updated": {"userName": "Anna"}},
    "InventoryTrackingStarted": {
        "productUuid": "p1",
        "created": {"timestamp": "2026-03-02T11:00Z"},
    },
    "InventoryTrackingStopped": {"productUuid": "p1"},
    "PurchaseCreated": {"purchaseUUID1": "u1", "userDisplayName": "Anna", "amount": 100},
    "OrganizationUpdated": {"uuid": "o1", "contactEmail": "anna@example.com"},
    "ApplicationConnectionRemoved": {},
    "SomethingNew": {"userName": "Anna"},
}
SHOP: dict[str, dict[str, Any]] = {
    "store/product/updated": {"type": "product", "id": 7, "name": "Annas mugg"},
    "store/product/deleted": {"type": "product", "id": 7},
    "store/sku/updated": {"id": 3, "sku": {"product_id": 7, "variant_id": 8, "note": "Anna"}},
    "store/product/inventory/order/updated": {
        "type": "product",
        "id": 7,
        "inventory": {"product_id": 7, "method": "absolute", "value": -1},
    },
    "store/order/statusUpdated": {"id": 5, "status": {"new_status_id": 5}, "email": "anna@ex.com"},
    "store/order/refund/created": {"id": 5, "refund": {"refund_id": 2, "reason": "Anna"}},
    "store/category/deleted": {"id": 4},
    "store/information/updated": {"type": "store"},
    "store/app/uninstalled": {},
    "store/hook/deliveryException": {"id": 9},
}
MESSAGES = [
    *((Platform.ZETTLE, name, reported(name, payload)[0]) for name, payload in TILL.items()),
    *((Platform.BIGCOMMERCE, name, shop_body(name, data)) for name, data in SHOP.items()),
]


@pytest.mark.parametrize(("platform", "name", "body"), MESSAGES, ids=[one[1] for one in MESSAGES])
def test_what_is_kept_reads_as_the_whole_message_did(
    platform: Platform, name: str, body: bytes
) -> None:
    """And names nobody."""
    event = replaying.read(platform, body.decode())
    kept = replaying.kept(platform, body, event)
    again = replaying.read(platform, kept.body)

    assert "anna" not in kept.body.lower()
    assert list(kept.caused) == list(replaying.caused(again))
    assert name == replaying.name_of(again)
    assert event.envelope.at == again.envelope.at


async def received(world: World) -> Connection:
    """A sale at the till and a change in the store."""
    connection = await listening(world)
    body, signature = reported("InventoryBalanceChanged", {"balanceAfter": [ROW]})
    await post_zettle(world, connection.hook_key, body, signature)
    await post_zettle(world, connection.hook_key, body, signature)
    shop = shop_body("store/product/updated", {"type": "product", "id": 7, "name": "Annas"})
    await post_shop(world, connection.hook_key, shop, SECRET)
    return connection


async def kept_of(world: World, connection: Connection) -> list[Kept]:
    now = world.clock.now()
    async with world.database.read() as tx:
        hour = timedelta(hours=1)
        return [*await kept_webhooks.between(tx, connection.id, now - hour, now + hour)]


async def test_each_message_is_kept_once_with_what_it_caused(world: World) -> None:
    connection = await received(world)

    sale, change = [one.webhook for one in await kept_of(world, connection)]

    assert sale is not None
    assert change is not None
    assert ("work: stock p1", "moved: zettle p1 v1") == sale.caused
    assert ("work: shop_product 7",) == change.caused


async def test_the_disk_shows_nothing_of_it(world: World) -> None:
    await received(world)
    async with world.database.read() as tx:
        rows = await tx.rows(sa.text("SELECT sealed FROM kept_webhooks"))

    assert len(rows) == 2
    assert not any(b"p1" in row.sealed or b"balance" in row.sealed for row in rows)


async def test_none_is_kept_where_an_operator_says_so(world: World) -> None:
    settings = replace(world.deps.settings, keep_webhooks=timedelta(0))
    world.app.state = state_of(replace(world.deps, settings=settings, figures=Figures()))
    connection = await received(world)

    assert [] == await kept_of(world, connection)


async def test_they_go_when_their_days_are_over(world: World) -> None:
    connection = await received(world)
    async with world.database.transaction() as tx:
        assert 0 == await kept_webhooks.prune(tx, world.clock.now())
        assert 2 == await kept_webhooks.prune(tx, world.clock.now() + timedelta(seconds=1))

    assert [] == await kept_of(world, connection)


# ---- brygga replay -------------------------------------------------------------------------------


async def test_the_same_version_does_the_same(world: World) -> None:
    again = [replaying.read_again(one) for one in await kept_of(world, await received(world))]

    assert "2 webhooks do the same, 0 do otherwise" == replay.reported(again)


async def test_a_version_that_does_otherwise_is_found(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a version would that takes a sale for a change of the product."""
    kept = await kept_of(world, await received(world))

    def otherwise(event: till_events.Event) -> tuple[Changed, ...]:
        return (Changed(Kind.PRODUCT, ("p1",)),)

    monkeypatch.setattr("brygga.web.replaying.zettle_items", otherwise)
    again = [replaying.read_again(one) for one in kept]

    assert [True, False] == [one.differs for one in again]
    told = replay.reported(again)
    assert "  then  work: stock p1" in told
    assert "  now   work: product p1" in told
    assert told.endswith("1 webhooks do the same, 1 do otherwise")


async def test_a_message_whose_key_is_gone_is_left_out(world: World) -> None:
    connection = await received(world)
    now = world.clock.now()
    async with world.database.read() as tx:
        other = copy(tx)
        other.sealer = Sealer(("quite another secret of an operator",))
        hour = timedelta(hours=1)
        kept = await kept_webhooks.between(other, connection.id, now - hour, now + hour)

    told = replay.reported([replaying.read_again(one) for one in kept])
    assert "2 were sealed with a key that is gone" in told


async def test_running_them_again_adds_their_work_and_no_evidence(world: World) -> None:
    """The work reads both sides: a sale is never counted twice."""
    connection = await received(world)
    kept = await kept_of(world, connection)
    async with world.database.transaction() as tx:
        await tx.run(sa.text("DELETE FROM work_items"))
        before = await tx.scalar(sa.text("SELECT count(*) FROM stock_hints"))

    async with world.database.transaction() as tx:
        added = await acts.replay(tx, connection.id, kept, acts.COMMAND, world.clock.now())

    async with world.database.read() as tx:
        counts = await waiting_work.counts(tx, connection.id)
        after = await tx.scalar(sa.text("SELECT count(*) FROM stock_hints"))
    assert (2, {Kind.STOCK: 1, Kind.SHOP_PRODUCT: 1}, before) == (added, dict(counts), after)


@pytest.mark.parametrize("text", ["yesterday", "2026-11-30T10:00"])
def test_a_time_that_is_none_is_one_line(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="2026-11-30T10:00Z"):
        replay.moment(text)
