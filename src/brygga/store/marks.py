"""Dirty marks: what may have changed and has to be looked at. A mark is done only if nobody marked it again meanwhile."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from brygga.store.database import CHANNEL, Tx
from brygga.store.values import unique


class Kind(StrEnum):
    """What a mark asks for, most urgent first. The subject is named behind each."""

    STOCK = "stock"  # Zettle product uuid: either side's stock may have moved, or something is owed
    SHOP_STOCK = "shop_stock"  # BigCommerce product id: a stock hint, not yet resolved to ours
    SETTLE = "settle"  # Zettle product uuid: an unanswered stock write waits to be settled
    TRACKING = "tracking"  # Zettle product uuid: tracking was switched in Zettle
    LEAVE = "leave"  # "": disconnect
    SETUP = "setup"  # "": a step of the set-up that needs remote calls
    ACCOUNT = "account"  # "": organization or store facts may have changed
    ADDITION = "addition"  # Zettle product uuid of ours: a product of our own form is to be added there
    LINK = "link"  # Zettle product uuid: to be bound to the store's own product that the detail names
    EXPLAIN = "explain"  # Zettle product uuid: a page shows movements of its stock that no sale or order explains yet
    PRODUCT = "product"  # Zettle product uuid: changed, (un)assigned or forced
    SHOP_PRODUCT = "shop_product"  # BigCommerce product id: a product hint (updated, deleted)
    LIBRARY = "library"  # "": read Zettle's whole library
    HOOKS = "hooks"  # "": check both platforms' subscriptions
    SWEEP = "sweep"  # "": compare everything, report drift


RANKS: Mapping[Kind, int] = {kind: rank for rank, kind in enumerate(Kind)}
BULK_RANK = 50
"""Of a first import and other mass work: every small change goes before it."""
STOCK_LANE = frozenset({Kind.STOCK, Kind.SHOP_STOCK, Kind.SETTLE, Kind.TRACKING})
PRODUCT_LANE = frozenset(Kind) - STOCK_LANE


@dataclass(frozen=True, slots=True)
class Mark:
    """`attempts` counts the tries since the mark was made that ended in "again"."""

    connection_id: int
    kind: Kind
    subject: str
    generation: int
    due_at: datetime
    force: bool = False
    attempts: int = 0
    detail: str = ""
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Parked:
    """Work that ran into a bug of ours and waits for an operator, or for a new mark."""

    kind: Kind
    subject: str
    parked_at: datetime
    support_id: str
    detail: str


# Which marks may be worked on, by the state of their connection. Nothing is synced before set-up is finished (C11), nor while only the
# merchant can help, nor after a disconnect; leaving is always possible.
_WORKABLE = """(
    m.kind = 'leave'
    OR (c.stage NOT IN ('leaving', 'disconnected') AND m.kind = 'setup')
    OR (c.paused = '' AND c.stage NOT IN ('running', 'leaving', 'disconnected') AND m.kind IN ('account', 'library', 'hooks'))
    OR (c.paused = '' AND c.stage = 'running')
)"""

_MARK = sa.text("""
    INSERT INTO marks AS m (connection_id, kind, subject, rank, generation, due_at, marked_at, force, detail)
    SELECT :id, :kind, s.subject, :rank, nextval('mark_generations'), :due_at, :now, :force, :detail
    FROM unnest(CAST(:subjects AS text[])) AS s (subject) ORDER BY s.subject
    ON CONFLICT (connection_id, kind, subject) DO UPDATE SET
        rank = least(m.rank, EXCLUDED.rank),
        generation = EXCLUDED.generation,
        due_at = CASE WHEN m.parked_at IS NULL THEN least(m.due_at, EXCLUDED.due_at) ELSE EXCLUDED.due_at END,
        marked_at = EXCLUDED.marked_at,
        force = m.force OR EXCLUDED.force,
        detail = CASE WHEN EXCLUDED.detail = '' THEN m.detail ELSE EXCLUDED.detail END,
        parked_at = NULL, support_id = ''
