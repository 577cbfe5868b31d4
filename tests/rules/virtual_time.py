"""An event loop on which waiting costs nothing: when nothing is ready, its time jumps to the next
timer.

While a socket is waited for (the database, during a statement) time stands still, so nothing runs
into a timeout because a machine is slow.
"""

import asyncio
import selectors
from concurrent.futures import ThreadPoolExecutor
from typing import Any

LEAST_S = 1e-6
"""A jump is at least so long: a wait for the rounding error of a time would otherwise never end."""


TIMEOUT_S = 10.0
"""Real seconds that a socket is waited for."""


class StandsStill(RuntimeError):
    """Everybody waits for somebody else: no timer, no socket, nothing ready."""


class _Jumping(selectors.DefaultSelector):
    """Asks the real sockets first; where there are none, the loop's time moves on instead."""

    loop: "VirtualLoop"

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, Any]]:
        # One is the loop's own, by which threads wake it.
        if len(self.get_map()) > 1 and timeout != 0:
            ready = super().select(TIMEOUT_S)
            if ready:
                return ready
            # A statement that nobody answers any more, as of a connection that is being closed:
            # time goes on without it.
            if timeout is None:
                raise StandsStill
            self.loop.jump(timeout)
            return []
        ready = super().select(0)
        if not ready and timeout is None:
            raise StandsStill
        if not ready and timeout:
            self.loop.jump(timeout)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """Begins at 0. Everything that sleeps by `asyncio` sleeps on its time."""

    def __init__(self) -> None:
        self._elapsed = 0.0
        selector = _Jumping()
        selector.loop = self
        super().__init__(selector)
        self.threads = ThreadPoolExecutor(thread_name_prefix="beside-virtual-time")
        self.set_default_executor(self.threads)

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - asyncio's own
        """Threads live in real time, which this loop has none of: they are waited for on the
        spot.
        """
        self.threads.shutdown()

    def time(self) -> float:
        return self._elapsed

    def jump(self, seconds: float) -> None:
        self._elapsed += max(seconds, LEAST_S)
