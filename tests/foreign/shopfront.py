"""The sandbox on real sockets, and programs by other hands that talk to it.

The official Python client always says https. It keeps a `requests` session, and such a session
takes a transport adapter for a scheme: ours carries its requests to the sandbox's plain loopback
port. Nothing else of the client is touched; host names come from its own environment variables.
"""

import asyncio
import base64
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from bigcommerce.api import BigcommerceApi
from bigcommerce.connection import OAuthConnection
from requests.adapters import HTTPAdapter
from standardwebhooks import Webhook

from brygga_sandbox.clock import ManualClock
from brygga_sandbox.http import AsgiApp, Request, Response
from brygga_sandbox.sandbox import Connector, Plan, Sandbox
from brygga_sandbox.server import SandboxServer, Servers, address, listen

JSON = dict[str, Any]


class PlainLoopback(HTTPAdapter):
    """Carries what was meant for https to the same host by http."""

    def send(
        self, request: requests.PreparedRequest, *arguments: Any, **options: Any
    ) -> requests.Response:
        assert request.url is not None
        request.url = request.url.replace("https://", "http://", 1)
        return super().send(request, *arguments, **options)


class PlatformHosts(HTTPAdapter):
    """Carries what was meant for a platform's own host to the sandbox, by http on this machine."""

    def __init__(self, hosts: dict[str, str]) -> None:
        super().__init__()
        self.hosts = hosts

    def send(
        self, request: requests.PreparedRequest, *arguments: Any, **options: Any
    ) -> requests.Response:
        assert request.url is not None
        host = urlsplit(request.url).netloc
        request.url = request.url.replace(f"https://{host}", self.hosts[host], 1)
        return super().send(request, *arguments, **options)


@dataclass(slots=True)
class Shopfront:
    """A sandbox on sockets, an app that listens on another, and the clients."""

    sandbox: Sandbox
    app: Connector
    clock: ManualClock
    received: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    """What the app was sent: address, headers, body."""
    reported: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def host(self) -> str:
        return urlsplit(self.sandbox.plan.bigcommerce_url).netloc

    @property
    def hook(self) -> str:
        return self.app.bigcommerce_auth_url.replace("/bigcommerce/auth", "/hooks")

    @property
    def hosts(self) -> dict[str, str]:
        """Where the platform's hosts are found here."""
        url = self.sandbox.plan.bigcommerce_url
        return {"api.bigcommerce.com": f"{url}/api", "login.bigcommerce.com": f"{url}/login"}

    async def receive(self, request: Request) -> Response:
        """Whatever is sent to the app is taken."""
        self.received.append((request.path, request.headers, request.body))
        self.reported.set()
        return Response(200)

    async def next_delivery(self) -> tuple[str, dict[str, str], bytes]:
        """The oldest thing sent that nobody looked at; waits for it."""
        while not self.received:
            self.reported.clear()
            await asyncio.wait_for(self.reported.wait(), 20)
        return self.received.pop(0)

    def installation(self) -> dict[str, str]:
        """The merchant installs the app: what the callback's query holds."""
        apps = self.sandbox.bigcommerce.apps
        store = self.sandbox.bigcommerce.stores[self.sandbox.merchant.store_hash]
        app = apps.registered[self.app.bigcommerce_client_id]
        return dict(parse_qsl(urlsplit(apps.approve(app, store, store.owner, external=True)).query))

    def official(self, monkeypatch: Any, token: str | None = None, **more: Any) -> BigcommerceApi:
        """The official client, pointed at the sandbox by its own environment variables."""
        monkeypatch.setenv("BC_API_ENDPOINT", f"{self.host}/api")
        monkeypatch.setenv("BC_AUTH_SERVICE", f"{self.host}/login")
        api = BigcommerceApi(
            client_id=self.app.bigcommerce_client_id,
            store_hash=self.sandbox.merchant.store_hash,
            access_token=token,
            **more,
        )
        return mounted(api)

    def catalog(self) -> OAuthConnection:
        """The official connection on v3, which the client's resources do not know yet."""
        return mounted_connection(
            OAuthConnection(
                self.app.bigcommerce_client_id,
                self.sandbox.merchant.store_hash,
                self.sandbox.store_token(connector=self.app),
                f"{self.host}/api",
                "/stores/{}/v3/{}",
            )
        )

    def verifier(self) -> Webhook:
        """The reference implementation of Standard Webhooks; it wants its key in base64
        (bigcommerce facts 6.5).
        """
        return Webhook(base64.b64encode(self.app.bigcommerce_client_secret.encode()).decode())


def mounted(api: BigcommerceApi) -> BigcommerceApi:
    mounted_connection(api.connection)
    return api


def mounted_connection(connection: OAuthConnection) -> OAuthConnection:
    connection._session.mount("https://", PlainLoopback())
    return connection


async def aside(work: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """A blocking call of a foreign client, beside the loop that serves it."""
    return await asyncio.to_thread(work, *arguments, **named)


@asynccontextmanager
async def opened() -> AsyncIterator[Shopfront]:
    """A sandbox with one store and no goods. Its clock stands at the machine's time: signatures are
    checked against that.
    """
    listening, clock, servers = listen(0), ManualClock(time.time()), Servers()
    app = Connector().at(address(listening))
    server = SandboxServer(Plan(products=0, drawings=False, connector=app), clock)
    front = Shopfront(await server.start(), app, clock)
    await servers.start([(listening, AsgiApp(front.receive))])
    try:
        yield front
    finally:
        await server.stop()
        await servers.stop()
