"""Products from the till to the shop, over both sandboxes (rules P1 to P8, P11, P12, A1, A3,
decisions 1, 9 and 12 to 14).
"""

from decimal import Decimal

import pytest

from brygga.core import clashes
from brygga.core.report import Code
from brygga.database import brakes, connections, duplicates
from brygga.database.duplicates import Choice
from tests.rules.products_bench import PICTURE, Bench, definitions, kr

WRITES = ("POST", "PUT", "DELETE")


ONLINE = {
    "status": "ACTIVE",
    "description": "Drejad för hand\nTål disk",
    "shipping": {"shippingPricingModel": "STANDARD", "weightInGrams": 450},
    "seo": {"title": "Mugg | Lind", "metaDescription": "Handgjord", "slug": "stor-mugg"},
    "presentation": {"mediaUrls": ["https://youtu.be/z3fRu9pkuXE"]},
}


@pytest.mark.rule("P1", "P3", "C8")
async def test_a_new_product_arrives_whole_and_hidden_in_its_category(bench: Bench) -> None:
    uuid = bench.till_product(online=ONLINE, presentation={"imageUrl": PICTURE})

    await bench.finish_setup()

    shown = await bench.shown(uuid)
    assert ("Mugg", "MUG-1", "7310865004703", 249) == (
        shown["name"],
        shown["sku"],
        shown["upc"],
        shown["price"],
    )
    assert "<p>Drejad för hand<br>Tål disk</p>" == shown["description"]
    assert (Decimal("0.45"), "Mugg | Lind", "Handgjord") == (
        shown["weight"],
        shown["page_title"],
        shown["meta_description"],
    )
    assert "/stor-mugg/" == shown["custom_url"]["url"]
    assert (False, 0) == (shown["is_visible"], shown["tax_class_id"])
    assert [bench.connection.shop and bench.connection.shop.category_id] == shown["categories"]
    assert (1, ["z3fRu9pkuXE"]) == (
        len(shown["images"]),
        [video["video_id"] for video in shown["videos"]],
    )


@pytest.mark.rule("P1")
async def test_variants_arrive_with_their_options_in_the_merchants_order(bench: Bench) -> None:
    uuid = bench.shirt("L", "S", "M")

    await bench.finish_setup()

    shown = await bench.shown(uuid)
    assert ["L", "S", "M"] == [value["label"] for value in shown["options"][0]["option_values"]]
    assert {"TR-L", "TR-S", "TR-M"} == {variant["sku"] for variant in shown["variants"]}


@pytest.mark.rule("P1", "P5", "P6")
async def test_every_field_can_change_and_be_cleared(bench: Bench) -> None:
    uuid = bench.till_product(online=ONLINE, presentation={"imageUrl": PICTURE})
    await bench.finish_setup()
    seo = {"title": None, "metaDescription": "", "slug": "ny"}
    empty = {
        "status": "ACTIVE",
        "description": "",
        "shipping": None,
        "seo": seo,
        "presentation": None,
    }
    variant = bench.sandbox.till().product(uuid)["variants"][0]["uuid"]

    bench.save(uuid, name="Kopp", online=empty, presentation=None)
    bench.sandbox.till().edit_variant(variant, sku="", barcode="", price=kr(99))
    await bench.sync(uuid)

    shown = await bench.shown(uuid)
    assert ("Kopp", "", "", "", 99) == tuple(
        shown[name] for name in ("name", "sku", "upc", "description", "price")
    )
    assert (0, "", "", "/ny/") == (
        shown["weight"],
        shown["page_title"],
        shown["meta_description"],
        shown["custom_url"]["url"],
    )
    assert ([], []) == (shown["images"], shown["videos"])


@pytest.mark.rule("P6")
async def test_an_edit_in_the_shop_stays_until_the_next_save_and_is_named_then(
    bench: Bench,
) -> None:
    uuid = bench.till_product()
    await bench.finish_setup()
    await bench.sandbox.shop().edit_product(
        await bench.product_id(uuid), description="Eget", weight=9
    )

    await bench.sync(uuid)
    before = await bench.shown(uuid)
    bench.save(uuid, externalReference="whatever")
    await bench.sync(uuid)

    assert ("Eget", 9) == (before["description"], before["weight"])
    shown = await bench.shown(uuid)
    assert ("", 0) == (shown["description"], shown["weight"])
    overwritten = {
        line.params["field"] for line in await bench.log() if line.code is Code.VALUE_OVERWRITTEN
    }
    assert {"description", "weight"} == overwritten


