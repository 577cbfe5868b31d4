"""What an app writes about orders: reads the bodies and applies them (bigcommerce facts 8)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from . import order_edits, orders
from .order_views import moment_of
from .orders import Extra, Order, Shipment, Wish
from .refusal import Json, Refusal
from .shapes import ORDER_TEXTS
from .state import Product, Store, Variant, by_id

UNSETTLED = frozenset({orders.PENDING, orders.AWAITING_PAYMENT})
"""Edits through the API adjust stock until an order reaches Awaiting Fulfillment (bigcommerce facts
8).
"""
_LONG = {"staff_notes": 65_535, "ip_address": 30, "ip_address_v6": 39}
_OPEN_ADDRESS = ("id", "form_fields")


def wrong(name: str) -> Refusal:
    """400 for a value that a field does not accept, in the form of v2."""
    return Refusal(400, f"The field '{name}' is invalid.", {"field": name})


def lacking(name: str) -> Refusal:
    """400 for a missing required field."""
    return Refusal(400, f"The required field '{name}' was not supplied.", {"field": name})


def object_of(body: Any) -> Json:
    """A JSON object, or 400."""
    if not isinstance(body, dict):
        raise Refusal(400, "Input is invalid")
    return body


def whole_of(row: Json, name: str, low: int = 0) -> int | None:
    """The whole number under a name. None if it is absent."""
    value = row.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < low:
        raise wrong(name)
    return value


def create(store: Store, body: Any) -> Order:
    """POST /v2/orders. Products and a billing address are required. The default status is
    Pending.
    """
    order = object_of(body)
    rows = lines_of(order)
    if order.get("billing_address") is None:
        raise lacking("billing_address")
    billing = address_of(order["billing_address"], "billing_address")
    if not billing.get("zip"):
        raise lacking("billing_address.zip")
    addresses = [
        address_of(row, "shipping_addresses") for row in list_of(order, "shipping_addresses")
    ]
    status, reported = status_of(order, orders.PENDING), texts_of(order)
    channel = channel_of(store, order)
    source = order.get("order_source", "external")
    if not isinstance(source, str):
        raise wrong("order_source")
    wishes, extras, prices = wanted_lines(store, rows)
    customer, created = customer_of(order), created_of(order)

    made = orders.place(store, wishes, extras=extras, source=source, incomplete=True)
    made.moves_stock = store.switches.api_order == "takes"
    made.billing, made.reported, made.customer_id = billing, reported, customer or 0
    made.addresses = [{"id": store.ids.next("address"), **row} for row in addresses]
    made.channel_id = channel or made.channel_id
    made.created = created or made.created
    for line, price in zip(made.lines, prices, strict=False):
        line.price = line.price if price is None else price
    if status != orders.INCOMPLETE:
        order_edits.set_status(store, made, status)
    return made


def lines_of(order: Json) -> list[Json]:
    """The lines of a new order: its products, or those of its one pickup. A body with both is
    refused.
    """
    if "consignments" not in order:
        rows = list_of(order, "products")
        if not rows:
            raise lacking("products")
        return rows
    if "products" in order or "shipping_addresses" in order:
        raise wrong("consignments")
    given = order["consignments"]
    pickups = list_of(given, "pickups") if isinstance(given, dict) else []
    if len(pickups) != 1 or whole_of(pickups[0], "pickup_method_id") is None:
        raise wrong("consignments")
    rows = list_of(pickups[0], "line_items")
    if not rows:
        raise lacking("line_items")
    return rows


def list_of(holder: Json, name: str) -> list[Json]:
    """A list of objects. Empty if it is absent."""
    rows = holder.get(name, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise wrong(name)
    return rows


def address_of(value: Any, name: str) -> Json:
    """An address. All its fields are texts."""
    if not isinstance(value, dict):
        raise wrong(name)
    for field, text in value.items():
        if field not in _OPEN_ADDRESS and not isinstance(text, str):
            raise wrong(f"{name}.{field}")
    return {field: text for field, text in value.items() if field not in _OPEN_ADDRESS}


def texts_of(order: Json) -> Json:
    """The details of an order that an app sets."""
    reported = {name: order[name] for name in ORDER_TEXTS if order.get(name) is not None}
    for name, value in reported.items():
        if not isinstance(value, str) or len(value) > _LONG.get(name, 10_000):
            raise wrong(name)
    return reported


def status_of(order: Json, default: int) -> int:
    """The requested status."""
    status = whole_of(order, "status_id")
    if status is not None and status >= len(orders.STATUSES):
        raise wrong("status_id")
    return default if status is None else status


def channel_of(store: Store, order: Json) -> int | None:
    """The requested channel. The store must have it."""
    channel = whole_of(order, "channel_id", 1)
    if channel is not None and channel not in store.channels:
        raise wrong("channel_id")
    return channel


def created_of(order: Json) -> float | None:
    """The original date of an order that is imported from elsewhere."""
    text = order.get("date_created")
    if text is None:
        return None
    if not isinstance(text, str):
        raise wrong("date_created")
    return moment_of(text)


def customer_of(order: Json) -> int | None:
    """The customer of an order. 0 is a guest."""
    return whole_of(order, "customer_id")


Wanted = tuple[list[Wish], list[Extra], list[Decimal | None]]


def wanted_lines(store: Store, rows: list[Json]) -> Wanted:
    """Catalogue lines, custom lines, and the prices given for the catalogue lines."""
    wishes: list[Wish] = []
    extras: list[Extra] = []
    prices: list[Decimal | None] = []
    for row in rows:
        quantity = whole_of(row, "quantity", 1)
        price = price_of(row)
        if row.get("product_id"):
            wishes.append((*item_of(store, row), 1 if quantity is None else quantity))
            prices.append(price)
            continue
        for name in ("name", "quantity", "price_inc_tax", "price_ex_tax"):
            if row.get(name) is None:
                raise lacking(name)
        if not isinstance(row["name"], str) or not 1 <= len(row["name"]) <= 250:
            raise wrong("name")
        assert price is not None
        assert quantity is not None
        extras.append(Extra(row["name"], price, quantity))
    return wishes, extras, prices


def price_of(row: Json) -> Decimal | None:
    """The price of a line, if one is given: a number from 0, with tax and without."""
    found = None
    for name in ("price_ex_tax", "price_inc_tax"):
        value = row.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            raise wrong(name)
        number = Decimal(str(value))
        if not number.is_finite() or number < 0:
            raise wrong(name)
        found = number
    return found


def item_of(store: Store, row: Json) -> tuple[Product, Variant]:
    """The product of a line, and its variant if the product has options."""
    product: Product | None = by_id(store.products, row["product_id"])
    if product is None:
        raise wrong("product_id")
    if row.get("variant_id") is not None:
        variant = next((one for one in product.variants if one.id == row["variant_id"]), None)
        if variant is None:
            raise wrong("variant_id")
        return product, variant
    if product.simple:
        return product, product.variants[0]
    chosen = chosen_of(list_of(row, "product_options"))
    found = next((one for one in product.variants if set(one.values) == chosen), None)
    if found is None:
        raise wrong("product_options")
    return product, found


def chosen_of(rows: list[Json]) -> set[tuple[int, int]]:
    """(option id, value id) pairs. The body writes the value as a text."""
    pairs = [(row.get("id"), row.get("value")) for row in rows]
    if not all(isinstance(key, int) and str(value).isdigit() for key, value in pairs):
        raise wrong("product_options")
    return {(int(str(key)), int(str(value))) for key, value in pairs}


def change(store: Store, order: Order, body: Any) -> None:
    """PUT /v2/orders/{id}: lines first, then notes, then the status. Fees and pickups are not
    stored.
    """
    given = object_of(body)
    reported, status = texts_of(given), status_of(given, order.status)
    channel, customer = channel_of(store, given), customer_of(given)
    billing = given.get("billing_address")
    address = None if billing is None else address_of(billing, "billing_address")
    if not isinstance(given.get("is_deleted", False), bool):
        raise wrong("is_deleted")
    addresses = moved(order, list_of(given, "shipping_addresses"))
    change_lines(store, order, list_of(given, "products"))
    order.addresses = addresses
    order.reported |= reported
    order.billing = address or order.billing
    order.channel_id = channel or order.channel_id
    order.customer_id = order.customer_id if customer is None else customer
    if status != order.status:
        order_edits.set_status(store, order, status)
    elif set(given) - {"products", "status_id", "is_deleted"}:
        orders.changed(store, order)
    if given.get("is_deleted") and not order.archived:
        orders.archive(store, order)


def moved(order: Order, rows: list[Json]) -> list[Json]:
    """The addresses of an order after a change. Each row names one by its id."""
    known = {one["id"]: one for one in order.addresses}
    for row in rows:
        if by_id(known, row.get("id")) is None:
            raise wrong("shipping_addresses.id")
        known[row["id"]] = {**known[row["id"]], **address_of(row, "shipping_addresses")}
    return list(known.values())


def change_lines(store: Store, order: Order, rows: list[Json]) -> None:
    """A line with an id gets its new quantity, and 0 removes it. A line without an id is added
    (bigcommerce facts 8).
    """
    follows = None if order.status in UNSETTLED else False
    known = {line.id: line for line in order.lines}
    for row in rows:
        if row.get("id") is not None and by_id(known, row["id"]) is None:
            raise wrong("products.id")
    for row in rows:
        quantity, line = whole_of(row, "quantity"), by_id(known, row.get("id"))
        if line is None:
            wishes, extras, _ = wanted_lines(store, [row])
            for wish in wishes:
                order_edits.add_line(store, order, wish, follows=follows)
            for extra in extras:
                order.lines.append(orders.typed_line(store, extra))
                orders.changed(store, order)
        elif quantity == 0:
            order_edits.remove_line(store, order, line.id, follows=follows)
        elif quantity is not None and quantity != line.quantity:
            orders.edit(store, order, {line.id: quantity}, follows=follows)


def ship(store: Store, order: Order, body: Any) -> Shipment:
    """POST /v2/orders/{id}/shipments: a parcel to one of the order's addresses."""
    given = object_of(body)
    for name in ("order_address_id", "items"):
        if given.get(name) is None:
            raise lacking(name)
    # The example in the documents writes the id as a text.
    address = next(
        (one["id"] for one in order.addresses if str(one["id"]) == str(given["order_address_id"])),
        None,
    )
    if address is None:
        raise wrong("order_address_id")
    counts: dict[int, int] = {}
    for row in list_of(given, "items"):
        line, quantity = whole_of(row, "order_product_id"), whole_of(row, "quantity", 1)
        if line is None or quantity is None or line in counts:
            raise wrong("items")
        counts[line] = quantity
    reported: Mapping[str, Any] = {
        name: value for name, value in given.items() if name not in {"order_address_id", "items"}
    }
    if not all(isinstance(value, str) for value in reported.values()):
        raise wrong(next(name for name, value in reported.items() if not isinstance(value, str)))
    before = len(order.shipments)
    order_edits.ship_part(store, order, counts)
    made = order.shipments[before]
    made.address_id, made.reported = address, dict(reported)
    return made
