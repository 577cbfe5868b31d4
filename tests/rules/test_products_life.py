"""The life of a product: born, the merchant's own, gone missing, linked, deleted (rules P3 to P12; decisions 1, 6, 8 to 10, 12, 13)."""

from dataclasses import replace
from typing import Any

import pytest

from brygga.core import clashes
from brygga.core.report import Code
from tests.rules.household import JSON, Household, sized, sizes_of, words_of

DUPLICATES = "/apps/bigcommerce/duplicates"


# ---- P3, P4: birth, and what is the merchant's -------------------------------------------------------------------------


@pytest.mark.rule("P3")
async def test_a_new_product_is_born_hidden_in_the_category_zettle(home: Household) -> None:
    uuid = home.add()
    await home.connect()

    shown = home.shown(uuid)

    assert ([home.category()], False) == (shown["categories"], shown["is_visible"])


@pytest.mark.rule("P3")
async def test_the_category_is_found_by_its_id_and_made_again_when_missing(home: Household) -> None:
    """Renamed, it is still the one; deleted, the next product makes a new one."""
    home.add("Mugg")
    await home.connect()
    first = home.category()
    home.shop.rename_category(first, "Från kassan")
    renamed = home.add("Fat")
    await home.calm()
    found = home.shown(renamed)["categories"]
    home.shop.delete_category(first)

    late = home.add("Vas")
    await home.calm()

    assert [first] == found
    assert [home.category("Zettle")] == home.shown(late)["categories"]
    assert home.category("Zettle") != first


@pytest.mark.rule("P4", "C8")
async def test_what_is_the_merchants_is_set_at_birth_and_never_written_again(home: Household) -> None:
    """Category, visibility, channels, tax class and, without prices, the price: neither in the shop nor in any request."""
    uuid = home.add()
    await home.connect(prices=False)
    own = {"categories": [home.shop.add_category("Köket").id], "is_visible": True, "tax_class_id": 2, "price": 555}
    await home.shop.edit_product(home.id_of(uuid), **own)
    channel = home.shop.add_channel("Marknadsplatsen")
    home.shop.assign_channel(home.id_of(uuid), channel)
    home.shop.assign_channel(home.id_of(uuid), 1, on=False)
    seen = len(home.asked())

    shown = await home.save(uuid, name="Kopp", vatPercentage="6")
    await home.open(f"/library/{uuid}")
    await home.press("Sync now")
    await home.calm()

    assert own == {name: home.shown(uuid)[name] for name in own}
    assert [channel] == home.shop.product(shown["id"]).channels
    written = b"".join(one.body for one in home.asked("POST", "PUT")[seen:]) + b"".join(
        one.body for one in home.asked()[seen:] if one.method in {"POST", "PUT"}
    )
    assert b"Kopp" in written
    assert not [name for name in (b"categories", b"is_visible", b"tax", b"price", b"channel") if name in written]


# ---- P5, P7: directions ----------------------------------------------------------------------------------------------


@pytest.mark.rule("P5")
async def test_a_change_in_zettle_reaches_the_shop_by_itself_within_seconds(home: Household) -> None:
    uuid = home.add()
    await home.connect()
    began = home.service.worker.clock.monotonic()

    home.till.edit_product(uuid, name="Kopp")
    await home.until(lambda: home.shown(uuid)["name"] == "Kopp")

    assert home.service.worker.clock.monotonic() - began < 5


@pytest.mark.rule("P7")
async def test_nothing_done_in_the_shop_is_written_to_zettles_library(home: Household) -> None:
    """Created, edited, deleted there; and what exists only there is never changed or deleted."""
    uuid, other = home.add("Mugg"), home.add("Fat")
    own = await home.shop.add_product(name="Bara i butiken", sku="EGEN", price=10)
    await home.connect()
    untouched = home.shop.raw(own.id)
    library = {one: home.till.product(one) for one in (uuid, other)}
    made = await home.shop.add_product(name="Ny i butiken", price=10)
    await home.shop.edit_product(home.id_of(uuid), name="Omdöpt", description="Nytt")
    home.shop.delete_product(home.id_of(other))
    await home.calm()

    home.till.edit_product(uuid, name="Kopp")
    await home.calm()

    library[uuid]["name"] = "Kopp"
    changed = {"etag", "updated"}
    assert [uuid, other] == list(home.town.merchant.organization.products)
    for one, before in library.items():
        now = home.till.product(one)
        assert {k: v for k, v in before.items() if k not in changed} == {
            k: v for k, v in now.items() if k not in changed
        }
    assert untouched == home.shop.raw(own.id)
    assert made.id in {product["id"] for product in home.shop.state()["products"]}
    assert [] == [
        one.path for one in home.asked("POST", "PUT", "DELETE", of="till") if one.path.startswith("/products/")
    ]


