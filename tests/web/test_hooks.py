"""Webhooks: verified, remembered and marked before they are answered (invariant 9)."""

import base64
from datetime import UTC, datetime
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.web.conftest import World
from tests.web.webhooks import (
    SECRET,
    counted,
    listening,
    marked,
    post_shop,
    post_zettle,
    reported,
    shop_body,
    signed,
    stamped,
)

from brygga.core.stock import Hint, Side
from brygga.database import (
    connections,
    reported_changes,
    tokens,
    work_items,
)
from brygga.database.tokens import Platform
from brygga.database.work_items import Kind


@pytest.mark.rule("P5")
async def test_a_saved_product_has_a_work_item_before_the_answer(world: World) -> None:
    connection = await listening(world)
    body, signature = reported("ProductUpdated", {"newEntity": {"uuid": "p1"}, "oldEntity": {}})

    answer = await post_zettle(world, connection.hook_key, body, signature)

    assert (200, b"") == (answer.status_code, answer.content)
    assert {("product", "p1", "")} == await marked(world, connection)
    assert [connection.id] == world.jobs.resumed


@pytest.mark.rule("S2")
async def test_a_sale_adds_stock_work_for_its_products(world: World) -> None:
    connection = await listening(world)
    row = {"productUuid": "p1", "variantUuid": "v1", "locationUuid": "l1", "balance": "3"}
    body, signature = reported(
        "InventoryBalanceChanged", {"balanceAfter": [row], "balanceBefore": []}
    )
    await post_zettle(world, connection.hook_key, body, signature)

    assert {("stock", "p1", "")} == await marked(world, connection)


@pytest.mark.rule("S7")
@pytest.mark.parametrize(
    ("of", "kept"),
    [
        (
            {"timestamp": "2026-03-02T11:00:00.500+0000"},
            datetime(2026, 3, 2, 11, 0, 0, 500_000, UTC),
        ),
        ({}, datetime(2026, 3, 2, 12, tzinfo=UTC)),
    ],
    ids=["with its time", "without"],
)
async def test_a_stop_is_kept_with_its_own_time_and_leaves_the_wish_of_our_page(
    world: World, of: dict[str, str], kept: datetime
) -> None:
    connection = await listening(world)
    async with world.database.transaction() as tx:
        await work_items.add(
            tx, connection.id, Kind.TRACKING, "p1", world.clock.now(), detail="off"
        )
    body, signature = reported(
        "InventoryTrackingStopped", {"productUuid": "p1", "changeInformation": of}
    )

    await post_zettle(world, connection.hook_key, body, signature)

    async with world.database.transaction() as tx:
        received = await reported_changes.take(tx, connection.id, ["p1", "p2"], [])
    assert {"p1": [(kept, world.clock.now())]} == received.stops
    assert {("tracking", "p1", "off")} == await marked(world, connection)


@pytest.mark.rule("S2")
async def test_a_sale_is_a_hint_about_its_variant(world: World) -> None:
    """It stands there twice: in the inventory that it left, and in that of what is sold."""
    connection = await listening(world)
    row = {"productUuid": "p1", "variantUuid": "v1", "locationUuid": "l1"}
    rows = {
        "balanceBefore": [{**row, "balance": "3"}],
        "balanceAfter": [{**row, "balance": "2"}, {**row, "locationUuid": "l2", "balance": "1"}],
    }
    body, signature = reported("InventoryBalanceChanged", rows)
    await post_zettle(world, connection.hook_key, body, signature)

    async with world.database.transaction() as tx:
        received = await reported_changes.take(tx, connection.id, ["p1"], [])
    now = world.clock.now()
    assert {"p1": [Hint(now, variant="v1", made=now)]} == received.hints[Side.ZETTLE]


async def test_a_doubled_message_is_received_once(world: World) -> None:
    connection = await listening(world)
    body, signature = reported("ProductUpdated", {"newEntity": {"uuid": "p1"}})

    answers = [
        (await post_zettle(world, connection.hook_key, body, signature)).status_code
        for _ in range(2)
    ]

    assert [200, 200] == answers
    assert [connection.id] == world.jobs.resumed


@pytest.mark.parametrize(("signature", "status"), [("", 401), ("0" * 64, 401), ("å", 401)])
async def test_a_wrong_signature_leaves_nothing(world: World, signature: str, status: int) -> None:
    connection = await listening(world)
    body, _ = reported("ProductDeleted", {"uuid": "p1"})
    headers = [(b"x-izettle-signature", signature.encode()), (b"content-type", b"application/json")]

    answer = await world.browser().http.post(
        f"/hooks/zettle/{connection.hook_key}", content=body, headers=headers
    )

    assert status == answer.status_code
    assert set() == await marked(world, connection)


async def test_a_rightly_signed_message_of_another_account_is_refused(world: World) -> None:
    connection = await listening(world)
    body, signature = reported("ProductDeleted", {"uuid": "p1"}, organization="another")

    assert 401 == (await post_zettle(world, connection.hook_key, body, signature)).status_code


