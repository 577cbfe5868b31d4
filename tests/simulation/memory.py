"""A cache of the disk: answers to earlier queries whose tables nobody has written since. PostgreSQL
would return the same.

A session sends the same queries thousands of times. A statement that writes removes every cached
answer that it could change: by table, and for a plain UPDATE by column. Nothing here knows what a
statement means.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from psycopg._queries import _query2pg

from brygga.database import (  # noqa: F401 - their tables are in the metadata
    alert_tables,
    stock_tables,
)
from brygga.database.tables import metadata

_KNOWN = re.compile(r"\s*(?:SELECT|INSERT|UPDATE|DELETE|WITH|SET LOCAL)\b")
_WORD = re.compile(r"\w+")
_WRITES = re.compile(r"\b(?:INSERT INTO|(?<!FOR )UPDATE(?! SET)|DELETE FROM) (\w+)")
_UPDATE = re.compile(
    r"\s*UPDATE (\w+)(?: (?:AS )?\w+)? SET (.*?)(?: FROM | WHERE | RETURNING |$)", re.DOTALL
)
_SET = re.compile(r"(\w+)\s*=")


def _below() -> Mapping[str, frozenset[str]]:
    """Every table -> itself and those whose rows go with its own."""
    found = {}
    for name, table in metadata.tables.items():
        below = [
            other.name
            for other in metadata.tables.values()
            for key in other.constraints
            if isinstance(key, sa.ForeignKeyConstraint) and key.referred_table is table
        ]
        found[name] = frozenset([name, *below])
    return found


BELOW = _below()
_EVERYTHING = "*"
"""What is deleted with a connection: rows of every table."""


@dataclass(eq=False, slots=True)
class Query:
    """A statement as libpq takes it, and what is known of its answers."""

    sql: bytes
    formats: Any
    order: Sequence[str]
    words: frozenset[str]
    touched: frozenset[str]
    """Tables that it writes to."""
    columns: frozenset[str] | None = None
    """Of a plain UPDATE, the columns."""
    without_rows: bool = False
    """Nobody asks how many rows it made."""
    repeatable: bool = False
    of_files: bool = False
    """It asks how large a table's file is, which is another number on every machine."""
    row: "Callable[[Sequence[Any]], Any] | None" = None
    answers: dict[Any, Any] = field(default_factory=dict)
    spoils: list["Query"] = field(default_factory=list)
    """The questions that this statement gives another answer."""

    @property
    def writes(self) -> bool:
        return bool(self.touched)

    def changes(self, question: "Query") -> bool:
        if _EVERYTHING in self.touched:
            return True
        if not self.touched & question.words:
            return False
        return self.columns is None or "*" in question.words or bool(self.columns & question.words)


class Memory:
    """Every statement that was met, by its text. `prompt`: none is silent."""

    def __init__(self, *, remembers: bool = True, prompt: bool = False) -> None:
        self.remembers = remembers
        self.prompt = prompt
        self.queries: dict[str, Query] = {}

    def query(self, text: str) -> Query:
        return self.queries.get(text) or self._met(text)

    def _met(self, text: str) -> Query:
        assert _KNOWN.match(text), f"nobody knows what such a statement writes: {text}"
        sql, formats, order, _ = _query2pg(text.encode(), "utf-8")
        plain = " ".join(text.split())
        words = frozenset(_WORD.findall(plain)) | ({"*"} if "*" in plain else set())
        written = set(_WRITES.findall(plain))
        touched: frozenset[str] = frozenset().union(*(BELOW.get(name, {name}) for name in written))
        if "DELETE FROM connections" in plain:
            touched |= {_EVERYTHING}
        update = _UPDATE.match(plain) if len(written) == 1 else None
        columns = frozenset(_SET.findall(update[2])) if update else None
        unasked = plain.startswith("INSERT") and "RETURNING" not in words
        without_rows = bool(written) and unasked and not self.prompt
        made = Query(sql, formats, order or (), words, touched, columns, without_rows)
        made.of_files = "pg_class" in words
        made.repeatable = self.remembers and not made.writes and "nextval" not in words
        for other in [*self.queries.values(), made]:
            if made.writes and not other.writes and made.changes(other):
                made.spoils.append(other)
            if other.writes and not made.writes and other.changes(made):
                other.spoils.append(made)
        self.queries[text] = made
        return made

    def forget(self, by: Query) -> None:
        for question in by.spoils:
            if question.answers:
                question.answers.clear()

    def forget_all(self) -> None:
        for query in self.queries.values():
            query.answers.clear()
