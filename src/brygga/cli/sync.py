"""`brygga sync`: requests a sync of one merchant, or of one product. It adds a work item; a worker
does the work.
"""

import argparse
import json
import sys
from dataclasses import dataclass

from brygga.cli import arguments, logs, process
from brygga.cli.process import Runtime
from brygga.database import turns, waiting_work
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
    parser.add_argument("--json", action="store_true", help="print JSON")


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
        if not asked.json:
            print("asked for; waiting" if asked.wait else "asked for; a worker does it", flush=True)
        end = await _done(database, asked, clock) if asked.wait else None
        return _told(asked, end)
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


@dataclass(frozen=True, slots=True)
class End:
    """How waiting ended. `support_id`: the work failed by a fault of ours."""

    done: bool
    support_id: str = ""


async def _done(database: Database, asked: argparse.Namespace, clock: Clock) -> End:
    """Waits for the added work items and for those that follow from them; not for routine work that
    is due later.
    """
    ends, number = clock.monotonic() + TIMEOUT_S, asked.connection
    while clock.monotonic() < ends:
        async with database.read() as tx:
            due = await turns.next_due(tx, number)
            failed = [
                one
                for one in await waiting_work.parked(tx, number)
                if one.waits and _is_asked_for(one, asked.product)
            ]
        if failed:
            return End(done=False, support_id=failed[0].support_id)
        if due is None or due > clock.now():
            return End(done=True)
        await clock.sleep(POLL_S)
    return End(done=False)


def _told(asked: argparse.Namespace, end: End | None) -> int:
    """`end`: None where nobody waited."""
    if asked.json:
        facts = {
            "connection": asked.connection,
            "product": asked.product,
            "webhooks": asked.webhooks,
        }
        waited = {} if end is None else {"done": end.done, "support_id": end.support_id}
        print(json.dumps({**facts, **waited}))
    elif end is not None and end.done:
        print("done")
    elif end is not None and end.support_id:
        print(f"failed by a fault of ours, support id {end.support_id}", file=sys.stderr)
    elif end is not None:
        print("not done in ten minutes; does a worker run?", file=sys.stderr)
    return 0 if end is None or end.done else 1
