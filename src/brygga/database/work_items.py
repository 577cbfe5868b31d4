"""Work items: what may have changed and has to be checked.

They are added and read here. How their work ends is in `finished_work` and `failed_work`, whose
turn it is in `turns`.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from brygga import traces
from brygga.core.model import Stage
from brygga.database.engine import CHANNEL, Tx
from brygga.database.values import from_plain, unique


class Kind(StrEnum):
    """What a work item asks for, most urgent first. The comment names its subject."""

    # BigCommerce product id: a stock hint, not yet resolved to a Zettle product. It comes
    # before the stock work that it adds, so that one read serves both.
    SHOP_STOCK = "shop_stock"
    STOCK = "stock"  # Zettle product uuid: stock may have moved on either side, or a write is due
    RESOLVE = "resolve"  # Zettle product uuid: an unanswered stock write has to be resolved
    TRACKING = "tracking"  # Zettle product uuid: tracking was switched in Zettle
    LEAVE = "leave"  # "": disconnect
    UNINSTALL = "uninstall"  # "": BigCommerce reported an uninstall of the app; we ask the store
    SETUP = "setup"  # "": a set-up step that needs remote calls
    ACCOUNT = "account"  # "": facts of the organization or the store may have changed
    # "": create or check the hidden product that shows which stock calls took effect
    MARKER = "marker"
    ADDITION = (
        "addition"  # Zettle product uuid that we chose: add the product of our form in Zettle
    )
    LINK = "link"  # Zettle product uuid: bind it to the store's product in the detail
    # Zettle product uuid: a page shows stock movements that no sale or order explains yet
    EXPLAIN = "explain"
    PRODUCT = "product"  # Zettle product uuid: changed, assigned, unassigned or forced
    SHOP_PRODUCT = "shop_product"  # BigCommerce product id: a product hint (updated, deleted)
    LIBRARY = "library"  # "": read Zettle's whole library
    HOOKS = "hooks"  # "": check both platforms' subscriptions
    SWEEP = "sweep"  # "": compare everything, report drift
    RECONCILE = "reconcile"  # "": read both sides after a restore, and ask about differences
    # "": the nightly statement of both sides' numbers. "again": compare what differed once more
    STATEMENT = "statement"
    WATCH = "watch"  # "": beside another app: compare both sides with what was predicted


RANKS: Mapping[Kind, int] = {kind: rank for rank, kind in enumerate(Kind)}
BULK_RANK = 50
"""For a first import and other mass work: every small change goes first."""
STOCK_KINDS = frozenset({Kind.STOCK, Kind.SHOP_STOCK, Kind.RESOLVE, Kind.TRACKING})
PRODUCT_KINDS = frozenset(Kind) - STOCK_KINDS
# Kinds added by a newer version of the program are left to that version.
KNOWN = [kind.value for kind in Kind]


@dataclass(frozen=True, slots=True)
class WorkItem:
    """`attempts` counts the failed tries since the item was added: those that ended in "again", and
    those that ended in a bug of ours.

    `support_id` is set from the first failure by such a bug until the work is done.
    """

    connection_id: int
    kind: Kind
    subject: str
    generation: int
    due_at: datetime
    force: bool = False
    attempts: int = 0
    detail: str = ""
    rank: int = 0
    failing_since: datetime | None = None
    support_id: str = ""
    trace: str = ""
    """The context of the trace in which it was added (`traces`)."""


# Which items may be worked on, by the state of their connection. No work runs before set-up is
# finished (C11), while only the merchant can act, or after a disconnect. Product work also waits
# while the merchant has paused it. Leaving is always possible. Webhook subscriptions are checked
# also while we wait for the merchant, so that nobody else receives the merchant's events. A
# connection from a backup only reads and asks (`restoring`), and one that an operator holds does
# only what must not wait. While Brygga watches beside another app (`watching`), handlers of their
# own read both sides.
WHILE_PAUSED = frozenset({Kind.LEAVE, Kind.UNINSTALL, Kind.SETUP, Kind.HOOKS})
WORKABLE = """(
    (c.held_at IS NULL OR m.kind IN ('leave', 'uninstall', 'hooks')) AND (
    (c.restored_at IS NOT NULL AND c.stage = 'running' AND c.paused = '' AND m.kind = 'reconcile')
    OR c.restored_at IS NULL AND (m.kind = 'leave'
    OR (c.stage NOT IN ('leaving', 'disconnected') AND m.kind IN ('setup', 'uninstall'))
    OR (c.paused = '' AND c.stage NOT IN ('running', 'leaving', 'disconnected')
        AND m.kind IN ('account', 'library', 'hooks'))
    OR (c.paused = '' AND c.stage = 'watching' AND m.kind IN ('watch', 'stock', 'shop_stock',
        'tracking', 'product', 'shop_product'))
    OR (c.stage = 'running' AND (c.paused = '' OR m.kind = 'hooks')
        AND NOT (c.products_paused AND m.kind = 'product'))))
)"""

_MERGE = """
        ON CONFLICT (connection_id, kind, subject) DO UPDATE SET
            rank = least(m.rank, EXCLUDED.rank),
            generation = EXCLUDED.generation,
            due_at = CASE WHEN m.parked_at IS NULL THEN least(m.due_at, EXCLUDED.due_at)
                ELSE EXCLUDED.due_at END,
            added_at = EXCLUDED.added_at,
            force = m.force OR EXCLUDED.force,
            detail = CASE WHEN EXCLUDED.detail = '' THEN m.detail ELSE EXCLUDED.detail END,
            trace = CASE WHEN EXCLUDED.trace = '' THEN m.trace ELSE EXCLUDED.trace END,
            parked_at = NULL
