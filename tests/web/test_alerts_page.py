"""The page on which a merchant says where to be told, and of what."""

import re
from dataclasses import replace

import httpx2
import pytest
from tests.conftest import NOON
from tests.web.conftest import BERG, SHOP, Browser, World

from brygga.core.alerts import Cause
from brygga.core.model import Connection
from brygga.database import alert_messages, alert_settings, audit
from brygga.database.alert_messages import Channel, Message
from brygga.database.alert_settings import AlertSettings
from brygga.database.audit import Act

HERE = "/apps/bigcommerce/alerts"
ADDRESS = "anna@example.com"


@pytest.fixture
def world(world: World) -> World:
    """An installation that can send mail."""
    deps = replace(world.deps, settings=replace(world.deps.settings, mail=True))
    world.app.state.deps = deps
    return replace(world, deps=deps)


async def opened(world: World, language: str = "en") -> tuple[Connection, Browser]:
    connection = await world.running()
    browser = world.browser(language)
    await browser.sign_in()
    return connection, browser


async def settings(world: World, connection: Connection) -> AlertSettings:
    async with world.database.read() as tx:
        return await alert_settings.get(tx, connection.id, world.clock.now())


async def messages(world: World, connection: Connection) -> list[Message]:
    async with world.database.read() as tx:
        return list(await alert_messages.newest(tx, connection.id))


async def ticket(world: World, connection: Connection) -> str:
    """What the mail's link ends with."""
    found = [one for one in await messages(world, connection) if one.kind == "confirm"]
    return str(found[0].facts["ticket"])


async def test_an_address_counts_once_its_owner_has_confirmed_it(world: World) -> None:
    connection, browser = await opened(world)

    saved = await browser.press(f"{HERE}/email", email=ADDRESS)
    page = await browser.open(HERE)
    waiting = await settings(world, connection)
    link = f"/alerts/confirm/{await ticket(world, connection)}"
    stranger = world.browser()
    asked = await stranger.open(link)
    looked_at = await settings(world, connection)
    done = await stranger.http.post(link)
    again = await stranger.http.post(link)

    assert (303, HERE) == (saved.status_code, saved.headers["location"].partition("?")[0])
    assert "Not confirmed yet" in page.text
    assert (False, False) == (waiting.by_mail, looked_at.by_mail)
    assert f"Receive alerts at {ADDRESS}?" in asked.text
    assert (200, 404) == (done.status_code, again.status_code)
    assert (await settings(world, connection)).by_mail
    assert "Confirmed" in (await browser.open(HERE)).text


async def test_a_link_works_for_three_days(world: World) -> None:
    connection, browser = await opened(world)
    await browser.press(f"{HERE}/email", email=ADDRESS)
    link = f"/alerts/confirm/{await ticket(world, connection)}"
    world.clock.move(3 * 24 * 3600 + 1)

    assert 404 == (await browser.open(link)).status_code
    assert 404 == (await browser.http.post(link)).status_code
    assert not (await settings(world, connection)).by_mail


async def test_another_address_must_be_confirmed_anew(world: World) -> None:
    connection, browser = await opened(world)
    await browser.press(f"{HERE}/email", email=ADDRESS)
    old = await ticket(world, connection)
    await browser.press(f"{HERE}/email", email="bo@example.com")

    assert 404 == (await browser.http.post(f"/alerts/confirm/{old}")).status_code
    assert "bo@example.com" == (await settings(world, connection)).email
    assert 1 == len(await messages(world, connection)), "the first link is not sent any more"


@pytest.mark.parametrize(
    "typed",
    ["anna", "anna@", "@example.com", "a b@example.com", "a@b", "x@e.com\r\nBcc: y@z.se", "å@ä.se"],
)
async def test_what_is_no_address_is_refused_with_what_to_write(world: World, typed: str) -> None:
    connection, browser = await opened(world)

    answer = await browser.press(f"{HERE}/email", email=typed)

    assert 422 == answer.status_code
    assert "This is no mail address" in answer.text
    assert "" == (await settings(world, connection)).email


async def test_mail_is_switched_off_by_a_button(world: World) -> None:
    connection, browser = await opened(world)
    await browser.press(f"{HERE}/email", email=ADDRESS)
    await browser.http.post(f"/alerts/confirm/{await ticket(world, connection)}")

    await browser.press(f"{HERE}/email", do="remove", email=ADDRESS)

    assert AlertSettings(language="en") == await settings(world, connection)


