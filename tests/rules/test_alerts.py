"""A merchant is told what needs the merchant: each cause once, in the merchant's language, with the
way out, by mail and by a signed webhook, and not at all where it is switched off.
"""

from datetime import timedelta

import pytest

from brygga.core.alerts import BETWEEN, Cause
from brygga.database import alert_messages, alert_settings, connections
from brygga.database.alert_messages import Channel
from brygga.database.engine import Database
from brygga.wire.outward import NotDelivered
from tests.conftest import MovableClock
from tests.rules.told import STORIES, Told, paused, told

LOST = STORIES[Cause.ACCESS_LOST]


async def states(one: Told) -> list[tuple[str, str]]:
    """What became of each message, oldest first."""
    async with one.database.read() as tx:
        found = await alert_messages.newest(tx, one.connection.id)
    return [(each.channel.value, each.state) for each in reversed(found)]


@pytest.mark.parametrize("cause", Cause)
async def test_each_cause_is_told_once_by_mail_and_webhook(
    database: Database, clock: MovableClock, cause: Cause
) -> None:
    one, story = await told(database, clock, "en"), STORIES[cause]
    await one.minutes(5)
    before = len(one.letters.mails)

    await story.begin(one)
    await one.minutes(90)

    (mail,), (hook,) = one.letters.mails, one.receiver.bodies
    assert 0 == before
    assert story.words in mail.text
    assert f"https://brygga.example{story.way_out}\n" in mail.text
    assert "https://brygga.example/apps/bigcommerce/alerts" in mail.text.rpartition("-- ")[2]
    assert ("anna@example.com", "en") == (mail.to, mail.language)
    assert (f"alert.{cause.value}", f"https://brygga.example{story.way_out}") == (
        hook["type"],
        hook["data"]["url"],
    )


@pytest.mark.parametrize("cause", [one for one in Cause if one is not Cause.FIRST_SYNC_DONE])
async def test_a_cause_that_ended_and_came_back_is_told_again(
    database: Database, clock: MovableClock, cause: Cause
) -> None:
    one, story = await told(database, clock, by=[Channel.MAIL]), STORIES[cause]
    for _ in range(2):
        await story.begin(one)
        await one.minutes(5)
        await story.end(one)
        await one.minutes(BETWEEN // timedelta(minutes=1))

    assert 2 == len(one.letters.mails)


@pytest.mark.parametrize("cause", Cause)
async def test_a_cause_that_is_switched_off_is_not_told(
    database: Database, clock: MovableClock, cause: Cause
) -> None:
    one, story = await told(database, clock), STORIES[cause]
    await one.switch_off([cause])

    await story.begin(one)
    await one.minutes(5)

    assert ([], []) == (one.letters.mails, one.receiver.bodies)


async def test_nothing_comes_while_all_is_well(database: Database, clock: MovableClock) -> None:
    one = await told(database, clock)

    await one.minutes(120)

    assert ([], [], []) == (one.letters.mails, one.receiver.bodies, await states(one))


async def test_what_ends_within_two_minutes_is_no_message(
    database: Database, clock: MovableClock
) -> None:
    one = await told(database, clock)
    await LOST.begin(one)
    await one.minutes(2)
    await LOST.end(one)
    await one.minutes(5)

    assert [] == one.letters.mails


@pytest.mark.parametrize(
    ("language", "title", "action"),
    [
        ("sv", "Åtkomsten till Zettle är borttagen", "Logga in"),
        ("en", "The access to Zettle is gone", "Sign in"),
    ],
)
async def test_a_mail_is_in_the_merchants_language(
    database: Database, clock: MovableClock, language: str, title: str, action: str
) -> None:
    one = await told(database, clock, language)
    await LOST.begin(one)
    await one.minutes(5)

    (mail,) = one.letters.mails
    assert f"{title} – Krukan AB" == mail.subject
    assert action in mail.text
    assert title in one.receiver.bodies[0]["data"]["title"]


async def test_until_the_pages_are_read_the_accounts_language_counts(
    database: Database, clock: MovableClock
) -> None:
    one = await told(database, clock, "")
    await LOST.begin(one)
    await one.minutes(5)

    assert "sv" == one.letters.mails[0].language


async def test_a_mail_that_was_not_taken_is_sent_again_as_the_same(
    database: Database, clock: MovableClock
) -> None:
    one = await told(database, clock, by=[Channel.MAIL])
    one.letters.refusals = [NotDelivered("answer_451"), NotDelivered("TimeoutError")]

    await LOST.begin(one)
    await one.minutes(10)

    assert 1 == len(one.letters.mails)
    assert [("mail", "sent")] == await states(one)


async def test_a_receiver_that_is_away_gets_the_same_message_later(
    database: Database, clock: MovableClock
) -> None:
    one = await told(database, clock)
    one.receiver.status = 503
    await LOST.begin(one)
    await one.minutes(5)
    meanwhile = len(one.letters.mails)
    one.receiver.status = 204
    await one.minutes(15)

    assert (1, 1, 1) == (meanwhile, len(one.letters.mails), len(one.receiver.ids))
    assert [("mail", "sent"), ("webhook", "sent")] == await states(one)


async def test_what_is_over_before_it_could_be_sent_is_not_sent(
    database: Database, clock: MovableClock
) -> None:
    one = await told(database, clock)
    one.receiver.status = 503
    one.letters.refusals = [NotDelivered("answer_451")] * 3
    await LOST.begin(one)
    await one.minutes(4)
    await LOST.end(one)
    one.receiver.status = 204
    await one.minutes(30)

    assert ([], []) == (one.letters.mails, one.receiver.bodies)
    assert [("mail", "over"), ("webhook", "over")] == await states(one)


async def test_an_address_that_nobody_has_is_given_up(
    database: Database, clock: MovableClock
) -> None:
    one = await told(database, clock, by=[Channel.MAIL])
    one.letters.refusals = [NotDelivered("refused", final=True)] * 9
    await LOST.begin(one)
    await one.minutes(30)

    assert [("mail", "failed")] == await states(one)
    assert 8 == len(one.letters.refusals)


async def test_an_address_that_was_not_confirmed_gets_nothing(
    database: Database, clock: MovableClock
) -> None:
    one = await told(database, clock, by=[])
    now = clock.now()
    await one.do(lambda tx, own: alert_settings.set_email(tx, own, "x@example.com", "t", now))
    await LOST.begin(one)
    await one.minutes(5)

    assert [] == one.letters.mails


async def test_two_workers_tell_once(database: Database, clock: MovableClock) -> None:
    one = await told(database, clock)
    other = Told(database, clock, one.connection, one.letters, one.receiver)
    other.dice.thrown = 1_000
    await LOST.begin(one)
    for _ in range(5):
        await one.minutes(1)
        await other.minutes(1)

    assert (1, 1) == (len(one.letters.mails), len(one.receiver.bodies))


async def test_after_a_disconnect_nobody_is_told(database: Database, clock: MovableClock) -> None:
    one = await told(database, clock)
    await paused("zettle_access_gone")(one)
    async with database.transaction() as tx:
        await connections.disconnect(tx, one.connection.id, clock.now())
    await one.minutes(5)

    assert ([], []) == (one.letters.mails, one.receiver.bodies)