"""
ANNOUNCE = "SELECT CASE WHEN :is_due THEN pg_notify(:channel, :payload) END"
"""Ends a statement that adds items."""
_ADD = sa.text(f"""
    WITH added AS (
        INSERT INTO work_items AS m (connection_id, kind, subject, rank, generation, due_at,
            added_at, force, detail, trace)
        SELECT :id, :kind, s.subject, :rank, nextval('work_item_generations'), :due_at, :now,
            :force, :detail, :trace
        FROM unnest(CAST(:subjects AS text[])) AS s (subject) ORDER BY s.subject
        {_MERGE}
    )
    {ANNOUNCE}
""")  # noqa: S608 - only our own constants are put together
# The rows are locked in the same order as by `_ADD` and `finished_work.ENDED`.
ADD_MIXED = f"""
        INSERT INTO work_items AS m (connection_id, kind, subject, rank, generation, due_at,
            added_at, detail, trace)
        SELECT :id, s.kind, s.subject, s.rank, nextval('work_item_generations'), s.due_at, :now,
            s.detail, :trace
        FROM unnest(CAST(:kinds AS text[]), CAST(:subjects AS text[]), CAST(:ranks AS integer[]),
            CAST(:due AS timestamptz[]), CAST(:details AS text[]))
            AS s (kind, subject, rank, due_at, detail) ORDER BY s.kind, s.subject
        {_MERGE}
