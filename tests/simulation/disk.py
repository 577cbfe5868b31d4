"""The disk of the simulation: a real PostgreSQL. A transaction ends before anything else runs.

Statements block the loop instead of waiting on it. So one transaction runs at a time, no
transaction waits for a lock, and a story does not depend on the speed of the machine. The
statements are the service's own, compiled by SQLAlchemy for psycopg as always, then prepared once
by libpq. The engine and the cursors are left out: a session sends thousands of statements, and they
would cost more than the database.
"""

import contextlib
from collections import namedtuple
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg import pq
from psycopg.adapt import Transformer
from psycopg.errors import IntegrityError, error_from_result

import brygga.database.access_tables  # noqa: F401 - its tables join the metadata
from brygga.database.address import libpq_url, sqlalchemy_url
from brygga.database.compiling import Compiler
from brygga.database.engine import Database, Fence, Tx, _hold
from brygga.database.pool import Pool, reads
from brygga.database.sealing import Sealer
from brygga.database.tables import metadata
from tests.simulation.loop import SimLoop
from tests.simulation.memory import Memory, Query

SWEPT_AFTER = 50
"""Tests, whose rows would else stay in the files."""
SEALER = Sealer(("a secret of the simulation, long enough",))
_NEXT = b"COMMIT AND CHAIN"
_BACK = b"ROLLBACK AND CHAIN"
_ANEW = b"""
    SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
    FROM pg_sequences WHERE last_value IS NOT NULL
"""
# Most go with their connection.
_EMPTY = (
    b"DELETE FROM connections",
    *(f"DELETE FROM {table.name}".encode() for table in metadata.tables.values()),
    _ANEW,
)
_GOOD = (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK)


@dataclass(slots=True)
class Answer:
    """What a statement came to; None while it is on its way."""

    result: Any = None
    rows: Sequence[Any] = ()

    @property
    def changed(self) -> int:
        """-1 while it is on its way: nobody may ask then (`Tx.run`)."""
        return -1 if self.result is None else int(self.result.command_tuples or 0)


class Line:
    """One connection. It is always inside a transaction: the end of one begins the next.

    Statements whose answer nobody asks for (an INSERT, a COMMIT) do not wait for it: libpq's
    pipeline takes the next one meanwhile. An error of theirs is raised by the next statement.
    """

    def __init__(self, url: str, memory: Memory) -> None:
        options = "-c timezone=UTC -c lock_timeout=5000 -c plan_cache_mode=force_generic_plan"
        self.connection = psycopg.connect(url, autocommit=True, options=options)
        self.pgconn = self.connection.pgconn
        self.values = Transformer(self.connection)
        self.memory = memory
        self.names: dict[tuple[Query, tuple[int, ...]], bytes] = {}
        self.waiting: list[Answer] = []
        self.wrote = False
        self.commits = 0
        self.pgconn.enter_pipeline_mode()
        self.say(b"BEGIN")

    def execute(self, text: str, values: Mapping[str, Any]) -> Answer:
        query = self.memory.query(text)
        if query.of_files:
            return Answer()
        given = [values[name] for name in query.order]
        key = (
            tuple([tuple(v) if v.__class__ is list else v for v in given])
            if query.repeatable
            else None
        )
        if key is not None and (known := query.answers.get(key)) is not None:
            return known  # type: ignore[no-any-return]
        params: Any = self.values.dump_sequence(given, query.formats)
        types = self.values.types or ()
        name = self.names.get((query, types)) or self._prepared(query, types)
        self.pgconn.send_query_prepared(name, params, self.values.formats, pq.Format.BINARY)
        answer = Answer()
        self.waiting.append(answer)
        if query.writes:
            self.wrote = True
            self.memory.forget(query)
        if query.without_rows:
            return answer
        self.finish()
        if answer.result.ntuples:
            answer.rows = self._rows(query, answer.result)
        if key is not None:
            query.answers[key] = answer
        return answer

    def _prepared(self, query: Query, types: tuple[int, ...]) -> bytes:
        name = self.names[query, types] = b"q%d" % len(self.names)
        self.pgconn.send_prepare(name, query.sql, types)
        self.waiting.append(Answer())
        return name

    def _rows(self, query: Query, result: Any) -> Sequence[Any]:
        if query.row is None:
            names = [result.fname(place).decode() for place in range(result.nfields)]
            plain: Any = namedtuple("Row", names, rename=True)  # type: ignore[misc]
            # As a row of SQLAlchemy's shows its columns.
            kind: Any = type(
                "Row", (plain,), {"__slots__": (), "_mapping": property(plain._asdict)}
            )
            query.row = kind._make
        self.values.set_pgresult(result)
        return self.values.load_rows(0, result.ntuples, query.row)

    def say(self, command: bytes) -> None:
        self.pgconn.send_query_params(command, None)
        self.waiting.append(Answer())

    def end(self) -> None:
        """Commits."""
        if self.wrote:
            self.say(_NEXT)
            self.wrote = False
            self.commits += 1
            if self.memory.prompt:
                self.finish()

    def back(self) -> None:
        with contextlib.suppress(psycopg.Error):
            self.finish()
        if self.wrote:
            self.memory.forget_all()
        self.say(_BACK)
        self.finish()
        self.wrote = False

    def finish(self) -> None:
        """Takes every answer that is still on its way. Raises the first error among them."""
        if not self.waiting:
            return
        self.pgconn.pipeline_sync()
        wrong = None
        for answer in self.waiting:
            answer.result = self.pgconn.get_result()
            if answer.result.status not in _GOOD and wrong is None:
                wrong = error_from_result(answer.result)
            assert self.pgconn.get_result() is None
        self.waiting.clear()
        sync = self.pgconn.get_result()
        assert sync is not None
        assert sync.status == pq.ExecStatus.PIPELINE_SYNC
        if wrong is not None:
            raise wrong


