"""Orders that an app makes, changes and ships (bigcommerce facts 8)."""

from typing import Any

import pytest

from sandbox_tests.bigcommerce.order_bench import (
    AWAITING,
    BILLING,
    CANCELLED,
    MUG,
    ORDERS,
    PARTLY_SHIPPED,
    PENDING,
    SHIPPED,
    furnished,
    level,
    made,
    red_of,
)
from sandbox_tests.bigcommerce.shop_bench import JSON, Bench

# -- made
# -------------------------------------------------------------------------------------------


async def test_an_order_of_an_app_is_pending_and_takes_its_units() -> None:
    """Products and a billing address are all that is required; status 1 is the default."""
    bench, scarf = await furnished()
    await bench.listen("store/order/created", "store/sku/inventory/order/updated")

    order = await made(bench, red_of(scarf, 3), MUG)

    assert (PENDING, "external", 4) == (
        order["status_id"],
        order["order_source"],
        order["items_total"],
    )
    assert 1 == await level(bench)
    assert ["store/order/created", "store/sku/inventory/order/updated"] == [
        scope for scope, _ in await bench.received()
    ]


@pytest.mark.parametrize(
    ("status", "left"),
    [(0, 4), (PENDING, 2), (SHIPPED, 2), (CANCELLED, 4), (6, 4), (7, 2), (10, 2), (AWAITING, 2)],
)
async def test_an_order_of_an_app_has_the_status_that_it_asks_for(status: int, left: int) -> None:
    bench, scarf = await furnished()

    order = await made(bench, red_of(scarf, 2), status_id=status)

    assert (status, left) == (order["status_id"], await level(bench))


async def test_an_order_of_an_app_may_take_nothing_by_a_switch() -> None:
    """Whether it takes from stock is not documented (B57)."""
    bench, scarf = await furnished(api_order="takes_nothing")

    order = await made(bench, red_of(scarf, 2))
    await bench.good("PUT", f"{ORDERS}/{order['id']}", {"status_id": SHIPPED})

    assert 4 == await level(bench)


async def test_a_variant_is_named_by_its_option_values_too() -> None:
    bench, scarf = await furnished()
    chosen = scarf["variants"][0]["option_values"][0]
    option = {"id": chosen["option_id"], "value": str(chosen["id"])}

    order = await made(
        bench, {"product_id": scarf["id"], "quantity": 1, "product_options": [option]}
    )

    (line,) = await bench.good("GET", f"{ORDERS}/{order['id']}/products")
    assert scarf["variants"][0]["id"] == line["variant_id"]


async def test_a_price_that_is_given_is_the_lines_price() -> None:
    bench, scarf = await furnished()

    order = await made(bench, red_of(scarf, 2, price_inc_tax=10, price_ex_tax=8))

    assert "20.0000" == order["total_inc_tax"]


async def test_what_an_app_says_of_an_order_is_shown_again() -> None:
    bench, scarf = await furnished()
    reported = {
        "staff_notes": "Fragile",
        "payment_method": "Swish",
        "external_source": "M-MIG",
        "customer_id": 7,
    }

    order = await made(
        bench, red_of(scarf), date_created="Tue, 05 Mar 2019 21:40:11 +0000", **reported
    )

    read = await bench.good("GET", f"{ORDERS}/{order['id']}")
    assert reported == {name: read[name] for name in reported}
    assert ("Tue, 05 Mar 2019 21:40:11 +0000", "jane@example.com") == (
        read["date_created"],
        read["billing_address"]["email"],
    )


async def test_an_order_may_be_picked_up_instead_of_sent() -> None:
    bench, scarf = await furnished()
    pickup = {"pickup_method_id": 1, "line_items": [red_of(scarf, 2)]}
    body = {"billing_address": BILLING, "consignments": {"pickups": [pickup]}}

    order = await bench.good("POST", ORDERS, body)

    assert (2, 2) == (order["items_total"], await level(bench))
    also: list[JSON] = [
        {"products": [MUG]},
        {"shipping_addresses": []},
        {"consignments": {"pickups": []}},
    ]
    for more in also:
        await bench.refused("POST", ORDERS, {**body, **more}, 400)


REFUSED: list[JSON] = [
    {"products": None},
    {"products": []},
    {"products": ["a mug"]},
    {"billing_address": None},
    {"billing_address": {"first_name": "Jane"}},
    {"billing_address": {**BILLING, "phone": 5}},
    {"products": [{"name": "A mug", "quantity": 1}]},
    {"products": [{**MUG, "quantity": 0}]},
    {"products": [{**MUG, "quantity": "one"}]},
    {"products": [{**MUG, "price_inc_tax": -1}]},
    {"products": [{**MUG, "price_inc_tax": "free"}]},
    {"products": [{"product_id": 9999, "quantity": 1}]},
    {"products": [{"product_id": 111, "quantity": 1}]},
    {"products": [{"product_id": 111, "variant_id": 9999, "quantity": 1}]},
    {
        "products": [
            {"product_id": 111, "quantity": 1, "product_options": [{"id": 1, "value": "1"}]}
        ]
    },
    {"status_id": 15},
    {"status_id": "paid"},
    {"channel_id": 99},
    {"customer_id": "Jane"},
    {"staff_notes": 5},
    {"order_source": 5},
    {"date_created": "soon"},
    {"shipping_addresses": [{**BILLING, "city": 5}]},
    {"colour_of_the_moon": "silver"},
    {"products": [{**MUG, "colour_of_the_moon": "silver"}]},
    {"billing_address": {**BILLING, "colour_of_the_moon": "silver"}},
    {"shipping_addresses": [{**BILLING, "colour_of_the_moon": "silver"}]},
]


