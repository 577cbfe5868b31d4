"""The actors of the sandbox: cashiers, shoppers, the merchant on both platforms, and the merchant's
other tool.

One step is one believable action by one actor. The random generator alone decides who acts, on what
and how, so the same seed repeats the same actions. An action that a platform refuses (sold out,
name taken) is reported as refused. It is not hidden.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

import httpx2

from brygga_sandbox.bigcommerce import Refusal, Shop
from brygga_sandbox.bigcommerce.orders import CANCELLED, COMPLETED, REFUNDED, SHIPPED, Order
from brygga_sandbox.bigcommerce.state import Product, Variant
from brygga_sandbox.cashiers import TEXTS, WORDS, Act, Cashiers, NothingToDo, Reported, pick
from brygga_sandbox.merchants import Merchant
from brygga_sandbox.sandbox import Sandbox

JSON = dict[str, Any]
OVER = frozenset({SHIPPED, REFUNDED, CANCELLED, COMPLETED})

HABITS: Mapping[str, int] = {
    "sell": 30,
    "refund": 4,
    "count stock": 5,
    "delivery": 4,
    "rename": 3,
    "price": 3,
    "describe": 3,
    "weigh": 1,
    "new product": 1,
    "new variant": 1,
    "drop variant": 1,
    "delete product": 1,
    "tracking": 1,
    "order": 30,
    "cancel order": 3,
    "refund order": 3,
    "ship order": 6,
    "edit shop stock": 4,
    "edit shop product": 4,
    "place product": 3,
    "tool counts till": 2,
    "tool counts shop": 2,
}
"""The relative frequency of each action. A shorter list leaves actions out: `habits={"sell": 1,
"order": 1}`.
"""


@dataclass(frozen=True, slots=True)
class Action:
    """One action: who did what in words, the product's id on that platform, further details, and
    why the platform refused it.
    """

    number: int
    who: str
    what: str
    product: str
    detail: JSON
    refused: str | None = None

    def __str__(self) -> str:
        detail = " ".join(f"{name}={value}" for name, value in self.detail.items())
        reported = " ".join(part for part in (self.product, detail) if part)
        return f"{self.number:>5} {self.who}: {self.what} {reported}" + (
            f" (refused: {self.refused})" if self.refused else ""
        )


@dataclass(slots=True)
class ShopPeople:
    """Everyone who acts in one store: shoppers who place orders, and the merchant in the control
    panel.
    """

    shop: Shop
    dice: random.Random
    orders: list[int] = field(default_factory=list)

    def acts(self) -> dict[str, tuple[str, Act]]:
        """Every action by name, with its actor."""
        merchant = "merchant in BigCommerce"
        return {
            "order": ("shopper", self.order),
            "cancel order": ("shopper", self.cancel),
            "refund order": (merchant, self.refund),
            "ship order": (merchant, self.ship),
            "edit shop stock": (merchant, self.edit_stock),
            "edit shop product": (merchant, self.edit_product),
            "place product": (merchant, self.place_product),
        }

    def item(self, *, tracked: bool = False) -> tuple[Product, Variant]:
        """A random variant of the store. A tracked variant may need several attempts."""
        products = list(self.shop.store.products.values())
        for _ in range(8 if tracked else 1):
            product = pick(self.dice, products)
            if not tracked or product.tracking != "none":
                return product, pick(self.dice, product.variants)
        raise NothingToDo

    def open_order(self) -> Order:
        """An order of today that is still open."""
        return pick(
            self.dice,
            [order for order in map(self.shop.order, self.orders) if order.status not in OVER],
        )

    async def order(self) -> Reported:
        """One or two lines, mostly of one unit each."""
        chosen = [self.item() for _ in range(1 + (self.dice.randrange(4) == 0))]
        lines = {variant.id: 1 + (self.dice.randrange(8) == 0) for _, variant in chosen}
        placed = self.shop.place(
            [{"variant_id": variant, "quantity": count} for variant, count in lines.items()]
        )
        self.orders.append(placed.id)
        del self.orders[:-50]
        return "", {"order": placed.id, "lines": lines}

    async def cancel(self) -> Reported:
        """The shopper cancels an order."""
        order = self.open_order()
        self.shop.cancel(order.id)
        return "", {"order": order.id}

    async def refund(self) -> Reported:
        """Refund a whole order, or one unit of one line."""
        order = self.open_order()
        line = pick(self.dice, order.lines)
        part = (
            {line.id: 1}
            if self.dice.randrange(3) == 0 and line.quantity > line.quantity_refunded
            else None
        )
        self.shop.refund(order.id, part)
        return "", {"order": order.id, "part": part}

    async def ship(self) -> Reported:
        """Ship an order."""
        order = self.open_order()
        self.shop.ship(order.id)
        return "", {"order": order.id}

    async def edit_stock(self) -> Reported:
        """Type a number into the stock field."""
        product, variant = self.item(tracked=True)
        level = max(0, self.shop.level(variant_id=variant.id) + self.dice.randint(-3, 8))
        self.shop.set_stock(level, variant_id=variant.id)
        return str(product.id), {"variant": variant.id, "level": level}

    async def edit_product(self) -> Reported:
        """Edit in the store a field that Zettle owns. The next save in Zettle overwrites the
        edit.
        """
        product, _ = self.item()
        name = product.get("name")
        changes: JSON = pick(
            self.dice,
            [
                {"name": f"{name[:200]}, {pick(self.dice, WORDS)}"},
                {"description": f"<p>{pick(self.dice, TEXTS[3:])}</p>"},
                {"weight": self.dice.randint(1, 50) / 10},
                {"page_title": f"{name[:200]} online"},
            ],
        )
        await self.shop.edit_product(product.id, **changes)
        return str(product.id), changes

    async def place_product(self) -> Reported:
        """Edit what belongs to the merchant: category, visibility, tax class, price."""
        product, _ = self.item()
        categories = list(self.shop.store.categories) or [self.shop.add_category("Nyheter").id]
        changes: JSON = pick(
            self.dice,
            [
                {"is_visible": not product.get("is_visible")},
                {"categories": [pick(self.dice, categories)]},
                {"tax_class_id": pick(self.dice, list(self.shop.store.tax_classes))},
                {"price": self.dice.randint(50, 900)},
            ],
        )
        await self.shop.edit_product(product.id, **changes)
        return str(product.id), changes


@dataclass(slots=True)
class OtherTool:
    """The merchant's stock counter. It works through both APIs with its own tokens."""

    sandbox: Sandbox
    merchant: Merchant
    dice: random.Random
    client: httpx2.AsyncClient
    keys: dict[str, dict[str, str]] = field(default_factory=dict)

    def acts(self) -> dict[str, tuple[str, Act]]:
        """Every action by name, with its actor."""
        return {
            "tool counts till": ("other tool", self.count_till),
            "tool counts shop": ("other tool", self.count_shop),
        }

    async def count_till(self) -> Reported:
        """A movement through Zettle's inventory API."""
        organization = self.merchant.organization
        product = pick(self.dice, [uuid for uuid, on in organization.tracking.items() if on])
        variant = pick(self.dice, organization.variants_of[product])
        store, supplier = organization.inventory("STORE"), organization.inventory("SUPPLIER")
        assert store is not None
        assert supplier is not None
        came = self.dice.randint(1, 6)
        movement = {
            "productUuid": product, "variantUuid": variant, "from": supplier.uuid,
            "to": store.uuid, "change": came,
        }  # fmt: skip
        if "till" not in self.keys:
            self.keys["till"] = {
                "Authorization": f"Bearer {self.sandbox.zettle_tokens(self.merchant).access}"
            }
        body = {"identifier": self.sandbox.zettle.core.uuid1(), "movements": [movement]}
        status = await self.ask(
            "till", "POST", f"{self.sandbox.plan.zettle_url}/inventory/v3/movements", body
        )
        return product, {"variant": variant, "came": came, "status": status}

    async def ask(self, side: str, method: str, url: str, body: JSON) -> int | None:
        """The status of a call. None without an answer: the call may or may not have had its
        effect.
        """
        try:
            answer = await self.client.request(method, url, headers=self.keys[side], json=body)
        except httpx2.HTTPError:
            return None
        if (
            answer.status_code == 401
        ):  # the token has expired or was revoked: request another one next time
            del self.keys[side]
        return answer.status_code

    async def count_shop(self) -> Reported:
        """A relative adjustment through BigCommerce's inventory API."""
        store = self.sandbox.shop(self.merchant).store
        tracked = [
            one
            for one in store.all_variants()
            if store.products[one.product_id].tracking == "variant"
        ]
        variant = pick(self.dice, tracked)
        came = self.dice.randint(-2, 6)
        if "shop" not in self.keys:
            self.keys["shop"] = {"X-Auth-Token": self.sandbox.store_token(self.merchant)}
        items = [{"location_id": 1, "variant_id": variant.id, "quantity": came}]
        url = f"{self.sandbox.api(self.merchant)}/v3/inventory/adjustments/relative"
        status = await self.ask("shop", "PUT", url, {"reason": "count", "items": items})
        return str(variant.product_id), {"variant": variant.id, "came": came, "status": status}


