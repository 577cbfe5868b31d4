"""`brygga replay`: reads kept webhooks again, and says what this version makes of them that the one
that received them did not. The check before an upgrade.

Without `--run` it writes nothing. It can be asked on a copy of the database.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from brygga.bigcommerce.events import MalformedError as ShopMalformed
from brygga.cli import arguments, logs, process
from brygga.cli.process import Runtime
from brygga.core.model import Stage
from brygga.database import audit, connections, kept_webhooks, work_items
from brygga.database.audit import Act, Actor, Entry
from brygga.database.engine import Database
from brygga.database.kept_webhooks import Kept
from brygga.system import SystemClock
from brygga.web import replaying
from brygga.zettle.events import MalformedError as TillMalformed

UNREADABLE = "it cannot be read"
NO_KEY = "no key of ours opens it"


@dataclass(frozen=True, slots=True)
class Again:
    """`then` and `now` are what followed and what would follow, a line each."""

    id: int
    at: str
    platform: str
    name: str
    then: tuple[str, ...]
    now: tuple[str, ...]

    @property
    def differs(self) -> bool:
        return sorted(self.then) != sorted(self.now)


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "connection",
        type=arguments.connection,
        help="the number of a connection, as `brygga status` shows it",
    )
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
        if asked.run:
            if connection.stage is not Stage.RUNNING:
                print("only for a merchant whose set-up is finished", file=sys.stderr)
                return 1
            added = await _added(database, asked.connection, kept, now)
            print(
                json.dumps({"webhooks": len(kept), "work": added}) if asked.json else _told(added)
            )
            return 0
    finally:
        await database.close()
    again = [read_again(one) for one in kept]
    shown = [one for one in again if asked.all or one.differs]
    print(json.dumps([asdict(one) for one in shown], indent=2) if asked.json else reported(again))
    return int(any(one.differs for one in again))


def read_again(one: Kept) -> Again:
    """What this version makes of it."""
    at, platform = one.received_at.isoformat(timespec="seconds"), one.platform.value
    if one.webhook is None:
        return Again(one.id, at, platform, NO_KEY, (), ())
    try:
        event = replaying.read(one.platform, one.webhook.body)
    except (ShopMalformed, TillMalformed):
        return Again(one.id, at, platform, UNREADABLE, one.webhook.caused, ())
    found = tuple(replaying.caused(event))
    return Again(one.id, at, platform, replaying.name_of(event), one.webhook.caused, found)


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


async def _added(
    database: Database, connection_id: int, kept: Sequence[Kept], now: datetime
) -> int:
    """Adds the work that follows from them, as for webhooks too old to be evidence: each costs a
    read of both sides.
    """
    wanted: dict[tuple[work_items.Kind, str], set[str]] = {}
    for one in kept:
        if one.webhook is None:
            continue
        try:
            event = replaying.read(one.platform, one.webhook.body)
        except (ShopMalformed, TillMalformed):
            continue
        for changed in replaying.items(event):
            wanted.setdefault((changed.kind, changed.detail), set()).update(changed.subjects)
    async with database.transaction() as tx:
        for (kind, detail), subjects in sorted(wanted.items()):
            await work_items.add_many(tx, connection_id, kind, sorted(subjects), now, detail=detail)
        facts = {"command": "replay", "webhooks": str(len(kept))}
        entry = Entry(Act.OPERATOR, Actor.OPERATOR, connection_id, facts=facts)
        await audit.add(tx, entry, now)
    return sum(map(len, wanted.values()))


def _told(added: int) -> str:
    return f"{added} pieces of work were added: a worker does them within seconds"