@pytest.mark.rule("P5")
async def test_a_token_that_expires_in_the_middle_of_the_work_costs_nothing(home: Household) -> None:
    """It is renewed once and the work goes on; nobody is asked to sign in again."""
    uuids = [home.add(f"Vara {n}", {"sku": f"V-{n}", "price": 100}) for n in range(5)]
    await home.connect()
    home.town.zettle.faults.add("token_expired", path="/products/*", next=1)
    for uuid in uuids:
        home.till.edit_product(uuid, description="Ny")
    await home.calm()

    assert {"<p>Ny</p>"} == {home.shown(uuid)["description"] for uuid in uuids}
    assert Code.PAUSED not in await home.codes()


# ---- P8, P9: what is synced --------------------------------------------------------------------------------------------


@pytest.mark.rule("P8")
@pytest.mark.parametrize("whole", [True, False])
async def test_products_added_after_set_up_are_synced_by_themselves_in_both_modes(home: Household, whole: bool) -> None:
    home.add("Tidig")
    await home.connect(whole_library=whole)
    before = home.in_shop()

    home.add("Senare")
    await home.calm()

    assert (["Tidig"] if whole else []) == before
    assert [*before, "Senare"] == sorted(home.in_shop(), key=lambda name: name == "Senare")


@pytest.mark.rule("P9")
async def test_our_form_adds_a_product_for_the_till_only_when_the_box_is_unticked(home: Household) -> None:
    await home.connect()
    page = await home.read("/library/new")
    await home.press("Save", name="Bara kassan", price="45,50", sku="K-1", bigcommerce=[])
    await home.calm()
    await home.open("/library/new")
    await home.press("Save", name="Båda", price="99", sku="B-1")
    await home.calm()

    goods = {one.value()["name"]: one.value() for one in home.town.merchant.organization.products.values()}
    assert {"Bara kassan", "Båda"} == goods.keys()
    assert {"amount": 4550, "currencyId": "SEK"} == goods["Bara kassan"]["variants"][0]["price"]
    assert ["Båda"] == home.in_shop()
    assert "A product added in Zettle's own pages is always synced." in page


@pytest.mark.rule("P9")
async def test_a_product_for_the_till_only_stays_there_through_later_saves(home: Household) -> None:
    await home.connect()
    await home.open("/library/new")
    await home.press("Save", name="Bara kassan", bigcommerce=[])
    await home.calm()
    (uuid,) = home.town.merchant.organization.products

    home.till.edit_product(uuid, name="Ännu bara kassan")
    await home.calm()

    assert [] == home.in_shop()


# ---- P10: missing ----------------------------------------------------------------------------------------------------


@pytest.mark.rule("P10")
async def test_a_product_missing_in_the_shop_is_made_again_at_the_next_small_save(home: Household) -> None:
    uuid = home.add(stock=4)
    await home.connect()
    first = home.id_of(uuid)
    home.shop.delete_product(first)
    await home.calm()
    missing, told = home.find(uuid), await home.told(Code.MISSING_IN_SHOP)

    shown = await home.save(uuid, externalReference="hylla 4")

    assert (None, [{"name": "Mugg"}]) == (missing, told)
    assert (True, [(4, 4)]) == (shown["id"] != first, home.levels(uuid))
    assert Code.PRODUCT_RESTORED in await home.codes()


@pytest.mark.rule("P10")
@pytest.mark.parametrize("where", ["/library", "/library/{uuid}"])
async def test_sync_now_does_the_same_without_a_fake_edit(home: Household, where: str) -> None:
    uuid = home.add()
    await home.connect()
    etag = home.till.product(uuid)["etag"]
    home.shop.delete_product(home.id_of(uuid))
    await home.calm()

    await home.open(where.format(uuid=uuid))
    await home.press("Sync now", product=uuid)
    await home.calm()

    assert "Mugg" == home.shown(uuid)["name"]
    assert etag == home.till.product(uuid)["etag"]


