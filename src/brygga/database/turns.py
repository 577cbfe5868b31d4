"""Which connections need a turn of a worker, and how soon.

A turn works off the due items of one connection. What these are is in `work_items`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from brygga.database.engine import Tx
from brygga.database.work_items import BULK_RANK, KNOWN, RANKS, STOCK_KINDS, WORKABLE

_STOCK = max(RANKS[kind] for kind in STOCK_KINDS)
"""The last rank of stock."""
_NEXT = sa.text(f"""
    SELECT min(m.due_at) FROM work_items m JOIN connections c ON c.id = m.connection_id
    WHERE m.connection_id = :id AND m.kind = ANY (CAST(:kinds AS text[])) AND {WORKABLE}
""")  # noqa: S608 - only our own constants are put together
# A page waits for these, and for a product that the merchant asked for. A rank as of an import is
# nobody's who waits.
_PROMPT = f"""(m.due_at <= m.added_at AND m.rank < {BULK_RANK} AND (m.rank <= :stock
    OR m.kind IN ('leave', 'setup', 'addition', 'link') OR m.kind = 'product' AND m.force))"""
_TURNS_DUE = sa.text(f"""
    SELECT m.connection_id, min(m.due_at) AS since, bool_or({_PROMPT}) AS is_prompt
    FROM work_items m JOIN connections c ON c.id = m.connection_id
    WHERE m.due_at <= :now AND m.kind = ANY (CAST(:kinds AS text[])) AND {WORKABLE}
        AND (c.lease_holder IS NULL OR c.lease_until < :expired)
    GROUP BY m.connection_id ORDER BY m.connection_id
""")  # noqa: S608 - as above
_IS_PROMPT = sa.text(f"""
    SELECT EXISTS (
        SELECT FROM work_items m JOIN connections c ON c.id = m.connection_id
        WHERE m.connection_id = :id AND m.due_at <= :now AND {_PROMPT} AND {WORKABLE}
    )
""")  # noqa: S608 - as above


@dataclass(frozen=True, slots=True)
class TurnDue:
    """A connection with due work whose lease is free. `is_prompt`: somebody's sale, order or count
    waits, or a page for what the merchant asked, which was due as it was added. All else is due
    because time has passed, or may wait: looks that close our own writes, products, routine work.
    `since` is when the first of it came due.
    """

    connection_id: int
    is_prompt: bool
    since: datetime


async def next_due(tx: Tx, connection_id: int) -> datetime | None:
    """When this connection next has work. A time that is not in the future means now. None: it has
    none.
    """
    found: datetime | None = await tx.scalar(_NEXT, {"id": connection_id, "kinds": KNOWN})
    return found


async def turns_due(tx: Tx, now: datetime, takeover_delay: timedelta) -> Sequence[TurnDue]:
    """The connections that need a turn, each once, in the order of their ids."""
    values = {"now": now, "expired": now - takeover_delay, "kinds": KNOWN, "stock": _STOCK}
    return [
        TurnDue(row.connection_id, row.is_prompt, row.since)
        for row in await tx.rows(_TURNS_DUE, values)
    ]


async def is_prompt(tx: Tx, connection_id: int, now: datetime) -> bool:
    """Whether a sale, an order, a count or a page of this connection waits (`TurnDue`)."""
    values = {"id": connection_id, "now": now, "stock": _STOCK}
    return bool(await tx.scalar(_IS_PROMPT, values))
