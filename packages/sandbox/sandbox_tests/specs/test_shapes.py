"""The fields that the sandbox takes in each write are those of the OpenAPI files, no fewer and no
more.
"""

import os
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from brygga_sandbox.bigcommerce import shapes
from brygga_sandbox.bigcommerce.fields import Shape
from sandbox_tests.specs.operations import Operation, Operations
from sandbox_tests.specs.plugin import FOLDER

pytestmark = [
    pytest.mark.specs,
    pytest.mark.skipif(
        FOLDER not in os.environ, reason=f"{FOLDER} does not say where the OpenAPI files are"
    ),
]
P = "/v3/catalog/products"
RENAMED = {
    "/videos/{video_id}": "/videos/{id}",
    "{field_id}": "{custom_field_id}",
    "{hook_id}": "{webhook_id}",
}
"""What a path's parameter is called in the files."""
ROW_BY_ROW: Mapping[tuple[str, str], Shape] = {
    ("POST", P): shapes.NEW_PRODUCT,
    ("PUT", P): [shapes.CHANGED_PRODUCT],
    ("PUT", P + "/{product_id}"): shapes.CHANGED_PRODUCT,
    ("POST", P + "/{product_id}/variants"): shapes.NEW_VARIANT,
    ("PUT", P + "/{product_id}/variants/{variant_id}"): shapes.CHANGED_VARIANT,
    ("PUT", "/v3/catalog/variants"): [shapes.BATCH_VARIANT],
    ("POST", P + "/{product_id}/metafields"): shapes.METAFIELD,
    ("PUT", P + "/{product_id}/metafields/{metafield_id}"): shapes.METAFIELD,
    ("POST", P + "/metafields"): [{**shapes.METAFIELD, "resource_id": None}],
    ("PUT", P + "/metafields"): [{**shapes.METAFIELD, "id": None}],
    ("POST", "/v3/catalog/trees/categories"): [shapes.TREE_CATEGORY],
    ("PUT", "/v3/catalog/trees/categories"): [shapes.CHANGED_TREE_CATEGORY],
    ("POST", "/v3/catalog/categories"): shapes.OLD_CATEGORY,
    ("PUT", "/v3/catalog/categories/{category_id}"): shapes.CHANGED_OLD_CATEGORY,
}
READ_ONLY = {
    "id", "date_created", "date_modified", "calculated_price", "base_variant_id", "option_set_id",
    "option_set_display",
}  # fmt: skip
BEYOND: Mapping[str, set[str]] = {
    # What can only be read may be sent back in a change (bigcommerce facts 3.3), and `variants` has
    # a switch (3.5).
    "PUT /v3/catalog/products": {f"[].{name}" for name in (READ_ONLY - {"id"}) | {"variants"}},
    "PUT /v3/catalog/products/{product_id}": READ_ONLY | {"variants"},
    # Taken and without effect (10).
    "PUT /v3/catalog/products/{product_id}/variants/{variant_id}": {"option_values"},
    # The text above the schema names them; the list of fields leaves them out (3.7).
    "PUT /v3/catalog/variants": {
        *(
            f"[].{name}"
            for name in ("sku", "product_id", "gtin", "mpn", "image_url", "option_values")
        ),
        *(
            f"[].option_values.[].{name}"
            for name in ("id", "label", "option_id", "option_display_name")
        ),
    },
    # Backorders came in April 2026, the files are older (changes of November 2026).
    "PUT /v3/inventory/adjustments/absolute": {"items.[].qty_backordered"},
    "POST /v3/inventory/adjustments/relative": {"items.[].qty_backordered"},
    "PUT /v3/inventory/locations/{location_id}/items": {"settings.[].backorder_limit"},
    # The one way to archive an order beside DELETE (8).
    "PUT /v2/orders/{order_id}": {"is_deleted"},
}
"""What the sandbox takes although the file of that write does not name it, and why."""


@cache
def operations() -> Operations:
    return Operations(Path(os.environ[FOLDER]))


def operation(method: str, path: str) -> Operation:
    """The operation in the files that a write of the sandbox is."""
    for ours, theirs in RENAMED.items():
        path = path.replace(ours, theirs)
    return next(one for one in operations().all() if (one.method, one.template) == (method, path))


def documented(one: Operation, schemas: list[Any], place: str = "") -> Iterator[str]:
    """The places of all fields that a schema names, lists as "[]"."""
    parts = [part for schema in schemas for part in one.sent.parts(schema)]
    fields: dict[str, list[Any]] = {}
    for part in parts:
        for name, inner in part.get("properties", {}).items():
            fields.setdefault(name, []).append(inner)
    for name, inner in fields.items():
        yield f"{place}{name}"
        yield from documented(one, inner, f"{place}{name}.")
    rows = [part["items"] for part in parts if isinstance(part.get("items"), dict)]
    if rows:
        yield from documented(one, rows, f"{place}[].")


def taken(shape: Shape, place: str = "") -> Iterator[str]:
    """The places of all fields that a shape of the sandbox names."""
    if isinstance(shape, Mapping):
        for name, inner in shape.items():
            yield f"{place}{name}"
            yield from taken(inner, f"{place}{name}.")
    elif isinstance(shape, list):
        yield from taken(shape[0], f"{place}[].")


def below_free(place: str, shape: Shape) -> bool:
    """True for a place inside a field that the sandbox takes whatever it holds."""
    for part in place.split(".")[:-1]:
        if shape is None:
            return True
        shape = shape[0] if part == "[]" else shape.get(part, {})
    return shape is None


WRITES = {**shapes.WHOLE, **ROW_BY_ROW}


@pytest.mark.parametrize(("method", "path"), sorted(WRITES), ids=lambda word: word)
def test_a_write_knows_the_fields_of_its_file(method: str, path: str) -> None:
    shape, found = WRITES[method, path], operation(method, path)
    content = found.resolved(found.raw.get("requestBody", {}))["content"]
    named = set(documented(found, [content["application/json"]["schema"]]))
    ours = set(taken(shape))

    assert set() == {place for place in named - ours if not below_free(place, shape)}, (
        "refused, though documented"
    )
    assert BEYOND.get(found.name, set()) == ours - named, "taken, though not documented"
