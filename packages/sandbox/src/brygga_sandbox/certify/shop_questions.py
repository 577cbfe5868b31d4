"""What BigCommerce's documents leave open. Each question names the sandbox's switch that holds the
answer (bigcommerce facts 13).
"""

from typing import Any

from brygga_sandbox.certify.asking import Questions
from brygga_sandbox.certify.bench import JSON, Bench, Unclear, data

SHOP_QUESTIONS = Questions("shop")
NO_PICTURE = "https://brygga-certify.invalid/none.png"
"""A host that cannot exist (RFC 2606)."""


@SHOP_QUESTIONS.question(
    "create_returns_children",
    "Does creating a product answer with its variants and their ids?",
    "B2",
)
async def create_returns_children(bench: Bench) -> bool:
    row = {
        "sku": bench.name().replace(" ", "-"),
        "option_values": [{"option_display_name": "Size", "label": "S"}],
    }
    made = await bench.product(variants=[row])
    return bool(made.get("variants")) and all(one.get("id") for one in made["variants"])


@SHOP_QUESTIONS.question(
    "implicit_option_type", "Which type do options get that variants bring along?", "B3"
)
async def implicit_option_type(bench: Bench) -> str:
    return str((await bench.coloured("Red"))["options"][0]["type"])


@SHOP_QUESTIONS.question(
    "inline_image_status", "How is a create refused whose picture cannot be fetched?", "B4"
)
async def inline_image_status(bench: Bench) -> int:
    answer = await bench.try_product(images=[{"image_url": NO_PICTURE}])
    if answer.status_code < 300:
        raise Unclear("the product was made without the picture")
    return answer.status_code


@SHOP_QUESTIONS.question(
    "batch_variant_extras", "Does the batch of variants change SKU, GTIN, MPN and picture?", "B5"
)
async def batch_variant_extras(bench: Bench) -> bool:
    """The picture, only if one is configured."""
    read = await bench.coloured("Red")
    wanted = {"sku": bench.name().replace(" ", "-"), "gtin": "7350000000016", "mpn": "CERT-1"}
    picture = {"image_url": bench.place.picture} if bench.place.picture else {}
    row = {"id": read["variants"][0]["id"], **wanted, **picture}
    data(await bench.shop("PUT", "/v3/catalog/variants", [row]))
    after = (await bench.read(read["id"]))["variants"][0]
    taken = {name: after[name] == value for name, value in wanted.items()}
    taken |= {"image_url": bool(after["image_url"])} if picture else {}
    if len(set(taken.values())) > 1:
        raise Unclear(
            f"some only: {', '.join(name for name, done in taken.items() if done)} of "
            f"{', '.join(taken)}"
        )
    return bool(taken["sku"])


@SHOP_QUESTIONS.question(
    "batch_variant_all_or_nothing", "Does one bad row refuse the whole batch of variants?", "B6"
)
async def batch_variant_all_or_nothing(bench: Bench) -> bool:
    read = await bench.coloured("Red", "Blue")
    red, blue = read["variants"]
    rows = [{"id": red["id"], "price": 77}, {"id": blue["id"], "price": -1}]
    answer = await bench.shop("PUT", "/v3/catalog/variants", rows)
    if answer.status_code < 400:
        raise Unclear(f"the bad row was taken: {answer.status_code}")
    prices = [one["price"] for one in (await bench.read(read["id"]))["variants"]]
    return 77 not in prices


@SHOP_QUESTIONS.question(
    "default_channel_auto", "Is a new product in the default channel by itself?", "B7"
)
async def default_channel_auto(bench: Bench) -> tuple[str, ...]:
    made = await bench.product()
    rows = data(
        await bench.shop(
            "GET", "/v3/catalog/products/channel-assignments", query={"product_id:in": made["id"]}
        )
    )
    store = (await bench.shop("GET", "/v2/store")).json()
    several = store["features"]["multi_storefront_enabled"]
    if rows:
        return ("always",) if several else ("always", "single_storefront")
    return ("never", "single_storefront") if several else ("never",)


@SHOP_QUESTIONS.question(
    "identical_put_fires", "Does a PUT that changes nothing move the date of modification?", "B12"
)
async def identical_put_fires(bench: Bench) -> bool:
    made = await bench.product()
    before = (await bench.read(made["id"]))["date_modified"]
    await bench.sleep(2.0)
    data(await bench.shop("PUT", f"/v3/catalog/products/{made['id']}", {"name": made["name"]}))
    return bool((await bench.read(made["id"]))["date_modified"] != before)


