"""Orders as the API lists and shows them (bigcommerce facts 8)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from brygga_sandbox.http import Request
from brygga_sandbox.numerals import signed

from .orders import SHIPPED, STATUSES, Line, Order, Refund, Shipment
from .refusal import Json, Refusal
from .state import Store, stamp

MANUAL = "Manual"
"""The payment method of an order that names none."""


def moment_of(text: str) -> float:
    """A time in a filter: ISO 8601 or RFC 2822."""
    for reader in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            found = reader(
                text.replace(" ", "+") if reader is datetime.fromisoformat and "T" in text else text
            )
        except (ValueError, TypeError):
            continue
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    raise Refusal(400, "The date is not valid", {})


def count_of(text: str) -> int:
    """A whole number in a filter."""
    found = signed(text)
    if found is None:
        raise ValueError(text)
    return found


def amount_of(text: str) -> Decimal:
    """An amount in a filter."""
    found = Decimal(text)
    if not found.is_finite():
        raise ValueError(text)
    return found


def flag_of(text: str) -> bool:
    """True or false in a filter."""
    return {"true": True, "false": False}[text.lower()]


Test = Callable[[Order, Any], bool]
_TESTS: dict[str, tuple[Callable[[str], Any], Test]] = {
    "min_id": (count_of, lambda order, low: order.id >= low),
    "max_id": (count_of, lambda order, high: order.id <= high),
    "status_id": (count_of, lambda order, status: order.status == status),
    "channel_id": (count_of, lambda order, channel: order.channel_id == channel),
    "customer_id": (count_of, lambda order, customer: order.customer_id == customer),
    "email": (str, lambda order, email: order.billing.get("email") == email),
    "payment_method": (
        str,
        lambda order, method: order.reported.get("payment_method", MANUAL) == method,
    ),
    "external_order_id": (str, lambda order, own: order.reported.get("external_order_id") == own),
    "cart_id": (str, lambda order, cart: False),
    "min_total": (amount_of, lambda order, low: total(order) >= low),
    "max_total": (amount_of, lambda order, high: total(order) <= high),
    "min_date_created": (moment_of, lambda order, at: int(order.created) >= at),
    "max_date_created": (moment_of, lambda order, at: int(order.created) <= at),
    "min_date_modified": (moment_of, lambda order, at: int(order.modified) >= at),
    "max_date_modified": (moment_of, lambda order, at: int(order.modified) <= at),
    "is_deleted": (flag_of, lambda order, deleted: order.archived is deleted),
}
_SORTS: dict[str, Callable[[Order], Any]] = {
    "id": lambda order: order.id,
    "customer_id": lambda order: (order.customer_id, order.id),
    "date_created": lambda order: (order.created, order.id),
    "date_modified": lambda order: (order.modified, order.id),
    "status_id": lambda order: (order.status, order.id),
    "channel_id": lambda order: (order.channel_id, order.id),
    "external_id": lambda order: order.id,
}
"""No order has an external id here: the field is read-only, and other channels set it."""


def selected(store: Store, request: Request) -> list[Order]:
    """The orders that a v2 request selects, in its order. Archived orders only on request."""
    rows: list[Order] = list(store.orders.values())
    if request.value("is_deleted") is None:
        rows = [order for order in rows if not order.archived]
    for name, text in request.query:
        if name in _TESTS:
            read, test = _TESTS[name]
            try:
                wanted = read(text)
            except (ValueError, ArithmeticError, LookupError) as wrong:
                raise Refusal(400, f"The field '{name}' is invalid.", {"field": name}) from wrong
            rows = [order for order in rows if test(order, wanted)]
    sort, _, direction = (request.value("sort") or "id:asc").partition(":")
    if sort not in _SORTS or direction not in {"", "asc", "desc"}:
        raise Refusal(400, "The field 'sort' is invalid.", {"field": "sort"})
    return sorted(rows, key=_SORTS[sort], reverse=direction == "desc")


def money(amount: Any) -> str:
    """Money as v2 writes it."""
    return f"{Decimal(str(amount)):.4f}"


def when(moment: float) -> str:
    """A time as v2 writes it: RFC 2822."""
    return format_datetime(datetime.fromtimestamp(int(moment), UTC))


def total(order: Order) -> Decimal:
    """The total of the order."""
    return sum((Decimal(str(one.price)) * one.quantity for one in order.lines), Decimal(0))


def order_json(store: Store, order: Order, base: str) -> Json:
    """An order as v2 shows it."""
    amount, currency = money(total(order)), store.settings.currency
    return {
        "id": order.id, "customer_id": order.customer_id, "date_created": when(order.created),
        "date_modified": when(order.modified),
        "date_shipped": when(order.modified) if order.status == SHIPPED else "",
        "status_id": order.status, "status": STATUSES[order.status],
        "custom_status": STATUSES[order.status], "subtotal_inc_tax": amount,
        "total_inc_tax": amount, "total_ex_tax": amount,
        "items_total": sum(one.quantity for one in order.lines),
        "items_shipped": sum(one.quantity_shipped for one in order.lines),
        "refunded_amount": money(order.refunded), "currency_code": currency,
        "default_currency_code": currency, "payment_method": MANUAL, "payment_status": "",
        "order_source": order.source, "external_source": None, "external_id": None,
        "channel_id": order.channel_id, "is_deleted": order.archived, "staff_notes": "",
        "customer_message": "", **order.reported, "billing_address": order.billing,
        "shipping_address_count": len(order.addresses),
        **{name: link(order, name, base) for name in ("products", "shipping_addresses", "coupons")},
    }  # fmt: skip


def link(order: Order, name: str, base: str) -> Json:
    """The address at which a part of an order is read."""
    resource = f"/orders/{order.id}/{name}"
    return {"url": f"{base}{resource}", "resource": resource}


def address_json(order: Order, address: Json, base: str) -> Json:
    """A delivery address of an order, as v2 shows it."""
    nothing = money(0)
    costs = ("base_cost", "cost_ex_tax", "cost_inc_tax", "cost_tax", "base_handling_cost",
             "handling_cost_ex_tax", "handling_cost_inc_tax", "handling_cost_tax")  # fmt: skip
    return {
        **address, "order_id": order.id, "items_total": sum(one.quantity for one in order.lines),
        "items_shipped": sum(one.quantity_shipped for one in order.lines),
        **dict.fromkeys(costs, nothing), "cost_tax_class_id": 0, "handling_cost_tax_class_id": 0,
        "shipping_zone_id": 0, "shipping_zone_name": "", "form_fields": [],
        "shipping_method": address.get("shipping_method", ""),
        "shipping_quotes": link(order, f"shipping_addresses/{address['id']}/shipping_quotes", base),
    }  # fmt: skip


def shipment_json(order: Order, made: Shipment) -> Json:
    """A parcel as v2 shows it."""
    address = next((one for one in order.addresses if one["id"] == made.address_id), {})
    rows = [
        {"order_product_id": line, "product_id": product, "quantity": quantity}
        for line, product, quantity in made.items
    ]
    return {
        "id": made.id, "order_id": order.id, "customer_id": order.customer_id,
        "order_address_id": made.address_id, "date_created": when(made.created),
        "tracking_number": "", "merchant_shipping_cost": money(0), "shipping_method": "",
        "shipping_provider": "", "tracking_carrier": "", "tracking_link": "", "comments": "",
        **made.reported, "billing_address": order.billing,
        "shipping_address": {
            name: text for name, text in address.items() if name not in {"id", "shipping_method"}
        },
        "items": rows, "shipping_provider_display_name": "", "generated_tracking_link": "",
    }  # fmt: skip


def line_json(order: Order, one: Line) -> Json:
    """One line of an order as v2 shows it."""
    options = [
        {"id": each["id"], "option_id": each["option_id"],
        "display_name": each["option_display_name"],
         "display_value": each["label"], "value": str(each["id"])}
        for each in one.options
    ]  # fmt: skip
    price = money(one.price)
    return {
        "id": one.id, "order_id": order.id, "product_id": one.product_id,
        "variant_id": one.variant_id, "sku": one.sku,
        "name": one.name, "type": "physical", "quantity": one.quantity,
        "quantity_shipped": one.quantity_shipped,
        "quantity_refunded": one.quantity_refunded,
        "is_refunded": one.quantity_refunded == one.quantity, "upc": "",
        "base_price": price, "price_inc_tax": price, "price_ex_tax": price,
        "total_inc_tax": money(Decimal(str(one.price)) * one.quantity), "product_options": options,
        "parent_order_product_id": None, "is_bundled_product": False,
        "order_address_id": order.addresses[0]["id"] if order.addresses else 0,
    }  # fmt: skip


def refund_json(made: Refund, order: Order) -> Json:
    """A refund as v3 shows it."""
    prices = {one.id: Decimal(str(one.price)) for one in order.lines}
    items = [
        {
            "item_type": "PRODUCT",
            "item_id": key,
            "quantity": count,
            "requested_amount": prices[key] * count,
        }
        for key, count in made.items
    ]
    return {
        "id": made.id, "order_id": order.id, "user_id": 0, "created": stamp(made.created),
        "reason": made.reason,
        "total_amount": made.amount, "total_tax": 0, "uses_merchant_override_values": False,
        "items": items,
        "payments": [{"provider_id": "custom", "amount": made.amount, "offline": True,
        "is_declined": False}],
    }  # fmt: skip
