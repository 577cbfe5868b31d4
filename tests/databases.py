"""Databases for tests: each is a copy of a migrated one, is emptied after its test, and serves the
next.

To make a copy and to drop it costs several times what it costs to delete its rows, and so does
TRUNCATE, which makes new files for every table.
"""

import itertools
from dataclasses import dataclass, field

import psycopg

_SHAPE = """
    SELECT
        (SELECT md5(string_agg(oid || relname, ',' ORDER BY oid)) FROM pg_class
            WHERE relnamespace = 'public'::regnamespace),
        (SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace
            AND relkind = 'r' AND reltuples >= 0),
        (SELECT md5(string_agg(attrelid || attname || atttypid || attnotnull::text, ','
            ORDER BY attrelid, attnum))
            FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
                WHERE c.relnamespace = 'public'::regnamespace),
        (SELECT sum(oid::bigint) FROM pg_constraint),
        (SELECT sum(oid::bigint) FROM pg_attrdef),
        (SELECT sum(oid::bigint) FROM pg_trigger),
        (SELECT md5(string_agg(oid || prosrc, ',' ORDER BY oid)) FROM pg_proc
            WHERE pronamespace = 'public'::regnamespace)
"""
_END_OTHERS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_TABLES = (
    "SELECT format('%I', tablename) FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
)
_SIZE = "SELECT pg_database_size(current_database())"
_MOST_LEFT = 4_000_000
"""Bytes that deleted rows may take up; a database of more is dropped."""
_RESET = """
    SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
    FROM pg_sequences WHERE last_value IS NOT NULL
"""


@dataclass
class Databases:
    """Those of one PostgreSQL, by the address of the template that all are copies of."""

    template_url: str
    template: str = "brygga"
    _free: list[str] = field(default_factory=list)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _tables: list[str] = field(default_factory=list)
    _given: dict[str, str] = field(default_factory=dict)
    """The tables in which the template has rows, and those rows."""
    _shape: object = None
    _size: int = 0

    def url(self, name: str) -> str:
        return self.template_url.replace(f"/{self.template}?", f"/{name}?")

    def lend(self) -> str:
        """The name of an empty, migrated database."""
        if not self._tables:
            self._learn()
        if self._free:
            return self._free.pop()
        name = f"test_{next(self._numbers)}"
        with self._connect("postgres") as admin:
            admin.execute(f"CREATE DATABASE {name} TEMPLATE {self.template} STRATEGY FILE_COPY")
        return name

    def take_back(self, name: str) -> None:
        """Whoever is still connected is not any more. What cannot be made as it was is dropped."""
        if self._is_as_before(name):
            self._free.append(name)
            return
        with self._connect("postgres") as admin:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _learn(self) -> None:
        with self._connect(self.template) as one:
            self._shape = one.execute(_SHAPE).fetchone()
            self._size = self._bytes(one)
            self._tables = [row[0] for row in one.execute(_TABLES)]
            self._given = {table: self._rows(one, table) for table in self._filled(one)}

    def _is_as_before(self, name: str) -> bool:
        try:
            with self._connect(name) as one:
                one.execute(_END_OTHERS)
                one.execute("SET lock_timeout = '3s'")
                if one.execute(_SHAPE).fetchone() != self._shape:
                    return False
                filled = self._filled(one)
                if not self._given.keys() <= set(filled):
                    return False
                # Most rows go with their connection.
                filled.sort(key=lambda table: table != "connections")
                one.execute(";".join(f"DELETE FROM {t}" for t in filled if t not in self._given))
                one.execute(_RESET)
                if self._bytes(one) > self._size + _MOST_LEFT:
                    return False
                return all(self._rows(one, table) == rows for table, rows in self._given.items())
        except psycopg.Error:
            return False

    def _bytes(self, one: psycopg.Connection) -> int:
        found = one.execute(_SIZE).fetchone()
        return int(found[0]) if found else 0

    def _filled(self, one: psycopg.Connection) -> list[str]:
        looks = (f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {table})" for table in self._tables)
        return [row[0] for row in one.execute(" UNION ALL ".join(looks))]

    def _rows(self, one: psycopg.Connection, table: str) -> str:
        found = one.execute(
            f"SELECT string_agg(t::text, '|' ORDER BY t::text) FROM {table} t"
        ).fetchone()
        return str(found and found[0])

    def _connect(self, name: str) -> psycopg.Connection:
        return psycopg.connect(self.url(name), autocommit=True)
