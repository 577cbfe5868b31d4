"""One seed is one day: both sandboxes, the acts of their merchants, a service that dies and starts
again, and a calm at the end.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from brygga.database import work_items
from brygga.database.engine import Notice
from brygga.database.work_items import Kind
from brygga.wiring import handlers
from brygga_sandbox.bigcommerce.inventory import on_hand, records_of
from brygga_sandbox.merchants import Merchant
from brygga_sandbox.sandbox import Sandbox
from tests.simulation.disk import Disk, DiskDatabase
from tests.simulation.fault_plan import Faults, Net
from tests.simulation.invariants import Invariants
from tests.simulation.process import Fate, LoopTime, MakeHandlers, Process, ProcessHost, Runtime

_BUSY = sa.text("""
    SELECT 1 FROM connections c LEFT JOIN work_items m ON m.connection_id = c.id AND m.parked_at IS NULL
    WHERE c.stage <> 'disconnected'
        AND (c.lease_holder IS NOT NULL OR m.due_at <= :soon OR m.kind NOT IN ('hooks', 'account',
            'sweep', 'statement'))
    LIMIT 1
""")  # noqa: E501


EDITS = ("edit stock", "tool counts")
JUST_ON = 400.0
"""So many seconds the service may be down before it sees that tracking is on."""
"""What people do of which BigCommerce tells as it tells of our own writes."""


class Mode(StrEnum):
    SHARED = "shared"
    SEPARATE = "separate"
    UNTRACKED = "untracked"
    AWAY = "away"
    """Not in the shop: unassigned, or deleted there. What happens in the shop is not counted."""
    PAUSED = "paused"
    """Counted in the shop in another way than in Zettle: neither side moves the other (decisions
    17, 18).
    """
    DEAD = "dead"
    """Deleted in Zettle, or its merchant has left: nothing is counted any more."""


@dataclass
class Goods:
    """One variant of one merchant's, and what people made of it."""

    merchant: Merchant
    connection: int
    product: str
    variant: str
    sku: str
    truth: int
    online: int = 0
    """What the shop should have, while stock is separate."""
    mode: Mode = Mode.SHARED
    separate: bool = False
    """It had separate stock when it left the shop, and has it again when it comes back."""
    lost: bool = False
    """Deleted in the shop: the next save in Zettle makes it again (rule P10)."""
    cut: bool = False
    """Its variant alone was deleted in the shop."""
    sku_there: str = ""
    """The SKU that this variant had: another product's may have the plain one (rule E3)."""
    handled: bool = False
    """Somebody's hands changed its variant or its counting: what moves in the shop may count or
    not, until the service has seen that.
    """
    reads: int = 0
    """How often the service had read the store's products when it was counted otherwise."""
    blinked: bool = False
    """Counted otherwise and back, between two looks of the service: BigCommerce forgets the number,
    and nobody can know that it did.
    """
    loose: bool = False
    """Assignment or the product itself came or went with units on their way: only that both sides
    agree can be judged.
    """
    backorders: int = 0
    """So many units may be ordered beyond what is there."""
    renewed: float = -1e9
    """When tracking was switched on: what is typed in the shop just then gives way to Zettle's
    number, or not. And of two equal orders in one second, whose messages bear the same words, one
    may be taken for the other told twice."""
    ordered: tuple[float, int] = (-1e9, 0)
    """When the shop last moved by itself, and by how much."""
    parts: tuple[int, ...] = ()
    """What the shop did since both sides last agreed: each may have reached the till, or not."""
    less: int = 0
    more: int = 0
    """Tracking was switched with units on their way to the till, or the shop sold while it was off:
    so many less or more than the truth may be promised, since whether they count depends on when
    the service saw them."""

    @property
    def key(self) -> str:
        return self.sku[:6]


