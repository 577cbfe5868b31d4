"""Values that the documents refuse, and values that they take (bigcommerce facts 2.2, 2.3, 3,
4).
"""

from typing import Any

import pytest

from sandbox_tests.bigcommerce.shop_bench import HOOK, JSON, Bench

P = "/v3/catalog/products"
BODY: JSON = {"name": "Vase", "type": "physical", "weight": 1, "price": 1, "categories": []}
TOO_LARGE, LEAST = 2_147_483_648, -2_147_483_648
IMAGE = {"image_url": "https://x.test/a.png"}
VIDEO = {"video_id": "z3fRu9pkuXE"}
RULE = {"quantity_min": 2, "quantity_max": 5, "type": "price", "amount": 1}

REFUSED: list[JSON] = [
    {"sort_order": TOO_LARGE},
    {"sort_order": LEAST - 1},
    {"sort_order": "first"},
    {"sort_order": True},
    {"layout_file": "a" * 501},
    {"is_visible": "maybe"},
    {"tax_class_id": 256},
    {"order_quantity_minimum": 1_000_000_001},
    {"view_count": 10**10},
    {"gtin": "abcdefghijklmn"},
    {"gtin": "12345678901234"},
    {"gtin": None},
    {"upc": None},
    {"upc": "1" * 15},
    {"inventory_level": 1.5},
    {"preorder_release_date": "soon"},
    {"custom_url": {"url": "/vase/", "is_customized": "maybe"}},
    {"custom_url": {"url": "/vase/", "create_redirect": 1}},
    {"bulk_pricing_rules": [{"quantity_min": 2}]},
    {"bulk_pricing_rules": [{**RULE, "type": "gift"}]},
    {"bulk_pricing_rules": [{**RULE, "quantity_max": "many"}]},
    {"images": [{**IMAGE, "sort_order": TOO_LARGE}]},
    {"images": [{**IMAGE, "is_thumbnail": "maybe"}]},
    {"videos": [{**VIDEO, "sort_order": TOO_LARGE}]},
    {"reviews_count": "many"},
]
TAKEN: list[JSON] = [
    {"sort_order": -1},
    {"sort_order": LEAST},
    {"map_price": -1},
    {"layout_file": "a" * 500},
    {"gtin": "7350000000016"},
    {"gtin": ""},
    {"preorder_release_date": None},
    {"preorder_release_date": "2027-01-01T00:00:00+00:00"},
    {"bulk_pricing_rules": [RULE]},
    {"images": [{**IMAGE, "sort_order": LEAST}]},
    {"inventory_level": TOO_LARGE},
]


@pytest.mark.parametrize("fields", REFUSED, ids=repr)
async def test_a_value_that_no_product_has_is_refused(fields: JSON) -> None:
    bench = Bench()
    made = await bench.product()

    assert (await bench.call("POST", P, {**BODY, **fields})).status_code == 422
    assert (await bench.call("PUT", f"{P}/{made['id']}", fields)).status_code == 422


@pytest.mark.parametrize("fields", TAKEN, ids=repr)
async def test_a_value_that_a_product_may_have_is_taken(fields: JSON) -> None:
    bench = Bench()
    made = await bench.product()

    await bench.good("POST", P, {**BODY, **fields})
    await bench.good("PUT", f"{P}/{made['id']}", fields)


@pytest.mark.parametrize("name", ["upc", "gtin", "mpn", "bin_picking_number"])
async def test_null_takes_a_code_away_from_a_variant(name: str) -> None:
    """Nullable in POST and PUT of one variant (3.7)."""
    bench = Bench()
    made = await bench.scarf()
    path = f"{P}/{made['id']}/variants/{made['variants'][0]['id']}"
    await bench.good("PUT", path, {name: "7350000000016"})

    answer = await bench.good("PUT", path, {name: None})

    assert "" == answer["data"][name]


@pytest.mark.parametrize("name", ["inventory_level", "inventory_warning_level"])
async def test_null_leaves_the_level_of_a_variant_alone(name: str) -> None:
    bench = Bench()
    made = await bench.scarf()
    red = made["variants"][0]["id"]

    await bench.good("PUT", f"{P}/{made['id']}/variants/{red}", {name: None})

    assert 4 == await bench.level(red)


