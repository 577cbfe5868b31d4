"""Products of the sandbox: lists, creates, changes, deletions (bigcommerce facts 3.2 to 3.6)."""

from typing import Any

import pytest

from brygga_sandbox.bigcommerce import Switches
from sandbox_tests.bigcommerce.shop_bench import Bench, variant

P = "/v3/catalog/products"


async def test_a_created_product_answers_200_with_its_children_and_defaults() -> None:
    bench = Bench()

    made = await bench.scarf(
        images=[{"image_url": "https://x.test/a.png"}], videos=[{"video_id": "z3fRu9pkuXE"}]
    )

    assert made["custom_url"] == {"url": "/scarf/", "is_customized": False}
    assert made["base_variant_id"] is None
    assert made["inventory_level"] == 6
    assert [one["sku"] for one in made["variants"]] == ["SC-RED", "SC-BLU"]
    assert made["options"][0]["type"] == "rectangles"
    assert made["images"][0]["is_thumbnail"] is True
    assert made["videos"][0]["video_id"] == "z3fRu9pkuXE"
    assert made["availability"] == "available"


async def test_missing_required_fields_are_all_named() -> None:
    bench = Bench()

    body = await bench.refused("POST", P, {"name": "Mug"}, 422)

    assert body["title"] == "Missing Required Fields"
    assert set(body["errors"]) == {"price", "type", "weight", "categories"}
    assert body["errors"]["price"] == "Please provide a price."


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "x" * 251),
        ("price", -1),
        ("weight", "heavy"),
        ("inventory_tracking", "simple"),
        ("is_visible", "yes"),
        ("upc", "1" * 15),
        ("gtin", None),
        ("options", []),
        ("nonsense", 1),
        ("categories", ["a"]),
        ("description", 7),
    ],
)
async def test_a_bad_value_is_refused_by_name(field: str, value: Any) -> None:
    bench = Bench()
    body = {
        "name": "Mug",
        "type": "physical",
        "weight": 1,
        "price": 1,
        "categories": [],
        field: value,
    }

    refusal = await bench.refused("POST", P, body, 422)

    assert field in refusal["title"]
    assert field in refusal["errors"]


async def test_numbers_may_be_strings_and_keep_four_decimals() -> None:
    made = await Bench().product(price="10.123456", weight="2")

    assert (made["price"], made["weight"]) == (10.1235, 2)


async def test_names_are_unique_letter_by_letter() -> None:
    bench = Bench()
    await bench.product(name="Mug")
    await bench.product(name="mug")

    body = await bench.refused(
        "POST",
        P,
        {"name": "Mug", "type": "physical", "weight": 1, "price": 1, "categories": []},
        409,
    )

    assert body["title"] == "The product name is a duplicate"
    assert body["errors"] == {"name": "The product name is a duplicate"}


async def test_skus_are_unique_across_products_and_variants_in_any_case() -> None:
    bench = Bench()
    await bench.scarf()
    body = {
        "name": "Mug",
        "type": "physical",
        "weight": 1,
        "price": 1,
        "categories": [],
        "sku": "sc-red",
    }

    assert (await bench.refused("POST", P, body, 409))["title"] == "The product sku is a duplicate"
    rows = [variant("Large", sku="SC-Blu")]
    assert (
        "SC-Blu"
        in (await bench.refused("POST", P, {**body, "sku": "", "variants": rows}, 409))["title"]
    )


async def test_addresses_are_unique_on_create_and_207_on_update() -> None:
    bench = Bench()
    first = await bench.product(name="Mug")
    second = await bench.product(name="Mug!")
    assert second["custom_url"]["url"] == "/mug-1/"
    taken = {"custom_url": {"url": first["custom_url"]["url"], "is_customized": True}}
    await bench.refused(
        "POST",
        P,
        {"name": "Third", "type": "physical", "weight": 1, "price": 1, "categories": [], **taken},
        409,
    )

    answer = await bench.call("PUT", f"{P}/{second['id']}", {**taken, "price": 5})

    assert answer.status_code == 207
    assert answer.json()["data"]["price"] == 5
    assert answer.json()["errors"]["status"] == 409
    assert (await bench.read(second["id"]))["custom_url"]["url"] == "/mug-1/"


async def test_unknown_references_are_conflicts() -> None:
    bench = Bench()
    made = await bench.product()

    for change in ({"categories": [999]}, {"brand_id": 9}, {"tax_class_id": 77}):
        await bench.refused("PUT", f"{P}/{made['id']}", change, 409)


