"""The demo library: the shop's departments, and the odd products."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from brygga_sandbox.library.build import JSON, Built, World, build
from brygga_sandbox.library.ceramics import CERAMICS
from brygga_sandbox.library.home import FURNITURE, LIGHTING, POSTERS
from brygga_sandbox.library.items import Department
from brygga_sandbox.library.odd import build_odd
from brygga_sandbox.library.odd_shapes import ODD_SHAPES
from brygga_sandbox.library.odd_texts import ODD_TEXTS
from brygga_sandbox.library.small import BOOKS, CANDLES, GIFTS, JEWELLERY
from brygga_sandbox.library.textiles import TEXTILES

DEPARTMENTS = (CERAMICS, TEXTILES, LIGHTING, FURNITURE, POSTERS, CANDLES, JEWELLERY, BOOKS, GIFTS)
ODDS = (*ODD_SHAPES, *ODD_TEXTS)
_ODD_CORNER = Department("UDD", "Udda", "Säljs i befintligt skick.", ())


@dataclass(slots=True)
class Library:
    """Products as Zettle's API lists them, stock levels by variant (no entry: no row), and which
    products are tracked.

    `odd` finds products by their oddity. `refused` are those that today's API would refuse and that
    can only be loaded unchanged.
    """

    products: list[JSON] = field(default_factory=list)
    stock: dict[str, int] = field(default_factory=dict)
    tracked: list[str] = field(default_factory=list)
    odd: dict[str, list[str]] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)

    def add(self, built: Built) -> str:
        """Add a product. Returns its uuid."""
        uuid: str = built.product["uuid"]
        self.products.append(built.product)
        self.stock |= built.stock
        if built.tracked:
            self.tracked.append(uuid)
        return uuid

    def product(self, uuid: str) -> JSON:
        """The product with that uuid. Raises StopIteration when there is none."""
        return next(product for product in self.products if product["uuid"] == uuid)

    def named(self, name: str) -> JSON:
        """The first product with that name. Raises StopIteration when there is none."""
        return next(product for product in self.products if product["name"] == name)

    def like(self, tag: str) -> Iterator[JSON]:
        """The products with this oddity."""
        return (self.product(uuid) for uuid in self.odd[tag])


def demo_library(
    currency: str = "SEK", namespace: str = "linds", image_base: str = "https://image.izettle.com"
) -> Library:
    """Two hundred products of Linds Keramik & Form, always the same.

    `namespace` separates two organizations (other uuids, same products). `image_base` is the
    address of Zettle's image host.
    """
    world = World(namespace, currency, image_base)
    library = Library()
    for department in DEPARTMENTS:
        for number, item in enumerate(department.items, start=1):
            library.add(build(item, department, number, world))
    for number, odd_one in enumerate(ODDS, start=1):
        uuid = library.add(build_odd(odd_one, _ODD_CORNER, number, world))
        for tag in odd_one.tags:
            library.odd.setdefault(tag, []).append(uuid)
        if odd_one.refused:
            library.refused.add(uuid)
    return library


def odd(tag: str, namespace: str = "linds") -> str:
    """The uuid of the first demo product with this oddity. Raises KeyError for an unknown tag."""
    return _odd_table(namespace)[tag][0]


@cache
def _odd_table(namespace: str) -> dict[str, list[str]]:
    return demo_library(namespace=namespace).odd
