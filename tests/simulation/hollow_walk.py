"""A walk through hollow answers on one set of sandboxes: each case is played, and what it wrote,
lost or kept silent about is found.
"""

# ruff: noqa: T201 - it tells how far it has come
import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from brygga.core.report import Code
from brygga.database import connections, synclog, waiting_work, work_items
from brygga.database.work_items import Kind
from brygga_sandbox.zettle import Line
from tests.simulation.day import Day, Goods
from tests.simulation.hollow_cases import Case, Found, Get
from tests.simulation.process import LoopTime

READING_POSTS = ("/products/status", "/products")
"""How the paths of Zettle's inventory end whose POST only reads: tracking status, and stock of many
products.
"""
LASTS_S = 600.0
DUE_S = 120.0
"""So long after the first of its answers a line must name the side: after a minute, at the next
try.
"""
SIDES = {"zettle": "zettle", "bigcommerce": "shop"}


@dataclass
class Walk:
    """One sandbox, and what people do in it."""

    day: Day
    found: Found = field(default_factory=Found)
    guests: dict[str, Goods] = field(default_factory=dict)
    reported: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("wrong", "lost", "silent"), 0)
    )

    # ---- Acts ------------------------------------------------------------------------------------

    @property
    def acts(self) -> dict[str, Callable[[], Awaitable[None]]]:
        return {
            "a sale": self._sale,
            "an order": self._order,
            "a save": self._save,
            "sync now": self._sync_now,
            "a sweep": self._sweep,
            "an account": self._account,
            "the whole library": self._library,
            "webhooks": self._webhooks,
            "an explanation": self._explanation,
            "tracking": self._tracking,
            "an edit in the shop": self._shop_edit,
            "a create": self._create_answer,
            "a create with a name that is taken": self._clash,
            "gone from the shop": self._gone,
            "a restart": self._restart,
            "a look at everything": self._everything,
            "the first creates": self._first_creates,
        }

    @property
    def one(self) -> Goods:
        return self.day.goods[0]

    async def _sale(self) -> None:
        one = self.one
        self.day.account(
            "sell", lambda: self.day.sandbox.till(one.merchant).sell([Line(one.variant, 1)])
        )

    async def _order(self) -> None:
        one = self.day.goods[-1]
        found, shop = self.day.item(one), self.day.sandbox.shop(one.merchant)
        if found is not None:
            self.day.account(
                "order", lambda: shop.place([{"variant_id": found[1].id, "quantity": 1}])
            )

    async def _save(self) -> None:
        self._text += 1
        self.day.sandbox.till(self.one.merchant).edit_product(
            self.one.product, description=f"Text {self._text}"
        )

    _text: int = 0

    async def _sync_now(self) -> None:
        connection = self.one.connection
        async with self.day.page.transaction() as tx:
            await work_items.add(
                tx, connection, Kind.PRODUCT, self.one.product, LoopTime().now(), force=True
            )

    async def _sweep(self) -> None:
        await self.day.add_item(Kind.SWEEP)

    async def _account(self) -> None:
        await self.day.add_item(Kind.ACCOUNT)

    async def _library(self) -> None:
        async with self.day.page.transaction() as tx:
            await work_items.add(
                tx, self.one.connection, Kind.LIBRARY, "", LoopTime().now(), force=True
            )

    async def _webhooks(self) -> None:
        await self.day.add_item(Kind.HOOKS)

    async def _explanation(self) -> None:
        await self._sale()
        await self._order()
        await asyncio.sleep(30)
        for one in {one.product for one in self.day.goods}:
            await self.day.add_item(Kind.EXPLAIN, one)

    async def _tracking(self) -> None:
        await self.day.add_item(Kind.TRACKING, self.one.product)

    async def _shop_edit(self) -> None:
        found = self.day.item(self.one)
        if found is not None:
            await self.day.add_item(Kind.SHOP_PRODUCT, str(found[0].id))

    async def _create_answer(self) -> None:
        self._created("Gäst")

    async def _clash(self) -> None:
        self._created("Hylla", sku="HYLLA")

    def _created(self, name: str, sku: str = "") -> None:
        self._text += 1
        till = self.day.sandbox.till(self.one.merchant)
        made = till.create_product(name, [{"sku": sku or f"GAST{self._text}", "price": 9900}])
        till.track(made["uuid"])
        till.set_stock(made["variants"][0]["uuid"], 9)
        variant = made["variants"][0]["uuid"]
        self.guests[made["uuid"]] = Goods(
            self.one.merchant,
            self.one.connection,
            made["uuid"],
            variant,
            sku or f"GAST{self._text}",
            9,
        )

    async def _gone(self) -> None:
        """Deleted in the shop, and "Sync now"."""
        one = self.day.goods[0]
        found = self.day.item(one)
        if found is not None:
            self.day.sandbox.shop(one.merchant).delete_product(found[0].id)
        await asyncio.sleep(1)
        await self._sync_now()

    async def _restart(self) -> None:
        """A new process knows nothing of the account's inventories."""
        for process in list(self.day.processes):
            process.die()
        await self._sale()

    async def _everything(self) -> None:
        for one in sorted({one.product for one in self.day.goods}):
            await self.day.add_item(Kind.STOCK, one)

    async def _first_creates(self) -> None:
        """Where the category "Zettle" is not known yet, two products that are made one after the
        other.
        """
        connection = self.one.connection
        async with self.day.page.transaction() as tx:
            known = await connections.by_id(tx, connection)
            assert known is not None
            assert known.shop is not None
            await connections.set_shop(
                tx, connection, replace(known.shop, category_id=None, tree_id=None)
            )
        self._created("Gäst")
        self._created("Gäst två")
        await self._library()

    # ---- The walk --------------------------------------------------------------------------------

    async def recorded(self) -> dict[Get, str]:
        """Every GET of the service, and the first act that makes it; and all GETs of a platform
        together.
        """
        firm: dict[Get, str] = {}
        loose: dict[Get, str] = {}
        for name, act in self.acts.items():
            twice = []
            for _ in range(2):
                for platform in (self.day.sandbox.zettle, self.day.sandbox.bigcommerce):
                    platform.requests.reset()
                await act()
                await self.day.quiet()
                twice.append(set(self._asked()))
                await self._clear_away()
            # Routine work, too, comes while something is done: what an act makes the service ask,
            # it asks both times.
            for get in sorted(twice[0] & twice[1]):
                firm.setdefault(get, name)
            for get in sorted(twice[0] | twice[1]):
                loose.setdefault(get, name)
        whole = {Get(side, "GET", "*"): "a sweep" for side in SIDES}
        return {**loose, **firm, **whole}

    def _asked(self) -> Iterator[Get]:
        for side, platform in (
            ("zettle", self.day.sandbox.zettle),
            ("bigcommerce", self.day.sandbox.bigcommerce),
        ):
            for method, template in sorted(platform.requests.counts):
                reads = method == "POST" and "/v3/" in template and template.endswith(READING_POSTS)
                if method == "GET" or (reads and template != "/v3/products" and side == "zettle"):
                    yield Get(side, method, template)

    async def _clear_away(self) -> None:
        """Guests leave, so that a walk of many cases costs no more at its end than at its
        beginning.
        """
        for uuid in list(self.guests):
            self.day.sandbox.till(self.one.merchant).delete_product(uuid)
        if self.guests:
            await self.day.quiet()
        self.guests.clear()
        for one in self.day.goods:
            if self.day.till_level(one) < 400:
                till = self.day.sandbox.till(one.merchant)
                self.day.account(
                    "count", lambda one=one, till=till: till.set_stock(one.variant, 900)
                )
                await self.day.quiet()

    async def case(self, case: Case) -> None:
        """One GET answered with nothing, and what comes of it."""
        day, shop = self.day, self.day.sandbox.shop(self.one.merchant)
        platform = day.sandbox.zettle if case.get.platform == "zettle" else day.sandbox.bigcommerce
        for one in (day.sandbox.zettle, day.sandbox.bigcommerce):
            one.requests.reset()  # what a case may cost is counted from here (`Day.bound`)
        before, lines = await self._standing(), await self._lines()
        much = {"lasts_s": LASTS_S} if case.lasts else {"next": 1}
        rule = platform.faults.add(
            "hollow",
            method=case.get.method,
            path=case.get.template,
            params={"answer": case.answer},
            **much,
        )
        levels, met = Levels(day), 0.0
        await self._act(case)
        for _ in range(int(LASTS_S / 20) if case.lasts else 5):
            await asyncio.sleep(20)
            levels.watch()
            met = met or (day.now if rule.fired else 0.0)
        self.found.cases += 1
        self.found.gets.add(case.get)
        self.found.struck += bool(rule.fired)
        is_due = rule.fired and day.now >= met + DUE_S
        if case.lasts and is_due and await self._waits() and not await self._names(case, lines):
            self.found.silent.append(f"{case}: {rule.fired} times")
        platform.faults.clear()
        if not await self._rest():
            self.found.lost.append(f"{case}: it never comes to rest")
        levels.watch()
        self.found.wrong += [f"{case}: {what}" for what in levels.wrong]
        after = await self._standing()
        moved = {
            name: (before[name], after[name]) for name in before if before[name] != after[name]
        }
        self.found.wrong += [f"{case}: {what}" for what in sorted(moved.items())]
        self.found.lost += [f"{case}: {what}" for what in await self._missing(shop)]
        await self._clear_away()
        self._print()

    async def _act(self, case: Case) -> None:
        if case.moment == "till sells":
            await self._sale()
        elif case.moment == "shop sells":
            await self._order()
        await self.acts[case.act]()

    def _print(self) -> None:
        """What was found since the last case."""
        for name in ("wrong", "lost", "silent"):
            for line in getattr(self.found, name)[self.reported[name] :]:
                print(f"{name}: {line}", flush=True)
            self.reported[name] = len(getattr(self.found, name))

    async def _rest(self) -> bool:
        """Until nothing is tried again any more: routine work, too, for which a day does not
        wait.
        """
        for _ in range(60):
            if not await self._waits():
                return await self.day.quiet()
            await asyncio.sleep(20)
        return False

    async def _waits(self) -> bool:
        async with self.day.database.read() as tx:
            return await waiting_work.struggling(tx, self.one.connection)

    async def _lines(self) -> int:
        async with self.day.database.read() as tx:
            return len(await synclog.page(tx, self.one.connection, limit=100_000))

    async def _names(self, case: Case, before: int) -> bool:
        """One line since then says which side cannot be read."""
        async with self.day.database.read() as tx:
            found = await synclog.page(tx, self.one.connection, limit=100_000)
        reported = [
            one.line.params["side"]
            for one in found[: len(found) - before]
            if one.line.code is Code.SIDE_UNREADABLE
        ]
        return reported == [SIDES[case.get.platform]]

    async def _standing(self) -> dict[str, Any]:
        """What hollow answers must not change: products, subscriptions, webhooks, questions, and
        what is parked.
        """
        one, sandbox = self.one, self.day.sandbox
        store = sandbox.shop(one.merchant).store
        names = sorted(str(found.get("name")) for found in store.products.values())
        async with self.day.database.read() as tx:
            parked = [
                (row.kind.value, row.subject)
                for row in await waiting_work.parked(tx, one.connection)
            ]
            found = await synclog.page(tx, one.connection, limit=100_000)
        asked = [row.line.code.value for row in found if row.line.code in ASKS]
        return {
            "products": [name for name in names if not name.startswith(("Gäst", "Hylla ("))],
            "subscriptions": sorted(one.merchant.organization.subscriptions),
            "webhooks": sorted(sandbox.bigcommerce.hooks[store.hash].all),
            "categories": sorted(str(row.name) for row in store.categories.values()),
            "parked": parked,
            "asked": asked,
        }

    async def _missing(self, shop: Any) -> Iterator[str]:
        """What people did and is not on both sides."""
        lost: list[str] = []
        for one in self.day.goods:
            till, there = self.day.till_level(one), self.day.shop_level(one)
            if (till, there) != (one.truth, one.truth):
                lost.append(f"{one.sku}: till {till}, shop {there}, truth {one.truth}")
        for guest in self.guests.values():
            levels = [
                shop.level(product_id=found.id)
                for found in shop.store.products.values()
                if str(found.get("sku")).startswith(guest.sku) and found.made_by is not None
            ]
            if levels != [9]:
                lost.append(f"{guest.sku}: {levels} in the shop, 9 at the till")
        return iter(lost)


ASKS = (
    Code.STOCK_CHECK,
    Code.STOCK_VANISHED,
    Code.INTERNAL_ERROR,
    Code.REFUSED,
    Code.STOCK_REFUSED,
)


@dataclass
class Levels:
    """Between two looks a level may move only as people moved it."""

    day: Day
    wrong: list[str] = field(default_factory=list)
    before: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.before = {one.variant: one.truth for one in self.day.goods}

    def watch(self) -> None:
        for one in self.day.goods:
            allowed = range(
                min(self.before[one.variant], one.truth),
                max(self.before[one.variant], one.truth) + 1,
            )
            for side, level in (
                ("till", self.day.till_level(one)),
                ("shop", self.day.shop_level(one)),
            ):
                if level is not None and level not in allowed:
                    self.wrong.append(f"{one.sku} at {level} on the {side}, {allowed}")
