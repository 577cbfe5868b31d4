"""`brygga backup`, `restore` and `reconcile` on a real PostgreSQL."""

import argparse
import json
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from brygga.cli import backup, reconcile, restore, status
from brygga.cli.checkup.database import database as examined
from brygga.cli.process import Runtime
from brygga.core.model import Stage
from brygga.core.stock import Ledger, StockRecord
from brygga.database import connections, dumping, ledgers, restoring, waiting_work, work_items
from brygga.database.engine import Database
from brygga.database.ledgers import LedgerRow
from brygga.database.work_items import Kind
from tests.cli.test_doctor_finds import settings_at
from tests.conftest import NOON
from tests.database.merchants import connected


def runtime_of(database: Database) -> Runtime:
    return Runtime(replace(settings_at(database.url), secret_keys=database.sealer.secrets))


def wish(file: Path, **more: object) -> argparse.Namespace:
    given = {"file": file, "yes": True, "json": True, "no_check": False}
    return argparse.Namespace(**{**given, **more})


def apart(till: int, shop: int) -> LedgerRow:
    """Both sides differ, and the lower number is the target until somebody answers."""
    low = min(till, shop)
    records = (
        StockRecord(till, low - till, seen=NOON),
        StockRecord(shop, low - shop, seen=NOON, variant_id=7),
    )
    return LedgerRow("cup", "cup-v", Ledger(*records), NOON)


