"""Webhooks as fast as one process accepts them."""

import asyncio
import hashlib
import hmac
import json
from dataclasses import replace

import sqlalchemy as sa

from brygga.cli.benching import homes, load
from brygga.cli.benching.figures import Figure, at_least, at_most, percentile
from brygga.cli.benching.homes import CLOCK, Child, Failed, Home
from brygga.cli.benching.syncing import FREE, Size
from brygga.core.model import Connection
from brygga.database import connections, subscriptions
from brygga.database.tables import work_items
from brygga.database.tokens import Platform

FRESH = 10**6
"""The first number of the webhooks that a killed server receives."""


async def ingest(url: str, size: Size, latency_s: float) -> list[Figure]:
    """Signed webhooks beside /health of the same server, and a server that is killed meanwhile."""
    async with homes.opened(url, products=4, quota=FREE, latency_s=latency_s) as home:
        await home.connect()
        await home.house.stop()
        home.house = server = await Child.start("house", replace(home.wish, work=False))
        connection, till_key, shop_key = await _keys(home)
        health = [load.request("GET", f"{home.url}/health")] * size.webhooks
        plain = await load.sent(home.url, health)
        figures = [at_least("ingest.health", plain.a_second, "a second")]
        kinds = {"zettle": (_zettle, till_key), "bigcommerce": (_shop, shop_key)}
        for name, (made, key) in kinds.items():
            some = [made(home.url, connection, key, number) for number in range(size.webhooks)]
            before = await server.ask()
            outcome = await load.sent(home.url, some)
            used = await server.ask()
            figures += _accepted(name, outcome, plain, used["cpu"] - before["cpu"])
        lost = await _killed(home, connection, till_key, size)
    return [*figures, at_most("ingest.lost", lost, "lost after kill -9", 0, 0)]


async def _killed(home: Home, connection: Connection, key: str, size: Size) -> int:
    """How many webhooks that a server accepted before it was killed are not on disk."""
    more = [_zettle(home.url, connection, key, FRESH + n) for n in range(4 * size.webhooks)]
    sending = asyncio.create_task(load.sent(home.url, more))
    await asyncio.sleep(0.5)
    home.house.kill()
    accepted = {_uuid(FRESH + place) for place in (await sending).accepted}
    async with home.database.read() as tx:
        there = {row.subject for row in await tx.rows(sa.select(work_items.c.subject))}
    return len(accepted - there)


def _accepted(name: str, outcome: load.Outcome, plain: load.Outcome, cpu_s: float) -> list[Figure]:
    if outcome.refused:
        raise Failed(f"{outcome.refused} webhooks of {name} were refused")
    share = outcome.a_second / plain.a_second
    return [
        at_least(f"ingest.{name}", outcome.a_second, "a second"),
        at_least(f"ingest.{name}.share", share, "of /health", 0.85, 1),
        at_most(f"ingest.{name}.p99", 1000 * percentile(outcome.took, 0.99), "ms", 100),
        at_most(f"cpu.webhook.{name}", 1000 * cpu_s / len(outcome.accepted), "ms CPU", 0.7),
    ]


async def _keys(home: Home) -> tuple[Connection, str, str]:
    async with home.database.read() as tx:
        (connection,) = await connections.active(tx)
        till = await subscriptions.signing_keys(tx, connection.id, Platform.ZETTLE)
        shop = await subscriptions.signing_keys(tx, connection.id, Platform.BIGCOMMERCE)
    return connection, till[0], shop[0]


def _zettle(url: str, connection: Connection, key: str, number: int) -> bytes:
    stamp = CLOCK.now().strftime("%Y-%m-%dT%H:%M:%S.000Z")
    payload = json.dumps({"newEntity": {"uuid": _uuid(number)}})
    body = {
        "eventName": "ProductUpdated",
        "organizationUuid": connection.organization.uuid,
        "messageId": f"bench-{number}",
        "timestamp": stamp,
        "payload": payload[:-1] + f', "n": {number}}}',
    }
    signature = hmac.new(
        key.encode(), f"{stamp}.{body['payload']}".encode(), hashlib.sha256
    ).hexdigest()
    return load.request(
        "POST",
        f"{url}/hooks/zettle/{connection.hook_key}",
        {"x-izettle-signature": signature, "content-type": "application/json"},
        json.dumps(body).encode(),
    )


def _shop(url: str, connection: Connection, key: str, number: int) -> bytes:
    assert connection.shop is not None
    body = {
        "scope": "store/product/updated",
        "store_id": "1",
        "producer": f"stores/{connection.shop.store_hash}",
        "created_at": int(CLOCK.now().timestamp()) - number // 20,
        "hash": f"{number:040x}",
        "data": {"type": "product", "id": 900_000 + number % 20},
    }
    return load.request(
        "POST",
        f"{url}/hooks/bigcommerce/{connection.hook_key}",
        {"x-brygga-secret": key, "content-type": "application/json"},
        json.dumps(body).encode(),
    )


def _uuid(number: int) -> str:
    return f"00000000-0000-1000-8000-{number if number >= FRESH else number % 20:012}"
