"""Product work as a whole over both sandboxes: till and shop by hand, our handlers in between, a
clock that the test moves.
"""

import random
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import httpx2

from brygga.bigcommerce.api import ShopApi
from brygga.bigcommerce.values import ShopUrls
from brygga.core.failures import Failure, Refused
from brygga.core.marker import is_marker
from brygga.core.model import Choices, Connection, Stage
from brygga.core.report import Code, Line
from brygga.core.stock import Orders, Timing
from brygga.database import assigning, bindings, connections, leases, library, synclog, work_items
from brygga.database.bindings import Binding
from brygga.database.engine import Database, Tx
from brygga.database.work_items import Kind, WorkItem
from brygga.sync.category import place
from brygga.sync.connection.account import read_shop
from brygga.sync.connection.sweep import ShopProducts, Sweep
from brygga.sync.initial_levels import InitialLevels, Levels
from brygga.sync.products.gathering import DELETED
from brygga.sync.products.library import library as read_library
from brygga.sync.products.work import Products
from brygga.sync.worker.session import Clients, Lease, Session
from brygga.wire import OpenGate, Wire
from brygga.zettle.api import Zettle
from brygga.zettle.values import ZettleUrls
from brygga_sandbox.sandbox import Plan, Sandbox
from tests.conftest import CountingDice, MovableClock

PICTURE = "https://zettle.town.test/image/product/a.png"
Handler = Callable[[Session, Sequence[WorkItem]], Awaitable[None]]


@dataclass(frozen=True)
class Facts:
    public_url: str = "https://brygga.example"
    contact_email: str = "hej@brygga.example"
    stock: Timing = Timing()  # noqa: RUF009 - it is frozen
    erase_after: timedelta = timedelta(days=365)
    keep_webhooks: timedelta = timedelta(days=3)
    statements_kept: timedelta = timedelta(days=365)


@dataclass
class SandboxTime:
    """The sandboxes' clock is ours."""

    clock: MovableClock

    def now(self) -> float:
        return self.clock.now().timestamp()

    async def sleep(self, seconds: float) -> None:
        await self.clock.sleep(seconds)


class Silent:
    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_, **__: None


@dataclass
class Token:
    access: str

    async def __call__(self) -> str:
        return self.access

    async def renew(self, stale: str) -> str:
        return self.access


class NoStock:
    """No product is tracked: for stores whose stock is not synced at all."""

    async def first_levels(
        self, session: Session, uuids: Collection[str]
    ) -> Mapping[str, Levels | None]:
        return dict.fromkeys(uuids)

    async def created(
        self, tx: Tx, session: Session, products: Mapping[str, Mapping[str, int]]
    ) -> None:
        return

    async def all_created(self, session: Session, uuids: Collection[str]) -> None:
        return

    async def not_created(self, tx: Tx, session: Session, uuid: str) -> None:
        return

    async def renewed(
        self, tx: Tx, session: Session, uuid: str, variants: Mapping[str, int], orders: Orders
    ) -> None:
        return

    async def kept(self, tx: Tx, session: Session, uuid: str, variants: Mapping[str, int]) -> None:
        return

    async def let_go(self, tx: Tx, session: Session, uuid: str, variants: Collection[str]) -> None:
        return


