"""SQLAlchemy's own way to the database, for the migrations.

It loads a sixth of all that a command would load, and no other work needs it: nothing but the
migrations imports it.
"""

from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from brygga.database.address import sqlalchemy_url
from brygga.database.engine import Database


def migration_engine(database: Database) -> AsyncEngine:
    """Keeps no connection open."""
    return create_async_engine(
        sqlalchemy_url(database.pool.url),
        poolclass=NullPool,
        hide_parameters=True,
        connect_args=dict(database.pool.wished),
    )
