"""`brygga sync`: requests a sync of one merchant, or of one product. It adds a work item; a worker
does the work.
"""

import argparse
import sys

from brygga.cli import arguments, logs, process
from brygga.cli.process import Runtime
from brygga.core.model import Connection, Stage
from brygga.database import audit, connections, library, work_items
from brygga.database.audit import Act, Actor, Entry
from brygga.database.engine import Database, Tx
from brygga.database.work_items import Kind, Parked
from brygga.seams import Clock
from brygga.sync.products.library import DUPLICATES
from brygga.system import SystemClock

POLL_S = 0.5
TIMEOUT_S = 600.0


class NotNow(Exception):
    """Why nothing was requested, in one line that says what to do."""


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "connection",
        type=arguments.connection,
        help="the number of a connection, as `brygga status` shows it",
    )
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
            await leave_items(tx, asked.connection, asked.product, clock, webhooks=asked.webhooks)
            facts = {"command": "sync --webhooks" if asked.webhooks else "sync"}
            await audit.add(
                tx, Entry(Act.OPERATOR, Actor.OPERATOR, asked.connection, facts=facts), clock.now()
            )
        print("asked for; a worker does it" if not asked.wait else "asked for; waiting", flush=True)
        return await _done(database, asked.connection, asked.product, clock) if asked.wait else 0
    except NotNow as why:
        print(why, file=sys.stderr)
        return 1
    finally:
        await database.close()


async def leave_items(
    tx: Tx, number: int, product: str, clock: Clock, *, webhooks: bool = False
) -> None:
    """Adds work items to read the whole library, search for likely duplicates and compare
    everything; or to sync one product.

    With `webhooks`, both platforms' webhooks are created again first. Raises `NotNow`.
    """
    _may_sync(await connections.by_id(tx, number), number)
    now = clock.now()
    if webhooks:
        await work_items.add(tx, number, Kind.HOOKS, "", now, force=True)
    if product:
        entry = await library.get(tx, number, product)
        if entry is None or entry.removed_at is not None:
            raise NotNow(f"connection {number} has no product {product}")
        if not entry.assigned:
            raise NotNow(
                f"product {product} is not assigned to BigCommerce: there is nothing to sync"
            )
        await work_items.add(tx, number, Kind.PRODUCT, product, now, force=True)
        return
    await work_items.add(tx, number, Kind.LIBRARY, "", now, force=True, detail=DUPLICATES)
    await work_items.add(tx, number, Kind.SWEEP, "", now, force=True)


def _may_sync(connection: Connection | None, number: int) -> None:
    if connection is None:
        raise NotNow(f"there is no connection {number}; `brygga status` lists them")
    if connection.stage is not Stage.RUNNING:
        raise NotNow(
            f"connection {number} is {connection.stage.value}: nothing is synced until its set-up "
            "is finished"
        )
    if connection.paused:
        raise NotNow(
            f"connection {number} is paused ({connection.paused}): the merchant has to help first"
        )


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
                for one in await work_items.parked(tx, number)
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
