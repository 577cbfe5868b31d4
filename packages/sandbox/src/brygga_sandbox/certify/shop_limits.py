"""What BigCommerce's documents say about lists, limits, conflicts and children (bigcommerce facts 0
to 8). These rules hold everywhere.
"""

from brygga_sandbox.certify.asking import Questions
from brygga_sandbox.certify.bench import JSON, Bench, Unclear, data

SHOP_LIMITS = Questions("shop")
NOBODY = 2_000_000_000
"""An id that no object has."""
TIMEOUT_S = 20
EVENT = "store/information/updated"


@SHOP_LIMITS.rule("A list says how many there are, on which page one is, and how many pages (0)")
async def pagination(bench: Bench) -> bool:
    await bench.product()
    answer = await bench.shop(
        "GET", "/v3/catalog/products", query={"limit": 1, "include_fields": "name"}
    )
    page = answer.json()["meta"]["pagination"]
    return (page["count"], page["per_page"], page["current_page"]) == (1, 1, 1) and page[
        "total_pages"
    ] == page["total"]


@SHOP_LIMITS.rule("Chosen fields come alone, and the id always (3.2)")
async def chosen_fields(bench: Bench) -> bool:
    made = await bench.product()
    query = {"id:in": made["id"], "include_fields": "name"}
    rows = (await bench.shop("GET", "/v3/catalog/products", query=query)).json()["data"]
    return [sorted(one) for one in rows] == [["id", "name"]]


@SHOP_LIMITS.rule(
    "A product is found by its own SKU; a variant's SKU is found among the variants only (3.2)"
)
async def variant_sku_elsewhere(bench: Bench) -> bool:
    read = await bench.coloured("Red")
    sku = read["variants"][0]["sku"]
    products = (await bench.shop("GET", "/v3/catalog/products", query={"sku": sku})).json()["data"]
    variants = (await bench.shop("GET", "/v3/catalog/variants", query={"sku": sku})).json()["data"]
    return (products, [one["product_id"] for one in variants]) == ([], [read["id"]])


@SHOP_LIMITS.rule("A 404 names the product (3.2)")
async def not_found_says_so(bench: Bench) -> bool:
    answer = await bench.shop("GET", f"/v3/catalog/products/{NOBODY}")
    return answer.status_code == 404 and str(NOBODY) in answer.json()["title"]


@SHOP_LIMITS.rule("A name of more than 250 characters is 422 (2.3)")
async def long_name(bench: Bench) -> bool:
    return (await bench.try_product(name=bench.name().ljust(251, "x"))).status_code == 422


@SHOP_LIMITS.rule("A negative price is 422 (2.3)")
async def negative_price(bench: Bench) -> bool:
    return (await bench.try_product(price=-1)).status_code == 422


@SHOP_LIMITS.rule("An address that is taken is 409 at create (3.4)")
async def url_taken(bench: Bench) -> bool:
    url = {"url": f"/{bench.name().lower().replace(' ', '-')}/", "is_customized": True}
    await bench.product(custom_url=url)
    return (await bench.try_product(custom_url=url)).status_code == 409


@SHOP_LIMITS.rule("A variant's SKU is taken for products too (3.3)")
async def variant_sku_taken(bench: Bench) -> bool:
    sku = (await bench.coloured("Red"))["variants"][0]["sku"]
    return (await bench.try_product(sku=sku)).status_code == 409


@SHOP_LIMITS.rule("A batch of more than fifty variants is 413 (2.2)")
async def variant_batch_too_large(bench: Bench) -> bool:
    variant = (await bench.coloured("Red"))["variants"][0]
    rows = [{"id": variant["id"], "price": 1}] * 51
    return (await bench.shop("PUT", "/v3/catalog/variants", rows)).status_code == 413


@SHOP_LIMITS.rule("Two inline variants with the same values are refused (3.4)")
async def same_values_inline(bench: Bench) -> bool:
    rows = [
        {"sku": bench.name(), "option_values": [{"option_display_name": "Size", "label": "S"}]}
        for _ in range(2)
    ]
    return (await bench.try_product(variants=rows)).status_code in {409, 422}


@SHOP_LIMITS.rule("A second value of the same label is refused (3.8)")
async def same_label(bench: Bench) -> bool:
    read = await bench.coloured("Red")
    path = f"/v3/catalog/products/{read['id']}/options/{read['options'][0]['id']}/values"
    return (await bench.shop("POST", path, {"label": "Red", "sort_order": 1})).status_code in {
        409,
        422,
    }


@SHOP_LIMITS.rule("A variant's values never change (3.7)")
async def values_stay(bench: Bench) -> bool:
    read = await bench.coloured("Red", "Blue")
    red, blue = read["variants"]
    other = [{"option_id": one["option_id"], "id": one["id"]} for one in blue["option_values"]]
    await bench.shop(
        "PUT", f"/v3/catalog/products/{read['id']}/variants/{red['id']}", {"option_values": other}
    )
    labels = [
        one["option_values"][0]["label"] for one in (await bench.read(read["id"]))["variants"]
    ]
    return labels == ["Red", "Blue"]


