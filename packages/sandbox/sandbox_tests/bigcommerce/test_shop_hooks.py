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
from sandbox_tests.bigcommerce.shop_town import HOOK, Town

P = "/v3/catalog/products"
GAPS = (60, 180, 300, 600, 900, 1800, 3600, 7200, 21_600, 50_400, 86_400)


async def test_a_hook_is_made_listed_changed_and_deleted_with_itself_as_answer() -> None:
    town = Town()

    made = (await town.listen("store/product/deleted"))[0]

    assert (made["client_id"], made["store_hash"], made["is_active"]) == ("cid", "abc123", True)
    await town.good("PUT", f"/v3/hooks/{made['id']}", {"is_active": False})
    assert (await town.good("GET", "/v3/hooks?is_active=false"))["data"][0]["id"] == made["id"]
    answer = await town.call("DELETE", f"/v3/hooks/{made['id']}")
    assert (answer.status_code, answer.json()["data"]["id"]) == (200, made["id"])
    missing = await town.refused("GET", f"/v3/hooks/{made['id']}", None, 404)
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
    refusal = await Town().refused("POST", "/v3/hooks", body, 422)

    assert (refusal["title"], list(refusal["errors"])) == (
        "JSON data is missing or invalid",
        [field],
    )


async def test_one_hook_per_destination_and_ten_per_scope() -> None:
    town = Town()
    body = {"scope": "store/order/*", "destination": HOOK}
    await town.good("POST", "/v3/hooks", body)

    await town.refused("POST", "/v3/hooks", body, 422)
    for number in range(9):
        await town.good("POST", "/v3/hooks", {**body, "destination": f"{HOOK}/{number}"})
    await town.refused("POST", "/v3/hooks", {**body, "destination": f"{HOOK}/x"}, 422)


async def test_an_envelope_names_the_store_and_carries_secret_and_signature() -> None:
    town = Town()
    await town.listen("store/product/created")
    made = await town.product()
    await town.sandbox.idle()

    (letter,) = town.letters
    assert letter.url == HOOK
    body = letter.body
    assert (body["producer"], body["store_id"], body["data"]) == (
        "stores/abc123",
        "1025646",
        {"type": "product", "id": made["id"]},
    )
    assert len(body["hash"]) == 40
    assert body["created_at"] == int(town.clock.now())
    assert letter.headers["X-Secret"] == "s"
    with time_machine.travel(town.clock.now()):
        Webhook(town.app.client_secret.encode()).verify(
            letter.raw.decode(), {name.lower(): value for name, value in letter.headers.items()}
        )


async def test_wildcards_hear_all_below() -> None:
    town = Town()
    await town.listen("store/product/*", "store/sku/created")
    made = await town.scarf()

    scopes = [scope for scope, _ in await town.heard()]

    assert scopes.count("store/sku/created") == 2
    assert "store/product/created" in scopes
    await town.call("DELETE", f"{P}/{made['id']}")
    assert await town.heard() == [("store/product/deleted", {"type": "product", "id": made["id"]})]


