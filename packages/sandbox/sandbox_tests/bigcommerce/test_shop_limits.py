"""How much fits: what stands at each documented limit is taken, one more is refused (bigcommerce
facts 2.1 to 2.3, 5.2).
"""

import asyncio
from typing import Any

import pytest

from brygga_sandbox.bigcommerce import Switches
from sandbox_tests.bigcommerce.shop_bench import HOOK, JSON, Bench, variant

P = "/v3/catalog/products"
BODY: JSON = {"name": "Mug", "type": "physical", "weight": 1, "price": 1, "categories": []}
TEXTS = {
    "name": 250, "sku": 255, "page_title": 255, "meta_description": 65_535,
    "search_keywords": 65_535, "warranty": 65_535, "upc": 14,
    "bin_picking_number": 255, "description": 65_535, "product_tax_code": 255,
}  # fmt: skip
NUMBERS = {"price": 9_999_999_999, "weight": 9_999_999_999, "tax_class_id": 255}


@pytest.mark.parametrize(("field", "most"), TEXTS.items())
async def test_a_text_is_as_long_as_the_documents_say(field: str, most: int) -> None:
    bench = Bench()

    made = await bench.product(**{field: "x" * most})

    assert len((await bench.read(made["id"]))[field]) == most
    refusal = await bench.refused(
        "POST", P, {**BODY, "name": "Another", field: "x" * (most + 1)}, 422
    )
    assert list(refusal["errors"]) == [field]
    await bench.refused("PUT", f"{P}/{made['id']}", {field: "x" * (most + 1)}, 422)


@pytest.mark.parametrize(("gtin", "is_one"), [
    ("", True), ("96385074", True), ("012345678905", True), ("7310865004703", True),
    ("10614141000415", True),
    ("7310865004704", False), ("731086500470", False), ("12", False), ("7310865-004703", False),
    ("x" * 14, False),
])  # fmt: skip
async def test_a_gtin_has_the_digits_of_one(gtin: str, is_one: bool) -> None:
    """A product's and a variant's, alone and in a batch (decision 20); a switch takes anything of
    14 characters (B46).
    """
    bench, easy = Bench(), Bench(switches=Switches(wrong_gtin="accept"))
    made = await bench.product(variants=[variant("Red")])
    rows = [{"id": made["variants"][0]["id"], "gtin": gtin}]
    if is_one:
        assert (await bench.product(name="Another", gtin=gtin))["gtin"] == gtin
        await bench.good("PUT", "/v3/catalog/variants", rows)
        return

    assert list((await bench.refused("POST", P, {**BODY, "gtin": gtin}, 422))["errors"]) == ["gtin"]
    assert list(
        (await bench.refused("PUT", f"{P}/{made['id']}", {"gtin": gtin}, 422))["errors"]
    ) == ["gtin"]
    await bench.refused("PUT", "/v3/catalog/variants", rows, 422)
    assert (await easy.product(gtin=gtin))["gtin"] == gtin


@pytest.mark.parametrize(("field", "most"), NUMBERS.items())
async def test_a_number_is_from_nothing_to_its_bound(field: str, most: int) -> None:
    bench = Bench()

    for value in (-1, most + 1, "x", None, True, [1]):
        refusal = await bench.refused("POST", P, {**BODY, field: value}, 422)
        assert field in refusal["errors"]
    if field != "tax_class_id":
        assert (await bench.product(**{field: most}))[field] == most


async def test_a_level_too_large_is_cut_by_the_catalogue_refused_by_inventory() -> None:
    """2 147 483 647 (5.2)."""
    bench = Bench()
    made = await bench.product(inventory_tracking="product", inventory_level=2**40)

    assert made["inventory_level"] == 2_147_483_647
    await bench.adjust("absolute", 2**31, 422, product_id=made["id"])
    await bench.adjust("relative", 1, 422, product_id=made["id"])
    await bench.adjust("absolute", 2**31 - 1, product_id=made["id"])


async def test_children_of_a_product_are_counted() -> None:
    """200 custom fields of 250 characters, 1000 pictures, 1000 categories, an address of 255."""
    bench = Bench()
    fields = [{"name": f"{number:04d}" + "n" * 246, "value": "v" * 250} for number in range(200)]
    made = await bench.product(custom_fields=fields, custom_url={"url": "/" + "u" * 254})
    path = f"{P}/{made['id']}"

    await bench.refused("POST", f"{path}/custom-fields", {"name": "one", "value": "more"}, 422)
    await bench.refused(
        "POST", P, {**BODY, "name": "A", "custom_fields": [{"name": "n" * 251, "value": "v"}]}, 422
    )
    await bench.refused(
        "POST",
        P,
        {**BODY, "name": "A", "custom_fields": [*fields, {"name": "x", "value": "y"}]},
        422,
    )
    await bench.refused(
        "POST", P, {**BODY, "name": "A", "custom_url": {"url": "/" + "u" * 255}}, 422
    )
    await bench.refused("POST", P, {**BODY, "name": "A", "categories": list(range(1001))}, 422)
    product = bench.sandbox.shop().product(made["id"])
    await bench.good("POST", f"{path}/images", {"image_url": "https://p.example/a.png"})
    product.images *= 1000
    await bench.refused("POST", f"{path}/images", {"image_url": "https://p.example/b.png"}, 422)


