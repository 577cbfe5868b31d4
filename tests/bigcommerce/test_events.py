"""Webhooks: are they for us, and what do they say."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook

from brygga.bigcommerce import events
from brygga.bigcommerce.events import Change

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
CLIENT_SECRET = "client-secret-of-the-app"
BODY = b'{"scope":"store/product/updated"}'


def signed(
    body: bytes = BODY, at: datetime = NOW, key: str = CLIENT_SECRET, secret: str = "ours"
) -> dict[str, str]:
    stamp = str(int(at.timestamp()))
    mac = hmac.new(key.encode(), f"id1.{stamp}.".encode() + body, hashlib.sha256).digest()
    return {
        "x-brygga-secret": secret,
        "Webhook-Id": "id1",
        "Webhook-Timestamp": stamp,
        "Webhook-Signature": "v1a,AAAA v1,!! v1," + base64.b64encode(mac).decode(),
    }


def test_a_delivery_bears_our_secret_and_may_be_signed() -> None:
    unsigned = {"X-Brygga-Secret": "ours"}

    assert events.bears_secret(unsigned, "ours")
    assert events.is_signed(unsigned, BODY, CLIENT_SECRET, NOW) is None
    assert events.bears_secret(signed(), "ours")
    assert events.is_signed(signed(), BODY, CLIENT_SECRET, NOW)


def test_the_standards_own_library_signs_what_verifies() -> None:
    key = base64.b64encode(CLIENT_SECRET.encode()).decode()
    headers = {**signed(), "Webhook-Signature": Webhook(key).sign("id1", NOW, BODY.decode())}

    assert events.is_signed(headers, BODY, CLIENT_SECRET, NOW)


@pytest.mark.parametrize(
    "headers", [{}, {"X-Brygga-Secret": "theirs"}, {"X-Brygga-Secret": ""}, signed(secret="theirs")]
)
def test_another_secret_or_none_is_not_ours_however_it_is_signed(headers: dict[str, str]) -> None:
    assert not events.bears_secret(headers, "ours")


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (signed(key="another"), BODY),
        (signed(), BODY + b" "),
        (signed(at=NOW + timedelta(minutes=6)), BODY),
        (signed(at=NOW - timedelta(hours=50)), BODY),
        ({**signed(), "Webhook-Timestamp": "soon"}, BODY),
        ({**signed(), "Webhook-Timestamp": str(int(NOW.timestamp() * 1000))}, BODY),
        ({**signed(), "Webhook-Id": "id2"}, BODY),
        ({**signed(), "Webhook-Signature": ""}, BODY),
        ({**signed(), "Webhook-Signature": "v1a,AAAA"}, BODY),
    ],
)
def test_any_other_signature_does_not_verify(headers: dict[str, str], body: bytes) -> None:
    assert events.is_signed(headers, body, CLIENT_SECRET, NOW) is False


def test_without_a_secret_of_ours_nothing_is_ours() -> None:
    assert not events.bears_secret({"X-Brygga-Secret": ""}, "")


def test_the_last_retry_two_days_later_still_verifies() -> None:
    late = NOW + timedelta(seconds=173_040 + 600)

    assert events.is_signed(signed(), BODY, CLIENT_SECRET, late)


def delivery(scope: str, data: Any, **more: Any) -> bytes:
    outer = {
        "scope": scope,
        "store_id": "1025646",
        "producer": "stores/abc123",
        "created_at": 1714000000,
        "hash": "f00",
    }
    return json.dumps({**outer, "data": data, **more}).encode()


@pytest.mark.parametrize(
    ("scope", "data", "kind", "fields"),
    [
        (
            "store/product/updated",
            {"type": "product", "id": 205},
            events.ProductChanged,
            (205, Change.UPDATED),
        ),
        (
            "store/product/deleted",
            {"type": "product", "id": 205},
            events.ProductChanged,
            (205, Change.DELETED),
        ),
        (
            "store/sku/deleted",
            {"type": "sku", "id": 461, "sku": {"product_id": 206, "variant_id": 509}},
            events.VariantChanged,
            (206, 509, Change.DELETED),
        ),
        (
            "store/product/inventory/updated",
            {
                "type": "product",
                "id": 167,
                "inventory": {"product_id": 167, "method": "absolute", "value": 5},
            },
            events.StockChanged,
            (167, 0, False),
        ),
        (
            "store/product/inventory/order/updated",
            {"type": "product", "id": 167},
            events.StockChanged,
            (167, 0, True),
        ),
        (
            "store/sku/inventory/order/updated",
            {
                "type": "sku",
                "id": 461,
                "inventory": {
                    "product_id": 206,
                    "method": "relative",
                    "value": -1,
                    "variant_id": 509,
                },
            },
            events.StockChanged,
            (206, 509, True),
        ),
        (
            "store/channel/1/inventory/product/stock_changed",
            {"variant_id": 127, "product_id": 113, "location_id": 2},
            events.StockChanged,
            (113, 127, False),
        ),
        ("store/order/created", {"type": "order", "id": 250}, events.OrderChanged, (250, None)),
        (
            "store/order/statusUpdated",
            {"type": "order", "id": 250, "status": {"previous_status_id": 0, "new_status_id": 5}},
            events.OrderChanged,
            (250, 5),
        ),
        (
            "store/order/refund/created",
            {"type": "order", "id": 250, "refund": {"refund_id": 3}},
            events.RefundCreated,
            (250, 3),
        ),
        (
            "store/category/deleted",
            {"type": "category", "id": 42},
            events.CategoryChanged,
            (42, Change.DELETED),
        ),
        ("store/information/updated", {"type": "store"}, events.StoreChanged, ()),
        ("store/app/uninstalled", {"type": "store"}, events.Uninstalled, ()),
        (
            "store/hook/deliveryException",
            {"type": "webhook", "id": 123, "error_code": 90001},
            events.DeliveryFailed,
            (123,),
        ),
        ("store/customer/created", {"type": "customer", "id": 1}, events.Ignored, ()),
        ("store/product/metafield/created", {}, events.Ignored, ()),
    ],
)
def test_each_scope_is_read(scope: str, data: Any, kind: type, fields: tuple[Any, ...]) -> None:
    event = events.read(delivery(scope, data))

    values = tuple(
        getattr(event, name) for name in event.__dataclass_fields__ if name != "envelope"
    )
    assert (type(event), values) == (kind, fields)
    assert (event.envelope.store_hash, event.envelope.scope) == ("abc123", scope)


def test_equal_hashes_of_different_scopes_are_no_doubles() -> None:
    first, second = (
        events.read(delivery(scope, {"id": 1})).envelope.key
        for scope in ("store/order/created", "store/order/updated")
    )

    assert first != second
    assert first == events.read(delivery("store/order/created", {"id": 1})).envelope.key


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        delivery("", {}),
        delivery("store/x", {}, producer="abc123"),
        delivery("store/x", {}, producer=None),
    ],
)
def test_what_is_no_delivery_is_malformed(body: bytes) -> None:
    with pytest.raises(events.MalformedError):
        events.read(body)
