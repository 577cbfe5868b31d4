"""All of stock over both sandboxes: the test acts as cashier and shopper, delivers the webhooks,
and moves the clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from brygga.core.failures import Failure
from brygga.core.stock import Hint, Ledger, Side, Timing
from brygga.database import ledgers, movements, reported_changes, work_items
from brygga.database.engine import Database
from brygga.database.ledgers import LedgerRow
from brygga.database.work_items import Kind, WorkItem
from brygga.sync.connection.sweep import ShopProducts, Sweep
from brygga.sync.products.library import library as read_library
from brygga.sync.products.work import Products
from brygga.sync.stock import StockCommands, StockInitialLevels, StockSweep, StockWork, TrackingWork
from brygga.sync.stock.marker import marker
from brygga.sync.worker.session import Session
from brygga_sandbox.sandbox import Plan
from tests.conftest import MovableClock
from tests.rules import products_bench
from tests.rules.products_bench import Bench, Handler, kr

TIMING = Timing()


@dataclass
class StockBench(Bench):
    commands: StockCommands = field(default_factory=StockCommands)

    def handlers(self) -> dict[Kind, Handler]:
        initial_levels = StockInitialLevels()
        work = StockWork()
        return {
            Kind.STOCK: work.products,
            Kind.SHOP_STOCK: work.shop_hints,
            Kind.RESOLVE: work.products,
            Kind.TRACKING: TrackingWork(),
            Kind.PRODUCT: Products(initial_levels),
            Kind.LIBRARY: read_library,
            Kind.SWEEP: Sweep(initial_levels, StockSweep()),
            Kind.SHOP_PRODUCT: ShopProducts(initial_levels),
            Kind.MARKER: marker,
        }

    async def finish_setup(
        self, *, whole_library: bool = True, prices: bool = True, marked: bool = True
    ) -> None:
        """With the marker in the store, as set-up leaves it; without it where it could not be
        made.
        """
        await super().finish_setup(whole_library=whole_library, prices=prices)
        if marked:
            await self.add_item(Kind.MARKER, "")
            await self.work_off()

    async def work_off(self) -> None:
        """As the worker would: everything that is due now, and a failure that escapes judges every
        item that is left.
        """
        handlers = self.handlers()
        for _ in range(80):
            async with self.database.read() as tx:
                due = await work_items.due(
                    tx, self.connection.id, self.clock.now(), tuple(handlers)
                )
            if not due:
                return
            await worked(self.session, handlers[due[0].kind], due)
        raise AssertionError("the work never ends")

    # ---- People ----------------------------------------------------------------------------------

    async def stocked(
        self, level: int, *, name: str = "Mugg", sku: str = "MUGG-1"
    ) -> tuple[str, str]:
        """A tracked product of one variant with this balance: (product uuid, variant uuid)."""
        uuid = self.till_product(name, {"sku": sku, "price": kr(249)})
        variant = self.sandbox.till().variant(sku=sku)
        self.sandbox.till().track(uuid)
        self.sandbox.till().set_stock(variant, level)
        return uuid, variant

    async def sells(self, variant: str, units: int = 1) -> dict[str, Any]:
        receipt = self.sandbox.till().sell(variant, units)
        await self.till_reports(variant)
        return dict(receipt)

    async def counts(self, variant: str, level: int) -> None:
        """The merchant sets a balance in Zettle."""
        self.sandbox.till().set_stock(variant, level)
        await self.till_reports(variant)

    async def orders(self, uuid: str, units: int = 1) -> int:
        """A shopper buys the product's first variant."""
        line = {"product_id": await self.product_id(uuid), "quantity": units}
        order = self.sandbox.shop().place([line])
        await self.shop_reports(uuid, by_order=True)
        return int(order.id)

    async def till_reports(self, variant: str) -> None:
        """What the receiver of Zettle's event does."""
        product = self.sandbox.till().product_of(variant).uuid
        now = self.clock.now()
        async with self.database.transaction() as tx:
            await reported_changes.record_hint(
                tx, self.connection.id, Side.ZETTLE, product, Hint(now)
            )
            await work_items.add(tx, self.connection.id, Kind.STOCK, product, now)

    async def shop_reports(self, uuid: str, *, by_order: bool = False) -> None:
        """What the receiver of BigCommerce's hook does."""
        product_id, now = await self.product_id(uuid), self.clock.now()
        hint = Hint(now, by_order)
        async with self.database.transaction() as tx:
            await reported_changes.record_hint(
                tx, self.connection.id, Side.SHOP, str(product_id), hint
            )
            await work_items.add(tx, self.connection.id, Kind.SHOP_STOCK, str(product_id), now)

    async def unanswered_order(self, uuid: str, units: int, kind: str = "cut_after") -> str:
        """A shopper buys, and Zettle's answer to our movement is lost, after its effect or before.
        Answers the identifier of that call.
        """
        self.till_fault(kind, next=1)
        await self.orders(uuid, units)
        await self.work_off()
        pending_write = (await self.ledger(uuid)).zettle.pending_write
        assert pending_write is not None
        return pending_write.call

    async def echo_late(self, call: str, uuid: str) -> None:
        """Its event comes after all, and the product is looked at."""
        await self.echo(call)
        await self.add_item(Kind.STOCK, uuid)

    async def echo(self, call: str) -> None:
        async with self.database.transaction() as tx:
            await reported_changes.record_echo(tx, self.connection.id, call, self.clock.now())

    # ---- Seeing ----------------------------------------------------------------------------------

    async def levels(self, uuid: str) -> tuple[int, int]:
        """What Zettle and BigCommerce hold for the product's first variant, in their own words."""
        variant = self.sandbox.till().product(uuid)["variants"][0]["uuid"]
        return self.sandbox.till().balance(variant), self.sandbox.shop().level(
            product_id=await self.product_id(uuid)
        )

    async def ledger_rows(self, uuid: str) -> list[LedgerRow]:
        async with self.database.read() as tx:
            return list((await ledgers.load(tx, self.connection.id, [uuid])).values())

    async def ledger(self, uuid: str) -> Ledger:
        return (await self.ledger_rows(uuid))[0].ledger

    async def causes(self, variant: str) -> list[str]:
        async with self.database.read() as tx:
            found = await movements.of_variant(tx, self.connection.id, variant)
        return [one.cause.value for _, one in reversed(found)]

    async def quiet(self, seconds: int = 60) -> None:
        """Time passes, a few seconds at a time, with everything that comes due."""
        for _ in range(0, seconds, 3):
            await self.wait(3)

    def till_fault(self, kind: str, **more: Any) -> None:
        self.sandbox.zettle.faults.add(kind, method="POST", path="*/v3/movements", **more)

    def writes(self) -> int:
        """Stock writes that reached either platform."""
        shop = self.requests(path="/adjustments/")
        till = [
            one for one in self.sandbox.zettle.requests.last if one.path.endswith("/v3/movements")
        ]
        return len(shop) + len(till)


async def opened(database: Database, clock: MovableClock, plan: Plan | None = None) -> StockBench:
    bench = await products_bench.opened(database, clock, plan)
    return StockBench(bench.database, bench.clock, bench.sandbox, bench.session)


async def worked(session: Session, handler: Handler, due: Sequence[WorkItem]) -> None:
    """The worker's decision, as far as these tests need it."""
    try:
        await handler(session, due)
    except Failure as failure:
        for item in session.unresolved(due):
            await session.fail(item, failure)
    assert not session.unresolved(due), "a handler ends every item"
    session.finished.clear()
