"""`brygga replay`: reads kept webhooks again, and says what this version makes of them that the one
that received them did not: which work follows from each, and what would be written to the platforms
in place of what was written then. The check before an upgrade.

Without `--run` it writes nothing and asks no platform. It can be asked on a copy of the database.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

from brygga.cli import arguments, logs, process
from brygga.cli.process import Runtime
from brygga.core.model import Stage
from brygga.database import bindings, connections, kept_webhooks
from brygga.database.engine import Tx
from brygga.database.kept_webhooks import Kept
from brygga.sync.connection.replaying import Writes, writes_again
from brygga.system import SystemClock
from brygga.web.operating import acts
from brygga.web.operating.acts import COMMAND
from brygga.web.replaying import NO_KEY, Again, read_again, subjects


def add(parser: argparse.ArgumentParser) -> None:
    arguments.one_connection(parser)
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--hours",
        type=arguments.between(1, 24 * 30),
        default=24,
        metavar="N",
        help="those of the last N hours, 24 by default",
    )
    which.add_argument(
        "--at", type=moment, metavar="TIME", help="those of the hour that begins then (ISO 8601)"
    )
    parser.add_argument("--id", type=arguments.connection, metavar="ID", help="this one of them")
    parser.add_argument(
        "--run",
        action="store_true",
        help="do their work again: both sides are read, and nothing is counted twice",
    )
    parser.add_argument("--all", action="store_true", help="print also what stays the same")
    parser.add_argument("--json", action="store_true", help="print JSON, the oldest first")


def moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time like 2026-11-30T10:00Z") from None
    if found.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} names no time zone: 2026-11-30T10:00Z")
    return found


def run(asked: argparse.Namespace) -> int:
    """0: this version does the same, or the work was added; 1: it does otherwise, or there is no
    such connection.
    """
    logs.configure()
    return process.run(lambda runtime: _replay(asked, runtime))


async def _replay(asked: argparse.Namespace, runtime: Runtime) -> int:
    database, now = runtime.database(), SystemClock().now()
    since = asked.at or now - timedelta(hours=asked.hours)
    until = since + timedelta(hours=1) if asked.at else now + timedelta(minutes=1)
    try:
        async with database.read() as tx:
            connection = await connections.by_id(tx, asked.connection)
            if connection is None:
                print(f"there is no connection {asked.connection}", file=sys.stderr)
                return 1
            kept = await kept_webhooks.between(tx, asked.connection, since, until)
            kept = [one for one in kept if asked.id in (None, one.id)]
            if not asked.run:
                uuids = await products_of(tx, asked.connection, kept)
                writes = await writes_again(tx, connection, uuids, (since, until))
        if asked.run:
            if connection.stage is not Stage.RUNNING:
                print("only for a merchant whose set-up is finished", file=sys.stderr)
                return 1
            async with database.transaction() as tx:
                added = await acts.replay(tx, asked.connection, kept, COMMAND, now)
            print(
                json.dumps({"webhooks": len(kept), "work": added}) if asked.json else _told(added)
            )
            return 0
    finally:
        await database.close()
    again = [read_again(one) for one in kept]
    shown = [one for one in again if asked.all or one.differs]
    if asked.json:
        whole = {"webhooks": [asdict(one) for one in shown], "writes": asdict(writes)}
        print(json.dumps(whole, indent=2, ensure_ascii=False))
    else:
        print(reported(again), rewritten(writes), sep="\n")
    return int(bool(writes.differing) or any(one.differs for one in again))


async def products_of(tx: Tx, connection_id: int, kept: Sequence[Kept]) -> frozenset[str]:
    """The products of Zettle's that these webhooks are about."""
    about = [subject for one in kept for subject in subjects(one)]
    ids = [int(one) for one in about if one.isdigit()]
    owners = await bindings.by_product_ids(tx, connection_id, ids)
    return frozenset(one for one in about if not one.isdigit()) | frozenset(owners.values())


def reported(again: Sequence[Again]) -> str:
    differing = [one for one in again if one.differs]
    lines = []
    for one in differing:
        lines.append(f"{one.at} {one.platform} {one.name} (--id {one.id})")
        lines += [f"  then  {line}" for line in one.then if line not in one.now]
        lines += [f"  now   {line}" for line in one.now if line not in one.then]
    closed = sum(one.name == NO_KEY for one in again)
    if closed:
        lines.append(f"{closed} were sealed with a key that is gone, and were left out")
    same = len(again) - len(differing) - closed
    return "\n".join([*lines, f"{same} webhooks do the same, {len(differing)} do otherwise"])


def rewritten(writes: Writes) -> str:
    lines = []
    for one in writes.differing:
        lines.append(f"{one.name} ({one.product}): {one.what}")
        lines += [f"  then  {one.then or 'nothing'}", f"  now   {one.now or 'nothing'}"]
    told = f"{writes.same} products and stock numbers would be written the same"
    told += f", {len(writes.differing)} otherwise"
    unknown = f"; of {len(writes.unknown)} nothing can be said" if writes.unknown else ""
    return "\n".join([*lines, told + unknown])


def _told(added: int) -> str:
    return f"{added} pieces of work were added: a worker does them within seconds"
