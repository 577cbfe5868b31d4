"""Signing in with Zettle, and every way it can go wrong (C1)."""

import pytest
from tests.database.merchants import newest
from tests.web.conftest import LIND, REFRESH, World, minutes

from brygga.database import tokens
from brygga.database.tokens import Platform

pytestmark = pytest.mark.rule("C1")


async def test_a_merchant_signs_in_and_sees_the_apps(world: World) -> None:
    browser = world.browser()

    back = await browser.sign_in()
    page = await browser.open(back.headers["location"])

    assert "Apps · Integrations" in page.text
    assert "Linds Keramik" in page.text
    async with world.database.read() as tx:
        connection = await newest(tx, LIND.uuid)
        token = await tokens.get(tx, connection.id, Platform.ZETTLE)
    assert token is not None
    assert REFRESH == token.refresh


async def test_a_forged_state_is_not_believed(world: World) -> None:
    answer = await world.browser().open("/zettle/auth?code=lind&state=forged")

    assert 400 == answer.status_code
    assert "could not be completed" in answer.text


async def test_a_state_of_another_browser_is_not_believed(world: World) -> None:
    away = await world.browser().open("/sign-in/zettle")
    state = away.headers["location"].partition("state=")[2]

    assert 400 == (await world.browser().open(f"/zettle/auth?code=lind&state={state}")).status_code


async def test_a_state_works_once_and_only_for_a_while(world: World) -> None:
    browser = world.browser()
    away = await browser.open("/sign-in/zettle")
    state = away.headers["location"].partition("state=")[2]
    first = await browser.open(f"/zettle/auth?error=access_denied&state={state}")
    replayed = await browser.open(f"/zettle/auth?code=lind&state={state}")

    late = world.browser()
    away = await late.open("/sign-in/zettle")
    world.clock.move(minutes(21))
    expired = await late.open(
        f"/zettle/auth?code=lind&state={away.headers['location'].partition('state=')[2]}"
    )

    assert "declined" in first.text
    assert [400, 400] == [replayed.status_code, expired.status_code]


async def test_the_session_gets_a_new_id_at_sign_in(world: World) -> None:
    browser = world.browser()
    away = await browser.open("/sign-in/zettle")
    before = browser.http.cookies["__Host-brygga_session"]
    await browser.open(
        f"/zettle/auth?code=lind&state={away.headers['location'].partition('state=')[2]}"
    )

    assert before != browser.http.cookies["__Host-brygga_session"]
    intruder = world.browser()
    intruder.http.cookies.set("__Host-brygga_session", before)
    assert "/sign-in" in (await intruder.open("/apps")).headers["location"]


async def test_signing_out_closes_the_pages(world: World) -> None:
    browser = world.browser()
    await browser.sign_in()
    await browser.press("/sign-out")

    assert "/sign-in" in (await browser.open("/library")).headers["location"]


async def test_cookies_are_closed_to_scripts_and_to_plain_http(world: World) -> None:
    answer = await world.browser().open("/sign-in/zettle")

    for cookie in answer.headers.get_list("set-cookie"):
        assert "httponly" in cookie.lower()
        assert "secure" in cookie.lower()
        assert "samesite=lax" in cookie.lower()
