"""One database, reached through transactions that say whether they are fenced.

    DatabaseGone      the server cannot be reached, or takes no writes any more; nothing was
                      written, or the outcome of a commit is unknown
    DatabaseBusy      the server ended a statement: a deadlock, or it took too long; nothing was
                      written
    PoolExhausted     a DatabaseBusy: this process has no connection free; nothing was sent
    DatabaseUnfit     the server works, and the database cannot serve this version as it is

A transaction's statements are SQL. The time is always a parameter.
"""

import contextlib
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import (
    DBAPIError,
    InterfaceError,
    InternalError,
    OperationalError,
    ProgrammingError,
)

from brygga.core.failures import LeaseLost
from brygga.database.address import NOTICING, noticing
from brygga.database.pool import READ_ONLY, Connected, Mode, NoneFree, Pool, state_of
from brygga.database.sealing import Sealer

CHANNEL = "brygga_marks"
"""The channel that announces new work items: "<connection id> <urgent: 1 or 0>"."""
CHANGES = "brygga_changes"
"""The channel that announces whose pages have news: connection ids, separated by spaces."""


class DatabaseGone(Exception):
    """The database server does not answer, or is no primary any more. The message is one line for
    an operator, without the password.
    """


class DatabaseBusy(Exception):
    """The server works and ended our transaction: a deadlock, or a lock or statement that took too
    long. Another try is worthwhile.
    """


class PoolExhausted(DatabaseBusy):
    """All connections that this process may open to the database were in use for 30 s
    (`pool.FREE_WITHIN_S`). The server may be well, and another try is worthwhile.
    """


def trouble(error: BaseException) -> str:
    """What a line of the log says first of a `DatabaseGone` or `DatabaseBusy`."""
    is_full = isinstance(error, PoolExhausted)
    return "no connection to the database is free" if is_full else "database out of reach"


class DatabaseUnfit(Exception):
    """The database answers and cannot be used as it is: a schema of another version, a right that
    our role lacks, a server that takes no writes. An operator has to act, as `mend` says.
    """

    def __init__(self, what: str, mend: str) -> None:
        super().__init__(f"{what}: {mend}")
        self.what = what
        self.mend = mend


@dataclass(frozen=True, slots=True)
class Fence:
    """The right of a turn to write for one connection. It is valid while the connection's lease has
    this epoch and holder.
    """

    connection_id: int
    epoch: int
    holder: str
    is_checked_later: bool = False
    """True: the transaction begins with a function that checks the fence in its own statement, as
    `ledgers.lock` does (`checked`). Without it, the transaction fails.
    """


@dataclass(frozen=True, slots=True)
class Notice:
    """A commit added work items for this connection. `urgent` when stock is among them."""

    connection_id: int
    urgent: bool


_NO_LOOPS, _LOOPS = (sa.text(f"SET LOCAL enable_nestloop = {how}") for how in ("off", "on"))


@dataclass(slots=True)
class Tx:
    """An open transaction. It returns rows as values. Nothing here is used after it ends."""

    connection: Connected
    sealer: Sealer
    resumed: dict[int, bool] = field(default_factory=dict)
    touched: set[int] = field(default_factory=set)
    after: list[Callable[[], None]] = field(default_factory=list)
    """What is called once this commits, and never where it does not."""
    unchecked: Fence | None = None
    """The fence that the first statement still has to check."""

    async def rows(
        self, statement: sa.Executable, values: Mapping[str, Any] | None = None
    ) -> Sequence[sa.Row[*tuple[Any, ...]]]:
        return await (await self.connection.execute(statement, values)).fetchall()

    async def first(
        self, statement: sa.Executable, values: Mapping[str, Any] | None = None
    ) -> sa.Row[*tuple[Any, ...]] | None:
        return await (await self.connection.execute(statement, values)).fetchone()

    async def scalar(
        self, statement: sa.Executable, values: Mapping[str, Any] | None = None
    ) -> Any:
        row = await self.first(statement, values)
        return None if row is None else row[0]

    async def run(self, statement: sa.Executable, values: Mapping[str, Any] | None = None) -> int:
        """The number of rows that an UPDATE or DELETE changed. For an INSERT it is no count: use
        RETURNING.
        """
        return int((await self.connection.execute(statement, values)).rowcount)

    async def run_many(self, statement: sa.Executable, values: Sequence[Mapping[str, Any]]) -> None:
        if values:
            await self.connection.execute_many(statement, values)

    @contextlib.asynccontextmanager
    async def joining_whole(self) -> AsyncIterator[None]:
        """For statements over everything that a connection has: their joins read each table once.

        Without this, the planner reads one table once for each row of another when it assumes that
        both are small. It assumes so before the tables are analyzed, and for a new merchant among
        thousands.
        """
        await self.run(_NO_LOOPS)
        yield
        await self.run(_LOOPS)

    def notify(self, connection_id: int, urgent: bool) -> None:
        """Once this commits, the connection's turn is notified."""
        self.resumed[connection_id] = self.resumed.get(connection_id, False) or urgent

    def touch(self, connection_id: int) -> None:
        """Once this commits, open pages of that connection reload their data. A fenced transaction
        does so by itself.
        """
        self.touched.add(connection_id)


