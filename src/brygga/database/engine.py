"""One database, reached through transactions that say whether they are fenced.

    DatabaseGone      the server cannot be reached: nothing was written, or a commit's fate is unknown
    DatabaseBusy      the server gave up on a statement: a deadlock, or it took too long; nothing was written

A transaction's statements are SQL; its time is always a parameter.
"""

import contextlib
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from brygga.core.failures import LeaseLost
from brygga.database.sealing import Sealer

CHANNEL = "brygga_marks"
"""Where marks NOTIFY: "<connection id> <urgent: 1 or 0>"."""
CHANGES = "brygga_changes"
"""Where it is told whose pages have something new to show: connection ids with spaces between."""


class DatabaseGone(Exception):
    """The database server does not answer. The message is one line for an operator, without the
    password.
    """


class DatabaseBusy(Exception):
    """The server is well and ended our transaction: a deadlock, a lock or a statement that took too
    long. Worth another try.
    """


@dataclass(frozen=True, slots=True)
class Fence:
    """A drain's right to write for one connection: valid while the connection's lease has this
    epoch and holder.
    """

    connection_id: int
    epoch: int
    holder: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A commit left new marks for this connection; `urgent` when stock is among them."""

    connection_id: int
    urgent: bool


_NO_LOOPS, _LOOPS = (sa.text(f"SET LOCAL enable_nestloop = {how}") for how in ("off", "on"))


@dataclass(slots=True)
class Tx:
    """An open transaction. Rows leave it as values; nothing here outlives it."""

    connection: AsyncConnection
    sealer: Sealer
    resumed: dict[int, bool] = field(default_factory=dict)
    touched: set[int] = field(default_factory=set)

    async def rows(
        self, statement: sa.Executable, values: Mapping[str, Any] | None = None
    ) -> Sequence[sa.Row[*tuple[Any, ...]]]:
        return (await self.connection.execute(statement, values)).fetchall()

    async def first(
        self, statement: sa.Executable, values: Mapping[str, Any] | None = None
    ) -> sa.Row[*tuple[Any, ...]] | None:
        return (await self.connection.execute(statement, values)).first()

    async def scalar(
        self, statement: sa.Executable, values: Mapping[str, Any] | None = None
    ) -> Any:
        return (await self.connection.execute(statement, values)).scalar()

    async def run(self, statement: sa.Executable, values: Mapping[str, Any] | None = None) -> int:
        """The number of rows that an UPDATE or DELETE changed; an INSERT is not counted, ask it for
        RETURNING.
        """
        return int((await self.connection.execute(statement, values)).rowcount)

    async def run_many(self, statement: sa.Executable, values: Sequence[Mapping[str, Any]]) -> None:
        if values:
            await self.connection.execute(statement, values)

    @contextlib.asynccontextmanager
    async def joining_whole(self) -> AsyncIterator[None]:
        """For statements over all that a connection has: their joins read each table once.

        Left alone, the planner goes through one table for each row of another where it takes both
        for small. It does so as long as nobody has counted them, and for a merchant who is new
        among thousands.
        """
        await self.run(_NO_LOOPS)
        yield
        await self.run(_LOOPS)

    def notify(self, connection_id: int, urgent: bool) -> None:
        """Once this commits, the drain of that connection hears of it."""
        self.resumed[connection_id] = self.resumed.get(connection_id, False) or urgent

    def touch(self, connection_id: int) -> None:
        """Once this commits, open pages of that connection look again. A fenced transaction does so
        by itself.
        """
        self.touched.add(connection_id)


@dataclass(slots=True)
class Database:
    """The memory's door. `on_commit` and `on_change` listeners live in this process; other
    processes LISTEN.
    """

    engine: AsyncEngine
    sealer: Sealer
    listeners: list[Callable[[Notice], None]] = field(default_factory=list)
    followers: list[Callable[[int], None]] = field(default_factory=list)
    unannounced: set[int] = field(default_factory=set)
    """Connections whose changes other processes have not been told of yet."""

    @classmethod
    def at(
        cls, url: str, sealer: Sealer, pool_size: int = 15, statement_timeout_s: int = 30
    ) -> "Database":
        """For a URL of the form postgresql://user:password@host/name. Connects at the first
        statement, not now.
        """
        engine = create_async_engine(
            sqlalchemy_url(url),
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_timeout=30,
            # Parameters hold keys and merchants' data: a failed statement's message goes to the log
            # without them.
            hide_parameters=True,
            pool_pre_ping=True,
            pool_recycle=1800,
            connect_args={
                "connect_timeout": 10,
                "application_name": "brygga",
                # A plan that was made while a table was empty is not kept: after a first import it
                # would never end.
                "options": f"-c statement_timeout={statement_timeout_s * 1000} -c timezone=UTC"
                " -c plan_cache_mode=force_custom_plan",
            },
        )
        return cls(engine, sealer)

    @property
    def url(self) -> str:
        """As libpq reads it, with the password: for the drivers that connect by themselves, never
        for a log.
        """
        return libpq_url(self.engine.url)

    def on_commit(self, listener: Callable[[Notice], None]) -> Callable[[], None]:
        """Calls `listener` after every commit in this process that left marks. The answer stops
        it.
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
        """All or nothing. With a fence, raises `LeaseLost` at once, and nothing is written, if
        another worker took the connection over.

        The fence's lock holds until commit: a lease cannot change hands between the check and the
        writes.
        """
        async with self._connected() as connection, connection.begin():
            tx = Tx(connection, self.sealer)
            if fence is not None:
                await _hold(tx, fence)
                tx.touch(fence.connection_id)
            yield tx
            if fence is None and (quiet := tx.touched - tx.resumed.keys()):
                await tx.run(_NOTIFY, {"payload": payload(quiet)})
        if fence is not None:
            self.unannounced |= tx.touched
        self._tell_all(tx.resumed)
        self.changed(tx.touched | tx.resumed.keys())

    @contextlib.asynccontextmanager
    async def read(self) -> AsyncIterator[Tx]:
        """One snapshot: every statement sees the same state. Writing here is an error of ours, and
        PostgreSQL says so.
        """
        async with self._connected() as connection:
            await connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            async with connection.begin():
                yield Tx(connection, self.sealer)

    async def announce(self) -> None:
        """Tells other processes what drains of this one have changed. Gathered, and told once a
        second: a NOTIFY holds up every commit.
        """
        if not self.unannounced:
            return
        reported, self.unannounced = self.unannounced, set()
        async with self.transaction() as tx:
            await tx.run(_NOTIFY, {"payload": payload(reported)})

    async def close(self) -> None:
        await self.engine.dispose()

    @contextlib.asynccontextmanager
    async def _connected(self) -> AsyncIterator[AsyncConnection]:
        try:
            async with self.engine.connect() as connection:
                yield connection
        except (OperationalError, InterfaceError, PoolTimeout) as error:
            raise _gone(error, self.engine.url) from error

    def tell(self, resumed: Notice) -> None:
        """Every listener hears of marks that were committed: here, or by another process that
        notified us.
        """
        for listener in tuple(self.listeners):
            listener(resumed)

    def changed(self, connection_ids: Iterable[int]) -> None:
        """Every follower hears of what was committed: here, or by another process that notified
        us.
        """
        for connection_id in connection_ids:
            for follower in tuple(self.followers):
                follower(connection_id)

    def _tell_all(self, resumed: Mapping[int, bool]) -> None:
        for connection_id, urgent in resumed.items():
            self.tell(Notice(connection_id, urgent))


