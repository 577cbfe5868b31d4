"""Where the merchant or a decision chooses: likely duplicates, clashes, drift, what cannot be
carried over, currencies.

P11; decisions 1, 6, 8, 10, 12, 13.
"""

from typing import Any

import pytest

from brygga.core import clashes
from brygga.core.report import Code
from tests.rules.stack import JSON, DemoStack, sized, sizes_of, words_of

DUPLICATES = "/apps/bigcommerce/duplicates"


# ---- P11: duplicates, decisions 6 and 12 ---------------------------------------------------------


@pytest.mark.rule("P11")
async def test_products_in_both_systems_become_duplicates_told_apart_by_the_category(
    home: DemoStack,
) -> None:
    own = await home.shop.add_product(name="Mugg", sku="MUGG-1", price=10, is_visible=True)
    uuid = home.add("Mugg")

    await home.connect()

    assert [own.id] == [
        one["id"] for one in home.merchants_products() if home.category() not in one["categories"]
    ]
    assert (clashes.distinct_name("Mugg", uuid), [home.category()]) == (
        home.shown(uuid)["name"],
        home.shown(uuid)["categories"],
    )


@pytest.mark.rule("P11")
@pytest.mark.parametrize(
    ("theirs", "why"),
    [
        ({"name": "Helt annat", "sku": "MUGG-1"}, "SKU"),
        ({"name": "Helt annat", "upc": "7310865004703"}, "barcode"),
        ({"name": "STOR  MUGG"}, "name"),
        ({"name": "Stör mugg"}, "name"),
    ],
)
async def test_likely_duplicates_are_shown_before_the_first_sync(
    home: DemoStack, theirs: JSON, why: str
) -> None:
    """By SKU, barcode, or a name that differs in case, spaces, accents or a small typo."""
    await home.shop.add_product(price=10, **theirs)
    await home.shop.add_product(name="Gräsklippare", sku="Z", price=10)
    home.add("Stor mugg", {"sku": "MUGG-1", "barcode": "7310865004703", "price": 100})
    home.add("Tallrik")

    await home.prepare()

    asked = await home.read("/apps/bigcommerce")
    rows = (await home.read(DUPLICATES)).partition("What happens")[2]
    assert "1 product may be in the store already" in asked
    assert why.casefold() in rows.casefold()
    assert theirs["name"].split()[0] in rows
    assert "Tallrik" not in rows
    assert "Gräsklippare" not in rows


async def decide(home: DemoStack, uuid: str, product_id: int, choice: str) -> None:
    await home.open(DUPLICATES)
    wish = f"link:{product_id}" if choice == "link" else choice
    await home.press("Save", **{f"choice-{uuid}": wish})
    await home.calm()


@pytest.mark.rule("P11", "A3")
async def test_a_linked_product_keeps_the_merchants_fields_and_is_never_deleted(
    home: DemoStack,
) -> None:
    """Decision 12: linking writes no birth-only field; let go, the product stays."""
    category = home.shop.add_category("Köket").id
    own = await home.shop.add_product(
        name="mugg", sku="GAMMAL", price=10, is_visible=True, categories=[category]
    )
    uuid = home.add("Mugg")
    await home.prepare()
    await decide(home, uuid, own.id, "link")
    await home.finish()
    linked = home.shop.raw(own.id)

    await home.open(f"/library/{uuid}")
    asked = words_of(home.browser_session.page)
    await home.press("Save", bigcommerce=[])
    await home.press("Unassign product")
    await home.wait(11)

    assert ("Mugg", "MUGG-1", 249) == (linked["name"], linked["sku"], linked["price"])
    assert ([category], True, 0) == (
        linked["categories"],
        linked["is_visible"],
        linked["tax_class_id"],
    )
    assert "You linked this product yourself: it stays in BigCommerce" in asked
    assert (["Mugg"], None) == (home.in_shop(), await home.binding(uuid))
    assert Code.PRODUCT_UNLINKED in await home.codes()


@pytest.mark.rule("P11")
@pytest.mark.parametrize(("choice", "shop"), [("keep", 2), ("skip", 1)])
async def test_the_merchant_may_keep_both_or_skip(home: DemoStack, choice: str, shop: int) -> None:
    own = await home.shop.add_product(name="Mugg", price=10)
    uuid = home.add("Mugg")
    await home.prepare()

    await decide(home, uuid, own.id, choice)
    await home.finish()

    assert shop == len(home.in_shop())
    assert 10 == home.shop.raw(own.id)["price"]


