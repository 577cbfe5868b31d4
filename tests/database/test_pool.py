"""The connections to PostgreSQL: kept, replaced, counted, and never left in a transaction."""

import asyncio
import gc
from collections.abc import Awaitable, Callable

import psycopg
import pytest
import sqlalchemy as sa
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.exc import IntegrityError, InternalError

from brygga.database import pool
from brygga.database.changes import Changes
from brygga.database.compiling import Compiler
from brygga.database.engine import Database, DatabaseBusy, DatabaseGone, Tx
from brygga.database.queue import QueueJobs
from brygga.database.tables import connections, tokens
from brygga.system import SystemClock
from tests.conftest import SEALER

ONE = sa.text("SELECT 1")
WHO = sa.text("SELECT pg_backend_pid()")
STATE = sa.text("""
    SELECT current_setting('transaction_isolation') AS isolation,
        current_setting('transaction_read_only') AS read_only
""")
CUT = sa.text("""
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
""")
END = sa.text("SELECT pg_terminate_backend(:pid, 5000)")
ADD = sa.text("CREATE TABLE added (id integer PRIMARY KEY)")
INSERT = sa.text("INSERT INTO added VALUES (:id)")
COUNT = sa.text("SELECT count(*) FROM added")


async def added(database: Database, id_: int, *, fails: bool = False) -> None:
    async with database.transaction() as tx:
        await tx.run(INSERT, {"id": id_})
        if fails:
            raise ZeroDivisionError


async def who(database: Database) -> int:
    async with database.transaction() as tx:
        return int(await tx.scalar(WHO))


async def test_transactions_one_after_the_other_share_a_connection(database: Database) -> None:
    async with database.read() as tx:
        reading = await tx.scalar(WHO)

    assert reading == await who(database) == await who(database)


async def test_each_transaction_has_the_isolation_that_it_asked_for(database: Database) -> None:
    found = []
    for opened in (database.read, database.transaction, database.read):
        async with opened() as tx:
            row = await tx.first(STATE)
            assert row is not None
            found.append((row.isolation, row.read_only))

    read, write = ("repeatable read", "on"), ("read committed", "off")
    assert [read, write, read] == found


async def test_a_statement_alone_has_no_transaction_around_it(database: Database) -> None:
    async with database.read(once=True) as tx:
        first = await tx.scalar(sa.text("SELECT txid_current()"))
        again = await tx.scalar(sa.text("SELECT txid_current()"))
    async with database.read() as tx:
        row = await tx.first(STATE)

    assert first != again
    assert row is not None
    assert ("repeatable read", "on") == (row.isolation, row.read_only)


async def test_a_connection_that_the_server_ended_is_replaced_before_use(
    database: Database,
) -> None:
    """As after a restart of the server: the next transaction does not fail."""
    before = await who(database)
    elsewhere = Database.at(database.url, SEALER, 1)
    async with elsewhere.transaction() as tx:
        await tx.rows(CUT)
    await elsewhere.close()
    await asyncio.sleep(0.1)

    assert before != await who(database)


