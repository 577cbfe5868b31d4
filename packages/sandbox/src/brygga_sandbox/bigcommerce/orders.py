"""Orders: placing, shipping, cancelling and refunding them, and the effect of each on stock
(bigcommerce facts 8).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from brygga_sandbox.numerals import whole

from . import inventory
from .refusal import Json, Refusal
from .render import chosen
from .state import DEFAULT_LOCATION, RELATIVE, Product, Store, Variant, by_id

STATUSES = ("Incomplete", "Pending", "Shipped", "Partially Shipped", "Refunded", "Cancelled",
"Declined",
            "Awaiting Payment", "Awaiting Pickup", "Awaiting Shipment", "Completed",
            "Awaiting Fulfillment",
            "Manual Verification Required", "Disputed", "Partially Refunded")  # fmt: skip
INCOMPLETE, PENDING, SHIPPED, PARTLY_SHIPPED, REFUNDED, CANCELLED, DECLINED = range(7)
AWAITING_PAYMENT, COMPLETED, AWAITING, PARTLY_REFUNDED = 7, 10, 11, 14


@dataclass(slots=True)
class Line:
    """One line of an order."""

    id: int
    product_id: int
    """0 for a line that is no product of the catalogue."""
    variant_id: int | None
    sku: str
    name: str
    options: list[Json]
    quantity: int
    price: Any
    quantity_shipped: int = 0
    quantity_refunded: int = 0
    counted: bool = False
    taken: int = 0
    """The units that were taken from stock and not put back."""
    backordered: int = 0
    """The units of these that were sold beyond the stock on hand, and neither shipped nor cancelled
    since.
    """


@dataclass(slots=True)
class Shipment:
    """One parcel of an order."""

    id: int
    created: float
    items: list[tuple[int, int, int]]
    """(order line id, product id, quantity)"""
    address_id: int
    reported: Json = field(default_factory=dict)
    """What the sender wrote about it: the carrier and the tracking."""


@dataclass(slots=True)
class Order:
    """One order."""

    id: int
    created: float
    modified: float
    status: int
    lines: list[Line]
    channel_id: int
    source: str = "www"
    refunded: Decimal = Decimal(0)
    archived: bool = False
    is_sold: bool = False
    """The order counts as sold: it took its units, or takes them when it is shipped."""
    moves_stock: bool = True
    """False for an order made through the API, with one reading (open question B57)."""
    customer_id: int = 0
    billing: Json = field(default_factory=dict)
    addresses: list[Json] = field(default_factory=list)
    """The delivery addresses, each with an id."""
    reported: Json = field(default_factory=dict)
    """What an app wrote about it: notes, payment, and its id elsewhere."""
    shipments: list[Shipment] = field(default_factory=list)


@dataclass(slots=True)
class Refund:
    """One refund of an order."""

    id: int
    order_id: int
    created: float
    amount: Decimal
    items: list[tuple[int, int]] = field(default_factory=list)
    """(order line id, quantity)"""
    reason: str = ""


class OutOfStock(Refusal):
    """The checkout refuses: too few units are left."""

    def __init__(self, name: str) -> None:
        super().__init__(409, f"{name} is out of stock", {"lines": "not enough stock"})


Wish = tuple[Product, Variant, int]


@dataclass(frozen=True, slots=True)
class Extra:
    """A custom line that the merchant typed in: no product of the catalogue, no stock."""

    name: str
    price: Decimal
    quantity: int = 1


def place(
    store: Store,
    wishes: Sequence[Wish],
    *,
    extras: Sequence[Extra] = (),
    source: str = "www",
    incomplete: bool = False,
) -> Order:
    """Check out. Refuses a tracked item with too little stock. Stock moves now or at shipping, as
    the store is configured.
    """
    wanted: dict[int, int] = {}
    for product, variant, quantity in wishes:
        if quantity < 1:
            raise Refusal(
                422, "The quantity must be at least 1", {"quantity": "must be at least 1"}
            )
        key = id(inventory.records_of(product, variant))
        wanted[key] = wanted.get(key, 0) + quantity
        left = inventory.available(product, variant)
        if left is not None and wanted[key] > left:
            raise OutOfStock(product.get("name"))
    now = store.wall()
    lines = [line(store, product, variant, quantity) for product, variant, quantity in wishes]
    lines += [typed_line(store, one) for one in extras]
    channel = store.settings.default_channel_id
    order = Order(store.ids.next("order"), now, now, INCOMPLETE, lines, channel, source)
    order.billing = home(store)
    order.addresses = [{"id": store.ids.next("address"), **home(store)}]
    store.orders[order.id] = order
    store.emit("store/order/created", {"type": "order", "id": order.id})
    if not incomplete:
        submit(store, order)
    return order


def typed_line(store: Store, one: Extra) -> Line:
    """A line that is no product."""
    return Line(store.ids.next("line"), 0, None, "", one.name, [], one.quantity, one.price)


def line(store: Store, product: Product, variant: Variant, quantity: int) -> Line:
    """A line of an order, with the current names and prices."""
    price = product.get("sale_price") or product.get("price")
    own = variant.get("sale_price") or variant.get("price")
    sku = product.get("sku") if product.simple else variant.get("sku")
    return Line(
        store.ids.next("line"), product.id, variant.id, sku, product.get("name"), chosen(product,
        variant), quantity,
        price if own is None or product.simple else own,
    )  # fmt: skip


def home(store: Store) -> Json:
    """The address of a shopper of this store."""
    return {
        "first_name": "Kim", "last_name": "Lund", "company": "", "street_1": "Storgatan 2",
        "street_2": "", "city": "Lund", "state": "", "zip": "22222",
        "country": store.settings.country, "country_iso2": store.settings.country_code,
        "phone": "", "email": "kim@example.com",
    }  # fmt: skip


def submit(store: Store, order: Order) -> None:
    """The order leaves status 0 and counts as sold."""
    if order.status != INCOMPLETE:
        raise Refusal(409, f"Order {order.id} is placed already", {})
    sell(store, order)
    turn(store, order, AWAITING)


def sell(store: Store, order: Order) -> None:
    """Count the order as sold, once. Stock is taken here if the store is configured so."""
    if order.is_sold:
        return
    order.is_sold = True
    if store.settings.update_stock_behavior == "order_placed":
        take(store, order)
    for one in order.lines:
        product = store.products.get(one.product_id)
        if product is not None:
            product.put("total_sold", product.get("total_sold") + one.quantity)
            store.touched(product)
            store.emit("store/product/updated", {"type": "product", "id": product.id})


def turn(store: Store, order: Order, status: int) -> None:
    """Change the status, and fire the webhooks."""
    before, order.status = order.status, status
    changed(store, order)
    if before != status:
        reported = {"previous_status_id": before, "new_status_id": status}
        store.emit(
            "store/order/statusUpdated", {"type": "order", "id": order.id, "status": reported}
        )


def changed(store: Store, order: Order) -> None:
    """Report that the order changed."""
    order.modified = store.wall()
    store.emit("store/order/updated", {"type": "order", "id": order.id})


def target(store: Store, one: Line) -> tuple[Product, Variant] | None:
    """The item a line took stock from, if it still exists and is tracked."""
    product = store.products.get(one.product_id)
    variant = product.variant(one.variant_id) if product and one.variant_id is not None else None
    if product is None or variant is None or product.tracking == "none":
        return None
    return product, variant


def take(store: Store, order: Order) -> None:
    """Take the whole order from stock. A stock record never goes below zero; the missing units are
    remembered.
    """
    if not order.moves_stock:
        return
    for one in order.lines:
        if not one.counted:
            take_line(store, one, one.quantity)


def take_line(store: Store, one: Line, units: int) -> None:
    """Take units for a line, on backorder if too few are on hand."""
    found = target(store, one)
    if found is None:
        return
    record = inventory.record_for(inventory.records_of(*found), DEFAULT_LOCATION)
    there = max(0, record.level + record.backordered)
    outstanding = min(max(0, units - there), max(0, record.backorder_limit - record.backordered))
    taken = min(there, units) + outstanding
    one.counted, one.taken, one.backordered = True, one.taken + taken, one.backordered + outstanding
    if taken < units:
        store.oversold.append((found[1].id, units - taken))
    inventory.move(
        store, *found, record.level - taken, RELATIVE, by_order=True, outstanding=outstanding
    )


def give_line(store: Store, one: Line, units: int) -> None:
    """Put units of a line back, those on backorder first."""
    outstanding = min(one.backordered, units)
    one.taken, one.backordered = one.taken - units, one.backordered - outstanding
    restock(store, one, units, outstanding)


def restock(store: Store, one: Line, units: int, outstanding: int) -> None:
    """The stock that a line's units go back to rises. So many of them were on backorder."""
    found = target(store, one)
    if found is None or units <= 0:
        return
    record = inventory.record_for(inventory.records_of(*found), DEFAULT_LOCATION)
    inventory.move(
        store,
        *found,
        record.level + units,
        RELATIVE,
        by_order=True,
        outstanding=-min(outstanding, record.backordered),
    )