async def test_metafields_have_bounds_of_their_own() -> None:
    """Namespace and key 64, value 65 535, description 255; 250 of an app on one resource (2.3)."""
    bench = Bench(quota=1000)
    path = f"{P}/{(await bench.product())['id']}/metafields"
    full = {
        "permission_set": "app_only",
        "namespace": "n" * 64,
        "key": "k" * 64,
        "value": "v" * 65_535,
        "description": "d" * 255,
    }

    await bench.good("POST", path, full)
    for name, most in (("namespace", 64), ("key", 64), ("value", 65_535), ("description", 255)):
        refusal = await bench.refused("POST", path, {**full, name: "x" * (most + 1)}, 422)
        assert name in refusal["errors"]
    for name in ("namespace", "key", "value"):
        await bench.refused("POST", path, {**full, name: ""}, 422)
    for number in range(249):
        await bench.good("POST", path, {**full, "key": f"k{number}", "value": "v"})
    await bench.refused("POST", path, {**full, "key": "one more"}, 422)


async def test_a_video_has_an_id_of_25_and_a_title_of_255() -> None:
    bench = Bench()
    path = f"{P}/{(await bench.product())['id']}/videos"

    await bench.good("POST", path, {"video_id": "v" * 25, "title": "t" * 255})
    await bench.refused("POST", path, {"video_id": "v" * 26}, 422)
    await bench.refused("POST", path, {"video_id": "z3fRu9pkuXE", "title": "t" * 256}, 422)


@pytest.mark.parametrize(
    ("name", "label"), [("n" * 256, "S"), ("", "S"), ("Size", "l" * 256), ("Size", "")]
)
async def test_option_names_and_labels_have_1_to_255_characters(name: str, label: str) -> None:
    bench = Bench()
    rows = [variant(label, name)]

    await bench.refused("POST", P, {**BODY, "variants": rows}, 422)
    option = {
        "display_name": name,
        "type": "dropdown",
        "option_values": [{"label": label, "sort_order": 0}],
    }
    await bench.refused("POST", f"{P}/{(await bench.product())['id']}/options", option, 422)
    await bench.product(name="Full", variants=[variant("l" * 255, "n" * 255)])


@pytest.mark.parametrize(
    ("path", "most"),
    [
        (P, 250), ("/v3/catalog/variants", 250), (("/v3/catalog/trees/"
"categories"), 250), ("/v3/hooks", 250), ("/v2/orders", 250),
        ("/v3/inventory/items", 1000), ("/v3/inventory/locations", 1000), (f"{P}/metafields", 250),
    ],
)  # fmt: skip
async def test_a_page_has_a_highest_limit(path: str, most: int) -> None:
    """Above it 413, or cut by a switch (2.2)."""
    for word, status in (("refuse", 413), ("clamp", 200)):
        bench = Bench(Switches(limit_above_maximum=word))  # type: ignore[arg-type]
        await bench.product()
        if path == "/v2/orders":
            bench.sandbox.shop().place([{"product_id": next(iter(bench.sandbox.store().products))}])
        assert (await bench.call("GET", f"{path}?limit={most}")).status_code == 200
        above = await bench.call("GET", f"{path}?limit={most + 1}")
        assert above.status_code == status
        if status == 200 and path != "/v2/orders":
            assert above.json()["meta"]["pagination"]["per_page"] == most
        await bench.refused("GET", f"{path}?limit=0", None, 422)


async def test_more_than_250_ids_in_a_delete_are_refused_or_the_first_go() -> None:
    for word, status, left in (("refuse", 413, 1), ("first_250", 204, 0)):
        bench = Bench(Switches(delete_above_maximum=word))  # type: ignore[arg-type]
        made = await bench.product()
        ids = ",".join(str(number) for number in (made["id"], *range(10**6, 10**6 + 250)))

        assert (await bench.call("DELETE", f"{P}?id:in={ids}")).status_code == status
        assert len(bench.sandbox.store().products) == left


SIDE_BY_SIDE: list[tuple[str, str, int]] = [
    ("PUT", f"{P}/channel-assignments", 1), ("PUT", "/v3/inventory/adjustments/absolute", 1),
    ("POST", "/v3/inventory/adjustments/relative", 1), ("GET", "/v3/catalog/trees/1/categories", 1),
    ("GET", "/v3/catalog/categories", 40), ("GET", "/v3/inventory/locations", 50), ("GET",
    f"{P}/channel-assignments", 60), ("GET", P, 60),
]  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "width"), SIDE_BY_SIDE, ids=[f"{m} {path}" for m, path, _ in SIDE_BY_SIDE]
)
async def test_so_many_calls_may_run_side_by_side(method: str, path: str, width: int) -> None:
    """The next one is 429 without the quota's headers, or served by a switch; another store does
    not notice (2.1).
    """
    for word in ("refuse", "accept"):
        bench = Bench(Switches(parallel_calls=word), quota=10_000)
        made = await bench.product(inventory_tracking="product", inventory_level=500)
        link = [{"product_id": made["id"], "channel_id": 1}]
        items = {"items": [{"location_id": 1, "product_id": made["id"], "quantity": 1}]}
        body: Any = None if method == "GET" else link if "channel" in path else items

        answers = await asyncio.gather(*(bench.call(method, path, body) for _ in range(61)))

        refused = [answer for answer in answers if answer.status_code == 429]
        free = word == "accept" or width == 60
        assert len(refused) == (0 if free else 61 - width)
        assert not any("X-Rate-Limit-Requests-Left" in answer.headers for answer in refused)
        assert (await bench.call(method, path, body)).status_code < 300


async def test_hooks_have_short_headers() -> None:
    """Names of 64, values of 8 KB (6.4)."""
    bench = Bench()
    body = {"scope": "store/product/*", "destination": HOOK}

    for headers in (
        {"X" * 65: "a"},
        {"X-A": "a" * 8193},
        {"X A": "a"},
        {"X-A": "a\r\nX-B: b"},
        {"X-A": 7},
        ["X-A"],
    ):
        await bench.refused("POST", "/v3/hooks", {**body, "headers": headers}, 422)
    await bench.good("POST", "/v3/hooks", {**body, "headers": {"X" * 64: "a" * 8192}})