@dataclass
class Bench:
    database: Database
    clock: MovableClock
    sandbox: Sandbox
    session: Session
    initial_levels: InitialLevels = field(default_factory=NoStock)
    dice: random.Random = field(default_factory=lambda: random.Random(1))

    # ---- The merchant's hands --------------------------------------------------------------------

    def till_product(self, name: str = "Mugg", *variants: Mapping[str, Any], **fields: Any) -> str:
        rows = variants or (
            {
                "sku": "MUG-1",
                "barcode": "7310865004703",
                "price": {"amount": 24900, "currencyId": "SEK"},
            },
        )
        return str(
            self.sandbox.till().create_product(name, [dict(row) for row in rows], **fields)["uuid"]
        )

    def shirt(self, *values: str, option: str = "Storlek", **fields: Any) -> str:
        """A product with one option and a variant for each of its values."""
        variants = [
            {
                "name": value,
                "sku": f"TR-{value}",
                "price": kr(199),
                "options": [{"name": option, "value": value}],
            }
            for value in values
        ]
        return self.till_product(
            fields.pop("name", "Tröja"), *variants, **definitions(option, *values), **fields
        )

    def save(self, uuid: str, **changes: Any) -> None:
        self.sandbox.till().edit_product(uuid, **changes)

    # ---- The process -----------------------------------------------------------------------------

    async def restart(self, database: Database, transport: httpx2.AsyncBaseTransport) -> None:
        """Everything that lives in a process is new; what was on disk and on the platforms is as it
        was.
        """
        # A fresh token for the till, whose tokens last two hours: renewing them is not what is
        # tried here.
        tokens = (
            self.sandbox.zettle_tokens(connector=self.sandbox.plan.connector).access,
            await self.session.shop.tokens(),
        )
        self.database = database
        self.session = replace(
            self.session,
            database=database,
            clients=clients(self.sandbox, self.clock, *tokens, transport),
            finished=set(),
        )
        await self.session.reload()

    # ---- Work ------------------------------------------------------------------------------------

    @property
    def connection(self) -> Connection:
        return self.session.connection

    async def choose(self, *, whole_library: bool = True, prices: bool = True) -> None:
        async with self.database.transaction() as tx:
            await connections.set_choices(tx, self.connection.id, Choices(prices, whole_library))
        await self.session.reload()

    async def finish_setup(self, *, whole_library: bool = True, prices: bool = True) -> None:
        await self.choose(whole_library=whole_library, prices=prices)
        async with self.database.transaction() as tx:
            await connections.set_stage(tx, self.connection.id, Stage.RUNNING)
        await self.session.reload()
        await place(self.session)
        await self.read_library()

    async def read_library(self, detail: str = "") -> None:
        await self.add_item(Kind.LIBRARY, "", detail=detail)
        await self.work_off()

    async def add_item(
        self, kind: Kind, subject: str, *, force: bool = False, detail: str = ""
    ) -> None:
        async with self.database.transaction() as tx:
            await work_items.add(
                tx, self.connection.id, kind, subject, self.clock.now(), force=force, detail=detail
            )

    async def sync(self, *uuids: str, force: bool = False, detail: str = "") -> None:
        """What a webhook of Zettle's leads to."""
        for uuid in uuids:
            await self.add_item(Kind.PRODUCT, uuid, force=force, detail=detail)
        await self.work_off()

    async def deleted(self, uuid: str) -> None:
        self.sandbox.till().delete_product(uuid)
        await self.sync(uuid, detail=DELETED)

    async def assign(self, *uuids: str) -> None:
        async with self.database.transaction() as tx:
            await assigning.assign(tx, self.connection.id, uuids)
        await self.sync(*uuids)

    async def unassign(self, *uuids: str) -> None:
        due = self.clock.now() + timedelta(seconds=10)
        async with self.database.transaction() as tx:
            await assigning.unassign(tx, self.connection.id, uuids, due)
            await work_items.add_many(
                tx, self.connection.id, Kind.PRODUCT, uuids, self.clock.now(), due_at=due
            )

    async def sweep(self) -> None:
        await self.add_item(Kind.SWEEP, "")
        await self.work_off()

    async def work_off(self) -> None:
        """Everything that is due now. Work that never ends is a failure."""
        handlers: dict[Kind, Handler] = {
            Kind.PRODUCT: Products(self.initial_levels),
            Kind.LIBRARY: read_library,
            Kind.SWEEP: Sweep(self.initial_levels),
            Kind.SHOP_PRODUCT: ShopProducts(self.initial_levels),
        }
        for _ in range(200):
            async with self.database.read() as tx:
                due = await work_items.due(
                    tx, self.connection.id, self.clock.now(), tuple(handlers)
                )
            if not due:
                return
            try:
                await handlers[due[0].kind](self.session, due)
            except Failure as failure:
                for item in self.session.unresolved(list(due)):
                    await judge(self.session, item, failure)
            assert not self.session.unresolved(list(due)), "a handler ends every item"
        raise AssertionError("the work never ends")

    async def wait(self, seconds: float) -> None:
        self.clock.move(seconds)
        await self.work_off()

    # ---- Seeing ----------------------------------------------------------------------------------

    async def binding(self, uuid: str) -> Binding | None:
        async with self.database.read() as tx:
            return await bindings.get(tx, self.connection.id, uuid)

    async def shown(self, uuid: str) -> dict[str, Any]:
        """The product in the shop as raw JSON."""
        found = await self.binding(uuid)
        assert found is not None, "not bound"
        return self.raw(found.synced.product_id)

    def raw(self, product_id: int) -> dict[str, Any]:
        return dict(self.sandbox.shop().raw(product_id))

    async def product_id(self, uuid: str) -> int:
        found = await self.binding(uuid)
        assert found is not None
        return found.synced.product_id

    async def in_shop(self) -> list[str]:
        """The names of all products in the shop but the marker."""
        return sorted(
            [one.name for one in await self.session.shop.products_page() if not is_marker(one)]
        )

    async def log(self) -> list[Line]:
        async with self.database.read() as tx:
            return [
                logged.line
                for logged in reversed(await synclog.page(tx, self.connection.id, limit=200))
            ]

    async def made(self) -> list[Code]:
        """The codes of the whole log, however long."""
        async with self.database.read() as tx:
            return [
                logged.line.code
                for logged in await synclog.page(tx, self.connection.id, limit=100_000)
            ]

    async def codes(self) -> list[Code]:
        return [line.code for line in await self.log()]

    def fault(self, kind: str, method: str, path: str, **more: Any) -> None:
        self.sandbox.bigcommerce.faults.add(kind, method=method, path=path, **more)

    def requests(self, method: str = "", path: str = "") -> list[Any]:
        seen = self.sandbox.bigcommerce.requests.last
        return [one for one in seen if one.method == (method or one.method) and path in one.path]


