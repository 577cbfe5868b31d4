"""Leaving, and coming back (rules D1 to D4; decisions 5, 11, 12)."""

import hashlib
import hmac
import json

import pytest

from brygga.core.model import Stage
from brygga.core.report import Code
from brygga.core.stock import Hint, Side
from brygga.database import ledgers, reported_changes, subscriptions
from brygga.database.tokens import Platform
from brygga.web import hooks
from brygga.web.addresses import look_up
from brygga.web.tally import Reports
from brygga_sandbox.zettle.accounts import remove_connection
from tests.markers import merchants_products
from tests.rules.stack import DemoStack, words_of

LEAVE = "/apps/bigcommerce/disconnect"


async def disconnect(home: DemoStack, products: str) -> str:
    await home.open(LEAVE)
    said = words_of(await home.press("Disconnect", products=products))
    await home.calm()
    return said


@pytest.mark.rule("D1")
async def test_disconnect_asks_whether_to_keep_or_remove_and_counts_both_kinds(
    home: DemoStack,
) -> None:
    """Decision 12: created products and linked ones are counted each on their own."""
    own = await home.shop.add_product(name="Mugg", price=10)
    linked = home.add("Mugg")
    home.add("Fat"), home.add("Vas")
    await home.prepare()
    await home.open("/apps/bigcommerce/duplicates")
    await home.press("Save", **{f"choice-{linked}": f"link:{own.id}"})
    await home.finish()

    await home.open("/apps/bigcommerce")
    page = words_of(await home.press("Disconnect"))

    assert "What about the products that came from Zettle?" in page
    assert "Keep the products" in page
    assert "2 products created by us are deleted from BigCommerce." in page
    assert "1 product that you linked yourself is unlinked and stays." in page
    assert ["Fat", "Mugg", "Vas"] == home.in_shop()


@pytest.mark.rule("D2")
async def test_keep_leaves_the_products_which_are_no_longer_synced(home: DemoStack) -> None:
    """After that neither platform hears from us again, and our hooks are gone."""
    uuid = home.add("Mugg", stock=5)
    await home.connect()

    said = await disconnect(home, "keep")
    seen = len(home.asked()), len(home.asked(of="till"))
    home.till.edit_product(uuid, name="Kopp")
    home.till.sell(home.variant(uuid))
    home.shop.place([{"product_id": home.id_of(uuid), "quantity": 1}])
    await home.wait(300)

    assert "The products stay in BigCommerce. The connection is being ended." in said
    assert (["Mugg"], [(4, 4)]) == (home.in_shop(), home.levels(uuid))
    assert seen == (len(home.asked()), len(home.asked(of="till")))
    assert Stage.DISCONNECTED is (await home.connection()).stage
    assert {} == home.sandbox.bigcommerce.hooks[home.sandbox.merchant.store_hash].all
    assert "Not connected" in await home.read("/apps")


@pytest.mark.rule("D1")
async def test_what_was_received_and_not_read_goes_with_the_connection(home: DemoStack) -> None:
    home.add("Mugg", stock=5)
    await home.connect()
    connection_id, now = (await home.connection()).id, home.service.worker.clock.now()
    async with home.service.database.transaction() as tx:
        await reported_changes.record_hint(tx, connection_id, Side.ZETTLE, "of before", Hint(now))
        await reported_changes.record_echo(tx, connection_id, "of before", now)

    await disconnect(home, "keep")

    async with home.service.database.read() as tx:
        assert not await reported_changes.waiting(tx, connection_id, Side.ZETTLE, ["of before"])
        assert not await reported_changes.is_echoed(tx, connection_id, "of before")
        assert await ledgers.products(tx, connection_id), (
            "coming back begins with what each side had"
        )


@pytest.mark.rule("D2")
async def test_remove_deletes_every_product_that_came_from_zettle_and_no_other(
    home: DemoStack,
) -> None:
    """Decision 12: a linked product is unlinked and stays. No ten seconds here (decision 14)."""
    own = await home.shop.add_product(name="Bara i butiken", price=10)
    match = await home.shop.add_product(name="Mugg", price=10)
    linked = home.add("Mugg")
    home.add("Fat"), home.add_sized("S", "M")
    await home.prepare()
    await home.open("/apps/bigcommerce/duplicates")
    await home.press("Save", **{f"choice-{linked}": f"link:{match.id}"})
    await home.finish()
    moved = next(one["id"] for one in home.shop.state()["products"] if one["name"] == "Fat")
    await home.shop.edit_product(
        moved, categories=[home.shop.add_category("Köket").id], name="Omdöpt"
    )
    before = len(home.in_shop())

    await disconnect(home, "remove")

    assert (4, {own.id, match.id}) == (before, {one["id"] for one in home.shop.state()["products"]})
    assert [{"reason": "remove", "removed": "2"}] == await home.reported(Code.DISCONNECTED)