async def test_stock_speaks_by_tracking_level_also_of_our_own_writes() -> None:
    town = Town()
    scarf, mug = (
        await town.scarf(),
        await town.product(name="Mug", inventory_tracking="product", inventory_level=1),
    )
    red = scarf["variants"][0]
    await town.listen(
        "store/product/inventory/updated",
        "store/sku/inventory/updated",
        "store/sku/inventory/order/updated",
    )

    await town.adjust("absolute", 9, variant_id=red["id"])
    await town.adjust("absolute", 8, product_id=mug["id"])
    await town.good("POST", "/sandbox/orders", {"lines": [{"sku": "SC-RED", "quantity": 2}]})

    place = {"product_id": scarf["id"], "variant_id": red["id"]}
    assert await town.heard() == [
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
    town = Town()
    await town.scarf()
    await town.listen(
        "store/order/*", "store/product/updated", "store/channel/*/inventory/product/stock_changed"
    )

    order = await town.good(
        "POST", "/sandbox/orders", {"lines": [{"sku": "SC-RED", "quantity": 1}]}
    )

    heard = await town.heard()
    scopes = {scope for scope, _ in heard}
    assert scopes == {
        "store/order/created", "store/order/updated", ("store/order/"
"statusUpdated"), "store/product/updated",
        "store/channel/1/inventory/product/stock_changed",
    }  # fmt: skip
    status = {"previous_status_id": 0, "new_status_id": 11}
    assert (
        "store/order/statusUpdated",
        {"type": "order", "id": order["id"], "status": status},
    ) in heard


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
    town = Town()
    made = await town.product()
    await town.listen("store/product/updated")
    values = {"price": 5, "tax_class_id": 1, "gtin": "7310865004703"}
    value = {**values, "custom_url": {"url": "/new/", "is_customized": True}}.get(field, "12")

    await town.good("PUT", f"{P}/{made['id']}", {field: value})

    assert bool(await town.heard()) is fires


async def test_a_new_hook_works_only_after_a_while() -> None:
    town = Town(config=Config(hook_delay_s=60))
    await town.listen("store/product/created")
    await town.product(name="Early")
    assert await town.heard() == []

    await town.clock.advance(60)
    await town.product(name="Late")

    assert len(await town.heard()) == 1


async def test_the_retry_schedule_then_silence_and_no_replay() -> None:
    town = Town()
    hook = (await town.listen("store/product/created"))[0]
    town.hook_status = 503
    start = town.clock.now()
    await town.product()
    times = []
    for gap in (0, *GAPS):
        await town.clock.advance(gap)
        times.append(len(town.letters))
    assert times == list(range(1, 13))
    assert len({letter.raw for letter in town.letters}) == 1, (
        "a redelivery has the same body and hash"
    )
    assert len({letter.headers["webhook-timestamp"] for letter in town.letters}) == 12
    assert town.clock.now() - start == sum(GAPS)

    assert (await town.good("GET", f"/v3/hooks/{hook['id']}"))["data"]["is_active"] is False
    town.hook_status = 200
    await town.good("PUT", f"/v3/hooks/{hook['id']}", {"is_active": True})
    town.letters.clear()
    await town.clock.advance(10_000)
    assert town.letters == []
    await town.product(name="After")
    assert len(await town.heard()) == 1


async def test_ninety_quiet_days_deactivate() -> None:
    town = Town()
    hook = (await town.listen("store/product/created"))[0]

    await town.clock.advance(91 * 86_400)

    assert (await town.good("GET", f"/v3/hooks/{hook['id']}"))["data"]["is_active"] is False
    admin = (await town.good("GET", "/v3/hooks/admin"))["data"]
    assert admin["hooks_list"][0]["status"] == "deactivated"


async def test_a_failing_domain_is_blocked_for_three_minutes() -> None:
    town = Town(quota=1000)
    await town.listen("store/product/created")
    town.hook_status = None
    for number in range(100):
        await town.product(name=f"Mug {number}")
    await town.sandbox.idle()
    sent = len(town.letters)

    await town.product(name="Blocked")
    await town.sandbox.idle()

    assert (sent, len(town.letters)) == (100, 100)
    blocked = (await town.good("GET", "/v3/hooks/admin"))["data"]["blocked_domains"]
    assert (blocked[0]["destination"], blocked[0]["time_left"]) == ("app.example.com", 180)
    await town.clock.advance(179)
    assert len(town.letters) == 100, "the try after a minute is not sent either"
    await town.clock.advance(1)
    assert (await town.good("GET", "/v3/hooks/admin"))["data"]["blocked_domains"] == []
    await town.clock.advance(61)
    assert len(town.letters) > 100, "60 and 180 seconds after the first try"


async def deliver(town: Town, good: int, bad: int, first: int) -> bool:
    """So many deliveries that land and that do not; whether their domain is blocked then."""
    for number in range(good + bad):
        town.hook_status = 200 if number < good else None
        await town.product(name=f"Mug {first + number}")
        await town.sandbox.idle()
    return bool((await town.good("GET", "/v3/hooks/admin"))["data"]["blocked_domains"])


@pytest.mark.parametrize(
    ("good", "bad", "blocked"), [(0, 99, False), (0, 100, True), (90, 10, False), (89, 11, True)]
)
async def test_a_domain_is_blocked_from_a_hundred_tries_on_below_nine_in_ten(
    good: int, bad: int, blocked: bool
) -> None:
    town = Town(quota=1000)
    await town.listen("store/product/created")

    assert await deliver(town, good, bad, 0) is blocked


async def test_tries_of_more_than_two_minutes_ago_do_not_count() -> None:
    town = Town(quota=1000)
    await town.listen("store/product/created")
    assert await deliver(town, 40, 9, 0) is False
    town.hook_status = 200
    await town.clock.advance(180)

    assert await deliver(town, 60, 5, 100) is False


async def test_a_delivery_exception_goes_to_another_destination() -> None:
    town = Town()
    await town.listen("store/product/created")
    await town.good(
        "POST",
        "/v3/hooks",
        {"scope": "store/hook/deliveryException", "destination": "https://other.example.com/e"},
    )
    town.hook_status = 500

    await town.product()
    await town.sandbox.idle()

    told = next(letter for letter in town.letters if letter.url == "https://other.example.com/e")
    assert told.body["data"]["error_code"] == 90_001


async def test_the_weather_loses_doubles_and_shuffles() -> None:
    town = Town()
    await town.listen("store/product/created")
    town.sandbox.outbox.weather.duplicate = 1.0
    await town.product(name="Twice")
    assert len(await town.heard()) == 2

    town.sandbox.outbox.weather.duplicate = 0.0
    town.sandbox.outbox.weather.shuffle = 1.0
    made = [(await town.product(name=f"Mug {number}"))["id"] for number in range(12)]
    await town.clock.advance(60)
    order = [data["id"] for _, data in await town.heard()]
    assert sorted(order) == made
    assert any(first > second for first, second in itertools.pairwise(order))


async def test_unsigned_deliveries_are_a_switch() -> None:
    town = Town(Switches(signed_webhooks=False))
    await town.listen("store/product/created")
    await town.product()
    await town.sandbox.idle()

    assert not any(name.startswith("webhook-") for name in town.letters[0].headers)


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
    town = Town(Switches(signature_key=reading))
    town.app.client_secret = "c2VjcmV0IG9mIHRoZSBhcHA"
    await town.listen("store/product/created")
    await town.product()
    await town.sandbox.idle()

    (letter,) = town.letters
    headers = {name.lower(): value for name, value in letter.headers.items()}
    message = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + letter.raw
    digest = hmac.new(key, message, hashlib.sha256).digest()
    assert f"{version},{base64.b64encode(digest).decode()}" == headers["webhook-signature"]
    assert (13 if reading == "milliseconds" else 10) == len(headers["webhook-timestamp"])


async def test_hooks_of_others_do_not_exist() -> None:
    town = Town()
    hook = (await town.listen("store/product/created"))[0]
    other = town.sandbox.register_app(
        "Other", auth_url="https://o.test/a", load_url="https://o.test/l"
    )
    headers = {"X-Auth-Token": town.sandbox.issue_token("abc123", other.client_id)}

    assert (await town.call("GET", "/v3/hooks", headers=headers)).json()["data"] == []
    assert (
        await town.call("DELETE", f"/v3/hooks/{hook['id']}", headers=headers)
    ).status_code == 404