@pytest.mark.rule("P10")
async def test_a_product_that_stays_missing_leads_to_support_with_an_id(home: Household) -> None:
    """BigCommerce refuses it: the page says why, and has a support id to send."""
    uuid = home.add("Vägrad")
    home.town.bigcommerce.faults.add("5xx_before", method="POST", path="*/catalog/products", params={"status": 422})
    await home.connect()
    await home.open(f"/library/{uuid}")
    await home.press("Sync now")
    await home.calm()

    page = words_of(await home.open(f"/library/{uuid}"))
    await home.open(f"/support?product={uuid}")
    support = await home.press("Make a report")

    assert "Failed" in page
    assert "Still missing or wrong after “Sync now”? Contact support" in page
    assert "Your support id:" in words_of(support)
    assert "mailto:help@example.com?subject=Brygga%20" in support


# ---- P11: duplicates, decisions 6 and 12 -------------------------------------------------------------------------------


@pytest.mark.rule("P11")
async def test_products_in_both_systems_become_duplicates_told_apart_by_the_category(home: Household) -> None:
    own = await home.shop.add_product(name="Mugg", sku="MUGG-1", price=10, is_visible=True)
    uuid = home.add("Mugg")

    await home.connect()

    assert [own.id] == [one["id"] for one in home.shop.state()["products"] if home.category() not in one["categories"]]
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
async def test_likely_duplicates_are_shown_before_the_first_sync(home: Household, theirs: JSON, why: str) -> None:
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


async def decide(home: Household, uuid: str, product_id: int, choice: str) -> None:
    await home.open(DUPLICATES)
    wish = f"link:{product_id}" if choice == "link" else choice
    await home.press("Save", **{f"choice-{uuid}": wish})
    await home.calm()


@pytest.mark.rule("P11", "A3")
async def test_a_linked_product_is_one_product_keeps_what_is_the_merchants_and_is_never_deleted(
    home: Household,
) -> None:
    """Decision 12: linking writes no birth-only field; let go, the product stays."""
    category = home.shop.add_category("Köket").id
    own = await home.shop.add_product(name="mugg", sku="GAMMAL", price=10, is_visible=True, categories=[category])
    uuid = home.add("Mugg")
    await home.prepare()
    await decide(home, uuid, own.id, "link")
    await home.finish()
    linked = home.shop.raw(own.id)

    await home.open(f"/library/{uuid}")
    asked = words_of(home.visitor.page)
    await home.press("Save", bigcommerce=[])
    await home.press("Unassign product")
    await home.wait(11)

    assert ("Mugg", "MUGG-1", 249) == (linked["name"], linked["sku"], linked["price"])
    assert ([category], True, 0) == (linked["categories"], linked["is_visible"], linked["tax_class_id"])
    assert "You linked this product yourself: it stays in BigCommerce" in asked
    assert (["Mugg"], None) == (home.in_shop(), await home.binding(uuid))
    assert Code.PRODUCT_UNLINKED in await home.codes()


@pytest.mark.rule("P11")
@pytest.mark.parametrize(("choice", "shop"), [("keep", 2), ("skip", 1)])
async def test_the_merchant_may_keep_both_or_skip(home: Household, choice: str, shop: int) -> None:
    own = await home.shop.add_product(name="Mugg", price=10)
    uuid = home.add("Mugg")
    await home.prepare()

    await decide(home, uuid, own.id, choice)
    await home.finish()

    assert shop == len(home.in_shop())
    assert 10 == home.shop.raw(own.id)["price"]


