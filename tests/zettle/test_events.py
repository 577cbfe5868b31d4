"""Webhooks: whose they are, and what they say."""

import json
from typing import Any

import pytest

from brygga.zettle import events

KEY = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
STAMP = "2024-02-01T09:40:11.999Z"
REMOVED = '{"type":"ApplicationConnectionRemoved"}'
REMOVED_MAC = "bb3397d68518b3a55e0a6b51150c40b5f9a6e9b376217dd0b355de7386db24a3"
QUOTED = '{"name":"5\\" pot"}'
QUOTED_MAC = "a6cc26eff1c301032e1894ef91a80ea0e4e71e334f7c809a135b3eadb09f2b95"


def message(name: str, payload: Any, **more: Any) -> bytes:
    text = payload if isinstance(payload, str) else json.dumps(payload)
    outer = {
        "organizationUuid": "o",
        "messageUuid": "m1",
        "messageId": "m5",
        "eventName": name,
        "payload": text,
        "timestamp": STAMP,
    }
    return json.dumps({**outer, **more}).encode()


@pytest.mark.parametrize(("payload", "mac"), [(REMOVED, REMOVED_MAC), (QUOTED, QUOTED_MAC)])
def test_a_right_signature_is_known_in_either_case(payload: str, mac: str) -> None:
    body = message("ApplicationConnectionRemoved", payload)

    assert events.verify(KEY, mac, body)
    assert events.verify(KEY, mac.upper(), body)


def test_a_payload_is_signed_as_parsed_however_the_outer_json_spells_it() -> None:
    plain = message("X", '{"name":"Blå mugg"}')
    spelt = plain.replace(b"\\u00e5", "å".encode())
    mac = events._mac(KEY, STAMP + '.{"name":"Blå mugg"}').decode()

    assert plain != spelt
    assert events.verify(KEY, mac, plain)
    assert events.verify(KEY, mac, spelt)


def test_the_form_without_backslashes_is_taken_too() -> None:
    mac = events._mac(KEY, STAMP + '.{"name":"5" pot"}').decode()

    assert events.verify(KEY, mac, message("X", QUOTED))


@pytest.mark.parametrize(
    ("key", "mac", "body"),
    [
        (
            KEY,
            REMOVED_MAC,
            message("ApplicationConnectionRemoved", REMOVED, timestamp="2024-02-01T09:40:12.000Z"),
        ),
        (KEY, REMOVED_MAC, message("ApplicationConnectionRemoved", QUOTED)),
        (KEY[::-1], REMOVED_MAC, message("ApplicationConnectionRemoved", REMOVED)),
        (
            "",
            events._mac("", f"{STAMP}.{REMOVED}").decode(),
            message("ApplicationConnectionRemoved", REMOVED),
        ),
        (KEY, "", message("ApplicationConnectionRemoved", REMOVED)),
        (KEY, "å" * 64, message("ApplicationConnectionRemoved", REMOVED)),
        (KEY, REMOVED_MAC, b"no json"),
        (KEY, REMOVED_MAC, b"[]"),
        (
            KEY,
            REMOVED_MAC,
            json.dumps({"timestamp": STAMP, "payload": {"data": "payload"}}).encode(),
        ),
    ],
)
def test_anything_else_is_not_theirs(key: str, mac: str, body: bytes) -> None:
    assert not events.verify(key, mac, body)


def test_the_test_message_is_read_with_its_payload_as_text_or_object() -> None:
    as_text = message("TestMessage", '{"data":"payload"}')
    as_object = as_text.replace(b'"{\\"data\\":\\"payload\\"}"', b'{"data":"payload"}')

    assert b'"payload": {' in as_object
    assert isinstance(events.read(as_text), events.TestMessage)
    assert isinstance(events.read(as_object), events.TestMessage)


def test_the_envelope_carries_the_key_against_doubles_and_the_time() -> None:
    envelope = events.read(message("Whatever", "{}")).envelope
    again = events.read(message("Whatever", "{}").replace(b'"m5"', b'"m6"')).envelope

    assert (envelope.organization_uuid, envelope.name) == ("o", "Whatever")
    assert envelope.key == again.key != ""
    assert envelope.at is not None
    assert envelope.at.isoformat() == "2024-02-01T09:40:11.999000+00:00"


def row(variant: str, balance: str, place: str = "store", product: str = "p") -> dict[str, str]:
    return {
        "locationUuid": place,
        "productUuid": product,
        "variantUuid": variant,
        "balance": balance,
    }