""")
_NOTIFY = sa.text("SELECT pg_notify(:channel, :payload)")


async def mark(
    tx: Tx,
    connection_id: int,
    kind: Kind,
    subject: str,
    now: datetime,
    *,
    due_at: datetime | None = None,
    force: bool = False,
    detail: str = "",
) -> None:
    """Marks one subject. Marking again gives a new generation, keeps the earlier due time and a force, and wakes a parked one."""
    await mark_many(tx, connection_id, kind, [subject], now, due_at=due_at, force=force, detail=detail)


async def mark_many(
    tx: Tx,
    connection_id: int,
    kind: Kind,
    subjects: Iterable[str],
    now: datetime,
    *,
    due_at: datetime | None = None,
    force: bool = False,
    detail: str = "",
    bulk: bool = False,
) -> None:
    """As `mark`, for many in one statement. `bulk` lets every small change go before."""
    wanted = unique(subjects)
    if not wanted:
        return
    values = {
        "id": connection_id,
        "kind": kind.value,
        "rank": BULK_RANK if bulk else RANKS[kind],
        "due_at": due_at or now,
        "now": now,
        "force": force,
        "detail": detail,
        "subjects": wanted,
    }
    await tx.run(_MARK, values)
    if (due_at or now) <= now:
        urgent = kind in STOCK_LANE
        tx.wake(connection_id, urgent)
        await tx.run(_NOTIFY, {"channel": CHANNEL, "payload": f"{connection_id} {urgent:d}"})


# ---- Draining --------------------------------------------------------------------------------------------------------

_DUE = sa.text(f"""
    WITH due AS (
        SELECT m.* FROM marks m JOIN connections c ON c.id = m.connection_id
        WHERE m.connection_id = :id AND m.parked_at IS NULL AND m.due_at <= :now AND m.kind = ANY (CAST(:kinds AS text[]))
            AND {_WORKABLE}
    ), first AS (
        SELECT kind, rank FROM due ORDER BY rank, due_at, generation LIMIT 1
    )
    SELECT due.connection_id, kind, subject, generation, due_at, force, attempts, detail, rank
    FROM due JOIN first USING (kind, rank) ORDER BY due_at, generation LIMIT :limit
""")  # noqa: S608 - only our own constants are put together
_NEXT = sa.text(f"""
    SELECT min(m.due_at) FROM marks m JOIN connections c ON c.id = m.connection_id
    WHERE m.connection_id = :id AND m.parked_at IS NULL AND {_WORKABLE}
""")  # noqa: S608 - as above
_CONNECTIONS_DUE = sa.text(f"""
    SELECT m.connection_id, min(m.rank) AS rank
    FROM marks m JOIN connections c ON c.id = m.connection_id
    WHERE m.parked_at IS NULL AND m.due_at <= :now AND {_WORKABLE}
        AND (c.lease_holder IS NULL OR c.lease_until < :expired)
    GROUP BY m.connection_id ORDER BY min(m.rank), min(m.due_at), m.connection_id
""")  # noqa: S608 - as above
_SAME = "connection_id = :id AND kind = :kind AND subject = :subject AND generation = :generation"
_DONE = sa.text(f"DELETE FROM marks WHERE {_SAME}")  # noqa: S608 - as above
_AGAIN = sa.text(f"UPDATE marks SET due_at = :due_at, attempts = attempts + 1 WHERE {_SAME}")  # noqa: S608 - as above
_PARK = sa.text(f"UPDATE marks SET parked_at = :now, support_id = :support_id WHERE {_SAME}")  # noqa: S608 - as above


async def due(
    tx: Tx, connection_id: int, now: datetime, kinds: Collection[Kind] = tuple(Kind), limit: int = 250
) -> Sequence[Mark]:
    """The most urgent due marks, all of one kind, the longest due first. Only what the connection's state lets work on."""
    values = {"id": connection_id, "now": now, "kinds": [kind.value for kind in kinds], "limit": limit}
    return [_mark(row) for row in await tx.rows(_DUE, values)]


async def next_due(tx: Tx, connection_id: int) -> datetime | None:
    """When this connection has work again (now or earlier: it has some); None when it has none."""
    found: datetime | None = await tx.scalar(_NEXT, {"id": connection_id})
    return found


async def connections_due(tx: Tx, now: datetime, grace: timedelta) -> Sequence[tuple[int, bool]]:
    """Connections with due work that nobody holds, and whether stock is among it; the most urgent first."""
    stock = max(RANKS[kind] for kind in STOCK_LANE)
    rows = await tx.rows(_CONNECTIONS_DUE, {"now": now, "expired": now - grace})
    return [(row.connection_id, row.rank <= stock) for row in rows]


