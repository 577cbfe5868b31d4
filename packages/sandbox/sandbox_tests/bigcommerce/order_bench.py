"""A store whose app makes orders."""

from typing import Any, Literal

from brygga_sandbox.bigcommerce import Switches
from sandbox_tests.bigcommerce.shop_bench import JSON, Bench

ORDERS = "/v2/orders"
SCOPES = ("store_v2_orders", "store_v2_products", "store_inventory")
BILLING = {"first_name": "Jane", "last_name": "Doe", "zip": "22222", "email": "jane@example.com"}
MUG = {"name": "A mug", "quantity": 1, "price_inc_tax": 50, "price_ex_tax": 40}
PENDING, SHIPPED, PARTLY_SHIPPED, CANCELLED, AWAITING = 1, 2, 3, 5, 11


async def furnished(
    api_order: Literal["takes", "takes_nothing"] = "takes", **settings: Any
) -> tuple[Bench, JSON]:
    """A store with a scarf in two colours, four red and two blue ones."""
    bench = Bench(Switches(api_order=api_order), **settings)
    bench.client.headers["X-Auth-Token"] = bench.sandbox.issue_token("abc123", "cid", SCOPES)
    return bench, await bench.scarf()


def red_of(scarf: JSON, quantity: int = 1, **more: Any) -> JSON:
    """A line of so many red scarves."""
    row = {
        "product_id": scarf["id"],
        "variant_id": scarf["variants"][0]["id"],
        "quantity": quantity,
    }
    return {**row, **more}


async def made(bench: Bench, *lines: JSON, **fields: Any) -> JSON:
    """An order of these lines, made by the app."""
    value: JSON = await bench.good(
        "POST", ORDERS, {"billing_address": BILLING, "products": [*lines], **fields}
    )
    return value


async def level(bench: Bench) -> int:
    """How many red scarves are there."""
    return await bench.level(bench.sandbox.shop().item(sku="SC-RED")[1].id)
