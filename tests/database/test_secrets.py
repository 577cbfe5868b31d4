"""What is secret on disk, and what a browser holds."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from brygga.database import oauth_states, resealing, subscriptions, tables, tokens
from brygga.database.engine import Database
from brygga.database.sealing import SealBroken, Sealer
from brygga.database.sessions import Sessions
from brygga.database.tokens import Platform, Token
from tests.conftest import NOON, SEALER, MovableClock
from tests.database.merchants import connected

LATER = NOON + timedelta(minutes=5)


async def test_a_token_is_unreadable_on_disk_and_in_print_and_opens_only_in_its_own_row(
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


async def test_a_session_ends_unless_it_is_used(database: Database, clock: MovableClock) -> None:
    sessions = Sessions(database, clock)
    await sessions.set("key", b"data", expires_in=60)
    await sessions.set("other", "text", expires_in=60)

    clock.move(50)
    assert b"data" == await sessions.get("key", renew_for=60)
    assert 60 == await sessions.expires_in("key")
    clock.move(50)

    assert (b"data", None) == (await sessions.get("key"), await sessions.get("other"))
    await sessions.delete("key")
    assert not await sessions.exists("key")


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

    changing = Database(database.engine, both)
    async with changing.transaction() as tx:
        counted = (
            await resealing.outdated(tx),
            await resealing.reseal(tx),
            await resealing.outdated(tx),
        )
        again = await resealing.reseal(tx)
    async with Database(database.engine, new).read() as tx:
        opened = await tokens.get(tx, one.id, Platform.ZETTLE)
        keys = await subscriptions.signing_keys(tx, one.id, Platform.ZETTLE)

    assert (2, 2, 0, 0) == (*counted, again)
    assert (secret, ["signing"]) == (opened, list(keys))


async def test_a_secret_that_no_key_opens_stops_the_change_and_nothing_is_lost(
    database: Database,
) -> None:
    one = await connected(database)
    secret = Token("a1", NOON)
    async with database.transaction() as tx:
        await tokens.save(tx, one.id, Platform.BIGCOMMERCE, secret)

    with pytest.raises(SealBroken):
        async with Database(database.engine, Sealer(("n" * 32,))).transaction() as tx:
            await resealing.reseal(tx)
    async with database.read() as tx:
        assert secret == await tokens.get(tx, one.id, Platform.BIGCOMMERCE)
