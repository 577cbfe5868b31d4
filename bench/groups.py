"""Two databases, each with its group of merchants, behind one address.

    .venv/bin/python bench/groups.py [MERCHANTS]

MERCHANTS (4 unless told) sign in and connect through one front. It knows no merchant: it looks up
in the groups' databases whose a webhook's address, or a store that BigCommerce names, is. Whoever
is nowhere yet goes to the group with the fewest merchants, and a cookie keeps the browser there.
Each group is an unchanged installation with a database of its own. Then each merchant sells once at
the till, and the store must follow. What the front cannot do: a merchant who comes back by Zettle's
sign-in, without the cookie, is sent to the smallest group, for only Zettle's answer names them.
"""

import asyncio
import base64
import contextlib
import json
import logging
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl

import httpx2
import psycopg
import uvicorn

from brygga.cli import demo_stack, logs, merchant
from brygga.cli.browser import BrowserClient
from brygga.cli.merchant import Choice
from brygga.cli.serve import address, listen
from brygga.cli.serving import web, working
from brygga.database.engine import Database
from brygga.database.hook_keys import hashed
from brygga.database.migrating import upgrade
from brygga.database.queue import QueueJobs
from brygga.settings import Settings
from brygga.system import SystemClock, SystemDice
from brygga.wiring import Seams, build, sealer
from brygga_sandbox.clock import RealClock
from brygga_sandbox.sandbox import Connector, Plan, Sandbox
from brygga_sandbox.server import SandboxServer

GROUPS = 2
COOKIE = "group"
BY_KEY = "SELECT 1 FROM connections WHERE hook_key_hash = %s"
BY_STORE = "SELECT 1 FROM connections WHERE store_hash = %s AND stage <> 'disconnected'"
SIZE = "SELECT count(*) FROM connections"
STORES = "SELECT store_hash FROM connections ORDER BY store_hash"
WITHIN_S = 60.0


@dataclass
class Group:
    """An installation: where it answers, and its database."""

    url: str
    database_url: str

    def value(self, query: str, *values: object) -> Any:
        with psycopg.connect(self.database_url, autocommit=True) as one:
            row = one.execute(query, values).fetchone()
        return row[0] if row else None


@dataclass
class Front:
    """Sends each request to the group it belongs to, as an ASGI application."""

    groups: Sequence[Group]
    http: httpx2.AsyncClient
    ways: Counter[str] = field(default_factory=Counter)
    """How the groups were found."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            part = await receive()
            body, more = body + part.get("body", b""), part.get("more_body", False)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        query = scope["query_string"].decode()
        number, way = self.group_of(scope["path"], dict(parse_qsl(query)), headers)
        self.ways[way] += 1
        target = f"{self.groups[number].url}{scope['path']}" + (f"?{query}" if query else "")
        request = self.http.build_request(scope["method"], target, headers=headers, content=body)
        answer = await self.http.send(request)
        back = [
            (name, value)
            for name, value in answer.headers.raw
            if name.lower() not in {b"content-encoding", b"content-length", b"transfer-encoding"}
        ]
        if way == "the smallest":
            back.append((b"set-cookie", f"{COOKIE}={number}; Path=/; HttpOnly".encode()))
        start = {"type": "http.response.start", "status": answer.status_code, "headers": back}
        await send(start)
        await send({"type": "http.response.body", "body": answer.content})

    def group_of(
        self, path: str, query: dict[str, str], headers: dict[str, str]
    ) -> tuple[int, str]:
        """The number of the group, and how it was found."""
        if path.startswith("/hooks/"):
            key = hashed(path.rsplit("/", 1)[1])
            return next((self._where(BY_KEY, key)), 0), "a webhook's address"
        if store := store_of(query):
            for number in self._where(BY_STORE, store):
                return number, "a store"
        cookies = dict(
            part.strip().split("=", 1)
            for part in headers.get("cookie", "").split(";")
            if "=" in part
        )
        if cookies.get(COOKIE, "").isdigit():
            return int(cookies[COOKIE]), "the browser's cookie"
        sizes = [int(one.value(SIZE)) for one in self.groups]
        return sizes.index(min(sizes)), "the smallest"

    def _where(self, query: str, value: object) -> Any:
        return (
            number for number, one in enumerate(self.groups) if one.value(query, value) is not None
        )


def store_of(query: dict[str, str]) -> str:
    """The store that BigCommerce's callback names. It is not verified here: the group does that."""
    named = query.get("context", "")
    if not named and (signed := query.get("signed_payload_jwt", "")).count(".") == 2:
        middle = signed.split(".")[1]
        with contextlib.suppress(ValueError):
            read = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
            named = str(read.get("sub", "")) if isinstance(read, dict) else ""
    return named.removeprefix("stores/")


