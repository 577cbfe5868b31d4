"""An upgrade in the middle of a removal: it goes on, and its progress is counted from what is
left.
"""

import sqlalchemy as sa
from alembic import command

from brygga.core.lifecycle import Departure, Leaving
from brygga.core.model import Stage, Synced
from brygga.database import bindings, connections, migrating
from brygga.database.engine import Database
from brygga.database.migration_engine import migration_engine
from tests.conftest import NOON
from tests.database.merchants import connected


async def test_a_removal_under_way_goes_on_and_cannot_be_undone(database: Database) -> None:
    one = await connected(database)
    async with database.transaction() as tx:
        for number in (1, 2):
            await bindings.save(tx, one.id, Synced(f"product-{number}", number), NOON)
        await connections.set_stage(tx, one.id, Stage.LEAVING)
        await tx.run(
            sa.text("UPDATE connections SET leaving = 'remove' WHERE id = :id"), {"id": one.id}
        )
    async with migration_engine(database).connect() as connection, connection.begin():
        await connection.run_sync(lambda sync: command.downgrade(migrating._config(sync), "0020"))
    await migrating.upgrade(database)

    async with database.transaction() as tx:
        state = await connections.state(tx, one.id)
        health = await connections.health(tx, one.id)
    assert (Leaving(Departure.REMOVE), 2, None) == (state, health.to_remove, health.undo_until)
