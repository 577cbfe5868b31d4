"""Merchants' tables, split by connection as an engine that spreads them over servers would split
them: each unique key has to contain `connection_id`, and each foreign key leads within one part.

PostgreSQL's own partitions by hash ask for the same as Citus does, so what works on them needs no
change there for its keys (docs/scaling.md).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import psycopg
import sqlalchemy as sa

from brygga.database import (
    access_tables,
    alert_tables,
    stock_tables,
    watching_tables,
)
from brygga.database.tables import metadata

KNOWN = (access_tables, alert_tables, stock_tables, watching_tables)
"""Their tables are in the metadata once they are imported."""
OWNER = "connection_id"
BOUND = "2026-01-01Z"
"""Between the two parts by time."""
WHOLE = {
    "sessions": "found by a key that nobody can guess, before it is known whose it is",
    "audit": "also holds acts of no merchant",
}
"""Tables with rows of no merchant. They stay in one piece."""
BY_NUMBER = {
    "alert_messages": "a worker takes the next one to send, whoever's it is",
    "exchanges": "a number that grows",
    "kept_webhooks": "a number that grows",
    "movements": "a number that grows",
    "predictions": "a number that grows",
    "stock_hints": "a number that grows",
    "support": "operators are told the id alone",
    "synclog": "a number that grows",
}
"""Tables with an id of their own as primary key. Split, it is `(connection_id, id)`."""
GUESSED_BY_NOBODY = {
    ("alert_messages", "message_id"): "random",
    ("alert_settings", "ticket"): "random",
}
"""Other unique keys without the owner: they are unique without an index that says so."""
AGED = {
    "exchanges": "at",
    "kept_webhooks": "received_at",
    "movements": "at",
    "synclog": "at",
}
"""Tables that can also be split by time, so that what is old is dropped instead of deleted. `inbox`
cannot: its key must find a message again whenever it comes, so it must not contain a time.
"""


def owned() -> Iterator[sa.Table]:
    """Every table of merchants' rows, parents before children."""
    return (table for table in metadata.sorted_tables if OWNER in table.c)


def keys(table: sa.Table) -> Iterator[tuple[str, ...]]:
    """The columns of each unique key."""
    yield tuple(column.name for column in table.primary_key.columns)
    for one in table.constraints:
        if isinstance(one, sa.UniqueConstraint):
            yield tuple(column.name for column in one.columns)
    for index in table.indexes:
        if index.unique:
            yield tuple(getattr(column, "name", str(column)) for column in index.expressions)


@dataclass(frozen=True, slots=True)
class _Shape:
    """What has to be made anew on a table: the columns of its primary key, its other indexes, and
    its foreign keys, as PostgreSQL writes them.
    """

    key: Sequence[str]
    indexes: Sequence[str]
    references: Sequence[tuple[str, str]]


_KEY = """
    SELECT a.attname FROM pg_index i
    CROSS JOIN LATERAL unnest(i.indkey::int[]) WITH ORDINALITY AS k (attnum, place)
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
    WHERE i.indrelid = %s::regclass AND i.indisprimary ORDER BY k.place
"""
_INDEXES = """
    SELECT pg_get_indexdef(indexrelid) FROM pg_index
    WHERE indrelid = %s::regclass AND NOT indisprimary
"""
_REFERENCES = """
    SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid = %s::regclass AND contype = 'f'
"""


def lay_apart(url: str, parts: int = 2) -> list[str]:
    """Splits every table of merchants' rows of that database, which has none yet. Returns the
    names of the tables.
    """
    names = [table.name for table in owned() if table.name not in WHOLE]
    with psycopg.connect(url) as one:
        shapes = {name: _shape(one, name) for name in names}
        for name in names:
            for constraint, _ in shapes[name].references:
                one.execute(f"ALTER TABLE {name} DROP CONSTRAINT {constraint}")
        for name in names:
            _split(one, name, shapes[name], parts)
        for name in names:
            for constraint, says in shapes[name].references:
                one.execute(f"ALTER TABLE {name} ADD CONSTRAINT {constraint} {says}")
    return names


def _shape(one: psycopg.Connection, name: str) -> _Shape:
    return _Shape(
        [row[0] for row in one.execute(_KEY, (name,))],
        [row[0] for row in one.execute(_INDEXES, (name,))],
        [(row[0], row[1]) for row in one.execute(_REFERENCES, (name,))],
    )


def _split(one: psycopg.Connection, name: str, shape: _Shape, parts: int) -> None:
    one.execute(f"ALTER TABLE {name} RENAME TO {name}_whole")
    by_owner, at = f"PARTITION BY HASH ({OWNER})", AGED.get(name)
    one.execute(
        f"CREATE TABLE {name} (LIKE {name}_whole INCLUDING DEFAULTS INCLUDING CONSTRAINTS"
        f" INCLUDING IDENTITY) {f'PARTITION BY RANGE ({at})' if at else by_owner}"
    )
    one.execute(f"DROP TABLE {name}_whole")
    for above in _times(one, name, by_owner) if at else [name]:
        for part in range(parts):
            one.execute(
                f"CREATE TABLE {above}_{part} PARTITION OF {above}"
                f" FOR VALUES WITH (MODULUS {parts}, REMAINDER {part})"
            )
    key = [*([] if OWNER in shape.key else [OWNER]), *shape.key, *([at] if at else [])]
    one.execute(f"ALTER TABLE {name} ADD PRIMARY KEY ({', '.join(key)})")
    for index in shape.indexes:
        head, _, columns = index.partition(" USING btree (")
        lacks = head.startswith("CREATE UNIQUE") and OWNER not in columns
        one.execute(f"{head} USING btree ({f'{OWNER}, ' if lacks else ''}{columns}")


def _times(one: psycopg.Connection, name: str, split: str) -> list[str]:
    """Two parts of a table by time, each split on."""
    for part, bounds in (("old", f"MINVALUE) TO ('{BOUND}'"), ("new", f"'{BOUND}') TO (MAXVALUE")):
        one.execute(
            f"CREATE TABLE {name}_{part} PARTITION OF {name} FOR VALUES FROM ({bounds}) {split}"
        )
    return [f"{name}_old", f"{name}_new"]
