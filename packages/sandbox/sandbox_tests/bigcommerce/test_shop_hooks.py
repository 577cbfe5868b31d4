"""Webhooks: managed, delivered, retried, signed, given up (bigcommerce facts 6)."""

import base64
import hashlib
import hmac
import itertools
from typing import Any

import pytest
import time_machine
from standardwebhooks import Webhook

from brygga_sandbox.bigcommerce import Config, Switches
from sandbox_tests.bigcommerce.shop_bench import HOOK, Bench

P = "/v3/catalog/products"
GAPS = (60, 180, 300, 600, 900, 1800, 3600, 7200, 21_600, 50_400, 86_400)


async def test_a_hook_is_made_listed_changed_and_deleted_with_itself_as_answer() -> None:
    bench = Bench()

    made = (await bench.listen("store/product/deleted"))[0]

    assert (made["client_id"], made["store_hash"], made["is_active"]) == ("cid", "abc123", True)
    await bench.good("PUT", f"/v3/hooks/{made['id']}", {"is_active": False})
    assert (await bench.good("GET", "/v3/hooks?is_active=false"))["data"][0]["id"] == made["id"]
    answer = await bench.call("DELETE", f"/v3/hooks/{made['id']}")
    assert (answer.status_code, answer.json()["data"]["id"]) == (200, made["id"])
    missing = await bench.refused("GET", f"/v3/hooks/{made['id']}", None, 404)
    assert missing["title"] == f"Webhook with id [{made['id']}] not found"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"scope": "store/product/deleted"}, "destination"),
        ({"destination": HOOK}, "scope"),
        ({"scope": "store/nonsense", "destination": HOOK}, "scope"),
        (
            {"scope": "store/product/deleted", "destination": "http://app.example.com/h"},
            "destination",
        ),
        (
            {"scope": "store/product/deleted", "destination": "https://app.example.com:8443/h"},
            "destination",
        ),
        ({"scope": "store/product/deleted", "destination": HOOK, "headers": {"a": 1}}, "headers"),
    ],
)
async def test_a_hook_that_cannot_be_is_refused(body: dict[str, object], field: str) -> None:
    refusal = await Bench().refused("POST", "/v3/hooks", body, 422)

    assert (refusal["title"], list(refusal["errors"])) == (
        "JSON data is missing or invalid",
        [field],
    )


async def test_one_hook_per_destination_and_ten_per_scope() -> None:
    bench = Bench()
    body = {"scope": "store/order/*", "destination": HOOK}
    await bench.good("POST", "/v3/hooks", body)

    await bench.refused("POST", "/v3/hooks", body, 422)
    for number in range(9):
        await bench.good("POST", "/v3/hooks", {**body, "destination": f"{HOOK}/{number}"})
    await bench.refused("POST", "/v3/hooks", {**body, "destination": f"{HOOK}/x"}, 422)


async def test_an_envelope_names_the_store_and_carries_secret_and_signature() -> None:
    bench = Bench()
    await bench.listen("store/product/created")
    made = await bench.product()
    await bench.sandbox.idle()

    (letter,) = bench.letters
    assert letter.url == HOOK
    body = letter.body
    assert (body["producer"], body["store_id"], body["data"]) == (
        "stores/abc123",
        "1025646",
        {"type": "product", "id": made["id"]},
    )
    assert len(body["hash"]) == 40
    assert body["created_at"] == int(bench.clock.now())
    assert letter.headers["X-Secret"] == "s"
    with time_machine.travel(bench.clock.now()):
        Webhook(bench.app.client_secret.encode()).verify(
            letter.raw.decode(), {name.lower(): value for name, value in letter.headers.items()}
        )


async def test_wildcards_get_all_below() -> None:
    bench = Bench()
    await bench.listen("store/product/*", "store/sku/created")
    made = await bench.scarf()

    scopes = [scope for scope, _ in await bench.received()]

    assert scopes.count("store/sku/created") == 2
    assert "store/product/created" in scopes
    await bench.call("DELETE", f"{P}/{made['id']}")
    assert await bench.received() == [
        ("store/product/deleted", {"type": "product", "id": made["id"]})
    ]


async def test_stock_speaks_by_tracking_level_also_of_our_own_writes() -> None:
    bench = Bench()
    scarf, mug = (
        await bench.scarf(),
        await bench.product(name="Mug", inventory_tracking="product", inventory_level=1),
    )
    red = scarf["variants"][0]
    await bench.listen(
        "store/product/inventory/updated",
        "store/sku/inventory/updated",
        "store/sku/inventory/order/updated",
    )

    await bench.adjust("absolute", 9, variant_id=red["id"])
    await bench.adjust("absolute", 8, product_id=mug["id"])
    await bench.good("POST", "/sandbox/orders", {"lines": [{"sku": "SC-RED", "quantity": 2}]})

    place = {"product_id": scarf["id"], "variant_id": red["id"]}
    assert await bench.received() == [
        (
            "store/sku/inventory/updated",
            {
                "type": "sku",
                "id": red["sku_id"],
                "inventory": {**place, "method": "absolute", "value": 9},
            },
        ),
        (
            "store/product/inventory/updated",
            {
                "type": "product",
                "id": mug["id"],
                "inventory": {"product_id": mug["id"], "method": "absolute", "value": 8},
            },
        ),
        (
            "store/sku/inventory/order/updated",
            {
                "type": "sku",
                "id": red["sku_id"],
                "inventory": {**place, "method": "relative", "value": -2},
            },
        ),
    ]


