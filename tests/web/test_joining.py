"""A store is joined only by the page that names both accounts, and only while that page is the one
meant (C2, C3).
"""

from dataclasses import replace

import pytest
from tests.web.conftest import BERG, JOIN, SHOP, Browser, World, minutes
from tests.web.test_setting_up import AUTH, HERE, own

from brygga.core.failures import NeedsMerchant
from brygga.core.model import Stage
from brygga.database import connections

pytestmark = pytest.mark.rule("C3")


async def waiting(world: World) -> tuple[Browser, str]:
    """A browser in which the store waits to be confirmed, and the state of its page."""
    browser = world.browser()
    await browser.sign_in()
    await browser.press(f"{HERE}/connect")
    await browser.open(AUTH)
    return browser, state_in((await browser.open(JOIN)).text)


def state_in(page: str) -> str:
    return page.partition('name="state" value="')[2].partition('"')[0]


async def is_joined(world: World) -> bool:
    return (await own(world)).shop is not None


async def test_connect_joins_nothing_before_the_page_is_confirmed(world: World) -> None:
    """Within the minutes after Connect a stranger may lead the browser to the callback with a store
    of theirs.
    """
    browser = world.browser()
    await browser.sign_in()
    await browser.press(f"{HERE}/connect")
    led = await browser.open(AUTH)
    page = (await browser.open(JOIN)).text
    before = await is_joined(world)
    back = await browser.confirm_store()

    assert JOIN == led.headers["location"]
    assert "Connect Annas Butik?" in page
    assert "Linds Keramik" in page
    assert "You did not press Connect here" not in page
    assert not before
    assert HERE == back.headers["location"]
    assert Stage.STORE_CONNECTED is (await own(world)).stage


async def test_installed_from_bigcommerce_first_is_joined_after_a_confirmation(
    world: World,
) -> None:
    """In the control panel's frame there are no cookies: the link in it opens our own pages."""
    framed = await world.browser().open(AUTH)
    link = framed.text.partition('href="https://brygga.example/sign-in/zettle?join=')[2].partition(
        '"'
    )[0]
    browser = world.browser()
    away = await browser.open(f"/sign-in/zettle?join={link}")
    state = away.headers["location"].partition("state=")[2]
    back = await browser.open(f"/zettle/auth?code=lind&state={state}")
    asked = await browser.open(back.headers["location"])
    before = await is_joined(world)
    await browser.confirm_store()

    assert "https://*.mybigcommerce.com" in framed.headers["content-security-policy"]
    assert "x-frame-options" not in framed.headers
    assert "You did not press Connect here" in asked.text
    assert not before
    assert Stage.STORE_CONNECTED is (await own(world)).stage


@pytest.mark.parametrize("late", [False, True])
async def test_a_store_that_nobody_asked_for_is_said_to_be_one(world: World, late: bool) -> None:
    """Without Connect, or when the answer to Connect comes too late."""
    browser = world.browser()
    await browser.sign_in()
    if late:
        await browser.press(f"{HERE}/connect")
        world.clock.move(minutes(21))
    await browser.open(AUTH)

    assert "You did not press Connect here" in (await browser.open(JOIN)).text
    assert not await is_joined(world)


async def test_a_refused_callback_uses_the_expectation_up(world: World) -> None:
    browser = world.browser()
    await browser.sign_in()
    await browser.press(f"{HERE}/connect")
    refused = await browser.open(AUTH.replace("good", "bad"))
    await browser.open(AUTH)

    assert 400 == refused.status_code
    assert "You did not press Connect here" in (await browser.open(JOIN)).text


async def test_another_store_that_arrives_takes_no_place_on_an_open_page(world: World) -> None:
    browser, state = await waiting(world)
    world.store.shop = replace(SHOP, store_hash="strange", name="En annan")
    await browser.open(AUTH)
    pressed = await browser.press(JOIN, state=state)

    assert 400 == pressed.status_code
    assert "The store is not waiting any more" in pressed.text
    assert not await is_joined(world)


@pytest.mark.parametrize("elsewhere", ["/apps", HERE])
async def test_a_page_left_open_joins_nothing_after_the_merchant_went_elsewhere(
    world: World, elsewhere: str
) -> None:
    """Two tabs: the store is dropped in both."""
    browser, state = await waiting(world)
    await browser.open(elsewhere)
    pressed = await browser.press(JOIN, state=state)

    assert 400 == pressed.status_code
    assert not await is_joined(world)


