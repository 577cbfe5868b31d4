"""`brygga reconcile`: which connections wait after a restore, their questions, answers by rule."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from brygga.cli import arguments, logs, process
from brygga.cli.process import Runtime
from brygga.database import audit, ledgers, restoring, work_items
from brygga.database.audit import Act, Actor, Entry
from brygga.database.engine import Tx
from brygga.database.ledgers import LedgerRow
from brygga.database.restoring import Restored
from brygga.database.work_items import Kind
from brygga.sync.stock import Counted, StockCommands
from brygga.system import SystemClock


@dataclass(frozen=True, slots=True)
class Question:
    product: str
    variant: str
    zettle: int | None
    bigcommerce: int | None
    lower: int | None
    """What counts until the answer: the lower one, or what sales since the backup leave."""


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "connection",
        type=arguments.connection,
        nargs="?",
        help="one connection; without it all that wait are listed",
    )
    parser.add_argument(
        "--take",
        choices=["zettle", "bigcommerce", "lower"],
        help="answer every open question of this connection with the number of that side",
    )
    parser.add_argument(
        "--go-on",
        action="store_true",
        help="of a connection that was being disconnected: let that go on",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(asked: argparse.Namespace) -> int:
    """0: done; 1: that connection does not wait."""
    logs.configure()
    if asked.connection is None and (asked.take or asked.go_on):
        print("say of which connection", file=sys.stderr)
        return 2
    return process.run(lambda runtime: _reconcile(asked, runtime))


async def _reconcile(asked: argparse.Namespace, runtime: Runtime) -> int:
    database, now = runtime.database(), SystemClock().now()
    try:
        async with database.transaction() as tx:
            waiting = await restoring.waiting(tx)
            if asked.connection is not None and asked.connection not in waiting:
                print(f"connection {asked.connection} does not wait", file=sys.stderr)
                return 1
            await _act(tx, asked, now)
            numbers = waiting if asked.connection is None else [asked.connection]
            found = {number: await _questions(tx, number) for number in numbers}
            states = {number: await restoring.state(tx, number) for number in numbers}
    finally:
        await database.close()
    if asked.json:
        shown = {str(number): [asdict(one) for one in some] for number, some in found.items()}
        print(json.dumps(shown, indent=2))
    else:
        _show(found, states, whole=asked.connection is not None)
    return 0


async def _act(tx: Tx, asked: argparse.Namespace, now: datetime) -> None:
    """Does what was asked for, with a line of the audit."""
    if asked.go_on:
        await restoring.end(tx, asked.connection)
        await work_items.add(tx, asked.connection, Kind.LEAVE, "", now)
    if asked.take:
        await answered(tx, asked.connection, asked.take)
    if asked.go_on or asked.take:
        facts = {"command": "reconcile", "take": asked.take or "go on"}
        entry = Entry(Act.OPERATOR, Actor.OPERATOR, asked.connection, facts=facts)
        await audit.add(tx, entry, now)


def _show(
    found: Mapping[int, Sequence[Question]], states: Mapping[int, Restored | None], *, whole: bool
) -> None:
    """Prints a line for each connection. `whole`: also each of its questions."""
    for number, some in found.items():
        state = states[number]
        how = "goes on" if state is None else f"{len(some)} numbers to check"
        how = "is not compared yet" if state is not None and state.compared_at is None else how
        print(f"connection {number}: {how}")
        for one in some if whole else ():
            sides = f"Zettle {one.zettle}, store {one.bigcommerce}"
            print(f"  {one.product} {one.variant}: {sides}, until then {one.lower}")
    if not found:
        print("no connection waits")


async def _questions(tx: Tx, connection_id: int) -> list[Question]:
    return [_question(row) for row in await ledgers.in_question(tx, connection_id)]


def _question(row: LedgerRow) -> Question:
    zettle, shop = row.ledger.zettle.confirmed, row.ledger.shop.confirmed
    return Question(
        row.product_uuid,
        row.variant_uuid,
        zettle if isinstance(zettle, int) else None,
        shop if isinstance(shop, int) else None,
        row.ledger.target,
    )


async def answered(tx: Tx, connection_id: int, take: str) -> None:
    """Answers as the merchant would, with the number of one side."""
    now, commands = SystemClock().now(), StockCommands()
    for row in await ledgers.in_question(tx, connection_id):
        seen = (row.ledger.zettle.target, row.ledger.shop.target)
        own = _question(row)
        number = {"zettle": own.zettle, "bigcommerce": own.bigcommerce, "lower": None}[take]
        counted = Counted(seen) if number is None else Counted(seen, max(0, number))
        of = (row.product_uuid, row.variant_uuid)
        await commands.count(tx, connection_id, of, counted, now)