async def test_an_order_tells_its_whole_story() -> None:
    bench = Bench()
    await bench.scarf()
    await bench.listen(
        "store/order/*", "store/product/updated", "store/channel/*/inventory/product/stock_changed"
    )

    order = await bench.good(
        "POST", "/sandbox/orders", {"lines": [{"sku": "SC-RED", "quantity": 1}]}
    )

    received = await bench.received()
    scopes = {scope for scope, _ in received}
    assert scopes == {
        "store/order/created", "store/order/updated", ("store/order/"
"statusUpdated"), "store/product/updated",
        "store/channel/1/inventory/product/stock_changed",
    }  # fmt: skip
    status = {"previous_status_id": 0, "new_status_id": 11}
    assert (
        "store/order/statusUpdated",
        {"type": "order", "id": order["id"], "status": status},
    ) in received


@pytest.mark.parametrize(
    ("field", "fires"),
    [
        ("price", True),
        ("tax_class_id", True),
        ("mpn", False),
        ("gtin", False),
        ("custom_url", False),
    ],
)
async def test_only_listed_fields_fire_an_update(field: str, fires: bool) -> None:
    bench = Bench()
    made = await bench.product()
    await bench.listen("store/product/updated")
    values = {"price": 5, "tax_class_id": 1, "gtin": "7310865004703"}
    value = {**values, "custom_url": {"url": "/new/", "is_customized": True}}.get(field, "12")

    await bench.good("PUT", f"{P}/{made['id']}", {field: value})

    assert bool(await bench.received()) is fires


async def test_a_new_hook_works_only_after_a_while() -> None:
    bench = Bench(config=Config(hook_delay_s=60))
    await bench.listen("store/product/created")
    await bench.product(name="Early")
    assert await bench.received() == []

    await bench.clock.advance(60)
    await bench.product(name="Late")

    assert len(await bench.received()) == 1


async def test_the_retry_schedule_then_silence_and_no_replay() -> None:
    bench = Bench()
    hook = (await bench.listen("store/product/created"))[0]
    bench.hook_status = 503
    start = bench.clock.now()
    await bench.product()
    times = []
    for gap in (0, *GAPS):
        await bench.clock.advance(gap)
        times.append(len(bench.letters))
    assert times == list(range(1, 13))
    assert len({letter.raw for letter in bench.letters}) == 1, (
        "a redelivery has the same body and hash"
    )
    assert len({letter.headers["webhook-timestamp"] for letter in bench.letters}) == 12
    assert bench.clock.now() - start == sum(GAPS)

    assert (await bench.good("GET", f"/v3/hooks/{hook['id']}"))["data"]["is_active"] is False
    bench.hook_status = 200
    await bench.good("PUT", f"/v3/hooks/{hook['id']}", {"is_active": True})
    bench.letters.clear()
    await bench.clock.advance(10_000)
    assert bench.letters == []
    await bench.product(name="After")
    assert len(await bench.received()) == 1


async def test_ninety_quiet_days_deactivate() -> None:
    bench = Bench()
    hook = (await bench.listen("store/product/created"))[0]

    await bench.clock.advance(91 * 86_400)

    assert (await bench.good("GET", f"/v3/hooks/{hook['id']}"))["data"]["is_active"] is False
    admin = (await bench.good("GET", "/v3/hooks/admin"))["data"]
    assert admin["hooks_list"][0]["status"] == "deactivated"


async def test_a_failing_domain_is_blocked_for_three_minutes() -> None:
    bench = Bench(quota=1000)
    await bench.listen("store/product/created")
    bench.hook_status = None
    for number in range(100):
        await bench.product(name=f"Mug {number}")
    await bench.sandbox.idle()
    sent = len(bench.letters)

    await bench.product(name="Blocked")
    await bench.sandbox.idle()

    assert (sent, len(bench.letters)) == (100, 100)
    blocked = (await bench.good("GET", "/v3/hooks/admin"))["data"]["blocked_domains"]
    assert (blocked[0]["destination"], blocked[0]["time_left"]) == ("app.example.com", 180)
    await bench.clock.advance(179)
    assert len(bench.letters) == 100, "the try after a minute is not sent either"
    await bench.clock.advance(1)
    assert (await bench.good("GET", "/v3/hooks/admin"))["data"]["blocked_domains"] == []
    await bench.clock.advance(61)
    assert len(bench.letters) > 100, "60 and 180 seconds after the first try"


