"""A field that the documents do not list is refused in every write, at every depth (bigcommerce
facts 3.3).
"""

import copy
import re
from typing import Any, Literal

import httpx2
import pytest

from brygga_sandbox.bigcommerce import Switches
from sandbox_tests.bigcommerce.shop_bench import HOOK, JSON, Bench

P = "/v3/catalog/products"
ONE = P + "/{product}"
LABEL = {"label": "Green", "sort_order": 2}
META = {"permission_set": "read", "namespace": "zettle", "key": "uuid", "value": "6f"}
RULE = {"quantity_min": 2, "quantity_max": 5, "type": "price", "amount": 1}
OPTION = {"display_name": "Size", "type": "rectangles", "option_values": [LABEL], "config": {}}
PRODUCT: JSON = {
    "name": "Vase", "type": "physical", "weight": 1, "price": 1, "categories": [],
    "custom_url": {"url": "/vase/"}, "custom_fields": [{"name": "a", "value": "b"}],
    "bulk_pricing_rules": [RULE], "images": [{"image_url": "https://x.test/a.png"}],
    "videos": [{"video_id": "z3fRu9pkuXE"}],
}  # fmt: skip
INLINE = {
    **PRODUCT,
    "variants": [{"sku": "V", "option_values": [{"option_display_name": "A", "label": "B"}]}],
}
CHILDREN = ("custom_url", "custom_fields.0", "bulk_pricing_rules.0", "images.0", "videos.0")
ITEM = {"location_id": 1, "variant_id": "{red}", "quantity": 3}
SETTING = {"identity": {"variant_id": "{red}"}, "warning_level": 1}
CHOSEN = [{"option_id": "{option}", "id": "{free}"}]
NEW = {"sku": "SC-GRN", "option_values": CHOSEN}

# method, path, a body that is taken, and the places in it where a field more is refused
WRITES: list[tuple[str, str, Any, tuple[str, ...]]] = [
    ("POST", P, INLINE, ("", *CHILDREN, "variants.0", "variants.0.option_values.0")),
    ("PUT", ONE, PRODUCT, ("", *CHILDREN)),
    ("PUT", P, [{"id": "{product}", "custom_fields": [{"name": "a", "value": "b"}]}],
     ("0", "0.custom_fields.0")),
    ("POST", ONE + "/variants", NEW, ("", "option_values.0")),
    ("PUT", ONE + "/variants/{red}", {"price": 3}, ("",)),
    ("PUT", "/v3/catalog/variants", [{"id": "{red}", "price": 3}], ("0",)),
    ("PUT", "/v3/catalog/variants", [{**NEW, "product_id": "{product}"}],
     ("0", "0.option_values.0")),
    ("POST", ONE + "/variants/{red}/image", {"image_url": "https://x.test/a.png"}, ("",)),
    ("POST", P + "/{mug}/options", OPTION, ("", "config", "option_values.0")),
    ("PUT", ONE + "/options/{option}", {"display_name": "Hue"}, ("",)),
    ("POST", ONE + "/options/{option}/values", LABEL, ("",)),
    ("PUT", ONE + "/options/{option}/values/{free}", LABEL, ("",)),
    ("POST", ONE + "/images", {"image_url": "https://x.test/a.png"}, ("",)),
    ("PUT", ONE + "/images/{image}", {"description": "Scarf"}, ("",)),
    ("POST", ONE + "/videos", {"video_id": "z3fRu9pkuXE"}, ("",)),
    ("PUT", ONE + "/videos/{video}", {"title": "Scarf"}, ("",)),
    ("POST", ONE + "/custom-fields", {"name": "c", "value": "d"}, ("",)),
    ("PUT", ONE + "/custom-fields/{field}", {"name": "c", "value": "d"}, ("",)),
    ("POST", ONE + "/metafields", META, ("",)),
    ("PUT", ONE + "/metafields/{meta}", META, ("",)),
    ("POST", P + "/metafields", [{**META, "key": "b", "resource_id": "{product}"}], ("0",)),
    ("PUT", P + "/metafields", [{**META, "id": "{meta}"}], ("0",)),
    ("POST", ONE + "/variants/{red}/metafields", META, ("",)),
    ("PUT", P + "/channel-assignments", [{"product_id": "{product}", "channel_id": 1}], ("0",)),
    ("PUT", P + "/category-assignments",
     [{"product_id": "{product}", "category_id": "{category}"}], ("0",)),
    ("POST", "/v3/catalog/trees/categories", [{"name": "B", "tree_id": 1, "url": {}}],
     ("0", "0.url")),
    ("PUT", "/v3/catalog/trees/categories", [{"category_id": "{category}", "name": "B"}], ("0",)),
    ("POST", "/v3/catalog/categories", {"name": "B", "parent_id": 0, "custom_url": {}},
     ("", "custom_url")),
    ("PUT", "/v3/catalog/categories/{category}", {"name": "B", "parent_id": 0}, ("",)),
    ("PUT", "/v3/inventory/adjustments/absolute", {"items": [ITEM]}, ("", "items.0")),
    ("POST", "/v3/inventory/adjustments/relative", {"items": [ITEM]}, ("", "items.0")),
    ("PUT", "/v3/inventory/locations/1/items", {"settings": [SETTING]},
     ("", "settings.0", "settings.0.identity")),
    ("POST", "/v3/hooks", {"scope": "store/sku/updated", "destination": HOOK}, ("",)),
    ("PUT", "/v3/hooks/{hook}", {"is_active": False}, ("",)),
    ("PUT", "/v3/hooks/admin", {"emails": ["anna@example.com"]}, ("",)),
]  # fmt: skip
PLACES = [
    pytest.param(*write[:3], place, id=f"{write[0]} {write[1]} {place or 'top'}")
    for write in WRITES
    for place in write[3]
]