@pytest.mark.rule("P11")
async def test_likely_duplicates_are_shown_before_assigning_by_hand(home: Household) -> None:
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
async def test_a_clash_loses_no_product_and_the_log_names_both(home: Household) -> None:
    """Decision 6: name, SKU and address each get a short stable suffix, which outlives the next save."""
    fields: dict[str, Any] = {"online": {"status": "ACTIVE", "seo": {"slug": "mugg"}}}
    first = home.add("Mugg", {"sku": "A", "price": 100}, **fields)
    await home.connect()
    second = home.add("Mugg", {"sku": "a", "price": 200}, **fields)
    await home.calm()
    born = home.shown(second)

    shown = await home.save(second, description="Ny")

    distinct = (
        clashes.distinct_name("Mugg", second),
        clashes.distinct_sku("a", home.variant(second)),
        clashes.distinct_url("/mugg/", second),
    )
    assert ("Mugg", "A") == (home.shown(first)["name"], home.shown(first)["sku"])
    assert distinct == (born["name"], born["sku"], born["custom_url"]["url"])
    assert distinct == (shown["name"], shown["sku"], shown["custom_url"]["url"])
    told = await home.told(Code.CLASH)
    assert {"name", "sku", "url"} == {line["field"] for line in told}
    assert {"Mugg"} == {line["other"] for line in told}


# ---- P12, decisions 9 and 11 -------------------------------------------------------------------------------------------


@pytest.mark.rule("P12")
async def test_a_product_deleted_in_zettle_is_removed_from_the_shop_at_once(home: Household) -> None:
    gone, stays = home.add("Mugg"), home.add("Fat")
    await home.connect()

    home.till.delete_product(gone)
    await home.until(lambda: home.in_shop() == ["Fat"])

    assert "Fat" == home.shown(stays)["name"]


@pytest.mark.rule("P12")
async def test_many_deletes_that_zettle_announced_never_stop(home: Household) -> None:
    """Decision 9: only what was inferred stops and asks."""
    uuids = [home.add(f"Vara {n}", {"sku": f"V-{n}", "price": 100}) for n in range(12)]
    await home.connect()

    for uuid in uuids:
        home.till.delete_product(uuid)
    await home.calm()

    assert [] == home.in_shop()
    assert Code.MASS_EFFECT_STOPPED not in await home.codes()


@pytest.mark.rule("P12")
@pytest.mark.parametrize(("answer", "left"), [("Yes, go on", 0), ("No, leave them", 12)])
async def test_many_products_missing_without_a_word_stop_and_ask(home: Household, answer: str, left: int) -> None:
    """Decision 9: no event, and a library that forgot what was deleted. The overview asks, and does what it is told."""
    uuids = [home.add(f"Vara {n}", {"sku": f"V-{n}", "price": 100}) for n in range(12)]
    await home.connect()
    home.town.zettle.outbox.weather.loss = 1.0
    home.town.zettle.switches = replace(home.town.zettle.switches, event_log_lost=True)
    for uuid in uuids:
        home.till.delete_product(uuid)

    await home.wait_hours(7)
    stopped = len(home.in_shop())
    asked = await home.read("/apps/bigcommerce")
    await home.press(answer)
    await home.wait(120)

    assert (12, left) == (stopped, len(home.in_shop()))
    assert "12 products look as if they should be removed at once" in asked
    assert [{"effect": "removed", "count": "12", "catalogue": "12"}] == await home.told(Code.MASS_EFFECT_STOPPED)


@pytest.mark.rule("P12")
async def test_a_delete_that_failed_is_tried_again_until_it_is_done(home: Household) -> None:
    """Decision 11: nothing is forgotten because a call failed."""
    uuid = home.add()
    await home.connect()
    home.town.bigcommerce.faults.add(
        "5xx_before", method="DELETE", path="*/catalog/products*", next=3, params={"status": 409}
    )

    home.till.delete_product(uuid)
    await home.wait(10)
    refused = home.in_shop()
    await home.wait_hours(1)

    assert (["Mugg"], []) == (refused, home.in_shop())


# ---- Decisions 1, 8, 10, 13 --------------------------------------------------------------------------------------------


@pytest.mark.rule("P6")
async def test_a_sweep_reports_drift_by_field_with_a_repair_on_each_line_and_reverts_nothing(home: Household) -> None:
    """Decision 1: what the shop shows and what Zettle says; one line is repaired, the other product's stays."""
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
    drift = {(line["name"], line["field"], line["shop"], line["till"]) for line in await home.told(Code.DRIFT)}
    assert {
        ("Mugg", "description", "Eget", ""),
        ("Mugg", "price", "1", "249"),
        ("Fat", "description", "Också eget", ""),
    } == drift
    assert "Eget" in words_of(log)
    assert "The product is being synced now." in words_of(said)
    overwritten = {(line["field"], line["was"]) for line in await home.told(Code.VALUE_OVERWRITTEN)}
    assert {("description", "Eget"), ("price", "1")} <= overwritten