@dataclass(slots=True)
class Database:
    """The only way to the database. `on_commit` and `on_change` listeners live in this process.
    Other processes LISTEN.
    """

    pool: Pool
    sealer: Sealer
    direct_url: str | None = field(repr=False, default=None)
    """PostgreSQL's own address, where `pool` reaches it through a pooler."""
    listeners: list[Callable[[Notice], None]] = field(default_factory=list)
    followers: list[Callable[[int], None]] = field(default_factory=list)
    unannounced: set[int] = field(default_factory=set)
    """Connections whose changes are not announced to other processes yet."""

    @classmethod
    def at(
        cls,
        url: str,
        sealer: Sealer,
        connections: int = 5,
        statement_timeout_s: int = 30,
        *,
        direct_url: str | None = None,
    ) -> "Database":
        """For a URL of the form postgresql://user:password@host/name. It connects at the first
        statement, not now.

        With `direct_url`, `url` is a pooler's address that gives us a session for one transaction
        only (PgBouncer in transaction mode). Then nothing is prepared, and the role has to say what
        our sessions ask for at their start (docs/scaling.md).
        """
        wished: dict[str, Any] = {}
        if direct_url is None:
            # A plan made while a table was empty is not reused: it would be far too slow after
            # a first import.
            wished |= {
                "application_name": "brygga",
                "options": f"-c statement_timeout={statement_timeout_s * 1000} -c timezone=UTC"
                " -c plan_cache_mode=force_custom_plan",
            }
        else:
            wished["prepare_threshold"] = None
        pool = Pool(noticing(url), connections, wished)
        return cls(pool, sealer, direct_url and noticing(direct_url))

    @property
    def url(self) -> str:
        """PostgreSQL's own address as libpq reads it, with the password. It is for drivers that
        connect by themselves and keep their session, never for a log.
        """
        return self.direct_url or self.pool.url

    def on_statement(self, listener: Callable[[str], None]) -> Callable[[], None]:
        """Calls `listener` with the SQL of each statement of this process, before it is sent. The
        returned function removes it.
        """
        self.pool.listeners.append(listener)

        return lambda: self.pool.listeners.remove(listener)

    def on_commit(self, listener: Callable[[Notice], None]) -> Callable[[], None]:
        """Calls `listener` after every commit in this process that added work items. The returned
        function removes it.
        """
        self.listeners.append(listener)

        return lambda: self.listeners.remove(listener)

    def on_change(self, follower: Callable[[int], None]) -> Callable[[], None]:
        """Calls `follower` with the connection's id after every commit in this process that changed
        what its pages show.
        """
        self.followers.append(follower)

        return lambda: self.followers.remove(follower)

    @contextlib.asynccontextmanager
    async def transaction(self, fence: Fence | None = None) -> AsyncIterator[Tx]:
        """All or nothing. With a fence, it raises `LeaseLost` at once and writes nothing if another
        worker holds the lease now.

        The fence's lock is held until commit: a lease cannot change its holder between the check
        and the writes.
        """
        async with self._connected() as connection:
            tx = Tx(connection, self.sealer)
            if fence is not None:
                await _hold(tx, fence)
                tx.touch(fence.connection_id)
            yield tx
            assert tx.unchecked is None, "a fence that nobody checked"
            if fence is None and (quiet := tx.touched - tx.resumed.keys()):
                await tx.run(_NOTIFY, {"payload": payload(quiet)})
        for call in tx.after:
            call()
        if fence is not None:
            self.unannounced |= tx.touched
        self._tell_all(tx.resumed)
        self.changed(tx.touched | tx.resumed.keys())

    @contextlib.asynccontextmanager
    async def read(self, *, once: bool = False) -> AsyncIterator[Tx]:
        """One snapshot: every statement sees the same state. A write here is a bug of ours, and
        PostgreSQL refuses it. `once`: for one query alone, which costs two fewer round trips. A
        second one, or one that may write, raises `NotOneRead` before it is sent.
        """
        async with self._connected(Mode.ONCE if once else Mode.READ) as connection:
            yield Tx(connection, self.sealer)

    async def announce(self) -> None:
        """Announces to other processes what turns in this process have changed. Changes are
        collected and sent once a second, because a NOTIFY delays every commit.
        """
        if not self.unannounced:
            return
        reported, self.unannounced = self.unannounced, set()
        async with self.transaction() as tx:
            await tx.run(_NOTIFY, {"payload": payload(reported)})

    async def close(self) -> None:
        self.pool.close()

    @contextlib.asynccontextmanager
    async def _connected(self, mode: Mode = Mode.WRITE) -> AsyncIterator[Connected]:
        try:
            async with self.pool.transaction(mode) as connection:
                yield connection
        except NoneFree as full:
            raise PoolExhausted(str(full)) from full
        except (OperationalError, InterfaceError) as error:
            raise _gone(error, self.pool.url) from error
        except InternalError as error:
            if state_of(error) == READ_ONLY and mode is not Mode.WRITE:
                raise  # a bug of ours
            if state_of(error) in (READ_ONLY, *_BUSY):
                raise _gone(error, self.pool.url) from error
            raise
        except ProgrammingError as error:
            raise (unfit(error) or error) from error

    def tell(self, resumed: Notice) -> None:
        """Notifies every listener of committed work items, from this process or from another that
        notified us.
        """
        for listener in tuple(self.listeners):
            listener(resumed)

    def changed(self, connection_ids: Iterable[int]) -> None:
        """Notifies every follower of committed changes, from this process or from another that
        notified us.
        """
        for connection_id in connection_ids:
            for follower in tuple(self.followers):
                follower(connection_id)

    def _tell_all(self, resumed: Mapping[int, bool]) -> None:
        for connection_id, urgent in resumed.items():
            self.tell(Notice(connection_id, urgent))


