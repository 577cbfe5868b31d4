"""The outcomes of the platforms' webhooks, counted by connection and hour, so that an operator sees
when they fail.

Only counts are stored, and only of active connections. A flood of forged messages does not cost one
write each: the receiver counts in process memory and writes sums (`web.tally`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import sqlalchemy as sa

from brygga.database.engine import Tx
from brygga.database.tables import deliveries
from brygga.database.tokens import Platform

KEPT: Final = timedelta(days=7)
DAY: Final = timedelta(hours=24)
LATELY: Final = timedelta(hours=2)
MANY, FEW = 5, 2
"""The refusals that an operator has to know of: this many recently, or this many in a day without
any accepted message.
"""


class Outcome(StrEnum):
    ACCEPTED = "accepted"
    UNVERIFIED = "unverified"
    """Accepted because our secret was right. Its signature did not verify."""
    REFUSED = "refused"
    """Answered 401: a wrong or missing secret, or a wrong signature of Zettle's."""
    ASTRAY = "astray"
    """Answered 404: the message is genuine, and came to an address that is not the connection's."""
    ENDED = "ended"
    """The platform had switched the subscription off, or deleted it. Counted when the subscription
    check finds it.
    """


@dataclass(frozen=True, slots=True)
class Deliveries:
    """The counts of one connection and platform in the last 24 hours.

    `recent` counts the refused and stray messages of the last two or three hours.
    """

    connection_id: int
    platform: Platform
    counts: Mapping[Outcome, int]
    recent: int

    @property
    def failed(self) -> int:
        return self.of(Outcome.REFUSED) + self.of(Outcome.ASTRAY)

    @property
    def accepted(self) -> int:
        return self.of(Outcome.ACCEPTED) + self.of(Outcome.UNVERIFIED)

    @property
    def is_alarming(self) -> bool:
        return self.recent >= MANY or (self.failed >= FEW and not self.accepted)

    def of(self, outcome: Outcome) -> int:
        return self.counts.get(outcome, 0)


_ADD = sa.text("""
    INSERT INTO deliveries AS d (connection_id, platform, outcome, hour, count, last_at)
    SELECT n.id, n.platform, n.outcome, date_trunc('hour', CAST(:now AS timestamptz)), n.count,
        coalesce(n.last_at, :now)
    FROM unnest(CAST(:ids AS bigint[]), CAST(:platforms AS text[]), CAST(:outcomes AS text[]),
        CAST(:counts AS bigint[]), CAST(:last AS timestamptz[]))
        AS n (id, platform, outcome, count, last_at)
    JOIN connections c ON c.id = n.id
    ORDER BY n.id, n.platform, n.outcome
    ON CONFLICT (connection_id, platform, outcome, hour) DO UPDATE
        SET count = d.count + EXCLUDED.count,
            last_at = greatest(d.last_at, EXCLUDED.last_at)
""")
_SINCE = sa.text("""
    SELECT d.connection_id, d.platform, d.outcome, sum(d.count) AS total,
           sum(d.count) FILTER (WHERE d.hour >= :lately AND d.outcome IN ('refused', 'astray'))
               AS recent
    FROM deliveries d JOIN connections c ON c.id = d.connection_id
    WHERE d.hour >= :since AND c.stage <> 'disconnected'
    GROUP BY d.connection_id, d.platform, d.outcome ORDER BY d.connection_id, d.platform, d.outcome
""")


Of = tuple[int, Platform, Outcome]
"""What is counted: a connection's messages of one platform with one outcome."""


async def add(
    tx: Tx, counts: Mapping[Of, int], now: datetime, last: Mapping[Of, datetime] | None = None
) -> None:
    """Adds to the counts of this hour, in one statement and in a fixed order, so that two processes
    never block each other. `last` says when the last message came; `now` where it says nothing.
    """
    rows = [(*key, count) for key, count in counts.items() if count]
    if not rows:
        return
    values = {
        "ids": [row[0] for row in rows],
        "platforms": [row[1].value for row in rows],
        "outcomes": [row[2].value for row in rows],
        "counts": [row[3] for row in rows],
        "last": [(last or {}).get((row[0], row[1], row[2])) for row in rows],
        "now": now,
    }
    await tx.run(_ADD, values)


async def of_last_day(tx: Tx, now: datetime) -> Sequence[Deliveries]:
    """By active connection and platform. A pair without counts is absent."""
    rows = await tx.rows(_SINCE, {"since": now - DAY, "lately": now - LATELY - timedelta(hours=1)})
    counts: dict[tuple[int, Platform], dict[Outcome, int]] = {}
    recent: dict[tuple[int, Platform], int] = {}
    for row in rows:
        key = row.connection_id, Platform(row.platform)
        counts.setdefault(key, {})[Outcome(row.outcome)] = int(row.total)
        recent[key] = recent.get(key, 0) + int(row.recent or 0)
    return [Deliveries(*key, counts[key], recent[key]) for key in counts]


async def latest(tx: Tx, connection_id: int) -> Mapping[Platform, datetime]:
    """When each platform's last accepted message came, within the time that counts are kept."""
    statement = sa.text("""
        SELECT platform, max(last_at) AS last_at FROM deliveries
        WHERE connection_id = :id AND outcome IN ('accepted', 'unverified') AND last_at IS NOT NULL
        GROUP BY platform
    """)
    rows = await tx.rows(statement, {"id": connection_id})
    return {Platform(row.platform): row.last_at for row in rows}


async def prune(tx: Tx, now: datetime) -> int:
    return await tx.run(sa.delete(deliveries).where(deliveries.c.hour < now - KEPT))
