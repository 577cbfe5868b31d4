"""The disk of the simulation: a real PostgreSQL, on which a transaction is over before anything else runs.

Statements block the loop instead of waiting on it, so one transaction runs at a time, no lock is ever waited for, and a story cannot
depend on how quick the machine is. The statements are the service's own, compiled by SQLAlchemy for psycopg as always, then prepared once
by libpq; the engine and the cursors are left out, because a session sends thousands of statements and those cost more than the database.
"""

import contextlib
import re
from collections import namedtuple
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg import pq
from psycopg._queries import _query2pg
from psycopg.adapt import Transformer
from psycopg.errors import IntegrityError, error_from_result
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from brygga.store.database import Database, Fence, Tx, _hold, libpq_url, sqlalchemy_url
from brygga.store.sealing import Sealer
from tests.simulation.loop import SimLoop

SEALER = Sealer(("a secret of the simulation, long enough",))
_NEXT = b"COMMIT AND CHAIN"
_BACK = b"ROLLBACK AND CHAIN"
_WRITES = re.compile(r"\b(INSERT|UPDATE|DELETE)\b")
_GOOD = (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK)


class Compiled:
    """Statement -> SQL and its values. What is compiled once is not compiled again."""

    def __init__(self) -> None:
        self.dialect: Any = PGDialect_psycopg()  # type: ignore[no-untyped-call]
        self.texts: dict[str, str] = {}
        self.cache: dict[Any, Any] = {}

    def __call__(self, statement: Any, values: Mapping[str, Any] | None) -> tuple[str, Mapping[str, Any]]:
        if isinstance(statement, sa.TextClause):
            known = self.texts.get(statement.text)
            if known is None:
                known = self.texts[statement.text] = str(statement.compile(dialect=self.dialect))
            return known, values or {}
        names = sorted(values) if values else []
        compiled, extracted, *_ = statement._compile_w_cache(
            self.dialect, compiled_cache=self.cache, column_keys=names, for_executemany=False
        )
        params = compiled.construct_params(values or {}, extracted_parameters=extracted)
        text, processors = compiled.string, compiled._bind_processors
        if compiled._render_postcompile or compiled.post_compile_params or compiled.literal_execute_params:
            state = compiled._process_parameters_for_postcompile(params)
            text, params = state.statement, {**params, **state.additional_parameters}
            processors = {**processors, **state.processors}
        return text, {name: processors[name](v) if name in processors else v for name, v in params.items()}


@dataclass(slots=True)
class Answer:
    """What a statement came to."""

    rows: Sequence[Any] = ()
    changed: int = 0


@dataclass(slots=True)
class _Query:
    """A statement as libpq takes it, and the name under which it is prepared for each combination of types."""

    sql: bytes
    writes: bool
    formats: Any
    order: Sequence[str]
    names: dict[tuple[int, ...], bytes] = field(default_factory=dict)
    row: "Callable[[Sequence[Any]], Any] | None" = None


class Line:
    """One connection. It is always inside a transaction: the end of one begins the next, which saves half of the ways."""

    def __init__(self, url: str) -> None:
        options = "-c timezone=UTC -c lock_timeout=5000 -c plan_cache_mode=force_generic_plan"
        self.connection = psycopg.connect(url, autocommit=True, options=options)
        self.pgconn = self.connection.pgconn
        self.values = Transformer(self.connection)
        self.queries: dict[str, _Query] = {}
        self.count = 0
        self.ending = False
        self.wrote = False
        self.pgconn.exec_(b"BEGIN")

    def execute(self, text: str, values: Mapping[str, Any]) -> Answer:
        query = self.queries.get(text)
        if query is None:
            sql, formats, order, _ = _query2pg(text.encode(), "utf-8")
            query = self.queries[text] = _Query(sql, bool(_WRITES.search(text)), formats, order or ())
        params: Any = self.values.dump_sequence([values[name] for name in query.order], query.formats)
        types = self.values.types or ()
        self.finish()
        name = query.names.get(types) or self._prepared(query, types)
        result = self.pgconn.exec_prepared(name, params, self.values.formats, pq.Format.BINARY)
        if result.status not in _GOOD:
            raise error_from_result(result)
        return self._answer(query, result)

    def _prepared(self, query: _Query, types: tuple[int, ...]) -> bytes:
        self.count += 1
        name = query.names[types] = b"q%d" % self.count
        result = self.pgconn.prepare(name, query.sql, types)
        if result.status not in _GOOD:
            raise error_from_result(result)
        return name

    def _answer(self, query: _Query, result: Any) -> Answer:
        self.wrote = self.wrote or query.writes
        if result.status == pq.ExecStatus.COMMAND_OK:
            return Answer((), result.command_tuples or 0)
        if query.row is None:
            names = [result.fname(place).decode() for place in range(result.nfields)]
            kind: Any = namedtuple("Row", names, rename=True)  # type: ignore[misc]
            query.row = kind._make
        self.values.set_pgresult(result)
        rows = self.values.load_rows(0, result.ntuples, query.row) if result.ntuples else ()
        return Answer(rows, result.command_tuples or 0)

    def say(self, command: bytes) -> None:
        self.finish()
        result = self.pgconn.exec_(command)
        assert result.status in _GOOD, result.error_message

    def end(self) -> None:
        """Commits. The answer is awaited before the next statement: meanwhile the story goes on."""
        if self.wrote:
            self.finish()
            self.pgconn.send_query(_NEXT)
            self.ending, self.wrote = True, False

    def back(self) -> None:
        self.say(_BACK)
        self.wrote = False

    def finish(self) -> None:
        if not self.ending:
            return
        self.ending = False
        while (result := self.pgconn.get_result()) is not None:
            assert result.command_status == b"COMMIT", (result.command_status, result.error_message)