"""  # noqa: S608 - as above


async def add(
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
    """Adds a work item for one subject.

    If the item exists already, it gets a new generation, keeps its earlier due time and its force,
    and is no longer parked.
    """
    await add_many(
        tx, connection_id, kind, [subject], now, due_at=due_at, force=force, detail=detail
    )


@dataclass(frozen=True, slots=True)
class Wish:
    """A work item to add."""

    kind: Kind
    subject: str
    due_at: datetime
    detail: str = ""


def mixed(tx: Tx, connection_id: int, wishes: Iterable[Wish], now: datetime) -> Mapping[str, Any]:
    """These items as the values of `ADD_MIXED` and `ANNOUNCE`, for a statement of this
    transaction. They are added as by `add`.
    """
    rows: dict[tuple[Kind, str], Wish] = {}
    for one in wishes:
        before = rows.setdefault((one.kind, one.subject), one)
        due_at, detail = min(before.due_at, one.due_at), one.detail or before.detail
        rows[one.kind, one.subject] = replace(one, due_at=due_at, detail=detail)
    wanted = sorted(rows.values(), key=lambda one: (one.kind.value, one.subject))
    due = [one.kind for one in wanted if one.due_at <= now]
    urgent = any(kind in STOCK_KINDS for kind in due)
    if wanted:
        tx.touch(connection_id)
    if due:
        tx.notify(connection_id, urgent)
    return {
        "kinds": [one.kind.value for one in wanted],
        "subjects": [one.subject for one in wanted],
        "ranks": [RANKS[one.kind] for one in wanted],
        "due": [one.due_at for one in wanted],
        "details": [one.detail for one in wanted],
        "trace": traces.carried(),
        "is_due": bool(due),
        "channel": CHANNEL,
        "payload": f"{connection_id} {urgent:d}",
    }


async def add_many(
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
    """As `add`, for many subjects in one statement. With `bulk`, every small change goes first."""
    wanted = unique(subjects)
    if not wanted:
        return
    is_due, urgent = (due_at or now) <= now, kind in STOCK_KINDS
    values = {
        "id": connection_id,
        "kind": kind.value,
        "rank": BULK_RANK if bulk else RANKS[kind],
        "due_at": due_at or now,
        "now": now,
        "force": force,
        "detail": detail,
        "trace": traces.carried(),
        "subjects": wanted,
        "is_due": is_due,
        "channel": CHANNEL,
        "payload": f"{connection_id} {urgent:d}",
    }
    await tx.run(_ADD, values)
    tx.touch(connection_id)
    if is_due:
        tx.notify(connection_id, urgent)


# ---- What is due ---------------------------------------------------------------------------------

FEW = 10
"""As many due items of other kinds are read together with the wanted ones."""


def _named(table: str) -> str:
    """The columns of a `WorkItem`."""
    return ", ".join(f"{table}.{one.name}" for one in fields(WorkItem))


# One item more than a batch says whether there is more. Only that many are read, along the index by
# rank and due time, however many are due: the planner takes it as long as it expects to find them
# early, and of a condition in a query of its own it expects that half of the rows pass. Of those
# that are equal in both, as after a bulk addition, any may come first.
_DUE = sa.text(f"""
    SELECT c.xmin::text || '/' || coalesce(t.xmin::text, '') AS stamp, found.*
    FROM connections c
        LEFT JOIN tokens t ON t.connection_id = c.id AND t.platform = 'bigcommerce'
        LEFT JOIN (
            (SELECT true AS wanted, {_named("m")}
                FROM work_items m JOIN connections c ON c.id = m.connection_id
                WHERE m.connection_id = :id AND m.due_at <= :now
                    AND m.kind = ANY (CAST(:kinds AS text[])) AND (SELECT {WORKABLE})
                ORDER BY m.rank, m.due_at LIMIT :limit + 1)
            UNION ALL
            (SELECT false, {_named("m")}
                FROM work_items m JOIN connections c ON c.id = m.connection_id
                WHERE m.connection_id = :id AND m.due_at <= :now
                    AND m.kind = ANY (CAST(:others AS text[])) AND {WORKABLE} LIMIT {FEW + 1})
        ) AS found ON true
    WHERE c.id = :id ORDER BY wanted, due_at, generation
""")  # noqa: S608 - only our own constants are put together
DUE = f"""
    SELECT jsonb_agg(to_jsonb(due))
    FROM (
        SELECT {_named("m")} FROM work_items m JOIN connections c ON c.id = m.connection_id
        WHERE m.connection_id = :id AND m.due_at <= :now AND m.kind = ANY (CAST(:kinds AS text[]))
            AND {WORKABLE} LIMIT {FEW + 1}
    ) AS due
