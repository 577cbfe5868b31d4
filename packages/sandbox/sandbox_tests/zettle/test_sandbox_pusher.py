"""The Pusher of the Zettle sandbox: subscriptions, envelope, signature, delivery (zettle facts
4).
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
    SUBSCRIPTIONS,
    Bench,
    v1,
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
