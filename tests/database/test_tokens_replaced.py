"""Which token counts while a merchant gives access anew (rule C3)."""

from datetime import timedelta

import pytest

from brygga.core.failures import fingerprint
from brygga.database import tokens
from brygga.database.engine import Database
from brygga.database.tokens import Platform, Token
from tests.conftest import NOON
from tests.database.merchants import connected

SECOND = timedelta(seconds=1)


async def holding(database: Database, access: str = "first") -> int:
    one = await connected(database)
    async with database.transaction() as tx:
        await tokens.save(tx, one.id, Platform.BIGCOMMERCE, Token(access, NOON))
        await tokens.save(tx, one.id, Platform.ZETTLE, Token("till", NOON, "refresh"))
    return one.id


@pytest.mark.rule("C3")
async def test_of_two_approvals_the_token_that_was_given_last_stays(database: Database) -> None:
    """Whichever of them is written down last."""
    number = await holding(database)

    for given, access in ((2, "third"), (1, "second")):
        async with database.transaction() as tx:
            fresh = Token(access, NOON + given * SECOND)
            await tokens.save_newer(tx, number, Platform.BIGCOMMERCE, fresh)

    async with database.read() as tx:
        found = await tokens.get(tx, number, Platform.BIGCOMMERCE)
    assert found is not None
    assert "third" == found.access


@pytest.mark.rule("C3")
@pytest.mark.parametrize(
    ("after_s", "replaced"),
    [(5, True), (31, False)],
    ids=["while it goes on", "when it has come to nothing"],
)
async def test_a_refusal_during_an_approval_is_no_end(
    database: Database, after_s: int, replaced: bool
) -> None:
    number = await holding(database)
    async with database.transaction() as tx:
        await tokens.begin_approval(tx, number, NOON)

    async with database.transaction() as tx:
        now = NOON + after_s * SECOND
        shop = await tokens.is_replaced(tx, number, fingerprint("first"), now)
        till = await tokens.is_replaced(tx, number, fingerprint("till"), now)

    assert (replaced, False) == (shop, till)


@pytest.mark.rule("D3")
async def test_tries_of_a_stranger_put_a_pause_off_once(database: Database) -> None:
    """Anybody can call the address where approvals come back; one call in ten minutes is written
    down.
    """
    number = await holding(database)

    for second in range(0, 120, 10):
        async with database.transaction() as tx:
            await tokens.begin_approval(tx, number, NOON + second * SECOND)

    async with database.transaction() as tx:
        assert not await tokens.is_replaced(tx, number, fingerprint("first"), NOON + 120 * SECOND)
