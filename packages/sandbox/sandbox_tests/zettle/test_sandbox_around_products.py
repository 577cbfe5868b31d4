"""What the Zettle sandbox has around its products: lists, counts, options, pictures, categories,
taxes (zettle facts 2).
"""

from typing import Any

import pytest

from sandbox_tests.zettle.zettle_town import PRODUCTS, Town, raw, read, v1, with_sizes


async def test_the_two_lists_differ_in_what_the_till_shows() -> None:
    """Products that are not in the till are only in version 2."""
    town = Town()
    await town.mug()
    await town.mug(name="Dold", metadata={"inPos": False})

    shown = (await town.client.get(PRODUCTS)).json()
    everything = (await town.client.get(f"{PRODUCTS}/v2?sort=true")).json()

    assert [one["name"] for one in shown] == ["Mugg"]
    assert [one["name"] for one in everything] == ["Mugg", "Dold"]


@pytest.mark.parametrize(
    ("array", "answer"), [(False, {"productCount": 1}), (True, [{"productCount": 1}])]
)
async def test_the_count_is_an_object_or_an_array(array: bool, answer: Any) -> None:
    """Both are documented."""
    town = Town(count_is_array=array)
    await town.mug()

    assert (await town.client.get(f"{PRODUCTS}/v2/count")).json() == answer


async def test_options_slugs_and_pictures_in_use_are_listed() -> None:
    """The small calls around products."""
    town = Town()
    picture = "https://image.izettle.com/product/a.png"
    await town.client.post(
        PRODUCTS, json=raw(presentation={"imageUrl": picture}) | with_sizes("S", "M")
    )

    options = (await town.client.get(f"{PRODUCTS}/options")).json()
    slug = (
        await town.client.post(f"{PRODUCTS}/online/slug", json={"productName": "Blå mugg!"})
    ).json()
    images = (await town.client.get("/products/organizations/self/images")).json()

    assert options == {"options": [{"name": "Size", "values": ["S", "M"]}]}
    assert slug == {"productName": "Blå mugg!", "slug": "bla-mugg"}
    assert images == {"imageUrls": [picture]}
    assert (
        await town.client.post(f"{PRODUCTS}/online/slug", json={"productName": ""})
    ).status_code == 400


async def test_categories_are_made_renamed_and_deleted() -> None:
    """A product with a new category makes it; a rename and a deletion reach the products."""
    town = Town()
    place, cups = "/products/organizations/self/categories/v2", v1()
    product = raw(category={"uuid": v1(), "name": "Fat"})
    await town.client.post(PRODUCTS, json=product)

    made = await town.client.post(place, json={"categories": [{"uuid": cups, "name": "Koppar"}]})
    again = await town.client.post(place, json={"categories": [{"uuid": v1(), "name": "Koppar"}]})
    assert (made.status_code, again.status_code) == (201, 400)
    assert [row["name"] for row in (await town.client.get(place)).json()["categories"]] == [
        "Fat",
        "Koppar",
    ]

    uuid_ = product["category"]["uuid"]
    assert (
        await town.client.patch(f"{place}/{uuid_}", json={"name": "Tallrikar"})
    ).status_code == 204
    assert (await read(town, product))["category"] == {"uuid": uuid_, "name": "Tallrikar"}
    assert (await town.client.delete(f"{place}/{uuid_}")).status_code == 204
    assert (await read(town, product)).get("category") is None


async def test_taxes_are_for_accounts_with_sales_tax() -> None:
    """403 for a VAT account."""
    town = Town()
    assert (await town.client.get("/products/v1/taxes/settings")).status_code == 403

    await town.client.patch(
        "/sandbox/organization", json={"taxationType": "SALES_TAX", "taxationMode": "EXCLUSIVE"}
    )

    assert (await town.client.get("/products/v1/taxes/settings")).json()[
        "taxationMode"
    ] == "EXCLUSIVE"
