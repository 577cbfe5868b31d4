"""Orders over HTTP: version 2, and refunds of version 3 (bigcommerce facts 8)."""

from __future__ import annotations

from typing import Any

from brygga_sandbox.http import Response
from brygga_sandbox.numerals import whole

from . import listing, order_bodies, order_views, orders
from .door import Call, Route, answer, nothing
from .orders import Order
from .refusal import Refusal
from .routes_catalog import many
from .routes_store import bare

SALES = "store_v2_orders"


def base(call: Call) -> str:
    """The address of this store's v2 resources."""
    return f"{call.base}/api/stores/{call.store.hash}/v2"


def order(call: Call) -> Order:
    """The order that the path names."""
    return orders.order_of(call.store, call.param("order_id"))


def shown(call: Call, found: Order) -> Response:
    """An order as an answer shows it."""
    return answer(order_views.order_json(call.store, found, base(call)))


def part(call: Call, rows: list[Any]) -> list[Any]:
    """The requested page of a list."""
    return list(listing.page_of(call.store, call.request).of(rows))


def one_of(call: Call, rows: list[Any], name: str) -> Any:
    """The row whose id the path names, or 404 in the form of v2."""
    number = whole(call.param(name))
    found = next((row for row in rows if id_of(row) == number), None)
    if found is None:
        raise Refusal(404, "The requested resource was not found.")
    return found


def id_of(row: Any) -> Any:
    """The id of a line, a parcel or an address."""
    return row["id"] if isinstance(row, dict) else row.id


async def list_orders(call: Call) -> Response:
    rows = part(call, order_views.selected(call.store, call.request))
    return bare([order_views.order_json(call.store, row, base(call)) for row in rows])


async def create_order(call: Call) -> Response:
    return shown(call, order_bodies.create(call.store, call.body()))


async def get_order(call: Call) -> Response:
    return shown(call, order(call))


async def update_order(call: Call) -> Response:
    order_bodies.change(call.store, order(call), call.body())
    return shown(call, order(call))


async def archive_order(call: Call) -> Response:
    if not (found := order(call)).archived:
        orders.archive(call.store, found)
    return nothing()


async def count_orders(call: Call) -> Response:
    found = order_views.selected(call.store, call.request)
    statuses = [
        {"id": key, "name": name, "count": sum(row.status == key for row in found)}
        for key, name in enumerate(orders.STATUSES)
    ]
    return answer({"statuses": statuses, "count": len(found)})


async def list_lines(call: Call) -> Response:
    found = order(call)
    return bare([order_views.line_json(found, row) for row in part(call, found.lines)])


async def get_line(call: Call) -> Response:
    """By the id of the line, as the sandbox's answer names it, or by the product's id, as the file
    says.
    """
    found, number = order(call), whole(call.param("line_id"))
    by_product = {line.product_id: line for line in found.lines if line.product_id}
    line = next((one for one in found.lines if one.id == number), by_product.get(number or 0))
    if line is None:
        raise Refusal(404, "The requested resource was not found.")
    return answer(order_views.line_json(found, line))


async def list_addresses(call: Call) -> Response:
    found = order(call)
    rows = part(call, found.addresses)
    return bare([order_views.address_json(found, row, base(call)) for row in rows])


async def get_address(call: Call) -> Response:
    found = order(call)
    row = one_of(call, found.addresses, "address_id")
    return answer(order_views.address_json(found, row, base(call)))


async def list_coupons(call: Call) -> Response:
    """None: the sandbox gives no discounts."""
    order(call)
    return bare(part(call, []))


async def list_shipments(call: Call) -> Response:
    found = order(call)
    return bare([order_views.shipment_json(found, row) for row in part(call, found.shipments)])


async def create_shipment(call: Call) -> Response:
    found = order(call)
    made = order_bodies.ship(call.store, found, call.body())
    return answer(order_views.shipment_json(found, made), 201)


async def get_shipment(call: Call) -> Response:
    found = order(call)
    row = one_of(call, found.shipments, "shipment_id")
    return answer(order_views.shipment_json(found, row))


async def count_shipments(call: Call) -> Response:
    return answer({"count": len(order(call).shipments)})


async def order_statuses(call: Call) -> Response:
    rows = enumerate(orders.STATUSES)
    return answer(
        [
            {
                "id": key,
                "name": name,
                "system_label": name,
                "custom_label": name,
                "system_description": name,
            }
            for key, name in rows
        ]
    )


async def order_refunds(call: Call) -> Response:
    found = order(call)
    rows = [
        order_views.refund_json(made, found)
        for made in call.store.refunds
        if made.order_id == found.id
    ]
    if call.store.switches.refunds_have_pages:
        return many(call, rows, lambda row: row)
    return answer({"data": rows, "meta": {}})


async def all_refunds(call: Call) -> Response:
    wanted = listing.ids_in(call.request, "order_id:in")
    ids = listing.ids_in(call.request, "id:in")
    rows = [made for made in call.store.refunds if wanted is None or made.order_id in wanted]
    rows = [made for made in rows if ids is None or made.id in ids]
    for name, later in (("created:min", True), ("created:max", False)):
        if (text := call.request.value(name)) is not None:
            bound = order_views.moment_of(text)
            rows = [
                made for made in rows if (made.created >= bound if later else made.created <= bound)
            ]
    return many(
        call, rows, lambda made: order_views.refund_json(made, call.store.orders[made.order_id])
    )


_O = "/v2/orders"
_ONE = _O + "/{order_id}"
ROUTES: list[Route] = [
    ("GET", _O, SALES, list_orders),
    ("POST", _O, SALES, create_order),
    ("GET", _O + "/count", SALES, count_orders),
    ("GET", _ONE, SALES, get_order),
    ("PUT", _ONE, SALES, update_order),
    ("DELETE", _ONE, SALES, archive_order),
    ("GET", _ONE + "/products", SALES, list_lines),
    ("GET", _ONE + "/products/{line_id}", SALES, get_line),
    ("GET", _ONE + "/shipping_addresses", SALES, list_addresses),
    ("GET", _ONE + "/shipping_addresses/{address_id}", SALES, get_address),
    ("GET", _ONE + "/coupons", SALES, list_coupons),
    ("GET", _ONE + "/shipments", SALES, list_shipments),
    ("POST", _ONE + "/shipments", SALES, create_shipment),
    ("GET", _ONE + "/shipments/count", SALES, count_shipments),
    ("GET", _ONE + "/shipments/{shipment_id}", SALES, get_shipment),
    ("GET", "/v2/order_statuses", SALES, order_statuses),
    ("GET", "/v3/orders/{order_id}/payment_actions/refunds", SALES, order_refunds),
    ("GET", "/v3/orders/payment_actions/refunds", SALES, all_refunds),
]
