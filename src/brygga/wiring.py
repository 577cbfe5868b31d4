"""The composition root: the only place that builds the objects and connects them."""

import hashlib
import hmac
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace

import httpx2
from litestar import Litestar

from brygga.alert_channels import ByMail, ByWebhook
from brygga.bigcommerce.api import ShopApi
from brygga.core.model import Connection, Stage
from brygga.core.stock import Timing
from brygga.database import connections, exchanges, tokens
from brygga.database.alert_messages import Channel
from brygga.database.engine import Database, Tx
from brygga.database.queue import Jobs
from brygga.database.sealing import Sealer
from brygga.database.sessions import Sessions
from brygga.database.tokens import Platform, Token
from brygga.database.work_items import Kind
from brygga.figures import Figures
from brygga.seams import Clock, Dice
from brygga.settings import AlertHooks, Settings
from brygga.signing_in import Platforms, ShopInstall, ZettleSignIn
from brygga.sync.connection.access import ShopAccess, ZettleAccess
from brygga.sync.connection.account import account
from brygga.sync.connection.hooks import hooks
from brygga.sync.connection.leaving import leave
from brygga.sync.connection.restored import reconcile
from brygga.sync.connection.setup import setup
from brygga.sync.connection.sweep import ShopProducts, Sweep
from brygga.sync.connection.uninstalling import uninstall
from brygga.sync.connection.watching import Watching, beside
from brygga.sync.products.adding import Adding
from brygga.sync.products.library import library
from brygga.sync.products.linking import link
from brygga.sync.products.work import Products
from brygga.sync.stock import (
    StockCommands,
    StockInitialLevels,
    StockSweep,
    StockWork,
    Till,
    TrackingWork,
)
from brygga.sync.stock.explaining import explain
from brygga.sync.stock.marker import marker
from brygga.sync.stock.statement import Statements
from brygga.sync.worker.alerting import Outbox, Sender
from brygga.sync.worker.loop import Pace, Worker
from brygga.sync.worker.program import program
from brygga.sync.worker.recording import Recording
from brygga.sync.worker.session import Clients, Lease, MakeClients
from brygga.sync.worker.turn import Handler
from brygga.web import health
from brygga.web.app import build_app
from brygga.web.deps import (
    WebDeps,
    WebSettings,
)
from brygga.web.worker_door import worker_door
from brygga.wire import (
    Answer,
    Call,
    GuardedGate,
    InventoryPace,
    Observer,
    OpenGate,
    ReadOnlyGate,
    StoreBudget,
    Wire,
    open_client,
)
from brygga.wire.mail import Mailer
from brygga.wire.outward import Outward, open_outward, resolved
from brygga.zettle import oauth as zettle_oauth
from brygga.zettle.api import Zettle

# ---- The clients of one turn ---------------------------------------------------------------------


BEFORE_RUNNING = frozenset(Stage) - {Stage.RUNNING, Stage.LEAVING, Stage.DISCONNECTED}
"""Nothing of the merchant's is written in these stages (C11), whatever a handler tries."""


def clients(platforms: Platforms, database: Database) -> MakeClients:
    """The clients of both platforms for one turn: fenced, paced, and with the store's budget handed
    on.
    """

    def make(connection: Connection, lease: Lease) -> AbstractAsyncContextManager[Clients]:
        return _clients(platforms, database, connection, lease)

    return make


