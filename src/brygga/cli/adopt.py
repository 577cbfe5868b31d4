"""`brygga adopt`: links the products that another connector made in the store: those in its
category "Zettle" whose SKU is one of Zettle's. First it shows which; with `--yes` it is done.

The store was compared when the merchant chose the products, or by `brygga sync`.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from brygga.cli import arguments, logs, process
from brygga.cli.process import Runtime
from brygga.core.model import Connection
from brygga.database import duplicates, library, work_items
from brygga.database.duplicates import Choice, Pair
from brygga.database.engine import Tx
from brygga.database.work_items import Kind
from brygga.sync.products.likely import CONNECTOR
from brygga.system import SystemClock
from brygga.web.choosing import LINK, decide, links_of
from brygga.web.operating import acts
from brygga.web.operating.acts import COMMAND, NotNow


@dataclass(frozen=True, slots=True)
class Link:
    product: str
    name: str
    bigcommerce_id: int
    store_name: str


@dataclass(frozen=True, slots=True)
class Plan:
    """`unclear`: products with several partners, or that share one. The merchant decides these."""

    links: tuple[Link, ...]
    unclear: int
    linked: int
    """How many of the linked ones were decided before."""


def add(parser: argparse.ArgumentParser) -> None:
    arguments.one_connection(parser)
    parser.add_argument("--yes", action="store_true", help="link them; without it only shown")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(asked: argparse.Namespace) -> int:
    """0: done, or shown; 1: there is no such connection."""
    logs.configure()
    return process.run(lambda runtime: _adopt(asked, runtime))


async def _adopt(asked: argparse.Namespace, runtime: Runtime) -> int:
    database = runtime.database()
    try:
        async with database.transaction() as tx:
            connection = await acts.known(tx, asked.connection)
            found = await plan_of(tx, connection)
            if asked.yes and found.links:
                await link_all(tx, connection, found.links)
    except NotNow as why:
        print(why, file=sys.stderr)
        return 1
    finally:
        await database.close()
    print(json.dumps(asdict(found), ensure_ascii=False) if asked.json else _told(found, asked.yes))
    return 0


async def plan_of(tx: Tx, connection: Connection) -> Plan:
    pairs = [
        pair for pair in await duplicates.all_of(tx, connection.id) if pair.reason == CONNECTOR
    ]
    open_ = [pair for pair in pairs if pair.choice is Choice.OPEN]
    wishes, unclear = links_of(open_, {pair.product_uuid for pair in open_}, certain=True)
    names = await library.get_many(tx, connection.id, wishes)
    links = tuple(
        Link(pair.product_uuid, names[pair.product_uuid].name, pair.product_id, pair.shop_name)
        for pair in open_
        if wishes.get(pair.product_uuid) == f"{LINK}{pair.product_id}"
    )
    return Plan(links, unclear, _linked(pairs))


def _linked(pairs: Sequence[Pair]) -> int:
    return sum(pair.choice is Choice.LINK for pair in pairs)


async def link_all(tx: Tx, connection: Connection, links: Sequence[Link]) -> None:
    """Chooses "link" for each, as the merchant would on the plan page."""
    now = SystemClock().now()
    wishes = {one.product: f"{LINK}{one.bigcommerce_id}" for one in links}
    _, again = await decide(tx, connection, wishes, now)
    await work_items.add_many(tx, connection.id, Kind.PRODUCT, again, now, force=True)
    await COMMAND.note(tx, connection.id, now, command="adopt", products=str(len(links)))


def _told(found: Plan, done: bool) -> str:
    lines = [
        f"{one.name} -> {one.store_name} (product {one.bigcommerce_id})" for one in found.links
    ]
    if found.unclear:
        lines.append(f"{found.unclear} have several partners: the merchant decides")
    if found.linked:
        lines.append(f"{found.linked} are linked already")
    if not found.links:
        lines.append(
            "nothing to link: the store has no more products of another connector with equal SKUs"
        )
    elif done:
        lines.append(f"{len(found.links)} are linked: the next sync writes them, and creates none")
    else:
        lines.append(f"{len(found.links)} would be linked, and none created; with --yes it is done")
    return "\n".join(lines)
