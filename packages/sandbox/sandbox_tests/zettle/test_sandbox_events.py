"""The events of the Zettle sandbox: what each act of a merchant or an app tells (zettle facts
4).
"""

import pytest

from sandbox_tests.zettle.zettle_bench import (
    PRODUCTS,
    V3,
    Bench,
    Received,
    raw,
    v1,
    variant_of,
)


async def received(bench: Bench, *names: str) -> list[Received]:
    await bench.work_off()
    return bench.receiver.events(*names)


async def test_a_products_life_is_told() -> None:
    """Created: the product. Updated: new and old. Deleted: the last of it, under a new etag."""
    bench = Bench()
    await bench.subscribe()
    mug = await bench.mug()
    await bench.client.put(
        f"{PRODUCTS}/v2/{mug['uuid']}", json={"name": "Kopp", "description": None}
    )
    now = (await bench.client.get(f"{PRODUCTS}/{mug['uuid']}")).json()
    await bench.client.delete(f"{PRODUCTS}/{mug['uuid']}")

    created, updated, deleted = (one.payload for one in await received(bench))

    assert (created["uuid"], created["name"], created["etag"]) == (mug["uuid"], "Mugg", mug["etag"])
    assert (updated["newEntity"]["name"], updated["oldEntity"]["name"]) == ("Kopp", "Mugg")
    assert updated["newEntity"]["etag"] == now["etag"]
    assert deleted["name"] == "Kopp"
    assert deleted["etag"] not in {mug["etag"], now["etag"]}
    assert (
        created["updatedByUserUuid"]
        == created["createdByUserUuid"]
        == bench.organization.owner.uuid
    )
    assert not [key for key, value in created.items() if value is None]
    assert "updatedBy" not in created


async def test_an_event_need_not_hold_all_of_online() -> None:
    """Only status and slug, or by a switch everything."""
    online = {"status": "ACTIVE", "title": "Titel", "seo": {"slug": "s", "title": "T"}}

    for short in (True, False):
        bench = Bench(events_shorten_online=short)
        await bench.subscribe()
        await bench.mug(online=online)
        (created,) = await received(bench)

        assert created.payload["online"] == (
            {"status": "ACTIVE", "seo": {"slug": "s"}} if short else online
        )


@pytest.mark.parametrize(("silent", "number"), [(False, 2), (True, 1)])
async def test_soft_changes_may_be_silent(silent: bool, number: int) -> None:
    """A save of nothing but a picture: reported, or by a switch not. A name is always reported."""
    bench = Bench(soft_changes_are_silent=silent)
    mug = await bench.mug()
    await bench.subscribe()

    for patch in (
        {"presentation": {"imageUrl": "https://image.izettle.com/product/a.png"}},
        {"name": "Kopp"},
    ):
        await bench.client.put(f"{PRODUCTS}/v2/{mug['uuid']}", json=patch)

    assert len(await received(bench, "ProductUpdated")) == number


async def test_our_own_movement_comes_back_with_its_identifier() -> None:
    """externalUuid and clientUuid are ours; balances are texts; the lists differ in order and
    length.
    """
    bench = Bench()
    mug = await bench.tracked_mug(12)
    await bench.subscribe()
    mine = v1()

    await bench.move(mug, "STORE", "SOLD", 2, identifier=mine)

    (message,) = await received(bench, "InventoryBalanceChanged")
    store, reported = await bench.inventory(), message.payload
    assert (reported["externalUuid"], reported["updated"]["clientUuid"]) == (
        mine,
        bench.app.client_id,
    )
    assert [(row["locationUuid"], row["balance"]) for row in reported["balanceBefore"]] == [
        (store, "12")
    ]
    assert {row["locationUuid"]: row["balance"] for row in reported["balanceAfter"]} == {
        store: "10",
        await bench.inventory("SOLD"): "2",
    }
    assert all(row["variantUuid"] == variant_of(mug) for row in reported["balanceAfter"])


