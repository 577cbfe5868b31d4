"""Days of edits on both sides, drawn by dice: Zettle's fields come through, the merchant's stay,
and no request says a word too much.
"""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from brygga.cli.compare import Both, field_mismatches
from brygga.database.engine import Database
from brygga_sandbox.requests import Asked
from tests.conftest import MovableClock
from tests.rules.products_bench import PICTURE, Bench, kr, opened
from tests.rules.wire_law import unlawful

JSON = dict[str, Any]
SIZES = ("S", "M", "L", "xl", "-1")
COLOURS = ("Blå", "Röd")


@dataclass
class Day:
    """One product, and two people who work on it."""

    bench: Bench
    dice: random.Random
    uuid: str = ""
    number: int = 0

    def shape(self) -> JSON:
        """Simple, or with one or two options; variants keep their uuid where they can."""
        till = self.bench.sandbox.till()
        old = [dict(one) for one in till.product(self.uuid)["variants"]] if self.uuid else []
        names = [[], ["Storlek"], ["Färg"], ["Storlek", "Färg"]][self.dice.randint(0, 3)]
        if not names:
            return {
                "variants": [self.fresh(old, []) | {"name": None, "presentation": None}],
                "variantOptionDefinitions": None,
            }
        columns = {
            "Storlek": self.dice.sample(SIZES, self.dice.randint(1, 3)),
            "Färg": list(COLOURS),
        }
        definitions = [{"name": n, "properties": [{"value": v} for v in columns[n]]} for n in names]
        rows: list[list[JSON]] = [[]]
        for name in names:
            rows = [
                [*row, {"name": name, "value": value}] for row in rows for value in columns[name]
            ]
        return {
            "variants": [self.fresh(old, row) for row in rows],
            "variantOptionDefinitions": {"definitions": definitions},
        }

    def fresh(self, old: list[JSON], options: list[JSON]) -> JSON:
        self.number += 1
        known = old.pop(0) if old and self.dice.random() < 0.8 else {}
        values = {
            "name": ", ".join(one["value"] for one in options) or None,
            "sku": known.get("sku") or f"V-{self.number}",
            "price": kr(self.dice.choice([5, 10, 20])),
            "barcode": self.dice.choice([None, "7310865004703", "HYLLA"]),
            "options": options or None,
        }
        if options and self.dice.random() < 0.3:
            values["presentation"] = {"imageUrl": PICTURE}
        return known | values if known else dict(self.bench.sandbox.till().fresh(values))

    def texts(self) -> JSON:
        word = self.dice.choice(["Mugg", "Kopp", "Röd kopp", "Fat & skål"])
        links = self.dice.choice([[], ["https://youtu.be/z3fRu9pkuXE"]])
        pictures = self.dice.choice([None, PICTURE, f"{PICTURE}?{self.dice.randint(1, 3)}"])
        return {
            "name": word,
            "description": self.dice.choice([None, "Drejad\nför hand", "<b>Fin</b>"]),
            "online": {
                "status": "ACTIVE",
                "presentation": {"displayImageUrl": pictures, "mediaUrls": links},
                "shipping": {
                    "shippingPricingModel": "STANDARD",
                    "weightInGrams": self.dice.choice([0, 450, 1200]),
                },
                "seo": {
                    "title": self.dice.choice([None, "Titel"]),
                    "slug": self.dice.choice(["mugg", "kopp"]),
                },
            },
        }

    def at_the_till(self) -> None:
        act: Callable[[], JSON] = self.dice.choice(
            [self.shape, self.texts, lambda: {"externalReference": "x"}]
        )
        self.bench.save(self.uuid, **act())

    async def in_the_shop(self) -> None:
        """The merchant edits fields of Zettle's and of their own, and adds things."""
        shop, id_ = self.bench.sandbox.shop(), await self.bench.product_id(self.uuid)
        match self.dice.randint(0, 3):
            case 0:
                await shop.edit_product(
                    id_, name=f"Eget {self.number}", description="Eget", price=77, weight=9
                )
            case 1:
                await shop.edit_product(
                    id_, is_visible=self.dice.random() < 0.5, tax_class_id=self.dice.randint(0, 2)
                )
            case 2:
                await shop.edit_product(
                    id_, categories=[shop.add_category(f"Rum {self.number}").id]
                )
            case _:
                await shop.edit_product(
                    id_, custom_fields=[{"name": "Glasyr", "value": str(self.number)}]
                )
        self.number += 1

    async def merchants_own(self, *, prices: bool) -> JSON:
        shown = await self.bench.shown(self.uuid)
        names = [
            "categories",
            "is_visible",
            "tax_class_id",
            "custom_fields",
            *([] if prices else ["price"]),
        ]
        return {name: shown[name] for name in names}

    async def mismatches(self, *, prices: bool) -> list[str]:
        """Held against a table of its own (`brygga check`), not our mapping; what is the merchant's
        is not held.
        """
        till, shown = (
            self.bench.sandbox.till().product(self.uuid),
            await self.bench.shown(self.uuid),
        )
        places = {option["id"]: option["sort_order"] for option in shown["options"]}
        for variant in shown["variants"]:
            variant["option_values"].sort(key=lambda value: places[value["option_id"]])
        skus = [(one.get("sku") or "").casefold() for one in till["variants"]]
        both = Both(
            till, shown, None, lambda _: True,
            Counter({till["name"].casefold(): 1}), Counter(skus), Counter(), 0, "SEK", "KGS",
            prices,
        )  # fmt: skip
        own = {"category", "visible", "tax class", *(() if prices else ("price",))}
        return [
            f"{one.field}: {one.zettle} / {one.bigcommerce}"
            for one in field_mismatches(both)
            if one.field not in own
        ]


