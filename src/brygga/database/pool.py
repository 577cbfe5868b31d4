"""Connections to PostgreSQL, kept open, and statements on them.

SQLAlchemy writes the SQL and names the errors. Its engine and its pool are left out: in them, a
transaction of one statement costs us several times what it costs on psycopg itself.
"""

import asyncio
import contextlib
import functools
import re
import select
from collections import namedtuple
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from enum import Enum, auto
from typing import Any, Final

import psycopg
from psycopg import IsolationLevel
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row, no_result
from sqlalchemy.exc import DBAPIError

from brygga.database.compiling import Compiler, Values

FREE_WITHIN_S: Final = 30.0
"""How long a transaction waits for a connection."""
PROVEN_S: Final = 10.0
"""A connection that rested longer than this is asked whether it still works."""
OLD_S: Final = 1800.0
"""A connection older than this is replaced."""
READ_ONLY: Final = "25006"
"""The SQLSTATE of a write where none may be."""
COMPILER: Final = Compiler()


class NoneFree(Exception):
    """Every connection that this process may open was in use until the wait ended."""


@functools.lru_cache(1000)
def _kind(names: tuple[str, ...]) -> Callable[[Sequence[Any]], Any]:
    """What makes rows with these columns."""
    plain: Any = namedtuple("Row", names, rename=True)  # type: ignore[misc]
    mapping = property(lambda row: dict(zip(names, row, strict=True)))
    # As a row of SQLAlchemy's shows its columns.
    made: Any = type("Row", (plain,), {"__slots__": (), "_mapping": mapping})
    return made._make  # type: ignore[no-any-return]


def _rows(cursor: "psycopg.AsyncCursor[Any]") -> Callable[[Sequence[Any]], Any]:
    """psycopg's row factory."""
    result = cursor.pgresult
    if result is None or not result.nfields:
        return no_result
    return _kind(tuple((result.fname(place) or b"").decode() for place in range(result.nfields)))


def _named(error: psycopg.Error, text: str | None) -> Exception:
    """The error as SQLAlchemy names it, without the values: they hold keys and merchants' data."""
    return DBAPIError.instance(text, None, error, psycopg.Error, hide_parameters=True)


class NotOneRead(Exception):
    """A second statement, or one that may write, where one that reads was announced: a bug of
    ours.
    """


class FailedBefore(Exception):
    """A statement failed, and its transaction was to be committed all the same: a bug of ours."""


_READS = re.compile(r"\s*(SELECT|WITH)\b", re.IGNORECASE)
_MAY_WRITE = re.compile(
    r"\b(INSERT|UPDATE|DELETE|MERGE|INTO|SHARE|pg_notify|nextval|setval)\b", re.IGNORECASE
)


@functools.lru_cache(100)
def reads(text: str) -> bool:
    """Whether this is a query that neither writes nor locks, by its words."""
    return bool(_READS.match(text)) and not _MAY_WRITE.search(text)


def state_of(error: BaseException) -> str | None:
    """The SQLSTATE, where PostgreSQL gave one."""
    state: str | None = getattr(getattr(error, "orig", None) or error, "sqlstate", None)
    return state


class Mode(Enum):
    """What a transaction is for."""

    WRITE = auto()
    READ = auto()
    """It sees one snapshot, and cannot write."""
    ONCE = auto()
    """It has one statement, which reads, and needs no transaction around it."""


class Connected:
    """One connection. Within a transaction, nothing else uses it."""

    def __init__(
        self,
        driver: "psycopg.AsyncConnection[Any]",
        opened_at: float,
        listeners: Sequence[Callable[[str], None]],
    ) -> None:
        self.driver = driver
        self.listeners = listeners
        self.opened_at = self.used_at = opened_at
        self.mode = Mode.WRITE
        self.asked = False
        """Whether this transaction has had a statement, where it may have only one."""
        self._failed: Exception | None = None
        self._socket = select.poll()
        self._socket.register(driver.fileno(), select.POLLIN)

    async def execute(
        self, statement: Any, values: Values | None = None
    ) -> "psycopg.AsyncCursor[Any]":
        text, given = COMPILER(statement, values)
        if self.mode is Mode.ONCE:
            self._ask_once(text)
        for listener in self.listeners:
            listener(text)
        cursor = psycopg.AsyncCursor(self.driver, row_factory=_rows)
        try:
            await cursor.execute(text.encode(), given)
        except psycopg.Error as error:
            raise self._kept(error, text) from error
        return cursor

    async def execute_many(self, statement: Any, rows: Sequence[Values]) -> None:
        text, given = COMPILER.many(statement, rows)
        if self.mode is Mode.ONCE:
            self._ask_once(text)
        for listener in self.listeners:
            listener(text)
        cursor = psycopg.AsyncCursor(self.driver)
        try:
            await cursor.executemany(text.encode(), given)
        except psycopg.Error as error:
            raise self._kept(error, text) from error

    async def fetch(self, query: str, values: Sequence[Any]) -> list[dict[str, Any]]:
        """For a statement that is not ours, with its values by number ($1)."""
        if self.mode is Mode.ONCE:
            self._ask_once(query)
        for listener in self.listeners:
            listener(query)
        cursor = psycopg.AsyncRawCursor(self.driver, row_factory=dict_row)
        try:
            await cursor.execute(query.encode(), values or None)
            return await cursor.fetchall()
        except psycopg.Error as error:
            raise self._kept(error, query) from error

    @contextlib.asynccontextmanager
    async def begin_nested(self) -> AsyncIterator[None]:
        """A savepoint: what fails within the block undoes the block alone."""
        try:
            async with self.driver.transaction():
                yield
        except psycopg.Error as error:
            raise _named(error, "SAVEPOINT") from error

    async def rollback(self) -> None:
        try:
            await self.driver.rollback()
        except psycopg.Error as error:
            raise _named(error, "ROLLBACK") from error

    async def commit(self) -> None:
        if self.driver.pgconn.transaction_status == TransactionStatus.INERROR:
            # PostgreSQL would take the COMMIT, and roll back.
            raise self._failed or FailedBefore("a statement of this transaction failed")
        try:
            await self.driver.commit()
        except psycopg.Error as error:
            raise _named(error, "COMMIT") from error

    async def become(self, mode: Mode) -> None:
        """The transactions to come are of this mode."""
        self.asked, self._failed = False, None
        if mode is not self.mode:
            reading = mode is Mode.READ
            await self.driver.set_autocommit(mode is Mode.ONCE)
            await self.driver.set_isolation_level(
                IsolationLevel.REPEATABLE_READ if reading else None
            )
            await self.driver.set_read_only(True if reading else None)
            self.mode = mode

    def _ask_once(self, text: str) -> None:
        if self.asked or not reads(text):
            why = "a second statement" if self.asked else "a statement that may write"
            raise NotOneRead(f"{why}, where one that reads was announced: {text[:200]}")
        self.asked = True

    def _kept(self, error: psycopg.Error, text: str) -> Exception:
        self._failed = _named(error, text)
        return self._failed

    async def works(self, now: float) -> bool:
        """Whether the server is still there. It is asked only after a rest, or where it has said
        something meanwhile: mostly that it ends.
        """
        if self.driver.closed or now - self.opened_at > OLD_S:
            return False
        if now - self.used_at <= PROVEN_S and not self._socket.poll(0):
            return True
        try:
            await self.driver.execute("SELECT")
            await self.driver.rollback()
        except psycopg.Error:
            return False
        return True

    async def undo(self) -> None:
        """Rolls back. A connection that cannot is not idle then."""
        with contextlib.suppress(psycopg.Error):
            await self.driver.rollback()

    def finish(self) -> None:
        self.driver.pgconn.finish()

    def is_idle(self) -> bool:
        return self.driver.pgconn.transaction_status == TransactionStatus.IDLE