async def test_a_webhooks_secret_is_shown_once(world: World) -> None:
    connection, browser = await opened(world)

    made = await browser.press(f"{HERE}/webhook", url="https://a.example/x")
    (secret,) = set(re.findall(r"whsec_[\w+/=]+", made.text))
    later = await browser.open(HERE)
    renewed = await browser.press(f"{HERE}/webhook", do="renew")
    (other,) = set(re.findall(r"whsec_[\w+/=]+", renewed.text))

    assert "whsec_" not in later.text
    assert (other, secret) == (await settings(world, connection)).secrets
    world.clock.move(24 * 3600)
    assert (other,) == (await settings(world, connection)).secrets


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://a.example/x", "must begin with https://"),
        ("https://10.0.0.1/x", "private network"),
        ("https://me:pass@a.example/", "no user, password"),
        ("a.example", "This is no address"),
    ],
)
async def test_a_webhook_goes_to_public_addresses_only(world: World, url: str, words: str) -> None:
    connection, browser = await opened(world)

    answer = await browser.press(f"{HERE}/webhook", url=url)

    assert 422 == answer.status_code
    assert words in answer.text
    assert "" == (await settings(world, connection)).hook_url


@pytest.mark.parametrize("cause", Cause)
async def test_each_cause_is_switched_off_by_its_box(world: World, cause: Cause) -> None:
    connection, browser = await opened(world)
    others = [one.value for one in Cause if one is not cause]

    await browser.press(f"{HERE}/causes", cause=others)
    page = (await browser.open(HERE)).text

    assert frozenset({cause}) == (await settings(world, connection)).off
    assert not re.search(rf'value="{cause.value}" checked', page)
    assert len(others) == len(re.findall(r'name="cause" value="\w+" checked', page))


async def test_alerts_are_in_the_language_of_the_page(world: World) -> None:
    connection, browser = await opened(world, "sv")
    await browser.press(f"{HERE}/causes", cause=[one.value for one in Cause])
    swedish = (await settings(world, connection)).language
    await browser.open("/language/en")
    await browser.press(f"{HERE}/causes", cause=[one.value for one in Cause])

    assert ("sv", "en") == (swedish, (await settings(world, connection)).language)


async def test_a_test_goes_to_every_place_that_is_set(world: World) -> None:
    connection, browser = await opened(world)
    nowhere = await browser.press(f"{HERE}/test")
    await browser.press(f"{HERE}/webhook", url="https://a.example/x")
    await browser.press(f"{HERE}/email", email=ADDRESS)
    await browser.http.post(f"/alerts/confirm/{await ticket(world, connection)}")
    await browser.press(f"{HERE}/test")

    assert 303 == nowhere.status_code
    tests = [one.channel for one in await messages(world, connection) if one.kind == "test"]
    assert {Channel.MAIL, Channel.WEBHOOK} == set(tests)
    assert 2 == len(tests)


async def test_ten_mails_to_confirm_in_an_hour_are_enough(world: World) -> None:
    """Nobody shall fill a stranger's mailbox from here."""
    _, browser = await opened(world)
    answers: list[httpx2.Response] = [
        await browser.press(f"{HERE}/email", email=f"a{number}@example.com") for number in range(11)
    ]

    assert [303] * 10 + [429] == [one.status_code for one in answers]


async def test_changes_are_noted_as_acts(world: World) -> None:
    connection, browser = await opened(world)
    await browser.press(f"{HERE}/webhook", url="https://a.example/x")
    async with world.database.read() as tx:
        found = [one for one in await audit.of(tx, connection.id) if one.act is Act.ALERTS_CHANGED]

    assert [{"what": "webhook"}] == [dict(one.facts) for one in found]


async def test_another_merchants_alerts_are_theirs(world: World) -> None:
    connection, browser = await opened(world)
    await browser.press(f"{HERE}/webhook", url="https://a.example/x")
    await world.running(BERG, replace(SHOP, store_hash="berg1"))
    stranger = world.browser()
    await stranger.sign_in("berg")

    assert "a.example" not in (await stranger.open(HERE)).text
    assert "https://a.example/x" == (await settings(world, connection)).hook_url


async def test_where_no_mail_can_be_sent_the_page_says_so(world: World) -> None:
    without = replace(world.deps, settings=replace(world.deps.settings, mail=False))
    world.app.state.deps = without
    connection, browser = await opened(world)

    page = await browser.open(HERE)
    sent = await browser.press(f"{HERE}/email", email=ADDRESS)

    assert "This installation cannot send mail" in page.text
    assert (303, "") == (sent.status_code, (await settings(world, connection)).email)


async def test_what_was_sent_is_listed_with_what_became_of_it(world: World) -> None:
    connection, browser = await opened(world)
    async with world.database.transaction() as tx:
        draft = alert_messages.Draft(Channel.WEBHOOK, "brake", "msg_1", ("zeroed",), {})
        await alert_messages.save(tx, connection.id, draft, NOON)
        (message,) = await alert_messages.newest(tx, connection.id)
        await alert_messages.finish(tx, message, "failed", NOON, "503")

    page = await browser.open(HERE)

    assert "could not be delivered." in page.text
    assert "Check that your receiver answers" in page.text
