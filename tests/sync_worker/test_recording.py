"""What is kept of the calls to the platforms: no secret, no personal data, and never a failure."""

from collections import deque
from decimal import Decimal

import pytest

from brygga.database.exchanges import Exchange
from brygga.sync.worker.recording import HIDDEN, MOST_ITEMS, MOST_TEXT, Recording, shown
from brygga.wire import Answer, Call, OpenGate, Upload
from tests.conftest import MovableClock

HOST = "https://api.test/stores/4711/v3"
MUG = "0e8a1c52-52a1-11ed-9c3e-0b3d1f2a4c55"


def recorded(call: Call, answer: Answer | None) -> list[Exchange]:
    kept: deque[Exchange] = deque(maxlen=9)
    Recording(OpenGate(), MovableClock(), kept).left(call, answer)
    return list(kept)


def put(path: str = "/catalog/products/12", json: object = None) -> Call:
    headers = {"X-Auth-Token": "very-secret"}
    return Call("bigcommerce", "PUT", f"{HOST}{path}", json=json, headers=headers)


def test_a_write_is_kept_with_its_answer_and_its_ids() -> None:
    body = {"name": "Mugg", "price": Decimal("12.50"), "variants": [{"id": 7, "sku": "M"}]}
    (one,) = recorded(
        put(json=body), Answer(200, body=b'{"data": {"id": 12, "note": "%s"}}' % MUG.encode())
    )

    assert ("PUT", "/stores/4711/v3/catalog/products/12", 200) == (one.method, one.path, one.status)
    assert {"12", "7", MUG} == set(one.subjects)
    assert "12.50" == one.sent["price"]
    assert "very-secret" not in repr(one)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/catalog/products"),
        ("POST", "/hooks"),
        ("POST", "/oauth2/token"),
        ("POST", "/orders"),
        ("PUT", "/organizations/self/subscriptions"),
        ("PUT", "/customers"),
    ],
)
def test_reads_sign_in_hooks_and_shoppers_are_never_kept(method: str, path: str) -> None:
    assert [] == recorded(Call("bigcommerce", method, HOST + path, json={"a": 1}), Answer(200))


def test_no_answer_and_an_unreadable_one_are_kept_as_such() -> None:
    (lost,), (odd,) = recorded(put(), None), recorded(put(), Answer(502, body=b"<html>"))

    assert (None, None) == (lost.status, lost.answer)
    assert (502, None) == (odd.status, odd.answer)


def test_secrets_and_personal_data_are_left_out_and_long_values_cut() -> None:
    value = {
        "access_token": "s",
        "customerEmail": "anna@example.com",
        "headers": {"X": "s"},
        "text": "x\x00" * 999,
        "many": list(range(999)),
    }
    found = shown(value)

    assert [HIDDEN] * 3 == [found["access_token"], found["customerEmail"], found["headers"]]
    assert MOST_TEXT + 1 == len(found["text"])
    assert "\x00" not in found["text"]
    assert MOST_ITEMS + 1 == len(found["many"])


def test_of_a_picture_only_kind_and_size_are_kept() -> None:
    upload = Upload("image_file", "a.png", "image/png", b"p" * 34)
    (one,) = recorded(
        Call("bigcommerce", "POST", f"{HOST}/catalog/products/5/images", upload=upload), Answer(200)
    )

    assert {"image_file": "image/png, 34 bytes"} == one.sent
    assert ("5",) == one.subjects
