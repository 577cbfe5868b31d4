"""Orders that an app reads: one by one, in parts, by filter and in order (bigcommerce facts 8)."""

import pytest

from sandbox_tests.bigcommerce.order_bench import BILLING, MUG, ORDERS, furnished, made, red_of
from sandbox_tests.bigcommerce.shop_bench import Bench


async def test_one_line_of_an_order_is_read() -> None:
    """By its own id, and by the product's, as the description of the path says."""
    bench, scarf = await furnished()
    order = await made(bench, red_of(scarf), MUG)
    path = f"{ORDERS}/{order['id']}/products"
    rows = await bench.good("GET", path)

    assert rows == [await bench.good("GET", f"{path}/{row['id']}") for row in rows]
    assert rows[0] == await bench.good("GET", f"{path}/{scarf['id']}")
    for unknown in (0, 9999, "abc"):
        await bench.refused("GET", f"{path}/{unknown}", None, 404)


async def test_the_addresses_of_an_order_are_read() -> None:
    bench, scarf = await furnished()
    two = await made(
        bench,
        red_of(scarf),
        shipping_addresses=[{**BILLING, "city": city} for city in ("Lund", "Ystad")],
    )
    none = await made(bench, red_of(scarf))
    path = f"{ORDERS}/{two['id']}/shipping_addresses"

    rows = await bench.good("GET", path)

    assert (["Lund", "Ystad"], 2) == ([row["city"] for row in rows], two["shipping_address_count"])
    assert rows[1] == await bench.good("GET", f"{path}/{rows[1]['id']}")
    await bench.refused("GET", f"{path}/999", None, 404)
    assert 204 == (await bench.call("GET", f"{ORDERS}/{none['id']}/shipping_addresses")).status_code


async def test_an_address_of_an_order_is_changed() -> None:
    bench, scarf = await furnished()
    order = await made(
        bench,
        red_of(scarf),
        shipping_addresses=[{**BILLING, "city": city} for city in ("Lund", "Ystad")],
    )
    path = f"{ORDERS}/{order['id']}"
    rows = await bench.good("GET", f"{path}/shipping_addresses")

    await bench.good(
        "PUT", path, {"shipping_addresses": [{"id": rows[1]["id"], "city": "Malmö"}], "fees": []}
    )

    after = await bench.good("GET", f"{path}/shipping_addresses")
    assert ["Lund", "Malmö"] == [row["city"] for row in after]


async def test_an_order_of_the_storefront_goes_to_one_address() -> None:
    bench, _ = await furnished()
    order = await bench.good("POST", "/sandbox/orders", {"lines": [{"sku": "SC-RED"}]})

    (address,) = await bench.good("GET", f"{ORDERS}/{order['id']}/shipping_addresses")

    assert "SE" == address["country_iso2"]


async def test_no_order_has_coupons() -> None:
    """There are no discounts here: an empty list of v2 has no body."""
    bench, scarf = await furnished()
    order = await made(bench, red_of(scarf))

    assert 204 == (await bench.call("GET", f"{ORDERS}/{order['id']}/coupons")).status_code
    await bench.refused("GET", f"{ORDERS}/999/coupons", None, 404)


@pytest.mark.parametrize(
    "sort", ["customer_id", "external_id", "status_id", "channel_id", "date_created", "id"]
)
async def test_orders_are_sorted_by_every_documented_field(sort: str) -> None:
    bench, scarf = await furnished()
    ids = [(await made(bench, red_of(scarf), customer_id=number))["id"] for number in (3, 1, 2)]
    by_customer = [ids[1], ids[2], ids[0]]

    up = [row["id"] for row in await bench.good("GET", f"{ORDERS}?sort={sort}:asc")]
    down = [row["id"] for row in await bench.good("GET", f"{ORDERS}?sort={sort}:desc")]

    assert (by_customer if sort == "customer_id" else ids) == up
    assert up[::-1] == down


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("customer_id=2", 1),
        ("customer_id=9", 0),
        ("email=jane@example.com", 2),
        ("email=tom@example.com", 0),
        ("payment_method=Swish", 1),
        ("external_order_id=A7", 1),
        ("cart_id=abc", 0),
        ("status_id=1", 2),
        ("min_total=98", 2),
    ],
)
async def test_orders_are_found_by_every_documented_field(query: str, found: int) -> None:
    bench, scarf = await furnished()
    await made(bench, red_of(scarf), customer_id=1, payment_method="Swish")
    await made(bench, red_of(scarf), customer_id=2, external_order_id="A7")

    rows = await bench.good("GET", f"{ORDERS}?{query}") or []

    assert (found, found) == (
        len(rows),
        (await bench.good("GET", f"{ORDERS}/count?{query}"))["count"],
    )


@pytest.mark.parametrize(
    "query",
    ["customer_id=abc", "min_id=abc", "status_id=paid", "min_total=NaN", "min_date_created=soon",
    "sort=zz",
     "sort=id:up", "is_deleted=maybe"],
)  # fmt: skip
async def test_a_filter_of_orders_that_means_nothing_is_400(query: str) -> None:
    await Bench().refused("GET", f"{ORDERS}?{query}", None, 400)