# KEY SHARE conflicts only with FOR UPDATE, which `leases.acquire` takes and nothing else does: many
# fenced transactions run beside each other, may change the connection's row and may see its lease
# renewed, yet none can overlap a change of hands.
_HOLD = sa.text("""
    SELECT lease_epoch, lease_holder FROM connections WHERE id = :id FOR KEY SHARE
""")


_NOTIFY = sa.text(f"SELECT pg_notify('{CHANGES}', :payload)")


def payload(connection_ids: Collection[int]) -> str:
    """Of a NOTIFY about these connections. PostgreSQL takes 8,000 bytes: 0 stands for all when
    there are too many.
    """
    return " ".join(map(str, sorted(connection_ids))) if len(connection_ids) <= 300 else "0"


async def _hold(tx: Tx, fence: Fence) -> None:
    row = await tx.first(_HOLD, {"id": fence.connection_id})
    if row is None or (row.lease_epoch, row.lease_holder) != (fence.epoch, fence.holder):
        raise LeaseLost(
            f"connection {fence.connection_id} is no longer held by {fence.holder} at epoch "
            f"{fence.epoch}"
        )


_BUSY = ("40001", "40P01", "55P03", "57014")
"""SQLSTATEs that libpq files under "operational" although the server is well: serialization,
deadlock, lock and statement timeouts.
"""
_OURS = ("25006",)
"""Likewise: a write in a read-only transaction, a bug of ours."""


def _gone(error: DBAPIError | PoolTimeout, url: sa.URL) -> Exception:
    original = getattr(error, "orig", None)
    state = getattr(original, "sqlstate", None)
    if state in _OURS:
        return error
    if state in _BUSY:
        return DatabaseBusy(f"the database ended a transaction ({state})")
    reason = str(original or error).strip().splitlines()[0]

    return DatabaseGone(
        f"the database at {url.render_as_string(hide_password=True)} does not answer: {reason}"
    )


def sqlalchemy_url(url: str) -> sa.URL:
    """The same address with the driver that we use. Raises ValueError on anything but
    PostgreSQL.
    """
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError:
        raise ValueError(
            "not a database address; expected postgresql://user:password@host/name"
        ) from None
    if parsed.get_backend_name() not in ("postgresql", "postgres"):
        raise ValueError(
            f"{parsed.drivername} is not supported; expected postgresql://user:password@host/name"
        )

    return parsed.set(drivername="postgresql+psycopg")


def libpq_url(url: sa.URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)
