"""`brygga queue`: the work that waits, what failed and why, and what each worker does now."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict

from brygga.cli import arguments, logs, process
from brygga.cli.process import Runtime
from brygga.system import SystemClock
from brygga.web.operating import status
from brygga.web.operating.status import Cause, Queue, Waiting, Working


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "connection",
        type=arguments.connection,
        nargs="?",
        help="the number of one connection; without it all",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(asked: argparse.Namespace) -> int:
    """0: told."""
    logs.configure()
    return process.run(lambda runtime: _queue(asked, runtime))


async def _queue(asked: argparse.Namespace, runtime: Runtime) -> int:
    database, now = runtime.database(), SystemClock().now()
    try:
        async with database.read() as tx:
            work = await status.queue(tx, now, asked.connection)
            failed = await status.causes(tx, asked.connection)
            workers = await status.workers(tx, now)
    finally:
        await database.close()
    if asked.connection is not None:
        workers = [one for one in workers if one.connection == asked.connection]
    if asked.json:
        print(json.dumps(asdict(Queue(work, failed, workers)), indent=2))
        return 0
    print(_reported(work, failed, workers))
    return 0


def _reported(work: Sequence[Waiting], failed: Sequence[Cause], workers: Sequence[Working]) -> str:
    lines = [
        f"{one.kind:<13} {one.waiting} waiting, {one.due} due"
        + (f", the oldest for {one.late_s:.0f} s" if one.due else "")
        + (f", {one.failing} failed" if one.failing else "")
        for one in work
    ] or ["nothing waits"]
    for cause in failed:
        named = f"{cause.items} {cause.kind} of {cause.merchants} merchants since {cause.since}"
        how = f"`brygga retry --cause '{cause.cause}'`"
        lines += [f"failed: {named}: {cause.cause}", f"   -> {how}, {_shown(cause.support_id)}"]
    lines += [
        f"worker {one.worker}: connection {one.connection}, {one.doing or 'nothing due'}"
        + (f", {one.due} due" if one.due else "")
        for one in workers
    ]
    return "\n".join(lines)


def _shown(support_id: str) -> str:
    return f"`brygga log --support-id {support_id}`"
