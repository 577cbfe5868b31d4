"""The actors on Zettle's side: cashiers who sell and refund, and the merchant who counts, sets
prices and renames products.

Each action is one that the till or the back office offers, on an item that the random generator
chooses. It returns the product (its uuid) and the further details of the action.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from brygga_sandbox.zettle import Line, Till

T = TypeVar("T")
JSON = dict[str, Any]
Reported = tuple[str, JSON]
Act = Callable[[], Awaitable[Reported]]

WORDS = ("ny upplaga", "andrasortering", "kampanj", "årets", "gåva", "återkommen")
TEXTS = (
    "Kom in i veckan, går fort.",
    "Nu i ny glasyr & <mjukare> form.",
    "Rad ett\nrad två\n\nrad fyra med å, ä och ö.",
    "Sista från året.",
    "Handgjord – varje exemplar är sitt eget 🙂",
)


class NothingToDo(LookupError):
    """The action has no possible target: no sale to refund, no product to rename."""


def pick(dice: random.Random, things: Sequence[T]) -> T:
    """One of the items, at random. Raises NothingToDo when there is none."""
    if not things:
        raise NothingToDo
    return things[dice.randrange(len(things))]


@dataclass(slots=True)
class Cashiers:
    """Everyone who works in one Zettle account. `number` counts the steps of the day, so that new
    things get new names.
    """

    till: Till
    dice: random.Random
    number: int = 0
    sales: list[JSON] = field(default_factory=list)

    def acts(self) -> dict[str, tuple[str, Act]]:
        """Every action by name, with its actor."""
        merchant = "merchant in Zettle"
        return {
            "sell": ("cashier", self.sell),
            "refund": ("cashier", self.refund),
            "count stock": (merchant, self.count_stock),
            "delivery": (merchant, self.delivery),
            "rename": (merchant, self.rename),
            "price": (merchant, self.price),
            "describe": (merchant, self.describe),
            "weigh": (merchant, self.weigh),
            "new product": (merchant, self.new_product),
            "new variant": (merchant, self.new_variant),
            "drop variant": (merchant, self.drop_variant),
            "delete product": (merchant, self.delete_product),
            "tracking": (merchant, self.tracking),
        }

    def pick(self, things: Sequence[T]) -> T:
        """One of the items, at random."""
        return pick(self.dice, things)

    def product(self, *, tracked: bool = False) -> JSON:
        """A random product of the account."""
        organization = self.till.organization
        uuids = (
            [uuid for uuid, on in organization.tracking.items() if on]
            if tracked
            else list(organization.products)
        )
        return self.till.product(self.pick(uuids))

    async def sell(self) -> Reported:
        """One to three lines, mostly of products in stock. A cashier can also sell what the stock
        record does not show.
        """
        lines = {}
        for _ in range(1 + self.dice.randrange(3)):
            product = self.product()
            variant = self.pick(product["variants"])["uuid"]
            tracked = self.till.organization.tracked(product["uuid"])
            if not tracked or self.till.balance(variant) > 0 or self.dice.random() < 0.05:
                lines[variant] = 1 + (self.dice.randrange(10) == 0)
        if not lines:
            raise NothingToDo
        self.sales.append(self.till.sell([Line(*line) for line in lines.items()]))
        del self.sales[:-50]
        return "", {"lines": lines}

    async def refund(self) -> Reported:
        """Refund an earlier sale. Sometimes the goods are not returned to stock."""
        sale = self.pick(
            [sale for sale in self.sales if not sale["refunded"] and self.still_sold(sale)]
        )
        restock = self.dice.random() < 0.9
        self.till.refund(sale, restock=restock)
        return "", {"purchase": sale["purchaseUUID1"], "restock": restock}

    def still_sold(self, sale: JSON) -> bool:
        """Whether every product on the receipt is still in the library. Sales of removed products
        are not refunded here.
        """
        return all(
            row["variantUuid"] in self.till.organization.product_of for row in sale["products"]
        )

    async def count_stock(self) -> Reported:
        """A stock count makes a small correction, up or down."""
        product = self.product(tracked=True)
        variant = self.pick(product["variants"])["uuid"]
        balance = max(0, self.till.balance(variant) + self.dice.randint(-3, 3))
        self.till.set_stock(variant, balance)
        return product["uuid"], {"variant": variant, "balance": balance}

    async def delivery(self) -> Reported:
        """New goods arrive for every variant of a product."""
        product = self.product(tracked=True)
        came = self.dice.randint(5, 30)
        for variant in product["variants"]:
            self.till.set_stock(variant["uuid"], self.till.balance(variant["uuid"]) + came)
        return product["uuid"], {"each": came}

    async def rename(self) -> Reported:
        """Add a word to the name, or remove the last word."""
        product = self.product()
        bare = product["name"].rpartition(", ")[0] if product["name"].endswith(WORDS) else ""
        name = bare or f"{product['name'][:200]}, {self.pick(WORDS)}"
        self.till.edit_product(product["uuid"], name=name)
        return product["uuid"], {"name": name}

    async def price(self) -> Reported:
        """Change a price by up to a fifth, rounded to a whole krona. A price that is entered at the
        till becomes a fixed price.
        """
        product = self.product()
        variant = self.pick(product["variants"])
        old = (variant.get("price") or {}).get("amount") or 100_00
        new = old * self.dice.randint(80, 120) // 10_000 * 100
        self.till.edit_variant(variant["uuid"], price=new)
        return product["uuid"], {"variant": variant["uuid"], "price": new}

    async def describe(self) -> Reported:
        """Change the description, in the till or in the online part."""
        product, text = self.product(), self.pick(TEXTS)
        if product.get("online") and self.dice.randrange(2):
            self.till.edit_product(product["uuid"], online={"description": text})
        else:
            self.till.edit_product(product["uuid"], description=text)
        return product["uuid"], {"text": text}

    async def weigh(self) -> Reported:
        """Set a product's weight."""
        product, grams = self.product(), 50 * self.dice.randint(1, 100)
        shipping = {"weightInGrams": grams, "weight": None, "shippingPricingModel": "STANDARD"}
        seo = {} if product.get("online") else {"status": "HIDDEN"}
        self.till.edit_product(product["uuid"], online={**seo, "shipping": shipping})
        return product["uuid"], {"grams": grams}

    async def new_product(self) -> Reported:
        """Add a product in Zettle's own pages, sometimes with sizes."""
        name = f"Nyhet {self.number} {self.pick(WORDS)}"
        if self.dice.randrange(3):
            made = self.till.create_product(
                name, price=100_00 + 100 * self.dice.randrange(400), sku=f"NY-{self.number}"
            )
        else:
            sizes = ("Liten", "Stor")
            properties = [{"value": size} for size in sizes]
            made = self.till.create_product(
                name,
                [
                    {
                        "name": size,
                        "price": 150_00,
                        "options": [{"name": "Storlek", "value": size}],
                        "sku": f"NY-{self.number}-{size[0]}",
                    }
                    for size in sizes
                ],
                variantOptionDefinitions={
                    "definitions": [{"name": "Storlek", "properties": properties}]
                },
            )
        if self.dice.randrange(4):
            self.till.track(made["uuid"])
            for variant in made["variants"]:
                self.till.set_stock(variant["uuid"], self.dice.randint(0, 20))
        return made["uuid"], {"name": name, "variants": len(made["variants"])}

    async def new_variant(self) -> Reported:
        """Add a value to a product's only option."""
        product = self.product_with_one_option()
        definition = product["variantOptionDefinitions"]["definitions"][0]
        value = f"Ny {self.number}"
        variant = {
            "name": value,
            "price": product["variants"][0].get("price"),
            "options": [{"name": definition["name"], "value": value}],
        }
        properties = [*definition["properties"], {"value": value}]
        self.till.edit_product(
            product["uuid"],
            variants=[*product["variants"], variant],
            variantOptionDefinitions={"definitions": [{**definition, "properties": properties}]},
        )
        return product["uuid"], {"value": value}

    async def drop_variant(self) -> Reported:
        """Remove the last variant of a product. Its value stays in the option's list, as it does in
        Zettle.
        """
        product = self.product_with_one_option()
        if len(product["variants"]) < 2:
            raise NothingToDo
        self.till.edit_product(product["uuid"], variants=product["variants"][:-1])
        return product["uuid"], {"variant": product["variants"][-1]["uuid"]}

    def product_with_one_option(self) -> JSON:
        """A product with one option and space for another value. After several attempts without
        success another actor acts.
        """
        for _ in range(8):
            product = self.product()
            definitions = (product.get("variantOptionDefinitions") or {}).get("definitions") or ()
            if len(definitions) == 1 and len(product["variants"]) < 20:
                return product
        raise NothingToDo

    async def delete_product(self) -> Reported:
        """Delete a product."""
        product = self.product()
        self.till.delete_product(product["uuid"])
        return product["uuid"], {"name": product["name"]}

    async def tracking(self) -> Reported:
        """Switch inventory tracking."""
        product = self.product()
        on = not self.till.organization.tracked(product["uuid"])
        self.till.track(product["uuid"], on)
        return product["uuid"], {"on": on}