@SHOP_QUESTIONS.question(
    "duplicate_hook_status", "How is a webhook refused that exists already?", "B13"
)
async def duplicate_hook_status(bench: Bench) -> int:
    destination = f"https://example.com/{bench.name().replace(' ', '-')}"
    made = bench.journal.begin("webhook", destination, bench.place.shop)
    body = {"scope": "store/information/updated", "destination": destination, "is_active": False}
    bench.journal.named(made, str(data(await bench.shop("POST", "/v3/hooks", body))["id"]))
    second = await bench.shop("POST", "/v3/hooks", body)
    if second.status_code < 300:
        raise Unclear("it was taken twice")
    return second.status_code


@SHOP_QUESTIONS.question(
    "duplicate_category_status", "How is a category refused whose name is taken?", "B13"
)
async def duplicate_category_status(bench: Bench) -> int:
    trees = data(await bench.shop("GET", "/v3/catalog/trees"))
    name = bench.name()
    body = [{"name": name, "tree_id": trees[0]["id"], "parent_id": 0, "is_visible": False}]  # type: ignore[index]
    made = bench.journal.begin("category", name, bench.place.shop)
    rows = data(await bench.shop("POST", "/v3/catalog/trees/categories", body))
    bench.journal.named(made, str(rows[0]["category_id"]))  # type: ignore[index]
    return (await bench.shop("POST", "/v3/catalog/trees/categories", body)).status_code


@SHOP_QUESTIONS.question(
    "unknown_fields", "Is a field that nobody knows refused or ignored?", "B15"
)
async def unknown_fields(bench: Bench) -> str:
    return "ignore" if (await bench.try_product(brygga_certify="x")).status_code < 300 else "refuse"


@SHOP_QUESTIONS.question("categories_required", "Must a new product name its categories?", "B16")
async def categories_required(bench: Bench) -> bool:
    return (await bench.try_product(categories=...)).status_code >= 400


@SHOP_QUESTIONS.question(
    "variants_on_put", "Are variants in the PUT of a product refused or ignored?", "B17"
)
async def variants_on_put(bench: Bench) -> str:
    made = await bench.product()
    answer = await bench.shop("PUT", f"/v3/catalog/products/{made['id']}", {"variants": []})
    return "ignore" if answer.status_code < 300 else "refuse"


@SHOP_QUESTIONS.question("images_on_put", "What do pictures in the PUT of a product do?", "B17")
async def images_on_put(bench: Bench) -> str:
    if not bench.place.picture:
        raise Unclear("no address of a public picture was given")
    row = {"image_url": bench.place.picture, "is_thumbnail": True}
    made = await bench.product(images=[row])
    before = {one["id"] for one in (await bench.read(made["id"]))["images"]}
    data(await bench.shop("PUT", f"/v3/catalog/products/{made['id']}", {"images": [row]}))
    after = {one["id"] for one in (await bench.read(made["id"]))["images"]}
    return "ignore" if after == before else "append" if before < after else "replace"


@SHOP_QUESTIONS.question(
    "url_clash_on_put", "Does a taken address refuse a PUT whole, or is the rest saved?", "B18"
)
async def url_clash_on_put(bench: Bench) -> str:
    first, second = await bench.product(), await bench.product()
    url = (await bench.read(first["id"]))["custom_url"]["url"]
    body = {"custom_url": {"url": url, "is_customized": True}}
    answer = await bench.shop("PUT", f"/v3/catalog/products/{second['id']}", body)
    if answer.status_code not in {207, 409}:
        raise Unclear(f"neither 207 nor 409: {answer.status_code}")
    return str(answer.status_code)


@SHOP_QUESTIONS.question(
    "delete_unknown_product", "What does deleting a product answer that is gone?", "B19"
)
async def delete_unknown_product(bench: Bench) -> int:
    path = f"/v3/catalog/products/{(await bench.product())['id']}"
    await bench.shop("DELETE", path)
    return (await bench.shop("DELETE", path)).status_code


@SHOP_QUESTIONS.question("option_deletion", "Do a product's variants die with its option?", "B8")
async def option_deletion(bench: Bench) -> str:
    read = await bench.coloured("Red", "Blue")
    answer = await bench.shop(
        "DELETE", f"/v3/catalog/products/{read['id']}/options/{read['options'][0]['id']}"
    )
    if answer.status_code >= 400:
        return "refuse"
    left = {one["id"] for one in (await bench.read(read["id"]))["variants"]} & {
        one["id"] for one in read["variants"]
    }
    if left:
        raise Unclear(f"the option went and {len(left)} variants stayed")
    return "variants_die"