class Disk:
    """Some connections to one database; nearly always one is enough."""

    def __init__(self, url: str) -> None:
        self.url = libpq_url(sqlalchemy_url(url))
        self.compiled = Compiled()
        self.idle: list[Line] = []

    @contextlib.contextmanager
    def taken(self) -> Iterator[Line]:
        """A transaction's time on a line. Nothing else may run before it ends: the loop must not have turned."""
        line = self.idle.pop() if self.idle else Line(self.url)
        turn = SimLoop.turns
        try:
            yield line
        except BaseException:
            line.back()
            raise
        else:
            line.end()
            assert turn == SimLoop.turns, "a transaction was open while something else ran"
        finally:
            self.idle.append(line)

    def clear(self) -> None:
        """As on the first day."""
        with self.taken() as line:
            for command in (
                b"DELETE FROM connections",
                b"ALTER SEQUENCE connections_id_seq RESTART",
                b"ALTER SEQUENCE mark_generations RESTART",
            ):
                line.say(command)
            line.wrote = True

    def close(self) -> None:
        for line in self.idle:
            line.finish()
            line.connection.close()


class _Savepoints:
    """What `Tx.connection` is asked for."""

    def __init__(self, line: Line) -> None:
        self.line = line

    @contextlib.asynccontextmanager
    async def begin_nested(self) -> AsyncIterator[None]:
        self.line.say(b"SAVEPOINT nested")
        try:
            yield
        except IntegrityError as error:
            self.line.say(b"ROLLBACK TO SAVEPOINT nested")
            raise sa.exc.IntegrityError(str(error), None, error) from None


class DiskTx(Tx):
    """An open transaction on the disk."""

    def __init__(self, disk: Disk, line: Line) -> None:
        super().__init__(_Savepoints(line), SEALER)  # type: ignore[arg-type]
        self.disk = disk
        self.line = line

    def _run(self, statement: Any, values: Mapping[str, Any] | None) -> Answer:
        return self.line.execute(*self.disk.compiled(statement, values))

    async def rows(self, statement: Any, values: Mapping[str, Any] | None = None) -> Sequence[Any]:
        return self._run(statement, values).rows

    async def first(self, statement: Any, values: Mapping[str, Any] | None = None) -> Any:
        rows = self._run(statement, values).rows
        return rows[0] if rows else None

    async def scalar(self, statement: Any, values: Mapping[str, Any] | None = None) -> Any:
        rows = self._run(statement, values).rows
        return rows[0][0] if rows else None

    async def run(self, statement: Any, values: Mapping[str, Any] | None = None) -> int:
        return self._run(statement, values).changed

    async def run_many(self, statement: Any, values: Sequence[Mapping[str, Any]]) -> None:
        for some in values:
            self._run(statement, some)


class DiskDatabase(Database):
    """One process's door to the disk."""

    def __init__(self, disk: Disk) -> None:
        super().__init__(None, SEALER)  # type: ignore[arg-type]
        self.disk = disk

    @contextlib.asynccontextmanager
    async def transaction(self, fence: Fence | None = None) -> AsyncIterator[Tx]:
        with self.disk.taken() as line:
            tx = DiskTx(self.disk, line)
            if fence is not None:
                await _hold(tx, fence)
            yield tx
        self._tell_all(tx.woken)

    @contextlib.asynccontextmanager
    async def read(self) -> AsyncIterator[Tx]:
        with self.disk.taken() as line:
            yield DiskTx(self.disk, line)
            assert not line.wrote, "a read wrote"
