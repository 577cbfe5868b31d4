"""The orders in the control panel: placed by hand, shipped, completed, cancelled and refunded."""

from __future__ import annotations

from brygga_sandbox.http import Request, Response

from . import inventory, order_views, orders
from .orders import Order
from .panel import Act, Panel, money, paged, whole
from .refusal import Json, Refusal
from .render import chosen
from .shop import Shop
from .state import Product, Store, Variant, stamp

OFFERED = 400


class OrderPages:
    """The handlers."""

    def __init__(self, panel: Panel) -> None:
        self.panel = panel

    def pages(self) -> list[tuple[str, str, Act]]:
        return [("GET", "/orders", self.look), ("POST", "/orders", self.act)]

    async def look(self, shop: Shop, request: Request) -> Response:
        found, page, pages = paged(list(shop.store.orders.values())[::-1], request)
        rows = [row_of(shop.store, order) for order in found]
        return self.panel.page(
            request,
            "manage_orders.html",
            shop,
            "orders",
            rows=rows,
            page=page,
            pages=pages,
            goods=goods(shop.store),
        )

    async def act(self, shop: Shop, request: Request) -> Response:
        form = request.form()
        if form.get("action") == "place":
            shop.place(wishes(shop.store, form), source="manual")
            return self.panel.back(shop, "orders", "saved")
        order = shop.order(form.get("id", ""))
        left = next((line for line in order.lines if line.quantity > line.quantity_refunded), None)
        match form.get("action"):
            case "ship":
                shop.ship(order.id)
            case "complete":
                shop.complete(order.id)
            case "cancel":
                shop.cancel(order.id)
            case "archive":
                shop.archive(order.id)
            case "refund_one" if left is not None:
                shop.refund(order.id, {left.id: 1})
            case "status":
                shop.set_order_status(order.id, whole("status", form.get("status", "")))
            case "edit":
                shop.edit_order(order.id, counts_of(order, form))
            case "refund_part":
                shop.refund(order.id, part_of(order, form))
            case _:
                shop.refund(order.id)
        return self.panel.back(shop, "orders", "saved")


def counts_of(order: Order, form: dict[str, str]) -> dict[int, int]:
    """The new ordered quantity of each line that the form changes."""
    counts = {
        line.id: whole("quantity", form.get(f"count-{line.id}") or str(line.quantity))
        for line in order.lines
    }
    changed = {line.id: counts[line.id] for line in order.lines if counts[line.id] != line.quantity}
    if not changed:
        raise Refusal(422, "nothing was changed", {"quantity": "write how many of each line"})
    return changed


def part_of(order: Order, form: dict[str, str]) -> dict[int, int]:
    """The quantity to refund of each line. At least one unit in all."""
    counts = {
        line.id: whole("quantity", form.get(f"line-{line.id}") or "0") for line in order.lines
    }
    part = {line_id: count for line_id, count in counts.items() if count}
    if not part:
        raise Refusal(422, "nothing was chosen", {"quantity": "write how many of each line"})
    return part


def row_of(store: Store, order: Order) -> Json:
    """One order with its lines."""
    return {
        **order_views.order_json(store, order, ""),
        "lines": [order_views.line_json(order, line) for line in order.lines],
        "total": money(store, order_views.total(order)),
        "open": order.status not in {orders.REFUNDED, orders.CANCELLED} and not order.archived,
        "archived": order.archived,
        "when": stamp(order.created)[:16].replace("T", " "),
    }


def named(product: Product, variant: Variant) -> str:
    """The name of a variant for a person: its SKU, otherwise name and values."""
    sku = product.get("sku") if product.simple else variant.get("sku")
    return sku or " · ".join(
        [product.get("name"), *(value["label"] for value in chosen(product, variant))]
    )


def goods(store: Store) -> list[Json]:
    """The items that the order form offers: the newest ones that can be sold."""
    offered = []
    for product in list(store.products.values())[::-1]:
        for variant in product.variants:
            values = " · ".join(value["label"] for value in chosen(product, variant))
            left = inventory.available(product, variant)
            offered.append(
                {
                    "called": named(product, variant),
                    "name": product.get("name"),
                    "values": values,
                    "left": left,
                }
            )
        if len(offered) >= OFFERED:
            break
    return offered[:OFFERED]


def wishes(store: Store, form: dict[str, str]) -> list[Json]:
    """The lines of the order form: SKU, or the name as the form offers it, and the quantity."""
    lines = []
    for place in range(3):
        called = form.get(f"what-{place}", "").strip()
        if not called:
            continue
        found = inventory.locate(store, "sku", called)
        if found is None:
            found = next(
                (
                    (one, variant)
                    for one in store.products.values()
                    for variant in one.variants
                    if named(one, variant) == called
                ),
                None,
            )
        if found is None:
            raise Refusal(404, f"nothing is called {called}", {})
        product, variant = found
        quantity = whole("quantity", form.get(f"quantity-{place}") or "1")
        lines.append({"variant_id": (variant or product.variants[0]).id, "quantity": quantity})
    return lines