@asynccontextmanager
async def _clients(
    platforms: Platforms, database: Database, connection: Connection, lease: Lease
) -> AsyncIterator[Clients]:
    def guard(call: Call) -> None:
        lease.check(call.timeout_s)

    acquired = lease.acquired
    held = {} if acquired is None else acquired.tokens

    async def refresh(refresh_token: str) -> zettle_oauth.Grant:
        gate = GuardedGate(OpenGate(), guard)
        return await zettle_oauth.refresh(platforms.wire, platforms.zettle_app, refresh_token, gate)

    reached = _reach(connection, held.get(Platform.BIGCOMMERCE))
    stage = connection.stage
    made: Clients

    def is_shut() -> bool:
        return stage in BEFORE_RUNNING

    def shop_of(reach: tuple[str, str] | None) -> ShopApi | None:
        if reach is None:
            return None
        store_hash, token = reach
        own = ShopAccess(connection.id, database.read, token)
        return ShopApi(platforms.wire, shop_gate, platforms.shop_urls, own, store_hash)

    async def follow(tx: Tx, found: Connection) -> Clients:
        """The clients as they have to be now. Since the turn began, the store may have been added,
        removed or approved again. Zettle's access updates itself.

        Both serial queues ask, perhaps at the same time. Each gets the current clients, never the
        earlier ones.
        """
        nonlocal reached, made, stage
        stage = found.stage
        reach = _reach(found, await tokens.get(tx, found.id, Platform.BIGCOMMERCE))
        if reach != reached:
            reached, made = reach, replace(made, shop=shop_of(reach))
        return made

    access = ZettleAccess(
        connection.id, lambda: database.transaction(lease.fence), refresh, platforms.clock
    )
    access.hand_on(held.get(Platform.ZETTLE))
    pace = GuardedGate(InventoryPace(platforms.clock), guard)
    zettle_gate = Recording(ReadOnlyGate(pace, is_shut), platforms.clock, lease.calls)
    # One budget for the whole turn: calls of the previous client that are still under way count in
    # it.
    budget = StoreBudget(platforms.clock, None if acquired is None else acquired.budget)
    lease.budget = budget.snapshot
    shop_paced = ReadOnlyGate(GuardedGate(budget, guard), is_shut)
    shop_gate = Recording(shop_paced, platforms.clock, lease.calls)
    zettle = Zettle(platforms.wire, zettle_gate, platforms.zettle_urls, access)
    made = Clients(zettle, shop_of(reached), platforms.wire.clocks, follow)
    try:
        yield made
    finally:
        await _save_calls(database, connection.id, lease)


async def _save_calls(database: Database, connection_id: int, lease: Lease) -> None:
    """The budget and the calls. A turn that ends well saves them as it gives back the lease."""
    if not lease.lost and not lease.given_back:
        async with database.transaction(lease.fence) as tx:
            await connections.set_budget(tx, connection_id, lease.budget() or None)
            await exchanges.add(tx, connection_id, lease.calls)


def _reach(connection: Connection, token: Token | None) -> tuple[str, str] | None:
    """What a client of the store is made of: the store's hash and the access token. None without a
    store or without access.
    """
    return (
        None
        if connection.shop is None or token is None
        else (connection.shop.store_hash, token.access)
    )


# ---- Alerts --------------------------------------------------------------------------------------


def senders(settings: Settings, seams: "Seams", http: httpx2.AsyncClient) -> dict[Channel, Sender]:
    """The channels that this installation can use. `http` is the client for webhooks."""
    found: dict[Channel, Sender] = {}
    if settings.smtp is not None:
        found[Channel.MAIL] = ByMail(seams.mailer or Mailer(settings.smtp), settings.public_url)
    if settings.alert_hooks is not AlertHooks.OFF:
        local = settings.alert_hooks is AlertHooks.LOCAL
        resolve = resolved if seams.transport is None else _as_named
        found[Channel.WEBHOOK] = ByWebhook(
            Outward(http, local, resolve), seams.clock, settings.public_url
        )
    return found


async def _as_named(host: str, port: int) -> tuple[str, ...]:
    """In memory, hosts have no addresses."""
    return (host,)


# ---- The whole service ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Service:
    """All parts of one process. `web` and `worker` share the database and may run in different
    processes.
    """

    settings: Settings
    database: Database
    jobs: Jobs
    worker: Worker
    web: Litestar
    http: httpx2.AsyncClient
    outward: httpx2.AsyncClient
    """The client that sends merchants' webhooks."""

    async def ready_to_work(self) -> Mapping[str, str]:
        """What `/readyz` says of a process that works: as for the pages, and whether the worker
        does its rounds.
        """
        found = await health.readiness(self.database)
        return {**found, "worker": health.OK if self.worker.is_awake() else "stopped"}

    def worker_door(self) -> Litestar:
        return worker_door(self.web.state, self.ready_to_work)

    async def close(self) -> None:
        await self.http.aclose()
        await self.outward.aclose()
        await self.database.close()


