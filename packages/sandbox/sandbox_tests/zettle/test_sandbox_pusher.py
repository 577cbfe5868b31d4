"""The Pusher of the Zettle sandbox: subscriptions, envelope, signature, delivery, events (zettle
facts 4).
"""

import hashlib
import hmac
import uuid
from typing import Any

import pytest

from brygga_sandbox.zettle import Config
from brygga_sandbox.zettle.pusher import SCHEDULE, signature
from sandbox_tests.zettle.zettle_bench import (
    EVERYTHING,
    PRODUCTS,
    SUBSCRIPTIONS,
    V3,
    Bench,
    Received,
    raw,
    v1,
    variant_of,
)

JSON = dict[str, Any]


def body(**fields: Any) -> JSON:
    return {"uuid": v1(), "transportName": "WEBHOOK", **EVERYTHING, **fields}


def test_the_signature_is_the_documented_one() -> None:
    """The vectors of zettle facts 4.4, one with a backslash in the payload."""
    key, stamp = "0123456789abcdef" * 4, "2024-02-01T09:40:11.999Z"

    plain = signature(key, stamp, '{"type":"ApplicationConnectionRemoved"}')
    escaped = signature(key, stamp, '{"name":"5\\" pot"}')

    assert plain == "bb3397d68518b3a55e0a6b51150c40b5f9a6e9b376217dd0b355de7386db24a3"
    assert escaped == "a6cc26eff1c301032e1894ef91a80ea0e4e71e334f7c809a135b3eadb09f2b95"


async def test_creating_a_subscription_knocks_at_the_destination() -> None:
    """A test message while the call is open, unsigned, its payload a text; the answer has the
    key.
    """
    bench = Bench()

    made = await bench.subscribe()

    (knock,) = bench.receiver.got
    assert (knock.event, knock.payload, knock.url) == (
        "TestMessage",
        {"data": "payload"},
        EVERYTHING["destination"],
    )
    assert "X-iZettle-Signature" not in knock.headers
    assert (made["status"], len(made["signingKey"])) == ("ACTIVE", 64)


async def test_the_test_message_has_other_readings() -> None:
    """Signed, or with an object as its payload."""
    signed, loose = Bench(test_message_signed=True), Bench(test_payload_is_object=True)

    await signed.subscribe()
    await loose.subscribe()

    assert len(signed.receiver.got[0].headers["X-iZettle-Signature"]) == 64
    assert loose.receiver.got[0].body["payload"] == {"data": "payload"}


@pytest.mark.parametrize(
    ("answer", "status", "kind"),
    [
        (None, 400, "DESTINATION_NOT_ACCESSIBLE"),
        (404, 500, "DESTINATION_RESPONDED_WITH_ERROR_CODE"),
        (302, 500, "DESTINATION_RESPONDED_WITH_ERROR_CODE"),
    ],
)
async def test_a_destination_that_does_not_answer_is_refused(
    answer: int | None, status: int, kind: str
) -> None:
    """Nothing is kept."""
    bench = Bench()
    bench.receiver.answers = [answer]

    refused = await bench.client.post(SUBSCRIPTIONS, json=body())

    assert (refused.status_code, refused.json()["errorType"]) == (status, kind)
    assert (await bench.client.get(SUBSCRIPTIONS)).json() == []


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"uuid": None}, 400),
        ({"transportName": None}, 400),
        ({"eventNames": ["ProductPainted"]}, 400),
        ({"uuid": str(uuid.UUID(int=4 << 76 | 2 << 62))}, 422),
        ({"destination": None}, 422),
        ({"destination": "http://brygga.example/hook"}, 422),
        ({"destination": "nowhere"}, 422),
        ({"contactEmail": None}, 422),
        ({"contactEmail": "nobody"}, 422),
        ({"contactEmail": f"{'a' * 508}@b.se"}, 422),
    ],
)
async def test_a_subscription_that_is_not_right_is_refused(fields: JSON, status: int) -> None:
    """Before anyone is knocked at."""
    bench = Bench()

    assert (await bench.client.post(SUBSCRIPTIONS, json=body(**fields))).status_code == status
    assert bench.receiver.got == []


async def test_a_uuid_is_good_for_one_subscription() -> None:
    """SUBSCRIPTION_ALREADY_EXIST for the second."""
    bench = Bench()
    made = await bench.subscribe()

    again = await bench.client.post(SUBSCRIPTIONS, json=body(uuid=made["uuid"]))

    assert (again.status_code, again.json()["errorType"]) == (400, "SUBSCRIPTION_ALREADY_EXIST")


@pytest.mark.parametrize(
    ("names", "status"), [(["ProductCreated"], 200), (["PurchaseCreated"], 403), ([], 403)]
)
async def test_an_event_needs_its_scope(names: list[str], status: int) -> None:
    """An empty list means all events, and needs all their scopes."""
    bench = Bench(scopes=("READ:PRODUCT", "READ:USERINFO"))

    assert (
        await bench.client.post(SUBSCRIPTIONS, json=body(eventNames=names))
    ).status_code == status


async def test_plain_http_is_taken_where_the_sandbox_is_told_so() -> None:
    """For a demo on one machine."""
    bench = Bench(Config(insecure_destinations=True))

    assert (
        await bench.client.post(SUBSCRIPTIONS, json=body(destination="http://127.0.0.1:1/h"))
    ).status_code == 200


