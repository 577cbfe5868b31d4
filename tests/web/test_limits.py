"""Nobody is asked more of than is sane, and nobody else waits for it."""

import asyncio
from dataclasses import replace

import pytest
from limits import RateLimitItemPerMinute
from structlog.testing import capture_logs
from tests.conftest import MovableClock
from tests.web.conftest import BERG, SHOP, Browser, World
from tests.web.test_bodies import refused
from tests.web.webhooks import KEY, SECRET, listening, reported, shop_body

from brygga.web import limits
from brygga.web.limits import Limits, Place, TooMany, Windows, proxies_of, source_of


async def statuses(browser: Browser, path: str, times: int) -> list[int]:
    return [(await browser.open(path)).status_code for _ in range(times)]


async def test_the_thirty_first_sign_in_of_a_minute_is_refused(world: World) -> None:
    guest, other = world.browser(address="192.0.2.1"), world.browser(address="192.0.2.2")
    first = await statuses(guest, "/sign-in/zettle", 30)
    refused = await guest.open("/sign-in/zettle")

    assert ({302}, 429) == (set(first), refused.status_code)
    assert 0 < int(refused.headers["retry-after"]) <= 60
    assert "Too many requests" in refused.text
    assert [302] == await statuses(other, "/sign-in/zettle", 1)
    world.clock.move(61)
    assert [302] == await statuses(guest, "/sign-in/zettle", 1)


@pytest.mark.parametrize(
    "path",
    [
        "/zettle/auth?code=a&state=b",
        "/bigcommerce/auth?code=a&context=b",
        "/bigcommerce/load?signed_payload_jwt=a",
        "/bigcommerce/uninstall?signed_payload_jwt=a",
        "/bigcommerce/remove_user?signed_payload_jwt=a",
    ],
)
async def test_callbacks_that_prove_nothing_end_after_thirty(world: World, path: str) -> None:
    found = await statuses(world.browser(address="192.0.2.1"), path, 31)

    assert {400, 401} >= set(found[:30])
    assert 429 == found[30]
    assert [200] == await statuses(
        world.browser(), "/bigcommerce/load?signed_payload_jwt=signed", 1
    )


async def test_a_callback_that_succeeds_is_never_counted(world: World) -> None:
    await world.running()

    assert {200} == set(
        await statuses(world.browser(), "/bigcommerce/load?signed_payload_jwt=signed", 40)
    )


async def test_who_guesses_addresses_is_held_up_and_a_proven_address_is_not(world: World) -> None:
    """Webhooks of all merchants come from the same addresses of a platform."""
    connection = await listening(world)
    platform = world.browser(address="192.0.2.1")
    body, signature = reported("ProductUpdated", {"newEntity": {"uuid": "p1"}})
    genuine = {"x-izettle-signature": signature}
    own = f"/hooks/zettle/{connection.hook_key}"
    before = await platform.http.post(own, content=body, headers=genuine)
    guessed = [
        (await platform.http.post(f"/hooks/zettle/guess{n}", content=b"{}")).status_code
        for n in range(61)
    ]
    after = await platform.http.post(own, content=body, headers=genuine)

    assert [404] * 60 + [429] == guessed
    assert (200, 200) == (before.status_code, after.status_code)


@pytest.mark.parametrize("platform", ["zettle", "bigcommerce"])
async def test_forged_messages_end_at_their_own_address(world: World, platform: str) -> None:
    connection = await listening(world)
    forger = world.browser(address="192.0.2.1")
    path = f"/hooks/{platform}/{connection.hook_key}"
    headers = {"x-izettle-signature": "0" * 64, "x-brygga-secret": "theirs"}
    body, _ = reported("ProductUpdated", {"newEntity": {"uuid": "p1"}})
    forged = [
        (await forger.http.post(path, content=body, headers=headers)).status_code
        for _ in range(121)
    ]
    message, signature = reported("ProductUpdated", {"newEntity": {"uuid": "p1"}}, "m2")
    genuine = {"x-izettle-signature": signature, "x-brygga-secret": SECRET}
    if platform == "bigcommerce":
        message = shop_body("store/product/updated", {"type": "product", "id": 7})
    elsewhere = await world.browser(address="192.0.2.2").http.post(
        path, content=message, headers=genuine
    )

    assert [401] * 120 + [429] == forged
    assert 200 == elsewhere.status_code
    assert KEY not in str(forged)


async def test_a_merchant_gets_ten_support_reports_an_hour(world: World) -> None:
    await world.running()
    browser = world.browser()
    await browser.sign_in()
    reports = [(await browser.press("/support")).status_code for _ in range(11)]

    assert [303] * 10 + [429] == reports
    world.clock.move(3601)
    assert 303 == (await browser.press("/support")).status_code


