"""`brygga support`: the support bundle of one connection, or of one of its products, as JSON."""

import argparse
import json

from brygga.cli import arguments, logs, process
from brygga.cli.acting import acted
from brygga.database.engine import Tx
from brygga.system import SystemClock
from brygga.web.operating import acts


def add(parser: argparse.ArgumentParser) -> None:
    arguments.one_connection(parser)
    parser.add_argument("product", nargs="?", default="", help="the Zettle uuid of one product")


def run(asked: argparse.Namespace) -> int:
    """0: printed; 1: there is no such connection."""
    logs.configure()
    return process.run(lambda runtime: acted(runtime, lambda tx: _support(tx, asked)))


async def _support(tx: Tx, asked: argparse.Namespace) -> str:
    now = SystemClock().now()
    found = await acts.support(tx, asked.connection, asked.product, acts.COMMAND, now)
    return json.dumps(found, indent=2)