def put_back(store: Store, order: Order) -> None:
    """Return what was taken and not yet refunded, if the store is configured so."""
    if not store.settings.refund_order_stock_adjustment:
        return
    for one in order.lines:
        back = one.taken - one.quantity_refunded
        outstanding, one.taken, one.backordered = min(one.backordered, back), 0, 0
        restock(store, one, back, outstanding)


def edit(
    store: Store, order: Order, quantities: dict[int, int], *, follows: bool | None = None
) -> None:
    """Change the ordered quantity of several lines. Stock follows if the store is configured so
    (bigcommerce facts 8).
    """
    still_open(order)
    lines = {one.id: one for one in order.lines}
    if not quantities or any(
        key not in lines or count < max(1, lines[key].quantity_refunded)
        for key, count in quantities.items()
    ):
        raise Refusal(
            422, "The lines cannot be changed so", {"lines": "an unknown line, or too few of it"}
        )
    moves = [(lines[key], count - lines[key].quantity) for key, count in quantities.items()]
    follows = store.settings.edit_order_stock_adjustment if follows is None else follows
    for one, by in moves:
        found = target(store, one)
        left = inventory.available(*found) if found else None
        if left is not None and by > left:
            raise OutOfStock(one.name)
    for one, by in moves:
        one.quantity += by
        if follows and one.counted and by > 0:
            take_line(store, one, by)
        elif follows and one.counted:
            give_line(store, one, min(-by, one.taken))
    changed(store, order)