async def test_a_merchant_who_asks_too_often_holds_up_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("brygga.web.visit.PAGES", limits.Limit("pages", RateLimitItemPerMinute(5)))
    await world.running()
    await world.running(BERG, replace(SHOP, store_hash="berg1"))
    lind, berg = world.browser(), world.browser()
    await lind.sign_in()
    await berg.sign_in("berg")

    assert [200] * 5 + [429] == await statuses(lind, "/library", 6)
    assert [200] == await statuses(berg, "/library", 1)


async def test_a_session_has_six_live_streams_at_most(world: World) -> None:
    found = Limits(world.clock)
    places = [found.stream("one", "7") for _ in range(6)]
    with pytest.raises(TooMany):
        found.stream("one", "7")
    with places[0].used():
        pass

    assert isinstance(found.stream("one", "7"), Place)


async def test_a_merchant_has_thirty_live_streams_at_most(world: World) -> None:
    found = Limits(world.clock)
    for number in range(30):
        found.stream(f"session {number}", "7")

    with pytest.raises(TooMany):
        found.stream("another session", "7")
    assert isinstance(found.stream("another merchant's", "8"), Place)


async def test_a_stream_that_never_starts_gives_its_place_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "UNUSED_S", 0.01)
    found = Limits(world.clock)
    for _ in range(6):
        found.stream("one", "7")
    await asyncio.sleep(0.05)

    assert isinstance(found.stream("one", "7"), Place)


async def test_switched_off_nothing_is_refused(world: World) -> None:
    found = Limits(world.clock, is_on=False)
    for _ in range(100):
        found.take(limits.SIGN_IN, "192.0.2.1")
        found.stream("one", "7")
    found.check(limits.SIGN_IN, "192.0.2.1")


def test_an_ipv6_source_is_its_first_64_bits() -> None:
    class Request:
        def __init__(self, host: str) -> None:
            self.client = type("Client", (), {"host": host})()

    def of(host: str) -> str:
        return source_of(Request(host))  # type: ignore[arg-type]

    assert of("2001:db8:1:2:3::4") == of("2001:db8:1:2:ffff::1") == "2001:db8:1:2::"
    assert "192.0.2.1" == of("192.0.2.1") == of("::ffff:192.0.2.1")
    assert "unix" == of("unix")


def test_counters_have_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_KEYS", 100)
    windows = Windows(MovableClock())
    for number in range(1000):
        windows.incr(f"key {number}", 60)

    assert len(windows._counts) <= 100
    assert 1 == windows.get("key 999")


async def test_a_forwarded_address_is_not_believed_by_itself(world: World) -> None:
    guest = world.browser(address="192.0.2.1")
    found = [
        (
            await guest.http.get("/sign-in/zettle", headers={"x-forwarded-for": f"198.51.100.{n}"})
        ).status_code
        for n in range(31)
    ]

    assert 429 == found[-1]


def test_proxies_are_addresses_and_networks() -> None:
    is_proxy = proxies_of(("10.0.0.0/8", "2001:db8::1"))

    assert [True, True, False, False, False] == [
        is_proxy(host) for host in ("10.1.2.3", "2001:db8::1", "11.0.0.1", "", "unix")
    ]


async def test_a_refused_callback_is_written_down_with_its_source(world: World) -> None:
    """A state of another browser, a store that is not let in, a token that nobody signed."""
    stranger = world.browser(address="203.0.113.9")
    with capture_logs() as lines:
        await stranger.open("/zettle/auth?code=lind&state=theirs")
        await stranger.open("/bigcommerce/load?signed_payload_jwt=forged")
        await world.browser().sign_in()

    assert [
        ("/zettle/auth", 400, "203.0.113.9"),
        ("/bigcommerce/load", 401, "203.0.113.9"),
    ] == [
        (one["route"], one["status"], one["source"])
        for one in lines
        if one["event"] == "callback refused"
    ]


def test_refused_callbacks_of_the_whole_world_do_not_fill_the_log(clock: MovableClock) -> None:
    kept = Limits(clock, is_on=False)

    assert 600 == sum(kept.has_room(limits.CALLBACK_LINES) for _ in range(900))


async def test_a_form_from_elsewhere_is_counted(world: World) -> None:
    await world.running()
    browser = world.browser()
    await browser.sign_in()
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}):
        answer = await browser.http.post("/sign-out", data={"_csrf_token": "a"}, headers=headers)
        assert 403 == answer.status_code

    assert {"foreign": 2.0} == refused(world)
    assert 200 == (await browser.open("/library")).status_code


async def test_limits_of_one_rate_do_not_share_a_counter(world: World) -> None:
    """Who begins the thirtieth sign-in of a minute still comes back from Zettle."""
    guest = world.browser(address="192.0.2.1")
    begun = await statuses(guest, "/sign-in/zettle", 30)
    back = await statuses(guest, "/zettle/auth?code=a&state=b", 1)
    found = Limits(world.clock)
    for _ in range(10):
        found.take(limits.ALERTS, "7")
    found.take(limits.SUPPORT, "7")

    assert ({302}, [400]) == (set(begun), back)
    with pytest.raises(TooMany):
        found.take(limits.ALERTS, "7")
