"""Webhooks that one web process accepts in a second, beside the plainest page that asks the
database.

    .venv/bin/python bench/webhooks.py [N]

N webhooks of each platform (2000 unless told) over loopback, 32 at a time, each verified,
remembered and marked before its answer. The client runs in the same process, so the seconds are too
many; what counts is the ratio to /health, sent by the same client.
"""

import asyncio
import hashlib
import hmac
import json
import logging
import sys
import time
from collections.abc import Callable

import httpx2

from brygga.cli import check, demo_stack, logs, merchant
from brygga.cli.browser import BrowserClient
from brygga.cli.demo_stack import DemoStack, Wish
from brygga.core.model import Connection
from brygga.database import connections, subscriptions
from brygga.database.tokens import Platform

AT_ONCE = 32
Request = Callable[[int], httpx2.Request]


async def measure(count: int, database_url: str) -> None:
    async with (
        demo_stack.open_stack(Wish(port_base=0, products=20), database_url) as home,
        demo_stack.browser_client() as http,
    ):
        await merchant.connect(BrowserClient(http), home.url)
        await check.quiet(home)
        connection, till_key, shop_key = await keys(home)
        plain = await a_second(
            http, count, lambda _: http.build_request("GET", f"{home.url}/health")
        )
        print(f"/health      {plain:7.0f} a second")
        kinds = {
            "Zettle": lambda number: zettle(http, home, connection, till_key, number),
            "BigCommerce": lambda number: bigcommerce(http, home, connection, shop_key, number),
        }
        for name, request in kinds.items():
            accepted = await a_second(http, count, request)
            print(f"{name:<12} {accepted:7.0f} a second, {accepted / plain:.2f} of /health")
        await check.quiet(home)


async def keys(home: DemoStack) -> tuple[Connection, str, str]:
    async with home.service.database.read() as tx:
        (connection,) = await connections.active(tx)
        till = await subscriptions.signing_keys(tx, connection.id, Platform.ZETTLE)
        shop = await subscriptions.signing_keys(tx, connection.id, Platform.BIGCOMMERCE)
    return connection, till[0], shop[0]


def zettle(
    http: httpx2.AsyncClient, home: DemoStack, connection: Connection, key: str, number: int
) -> httpx2.Request:
    product = check.till_products(home)[number % 20]
    stamp, payload = (
        "2026-03-02T12:00:00.000Z",
        json.dumps({"newEntity": {"uuid": product["uuid"]}}),
    )
    body = {
        "eventName": "ProductUpdated",
        "organizationUuid": connection.organization.uuid,
        "messageId": f"bench-{number}",
        "timestamp": stamp,
        "payload": payload,
    }
    signature = hmac.new(key.encode(), f"{stamp}.{payload}".encode(), hashlib.sha256).hexdigest()
    url = f"{home.url}/hooks/zettle/{connection.hook_key}"
    return http.build_request("POST", url, json=body, headers={"x-izettle-signature": signature})


def bigcommerce(
    http: httpx2.AsyncClient, home: DemoStack, connection: Connection, key: str, number: int
) -> httpx2.Request:
    assert connection.shop is not None
    body = {
        "scope": "store/product/updated",
        "store_id": "1",
        "producer": f"stores/{connection.shop.store_hash}",
        "created_at": int(time.time()),
        "hash": f"{number:040x}",
        "data": {"type": "product", "id": 900_000 + number % 20},
    }
    url = f"{home.url}/hooks/bigcommerce/{connection.hook_key}"
    return http.build_request("POST", url, json=body, headers={"x-brygga-secret": key})


async def a_second(http: httpx2.AsyncClient, count: int, request: Request) -> float:
    """Answers of 200 in a second; anything else ends the bench."""
    numbers = iter(range(count))

    async def one_after_the_other() -> None:
        for number in numbers:
            answer = await http.send(request(number))
            assert answer.status_code == 200, answer.status_code

    began = time.perf_counter()
    await asyncio.gather(*(one_after_the_other() for _ in range(AT_ONCE)))
    return count / (time.perf_counter() - began)


def main() -> None:
    logs.configure(logging.WARNING)
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    with demo_stack.throwaway_database() as database_url:
        asyncio.run(measure(count, database_url))


if __name__ == "__main__":
    main()
