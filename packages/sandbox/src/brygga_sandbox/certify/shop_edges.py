"""Open questions about edges: creates without a field, maximum sizes, and what is left after a
delete (bigcommerce facts 13).
"""

from collections.abc import Awaitable, Callable

from brygga_sandbox.certify.asking import Questions
from brygga_sandbox.certify.bench import JSON, Bench, Unclear, data
from brygga_sandbox.certify.shop_limits import NOBODY

SHOP_EDGES = Questions("shop")
BATCHES = (10, 25, 50, 100)
LENGTHS = (32_767, 65_535, 131_071, 262_143)


@SHOP_EDGES.question(
    "inline_variant_without_sku",
    "Is a variant without a SKU taken when its product is created?",
    "B29",
)
async def inline_variant_without_sku(bench: Bench) -> str:
    rows = [
        {"option_values": [{"option_display_name": "Size", "label": label}]} for label in ("S", "M")
    ]
    answer = await bench.try_product(variants=rows)
    if answer.status_code >= 300:
        return "refuse"
    if len((await bench.read(int(answer.json()["data"]["id"])))["variants"]) != len(rows):
        raise Unclear("the product was made without its variants")
    return "accept"


@SHOP_EDGES.question(
    "create_visible_default", "Is a product visible that is created without saying so?", "B30"
)
async def create_visible_default(bench: Bench) -> bool:
    """The product is hidden again at once, and cannot be bought meanwhile."""
    made = await bench.product(is_visible=..., availability="disabled")
    await bench.shop("PUT", f"/v3/catalog/products/{made['id']}", {"is_visible": False})
    return bool(made["is_visible"])


@SHOP_EDGES.question("most_description", "How many characters may a description have?", "B31")
async def most_description(bench: Bench) -> int:
    async def fits(length: int) -> bool:
        return (await bench.try_product(description="x" * length)).status_code < 300

    return await largest(LENGTHS, fits)


@SHOP_EDGES.question("most_metafields", "How many metafields may one batch hold?", "B32")
async def most_metafields(bench: Bench) -> int:
    made = await bench.product()

    async def fits(size: int) -> bool:
        row = {
            "resource_id": made["id"],
            "permission_set": "app_only",
            "namespace": f"certify_{size}",
            "value": "x",
        }
        rows = [{**row, "key": f"k{number}"} for number in range(size)]
        return (await bench.shop("POST", "/v3/catalog/products/metafields", rows)).status_code < 300

    return await largest(BATCHES, fits)


@SHOP_EDGES.question("most_assignments", "How many channel assignments may one call hold?", "B32")
async def most_assignments(bench: Bench) -> int:
    made = await bench.product()
    store = (await bench.shop("GET", "/v2/store")).json()
    row = {"product_id": made["id"], "channel_id": store["default_channel_id"]}

    async def fits(size: int) -> bool:
        return (
            await bench.shop("PUT", "/v3/catalog/products/channel-assignments", [row] * size)
        ).status_code < 300

    return await largest(BATCHES, fits)


@SHOP_EDGES.question(
    "store_wide_resource_filter",
    "Does the store-wide list of metafields heed a filter by product?",
    "B33",
)
async def store_wide_resource_filter(bench: Bench) -> str:
    first, second = await bench.product(), await bench.product()
    for made in (first, second):
        row = {
            "permission_set": "app_only",
            "namespace": "brygga_certify",
            "key": bench.run,
            "value": "x",
        }
        data(await bench.shop("POST", f"/v3/catalog/products/{made['id']}/metafields", row))
    query = {"resource_id:in": first["id"], "key": bench.run, "limit": 250}
    rows: list[JSON] = (
        await bench.shop("GET", "/v3/catalog/products/metafields", query=query)
    ).json()["data"]
    found = {row["resource_id"] for row in rows}
    if first["id"] not in found:
        raise Unclear("not even the wanted one was listed")
    return "ignored" if second["id"] in found else "works"


@SHOP_EDGES.question(
    "thumbnail_heir", "Does another picture become the main one when that is deleted?", "B34"
)
async def thumbnail_heir(bench: Bench) -> str:
    if not bench.place.picture:
        raise Unclear("no address of a public picture was given")
    path = f"/v3/catalog/products/{(await bench.product())['id']}/images"
    made = [
        data(await bench.shop("POST", path, {"image_url": bench.place.picture, "sort_order": n}))
        for n in (0, 1, 2)
    ]
    await bench.shop("DELETE", f"{path}/{made[0]['id']}")
    heirs = [
        one["id"] for one in (await bench.shop("GET", path)).json()["data"] if one["is_thumbnail"]
    ]
    if heirs not in ([], [made[1]["id"]]):
        raise Unclear("another picture than the next became the main one")
    return "lowest_sort_order" if heirs else "none"


@SHOP_EDGES.question(
    "category_with_products", "Can a category be deleted that holds products?", "B35"
)
async def category_with_products(bench: Bench) -> str:
    trees = data(await bench.shop("GET", "/v3/catalog/trees"))
    name = bench.name()
    made = bench.journal.begin("category", name, bench.place.shop)
    body = [{"name": name, "tree_id": trees[0]["id"], "parent_id": 0, "is_visible": False}]  # type: ignore[index]
    rows = data(await bench.shop("POST", "/v3/catalog/trees/categories", body))
    number = rows[0]["category_id"]  # type: ignore[index]
    bench.journal.named(made, str(number))
    await bench.product(categories=[number])
    answer = await bench.shop(
        "DELETE", "/v3/catalog/trees/categories", query={"category_id:in": number}
    )
    return "deleted" if answer.status_code < 300 else "refused"


@SHOP_EDGES.question(
    "unknown_item_status", "How is an adjustment of something unknown refused?", "B9"
)
async def unknown_item_status(bench: Bench) -> int:
    body = {"items": [{"location_id": 1, "product_id": NOBODY, "quantity": 1}]}
    answer = await bench.shop("PUT", "/v3/inventory/adjustments/absolute", body)
    if answer.status_code < 300:
        raise Unclear("it was taken")
    return answer.status_code


@SHOP_EDGES.question(
    "catalog_level", "Does the catalogue's stock level leave out safety stock?", "B36"
)
async def catalog_level(bench: Bench) -> str:
    made = await bench.product(inventory_tracking="product")
    row = {"location_id": 1, "product_id": made["id"], "quantity": 5}
    await bench.shop("PUT", "/v3/inventory/adjustments/absolute", {"items": [row]})
    entry = {"identity": {"product_id": made["id"]}, "safety_stock": 2}
    answer = await bench.shop("PUT", "/v3/inventory/locations/1/items", {"settings": [entry]})
    if answer.status_code >= 300:
        raise Unclear(f"safety stock could not be set: {answer.status_code}")
    readings = {5: "on_hand", 3: "available_to_sell"}
    for _ in range(10):
        level = (await bench.read(made["id"]))["inventory_level"]
        if level in readings:
            return readings[level]
        await bench.sleep(1.0)
    raise Unclear("the level was neither with nor without safety stock")


async def largest(sizes: tuple[int, ...], fits: Callable[[int], Awaitable[bool]]) -> int:
    """The last size that is accepted before one is refused. Unclear if none or every size is
    accepted.
    """
    taken = 0
    for size in sizes:
        if not await fits(size):
            break
        taken = size
    if taken in {0, sizes[-1]}:
        raise Unclear(
            f"{sizes[0]} is refused already" if not taken else f"{sizes[-1]} is taken too"
        )
    return taken
