"""Accounts of the Zettle sandbox: consent, tokens, scopes, and the end of a connection (zettle
facts 1).
"""

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import jwt
import pytest

from sandbox_tests.zettle.zettle_bench import (
    EVERYTHING,
    PRODUCTS,
    SCOPES,
    SUBSCRIPTIONS,
    Bench,
    raw,
    v1,
)

BACK = "https://brygga.example/back"


def asked(bench: Bench, **changes: str) -> dict[str, str]:
    values = {
        "response_type": "code",
        "client_id": bench.app.client_id,
        "scope": " ".join(SCOPES),
        "redirect_uri": BACK,
    }
    return {**values, "state": "s+t/1", **changes}


async def consent(bench: Bench, decision: str = "confirm", **changes: str) -> dict[str, list[str]]:
    """Press a button on the consent page, and read what the app is reported."""
    user = bench.organization.owner.uuid
    form = {**asked(bench, **changes), "user": user, "decision": decision}
    answer = await bench.client.post("/oauth/authorize", data=form)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(BACK)
    return parse_qs(urlsplit(answer.headers["location"]).query)


async def exchange(bench: Bench, **changes: str) -> httpx2.Response:
    secrets = {"client_id": bench.app.client_id, "client_secret": bench.app.client_secret}
    return await bench.client.post("/oauth/token", data={**secrets, **changes})


async def by_code(bench: Bench, code: str, **changes: str) -> httpx2.Response:
    return await exchange(
        bench, **{"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, **changes}
    )


async def refresh(bench: Bench, token: str) -> httpx2.Response:
    return await exchange(bench, grant_type="refresh_token", refresh_token=token)


async def test_the_consent_page_names_the_app_and_what_it_may_do() -> None:
    """A real page, in two languages, with the words of the promise."""
    bench = Bench()

    swedish = (await bench.client.get("/oauth/authorize", params=asked(bench))).text
    english = (
        await bench.client.get("/oauth/authorize", params={**asked(bench), "lang": "en"})
    ).text

    assert ">Bekräfta</button>" in swedish
    assert ">Avbryt</button>" in swedish
    assert "Brygga" in swedish
    assert "WRITE:PRODUCT" in swedish
    assert ">Confirm</button>" in english
    assert "Nora Lind" in english


async def test_a_confirmed_consent_becomes_tokens() -> None:
    """The code comes back with the state, and is worth two tokens."""
    bench = Bench()

    back = await consent(bench)
    tokens = (await by_code(bench, back["code"][0])).json()

    assert back["state"] == ["s+t/1"]
    assert len(back["code"][0]) == 32
    assert tokens["expires_in"] == 7200
    assert tokens["refresh_token"].startswith("IZSEC")
    assert "token_type" not in tokens
    who = (await bench.bearing(tokens["access_token"]).get("/oauth/users/self")).json()
    assert who == {
        "uuid": bench.organization.owner.uuid,
        "organizationUuid": bench.organization.uuid,
    }


@pytest.mark.parametrize(("switch", "error"), [(False, ["access_denied"]), (True, None)])
async def test_a_declined_consent_comes_back_without_a_code(
    switch: bool, error: list[str] | None
) -> None:
    """With access_denied, or by a switch with the state alone."""
    back = await consent(Bench(decline_without_error=switch), "decline")

    assert back.get("error") == error
    assert back["state"] == ["s+t/1"]
    assert "code" not in back


@pytest.mark.parametrize(
    "changes", [{"client_id": "nobody"}, {"redirect_uri": "https://evil.example/"}]
)
async def test_nobody_is_sent_to_an_address_that_is_not_registered(changes: dict[str, str]) -> None:
    """An unknown app or return address is a page, never a redirect."""
    bench = Bench()

    answer = await bench.client.get("/oauth/authorize", params=asked(bench, **changes))

    assert answer.status_code == 400
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"scope": "READ:MIND"}, "invalid_scope"),
        ({"response_type": "token"}, "unsupported_response_type"),
    ],
)
async def test_other_mistakes_are_told_to_the_app(changes: dict[str, str], error: str) -> None:
    """The registered address hears what was wrong, with its state."""
    bench = Bench()

    answer = await bench.client.get("/oauth/authorize", params=asked(bench, **changes))

    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert (query["error"], query["state"]) == ([error], ["s+t/1"])


