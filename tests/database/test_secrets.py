"""What is secret on disk, and what a browser holds."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from brygga.database import (
    audit,
    connections,
    hook_keys,
    oauth_states,
    resealing,
    signed_messages,
    subscriptions,
    tables,
    tokens,
)
from brygga.database.audit import Act, Actor, Entry
from brygga.database.engine import Database
from brygga.database.sealing import SealBroken, Sealer
from brygga.database.sessions import Sessions, end_all
from brygga.database.signed_messages import Purpose, Use
from brygga.database.tokens import Platform, Token
from tests.conftest import NOON, SEALER, MovableClock
from tests.database.merchants import connected

LATER = NOON + timedelta(minutes=5)
DAY = 24 * 3600


async def test_a_token_is_unreadable_on_disk_and_opens_only_in_its_own_row(
    database: Database,
) -> None:
    one, two = await connected(database), await connected(database, "org-2", "def456")
    secret = Token("secret-access", NOON, refresh="secret-refresh")
    async with database.transaction() as tx:
        await tokens.save(tx, one.id, Platform.ZETTLE, secret)
        await tx.run(
            tables.tokens.insert().from_select(
                ["connection_id", "platform", "sealed", "issued_at"],
                sa.select(
                    sa.literal(two.id),
                    tables.tokens.c.platform,
                    tables.tokens.c.sealed,
                    tables.tokens.c.issued_at,
                ),
            )
        )

    async with database.read() as tx:
        mine = await tokens.get(tx, one.id, Platform.ZETTLE)
        stored = await tx.scalar(sa.select(tables.tokens.c.sealed))
        with pytest.raises(SealBroken):
            await tokens.get(tx, two.id, Platform.ZETTLE)

    assert secret == mine
    assert b"secret" not in stored
    assert "secret-" not in repr(mine)


def test_a_new_first_key_seals_and_old_keys_still_open() -> None:
    old, new = Sealer(("o" * 32,)), Sealer(("n" * 32, "o" * 32))

    assert b"x" == new.open(old.seal(b"x", "tokens", 1), "tokens", 1)
    with pytest.raises(SealBroken):
        old.open(new.seal(b"x", "tokens", 1), "tokens", 1)
    with pytest.raises(SealBroken):
        new.open(old.seal(b"x", "tokens", 1, "a"), "tokens", "1/a")


async def test_only_the_first_of_two_refreshes_replaces_the_token(database: Database) -> None:
    one = await connected(database)
    async with database.transaction() as tx:
        await tokens.save(tx, one.id, Platform.ZETTLE, Token("a1", NOON, refresh="r1"))
        tries = [await tokens.begin_refresh(tx, one.id, Platform.ZETTLE, NOON) for _ in range(2)]
        first = await tokens.finish_refresh(
            tx, one.id, Platform.ZETTLE, "r1", Token("a2", LATER, refresh="r2")
        )
        second = await tokens.finish_refresh(
            tx, one.id, Platform.ZETTLE, "r1", Token("a3", LATER, refresh="r3")
        )
        now = await tokens.get(tx, one.id, Platform.ZETTLE)

    assert ([1, 2], True, False) == (tries, first, second)
    assert Token("a2", LATER, refresh="r2") == now


async def test_a_subscription_keeps_the_signing_key_that_is_shown_once(database: Database) -> None:
    one = await connected(database)
    made = subscriptions.Subscription(Platform.ZETTLE, "s1", "all", "https://x/h", "ACTIVE", "key")
    async with database.transaction() as tx:
        await subscriptions.save(tx, one.id, made, NOON)
        seen = subscriptions.Subscription(Platform.ZETTLE, "s1", "all", "https://x/h", "ACTIVE")
        await subscriptions.save(tx, one.id, seen, LATER)
        keys = await subscriptions.signing_keys(tx, one.id, Platform.ZETTLE)

    assert ["key"] == keys


async def test_a_sign_in_ends_once_in_the_browser_that_began_it_and_in_time(
    database: Database,
) -> None:
    async with database.transaction() as tx:
        for state in ("good", "stolen", "late"):
            await oauth_states.begin(
                tx, Platform.ZETTLE, state, "mine", expires_at=LATER, payload={"to": "/apps"}
            )

        ends = [
            await oauth_states.take(tx, Platform.ZETTLE, "good", "mine", NOON),
            await oauth_states.take(tx, Platform.ZETTLE, "good", "mine", NOON),
            await oauth_states.take(tx, Platform.ZETTLE, "stolen", "another", NOON),
            await oauth_states.take(tx, Platform.ZETTLE, "late", "mine", LATER),
            await oauth_states.take(tx, Platform.ZETTLE, "forged", "mine", NOON),
        ]

    assert [{"to": "/apps"}, None, None, None, None] == ends


async def test_a_session_ends_three_days_after_its_last_use(
    database: Database, clock: MovableClock
) -> None:
    one, sessions = await connected(database), Sessions(database, clock)
    await sessions.keep("key", b"data", one.id, None)
    clock.move(2 * DAY)
    found = await sessions.find("key")
    assert found is not None
    await sessions.keep("key", b"more", one.id, found.started_at)
    clock.move(2 * DAY)

    assert b"more" == await sessions.get("key")
    clock.move(2 * DAY)
    assert await sessions.find("key") is None


async def test_a_session_ends_fourteen_days_after_its_sign_in(
    database: Database, clock: MovableClock
) -> None:
    one, sessions, began = await connected(database), Sessions(database, clock), clock.now()
    for _ in range(13):
        await sessions.keep("key", b"data", one.id, began)
        clock.move(DAY)
    assert await sessions.exists("key")
    await sessions.keep("key", b"data", one.id, began)
    clock.move(DAY + 1)

    assert not await sessions.exists("key")


async def test_a_stranger_s_session_ends_after_an_hour(
    database: Database, clock: MovableClock
) -> None:
    sessions = Sessions(database, clock)
    await sessions.set("key", "data")
    clock.move(3599)
    assert 1 == await sessions.expires_in("key")
    clock.move(2)

    assert (False, None) == (await sessions.exists("key"), await sessions.expires_in("key"))


async def test_all_sessions_of_one_merchant_end_and_no_others(
    database: Database, clock: MovableClock
) -> None:
    one, two = await connected(database), await connected(database, "org-2", "def456")
    sessions = Sessions(database, clock)
    for key, connection_id in (
        ("a", one.id),
        ("b", one.id),
        ("c", one.id),
        ("d", two.id),
        ("e", None),
    ):
        await sessions.keep(key, b"data", connection_id, None)
    async with database.transaction() as tx:
        ended = await end_all(tx, one.id, but="b")

    assert (2, [False, True, False, True, True]) == (
        ended,
        [await sessions.exists(key) for key in "abcde"],
    )


async def test_a_hook_key_is_unreadable_on_disk_and_found_by_its_hash(database: Database) -> None:
    one = await connected(database)
    address = f"https://brygga.example/hooks/zettle/{one.hook_key}"
    hook = subscriptions.Subscription(Platform.ZETTLE, "s1", "all", address, "ACTIVE", "signing")
    async with database.transaction() as tx:
        await subscriptions.save(tx, one.id, hook, NOON)
        kept = await subscriptions.all_of(tx, one.id, Platform.ZETTLE)
        found = await connections.by_hook_key(tx, one.hook_key)
        rows = [
            *await tx.rows(sa.select(tables.connections)),
            *await tx.rows(sa.select(tables.subscriptions)),
        ]

    assert found == one
    assert one.hook_key not in repr(one)
    assert not any(one.hook_key in str(value) for row in rows for value in row)
    assert ["https://brygga.example/hooks/zettle/…"] == [row.destination for row in kept]


async def test_a_hook_key_from_before_seals_is_sealed_at_the_start(database: Database) -> None:
    one = await connected(database)
    async with database.transaction() as tx:
        await tx.run(
            sa.update(tables.connections).values(hook_key=one.hook_key, hook_key_sealed=None)
        )
        before = await connections.by_id(tx, one.id)
        counted = await hook_keys.seal_all(tx), await hook_keys.seal_all(tx)
        after = await connections.by_hook_key(tx, one.hook_key)
        left = await tx.scalar(sa.select(tables.connections.c.hook_key))

    assert one == before == after
    assert ((1, 0), None) == (counted, left)


async def test_a_connection_is_read_without_the_key_of_its_addresses(database: Database) -> None:
    """An operator whose keys are wrong still sees what there is."""
    one = await connected(database)
    async with Database(database.pool, Sealer(("n" * 32,))).read() as tx:
        found = await connections.by_id(tx, one.id)

    assert replace(one, hook_key="") == found


async def test_acts_are_written_down_and_kept_for_a_year(database: Database) -> None:
    one = await connected(database)
    entry = Entry(Act.SIGNED_IN, Actor.MERCHANT, one.id, "192.0.2.1", "r1", {"what": "x"})
    async with database.transaction() as tx:
        await audit.add(tx, entry, NOON)
        await audit.add(tx, Entry(Act.KEYS_CHANGED, Actor.OPERATOR), NOON)
        own, nobodys = await audit.of(tx, one.id), await audit.of(tx, None)
        kept = (
            await audit.prune(tx, NOON + timedelta(days=400)),
            await audit.prune(tx, NOON + timedelta(days=401)),
        )

    assert [replace(entry, at=NOON)] == list(own)
    assert [Act.KEYS_CHANGED] == [one.act for one in nobodys]
    assert (0, 2) == kept


async def test_a_change_of_keys_ends_with_the_old_key_no_longer_needed(database: Database) -> None:
    one = await connected(database)
    both, new = Sealer(("n" * 32, *SEALER.secrets)), Sealer(("n" * 32,))
    secret = Token("a1", NOON, refresh="r1")
    hook = subscriptions.Subscription(
        Platform.ZETTLE, "s1", "all", "https://x/h", "ACTIVE", "signing"
    )
    async with database.transaction() as tx:
        await tokens.save(tx, one.id, Platform.ZETTLE, secret)
        await subscriptions.save(tx, one.id, hook, NOON)

    changing = Database(database.pool, both)
    async with changing.transaction() as tx:
        counted = (
            await resealing.outdated(tx),
            await resealing.reseal(tx),
            await resealing.outdated(tx),
        )
        again = await resealing.reseal(tx)
    async with Database(database.pool, new).read() as tx:
        opened = await tokens.get(tx, one.id, Platform.ZETTLE)
        keys = await subscriptions.signing_keys(tx, one.id, Platform.ZETTLE)

    assert (3, 3, 0, 0) == (*counted, again)
    assert (secret, ["signing"]) == (opened, list(keys))


async def test_a_secret_that_no_key_opens_stops_the_change_and_nothing_is_lost(
    database: Database,
) -> None:
    one = await connected(database)
    secret = Token("a1", NOON)
    async with database.transaction() as tx:
        await tokens.save(tx, one.id, Platform.BIGCOMMERCE, secret)

    with pytest.raises(SealBroken):
        async with Database(database.pool, Sealer(("n" * 32,))).transaction() as tx:
            await resealing.reseal(tx)
    async with database.read() as tx:
        assert secret == await tokens.get(tx, one.id, Platform.BIGCOMMERCE)


async def test_a_signed_message_is_remembered_beyond_its_last_minute(database: Database) -> None:
    """Whoever reads one allows for a minute of another clock: until then it is still used."""
    ends = NOON + timedelta(hours=24)
    async with database.transaction() as tx:
        await signed_messages.use(tx, "m", Purpose.LOAD, ends)
        await signed_messages.prune(tx, ends + timedelta(minutes=1))
        stolen = await signed_messages.use(tx, "m", Purpose.UNINSTALL, ends)
        gone = await signed_messages.prune(tx, ends + timedelta(minutes=61))

    assert (Use.FOREIGN, 1) == (stolen, gone)