async def test_one_call_is_one_message_with_several_rows() -> None:
    """Two products in a call; without the switch only STORE is in it."""
    bench = Bench(balances_of_all_locations=False)
    products = [await bench.tracked_mug(5, name=name, sku=name) for name in "ab"]
    await bench.subscribe()
    store, sold = await bench.inventory(), await bench.inventory("SOLD")
    moves = [
        {
            "productUuid": one["uuid"],
            "variantUuid": variant_of(one),
            "from": store,
            "to": sold,
            "change": number,
        }
        for number, one in enumerate(products, start=1)
    ]

    await bench.client.post(f"{V3}/movements", json={"identifier": v1(), "movements": moves})

    (message,) = await received(bench, "InventoryBalanceChanged")
    before = [(row["productUuid"], row["balance"]) for row in message.payload["balanceBefore"]]
    after = [(row["productUuid"], row["balance"]) for row in message.payload["balanceAfter"]]
    assert before == [(products[0]["uuid"], "5"), (products[1]["uuid"], "5")]
    assert after == [(products[1]["uuid"], "3"), (products[0]["uuid"], "4")]


async def test_a_sale_is_told_once_as_stock_and_once_as_purchase() -> None:
    """The stock message names no identifier of ours, and by default no client."""
    bench = Bench()
    await bench.tracked_mug(12)
    await bench.subscribe()

    await bench.act("sell", sku="MUG-1", quantity=2)

    stock, purchase = await received(bench)
    assert (stock.event, purchase.event) == ("InventoryBalanceChanged", "PurchaseCreated")
    assert (stock.payload["externalUuid"], stock.payload["updated"]["clientUuid"]) == (None, None)
    assert isinstance(purchase.payload["timestamp"], int)
    assert "purchaseUUID1" not in purchase.payload
    assert purchase.payload["products"][0]["taxRates"] == [{"percentage": 25.0}]


async def test_a_switch_of_tracking_is_told_when_it_changes() -> None:
    """Started and stopped, once each, in their different words; rows only by a switch."""
    bench = Bench()
    mug = await bench.mug()
    await bench.subscribe()
    for on in (True, True, False, False):
        await bench.act("tracking", product_uuid=mug["uuid"], on=on)

    started, stopped = await received(bench)

    assert (started.event, stopped.event) == (
        "InventoryTrackingStarted",
        "InventoryTrackingStopped",
    )
    assert (
        started.payload["created"]["userType"]
        == stopped.payload["changeInformation"]["userType"]
        == "USER"
    )


async def test_tracking_and_deletion_may_send_balances() -> None:
    """By a switch: the kept balance at the start, zero at the end."""
    bench = Bench(tracking_sends_balances=True)
    mug = await bench.tracked_mug(7)
    await bench.act("tracking", product_uuid=mug["uuid"], on=False)
    await bench.subscribe()
    await bench.act("tracking", product_uuid=mug["uuid"], on=True)
    await bench.client.delete(f"{PRODUCTS}/{mug['uuid']}")

    started, ended = await received(bench, "InventoryBalanceChanged")

    assert [row["balance"] for row in started.payload["balanceAfter"]] == ["7"]
    assert [row["balance"] for row in ended.payload["balanceAfter"]] == ["0"]


async def test_a_changed_account_is_told() -> None:
    """OrganizationUpdated with all its fields."""
    bench = Bench()
    await bench.subscribe()

    await bench.client.patch("/sandbox/organization", json={"currency": "NOK"})

    (message,) = await received(bench)
    assert (message.event, message.payload["currency"]) == ("OrganizationUpdated", "NOK")


async def test_each_subscription_gets_what_it_asked_for() -> None:
    """The same event once per subscription, signed with each one's own key."""
    bench = Bench()
    await bench.subscribe(destination="https://brygga.example/a")
    await bench.subscribe(destination="https://brygga.example/b", eventNames=["ProductCreated"])

    product = raw()
    await bench.client.post(PRODUCTS, json=product)
    await bench.client.delete(f"{PRODUCTS}/{product['uuid']}")

    messages = await received(bench)
    assert sorted((one.url[-1], one.event) for one in messages) == [
        ("a", "ProductCreated"),
        ("a", "ProductDeleted"),
        ("b", "ProductCreated"),
    ]
    assert len({one.headers["X-iZettle-Signature"] for one in messages}) == 3