class Disk:
    """One database, one transaction at a time. `remembers` False asks PostgreSQL every time;
    `prompt` waits for the answer to each statement and commit."""

    def __init__(self, url: str, *, remembers: bool = True, prompt: bool = False) -> None:
        self.url = libpq_url(sqlalchemy_url(url))
        self.compiled = Compiler()
        self.memory = Memory(remembers=remembers, prompt=prompt)
        self.idle: list[Line] = []
        self.opened = False
        self.zeroed = 0

    @contextlib.contextmanager
    def taken(self) -> Iterator[Line]:
        """A transaction's time on a line. Nothing else may run before it ends: the loop must not
        have turned.
        """
        assert self.idle or not self.opened, "two transactions at a time"
        line = self.idle.pop() if self.idle else Line(self.url, self.memory)
        self.opened = True
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

    @property
    def commits(self) -> int:
        """How many transactions have been committed."""
        return sum(line.commits for line in self.idle)

    def sweep(self) -> None:
        """What earlier days have left behind in the files: nothing else does it, since it would run
        at moments of its own.
        """
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("VACUUM (TRUNCATE FALSE)")

    def clear(self) -> None:
        """As on the first day."""
        with self.taken() as line:
            for command in (
                b"DELETE FROM connections",
                b"ALTER SEQUENCE connections_id_seq RESTART",
                b"ALTER SEQUENCE work_item_generations RESTART",
            ):
                line.say(command)
            line.finish()
            line.wrote = True
        self.memory.forget_all()

    def empty(self) -> None:
        """Without a row in any of our tables, and every number begins anew."""
        with self.taken() as line:
            for command in _EMPTY:
                line.say(command)
            line.finish()
            line.wrote = True
        self.memory.forget_all()
        self.zeroed += 1
        if self.zeroed % SWEPT_AFTER == 0:
            self.sweep()

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
            self.line.finish()
        except IntegrityError as error:
            self.line.say(b"ROLLBACK TO SAVEPOINT nested")
            self.line.memory.forget_all()
            raise sa.exc.IntegrityError(str(error), None, error) from None


class DiskTx(Tx):
    """An open transaction on the disk."""

    def __init__(
        self, disk: Disk, line: Line, sealer: Sealer = SEALER, *, once: bool = False
    ) -> None:
        super().__init__(_Savepoints(line), sealer)  # type: ignore[arg-type]
        self.disk = disk
        self.line = line
        self.left = 1 if once else None
        """How many queries may still come, where that is limited."""

    def _run(self, statement: Any, values: Mapping[str, Any] | None) -> Answer:
        text, given = self.disk.compiled(statement, values)
        if self.left is not None:
            assert self.left, f"a second query, where one was announced: {text[:200]}"
            assert reads(text), f"it may write, where a read was announced: {text[:200]}"
            self.left -= 1
        return self.line.execute(text, given)

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

    def __init__(self, disk: Disk, sealer: Sealer = SEALER) -> None:
        # It opens nothing: figures ask it how many of its connections are in use.
        super().__init__(Pool("", 1, {}), sealer)
        self.disk = disk

    @contextlib.asynccontextmanager
    async def transaction(self, fence: Fence | None = None) -> AsyncIterator[Tx]:
        with self.disk.taken() as line:
            tx = DiskTx(self.disk, line, self.sealer)
            if fence is not None:
                await _hold(tx, fence)
                tx.touch(fence.connection_id)
            yield tx
        for call in tx.after:
            call()
        self._tell_all(tx.resumed)
        self.changed(tx.touched | tx.resumed.keys())

    @contextlib.asynccontextmanager
    async def read(self, *, once: bool = False) -> AsyncIterator[Tx]:
        with self.disk.taken() as line:
            yield DiskTx(self.disk, line, self.sealer, once=once)
            assert not line.wrote, "a read wrote"

    async def close(self) -> None:
        """The disk outlives whoever used it."""