def test_a_movement_names_what_moved_and_whose_it_was() -> None:
    payload = {
        "balanceBefore": [row("b", "5"), row("a", "12"), row("a", "7", "sold")],
        "balanceAfter": [
            row("a", "10"),
            row("b", "4"),
            row("", "1"),
            row("c", "1", place=""),
            row("a", "9", "sold"),
        ],
        "externalUuid": "ours",
    }

    event = events.read(message("InventoryBalanceChanged", payload))

    assert isinstance(event, events.BalanceChanged)
    assert [("a", "p"), ("b", "p"), ("a", "p")] == [
        (one.variant_uuid, one.product_uuid) for one in event.rows
    ]
    assert event.external_uuid == "ours"


@pytest.mark.parametrize(
    ("of", "at"),
    [
        ({"timestamp": "2024-02-01T08:00:01.966+0000"}, "2024-02-01T08:00:01.966000+00:00"),
        ({"timestamp": "soon"}, "2024-02-01T09:40:11.999000+00:00"),
        ({}, "2024-02-01T09:40:11.999000+00:00"),
        (None, "2024-02-01T09:40:11.999000+00:00"),
    ],
    ids=["its own", "unreadable", "none", "nothing at all"],
)
def test_a_stop_and_a_start_are_timed_by_the_payload_else_by_the_message(of: Any, at: str) -> None:
    stopped = events.read(
        message("InventoryTrackingStopped", {"productUuid": "p", "changeInformation": of})
    )

    assert isinstance(stopped, events.TrackingStopped)
    assert at == (stopped.at and stopped.at.isoformat())
    started = events.read(message("InventoryTrackingStarted", {"productUuid": "p", "created": of}))
    assert isinstance(started, events.TrackingStarted)
    assert at == (started.at and started.at.isoformat())


def test_a_movement_of_nobodys_has_no_identifier() -> None:
    event = events.read(
        message(
            "InventoryBalanceChanged", {"balanceAfter": [], "externalUuid": None, "updated": None}
        )
    )

    assert isinstance(event, events.BalanceChanged)
    assert (event.external_uuid, event.rows) == ("", ())


def test_an_updated_product_is_in_the_new_entity() -> None:
    payload = {"newEntity": {"uuid": "p", "etag": "NEW"}, "oldEntity": {"uuid": "p", "etag": "OLD"}}

    event = events.read(message("ProductUpdated", payload))

    assert isinstance(event, events.ProductUpdated)
    assert (event.product_uuid, event.etag) == ("p", "NEW")


@pytest.mark.parametrize(
    ("name", "payload", "expected"),
    [
        ("ProductCreated", {"uuid": "p"}, events.ProductCreated),
        ("ProductDeleted", {"uuid": "p"}, events.ProductDeleted),
        ("InventoryTrackingStarted", {"productUuid": "p", "created": {}}, events.TrackingStarted),
        (
            "InventoryTrackingStopped",
            {"productUuid": "p", "changeInformation": {}},
            events.TrackingStopped,
        ),
    ],
)
def test_events_of_a_product_name_it(name: str, payload: Any, expected: type) -> None:
    event = events.read(message(name, payload))

    assert type(event) is expected
    assert getattr(event, "product_uuid", None) == "p"


@pytest.mark.parametrize("name", ["ApplicationConnectionRemoved", "PersonalAssertionDeleted"])
@pytest.mark.parametrize("kind", ["ApplicationConnectionRemoved", "PersonalAssertionDeleted"])
def test_either_name_and_either_type_end_the_connection(name: str, kind: str) -> None:
    assert isinstance(events.read(message(name, {"type": kind})), events.ConnectionRemoved)


def test_an_organization_and_a_purchase_are_read() -> None:
    changed = events.read(
        message("OrganizationUpdated", {"uuid": "o", "name": "Nora", "currency": "NOK"})
    )
    bought = events.read(
        message(
            "PurchaseCreated", {"purchaseUuid": "u", "timestamp": 1706778900123, "products": []}
        )
    )

    assert isinstance(changed, events.OrganizationUpdated)
    assert changed.organization.currency == "NOK"
    assert isinstance(bought, events.PurchaseCreated)
    assert bought.purchase_uuid == "u"


def test_an_unknown_event_is_ignored() -> None:
    assert isinstance(events.read(message("SomethingNew", {"a": 1})), events.Ignored)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"{}", b'{"eventName":""}', message("ProductCreated", "{half")]
)
def test_what_is_no_message_is_malformed(body: bytes) -> None:
    with pytest.raises(events.MalformedError):
        events.read(body)
