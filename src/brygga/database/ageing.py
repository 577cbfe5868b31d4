"""Rows whose time is over are deleted in portions: the oldest first, and never those that another
process deletes now. After a standstill of any length each portion is small, so that no statement
takes long, and no two workers wait for each other.
"""

from datetime import datetime
from functools import cache

import sqlalchemy as sa

from brygga.database.engine import Tx

PORTION = 20_000
"""Rows a statement. A worker deletes as many of each table in a minute at most."""


@cache
def _delete(table: str, column: str) -> sa.TextClause:
    # `column` is asked for outside too: in a table of several partitions a row's place (`ctid`) is
    # not its own alone.
    return sa.text(f"""
        DELETE FROM {table} WHERE {column} < :before AND ctid = ANY (ARRAY(
            SELECT ctid FROM {table} WHERE {column} < :before
            ORDER BY {column} LIMIT :portion FOR UPDATE SKIP LOCKED
        ))
    """)  # noqa: S608 - our own names


async def delete_older(
    tx: Tx, column: "sa.Column[datetime]", before: datetime, portion: int = PORTION
) -> int:
    """Deletes rows of the column's table that are older than that, `portion` at most, and returns
    how many it were. The column has an index.
    """
    statement = _delete(column.table.name, column.name)
    return await tx.run(statement, {"before": before, "portion": portion})