@SHOP_QUESTIONS.question("value_in_use", "Can a value be deleted that a variant has?", "B20")
async def value_in_use(bench: Bench) -> str:
    read = await bench.coloured("Red", "Blue")
    used = read["variants"][0]["option_values"][0]
    path = f"/v3/catalog/products/{read['id']}/options/{used['option_id']}/values/{used['id']}"
    return "refuse" if (await bench.shop("DELETE", path)).status_code >= 400 else "variants_die"


@SHOP_QUESTIONS.question(
    "omitted_values", "What do values mean that the PUT of an option leaves out?", "B20"
)
async def omitted_values(bench: Bench) -> str:
    read = await bench.coloured("Red")
    option = read["options"][0]
    path = f"/v3/catalog/products/{read['id']}/options/{option['id']}"
    data(await bench.shop("POST", f"{path}/values", {"label": "Spare", "sort_order": 1}))
    kept = [{name: option["option_values"][0][name] for name in ("id", "label", "sort_order")}]
    answer = await bench.shop("PUT", path, {"option_values": kept})
    if answer.status_code >= 400:
        return "refuse"
    left = {one["label"] for one in data(await bench.shop("GET", path))["option_values"]}
    return "keep" if "Spare" in left else "remove"


@SHOP_QUESTIONS.question(
    "new_option_on_variants", "Can a product that has variants get one more option?", "B21"
)
async def new_option_on_variants(bench: Bench) -> str:
    read = await bench.coloured("Red")
    answer = await bench.shop("POST", f"/v3/catalog/products/{read['id']}/options", option("Size"))
    return "accept" if answer.status_code < 300 else "refuse"


@SHOP_QUESTIONS.question(
    "duplicate_option_status", "How is a second option of the same name refused?", "B13"
)
async def duplicate_option_status(bench: Bench) -> int:
    path = f"/v3/catalog/products/{(await bench.product())['id']}/options"
    data(await bench.shop("POST", path, option("Size")))
    return (await bench.shop("POST", path, option("Size"))).status_code


@SHOP_QUESTIONS.question(
    "empty_image_list", "What is the list of a product's pictures when there are none?", "B22"
)
async def empty_image_list(bench: Bench) -> str:
    made = await bench.product()
    return str((await bench.shop("GET", f"/v3/catalog/products/{made['id']}/images")).status_code)


@SHOP_QUESTIONS.question("wrong_gtin", "Is a GTIN taken whose check digit is wrong?", "B46")
async def wrong_gtin(bench: Bench) -> str:
    answer = await bench.try_product(gtin="7350000000010")
    return "accept" if answer.status_code < 300 else "refuse"


@SHOP_QUESTIONS.question("wrong_video", "Is a video id taken that cannot be YouTube's?", "B23")
async def wrong_video(bench: Bench) -> str:
    made = await bench.product()
    body = {"video_id": "no/such video!", "type": "youtube"}
    answer = await bench.shop("POST", f"/v3/catalog/products/{made['id']}/videos", body)
    return "accept" if answer.status_code < 300 else "refuse"


@SHOP_QUESTIONS.question("limit_above_maximum", "Is a page of more than 250 refused or cut?", "B25")
async def limit_above_maximum(bench: Bench) -> str:
    answer = await bench.shop(
        "GET", "/v3/catalog/products", query={"limit": 251, "include_fields": "name"}
    )
    return "clamp" if answer.status_code < 300 else "refuse"


@SHOP_QUESTIONS.question(
    "untracked_adjustment", "Can the stock of an untracked product be adjusted?", "B9"
)
async def untracked_adjustment(bench: Bench) -> str:
    made = await bench.product(inventory_tracking="none")
    answer = await adjusted(bench, {"product_id": made["id"], "quantity": 3})
    return "accept" if answer < 300 else "refuse"


@SHOP_QUESTIONS.question("negative_absolute", "Is a negative level refused or taken as 0?", "B9")
async def negative_absolute(bench: Bench) -> str:
    made = await bench.product(inventory_tracking="product")
    return (
        "clamp"
        if await adjusted(bench, {"product_id": made["id"], "quantity": -3}) < 300
        else "refuse"
    )


