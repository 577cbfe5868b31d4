"""Categories in trees, and the same through the old API (bigcommerce facts 4)."""

import pytest

from sandbox_tests.bigcommerce.shop_town import Town


async def test_a_category_is_made_listed_and_not_made_twice() -> None:
    town = Town()
    path = "/v3/catalog/trees/categories"

    answer = await town.call("POST", path, [{"name": "Zettle", "tree_id": 1}])
    assert answer.status_code == 201
    made = answer.json()["data"][0]
    assert (made["url"]["path"], made["is_visible"], answer.json()["meta"]["success"]) == (
        "/zettle/",
        True,
        1,
    )
    child = (await town.good("POST", path, [{"name": "Zettle", "parent_id": made["category_id"]}]))[
        "data"
    ][0]
    again = await town.refused("POST", path, [{"name": "Zettle", "tree_id": 1}], 422)
    assert again["errors"]["title"] == "Category name must be unique among siblings"
    assert (
        await town.call(
            "POST", path, [{"name": "Zettle", "tree_id": 1}, {"name": "New", "tree_id": 1}]
        )
    ).status_code == 207

    found = await town.good("GET", f"{path}?tree_id:in=1&parent_id:in=0&name=Zettle")
    assert [row["category_id"] for row in found["data"]] == [made["category_id"]]
    tree = (await town.good("GET", "/v3/catalog/trees/1/categories"))["data"]
    assert tree[0]["children"][0]["id"] == child["category_id"]
    await town.refused("POST", path, [{"name": "x" * 51, "tree_id": 1}], 422)
    await town.refused("POST", path, [{"name": "No tree"}], 422)


async def test_a_deleted_category_leaves_its_products() -> None:
    town = Town()
    key = (await town.good("POST", "/v3/catalog/categories", {"name": "Zettle", "parent_id": 0}))[
        "data"
    ]["id"]
    made = await town.product(categories=[key])

    await town.refused("DELETE", f"/v3/catalog/categories/{key}", None, 422)
    await town.refused("DELETE", "/v3/catalog/trees/categories", None, 422)
    assert (
        await town.call("DELETE", f"/v3/catalog/trees/categories?category_id:in={key}")
    ).status_code == 202

    assert (await town.read(made["id"]))["categories"] == []
    assert (await town.good("GET", "/v3/catalog/categories?name=Zettle"))["data"] == []


async def test_addresses_of_categories_are_unique_in_their_tree() -> None:
    """Made from the name below the parent's, with a suffix; one that is asked for and taken is
    refused (bigcommerce facts 4).
    """
    town = Town()
    path, old = "/v3/catalog/trees/categories", "/v3/catalog/categories"
    first = (await town.good("POST", path, [{"name": "Zettle", "tree_id": 1}]))["data"][0]

    child = (await town.good("POST", path, [{"name": "Nytt", "parent_id": first["category_id"]}]))[
        "data"
    ][0]
    like = (await town.good("POST", path, [{"name": "zettle!", "tree_id": 1}]))["data"][0]
    own = {"name": "Muggar", "tree_id": 1, "url": {"path": "/koppar/", "is_customized": True}}
    asked = (await town.good("POST", path, [own]))["data"][0]

    assert [one["url"] for one in (child, like, asked)] == [
        {"path": "/zettle/nytt/", "is_customized": False},
        {"path": "/zettle-1/", "is_customized": False},
        {"path": "/koppar/", "is_customized": True},
    ]
    taken = await town.refused("POST", path, [{**own, "name": "Fat"}], 422)
    assert taken["errors"]["title"] == "The category url is a duplicate"
    body = {"name": "Fat", "parent_id": 0, "custom_url": {"url": "/koppar/"}}
    await town.refused("POST", old, body, 409)
    await town.refused(
        "PUT", f"{old}/{like['category_id']}", {"custom_url": {"url": "/koppar/"}}, 409
    )
    body["custom_url"] = {"url": "/fat/"}
    assert (await town.good("POST", old, body))["data"]["custom_url"] == {
        "url": "/fat/",
        "is_customized": True,
    }


async def test_a_change_in_the_trees_api_is_answered_with_numbers_only() -> None:
    town = Town()
    path = "/v3/catalog/trees/categories"
    made = (await town.good("POST", path, [{"name": "Zettle", "tree_id": 1}]))["data"][0]
    change = {"category_id": made["category_id"], "description": "Från kassan", "sort_order": 3}

    assert await town.good("PUT", path, [change]) == {
        "meta": {"total": 1, "success": 1, "failed": 0}
    }
    partly = await town.call(
        "PUT", path, [{**change, "name": "Kassan"}, {"category_id": 99, "name": "Ingen"}]
    )

    assert (partly.status_code, sorted(partly.json()), partly.json()["meta"]["failed"]) == (
        207,
        ["errors", "meta"],
        1,
    )
    (read,) = (await town.good("GET", path))["data"]
    assert (read["name"], read["description"], read["sort_order"]) == ("Kassan", "Från kassan", 3)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sort_order", "x"), ("description", 7), ("description", "x" * 65_536), ("page_title",
        "x" * 256), ("meta_keywords", "a"),
        ("search_keywords", "x" * 256), ("is_visible", "yes"), ("default_product_sort",
        "cheapest"), ("url", {"path": "no slash"}),
        ("url", {"path": "/" + "x" * 255}), ("colour", "red"),
    ],
)  # fmt: skip
async def test_a_category_takes_no_field_that_does_not_fit(field: str, value: object) -> None:
    town = Town()

    refusal = await town.refused(
        "POST", "/v3/catalog/trees/categories", [{"name": "A", "tree_id": 1, field: value}], 422
    )

    assert field in refusal["errors"]["errors"]
    assert (await town.good("GET", "/v3/catalog/trees/categories"))["data"] == []


async def test_a_store_holds_sixteen_thousand_categories_eight_deep() -> None:
    town = Town()
    shop, parent = town.sandbox.shop(), 0
    for depth in range(8):
        parent = shop.add_category(f"Nivå {depth}", parent).id

    await town.refused(
        "POST", "/v3/catalog/categories", {"name": "Nivå 8", "parent_id": parent}, 422
    )
    row = shop.store.categories[parent]
    shop.store.categories.update(dict.fromkeys(range(10**6, 10**6 + 16000), row))
    await town.refused("POST", "/v3/catalog/categories", {"name": "En till", "parent_id": 0}, 403)


async def test_the_old_api_sees_the_same_category_in_other_words() -> None:
    town = Town()
    made = (
        await town.good("POST", "/v3/catalog/trees/categories", [{"name": "Zettle", "tree_id": 1}])
    )["data"][0]

    old = (await town.good("GET", "/v3/catalog/categories?name=Zettle&parent_id=0"))["data"][0]

    assert (old["id"], old["custom_url"]["url"], "category_uuid" in old) == (
        made["category_id"],
        "/zettle/",
        False,
    )
    await town.refused("POST", "/v3/catalog/categories", {"name": "Zettle", "parent_id": 0}, 409)