@pytest.mark.parametrize("fields", REFUSED, ids=repr)
async def test_an_order_that_the_documents_do_not_know_is_refused(fields: JSON) -> None:
    bench, scarf = await furnished()
    assert 111 == scarf["id"]
    body = {"billing_address": BILLING, "products": [MUG], **fields}

    refusal = await bench.refused(
        "POST", ORDERS, {key: value for key, value in body.items() if value is not None}, 400
    )

    assert 400 == refusal[0]["status"]
    assert {} == bench.sandbox.store().orders


@pytest.mark.parametrize(
    ("name", "most"), [("staff_notes", 65_535), ("ip_address", 30), ("ip_address_v6", 39)]
)
async def test_a_text_of_an_order_is_as_long_as_the_documents_say(name: str, most: int) -> None:
    bench, _ = await furnished()
    body = {"billing_address": BILLING, "products": [MUG]}

    await bench.good("POST", ORDERS, {**body, name: "a" * most})
    await bench.refused("POST", ORDERS, {**body, name: "a" * (most + 1)}, 400)


async def test_an_order_of_more_than_there_is_is_409() -> None:
    bench, scarf = await furnished()

    await bench.refused(
        "POST", ORDERS, {"billing_address": BILLING, "products": [red_of(scarf, 5)]}, 409
    )

    assert (4, {}) == (await level(bench), bench.sandbox.store().orders)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_who_may_only_read_orders_makes_none(method: str) -> None:
    bench, scarf = await furnished()
    order = await made(bench, red_of(scarf))
    token = bench.sandbox.issue_token("abc123", "cid", ["store_v2_orders_read_only"])
    bench.client.headers["X-Auth-Token"] = token
    path = ORDERS if method == "POST" else f"{ORDERS}/{order['id']}"

    assert 403 == (await bench.call(method, path, {} if method != "DELETE" else None)).status_code
    assert 200 == (await bench.call("GET", f"{ORDERS}/{order['id']}")).status_code


# -- changed
# ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "quantity", "left"),
    [(PENDING, 3, 1), (PENDING, 1, 3), (7, 3, 1), (AWAITING, 3, 2), (AWAITING, 1, 2), (10, 3, 2)],
)
async def test_stock_follows_an_edit_until_the_order_awaits_fulfillment(
    status: int, quantity: int, left: int
) -> None:
    """Edits through the API after that adjust nothing (8)."""
    bench, scarf = await furnished()
    order = await made(bench, red_of(scarf, 2), status_id=status)
    line = (await bench.good("GET", f"{ORDERS}/{order['id']}/products"))[0]["id"]

    changed = await bench.good(
        "PUT", f"{ORDERS}/{order['id']}", {"products": [{"id": line, "quantity": quantity}]}
    )

    assert (quantity, left) == (changed["items_total"], await level(bench))


async def test_a_line_without_an_id_is_added_and_one_at_zero_goes() -> None:
    bench, scarf = await furnished()
    order = await made(bench, MUG)
    path = f"{ORDERS}/{order['id']}"
    mug = (await bench.good("GET", f"{path}/products"))[0]["id"]

    added = await bench.good(
        "PUT", path, {"products": [red_of(scarf, 2), {**MUG, "name": "A bowl"}]}
    )
    assert 4 == added["items_total"]

    removed = await bench.good("PUT", path, {"products": [{"id": mug, "quantity": 0}]})
    assert 3 == removed["items_total"]
    names = [row["name"] for row in await bench.good("GET", f"{path}/products")]
    assert ["Scarf", "A bowl"] == names


async def test_the_status_and_notes_of_an_order_are_changed() -> None:
    bench, scarf = await furnished()
    order = await made(bench, red_of(scarf, 2))
    path = f"{ORDERS}/{order['id']}"

    noted = await bench.good("PUT", path, {"staff_notes": "Fragile", "customer_id": 4})
    cancelled = await bench.good("PUT", path, {"status_id": CANCELLED})

    assert ("Fragile", 4, PENDING) == (
        noted["staff_notes"],
        noted["customer_id"],
        noted["status_id"],
    )
    assert (CANCELLED, 4) == (cancelled["status_id"], await level(bench))


