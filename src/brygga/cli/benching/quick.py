"""A clock that runs faster than the machine's, so that a quota of thirty seconds takes five."""

import asyncio
from datetime import datetime, timedelta

from brygga.system import SystemClock


class QuickClock:
    """The machine's clock from `start` on, `speed` times as fast. Processes with the same start and
    speed have the same time.
    """

    def __init__(self, start: datetime, speed: float = 1.0) -> None:
        self.start, self.speed, self.real = start, speed, SystemClock()
        self.began = self.real.monotonic() - (self.real.now() - start).total_seconds()

    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return (self.real.monotonic() - self.began) * self.speed

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self.speed)


class SandboxClock:
    """The same for the sandbox, which counts in Unix seconds."""

    def __init__(self, clock: QuickClock) -> None:
        self.clock = clock

    def now(self) -> float:
        return self.clock.now().timestamp()

    async def sleep(self, seconds: float) -> None:
        await self.clock.sleep(seconds)