async def test_nobody_s_address_is_404_and_no_message_is_400(world: World) -> None:
    connection = await listening(world)
    body, signature = reported("ProductUpdated", {})

    assert 404 == (await post_zettle(world, "nobody", body, signature)).status_code
    assert 400 == (await post_zettle(world, connection.hook_key, b"{", signature)).status_code
    assert 400 == (await post_shop(world, connection.hook_key, b"[]", SECRET)).status_code
    assert 400 == (await post_shop(world, connection.hook_key, b"[" * 20_000, SECRET)).status_code
    assert 404 == (await post_shop(world, "nobody", b"{}", SECRET)).status_code
    assert 404 == (await post_zettle(world, "a%00b", body, signature)).status_code
    assert 404 == (await post_shop(world, "a%00b", b"{}", SECRET)).status_code


@pytest.mark.parametrize(
    "stamp",
    [
        '"Mon, 99999999999999999999 Jan 2026 00:00:00 GMT"',
        '"9999-12-31T23:59:59-12:00"',
        "1E+9999999",
        "9" * 4000,
    ],
    ids=["no such day", "after the last day", "no such second", "too many digits"],
)
async def test_a_time_that_no_calendar_has_is_refused_as_an_unsigned_message_is(
    world: World, stamp: str
) -> None:
    connection = await listening(world)
    body, _ = reported("InventoryTrackingStopped", {"productUuid": "p1"})
    till = body.replace(b'"2026-03-02T12:00:00.000Z"', stamp.encode())
    shop = shop_body("store/product/updated", {"type": "product", "id": 7})
    shop = shop.replace(b"1772452800", stamp.encode())

    assert stamp.encode() in till
    assert stamp.encode() in shop
    assert 401 == (await post_zettle(world, connection.hook_key, till, "")).status_code
    assert 401 == (await post_shop(world, connection.hook_key, shop, "another secret")).status_code
    assert set() == await marked(world, connection)


async def test_a_test_message_needs_no_key_and_does_nothing(world: World) -> None:
    connection = await listening(world)
    body, _ = reported("TestMessage", {"data": "payload"})

    assert 200 == (await post_zettle(world, connection.hook_key, body, "")).status_code
    assert set() == await marked(world, connection)


async def test_a_body_beyond_the_limit_is_not_read(world: World) -> None:
    connection = await listening(world)

    assert 413 == (await post_zettle(world, connection.hook_key, b"x" * 1_000_001, "")).status_code


@pytest.mark.rule("D3")
async def test_access_removed_in_zettle_is_asked_about_first(world: World) -> None:
    """What Zettle then says is believed: tests/rules/test_disconnect.py."""
    connection = await listening(world)
    body, signature = reported(
        "ApplicationConnectionRemoved", {"type": "ApplicationConnectionRemoved"}
    )
    await post_zettle(world, connection.hook_key, body, signature)

    async with world.database.read() as tx:
        found = await connections.by_id(tx, connection.id)
        token = await tokens.get(tx, connection.id, Platform.ZETTLE)
    assert found is not None
    assert token is not None
    assert ("", None) == (found.paused, token.revoked_at)
    assert {("account", "", "removed")} == await marked(world, connection)


@pytest.mark.rule("D3")
async def test_a_goodbye_from_before_the_present_access_ends_nothing(world: World) -> None:
    """It may come hours late: Zettle tries for three days (zettle facts 4.5)."""
    connection = await listening(world)
    world.clock.move(3600)
    async with world.database.transaction() as tx:
        await tokens.save(
            tx, connection.id, Platform.ZETTLE, tokens.Token("anew", world.clock.now(), "refresh")
        )
    body, signature = reported(
        "ApplicationConnectionRemoved", {"type": "ApplicationConnectionRemoved"}
    )

    answer = await post_zettle(world, connection.hook_key, body, signature)

    async with world.database.read() as tx:
        found = await connections.by_id(tx, connection.id)
        token = await tokens.get(tx, connection.id, Platform.ZETTLE)
    assert 200 == answer.status_code
    assert found is not None
    assert token is not None
    assert ("", None) == (found.paused, token.revoked_at)


@pytest.mark.rule("S3")
@pytest.mark.parametrize(
    ("scope", "data", "expected"),
    [
        (
            "store/product/inventory/order/updated",
            {"type": "product", "id": 7, "inventory": {"product_id": 7}},
            ("shop_stock", "7", ""),
        ),
        ("store/product/updated", {"type": "product", "id": 7}, ("shop_product", "7", "")),
        ("store/product/deleted", {"type": "product", "id": 7}, ("shop_product", "7", "deleted")),
        ("store/information/updated", {"type": "store"}, ("account", "", "")),
    ],
)
async def test_the_stores_hooks_add_their_work_items(
    world: World, scope: str, data: dict[str, Any], expected: tuple[str, str, str]
) -> None:
    connection = await listening(world)

    answer = await post_shop(world, connection.hook_key, shop_body(scope, data), SECRET)

    assert 200 == answer.status_code
    assert {expected} == await marked(world, connection)


