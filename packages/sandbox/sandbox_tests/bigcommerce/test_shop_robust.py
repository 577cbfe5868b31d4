"""Whatever a client sends, the BigCommerce sandbox answers: with the platform's refusal at worst,
never by falling over.
"""

import copy
import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from brygga_sandbox.bigcommerce.switches import Switches
from brygga_sandbox.http import Node, Request
from sandbox_tests.bigcommerce.good_bodies import bodies
from sandbox_tests.bigcommerce.shop_bench import Bench

ODD: tuple[Any, ...] = (
    None, 7, 1.5, "", "x", "²", True, [], {}, [1], [[]], {"a": []}, -1, 10**30, "9" * 5000, [None],
    {"id": None}, "https://[", "\x00å",
)  # fmt: skip
ODD_IDS = ("²", "x", "-1", "0", "9" * 5000, "1e9", "%00", "1.5", "true")
ODD_TEXTS = ("", "²", "NaN", "9" * 5000, "0001-01-01", "-1")
QUERIES = (
    "page", "limit", "id", "id:in", "id:min", "name", "name:like", "sku", "sku:in", "price",
    "weight", "inventory_level",
    "inventory_level:min",
    "date_modified:min", "date_modified", "categories", "categories:in",
    "channel_id:in", "is_visible", "include", "include_fields", "sort",
    "direction", "product_id:in", "variant_id:in", "location_id:in", "location_code:in",
    "category_id:in", "tree_id:in",
    "parent_id:in", "resource_id:in", "key", "min_id", "max_id", "status_id", "min_total",
    "max_total",
    "min_date_created", "max_date_modified", "is_deleted",
    "is_default", "is_active", "order_id:in", "channel_id", "scope", "destination",
)  # fmt: skip
SHAPING = ("include", "include_fields", "exclude_fields", "page")


def routes(node: Node, at: str = "") -> Iterator[tuple[str, str]]:
    """Every method and template of the table."""
    yield from ((method, route.template) for method, route in sorted(node.routes.items()))
    for name, child in sorted(node.literal.items()):
        yield from routes(child, f"{at}/{name}")
    if node.any is not None:
        yield from routes(node.any, f"{at}/*")


def api_routes(bench: Bench) -> list[tuple[str, str]]:
    """Those of the platform's API."""
    found = [row for row in routes(bench.sandbox.router.root) if row[1].startswith("/api/stores/")]
    return [
        (method, template.removeprefix("/api/stores/{store_hash}")) for method, template in found
    ]


def disturbed(value: Any) -> Iterator[Any]:
    """The value with each part of it, one after another, replaced by odd things."""
    yield from ODD
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            for odd in disturbed(value[key]):
                changed = copy.copy(value)
                changed[key] = odd
                yield changed
            if isinstance(value, dict):
                yield {name: kept for name, kept in value.items() if name != key}


def filled(template: str, ids: dict[str, str], name: str = "", odd: str = "") -> str:
    """The template with existing ids, one of them replaced."""
    for each, value in {**ids, **({name: odd} if name else {})}.items():
        template = template.replace("{" + each + "}", value)
    return template


async def existing(bench: Bench) -> dict[str, str]:
    """One of everything, so that paths lead somewhere."""
    scarf = await bench.scarf(
        images=[{"image_url": "https://p.example/a.png"}], videos=[{"video_id": "z3fRu9pkuXE"}],
        custom_fields=[{"name": "a", "value": "b"}],
    )  # fmt: skip
    meta = {"permission_set": "app_only", "namespace": "zettle", "key": "uuid", "value": "1"}
    made = (await bench.good("POST", f"/v3/catalog/products/{scarf['id']}/metafields", meta))[
        "data"
    ]
    hook = (await bench.listen("store/product/*"))[0]
    order = bench.sandbox.shop().place([{"sku": "SC-RED", "quantity": 1}])
    category = bench.sandbox.shop().add_category("Zettle")
    option = scarf["options"][0]
    return {
        "product_id": str(scarf["id"]), "variant_id": str(scarf["variants"][0]["id"]),
        "option_id": str(option["id"]),
        "value_id": str(option["option_values"][0]["id"]),
        "image_id": str(scarf["images"][0]["id"]),
        "video_id": str(scarf["videos"][0]["id"]), "field_id": str(scarf["custom_fields"][0]["id"]),
        "metafield_id": str(made["id"]), "hook_id": str(hook["id"]), "order_id": str(order.id),
        "category_id": str(category.id), "tree_id": "1", "location_id": "1",
    }  # fmt: skip


