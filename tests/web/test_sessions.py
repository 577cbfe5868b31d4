"""A session is its merchant's alone: from its sign-in to its end, in one browser, under an id of
ours.
"""

import re
from dataclasses import replace

import pytest
from litestar.handlers import HTTPRouteHandler
from structlog.testing import capture_logs
from tests.web.conftest import BERG, SHOP, Browser, World
from tests.web.test_bodies import Sender, ask

from brygga.database import audit
from brygga.database.audit import Act
from brygga.web.app import ROUTES

COOKIE = "__Host-brygga_session"
TOKEN = re.compile(r'name="_csrf_token" value="(\w+)"')


async def is_signed_in(browser: Browser) -> bool:
    return 200 == (await browser.open("/library")).status_code


async def acts(world: World, connection_id: int) -> list[Act]:
    async with world.database.read() as tx:
        return [entry.act for entry in await audit.of(tx, connection_id)]


async def test_cookies_bind_themselves_to_this_host(world: World) -> None:
    await world.running()
    browser = world.browser()
    signed_in = await browser.sign_in()
    spoken = await browser.open("/language/sv")

    for answer, name in ((signed_in, COOKIE), (spoken, "__Host-brygga_language")):
        (cookie,) = answer.headers.get_list("set-cookie")
        parts = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert cookie.startswith(f"{name}=")
        assert {"path=/", "httponly", "samesite=lax", "secure"} <= parts
        assert not any(part.startswith("domain") for part in parts)


async def test_an_https_address_is_said_to_stay_one(world: World) -> None:
    answers = [
        await world.browser().open(path)
        for path in ("/help", "/none", "/static/brygga.css", "/health")
    ]

    assert ["max-age=31536000"] * 4 == [
        one.headers.get("strict-transport-security") for one in answers
    ]


async def test_https_is_asked_of_names_below_where_the_operator_says_so(world: World) -> None:
    wish = replace(world.deps.settings, hsts_subdomains=True)
    world.app.state.deps = replace(world.deps, settings=wish)
    answer = await world.browser().open("/help")

    assert "max-age=31536000; includeSubDomains" == answer.headers["strict-transport-security"]


async def test_no_answer_sets_a_cookie_for_who_only_reads(world: World) -> None:
    answers = [await world.browser().open(path) for path in ("/", "/sign-in", "/help", "/none")]

    assert [None] * 4 == [one.headers.get("set-cookie") for one in answers]


@pytest.mark.parametrize("chosen", ["a" * 64, "mine", "null", "0" * 64, "x" * 5000, "é"])
async def test_an_id_of_a_client_s_choice_is_never_taken_over(world: World, chosen: str) -> None:
    await world.running()
    browser = world.browser()
    away = await browser.http.get(
        "/sign-in/zettle", headers=[(b"cookie", f"{COOKIE}={chosen}".encode())]
    )
    given = browser.http.cookies[COOKIE]
    await browser.open(
        f"/zettle/auth?code=lind&state={away.headers['location'].partition('state=')[2]}"
    )
    intruder = await world.browser().http.get(
        "/library", headers=[(b"cookie", f"{COOKIE}={chosen}".encode())]
    )

    assert chosen != given
    assert await is_signed_in(browser)
    assert 303 == intruder.status_code


async def test_in_the_store_s_frame_a_cookie_has_a_jar_of_its_own(world: World) -> None:
    answer = await world.browser().http.get("/sign-in/zettle", headers={"sec-fetch-dest": "iframe"})

    assert "SameSite=None; Partitioned; Secure" in answer.headers["set-cookie"]


async def test_an_unchanged_session_is_written_only_to_go_on(world: World) -> None:
    await world.running()
    browser = world.browser()
    await browser.sign_in()
    at_once = await browser.open("/help")
    world.clock.move(600)
    later = await browser.open("/help")

    assert (None, True) == (
        at_once.headers.get("set-cookie"),
        COOKIE in later.headers.get("set-cookie", ""),
    )


async def test_an_idle_session_ends_and_a_used_one_ends_too(world: World) -> None:
    await world.running()
    idle, used = world.browser(), world.browser()
    await idle.sign_in()
    await used.sign_in("lind-again")
    for _ in range(6):
        world.clock.move(2 * 24 * 3600)
        assert await is_signed_in(used)
    assert not await is_signed_in(idle)
    world.clock.move(2 * 24 * 3600 + 1)

    assert not await is_signed_in(used)


async def test_signing_out_everywhere_ends_every_browser_of_this_merchant(world: World) -> None:
    lind = await world.running()
    await world.running(BERG, replace(SHOP, store_hash="b"))
    one, two, other = world.browser(), world.browser(), world.browser()
    for browser, code in ((one, "lind-1"), (two, "lind-2"), (other, "berg")):
        await browser.sign_in(code)
    left = await one.press("/sign-out", everywhere="yes")

    assert ("/sign-in", [False, False, True]) == (
        left.headers["location"],
        [await is_signed_in(one), await is_signed_in(two), await is_signed_in(other)],
    )
    assert [Act.SIGNED_OUT_EVERYWHERE, Act.SIGNED_IN, Act.SIGNED_IN] == await acts(world, lind.id)