async def test_an_update_is_partial_and_categories_are_replaced_whole() -> None:
    bench = Bench()
    body = [{"name": "A", "tree_id": 1}, {"name": "B", "tree_id": 1}]
    first, second = (
        row["category_id"]
        for row in (await bench.good("POST", "/v3/catalog/trees/categories", body))["data"]
    )
    made = await bench.product(categories=[first], description="Old")

    await bench.good("PUT", f"{P}/{made['id']}", {"categories": [second]})

    now = await bench.read(made["id"])
    assert (now["categories"], now["description"], now["name"]) == ([second], "Old", "Mug")


async def test_variants_in_an_update_are_refused_or_ignored() -> None:
    bench = Bench()
    made = await bench.scarf()
    change = {"variants": [{"id": made["variants"][0]["id"], "price": 1}]}

    await bench.refused("PUT", f"{P}/{made['id']}", change, 422)
    bench.sandbox.switches = Switches(variants_on_put="ignore")
    await bench.good("PUT", f"{P}/{made['id']}", change)

    assert (await bench.read(made["id"]))["variants"][0]["price"] is None


async def test_a_simple_product_and_its_base_variant_are_one() -> None:
    bench = Bench()
    made = await bench.product(sku="MUG-1", inventory_tracking="product", inventory_level=3)
    base = made["base_variant_id"]
    assert made["variants"][0]["sku_id"] is None

    await bench.good("PUT", f"{P}/{made['id']}/variants/{base}", {"price": 77, "sku": "MUG-2"})
    await bench.good("PUT", f"{P}/{made['id']}", {"weight": 5})

    now = await bench.read(made["id"])
    assert (now["price"], now["sku"]) == (77, "MUG-2")
    one = now["variants"][0]
    assert (
        one["sku"],
        one["price"],
        one["weight"],
        one["inventory_level"],
        one["option_values"],
    ) == (
        "MUG-2",
        77,
        5,
        3,
        [],
    )


async def test_a_batch_takes_ten_and_fails_whole() -> None:
    bench = Bench()
    made = [await bench.product(name=f"Mug {number}") for number in range(3)]
    rows = [{"id": one["id"], "price": 5} for one in made]

    await bench.refused("PUT", P, [*rows[:2], {"id": made[2]["id"], "name": "Mug 0"}], 409)
    assert (await bench.read(made[0]["id"]))["price"] == 99
    too_many = await bench.refused("PUT", P, rows * 4, 413)
    assert (
        too_many["title"]
        == "The request payload is too large. The maximum items allowed in the array is 10."
    )
    assert [one["price"] for one in (await bench.good("PUT", P, rows))["data"]] == [5, 5, 5]


async def test_deleting_by_filter_needs_a_filter() -> None:
    bench = Bench()
    kept, gone = await bench.product(name="Kept"), await bench.product(name="Gone")

    await bench.refused("DELETE", P, None, 422)
    await bench.refused("DELETE", f"{P}?id:in=", None, 422)
    assert (await bench.call("DELETE", f"{P}?id:in={gone['id']},99999")).status_code == 204

    missing = await bench.refused("GET", f"{P}/{gone['id']}", None, 404)
    assert missing["title"] == f"A product was not found with an id of {gone['id']}"
    assert (await bench.call("DELETE", f"{P}/{gone['id']}")).status_code == 204
    await bench.read(kept["id"])


async def test_lists_are_paged_with_relative_links() -> None:
    bench = Bench()
    for number in range(5):
        await bench.product(name=f"Mug {number}")

    middle = await bench.good("GET", f"{P}?limit=2&page=2")

    page = middle["meta"]["pagination"]
    assert (page["total"], page["count"], page["total_pages"], page["current_page"]) == (5, 2, 3, 2)
    assert page["links"] == {
        "previous": "?page=1&limit=2",
        "current": "?page=2&limit=2",
        "next": "?page=3&limit=2",
    }
    last = await bench.good("GET", f"{P}?limit=2&page=3")
    assert set(last["meta"]["pagination"]["links"]) == {"previous", "current"}
    assert (await bench.call("GET", f"{P}?limit=251")).status_code == 413


