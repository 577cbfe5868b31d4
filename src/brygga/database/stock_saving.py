"""What one pass over stock decided, saved in one statement."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from brygga.core.report import Line
from brygga.core.stock.movement import Movement
from brygga.database import (
    finished_work,
    ledgers,
    markers,
    movements,
    pending_writes,
    synclog,
    work_items,
)
from brygga.database.engine import Tx
from brygga.database.ledgers import LedgerRow
from brygga.database.pending_writes import CallPart
from brygga.database.work_items import Wish, WorkItem


@dataclass(frozen=True, slots=True)
class Work:
    """The work items that a pass has done, those that it asks for, and the marker's slots of calls
    that it ended, with what they show.
    """

    done: Collection[WorkItem] = ()
    wishes: Collection[Wish] = ()
    freed: Mapping[str, int] = field(default_factory=dict)


NOTHING = Work()

# `done` and `added` lock in two orders: a deadlock is `DatabaseBusy`, and the pass is tried again.
# A line gets the names that the merchant knows, as Zettle's library has them.
_SAVE = sa.text(f"""
    WITH intended AS ({pending_writes.INTEND}
    ), saved AS ({ledgers.SAVE}
    ), moved AS ({movements.ADD}
    ), ended AS (
        DELETE FROM pending_writes w USING unnest(CAST(:ended_calls AS text[]),
            CAST(:ended_variants AS text[])) AS n (call, variant_uuid)
        WHERE w.connection_id = :id AND w.call = n.call AND w.variant_uuid = n.variant_uuid
    ), freed AS ({markers.FREED}
    ), over AS ({finished_work.ENDED}
    ), done AS ({finished_work.DONE}
    ), added AS ({work_items.ADD_MIXED}
    ), said AS (
    INSERT INTO synclog (connection_id, at, code, topic, severity, subject, variant, params)
    SELECT :id, :now, n.code, n.topic, n.severity, n.subject, n.variant, jsonb_build_object(
        'name', coalesce(l.name, ''), 'variant_name', coalesce(v.name, '')) || n.params
    FROM jsonb_to_recordset(CAST(:lines AS jsonb)) AS n (place integer, code text, topic text,
            severity text, subject text, variant text, params jsonb)
        LEFT JOIN library l ON l.connection_id = :id AND l.product_uuid = n.subject
        LEFT JOIN LATERAL (
            SELECT one ->> 'name' AS name FROM jsonb_array_elements(l.product -> 'variants') AS one
            WHERE one ->> 'uuid' = n.variant LIMIT 1
        ) AS v ON true
    ORDER BY n.place
    )
    {work_items.ANNOUNCE}
""")  # noqa: S608 - only our own constants are put together


async def save(  # noqa: PLR0917 - the parts of what is saved
    tx: Tx,
    connection_id: int,
    rows: Sequence[LedgerRow],
    moved: Sequence[Movement],
    lines: Sequence[Line],
    intents: Collection[CallPart],
    now: datetime,
    ended: Collection[tuple[str, str]] = (),
    work: Work = NOTHING,
) -> None:
    """These ledgers, why they changed, what the sync log says of it with the names that the
    merchant knows, and the writes that are about to be sent. `ended`: the parts of earlier calls,
    by call and variant, whose outcome is known for good.
    """
    done: Collection[WorkItem] = work.done
    if not finished_work.is_apart(done, work.wishes):
        await finished_work.all_done(tx, done)
        done = ()
    if not (rows or moved or lines or intents or ended or done or work.wishes or work.freed):
        return
    values = {
        "id": connection_id,
        "now": now,
        "lines": synclog.added(lines),
        **ledgers.saved(rows),
        **movements.added(moved),
        **pending_writes.intended(intents),
        "ended_calls": [call for call, _ in ended],
        "ended_variants": [variant for _, variant in ended],
        **markers.freed(work.freed),
        **finished_work.ended(done),
        **work_items.mixed(tx, connection_id, work.wishes, now),
    }
    await tx.run(_SAVE, values)
