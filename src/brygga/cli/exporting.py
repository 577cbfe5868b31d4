"""`brygga export`: one merchant in a file, to move to another installation."""

import argparse
import json
import sys
from pathlib import Path

from brygga.cli import arguments, logs, process
from brygga.cli.process import Runtime
from brygga.system import SystemClock, SystemDice
from brygga.web.operating import house
from brygga.web.operating.acts import NotNow


def add(parser: argparse.ArgumentParser) -> None:
    arguments.one_connection(parser)
    parser.add_argument("file", type=Path, help="where the merchant is written; it must not exist")
    add_passphrase(parser, "seal the merchant's tokens with it; without it they are left out")
    parser.add_argument("--json", action="store_true", help="print JSON")


def add_passphrase(parser: argparse.ArgumentParser, why: str) -> None:
    parser.add_argument(
        "--passphrase-file",
        type=Path,
        default=None,
        metavar="FILE",
        help=f"a file whose first line is a passphrase of {house.LEAST} characters or more: {why}",
    )


def passphrase(file: Path | None) -> str | None:
    """ "" where no file is named, None where it holds none that will do."""
    if file is None:
        return ""
    try:
        found = (file.read_text(encoding="utf-8").splitlines() or [""])[0].strip()
    except (OSError, UnicodeError):
        found = ""
    if len(found) < house.LEAST:
        print(f"{file} holds no passphrase of {house.LEAST} characters or more", file=sys.stderr)
        return None
    return found


def run(asked: argparse.Namespace) -> int:
    """0: written; 1: not."""
    logs.configure()
    if asked.file.exists():
        print(f"{asked.file} exists already", file=sys.stderr)
        return 1
    said = passphrase(asked.passphrase_file)
    if said is None:
        return 1
    return process.run(lambda runtime: _export(asked, runtime, said))


async def _export(asked: argparse.Namespace, runtime: Runtime, said: str) -> int:
    database, number = runtime.database(), asked.connection
    try:
        async with database.transaction() as tx:
            now, noise = SystemClock().now(), SystemDice().token()
            found = await house.packed(tx, number, said, now, noise)
            # Before the commit: without a file the merchant is not held here.
            _write(asked.file, found)
    except (NotNow, OSError) as why:
        print(why, file=sys.stderr)
        return 1
    finally:
        await database.close()
    counts = dict(house.opened(found).contents.counts)
    if asked.json:
        print(json.dumps({"file": str(asked.file), "sealed": bool(said), "tables": counts}))
        return 0
    print(f"{asked.file}: {sum(counts.values())} rows of {len(counts)} tables, {_tokens(said)}")
    print(f"connection {number} is paused here from now on: two installations must never work for")
    print(f"one store. When it works there: `brygga erase {number} --moved --yes`")
    return 0


def _write(file: Path, found: bytes) -> None:
    """Whole or not at all, for nobody else to read."""
    part = file.with_name(f"{file.name}.part")
    try:
        part.touch(mode=0o600)
        part.write_bytes(found)
        part.rename(file)
    finally:
        part.unlink(missing_ok=True)


def _tokens(said: str) -> str:
    return "with sealed tokens" if said else "without tokens: the merchant approves again there"
