"""Records apps that write what belongs to the merchant after a product is created: category,
visibility, tax class and channels.

Nothing is refused here. Every request of an app that carries such a field again is recorded, and a
test can read the record.
"""

from __future__ import annotations

from typing import Any

from .door import Call
from .state import Product, Violation

FIELDS = ("categories", "is_visible", "tax_class_id")


def record(call: Call, kind: str, product_id: int, body: Any) -> None:
    """Record a request that carried a merchant's own field."""
    request = call.request
    call.store.violations.append(
        Violation(kind, product_id, call.client, request.method, request.path, body)
    )


def watch_create(call: Call, body: Any) -> None:
    """A tax class belongs to the merchant even when the product is created."""
    if isinstance(body, dict) and "tax_class_id" in body:
        record(call, "tax_class_id", 0, body)


def watch_product(call: Call, product: Product, body: Any) -> None:
    """A change of a product that carries birth-only fields."""
    for field in FIELDS:
        if isinstance(body, dict) and field in body:
            record(call, field, product.id, body)


def watch_category_link(call: Call, product_id: Any, body: Any) -> None:
    """An app adds a product to a category, or removes it from one."""
    if product_id in call.store.products:
        record(call, "categories", product_id, body)


def watch_channel_link(call: Call, product_id: Any, channel_id: Any, body: Any) -> None:
    """The first assignment belongs to the creation of the product, and so do its repetitions until
    one of them is answered. Later assignments do not.
    """
    if product_id not in call.store.products:
        return
    key = (product_id, channel_id)
    if key in call.store.channels_at_create or call.request.method == "DELETE":
        record(call, "channel_assignment", product_id, body)
    else:
        call.acknowledged.append(lambda: call.store.channels_at_create.add(key))