def ship(store: Store, order: Order, status: int = SHIPPED) -> None:
    """Ship or complete the order. Stock moves here if the store is configured so."""
    still_open(order)
    if store.settings.update_stock_behavior == "order_completed_or_shipped":
        take(store, order)
    left = {one.id: one.quantity - one.quantity_shipped for one in order.lines}
    send(store, order, {key: count for key, count in left.items() if count > 0})
    for one in order.lines:
        served(store, one)
    turn(store, order, status)


def send(store: Store, order: Order, quantities: Mapping[int, int]) -> Shipment | None:
    """Put units of each line in one parcel. None if nothing is left to ship."""
    if not quantities:
        return None
    items = []
    for one in order.lines:
        if count := quantities.get(one.id, 0):
            one.quantity_shipped += count
            items.append((one.id, one.product_id, count))
    address = order.addresses[0]["id"] if order.addresses else 0
    made = Shipment(store.ids.next("shipment"), store.wall(), items, address)
    order.shipments.append(made)
    reported = {"type": "shipment", "id": made.id, "orderId": order.id}
    store.emit("store/shipment/created", reported)
    return made


def served(store: Store, one: Line) -> None:
    """Units on backorder have left with the parcel. They are no longer on backorder and no longer
    on hand.
    """
    found = target(store, one)
    if found is None or not one.backordered or store.switches.backordered_units != "kept_beside":
        return
    record = inventory.record_for(inventory.records_of(*found), DEFAULT_LOCATION)
    left = min(one.backordered, record.backordered, max(0, record.level + record.backordered))
    one.backordered -= left
    record.put(record.level, store.now(), store.read_lag_s, record.backordered - left)


def still_open(order: Order) -> None:
    """Refuse an order that is finished."""
    if order.status in {REFUNDED, CANCELLED} or order.archived:
        raise Refusal(409, f"Order {order.id} is {STATUSES[order.status].lower()}", {})


def cancel(store: Store, order: Order) -> None:
    """Cancel the order. Stock is returned if the store is configured so."""
    still_open(order)
    put_back(store, order)
    turn(store, order, CANCELLED)


def refund(
    store: Store, order: Order, quantities: dict[int, int] | None = None, *, by_api: bool = False
) -> Refund:
    """Refund the whole order, or some units of some lines. A partial refund returns no stock and
    fires no stock webhook.
    """
    still_open(order)
    rest = {one.id: one.quantity - one.quantity_refunded for one in order.lines}
    wanted = rest if quantities is None else quantities
    if not wanted or any(not 0 < count <= rest.get(key, 0) for key, count in wanted.items()):
        raise Refusal(
            422, "The refund is more than is left", {"items": "nothing or too much to refund"}
        )
    total = all(rest[key] == wanted.get(key, 0) for key in rest)
    prices = {one.id: Decimal(str(one.price)) for one in order.lines}
    amount = sum((prices[key] * count for key, count in wanted.items()), Decimal(0))
    made = Refund(store.ids.next("refund"), order.id, store.wall(), amount, list(wanted.items()))
    store.refunds.append(made)
    if total and (not by_api or store.switches.refund_api_restocks):
        put_back(store, order)
    for one in order.lines:
        one.quantity_refunded += wanted.get(one.id, 0)
    order.refunded += amount
    store.emit(
        "store/order/refund/created",
        {"type": "order", "id": order.id, "refund": {"refund_id": made.id}},
    )
    turn(store, order, REFUNDED if total else PARTLY_REFUNDED)
    return made


def archive(store: Store, order: Order) -> None:
    """Archive an order. It is hidden, not deleted."""
    order.archived = True
    store.emit("store/order/archived", {"type": "order", "id": order.id})
    changed(store, order)


def order_of(store: Store, order_id: object) -> Order:
    """The order with that id, or 404 in the form of v2."""
    order: Order | None = by_id(store.orders, whole(order_id))
    if order is None:
        raise Refusal(404, "The requested resource was not found.")
    return order
