"""`brygga import`: takes a merchant from the file of another installation. First it shows what
comes; with `--yes` it is done. Nothing is written to either platform before both are compared.
"""

import argparse
import json
import sys
from pathlib import Path

from brygga.cli import logs, process
from brygga.cli.exporting import add_passphrase, passphrase
from brygga.cli.process import Runtime
from brygga.database.engine import Database
from brygga.database.moving import Strange
from brygga.system import SystemClock, SystemDice
from brygga.web.operating import house
from brygga.web.operating.house import Parcel, Secrets


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="a file that `brygga export` wrote")
    add_passphrase(parser, "the one that sealed the file's tokens")
    parser.add_argument("--yes", action="store_true", help="do it; without it the plan is shown")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(asked: argparse.Namespace) -> int:
    """0: done, or shown; 1: the merchant cannot come."""
    logs.configure()
    said = passphrase(asked.passphrase_file)
    if said is None:
        return 1
    try:
        parcel = house.opened(asked.file.read_bytes())
        secrets = house.unsealed(parcel, said)
    except (Strange, OSError) as wrong:
        print(wrong, file=sys.stderr)
        return 1
    return process.run(lambda runtime: _import(asked, runtime, parcel, secrets))


async def _import(
    asked: argparse.Namespace, runtime: Runtime, parcel: Parcel, secrets: Secrets | None
) -> int:
    database = runtime.database()
    try:
        async with database.read() as tx:
            why = await house.obstacles(tx, parcel)
        if not asked.yes or why:
            print(_json(parcel, secrets, why) if asked.json else _plan(parcel, secrets, why))
            return 1 if why else 0
        number = await _done(database, parcel, secrets)
    except Strange as wrong:
        print(wrong, file=sys.stderr)
        return 1
    finally:
        await database.close()
    if asked.json:
        print(json.dumps({"connection": number, "tables": dict(parcel.contents.counts)}))
        return 0
    print(f"{parcel.organization} is connection {number} here. A worker reads both platforms, and")
    print(f"writes nothing before that: `brygga status {number}`")
    return 0


async def _done(database: Database, parcel: Parcel, secrets: Secrets | None) -> int:
    async with database.transaction() as tx:
        now = SystemClock().now()
        return await house.arrived(tx, parcel, secrets, now, SystemDice())


def _plan(parcel: Parcel, secrets: Secrets | None, why: list[str]) -> str:
    own = parcel.contents.connection
    lines = [
        f"{parcel.organization} and store {own.get('store_hash')}, as they were {parcel.made_at}",
        *(f"  {name:<20} {count}" for name, count in parcel.contents.counts.items()),
        "tokens come along"
        if secrets
        else "tokens do not come along: the merchant signs in with Zettle and approves the store",
    ]
    if why:
        return "\n".join([*lines, *(f"not possible: {one}" for one in why)])
    return "\n".join([*lines, "with --yes it is done"])


def _json(parcel: Parcel, secrets: Secrets | None, why: list[str]) -> str:
    shown = {
        "organization": parcel.organization,
        "made_at": parcel.made_at,
        "schema": parcel.schema,
        "tables": dict(parcel.contents.counts),
        "tokens": secrets is not None,
        "not_possible": why,
    }
    return json.dumps(shown, ensure_ascii=False)
