"""Open questions about shapes, lists, parallel calls, and the form of a rate-limit refusal
(bigcommerce facts 2, 3, 13).
"""

from brygga_sandbox.certify.asking import Questions
from brygga_sandbox.certify.bench import Bench, Unclear, data

SHOP_MORE = Questions("shop")
LOOKS = 5
TIMEOUT = 20
NOT_THROTTLED = "no call of this run was refused for its rate, and none is provoked in a store"


@SHOP_MORE.question(
    "base_variant_goes", "Does the base variant go when the first real variant is made?", "B8"
)
async def base_variant_goes(bench: Bench) -> str:
    """A new option alone must not remove it yet: a product always has a variant (3.1)."""
    made = await bench.product(inventory_tracking="product")
    path = f"/v3/catalog/products/{made['id']}"
    value = {"label": "S", "sort_order": 0}
    body = {"display_name": "Size", "type": "dropdown", "sort_order": 0, "option_values": [value]}
    option = data(await bench.shop("POST", f"{path}/options", body))
    before = await bench.read(made["id"])
    if len(before["variants"]) != 1:
        raise Unclear(f"with an option alone it has {len(before['variants'])} variants")
    chosen = [{"option_id": option["id"], "id": option["option_values"][0]["id"]}]
    row = {"product_id": made["id"], "sku": bench.name().replace(" ", "-"), "option_values": chosen}
    data(await bench.shop("PUT", "/v3/catalog/variants", [row]))
    after = await bench.read(made["id"])
    if after["base_variant_id"] is not None:
        raise Unclear("base_variant_id still names one")
    return (
        "stays"
        if before["variants"][0]["id"] in {one["id"] for one in after["variants"]}
        else "first_variant"
    )


@SHOP_MORE.question(
    "orphan_variants", "Does the store-wide list show variants of deleted products?", "B37"
)
async def orphan_variants(bench: Bench) -> bool:
    read = await bench.coloured("Red")
    sku = read["variants"][0]["sku"]
    await bench.shop("DELETE", f"/v3/catalog/products/{read['id']}")
    rows = (await bench.shop("GET", "/v3/catalog/variants", query={"sku": sku})).json()["data"]
    return bool(rows)


@SHOP_MORE.question(
    "parallel_calls", "Are channel assignments refused that run side by side?", "B38"
)
async def parallel_calls(bench: Bench) -> str:
    """Four calls at once, one for each product."""
    store = (await bench.shop("GET", "/v2/store")).json()
    rows = [
        {"product_id": (await bench.product())["id"], "channel_id": store["default_channel_id"]}
        for _ in range(4)
    ]
    path = "/v3/catalog/products/channel-assignments"
    answers = await bench.together("PUT", path, [[row] for row in rows])
    return "accept" if all(answer.status_code < 300 for answer in answers) else "refuse"


@SHOP_MORE.question("throttled_body", "Has a refusal for its rate a JSON body?", "B28")
async def throttled_body(bench: Bench) -> str:
    answer = bench.throttled.get("shop")
    if answer is None:
        raise Unclear(NOT_THROTTLED)
    bench.evidence.append(f"a refused call -> 429 {answer.text[:120]}")
    return (
        "json" if answer.content and "json" in answer.headers.get("content-type", "") else "empty"
    )


@SHOP_MORE.question("retry_after_header", "Does a refusal for its rate say X-Retry-After?", "B28")
async def retry_after_header(bench: Bench) -> bool:
    answer = bench.throttled.get("shop")
    if answer is None:
        raise Unclear(NOT_THROTTLED)
    return "x-retry-after" in answer.headers


@SHOP_MORE.look("How long does a reading of stock trail a write?", "B27")
async def read_delay(bench: Bench) -> str:
    """Read five times, a second apart."""
    made = await bench.product(inventory_tracking="product")
    seconds = []
    for level in range(1, LOOKS + 1):
        item = {"location_id": 1, "product_id": made["id"], "quantity": level}
        await bench.shop("PUT", "/v3/inventory/adjustments/absolute", {"items": [item]})
        for waited in range(TIMEOUT + 1):
            query = {"product_id:in": made["id"]}
            rows = (await bench.shop("GET", "/v3/inventory/items", query=query)).json()["data"]
            if rows and rows[0]["locations"][0]["total_inventory_onhand"] == level:
                seconds.append(waited)
                break
            await bench.sleep(1.0)
        else:
            return f"more than {TIMEOUT} s, at the write of number {level}"
    return f"{max(seconds)} s at most in {LOOKS} writes (within a second each: 0)"
