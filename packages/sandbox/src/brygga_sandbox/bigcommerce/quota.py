"""The request quota of a store (bigcommerce facts 2.1)."""

from __future__ import annotations

WINDOW_S = 30


class Quota:
    """The 30-second window of one store, shared by all its apps (bigcommerce facts 2.1)."""

    def __init__(self) -> None:
        self.started = float("-inf")
        self.used = 0

    def take(self, now: float, size: int) -> bool:
        """Use one request. False when none is left."""
        if now - self.started >= WINDOW_S:
            self.started, self.used = now, 0
        if self.used >= size:
            return False
        self.used += 1
        return True

    def headers(self, now: float, size: int) -> list[tuple[str, str]]:
        """The four headers of every answer."""
        running = now - self.started < WINDOW_S
        reset = round((self.started + WINDOW_S - now) * 1000) if running else 0
        left = size - self.used if running else size
        return [
            ("X-Rate-Limit-Time-Window-Ms", str(WINDOW_S * 1000)),
            ("X-Rate-Limit-Time-Reset-Ms", str(reset)),
            ("X-Rate-Limit-Requests-Quota", str(size)),
            ("X-Rate-Limit-Requests-Left", str(max(0, left))),
        ]