async def test_a_code_works_once() -> None:
    """The second use is invalid_grant."""
    bench = Bench()
    code = (await consent(bench))["code"][0]

    first, second = await by_code(bench, code), await by_code(bench, code)

    assert (first.status_code, second.status_code) == (200, 400)
    assert second.json()["error"] == "invalid_grant"


async def test_a_code_is_good_for_ten_minutes() -> None:
    """At ten minutes it is too old."""
    bench = Bench()
    young, old = (await consent(bench))["code"][0], (await consent(bench))["code"][0]
    await bench.clock.advance(599)
    assert (await by_code(bench, young)).status_code == 200
    await bench.clock.advance(1)

    assert (await by_code(bench, old)).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"redirect_uri": "https://brygga.example/other"}, "invalid_grant"),
        ({"client_secret": "guess"}, "invalid_client"),
        ({"client_id": "nobody"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
async def test_the_token_call_checks_everything(changes: dict[str, str], error: str) -> None:
    """Return address, secret, app and kind of grant."""
    bench = Bench()
    code = (await consent(bench))["code"][0]

    answer = await by_code(bench, code, **changes)

    assert (answer.status_code, answer.json()["error"]) == (400, error)


async def test_a_proof_key_stands_in_for_the_secret() -> None:
    """PKCE: the verifier must fit the challenge."""
    bench = Bench()
    challenge = base64.urlsafe_b64encode(hashlib.sha256(b"v" * 43).digest()).decode().rstrip("=")
    pkce = {"code_challenge": challenge, "code_challenge_method": "S256"}
    code = (await consent(bench, **pkce))["code"][0]

    wrong = await by_code(bench, code, code_verifier="w" * 43, client_secret="")
    right = await by_code(bench, code, code_verifier="v" * 43, client_secret="")

    assert (wrong.status_code, right.status_code) == (400, 200)


async def test_an_access_token_lives_two_hours() -> None:
    """Then 401 with a WWW-Authenticate that says so, in each host's own words."""
    bench = Bench()
    await bench.clock.advance(7199)
    assert (await bench.client.get(f"{PRODUCTS}/v2")).status_code == 200
    await bench.clock.advance(1)

    products, oauth = (
        await bench.client.get(f"{PRODUCTS}/v2"),
        await bench.client.get("/oauth/users/self"),
    )

    assert (products.status_code, oauth.status_code) == (401, 401)
    assert 'error_description="ACCESS_TOKEN_EXPIRED"' in products.headers["www-authenticate"]
    assert "The access token has expired" in oauth.headers["www-authenticate"]


@pytest.mark.parametrize(("dies", "second"), [(False, 200), (True, 400)])
async def test_a_refresh_gives_a_new_refresh_token(dies: bool, second: int) -> None:
    """The earlier one stays good, or by a switch is void at once."""
    bench = Bench(old_refresh_token_dies=dies)

    first = await refresh(bench, bench.tokens.refresh)
    again = await refresh(bench, bench.tokens.refresh)

    assert first.json()["refresh_token"] != bench.tokens.refresh
    assert again.status_code == second
    assert (await refresh(bench, first.json()["refresh_token"])).status_code == 200


async def test_a_refresh_token_lives_half_a_year() -> None:
    """180 days, then invalid_grant."""
    bench = Bench()
    await bench.clock.advance(180 * 86_400)

    answer = await refresh(bench, bench.tokens.refresh)

    assert answer.json() == {"error": "invalid_grant", "error_description": "invalid refresh_token"}


@pytest.mark.parametrize("token", [None, "made-up"])
async def test_without_a_good_token_there_is_401(token: str | None) -> None:
    """Missing or unknown, both with WWW-Authenticate and without a body to read."""
    answer = await Bench().bearing(token).get(f"{PRODUCTS}/v2")

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer error=")
    assert answer.content == b""


@pytest.mark.parametrize(
    ("method", "path", "needed"),
    [
        ("GET", f"{PRODUCTS}/v2", "READ:PRODUCT"),
        ("POST", PRODUCTS, "WRITE:PRODUCT"),
        ("GET", "/inventory/v3/stock", "READ:PRODUCT"),
        ("POST", "/inventory/v3/movements", "WRITE:PRODUCT"),
        ("GET", "/purchase/purchases/v2", "READ:PURCHASE"),
        ("GET", "/oauth/users/self", "READ:USERINFO"),
        ("GET", "/secure/api/resources/organizations/self", "READ:USERINFO"),
    ],
)
async def test_each_call_needs_its_scope(method: str, path: str, needed: str) -> None:
    """403 with every scope but the one."""
    bench = Bench(scopes=tuple(scope for scope in SCOPES if scope != needed))

    assert (await bench.client.request(method, path, json={})).status_code == 403
    assert (await Bench().client.request(method, path, json={})).status_code != 403


async def test_two_organizations_never_see_each_other() -> None:
    """A token reaches its own organization, whatever the path says."""
    bench = Bench()
    other = bench.sandbox.add_organization("Annans Affär", owner="Berit Ek", currency="NOK")
    theirs = bench.sandbox.till(other).create_product("Hemlig")

    mine = await bench.client.get(f"{PRODUCTS}/v2")
    reached = await bench.client.get(f"/products/organizations/{other.uuid}/products/v2")
    own = await bench.client.get(f"/products/organizations/{bench.organization.uuid}/products/v2")
    single = await bench.client.get(f"{PRODUCTS}/{theirs['uuid']}")

    assert (mine.json(), own.json()) == ([], [])
    assert (reached.status_code, single.status_code) == (403, 404)


async def test_the_organization_page_has_currency_and_tax_mode() -> None:
    """What a client needs to know about prices."""
    bench = Bench()

    details = (await bench.client.get("/secure/api/resources/organizations/self/")).json()

    assert (details["currency"], details["country"], details["taxationMode"]) == (
        "SEK",
        "SE",
        "INCLUSIVE",
    )
    assert (
        await Bench(organization_page_refused=True).client.get(
            "/secure/api/resources/organizations/self"
        )
    ).status_code == 403


async def test_disconnecting_ends_tokens_and_subscriptions() -> None:
    """204, then nothing of the app's is left."""
    bench = Bench()
    await bench.subscribe()

    gone = await bench.client.delete("/oauth/application-connections/self")

    state = (await bench.client.get("/sandbox/state")).json()
    assert gone.status_code == 204
    assert (state["connections"], state["subscriptions"]) == ([], [])
    assert (await bench.client.get(f"{PRODUCTS}/v2")).status_code == 401
    assert (await refresh(bench, bench.tokens.refresh)).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("switches", "kind"),
    [
        ({}, "ApplicationConnectionRemoved"),
        ({"removed_key_event": True}, "PersonalAssertionDeleted"),
    ],
)
async def test_a_merchant_who_takes_back_access_is_received(
    switches: dict[str, Any], kind: str
) -> None:
    """The last message of the connection is delivered and signed, though its subscription is
    gone.
    """
    bench = Bench(**switches)
    await bench.subscribe()

    await bench.act("revoke", client_id=bench.app.client_id)
    await bench.work_off()

    last = bench.receiver.got[-1]
    assert (last.event, last.payload) == ("ApplicationConnectionRemoved", {"type": kind})
    assert len(last.headers["X-iZettle-Signature"]) == 64
    assert (await refresh(bench, bench.tokens.refresh)).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(("lives_on", "status"), [(False, 401), (True, 200)])
async def test_an_access_token_may_outlive_the_connection(lives_on: bool, status: int) -> None:
    """By a switch it works until its two hours are over."""
    bench = Bench(access_token_outlives_removal=lives_on)
    await bench.act("revoke")

    assert (await bench.client.get(f"{PRODUCTS}/v2")).status_code == status
    await bench.clock.advance(7200)
    assert (await bench.client.get(f"{PRODUCTS}/v2")).status_code == 401


KEY = {"name": "Egen app", "scopes": ["READ:PRODUCT"]}
ASSERTION = "urn:ietf:params:oauth:grant-type:jwt-bearer"


async def by_key(bench: Bench, **changes: str) -> httpx2.Response:
    """A token by an API key, with some fields changed."""
    key = await bench.act("api-keys", **KEY)
    form = {
        "grant_type": ASSERTION,
        "client_id": key["client_id"],
        "assertion": key["api_key"],
        **changes,
    }
    return await bench.bearing(None).post("/oauth/token", data=form)


async def test_an_api_key_becomes_a_token_without_a_refresh_token() -> None:
    """A JWT that names its client id, scopes and account; what it allows is what the merchant
    ticked (1.3).
    """
    bench = Bench()
    key = await bench.act("api-keys", **KEY)
    claims = jwt.decode(key["api_key"], options={"verify_signature": False})
    assert (claims["client_id"], claims["type"], claims["scope"]) == (
        key["client_id"], "user-assertion", ["READ:PRODUCT"],
    )  # fmt: skip
    assert claims["user"]["orgUuid"] == bench.organization.uuid

    answer = await by_key(bench)

    assert (answer.status_code, sorted(answer.json())) == (200, ["access_token", "expires_in"])
    client = bench.bearing(answer.json()["access_token"])
    assert (await client.get(f"{PRODUCTS}/v2")).status_code == 200
    assert (await client.post(PRODUCTS, json=raw())).status_code == 403


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"assertion": "a.b.c"}, "invalid_grant"),
        ({"client_id": "nobody"}, "invalid_client"),
    ],
)
async def test_a_key_that_is_none_is_refused(changes: dict[str, str], error: str) -> None:
    bench = Bench()

    answer = await by_key(bench, **changes)

    assert (answer.status_code, answer.json()["error"]) == (400, error)
    foreign = await by_key(bench, client_id=bench.app.client_id)
    assert foreign.json() == {
        "error": "invalid_grant",
        "error_description": "Invalid assertion JWT",
    }
    for scopes in ([], ["READ:EVERYTHING"]):
        assert (
            await bench.client.post("/sandbox/api-keys", json={"scopes": scopes})
        ).status_code == 400


