"""What the Zettle sandbox has around its products: lists, counts, options, pictures, categories,
taxes (zettle facts 2).
"""

from typing import Any

import pytest

from sandbox_tests.zettle.zettle_bench import PRODUCTS, Bench, raw, read, v1, with_sizes


async def test_the_two_lists_differ_in_what_the_till_shows() -> None:
    """Products that are not in the till are only in version 2."""
    bench = Bench()
    await bench.mug()
    await bench.mug(name="Dold", metadata={"inPos": False})

    shown = (await bench.client.get(PRODUCTS)).json()
    everything = (await bench.client.get(f"{PRODUCTS}/v2?sort=true")).json()

    assert [one["name"] for one in shown] == ["Mugg"]
    assert [one["name"] for one in everything] == ["Mugg", "Dold"]


@pytest.mark.parametrize(
    ("array", "answer"), [(False, {"productCount": 1}), (True, [{"productCount": 1}])]
)
async def test_the_count_is_an_object_or_an_array(array: bool, answer: Any) -> None:
    """Both are documented."""
    bench = Bench(count_is_array=array)
    await bench.mug()

    assert (await bench.client.get(f"{PRODUCTS}/v2/count")).json() == answer


async def test_options_slugs_and_pictures_in_use_are_listed() -> None:
    """The small calls around products."""
    bench = Bench()
    picture = "https://image.izettle.com/product/a.png"
    await bench.client.post(
        PRODUCTS, json=raw(presentation={"imageUrl": picture}) | with_sizes("S", "M")
    )

    options = (await bench.client.get(f"{PRODUCTS}/options")).json()
    slug = (
        await bench.client.post(f"{PRODUCTS}/online/slug", json={"productName": "Blå mugg!"})
    ).json()
    images = (await bench.client.get("/products/organizations/self/images")).json()

    assert options == {"options": [{"name": "Size", "values": ["S", "M"]}]}
    assert slug == {"productName": "Blå mugg!", "slug": "bla-mugg"}
    assert images == {"imageUrls": [picture]}
    assert (
        await bench.client.post(f"{PRODUCTS}/online/slug", json={"productName": ""})
    ).status_code == 400


async def test_categories_are_made_renamed_and_deleted() -> None:
    """A product with a new category makes it; a rename and a deletion reach the products."""
    bench = Bench()
    place, cups = "/products/organizations/self/categories/v2", v1()
    product = raw(category={"uuid": v1(), "name": "Fat"})
    await bench.client.post(PRODUCTS, json=product)

    made = await bench.client.post(place, json={"categories": [{"uuid": cups, "name": "Koppar"}]})
    again = await bench.client.post(place, json={"categories": [{"uuid": v1(), "name": "Koppar"}]})
    assert (made.status_code, again.status_code) == (201, 400)
    assert [row["name"] for row in (await bench.client.get(place)).json()["categories"]] == [
        "Fat",
        "Koppar",
    ]

    uuid_ = product["category"]["uuid"]
    assert (
        await bench.client.patch(f"{place}/{uuid_}", json={"name": "Tallrikar"})
    ).status_code == 204
    assert (await read(bench, product))["category"] == {"uuid": uuid_, "name": "Tallrikar"}
    assert (await bench.client.delete(f"{place}/{uuid_}")).status_code == 204
    assert (await read(bench, product)).get("category") is None


async def test_taxes_are_for_accounts_with_sales_tax() -> None:
    """403 for a VAT account."""
    bench = Bench()
    assert (await bench.client.get("/products/v1/taxes/settings")).status_code == 403

    await bench.client.patch(
        "/sandbox/organization", json={"taxationType": "SALES_TAX", "taxationMode": "EXCLUSIVE"}
    )

    assert (await bench.client.get("/products/v1/taxes/settings")).json()[
        "taxationMode"
    ] == "EXCLUSIVE"
