"""The connections to PostgreSQL: kept, replaced, counted, and never left in a transaction."""

import asyncio
import gc

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from brygga.database import pool
from brygga.database.compiling import Compiler
from brygga.database.engine import Database, DatabaseBusy, PoolExhausted
from brygga.database.pool import NotOneRead
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
    seen = []
    for _ in range(2):
        async with database.read(once=True) as tx:
            seen.append(await tx.scalar(sa.text("SELECT txid_current()")))
            assert tx.connection.is_idle()
    async with database.read() as tx:
        row = await tx.first(STATE)

    first, again = seen
    assert first != again
    assert row is not None
    assert ("repeatable read", "on") == (row.isolation, row.read_only)


async def once(database: Database, *statements: sa.TextClause) -> None:
    async with database.read(once=True) as tx:
        for statement in statements:
            await tx.rows(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO added VALUES (1)",
        "INSERT INTO added VALUES (1) RETURNING id",
        "WITH new AS (insert into added VALUES (1) RETURNING id) SELECT id FROM new",
        "SELECT id FROM added FOR UPDATE",
        "SELECT id FROM added FOR KEY SHARE",
        "SELECT 1 AS id INTO more",
        "SELECT pg_notify('c', 'x')",
        "DELETE FROM added",
        "TRUNCATE added",
    ],
)
async def test_a_statement_alone_reads(database: Database, statement: str) -> None:
    """It would be committed at once, unfenced."""
    seen: list[str] = []
    silence = database.on_statement(seen.append)
    with pytest.raises(NotOneRead, match="may write"):
        await once(database, sa.text(statement))
    silence()

    assert seen == []


async def test_a_statement_alone_is_one(database: Database) -> None:
    """A second one would see another state than the first."""
    with pytest.raises(NotOneRead, match="a second statement"):
        await once(database, ONE, ONE)

    await once(database, ONE)
    await once(database, ONE)
    assert await who(database)


async def test_nothing_else_goes_through_a_statement_alone(database: Database) -> None:
    async with database.read(once=True) as tx:
        with pytest.raises(NotOneRead):
            await tx.run_many(INSERT, [{"id": 1}])
        with pytest.raises(NotOneRead):
            await QueueJobs(database, SystemClock()).enqueue(tx, 1)


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


async def test_no_more_than_allowed_are_open_and_the_next_waits(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    small, free = Database.at(database.url, SEALER, 2), asyncio.Event()

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
    assert (2, 1) == (small.pool.in_use, small.pool.waiting)
    with pytest.raises(PoolExhausted, match="no connection was free"):
        await who(small)
    assert not waiting.done()
    free.set()
    held = {await one for one in holders}

    assert 2 == len(held)
    assert await waiting in held
    assert await who(small) in held
    assert (0, 0) == (small.pool.in_use, small.pool.waiting)
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


def test_a_statement_that_is_used_again_with_more_columns_has_them_all() -> None:
    compiler, statement = Compiler(), sa.insert(connections)
    one, _ = compiler(statement, {"stage": "live"})
    two, values = compiler(statement, {"stage": "live", "lease_holder": "w"})
    again, _ = compiler(statement, {"stage": "new"})

    assert "lease_holder" not in one
    assert "%(lease_holder)s" in two
    assert {"stage": "live", "lease_holder": "w"} == values
    assert one == again
    assert 2 == len(compiler.ready[statement])


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