async def test_the_filters_of_a_connector() -> None:
    bench = Bench()
    rows = [{"name": "A", "tree_id": 1}, {"name": "B", "tree_id": 1}]
    first, second = (
        row["category_id"]
        for row in (await bench.good("POST", "/v3/catalog/trees/categories", rows))["data"]
    )
    mug = await bench.product(name="Mug", sku="M-1", categories=[first, second], is_visible=False)
    await bench.clock.advance(100)
    scarf = await bench.scarf(categories=[first])

    async def ids(query: str) -> list[int]:
        return [row["id"] for row in (await bench.good("GET", f"{P}?{query}"))["data"]]

    assert await ids(f"id:in={scarf['id']},{mug['id']}") == [mug["id"], scarf["id"]]
    assert await ids("name=Mug") == [mug["id"]]
    assert await ids("name=mug") == []
    assert await ids("sku=M-1") == [mug["id"]]
    assert await ids("sku=SC-RED") == [], "a variant's SKU is found through the variants only"
    assert await ids(f"categories={second}") == [], (
        "a further category is missed by the plain filter"
    )
    assert await ids(f"categories:in={second}") == [mug["id"]]
    assert await ids("is_visible=false") == [mug["id"]]
    assert await ids("keyword=scar") == [scarf["id"]]
    assert await ids(f"date_modified:min={scarf['date_modified'].replace('+', '%2B')}") == [
        scarf["id"]
    ]
    assert await ids("sort=name&direction=desc") == [scarf["id"], mug["id"]]


async def test_fields_and_sub_resources_are_chosen_by_the_reader() -> None:
    bench = Bench()
    made = await bench.scarf()

    lean = (await bench.good("GET", f"{P}/{made['id']}?include_fields=name,sku"))["data"]
    rich = await bench.good("GET", f"{P}?include=options&limit=250")

    assert lean == {"id": made["id"], "name": "Scarf", "sku": ""}
    assert rich["meta"]["pagination"]["per_page"] == 10
    assert (await bench.call("GET", f"{P}?include=nonsense")).status_code == 422


async def test_malformed_json_is_400() -> None:
    answer = await Bench().call(
        "POST", P, content=b'{"name":', headers={"Content-Type": "application/json"}
    )

    assert answer.status_code == 400
    assert (answer.json()["title"], answer.json()["detail"]) == ("Input is invalid", "Syntax error")


async def test_an_image_that_cannot_be_fetched_fails_the_whole_create() -> None:
    bench = Bench()
    bench.pictures["https://x.test/gone.png"] = None
    body = {"name": "Mug", "type": "physical", "weight": 1, "price": 1, "categories": []}

    refusal = await bench.refused(
        "POST", P, {**body, "images": [{"image_url": "https://x.test/gone.png"}]}, 422
    )

    assert refusal["title"] == "Invalid field(s): image_url"
    assert (await bench.good("GET", P))["data"] == []


async def test_a_207_keeps_the_product_and_loses_the_stock() -> None:
    bench = Bench()
    bench.sandbox.faults.add("partial", next=1)
    body = {
        "name": "Mug",
        "type": "physical",
        "weight": 1,
        "price": 1,
        "categories": [],
        "inventory_tracking": "product",
        "inventory_level": 5,
    }

    answer = await bench.call("POST", P, body)

    assert answer.status_code == 207
    assert "inventory_level" in answer.json()["errors"]["errors"]
    assert (await bench.read(answer.json()["data"]["id"]))["inventory_level"] == 0


async def test_an_identical_update_moves_nothing() -> None:
    bench = Bench()
    made = await bench.product()
    await bench.listen("store/product/updated")
    await bench.clock.advance(5)

    await bench.good("PUT", f"{P}/{made['id']}", {"name": "Mug"})
    assert (await bench.read(made["id"]))["date_modified"] == made["date_modified"]
    assert await bench.received() == []

    await bench.good("PUT", f"{P}/{made['id']}", {"name": "Cup"})
    assert await bench.received() == [
        ("store/product/updated", {"type": "product", "id": made["id"]})
    ]


async def test_custom_fields_are_added_and_updated_by_id_never_repeated() -> None:
    bench = Bench()
    made = await bench.product(custom_fields=[{"name": "Glaze", "value": "Sand"}])
    field = made["custom_fields"][0]

    await bench.good(
        "PUT",
        f"{P}/{made['id']}",
        {
            "custom_fields": [
                {"id": field["id"], "name": "Glaze", "value": "Ash"},
                {"name": "Kiln", "value": "2"},
            ]
        },
    )
    await bench.refused(
        "POST", f"{P}/{made['id']}/custom-fields", {"name": "Kiln", "value": "2"}, 422
    )

    rows = (await bench.good("GET", f"{P}/{made['id']}/custom-fields"))["data"]
    assert [(row["name"], row["value"]) for row in rows] == [("Glaze", "Ash"), ("Kiln", "2")]


async def test_a_full_plan_is_507() -> None:
    bench = Bench(max_products=1)
    await bench.product()

    await bench.refused(
        "POST",
        P,
        {"name": "Second", "type": "physical", "weight": 1, "price": 1, "categories": []},
        507,
    )