@contextlib.asynccontextmanager
async def installation(settings: Settings, database_url: str) -> AsyncIterator[Group]:
    """`brygga serve --work` on a database of its own."""
    settings = replace(settings, database_url=database_url)
    database, stop = Database.at(database_url, sealer(settings)), asyncio.Event()
    await upgrade(database)
    clock = SystemClock()
    service = build(settings, database, QueueJobs(database, clock), Seams(clock, SystemDice()))
    door = listen("127.0.0.1", 0)
    try:
        async with web(service, door), working(service, stop):
            yield Group(address(door), database_url)
    finally:
        await service.close()


@contextlib.asynccontextmanager
async def served(front: Front, door: Any) -> AsyncIterator[None]:
    config = uvicorn.Config(front, lifespan="off", log_level="error", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
    task = asyncio.create_task(server.serve(sockets=[door]))
    try:
        yield
    finally:
        server.should_exit = True
        await task


async def connect(sandbox: Sandbox, url: str) -> None:
    """One after the other: a group grows when somebody has signed in."""
    for one in sandbox.merchants:
        choice = Choice(one.organization.owner.uuid, one.store_hash)
        async with demo_stack.browser_client() as http:
            browser = BrowserClient(http)
            await merchant.prepare(browser, url, prices=True, whole_library=True, choice=choice)
            await merchant.finish(browser)


def levels(sandbox: Sandbox) -> list[int]:
    """The only product's level in each merchant's store, -1 where it is not there yet."""
    found = []
    for one in sandbox.merchants:
        shop = sandbox.shop(one)
        products = [row for row in shop.state()["products"] if row["sku"]]
        found.append(shop.level(product_id=products[0]["id"]) if products else -1)
    return found


async def until(sandbox: Sandbox, level: int) -> bool:
    for _ in range(int(WITHIN_S / 0.25)):
        if set(levels(sandbox)) == {level}:
            return True
        await asyncio.sleep(0.25)
    return False


async def run(merchants: int, url: str) -> None:
    urls = [url]
    for number in range(1, GROUPS):
        with psycopg.connect(url, autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE group_{number}")
        urls.append(url.replace("/brygga?", f"/group_{number}?"))
    door = listen("127.0.0.1", 0)
    plan = Plan(
        products=0, drawings=False, merchants=merchants, connector=Connector().at(address(door))
    )
    server = SandboxServer(plan, RealClock(), 0)
    sandbox = await server.start()
    variants = []
    for one in sandbox.merchants:
        till = sandbox.till(one)
        made = till.create_product("Kopp", sku="K-1", price=9_900)
        till.track(made["uuid"])
        till.set_stock(made["variants"][0]["uuid"], 10)
        variants.append(made["variants"][0]["uuid"])
    settings = demo_stack.settings_for(sandbox, address(door))
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(server.stop)
        groups = [await stack.enter_async_context(installation(settings, one)) for one in urls]
        http = await stack.enter_async_context(httpx2.AsyncClient(timeout=60))
        front = Front(groups, http)
        await stack.enter_async_context(served(front, door))
        await connect(sandbox, address(door))
        synced = await until(sandbox, 10)
        for one, variant in zip(sandbox.merchants, variants, strict=True):
            sandbox.till(one).sell(variant, 1)
        sold = await until(sandbox, 9)
        print(f"first sync of {merchants} merchants: {'all there' if synced else 'NOT THERE'}")
        print(f"one sale each: {'all there' if sold else f'NOT THERE: {levels(sandbox)}'}")
        for number, group in enumerate(groups):
            with psycopg.connect(group.database_url) as own:
                stores = [row[0] for row in own.execute(STORES)]
            print(f"group {number}: {len(stores)} merchants, stores {', '.join(stores)}")
        print(", ".join(f"{count} by {way}" for way, count in sorted(front.ways.items())))


def main() -> None:
    logs.configure(logging.ERROR)
    merchants = int(sys.argv[1]) if len(sys.argv) > 1 else 4
    with demo_stack.throwaway_database() as url:
        asyncio.run(run(merchants, url))


if __name__ == "__main__":
    main()
