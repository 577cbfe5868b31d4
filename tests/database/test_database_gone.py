"""What the database does to us has a name of ours, and nothing waits for ever."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import psycopg
import pytest
import sqlalchemy as sa
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.exc import DataError, DBAPIError, InternalError

from brygga.database.changes import Changes
from brygga.database.engine import Database, DatabaseBusy, DatabaseGone, Tx
from brygga.database.pool import FailedBefore
from brygga.database.queue import QueueJobs
from brygga.system import SystemClock
from tests.conftest import SEALER
from tests.database.test_pool import ADD, COUNT, INSERT, ONE, WHO, who

END = sa.text("SELECT pg_terminate_backend(:pid, 5000)")


async def end(database: Database, tx: Tx) -> None:
    """The server ends the connection of this transaction, as when it restarts."""
    async with database.transaction() as other:
        assert await other.scalar(END, {"pid": await tx.scalar(WHO)})


def no_primary(database: Database) -> Database:
    """The same server, as one that has become a standby answers."""
    options = "options=-c%20default_transaction_read_only%3Don"
    return Database.at(f"{database.url}&{options}", SEALER, 1, direct_url=database.url)


async def within(database: Database, *acts: Callable[[Tx], Awaitable[object]]) -> None:
    async with database.transaction() as tx:
        for act in acts:
            await act(tx)


def said(text: str) -> Callable[[Tx], Awaitable[object]]:
    return lambda tx: tx.run(sa.text(text))


async def nest(tx: Tx) -> None:
    async with tx.connection.begin_nested():
        raise AssertionError("the savepoint was never made")


async def test_a_lost_connection_has_our_name_wherever_it_is_met(database: Database) -> None:
    jobs = QueueJobs(database, SystemClock())
    for meets in (
        lambda tx: jobs.enqueue(tx, 1),
        nest,
        lambda tx: tx.connection.rollback(),
        lambda tx: tx.connection.driver.execute("SELECT 1"),
    ):
        with pytest.raises(DatabaseGone, match="does not answer"):
            await within(database, lambda tx: end(database, tx), meets)

    assert await who(database)


async def test_a_job_that_deadlocks_is_tried_again(database: Database) -> None:
    jobs = QueueJobs(database, SystemClock())
    both = asyncio.Barrier(2)

    async def add(first: int, second: int) -> None:
        async with database.transaction() as tx:
            await jobs.enqueue(tx, first)
            await both.wait()
            await jobs.enqueue(tx, second)

    ended = await asyncio.gather(add(1, 2), add(2, 1), return_exceptions=True)

    (busy,) = [one for one in ended if one is not None]
    assert isinstance(busy, DatabaseBusy)
    assert "40P01" in str(busy)


async def test_a_job_that_waits_too_long_is_tried_again(database: Database) -> None:
    jobs = QueueJobs(database, SystemClock())
    async with database.transaction() as holder:
        await holder.run(sa.text("LOCK TABLE pgqueuer IN ACCESS EXCLUSIVE MODE"))
        with pytest.raises(DatabaseBusy, match="57014"):
            await within(
                database, said("SET LOCAL statement_timeout = 50"), lambda tx: jobs.enqueue(tx, 1)
            )


async def test_a_transaction_that_the_server_gave_up_is_tried_again(database: Database) -> None:
    with pytest.raises(DatabaseBusy, match="25P03"):
        await within(
            database,
            said("SET LOCAL idle_in_transaction_session_timeout = 50"),
            lambda tx: asyncio.sleep(0.5),
            lambda tx: tx.rows(ONE),
        )


async def test_a_server_that_takes_no_writes_is_gone_and_its_connection_left(
    database: Database,
) -> None:
    """A primary that was demoted: the next connection may find the new one."""
    demoted = no_primary(database)
    before = await who(demoted)
    kept = await who(demoted)
    with pytest.raises(DatabaseGone, match="takes no writes"):
        async with demoted.transaction() as tx:
            await tx.run(ADD)
    after = await who(demoted)
    with pytest.raises(DatabaseGone, match="takes no writes"):
        async with demoted.transaction() as tx:
            await QueueJobs(demoted, SystemClock()).enqueue(tx, 1)
    await demoted.close()

    assert before == kept != after


async def test_a_write_where_we_only_read_is_a_bug_of_ours(database: Database) -> None:
    with pytest.raises(InternalError, match="read-only"):
        async with database.read() as tx:
            await tx.run(ADD)


async def fails_unseen(tx: Tx) -> None:
    tx.notify(1, urgent=True)
    with contextlib.suppress(DBAPIError):
        await tx.rows(sa.text("SELECT 1 / 0"))


async def fails_beside_us(tx: Tx) -> None:
    tx.notify(1, urgent=True)
    with contextlib.suppress(psycopg.Error):
        await tx.connection.driver.execute("SELECT 1 / 0")


async def test_a_transaction_whose_statement_failed_is_not_committed(database: Database) -> None:
    """PostgreSQL answers a COMMIT then with a ROLLBACK, and nothing may be announced."""
    told: list[object] = []
    silence = database.on_commit(told.append)
    with pytest.raises(DataError, match="division by zero"):
        await within(database, fails_unseen)
    with pytest.raises(FailedBefore):
        await within(database, fails_beside_us)
    silence()

    assert told == []
    assert await who(database)


async def test_a_savepoint_that_failed_is_committed_around(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.run(ADD)
        await tx.run(INSERT, {"id": 1})
        with contextlib.suppress(ZeroDivisionError):
            async with tx.connection.begin_nested():
                await fails_unseen(tx)
                raise ZeroDivisionError

    async with database.read() as tx:
        assert 1 == await tx.scalar(COUNT)


NOTICES = {
    "connect_timeout": "10",
    "keepalives": "1",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}


async def test_each_connection_notices_that_its_server_has_vanished(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pool's, the queue's and that of the live pages: what would wait for hours ends within
    half a minute.
    """
    found: list[dict[str, str]] = []
    connect = psycopg.AsyncConnection.connect

    async def noted(*given: object, **named: object) -> object:
        one = await connect(*given, **named)  # type: ignore[arg-type]
        found.append(one.info.get_parameters())
        return one

    monkeypatch.setattr(psycopg.AsyncConnection, "connect", noted)
    fresh = Database.at(database.url, SEALER, 1)
    await who(fresh)
    of_pool = len(found)
    async with QueueJobs(fresh, SystemClock())._driver() as driver:
        await driver.fetch("SELECT 1")
    of_queue = len(found) - of_pool
    with Changes(fresh, SystemClock()).follow(1) as followed:
        await asyncio.wait_for(followed.beyond(0), 10)
    of_pages = len(found) - of_pool - of_queue
    await fresh.close()

    assert (1, 1) == (of_pool, of_pages)
    assert of_queue >= 2  # one that listens, and those of its pool
    for parameters in found:
        assert parameters.items() >= NOTICES.items()


def test_what_an_address_says_itself_stays() -> None:
    own = {"keepalives_idle": "90", "tcp_user_timeout": "5000", "connect_timeout": "2"}
    said = "&".join(f"{name}={value}" for name, value in own.items())
    database = Database.at(
        f"postgresql://u:p@pooler/n?{said}",
        SEALER,
        direct_url=f"postgresql://u:p@a,b:7/n?host=a,b&port=1,7&{said}",
    )

    for url in (database.pool.url, database.url):
        assert conninfo_to_dict(url).items() >= {**NOTICES, **own}.items()
    assert "a,b" == conninfo_to_dict(database.url)["host"]
    assert conninfo_to_dict(Database.at("postgres://h/n", SEALER).url).items() >= NOTICES.items()


async def test_an_error_names_the_address_as_the_operator_wrote_it() -> None:
    database = Database.at("postgresql://u:hush@127.0.0.1:9/n", SEALER)
    with pytest.raises(DatabaseGone, match=r"at postgresql://u:\*\*\*@127.0.0.1:9/n does not"):
        await who(database)