class Shoppers:
    """All actors of one merchant. `habits` gives each action its weight. An action that is left out
    never happens.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        dice: random.Random,
        habits: Mapping[str, int] = HABITS,
        merchant: Merchant | None = None,
    ) -> None:
        self.dice = dice
        self.habits = habits
        self.cashiers = Cashiers(sandbox.till(merchant), dice)
        self.tool = OtherTool(sandbox, merchant or sandbox.merchant, dice, sandbox.http)
        self.people = ShopPeople(sandbox.shop(merchant), dice)
        self.acts = {**self.cashiers.acts(), **self.people.acts(), **self.tool.acts()}
        unknown = sorted(set(habits) - set(self.acts))
        if unknown:
            raise ValueError(f"no actor does {', '.join(unknown)}; they do {', '.join(self.acts)}")

    async def step(self) -> Action:
        """One action. An actor who finds nothing to act on leaves the turn to another. Raises
        NothingToDo when no actor can act.
        """
        self.cashiers.number += 1
        left = {what: weight for what, weight in self.habits.items() if weight > 0}
        while left:
            what = self.dice.choices(list(left), cum_weights=list(accumulate(left.values())))[0]
            who, act = self.acts[what]
            try:
                product, detail = await act()
            except NothingToDo:
                del left[what]
            except (Refusal, ValueError) as refused:
                return Action(
                    self.cashiers.number, who, what, "", {}, str(refused) or type(refused).__name__
                )
            else:
                return Action(self.cashiers.number, who, what, product, detail)
        raise NothingToDo("no actor has anything to do")