@pytest.mark.parametrize("way", ["DELETE", "PUT"])
async def test_an_order_is_archived_not_deleted(way: str) -> None:
    bench, scarf = await furnished()
    order = await made(bench, red_of(scarf))
    await bench.listen("store/order/archived")
    path = f"{ORDERS}/{order['id']}"

    await bench.good(way, path, {"is_deleted": True} if way == "PUT" else None)

    assert ["store/order/archived"] == [scope for scope, _ in await bench.received()]
    assert (await bench.good("GET", path))["is_deleted"]
    assert 204 == (await bench.call("GET", ORDERS)).status_code


@pytest.mark.parametrize(
    "body",
    [
        {"status_id": 15},
        {"products": [{"id": 5, "quantity": 1}]},
        {"products": [{"quantity": 1}]},
        {"is_deleted": "maybe"},
        {"channel_id": 99},
        {"colour_of_the_moon": "silver"},
        {"currency_code": "SEK"},
        {"shipping_addresses": [{"id": 9999, "city": "Ystad"}]},
        {"shipping_addresses": [{"city": "Ystad"}]},
        [],
    ],
    ids=repr,
)
async def test_a_change_that_the_documents_do_not_know_is_refused(body: Any) -> None:
    bench, scarf = await furnished()
    order = await made(bench, red_of(scarf))

    await bench.refused("PUT", f"{ORDERS}/{order['id']}", body, 400)


# -- sent
# -------------------------------------------------------------------------------------------


async def test_parcels_are_made_listed_and_counted() -> None:
    bench, scarf = await furnished()
    await bench.listen("store/shipment/created", "store/shipment/*")
    order = await made(bench, red_of(scarf, 3), shipping_addresses=[{**BILLING, "city": "Lund"}])
    path = f"{ORDERS}/{order['id']}"
    (line,) = await bench.good("GET", f"{path}/products")
    (address,) = await bench.good("GET", f"{path}/shipping_addresses")
    assert 204 == (await bench.call("GET", f"{path}/shipments")).status_code

    body = {
        "order_address_id": address["id"],
        "items": [{"order_product_id": line["id"], "quantity": 1}],
    }
    first = await bench.good("POST", f"{path}/shipments", {**body, "tracking_number": "EJ1"})

    assert (PARTLY_SHIPPED, 1) == await sent(bench, path)
    assert ("EJ1", "Lund") == (first["tracking_number"], first["shipping_address"]["city"])
    reported = {"type": "shipment", "id": first["id"], "orderId": order["id"]}
    assert [("store/shipment/created", reported)] * 2 == await bench.received()
    body["items"][0]["quantity"] = 2
    await bench.good("POST", f"{path}/shipments", body)
    assert (SHIPPED, 3) == await sent(bench, path)
    assert [1, 2] == [
        row["items"][0]["quantity"] for row in await bench.good("GET", f"{path}/shipments")
    ]
    assert {"count": 2} == await bench.good("GET", f"{path}/shipments/count")
    assert first == await bench.good("GET", f"{path}/shipments/{first['id']}")
    await bench.refused("GET", f"{path}/shipments/999", None, 404)
    await bench.refused("POST", f"{path}/shipments", body, 422)


async def sent(bench: Bench, path: str) -> tuple[int, int]:
    """The status of an order, and how many of it were shipped."""
    order = await bench.good("GET", path)
    return order["status_id"], order["items_shipped"]


@pytest.mark.parametrize("how", ["ship", "status"])
async def test_an_order_that_is_shipped_as_a_whole_has_one_parcel(how: str) -> None:
    bench, scarf = await furnished()
    order = await made(bench, red_of(scarf, 2))

    await bench.good(
        "POST",
        f"/sandbox/orders/{order['id']}/{how}",
        {"status_id": SHIPPED} if how == "status" else {},
    )

    (parcel,) = await bench.good("GET", f"{ORDERS}/{order['id']}/shipments")
    assert [2] == [row["quantity"] for row in parcel["items"]]


@pytest.mark.parametrize(
    "change",
    [
        {"order_address_id": None},
        {"order_address_id": 999},
        {"items": None},
        {"items": [{"order_product_id": 1}]},
        {"items": [{"order_product_id": "one", "quantity": 1}]},
        {"comments": 5},
        {"colour_of_the_moon": "silver"},
    ],
    ids=repr,
)
async def test_a_parcel_that_the_documents_do_not_know_is_refused(change: JSON) -> None:
    bench, scarf = await furnished()
    order = await made(bench, red_of(scarf), shipping_addresses=[BILLING])
    path = f"{ORDERS}/{order['id']}"
    (line,) = await bench.good("GET", f"{path}/products")
    (address,) = await bench.good("GET", f"{path}/shipping_addresses")
    body = {
        "order_address_id": address["id"],
        "items": [{"order_product_id": line["id"], "quantity": 1}],
        **change,
    }

    await bench.refused(
        "POST",
        f"{path}/shipments",
        {key: value for key, value in body.items() if value is not None},
        400,
    )