def handlers(timing: Timing | None = None) -> Mapping[Kind, Handler]:
    """Which handler does the work of which kind of item (docs/rooms.md)."""
    till, timing = Till(), timing or Timing()
    stock = StockWork(timing, till)
    initial_levels, watching = StockInitialLevels(timing, till), Watching(till)
    return {
        Kind.LEAVE: leave,
        Kind.UNINSTALL: uninstall,
        Kind.SETUP: setup,
        Kind.ACCOUNT: account,
        Kind.MARKER: marker,
        Kind.ADDITION: Adding(till),
        Kind.LINK: link,
        Kind.EXPLAIN: explain,
        Kind.PRODUCT: beside(Products(initial_levels), watching.look),
        Kind.SHOP_PRODUCT: beside(ShopProducts(initial_levels), watching.look),
        Kind.LIBRARY: library,
        Kind.HOOKS: hooks,
        Kind.STOCK: beside(stock.products, watching.look),
        Kind.RESOLVE: stock.products,
        Kind.SHOP_STOCK: beside(stock.shop_hints, watching.look),
        Kind.TRACKING: beside(TrackingWork(timing, till), watching.look),
        Kind.WATCH: watching.everything,
        Kind.RECONCILE: reconcile,
        Kind.SWEEP: Sweep(initial_levels, StockSweep(timing, till)),
        Kind.STATEMENT: Statements(till),
    }


@dataclass(frozen=True, slots=True)
class Seams:
    """Where chance enters a service: the clock, the random source, and the transport of `wire`
    (None: real sockets). `mailer` stands in for the mail server.
    """

    clock: Clock
    dice: Dice
    transport: httpx2.AsyncBaseTransport | None = None
    mailer: Mailer | None = None


def build(
    settings: Settings,
    database: Database,
    jobs: Jobs,
    seams: Seams,
    pace: Pace | None = None,
    *,
    pages: Callable[[WebDeps], Litestar] = build_app,
) -> Service:
    """A service on a database that has been migrated."""
    http, outward = open_client(seams.transport), open_outward(seams.transport)
    channels = senders(settings, seams, outward)
    figures = Figures()
    figures.connecting(
        lambda: database.pool.in_use, lambda: database.pool.waiting, lambda: database.pool.most
    )
    agent = f"Brygga (+{settings.public_url})"
    wire = Wire(http, seams.clock, user_agent=agent, observe=observed_by(figures))
    platforms = Platforms(settings, wire, seams.clock)
    worker = Worker(
        database=database,
        jobs=jobs,
        clock=seams.clock,
        dice=seams.dice,
        settings=settings,
        handlers=handlers(settings.stock),
        clients=clients(platforms, database),
        pace=pace or Pace(),
        program=program(),
        outbox=Outbox(database, seams.clock, channels),
        figures=figures,
    )
    web = pages(
        WebDeps(
            database=database,
            jobs=jobs,
            sessions=Sessions(database, seams.clock),
            clock=seams.clock,
            dice=seams.dice,
            settings=of_pages(settings, mail=Channel.MAIL in channels),
            zettle=ZettleSignIn(platforms),
            shop=ShopInstall(platforms),
            stock=StockCommands(),
            figures=figures,
        )
    )
    return Service(settings, database, jobs, worker, web, http, outward)


def of_pages(settings: Settings, *, mail: bool) -> WebSettings:
    """The settings that the pages need. `mail`: whether merchants can be sent any."""
    return WebSettings(
        public_url=settings.public_url,
        installation=installation(settings),
        csrf_secret=derived(settings, "csrf"),
        bigcommerce_client_secret=settings.bigcommerce_client_secret,
        contact_email=settings.contact_email,
        metrics_token=settings.metrics_token,
        erase_after=settings.erase_after,
        keep_webhooks=settings.keep_webhooks,
        metrics_local=settings.metrics_local,
        stock=settings.stock,
        rate_limits=settings.rate_limits,
        hsts_subdomains=settings.hsts_subdomains,
        trusted_proxies=settings.trusted_proxies,
        mail=mail,
        alert_hooks=settings.alert_hooks,
        statements_kept=settings.statements_kept,
        operator=settings.operator,
        operator_reads=settings.operator_reads,
    )


def observed_by(figures: Figures) -> Observer:
    """Counts every request to a platform, and times it."""

    def observe(call: Call, answer: Answer | None, seconds: float) -> None:
        status = None if answer is None else answer.status
        figures.request(call.platform, call.method, status, seconds)

    return observe


def derived(settings: Settings, purpose: str) -> str:
    """A key for one purpose, derived from the first secret, so that no key serves two purposes."""
    return hmac.new(
        settings.secret_keys[0].encode(), f"brygga {purpose}".encode(), hashlib.sha256
    ).hexdigest()


def installation(settings: Settings) -> str:
    """A name that all processes of one installation share, and that tells nothing else."""
    return derived(settings, "installation")[:16]


def sealer(settings: Settings) -> Sealer:
    return Sealer(settings.secret_keys)
