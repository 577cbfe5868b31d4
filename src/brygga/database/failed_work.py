"""Work whose try failed. It is tried again: later, if a platform did not answer, and with growing
pauses or by the next version of the program, if it met a bug of ours (it is *parked*).

Which work failed, and how often, is read in `waiting_work`.
"""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from brygga.database.engine import Tx
from brygga.database.finished_work import SAME, same
from brygga.database.work_items import Kind, WorkItem

_AGAIN = sa.text(f"""
    UPDATE work_items SET due_at = :due_at, attempts = attempts + 1, parked_at = NULL,
        waits_for = :waits_for,
        waits_since = CASE WHEN :waits_for = '' THEN NULL WHEN waits_for = :waits_for
            THEN waits_since ELSE :now END
    WHERE {SAME}
""")  # noqa: S608 - only our own constants are put together
# An item that was added again while its work failed keeps its own due time: it is tried at once, as
# part of the same incident.
_PARK = sa.text("""
    UPDATE work_items SET
        parked_at = CASE WHEN generation = :generation THEN CAST(:now AS timestamptz) END,
        due_at = CASE WHEN generation = :generation THEN CAST(:due_at AS timestamptz) ELSE due_at
            END,
        failing_since = coalesce(failing_since, :now),
        support_id = CASE WHEN support_id = '' THEN :support_id ELSE support_id END,
        failed_programs = array_append(array_remove(failed_programs, :program), :program),
        attempts = attempts + 1
    WHERE connection_id = :id AND kind = :kind AND subject = :subject
""")
CAUSE = "concat_ws(' ', s.bundle ->> 'bug', s.bundle -> 'at' ->> -1)"
"""What failed, and where in the code: the same for every work item that meets the same bug. `s` is
the row of its support id.
"""
_RETRY = sa.text(f"""
    UPDATE work_items SET due_at = least(due_at, :now), parked_at = NULL
    WHERE failing_since IS NOT NULL
        AND (CAST(:id AS bigint) IS NULL OR connection_id = :id)
        AND (CAST(:kind AS text) IS NULL OR kind = :kind)
        AND (CAST(:support_id AS text) IS NULL OR support_id = :support_id)
        AND (CAST(:cause AS text) IS NULL OR EXISTS (
            SELECT FROM support s WHERE s.id = work_items.support_id
                AND s.connection_id = work_items.connection_id AND {CAUSE} = :cause))
    RETURNING connection_id
""")  # noqa: S608 - as above
_RETRY_FOR = sa.text("""
    UPDATE work_items SET due_at = least(due_at, :now), parked_at = NULL,
        failed_programs = array_append(failed_programs, :program)
    WHERE parked_at IS NOT NULL AND NOT (:program = ANY (failed_programs))
""")


async def again(
    tx: Tx, item: WorkItem, due_at: datetime, *, waits_for: str = "", now: datetime | None = None
) -> bool:
    """The try failed and is repeated later. `waits_for` names the platform that did not answer at
    `now`.

    False when the item was added again meanwhile: then the due time of the new one counts.
    """
    values = {**same(item), "due_at": due_at, "now": now or due_at, "waits_for": waits_for}
    return await tx.run(_AGAIN, values) == 1


async def park(
    tx: Tx, item: WorkItem, support_id: str, now: datetime, *, next_try: datetime, program: str = ""
) -> bool:
    """The work failed by a bug of ours in this version of the program. It is tried again at
    `next_try`. The first support id stays.

    False when nobody asks for the work any more.
    """
    values = {
        **same(item),
        "support_id": support_id,
        "now": now,
        "due_at": next_try,
        "program": program,
    }
    return await tx.run(_PARK, values) == 1


async def retry(
    tx: Tx,
    now: datetime,
    *,
    connection_id: int | None = None,
    kind: Kind | None = None,
    support_id: str | None = None,
    cause: str | None = None,
) -> Mapping[int, int]:
    """Failed work is tried now: all of it, or that of one connection, kind, support id or cause
    (`operating.causes`).

    Returns the number of resumed items by connection.
    """
    values = {
        "now": now,
        "id": connection_id,
        "kind": kind and kind.value,
        "support_id": support_id,
        "cause": cause,
    }
    found: dict[int, int] = {}
    for row in await tx.rows(_RETRY, values):
        found[row.connection_id] = found.get(row.connection_id, 0) + 1
    return dict(sorted(found.items()))


async def retry_for(tx: Tx, program: str, now: datetime) -> int:
    """This version of the program tries once what failed in other versions. Returns the number of
    items.
    """
    return await tx.run(_RETRY_FOR, {"program": program, "now": now})
