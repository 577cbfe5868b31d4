"""Requests that are refused before a handler sees them. All are counted, and few are logged.

A flood leaves one line a minute for each reason, with the number of requests, and never a
traceback.
"""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import structlog

from brygga.seams import Clock
from brygga.web.metrics import Metrics

EVERY_S: Final = 60.0


class Why(StrEnum):
    BODY_LARGE = "body_large"
    BODY_SLOW = "body_slow"
    BODY_TORN = "body_torn"
    MALFORMED = "malformed"
    HEAD_MALFORMED = "head_malformed"
    HEAD_SLOW = "head_slow"
    CONNECTIONS = "connections"
    RATE = "rate"
    FOREIGN = "foreign"
    """A form from another site, or without the token of its session."""


@dataclass(slots=True)
class Refusals:
    metrics: Metrics
    clock: Clock
    log: Any = field(default_factory=lambda: structlog.get_logger("brygga.web"))
    _since: Counter[Why] = field(default_factory=Counter)
    _reported_at: dict[Why, float] = field(default_factory=dict)

    def note(self, why: Why, where: str, count: int = 1) -> None:
        """`where` is a route as it is written in the table of routes, never an address that a
        client sent.
        """
        self.metrics.refused.labels(why.value).inc(count)
        self._since[why] += count
        now, reported_at = self.clock.monotonic(), self._reported_at.get(why)
        if reported_at is not None and now - reported_at < EVERY_S:
            return
        self.log.warning("requests refused", why=why.value, count=self._since.pop(why), route=where)
        self._reported_at[why] = now
