"""The gates where a call waits before it is sent. There is one per connection and platform. They
hold no secret and send nothing.
"""

from collections import deque
from collections.abc import Callable
from typing import Protocol

from brygga.seams import Clock
from brygga.wire.call import Answer, Call


class Gate(Protocol):
    async def enter(self, call: Call) -> None:
        """Waits until the call may be sent. Each call that entered must leave exactly once."""
        ...

    def left(self, call: Call, answer: Answer | None) -> None:
        """The call is over; None when no answer came."""
        ...


class OpenGate:
    """A gate that lets everything through: for sign-in, which belongs to no connection yet."""

    async def enter(self, call: Call) -> None:
        return

    def left(self, call: Call, answer: Answer | None) -> None:
        return


class GuardedGate:
    """A gate with a last check just before the call is sent, after all waiting: the lease must
    outlive the call.

    `check` raises LeaseLost when the call must not be sent any more.
    """

    def __init__(self, inner: Gate, check: Callable[[Call], None]) -> None:
        self.inner = inner
        self.check = check

    async def enter(self, call: Call) -> None:
        await self.inner.enter(call)
        try:
            self.check(call)
        except BaseException:
            self.inner.left(call, None)
            raise

    def left(self, call: Call, answer: Answer | None) -> None:
        self.inner.left(call, answer)


class WriteRefused(Exception):
    """A write was about to be sent for a connection that only reads. This is a bug of ours, and
    nothing was sent.
    """


class ReadOnlyGate:
    """A gate through which no write passes while `is_shut` says so. Every call of a connection goes
    through it, so nothing can be written around it.
    """

    def __init__(self, inner: Gate, is_shut: Callable[[], bool]) -> None:
        self.inner = inner
        self.is_shut = is_shut

    async def enter(self, call: Call) -> None:
        self._check(call)
        await self.inner.enter(call)
        try:
            self._check(call)
        except BaseException:
            self.inner.left(call, None)
            raise

    def left(self, call: Call, answer: Answer | None) -> None:
        self.inner.left(call, answer)

    def _check(self, call: Call) -> None:
        if call.is_write and self.is_shut():
            raise WriteRefused(f"{call.method} {call.path}")


class InventoryPace:
    """Zettle's inventory accepts four requests a second, measured continuously (zettle facts 7); we
    use three.

    Only calls of the serial group "inventory" are paced. After a 429 every call waits as long as
    Zettle says, or a second.
    """

    PER_SECOND = 3

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.starts: deque[float] = deque(maxlen=self.PER_SECOND)
        self.blocked_until = 0.0

    async def enter(self, call: Call) -> None:
        while (wait_s := self.wait_s(call)) > 0:
            await self.clock.sleep(wait_s)
        if call.serial_group == "inventory":
            self.starts.append(self.clock.monotonic())

    def wait_s(self, call: Call) -> float:
        """How long this call has to wait from now on; 0 or less when it may go."""
        now = self.clock.monotonic()
        wait_s = self.blocked_until - now if self.blocked_until else 0.0
        if call.serial_group == "inventory" and len(self.starts) == self.PER_SECOND:
            wait_s = max(wait_s, self.starts[0] + 1.0 - now)
        return wait_s

    def left(self, call: Call, answer: Answer | None) -> None:
        if answer is not None and answer.status == 429:
            self.blocked_until = self.clock.monotonic() + (asked_wait_s(answer) or 1.0)


LONGEST_ASKED_S = 3600.0
"""A larger value in a header is an error somewhere on the way. If we followed it, it would delay a
merchant's work for weeks.
"""


def asked_wait_s(answer: Answer) -> float | None:
    """How long the platform asks us to wait: the longest time in its headers, an hour at most. None
    when they say nothing.

    `Retry-After` and `X-Retry-After` count seconds; BigCommerce's reset counts milliseconds
    (bigcommerce facts 2.1).
    """
    waits = [header_number(answer, name) for name in ("retry-after", "x-retry-after")]
    reset = header_number(answer, "x-rate-limit-time-reset-ms")
    if reset is not None and answer.status == 429:
        waits.append(reset / 1000)
    return max((min(wait, LONGEST_ASKED_S) for wait in waits if wait is not None), default=None)


def header_number(answer: Answer, name: str) -> float | None:
    """A header's number, 0 or more; None when it is absent or no number."""
    try:
        found = float(answer.headers.get(name, ""))
    except ValueError:
        return None
    return found if 0 <= found < 10_000_000 else None
