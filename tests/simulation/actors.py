"""What merchants decide: separate stock, tracking, assigning, deleting, leaving. And what happens
to the service's webhook subscriptions.

Units may be on their way when a product goes: such goods are loose afterwards, and only that both
sides agree is judged. When tracking is switched, they may count or not. Splitting and joining lose
nothing, whatever happens in the same second.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from brygga.core.model import Stage
from brygga.core.stock import Side
from brygga.database import assigning, connections, ledgers, work_items
from brygga.database.engine import Database
from brygga.database.work_items import Kind
from brygga.sync.stock import StockCommands
from brygga.sync.stock.commands import Moved
from brygga_sandbox.cashiers import NothingToDo
from tests.simulation.day import Day, Goods, Mode
from tests.simulation.process import URL, LoopTime

UNDO = timedelta(seconds=10)
COMMANDS = StockCommands()
ENOUGH = 12
"""With fewer units than these a sale in the same second may leave nothing to take to the other
side.
"""


class Actors:
    """One act per method; each is offered by a kind of people (`fault_plan.PEOPLE`) or of
    weather.
    """

    def __init__(self, day: Day) -> None:
        self.day = day
        self.dice = day.dice

    @property
    def page(self) -> Database:
        """As a page writes: in a process of its own, of which the others hear."""
        return self.day.page

    def siblings(self, one: Goods) -> list[Goods]:
        """Every variant of the product."""
        return [
            other
            for other in self.day.goods
            if other.product == one.product and other.mode is not Mode.DEAD
        ]

    def need(self, one: Goods, *modes: Mode) -> None:
        if one.mode not in modes or any(other.cut for other in self.siblings(one)):
            raise NothingToDo

    def become(self, one: Goods, mode: Mode, *, loose: bool = True) -> None:
        for other in self.siblings(one):
            other.separate = mode is Mode.AWAY and other.mode is Mode.SEPARATE
            other.mode, other.loose, other.lost = mode, other.loose or loose, False

    def come_back(self, one: Goods) -> None:
        """Into the shop, as it was before it left."""
        self.become(one, Mode.SEPARATE if one.separate else Mode.SHARED)

    # ---- Separate stock (S5, S6) -----------------------------------------------------------------

    async def split(self, one: Goods) -> None:
        self.need(one, Mode.SHARED)
        shares, ends = {}, {}
        async with self.page.transaction() as tx:
            ledger_rows = [*(await ledgers.load(tx, one.connection, [one.product])).values()]
            if {ledger_row.variant_uuid for ledger_row in ledger_rows} != {
                other.variant for other in self.siblings(one)
            }:
                raise NothingToDo
            for ledger_row in ledger_rows:
                target = ledger_row.ledger.target
                if (
                    target is None
                    or target < ENOUGH
                    or any(ledger_row.ledger[side].pending_write is not None for side in Side)
                ):
                    raise NothingToDo
                other = next(
                    goods
                    for goods in self.siblings(one)
                    if goods.variant == ledger_row.variant_uuid
                )
                till = self.dice.randint(ENOUGH // 2, target - ENOUGH // 2)
                shop = target - till + self.dice.choice([0, 0, 2])
                shares[ledger_row.variant_uuid] = (till, shop, target)
                unseen = self._unseen(other, ledger_row)
                ends[ledger_row.variant_uuid] = (
                    till + unseen[Side.ZETTLE],
                    shop + unseen[Side.SHOP],
                )
            try:
                await COMMANDS.split(tx, one.connection, one.product, shares, LoopTime().now())
            except Moved:
                raise NothingToDo from None
        for other in self.siblings(one):
            other.truth, other.online = ends[other.variant]
            other.less = other.more = 0
        self.become(one, Mode.SEPARATE, loose=False)
        self.day.tell(f"split {one.key}: {ends}")

    def _unseen(self, one: Goods, ledger_row: ledgers.LedgerRow) -> dict[Side, int]:
        """What has happened on each stock record and is not in the ledger yet: it stays where it
        happened.
        """
        till, shop = ledger_row.ledger.zettle.confirmed, ledger_row.ledger.shop.confirmed
        level = self.day.shop_level(one)
        if not isinstance(till, int) or not isinstance(shop, int) or level is None:
            raise NothingToDo
        return {Side.ZETTLE: self.day.till_level(one) - till, Side.SHOP: level - shop}

    async def join(self, one: Goods) -> None:
        self.need(one, Mode.SEPARATE)
        async with self.page.transaction() as tx:
            ledger_rows = await ledgers.load(tx, one.connection, [one.product])
            await COMMANDS.join(tx, one.connection, one.product, LoopTime().now())
        for other in self.siblings(one):
            other.truth, other.online = (
                other.truth + max(other.online, self._missing(other, ledger_rows)),
                0,
            )
        self.become(one, Mode.SHARED, loose=False)
        self.day.tell(f"join {one.key}")

    def _missing(self, one: Goods, ledger_rows: Mapping[str, ledgers.LedgerRow]) -> int:
        """What the shop sold beyond its part before the split got there, as far as it still counts.

        A part that is used up is 0, and that is the number that the merchant sees when the two are
        joined.
        """
        level, ledger_row = self.day.shop_level(one), ledger_rows.get(one.variant)
        if level is None or ledger_row is None or ledger_row.ledger.shop.pending_write is not None:
            return min(0, one.online)
        return min(0, int(level) + ledger_row.ledger.shop.to_push)

    # ---- Tracking (S7) ---------------------------------------------------------------------------

    def track_off(self, one: Goods) -> None:
        self.need(one, Mode.SHARED, Mode.SEPARATE)
        for other in self.siblings(one):
            to_push = other.truth - self.day.till_level(other)
            falls, rises = (
                sum(min(0, part) for part in other.parts),
                sum(max(0, part) for part in other.parts),
            )
            other.less, other.more = (
                other.less + min(0, to_push, falls),
                other.more + max(0, to_push, rises),
            )
        self.day.sandbox.till(one.merchant).track(one.product, on=False)
        self.become(one, Mode.UNTRACKED, loose=False)
        self.day.tell(f"tracking off {one.key}")

    def track_on(self, one: Goods) -> None:
        self.need(one, Mode.UNTRACKED)
        self.day.sandbox.till(one.merchant).track(one.product)
        for other in self.siblings(one):
            other.truth, other.renewed = self.day.till_level(other), self.day.now
        self.become(one, Mode.SHARED, loose=False)
        self.day.tell(f"tracking on {one.key}")

    # ---- Assigning (A1 to A3) --------------------------------------------------------------------

    async def unassign(self, one: Goods) -> None:
        self.need(one, Mode.SHARED, Mode.SEPARATE)
        at = LoopTime().now() + UNDO
        async with self.page.transaction() as tx:
            if not await assigning.unassign(tx, one.connection, [one.product], at):
                raise NothingToDo
            await work_items.add(
                tx, one.connection, Kind.PRODUCT, one.product, LoopTime().now(), due_at=at
            )
        self.become(one, Mode.AWAY)
        self.day.tell(f"unassign {one.key}")

    async def assign(self, one: Goods) -> None:
        self.need(one, Mode.AWAY)
        async with self.page.transaction() as tx:
            await assigning.assign(tx, one.connection, [one.product])
            await work_items.add(
                tx, one.connection, Kind.PRODUCT, one.product, LoopTime().now(), force=True
            )
        self.come_back(one)
        self.day.tell(f"assign {one.key}")

    # ---- Deleting --------------------------------------------------------------------------------

    def lose_in_shop(self, one: Goods) -> None:
        self.need(one, Mode.SHARED, Mode.SEPARATE)
        found = self.day.item(one)
        if found is None:
            raise NothingToDo
        self.day.sandbox.shop(one.merchant).delete_product(found[0].id)
        self.become(one, Mode.AWAY)
        for other in self.siblings(one):
            other.lost = True
        self.day.tell(f"deleted in the shop {one.key}")

    def delete_in_till(self, one: Goods) -> None:
        self.need(one, Mode.SHARED, Mode.SEPARATE, Mode.UNTRACKED)
        if len({other.product for other in self.day.goods if other.mode is not Mode.DEAD}) < 2:
            raise NothingToDo
        self.day.sandbox.till(one.merchant).delete_product(one.product)
        self.become(one, Mode.DEAD)
        self.day.tell(f"deleted in Zettle {one.key}")

    # ---- Variants --------------------------------------------------------------------------------

    def add_variant(self, one: Goods) -> None:
        self.need(one, Mode.SHARED)
        till = self.day.sandbox.till(one.merchant)
        product = till.product(one.product)
        if len(product["variants"]) != 2:
            raise NothingToDo
        row = {
            "name": "L",
            "sku": f"{one.key}L",
            "price": 9900,
            "options": [{"name": "Storlek", "value": "L"}],
        }
        late = till.fresh(row)
        values = [{"value": value} for value in ("S", "M", "L")]
        definitions = {"definitions": [{"name": "Storlek", "properties": values}]}
        till.edit_product(
            one.product, variants=[*product["variants"], late], variantOptionDefinitions=definitions
        )
        level = self.dice.randint(0, 9)
        till.set_stock(late["uuid"], level)
        made = Goods(one.merchant, one.connection, one.product, late["uuid"], f"{one.key}L", level)
        self.day.goods.append(made)
        self.day.tell(f"variant added {made.sku} {level}")

    def drop_variant(self, one: Goods) -> None:
        self.need(one, Mode.SHARED)
        till = self.day.sandbox.till(one.merchant)
        rows = till.product(one.product)["variants"]
        if len(rows) != 3 or one.sku[-1] != "L":
            raise NothingToDo
        values = [{"value": value} for value in ("S", "M")]
        definitions = {"definitions": [{"name": "Storlek", "properties": values}]}
        kept = [row for row in rows if row["uuid"] != one.variant]
        till.edit_product(one.product, variants=kept, variantOptionDefinitions=definitions)
        one.mode = Mode.DEAD
        self.day.tell(f"variant dropped {one.sku}")

    # ---- The merchant's own things ---------------------------------------------------------------

    def hang_picture(self, one: Goods) -> None:
        shop = self.day.sandbox.shop(one.merchant)
        found = self.day.item(one)
        if found is None:
            raise NothingToDo
        image = shop.hang(found[0].id, shop.camera.promise("own", "png", lambda: b""), "own.png")
        self.day.invariants.pictures.setdefault(one.merchant.store_hash, {})[image] = found[0].id
        self.day.tell(f"picture hung on {one.key}")

    # ---- Leaving (D1 to D3) ----------------------------------------------------------------------

    async def leave(self, one: Goods) -> None:
        """Only where another merchant stays: the day must go on."""
        if len({other.connection for other in self.day.goods if other.mode is not Mode.DEAD}) < 2:
            raise NothingToDo
        keep = self.dice.random() < 0.5
        async with self.page.transaction() as tx:
            if not await connections.leave(tx, one.connection, keep=keep):
                raise NothingToDo
            await work_items.add(tx, one.connection, Kind.LEAVE, "", LoopTime().now())
        for other in self.day.goods:
            if other.connection == one.connection:
                other.mode = Mode.DEAD
        self.day.left[one.connection] = keep
        self.day.tell(f"merchant {one.connection} leaves, keep {keep}")

    async def silence(self) -> None:
        """8: from the moment that a connection is over, nobody asks there any more."""
        for connection in self.day.left:
            async with self.day.database.read() as tx:
                found = await connections.by_id(tx, connection)
            if found is not None and found.stage is Stage.DISCONNECTED:
                merchant = self.day.connections[connection]
                self.day.invariants.over |= {merchant.store_hash, merchant.organization.uuid}

    # ---- The world -------------------------------------------------------------------------------

    async def forge(self, one: Goods) -> None:
        """A webhook that nobody of theirs has signed."""
        platform = self.dice.choice(["zettle", "bigcommerce"])
        key = f"key{sorted(self.day.connections).index(one.connection)}"
        body = b'{"scope": "store/product/inventory/updated", "data": {"type": "product", "id": 1}}'
        status = await self.day.host.post(f"{URL}/hooks/{platform}/{key}", {}, body)
        self.day.fault_plan.struck["forged hook"] += 1
        if status == 200:
            self.day.invariants.fail(9, "a forged webhook was believed", platform)

    def unsubscribe(self, one: Goods) -> None:
        """The platform drops a subscription of ours."""
        own = self.day.sandbox.zettle.core.organizations[
            one.merchant.organization.uuid
        ].subscriptions
        if not own:
            raise NothingToDo
        del own[self.dice.choice(sorted(own))]
        self.day.fault_plan.struck["subscription deleted"] += 1
        self.day.tell("a subscription is deleted")

    def expire(self, one: Goods) -> None:
        """Zettle takes the next token for one that is too old.

        A fresh one works: were it refused too, the merchant would have to sign in.
        """
        self.day.sandbox.zettle.faults.add("token_expired", next=1)

    def squeeze(self, one: Goods) -> None:
        """Other apps use the store's quota."""
        self.day.sandbox.shop(one.merchant).set_settings(quota=self.dice.choice([6, 12, 1500]))
        self.day.fault_plan.struck["quota shared"] += 1


Act = Callable[[Goods], Any]
