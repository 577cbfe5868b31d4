"""Variants, options and the change of shape (bigcommerce facts 3.7 to 3.9)."""

import pytest

from brygga_sandbox.bigcommerce import Switches
from sandbox_tests.bigcommerce.shop_bench import JSON, Bench, variant

P = "/v3/catalog/products"
V = "/v3/catalog/variants"


def chosen(made: JSON, place: int = 0) -> list[JSON]:
    """The option values of one variant as ids."""
    return [
        {"id": one["id"], "option_id": one["option_id"]}
        for one in made["variants"][place]["option_values"]
    ]


async def test_a_later_variant_needs_a_sku_and_existing_values() -> None:
    bench = Bench()
    made = await bench.scarf()
    path, option = f"{P}/{made['id']}/variants", made["options"][0]["id"]
    green = (
        await bench.good(
            "POST", f"{P}/{made['id']}/options/{option}/values", {"label": "Green", "sort_order": 2}
        )
    )["data"]
    values = [{"id": green["id"], "option_id": option}]

    assert "sku" in (await bench.refused("POST", path, {"option_values": values}, 422))["errors"]
    labels = [{"option_display_name": "Colour", "label": "Green"}]
    assert (await bench.refused("POST", path, {"sku": "G", "option_values": labels}, 422))[
        "title"
    ] == "Invalid field(s): option_values"
    made_later = (await bench.good("POST", path, {"sku": "G", "option_values": values}))["data"]

    assert made_later["option_values"][0]["label"] == "Green"
    assert made_later["sku_id"] is not None


async def test_the_same_combination_twice_has_a_code_of_its_own() -> None:
    bench = Bench()
    made = await bench.scarf()

    refusal = await bench.refused(
        "POST", f"{P}/{made['id']}/variants", {"sku": "X", "option_values": chosen(made)}, 409
    )

    assert refusal["code"] == 22010
    assert refusal["title"] == "Variant with the same option values set exists"


async def test_option_values_of_a_variant_never_change() -> None:
    bench = Bench()
    made = await bench.scarf()
    first = made["variants"][0]["id"]

    answer = await bench.good(
        "PUT", f"{P}/{made['id']}/variants/{first}", {"option_values": chosen(made, 1), "price": 5}
    )

    assert answer["data"]["option_values"][0]["label"] == "Red"
    assert answer["data"]["price"] == 5


async def test_a_price_of_null_shows_the_products() -> None:
    bench = Bench()
    made = await bench.scarf(price=249)

    one = made["variants"][0]

    assert (one["price"], one["calculated_price"], one["calculated_weight"]) == (None, 249, 0.4)


async def test_a_batch_changes_and_creates_fifty_over_any_products() -> None:
    bench = Bench()
    made = await bench.scarf()
    option = made["options"][0]["id"]
    green = (
        await bench.good(
            "POST", f"{P}/{made['id']}/options/{option}/values", {"label": "Green", "sort_order": 2}
        )
    )["data"]
    rows = [
        {"id": made["variants"][0]["id"], "price": 10},
        {
            "product_id": made["id"],
            "sku": "SC-GRN",
            "option_values": [{"id": green["id"], "option_id": option}],
        },
    ]

    done = await bench.good("PUT", V, rows)

    assert [one["sku"] for one in done["data"]] == ["SC-RED", "SC-GRN"]
    assert (await bench.call("PUT", V, rows[:1] * 51)).status_code == 413


async def test_a_refused_batch_names_what_is_wrong_and_saves_nothing() -> None:
    bench = Bench()
    made = await bench.scarf()
    red, blue = (one["id"] for one in made["variants"])

    refusal = await bench.refused(
        "PUT", V, [{"id": red, "price": 1}, {"id": blue, "sku": "SC-RED"}], 422
    )

    assert refusal["batch_errors"][0]["status"] == 409
    assert (await bench.read(made["id"]))["variants"][0]["price"] is None

    bench.sandbox.switches = Switches(batch_variant_all_or_nothing=False)
    await bench.refused("PUT", V, [{"id": red, "price": 1}, {"id": blue, "sku": "SC-RED"}], 422)
    assert (await bench.read(made["id"]))["variants"][0]["price"] == 1


async def test_a_variant_is_found_store_wide_by_its_sku() -> None:
    bench = Bench()
    await bench.product(sku="MUG")
    made = await bench.scarf()

    by_variant = (await bench.good("GET", f"{V}?sku=SC-BLU"))["data"]
    by_base = (await bench.good("GET", f"{V}?sku=MUG"))["data"]

    assert [row["id"] for row in by_variant] == [made["variants"][1]["id"]]
    assert by_base[0]["sku_id"] is None


async def test_six_hundred_variants_and_250_values_are_the_limit() -> None:
    bench = Bench()
    body = {"name": "Wide", "type": "physical", "weight": 0, "price": 0, "categories": []}

    await bench.refused(
        "POST", P, {**body, "variants": [variant(str(number)) for number in range(251)]}, 422
    )
    pairs = [
        {
            "option_values": [
                {"option_display_name": "A", "label": str(a)},
                {"option_display_name": "B", "label": str(b)},
            ]
        }
        for a in range(25)
        for b in range(25)
    ]
    await bench.refused("POST", P, {**body, "variants": pairs[:601]}, 422)
    made = (await bench.good("POST", P, {**body, "variants": pairs[:600]}))["data"]

    assert len(made["variants"]) == 600


