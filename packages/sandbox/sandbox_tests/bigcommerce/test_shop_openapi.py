"""What the sandbox answers fits the platform's own OpenAPI files, wherever they are at hand
(BRYGGA_SPECS).
"""

import os
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from sandbox_tests.bigcommerce.shop_bench import HOOK, Bench

pytestmark = [
    pytest.mark.specs,
    pytest.mark.skipif(
        "BRYGGA_SPECS" not in os.environ,
        reason="BRYGGA_SPECS does not say where the OpenAPI files are",
    ),
]


@cache
def document(name: str) -> Any:
    """One OpenAPI file, with its `nullable` written as JSON schema writes it."""
    text = (Path(os.environ["BRYGGA_SPECS"]) / "bigcommerce" / name).read_text()
    return plain(yaml.safe_load(text))


def plain(node: Any) -> Any:
    """OpenAPI's dialect as JSON schema. Known slips of the files (bigcommerce facts 10) are left
    out of it.
    """
    if isinstance(node, list):
        return [plain(one) for one in node]
    if not isinstance(node, dict):
        return node
    made = {
        key: plain(value)
        for key, value in node.items()
        if key not in {"example", "examples", "x-examples", "default"}
    }
    if made.get("nullable") is True:
        made.pop("nullable")
        kind = made.get("type")
        if isinstance(kind, str):
            made["type"] = [kind, "null"]
            if isinstance(made.get("enum"), list):
                made["enum"] = [*made["enum"], None]
    if made.get("type") == "array":
        for bound in ("minimum", "maximum"):
            made.pop(bound, None)
    if made.get("required") == ["post"]:
        made.pop("required")
    return made


def resolved(whole: Any, reference: str) -> Any:
    """What a reference inside a file points at."""
    for part in reference.split("/")[1:]:
        whole = whole[part]
    return whole


def errors(file: str, path: str, answer: Any, method: str = "get", status: int = 200) -> list[str]:
    """What in an answer does not fit the schema of its operation, but for what
    docs/platforms/bigcommerce.md knows better.
    """
    whole = document(file)
    response = whole["paths"][path][method]["responses"][str(status)]
    while "$ref" in response:
        response = resolved(whole, response["$ref"])
    content = response["content"]
    schema = (content.get("application/json") or next(iter(content.values())))["schema"]
    validator = jsonschema_rs.Draft4Validator(
        {"allOf": [schema], "components": whole["components"]}, validate_formats=False
    )
    found = [
        ("/".join(map(str, one.instance_path)), one.message)
        for one in validator.iter_errors(answer)
    ]
    return [f"{where}: {message}" for where, message in found if not known_better(where, message)]


def known_better(where: str, message: str) -> bool:
    """Where the files are wrong: null inherits (3.7), base variants have no sku_id (3.7), config
    may be [] (3.8).
    """
    field = where.rsplit("/", 1)[-1]
    inherited = {
        "base_variant_id", "option_set_id", "sku_id", "price", "sale_price", "retail_price",
        "map_price", "weight",
        "width", "height", "depth", "fixed_cost_shipping_price",
    }  # fmt: skip
    return (field in inherited and message.startswith("null")) or (
        field == "config" and message.startswith("[]")
    )