async def scene(reading: Literal["refuse", "ignore"] = "refuse") -> tuple[Bench, dict[str, int]]:
    """A store with one of each thing, and their ids."""
    bench = Bench(Switches(unknown_fields=reading))
    made = await bench.scarf(
        images=PRODUCT["images"],
        videos=PRODUCT["videos"],
        custom_fields=[{"name": "x", "value": "y"}],
    )
    base = f"{P}/{made['id']}"
    option = made["options"][0]["id"]
    free = await bench.good("POST", f"{base}/options/{option}/values", {**LABEL, "label": "Pink"})
    category = [{"name": "A", "tree_id": 1}]
    ids = {
        "product": made["id"],
        "red": made["variants"][0]["id"],
        "option": option,
        "free": free["data"]["id"],
        "image": made["images"][0]["id"],
        "video": made["videos"][0]["id"],
        "field": made["custom_fields"][0]["id"],
        "mug": (await bench.product())["id"],
        "meta": (await bench.good("POST", f"{base}/metafields", {**META, "key": "old"}))["data"][
            "id"
        ],
        "category": (await bench.good("POST", "/v3/catalog/trees/categories", category))["data"][0][
            "category_id"
        ],
        "hook": (await bench.listen("store/product/created"))[0]["id"],
    }
    return bench, ids


def filled(body: Any, ids: dict[str, int]) -> Any:
    """A body with the ids in their places."""
    if isinstance(body, dict):
        return {name: filled(value, ids) for name, value in body.items()}
    if isinstance(body, list):
        return [filled(value, ids) for value in body]
    held = re.fullmatch(r"\{(\w+)\}", body) if isinstance(body, str) else None
    return ids[held[1]] if held else body


def extended(body: Any, place: str) -> Any:
    """The body with an unknown field at that place."""
    whole = copy.deepcopy(body)
    found = whole
    for part in place.split(".") if place else ():
        found = found[int(part)] if part.isdigit() else found[part]
    found["colour_of_the_moon"] = "silver"
    return whole


async def sent(
    bench: Bench, ids: dict[str, int], method: str, path: str, body: Any
) -> httpx2.Response:
    return await bench.call(method, path.format(**ids), filled(body, ids))


@pytest.mark.parametrize(("method", "path", "body", "place"), PLACES)
async def test_a_field_that_no_document_lists_is_refused(
    method: str, path: str, body: Any, place: str
) -> None:
    bench, ids = await scene()

    answer = await sent(bench, ids, method, path, extended(body, place))

    assert answer.status_code == 422, answer.text
    assert "colour_of_the_moon" in answer.text


@pytest.mark.parametrize(("method", "path", "body", "place"), PLACES)
async def test_a_field_that_no_document_lists_is_dropped_by_a_switch(
    method: str, path: str, body: Any, place: str
) -> None:
    bench, ids = await scene("ignore")

    answer = await sent(bench, ids, method, path, extended(body, place))

    assert answer.status_code < 300, answer.text
    assert "colour_of_the_moon" not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [pytest.param(*write[:3], id=f"{write[0]} {write[1]}") for write in WRITES],
)
async def test_the_same_writes_without_it_are_taken(method: str, path: str, body: Any) -> None:
    bench, ids = await scene()

    answer = await sent(bench, ids, method, path, body)

    assert answer.status_code < 300, answer.text


KNOWN_ELSEWHERE: list[tuple[str, str, Any]] = [
    ("POST", P, {**PRODUCT, "options": []}),
    ("POST", P, {**PRODUCT, "id": 4}),
    ("PUT", ONE + "/variants/{red}", {"map_price": 3}),
    ("PUT", ONE + "/variants/{red}", {"sku_id": 3}),
    ("PUT", ONE + "/videos/{video}", {"video_id": "z3fRu9pkuXE"}),
    ("POST", ONE + "/options/{option}/values", {**LABEL, "id": 4}),
    ("POST", ONE + "/metafields", {**META, "resource_id": 1}),
    ("POST", "/v3/catalog/categories", {"name": "B", "parent_id": 0, "tree_id": 1}),
    ("POST", "/v3/catalog/trees/categories", [{"name": "B", "tree_id": 1, "custom_url": {}}]),
]


@pytest.mark.parametrize(("method", "path", "body"), KNOWN_ELSEWHERE)
async def test_a_field_of_another_write_is_refused_too(method: str, path: str, body: Any) -> None:
    bench, ids = await scene()

    assert (await sent(bench, ids, method, path, body)).status_code == 422


TAKEN: list[tuple[str, str, Any]] = [
    ("PUT", ONE, {"id": "{product}", "date_modified": "2026-01-01T00:00:00+00:00"}),
    ("PUT", ONE + "/images/{image}", {"date_modified": "2026-01-01T00:00:00+00:00"}),
    ("PUT", ONE + "/variants/{red}", {"option_values": []}),
    ("PUT", ONE + "/options/{option}", {"id": 1, "product_id": "{product}", "image_url": ""}),
    ("PUT", "/v3/catalog/categories/{category}", {"id": 1, "name": "B", "parent_id": 0}),
    ("PUT", "/v3/inventory/adjustments/absolute", {"items": [{**ITEM, "qty_backordered": 0}]}),
    ("PUT", "/v3/hooks/{hook}", {"headers": None}),
]


@pytest.mark.parametrize(("method", "path", "body"), TAKEN)
async def test_a_field_that_a_document_lists_is_taken(method: str, path: str, body: Any) -> None:
    bench, ids = await scene()

    answer = await sent(bench, ids, method, path, body)

    assert answer.status_code < 300, answer.text
