"""A store whose app makes orders."""

from typing import Any, Literal

from brygga_sandbox.bigcommerce import Switches
from sandbox_tests.bigcommerce.shop_town import JSON, Town

ORDERS = "/v2/orders"
SCOPES = ("store_v2_orders", "store_v2_products", "store_inventory")
BILLING = {"first_name": "Jane", "last_name": "Doe", "zip": "22222", "email": "jane@example.com"}
MUG = {"name": "A mug", "quantity": 1, "price_inc_tax": 50, "price_ex_tax": 40}
PENDING, SHIPPED, PARTLY_SHIPPED, CANCELLED, AWAITING = 1, 2, 3, 5, 11


async def furnished(
    api_order: Literal["takes", "takes_nothing"] = "takes", **settings: Any
) -> tuple[Town, JSON]:
    """A store with a scarf in two colours, four red and two blue ones."""
    town = Town(Switches(api_order=api_order), **settings)
    town.client.headers["X-Auth-Token"] = town.sandbox.issue_token("abc123", "cid", SCOPES)
    return town, await town.scarf()


def red_of(scarf: JSON, quantity: int = 1, **more: Any) -> JSON:
    """A line of so many red scarves."""
    row = {
        "product_id": scarf["id"],
        "variant_id": scarf["variants"][0]["id"],
        "quantity": quantity,
    }
    return {**row, **more}


async def made(town: Town, *lines: JSON, **fields: Any) -> JSON:
    """An order of these lines, made by the app."""
    value: JSON = await town.good(
        "POST", ORDERS, {"billing_address": BILLING, "products": [*lines], **fields}
    )
    return value


async def level(town: Town) -> int:
    """How many red scarves are there."""
    return await town.level(town.sandbox.shop().item(sku="SC-RED")[1].id)