@pytest.mark.parametrize("name", ["inventory_level", "bin_picking_number"])
async def test_null_is_refused_in_a_batch_of_variants(name: str) -> None:
    """The batch knows it of UPCs only, and of what is inherited (3.7)."""
    bench = Bench()
    red = (await bench.scarf())["variants"][0]["id"]

    await bench.refused("PUT", "/v3/catalog/variants", [{"id": red, name: None}], 422)
    await bench.good("PUT", "/v3/catalog/variants", [{"id": red, "upc": None, "price": None}])


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("upc", 422),
        ("gtin", 422),
        ("mpn", 422),
        ("bin_picking_number", 200),
        ("inventory_level", 200),
    ],
)
async def test_codes_inside_a_new_product_are_empty_not_null(name: str, status: int) -> None:
    """Upc, gtin and mpn are not nullable there (3.3)."""
    row = {"sku": "V", name: None, "option_values": [{"option_display_name": "A", "label": "B"}]}

    answer = await Bench().call("POST", P, {**BODY, "variants": [row]})

    assert answer.status_code == status, answer.text


VALUES: list[tuple[JSON, int]] = [
    ({"sort_order": TOO_LARGE}, 422),
    ({"sort_order": LEAST}, 200),
    ({"sort_order": "first"}, 422),
    ({"is_default": "maybe"}, 422),
    ({"is_default": True}, 200),
    ({"value_data": "red"}, 422),
    ({"value_data": {"colors": ["#ff0000"]}}, 200),
    ({"label": 5}, 422),
]


@pytest.mark.parametrize(("fields", "status"), VALUES)
async def test_a_value_of_an_option_has_its_types(fields: JSON, status: int) -> None:
    bench = Bench()
    made = await bench.scarf()
    option = made["options"][0]
    path = f"{P}/{made['id']}/options/{option['id']}"
    row = {"label": "Green", "sort_order": 3, **fields}
    kept = {"id": option["option_values"][1]["id"], "label": "Blue", "sort_order": 1}
    first = {**row, "id": option["option_values"][0]["id"]}

    pink = {**row, "label": fields.get("label", "Pink")}
    asked = [
        await bench.call("PUT", path, {"option_values": [first, kept]}),
        await bench.call("PUT", f"{path}/values/{first['id']}", row),
        await bench.call("POST", f"{path}/values", pink),
    ]

    assert [status] * 3 == [answer.status_code for answer in asked]


QUERIES = [
    "id:in=abc", "id=abc", "id:in=99999999999999999999", "id:not_in=abc", "id:min=abc",
    "limit=abc", "limit=0", "limit=1.5", "page=abc", "page=0", "type=zz", "condition=zz",
    "availability=zz", "brand_id=abc", "is_visible=maybe", "is_featured=maybe",
    "inventory_level=abc", "inventory_level:min=abc", "inventory_low=maybe", "categories=abc",
    "categories:in=abc", "channel_id:in=abc", "date_modified=soon", "price=abc", "sort=zz",
    "direction=up", "include=zz", "keyword_context=zz",
]  # fmt: skip


@pytest.mark.parametrize("query", QUERIES)
async def test_a_query_that_means_nothing_is_refused(query: str) -> None:
    await Bench().refused("GET", f"{P}?{query}", None, 422)


@pytest.mark.parametrize(
    "query",
    [
        "type=zz",
        "id:in=abc",
        "brand_id=abc",
        "is_visible=maybe",
        "condition=zz",
        "price=abc",
        "categories=abc",
    ],
)
async def test_nothing_is_deleted_by_a_filter_that_means_nothing(query: str) -> None:
    bench = Bench()
    await bench.product()

    await bench.refused("DELETE", f"{P}?{query}", None, 422)

    assert 1 == len(bench.sandbox.store().products)


@pytest.mark.parametrize(
    "query", ["id=111", "id:min=1", "categories:in=1", "date_modified:min=2020-01-01T00:00:00"]
)
async def test_a_filter_of_the_list_is_no_filter_of_a_delete(query: str) -> None:
    """Fewer filters are documented for the DELETE; without one of them it is refused (3.6)."""
    bench = Bench()
    await bench.product()

    await bench.refused("DELETE", f"{P}?{query}", None, 422)


LISTS = [
    "/v3/catalog/trees/categories?is_visible=maybe", "/v3/hooks?is_active=maybe",
    "/v3/inventory/locations?is_default=maybe", "/v3/inventory/items?variant_id:in=abc",
    "/v3/catalog/variants?limit=abc", "/v3/hooks?limit=abc", "/v3/inventory/items?limit=abc",
    "/v3/catalog/trees/categories?limit=abc", "/v3/orders/payment_actions/refunds?limit=abc",
    P + "/metafields?limit=abc", P + "/channel-assignments?product_id:in=abc",
]  # fmt: skip


@pytest.mark.parametrize("path", LISTS)
async def test_every_list_refuses_what_it_cannot_read(path: str) -> None:
    await Bench().refused("GET", path, None, 422)


