"""The life of a product: created, the merchant's own, gone missing, deleted (rules P3 to P10, P12;
decisions 9 and 11).
"""

from dataclasses import replace

import pytest

from brygga.core.report import Code
from tests.rules.stack import DemoStack, words_of

# ---- P3, P4: the create, and what is the merchant's ----------------------------------------------


@pytest.mark.rule("P3")
async def test_a_new_product_is_created_hidden_in_the_category_zettle(home: DemoStack) -> None:
    uuid = home.add()
    await home.connect()

    shown = home.shown(uuid)

    assert ([home.category()], False) == (shown["categories"], shown["is_visible"])


@pytest.mark.rule("P3")
async def test_the_category_is_found_by_its_id_and_made_again_when_missing(home: DemoStack) -> None:
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
async def test_what_is_the_merchants_is_set_at_create_and_never_written_again(
    home: DemoStack,
) -> None:
    """Category, visibility, channels, tax class and, without prices, the price: neither in the shop
    nor in any request.
    """
    uuid = home.add()
    await home.connect(prices=False)
    own = {
        "categories": [home.shop.add_category("Köket").id],
        "is_visible": True,
        "tax_class_id": 2,
        "price": 555,
    }
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
    assert not [
        name
        for name in (b"categories", b"is_visible", b"tax", b"price", b"channel")
        if name in written
    ]


# ---- P5, P7: directions --------------------------------------------------------------------------


@pytest.mark.rule("P5")
async def test_a_change_in_zettle_reaches_the_shop_by_itself_within_seconds(
    home: DemoStack,
) -> None:
    uuid = home.add()
    await home.connect()
    began = home.service.worker.clock.monotonic()

    home.till.edit_product(uuid, name="Kopp")
    await home.until(lambda: home.shown(uuid)["name"] == "Kopp")

    assert home.service.worker.clock.monotonic() - began < 5


@pytest.mark.rule("P7")
async def test_nothing_done_in_the_shop_is_written_to_zettles_library(home: DemoStack) -> None:
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
    assert [uuid, other] == list(home.sandbox.merchant.organization.products)
    for one, before in library.items():
        now = home.till.product(one)
        assert {k: v for k, v in before.items() if k not in changed} == {
            k: v for k, v in now.items() if k not in changed
        }
    assert untouched == home.shop.raw(own.id)
    assert made.id in {product["id"] for product in home.shop.state()["products"]}
    assert [] == [
        one.path
        for one in home.asked("POST", "PUT", "DELETE", of="till")
        if one.path.startswith("/products/")
    ]


@pytest.mark.rule("P5")
async def test_a_token_that_expires_in_the_middle_of_the_work_costs_nothing(
    home: DemoStack,
) -> None:
    """It is renewed once and the work goes on; nobody is asked to sign in again."""
    uuids = [home.add(f"Vara {n}", {"sku": f"V-{n}", "price": 100}) for n in range(5)]
    await home.connect()
    home.sandbox.zettle.faults.add("token_expired", path="/products/*", next=1)
    for uuid in uuids:
        home.till.edit_product(uuid, description="Ny")
    await home.calm()

    assert {"<p>Ny</p>"} == {home.shown(uuid)["description"] for uuid in uuids}
    assert Code.PAUSED not in await home.codes()


# ---- P8, P9: what is synced ----------------------------------------------------------------------


@pytest.mark.rule("P8")
@pytest.mark.parametrize("whole", [True, False])
async def test_products_added_after_set_up_are_synced_by_themselves_in_both_modes(
    home: DemoStack, whole: bool
) -> None:
    home.add("Tidig")
    await home.connect(whole_library=whole)
    before = home.in_shop()

    home.add("Senare")
    await home.calm()

    assert (["Tidig"] if whole else []) == before
    assert [*before, "Senare"] == sorted(home.in_shop(), key=lambda name: name == "Senare")


@pytest.mark.rule("P9")
async def test_our_form_adds_a_product_for_the_till_only_when_the_box_is_unticked(
    home: DemoStack,
) -> None:
    await home.connect()
    page = await home.read("/library/new")
    await home.press("Save", name="Bara kassan", price="45,50", sku="K-1", bigcommerce=[])
    await home.calm()
    await home.open("/library/new")
    await home.press("Save", name="Båda", price="99", sku="B-1")
    await home.calm()

    goods = {
        one.value()["name"]: one.value()
        for one in home.sandbox.merchant.organization.products.values()
    }
    assert {"Bara kassan", "Båda"} == goods.keys()
    assert {"amount": 4550, "currencyId": "SEK"} == goods["Bara kassan"]["variants"][0]["price"]
    assert ["Båda"] == home.in_shop()
    assert "A product added in Zettle's own pages is always synced." in page


