"""`brygga status`: the state of every connection, or of one."""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from brygga.cli import arguments, logs, process
from brygga.cli.process import Runtime
from brygga.core.model import Connection
from brygga.database import connections, operating
from brygga.database.engine import Tx
from brygga.database.operating import Standing
from brygga.system import SystemClock
from brygga.web.operating.status import Status, statuses


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "connection", type=arguments.connection, nargs="?", help="the number of one connection"
    )
    parser.add_argument(
        "--state",
        choices=[one.value for one in Standing],
        help="only connections in this state",
    )
    parser.add_argument("--cause", default="", help="only those that are paused for this cause")
    parser.add_argument(
        "--search", default="", metavar="WORDS", help="only those of this merchant or store"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(asked: argparse.Namespace) -> int:
    logs.configure()
    return process.run(lambda runtime: _status(asked, runtime))


async def _status(asked: argparse.Namespace, runtime: Runtime) -> int:
    database, now = runtime.database(), SystemClock().now()
    try:
        async with database.read() as tx:
            wanted = await _wanted(tx, asked, now)
            found = await statuses(tx, wanted, runtime.settings.public_url, now)
    finally:
        await database.close()
    if asked.connection is not None and not found:
        print(f"there is no connection {asked.connection}")
        return 1
    print(
        json.dumps([asdict(one) for one in found], indent=2, ensure_ascii=False)
        if asked.json
        else _reported(found)
    )
    return 0


async def _wanted(tx: Tx, asked: argparse.Namespace, now: datetime) -> Sequence[Connection]:
    if asked.connection is not None:
        found = await connections.by_id(tx, asked.connection)
        return [found] if found else []
    if not (asked.state or asked.cause or asked.search):
        return await connections.active(tx)
    rows = await operating.merchants(
        tx,
        now,
        standing=Standing(asked.state) if asked.state else None,
        cause=asked.cause,
        search=asked.search,
        limit=100_000,
    )
    listed = [await connections.by_id(tx, row.id) for row in rows.rows]
    return [one for one in listed if one]


def _reported(found: list[Status]) -> str:
    if not found:
        return "no connections"
    lines = []
    for one in found:
        trouble = f", HELD by an operator since {one.held_since}" if one.held_since else ""
        trouble += f", PAUSED: {one.paused}" if one.paused else ""
        trouble += f", out of reach since {one.unreachable_since}" if one.unreachable_since else ""
        trouble += f", {one.parked} FAILED by a fault of ours" if one.parked else ""
        trouble += (
            f", WEBHOOKS FAIL: {' and '.join(one.webhooks_failing)}" if one.webhooks_failing else ""
        )
        trouble += ", webhooks point to another address" if one.webhooks_elsewhere else ""
        waiting = ", ".join(f"{count} {kind}" for kind, count in one.waiting.items()) or "nothing"
        lines += [
            (
                f"{one.connection}  {one.organization} - {one.store or 'no store'}: "
                f"{one.stage}{trouble}"
            ),
            (
                "   products: "
                f"{', '.join(f'{count} {state}' for state, count in one.products.items()) or 'none'}; {one.bound} bound"  # noqa: E501
            ),
            f"   waiting: {waiting}",
            (
                "   webhooks in 24 hours: "
                f"{'; '.join(_counts(name, counts) for name, counts in one.webhooks.items()) or 'none'}"  # noqa: E501
            ),
            *_failing_text(one),
            *_waits_text(one),
            (
                f"   last success: products {one.products_synced_at or 'never'}, stock "
                f"{one.stock_synced_at or 'never'}"
            ),
        ]
    return "\n".join(lines)


def _counts(name: str, counts: Mapping[str, int]) -> str:
    return f"{name} {', '.join(f'{count} {outcome}' for outcome, count in counts.items())}"


SHOWN = 5


def _failing_text(one: Status) -> list[str]:
    """Each failed work item with its support id, and how to retry it."""
    if not one.failing:
        return []
    lines = [
        f"   failed: {each.kind} {each.subject}".rstrip()
        + f", since {each.since}, tried {each.attempts} times, next try {each.next_try},"
        + f" support id {each.support_id}"
        for each in one.failing[:SHOWN]
    ]
    more = len(one.failing) - SHOWN
    lines += [f"   failed: {more} more"] if more > 0 else []
    return [
        *lines,
        (
            f"   -> `brygga retry {one.connection}` tries now; `brygga log --support-id ID` shows "
            "where"
        ),
    ]


def _waits_text(one: Status) -> list[str]:
    """What a connection that an operator holds, or that was restored, waits for."""
    lines = []
    if one.held_since:
        lines.append(f"   -> `brygga resume {one.connection}` lets it go on")
    if one.restore is None:
        return lines
    waits = f"{one.restore.questions} numbers to check"
    if one.stage == "leaving":
        waits = f"nothing: it was being disconnected; `brygga reconcile {one.connection} --go-on`"
    elif not one.restore.compared:
        waits = "a worker, which reads both platforms"
    lines.append(f"   restored {one.restore.since}: writes nothing, and waits for {waits}")
    if one.restore.compared and one.restore.questions:
        lines.append(
            f"   -> `brygga reconcile {one.connection}` lists them; `--take lower` answers all"
        )
    return lines