@pytest.mark.rule("P4", "C8")
async def test_what_is_the_merchants_own_is_never_written_again(bench: Bench) -> None:
    uuid = bench.till_product()
    await bench.finish_setup()
    id_ = await bench.product_id(uuid)
    other = bench.sandbox.shop().add_category("Egen").id
    await bench.sandbox.shop().edit_product(
        id_, categories=[other], is_visible=True, availability="preorder"
    )
    seen = len(bench.requests())

    bench.save(uuid, name="Kopp")
    await bench.sync(uuid)

    shown = await bench.shown(uuid)
    assert ([other], True, "preorder") == (
        shown["categories"],
        shown["is_visible"],
        shown["availability"],
    )
    bodies = [one.body for one in bench.requests()[seen:] if one.method in WRITES]
    assert not [
        body
        for body in bodies
        if any(name in str(body) for name in ("categories", "is_visible", "tax_class"))
    ]


@pytest.mark.rule("C6")
async def test_without_prices_a_product_starts_at_zero_and_keeps_the_shops_price(
    bench: Bench,
) -> None:
    uuid = bench.shirt("S", "M")
    await bench.finish_setup(prices=False)
    created = (await bench.shown(uuid))["price"]
    await bench.sandbox.shop().edit_product(await bench.product_id(uuid), price=555)

    bench.save(uuid, name="Skjorta")
    await bench.sync(uuid)

    shown = await bench.shown(uuid)
    assert (0, 555) == (created, shown["price"])
    assert [None, None] == [variant["price"] for variant in shown["variants"]]


@pytest.mark.rule("P6")
async def test_pictures_that_the_merchant_added_stay(bench: Bench) -> None:
    uuid = bench.till_product(presentation={"imageUrl": PICTURE})
    await bench.finish_setup()
    own = await bench.sandbox.shop().add_image(await bench.product_id(uuid), PICTURE)

    bench.save(uuid, name="Kopp", presentation=None)
    await bench.sync(uuid)

    assert [own] == [image["id"] for image in (await bench.shown(uuid))["images"]]


# ---- Shapes --------------------------------------------------------------------------------------


def variants_of(bench: Bench, uuid: str) -> list[dict[str, object]]:
    return [dict(variant) for variant in bench.sandbox.till().product(uuid)["variants"]]


async def test_a_renamed_value_keeps_its_variant(bench: Bench) -> None:
    uuid = bench.shirt("S", "M")
    await bench.finish_setup()
    before = {v["sku"]: v["id"] for v in (await bench.shown(uuid))["variants"]}
    small, medium = variants_of(bench, uuid)
    small["options"] = [{"name": "Storlek", "value": "Liten"}]

    bench.save(uuid, variants=[small, medium], **definitions("Storlek", "Liten", "M"))
    await bench.sync(uuid)

    shown = await bench.shown(uuid)
    assert before == {v["sku"]: v["id"] for v in shown["variants"]}
    assert ["Liten", "M"] == [value["label"] for value in shown["options"][0]["option_values"]]


async def test_variants_come_and_go_and_a_later_one_gets_a_sku(bench: Bench) -> None:
    """Decision 13."""
    uuid = bench.shirt("S", "M")
    await bench.finish_setup()
    small, _ = variants_of(bench, uuid)
    new = {"name": "XL", "price": kr(249), "options": [{"name": "Storlek", "value": "XL"}]}

    fresh = bench.sandbox.till().fresh(new)
    bench.save(uuid, variants=[small, fresh], **definitions("Storlek", "S", "XL"))
    await bench.sync(uuid)

    shown = await bench.shown(uuid)
    assert {"S", "XL"} == {v["option_values"][0]["label"] for v in shown["variants"]}
    assert ["S", "XL"] == [value["label"] for value in shown["options"][0]["option_values"]]
    assert {"TR-S", clashes.generated_sku(str(fresh["uuid"]))} == {
        v["sku"] for v in shown["variants"]
    }


async def test_a_simple_product_gets_options_and_loses_them_again(bench: Bench) -> None:
    uuid = bench.till_product()
    await bench.finish_setup()
    id_ = await bench.product_id(uuid)
    (only,) = variants_of(bench, uuid)
    two = [
        {**only, "name": "S", "options": [{"name": "Storlek", "value": "S"}]},
        bench.sandbox.till().fresh(
            {"name": "M", "sku": "MUG-2", "options": [{"name": "Storlek", "value": "M"}]}
        ),
    ]

    bench.save(uuid, variants=two, **definitions("Storlek", "S", "M"))
    await bench.sync(uuid)
    many = await bench.shown(uuid)
    bench.save(
        uuid, variants=[{**only, "options": None, "name": None}], variantOptionDefinitions=None
    )
    await bench.sync(uuid)
    shown = await bench.shown(uuid)

    assert {"MUG-1", "MUG-2"} == {v["sku"] for v in many["variants"]}
    assert (id_, [], "MUG-1", 249) == (shown["id"], shown["options"], shown["sku"], shown["price"])
    found = await bench.binding(uuid)
    assert found is not None
    assert {only["uuid"]: shown["base_variant_id"]} == dict(found.synced.variants)