@SHOP_QUESTIONS.question(
    "base_variant_by_variant_id", "Can a simple product be adjusted by its base variant?", "B26"
)
async def base_variant_by_variant_id(bench: Bench) -> bool:
    read = await bench.read((await bench.product(inventory_tracking="product"))["id"])
    return await adjusted(bench, {"variant_id": read["base_variant_id"], "quantity": 3}) < 300


@SHOP_QUESTIONS.question(
    "level_after_tracking_switch", "Is a level known after the tracking was switched?", "B24"
)
async def level_after_tracking_switch(bench: Bench) -> str:
    made = await bench.product(inventory_tracking="product")
    item = {"product_id": made["id"], "quantity": 3}
    await adjusted(bench, item)
    for tracking in ("none", "product"):
        data(
            await bench.shop(
                "PUT", f"/v3/catalog/products/{made['id']}", {"inventory_tracking": tracking}
            )
        )
    body = {"items": [{"location_id": 1, **item}]}
    status = (await bench.shop("POST", "/v3/inventory/adjustments/relative", body)).status_code
    return "keep" if status < 300 else "unset"


@SHOP_QUESTIONS.question(
    "first_option_level", "Is a simple product's number kept when it gets options?", "B47"
)
async def first_option_level(bench: Bench) -> str:
    made = await optioned(bench)
    if made["inventory_tracking"] != "product":
        raise Unclear("it is not counted as a whole any more")
    item = {"location_id": 1, "product_id": made["id"], "quantity": 1}
    status = (
        await bench.shop("POST", "/v3/inventory/adjustments/relative", {"items": [item]})
    ).status_code
    return "keep" if status < 300 else "unset"


@SHOP_QUESTIONS.question(
    "first_option_tracking",
    "Is a simple product that gets options still counted as a whole?",
    "B47",
)
async def first_option_tracking(bench: Bench) -> str:
    tracking = (await optioned(bench))["inventory_tracking"]
    if tracking not in {"product", "variant"}:
        raise Unclear(f"it is counted by {tracking}")
    return "stays" if tracking == "product" else "variant"


@SHOP_QUESTIONS.question(
    "items_of_whole",
    "What does /inventory/items show for the variants of a product that is counted as a whole?",
    "B48",
)
async def items_of_whole(bench: Bench) -> str:
    made = await bench.coloured("Red", "Blue", inventory_tracking="product")
    if await adjusted(bench, {"product_id": made["id"], "quantity": 3}) >= 300:
        raise Unclear("its number could not be set")
    await bench.sleep(10.0)  # reads may trail (bigcommerce facts 5.2)
    rows: Any = data(
        await bench.shop("GET", "/v3/inventory/items", query={"product_id:in": made["id"]})
    )
    levels = [int(row["locations"][0]["total_inventory_onhand"]) for row in rows]
    if not levels:
        return "absent"
    if set(levels) not in ({0}, {3}) or len(levels) != 2:
        raise Unclear(f"its rows show {levels}")
    return "product_level" if set(levels) == {3} else "own_level"


async def optioned(bench: Bench) -> JSON:
    """A simple product with a stock level, tracked as a whole, that later got an option with two
    variants.
    """
    made = await bench.product(inventory_tracking="product")
    await adjusted(bench, {"product_id": made["id"], "quantity": 3})
    values = [{"label": label, "sort_order": place} for place, label in enumerate(("Red", "Blue"))]
    body = {"display_name": "Colour", "type": "dropdown", "sort_order": 0, "option_values": values}
    found = data(await bench.shop("POST", f"/v3/catalog/products/{made['id']}/options", body))
    rows = [
        {
            "product_id": made["id"],
            "sku": bench.name().replace(" ", "-"),
            "option_values": [{"option_id": found["id"], "id": value["id"]}],
        }
        for value in found["option_values"]
    ]
    data(await bench.shop("PUT", "/v3/catalog/variants", rows))
    return await bench.read(made["id"])


@SHOP_QUESTIONS.question("unauthorized_body", "Is a 401 written in JSON or in plain text?", "B1")
async def unauthorized_body(bench: Bench) -> str:
    answer = await bench.shop("GET", "/v2/time", token="no-such-token")  # noqa: S106 - no token at all
    return "json" if "json" in answer.headers.get("content-type", "") else "text"


async def adjusted(bench: Bench, item: JSON) -> int:
    body = {"items": [{"location_id": 1, **item}]}
    return (await bench.shop("PUT", "/v3/inventory/adjustments/absolute", body)).status_code


def option(name: str) -> JSON:
    values = [{"label": "S", "sort_order": 0}]
    return {"display_name": name, "type": "dropdown", "sort_order": 0, "option_values": values}