@SHOP_LIMITS.rule("A base variant has its product's price and SKU (3.1, 3.5)")
async def mirrored(bench: Bench) -> bool:
    made = await bench.product(price=5)
    sku = bench.name().replace(" ", "-")
    await bench.shop("PUT", f"/v3/catalog/products/{made['id']}", {"price": 7, "sku": sku})
    variant = (await bench.read(made["id"]))["variants"][0]
    return (variant["price"], variant["sku"]) == (7, sku)


@SHOP_LIMITS.rule("One unknown item refuses an adjustment whole (5.2)")
async def adjustment_whole(bench: Bench) -> bool:
    made = await bench.product(inventory_tracking="product")
    known = {"location_id": 1, "product_id": made["id"], "quantity": 3}
    body = {"items": [known, {"location_id": 1, "product_id": NOBODY, "quantity": 3}]}
    refused = await bench.shop("PUT", "/v3/inventory/adjustments/absolute", body)
    relative = await bench.shop("POST", "/v3/inventory/adjustments/relative", {"items": [known]})
    return (
        refused.status_code >= 400 and relative.status_code == 422
    )  # still without a first number


@SHOP_LIMITS.rule("A number that was written is read within seconds (5.2)")
async def number_is_read(bench: Bench) -> bool:
    made = await bench.product(inventory_tracking="product")
    body = {"items": [{"location_id": 1, "product_id": made["id"], "quantity": 3}]}
    await bench.shop("PUT", "/v3/inventory/adjustments/absolute", body)
    for _ in range(TIMEOUT_S):
        if (await bench.read(made["id"]))["inventory_level"] == 3:
            return True
        await bench.sleep(1.0)
    return False


@SHOP_LIMITS.rule("A webhook of an unknown scope, or to an address without https, is refused (6.1)")
async def wrong_hook(bench: Bench) -> bool:
    asked = (("store/nothing/*", "https"), (EVENT, "http"))
    return {await hook_status(bench, scope, scheme) for scope, scheme in asked} <= {400, 422}


async def hook_status(bench: Bench, scope: str, scheme: str) -> int:
    """How a webhook is refused. A webhook that is accepted must be removed by us."""
    destination = f"{scheme}://example.com/{bench.name().replace(' ', '-')}"
    made = bench.journal.begin("webhook", destination, bench.place.shop)
    answer = await bench.shop(
        "POST", "/v3/hooks", {"scope": scope, "destination": destination, "is_active": False}
    )
    if answer.status_code < 300:
        bench.journal.named(made, str(data(answer)["id"]))
    else:
        bench.journal.removed(made)
    return answer.status_code


@SHOP_LIMITS.rule("An own header of a webhook is kept (6.1)")
async def hook_headers(bench: Bench) -> bool:
    destination = f"https://example.com/{bench.name().replace(' ', '-')}"
    made = bench.journal.begin("webhook", destination, bench.place.shop)
    body = {
        "scope": EVENT,
        "destination": destination,
        "is_active": False,
        "headers": {"X-Certify": "1"},
    }
    hook = data(await bench.shop("POST", "/v3/hooks", body))
    bench.journal.named(made, str(hook["id"]))
    read = data(await bench.shop("GET", f"/v3/hooks/{hook['id']}"))
    return {name.lower(): value for name, value in (read["headers"] or {}).items()} == {
        "x-certify": "1"
    }


@SHOP_LIMITS.rule("A channel assignment is made, read and removed (3.13)")
async def assigned(bench: Bench) -> bool:
    made = await bench.product()
    store = (await bench.shop("GET", "/v2/store")).json()
    path, row = (
        "/v3/catalog/products/channel-assignments",
        {"product_id": made["id"], "channel_id": store["default_channel_id"]},
    )
    await bench.shop("PUT", path, [row])
    there = await bench.shop("GET", path, query={"product_id:in": made["id"]})
    await bench.shop(
        "DELETE", path, query={"product_id:in": made["id"], "channel_id:in": row["channel_id"]}
    )
    gone = await bench.shop("GET", path, query={"product_id:in": made["id"]})
    return (there.json()["data"], gone.json()["data"]) == ([row], [])


@SHOP_LIMITS.rule("No orders are 204 without a body (8)")
async def no_orders(bench: Bench) -> bool:
    answer = await bench.shop("GET", "/v2/orders", query={"min_id": NOBODY})
    time = await bench.shop("GET", "/v2/time")
    return (answer.status_code, time.status_code) == (204, 200) and not answer.content


@SHOP_LIMITS.rule("The first picture is the main one, and a second that says so takes over (3.10)")
async def main_picture(bench: Bench) -> bool:
    if not bench.place.picture:
        raise Unclear("no address of a public picture was given")
    path = f"/v3/catalog/products/{(await bench.product())['id']}/images"
    rows: list[JSON] = [
        {"image_url": bench.place.picture},
        {"image_url": bench.place.picture, "is_thumbnail": True},
    ]
    first, second = [data(await bench.shop("POST", path, row)) for row in rows]
    listed = {
        one["id"]: one["is_thumbnail"] for one in (await bench.shop("GET", path)).json()["data"]
    }
    return first["is_thumbnail"] and listed == {first["id"]: False, second["id"]: True}
