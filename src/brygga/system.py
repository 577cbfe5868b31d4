"""The machine's own clock and random source, as `brygga.seams` describes them."""

import asyncio
import secrets
import time
import uuid
from datetime import UTC, datetime


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class SystemDice:
    """The operating system's randomness. Uuids carry a random multicast node, so that they
    name no machine (RFC 9562, 6.10).
    """

    def __init__(self) -> None:
        self._node = secrets.randbits(48) | 1 << 40

    def uuid1(self) -> str:
        return str(uuid.uuid1(node=self._node))

    def token(self) -> str:
        return secrets.token_urlsafe(32)

    def random(self) -> float:
        return secrets.SystemRandom().random()
