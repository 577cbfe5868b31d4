"""`brygga status`: how every connection is doing, or one of them."""

import argparse
import json
from dataclasses import asdict, dataclass
from typing import Any

from brygga.cli import arguments, logs, process
from brygga.cli.process import Ground
from brygga.core.model import Connection
from brygga.store import bindings, connections, library_pages, marks, synclog
from brygga.store.database import Database, Tx
from brygga.wiring import sealer


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
    products_synced_at: str
    stock_synced_at: str


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("connection", type=arguments.connection, nargs="?", help="the number of one connection")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(asked: argparse.Namespace) -> int:
    logs.configure()
    return process.run(lambda ground: _status(asked, ground))


async def _status(asked: argparse.Namespace, ground: Ground) -> int:
    database = Database.at(ground.database_url, sealer(ground.settings))
    try:
        async with database.read() as tx:
            wanted = await connections.living(tx)
            if asked.connection is not None:
                wanted = [one for one in [await connections.by_id(tx, asked.connection)] if one]
            found = [await _of(tx, connection) for connection in wanted]
    finally:
        await database.close()
    if asked.connection is not None and not found:
        print(f"there is no connection {asked.connection}")
        return 1
    print(json.dumps([asdict(one) for one in found], indent=2, ensure_ascii=False) if asked.json else _told(found))
    return 0


async def _of(tx: Tx, connection: Connection) -> Status:
    health, success = await connections.health(tx, connection.id), await synclog.last_success(tx, connection.id)
    totals = await bindings.totals(tx, connection.id)
    return Status(
        connection=connection.id,
        organization=connection.organization.name or connection.organization.uuid,
        store=connection.shop.store_hash if connection.shop else "",
        stage=connection.stage.value,
        paused=connection.paused,
        unreachable_since=_time(health.unreachable_since),
        products={
            state.value: count for state, count in (await library_pages.counts(tx, connection.id)).items() if count
        },
        bound=totals.created + totals.linked,
        waiting={kind.value: count for kind, count in (await marks.counts(tx, connection.id)).items()},
        parked=len(await marks.parked(tx, connection.id)),
        products_synced_at=_time(success.product),
        stock_synced_at=_time(success.stock),
    )


def _time(at: Any) -> str:
    return at.isoformat(timespec="seconds") if at else ""


def _told(found: list[Status]) -> str:
    if not found:
        return "no connections"
    lines = []
    for one in found:
        trouble = f", PAUSED: {one.paused}" if one.paused else ""
        trouble += f", out of reach since {one.unreachable_since}" if one.unreachable_since else ""
        trouble += f", {one.parked} parked" if one.parked else ""
        waiting = ", ".join(f"{count} {kind}" for kind, count in one.waiting.items()) or "nothing"
        lines += [
            f"{one.connection}  {one.organization} - {one.store or 'no store'}: {one.stage}{trouble}",
            f"   products: {', '.join(f'{count} {state}' for state, count in one.products.items()) or 'none'}; {one.bound} bound",
            f"   waiting: {waiting}",
            f"   last success: products {one.products_synced_at or 'never'}, stock {one.stock_synced_at or 'never'}",
        ]
    return "\n".join(lines)
