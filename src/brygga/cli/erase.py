"""`brygga erase`: deletes everything of one merchant, with a receipt."""

import argparse
import json
import sys

from brygga.cli import arguments, logs, process
from brygga.cli.process import Runtime
from brygga.core.model import Connection
from brygga.database import connections, erasing
from brygga.database.erasing import Receipt
from brygga.system import SystemClock, SystemDice
from brygga.web.operating import acts
from brygga.web.operating.acts import COMMAND, NotNow


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
    parser.add_argument(
        "--moved",
        action="store_true",
        help="the merchant works in another installation: end the connection here without asking "
        "a platform, and give no access back",
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
            now, ticket = SystemClock().now(), SystemDice().token()
            if active is not None and asked.moved:
                await acts.moved_away(tx, active.id, now)
            done = await acts.erase(
                tx, asked.connection, COMMAND, now, ticket, disconnect=asked.disconnect
            )
    except NotNow as why:
        print(why, file=sys.stderr)
        return 1
    finally:
        await database.close()
    if done.receipt is None:
        assert active is not None
        print(_later(active.id, f"{runtime.settings.public_url}/erased/{ticket}"))
        return 0
    print(_json(done.receipt) if asked.json else _words(done.receipt))
    return 0


def _later(number: int, receipt: str) -> str:
    return (
        f"connection {number} is being disconnected, and everything is erased then\n"
        f"receipt: {receipt}"
    )


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
