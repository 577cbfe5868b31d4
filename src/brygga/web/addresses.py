"""Which connection the address of a webhook belongs to, asked before the body is read."""

import asyncio
import contextlib
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from litestar.exceptions import HTTPException

from brygga.core.model import Connection, Stage
from brygga.database import connections, subscriptions
from brygga.database.engine import Database
from brygga.database.tokens import Platform
from brygga.web.limits import FORGED_HOOK, MISSED_HOOK, Limits

AT_ONCE: Final = 4
"""The number of addresses that are looked up at the same time, so that a flood leaves database
connections to pages and work.
"""
MOST_PROVEN: Final = 20_000


@dataclass(frozen=True, slots=True)
class Addressed:
    """An active connection, and the keys that prove a message from its platform."""

    connection: Connection
    keys: Sequence[str] = field(repr=False)


@dataclass(slots=True)
class Addresses:
    """For one process."""

    database: Database
    limits: Limits
    _proven: dict[bytes, None] = field(default_factory=dict)
    _asking: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def find(self, platform: Platform, hook_key: str, source: str) -> Addressed | None:
        """Raises `TooMany` for a source that has guessed too often, or failed too often at this
        address.
        """
        name = _name(hook_key)
        self.limits.check(FORGED_HOOK, name.hex(), source)
        if name not in self._proven:
            self.limits.check(MISSED_HOOK, source)
        async with self._asking:
            found = await look_up(self.database, platform, hook_key)
        if found is None:
            self._proven.pop(name, None)
            self.limits.failed(MISSED_HOOK, source)
        return found

    @contextlib.contextmanager
    def reading(self, hook_key: str, source: str) -> Iterator[None]:
        """A body that arrives incomplete is a failure at this address."""
        try:
            yield
        except HTTPException:
            self.note(hook_key, source, 400)
            raise

    def note(self, hook_key: str, source: str, status: int) -> None:
        """Counts the outcome of a message to an address that belongs to a connection."""
        name = _name(hook_key)
        if status == 200:
            self._proven.pop(name, None)
            self._proven[name] = None
            if len(self._proven) > MOST_PROVEN:
                del self._proven[next(iter(self._proven))]
        elif status in {400, 401}:
            self.limits.failed(FORGED_HOOK, name.hex(), source)


async def look_up(database: Database, platform: Platform, hook_key: str) -> Addressed | None:
    """None for an address that belongs to no connection, or no longer to one."""
    async with database.read() as tx:
        connection = await connections.by_hook_key(tx, hook_key)
        if connection is None or connection.stage is Stage.DISCONNECTED:
            return None
        return Addressed(connection, await subscriptions.signing_keys(tx, connection.id, platform))


def _name(hook_key: str) -> bytes:
    return hashlib.sha256(hook_key.encode("utf-8", "replace")).digest()
