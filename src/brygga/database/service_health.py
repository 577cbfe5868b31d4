"""The health of the whole installation, for its operator: counts and ages over all merchants, never
names.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from brygga.database import deliveries
from brygga.database.deliveries import Outcome
from brygga.database.engine import Tx
from brygga.database.work_items import STOCK_KINDS, WORKABLE


@dataclass(frozen=True, slots=True)
class ServiceHealth:
    """Ages are seconds, 0 where nothing waits."""

    stages: Mapping[str, int]
    """Active connections by their `Stage`."""
    paused: int
    """Connections that wait for their merchant."""
    unreachable: int
    """Connections with a platform that does not answer."""
    waiting: int
    """Work items that are due, at connections that may work."""
    late_s: float
    """How long the oldest of them has been due."""
    stock_late_s: float
    """The same for stock alone, which a merchant notices first."""
    parked: int
    """Work items whose work failed by a bug of ours and is not done since."""
    parked_s: float
    """How long the oldest of them has been failing."""
    with_pending_writes: int
    """Stock writes, by variant, without an answer so far."""
    to_check: int
    """Stock numbers that a merchant is asked to check."""
    contradicted: int = 0
    """Stock writes of the last 24 hours where the marker and the record disagree."""
    webhooks_failing: int = 0
    """Connections whose webhooks are refused or stray repeatedly."""
    webhooks_failed: int = 0
    """Refused or stray webhooks of active connections in 24 hours."""
    webhooks_ended: int = 0
    """Subscriptions that a platform switched off or deleted, in 24 hours."""


_STAGES = sa.text("""
    SELECT stage, count(*) AS connections, count(*) FILTER (WHERE paused <> '') AS paused,
        count(unreachable_since) AS unreachable
    FROM connections WHERE stage <> 'disconnected' GROUP BY stage
""")
_ITEMS = sa.text(f"""
    SELECT count(*) AS waiting, min(m.due_at) AS oldest,
        min(m.due_at) FILTER (WHERE m.kind = ANY (CAST(:stock AS text[]))) AS stock
    FROM work_items m JOIN connections c ON c.id = m.connection_id
    WHERE m.parked_at IS NULL AND m.due_at <= :now AND {WORKABLE}
""")  # noqa: S608 - only our own constants are put together
_OTHERS = sa.text("""
    SELECT (SELECT count(*) FROM work_items WHERE failing_since IS NOT NULL) AS parked,
           (SELECT min(failing_since) FROM work_items WHERE failing_since IS NOT NULL)
                AS failing_since,
           (SELECT count(*) FROM pending_writes WHERE state = 'open') AS with_pending_writes,
           (SELECT count(*) FROM ledgers WHERE check_since IS NOT NULL
               AND jsonb_typeof(zettle -> 'confirmed') = 'number')
               AS to_check,
           (SELECT count(*) FROM movements WHERE cause = 'contradicted' AND at > CAST(:now
               AS timestamptz) - interval '1 day')
               AS contradicted
""")


# The index of the queue's head holds just these rows.
_QUEUED = sa.text("""
    SELECT priority, count(*) AS jobs FROM pgqueuer WHERE status = 'queued' GROUP BY priority
""")


async def queued(tx: Tx) -> Mapping[int, int]:
    """How many jobs wait for a worker, by their priority. Each is for one connection."""
    return {row.priority: row.jobs for row in await tx.rows(_QUEUED)}


async def read(tx: Tx, now: datetime) -> ServiceHealth:
    """Four statements, whatever the number of merchants."""
    stages = await tx.rows(_STAGES)
    items = await tx.first(_ITEMS, {"now": now, "stock": [kind.value for kind in STOCK_KINDS]})
    others = await tx.first(_OTHERS, {"now": now})
    webhooks = await deliveries.of_last_day(tx, now)
    assert items is not None
    assert others is not None

    return ServiceHealth(
        stages={row.stage: row.connections for row in stages},
        paused=sum(row.paused for row in stages),
        unreachable=sum(row.unreachable for row in stages),
        waiting=items.waiting,
        late_s=_age_s(items.oldest, now),
        stock_late_s=_age_s(items.stock, now),
        parked=others.parked,
        parked_s=_age_s(others.failing_since, now),
        with_pending_writes=others.with_pending_writes,
        to_check=others.to_check,
        contradicted=others.contradicted,
        webhooks_failing=len({one.connection_id for one in webhooks if one.is_alarming}),
        webhooks_failed=sum(one.failed for one in webhooks),
        webhooks_ended=sum(one.of(Outcome.ENDED) for one in webhooks),
    )


def _age_s(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())
