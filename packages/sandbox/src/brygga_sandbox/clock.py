"""The sandbox's time: the machine's, the event loop's (which a test may make virtual), or a clock
that is advanced by hand.

Nothing else in the sandbox reads the time.
"""

import asyncio
import heapq
import time
from datetime import UTC, datetime
from email.utils import format_datetime
from itertools import count
from typing import Protocol, runtime_checkable


class Clock(Protocol):
    """Unix time in seconds, and waiting on it."""

    def now(self) -> float: ...

    async def sleep(self, seconds: float) -> None: ...


@runtime_checkable
class SettableClock(Clock, Protocol):
    """A clock that a snapshot can restore."""

    def set(self, moment: float) -> None: ...


class RealClock:
    """The machine's clock."""

    def now(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class MovableClock:
    """The machine's clock plus an offset. It runs by itself, and `advance` moves it forward."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self.sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self.numbers = count()

    def now(self) -> float:
        return time.time() + self.ahead

    def set(self, moment: float) -> None:
        """Continue from that time, earlier or later. Sleepers keep their remaining time."""
        self.ahead = moment - time.time()

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        loop = asyncio.get_running_loop()
        alarm: asyncio.Future[None] = loop.create_future()
        heapq.heappush(self.sleepers, (self.now() + seconds, next(self.numbers), alarm))
        timer = loop.call_later(seconds, ring, alarm)
        try:
            await alarm
        finally:
            timer.cancel()
            self.sleepers = [one for one in self.sleepers if one[2] is not alarm]
            heapq.heapify(self.sleepers)

    async def advance(self, seconds: float) -> None:
        """Advance by that many seconds. Each sleeper wakes at its own time and runs before the
        next.

        Longer sleepers keep the rest of their time.
        """
        until = self.now() + seconds
        await breathe()
        while self.sleepers and self.sleepers[0][0] <= until:
            moment, _, alarm = heapq.heappop(self.sleepers)
            self.ahead += max(0.0, moment - self.now())
            ring(alarm)
            await breathe()
        self.ahead += max(0.0, until - self.now())
        for moment, _, alarm in self.sleepers:
            asyncio.get_running_loop().call_later(max(0.0, moment - self.now()), ring, alarm)
        await breathe()


async def sleep_until(clock: Clock, moment: float) -> None:
    """Sleep until a time, exactly where the clock can."""
    if isinstance(clock, ManualClock):
        await clock.sleep_until(moment)
    else:
        await clock.sleep(moment - clock.now())


def ring(alarm: asyncio.Future[None]) -> None:
    """Wake a sleeper that is still waiting."""
    if not alarm.done():
        alarm.set_result(None)


class LoopClock:
    """The running event loop's time, counted from `epoch` (Unix seconds). On a loop with virtual
    time it is virtual too.

    `origin` is the loop time that equals `epoch`. By default it is the loop time of the first read.
    """

    def __init__(self, epoch: float, origin: float | None = None) -> None:
        self.epoch = epoch
        self.origin = origin

    def now(self) -> float:
        loop_time = asyncio.get_running_loop().time()
        if self.origin is None:
            self.origin = loop_time
        return self.epoch + (loop_time - self.origin)

    def set(self, moment: float) -> None:
        """Continue from that time, earlier or later. Sleepers keep their remaining time."""
        self.epoch += moment - self.now()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class ManualClock:
    """A clock that stands still until `advance`. Sleepers wake in the order of their alarms."""

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self.time = start
        self.sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self.numbers = count()

    def now(self) -> float:
        return self.time

    def set(self, moment: float) -> None:
        """Continue from that time, earlier or later. Sleepers that are due by then wake."""
        self.time = moment
        for alarm in [one[2] for one in self.sleepers if one[0] <= moment]:
            ring(alarm)
        self.sleepers = [one for one in self.sleepers if not one[2].done()]
        heapq.heapify(self.sleepers)

    async def sleep(self, seconds: float) -> None:
        await self.sleep_until(self.time + seconds)

    async def sleep_until(self, moment: float) -> None:
        """Sleep until exactly that time."""
        if moment <= self.time:
            await asyncio.sleep(0)
            return
        alarm: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self.sleepers, (moment, next(self.numbers), alarm))
        await alarm

    async def advance(self, seconds: float) -> None:
        """Advance by that many seconds. Each sleeper wakes at its own time and runs before the
        next.
        """
        await self.advance_to(self.time + seconds)

    async def advance_to(self, until: float) -> None:
        """Advance to exactly that time."""
        await breathe()
        while self.sleepers and self.sleepers[0][0] <= until:
            moment, _, alarm = heapq.heappop(self.sleepers)
            self.time = max(self.time, moment)
            if not alarm.done():
                alarm.set_result(None)
                await breathe()
        # Two callers may advance it at once.
        self.time = max(self.time, until)
        await breathe()


class SteppedClock(ManualClock):
    """A clock that `run` advances like the machine's, in small steps. It stands still between two
    steps.
    """

    def __init__(self) -> None:
        super().__init__(time.time())

    async def run(self, step: float = 0.02) -> None:
        """Run until cancelled."""
        last = time.monotonic()
        while True:
            await asyncio.sleep(step)
            now = time.monotonic()
            await self.advance(now - last)
            last = now


async def breathe(turns: int = 20) -> None:
    """Let every task that can run do so. Work in memory needs one turn per handover. Work over
    sockets is not awaited.
    """
    for _ in range(turns):
        await asyncio.sleep(0)


def iso(moment: float, *, digits: int = 3) -> str:
    """ISO 8601 in UTC with Z and that many decimals: 2024-02-01T09:40:11.999Z."""
    whole = datetime.fromtimestamp(int(moment), UTC).strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f".{int((moment % 1) * 10**digits):0{digits}d}" if digits else ""
    return f"{whole}{fraction}Z"


def http_date(moment: float) -> str:
    """The time in the form of a `Date` header (RFC 9110, 5.6.7): Thu, 01 Feb 2024 09:40:11 GMT.
    Fractions are cut off, never rounded up.
    """
    return format_datetime(datetime.fromtimestamp(int(moment), UTC), usegmt=True)
