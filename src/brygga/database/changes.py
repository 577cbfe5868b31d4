"""Which connections have something new to show, whichever process wrote it. No page polls the
database for it.

Commits of this process are delivered directly. Those of other processes come by NOTIFY, on a
connection that is open only while there are followers.
"""

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import psycopg

from brygga.database.engine import CHANGES, CHANNEL, Database
from brygga.seams import Clock

PAUSE_S: Final = 2.0
"""The pause between a lost connection and the next try."""


@dataclass(slots=True)
class Followed:
    """One connection that is followed. `version` rises with every change."""

    version: int = 0
    followers: int = 0
    _risen: asyncio.Event = field(default_factory=asyncio.Event)

    def rise(self) -> None:
        self.version += 1
        self._risen.set()

    async def beyond(self, version: int) -> None:
        """Returns once the version is higher than this."""
        while self.version <= version:
            self._risen.clear()
            await self._risen.wait()


@dataclass(slots=True)
class Changes:
    """The changes for one process. The first follower opens the listening connection, the last one
    closes it.
    """

    database: Database
    clock: Clock
    _followed: dict[int, Followed] = field(default_factory=dict)
    _ears: "asyncio.Task[None] | None" = None

    @contextlib.contextmanager
    def follow(self, connection_id: int) -> Iterator[Followed]:
        """Returns the same value to all followers of this connection."""
        one = self._followed.setdefault(connection_id, Followed())
        one.followers += 1
        silence = self.database.on_change(self._received) if self._ears is None else None
        if silence is not None:
            self._ears = asyncio.create_task(self._listen())
            self._ears.add_done_callback(lambda _: silence())
        try:
            yield one
        finally:
            one.followers -= 1
            if one.followers == 0:
                del self._followed[connection_id]
            if not self._followed and self._ears is not None:
                self._ears.cancel()
                self._ears = None

    def followed(self, connection_id: int) -> Followed | None:
        """None while nobody follows this connection: then nothing is heard of other processes."""
        return self._followed.get(connection_id)

    def _received(self, connection_id: int) -> None:
        """0 means unknown: every connection may have changed."""
        for one in (
            self._followed.values() if connection_id == 0 else (self._followed.get(connection_id),)
        ):
            if one is not None:
                one.rise()

    async def _listen(self) -> None:
        """Survives the loss of the database. After a lost connection, everything may have
        changed.
        """
        while True:
            with contextlib.suppress(psycopg.Error, OSError):
                async with await psycopg.AsyncConnection.connect(
                    self.database.url, autocommit=True
                ) as ears:
                    await ears.execute(f"LISTEN {CHANGES}")
                    await ears.execute(f"LISTEN {CHANNEL}")
                    self._received(0)
                    async for notice in ears.notifies():
                        ids = notice.payload.split()
                        for one in ids if notice.channel == CHANGES else ids[:1]:
                            self._received(int(one))
            await self.clock.sleep(PAUSE_S)