async def test_a_deleted_key_ends_its_connection_and_says_so() -> None:
    """The message bears the type of a deleted key (4.7); key and token are void at once."""
    bench = Bench()
    key = await bench.act("api-keys", **KEY)
    form = {"grant_type": ASSERTION, "client_id": key["client_id"], "assertion": key["api_key"]}
    token = (await bench.bearing(None).post("/oauth/token", data=form)).json()["access_token"]
    body = {
        "uuid": v1(),
        "transportName": "WEBHOOK",
        **EVERYTHING,
        "eventNames": ["ApplicationConnectionRemoved"],
    }
    assert (await bench.bearing(token).post(SUBSCRIPTIONS, json=body)).status_code == 200

    assert (await bench.client.delete(f"/sandbox/api-keys/{key['client_id']}")).status_code == 200
    await bench.work_off()

    (reported,) = bench.receiver.events()
    assert (reported.event, reported.payload) == (
        "ApplicationConnectionRemoved",
        {"type": "PersonalAssertionDeleted"},
    )
    assert (await bench.bearing(token).get(f"{PRODUCTS}/v2")).status_code == 401
    assert (await bench.bearing(None).post("/oauth/token", data=form)).json()[
        "error"
    ] == "invalid_grant"
    assert (await bench.client.delete(f"/sandbox/api-keys/{key['client_id']}")).status_code == 404