@pytest.mark.rule("D2")
async def test_a_removal_that_fails_is_tried_again_before_the_connection_ends(
    home: DemoStack,
) -> None:
    """Decision 11."""
    home.add("Mugg")
    await home.connect()
    home.sandbox.bigcommerce.faults.add(
        "5xx_before", method="DELETE", path="*/catalog/products*", next=2
    )

    await disconnect(home, "remove")

    assert ([], Stage.DISCONNECTED) == (home.in_shop(), (await home.connection()).stage)


@pytest.mark.rule("D3")
async def test_uninstalling_the_app_in_bigcommerce_disconnects_and_keeps_the_products(
    home: DemoStack,
) -> None:
    """Decision 5: our token there is dead, and the page says what that means."""
    uuid = home.add("Mugg")
    await home.connect()

    await home.browser_session.open(
        f"{home.sandbox.plan.bigcommerce_url}/manage/{home.sandbox.merchant.store_hash}/apps"
    )
    await home.press("Uninstall")
    await home.calm()
    home.till.edit_product(uuid, name="Kopp")
    await home.wait(120)

    assert (["Mugg"], Stage.DISCONNECTED) == (home.in_shop(), (await home.connection()).stage)
    assert "Not connected" in await home.read("/apps")
    assert (
        "If the app is uninstalled in BigCommerce we can no longer reach the store, so the "
        "products stay."
    ) in (await home.read("/help"))


@pytest.mark.rule("D3")
@pytest.mark.parametrize(("choice", "left"), [("remove", []), ("keep", ["Mugg"])])
async def test_access_removed_in_zettle_stops_the_sync_and_the_page_offers_to_remove(
    home: DemoStack, choice: str, left: list[str]
) -> None:
    uuid = home.add("Mugg")
    await home.connect()

    home.till.remove_app(home.sandbox.plan.connector.zettle_client_id)
    home.till.edit_product(uuid, name="Kopp")
    await home.wait(60)
    stopped, apps = home.in_shop(), await home.read("/apps")
    page = await home.read(LEAVE)
    await disconnect(home, choice)

    assert ["Mugg"] == stopped
    assert "Needs you" in apps or "Not connected" in apps
    assert "Our access to Zettle is gone. The store can still be reached" in page
    assert (left, Stage.DISCONNECTED) == (home.in_shop(), (await home.connection()).stage)


@pytest.mark.rule("D4")
@pytest.mark.parametrize("whole", [True, False])
async def test_kept_products_are_found_again_assigned_and_not_duplicated(
    home: DemoStack, whole: bool
) -> None:
    uuid = home.add("Mugg", stock=5)
    await home.connect()
    first = home.id_of(uuid)
    await home.shop.edit_product(first, is_visible=True)
    await disconnect(home, "keep")
    home.till.edit_product(uuid, name="Kopp")
    home.till.sell(home.variant(uuid), 2)

    await home.prepare(whole_library=whole)
    asked = await home.read("/apps/bigcommerce")
    await home.finish()

    shown = home.shown(uuid)
    assert (first, "Kopp", True) == (shown["id"], shown["name"], shown["is_visible"])
    assert (["Kopp"], [(3, 3)]) == (home.in_shop(), home.levels(uuid))
    assert "Likely duplicates none found" in asked


@pytest.mark.rule("D4", "P12")
@pytest.mark.parametrize("whole", [True, False])
async def test_a_product_deleted_while_disconnected_goes_after_connecting_again(
    home: DemoStack, whole: bool
) -> None:
    """Nobody announced it to us: Zettle is asked for the product itself, twice, and the log names
    it.
    """
    gone = home.add("Mugg", stock=5)
    home.add("Fat", stock=2)
    await home.connect()
    await disconnect(home, "keep")
    home.till.delete_product(gone)

    await home.prepare(whole_library=whole)
    seen = len(home.asked(of="till"))
    await home.finish()
    await home.wait(120)

    asked = [one.path.rpartition("/")[2] for one in home.asked(of="till")[seen:]]
    assert ["Fat"] == home.in_shop()
    assert [{"name": "Mugg"}] == await home.reported(Code.PRODUCT_DELETED)
    assert 2 == asked.count(gone)
    assert "MUGG-1" not in await home.read("/library")


