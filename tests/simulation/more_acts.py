"""What people and networks do on the days that are sampled for it (`sampled`): late reports of old
sales, edited orders, backorders, lost answers.
"""

import asyncio
from typing import Any

from brygga_sandbox.cashiers import NothingToDo
from brygga_sandbox.merchants import Merchant
from brygga_sandbox.zettle import Line
from tests.simulation.day import Day, Goods, Mode

OLDEST_S = 6 * 3600.0
"""A till is offline for so long at most."""
STOCK_WRITES = {"bigcommerce": "*/inventory/adjustments/*", "zettle": "*/movements"}


class MoreActs:
    """One act per method; each is offered on the days of one kind."""

    def __init__(self, day: Day, orders: list[tuple[Goods, int]]) -> None:
        self.day = day
        self.dice = day.dice
        self.orders = orders
        self.cancelled: list[tuple[Goods, int]] = []

    # ---- A till that was offline -----------------------------------------------------------------

    def till_comes_back(self, one: Goods) -> None:
        """It tells of all its old sales at once."""
        till, now = self.day.sandbox.till(one.merchant), self.day.sandbox.zettle.core.now()
        own = [
            goods
            for goods in self.day.goods
            if goods.merchant is one.merchant and goods.mode is not Mode.DEAD
        ]
        ages = sorted(
            (self.dice.uniform(1, OLDEST_S) for _ in range(self.dice.randint(3, 8))), reverse=True
        )
        for age in ages:
            sold = self.dice.choice(own)
            if self.day.till_level(sold) > 0 or self.dice.random() < 0.1:
                line = Line(sold.variant, self.dice.choice([1, 1, 2]))
                self.day.account(
                    "old sale", lambda line=line, age=age: till.sell([line], at=now - age)
                )

    # ---- Orders ----------------------------------------------------------------------------------

    def edit_order(self, one: Goods) -> None:
        """One that stands is changed, shipped or cancelled; one that was cancelled is brought
        back.
        """
        among = self.cancelled if self.cancelled and self.dice.random() < 0.4 else self.orders
        ordered, order_id = self.dice.choice(among) if among else (one, 0)
        if not order_id or ordered.mode is Mode.DEAD:
            raise NothingToDo
        shop = self.day.sandbox.shop(ordered.merchant)
        order = shop.order(order_id)
        if among is self.cancelled:
            self.day.account("bring back", lambda: shop.bring_back(order.id))
            self._moved((ordered, order.id), self.cancelled, self.orders)
            return
        acts = [
            self._change,
            self._change,
            self._add,
            self._add,
            self._remove,
            self._ship_part,
            self._ship,
            self._cancel,
        ]
        self.dice.choice(acts)(ordered, shop, order)

    def _moved(
        self,
        order: tuple[Goods, int],
        source: list[tuple[Goods, int]],
        target: list[tuple[Goods, int]],
    ) -> None:
        source.remove(order)
        target.append(order)

    def _change(self, one: Goods, shop: Any, order: Any) -> None:
        """Another quantity of a line."""
        line = self.dice.choice(order.lines)
        count = max(1, line.quantity + self.dice.choice([-2, -1, 1, 2]))
        self.day.account("change order", lambda: shop.edit_order(order.id, {line.id: count}))

    def _add(self, one: Goods, shop: Any, order: Any) -> None:
        added = self.dice.choice(
            [goods for goods in self.day.goods if goods.merchant is one.merchant]
        )
        found, units = self.day.item(added), self.dice.choice([1, 1, 2])
        if found is None:
            raise NothingToDo
        self.day.account("add line", lambda: shop.add_line(order.id, units, variant_id=found[1].id))

    def _remove(self, one: Goods, shop: Any, order: Any) -> None:
        line = self.dice.choice(order.lines)
        self.day.account("remove line", lambda: shop.remove_line(order.id, line.id))

    def _ship_part(self, one: Goods, shop: Any, order: Any) -> None:
        line = self.dice.choice(order.lines)
        self.day.account("ship part", lambda: shop.ship_part(order.id, {line.id: 1}))

    def _ship(self, one: Goods, shop: Any, order: Any) -> None:
        self.day.account("ship", lambda: shop.ship(order.id))

    def _cancel(self, one: Goods, shop: Any, order: Any) -> None:
        """To be brought back later."""
        self.day.account("cancel", lambda: shop.cancel(order.id))
        self._moved((one, order.id), self.orders, self.cancelled)

    # ---- Backorders ------------------------------------------------------------------------------

    def order_beyond(self, one: Goods) -> None:
        """All that is there is ordered, and more: the merchant takes backorders of it from now
        on.
        """
        found, level = self.day.item(one), self.day.shop_level(one)
        if found is None or level is None or one.mode is not Mode.SHARED:
            raise NothingToDo
        shop, variant = self.day.sandbox.shop(one.merchant), found[1].id
        if not one.backorders:
            one.backorders = self.dice.randint(1, 6)
            shop.allow_backorders(one.backorders, variant_id=variant)
            self.day.tell(f"{one.sku} may be ordered {one.backorders} beyond what is there")
        units = max(1, level + self.dice.randint(1, one.backorders))
        placed = self.day.account(
            "order beyond", lambda: shop.place([{"variant_id": variant, "quantity": units}])
        )
        self.orders.append((one, placed.id))

    # ---- Networks --------------------------------------------------------------------------------

    async def fall_silent(self, one: Goods) -> None:
        """For a while most answers to stock writes get lost at one platform, and the other one
        sells: several calls are open at once.
        """
        name = self.dice.choice(["bigcommerce", "bigcommerce", "zettle"])
        lasts_s, faults = self.dice.uniform(20, 90), getattr(self.day.sandbox, name).faults
        for kind, share in (("cut_after", 0.4), ("cut_before", 0.4)):
            faults.add(kind, path=STOCK_WRITES[name], probability=share, lasts_s=lasts_s)
        self.day.fault_plan.struck["silent spell"] += 1
        self.day.tell(f"{name} is silent about stock writes for {lasts_s:.0f} s")
        for _ in range(self.dice.randint(3, 7)):
            self._sell(one.merchant, at_till=name == "bigcommerce")
            await asyncio.sleep(self.dice.uniform(0.3, 6))

    def _sell(self, merchant: Merchant, *, at_till: bool) -> None:
        """One of whatever there is."""
        own = [
            goods
            for goods in self.day.goods
            if goods.merchant is merchant and goods.mode is not Mode.DEAD
        ]
        one = self.dice.choice(own) if own else None
        found = None if one is None else self.day.item(one)
        if (
            one is None
            or found is None
            or self.day.till_level(one) <= 0
            or (self.day.shop_level(one) or 0) <= 0
        ):
            return
        if at_till:
            self.day.account(
                "sell", lambda: self.day.sandbox.till(merchant).sell([Line(one.variant, 1)])
            )
        else:
            line = {"variant_id": found[1].id, "quantity": 1}
            self.day.account("order", lambda: self.day.sandbox.shop(merchant).place([line]))
