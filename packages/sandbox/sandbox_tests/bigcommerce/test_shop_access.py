"""Who may come in: installation, tokens, scopes, quotas, faults, leaving (bigcommerce facts 1, 2,
9).
"""

from urllib.parse import parse_qs, urlsplit

import httpx2
import jwt
import pytest

from brygga_sandbox.bigcommerce import SCOPES, Switches
from sandbox_tests.bigcommerce.shop_bench import AUTH, JSON, Bench

INSTALL = "/login/app/cid/install"


async def consent(bench: Bench, **form: str) -> httpx2.Response:
    """What the browser gets when the merchant has decided."""
    return await bench.call(
        "POST", INSTALL, data={"store": "abc123", "external": "1", "action": "confirm", **form}
    )


async def exchange(bench: Bench, **changes: str) -> httpx2.Response:
    """An installation through the pages, then the token call with some fields changed."""
    query = parse_qs(urlsplit((await consent(bench)).headers["location"]).query)
    given = {name: values[0] for name, values in query.items()}
    body = {
        "client_id": "cid",
        "client_secret": bench.app.client_secret,
        "code": given["code"],
        "scope": given["scope"],
        "context": given["context"],
        "grant_type": "authorization_code",
        "redirect_uri": AUTH,
        **changes,
    }
    return await bench.call("POST", "/login/oauth2/token", body)


async def test_the_pages_lead_from_log_in_over_consent_to_the_callback() -> None:
    bench = Bench()

    page = await bench.call("GET", INSTALL)
    assert page.status_code == 200
    assert "Annas Butik" in page.text
    page = await bench.call("GET", f"{INSTALL}?store=abc123&lang=en")
    assert "store_v2_products" in page.text
    assert "Confirm" in page.text
    assert "Bekräfta" in (await bench.call("GET", f"{INSTALL}?store=abc123&lang=sv")).text
    answer = await consent(bench)

    assert answer.status_code == 302
    location = urlsplit(answer.headers["location"])
    query = parse_qs(location.query)
    assert location._replace(query="").geturl() == AUTH
    assert query["context"] == ["stores/abc123"]
    assert "account_uuid" in query
    assert "external_install" in query
    assert "state" not in query
    assert "external_install" not in (await consent(bench, external="0")).headers["location"]


async def test_declining_calls_nobody_back() -> None:
    answer = await consent(Bench(), action="decline")

    assert answer.status_code == 200
    assert "location" not in answer.headers


async def test_a_store_can_be_created_on_the_way() -> None:
    bench = Bench()

    answer = await bench.call(
        "POST",
        INSTALL,
        data={"action": "create", "name": "Ny", "email": "n@x.se", "currency": "EUR"},
    )

    store = bench.sandbox.stores[parse_qs(urlsplit(answer.headers["location"]).query)["store"][0]]
    assert (
        store.settings.name,
        store.settings.currency,
        store.settings.is_price_entered_with_tax,
    ) == (
        "Ny",
        "EUR",
        False,
    )


async def test_a_draft_goes_only_on_its_developers_store() -> None:
    bench = Bench()
    bench.app.draft_of = "somebody@else.example"

    assert (await bench.call("GET", f"{INSTALL}?store=abc123")).status_code == 403
    assert (await consent(bench)).status_code == 403
    bench.app.draft_of = "anna@example.com"
    assert (await consent(bench)).status_code == 302


async def test_a_code_becomes_a_token_once_and_the_old_token_dies() -> None:
    bench = Bench()
    old = bench.client.headers["X-Auth-Token"]

    answer = await exchange(bench)

    body = answer.json()
    assert answer.status_code == 200
    assert (body["context"], body["owner"]["email"]) == ("stores/abc123", "anna@example.com")
    assert set(SCOPES) <= set(body["scope"].split())
    new = {"X-Auth-Token": body["access_token"]}
    assert (await bench.call("GET", "/v2/time", headers=new)).status_code == 200
    assert (await bench.call("GET", "/v2/time", headers={"X-Auth-Token": old})).status_code == 401