@pytest.mark.rule("D4", "P12")
@pytest.mark.parametrize(("answer", "left"), [("Yes, continue", 19), ("No, leave them", 31)])
async def test_many_that_went_missing_while_disconnected_stop_and_ask(
    home: DemoStack, answer: str, left: int
) -> None:
    """Decision 9: more than ten and more than a tenth, and nobody announced them."""
    there = [home.add(f"Vara {number}") for number in range(31)]
    await home.connect()
    await disconnect(home, "keep")
    for uuid in there[:12]:
        home.till.delete_product(uuid)

    await home.prepare()
    await home.finish()
    await home.wait(120)
    asked = len(home.in_shop()), await home.read("/apps/bigcommerce")
    await home.press(answer)
    await home.wait(120)

    assert 31 == asked[0]
    assert "12 products" in asked[1]
    assert left == len(home.in_shop())


@pytest.mark.rule("D4")
async def test_a_kept_match_is_found_again_and_not_asked_for_twice(
    home: DemoStack,
) -> None:
    own = await home.shop.add_product(name="Mugg", price=10)
    uuid = home.add("Mugg")
    await home.prepare()
    await home.open("/apps/bigcommerce/duplicates")
    await home.press("Save", **{f"choice-{uuid}": f"link:{own.id}"})
    await home.finish()
    await disconnect(home, "keep")

    await home.prepare()
    asked = await home.read("/apps/bigcommerce")
    await home.finish()
    home.till.edit_product(uuid, name="Kopp")
    await home.calm()
    renamed = home.in_shop()
    await disconnect(home, "remove")

    assert "Likely duplicates none found" in asked
    assert (["Kopp"], ["Kopp"]) == (renamed, home.in_shop())


@pytest.mark.rule("D4", "P10")
async def test_a_kept_product_that_went_missing_in_the_shop_meanwhile_is_made_again(
    home: DemoStack,
) -> None:
    uuid = home.add("Mugg")
    await home.connect()
    await disconnect(home, "keep")
    home.shop.delete_product(home.id_of(uuid))

    await home.prepare()
    await home.finish()

    assert ["Mugg"] == home.in_shop()


@pytest.mark.rule("D4", "C2")
async def test_another_store_can_be_connected_afterwards(home: DemoStack) -> None:
    """The products are made there; those that were kept in the first stay as they are."""
    uuid = home.add("Mugg")
    await home.connect()
    await disconnect(home, "keep")
    home.sandbox.bigcommerce.add_store(
        "l1ndsk9", owner_email="nora@example.com", name="Andra butiken"
    )

    await home.open("/apps")
    await home.press("Connect")
    await home.press("Confirm")
    await home.press("Continue", store="l1ndsk9")
    await home.press("Confirm")
    await home.press("Connect")
    await home.calm()
    await home.open("/apps/bigcommerce")
    await home.press("Continue", prices="yes")
    await home.press("Continue", products="whole")
    await home.calm()
    await home.finish()
    home.till.edit_product(uuid, name="Kopp")
    await home.calm()

    second = merchants_products(home.sandbox.bigcommerce.shop("l1ndsk9").state())
    assert (["Mugg"], ["Kopp"]) == (home.in_shop(), [one["name"] for one in second])


# ---- Access removed in Zettle --------------------------------------------------------------------


@pytest.mark.rule("D3")
async def test_access_removed_in_zettle_is_believed_once_zettle_says_so(home: DemoStack) -> None:
    home.add("Mugg")
    await home.connect()
    zettle = home.sandbox.zettle
    assert remove_connection(
        zettle.core,
        home.sandbox.merchant.organization,
        home.sandbox.plan.connector.zettle_client_id,
    )
    await home.wait(60)

    assert "zettle_access_gone" == (await home.connection()).paused


@pytest.mark.rule("D3")
async def test_a_removal_that_is_only_told_ends_nothing(home: DemoStack) -> None:
    """As it comes when somebody repeats a message, or Zettle's own is late."""
    uuid = home.add("Mugg", stock=10)
    await home.connect()
    connection, deps = await home.connection(), home.service.web.state.deps
    async with home.service.database.read() as tx:
        (key,) = await subscriptions.signing_keys(tx, connection.id, Platform.ZETTLE)
    stamp, payload = (
        home.service.worker.clock.now().isoformat(),
        '{"type":"ApplicationConnectionRemoved"}',
    )
    said = {"eventName": "ApplicationConnectionRemoved", "timestamp": stamp, "payload": payload}
    signature = hmac.new(key.encode(), f"{stamp}.{payload}".encode(), hashlib.sha256).hexdigest()
    found = await look_up(deps.database, Platform.ZETTLE, connection.hook_key)
    assert found is not None
    receiving, body = home.service.web.state.receiving, json.dumps(said).encode()
    proven = hooks._is_proven(found, signature, body)
    answer = await hooks._zettle(receiving, found, body, Reports(), is_proven=proven)
    await home.wait(60)
    home.till.sell(home.variant(uuid))
    await home.wait(20)

    assert (200, "", [(9, 9)]) == (answer, (await home.connection()).paused, home.levels(uuid))
