"""What buttons and webhooks add: a work item, and a job that will work on it, in the caller's
transaction.
"""

from collections.abc import Iterable
from datetime import datetime

from brygga.database import work_items
from brygga.database.engine import Tx
from brygga.database.work_items import STOCK_KINDS, Kind
from brygga.web.deps import WebDeps


async def ask(
    deps: WebDeps,
    tx: Tx,
    connection_id: int,
    kind: Kind,
    subjects: Iterable[str] = ("",),
    *,
    due_at: datetime | None = None,
    force: bool = False,
    detail: str = "",
    bulk: bool = False,
) -> None:
    """Adds work items for these subjects. Nothing is saved, and no worker is notified, unless the
    transaction commits.
    """
    wanted = list(subjects)
    if not wanted:
        return
    now = deps.clock.now()
    await work_items.add_many(
        tx, connection_id, kind, wanted, now, due_at=due_at, force=force, detail=detail, bulk=bulk
    )
    await deps.jobs.enqueue(tx, connection_id, urgent=kind in STOCK_KINDS)
