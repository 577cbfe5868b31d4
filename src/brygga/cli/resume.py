"""`brygga resume`: ends what `brygga pause` began, and a pause whose cause is mended."""

import argparse
import json
from dataclasses import asdict

from brygga.cli import arguments, logs, process
from brygga.cli.acting import acted
from brygga.database.engine import Tx
from brygga.system import SystemClock
from brygga.web.operating import acts


def add(parser: argparse.ArgumentParser) -> None:
    arguments.one_connection(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(asked: argparse.Namespace) -> int:
    """0: it goes on; 1: there is no such connection, it is not paused, or its merchant has to
    help.
    """
    logs.configure()
    return process.run(lambda runtime: acted(runtime, lambda tx: _resume(tx, asked)))


async def _resume(tx: Tx, asked: argparse.Namespace) -> str:
    number = asked.connection
    ended = await acts.go_on(tx, number, acts.COMMAND, SystemClock().now())
    if asked.json:
        return json.dumps({"connection": number, **asdict(ended)})
    return f"connection {number} goes on, with a look at everything"
