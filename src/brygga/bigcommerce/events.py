"""Webhooks of BigCommerce: verifies that they are for us, and reads them (bigcommerce facts 6).

An event only says what to read again. Levels in it are never used for calculations, and our own
writes cause the same events.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from brygga.bigcommerce.oauth import store_hash_of
from brygga.wire.reading import decode, identifier, moment, record, text, whole, within

SECRET_HEADER = "X-Brygga-Secret"  # noqa: S105 (the name of a header)
"""Our own header in every hook that we create. Its value is unguessable, one for each store."""
OLDEST = timedelta(hours=49)
"""The greatest age of a delivery that counts as evidence.

The library's usual five minutes would fail every retry that still has its first timestamp, and
retries go on for 48 hours and 4 minutes (bigcommerce facts 6.4). A replay is a duplicate event,
which the inbox recognises for longer than this. An even older one only costs a read.
"""
OFFSET = timedelta(minutes=5)


class MalformedError(ValueError):
    """The body is not a delivery of BigCommerce."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What every delivery carries.

    `key` is for removing duplicates: equal data can share a hash over scopes (bigcommerce facts
    6.2). Two equal changes within one second share it too, and count as one event.
    """

    key: str
    store_hash: str
    scope: str
    at: datetime | None = None


class Change(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class ProductChanged:
    envelope: Envelope
    product_id: int
    change: Change


@dataclass(frozen=True, slots=True)
class VariantChanged:
    envelope: Envelope
    product_id: int
    variant_id: int
    change: Change


@dataclass(frozen=True, slots=True)
class StockChanged:
    """Stock of a product, or of one of its variants, may have moved. `by_order` only explains it.

    `variant_id` 0: the product's own.
    """

    envelope: Envelope
    product_id: int
    variant_id: int = 0
    by_order: bool = False


@dataclass(frozen=True, slots=True)
class OrderChanged:
    """`status_id` is None when the event does not contain it."""

    envelope: Envelope
    order_id: int
    status_id: int | None = None


@dataclass(frozen=True, slots=True)
class RefundCreated:
    envelope: Envelope
    order_id: int
    refund_id: int


@dataclass(frozen=True, slots=True)
class CategoryChanged:
    envelope: Envelope
    category_id: int
    change: Change


@dataclass(frozen=True, slots=True)
class StoreChanged:
    """Currency, units, tax entry or plan may have changed."""

    envelope: Envelope


@dataclass(frozen=True, slots=True)
class Uninstalled:
    envelope: Envelope


@dataclass(frozen=True, slots=True)
class DeliveryFailed:
    """BigCommerce could not deliver: the hooks must be checked."""

    envelope: Envelope
    hook_id: int


@dataclass(frozen=True, slots=True)
class Ignored:
    """A scope that we do not act on. The answer is still 200."""

    envelope: Envelope


ShopEvent = (
    ProductChanged
    | VariantChanged
    | StockChanged
    | OrderChanged
    | RefundCreated
    | CategoryChanged
    | StoreChanged
    | Uninstalled
    | DeliveryFailed
    | Ignored
)


def bears_secret(headers: Mapping[str, str], secret: str) -> bool:
    """Whether the delivery has this secret of ours, which every hook of ours sends. The secret is
    enough.
    """
    given = _lowered(headers).get(SECRET_HEADER.lower(), "")
    return bool(secret) and hmac.compare_digest(given.encode(), secret.encode())


def is_signed(
    headers: Mapping[str, str], body: bytes, client_secret: str, now: datetime
) -> bool | None:
    """Whether its Standard Webhooks signature is right; None when it has none (bigcommerce facts
    6.5).

    Only one page of the documents describes it, and nobody has seen a live one. A signature that
    does not verify is counted and reported to the operator, and nothing is refused. A signature
    older than 49 hours, or from the future, does not verify.
    """
    lowered = _lowered(headers)
    return _verifies(lowered, body, client_secret, now) if "webhook-signature" in lowered else None


def _lowered(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _verifies(headers: Mapping[str, str], body: bytes, client_secret: str, now: datetime) -> bool:
    stamp = headers.get("webhook-timestamp", "")
    sent = moment(int(stamp)) if stamp.isascii() and stamp.isdigit() and len(stamp) < 12 else None
    if not client_secret or sent is None or not now - OLDEST <= sent <= now + OFFSET:
        return False
    message = f"{headers.get('webhook-id', '')}.{stamp}.".encode() + body
    wanted = hmac.new(client_secret.encode(), message, hashlib.sha256).digest()
    signatures = [_digest(one) for one in headers["webhook-signature"].split()]
    return any(hmac.compare_digest(wanted, one) for one in signatures)


def _digest(signature: str) -> bytes:
    version, _, encoded = signature.partition(",")
    try:
        return base64.b64decode(encoded, validate=True) if version == "v1" else b""
    except (binascii.Error, ValueError):
        return b""


def read(body: bytes) -> ShopEvent:
    """The delivery as one of the events. Raises MalformedError for anything else."""
    try:
        outer = record(decode(body))
    except ValueError as error:
        raise MalformedError(str(error)) from None
    scope, store_hash = text(outer.get("scope")), store_hash_of(text(outer.get("producer")))
    if not scope or not store_hash:
        raise MalformedError("no scope or no producer")
    key = ":".join((scope, text(outer.get("hash")), text(outer.get("created_at"))))
    envelope = Envelope(key, store_hash, scope, moment(outer.get("created_at")))
    return _event(envelope, scope.split("/")[1:], record(outer.get("data")))


def _event(envelope: Envelope, scope: list[str], data: Mapping[str, Any]) -> ShopEvent:
    match scope:
        case ["product" | "sku", "inventory", *rest]:
            return _stock_changed(envelope, data, by_order="order" in rest)
        case ["channel", _, "inventory", "product", "stock_changed"]:
            return _stock_changed(envelope, {"inventory": data}, by_order=False)
        case ["product", "created" | "updated" | "deleted" as change]:
            return ProductChanged(envelope, identifier(data.get("id")), Change(change))
        case ["sku", "created" | "updated" | "deleted" as change]:
            product_id, variant_id = (
                within(data, "sku", "product_id"),
                within(data, "sku", "variant_id"),
            )
            return VariantChanged(
                envelope, identifier(product_id), identifier(variant_id), Change(change)
            )
        case ["category", "created" | "updated" | "deleted" as change]:
            return CategoryChanged(envelope, identifier(data.get("id")), Change(change))
        case _:
            reader = READERS.get("/".join(scope))
            return reader(envelope, data) if reader else Ignored(envelope)


def _stock_changed(envelope: Envelope, data: Mapping[str, Any], *, by_order: bool) -> StockChanged:
    inventory = record(data.get("inventory"))
    # A product's event names the product twice. A SKU's own id is neither the product's nor the
    # variant's (bigcommerce facts 3.7).
    product_id = identifier(inventory.get("product_id")) or (
        identifier(data.get("id")) if text(data.get("type")) == "product" else 0
    )
    return StockChanged(envelope, product_id, identifier(inventory.get("variant_id")), by_order)


def _refund_created(envelope: Envelope, data: Mapping[str, Any]) -> ShopEvent:
    return RefundCreated(
        envelope, identifier(data.get("id")), identifier(within(data, "refund", "refund_id"))
    )


READERS: Mapping[str, Callable[[Envelope, Mapping[str, Any]], ShopEvent]] = {
    "order/created": lambda envelope, data: OrderChanged(envelope, identifier(data.get("id"))),
    "order/updated": lambda envelope, data: OrderChanged(envelope, identifier(data.get("id"))),
    "order/archived": lambda envelope, data: OrderChanged(envelope, identifier(data.get("id"))),
    "order/statusUpdated": lambda envelope, data: OrderChanged(
        envelope, identifier(data.get("id")), whole(within(data, "status", "new_status_id"))
    ),
    "order/refund/created": _refund_created,
    "information/updated": lambda envelope, _: StoreChanged(envelope),
    "app/uninstalled": lambda envelope, _: Uninstalled(envelope),
    "hook/deliveryException": lambda envelope, data: DeliveryFailed(
        envelope, identifier(data.get("id"))
    ),
}
