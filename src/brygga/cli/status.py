"""`brygga status`: the state of every connection, or of one."""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from brygga.cli import arguments, logs, process
from brygga.cli.process import Runtime
from brygga.core.model import Connection
from brygga.database import (
    bindings,
    connections,
    deliveries,
    library_pages,
    subscriptions,
    synclog,
    work_items,
)
from brygga.database.deliveries import Deliveries
from brygga.database.engine import Tx
from brygga.database.work_items import Parked
from brygga.system import SystemClock


@dataclass(frozen=True, slots=True)
class Status:
    """Times are ISO 8601 in UTC, "" where there is none yet."""

    connection: int
    organization: str
    store: str
    stage: str
    paused: str
    unreachable_since: str
    products: dict[str, int]
    bound: int
    waiting: dict[str, int]
    parked: int
    """How many work items failed by a bug of ours and are not done since; `failing` names them."""
    failing: list[dict[str, Any]]
    products_synced_at: str
    stock_synced_at: str
    webhooks: dict[str, dict[str, int]]
    """By platform and by outcome, in the last 24 hours."""
    webhooks_failing: list[str]
    """Platforms whose webhooks fail again and again."""
    webhooks_elsewhere: bool
    """Some webhooks still point to another address than our current one."""


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "connection", type=arguments.connection, nargs="?", help="the number of one connection"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(asked: argparse.Namespace) -> int:
    logs.configure()
    return process.run(lambda runtime: _status(asked, runtime))


async def _status(asked: argparse.Namespace, runtime: Runtime) -> int:
    database = runtime.database()
    try:
        async with database.read() as tx:
            wanted = await connections.active(tx)
            if asked.connection is not None:
                wanted = [one for one in [await connections.by_id(tx, asked.connection)] if one]
            received = await deliveries.of_last_day(tx, SystemClock().now())
            moved = set(await subscriptions.elsewhere(tx, runtime.settings.public_url))
            found = [
                await _of(
                    tx,
                    one,
                    [of for of in received if of.connection_id == one.id],
                    elsewhere=one.id in moved,
                )
                for one in wanted
            ]
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


async def _of(
    tx: Tx, connection: Connection, received: Sequence[Deliveries], *, elsewhere: bool
) -> Status:
    health, success = (
        await connections.health(tx, connection.id),
        await synclog.last_success(tx, connection.id),
    )
    totals = await bindings.totals(tx, connection.id)
    parked = await work_items.parked(tx, connection.id)
    return Status(
        connection=connection.id,
        organization=connection.organization.name or connection.organization.uuid,
        store=connection.shop.store_hash if connection.shop else "",
        stage=connection.stage.value,
        paused=connection.paused,
        unreachable_since=_time(health.unreachable_since),
        products={
            state.value: count
            for state, count in (await library_pages.counts(tx, connection.id)).items()
            if count
        },
        bound=totals.created + totals.linked,
        waiting={
            kind.value: count
            for kind, count in (await work_items.counts(tx, connection.id)).items()
        },
        parked=len(parked),
        failing=[_failing(one) for one in parked],
        products_synced_at=_time(success.product),
        stock_synced_at=_time(success.stock),
        webhooks={
            one.platform.value: {
                outcome.value: count for outcome, count in one.counts.items() if count
            }
            for one in received
        },
        webhooks_failing=[one.platform.value for one in received if one.is_alarming],
        webhooks_elsewhere=elsewhere,
    )


def _failing(one: Parked) -> dict[str, Any]:
    return {
        "kind": one.kind.value,
        "subject": one.subject,
        "since": _time(one.failing_since),
        "attempts": one.attempts,
        "next_try": _time(one.next_try),
        "support_id": one.support_id,
    }


def _time(at: Any) -> str:
    return at.isoformat(timespec="seconds") if at else ""


def _reported(found: list[Status]) -> str:
    if not found:
        return "no connections"
    lines = []
    for one in found:
        trouble = f", PAUSED: {one.paused}" if one.paused else ""
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
        f"   failed: {each['kind']} {each['subject']}".rstrip()
        + f", since {each['since']}, tried {each['attempts']} times, next try {each['next_try']},"
        + f" support id {each['support_id']}"
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