async def test_signing_out_ends_this_browser_only(world: World) -> None:
    lind = await world.running()
    one, two = world.browser(), world.browser()
    await one.sign_in("lind-1")
    await two.sign_in("lind-2")
    await one.press("/sign-out")

    assert [False, True] == [await is_signed_in(one), await is_signed_in(two)]
    assert Act.SIGNED_OUT == (await acts(world, lind.id))[0]


@pytest.mark.rule("D1")
async def test_a_disconnect_ends_all_other_sessions(world: World) -> None:
    """The browser that disconnects stays, to see how it ends."""
    lind = await world.running()
    one, two = world.browser(), world.browser()
    await one.sign_in("lind-1")
    await two.sign_in("lind-2")
    await one.press("/apps/bigcommerce/disconnect", products="keep")

    assert [True, False] == [await is_signed_in(one), await is_signed_in(two)]
    assert Act.DISCONNECTED == (await acts(world, lind.id))[0]


async def test_the_token_of_a_form_belongs_to_its_session(world: World) -> None:
    await world.running()
    one, two = world.browser(), world.browser()
    await one.sign_in("lind-1")
    await two.sign_in("lind-2")
    token = TOKEN.findall((await one.open("/help")).text)[0]
    foreign = await two.http.post("/support", data={"_csrf_token": token})
    await one.sign_in("lind-3")
    outlived = await one.http.post("/support", data={"_csrf_token": token})

    assert [403, 403] == [foreign.status_code, outlived.status_code]


@pytest.mark.parametrize(
    "target",
    [
        "http://[",
        "//[",
        "http://[::1",
        "/%00",
        "\\\\evil.example",
        "//evil.example",
        "/a\nb",
        "http:/\\evil",
    ],
)
async def test_a_broken_address_to_go_to_is_refused_or_ours(world: World, target: str) -> None:
    answer = await world.browser().http.get("/language/sv", params={"to": target})

    assert answer.status_code in {303, 400, 404}
    assert re.match(r"/(?![/\\])", answer.headers.get("location", "/"))


@pytest.mark.parametrize(
    "host",
    [
        *("[", "[::1", "a b", "é", "x" * 5000, ":", "a:1/", "a@b", "x,y", "a:b"),
        *("brygga.example:99999999", "brygga.example:99999", '"><script>', "x/../y"),
    ],
)
async def test_a_broken_host_is_no_fault_of_ours(world: World, host: str) -> None:
    await world.running()
    browser = world.browser()
    await browser.sign_in()
    (session,) = browser.http.cookies.values()
    for path in ("/", "/help", "/sign-in", "/apps", "/library", "/none", "/bigcommerce/load"):
        sender = Sender()
        with capture_logs() as logs:
            await ask(world, "GET", path, sender, host=host, cookie=f"{COOKIE}={session}")
        assert sender.status < 500, (path, [line for line in logs if "exc_info" in line])


async def test_every_answer_has_an_id_of_ours_that_the_log_bears(world: World) -> None:
    answers = [
        await world.browser().http.get(path, headers={"x-request-id": "theirs"})
        for path in ("/help", "/none", "/library")
    ]
    ids = [one.headers.get("x-request-id") for one in answers[::2]]

    assert all(re.fullmatch(r"[0-9A-Za-z]{8,16}", str(one)) for one in ids)
    assert 2 == len(set(ids))


async def test_a_support_report_names_its_request(world: World) -> None:
    await world.running()
    browser = world.browser()
    await browser.sign_in()
    made = await browser.press("/support")
    page = await browser.open(made.headers["location"])

    assert f"&#34;request_id&#34;: &#34;{made.headers['x-request-id']}&#34;" in page.text


async def test_files_that_leave_us_are_written_down(world: World) -> None:
    lind = await world.running()
    browser = world.browser()
    await browser.sign_in()
    made = await browser.press("/support")
    await browser.open(f"{made.headers['location']}/report.json")

    assert Act.EXPORTED == (await acts(world, lind.id))[0]


def test_no_route_reads_a_form_without_its_token() -> None:
    """Hooks, and the link of a mail by its ticket, prove themselves; nothing else may be left
    out.
    """

    def is_open(route: HTTPRouteHandler) -> bool:
        return bool(route.opt.get("exclude_from_csrf")) and "POST" in {
            str(one) for one in route.http_methods
        }

    assert {
        "/hooks/zettle/{hook_key:str}",
        "/hooks/bigcommerce/{hook_key:str}",
        "/alerts/confirm/{ticket:str}",
    } == {path for route in ROUTES if is_open(route) for path in route.paths}
