"""A message that is repeated is one message; one that comes too late is evidence of nothing."""

import pytest
from tests.web.conftest import World
from tests.web.webhooks import (
    SECRET,
    listening,
    marked,
    post_shop,
    post_zettle,
    reported,
    shop_body,
)

from brygga.core.stock import Side
from brygga.database import reported_changes


async def test_a_replay_under_another_id_or_name_is_the_same_message(world: World) -> None:
    """The signature covers the time and the payload, and nothing else."""
    connection = await listening(world)
    body, signature = reported("ProductUpdated", {"uuid": "p1"})
    statuses = [(await post_zettle(world, connection.hook_key, body, signature)).status_code]
    for old, new in ((b'"m1"', b'"m2"'), (b'"ProductUpdated"', b'"ProductDeleted"')):
        replayed = body.replace(old, new)
        assert replayed != body
        statuses.append(
            (await post_zettle(world, connection.hook_key, replayed, signature)).status_code
        )

    assert [200] * 3 == statuses
    assert [connection.id] == world.jobs.resumed
    assert {("product", "p1", "")} == await marked(world, connection)


async def test_a_store_s_replay_under_another_hash_is_the_same_message(world: World) -> None:
    connection = await listening(world)
    body = shop_body("store/information/updated", {"type": "store"})
    for replayed in (body, body.replace(b'"h"', b'"other"'), body.replace(b'"1"', b'"2"')):
        assert 200 == (await post_shop(world, connection.hook_key, replayed, SECRET)).status_code

    assert [connection.id] == world.jobs.resumed


@pytest.mark.parametrize(
    ("days", "resumed"), [(3, 1), (5, 0)], ids=["tried for three days", "a replay"]
)
async def test_an_old_switch_of_tracking_is_no_evidence(
    world: World, days: int, resumed: int
) -> None:
    connection = await listening(world)
    changed = {"changeInformation": {"timestamp": "2026-03-02T12:00:00.000Z"}}
    body, signature = reported("InventoryTrackingStopped", {"productUuid": "p1", **changed})
    world.clock.move(days * 24 * 3600)
    await post_zettle(world, connection.hook_key, body, signature)

    async with world.database.transaction() as tx:
        received = await reported_changes.take(tx, connection.id, ["p1"], [])
    assert resumed == len(received.stops)
    assert {("tracking", "p1", "")} == await marked(world, connection)


@pytest.mark.rule("S3")
async def test_a_replay_of_the_shop_s_that_the_inbox_has_forgotten_bears_no_number(
    world: World,
) -> None:
    connection = await listening(world)
    data = {
        "type": "product",
        "id": 7,
        "inventory": {"product_id": 7, "method": "relative", "value": -2},
    }
    body = shop_body("store/product/inventory/order/updated", data)
    world.clock.move(5 * 24 * 3600)

    answer = await post_shop(world, connection.hook_key, body, SECRET)

    async with world.database.transaction() as tx:
        received = await reported_changes.take(tx, connection.id, [], ["7"])
    assert (200, {}) == (answer.status_code, received.hints[Side.SHOP])
    assert {("shop_stock", "7", "")} == await marked(world, connection)


@pytest.mark.rule("S2")
@pytest.mark.parametrize(
    ("days", "bears"), [(3, True), (5, False)], ids=["tried for three days", "a replay"]
)
async def test_a_replay_of_zettle_s_that_the_inbox_has_forgotten_bears_no_number(
    world: World, days: int, bears: bool
) -> None:
    """It costs a look all the same."""
    connection = await listening(world)
    row = {"productUuid": "p1", "variantUuid": "v1", "locationUuid": "l1"}
    payload = {
        "balanceBefore": [{**row, "balance": "4"}],
        "balanceAfter": [{**row, "balance": "3"}],
    }
    body, signature = reported("InventoryBalanceChanged", payload)
    world.clock.move(days * 24 * 3600)

    answer = await post_zettle(world, connection.hook_key, body, signature)

    async with world.database.transaction() as tx:
        received = await reported_changes.take(tx, connection.id, ["p1"], [])
    assert (200, bears) == (answer.status_code, bool(received.hints[Side.ZETTLE]))
    assert {("stock", "p1", "")} == await marked(world, connection)