async def done(tx: Tx, mark: Mark) -> bool:
    """False when it was marked again meanwhile: then it stays."""
    return await tx.run(_DONE, _same(mark)) == 1


async def again(tx: Tx, mark: Mark, due_at: datetime) -> bool:
    """Tried in vain, and to be tried again. False when it was marked again meanwhile: then that one's time counts."""
    return await tx.run(_AGAIN, {**_same(mark), "due_at": due_at}) == 1


async def park(tx: Tx, mark: Mark, support_id: str, now: datetime) -> bool:
    return await tx.run(_PARK, {**_same(mark), "support_id": support_id, "now": now}) == 1


def _same(mark: Mark) -> dict[str, Any]:
    return {"id": mark.connection_id, "kind": mark.kind.value, "subject": mark.subject, "generation": mark.generation}


def _mark(row: Any) -> Mark:
    return Mark(
        row.connection_id,
        Kind(row.kind),
        row.subject,
        row.generation,
        row.due_at,
        row.force,
        row.attempts,
        row.detail,
        row.rank,
    )


# ---- Seeing ----------------------------------------------------------------------------------------------------------


async def counts(tx: Tx, connection_id: int) -> Mapping[Kind, int]:
    """How much waits, by kind; parked work is not counted."""
    statement = sa.text("""
        SELECT kind, count(*) AS marks FROM marks WHERE connection_id = :id AND parked_at IS NULL GROUP BY kind
    """)
    return {Kind(row.kind): row.marks for row in await tx.rows(statement, {"id": connection_id})}


async def waits(tx: Tx, connection_id: int, kind: Kind, subject: str) -> bool:
    """Whether this very thing is still to be done."""
    statement = sa.text("""
        SELECT EXISTS (SELECT 1 FROM marks WHERE connection_id = :id AND kind = :kind AND subject = :subject AND parked_at IS NULL)
    """)
    return bool(await tx.scalar(statement, {"id": connection_id, "kind": kind.value, "subject": subject}))


async def struggling(tx: Tx, connection_id: int) -> bool:
    """Whether something has been tried in vain and waits to be tried again."""
    statement = sa.text("""
        SELECT EXISTS (SELECT 1 FROM marks WHERE connection_id = :id AND parked_at IS NULL AND attempts > 0)
    """)
    return bool(await tx.scalar(statement, {"id": connection_id}))


async def pending(tx: Tx) -> int:
    """Marks of all connections that are not parked: 0 is quiet."""
    return int(await tx.scalar(sa.text("SELECT count(*) FROM marks WHERE parked_at IS NULL")))


async def parked(tx: Tx, connection_id: int) -> Sequence[Parked]:
    statement = sa.text("""
        SELECT kind, subject, parked_at, support_id, detail FROM marks
        WHERE connection_id = :id AND parked_at IS NOT NULL ORDER BY parked_at, kind, subject
    """)
    rows = await tx.rows(statement, {"id": connection_id})
    return [Parked(Kind(row.kind), row.subject, row.parked_at, row.support_id, row.detail) for row in rows]


async def forget(tx: Tx, connection_id: int, kinds: Collection[Kind], subjects: Collection[str] | None = None) -> None:
    """Drops marks whatever their generation: of a connection that ends, or of subjects that are no more."""
    statement = sa.text("""
        DELETE FROM marks WHERE connection_id = :id AND kind = ANY (CAST(:kinds AS text[]))
            AND (CAST(:subjects AS text[]) IS NULL OR subject = ANY (CAST(:subjects AS text[])))
    """)
    values = {
        "id": connection_id,
        "kinds": [kind.value for kind in kinds],
        "subjects": None if subjects is None else list(subjects),
    }
    await tx.run(statement, values)


async def ensure(tx: Tx, kind: Kind, every: timedelta, now: datetime) -> None:
    """Every running connection has such a mark; one that has none gets one that is due in `every`. For what is done now and then."""
    statement = sa.text("""
        INSERT INTO marks (connection_id, kind, subject, rank, generation, due_at, marked_at)
        SELECT c.id, :kind, '', :rank, nextval('mark_generations'), :due_at, :now
        FROM connections c WHERE c.stage = 'running' ORDER BY c.id
        ON CONFLICT (connection_id, kind, subject) DO NOTHING
    """)
    await tx.run(statement, {"kind": kind.value, "rank": RANKS[kind], "due_at": now + every, "now": now})
