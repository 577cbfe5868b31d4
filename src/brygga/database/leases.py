"""At most one turn works for a connection. Each change of the holder increases the epoch, and every
fenced write checks it.

An epoch is never used again, so a worker that was stopped for an hour cannot write by mistake when
it continues.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from brygga.core.failures import LeaseLost
from brygga.core.model import Connection
from brygga.database import connections, exchanges, tokens, work_items
from brygga.database.engine import Fence, Tx
from brygga.database.exchanges import Exchange
from brygga.database.tokens import Platform, Token
from brygga.database.values import to_json
from brygga.database.work_items import WorkItem

# Every row that names a connection takes KEY SHARE on the connection's row as it is added. Where
# such transactions overlap all the time, as in a flood of webhooks, FOR UPDATE would wait for ever.
# So they pass a gate first, and whoever takes the lease closes it: a lock whose waiters are served
# in turn. Only a lease that is free is waited for.
GATE = 1_278_366_035
"""The first key of that lock; the second is `gate_key` of the connection."""


def gate_key(number: str) -> str:
    """The second key, in SQL, of the connection whose id `number` names. PostgreSQL takes 32 bits:
    ids that are 2**31 apart share a gate, and then only wait a moment for each other.
    """
    return f"CAST(CAST({number} AS bigint) & 2147483647 AS int)"


# FOR UPDATE waits for the last fenced transaction of the previous holder, and then evaluates the
# row as that transaction left it. All other tables are read as they were before the wait, and so is
# the connection's row in `DUE`: `is_overtaken` says that somebody changed it meanwhile.
_TAKE = sa.text(f"""
    WITH gate AS MATERIALIZED (
        SELECT pg_advisory_xact_lock({GATE}, {gate_key("id")}) FROM connections
        WHERE id = :id AND (lease_holder IS NULL OR lease_until < :expired)
    ), free AS (
        SELECT c.id, c.budget AS handed, c.xmin AS version FROM gate, connections c
        WHERE c.id = :id AND (c.lease_holder IS NULL OR c.lease_until < :expired)
        FOR UPDATE OF c
    ), taken AS (
        UPDATE connections c SET lease_epoch = lease_epoch + 1, lease_holder = :holder,
            lease_until = :until, budget = NULL
        FROM free
            LEFT JOIN tokens t ON t.connection_id = free.id AND t.platform = 'bigcommerce'
            LEFT JOIN tokens z ON z.connection_id = free.id AND z.platform = 'zettle'
        WHERE c.id = free.id
        RETURNING c.lease_epoch, c.unreachable_since, free.handed, free.version,
            CAST(CAST(pg_current_xact_id() AS xid) AS text) || '/' || coalesce(t.xmin::text, '')
                AS stamp, {connections.named("c")}, {tokens.named("t", "shop_")},
            {tokens.named("z", "till_")}
    )
    SELECT taken.*, ({work_items.DUE}) AS due, taken.version IS DISTINCT FROM (
        SELECT seen.xmin FROM connections seen WHERE seen.id = :id) AS is_overtaken
    FROM taken
""")  # noqa: S608 - only our own constants are put together
_RENEW = sa.text("""
    UPDATE connections SET lease_until = :until,
        budget_seen = coalesce(CAST(:budget AS jsonb), budget_seen)
    WHERE id = :id AND lease_epoch = :epoch AND lease_holder = :holder
""")
_FREE = """
    UPDATE connections SET lease_holder = NULL, lease_until = NULL,
        budget = CAST(:budget AS jsonb), budget_seen = coalesce(CAST(:budget AS jsonb), budget_seen)
    WHERE id = :id AND lease_epoch = :epoch AND lease_holder = :holder
"""
_RELEASE = sa.text(_FREE)
_RELEASE_SAVING = sa.text(f"""
    WITH added AS ({exchanges.ADD}), cut AS ({exchanges.CUT}) {_FREE}
""")


_END_ALL = sa.text("""
    UPDATE connections SET lease_until = :now WHERE lease_holder IS NOT NULL AND lease_until > :now
""")


@dataclass(frozen=True, slots=True)
class Acquired:
    """A lease, and what its turn begins with, in one statement."""

    fence: Fence
    connection: Connection
    is_outage: bool
    """A platform was out of reach in the last turn."""
    budget: Mapping[str, Any] | None
    """The store's request budget as the last turn left it, taken out of the database while this
    turn holds it. None after a crash, which costs one probe.
    """
    tokens: Mapping[Platform, Token]
    stamp: str
    """As `work_items.Due.stamp` now."""
    due: Sequence[WorkItem] | None = None
    """All that was due then. None where that is too much to be read along, or where the connection
    was changed while the lease was waited for: look anew.
    """


async def acquire(
    tx: Tx,
    connection_id: int,
    holder: str,
    *,
    now: datetime,
    until: datetime,
    takeover_delay: timedelta,
) -> Acquired | None:
    """The lease, or None while another worker holds it.

    A lease that was not given back is free `takeover_delay` after it ended: until then, a request
    that its holder sent at the end may still be on the way.
    """
    values = {
        "id": connection_id,
        "holder": holder,
        "until": until,
        "now": now,
        "expired": now - takeover_delay,
        "kinds": work_items.KNOWN,
    }
    row = await tx.first(_TAKE, values)
    if row is None:
        return None
    held = (
        {platform: await tokens.get(tx, connection_id, platform) for platform in Platform}
        if row.is_overtaken
        else {
            Platform.BIGCOMMERCE: tokens.read(
                tx, connection_id, Platform.BIGCOMMERCE, row._mapping, "shop_"
            ),
            Platform.ZETTLE: tokens.read(tx, connection_id, Platform.ZETTLE, row._mapping, "till_"),
        }
    )
    return Acquired(
        Fence(connection_id, row.lease_epoch, holder),
        connections.read(tx, row),
        row.unreachable_since is not None,
        row.handed,
        {platform: token for platform, token in held.items() if token is not None},
        row.stamp,
        None if row.is_overtaken else work_items.all_due(row.due),
    )


async def renew(
    tx: Tx, fence: Fence, until: datetime, budget: Mapping[str, int] | None = None
) -> bool:
    """False when the lease is lost. `budget` is the store's request budget now, for the pages."""
    values = {
        "id": fence.connection_id,
        "epoch": fence.epoch,
        "holder": fence.holder,
        "until": until,
        "budget": to_json(dict(budget)) if budget else None,
    }
    return await tx.run(_RENEW, values) == 1


async def release(
    tx: Tx,
    fence: Fence,
    budget: Mapping[str, int] | None = None,
    calls: Sequence[Exchange] = (),
) -> None:
    """Gives the lease back, hands on the store's request budget, and saves the calls of the turn.
    Raises `LeaseLost` when another worker holds the lease already: the transaction writes nothing
    then.
    """
    values = {
        "id": fence.connection_id,
        "epoch": fence.epoch,
        "holder": fence.holder,
        "budget": to_json(dict(budget)) if budget else None,
    }
    statement = _RELEASE_SAVING if calls else _RELEASE
    if await tx.run(statement, {**values, **(exchanges.added(calls) if calls else {})}) != 1:
        raise LeaseLost(f"connection {fence.connection_id} was taken over")


async def end_all(tx: Tx, now: datetime) -> int:
    """For a caller that knows that every holder is dead: their leases end now. The takeover delay
    still applies, for requests that they sent at the end.
    """
    return await tx.run(_END_ALL, {"now": now})