@pytest.mark.rule("P11")
async def test_likely_duplicates_are_shown_before_assigning_by_hand(home: DemoStack) -> None:
    own = await home.shop.add_product(name="Mugg", price=10)
    uuid = home.add("Mugg")
    await home.connect(whole_library=False)
    library = await home.read("/library")

    await decide(home, uuid, own.id, "link")
    await home.open("/library")
    await home.press("Update products", product=uuid, bigcommerce="yes")
    await home.calm()

    assert "1 product may be in the store already" in library
    assert (["Mugg"], 249) == (home.in_shop(), home.shop.raw(own.id)["price"])


@pytest.mark.rule("P11")
async def test_a_clash_loses_no_product_and_the_log_names_both(home: DemoStack) -> None:
    """Decision 6: name, SKU and address each get a short stable suffix, which outlives the next
    save.
    """
    fields: dict[str, Any] = {"online": {"status": "ACTIVE", "seo": {"slug": "mugg"}}}
    first = home.add("Mugg", {"sku": "A", "price": 100}, **fields)
    await home.connect()
    second = home.add("Mugg", {"sku": "a", "price": 200}, **fields)
    await home.calm()
    created = home.shown(second)

    shown = await home.save(second, description="Ny")

    distinct = (
        clashes.distinct_name("Mugg", second),
        clashes.distinct_sku("a", home.variant(second)),
        clashes.distinct_url("/mugg/", second),
    )
    assert ("Mugg", "A") == (home.shown(first)["name"], home.shown(first)["sku"])
    assert distinct == (created["name"], created["sku"], created["custom_url"]["url"])
    assert distinct == (shown["name"], shown["sku"], shown["custom_url"]["url"])
    reported = await home.reported(Code.CLASH)
    assert {"name", "sku", "url"} == {line["field"] for line in reported}
    assert {"Mugg"} == {line["other"] for line in reported}


# ---- Decisions 1, 8, 10, 13 ----------------------------------------------------------------------


@pytest.mark.rule("P6")
async def test_a_sweep_reports_drift_by_field_with_a_repair_and_reverts_nothing(
    home: DemoStack,
) -> None:
    """Decision 1: what the shop shows and what Zettle says; one line is repaired, the other
    product's stays.
    """
    mug, plate = home.add("Mugg"), home.add("Fat", {"sku": "FAT", "price": 100})
    await home.connect()
    await home.shop.edit_product(home.id_of(mug), description="Eget", price=1)
    await home.shop.edit_product(home.id_of(plate), description="Också eget")

    await home.wait_hours(7)
    kept = home.shown(mug)["description"]
    log = await home.open("/apps/bigcommerce/log")
    said = await home.press("Make it as in Zettle", product=mug)
    await home.calm()

    assert ("Eget", "", 249) == (kept, home.shown(mug)["description"], home.shown(mug)["price"])
    assert "Också eget" == home.shown(plate)["description"]
    drift = {
        (line["name"], line["field"], line["shop"], line["till"])
        for line in await home.reported(Code.DRIFT)
    }
    assert {
        ("Mugg", "description", "Eget", ""),
        ("Mugg", "price", "1", "249"),
        ("Fat", "description", "Också eget", ""),
    } == drift
    assert "Eget" in words_of(log)
    assert "The product is being synced now." in words_of(said)
    overwritten = {
        (line["field"], line["was"]) for line in await home.reported(Code.VALUE_OVERWRITTEN)
    }
    assert {("description", "Eget"), ("price", "1")} <= overwritten


@pytest.mark.rule("P10")
async def test_a_product_missing_in_the_shop_is_made_again_from_its_line_in_the_log(
    home: DemoStack,
) -> None:
    uuid = home.add("Mugg", stock=4)
    await home.connect()
    home.shop.delete_product(home.id_of(uuid))
    await home.calm()

    await home.open("/apps/bigcommerce/log")
    await home.press("Make it as in Zettle", product=uuid)
    await home.wait(30)

    assert ("Mugg", [(4, 4)]) == (home.shown(uuid)["name"], home.levels(uuid))


