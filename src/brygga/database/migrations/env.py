"""Alembic's entry: runs the migrations on the connection that `brygga.database.migrating` hands
over, in its transaction.
"""

from alembic import context

from brygga.database.all_tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