PRODUCTS, VARIANTS = "catalog/products_catalog.v3.yml", "catalog/product-variants_catalog.v3.yml"
TREES = "catalog/category-trees_catalog.v3.yml"
P = "/catalog/products"
READS = [
    (PRODUCTS, P, "/v3/catalog/products?include=variants,images,videos,custom_fields"),
    (
        PRODUCTS,
        P + "/{product_id}",
        "/v3/catalog/products/111?include=variants,images,options,videos",
    ),
    (PRODUCTS, P + "/{product_id}/images", "/v3/catalog/products/111/images"),
    (PRODUCTS, P + "/{product_id}/videos", "/v3/catalog/products/111/videos"),
    (PRODUCTS, P + "/{product_id}/custom-fields", "/v3/catalog/products/111/custom-fields"),
    (PRODUCTS, P + "/metafields", "/v3/catalog/products/metafields"),
    (PRODUCTS, P + "/channel-assignments", "/v3/catalog/products/channel-assignments"),
    (VARIANTS, P + "/{product_id}/variants", "/v3/catalog/products/111/variants"),
    (VARIANTS, "/catalog/variants", "/v3/catalog/variants"),
    (
        "catalog/product-variant-options_catalog.v3.yml",
        P + "/{product_id}/options",
        "/v3/catalog/products/111/options",
    ),
    (TREES, "/catalog/trees", "/v3/catalog/trees"),
    (TREES, "/catalog/trees/categories", "/v3/catalog/trees/categories"),
    (TREES, "/catalog/trees/{tree_id}/categories", "/v3/catalog/trees/1/categories"),
    ("catalog/categories_catalog.v3.yml", "/catalog/categories", "/v3/catalog/categories"),
    ("inventory.v3.yml", "/inventory/items", "/v3/inventory/items"),
    (
        "inventory.v3.yml",
        "/inventory/locations/{location_id}/items",
        "/v3/inventory/locations/1/items",
    ),
    ("locations.v3.yml", "/inventory/locations", "/v3/inventory/locations"),
    ("webhooks.v3.yml", "/hooks", "/v3/hooks"),
    ("store_information.v2.yml", "/store", "/v2/store"),
    ("tax_settings.v3.yml", "/tax/settings", "/v3/tax/settings"),
    ("settings.v3.yml", "/settings/inventory", "/v3/settings/inventory"),
    (
        "settings.v3.yml",
        "/settings/store/units-of-measurement",
        "/v3/settings/store/units-of-measurement",
    ),
    ("currencies.v2.yml", "/currencies", "/v2/currencies"),
    ("channels.v3.yml", "/channels", "/v3/channels"),
    (
        "orders.v3.yml",
        "/orders/{order_id}/payment_actions/refunds",
        "/v3/orders/250/payment_actions/refunds",
    ),
]


async def full_sandbox() -> Bench:
    """A store with one of everything."""
    bench = Bench()
    await bench.scarf(
        images=[{"image_url": "https://x.test/a.png"}],
        videos=[{"video_id": "z3fRu9pkuXE"}],
        custom_fields=[{"name": "Glaze", "value": "Sand"}],
    )
    await bench.product(sku="MUG", inventory_tracking="product", inventory_level=2)
    row = {
        "permission_set": "app_only",
        "namespace": "zettle",
        "key": "uuid",
        "value": "6f",
        "resource_id": 111,
    }
    await bench.good("POST", "/v3/catalog/products/metafields", [row])
    await bench.good("POST", "/v3/catalog/trees/categories", [{"name": "Zettle", "tree_id": 1}])
    await bench.good("POST", "/v3/hooks", {"scope": "store/order/*", "destination": HOOK})
    await bench.good("POST", "/sandbox/orders", {"lines": [{"sku": "SC-RED"}]})
    await bench.good("POST", "/sandbox/orders/250/refund")
    return bench


@pytest.mark.parametrize(("file", "path", "call"), READS, ids=[call for _, _, call in READS])
async def test_a_read_fits_its_schema(file: str, path: str, call: str) -> None:
    bench = await full_sandbox()

    answer = await bench.good("GET", call)

    assert errors(file, path, answer) == []


async def test_writes_fit_their_schemas_and_nonsense_does_not() -> None:
    bench = await full_sandbox()
    tree = await bench.good("POST", "/v3/catalog/trees/categories", [{"name": "New", "tree_id": 1}])
    hook = await bench.good("POST", "/v3/hooks", {"scope": "store/sku/*", "destination": HOOK})
    moved = await bench.adjust("absolute", 3, sku="SC-RED")

    assert errors(TREES, "/catalog/trees/categories", tree, "post", 201) == []
    assert errors("webhooks.v3.yml", "/hooks", hook, "post") == []
    assert errors("inventory.v3.yml", "/inventory/adjustments/absolute", moved, "put") == []
    assert errors("webhooks.v3.yml", "/hooks", {"data": {**hook["data"], "id": "x"}}, "post") != []
