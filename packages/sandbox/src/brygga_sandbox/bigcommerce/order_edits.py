"""Changes of an existing order (bigcommerce facts 8): its lines, its status, a partial shipment,
and the reopening of a cancelled order.
"""

from __future__ import annotations

from collections.abc import Mapping

from . import inventory, orders
from .orders import Line, Order, OutOfStock, Wish
from .refusal import Refusal
from .state import Store

_UNSOLD = frozenset(
    {orders.INCOMPLETE, orders.REFUNDED, orders.CANCELLED, orders.DECLINED, orders.PARTLY_REFUNDED}
)
"""A status in which an order is not sold: not yet, no longer, or only a label for a refund."""


def set_status(store: Store, order: Order, status: int) -> None:
    """Give an order a status, and move stock as that status does.

    | from | to | stock |
    |---|---|---|
    | Incomplete | any but Cancelled, Declined, Refunded | taken, if it moves when placed |
    | any that is sold | Shipped, Completed | taken, if it moves when shipped |
    | any but Refunded | Cancelled | returned, if the store is configured so |
    | Cancelled | any that is sold | taken again, with one reading (B54) |
    | any that is sold | Declined | returned, with one reading (B56) |
    | any | Pending, Awaiting Payment, Partially Shipped and all others | stays |
    """
    if order.archived:
        raise Refusal(409, f"Order {order.id} is archived", {})
    if not 0 <= status < len(orders.STATUSES):
        raise Refusal(422, "There is no such status", {"status_id": "must be from 0 to 14"})
    if status == order.status or orders.REFUNDED in {status, order.status}:
        orders.turn(store, order, status)
    elif status == orders.CANCELLED:
        orders.cancel(store, order)
    elif status in _UNSOLD:
        decline(store, order, status)
    elif is_undone(order):
        bring_back(store, order, status)
    else:
        orders.sell(store, order)
        (orders.ship if status in {orders.SHIPPED, orders.COMPLETED} else orders.turn)(
            store, order, status
        )


def decline(store: Store, order: Order, status: int) -> None:
    """The payment failed. The settings name refunds and cancellations only (open question B56)."""
    if status == orders.DECLINED and store.switches.declined_order == "gives_back":
        orders.put_back(store, order)
    orders.turn(store, order, status)


def is_undone(order: Order) -> bool:
    """True for an order whose units were returned when it was cancelled or declined."""
    given_back = all(one.counted and one.taken == 0 for one in order.lines if one.product_id)
    return order.status == orders.CANCELLED or (
        order.status == orders.DECLINED and order.is_sold and given_back
    )


def add_line(store: Store, order: Order, wish: Wish, *, follows: bool | None = None) -> Line:
    """Add a line. Stock follows if the store is configured so and the order has taken stock."""
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
    if is_taken and does_follow(store, follows):
        orders.take_line(store, added, quantity)
    orders.changed(store, order)
    return added


def does_follow(store: Store, follows: bool | None) -> bool:
    """Whether stock follows an edit: as the store is configured, unless the caller overrides it."""
    return store.settings.edit_order_stock_adjustment if follows is None else follows


def remove_line(store: Store, order: Order, line_id: int, *, follows: bool | None = None) -> None:
    """Remove a line. The units it took are returned if the store is configured so."""
    orders.still_open(order)
    found = next((one for one in order.lines if one.id == line_id), None)
    if found is None or len(order.lines) == 1 or found.quantity_shipped or found.quantity_refunded:
        raise Refusal(
            422, "The line cannot be removed", {"lines": "unknown, the last, shipped or refunded"}
        )
    order.lines.remove(found)
    if does_follow(store, follows):
        orders.give_line(store, found, found.taken)
    orders.changed(store, order)


def ship_part(store: Store, order: Order, quantities: Mapping[int, int]) -> None:
    """Ship some units. If stock moves at shipping, it moves when the rest is shipped."""
    orders.still_open(order)
    left = {one.id: one.quantity - one.quantity_shipped for one in order.lines}
    if not quantities or any(
        not 0 < count <= left.get(key, 0) for key, count in quantities.items()
    ):
        raise Refusal(
            422, "The parcel is more than is left", {"items": "nothing or too much to ship"}
        )
    orders.send(store, order, quantities)
    if all(one.quantity_shipped == one.quantity for one in order.lines):
        orders.ship(store, order)
    else:
        orders.turn(store, order, orders.PARTLY_SHIPPED)


def bring_back(store: Store, order: Order, status: int = orders.AWAITING) -> None:
    """Reopen a cancelled or declined order. With one reading it takes its units from stock
    again.
    """
    if not is_undone(order) or order.archived:
        raise Refusal(409, f"Order {order.id} is not cancelled", {})
    if any(one.quantity_refunded for one in order.lines):
        raise Refusal(409, f"Order {order.id} is refunded in part", {})
    takes = store.switches.order_brought_back == "takes_again"
    was_sold = order.is_sold
    orders.sell(store, order)
    for one in order.lines if was_sold else ():
        one.counted = one.counted and not takes
        one.quantity_shipped = 0
    if was_sold and takes and store.settings.update_stock_behavior == "order_placed":
        orders.take(store, order)
    is_sent = status in {orders.SHIPPED, orders.COMPLETED}
    orders.turn(store, order, orders.AWAITING if is_sent else status)
    if is_sent:
        orders.ship(store, order, status)