async def test_an_option_more_remakes_the_variants(bench: Bench) -> None:
    uuid = bench.shirt("S", "M")
    await bench.finish_setup()
    rows = variants_of(bench, uuid)
    for row, colour in zip(rows, ("Röd", "Blå"), strict=True):
        row["options"] = [*row["options"], {"name": "Färg", "value": colour}]  # type: ignore[misc]
    both = [
        {"name": "Storlek", "properties": [{"value": "S"}, {"value": "M"}]},
        {"name": "Färg", "properties": [{"value": "Röd"}, {"value": "Blå"}]},
    ]

    bench.save(uuid, variants=rows, variantOptionDefinitions={"definitions": both})
    await bench.sync(uuid)

    shown = await bench.shown(uuid)
    assert {("S", "Röd"), ("M", "Blå")} == {
        tuple(
            value["label"]
            for value in sorted(
                v["option_values"], key=lambda o: str(o["option_display_name"]), reverse=True
            )
        )
        for v in shown["variants"]
    }


# ---- What belongs --------------------------------------------------------------------------------


@pytest.mark.rule("P8", "A1", "C9")
async def test_by_hand_only_the_chosen_and_later_ones_are_synced(bench: Bench) -> None:
    chosen, _ = bench.till_product("Vald"), bench.till_product("Ej vald")
    await bench.read_library()

    await bench.finish_setup(whole_library=False)
    await bench.assign(chosen)
    later = bench.till_product("Senare", {"sku": "S"})
    await bench.sync(later)

    assert ["Senare", "Vald"] == await bench.in_shop()


@pytest.mark.rule("A3")
async def test_an_unassigned_product_goes_after_ten_seconds_unless_undone(bench: Bench) -> None:
    """Decision 14."""
    uuid = bench.till_product()
    await bench.finish_setup()
    await bench.unassign(uuid)

    bench.save(uuid, name="Kopp")
    await bench.sync(uuid)
    meanwhile = await bench.in_shop()
    await bench.wait(9)
    almost = await bench.in_shop()
    await bench.wait(2)

    assert (["Kopp"], ["Kopp"], []) == (meanwhile, almost, await bench.in_shop())
    assert Code.PRODUCT_DELETED in await bench.codes()


@pytest.mark.rule("P12")
async def test_a_product_deleted_in_zettle_leaves_the_shop(bench: Bench) -> None:
    uuid, _ = bench.till_product(), bench.till_product("Kvar", {"sku": "K"})
    await bench.finish_setup()

    await bench.deleted(uuid)

    assert ["Kvar"] == await bench.in_shop()


@pytest.mark.rule("P7", "P11")
async def test_a_linked_product_is_updated_and_let_go_but_never_deleted(bench: Bench) -> None:
    """Decision 12: linking writes no field of create."""
    uuid = bench.till_product("Mugg")
    own = await bench.sandbox.shop().add_product(
        name="mugg", weight=1, price=1, is_visible=True, categories=[]
    )
    await bench.read_library()
    async with bench.database.transaction() as tx:
        (pair,) = await duplicates.all_of(tx, bench.connection.id)
        await duplicates.choose(tx, bench.connection.id, uuid, own.id, Choice.LINK)

    await bench.finish_setup()
    linked = bench.raw(own.id)
    await bench.deleted(uuid)

    assert own.id == pair.product_id
    assert ("Mugg", 249, True, []) == (
        linked["name"],
        linked["price"],
        linked["is_visible"],
        linked["categories"],
    )
    assert ["Mugg"] == await bench.in_shop()
    assert Code.PRODUCT_UNLINKED in await bench.codes()


async def test_many_unannounced_absences_stop_and_ask(bench: Bench) -> None:
    """Decision 9: what Zettle did not announce and is too much waits for the merchant."""
    uuids = [bench.till_product(f"Produkt nr {n}", {"sku": f"P{n}"}) for n in range(12)]
    await bench.finish_setup()
    for uuid in uuids:
        bench.sandbox.till().delete_product(uuid)
    async with bench.database.transaction() as tx:
        await connections.set_cursor(tx, bench.connection.id, "")

    await bench.read_library()
    await bench.wait(61)
    stopped = await bench.in_shop()
    async with bench.database.transaction() as tx:
        await brakes.answer(tx, bench.connection.id, "removed", go=True, now=bench.clock.now())
    await bench.sweep()

    assert (12, []) == (len(stopped), await bench.in_shop())
    assert 1 == (await bench.codes()).count(Code.MASS_EFFECT_STOPPED)