async def answered(
    bench: Bench, method: str, path: str, body: Any = None, query: Sequence[tuple[str, str]] = ()
) -> int:
    """The status of a call straight at the table of routes; an exception would fly through, and a
    5xx is as bad.
    """
    base = "" if path.startswith(("/manage", "/shop", "/sandbox")) else "/api/stores/abc123"
    headers = {
        "x-auth-token": bench.client.headers["X-Auth-Token"],
        "content-type": "application/json",
    }
    content = b"" if body is None else json.dumps(body).encode()
    answer = await bench.sandbox.router.dispatch(
        Request(method, base + path, list(query), headers, content)
    )
    assert answer.status < 500, f"{method} {path[:200]} {query} {str(body)[:200]}"
    return answer.status


async def test_no_id_in_a_path_breaks_any_route() -> None:
    """Other scripts' digits, numbers too long to be one, signs: 404, or what the platform says of a
    bad request.
    """
    bench = Bench(quota=10**9)
    ids = await existing(bench)
    asked = 0
    for method, template in api_routes(bench):
        for name in ids:
            if "{" + name + "}" in template:
                for odd in ODD_IDS:
                    status = await answered(
                        bench,
                        method,
                        filled(template, ids, name, odd),
                        {} if method != "GET" else None,
                    )
                    asked += 1
                    assert status >= 400 or (method, template) == (
                        "DELETE",
                        "/v3/catalog/products/{product_id}",
                    ), (
                        template,
                        odd,
                    )

    assert asked > 500


async def test_no_query_breaks_any_list() -> None:
    """Every filter with every odd value, at every list; what shapes an answer, at every single
    thing too.
    """
    bench = Bench(quota=10**9)
    ids = await existing(bench)
    asked = 0
    for _, template in [row for row in api_routes(bench) if row[0] == "GET"]:
        for name in SHAPING if template.endswith("}") else QUERIES:
            for odd in ODD_TEXTS:
                await answered(bench, "GET", filled(template, ids), query=[(name, odd)])
                asked += 1

    assert asked > 4_000


@pytest.mark.parametrize("lenient", [False, True])
async def test_no_body_breaks_any_write(lenient: bool) -> None:
    """Every part of every body replaced by each odd thing, under both readings of unknown fields;
    reads still work afterwards.
    """
    switches = Switches(
        unknown_fields="ignore",
        new_option_on_variants="accept",
        omitted_values="keep",
        value_in_use="variants_die",
    )
    bench = Bench(switches if lenient else None, quota=10**9)
    asked = 0
    for place, good in bodies(await existing(bench)).items():
        method, template = place.split(" ", 1)
        ids = await revived(bench)
        body = bodies(ids)[place]
        assert (method, template) in api_routes(bench)
        for odd in disturbed(body):
            await answered(bench, method, filled(template, ids), odd)
            asked += 1
        assert type(good) is type(body)

    for _, template in [row for row in api_routes(bench) if row[0] == "GET"]:
        await answered(bench, "GET", filled(template, await revived(bench)))
    for page in ("/manage", "/shop", "/sandbox/state"):
        await answered(bench, "GET", page)
    assert asked > 4000


async def revived(bench: Bench) -> dict[str, str]:
    """The same in a store that is bare of what went before."""
    shop = bench.sandbox.shop()
    for product_id in list(shop.store.products):
        shop.delete_product(product_id)
    for hook in list(bench.sandbox.hooks["abc123"].all.values()):
        bench.sandbox.hooks["abc123"].delete(hook)
    for category in [one.id for one in shop.store.categories.values() if one.parent_id == 0]:
        shop.delete_category(category)
    return await existing(bench)


async def test_what_is_no_json_is_400_and_another_content_type_is_415() -> None:
    """A cut body, text, and a form where JSON is wanted."""
    bench = Bench()
    path = "/v3/catalog/products"
    headers = {"Content-Type": "application/json"}

    for content in (b"", b"{", b"\xff", b'{"name": NaN}', b"[1,", b'"\\ud800"'):
        answer = await bench.call("POST", path, content=content, headers=headers)
        assert answer.status_code == 400, content
        assert (answer.json()["title"], answer.json()["detail"]) == (
            "Input is invalid",
            "Syntax error",
        )
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        answer = await bench.call(
            "POST", path, content=b'{"name": "a"}', headers={"Content-Type": kind}
        )
        assert answer.status_code == 415, kind
