"""Browser sessions in the database, behind Litestar's store interface. A key is kept as its hash: a
copy of the table opens no session.
"""

import hashlib
from datetime import timedelta

import sqlalchemy as sa
from litestar.stores.base import Store
from sqlalchemy.dialects.postgresql import insert

from brygga.database.engine import Database, Tx
from brygga.database.tables import sessions
from brygga.seams import Clock


class Sessions(Store):
    """For `StoreRegistry({"sessions": Sessions(database, clock)})`."""

    __slots__ = ("_clock", "_database")

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def set(
        self, key: str, value: str | bytes, expires_in: int | timedelta | None = None
    ) -> None:
        values = {
            "data": value.encode() if isinstance(value, str) else value,
            "expires_at": self._expiry(expires_in),
        }
        statement = insert(sessions).values(key=_hashed(key), **values)
        async with self._database.transaction() as tx:
            await tx.run(statement.on_conflict_do_update(index_elements=["key"], set_=values))

    async def get(self, key: str, renew_for: int | timedelta | None = None) -> bytes | None:
        """The data of a session that has not expired, which `renew_for` gives new time."""
        if renew_for is None:
            async with self._database.read() as tx:
                found: bytes | None = await tx.scalar(
                    sa.select(sessions.c.data).where(*self._active(key))
                )
        else:
            statement = (
                sa.update(sessions)
                .where(*self._active(key))
                .values(expires_at=self._expiry(renew_for))
            )
            async with self._database.transaction() as tx:
                found = await tx.scalar(statement.returning(sessions.c.data))
        return found

    async def delete(self, key: str) -> None:
        async with self._database.transaction() as tx:
            await tx.run(sa.delete(sessions).where(sessions.c.key == _hashed(key)))

    async def delete_all(self) -> None:
        async with self._database.transaction() as tx:
            await tx.run(sa.delete(sessions))

    async def exists(self, key: str) -> bool:
        return await self.get(key) is not None

    async def expires_in(self, key: str) -> int | None:
        """Seconds; -1 for a session without an end, None for one that is not there."""
        async with self._database.read() as tx:
            row = await tx.first(sa.select(sessions.c.expires_at).where(*self._active(key)))
        if row is None:
            return None
        return (
            -1
            if row.expires_at is None
            else int((row.expires_at - self._clock.now()).total_seconds())
        )

    def _active(self, key: str) -> tuple[sa.ColumnElement[bool], ...]:
        c = sessions.c
        return c.key == _hashed(key), sa.or_(
            c.expires_at.is_(None), c.expires_at > self._clock.now()
        )

    def _expiry(self, expires_in: int | timedelta | None) -> object:
        if expires_in is None:
            return None
        return self._clock.now() + (
            expires_in if isinstance(expires_in, timedelta) else timedelta(seconds=expires_in)
        )


async def prune(tx: Tx, now: object) -> int:
    return await tx.run(sa.delete(sessions).where(sessions.c.expires_at < now))


def _hashed(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