class Pool:
    """`most` connections at a time, which are kept open. They are opened as they are needed, as
    `wished` says. `listeners` are told the SQL of each statement. `commits` are those of
    transactions that may write.

    A few do for many merchants: none is held while a platform is asked. With 30 of them the slowest
    tenth of sales took twice as long as with 6, as PostgreSQL worked on more at a time.
    """

    def __init__(self, url: str, most: int, wished: Mapping[str, Any]) -> None:
        self.url = url
        self.most = most
        self.wished = wished
        self.listeners: list[Callable[[str], None]] = []
        self.commits = 0
        self.in_use = 0
        """How many connections have a transaction now, or are being opened for one."""
        self.waiting = 0
        """How many transactions wait for a connection now."""
        self._idle: list[Connected] = []
        self._places = asyncio.Semaphore(self.most)
        self._closed = False

    @contextlib.asynccontextmanager
    async def transaction(self, mode: Mode = Mode.WRITE) -> AsyncIterator[Connected]:
        """One transaction: committed at the end, undone where the block fails. Raises SQLAlchemy's
        errors.
        """
        await self._place()
        self.in_use += 1
        try:
            connected = await self._taken(mode)
            try:
                yield connected
                await connected.commit()
                self.commits += mode is Mode.WRITE
            except BaseException as error:
                await connected.undo()
                if mode is Mode.WRITE and state_of(error) == READ_ONLY:
                    # This server is no primary any more. The next connection may find the new one.
                    connected.finish()
                if isinstance(error, psycopg.Error):
                    raise _named(error, None) from error
                raise
            finally:
                self._give(connected)
        finally:
            self.in_use -= 1
            self._places.release()

    def close(self) -> None:
        """Closes what is idle now, and the others as they are given back."""
        self._closed = True
        while self._idle:
            self._idle.pop().finish()

    async def _place(self) -> None:
        if not self._places.locked():
            await self._places.acquire()
            return
        self.waiting += 1
        try:
            async with asyncio.timeout(FREE_WITHIN_S):
                await self._places.acquire()
        except TimeoutError:
            raise NoneFree(
                f"no connection was free within {FREE_WITHIN_S:g} s: all {self.most} of this"
                " process are in use"
            ) from None
        finally:
            self.waiting -= 1

    async def _taken(self, mode: Mode) -> Connected:
        connected = await self._kept(mode) or await self._opened()
        try:
            await connected.become(mode)
        except BaseException:
            connected.finish()
            raise
        return connected

    async def _kept(self, mode: Mode) -> Connected | None:
        """One that is open and still works."""
        now = asyncio.get_running_loop().time()
        while self._idle:
            connected, works = self._idle.pop(self._next(mode)), False
            try:
                if works := await connected.works(now):
                    return connected
            finally:
                if not works:
                    connected.finish()
        return None

    async def _opened(self) -> Connected:
        try:
            driver = await psycopg.AsyncConnection.connect(self.url, **self.wished)
        except psycopg.Error as error:
            raise _named(error, None) from error
        return Connected(driver, asyncio.get_running_loop().time(), self.listeners)

    def _next(self, mode: Mode) -> int:
        """The one that was used last, of those that need no change if there are any."""
        for place in range(len(self._idle) - 1, -1, -1):
            if self._idle[place].mode is mode:
                return place
        return len(self._idle) - 1

    def _give(self, connected: Connected) -> None:
        if self._closed or not connected.is_idle():
            connected.finish()
            return
        connected.used_at = asyncio.get_running_loop().time()
        self._idle.append(connected)
