"""What holds at BigCommerce by its own documents (bigcommerce facts 2 to 5)."""

from brygga_sandbox.certify.asking import Questions
from brygga_sandbox.certify.bench import Bench, data

SHOP_RULES = Questions("shop")
LIMITS = (
    "x-rate-limit-time-window-ms",
    "x-rate-limit-time-reset-ms",
    "x-rate-limit-requests-quota",
    "x-rate-limit-requests-left",
)


@SHOP_RULES.rule("Every answer has the four headers of the quota (2.1)")
async def quota_headers(bench: Bench) -> bool:
    answer = await bench.shop("GET", "/v2/time")
    return answer.status_code == 200 and all(
        answer.headers.get(name, "").isdigit() for name in LIMITS
    )


@SHOP_RULES.rule("A product is created with 200, in an envelope, and read with what was sent (3.3)")
async def product_created(bench: Bench) -> bool:
    answer = await bench.try_product(price=249.5, description="<p>A</p>")
    if answer.status_code != 200 or set(answer.json()) < {"data", "meta"}:
        return False
    read = await bench.read(answer.json()["data"]["id"])
    return (read["price"], read["description"], read["is_visible"]) == (249.5, "<p>A</p>", False)


@SHOP_RULES.rule("A simple product has one base variant without a v2 id or option values (3.1)")
async def base_variant(bench: Bench) -> bool:
    read = await bench.read((await bench.product())["id"])
    (variant,) = read["variants"]
    return (read["base_variant_id"], variant["sku_id"], variant["option_values"]) == (
        variant["id"],
        None,
        [],
    )


@SHOP_RULES.rule("A product with options has no base variant (3.1)")
async def no_base_variant(bench: Bench) -> bool:
    read = await bench.coloured("Red", "Blue")
    return read["base_variant_id"] is None and len(read["variants"]) == 2


@SHOP_RULES.rule("A name that is taken is 409 (3.4)")
async def name_taken(bench: Bench) -> bool:
    made = await bench.product()
    return (await bench.try_product(name=made["name"])).status_code == 409


@SHOP_RULES.rule("A SKU that is taken is 409, in other letters too (3.3)")
async def sku_taken(bench: Bench) -> bool:
    sku = bench.name().replace(" ", "-")
    await bench.product(sku=sku.upper())
    return (await bench.try_product(sku=sku.lower())).status_code == 409


@SHOP_RULES.rule("Missing fields are 422, each by its name (3.4)")
async def missing_fields(bench: Bench) -> bool:
    answer = await bench.try_product(price=..., weight=...)
    return answer.status_code == 422 and {"price", "weight"} <= set(answer.json().get("errors", {}))


@SHOP_RULES.rule("A body that is no JSON is 400 (3.4)")
async def malformed(bench: Bench) -> bool:
    return (await bench.shop("POST", "/v3/catalog/products", b"{")).status_code == 400


@SHOP_RULES.rule("PUT changes only what it names (3.5)")
async def partial_put(bench: Bench) -> bool:
    made = await bench.product(description="<p>A</p>", price=5)
    await bench.shop("PUT", f"/v3/catalog/products/{made['id']}", {"price": 7})
    read = await bench.read(made["id"])
    return (read["name"], read["description"], read["price"]) == (made["name"], "<p>A</p>", 7)


@SHOP_RULES.rule("A deleted product is 404 (3.2)")
async def deleted(bench: Bench) -> bool:
    path = f"/v3/catalog/products/{(await bench.product())['id']}"
    statuses = [(await bench.shop(method, path)).status_code for method in ("DELETE", "GET")]
    return statuses == [204, 404]


@SHOP_RULES.rule("A batch of more than ten products is 413 (2.2)")
async def batch_too_large(bench: Bench) -> bool:
    made = await bench.product()
    rows = [{"id": made["id"], "price": 1}] * 11
    return (await bench.shop("PUT", "/v3/catalog/products", rows)).status_code == 413


@SHOP_RULES.rule("A later variant needs a SKU (3.7)")
async def later_variant(bench: Bench) -> bool:
    read = await bench.coloured("Red")
    option = read["options"][0]
    path = f"/v3/catalog/products/{read['id']}/options/{option['id']}/values"
    value = data(await bench.shop("POST", path, {"label": "Green", "sort_order": 1}))
    chosen = [{"option_id": option["id"], "id": value["id"]}]
    answer = await bench.shop(
        "POST", f"/v3/catalog/products/{read['id']}/variants", {"option_values": chosen}
    )
    return answer.status_code == 422


@SHOP_RULES.rule("A second variant with the same values is 409 with code 22010 (3.4)")
async def same_combination(bench: Bench) -> bool:
    read = await bench.coloured("Red")
    values = [
        {"option_id": one["option_id"], "id": one["id"]}
        for one in read["variants"][0]["option_values"]
    ]
    body = {"sku": bench.name().replace(" ", "-"), "option_values": values}
    answer = await bench.shop("POST", f"/v3/catalog/products/{read['id']}/variants", body)
    return answer.status_code == 409 and answer.json().get("code") == 22010


@SHOP_RULES.rule(
    "A relative adjustment before any absolute one is refused; an absolute one answers without an "
    "envelope (5.2)"
)
async def absolute_first(bench: Bench) -> bool:
    made = await bench.product(inventory_tracking="product")
    item = {"location_id": 1, "product_id": made["id"], "quantity": 3}
    relative = await bench.shop("POST", "/v3/inventory/adjustments/relative", {"items": [item]})
    absolute = await bench.shop("PUT", "/v3/inventory/adjustments/absolute", {"items": [item]})
    return (
        relative.status_code == 422
        and absolute.status_code == 200
        and "transaction_id" in absolute.json()
    )


@SHOP_RULES.rule("Too little stock refuses a relative adjustment, whole (5.2)")
async def too_little_stock(bench: Bench) -> bool:
    made = await bench.product(inventory_tracking="product")
    item = {"location_id": 1, "product_id": made["id"]}
    await bench.shop(
        "PUT", "/v3/inventory/adjustments/absolute", {"items": [{**item, "quantity": 2}]}
    )
    answer = await bench.shop(
        "POST", "/v3/inventory/adjustments/relative", {"items": [{**item, "quantity": -3}]}
    )
    return answer.status_code == 422


@SHOP_RULES.rule("A metafield of the same app, namespace and key is 409 (3.12)")
async def metafield_twice(bench: Bench) -> bool:
    path = f"/v3/catalog/products/{(await bench.product())['id']}/metafields"
    row = {"permission_set": "app_only", "namespace": "brygga_certify", "key": "a", "value": "b"}
    return [(await bench.shop("POST", path, row)).status_code for _ in range(2)] == [200, 409]


@SHOP_RULES.rule("An unknown category is 409 (3.4)")
async def unknown_category(bench: Bench) -> bool:
    return (await bench.try_product(categories=[999_999_999])).status_code == 409
