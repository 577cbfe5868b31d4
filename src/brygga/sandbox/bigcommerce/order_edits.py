"""What a merchant changes about an order that stands (bigcommerce facts 8): its lines, a part that
is shipped, and a cancelled order that counts again."""

from __future__ import annotations

from collections.abc import Mapping

from . import inventory, orders
from .orders import Line, Order, OutOfStock, Wish
from .refusal import Refusal
from .state import Store


def add_line(store: Store, order: Order, wish: Wish) -> Line:
    """One more line. Stock follows where the store is set so, and the order was taken from it."""
    orders.still_open(order)
    product, variant, quantity = wish
    left = inventory.available(product, variant)
    if quantity < 1:
        raise Refusal(422, "The quantity must be at least 1", {"quantity": "must be at least 1"})
    if left is not None and quantity > left:
        raise OutOfStock(product.get("name"))
    is_taken = any(one.counted for one in order.lines)
    added = orders.line(store, product, variant, quantity)
    order.lines.append(added)
    if is_taken and store.settings.edit_order_stock_adjustment:
        orders.take_line(store, added, quantity)
    orders.changed(store, order)
    return added


def remove_line(store: Store, order: Order, line_id: int) -> None:
    """A line less. What it took comes back where the store is set so."""
    orders.still_open(order)
    found = next((one for one in order.lines if one.id == line_id), None)
    if found is None or len(order.lines) == 1 or found.quantity_shipped or found.quantity_refunded:
        raise Refusal(422, "The line cannot be removed", {"lines": "unknown, the last, shipped or refunded"})
    order.lines.remove(found)
    if store.settings.edit_order_stock_adjustment:
        orders.give_line(store, found, found.taken)
    orders.changed(store, order)


def ship_part(store: Store, order: Order, quantities: Mapping[int, int]) -> None:
    """Some units leave. Stock moves when the rest is shipped, where it moves at shipping."""
    orders.still_open(order)
    left = {one.id: one.quantity - one.quantity_shipped for one in order.lines}
    if not quantities or any(not 0 < count <= left.get(key, 0) for key, count in quantities.items()):
        raise Refusal(422, "The parcel is more than is left", {"items": "nothing or too much to ship"})
    for one in order.lines:
        one.quantity_shipped += quantities.get(one.id, 0)
    if all(one.quantity_shipped == one.quantity for one in order.lines):
        orders.ship(store, order)
    else:
        orders.turn(store, order, orders.PARTLY_SHIPPED)


def bring_back(store: Store, order: Order) -> None:
    """A cancelled order counts again, and by one reading takes its units from stock again."""
    if order.status != orders.CANCELLED or order.archived:
        raise Refusal(409, f"Order {order.id} is not cancelled", {})
    if any(one.quantity_refunded for one in order.lines):
        raise Refusal(409, f"Order {order.id} is refunded in part", {})
    takes = store.switches.order_brought_back == "takes_again"
    for one in order.lines:
        one.counted = one.counted and not takes
        one.quantity_shipped = 0
    if takes and store.settings.update_stock_behavior == "order_placed":
        orders.take(store, order)
    orders.turn(store, order, orders.AWAITING)
