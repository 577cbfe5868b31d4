"""Which connection the address of a webhook belongs to, asked before the body is read."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from litestar.exceptions import HTTPException

from brygga.core.model import Connection, Stage
from brygga.database import receiving
from brygga.database.engine import Database
from brygga.database.tokens import Platform
from brygga.web.limits import FORGED_HOOK, MISSED_HOOK, Limits

AT_ONCE: Final = 4
"""The number of addresses that are looked up at the same time, so that a flood leaves database
connections to pages and work.
"""
MOST_PROVEN: Final = 20_000
KEPT_S: Final = 10.0
"""How long the address of a genuine message is not looked up again. A message that it does not
prove causes a look-up at once, and whether the connection still exists is read with every message.
"""
MOST_KEPT: Final = 2_000


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
    _kept: dict[tuple[Platform, bytes], tuple[float, Addressed]] = field(default_factory=dict)
    _looking: dict[tuple[Platform, bytes], tuple[asyncio.Lock, int]] = field(default_factory=dict)
    """By address: the lock of its look-up, and how many hold it or wait for it."""
    _asking: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def find(self, platform: Platform, hook_key: str, source: str) -> Addressed | None:
        """Raises `TooMany` for a source that has guessed too often, or failed too often at this
        address.
        """
        name = _name(hook_key)
        self.limits.check(FORGED_HOOK, name.hex(), source)
        if name not in self._proven:
            self.limits.check(MISSED_HOOK, source)
        if (kept := self._known(platform, name)) is not None:
            return kept
        async with self._of(platform, name), self._asking:
            # Messages come in bursts: another one of this address may have been proven meanwhile.
            if (kept := self._known(platform, name)) is not None:
                return kept
            found = await look_up(self.database, platform, hook_key)
        if found is None:
            self._proven.pop(name, None)
            self.limits.failed(MISSED_HOOK, source)
        return found

    @contextlib.asynccontextmanager
    async def _of(self, platform: Platform, name: bytes) -> AsyncIterator[None]:
        """One look-up of an address at a time."""
        of = (platform, name)
        lock, waiting = self._looking.get(of, (asyncio.Lock(), 0))
        self._looking[of] = (lock, waiting + 1)
        try:
            async with lock:
                yield
        finally:
            lock, waiting = self._looking.pop(of)
            if waiting > 1:
                self._looking[of] = (lock, waiting - 1)

    def _known(self, platform: Platform, name: bytes) -> Addressed | None:
        kept = self._kept.get((platform, name))
        if kept is None or self.limits.clock.monotonic() - kept[0] >= KEPT_S:
            return None
        return kept[1]

    async def again(self, platform: Platform, hook_key: str, found: Addressed) -> Addressed | None:
        """What `find` returned does not prove the message. Perhaps it was kept, and the keys are
        other ones by now.
        """
        if self._kept.pop((platform, _name(hook_key)), None) is None:
            return found
        async with self._asking:
            return await look_up(self.database, platform, hook_key)

    def keep(self, platform: Platform, hook_key: str, found: Addressed, status: int = 200) -> None:
        """Keeps the address of a message that is proven, or was accepted, for a while."""
        of = (platform, _name(hook_key))
        if status != 200:
            self._kept.pop(of, None)
        elif of not in self._kept or self._kept[of][1] is not found:
            self._kept.pop(of, None)
            self._kept[of] = (self.limits.clock.monotonic(), found)
            if len(self._kept) > MOST_KEPT:
                del self._kept[next(iter(self._kept))]

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
    async with database.read(once=True) as tx:
        found = await receiving.addressed(tx, hook_key, platform)
        if found is None or found[0].stage is Stage.DISCONNECTED:
            return None
        return Addressed(*found)


def _name(hook_key: str) -> bytes:
    return hashlib.sha256(hook_key.encode("utf-8", "replace")).digest()
