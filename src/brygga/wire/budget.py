"""The request budget of one BigCommerce store, from the store's own headers (bigcommerce facts
2.1).

The store's window is fixed: a number of requests, full again at the reset. All apps of the store
share it, so we use the values in the headers and hard-code nothing. Ordinary calls are spread over
the window, as (left - kept) / time to reset. Urgent calls (stock) are not spread and may use what
is kept for them. A leaky bucket cannot do this: its burst plus its refill would fit into one
window.
"""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

from brygga.seams import Clock
from brygga.wire.call import Answer, Call
from brygga.wire.gates import asked_wait_s, header_number

KEPT_FOR_STOCK = 3
PARALLEL = 4  # bigcommerce facts 2.1: 3 to 4 parallel calls per store are sensible
SERIAL_GROUPS = frozenset(
    {"inventory", "assignments"}
)  # One writer of stock; assignments never in parallel (bigcommerce facts 2.1).
MARGIN_S = 0.05  # after the reset that the headers announce
LONGEST_BACKOFF_S = 60.0


class StoreBudget:
    """The gate of one store. Before it knows the budget, it lets one probe through and waits for
    its answer.
    """

    def __init__(
        self, clock: Clock, snapshot: Mapping[str, int] | None = None, parallel: int = PARALLEL
    ) -> None:
        self.clock = clock
        self.parallel = parallel
        self.known = False
        self.quota: int | None = None
        self.left_now: int | None = None
        """What is left in this window, less the calls in progress. None: the store names no limit.
        """
        self.window_s = 30.0
        self.reset_at = 0.0
        self.next_at = 0.0
        self.blocked_until = 0.0
        self.setbacks = 0
        self.under_way = 0
        self.groups: set[str] = set()
        self.changed = asyncio.Event()
        if snapshot is not None:
            self.restore(snapshot)

    async def enter(self, call: Call) -> None:
        while (wait_s := self.wait_s(call)) != 0:
            self.changed.clear()
            if wait_s is None:
                await self.changed.wait()
            else:
                await self.clock.sleep(wait_s)
        self._take(call)

    def wait_s(self, call: Call) -> float | None:
        """Seconds until this call may be tried again: 0 now, None when it has to wait until another
        call returns.
        """
        now = self.clock.monotonic()
        self._roll(now)
        if now < self.blocked_until:
            return self.blocked_until - now
        if self._is_crowded(call):
            return None
        if self.left_now is None:
            return 0
        if self.left_now <= (0 if call.urgent else KEPT_FOR_STOCK):
            return max(self.reset_at - now, MARGIN_S)
        return 0 if call.urgent else max(self.next_at - now, 0)

    def _is_crowded(self, call: Call) -> bool:
        if not self.known:
            return self.under_way > 0
        # An urgent call may run in addition to the ordinary calls.
        full = self.under_way >= self.parallel + (1 if call.urgent else 0)
        return full or (call.serial_group in SERIAL_GROUPS and call.serial_group in self.groups)

    def _roll(self, now: float) -> None:
        """At the reset the window is full again, whatever the last answer said."""
        if self.quota is not None and now >= self.reset_at:
            self.left_now = self.quota - self.under_way
            self.reset_at = now + self.window_s

    def _take(self, call: Call) -> None:
        now = self.clock.monotonic()
        if self.left_now is not None:
            if not call.urgent:
                spread = max(self.left_now - KEPT_FOR_STOCK, 1)
                self.next_at = now + max(self.reset_at - now, 0) / spread
            self.left_now -= 1
        self.under_way += 1
        if call.serial_group:
            self.groups.add(call.serial_group)

    def left(self, call: Call, answer: Answer | None) -> None:
        self.under_way -= 1
        self.groups.discard(call.serial_group)
        if answer is not None:
            self._learn(answer)
        self.changed.set()

    def _learn(self, answer: Answer) -> None:
        self.known = True
        now = self.clock.monotonic()
        left = header_number(answer, "x-rate-limit-requests-left")
        reset = header_number(answer, "x-rate-limit-time-reset-ms")
        if left is not None and reset is not None:
            self._believe(answer, int(left), now + reset / 1000 + MARGIN_S)
        if answer.status == 429:
            self._step_back(answer, now, named=left is not None)
        elif answer.is_success:
            self.setbacks = 0

    def _believe(self, answer: Answer, left: int, reset_at: float) -> None:
        self.window_s = (header_number(answer, "x-rate-limit-time-window-ms") or 30_000) / 1000
        quota = header_number(answer, "x-rate-limit-requests-quota")
        free = left - self.under_way
        # Answers may arrive out of order: within one window an older, higher number is ignored.
        same_window = self.left_now is not None and abs(reset_at - self.reset_at) < min(
            1.0, self.window_s / 10
        )
        self.left_now = (
            min(self.left_now, free) if same_window and self.left_now is not None else free
        )
        self.quota = int(quota) if quota else max(self.quota or 0, left)
        self.reset_at = reset_at

    def _step_back(self, answer: Answer, now: float, *, named: bool) -> None:
        """After a 429 with headers, waits for the reset. A 429 without headers means a store under
        load, so each wait is longer (2.1).
        """
        self.setbacks += 1
        wait_s = asked_wait_s(answer) if named else None
        if wait_s is None:
            wait_s = min(2.0 ** (self.setbacks - 1), LONGEST_BACKOFF_S)
        self.blocked_until = max(self.blocked_until, now + wait_s + MARGIN_S)

    def snapshot(self) -> dict[str, int]:
        """What the next holder of this connection needs to know, in milliseconds of wall time.
        Called when no call is in progress.
        """
        if not self.known:
            return {}
        known = {
            "window_ms": int(self.window_s * 1000),
            "blocked_until_ms": self._wall_ms(self.blocked_until),
        }
        if self.quota is not None and self.left_now is not None:
            known |= {
                "quota": self.quota,
                "left": self.left_now,
                "reset_at_ms": self._wall_ms(self.reset_at),
            }
        return known

    def restore(self, snapshot: Mapping[str, int]) -> None:
        """Continues where another holder stopped. An empty snapshot (a crash, a first start) means:
        probe.
        """
        if not snapshot:
            return
        self.known = True
        self.window_s = snapshot["window_ms"] / 1000
        self.blocked_until = self._monotonic(snapshot["blocked_until_ms"])
        if "quota" in snapshot:
            self.quota, self.left_now = snapshot["quota"], snapshot["left"]
            self.reset_at = self._monotonic(snapshot["reset_at_ms"])

    def _wall_ms(self, monotonic: float) -> int:
        ahead = timedelta(seconds=max(monotonic - self.clock.monotonic(), 0))
        return round((self.clock.now() + ahead).timestamp() * 1000)

    def _monotonic(self, wall_ms: int) -> float:
        return self.clock.monotonic() + (wall_ms / 1000 - self.clock.now().timestamp())
