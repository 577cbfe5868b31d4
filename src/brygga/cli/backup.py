"""`brygga backup FILE`: everything of this installation in one file, checked by restoring it."""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from brygga.cli import logs, process
from brygga.cli.process import Runtime
from brygga.database import dumping
from brygga.database.dumping import DumpFailed


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="where the backup is written; it must not exist")
    parser.add_argument(
        "--no-check", action="store_true", help="do not restore it into a throwaway database"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(asked: argparse.Namespace) -> int:
    """0: the backup is written, and restores; 1: not."""
    logs.configure()
    if asked.file.exists():
        print(f"{asked.file} exists already", file=sys.stderr)
        return 1
    return process.run(lambda runtime: _backup(asked, runtime))


async def _backup(asked: argparse.Namespace, runtime: Runtime) -> int:
    file: Path = asked.file
    database, part = runtime.database(), file.with_name(f"{file.name}.part")
    try:
        part.touch(mode=0o600)
        counts = await dumping.dump(database, part)
        if not asked.no_check and (wrong := differences(counts, await restored(part))):
            print(f"the backup does not restore: {wrong}", file=sys.stderr)
            return 1
        part.rename(file)
    except (DumpFailed, OSError) as failed:
        print(failed, file=sys.stderr)
        return 1
    finally:
        part.unlink(missing_ok=True)
        await database.close()
    print(as_json(file, counts) if asked.json else reported(file, counts))
    return 0


def as_json(file: Path, counts: Mapping[str, int]) -> str:
    size = file.stat().st_size
    return json.dumps({"file": str(file), "bytes": size, "tables": dict(counts)})


def reported(file: Path, counts: Mapping[str, int]) -> str:
    size = file.stat().st_size / 1e6
    return (
        f"{file}: {sum(counts.values())} rows of {len(counts)} tables, {size:.1f} MB\n"
        "keep BRYGGA_SECRET_KEYS apart from it: whoever has both can read the tokens"
    )


async def restored(file: Path) -> Mapping[str, int]:
    """The rows of each table, after the file is restored into a throwaway database."""
    with dumping.throwaway() as url:
        return await dumping.load(url, file)


def differences(wanted: Mapping[str, int], found: Mapping[str, int]) -> str:
    """ "" when all rows are there."""
    wrong = [name for name in {**wanted, **found} if wanted.get(name) != found.get(name)]
    return ", ".join(f"{name} has {found.get(name)}, not {wanted.get(name)}" for name in wrong)
