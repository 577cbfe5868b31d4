"""`brygga plan`: what the next sync would do for one merchant, product by product. Reads the database only."""

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

from brygga.cli import logs, process
from brygga.cli.process import Ground
from brygga.store import connections
from brygga.store.database import Database
from brygga.sync.outlook import Action, Step, outlook
from brygga.wiring import sealer

NAME_WIDTH = 48


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("connection", type=int, help="the number of a connection, as `brygga status` shows it")
    parser.add_argument("--all", action="store_true", help="also the products with which nothing would be done")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(asked: argparse.Namespace) -> int:
    logs.configure()
    return process.run(lambda ground: _plan(asked, ground))


async def _plan(asked: argparse.Namespace, ground: Ground) -> int:
    database = Database.at(ground.database_url, sealer(ground.settings))
    try:
        async with database.read() as tx:
            connection = await connections.by_id(tx, asked.connection)
            steps = await outlook(tx, connection) if connection is not None else ()
    finally:
        await database.close()
    if connection is None:
        print(f"there is no connection {asked.connection}")
        return 1
    shown = [one for one in steps if asked.all or one.action is not Action.NOTHING]
    print(as_json(steps, shown) if asked.json else told(steps, shown))
    return 0


def counts(steps: Sequence[Step]) -> dict[str, int]:
    found = Counter(one.action for one in steps)
    return {action.value: found[action] for action in Action}


def as_json(steps: Sequence[Step], shown: Sequence[Step]) -> str:
    whole = {"counts": counts(steps), "products": [asdict(one) for one in shown]}
    return json.dumps(whole, indent=2, ensure_ascii=False)


def told(steps: Sequence[Step], shown: Sequence[Step]) -> str:
    rows = [
        f"{one.action.value:<10} {_fitted(one.name)} {one.reason or ', '.join(one.notes)}".rstrip() for one in shown
    ]
    summary = ", ".join(f"{count} {action}" for action, count in counts(steps).items() if count)
    return "\n".join([*rows, f"{len(steps)} products: {summary or 'none'}"])


def _fitted(name: str) -> str:
    line = " ".join(name.split())
    return f"{line if len(line) <= NAME_WIDTH else line[: NAME_WIDTH - 1] + '…':<{NAME_WIDTH}}"
