"""Whatever a client sends, the Zettle sandbox answers: with a refusal at worst, never by falling
over.
"""

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox_tests.zettle.zettle_bench import (
    EVERYTHING,
    PRODUCTS,
    SUBSCRIPTIONS,
    V3,
    Bench,
    raw,
    v1,
    variant_of,
    with_sizes,
)

JSON = dict[str, Any]
ODD: tuple[Any, ...] = (None, 7, 1.5, "", "x", True, [], {}, [1], [[]], {"a": []}, -1, 10**30)


def disturbed(value: Any) -> Iterator[Any]:
    """The value with each part of it, one after another, replaced by odd things."""
    yield from ODD
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            for odd in disturbed(value[key]):
                changed = copy.copy(value)
                changed[key] = odd
                yield changed


def product_body() -> JSON:
    online = {
        "status": "ACTIVE",
        "presentation": {
            "displayImageUrl": "https://a.example/a.png",
            "additionalImageUrls": ["b"],
            "mediaUrls": ["c"],
        },
        "shipping": {"weightInGrams": 1, "weight": {"weight": 1, "unit": "g"}},
        "seo": {"slug": "s"},
    }
    body = raw(
        "Mugg",
        vatPercentage=25,
        category={"uuid": v1(), "name": "K"},
        metadata={"inPos": True},
        online=online,
    )
    body |= {"presentation": {"imageUrl": "x", "textColor": "#ffffff"}} | with_sizes("S", "M")
    body |= {
        "description": "d",
        "externalReference": "r",
        "unitName": "m",
        "categories": [],
        "imageLookupKeys": ["a.jpeg"],
    }
    body |= {"taxExempt": False, "taxCode": "t", "taxRates": [v1()], "createWithDefaultTax": False}
    body["metadata"]["source"] = {"name": "brygga", "external": True}
    body["variants"][1] |= {
        "costPrice": {"amount": 1, "currencyId": "SEK"},
        "description": "d",
        "barcode": "b",
        "vatPercentage": 25,
    }
    body["variants"][0] |= {
        "sku": "S",
        "price": {"amount": 1, "currencyId": "SEK"},
        "presentation": {"imageUrl": "y"},
    }
    return body


async def survived(bench: Bench, method: str, path: str, body: Any) -> int:
    """How many disturbed bodies were answered; a server's fault or an exception ends the test."""
    count = 0
    for count, odd in enumerate(disturbed(body), start=1):  # noqa: B007 - the count is the point
        answer = await bench.client.request(method, path, json=odd)
        assert answer.status_code < 500, (odd, answer.text)
        for stored in bench.organization.products.values():
            assert isinstance(stored.value()["variants"], list)
    return count


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_no_product_body_breaks_it(method: str) -> None:
    """Each field of a product replaced by each odd thing, new and saved."""
    bench = Bench()
    body = product_body()
    await bench.client.post(PRODUCTS, json=body)
    path = f"{PRODUCTS}/v2/{body['uuid']}" if method == "PUT" else PRODUCTS

    assert (
        await survived(
            bench, method, path, {**body, **({"uuid": v1()} if method == "POST" else {})}
        )
        > 300
    )
    assert (await bench.client.get(f"{PRODUCTS}/v2")).status_code == 200
    assert (await bench.client.get(f"{PRODUCTS}/options")).status_code == 200
    assert (await bench.client.get("/products/organizations/self/images")).status_code == 200
    assert (await bench.client.get("/till")).status_code == 200


async def test_no_inventory_body_breaks_it() -> None:
    """Tracking, status, balances, movements, inventories."""
    bench = Bench()
    bench.sandbox.core.config = type(bench.sandbox.core.config)(
        inventory_per_s=1e9, inventory_burst=1e9
    )
    mug = await bench.tracked_mug(5)
    store, sold = await bench.inventory(), await bench.inventory("SOLD")
    row = {
        "productUuid": mug["uuid"],
        "variantUuid": variant_of(mug),
        "from": store,
        "to": sold,
        "change": 1,
    }

    assert (
        await survived(bench, "POST", f"{V3}/movements", {"identifier": v1(), "movements": [row]})
        > 50
    )
    assert (
        await survived(
            bench, "POST", f"{V3}/products", [{"productUuid": mug["uuid"], "tracking": "enable"}]
        )
        > 10
    )
    assert await survived(bench, "POST", f"{V3}/products/status", [mug["uuid"]]) > 10
    assert await survived(bench, "POST", f"{V3}/stock/{store}/products", [mug["uuid"]]) > 10
    assert await survived(bench, "POST", f"{V3}/inventories", {"name": "Källaren"}) > 10


async def test_no_other_body_breaks_it() -> None:
    """Subscriptions, categories, slugs, uploads."""
    bench = Bench()
    made = await bench.subscribe()
    body = {
        "uuid": v1(),
        "transportName": "WEBHOOK",
        **EVERYTHING,
        "eventNames": ["ProductCreated"],
    }
    place = "/products/organizations/self/categories/v2"

    assert await survived(bench, "POST", SUBSCRIPTIONS, body) > 50
    assert await survived(bench, "PUT", f"{SUBSCRIPTIONS}/{made['uuid']}", body) > 50
    assert await survived(bench, "POST", place, {"categories": [{"uuid": v1(), "name": "K"}]}) > 30
    assert await survived(bench, "POST", f"{PRODUCTS}/online/slug", {"productName": "K"}) > 10
    upload = {"imageFormat": "PNG", "imageData": "AAAA"}
    assert (
        await survived(bench, "POST", "/image/v2/images/organizations/self/products", upload) > 10
    )