@pytest.mark.parametrize("page", ["/help", "/language/sv", "/sign-in"])
async def test_help_and_language_leave_the_page_as_it_is(world: World, page: str) -> None:
    browser, state = await waiting(world)
    await browser.open(page)

    assert 303 == (await browser.press(JOIN, state=state)).status_code
    assert await is_joined(world)


async def test_pressing_connect_anew_drops_the_store_that_waited(world: World) -> None:
    browser, state = await waiting(world)
    await browser.press(f"{HERE}/connect")

    assert 400 == (await browser.press(JOIN, state=state)).status_code


async def test_no_is_an_answer(world: World) -> None:
    browser, state = await waiting(world)
    answer = await browser.press(f"{JOIN}/decline", state=state)
    page = await browser.open(answer.headers["location"])
    late = await browser.press(JOIN, state=state)

    assert "Nothing was connected." in page.text
    assert 400 == late.status_code
    assert not await is_joined(world)


async def test_a_page_that_is_reopened_after_a_day_joins_nothing(world: World) -> None:
    browser, state = await waiting(world)
    world.clock.move(24 * 3600)
    opened, pressed = await browser.open(JOIN), await browser.press(JOIN, state=state)

    assert [400, 400] == [opened.status_code, pressed.status_code]
    assert "not confirmed within an hour" in opened.text
    assert not await is_joined(world)


async def test_pressing_twice_joins_once(world: World) -> None:
    browser, state = await waiting(world)
    first, second = [await browser.press(JOIN, state=state) for _ in range(2)]

    assert [303, 400] == [first.status_code, second.status_code]
    assert Stage.STORE_CONNECTED is (await own(world)).stage


async def test_the_state_of_another_browser_joins_nothing(world: World) -> None:
    """Two browsers of one merchant: each confirms its own page."""
    first, _ = await waiting(world)
    other = world.browser()
    await other.sign_in("lind-2")
    await other.open(AUTH)
    stolen = state_in((await other.open(JOIN)).text)

    assert 400 == (await first.press(JOIN, state=stolen)).status_code
    assert not await is_joined(world)


async def test_somebody_else_who_signs_in_does_not_get_the_store(world: World) -> None:
    browser, state = await waiting(world)
    await browser.sign_in("berg")

    assert 400 == (await browser.press(JOIN, state=state)).status_code


@pytest.mark.rule("C2")
async def test_a_store_that_was_joined_elsewhere_meanwhile_is_refused_by_name(world: World) -> None:
    browser, state = await waiting(world)
    await world.running(BERG)
    pressed = await browser.press(JOIN, state=state)

    assert 409 == pressed.status_code
    assert "Bergs Bokhandel" in pressed.text
    assert not await is_joined(world)


async def test_while_a_disconnect_runs_no_store_is_joined(world: World) -> None:
    connection = await world.running(shop=replace(SHOP, store_hash="old"))
    async with world.database.transaction() as tx:
        await connections.leave(tx, connection.id, keep=True)
    browser = world.browser()
    await browser.sign_in()
    answer = await browser.open(AUTH)

    assert 409 == answer.status_code
    assert "A disconnect is not finished" in answer.text


async def test_a_session_of_an_ended_connection_signs_in_before_it_joins(world: World) -> None:
    connection = await world.running(shop=replace(SHOP, store_hash="old"))
    browser = world.browser()
    await browser.sign_in()
    async with world.database.transaction() as tx:
        await connections.leave(tx, connection.id, keep=True)
        await connections.disconnect(tx, connection.id, world.clock.now())
    answer = await browser.open(AUTH)

    assert "One step left: your Zettle account" in answer.text
    assert "old" == (await own(world)).shop.store_hash  # type: ignore[union-attr]


async def test_rights_that_are_missing_are_named_as_the_cause(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def too_few(*_: object) -> None:
        raise NeedsMerchant("scope_missing")

    monkeypatch.setattr(type(world.store), "install", too_few)
    browser = world.browser()
    await browser.sign_in()
    answer = await browser.open(AUTH)

    assert 400 == answer.status_code
    assert "BigCommerce gave the app too few rights" in answer.text
