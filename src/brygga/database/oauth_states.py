"""A sign-in that was begun can be finished once, in time, and only in the browser that began it."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from brygga.database.engine import Tx
from brygga.database.tables import oauth_states
from brygga.database.tokens import Platform

_NOTHING: Mapping[str, str] = MappingProxyType({})


async def begin(
    tx: Tx,
    platform: Platform,
    state: str,
    browser: str,
    *,
    expires_at: datetime,
    payload: Mapping[str, str] = _NOTHING,
) -> None:
    """`browser` names the session that begins the sign-in. `payload` is what its end needs: the
    page to go on to, and the connection.
    """
    values = {
        "key": _hashed(state),
        "browser": _hashed(browser),
        "platform": platform.value,
        "payload": dict(payload),
        "expires_at": expires_at,
    }
    await tx.run(sa.insert(oauth_states).values(**values))


async def take(
    tx: Tx, platform: Platform, state: str, browser: str, now: datetime
) -> Mapping[str, str] | None:
    """The payload, once. None when the state is unknown, used, too late, of another platform or of
    another browser. In each case it is used up.
    """
    c = oauth_states.c
    row = await tx.first(
        sa.delete(oauth_states)
        .where(c.key == _hashed(state))
        .returning(c.browser, c.platform, c.payload, c.expires_at)
    )
    if (
        row is None
        or row.expires_at <= now
        or row.platform != platform.value
        or row.browser != _hashed(browser)
    ):
        return None
    payload: dict[str, Any] = row.payload

    return payload


async def prune(tx: Tx, now: datetime) -> int:
    return await tx.run(sa.delete(oauth_states).where(oauth_states.c.expires_at < now))


def _hashed(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
