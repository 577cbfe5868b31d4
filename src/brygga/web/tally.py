"""Counts webhooks by connection and outcome, so that an operator sees when they fail.

Counts are kept in process memory and written every ten seconds when there is something to write: a
flood of forged messages costs the database one write in that time. Only active connections are
counted, so the process memory is bounded too.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import structlog

from brygga.database import deliveries
from brygga.database.deliveries import Of, Outcome
from brygga.database.engine import DatabaseBusy, DatabaseGone
from brygga.database.tokens import Platform
from brygga.web.addresses import Addressed
from brygga.web.deps import WebDeps
from brygga.web.metrics import Metrics

EVERY_S: Final = 10.0
SAID: Final = {
    Outcome.UNVERIFIED: "a webhook bears our secret and a signature that does not verify",
    Outcome.REFUSED: "a webhook to a connection's address is refused",
    Outcome.ASTRAY: "a genuine webhook came to a wrong address",
}
"""Logged once for each connection and platform, by each process."""


@dataclass(slots=True)
class Reports:
    """What a receiver found out about a message besides its answer. `connection_id` 0: it belongs
    to no connection.
    """

    connection_id: int = 0
    is_signed: bool | None = None
    found: Addressed | None = None
    """The connection of the address, where that was looked up before."""

    def outcome(self, status: int) -> Outcome | None:
        match status:
            case 200:
                return Outcome.UNVERIFIED if self.is_signed is False else Outcome.ACCEPTED
            case 401:
                return Outcome.REFUSED
            case 404:
                return Outcome.ASTRAY
            case _:
                return None


@dataclass(slots=True)
class Tally:
    metrics: Metrics
    counts: Counter[Of] = field(default_factory=Counter)
    last: dict[Of, datetime] = field(default_factory=dict)
    """When the last message of each count came."""
    log: Any = field(default_factory=lambda: structlog.get_logger("brygga.web"))
    _said: set[tuple[int, Platform, Outcome]] = field(default_factory=set)
    _writing: "asyncio.Task[None] | None" = None

    async def note(self, deps: WebDeps, platform: Platform, status: int, received: Reports) -> None:
        outcome = received.outcome(status)
        if outcome is None or not received.connection_id:
            return
        key = received.connection_id, platform, outcome
        self.counts[key] += 1
        self.last[key] = deps.clock.now()
        if outcome is Outcome.UNVERIFIED:
            self.metrics.unverified.labels(platform.value).inc()
        if outcome in SAID and key not in self._said:
            self._said.add(key)
            self.log.warning(
                SAID[outcome], connection=received.connection_id, platform=platform.value
            )
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._later(deps))

    async def _later(self, deps: WebDeps) -> None:
        """Writes the counts after a delay. So the last messages before a silence are written too: a
        platform that gives up falls silent.
        """
        while self.counts:
            await deps.clock.sleep(EVERY_S)
            await self.write(deps)

    async def close(self, deps: WebDeps) -> None:
        """Called when the service stops."""
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.wait([self._writing])
        await self.write(deps)

    async def write(self, deps: WebDeps) -> None:
        """Writes what was counted since the last time. The counts are kept while the database
        cannot be reached: no message is refused for that.
        """
        if not self.counts:
            return
        counts, self.counts = self.counts, Counter()
        last, self.last = self.last, {}
        try:
            async with deps.database.transaction() as tx:
                await deliveries.add(tx, counts, deps.clock.now(), last)
        except (DatabaseGone, DatabaseBusy):
            self._again(counts, last)
        except asyncio.CancelledError:
            self._again(counts, last)
            raise

    def _again(self, counts: Mapping[Of, int], last: Mapping[Of, datetime]) -> None:
        """What could not be written is written the next time."""
        self.counts.update(counts)
        self.last = {**last, **self.last}
