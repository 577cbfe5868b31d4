"""`brygga shadow`: connections that watch beside another app, and one's report."""

import argparse
import json
import sys
from dataclasses import asdict

from brygga.cli import arguments, logs, process
from brygga.cli.process import Runtime
from brygga.core.model import Stage
from brygga.core.watching import Outcome
from brygga.database import connections, watching
from brygga.database.engine import Tx

ENDS = ("right", "late", "different", "missing")


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "connection",
        type=arguments.connection,
        nargs="?",
        help="one connection, with what was late or different; without it all that watch",
    )
    parser.add_argument(
        "--lines",
        type=arguments.between(1, 10_000),
        default=50,
        metavar="N",
        help="the newest N differences, 50 unless told",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(asked: argparse.Namespace) -> int:
    """0: told; 1: that connection never watched."""
    logs.configure()
    return process.run(lambda runtime: _shadow(asked, runtime))


async def _shadow(asked: argparse.Namespace, runtime: Runtime) -> int:
    database = runtime.database()
    try:
        async with database.read() as tx:
            numbers = [asked.connection] if asked.connection else await _watching(tx)
            found = {number: await report(tx, number, asked.lines) for number in numbers}
    finally:
        await database.close()
    if asked.connection and found[asked.connection] is None:
        print(f"connection {asked.connection} never watched", file=sys.stderr)
        return 1
    if asked.json:
        print(json.dumps({str(n): one for n, one in found.items()}, indent=2, default=str))
        return 0
    for number, one in found.items():
        if one is not None:
            show(number, one, whole=asked.connection is not None)
    if not found:
        print("no connection watches")
    return 0


async def _watching(tx: Tx) -> list[int]:
    return [one.id for one in await connections.active(tx) if one.stage is Stage.WATCHING]


async def report(tx: Tx, connection_id: int, lines: int) -> dict[str, object] | None:
    """The counts and the newest `lines` differences. None: it never watched."""
    connection = await connections.by_id(tx, connection_id)
    since = None if connection is None else await watching.since(tx, connection_id)
    if connection is None or since is None:
        return None
    counts = await watching.counts(tx, connection_id)
    wrong = (Outcome.LATE, Outcome.DIFFERENT, Outcome.MISSING)
    rows = await watching.page(tx, connection_id, wrong, lines)
    return {
        "watches": connection.stage is Stage.WATCHING,
        "since": since,
        "percent": counts.percent,
        "waiting": counts.of.get(Outcome.OPEN, 0),
        **{end: counts.of.get(Outcome(end), 0) for end in ENDS},
        "differences": [asdict(row) for row in rows],
    }


def show(number: int, report: dict[str, object], *, whole: bool) -> None:
    """Prints the report; with `whole` each difference too."""
    percent = report["percent"]
    how = "nothing to compare yet" if percent is None else f"{percent:.1f} % came true"
    state = "watches" if report["watches"] else "watched"
    ends = ", ".join(f"{report[end]} {end}" for end in ENDS)
    print(f"connection {number} {state} since {report['since']:%Y-%m-%d %H:%M} UTC: {how}")
    print(f"  {ends}, {report['waiting']} waiting")
    rows = report["differences"]
    assert isinstance(rows, list)
    for row in rows if whole else ():
        name = row["name"] or row["product_uuid"]
        print(
            f"  {row['made_at']:%Y-%m-%d %H:%M:%S}  {row['outcome']:9}  {name}: {row['field']} "
            f"{row['was']!r} -> {row['expected']!r}, seen {row['seen']!r}"
        )
