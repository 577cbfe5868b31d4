"""A value of another kind than its file says is refused by every write, but where the file itself
is wrong.
"""

import copy
import os
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox_tests.bigcommerce.order_bench import BILLING, MUG, SCOPES
from sandbox_tests.bigcommerce.test_shop_unknown_fields import PRODUCT, WRITES, P, filled, scene
from sandbox_tests.specs.operations import Operation
from sandbox_tests.specs.plugin import FOLDER
from sandbox_tests.specs.test_shapes import operation

pytestmark = [
    pytest.mark.specs,
    pytest.mark.skipif(
        FOLDER not in os.environ, reason=f"{FOLDER} does not say where the OpenAPI files are"
    ),
]
Body = Any
Place = tuple[str | int, ...]
VALUES: tuple[Any, ...] = (None, True, "maybe", 1.5, {}, [1])
NAMES = {
    "{product}": "{product_id}", "{mug}": "{product_id}", "{red}": "{variant_id}",
    "{option}": "{option_id}",
    "{free}": "{value_id}", "{image}": "{image_id}", "{video}": "{video_id}",
    "{field}": "{field_id}",
    "{meta}": "{metafield_id}", "{category}": "{category_id}", "{hook}": "{hook_id}",
    "/locations/1/": "/locations/{location_id}/",
}  # fmt: skip
INHERITED = {
    "cost_price", "price", "sale_price", "retail_price", "weight", "width", "height", "depth",
    "fixed_cost_shipping_price",
}  # fmt: skip
TAKEN_ALL_THE_SAME = {
    *((f"PUT /v3/catalog/variants 0.{name}", "None") for name in INHERITED),  # null inherits (3.7)
    ("PUT /v3/catalog/variants 0.id", "None"),  # none is a create (3.7)
    # A plain value has no data, and an empty config is a list: both stand in answers (3.8).
    *(
        (f"POST {path} option_values.0.value_data", "None")
        for path in ("/v3/catalog/products/{product_id}/options",)
    ),
    ("POST /v3/catalog/products/{product_id}/options/{option_id}/values value_data", "None"),
    (
        "PUT /v3/catalog/products/{product_id}/options/{option_id}/values/{value_id} value_data",
        "None",
    ),
    ("POST /v3/catalog/products/{product_id}/options config", "[1]"),
    ("PUT /v3/catalog/products/{product_id}/options/{option_id} config", "[1]"),
    # An address that is not given is made from the name (3.3, 4).
    ("POST /v3/catalog/products custom_url.url", "None"),
    ("PUT /v3/catalog/products/{product_id} custom_url.url", "None"),
    ("POST /v3/catalog/categories custom_url.url", "None"),
    # How it is paid is not read, and neither is what an option is reported of itself.
    *(("POST /v2/orders payment_provider_id", said) for said in ("None", "True", "{}", "[1]")),
    *(
        (f"POST /v3/catalog/products/{{product_id}}/options config.{name}", "'maybe'")
        for name in (
            "date_limit_mode",
            "file_types_mode",
            "number_limit_mode",
            "product_list_shipping_calc",
        )
    ),
}
"""(field, value): what the sandbox takes although the file says another kind, and why."""


def places(body: Body, before: Place = ()) -> Iterator[Place]:
    """Where the objects of a body are."""
    if isinstance(body, dict):
        yield before
        for name, inner in body.items():
            yield from places(inner, (*before, name))
    elif isinstance(body, list) and body:
        yield from places(body[0], (*before, 0))


def fields_at(one: Operation, schemas: list[Any], place: Place) -> set[str]:
    """The fields that a file names at a place."""
    parts = [part for schema in schemas for part in one.sent.parts(schema)]
    if not place:
        return {name for part in parts for name in part.get("properties", {})}
    first, *rest = place
    if first == 0:
        inner = [part["items"] for part in parts if isinstance(part.get("items"), dict)]
    else:
        inner = [part["properties"][first] for part in parts if first in part.get("properties", {})]
    return fields_at(one, inner, tuple(rest))


def changed(body: Body, place: Place, name: str, value: Any) -> Body:
    """The body with another value in one field."""
    whole = copy.deepcopy(body)
    found = whole
    for part in place:
        found = found[part]
    found[name] = value
    return whole


ORDER = ("POST", "/v2/orders", {"billing_address": BILLING, "products": [MUG], "customer_id": 1})
KINDS = [*(write[:3] for write in WRITES), ("POST", P, PRODUCT), ORDER]


@pytest.mark.parametrize(
    ("method", "path", "body"), KINDS, ids=[f"{one[0]} {one[1]} {len(one[2])}" for one in KINDS]
)
async def test_a_value_of_another_kind_is_refused(method: str, path: str, body: Body) -> None:
    bench, ids = await scene()
    bench.client.headers["X-Auth-Token"] = bench.sandbox.issue_token("abc123", "cid", SCOPES)
    bench.sandbox.shop().set_settings(quota=1_000_000)
    template = path
    for ours, theirs in NAMES.items():
        template = template.replace(ours, theirs)
    found, whole = operation(method, template), filled(body, ids)
    content = found.resolved(found.raw["requestBody"])["content"]["application/json"]["schema"]
    fits, _ = found.bodies["application/json"]
    base_fits = fits.is_valid(whole)

    taken = set()
    for place in places(whole):
        for name in fields_at(found, [content], place):
            for value in VALUES:
                tried = changed(whole, place, name, value)
                if base_fits and not fits.is_valid(tried):
                    answer = await bench.call(method, path.format(**ids), tried)
                    field = ".".join(map(str, (*place, name)))
                    if answer.status_code < 300:
                        taken.add((f"{method} {template} {field}", repr(value)))

    assert set() == taken - TAKEN_ALL_THE_SAME
