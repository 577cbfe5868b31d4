"""Browser sessions in the database. A key is kept as its hash: a copy of the table opens no
session.

signed in     ends 3 days after its last use, and 14 days after its sign-in whatever its use
not           ends an hour after its last use
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from litestar.stores.base import Store
from sqlalchemy.dialects.postgresql import insert

from brygga.database.engine import Database, Tx
from brygga.database.tables import sessions
from brygga.seams import Clock

IDLE: Final = timedelta(days=3)
WHOLE: Final = timedelta(days=14)
STRANGER: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Kept:
    """A session that has not ended."""

    data: bytes
    started_at: datetime
    expires_at: datetime


class Sessions(Store):
    """The store for `StoreRegistry({"sessions": Sessions(database, clock)})`. It has the methods
    that the framework requires, and `find` and `keep` for the pages' own backend.
    """

    __slots__ = ("_clock", "_database")

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def find(self, key: str) -> Kept | None:
        wanted = sa.select(sessions.c.data, sessions.c.started_at, sessions.c.expires_at)
        async with self._database.read() as tx:
            row = await tx.first(wanted.where(*self._active(key)))
        return None if row is None else Kept(row.data, row.started_at, row.expires_at)

    async def keep(
        self, key: str, data: bytes, connection_id: int | None, started_at: datetime | None
    ) -> None:
        """Saves a session. `started_at` None: it begins now."""
        now = self._clock.now()
        values = {
            "data": data,
            "connection_id": connection_id,
            "expires_at": expiry(connection_id, started_at or now, now),
        }
        statement = insert(sessions).values(
            key=_hashed(key), started_at=started_at or now, **values
        )
        async with self._database.transaction() as tx:
            await tx.run(statement.on_conflict_do_update(index_elements=["key"], set_=values))

    async def set(
        self, key: str, value: str | bytes, expires_in: int | timedelta | None = None
    ) -> None:
        await self.keep(key, value.encode() if isinstance(value, str) else value, None, None)

    async def get(self, key: str, renew_for: int | timedelta | None = None) -> bytes | None:
        found = await self.find(key)
        return None if found is None else found.data

    async def delete(self, key: str) -> None:
        async with self._database.transaction() as tx:
            await tx.run(sa.delete(sessions).where(sessions.c.key == _hashed(key)))

    async def delete_all(self) -> None:
        async with self._database.transaction() as tx:
            await tx.run(sa.delete(sessions))

    async def exists(self, key: str) -> bool:
        return await self.find(key) is not None

    async def expires_in(self, key: str) -> int | None:
        """In seconds. None for a session that does not exist."""
        found = await self.find(key)
        return (
            None if found is None else int((found.expires_at - self._clock.now()).total_seconds())
        )

    def _active(self, key: str) -> tuple[sa.ColumnElement[bool], ...]:
        return sessions.c.key == _hashed(key), sessions.c.expires_at > self._clock.now()


def expiry(connection_id: int | None, started_at: datetime, now: datetime) -> datetime:
    return now + STRANGER if connection_id is None else min(now + IDLE, started_at + WHOLE)


async def end_all(tx: Tx, connection_id: int, but: str = "") -> int:
    """Ends the sessions of that merchant and returns how many ended. `but` is the key of a session
    that stays.
    """
    c = sessions.c
    return await tx.run(
        sa.delete(sessions).where(c.connection_id == connection_id, c.key != _hashed(but))
    )


async def prune(tx: Tx, now: object) -> int:
    return await tx.run(sa.delete(sessions).where(sessions.c.expires_at < now))


def _hashed(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
