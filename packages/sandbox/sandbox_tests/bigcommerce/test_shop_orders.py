"""Orders that are changed, unpaid, or hold what is no product (bigcommerce facts 8)."""

import pytest

from sandbox_tests.bigcommerce.shop_bench import JSON, Bench

LISTENED = "store/sku/inventory/order/updated"


async def ordered(bench: Bench, quantity: int = 2) -> JSON:
    """A scarf of which four were there, and so many are ordered."""
    await bench.scarf()
    await bench.listen(LISTENED, "store/order/updated")
    order: JSON = await bench.good(
        "POST", "/sandbox/orders", {"lines": [{"sku": "SC-RED", "quantity": quantity}]}
    )
    await bench.received()
    return order


async def level(bench: Bench) -> int:
    """How many red scarves the store has."""
    return await bench.level(bench.sandbox.shop().item(sku="SC-RED")[1].id)


@pytest.mark.parametrize(("quantity", "left"), [(3, 1), (1, 3), (2, 2)])
async def test_stock_follows_an_edited_order(quantity: int, left: int) -> None:
    bench = Bench()
    order = await ordered(bench)
    line = order["lines"][0]["id"]

    body = {"lines": [{"line_id": line, "quantity": quantity}]}
    edited = await bench.good("POST", f"/sandbox/orders/{order['id']}/edit", body)

    scopes = [scope for scope, _ in await bench.received()]
    assert (edited["lines"][0]["quantity"], await level(bench)) == (quantity, left)
    assert scopes.count(LISTENED) == (0 if quantity == 2 else 1)
    assert "store/order/updated" in scopes
    await bench.good("POST", f"/sandbox/orders/{order['id']}/cancel")
    assert await level(bench) == 4, "a cancelled order gives back what it holds by then"


async def test_stock_stays_where_the_store_does_not_adjust_edited_orders() -> None:
    bench = Bench(edit_order_stock_adjustment=False)
    order = await ordered(bench)

    body = {"lines": [{"line_id": order["lines"][0]["id"], "quantity": 1}]}
    await bench.good("POST", f"/sandbox/orders/{order['id']}/edit", body)

    assert await level(bench) == 2
    assert LISTENED not in [scope for scope, _ in await bench.received()]


async def test_an_order_is_not_edited_beyond_the_stock_or_below_what_was_refunded() -> None:
    bench = Bench()
    order = await ordered(bench, 3)
    line = order["lines"][0]["id"]
    await bench.good(
        "POST",
        f"/sandbox/orders/{order['id']}/refund",
        {"lines": [{"line_id": line, "quantity": 2}]},
    )

    for quantity, status in ((5, 409), (1, 422), (0, 422), (-1, 422)):
        body = {"lines": [{"line_id": line, "quantity": quantity}]}
        await bench.refused("POST", f"/sandbox/orders/{order['id']}/edit", body, status)
    body = {"lines": [{"line_id": 1, "quantity": 1}]}
    await bench.refused("POST", f"/sandbox/orders/{order['id']}/edit", body, 422)
    assert await level(bench) == 1


async def test_an_unpaid_order_takes_nothing_until_its_payment_is_through() -> None:
    """Status 0 is reported as an order all the same (6.3)."""
    bench = Bench()
    await bench.scarf()
    await bench.listen("store/order/created", "store/order/statusUpdated")

    order = await bench.good(
        "POST", "/sandbox/orders", {"lines": [{"sku": "SC-RED"}], "incomplete": True}
    )

    assert (order["status_id"], await level(bench)) == (0, 4)
    assert [scope for scope, _ in await bench.received()] == ["store/order/created"]
    paid = await bench.good("POST", f"/sandbox/orders/{order['id']}/submit")
    assert (paid["status_id"], await level(bench)) == (11, 3)
    ((scope, data),) = await bench.received()
    assert (scope, data["status"]) == (
        "store/order/statusUpdated",
        {"previous_status_id": 0, "new_status_id": 11},
    )
    await bench.refused("POST", f"/sandbox/orders/{order['id']}/submit", None, 409)


async def test_a_line_that_was_typed_in_is_no_product() -> None:
    """Its product is 0, it has no variant, and nothing is counted."""
    bench = Bench()
    await bench.scarf()
    lines = [
        {"sku": "SC-RED", "quantity": 1},
        {"name": "Inslagning", "price": "25.50", "quantity": 2},
    ]

    order = await bench.good("POST", "/sandbox/orders", {"lines": lines})

    (_, typed) = await bench.good("GET", f"/v2/orders/{order['id']}/products")
    assert (typed["product_id"], typed["variant_id"], typed["sku"], typed["name"]) == (
        0,
        None,
        "",
        "Inslagning",
    )
    assert (typed["total_inc_tax"], order["total_inc_tax"]) == ("51.0000", "150.0000")
    await bench.good("POST", f"/sandbox/orders/{order['id']}/refund")
    assert await level(bench) == 4


async def test_only_an_order_says_that_stock_is_low_or_out() -> None:
    bench = Bench()
    made = await bench.scarf()
    red = made["variants"][0]["id"]
    channel = "store/channel/1/inventory/product"
    await bench.listen(
        *(
            f"{channel}/{event}"
            for event in ("low_stock_reached", "out_of_stock_reached", "settings_changed")
        )
    )
    entry = {"identity": {"variant_id": red}, "warning_level": 2}

    await bench.good("PUT", "/v3/inventory/locations/1/items", {"settings": [entry]})
    await bench.adjust("absolute", 1, variant_id=red)
    await bench.adjust("absolute", 3, variant_id=red)
    assert await bench.received() == [
        (
            f"{channel}/settings_changed",
            {"variant_id": red, "product_id": made["id"], "location_id": 1},
        )
    ]

    for _ in range(3):
        await bench.good("POST", "/sandbox/orders", {"lines": [{"sku": "SC-RED"}]})
    events = [scope.rpartition("/")[2] for scope, _ in await bench.received()]
    assert events == ["low_stock_reached", "low_stock_reached", "out_of_stock_reached"]
