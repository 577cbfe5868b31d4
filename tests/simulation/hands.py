"""What merchants do to variants and to the counting of products in BigCommerce's control panel
(decisions 17 and 18).

A product that is counted in another way than in Zettle is `Mode.PAUSED`: neither side moves the
other, and the log says so. When it is counted as in Zettle again, Zettle's number counts. What
moves in the store before the service has read that may count or not (`Goods.handled`). A deleted
variant stays away until somebody makes it again.
"""

from typing import Any

from brygga.database import bindings, work_items
from brygga.database.work_items import Kind
from brygga.sync.products.hands import RECOUNT
from brygga_sandbox.bigcommerce import options
from brygga_sandbox.cashiers import NothingToDo
from tests.simulation.actors import Actors
from tests.simulation.day import Day, Goods, Mode
from tests.simulation.process import LoopTime


class Hands:
    """One act per method."""

    def __init__(self, day: Day, actors: Actors) -> None:
        self.day = day
        self.dice = day.dice
        self.actors = actors

    def whole(self, one: Goods, mode: Mode = Mode.SHARED) -> tuple[Any, Any, list[Goods]]:
        """The shop, the product there, and all its goods, if all of them are in this mode."""
        siblings, found = self.actors.siblings(one), self.day.item(one)
        if found is None or any(other.mode is not mode for other in siblings):
            raise NothingToDo
        return self.day.sandbox.shop(one.merchant), found[0], siblings

    def _on_their_way(self, one: Goods) -> None:
        """Units that the shop moved and the till has not heard of may be lost with the number, or
        not, each movement by itself.
        """
        lost = self.day.till_level(one) - one.truth
        falls, rises = (sum(part for part in one.parts if (part > 0) is up) for up in (False, True))
        one.less += min(0, lost, -rises)
        one.more += max(0, lost, -falls)

    def _touched(self, goods: list[Goods], mode: Mode) -> None:
        for one in goods:
            self._on_their_way(one)
            one.mode, one.handled = mode, True

    # ---- Counting --------------------------------------------------------------------------------

    async def count_otherwise(self, one: Goods) -> None:
        """Sizes are counted as one, a product with an option of the merchant's by variant, or
        nothing is counted at all.
        """
        shop, product, siblings = self.whole(one)
        if product.simple and self.dice.random() < 0.5:
            raise NothingToDo
        split = self.day.is_simple(one)
        other = "variant" if split else "product"
        tracking = "none" if product.simple or self.dice.random() < 0.2 else other
        self._touched(siblings, Mode.PAUSED)
        for sibling in siblings:
            sibling.reads = self._reads(one)
        await shop.edit_product(product.id, inventory_tracking=tracking)
        if tracking == "product" and self.dice.random() < 0.7:
            shop.set_stock(self.dice.randint(0, 30), product_id=product.id)
        self.day.tell(f"{one.key} is counted by {tracking}")

    async def count_as_before(self, one: Goods) -> None:
        shop, product, siblings = self.whole(one, Mode.PAUSED)
        for sibling in siblings:
            sibling.blinked = sibling.blinked or sibling.reads == self._reads(one)
        await shop.edit_product(
            product.id, inventory_tracking="product" if self.day.is_simple(one) else "variant"
        )
        self.day.tell(f"{one.key} is counted as before")

    def _reads(self, one: Goods) -> int:
        return self.day.invariants.readings[one.merchant.store_hash]

    async def press_recount(self, one: Goods) -> None:
        """The button on our page, which is there once the service has seen it."""
        self.whole(one, Mode.PAUSED)
        async with self.day.page.transaction() as tx:
            binding = await bindings.get(tx, one.connection, one.product)
            if binding is None or not binding.counting:
                raise NothingToDo
            subject = str(binding.synced.product_id)
            await work_items.add(
                tx, one.connection, Kind.SHOP_PRODUCT, subject, LoopTime().now(), detail=RECOUNT
            )
        self.day.tell(f"recount {one.key}")

    # ---- Options and variants --------------------------------------------------------------------

    async def give_option(self, one: Goods) -> None:
        shop, product, siblings = self.whole(one)
        if not product.simple or product.tracking != "product":
            raise NothingToDo
        self._touched(siblings, Mode.SHARED)
        shop.add_option(product.id, "Gravyr", ["Ja", "Nej"])
        if self.dice.random() < 0.5:
            shop.set_stock(self.day.till_level(one), product_id=product.id)
        self.day.tell(f"an option for {one.key}")

    async def take_option(self, one: Goods) -> None:
        shop, product, siblings = self.whole(one, self.dice.choice([Mode.SHARED, Mode.PAUSED]))
        if product.simple or not self.day.is_simple(one):
            raise NothingToDo
        self._touched(siblings, one.mode)
        options.delete(shop.store, product, product.options[0])
        self.day.tell(f"{one.key} has no option any more")

    async def lose_size(self, one: Goods) -> None:
        """The variant alone, or with its value."""
        shop, product, _ = self.whole(one)
        if self.day.is_simple(one) or len(product.variants) < 2:
            raise NothingToDo
        variant = self.day.item(one)[1]  # type: ignore[index]
        self._on_their_way(one)
        one.mode, one.cut, one.sku_there = Mode.AWAY, True, str(variant.get("sku"))
        shop.delete_variant(variant.id)
        if self.dice.random() < 0.5:
            (option,) = product.options
            used = {pair[1] for other in product.variants for pair in other.values}
            option.values = [value for value in option.values if value.id in used]
        self.day.tell(f"{one.sku} deleted in the shop")

    async def make_size(self, one: Goods) -> None:
        """With the same SKU; its number is typed, or not."""
        lost = [other for other in self.actors.siblings(one) if other.cut]
        if not lost or self.day.item(lost[0]) is not None:
            raise NothingToDo
        one, shop = lost[0], self.day.sandbox.shop(lost[0].merchant)
        product = self._product(one)
        (option,) = product.options
        if all(value.label != one.sku[-1] for value in option.values):
            row = {"label": one.sku[-1], "sort_order": len(option.values)}
            options.add_value(shop.store, product, option, row)
        (value,) = [value for value in option.values if value.label == one.sku[-1]]
        made = [
            v for v in shop.add_all_combinations(product.id) if (option.id, value.id) in v.values
        ]
        if not made:
            raise NothingToDo
        one.mode, one.cut, one.handled = Mode.SHARED, False, True
        await shop.edit_variant(made[0].id, sku=one.sku_there)
        if self.dice.random() < 0.5:
            shop.set_stock(self.dice.randint(0, 9), variant_id=made[0].id)
        self.day.tell(f"{one.sku} made again in the shop")

    def _product(self, one: Goods) -> Any:
        for product in self.day.sandbox.shop(one.merchant).store.products.values():
            if product.made_by is not None and str(product.get("name")).startswith(one.key):
                return product
        raise NothingToDo
