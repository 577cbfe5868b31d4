"""A good body for every address of the BigCommerce sandbox that takes one."""

from typing import Any

from brygga_sandbox.bigcommerce.categories import CATEGORY
from brygga_sandbox.bigcommerce.fields import PRODUCT, VARIANT
from sandbox_tests.bigcommerce.shop_bench import HOOK, variant

PRODUCTS = "/v3/catalog/products"
ONE = f"{PRODUCTS}/{{product_id}}"


def bodies(ids: dict[str, str]) -> dict[str, Any]:
    """A good body for every address that takes one."""
    numbers = {name: int(value) for name, value in ids.items()}
    return {
        **product_bodies(numbers),
        **variant_bodies(numbers),
        **option_bodies(numbers),
        **media_bodies(),
        **metafield_bodies(numbers),
        **category_bodies(numbers),
        **stock_bodies(numbers),
        **hook_bodies(),
    }


def product_bodies(ids: dict[str, int]) -> dict[str, Any]:
    product = {
        "name": "Vase",
        "type": "physical",
        "weight": 1,
        "price": "10.00",
        "categories": [],
        "sku": "V-1",
        "is_visible": False,
        "inventory_tracking": "product",
        "inventory_level": 3,
        "custom_url": {"url": "/vase/", "is_customized": True},
        "custom_fields": [{"name": "c", "value": "d"}],
        "bulk_pricing_rules": [],
        "images": [{"image_url": "https://p.example/b.png"}],
        "videos": [{"video_id": "z3fRu9pkuXE", "type": "youtube"}],
    }
    fields = {name: kept.default for name, kept in PRODUCT.items()}
    variants = [variant("S", sku="V-S", inventory_level=1)]
    return {
        f"POST {PRODUCTS}": {**product, "variants": variants},
        f"PUT {PRODUCTS}": [{"id": ids["product_id"], "name": "Halsduk"}],
        f"PUT {ONE}": {**fields, **product},
    }


def variant_bodies(ids: dict[str, int]) -> dict[str, Any]:
    fields = {name: kept.default for name, kept in VARIANT.items() if name != "sku"}
    row = {
        "id": ids["variant_id"],
        "sku": "N-1",
        "price": 4,
        "image_url": "",
        "inventory_level": 2,
    }
    values = [{"id": ids["value_id"], "option_id": ids["option_id"]}]
    another = {"product_id": ids["product_id"], "sku": "N-3", "option_values": values}
    return {
        f"POST {ONE}/variants": {"sku": "N-2", "option_values": values, "price": 1},
        f"PUT {ONE}/variants/{{variant_id}}": {**fields, **row},
        f"POST {ONE}/variants/{{variant_id}}/image": {"image_url": "https://p.example/c.png"},
        "PUT /v3/catalog/variants": [row, another],
    }


def option_bodies(ids: dict[str, int]) -> dict[str, Any]:
    option = {
        "display_name": "Size",
        "type": "rectangles",
        "option_values": [{"label": "S", "sort_order": 0}],
    }
    options = f"{ONE}/options"
    values = f"{options}/{{option_id}}/values"
    renamed = [{"id": ids["value_id"], "label": "L"}]
    return {
        f"POST {options}": option,
        f"PUT {options}/{{option_id}}": {**option, "option_values": renamed},
        f"POST {values}": {"label": "M", "sort_order": 1, "is_default": False},
        f"PUT {values}/{{value_id}}": {"label": "XL", "sort_order": 1},
    }


def media_bodies() -> dict[str, Any]:
    image = {"image_url": "https://p.example/d.png", "sort_order": 1, "is_thumbnail": True}
    field = {"name": "e", "value": "f"}
    return {
        f"POST {ONE}/images": image,
        f"PUT {ONE}/images/{{image_id}}": {"sort_order": 1, "description": "x"},
        f"POST {ONE}/videos": {"video_id": "z3fRu9pkuXE", "title": "t", "sort_order": 0},
        f"PUT {ONE}/videos/{{video_id}}": {"title": "t", "sort_order": 0},
        f"POST {ONE}/custom-fields": field,
        f"PUT {ONE}/custom-fields/{{field_id}}": field,
    }


def metafield_bodies(ids: dict[str, int]) -> dict[str, Any]:
    meta = {"permission_set": "read", "namespace": "n", "key": "k", "value": "v"}
    of_variant = {**meta, "resource_id": ids["variant_id"]}
    return {
        f"POST {ONE}/metafields": meta,
        f"PUT {ONE}/metafields/{{metafield_id}}": {"value": "w"},
        f"POST {ONE}/variants/{{variant_id}}/metafields": meta,
        f"POST {PRODUCTS}/metafields": [{**meta, "resource_id": ids["product_id"]}],
        f"PUT {PRODUCTS}/metafields": [{"id": ids["metafield_id"], "value": "w"}],
        f"DELETE {PRODUCTS}/metafields": [ids["metafield_id"]],
        "POST /v3/catalog/variants/metafields": [of_variant],
    }


def category_bodies(ids: dict[str, int]) -> dict[str, Any]:
    product, category = ids["product_id"], ids["category_id"]
    fields = {name: kept.default for name, kept in CATEGORY.items()}
    own = {"name": "Muggar", "tree_id": 1, "parent_id": 0}
    tree = {**own, "url": {"path": "/muggar/", "is_customized": True}, **fields}
    changed = {"name": "K2", "parent_id": 0, **fields, "custom_url": {"url": "/k2/"}}
    return {
        f"PUT {PRODUCTS}/channel-assignments": [{"product_id": product, "channel_id": 1}],
        f"PUT {PRODUCTS}/category-assignments": [{"product_id": product, "category_id": category}],
        "POST /v3/catalog/trees/categories": [tree],
        "PUT /v3/catalog/trees/categories": [
            {"category_id": category, "name": "Z", "is_visible": True}
        ],
        "POST /v3/catalog/categories": {"parent_id": 0, "name": "K", "custom_url": {"url": "/k/"}},
        "PUT /v3/catalog/categories/{category_id}": changed,
    }


def stock_bodies(ids: dict[str, int]) -> dict[str, Any]:
    item = {"location_id": 1, "quantity": 2, "variant_id": ids["variant_id"]}
    setting = {
        "identity": {"variant_id": ids["variant_id"]},
        "safety_stock": 0,
        "bin_picking_number": "b",
    }
    return {
        "PUT /v3/inventory/adjustments/absolute": {"reason": "r", "items": [item]},
        "POST /v3/inventory/adjustments/relative": {"reason": "r", "items": [item]},
        "PUT /v3/inventory/locations/{location_id}/items": {"settings": [setting]},
    }


def hook_bodies() -> dict[str, Any]:
    hook = {
        "scope": "store/order/*",
        "destination": HOOK,
        "is_active": True,
        "headers": {"X-Secret": "s"},
    }
    return {
        "POST /v3/hooks": hook,
        "PUT /v3/hooks/{hook_id}": hook,
        "PUT /v3/hooks/admin": {"emails": ["a@example.com"]},
    }
