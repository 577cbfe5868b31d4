"""`brygga signout`: ends every session of one merchant, for an operator who was told that a browser
is lost or that somebody else had it.
"""

import argparse
import json

from brygga.cli import arguments, logs, process
from brygga.cli.process import Runtime
from brygga.database import audit, connections, sessions
from brygga.database.audit import Act, Actor, Entry
from brygga.system import SystemClock


def add(parser: argparse.ArgumentParser) -> None:
    arguments.one_connection(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(asked: argparse.Namespace) -> int:
    """0: done, also when nobody was signed in; 1: there is no such connection."""
    logs.configure()
    return process.run(lambda runtime: _sign_out(asked, runtime))


async def _sign_out(asked: argparse.Namespace, runtime: Runtime) -> int:
    """The sync goes on: it needs no session."""
    database, number = runtime.database(), asked.connection
    try:
        async with database.transaction() as tx:
            if await connections.by_id(tx, number) is None:
                return arguments.unknown(number)
            ended = await sessions.end_all(tx, number)
            facts = {"command": "signout", "sessions": str(ended)}
            entry = Entry(Act.OPERATOR, Actor.OPERATOR, number, facts=facts)
            await audit.add(tx, entry, SystemClock().now())
    finally:
        await database.close()
    if asked.json:
        print(json.dumps({"connection": number, "sessions_ended": ended}))
    else:
        print(f"connection {number}: {ended} sessions have ended; the sync goes on")
    return 0
