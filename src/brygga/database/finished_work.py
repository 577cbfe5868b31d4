"""Work that is done: its items are deleted.

A work item is done only if nobody added it again while it was worked on.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from brygga.database.engine import Tx
from brygga.database.work_items import ADD_MIXED, ANNOUNCE, Wish, WorkItem, mixed

SAME = "connection_id = :id AND kind = :kind AND subject = :subject AND generation = :generation"
"""The item, unless it was added again: its values are `same`."""
_DONE = sa.text(f"DELETE FROM work_items WHERE {SAME}")  # noqa: S608 - only our own constant
# The rows are locked in the order in which `add_many` locks them.
ENDED = """
        SELECT m.kind, m.subject FROM work_items m
        JOIN unnest(CAST(:ended_kinds AS text[]), CAST(:ended_subjects AS text[]),
            CAST(:ended_generations AS bigint[])) AS n (kind, subject, generation)
            ON m.kind = n.kind AND m.subject = n.subject AND m.generation = n.generation
        WHERE m.connection_id = :id ORDER BY m.kind, m.subject FOR UPDATE OF m
"""
DONE = """
        DELETE FROM work_items m USING over
        WHERE m.connection_id = :id AND m.kind = over.kind AND m.subject = over.subject
        RETURNING m.generation
"""
"""Deletes what `ENDED` found, where that is called `over`."""
_ALL_DONE = sa.text(f"WITH over AS ({ENDED}) {DONE}")
_DONE_AND_ADDED = sa.text(f"""
    WITH over AS ({ENDED}), done AS ({DONE}), added AS ({ADD_MIXED}) {ANNOUNCE}
""")


async def done(tx: Tx, item: WorkItem) -> bool:
    """False when the item was added again meanwhile: then it stays."""
    return await tx.run(_DONE, same(item)) == 1


async def all_done(tx: Tx, items: Collection[WorkItem]) -> Collection[int]:
    """As `done`, for many items of one connection in one statement. Returns the generations that
    were done.
    """
    if not items:
        return ()
    values = {"id": next(iter(items)).connection_id, **ended(items)}
    return {row.generation for row in await tx.rows(_ALL_DONE, values)}


def ended(items: Collection[WorkItem]) -> Mapping[str, Any]:
    """These items as the values of `ENDED`."""
    return {
        "ended_kinds": [item.kind.value for item in items],
        "ended_subjects": [item.subject for item in items],
        "ended_generations": [item.generation for item in items],
    }


def is_apart(items: Iterable[WorkItem], wishes: Iterable[Wish]) -> bool:
    """Whether one statement can end these items and add those: it changes no row twice."""
    return {(item.kind, item.subject) for item in items}.isdisjoint(
        (one.kind, one.subject) for one in wishes
    )


async def done_and_added(
    tx: Tx,
    connection_id: int,
    items: Collection[WorkItem],
    wishes: Collection[Wish],
    now: datetime,
) -> None:
    """As `all_done`, and then `add` for each of these: in one statement where none of them is about
    what was done.
    """
    if not is_apart(items, wishes):
        await all_done(tx, items)
        items = ()
    values = {"id": connection_id, "now": now, **ended(items)}
    await tx.run(_DONE_AND_ADDED, {**values, **mixed(tx, connection_id, wishes, now)})


def same(item: WorkItem) -> Mapping[str, Any]:
    """This item as the values of `SAME`."""
    return {
        "id": item.connection_id,
        "kind": item.kind.value,
        "subject": item.subject,
        "generation": item.generation,
    }