async def test_a_form_is_taken_as_well_as_json_and_a_used_code_is_refused() -> None:
    bench = Bench()
    location = (await consent(bench)).headers["location"]
    given = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
    form = {
        "client_id": "cid",
        "client_secret": bench.app.client_secret,
        "grant_type": "authorization_code",
        "redirect_uri": AUTH,
        "code": given["code"],
        "scope": given["scope"],
        "context": given["context"],
    }

    first = await bench.call("POST", "/login/oauth2/token", data=form)
    second = await bench.call("POST", "/login/oauth2/token", data=form)

    assert (first.status_code, second.status_code) == (200, 400)
    assert second.json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"redirect_uri": "https://elsewhere.test"}, "invalid_grant"),
        ({"context": "stores/other"}, "invalid_grant"),
        ({"scope": "store_v2_products"}, "invalid_scope"),
        ({"code": "unknown"}, "invalid_grant"),
        ({"grant_type": "refresh_token"}, "unsupported_grant_type"),
    ],
)
async def test_a_token_call_that_does_not_fit_is_400(changes: dict[str, str], error: str) -> None:
    answer = await exchange(Bench(), **changes)

    assert (answer.status_code, answer.json()["error"]) == (400, error)


async def test_a_late_code_is_refused() -> None:
    bench = Bench()
    location = (await consent(bench)).headers["location"]
    await bench.clock.advance(601)

    code = parse_qs(urlsplit(location).query)["code"][0]

    assert (await exchange(bench, code=code)).status_code == 400


def claims_in(bench: Bench, url: str) -> JSON:
    """The verified claims of a callback."""
    token = parse_qs(urlsplit(url).query)["signed_payload_jwt"][0]
    options = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}
    value: JSON = jwt.decode(
        token,
        bench.app.client_secret,
        algorithms=["HS256"],
        audience="cid",
        options=options,  # type: ignore[arg-type]
    )
    return value


async def test_opening_the_app_sends_a_signed_payload() -> None:
    bench = Bench()

    answer = await bench.call(
        "POST", "/manage/abc123/apps", data={"client_id": "cid", "action": "open"}
    )

    claims = claims_in(bench, answer.headers["location"])
    assert (claims["iss"], claims["sub"], claims["url"], claims["channel_id"]) == (
        "bc",
        "stores/abc123",
        "/",
        None,
    )
    assert claims["exp"] - claims["iat"] == 86_400
    assert claims["user"]["email"] == claims["owner"]["email"] == "anna@example.com"


async def test_uninstalling_kills_token_and_hooks_then_tells_the_app() -> None:
    bench = Bench()
    await bench.listen("store/product/created")

    assert await bench.good("POST", "/sandbox/uninstall", {"client_id": "cid"}) == {
        "uninstalled": True
    }

    assert (await bench.call("GET", "/v2/time")).status_code == 401
    assert bench.sandbox.hooks["abc123"].all == {}
    (visit,) = bench.visits
    assert visit.startswith("https://app.example.com/uninstall?")
    assert claims_in(bench, visit)["sub"] == "stores/abc123"
    await bench.good("POST", "/sandbox/products", {"name": "After"})
    assert await bench.received() == []


async def test_the_uninstall_callback_may_be_lost() -> None:
    bench = Bench(Switches(uninstall_callback="lost"))

    await bench.sandbox.uninstall("abc123", "cid")

    assert bench.visits == []


async def test_another_owner_means_another_consent_and_the_old_token_works_meanwhile() -> None:
    bench = Bench()

    await bench.good("POST", "/sandbox/store", {"owner_email": "eva@example.com"})

    answer = await bench.call(
        "POST", "/manage/abc123/apps", data={"client_id": "cid", "action": "open"}
    )
    assert answer.headers["location"].startswith(INSTALL)
    assert (await bench.call("GET", "/v2/time")).status_code == 200
    assert (await exchange(bench)).json()["owner"]["email"] == "eva@example.com"
    answer = await bench.call(
        "POST", "/manage/abc123/apps", data={"client_id": "cid", "action": "open"}
    )
    assert answer.headers["location"].startswith("https://app.example.com/load")