"""  # noqa: S608 - as above
"""All that is due of a connection as one value, for a statement that asks for more (`all_due`)."""


@dataclass(frozen=True, slots=True)
class Due:
    """`stamp` differs when the connection's row, or its store's token, has changed. `others`: what
    is due of the other kinds; None where that is too much to be read along.
    """

    items: Sequence[WorkItem]
    stamp: str
    others: Sequence[WorkItem] | None = ()
    is_all: bool = False
    """Nothing else of these kinds is due."""


async def due(
    tx: Tx,
    connection_id: int,
    now: datetime,
    kinds: Collection[Kind] = tuple(Kind),
    limit: int = 250,
) -> Sequence[WorkItem]:
    """The most urgent due items, all of one kind, the longest due first.

    Returns only what the connection's state allows.
    """
    return (await due_with_stamp(tx, connection_id, now, kinds, limit)).items


async def due_with_stamp(
    tx: Tx, connection_id: int, now: datetime, kinds: Collection[Kind], limit: int
) -> Due:
    """As `due`, and whether the connection has changed, in one statement."""
    values = {
        "id": connection_id,
        "now": now,
        "kinds": [kind.value for kind in Kind if kind in kinds],
        "others": [kind.value for kind in Kind if kind not in kinds],
        "limit": limit,
    }
    rows = await tx.rows(_DUE, values)
    wanted = [_mark(row) for row in rows if row.wanted]
    found = first_batch(wanted)[:limit]
    others = [_mark(row) for row in rows if row.wanted is False]
    return Due(
        found,
        rows[0].stamp if rows else "",
        others if len(others) <= FEW else None,
        is_all=len(found) == len(wanted),
    )


def all_due(plain: Any) -> Sequence[WorkItem] | None:
    """What `DUE` came to. None: more is due than it reads."""
    found = [from_plain(one, WorkItem) for one in plain or ()]
    return found if len(found) <= FEW else None


def first_batch(items: Iterable[WorkItem]) -> Sequence[WorkItem]:
    """Of all that is due, the most urgent items, all of one kind, the longest due first."""
    found = sorted(items, key=lambda one: (one.rank, one.due_at, one.generation))
    return [one for one in found if (one.kind, one.rank) == (found[0].kind, found[0].rank)]


def _mark(row: Any) -> WorkItem:
    return WorkItem(
        row.connection_id,
        Kind(row.kind),
        row.subject,
        row.generation,
        row.due_at,
        row.force,
        row.attempts,
        row.detail,
        row.rank,
        row.failing_since,
        row.support_id,
        row.trace,
    )


# ---- Forgetting and ensuring --------------------------------------------------------------------


async def forget(
    tx: Tx, connection_id: int, kinds: Collection[Kind], subjects: Collection[str] | None = None
) -> None:
    """Deletes items whatever their generation: of a connection that ends, or of subjects that no
    longer exist.
    """
    statement = sa.text("""
        DELETE FROM work_items WHERE connection_id = :id AND kind = ANY (CAST(:kinds AS text[]))
            AND (CAST(:subjects AS text[]) IS NULL OR subject = ANY (CAST(:subjects AS text[])))
    """)
    values = {
        "id": connection_id,
        "kinds": [kind.value for kind in kinds],
        "subjects": None if subjects is None else list(subjects),
    }
    await tx.run(statement, values)


async def ensure(
    tx: Tx,
    kind: Kind,
    every: timedelta,
    now: datetime,
    stages: Collection[Stage] = (Stage.RUNNING,),
) -> None:
    """Every connection in these stages has an item of this kind. A connection without one gets one
    that is due after `every`.

    For periodic work, and as a safety net under work that must not be lost.
    """
    statement = sa.text("""
        INSERT INTO work_items (connection_id, kind, subject, rank, generation, due_at, added_at)
        SELECT c.id, :kind, '', :rank, nextval('work_item_generations'), :due_at, :now
        FROM connections c WHERE c.stage = ANY (CAST(:stages AS text[])) ORDER BY c.id
        ON CONFLICT (connection_id, kind, subject) DO NOTHING
    """)
    values = {"kind": kind.value, "rank": RANKS[kind], "due_at": now + every, "now": now}
    await tx.run(statement, {**values, "stages": [stage.value for stage in stages]})
