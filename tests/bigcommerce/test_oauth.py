"""Installing: the code for a token, and the signed payload of the other callbacks."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from brygga.bigcommerce import oauth
from brygga.bigcommerce.codes import Code
from brygga.bigcommerce.oauth import SCOPES, ShopApp
from brygga.core.failures import Failure, Refused, Unanswered, Unreachable
from tests.wire.doubles import Step, far_end, says

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECRET = "client-secret-of-the-app-that-is-long-enough-for-every-algorithm-of-them"
APP = ShopApp("cid", "https://brygga.example/auth", SECRET)
ANSWER = {
    "access_token": "store-token",
    "scope": " ".join(SCOPES),
    "user": {"id": 1, "email": "anna@example.com"},
    "owner": {"id": 2, "email": "owner@example.com"},
    "context": "stores/abc123",
}


def claims(**changes: Any) -> dict[str, Any]:
    issued = int(NOW.timestamp())
    full = {
        "aud": "cid",
        "iss": "bc",
        "iat": issued,
        "nbf": issued - 5,
        "exp": issued + 86_400,
        "jti": "one",
        "sub": "stores/abc123",
        "user": {"id": 7, "email": "anna@example.com", "locale": "sv-SE"},
        "owner": {"id": 7, "email": "anna@example.com"},
        "url": "/",
        "channel_id": None,
    }
    return {name: value for name, value in {**full, **changes}.items() if value is not ...}


def payload(key: str = SECRET, algorithm: str = "HS256", **changes: Any) -> str:
    return jwt.encode(claims(**changes), key, algorithm=algorithm)


@pytest.mark.parametrize("algorithm", ["HS256", "HS512"])
def test_a_signed_payload_says_who_and_which_store(algorithm: str) -> None:
    read = oauth.read_signed_payload(APP, payload(algorithm=algorithm), NOW)

    assert (read.store_hash, read.user_id, read.is_owner, read.locale, read.id) == (
        "abc123",
        7,
        True,
        "sv-SE",
        "one",
    )
    assert read.issued == NOW


@pytest.mark.parametrize(
    "late",
    [timedelta(0), timedelta(hours=24), timedelta(hours=24, seconds=59), timedelta(seconds=-60)],
)
def test_a_minute_of_leeway_either_way(late: timedelta) -> None:
    assert oauth.read_signed_payload(APP, payload(), NOW + late).store_hash == "abc123"


def legacy() -> str:
    body = base64.b64encode(json.dumps({"store_hash": "abc123"}).encode())
    mac = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    return f"{body.decode()}.{base64.b64encode(mac.encode()).decode()}"


@pytest.mark.parametrize(
    ("token", "now"),
    [
        (payload(), NOW + timedelta(hours=24, seconds=61)),
        (payload(), NOW - timedelta(seconds=66)),
        (payload(key="x" * 80), NOW),
        (payload(algorithm="HS384"), NOW),
        (jwt.encode(claims(), "", algorithm="none"), NOW),
        (payload(aud="another app"), NOW),
        (payload(aud=...), NOW),
        (payload(exp=...), NOW),
        (payload(iat=...), NOW),
        (payload(jti=...), NOW),
        (payload(jti=""), NOW),
        (payload(exp=int(NOW.timestamp()) + 86_400 + 61), NOW),
        (payload(iat=int(NOW.timestamp()) + 61), NOW),
        (payload(iat=int(NOW.timestamp()) - 90_000), NOW),
        (payload(sub=...), NOW),
        (payload(sub="customers/abc123"), NOW),
        (payload(sub="stores/../x"), NOW),
        (legacy(), NOW),
        ("", NOW),
        ("a.b.c", NOW),
    ],
)
def test_any_other_payload_is_refused(token: str, now: datetime) -> None:
    with pytest.raises(Refused) as caught:
        oauth.read_signed_payload(APP, token, now)

    assert caught.value.code == Code.SIGNED_PAYLOAD_REFUSED


async def trade(step: Step) -> oauth.Grant:
    wire, _ = far_end(step)
    return await oauth.exchange(wire, APP, code="the code", scope="a b", context="stores/abc123")


async def test_an_exchange_echoes_what_came_and_reads_the_store() -> None:
    wire, end = far_end(says(200, ANSWER))

    grant = await oauth.exchange(wire, APP, code="the code", scope="a b", context="stores/abc123")

    assert (grant.access_token, grant.store_hash, grant.user_id) == ("store-token", "abc123", 1)
    assert grant.missing_scopes == frozenset()
    assert (
        b"code=the+code&scope=a+b&context=stores%2Fabc123&grant_type=authorization_code"
        in end.asked[0].content
    )


async def test_missing_scopes_are_named_and_wider_ones_count() -> None:
    given = "store_v2_products store_inventory store_v2_orders store_v2_information_read_only"

    grant = await trade(says(200, {**ANSWER, "scope": given}))

    assert grant.missing_scopes == {"store_locations_read_only"}


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        (says(400, {"error": "invalid_grant"}), Refused),
        (says(401), Unreachable),
        (says(500), Unanswered),
        (says(200, {**ANSWER, "access_token": None}), Unanswered),
        (says(200, {**ANSWER, "context": "stores/"}), Unanswered),
        (says(200, "not json"), Unanswered),
    ],
)
async def test_an_exchange_that_failed(step: Step, kind: type[Failure]) -> None:
    with pytest.raises(Failure) as caught:
        await trade(step)

    assert type(caught.value) is kind
    assert "client-secret" not in str(caught.value)
    assert "the code" not in str(caught.value)


def test_no_secret_shows_in_a_repr() -> None:
    grant = oauth.Grant("store-token", "abc123", frozenset())

    assert "store-token" not in repr(grant)
    assert SECRET not in repr(APP)


def test_the_install_address() -> None:
    assert APP.install_url == "https://login.bigcommerce.com/app/cid/install"
