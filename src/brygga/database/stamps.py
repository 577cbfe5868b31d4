"""Short texts that change when a connection's pages may show something else."""

from typing import Final

import sqlalchemy as sa

from brygga.database.engine import Tx

# Products and bindings change with work only, and ticks are the merchant's own. Work that is added
# takes a generation above all others, and only a turn ends work. Between two turns, the number of
# items and the sum of their generations say what was added: none of them ends. A turn may also end
# what was added a moment ago, and leave both as they were. But no two turns have the same epoch,
# and within one, the newest generation of all connections says that something was added.
_OF: Final = sa.text("""
    SELECT concat_ws(' ', c.lease_epoch,
        CASE WHEN c.lease_holder IS NOT NULL
            THEN (SELECT 'of ' || last_value FROM work_item_generations) END,
        (SELECT concat_ws(' ', count(*), sum(generation)) FROM work_items
            WHERE connection_id = :id),
        (SELECT coalesce(max(id), 0) FROM synclog WHERE connection_id = :id),
        (SELECT concat_ws(' ', count(*), sum(count)) FROM ticks WHERE connection_id = :id))
    FROM connections c WHERE c.id = :id
""")

_NEWEST: Final = sa.text("""
    SELECT concat_ws('-',
        coalesce((SELECT max(id) FROM synclog WHERE connection_id = :id), 0),
        coalesce((SELECT max(id) FROM movements WHERE connection_id = :id), 0))
""")


async def newest(tx: Tx, connection_id: int) -> str:
    """Equal for two readings only if no line of the sync log and no movement came in between. Other
    connections' work does not change it.
    """
    return str(await tx.scalar(_NEWEST, {"id": connection_id}))


async def of(tx: Tx, connection_id: int) -> str:
    """Equal for two readings only if no work was added or done and nothing was ticked in between.
    Other connections' work changes it only while this connection has a turn.
    """
    return str(await tx.scalar(_OF, {"id": connection_id}))