@pytest.mark.rule("P9")
async def test_a_product_for_the_till_only_stays_there_through_later_saves(home: DemoStack) -> None:
    await home.connect()
    await home.open("/library/new")
    await home.press("Save", name="Bara kassan", bigcommerce=[])
    await home.calm()
    (uuid,) = home.sandbox.merchant.organization.products

    home.till.edit_product(uuid, name="Ännu bara kassan")
    await home.calm()

    assert [] == home.in_shop()


# ---- P10: missing --------------------------------------------------------------------------------


@pytest.mark.rule("P10")
async def test_a_product_missing_in_the_shop_is_made_again_at_the_next_small_save(
    home: DemoStack,
) -> None:
    uuid = home.add(stock=4)
    await home.connect()
    first = home.id_of(uuid)
    home.shop.delete_product(first)
    await home.calm()
    missing, reported = home.find(uuid), await home.reported(Code.MISSING_IN_SHOP)

    shown = await home.save(uuid, externalReference="hylla 4")

    assert (None, [{"name": "Mugg"}]) == (missing, reported)
    assert (True, [(4, 4)]) == (shown["id"] != first, home.levels(uuid))
    assert Code.PRODUCT_RESTORED in await home.codes()


@pytest.mark.rule("P10")
@pytest.mark.parametrize("where", ["/library", "/library/{uuid}"])
async def test_sync_now_does_the_same_without_a_fake_edit(home: DemoStack, where: str) -> None:
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
async def test_a_product_that_stays_missing_leads_to_support_with_an_id(home: DemoStack) -> None:
    """BigCommerce refuses it: the page says why, and has a support id to send."""
    uuid = home.add("Vägrad")
    home.sandbox.bigcommerce.faults.add(
        "5xx_before", method="POST", path="*/catalog/products", params={"status": 422}
    )
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


# ---- P12, decisions 9 and 11 ---------------------------------------------------------------------


@pytest.mark.rule("P12")
async def test_a_product_deleted_in_zettle_is_removed_from_the_shop_at_once(
    home: DemoStack,
) -> None:
    gone, stays = home.add("Mugg"), home.add("Fat")
    await home.connect()

    home.till.delete_product(gone)
    await home.until(lambda: home.in_shop() == ["Fat"])

    assert "Fat" == home.shown(stays)["name"]


@pytest.mark.rule("P12")
async def test_many_deletes_that_zettle_announced_never_stop(home: DemoStack) -> None:
    """Decision 9: only what was inferred stops and asks."""
    uuids = [home.add(f"Vara {n}", {"sku": f"V-{n}", "price": 100}) for n in range(12)]
    await home.connect()

    for uuid in uuids:
        home.till.delete_product(uuid)
    await home.calm()

    assert [] == home.in_shop()
    assert Code.MASS_EFFECT_STOPPED not in await home.codes()


@pytest.mark.rule("P12")
@pytest.mark.parametrize(("answer", "left"), [("Yes, continue", 0), ("No, leave them", 12)])
async def test_many_products_missing_without_a_word_stop_and_ask(
    home: DemoStack, answer: str, left: int
) -> None:
    """Decision 9: no event, and a library that forgot what was deleted. The overview asks, and does
    what it is told.
    """
    uuids = [home.add(f"Vara {n}", {"sku": f"V-{n}", "price": 100}) for n in range(12)]
    await home.connect()
    home.sandbox.zettle.outbox.delivery_faults.loss = 1.0
    home.sandbox.zettle.switches = replace(home.sandbox.zettle.switches, event_log_lost=True)
    for uuid in uuids:
        home.till.delete_product(uuid)

    await home.wait_hours(7)
    stopped = len(home.in_shop())
    asked = await home.read("/apps/bigcommerce")
    await home.press(answer)
    await home.wait(120)

    assert (12, left) == (stopped, len(home.in_shop()))
    assert "12 products look as if they should be removed at once" in asked
    assert [{"effect": "removed", "count": "12", "catalogue": "12"}] == await home.reported(
        Code.MASS_EFFECT_STOPPED
    )


@pytest.mark.rule("P12")
async def test_a_delete_that_failed_is_tried_again_until_it_is_done(home: DemoStack) -> None:
    """Decision 11: nothing is forgotten because a call failed."""
    uuid = home.add()
    await home.connect()
    home.sandbox.bigcommerce.faults.add(
        "5xx_before", method="DELETE", path="*/catalog/products*", next=3, params={"status": 409}
    )

    home.till.delete_product(uuid)
    await home.wait(10)
    refused = home.in_shop()
    await home.wait_hours(1)

    assert (["Mugg"], []) == (refused, home.in_shop())
