"""Short texts that change when a connection's pages may show something else."""

from typing import Final

import sqlalchemy as sa

from brygga.database.engine import Tx

# Products and bindings change with work only. Work that is added takes a new generation, and work
# that ends leaves one item less: the pair never comes back. Ticks are the merchant's own.
_OF: Final = sa.text("""
    SELECT concat_ws(' ', (SELECT last_value FROM work_item_generations),
        (SELECT count(*) FROM work_items WHERE connection_id = :id),
        (SELECT coalesce(max(id), 0) FROM synclog WHERE connection_id = :id),
        (SELECT concat_ws(' ', count(*), sum(count)) FROM ticks WHERE connection_id = :id))
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
    """Equal for two readings only if no work was done and nothing was ticked in between."""
    return str(await tx.scalar(_OF, {"id": connection_id}))