@pytest.mark.rule("P1")
async def test_what_cannot_be_carried_over_is_left_out_with_a_line_and_fails_nothing(
    home: DemoStack,
) -> None:
    """Decision 8."""
    gone = "https://nowhere.town.test/gone.png"
    uuid = home.add(
        "M" * 256,
        {"sku": "S" * 300, "barcode": "1" * 14, "price": 100},
        online={
            "status": "ACTIVE",
            "presentation": {"mediaUrls": ["https://vimeo.com/76979871"], "displayImageUrl": gone},
        },
    )

    await home.connect()

    shown = home.shown(uuid)
    assert ("M" * 249 + "…", "", [], []) == (
        shown["name"],
        shown["sku"],
        shown["images"],
        shown["videos"],
    )
    wanted = {Code.TEXT_CUT, Code.SKU_TOO_LONG, Code.VIDEO_UNSUPPORTED, Code.IMAGE_NOT_FETCHED}
    assert wanted <= set(await home.codes())


@pytest.mark.rule("P1")
async def test_option_values_that_become_equal_get_a_suffix(home: DemoStack) -> None:
    """Decision 8: Zettle tells "s" from "S", BigCommerce does not."""
    uuid = home.add("Tröja", sized("S"), sized("s", sku="TR-liten"), **sizes_of("S", "s"))

    await home.connect()

    labels = [value["label"] for value in home.shown(uuid)["options"][0]["option_values"]]
    assert (2, "S") == (len({label.casefold() for label in labels}), labels[0])
    assert Code.VALUE_RENAMED in await home.codes()


@pytest.mark.rule("C4", "C5")
async def test_a_changed_currency_pauses_only_prices_until_the_merchant_resumes(
    home: DemoStack,
) -> None:
    """Decision 10."""
    uuid = home.add()
    await home.connect()
    home.shop.set_settings(currency="EUR")
    await home.calm()
    page = await home.read("/apps/bigcommerce")
    home.till.edit_variant(home.variant(uuid), price=9900)
    paused = await home.save(uuid, name="Kopp")
    later = home.add("Senare")
    await home.calm()
    created = home.shown(later)["price"]
    home.shop.set_settings(currency="SEK")
    await home.calm()
    asked = home.shown(uuid)["price"]
    await home.open("/apps/bigcommerce")
    await home.press("Sync prices again")
    await home.calm()

    assert "Price sync is paused: the currency has changed" in page
    assert ("Kopp", 249, 0, 249) == (paused["name"], paused["price"], created, asked)
    assert [99, 249] == [home.shown(one)["price"] for one in (uuid, later)]
    assert [{"till": "SEK", "shop": "EUR"}] == await home.reported(Code.PRICES_PAUSED)


@pytest.mark.rule("P1")
async def test_an_open_price_is_zero_at_create_then_never_written_and_warned_about(
    home: DemoStack,
) -> None:
    """Decision 10: the cashier types it at the till."""
    uuid = home.add("Bakverk", {"sku": "B-1"})
    await home.connect()
    created = home.shown(uuid)["price"]
    await home.shop.edit_product(home.id_of(uuid), price=35)

    shown = await home.save(uuid, name="Bulle")

    assert (0, "Bulle", 35) == (created, shown["name"], shown["price"])
    assert Code.PRICE_OPEN in await home.codes()


@pytest.mark.rule("P1")
async def test_a_variant_added_later_without_a_sku_gets_a_stable_one_of_ours(
    home: DemoStack,
) -> None:
    """Decision 13."""
    uuid = home.add_sized("S", "M")
    await home.connect()
    rows = [
        *home.variants(uuid),
        {"name": "XL", "price": 100, "options": [{"name": "Storlek", "value": "XL"}]},
    ]
    await home.save(uuid, variants=rows, **sizes_of("S", "M", "XL"))
    generated = clashes.generated_sku(home.variant(uuid, 2))

    await home.save(uuid, name="Skjorta")

    assert {"TR-S", "TR-M", generated} == {one["sku"] for one in home.shown(uuid)["variants"]}
    assert [{"sku": generated}] == [
        {"sku": line["sku"]} for line in await home.reported(Code.SKU_GENERATED)
    ]