async def deliver(bench: Bench, good: int, bad: int, first: int) -> bool:
    """So many deliveries that land and that do not; whether their domain is blocked then."""
    for number in range(good + bad):
        bench.hook_status = 200 if number < good else None
        await bench.product(name=f"Mug {first + number}")
        await bench.sandbox.idle()
    return bool((await bench.good("GET", "/v3/hooks/admin"))["data"]["blocked_domains"])


@pytest.mark.parametrize(
    ("good", "bad", "blocked"), [(0, 99, False), (0, 100, True), (90, 10, False), (89, 11, True)]
)
async def test_a_domain_is_blocked_from_a_hundred_tries_on_below_nine_in_ten(
    good: int, bad: int, blocked: bool
) -> None:
    bench = Bench(quota=1000)
    await bench.listen("store/product/created")

    assert await deliver(bench, good, bad, 0) is blocked


async def test_tries_of_more_than_two_minutes_ago_do_not_count() -> None:
    bench = Bench(quota=1000)
    await bench.listen("store/product/created")
    assert await deliver(bench, 40, 9, 0) is False
    bench.hook_status = 200
    await bench.clock.advance(180)

    assert await deliver(bench, 60, 5, 100) is False


async def test_a_delivery_exception_goes_to_another_destination() -> None:
    bench = Bench()
    await bench.listen("store/product/created")
    await bench.good(
        "POST",
        "/v3/hooks",
        {"scope": "store/hook/deliveryException", "destination": "https://other.example.com/e"},
    )
    bench.hook_status = 500

    await bench.product()
    await bench.sandbox.idle()

    reported = next(
        letter for letter in bench.letters if letter.url == "https://other.example.com/e"
    )
    assert reported.body["data"]["error_code"] == 90_001


async def test_the_weather_loses_doubles_and_shuffles() -> None:
    bench = Bench()
    await bench.listen("store/product/created")
    bench.sandbox.outbox.delivery_faults.duplicate = 1.0
    await bench.product(name="Twice")
    assert len(await bench.received()) == 2

    bench.sandbox.outbox.delivery_faults.duplicate = 0.0
    bench.sandbox.outbox.delivery_faults.shuffle = 1.0
    made = [(await bench.product(name=f"Mug {number}"))["id"] for number in range(12)]
    await bench.clock.advance(60)
    order = [data["id"] for _, data in await bench.received()]
    assert sorted(order) == made
    assert any(first > second for first, second in itertools.pairwise(order))


async def test_unsigned_deliveries_are_a_switch() -> None:
    bench = Bench(Switches(signed_webhooks=False))
    await bench.listen("store/product/created")
    await bench.product()
    await bench.sandbox.idle()

    assert not any(name.startswith("webhook-") for name in bench.letters[0].headers)


@pytest.mark.parametrize(
    ("reading", "key", "version"),
    [
        ("client_secret", b"c2VjcmV0IG9mIHRoZSBhcHA", "v1"),
        ("decoded", b"secret of the app", "v1"),
        ("another", b"not c2VjcmV0IG9mIHRoZSBhcHA", "v1"),
        ("v1a", b"not c2VjcmV0IG9mIHRoZSBhcHA", "v1a"),
        ("milliseconds", b"c2VjcmV0IG9mIHRoZSBhcHA", "v1"),
    ],
)
async def test_what_signs_a_delivery_is_a_switch(reading: Any, key: bytes, version: str) -> None:
    bench = Bench(Switches(signature_key=reading))
    bench.app.client_secret = "c2VjcmV0IG9mIHRoZSBhcHA"
    await bench.listen("store/product/created")
    await bench.product()
    await bench.sandbox.idle()

    (letter,) = bench.letters
    headers = {name.lower(): value for name, value in letter.headers.items()}
    message = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + letter.raw
    digest = hmac.new(key, message, hashlib.sha256).digest()
    assert f"{version},{base64.b64encode(digest).decode()}" == headers["webhook-signature"]
    assert (13 if reading == "milliseconds" else 10) == len(headers["webhook-timestamp"])


async def test_hooks_of_others_do_not_exist() -> None:
    bench = Bench()
    hook = (await bench.listen("store/product/created"))[0]
    other = bench.sandbox.register_app(
        "Other", auth_url="https://o.test/a", load_url="https://o.test/l"
    )
    headers = {"X-Auth-Token": bench.sandbox.issue_token("abc123", other.client_id)}

    assert (await bench.call("GET", "/v3/hooks", headers=headers)).json()["data"] == []
    assert (
        await bench.call("DELETE", f"/v3/hooks/{hook['id']}", headers=headers)
    ).status_code == 404
