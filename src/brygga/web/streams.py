"""Saves webhooks that come in a stream together.

One message is saved at once. Messages about one connection that come in a stream, as during an
import, are saved together, each stream by itself: one merchant never waits for another's. A message
is answered when the transaction that holds it has committed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Generic, TypeVar

from brygga.database.engine import Database, Tx
from brygga.database.queue import first_of
from brygga.seams import Clock

AT_ONCE: Final = 8
"""The number of transactions with messages at the same time. An import brings hundreds at once.
Those that wait hold no database connection, so that pages and work keep theirs.
"""
STREAM_S: Final = 1.0
"""A message within this time after another one of its connection is part of a stream."""
LINGER_S: Final = 0.2
"""How long a message of a stream waits for others, unless it is urgent."""
FULL: Final = 16
"""Nobody waits for more messages than these."""
MOST_STREAMS: Final = 5_000
"""More connections than these are forgotten where nothing waits."""

E = TypeVar("E")


@dataclass(slots=True, eq=False)
class Message(Generic[E]):
    event: E
    at: datetime
    body: bytes = b""
    is_saved: bool | None = None
    """False: the connection is over. None until it was saved."""


@dataclass(slots=True)
class Stream(Generic[E]):
    """The messages of one connection."""

    waiting: list[Message[E]] = field(default_factory=list)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    hurry: asyncio.Event = field(default_factory=asyncio.Event)
    saved_at: float = float("-inf")

    @property
    def is_busy(self) -> bool:
        return bool(self.waiting) or self.lock.locked()

    def taken(self, own: Message[E]) -> list[Message[E]]:
        """Everything that waits, with this one."""
        waiting, self.waiting = self.waiting, []
        self.hurry.clear()
        return waiting if own in waiting else [own, *waiting]


@dataclass(slots=True)
class Streams(Generic[E]):
    """The streams of one platform in one process. `record` saves messages of one connection, each
    once, and returns False when the connection is over.
    """

    database: Database
    clock: Clock
    slots: asyncio.Semaphore
    record: Callable[[Tx, int, Sequence[Message[E]]], Awaitable[bool]]
    linger_s: float = LINGER_S
    streams: dict[int, Stream[E]] = field(default_factory=dict)

    async def save(
        self, connection_id: int, event: E, body: bytes = b"", *, urgent: bool = False
    ) -> bool:
        """Returns when the message is on disk. False: its connection is over, nothing was saved.

        Whoever comes first saves everything that waits. If that fails, the others try by
        themselves.
        """
        stream = self._stream(connection_id)
        message = Message(event, self.clock.now(), body)
        stream.waiting.append(message)
        if urgent or len(stream.waiting) >= FULL:
            stream.hurry.set()
        async with stream.lock:
            if message.is_saved is None:
                await self._linger(stream)
                batch = stream.taken(message)
                async with self.slots, self.database.transaction() as tx:
                    is_saved = await self.record(tx, connection_id, batch)
                for one in batch:
                    one.is_saved = is_saved
                stream.saved_at = self.clock.monotonic()
        return message.is_saved is True

    def _stream(self, connection_id: int) -> Stream[E]:
        if connection_id not in self.streams and len(self.streams) >= MOST_STREAMS:
            self.streams = {id_: one for id_, one in self.streams.items() if one.is_busy}
        return self.streams.setdefault(connection_id, Stream())

    async def _linger(self, stream: Stream[E]) -> None:
        if not stream.hurry.is_set() and self.clock.monotonic() - stream.saved_at < STREAM_S:
            await first_of(self.clock.sleep(self.linger_s), stream.hurry.wait())
