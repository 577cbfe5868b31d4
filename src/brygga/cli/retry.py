"""`brygga retry`: retries work that failed by a bug of ours now instead of later, whether or not
the set-up is finished.
"""

import argparse
import json
import sys
from datetime import datetime

from brygga.cli import arguments, logs, process
from brygga.cli.process import Runtime
from brygga.core.model import Connection, Stage
from brygga.database import connections, work_items
from brygga.database.engine import Tx
from brygga.database.work_items import Kind
from brygga.system import SystemClock
from brygga.web.operating import acts
from brygga.web.operating.acts import COMMAND, Failed, NotNow


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "connection",
        type=arguments.connection,
        nargs="?",
        help="the number of a connection, as `brygga status` shows it",
    )
    parser.add_argument("--all", action="store_true", help="of every connection")
    parser.add_argument(
        "--kind", choices=[kind.value for kind in Kind], help="only work of this kind"
    )
    parser.add_argument(
        "--support-id", default=None, metavar="ID", help="only what failed under this support id"
    )
    parser.add_argument(
        "--cause",
        default=None,
        help="only what failed by this bug, as `brygga queue` and `brygga status --json` name it",
    )
    parser.add_argument(
        "--json", action="store_true", help="print JSON: how many are tried now, by connection"
    )


def run(asked: argparse.Namespace) -> int:
    """0: done, also when nothing had failed; 1: no such connection; 2: no work was named."""
    logs.configure()
    if asked.connection is None and not (
        asked.all or asked.kind or asked.support_id or asked.cause
    ):
        print(
            "say which: the number of a connection, --kind, --cause, --support-id or --all",
            file=sys.stderr,
        )
        return 2
    return process.run(lambda runtime: _retry(asked, runtime))


async def _retry(asked: argparse.Namespace, runtime: Runtime) -> int:
    kind = Kind(asked.kind) if asked.kind else None
    database = runtime.database()
    try:
        async with database.transaction() as tx:
            now = SystemClock().now()
            failed = Failed(asked.connection, kind, asked.support_id, asked.cause)
            resumed = await acts.retry(tx, failed, COMMAND, now)
            lines = [await _reported(tx, number, count, now) for number, count in resumed.items()]
    except NotNow as why:
        print(why, file=sys.stderr)
        return 1
    finally:
        await database.close()
    if asked.json:
        print(json.dumps({str(number): count for number, count in resumed.items()}))
    else:
        print("\n".join(lines) or "nothing has failed there")
    return 0


async def _reported(tx: Tx, number: int, count: int, now: datetime) -> str:
    connection = await connections.by_id(tx, number)
    tried = any(item.support_id for item in await work_items.due(tx, number, now))
    return f"connection {number}: {count} tried again{_but(connection, tried=tried)}"


def _but(connection: Connection | None, *, tried: bool) -> str:
    """What keeps a worker from retrying at once."""
    if connection is None or connection.stage is Stage.DISCONNECTED:
        return ", but it is disconnected"
    if connection.paused and tried:
        return (
            f"; it is paused ({connection.paused}): a worker tries now what needs no merchant, "
            "and the rest waits"
        )
    if connection.paused:
        return f", but it is paused ({connection.paused}): the merchant has to help first"
    return "; a worker tries now"
