"""`brygga restore FILE`: replaces the database by a backup. Each connection first compares both
platforms and asks about what differs, and writes nothing before that.
"""

import argparse
import json
import sys
from pathlib import Path

from brygga.cli import logs, process
from brygga.cli.process import Runtime
from brygga.database import audit, dumping, migrating, resealing, restoring
from brygga.database.audit import Act, Actor, Entry
from brygga.database.dumping import DumpFailed
from brygga.database.engine import Database
from brygga.system import SystemClock


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="a file that `brygga backup` wrote")
    parser.add_argument(
        "--yes",
        action="store_true",
        help="replace what is in the database; without it the file is only checked",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(asked: argparse.Namespace) -> int:
    """0: restored, or checked; 1: the file cannot be restored, or a process still runs."""
    logs.configure()
    if not asked.file.is_file():
        print(f"there is no file {asked.file}", file=sys.stderr)
        return 1
    return process.run(lambda runtime: _restore(asked, runtime))


async def _restore(asked: argparse.Namespace, runtime: Runtime) -> int:
    database = runtime.database()
    try:
        version = await checked(asked.file)
        if not asked.yes:
            print(f"{asked.file} restores; it is of version {version}. Add --yes to replace the")
            print("database by it. First stop every `brygga serve` and `brygga worker`.")
            return 0
        if busy := await dumping.others(database):
            print(f"{busy} other sessions use the database: stop every process", file=sys.stderr)
            return 1
        waiting, lost = await replaced(database, asked.file)
    except DumpFailed as failed:
        print(failed, file=sys.stderr)
        return 1
    finally:
        await database.close()
    if asked.json:
        print(json.dumps({"waiting": waiting, "secrets_without_a_key": lost}))
        return 0
    print(f"restored; {len(waiting)} connections compare both platforms when a worker starts,")
    print("and write nothing until what differs is answered: `brygga reconcile` lists it")
    if lost:
        print(f"{lost} secrets need a key that BRYGGA_SECRET_KEYS lacks", file=sys.stderr)
    return 0


async def checked(file: Path) -> str:
    """The version of the backup, after it is restored into a throwaway database. Raises
    `DumpFailed`.
    """
    with dumping.throwaway() as url:
        await dumping.load(url, file)
        version = await dumping.revision_of(url)
    if version not in migrating.known():
        raise DumpFailed(str(migrating.is_newer(version)))
    return version


async def replaced(database: Database, file: Path) -> tuple[list[int], int]:
    """The connections that wait, and how many secrets none of our keys opens. A process that starts
    meanwhile waits until all is done.
    """
    async with migrating.alone(database) as gate:
        await dumping.load(database.url, file)
        await migrating.upgrade_with(database, gate)
        now = SystemClock().now()
        async with database.transaction() as tx:
            waiting = await restoring.begin_all(tx, now)
            facts = {"command": "restore", "connections": str(len(waiting))}
            await audit.add(tx, Entry(Act.OPERATOR, Actor.OPERATOR, facts=facts), now)
            return [*waiting], await resealing.lost(tx)