def kr(amount: int) -> dict[str, Any]:
    return {"amount": amount * 100, "currencyId": "SEK"}


def definitions(option: str, *values: str) -> dict[str, Any]:
    rows = [{"name": option, "properties": [{"value": value} for value in values]}]
    return {"variantOptionDefinitions": {"definitions": rows}}


async def judge(session: Session, item: WorkItem, failure: Failure) -> None:
    """The worker's decision, as far as these tests need it."""
    async with session.transaction() as tx:
        if isinstance(failure, Refused):
            await library.fail(
                tx, session.connection.id, item.subject, failure.code, session.clock.now()
            )
            await session.finish(item, tx=tx)
        else:
            await session.again(item, 5, tx=tx)


def clients(
    sandbox: Sandbox,
    clock: MovableClock,
    zettle_token: str,
    shop_token: str,
    transport: httpx2.AsyncBaseTransport,
) -> Clients:
    """Both platforms by this transport."""
    base, shop_base = sandbox.plan.zettle_url, sandbox.plan.bigcommerce_url
    hosts = ("oauth", "products", "inventory", "pusher", "purchase", "secure")
    wire = Wire(httpx2.AsyncClient(transport=transport), clock)
    zettle = Zettle(
        wire, OpenGate(), ZettleUrls(*(f"{base}/{host}" for host in hosts)), Token(zettle_token)
    )
    urls = ShopUrls(f"{shop_base}/api")
    return Clients(
        zettle,
        ShopApi(wire, OpenGate(), urls, shop_token, sandbox.merchant.store_hash),
        wire.clocks,
    )


async def opened(database: Database, clock: MovableClock, plan: Plan | None = None) -> Bench:
    """A connection with both platforms, set up to the point where products are chosen."""
    sandbox = Sandbox(plan or Plan(products=0, drawings=False), SandboxTime(clock))
    zettle_token = sandbox.zettle_tokens(connector=sandbox.plan.connector).access
    reached = clients(
        sandbox,
        clock,
        zettle_token,
        sandbox.store_token(connector=sandbox.plan.connector),
        sandbox.transport(),
    )
    shop = reached.shop
    assert shop is not None
    async with database.transaction() as tx:
        made = await connections.start(tx, await reached.zettle.organization(), "key", clock.now())
        await connections.set_stage(tx, made.id, Stage.PRICES_CHOSEN)
        acquired = await leases.acquire(
            tx,
            made.id,
            "test",
            now=clock.now(),
            until=clock.now() + timedelta(days=99),
            takeover_delay=timedelta(0),
        )
    assert acquired is not None
    session = Session(
        connection=made,
        database=database,
        lease=Lease(acquired.fence, clock, 1e12),
        clock=clock,
        dice=CountingDice(),
        settings=Facts(),
        log=Silent(),
        clients=reached,
        judge=judge,
    )
    found = await read_shop(shop)
    async with database.transaction() as tx:
        await connections.set_shop(tx, made.id, found)
    await session.reload()
    return Bench(database, clock, sandbox, session)