async def test_a_backup_comes_back_and_every_connection_waits(
    database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also what was sealed opens again, and who signed in since does so once more."""
    one, file = await connected(database), tmp_path / "brygga.backup"
    assert 0 == await backup._backup(wish(file), runtime_of(database))
    told = json.loads(capsys.readouterr().out)
    async with database.transaction() as tx:
        await connections.set_stage(tx, one.id, Stage.DISCONNECTED)
        await work_items.add(tx, one.id, Kind.LEAVE, "", NOON)
    await database.close()

    assert 0 == await restore._restore(wish(file), runtime_of(database))

    assert {"waiting": [one.id], "secrets_without_a_key": 0} == json.loads(capsys.readouterr().out)
    assert told["tables"]["connections"] == 1
    assert 0o600 == file.stat().st_mode & 0o777
    async with database.transaction() as tx:
        found = await connections.by_id(tx, one.id)
        assert found == one
        await work_items.add_many(tx, one.id, Kind.STOCK, ["cup"], NOON)
        for kind in (Kind.HOOKS, Kind.SWEEP, Kind.LEAVE, Kind.SETUP):
            await work_items.add(tx, one.id, kind, "", NOON)
        due = await work_items.due(tx, one.id, NOON.replace(year=2030))
    assert [Kind.RECONCILE] == [item.kind for item in due], "nothing else may write"


async def test_without_yes_nothing_is_replaced(
    database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, file = await connected(database), tmp_path / "brygga.backup"
    assert 0 == await backup._backup(wish(file, json=False, no_check=True), runtime_of(database))
    assert 0 == await restore._restore(wish(file, yes=False), runtime_of(database))

    assert "--yes" in capsys.readouterr().out
    async with database.read() as tx:
        assert await restoring.state(tx, one.id) is None


async def test_a_running_process_a_foreign_file_and_a_newer_version_are_one_line(
    database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, nothing = tmp_path / "brygga.backup", tmp_path / "nothing"
    nothing.write_text("no backup")
    await backup._backup(wish(file, no_check=True), runtime_of(database))
    async with database.read():
        assert 1 == await restore._restore(wish(file), runtime_of(database))
    assert 1 == await restore._restore(wish(nothing), runtime_of(database))
    async with database.transaction() as tx:
        await tx.run(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    newer = tmp_path / "newer.backup"
    await backup._backup(wish(newer, no_check=True), runtime_of(database))
    await database.close()
    assert 1 == await restore._restore(wish(newer), runtime_of(database))

    busy, foreign, later = capsys.readouterr().err.splitlines()
    assert "stop every process" in busy
    assert "pg_restore failed" in foreign
    assert "9999" in later


async def test_a_dump_that_does_not_go_in_leaves_what_was_there(
    database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also after a restore that was killed in the middle."""
    one, file = await connected(database), tmp_path / "brygga.backup"
    assert 0 == await backup._backup(wish(file, no_check=True), runtime_of(database))
    broken = tmp_path / "broken.backup"
    broken.write_bytes(file.read_bytes()[: file.stat().st_size * 2 // 3])
    async with database.transaction() as tx:
        await work_items.add(tx, one.id, Kind.STOCK, "since the backup", NOON)
    await database.close()

    for _ in range(2):
        with pytest.raises(dumping.DumpFailed, match="pg_restore failed: "):
            await dumping.load(database.url, broken)
        async with database.transaction() as tx:
            assert {Kind.STOCK: 1} == dict(await waiting_work.counts(tx, one.id))
            await tx.run(sa.text(f"ALTER SCHEMA public RENAME TO {dumping.BEFORE}"))
            await tx.run(sa.text("CREATE SCHEMA public"))
        await database.close()
    await dumping.load(database.url, file)

    async with database.transaction() as tx:
        assert {} == dict(await waiting_work.counts(tx, one.id))
        assert await tx.scalar(sa.text(f"SELECT to_regnamespace('{dumping.BEFORE}') IS NULL"))


def test_a_setting_that_an_older_server_lacks_is_no_failure() -> None:
    """PostgreSQL before 17 does not have it, and our tools send it."""
    lacks = 'could not execute query: ERROR:  unrecognized parameter "transaction_timeout"'
    said = f"pg_restore: error: {lacks}\nCommand was: SET transaction_timeout = 0;\n"
    other = "pg_restore: error: could not execute query: ERROR:  no space left\n"

    assert lacks == dumping.failure(said)
    assert "" == dumping.failure(said, dumping.TIMEOUT)
    assert "could not execute query: ERROR:  no space left" == dumping.failure(
        said + other, dumping.TIMEOUT
    )
    assert "it says nothing" == dumping.failure("", dumping.TIMEOUT)


def test_a_file_that_is_there_or_is_not_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = tmp_path / "there"
    there.write_text("")

    assert (1, 1) == (backup.run(wish(there)), restore.run(wish(tmp_path / "gone")))
    assert 2 == len(capsys.readouterr().err.splitlines())


def test_rows_that_do_not_come_back_are_named() -> None:
    assert "" == backup.differences({"library": 3}, {"library": 3})
    assert "library has 2, not 3" == backup.differences({"library": 3}, {"library": 2})


@pytest.mark.parametrize(("take", "number"), [("zettle", 8), ("bigcommerce", 6), ("lower", 6)])
async def test_an_operator_answers_by_rule(
    database: Database, capsys: pytest.CaptureFixture[str], take: str, number: int
) -> None:
    one = await connected(database)
    async with database.transaction() as tx:
        await restoring.begin_all(tx, NOON)
        await ledgers.save(tx, one.id, [apart(8, 6)], NOON)
        await restoring.compared(tx, one.id, NOON)
    asked = argparse.Namespace(connection=one.id, take=None, go_on=False, json=False)
    assert 0 == await reconcile._reconcile(asked, runtime_of(database))
    listed = capsys.readouterr().out
    asked.take = take
    assert 0 == await reconcile._reconcile(asked, runtime_of(database))

    assert "1 numbers to check" in listed
    assert "cup cup-v: Zettle 8, store 6" in listed
    async with database.read() as tx:
        ledger = (await ledgers.load(tx, one.id, ["cup"]))["cup-v"].ledger
        state = await restoring.state(tx, one.id)
    assert state is not None
    assert (number, number, 0) == (ledger.zettle.target, ledger.shop.target, state.questions)


async def test_status_and_doctor_say_what_waits_after_a_restore_and_what_to_do(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    one = await connected(database)
    asked = argparse.Namespace(connection=one.id, state="", cause="", search="", json=False)
    said = []
    async with database.transaction() as tx:
        await restoring.begin_all(tx, NOON)
    for compared in (False, True):
        if compared:
            async with database.transaction() as tx:
                await ledgers.save(tx, one.id, [apart(8, 6)], NOON)
                await restoring.compared(tx, one.id, NOON)
        assert 0 == await status._status(asked, runtime_of(database))
        told = capsys.readouterr().out
        (found,) = [
            each for each in await examined(runtime_of(database)) if "restored" in each.what
        ]
        said.append((told, found))

    (first, early), (second, late) = said
    assert "waits for a worker, which reads both platforms" in first
    assert "nothing is compared yet" in early.what
    assert "waits for 1 numbers to check" in second
    assert f"`brygga reconcile {one.id}` lists them; `--take lower` answers all" in second
    assert "1 numbers to check" in late.what
    assert f"`brygga reconcile {one.id}`" in late.mend