async def test_every_variant_gives_every_option() -> None:
    bench = Bench()
    rows = [variant("Red"), variant("Large", "Size")]

    body = {
        "name": "Odd",
        "type": "physical",
        "weight": 0,
        "price": 0,
        "categories": [],
        "variants": rows,
    }

    assert "variants" in (await bench.refused("POST", P, body, 422))["errors"]


async def test_a_simple_product_gets_options_and_loses_its_base_variant() -> None:
    bench = Bench()
    made = await bench.product(sku="MUG", inventory_tracking="product", inventory_level=5)
    values = [{"label": "Small", "sort_order": 0}, {"label": "Large", "sort_order": 1}]
    option = (
        await bench.good(
            "POST",
            f"{P}/{made['id']}/options",
            {"display_name": "Size", "type": "dropdown", "option_values": values},
        )
    )["data"]
    row = {
        "product_id": made["id"],
        "option_values": [{"id": option["option_values"][0]["id"], "option_id": option["id"]}],
    }

    refused = await bench.refused("PUT", V, [{**row, "sku": "mug"}], 422)
    assert refused["batch_errors"][0]["status"] == 409, "the product itself still has that SKU"
    await bench.good("PUT", f"{P}/{made['id']}", {"sku": "", "inventory_tracking": "variant"})
    new = (await bench.good("PUT", V, [{**row, "sku": "MUG"}]))["data"][0]

    now = await bench.read(made["id"])
    assert now["base_variant_id"] is None
    assert [one["id"] for one in now["variants"]] == [new["id"]]
    await bench.adjust("relative", 1, 422, variant_id=new["id"])


async def test_options_are_renamed_and_values_follow() -> None:
    bench = Bench()
    made = await bench.scarf()
    path, option = f"{P}/{made['id']}/options", made["options"][0]
    red = option["option_values"][0]

    await bench.good("PUT", f"{path}/{option['id']}", {"display_name": "Shade"})
    await bench.good("PUT", f"{path}/{option['id']}/values/{red['id']}", {"label": "Crimson"})

    one = (await bench.read(made["id"]))["variants"][0]["option_values"][0]
    assert (one["option_display_name"], one["label"], one["id"]) == ("Shade", "Crimson", red["id"])


@pytest.mark.parametrize("missing", ["label", "sort_order"])
async def test_a_value_needs_label_and_sort_order(missing: str) -> None:
    bench = Bench()
    made = await bench.product()
    value = {
        name: given for name, given in {"label": "S", "sort_order": 0}.items() if name != missing
    }

    refusal = await bench.refused(
        "POST",
        f"{P}/{made['id']}/options",
        {"display_name": "Size", "type": "dropdown", "option_values": [value]},
        422,
    )

    assert missing in refusal["errors"]


@pytest.mark.parametrize("values", [None, [], {}, ["S"]])
async def test_an_option_has_at_least_one_value(values: object) -> None:
    """So say both calls in the options file: minItems 1."""
    bench = Bench()
    body = {"display_name": "Size", "type": "dropdown", "option_values": values}

    refusal = await bench.refused("POST", f"{P}/{(await bench.product())['id']}/options", body, 422)
    assert "option_values" in refusal["errors"]
    scarf = await bench.scarf()
    await bench.refused(
        "PUT",
        f"{P}/{scarf['id']}/options/{scarf['options'][0]['id']}",
        {"option_values": values},
        422,
    )


async def test_an_option_name_is_used_once_and_no_option_joins_variants() -> None:
    bench = Bench()
    made = await bench.scarf()
    path = f"{P}/{made['id']}/options"
    body = {"type": "dropdown", "option_values": [{"label": "S", "sort_order": 0}]}

    assert (
        "already been used"
        in (await bench.refused("POST", path, {**body, "display_name": "Colour"}, 422))["title"]
    )
    await bench.refused("POST", path, {**body, "display_name": "Size"}, 422)


async def test_a_deleted_option_takes_the_variants_and_a_base_variant_returns() -> None:
    bench = Bench()
    made = await bench.scarf()

    assert (
        await bench.call("DELETE", f"{P}/{made['id']}/options/{made['options'][0]['id']}")
    ).status_code == 204

    now = await bench.read(made["id"])
    assert (now["options"], len(now["variants"]), now["variants"][0]["sku_id"]) == ([], 1, None)
    assert now["base_variant_id"] == now["variants"][0]["id"]


async def test_a_value_in_use_stays_until_its_variant_is_gone() -> None:
    bench = Bench()
    made = await bench.scarf()
    option, red = made["options"][0], made["variants"][0]
    path = f"{P}/{made['id']}/options/{option['id']}/values/{option['option_values'][0]['id']}"

    await bench.refused("DELETE", path, None, 409)
    assert (await bench.call("DELETE", f"{P}/{made['id']}/variants/{red['id']}")).status_code == 204

    assert (await bench.call("DELETE", path)).status_code == 204
    assert [
        one["label"] for one in (await bench.read(made["id"]))["options"][0]["option_values"]
    ] == ["Blue"]