@pytest.mark.parametrize("shows", [True, False])
async def test_the_list_has_the_apps_own_subscriptions(shows: bool) -> None:
    """With the key, or by a switch without; another app's are not in it, and cannot be touched."""
    bench = Bench(list_shows_signing_key=shows)
    made = await bench.subscribe()
    other = bench.sandbox.register_app("Annan", ["https://other.example/back"])
    stranger = bench.bearing(
        bench.sandbox.issue_token(bench.organization, other.client_id, ["READ:PRODUCT"]).access
    )

    (listed,) = (await bench.client.get(SUBSCRIPTIONS)).json()

    assert listed["uuid"] == made["uuid"]
    assert listed.get("signingKey") == (made["signingKey"] if shows else None)
    assert (await stranger.get(SUBSCRIPTIONS)).json() == []
    assert (await stranger.delete(f"{SUBSCRIPTIONS}/{made['uuid']}")).status_code == 404


@pytest.mark.parametrize(("tests_it", "knocks"), [(True, 2), (False, 1)])
async def test_a_subscription_is_changed_without_an_answer_to_read(
    tests_it: bool, knocks: int
) -> None:
    """200 and nothing; a new destination is knocked at, unless switched off."""
    bench = Bench(update_tests_destination=tests_it)
    made = await bench.subscribe()
    moved = "https://brygga.example/elsewhere"

    answer = await bench.client.put(
        f"{SUBSCRIPTIONS}/{made['uuid']}",
        json={"destination": moved, "eventNames": ["ProductCreated"]},
    )
    await bench.mug()
    await bench.work_off()

    assert (answer.status_code, answer.content) == (200, b"")
    assert len(bench.receiver.events("TestMessage")) == knocks
    assert bench.receiver.got[-1].url == moved
    assert (await bench.client.put(f"{SUBSCRIPTIONS}/{v1()}", json={})).json()[
        "errorType"
    ] == "SUBSCRIPTION_NOT_FOUND"
    assert (await bench.client.put(SUBSCRIPTIONS, json={})).status_code == 405


@pytest.mark.parametrize("form", ["/uuid/", "/"])
async def test_a_subscription_is_deleted_in_both_forms(form: str) -> None:
    """204, then 404, and silence."""
    bench = Bench()
    made = await bench.subscribe()

    gone = await bench.client.delete(f"{SUBSCRIPTIONS}{form}{made['uuid']}")
    again = await bench.client.delete(f"{SUBSCRIPTIONS}{form}{made['uuid']}")
    await bench.mug()
    await bench.work_off()

    assert (gone.status_code, again.status_code) == (204, 404)
    assert bench.receiver.events() == []


async def test_every_message_is_signed_over_the_payload_as_it_stands() -> None:
    """Quotes and letters beyond ASCII included."""
    bench = Bench()
    made = await bench.subscribe()

    await bench.mug(name='5" kruka \\ blå 🏺')
    await bench.work_off()

    (message,) = bench.receiver.events()
    text = f"{message.body['timestamp']}.{message.body['payload']}"
    mine = hmac.new(made["signingKey"].encode(), text.encode(), hashlib.sha256).hexdigest()
    assert message.headers["X-iZettle-Signature"] == mine
    assert message.payload["name"] == '5" kruka \\ blå 🏺'
    assert message.body["organizationUuid"] == bench.organization.uuid
    assert (
        uuid.UUID(message.body["messageUuid"]).version,
        uuid.UUID(message.body["messageId"]).version,
    ) == (1, 5)


def test_the_retry_schedule_is_the_documented_one() -> None:
    """Ten times a minute apart, nine times ten minutes, then hourly for 70 hours."""
    assert SCHEDULE == (60.0,) * 10 + (600.0,) * 9 + (3600.0,) * 70
    assert 71.6 < sum(SCHEDULE) / 3600 < 71.8


async def test_a_failing_subscription_recovers() -> None:
    """FAILING and a mail from the first failure, ACTIVE from the next success; the same message,
    signed the same.
    """
    bench = Bench()
    await bench.subscribe()
    bench.receiver.answers = [500, None]

    await bench.mug()
    await bench.work_off()
    assert (await bench.client.get(SUBSCRIPTIONS)).json()[0]["status"] == "FAILING"
    await bench.clock.advance(120)

    assert (await bench.client.get(SUBSCRIPTIONS)).json()[0]["status"] == "ACTIVE"
    assert (await bench.client.get("/sandbox/state")).json()["subscriptions"][0]["mails"] == 1
    tries = bench.receiver.events()
    assert [one.at - tries[0].at for one in tries] == [0, 60, 120]
    assert [one.body for one in tries] == [tries[0].body] * 3
    assert len({one.headers["X-iZettle-Signature"] for one in tries}) == 1


async def test_a_subscription_is_deleted_after_the_last_failure() -> None:
    """At 71.7 hours, not before; what happens then is reported to nobody."""
    bench = Bench()
    await bench.subscribe()
    bench.receiver.always = 503
    await bench.mug()
    await bench.work_off()

    await bench.clock.advance(sum(SCHEDULE) - 1)
    assert len((await bench.client.get("/sandbox/state")).json()["subscriptions"]) == 1
    await bench.clock.advance(1)

    assert (await bench.client.get("/sandbox/state")).json()["subscriptions"] == []
    assert len(bench.receiver.events()) == len(SCHEDULE) + 1


async def test_messages_are_doubled_lost_and_delayed_by_the_weather() -> None:
    """A doubled message has the same id."""
    bench = Bench()
    await bench.subscribe()

    await bench.act("weather", duplicate=1.0, delay=[5, 5])
    await bench.mug()
    await bench.work_off()
    assert bench.receiver.events() == []
    await bench.clock.advance(5)
    first, second = bench.receiver.events()
    await bench.act("weather", duplicate=0.0, loss=1.0)
    await bench.mug(name="lost")
    await bench.clock.advance(10_000)

    assert first.body == second.body
    assert len(bench.receiver.events()) == 2


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