@pytest.mark.parametrize("parameter", ["include_fields", "exclude_fields"])
@pytest.mark.parametrize("method", ["GET", "PUT", "POST"])
async def test_an_unknown_field_in_the_query_is_named_under_its_parameter(
    method: str, parameter: str
) -> None:
    bench = Bench()
    made = await bench.product()
    path = P if method == "POST" else f"{P}/{made['id']}"
    body = {"GET": None, "PUT": {"price": 2}, "POST": BODY}[method]

    refusal = await bench.refused(method, f"{path}?{parameter}=moon", body, 422)

    assert [parameter] == list(refusal["errors"])


@pytest.mark.parametrize("method", ["POST", "PUT", "GET"])
async def test_a_write_answers_with_the_fields_that_are_asked_for(method: str) -> None:
    bench = Bench()
    made = await bench.product()
    path = P if method == "POST" else f"{P}/{made['id']}"
    body = {"GET": None, "PUT": {"price": 2}, "POST": BODY}[method]

    answer = await bench.good(method, f"{path}?include_fields=name,price", body)

    assert {"id", "name", "price"} == set(answer["data"])


async def test_fields_are_left_out_of_a_product_not_of_its_variants() -> None:
    """`include_fields` and `exclude_fields` name top-level fields (3.2)."""
    bench = Bench()
    made = await bench.scarf()

    few = await bench.good("GET", f"{P}/{made['id']}?include=variants&include_fields=name")
    rest = await bench.good("GET", f"{P}/{made['id']}?include=variants&exclude_fields=sku,price")

    assert {"id", "name", "variants"} == set(few["data"])
    for answer in (few, rest):
        assert {"sku", "price"} <= set(answer["data"]["variants"][0])


CATEGORIES: list[tuple[JSON, bool]] = [
    ({"parent_id": {}}, False),
    ({"parent_id": "1"}, False),
    ({"parent_id": True}, False),
    ({"parent_id": 999}, False),
    ({"sort_order": TOO_LARGE}, False),
    ({"sort_order": -1}, True),
    ({"layout_file": "a" * 51}, False),
    ({"layout_file": "a" * 50}, True),
    ({"views": "many"}, False),
]


@pytest.mark.parametrize(("fields", "good"), CATEGORIES)
async def test_a_category_has_its_types_in_both_apis(fields: JSON, good: bool) -> None:
    bench = Bench()
    tree = await bench.call(
        "POST", "/v3/catalog/trees/categories", [{"name": "A", "tree_id": 1, **fields}]
    )
    old = await bench.call(
        "POST", "/v3/catalog/categories", {"name": "B", "parent_id": 0, **fields}
    )

    assert (201 if good else 422, 200 if good else 422) == (tree.status_code, old.status_code)


@pytest.mark.parametrize(
    ("length", "tree", "old"), [(50, 200, 200), (51, 422, 200), (501, 422, 422)]
)
async def test_a_layout_file_may_be_longer_in_the_old_api(length: int, tree: int, old: int) -> None:
    bench = Bench()
    made = await bench.good("POST", "/v3/catalog/trees/categories", [{"name": "A", "tree_id": 1}])
    number = made["data"][0]["category_id"]
    row = {"name": "A", "parent_id": 0, "layout_file": "a" * length}

    changed = await bench.call(
        "PUT", "/v3/catalog/trees/categories", [{"category_id": number, **row}]
    )
    assert (tree, old) == (
        changed.status_code,
        (await bench.call("PUT", f"/v3/catalog/categories/{number}", row)).status_code,
    )


OTHERS: list[tuple[str, str, Any]] = [
    (
        "PUT",
        "/v3/inventory/adjustments/absolute",
        {"items": [{"location_id": 1, "sku": 5, "quantity": 1}]},
    ),
    (
        "PUT",
        "/v3/inventory/adjustments/absolute",
        {"items": [{"location_id": 1, "sku": "SC-RED", "quantity": 1, "qty_backordered": "one"}]},
    ),
    (
        "PUT",
        "/v3/inventory/locations/1/items",
        {"settings": [{"identity": {"sku": "SC-RED"}, "is_in_stock": 1}]},
    ),
    (
        "PUT",
        "/v3/inventory/locations/1/items",
        {"settings": [{"identity": {"sku": "SC-RED"}, "bin_picking_number": 5}]},
    ),
    ("POST", "/v3/hooks", {"scope": "store/sku/created", "destination": HOOK, "headers": []}),
    ("PUT", "/v3/hooks/admin", {"emails": [5]}),
]


@pytest.mark.parametrize(("method", "path", "body"), OTHERS)
async def test_stock_and_webhooks_have_their_types_too(method: str, path: str, body: Any) -> None:
    bench = Bench()
    await bench.scarf()

    await bench.refused(method, path, body, 422)
