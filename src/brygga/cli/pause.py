"""`brygga pause`: holds all work of one connection until `brygga resume`. Its merchant reads so."""

import argparse
import json

from brygga.cli import arguments, logs, process
from brygga.cli.acting import acted
from brygga.database.engine import Tx
from brygga.system import SystemClock
from brygga.web.operating import acts


def add(parser: argparse.ArgumentParser) -> None:
    arguments.one_connection(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(asked: argparse.Namespace) -> int:
    """0: held, also when it was before; 1: there is no such connection, or it has ended."""
    logs.configure()
    return process.run(lambda runtime: acted(runtime, lambda tx: _pause(tx, asked)))


async def _pause(tx: Tx, asked: argparse.Namespace) -> str:
    number = asked.connection
    held = await acts.pause(tx, number, acts.COMMAND, SystemClock().now())
    if asked.json:
        return json.dumps({"connection": number, "held": True, "changed": held})
    if not held:
        return f"connection {number} was held already"
    return f"connection {number} is held: nothing is written; `brygga resume {number}` goes on"
