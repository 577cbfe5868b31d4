"""Categories in trees, and the same through the old API (bigcommerce facts 4)."""

import pytest

from sandbox_tests.bigcommerce.shop_bench import Bench


async def test_a_category_is_made_listed_and_not_made_twice() -> None:
    bench = Bench()
    path = "/v3/catalog/trees/categories"

    answer = await bench.call("POST", path, [{"name": "Zettle", "tree_id": 1}])
    assert answer.status_code == 201
    made = answer.json()["data"][0]
    assert (made["url"]["path"], made["is_visible"], answer.json()["meta"]["success"]) == (
        "/zettle/",
        True,
        1,
    )
    child = (
        await bench.good("POST", path, [{"name": "Zettle", "parent_id": made["category_id"]}])
    )["data"][0]
    again = await bench.refused("POST", path, [{"name": "Zettle", "tree_id": 1}], 422)
    assert again["errors"]["title"] == "Category name must be unique among siblings"
    assert (
        await bench.call(
            "POST", path, [{"name": "Zettle", "tree_id": 1}, {"name": "New", "tree_id": 1}]
        )
    ).status_code == 207

    found = await bench.good("GET", f"{path}?tree_id:in=1&parent_id:in=0&name=Zettle")
    assert [row["category_id"] for row in found["data"]] == [made["category_id"]]
    tree = (await bench.good("GET", "/v3/catalog/trees/1/categories"))["data"]
    assert tree[0]["children"][0]["id"] == child["category_id"]
    await bench.refused("POST", path, [{"name": "x" * 51, "tree_id": 1}], 422)
    await bench.refused("POST", path, [{"name": "No tree"}], 422)


async def test_a_deleted_category_leaves_its_products() -> None:
    bench = Bench()
    key = (await bench.good("POST", "/v3/catalog/categories", {"name": "Zettle", "parent_id": 0}))[
        "data"
    ]["id"]
    made = await bench.product(categories=[key])

    await bench.refused("DELETE", f"/v3/catalog/categories/{key}", None, 422)
    await bench.refused("DELETE", "/v3/catalog/trees/categories", None, 422)
    assert (
        await bench.call("DELETE", f"/v3/catalog/trees/categories?category_id:in={key}")
    ).status_code == 202

    assert (await bench.read(made["id"]))["categories"] == []
    assert (await bench.good("GET", "/v3/catalog/categories?name=Zettle"))["data"] == []


async def test_addresses_of_categories_are_unique_in_their_tree() -> None:
    """Made from the name below the parent's, with a suffix; one that is asked for and taken is
    refused (bigcommerce facts 4).
    """
    bench = Bench()
    path, old = "/v3/catalog/trees/categories", "/v3/catalog/categories"
    first = (await bench.good("POST", path, [{"name": "Zettle", "tree_id": 1}]))["data"][0]

    child = (await bench.good("POST", path, [{"name": "Nytt", "parent_id": first["category_id"]}]))[
        "data"
    ][0]
    like = (await bench.good("POST", path, [{"name": "zettle!", "tree_id": 1}]))["data"][0]
    own = {"name": "Muggar", "tree_id": 1, "url": {"path": "/koppar/", "is_customized": True}}
    asked = (await bench.good("POST", path, [own]))["data"][0]

    assert [one["url"] for one in (child, like, asked)] == [
        {"path": "/zettle/nytt/", "is_customized": False},
        {"path": "/zettle-1/", "is_customized": False},
        {"path": "/koppar/", "is_customized": True},
    ]
    taken = await bench.refused("POST", path, [{**own, "name": "Fat"}], 422)
    assert taken["errors"]["title"] == "The category url is a duplicate"
    body = {"name": "Fat", "parent_id": 0, "custom_url": {"url": "/koppar/"}}
    await bench.refused("POST", old, body, 409)
    await bench.refused(
        "PUT", f"{old}/{like['category_id']}", {"custom_url": {"url": "/koppar/"}}, 409
    )
    body["custom_url"] = {"url": "/fat/"}
    assert (await bench.good("POST", old, body))["data"]["custom_url"] == {
        "url": "/fat/",
        "is_customized": True,
    }


async def test_a_change_in_the_trees_api_is_answered_with_numbers_only() -> None:
    bench = Bench()
    path = "/v3/catalog/trees/categories"
    made = (await bench.good("POST", path, [{"name": "Zettle", "tree_id": 1}]))["data"][0]
    change = {"category_id": made["category_id"], "description": "Från kassan", "sort_order": 3}

    assert await bench.good("PUT", path, [change]) == {
        "meta": {"total": 1, "success": 1, "failed": 0}
    }
    partly = await bench.call(
        "PUT", path, [{**change, "name": "Kassan"}, {"category_id": 99, "name": "Ingen"}]
    )

    assert (partly.status_code, sorted(partly.json()), partly.json()["meta"]["failed"]) == (
        207,
        ["errors", "meta"],
        1,
    )
    (read,) = (await bench.good("GET", path))["data"]
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
    bench = Bench()

    refusal = await bench.refused(
        "POST", "/v3/catalog/trees/categories", [{"name": "A", "tree_id": 1, field: value}], 422
    )

    assert field in refusal["errors"]["errors"]
    assert (await bench.good("GET", "/v3/catalog/trees/categories"))["data"] == []


async def test_a_store_holds_sixteen_thousand_categories_eight_deep() -> None:
    bench = Bench()
    shop, parent = bench.sandbox.shop(), 0
    for depth in range(8):
        parent = shop.add_category(f"Nivå {depth}", parent).id

    await bench.refused(
        "POST", "/v3/catalog/categories", {"name": "Nivå 8", "parent_id": parent}, 422
    )
    row = shop.store.categories[parent]
    shop.store.categories.update(dict.fromkeys(range(10**6, 10**6 + 16000), row))
    await bench.refused("POST", "/v3/catalog/categories", {"name": "En till", "parent_id": 0}, 403)


async def test_the_old_api_sees_the_same_category_in_other_words() -> None:
    bench = Bench()
    made = (
        await bench.good("POST", "/v3/catalog/trees/categories", [{"name": "Zettle", "tree_id": 1}])
    )["data"][0]

    old = (await bench.good("GET", "/v3/catalog/categories?name=Zettle&parent_id=0"))["data"][0]

    assert (old["id"], old["custom_url"]["url"], "category_uuid" in old) == (
        made["category_id"],
        "/zettle/",
        False,
    )
    await bench.refused("POST", "/v3/catalog/categories", {"name": "Zettle", "parent_id": 0}, 409)
