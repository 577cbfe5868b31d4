"""Sessions of operators, apart from those of merchants. A key is kept as its hash, and so is the
secret that opened the session: a session ends with its secret.

used          ends an hour after its last use
whatever      ends 12 hours after its sign-in
"""

import hashlib
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from brygga.database.access_tables import operator_sessions
from brygga.database.engine import Tx

IDLE: Final = timedelta(hours=1)
WHOLE: Final = timedelta(hours=12)
STEP: Final = timedelta(minutes=5)
"""How much its remaining time may shrink before a session in use is written to extend it."""


async def begin(tx: Tx, key: str, secret: str, now: datetime) -> None:
    """`secret` names the secret that was typed: its hash."""
    values = {
        "key": _hashed(key),
        "secret": secret,
        "started_at": now,
        "expires_at": now + IDLE,
    }
    await tx.run(sa.insert(operator_sessions).values(**values))


async def opened_by(tx: Tx, key: str, now: datetime) -> str:
    """The hash of the secret that opened this session, "" where it has ended or never was."""
    c = operator_sessions.c
    wanted = sa.select(c.secret, c.started_at, c.expires_at).where(
        c.key == _hashed(key), c.expires_at > now
    )
    row = await tx.first(wanted)
    if row is None:
        return ""
    ends = min(now + IDLE, row.started_at + WHOLE)
    if ends - row.expires_at >= STEP:
        extended = sa.update(operator_sessions).where(c.key == _hashed(key))
        await tx.run(extended.values(expires_at=ends))
    return str(row.secret)


async def end(tx: Tx, key: str) -> None:
    await tx.run(sa.delete(operator_sessions).where(operator_sessions.c.key == _hashed(key)))


async def end_all(tx: Tx) -> int:
    """Signs every operator out, and returns how many sessions ended."""
    return await tx.run(sa.delete(operator_sessions))


async def prune(tx: Tx, now: datetime) -> int:
    return await tx.run(sa.delete(operator_sessions).where(operator_sessions.c.expires_at < now))


def _hashed(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