# KEY SHARE conflicts only with FOR UPDATE, which only `leases.acquire` takes. So many fenced
# transactions run at the same time. They may change the connection's row and see its lease renewed,
# but none overlaps a change of the lease's holder.
_HOLD = sa.text("""
    SELECT lease_epoch, lease_holder FROM connections WHERE id = :id FOR KEY SHARE
""")


_NOTIFY = sa.text(f"SELECT pg_notify('{CHANGES}', :payload)")


def payload(connection_ids: Collection[int]) -> str:
    """The payload of a NOTIFY about these connections. PostgreSQL accepts 8,000 bytes: when there
    are too many ids, 0 stands for all connections.
    """
    return " ".join(map(str, sorted(connection_ids))) if len(connection_ids) <= 300 else "0"


async def _hold(tx: Tx, fence: Fence) -> None:
    if fence.is_checked_later:
        tx.unchecked = fence
    else:
        check(fence, await tx.first(_HOLD, {"id": fence.connection_id}))


def check(fence: Fence, row: Any) -> None:
    """Raises `LeaseLost` unless this row of the connection, locked FOR KEY SHARE, has the fence's
    lease.
    """
    if row is None or (row.lease_epoch, row.lease_holder) != (fence.epoch, fence.holder):
        raise LeaseLost(
            f"connection {fence.connection_id} is no longer held by {fence.holder} at epoch "
            f"{fence.epoch}"
        )


def checked(tx: Tx, rows: Sequence[Any]) -> Sequence[Any]:
    """These rows, which hold the connection's row as `check` takes it, after the check of a fence
    that waits for it (`Fence.is_checked_later`).
    """
    if tx.unchecked is not None:
        check(tx.unchecked, rows[0] if rows else None)
        tx.unchecked = None
    return rows


_BUSY = ("40001", "40P01", "55P03", "57014", "25P03", "25P04")
"""SQLSTATEs of a transaction that the server ended although it works: serialization failures,
deadlocks, and timeouts of locks, statements and transactions.
"""


def _gone(error: DBAPIError, url: str) -> Exception:
    state = state_of(error)
    if state in _BUSY:
        return DatabaseBusy(f"the database ended a transaction ({state})")
    reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
    # A primary that was demoted is as good as gone, until the address leads to the new one.
    what = "takes no writes" if state == READ_ONLY else "does not answer"
    address = sa.make_url(url).difference_update_query(NOTICING).render_as_string()

    return DatabaseGone(f"the database at {address} {what}: {reason}")


_UNFIT = {
    "42501": (
        "the database role lacks a right",
        "let it own the database and its tables; `brygga doctor` says what is missing",
    ),
    "3F000": (
        "the database has no schema to work in",
        "run `CREATE SCHEMA public` in it, as the role of BRYGGA_DATABASE_URL",
    ),
    "42P01": ("the database lacks a table", "run `brygga migrate`"),
    "42703": ("the database lacks a column", "run `brygga migrate`"),
}
_NO_WRITES = (
    "the database takes no writes",
    "BRYGGA_DATABASE_URL must name the primary server, not a standby",
)


def unfit(error: BaseException) -> DatabaseUnfit | None:
    """What an operator has to do about a statement that PostgreSQL refused, if that is it."""
    original = getattr(error, "orig", None) or error
    found = _UNFIT.get(getattr(original, "sqlstate", None) or "")
    if found is None:
        return None
    said = str(original).strip().splitlines()[0]
    return DatabaseUnfit(f"{found[0]} ({said})", found[1])


def no_writes() -> DatabaseUnfit:
    return DatabaseUnfit(*_NO_WRITES)