@dataclass
class Day:
    """The world of one seed. `story` is everything that happened, for whoever looks at a failure
    and to compare two runs of a seed.
    """

    seed: int
    disk: Disk
    dice: random.Random
    fault_plan: Faults
    sandbox: Sandbox
    net: Net
    database: DiskDatabase
    processes: list[Process] = field(default_factory=list)
    goods: list[Goods] = field(default_factory=list)
    connections: dict[int, Merchant] = field(default_factory=dict)
    lives: list[asyncio.Task[None]] = field(default_factory=list)
    story: list[str] = field(default_factory=list)
    did: Counter[str] = field(default_factory=Counter)
    make: MakeHandlers = handlers
    changes: int = 0
    crashes_left: int = 0
    crashes: int = 0
    open: bool = True
    invariants: Invariants = field(init=False)
    host: ProcessHost = field(init=False)
    page: DiskDatabase = field(init=False)
    """The process that shows pages."""
    logged: list[str] = field(default_factory=list)
    left: dict[int, bool] = field(default_factory=dict)
    """Connections whose merchant has left -> whether the products were to be kept."""
    messages: set[bytes] = field(default_factory=set)
    asked: list[tuple[int, str, str]] = field(default_factory=list)
    """Questions of the engine's: connection, variant and what asked (`asking`)."""
    edited: set[str] = field(default_factory=set)
    """Products whose description was edited in the shop since they were last saved in Zettle."""

    def __post_init__(self) -> None:
        self.invariants = Invariants(self.sandbox)
        self.invariants.answers_lost = bool(
            self.fault_plan.on & {"delivered late", "crash", "stall"}
        )
        self.net.day = self
        self.page = DiskDatabase(self.disk)
        self.page.on_commit(self._received)

    def _received(self, resumed: Notice) -> None:
        for one in self.processes:
            if not one.fate.dead:
                one.database.tell(resumed)

    # ---- Time and telling ------------------------------------------------------------------------

    @property
    def now(self) -> float:
        return asyncio.get_running_loop().time()

    def tell(self, line: str) -> None:
        self.story.append(f"{self.now:10.3f} {line}")

    # ---- The service -----------------------------------------------------------------------------

    def run_service(self) -> None:
        self.lives.append(asyncio.create_task(self._lives(0)))
        if self.fault_plan.has("two workers"):
            self.lives.append(asyncio.create_task(self._lives(1)))

    async def _lives(self, place: int) -> None:
        """One life after the other, until the day is over."""
        while self.open:
            process = self._started()
            self.processes.append(process)
            died = await process.live()
            self.processes.remove(process)
            if not died:
                return
            self.crashes += 1
            pause = self.dice.choice([0.0, 0.0, 1.0, 3.0, 30.0, 200.0])
            self.tell(
                f"process {place} died, {process.fate.passed} points old; the next one in "
                f"{pause:.0f} s"
            )
            await asyncio.sleep(pause)

    def _started(self) -> Process:
        after = None
        if self.fault_plan.has("crash") and self.crashes_left > 0:
            self.crashes_left -= 1
            after = self.dice.choice([self.dice.randint(1, 12), self.dice.randint(1, 80)])
        fate = Fate(after, self._stall)
        runtime = Runtime(self.sandbox, self.disk, self.net, self.make)
        return Process(runtime, fate, random.Random(self.dice.getrandbits(64)))

    def _stall(self) -> float:
        return self.dice.uniform(1, 150) if self.fault_plan.roll("stall", 0.004) else 0.0

    # ---- Levels ----------------------------------------------------------------------------------

    def till_level(self, one: Goods) -> int:
        return 0 if one.mode is Mode.DEAD else self.sandbox.till(one.merchant).balance(one.variant)

    def item(self, one: Goods) -> tuple[Any, Any] | None:
        """The shop's product and variant that were made for these goods. A taken SKU or name has
        got a suffix.
        """
        store = self.sandbox.shop(one.merchant).store
        for product in store.products.values():
            if product.made_by is None or not str(product.get("name")).startswith(one.key):
                continue
            for variant in product.variants:
                if one.sku == one.key or str(variant.get("sku")).startswith(one.sku):
                    return product, variant
        return None

    def shop_level(self, one: Goods) -> int | None:
        """What is on hand less what is sold on backorder: below zero there may be orders for
        more.
        """
        found = self.item(one)
        if found is None:
            return None
        records = records_of(*found)
        return on_hand(records) - sum(record.backordered for record in records)

    def is_base(self, one: Goods) -> bool:
        """Simple on both sides again, and counted by its only variant until somebody presses our
        button: nobody can tell whether that number is Zettle's."""
        found = self.item(one) if one.mode is Mode.PAUSED and self.is_simple(one) else None
        return found is not None and found[0].simple and found[0].tracking == "variant"

    def is_simple(self, one: Goods) -> bool:
        """Without variants in Zettle."""
        return one.sku == one.key

    def recounted(self) -> None:
        """What is counted as in Zettle again, by a merchant or by the service, is shared; and a
        size that is there again.
        """
        for one in self.goods:
            if one.mode is Mode.AWAY and one.cut and self.item(one) is not None:
                one.mode, one.cut, one.handled = Mode.SHARED, False, True
            found = self.item(one) if one.mode is Mode.PAUSED else None
            if found is not None and found[0].tracking == (
                "product" if self.is_simple(one) else "variant"
            ):
                one.mode = Mode.SHARED
                self.tell(f"{one.sku} is shared again")

    def account(self, what: str, act: Any) -> Any:
        """An act of people's: what it did to the levels is the truth from now on."""
        self.recounted()
        before = [(self.till_level(one), self.shop_level(one)) for one in self.goods]
        for one, (till, _) in zip(self.goods, before, strict=True):
            one.parts = () if till == one.truth else one.parts
        oversold = [
            (one, len(self.sandbox.shop(one).store.oversold)) for one in self.connections.values()
        ]
        result = act()
        self._missed(oversold)
        reported = []
        for one, (till, shop) in zip(self.goods, before, strict=True):
            moved = self.till_level(one) - till
            after = self.shop_level(one)
            online = 0 if after is None or shop is None else after - shop
            if moved or online:
                self._count(one, what, moved, online)
                reported.append(f"{one.sku} {moved:+d}/{online:+d} -> {one.truth}")
        self.tell(f"{what}: {', '.join(reported) or 'nothing'}")
        self.did[what] += 1
        return result

    def _count(self, one: Goods, what: str, moved: int, online: int) -> None:
        """What an act did to the levels of one product: the truth, and what nobody may know."""
        self.changes += 1
        is_shared = one.mode is Mode.SHARED
        may = online if one.mode is Mode.UNTRACKED or self.is_base(one) else 0
        twice = online and online == one.ordered[1] and self.now < one.ordered[0] + 1
        if is_shared and self.now < one.renewed + JUST_ON and (what in EDITS or twice):
            may = -online
        if is_shared and one.handled:
            may = -online
        one.truth += moved + (online if is_shared else 0)
        one.online += online if one.mode is Mode.SEPARATE else 0
        one.parts += (online,) if online and is_shared else ()
        one.ordered = (self.now, online) if online else one.ordered
        one.less, one.more = one.less + min(0, may), one.more + max(0, may)
        # Sold from units that a split had given to the other side and that were not taken yet:
        # whose they were nobody can tell.
        one.loose |= one.mode is Mode.SEPARATE and min(one.online, one.truth) < 0

    def _missed(self, before: Sequence[tuple[Merchant, int]]) -> None:
        """Units of a number that a merchant's hands made the shop forget: the shop sold what it did
        not have. The order says that they are sold, the shop's number does not."""
        for merchant, count in before:
            for item_id, units in self.sandbox.shop(merchant).store.oversold[count:]:
                for one in self.goods:
                    found = self.item(one) if one.merchant is merchant and one.handled else None
                    if found is not None and found[1].id == item_id:
                        one.less -= units

    def check_step(self) -> None:
        """What must hold at every moment."""
        self.invariants.reads(self.connections)

    def received(self, path: str, body: bytes, status: int, commits: int) -> None:
        """A webhook was answered. 9: its first 200 comes only when its work item is on disk."""
        news = body not in self.messages
        if status == 200:
            self.messages.add(body)
        self.tell(f"hook {path[7:]} {status}")
        if (
            status == 200
            and news
            and commits == 0
            and (b"inventory" in body or b"InventoryBalance" in body)
        ):
            self.invariants.fail(9, "a webhook was answered before its work item was on disk", body)

    # ---- Quiet -----------------------------------------------------------------------------------

    async def quiet(self, resolve_timeout_s: float = 6_000.0) -> bool:
        """True when no webhook is on its way and no work is due soon. Work whose process dies again
        and again waits longer each time.
        """
        until, step, crashes = self.now + resolve_timeout_s, 4.0, self.crashes
        while self.now < until:
            await asyncio.sleep(step)
            if self.crashes > crashes:
                until, crashes = self.now + resolve_timeout_s, self.crashes
            # Zettle goes on for days telling of a merchant who has left.
            if await self._is_quiet(
                heeding=not self.left or self.now < until - resolve_timeout_s / 2
            ):
                return True
            if self.requests() > self.bound():
                return False
            step = min(60.0, step * 1.1)
        return False

    async def until_quiet(self, otherwise: str) -> None:
        """14: the work comes to its end."""
        if not await self.quiet():
            self.invariants.fail(14, otherwise, self.requests())

    def requests(self) -> int:
        return self.sandbox.zettle.requests.total() + self.sandbox.bigcommerce.requests.total()

    def bound(self) -> int:
        """Invariant 14: no more requests than these, or something echoes for ever."""
        return 300 * len(self.connections) + 30 * (self.changes + self.crashes)

    async def _is_quiet(self, *, heeding: bool) -> bool:
        if (
            heeding and (self.sandbox.zettle.outbox.tasks or self.sandbox.bigcommerce.outbox.tasks)
        ) or self.net.late:
            return False
        async with self.database.read() as tx:
            return await tx.first(_BUSY, {"soon": LoopTime().now() + timedelta(minutes=1)}) is None

    async def sweep(self) -> None:
        await self.add_item(Kind.HOOKS)
        await self.add_item(Kind.SWEEP)

    async def add_item(self, kind: Kind, subject: str = "", connection: int | None = None) -> None:
        """As a page would."""
        async with self.page.transaction() as tx:
            for number in [connection] if connection is not None else sorted(self.connections):
                await work_items.add(tx, number, kind, subject, LoopTime().now())

    async def close(self) -> None:
        self.open = False
        for process in list(self.processes):
            process.stop.set()
        for life in self.lives:
            life.cancel()
        await asyncio.gather(*self.lives, return_exceptions=True)
        for process in list(self.processes):
            if process.running is not None:
                process.fate.die()
                process.running.cancel()
                await asyncio.gather(process.running, return_exceptions=True)
        await self.net.stop()
        await self.sandbox.stop()
