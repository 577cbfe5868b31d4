"""The end of a key change: secrets that were sealed with an older key are sealed again with the
first, so that the older key can be deleted.
"""

import sqlalchemy as sa

from brygga.database import alert_settings, hook_keys
from brygga.database.engine import Tx
from brygga.database.tables import subscriptions, tokens


async def reseal(tx: Tx) -> int:
    """Returns how many secrets were sealed with another key than the first. Raises `SealBroken`
    when one does not open; then nothing is changed.
    """
    own = await _tokens(tx) + await _signing_keys(tx)
    return own + await hook_keys.reseal(tx) + await alert_settings.reseal(tx)


async def outdated(tx: Tx) -> int:
    """How many secrets still need a key that is not the first."""
    return sum(not tx.sealer.is_newest(sealed) for sealed in await _kept(tx))


async def lost(tx: Tx) -> int:
    """How many secrets none of our keys opens."""
    return sum(not tx.sealer.has_key_of(sealed) for sealed in await _kept(tx))


async def _kept(tx: Tx) -> list[bytes]:
    queries = (
        sa.select(tokens.c.sealed),
        _with_a_key(),
        hook_keys.with_a_seal(),
        alert_settings.with_a_seal(),
    )
    return [row[0] for query in queries for row in await tx.rows(query)]


def _with_a_key() -> "sa.Select[bytes | None]":
    return sa.select(subscriptions.c.signing_key).where(subscriptions.c.signing_key.is_not(None))


async def _tokens(tx: Tx) -> int:
    c = tokens.c
    changed = 0
    for row in await tx.rows(sa.select(c.connection_id, c.platform, c.sealed).with_for_update()):
        if tx.sealer.is_newest(row.sealed):
            continue
        place = ("tokens", row.connection_id, row.platform)
        sealed = tx.sealer.seal(tx.sealer.open(row.sealed, *place), *place)
        where = (c.connection_id == row.connection_id, c.platform == row.platform)
        changed += await tx.run(sa.update(tokens).where(*where).values(sealed=sealed))
    return changed


async def _signing_keys(tx: Tx) -> int:
    c = subscriptions.c
    changed = 0
    wanted = sa.select(c.connection_id, c.platform, c.subscription_id, c.signing_key).where(
        c.signing_key.is_not(None)
    )
    for row in await tx.rows(wanted.with_for_update()):
        if tx.sealer.is_newest(row.signing_key):
            continue
        place = ("subscriptions", row.connection_id, row.platform)
        sealed = tx.sealer.seal(tx.sealer.open(row.signing_key, *place), *place)
        where = (
            c.connection_id == row.connection_id,
            c.platform == row.platform,
            c.subscription_id == row.subscription_id,
        )
        changed += await tx.run(sa.update(subscriptions).where(*where).values(signing_key=sealed))
    return changed
