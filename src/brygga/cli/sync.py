"""`brygga sync`: requests a sync of one merchant, or of one product. It adds a work item; a worker
does the work.
"""

import argparse
import sys

from brygga.cli import arguments, logs, process
from brygga.cli.process import Runtime
from brygga.database import waiting_work, work_items
from brygga.database.engine import Database
from brygga.database.waiting_work import Parked
from brygga.database.work_items import Kind
from brygga.seams import Clock
from brygga.system import SystemClock
from brygga.web.operating import acts
from brygga.web.operating.acts import COMMAND, NotNow

POLL_S = 0.5
TIMEOUT_S = 600.0


def add(parser: argparse.ArgumentParser) -> None:
    arguments.one_connection(parser)
    parser.add_argument(
        "product",
        nargs="?",
        default="",
        help="the Zettle uuid of one product; without it everything",
    )
    parser.add_argument(
        "--webhooks", action="store_true", help="make both platforms' webhooks anew as well"
    )
    parser.add_argument(
        "--wait",
        action="store_true",
        help="return when the work is done, after ten minutes at most",
    )


def run(asked: argparse.Namespace) -> int:
    """0: requested (with --wait: done); 1: not possible, or not done in time."""
    logs.configure()
    return process.run(lambda runtime: _sync(asked, runtime))


async def _sync(asked: argparse.Namespace, runtime: Runtime) -> int:
    clock = SystemClock()
    database = runtime.database()
    try:
        async with database.transaction() as tx:
            await acts.sync(
                tx,
                asked.connection,
                asked.product,
                COMMAND,
                clock.now(),
                webhooks=asked.webhooks,
            )
        print("asked for; a worker does it" if not asked.wait else "asked for; waiting", flush=True)
        return await _done(database, asked.connection, asked.product, clock) if asked.wait else 0
    except NotNow as why:
        print(why, file=sys.stderr)
        return 1
    finally:
        await database.close()


def _is_asked_for(one: Parked, product: str) -> bool:
    """The work that this command requests; other failed work does not concern it."""
    return (
        one.subject == product if product else one.kind in {Kind.LIBRARY, Kind.SWEEP, Kind.PRODUCT}
    )


async def _done(database: Database, number: int, product: str, clock: Clock) -> int:
    """Waits for the added work items and for those that follow from them; not for routine work that
    is due later.
    """
    ends = clock.monotonic() + TIMEOUT_S
    while clock.monotonic() < ends:
        async with database.read() as tx:
            due = await work_items.next_due(tx, number)
            failed = [
                one
                for one in await waiting_work.parked(tx, number)
                if one.waits and _is_asked_for(one, product)
            ]
        if failed:
            print(f"failed by a fault of ours, support id {failed[0].support_id}", file=sys.stderr)
            return 1
        if due is None or due > clock.now():
            print("done")
            return 0
        await clock.sleep(POLL_S)
    print("not done in ten minutes; does a worker run?", file=sys.stderr)
    return 1
