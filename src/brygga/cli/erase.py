"""`brygga erase`: deletes everything of one merchant, with a receipt."""

import argparse
import json
import sys

from brygga.cli import arguments, logs, process
from brygga.cli.process import Runtime
from brygga.core.lifecycle import Departure, Ended, Leaving, Removing
from brygga.core.model import Connection
from brygga.database import audit, connections, erasing, work_items
from brygga.database.audit import Act, Actor, Entry
from brygga.database.engine import Tx
from brygga.database.erasing import Receipt
from brygga.database.work_items import Kind
from brygga.system import SystemClock, SystemDice


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "connection", type=arguments.connection, help="the number of a connection of the merchant"
    )
    parser.add_argument(
        "--yes", action="store_true", help="erase; without it only what would go is shown"
    )
    parser.add_argument(
        "--disconnect",
        action="store_true",
        help="disconnect first, if need be; products stay in the store",
    )
    parser.add_argument("--json", action="store_true", help="print the receipt as JSON")


def run(asked: argparse.Namespace) -> int:
    """0: erased, or shown; 1: there is no such connection, or it has not ended."""
    logs.configure()
    return process.run(lambda runtime: _erase(asked, runtime))


async def _erase(asked: argparse.Namespace, runtime: Runtime) -> int:
    database = runtime.database()
    try:
        async with database.transaction() as tx:
            found = await connections.by_id(tx, asked.connection)
            if found is None:
                print(f"there is no connection {asked.connection}", file=sys.stderr)
                return 1
            active = await connections.by_organization(tx, found.organization.uuid)
            if not asked.yes:
                return _shown(found, dict(await erasing.counted(tx, found.id)), active)
            if active is not None and asked.disconnect:
                return await _later(tx, active, runtime.settings.public_url)
            if active is not None:
                print(f"connection {active.id} has not ended: add --disconnect", file=sys.stderr)
                return 1
            now = SystemClock().now()
            receipt = await erasing.erase(tx, found.organization.uuid, now, Actor.OPERATOR)
    finally:
        await database.close()
    print(_json(receipt) if asked.json else _words(receipt))
    return 0


async def _later(tx: Tx, active: Connection, public_url: str) -> int:
    """The worker disconnects, gives access back, and then erases."""
    now, ticket = SystemClock().now(), SystemDice().token()
    match await connections.state(tx, active.id):
        case Removing() | Leaving() | Ended():
            pass
        case state:
            await connections.save(tx, active.id, state.leave(Departure.KEEP))
    await work_items.add(tx, active.id, Kind.LEAVE, "", now)
    await erasing.ask(tx, ticket, active.organization.uuid, now)
    # Of no merchant: what belongs to this one is erased.
    entry = Entry(Act.OPERATOR, Actor.OPERATOR, facts={"command": "erase", "of": str(active.id)})
    await audit.add(tx, entry, now)
    print(
        f"connection {active.id} is being disconnected, and everything is erased then\nreceipt: "
        f"{public_url}/erased/{ticket}"
    )
    return 0


def _shown(found: Connection, counts: dict[str, int], active: Connection | None) -> int:
    print(f"connection {found.id}: {sum(counts.values())} rows would go")
    for name, count in counts.items():
        print(f"  {name:<20} {count}")
    print(
        "with --yes they are erased"
        if active is None
        else f"connection {active.id} has not ended: --disconnect --yes"
    )
    return 0


def _words(receipt: Receipt) -> str:
    rows = [f"  {name:<20} {count}" for name, count in receipt.counts.items()]
    return "\n".join(
        [
            f"erased {receipt.erased_at.isoformat()}: {receipt.rows} rows",
            *rows,
            f"hash {receipt.hash}",
        ]
    )


def _json(receipt: Receipt) -> str:
    named = {
        "erased_at": receipt.erased_at.isoformat(),
        "tables": dict(receipt.counts),
        "hash": receipt.hash,
    }
    return json.dumps(named)
