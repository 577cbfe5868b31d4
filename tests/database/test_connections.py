"""Who is connected with whom, and how far: one account, one store."""

from datetime import timedelta

import pytest

from brygga.core.model import Choices, Stage
from brygga.database import connections
from brygga.database.engine import Database
from tests.conftest import NOON
from tests.database.merchants import account, connected, shop

LATER = NOON + timedelta(minutes=5)


@pytest.mark.rule("C2")
async def test_a_store_of_another_account_is_refused_and_the_holder_named(
    database: Database,
) -> None:
    first = await connected(database)

    async with database.transaction() as tx:
        second = await connections.start(tx, account("org-2"), "hook-2", NOON)
        with pytest.raises(connections.StoreTaken) as refused:
            await connections.set_shop(tx, second.id, shop())
        still_usable = await connections.by_id(tx, second.id)

    assert (first.id, None) == (
        refused.value.connection.id,
        still_usable.shop if still_usable else "gone",
    )


@pytest.mark.rule("C2")
async def test_a_second_store_for_one_account_is_refused(database: Database) -> None:
    first = await connected(database)

    async with database.transaction() as tx:
        with pytest.raises(connections.AccountTaken) as refused:
            await connections.set_shop(tx, first.id, shop("other"))

    assert "abc123" == (refused.value.connection.shop and refused.value.connection.shop.store_hash)


@pytest.mark.rule("C2", "D4")
async def test_account_and_store_are_free_again_after_a_disconnect(database: Database) -> None:
    first = await connected(database)
    async with database.transaction() as tx:
        await connections.leave(tx, first.id, keep=True)
        await connections.disconnect(tx, first.id, LATER)

    async with database.transaction() as tx:
        again = await connections.start(tx, account(), "hook-again", LATER)
        await connections.set_shop(tx, again.id, shop())
        active = await connections.by_store(tx, "abc123")

    assert again.id != first.id
    assert active is not None
    assert again.id == active.id


async def test_signing_in_again_finds_the_same_connection_with_fresh_facts(
    database: Database,
) -> None:
    first = await connected(database)

    async with database.transaction() as tx:
        again = await connections.start(tx, account(name="Nya Krukan AB"), "another-hook", LATER)

    assert (first.id, "Nya Krukan AB", "hook-org-1") == (
        again.id,
        again.organization.name,
        again.hook_key,
    )


@pytest.mark.rule("C11")
async def test_a_step_of_the_set_up_is_taken_once(database: Database) -> None:
    async with database.transaction() as tx:
        begun = await connections.start(tx, account(), "hook", NOON)
        await connections.set_choices(tx, begun.id, Choices(prices=True))
        steps = [
            await connections.set_stage(tx, begun.id, Stage.RUNNING, [Stage.ZETTLE_CONNECTED])
            for _ in range(2)
        ]
        now = await connections.by_id(tx, begun.id)

    assert [True, False] == steps
    assert now is not None
    assert Choices(prices=True) == now.choices


async def test_a_pause_and_an_outage_are_news_once(database: Database) -> None:
    one = await connected(database)

    async with database.transaction() as tx:
        reported = [await connections.pause(tx, one.id, "access_gone") for _ in range(2)]
        reported += [await connections.unreachable(tx, one.id, NOON) for _ in range(2)]
        reported += [await connections.reachable(tx, one.id) for _ in range(2)]
        reported += [await connections.resume(tx, one.id) for _ in range(2)]

    assert [True, False] * 4 == reported
