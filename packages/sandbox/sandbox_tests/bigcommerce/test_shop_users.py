"""The people of a store: who besides the owner opens an app, and whom the app is reported to forget
(bigcommerce facts 1.2, 1.5).
"""

from urllib.parse import urlsplit

from sandbox_tests.bigcommerce.shop_bench import JSON, Bench
from sandbox_tests.bigcommerce.test_shop_access import INSTALL, claims_in, exchange

REMOVE = "https://app.example.com/remove_user"


def store() -> Bench:
    """One store, with an app that wants to hear of users that are gone."""
    bench = Bench()
    bench.app.remove_user_url = REMOVE
    return bench


async def added(bench: Bench, email: str = "eva@example.com") -> JSON:
    value: JSON = await bench.good("POST", "/sandbox/users", {"email": email})
    return value


async def test_a_user_opens_the_app_in_their_own_name() -> None:
    bench = store()
    eva = await added(bench)

    address = (
        await bench.good("GET", f"/sandbox/load?client_id=cid&user_id={eva['id']}&url=/stock")
    )["url"]

    claims = claims_in(bench, address)
    assert address.startswith("https://app.example.com/load?")
    assert (claims["user"]["id"], claims["user"]["email"], claims["url"]) == (
        eva["id"],
        "eva@example.com",
        "/stock",
    )
    assert claims["owner"]["email"] == "anna@example.com"
    owner = claims_in(bench, (await bench.good("GET", "/sandbox/load?client_id=cid"))["url"])
    assert owner["user"]["id"] == owner["owner"]["id"]


async def test_the_first_user_beside_the_owner_makes_every_app_ask_again() -> None:
    """Multiple users switched on counts as a change of scopes; the old token works until then
    (bigcommerce facts 1.4).
    """
    bench = store()
    await added(bench)

    opened = await bench.call(
        "POST", "/manage/abc123/apps", data={"client_id": "cid", "action": "open"}
    )
    assert opened.headers["location"].startswith(INSTALL)
    assert (await bench.call("GET", "/v2/time")).status_code == 200
    assert (await exchange(bench)).status_code == 200
    await added(bench, "sven@example.com")
    opened = await bench.call(
        "POST", "/manage/abc123/apps", data={"client_id": "cid", "action": "open"}
    )
    assert opened.headers["location"].startswith("https://app.example.com/load")


async def test_the_app_is_told_of_a_user_who_is_gone_and_the_token_lives_on() -> None:
    bench = store()
    eva, sven = await added(bench), await added(bench, "sven@example.com")

    assert await bench.good("DELETE", f"/sandbox/users/{eva['id']}") == {"told": {"cid": 200}}

    (visit,) = bench.visits
    claims = claims_in(bench, visit)
    assert urlsplit(visit)._replace(query="").geturl() == REMOVE
    assert (claims["user"]["email"], claims["sub"]) == ("eva@example.com", "stores/abc123")
    listed = await bench.good("GET", "/sandbox/users")
    assert [one["email"] for one in listed["users"]] == ["sven@example.com"]
    assert listed["owner"]["email"] == "anna@example.com"
    assert (await bench.call("GET", "/v2/time")).status_code == 200
    assert sven["id"] != eva["id"]


async def test_an_app_that_wants_no_word_of_users_gets_none() -> None:
    bench = Bench()
    eva = await added(bench)

    assert await bench.good("DELETE", f"/sandbox/users/{eva['id']}") == {"told": {"cid": None}}
    assert bench.visits == []


async def test_nobody_unknown_is_loaded_added_or_removed() -> None:
    bench = store()

    for method, path, status in (
        ("DELETE", "/sandbox/users/999", 404),
        ("DELETE", "/sandbox/users/²", 404),
        ("GET", "/sandbox/load?client_id=nobody", 404),
        ("GET", "/sandbox/load?client_id=cid&user_id=7", 404),
        ("GET", "/sandbox/users?store_hash=nowhere", 404),
    ):
        assert (await bench.call(method, path)).status_code == status, path
    bodies: list[object] = [{}, {"email": 7}, {"email": "eva"}, [], "eva"]
    for body in bodies:
        assert (await bench.call("POST", "/sandbox/users", body)).status_code == 422, body
    assert bench.sandbox.store().users == {}


async def test_another_user_uninstalls_an_app_in_their_own_name() -> None:
    bench = store()
    bench.app.uninstall_url = "https://app.example.com/uninstall"
    assert (await exchange(bench)).status_code == 200
    eva = await added(bench)

    assert (await bench.call("POST", "/sandbox/uninstall", {"user_id": 1_000})).status_code == 404
    assert await bench.good("POST", "/sandbox/uninstall", {"user_id": eva["id"]}) == {
        "uninstalled": True
    }

    claims = claims_in(bench, bench.visits[-1])
    assert (claims["user"]["id"], claims["owner"]["email"]) == (eva["id"], "anna@example.com")
