"""`brygga audit`: acts that matter to security, of one merchant, or of no merchant that is left."""

import argparse
import json
from typing import Any

from brygga.cli import arguments, logs, process
from brygga.cli.process import Runtime
from brygga.database import audit, connections
from brygga.database.audit import Entry


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "connection",
        type=arguments.connection,
        nargs="?",
        help=(
            "the number of a connection, as `brygga status` shows it; without it, acts of no "
            "merchant"
        ),
    )
    parser.add_argument(
        "--lines",
        type=arguments.between(1, 10_000),
        default=50,
        metavar="N",
        help="the newest N acts, 50 unless told",
    )
    parser.add_argument("--json", action="store_true", help="print JSON, newest act first")


def run(asked: argparse.Namespace) -> int:
    """0: told; 1: there is no such connection."""
    logs.configure()
    return process.run(lambda runtime: _audit(asked, runtime))


async def _audit(asked: argparse.Namespace, runtime: Runtime) -> int:
    database = runtime.database()
    try:
        async with database.read() as tx:
            if (
                asked.connection is not None
                and await connections.by_id(tx, asked.connection) is None
            ):
                return arguments.unknown(asked.connection)
            found = await audit.of(tx, asked.connection, asked.lines)
    finally:
        await database.close()
    if asked.json:
        print(json.dumps([plain(entry) for entry in found], indent=2))
    else:
        print("\n".join(reported(entry) for entry in reversed(found)) or "nothing is written down")
    return 0


def plain(entry: Entry) -> dict[str, Any]:
    at = entry.at.isoformat() if entry.at else ""
    facts = dict(entry.facts)
    return {
        "at": at,
        "act": entry.act.value,
        "actor": entry.actor.value,
        "source": entry.source,
        "request_id": entry.request_id,
        **({"facts": facts} if facts else {}),
    }


def reported(entry: Entry) -> str:
    at = f"{entry.at:%Y-%m-%d %H:%M:%S}" if entry.at else ""
    facts = " ".join(f"{name}={value}" for name, value in entry.facts.items())
    return (
        f"{at}  {entry.act.value:<22} by {entry.actor.value:<12} {entry.source:<15} "
        f"{entry.request_id} {facts}"
    ).rstrip()