async def test_a_connection_that_rested_is_asked_and_an_old_one_replaced(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await who(database)
    monkeypatch.setattr(pool, "PROVEN_S", -1.0)
    rested = await who(database)
    monkeypatch.setattr(pool, "OLD_S", -1.0)

    assert before == rested
    assert before != await who(database)


async def test_what_fails_is_undone_and_the_connection_goes_on(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.run(ADD)
        own = await tx.scalar(WHO)
    with pytest.raises(IntegrityError) as told:
        async with database.transaction() as tx:
            await tx.run_many(INSERT, [{"id": 1}, {"id": 1}])
    with pytest.raises(ZeroDivisionError):
        await added(database, 2, fails=True)

    async with database.read() as tx:
        assert (own, 0) == (await tx.scalar(WHO), await tx.scalar(COUNT))
    assert "parameters hidden" in str(told.value) or "parameters" not in str(told.value)


async def test_a_savepoint_undoes_its_block_alone(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.run(ADD)
        await tx.run(INSERT, {"id": 1})
        with pytest.raises(IntegrityError):
            async with tx.connection.begin_nested():
                await tx.run_many(INSERT, [{"id": 2}, {"id": 1}])

    async with database.read() as tx:
        assert 1 == await tx.scalar(COUNT)


async def test_a_cancelled_transaction_leaves_nothing_open(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.run(ADD)

    async def long() -> None:
        async with database.transaction() as tx:
            await tx.run(INSERT, {"id": 1})
            await tx.run(sa.text("SELECT pg_sleep(30)"))

    task = asyncio.create_task(long())
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    async with database.read() as tx:
        assert 0 == await tx.scalar(COUNT)
        others = await tx.scalar(
            sa.text(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND state <> 'idle' AND pid <> pg_backend_pid()"
                " AND backend_type = 'client backend'"
            )
        )
    assert 0 == others


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


async def test_no_more_than_twice_the_size_are_open_and_the_next_waits(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    small, free = Database.at(database.url, SEALER, 1), asyncio.Event()

    async def hold() -> int:
        async with small.transaction() as tx:
            number = int(await tx.scalar(WHO))
            await free.wait()
        return number

    holders = [asyncio.create_task(hold()) for _ in range(2)]
    await asyncio.sleep(0.3)
    waiting = asyncio.create_task(who(small))
    await asyncio.sleep(0.01)
    monkeypatch.setattr(pool, "FREE_WITHIN_S", 0.05)
    with pytest.raises(DatabaseGone, match="no connection was free"):
        await who(small)
    assert not waiting.done()
    free.set()
    held = {await one for one in holders}

    assert 2 == len(held)
    assert await waiting in held
    assert await who(small) in held
    await small.close()


async def test_a_statement_that_takes_too_long_says_so(database: Database) -> None:
    short = Database.at(database.url, SEALER, 1, statement_timeout_s=1)
    with pytest.raises(DatabaseBusy, match="57014"):
        async with short.transaction() as tx:
            await tx.run(sa.text("SELECT pg_sleep(30)"))
    async with short.transaction() as tx:
        assert 1 == await tx.scalar(ONE)
    await short.close()


async def test_each_statement_is_told_before_it_is_sent(database: Database) -> None:
    seen: list[str] = []
    silence = database.on_statement(seen.append)
    await who(database)
    silence()
    await who(database)

    assert ["SELECT pg_backend_pid()"] == seen


async def test_a_row_shows_its_columns_by_name_and_place(database: Database) -> None:
    async with database.read() as tx:
        row = await tx.first(sa.text("SELECT 7 AS count, 'x' AS name, 1 AS name"))

    assert row is not None
    assert [7, "x", 7, "x", 1] == [row.count, row.name, *row]
    assert {"count": 7, "name": 1} == dict(row._mapping)


def test_a_statement_is_compiled_once_and_none_is_kept_that_nobody_holds() -> None:
    """Of statements that are built anew each time, the first stands for all."""
    compiler = Compiler()

    def built() -> object:
        return sa.select(connections.c.stage).where(connections.c.id == sa.bindparam("id"))

    one = built()
    found = [compiler(one, {"id": 7}), compiler(one, {"id": 8})]
    found += [compiler(built(), {"id": number}) for number in range(50)]
    gc.collect()

    assert 1 == len({id(text) for text, _ in found})
    assert [7, 8, 0] == [values["id"] for _, values in found[:3]]
    assert 1 == len(compiler.ready)


def test_values_of_a_statement_are_its_own_and_a_list_has_as_many_places() -> None:
    compiler = Compiler()

    def asked(*ids: int) -> tuple[str, object]:
        statement = sa.select(tokens.c.platform).where(tokens.c.connection_id.in_(ids))
        text, values = compiler(statement, None)
        return text, sorted(values.values(), key=str)

    (one, first), (two, second) = asked(1), asked(2, 3)

    assert one.count("%(") == 1
    assert two.count("%(") == 2
    assert ([1], [2, 3]) == (first, second)


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
    opened: list[psycopg.AsyncConnection[object]] = []
    connect = psycopg.AsyncConnection.connect

    async def noted(*given: object, **named: object) -> object:
        opened.append(await connect(*given, **named))  # type: ignore[arg-type]
        return opened[-1]

    monkeypatch.setattr(psycopg.AsyncConnection, "connect", noted)
    fresh = Database.at(database.url, SEALER, 1)
    await who(fresh)
    async with QueueJobs(fresh, SystemClock())._driver() as driver:
        await driver.fetch("SELECT 1")
        listening = driver._connection.info.get_parameters()
    with Changes(fresh, SystemClock()).follow(1) as followed:
        await asyncio.wait_for(followed.beyond(0), 10)
        found = [one.info.get_parameters() for one in opened]
    await fresh.close()

    assert 4 == len(found)
    for parameters in (listening, *found):
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