async def test_a_missing_scope_is_403_in_the_documents_words() -> None:
    bench = Bench()
    token = bench.sandbox.issue_token("abc123", "cid", ["store_v2_products_read_only"])
    bench.client.headers["X-Auth-Token"] = token

    assert (await bench.call("GET", "/v3/catalog/products")).status_code == 200
    refusal = await bench.refused("POST", "/v3/catalog/products", {}, 403)

    assert refusal == {
        "status": 403,
        "title": "You don't have a required scope to access the endpoint",
        "type": "https://developer.bigcommerce.com/api-docs/getting-started/api-status-codes",
        "errors": {},
    }
    assert isinstance(await bench.refused("GET", "/v2/store", None, 403), list), (
        "v2 answers with an array"
    )


async def test_no_token_reaches_another_store() -> None:
    bench = Bench()
    bench.sandbox.add_store("other1")

    answer = await bench.client.get("/api/stores/other1/v2/store")

    assert answer.status_code == 403
    assert (await bench.client.get("/api/stores/nowhere/v2/store")).status_code == 401


@pytest.mark.parametrize("word", ["text", "json"])
async def test_a_dead_token_is_401(word: str) -> None:
    bench = Bench(Switches(unauthorized_body=word))  # type: ignore[arg-type]

    answer = await bench.call("GET", "/v2/time", headers={"X-Auth-Token": "dead"})

    assert answer.status_code == 401
    assert ("json" in answer.headers["content-type"]) is (word == "json")


async def test_the_quota_is_the_stores_and_refills_at_once() -> None:
    bench = Bench(quota=5)
    other = bench.sandbox.register_app(
        "Other", auth_url="https://o.test/a", load_url="https://o.test/l"
    )
    headers = {"X-Auth-Token": bench.sandbox.issue_token("abc123", other.client_id)}
    for _ in range(3):
        answer = await bench.call("GET", "/v2/time")
    await bench.clock.advance(10)
    answer = await bench.call("GET", "/v2/time", headers=headers)

    assert {
        name: answer.headers[f"X-Rate-Limit-{name}"]
        for name in ("Time-Window-Ms", "Time-Reset-Ms", "Requests-Quota", "Requests-Left")
    } == {
        "Time-Window-Ms": "30000",
        "Time-Reset-Ms": "20000",
        "Requests-Quota": "5",
        "Requests-Left": "1",
    }
    await bench.call("GET", "/v3/nothing-here")
    await bench.call("GET", "/v2/time")
    throttled = await bench.call("GET", "/v2/time")
    assert (throttled.status_code, throttled.headers["X-Rate-Limit-Requests-Left"]) == (429, "0")
    assert 2 == bench.sandbox.requests.refused
    await bench.clock.advance(20)
    assert (await bench.call("GET", "/v2/time")).headers["X-Rate-Limit-Requests-Left"] == "4"


async def test_the_plan_sets_the_quota() -> None:
    bench = Bench(plan="Pro")

    assert (await bench.call("GET", "/v2/time")).headers["X-Rate-Limit-Requests-Quota"] == "450"


async def test_faults_before_and_after_the_effect() -> None:
    bench = Bench()
    await bench.good("POST", "/sandbox/faults", [{"kind": "429", "next": 1}])
    bare = await bench.call("GET", "/v2/time")
    assert bare.status_code == 429
    assert "X-Rate-Limit-Requests-Left" not in bare.headers, (
        "under load the platform answers without its headers"
    )
    body = {"name": "Mug", "type": "physical", "weight": 1, "price": 1, "categories": []}
    bench.sandbox.faults.clear()

    bench.sandbox.faults.add("5xx_before", method="POST", next=1, params={"status": 502})
    assert (await bench.call("POST", "/v3/catalog/products", body)).status_code == 502
    assert (await bench.good("GET", "/v3/catalog/products"))["data"] == []
    bench.sandbox.faults.add("cut_after", method="POST", next=1)
    with pytest.raises(httpx2.RemoteProtocolError):
        await bench.call("POST", "/v3/catalog/products", body)
    assert len((await bench.good("GET", "/v3/catalog/products"))["data"]) == 1


async def test_a_closed_store_is_503() -> None:
    bench = Bench()
    await bench.good("POST", "/sandbox/store", {"status": "suspended"})

    assert (await bench.call("GET", "/v2/store")).status_code == 503


async def test_unknown_routes_and_methods() -> None:
    bench = Bench()

    assert (await bench.call("GET", "/v3/nothing")).json()[
        "title"
    ] == "The route is not found, check the URL"
    assert (await bench.call("PATCH", "/v3/catalog/products")).status_code == 405
