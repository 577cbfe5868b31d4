"""What people do in a day: they sell, refund, order, cancel, count, edit. Every act is one that the
platforms offer.
"""

from collections.abc import Callable, Mapping
from typing import Any

from brygga_sandbox.bigcommerce import Refusal
from brygga_sandbox.cashiers import NothingToDo
from brygga_sandbox.zettle import Line
from tests.simulation.actors import Actors
from tests.simulation.day import Day, Goods, Mode
from tests.simulation.hands import Hands
from tests.simulation.more_acts import MoreActs

BASIC = {"sell": 8, "refund": 2, "count": 1, "order": 8, "cancel": 2, "refund order": 1}
SPECIAL: Mapping[str, Mapping[str, float]] = {
    "shop edits": {"edit stock": 3},
    "other tool": {"tool counts": 2},
    "product edits": {"rename": 1, "edit in shop": 1, "hang picture": 0.3},
    "separate": {"split": 0.7, "join": 1.5},
    "tracking": {"track off": 0.4, "track on": 2},
    "assign": {"unassign": 0.4, "assign": 2},
    "deletions": {"lose in shop": 0.3, "delete in till": 0.15, "assign": 2},
    "variants": {"add variant": 0.5, "drop variant": 0.3},
    "leaving": {"leave": 0.3},
    "hands": {"count otherwise": 4, "count as before": 4, "press recount": 4}
    | {"give option": 4, "take option": 2, "lose size": 4, "make size": 4},
    "forged hook": {"forge": 0.5},
    "subscription deleted": {"unsubscribe": 0.3},
    "quota shared": {"squeeze": 1},
    "token_expired": {"expire": 0.7},
    "till offline": {"till comes back": 0.7},
    "order edits": {"edit order": 5},
    "backorders": {"order beyond": 2.5},
    "silent spell": {"fall silent": 2},
}
"""Who does what, beside the everyday: by kind of people and of weather."""


class Acts:
    """The people of one day."""

    def __init__(self, day: Day) -> None:
        self.day = day
        self.dice = day.dice
        self.weights: dict[str, float] = dict(BASIC)
        for kind, more in SPECIAL.items():
            if kind in day.fault_plan.on:
                self.weights |= more
        self.actors = Actors(day)
        self.hands = Hands(day, self.actors)
        self.sales: list[tuple[Goods, Any]] = []
        self.orders: list[tuple[Goods, int]] = []
        self.more = MoreActs(day, self.orders)

    async def step(self) -> tuple[str, str] | None:
        """One act: what it is, and whose product it is about. None where it cannot be done."""
        what = self.dice.choices(list(self.weights), list(self.weights.values()))[0]
        self.day.recounted()
        one = self.dice.choice([goods for goods in self.day.goods if goods.mode is not Mode.DEAD])
        name = what.replace(" ", "_")
        act: Callable[[Goods], Any] = next(
            getattr(who, name)
            for who in (self, self.actors, self.hands, self.more)
            if hasattr(who, name)
        )
        try:
            done = act(one)
            if done is not None:
                await done
        except (Refusal, NothingToDo, ValueError, LookupError) as refused:
            self.day.tell(f"{what} refused: {type(refused).__name__} {refused}")
            return None
        return what, one.key

    def item(self, one: Goods) -> tuple[Any, Any]:
        found = self.day.item(one)
        if found is None:
            raise NothingToDo
        return found

    def units(self) -> int:
        return self.dice.choice([1, 1, 1, 2, 3])

    # ---- Zettle ----------------------------------------------------------------------------------

    def sell(self, one: Goods) -> None:
        if self.day.till_level(one) <= 0 and self.dice.random() < 0.8:
            raise NothingToDo
        till, units = self.day.sandbox.till(one.merchant), self.units()
        receipt = self.day.account("sell", lambda: till.sell([Line(one.variant, units)]))
        self.sales.append((one, receipt))

    def refund(self, one: Goods) -> None:
        if not self.sales:
            raise NothingToDo
        one, receipt = self.sales.pop(self.dice.randrange(len(self.sales)))
        if one.mode is Mode.DEAD:
            raise NothingToDo
        self.day.account("refund", lambda: self.day.sandbox.till(one.merchant).refund(receipt))

    def count(self, one: Goods) -> None:
        level = max(0, self.day.till_level(one) + self.dice.randint(-4, 8))
        self.day.account(
            "count", lambda: self.day.sandbox.till(one.merchant).set_stock(one.variant, level)
        )

    def rename(self, one: Goods) -> None:
        till = self.day.sandbox.till(one.merchant)
        name = f"{one.sku[:6]} {self.dice.randint(1, 99)}"
        self.day.account("rename", lambda: till.edit_product(one.product, name=name))
        self.day.edited.discard(one.product)
        if one.lost:
            self.actors.come_back(one)
        for other in self.actors.siblings(one):
            if other.cut:
                other.mode, other.cut, other.handled = Mode.SHARED, False, True

    # ---- BigCommerce -----------------------------------------------------------------------------

    def order(self, one: Goods) -> None:
        shop, line = (
            self.day.sandbox.shop(one.merchant),
            {"variant_id": self.item(one)[1].id, "quantity": self.units()},
        )
        placed = self.day.account("order", lambda: shop.place([line]))
        self.orders.append((one, placed.id))

    def cancel(self, one: Goods) -> None:
        self._undo("cancel", lambda shop, order: shop.cancel(order))

    def refund_order(self, one: Goods) -> None:
        self._undo("refund order", lambda shop, order: shop.refund(order))

    def _undo(self, what: str, how: Callable[[Any, int], Any]) -> None:
        if not self.orders:
            raise NothingToDo
        one, order = self.orders.pop(self.dice.randrange(len(self.orders)))
        if one.mode is Mode.DEAD:
            raise NothingToDo
        self.day.account(what, lambda: how(self.day.sandbox.shop(one.merchant), order))

    def edit_stock(self, one: Goods) -> None:
        before = self.day.shop_level(one)
        if before is None:
            raise NothingToDo
        level = max(0, before + self.dice.randint(-3, 6))
        shop, variant = self.day.sandbox.shop(one.merchant), self.item(one)[1].id
        self.day.account("edit stock", lambda: shop.set_stock(level, variant_id=variant))

    def tool_counts(self, one: Goods) -> None:
        """Another app changes the number: its hooks look like ours."""
        before = self.day.shop_level(one)
        if before is None:
            raise NothingToDo
        level = max(0, before + self.dice.choice([-2, -1, 1, 2, 5]))
        shop, variant = self.day.sandbox.shop(one.merchant), self.item(one)[1].id
        self.day.account("tool counts", lambda: shop.set_stock(level, variant_id=variant))

    async def edit_in_shop(self, one: Goods) -> None:
        shop = self.day.sandbox.shop(one.merchant)
        product, _ = self.item(one)
        await shop.edit_product(product.id, description=f"<p>{self.dice.randint(1, 99)}</p>")
        self.day.edited.add(one.product)
        self.day.tell("edit in shop")