@pytest.mark.rule("P7")
@pytest.mark.parametrize("id_", [2**63, 10**25, str(2**64)])
@pytest.mark.parametrize(
    ("scope", "reported_about"),
    [
        ("product/inventory/updated", "product"),
        ("sku/inventory/order/updated", "variant"),
        ("product/updated", "product"),
        ("product/deleted", "product"),
        ("sku/deleted", "variant"),
    ],
)
async def test_an_id_that_no_store_can_have_is_answered_and_forgotten(
    world: World, scope: str, reported_about: str, id_: int | str
) -> None:
    connection = await listening(world)
    named = {"product_id": id_, "variant_id": id_}
    data = {
        "type": reported_about,
        "id": id_,
        "inventory": {**named, "method": "absolute", "value": 5},
        "sku": named,
    }

    answer = await post_shop(world, connection.hook_key, shop_body(f"store/{scope}", data), SECRET)

    assert 200 == answer.status_code
    assert set() == await marked(world, connection)


@pytest.mark.parametrize("value", [10**16, -(10**28), "9" * 40])
async def test_a_hint_bears_no_number_that_no_record_can_have(
    world: World, value: int | str
) -> None:
    connection = await listening(world)
    inventory = {"product_id": 7, "variant_id": 10**25, "method": "relative", "value": value}
    body = shop_body(
        "store/sku/inventory/updated", {"type": "sku", "id": 9, "inventory": inventory}
    )

    await post_shop(world, connection.hook_key, body, SECRET)

    async with world.database.transaction() as tx:
        received = await reported_changes.take(tx, connection.id, [], ["7"])
    assert [""] == [hint.variant for hint in received.hints[Side.SHOP]["7"]]


async def test_a_wrong_secret_or_another_store_is_refused(world: World) -> None:
    connection = await listening(world)
    body = shop_body("store/product/updated", {"id": 7})

    assert 401 == (await post_shop(world, connection.hook_key, body, "wrong")).status_code
    other = shop_body("store/product/updated", {"id": 7}, store="other")
    assert 401 == (await post_shop(world, connection.hook_key, other, SECRET)).status_code
    assert set() == await marked(world, connection)


# ---- What did not verify, was refused, or went astray --------------------------------------------


@pytest.mark.rule("S3")
@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(
            {"webhook-signature": "v1," + base64.b64encode(b"x" * 32).decode()}, id="another key"
        ),
        pytest.param({"webhook-signature": "v1a,AAAA"}, id="another version"),
        pytest.param({"webhook-timestamp": "1772452800000"}, id="milliseconds"),
        pytest.param({"webhook-timestamp": "1700000000"}, id="an old time"),
        pytest.param({"webhook-timestamp": ""}, id="no time"),
    ],
)
async def test_a_right_secret_is_enough_and_an_odd_signature_is_counted_and_told_once(
    world: World, changes: dict[str, str]
) -> None:
    connection = await listening(world)
    with capture_logs() as logs:
        for number, what in ((7, "updated"), (8, "deleted")):
            body = shop_body(f"store/product/{what}", {"type": "product", "id": number})
            answer = await post_shop(
                world, connection.hook_key, body, SECRET, stamped(world, body, **changes)
            )
            assert 200 == answer.status_code

    assert {("shop_product", "7", ""), ("shop_product", "8", "deleted")} == await marked(
        world, connection
    )
    assert {(connection.id, "bigcommerce", "unverified"): 2} == await counted(world)
    assert [connection.id] == [
        line["connection"] for line in logs if "does not verify" in line["event"]
    ]
    metrics = await world.browser().open("/metrics")
    assert 'brygga_webhooks_unverified_total{platform="bigcommerce"} 2.0' in metrics.text


@pytest.mark.parametrize("secret", ["", "theirs"])
async def test_a_right_signature_without_our_secret_is_refused(world: World, secret: str) -> None:
    connection = await listening(world)
    body = shop_body("store/product/updated", {"type": "product", "id": 7})

    answer = await post_shop(world, connection.hook_key, body, secret, signed(world, body, "m1"))

    assert 401 == answer.status_code
    assert {(connection.id, "bigcommerce", "refused"): 1} == await counted(world)


async def test_refused_webhooks_of_either_platform_become_an_alarm(world: World) -> None:
    connection = await listening(world)
    body, _ = reported("ProductDeleted", {"uuid": "p1"})
    for _ in range(5):
        await post_zettle(world, connection.hook_key, body, "0" * 64)

    metrics = await world.browser().open("/metrics")

    assert "brygga_connections_webhooks_failing 1.0" in metrics.text
    assert "brygga_webhooks_failed_day 5.0" in metrics.text


async def test_genuine_webhooks_to_a_wrong_address_are_counted_forged_ones_not(
    world: World,
) -> None:
    connection = await listening(world)
    body, signature = reported("ProductUpdated", {"newEntity": {"uuid": "p1"}})
    shop = shop_body("store/product/updated", {"type": "product", "id": 7})

    for key, secret in ((signature, SECRET), ("0" * 64, "theirs")):
        assert 404 == (await post_zettle(world, "lost", body, key)).status_code
        assert 404 == (await post_shop(world, "lost", shop, secret)).status_code

    assert {
        (connection.id, "zettle", "astray"): 1,
        (connection.id, "bigcommerce", "astray"): 1,
    } == await counted(world)
