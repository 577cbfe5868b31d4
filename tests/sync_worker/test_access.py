"""The merchant's access to Zettle while its sign-in is out of reach (rule C1)."""

from datetime import timedelta

import pytest

from brygga.core.failures import Unreachable
from brygga.database import tokens
from brygga.database.engine import Database
from brygga.database.tokens import Platform, Token
from brygga.sync.connection.access import ZettleAccess
from brygga.zettle.oauth import Grant
from tests.conftest import NOON, MovableClock
from tests.database.merchants import connected


async def out_of_reach(refresh_token: str) -> Grant:
    raise Unreachable("unreachable", "429")


async def access(database: Database, clock: MovableClock, lasts: timedelta) -> ZettleAccess:
    """Of a merchant whose token ends when we think it does."""
    one = await connected(database)
    token = Token("access", issued_at=NOON, refresh="refresh", expires_at=NOON + lasts)
    async with database.transaction() as tx:
        await tokens.save(tx, one.id, Platform.ZETTLE, token)
    return ZettleAccess(one.id, database.transaction, out_of_reach, clock)


@pytest.mark.rule("C1")
async def test_a_token_that_was_refused_is_not_shown_again(
    database: Database, clock: MovableClock
) -> None:
    """Zettle ended it early. Shown again it would be refused again, and that would be taken for the
    end of the access.
    """
    ours = await access(database, clock, timedelta(hours=2))

    with pytest.raises(Unreachable):
        await ours.renew("access")

    async with database.read() as tx:
        kept = await tokens.get(tx, ours.connection_id, Platform.ZETTLE)
    assert kept is not None
    assert (None, None, "refresh") == (kept.revoked_at, kept.refresh_started_at, kept.refresh)


@pytest.mark.rule("C1")
async def test_a_token_that_ends_soon_serves_until_then(
    database: Database, clock: MovableClock
) -> None:
    ours = await access(database, clock, timedelta(minutes=5))

    assert "access" == await ours()
    clock.move(301)
    with pytest.raises(Unreachable):
        await ours()
