"""The odd shapes: what real libraries contain besides ordinary products, each on its own product.

Every shape is in the documents or in an integrator's list of surprises (zettle facts 2.3 to 2.5, 6,
8). The tags are here and never in the JSON, so that no client can recognise a test product. `DROP`
in a patch removes a field; None writes null.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from brygga_sandbox.library.build import JSON, Built, World, build, patched
from brygga_sandbox.library.items import Department, Item


@dataclass(frozen=True, slots=True)
class Odd:
    """An item and its oddity.

    `patch` is applied to the product, `variants[n]` to variant n and `every` to all variants.
    `stock` gives levels in the order of the variants (None: no row). By default levels are random.
    `refused`: today's API would refuse this product; it exists since earlier.
    """

    tags: tuple[str, ...]
    item: Item
    patch: JSON = field(default_factory=dict)
    variants: tuple[JSON, ...] = ()
    every: JSON = field(default_factory=dict)
    stock: tuple[int | None, ...] | None = None
    tracked: bool | None = None
    refused: bool = False


def build_odd(odd: Odd, department: Department, number: int, world: World) -> Built:
    """The odd product, and its stock."""
    built = build(odd.item, department, number, world)
    product = patched(built.product, odd.patch, world)
    own = [*odd.variants, *({} for _ in product["variants"])]
    product["variants"] = [
        patched(patched(variant, odd.every, world), own[place], world)
        for place, variant in enumerate(product["variants"])
    ]
    if odd.stock is None:
        tracked = built.tracked if odd.tracked is None else odd.tracked
        return Built(product, built.stock if tracked else {}, tracked)
    levels = zip(product["variants"], odd.stock, strict=True)
    stock = {variant["uuid"]: level for variant, level in levels if level is not None}
    return Built(product, stock, odd.tracked is not False)


def options(**values: str) -> list[dict[str, Any]]:
    """The options of a variant."""
    return [{"name": name, "value": value} for name, value in values.items()]


def definitions(**values: str) -> JSON:
    """Definitions as a patch: `Färg="Röd|Blå"`."""
    listed = [
        {"name": name, "properties": [{"value": value} for value in line.split("|")]}
        for name, line in values.items()
    ]
    return {"variantOptionDefinitions": {"definitions": listed}}