@pytest.mark.rule("P4", "P6", "C6", "C8")
@pytest.mark.parametrize("prices", [True, False], ids=["with prices", "without prices"])
@pytest.mark.parametrize("seed", range(6))
async def test_a_day_of_edits(
    database: Database, clock: MovableClock, seed: int, prices: bool
) -> None:
    bench = await opened(database, clock)
    bench.sandbox.shop().set_settings(quota=10_000_000)
    day = Day(bench, random.Random(seed))
    first = day.shape()
    day.uuid = bench.till_product(
        "Mugg", *first.pop("variants"), **{k: v for k, v in first.items() if v}
    )
    await bench.finish_setup(prices=prices)

    for step in range(10):
        bench.sandbox.bigcommerce.requests.reset()
        await day.in_the_shop()
        own = await day.merchants_own(prices=prices)
        day.at_the_till()
        await bench.sync(day.uuid)
        said = unlawful(bench.sandbox.bigcommerce.requests.last, prices=prices)
        bench.sandbox.bigcommerce.requests.reset()
        bench.save(day.uuid, externalReference=str(step))
        await bench.sync(day.uuid)

        assert [] == said, step
        assert own == await day.merchants_own(prices=prices), step
        assert [] == await day.mismatches(prices=prices), step
        assert [] == [
            one for one in bench.sandbox.bigcommerce.requests.last if one.method != "GET"
        ], step


def test_the_law_knows_a_word_too_much() -> None:
    """A law that nothing breaks is no law."""

    def asked(method: str, path: str, body: bytes) -> Asked:
        return Asked(method, f"/api/stores/abc/v3{path}", path, (), body, None, {}, 200)

    create = asked(
        "POST", "/catalog/products", b'{"name":"M","categories":[1],"is_visible":false,"price":0}'
    )
    assert [] == unlawful([create], prices=False)
    assert [
        "PUT /catalog/products: is_visible",
        "PUT /catalog/products/7: price",
        "PUT /catalog/variants: price",
        "POST /catalog/products: tax_class_id",
        (
            "PUT /catalog/products/category-assignments: /catalog/products/category-assignments is "
            "never written"
        ),
    ] == unlawful(
        [
            asked("PUT", "/catalog/products", b'[{"id":1,"name":"M","is_visible":true}]'),
            asked("PUT", "/catalog/products/7", b'{"price":1}'),
            asked("PUT", "/catalog/variants", b'[{"id":3,"price":1}]'),
            asked("POST", "/catalog/products", b'{"name":"M","tax_class_id":2}'),
            asked("PUT", "/catalog/products/category-assignments", b"[]"),
        ],
        prices=False,
    )