@pytest.mark.rule("P10")
async def test_a_product_missing_in_the_shop_is_made_again_from_its_line_in_the_log(home: Household) -> None:
    uuid = home.add("Mugg", stock=4)
    await home.connect()
    home.shop.delete_product(home.id_of(uuid))
    await home.calm()

    await home.open("/apps/bigcommerce/log")
    await home.press("Make it as in Zettle", product=uuid)
    await home.wait(30)

    assert ("Mugg", [(4, 4)]) == (home.shown(uuid)["name"], home.levels(uuid))


@pytest.mark.rule("P1")
async def test_what_cannot_be_carried_over_is_left_out_with_a_line_and_never_fails_the_product(home: Household) -> None:
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
    assert ("M" * 249 + "…", "", [], []) == (shown["name"], shown["sku"], shown["images"], shown["videos"])
    wanted = {Code.TEXT_CUT, Code.SKU_TOO_LONG, Code.VIDEO_UNSUPPORTED, Code.IMAGE_NOT_FETCHED}
    assert wanted <= set(await home.codes())


@pytest.mark.rule("P1")
async def test_option_values_that_become_equal_get_a_suffix(home: Household) -> None:
    """Decision 8: Zettle tells "s" from "S", BigCommerce does not."""
    uuid = home.add("Tröja", sized("S"), sized("s", sku="TR-liten"), **sizes_of("S", "s"))

    await home.connect()

    labels = [value["label"] for value in home.shown(uuid)["options"][0]["option_values"]]
    assert (2, "S") == (len({label.casefold() for label in labels}), labels[0])
    assert Code.VALUE_RENAMED in await home.codes()


@pytest.mark.rule("C4", "C5")
async def test_a_changed_currency_pauses_prices_and_nothing_else_until_the_merchant_resumes(home: Household) -> None:
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
    born = home.shown(later)["price"]
    home.shop.set_settings(currency="SEK")
    await home.calm()
    asked = home.shown(uuid)["price"]
    await home.open("/apps/bigcommerce")
    await home.press("Sync prices again")
    await home.calm()

    assert "Price sync is paused: the currency has changed" in page
    assert ("Kopp", 249, 0, 249) == (paused["name"], paused["price"], born, asked)
    assert [99, 249] == [home.shown(one)["price"] for one in (uuid, later)]
    assert [{"till": "SEK", "shop": "EUR"}] == await home.told(Code.PRICES_PAUSED)


@pytest.mark.rule("P1")
async def test_an_open_price_is_zero_at_birth_never_written_while_open_and_warned_about(home: Household) -> None:
    """Decision 10: the cashier types it at the till."""
    uuid = home.add("Bakverk", {"sku": "B-1"})
    await home.connect()
    born = home.shown(uuid)["price"]
    await home.shop.edit_product(home.id_of(uuid), price=35)

    shown = await home.save(uuid, name="Bulle")

    assert (0, "Bulle", 35) == (born, shown["name"], shown["price"])
    assert Code.PRICE_OPEN in await home.codes()


@pytest.mark.rule("P1")
async def test_a_variant_added_later_without_a_sku_gets_a_stable_one_of_ours(home: Household) -> None:
    """Decision 13."""
    uuid = home.add_sized("S", "M")
    await home.connect()
    rows = [*home.variants(uuid), {"name": "XL", "price": 100, "options": [{"name": "Storlek", "value": "XL"}]}]
    await home.save(uuid, variants=rows, **sizes_of("S", "M", "XL"))
    generated = clashes.generated_sku(home.variant(uuid, 2))

    await home.save(uuid, name="Skjorta")

    assert {"TR-S", "TR-M", generated} == {one["sku"] for one in home.shown(uuid)["variants"]}
    assert [{"sku": generated}] == [{"sku": line["sku"]} for line in await home.told(Code.SKU_GENERATED)]
