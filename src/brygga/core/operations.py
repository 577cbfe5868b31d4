"""The operations on a BigCommerce product, as values. `planning` makes them, `sync.products`
applies them.

A plan is a tuple of operations in the order in which they must happen. Each can be printed,
compared, counted and shown to the merchant. Where an id is not known yet, an operation has a name:
options, values and variants are named as in `CatalogProduct`, and `sync.products` finds their ids
among the children that earlier operations returned.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from brygga.core.model import CatalogImage, CatalogOption, CatalogProduct, CatalogVariant, Tracking

Scalar = str | int | Decimal | bool | None
Changes = Mapping[str, Scalar]
"""Our attribute names (`name`, `description`, `price`, `weight`, `sku`, `upc`, `gtin`,
`page_title`, `meta_description`, `url`, `tracking`, `image`) and their new values; `price: None` on
a variant means inherit."""


@dataclass(frozen=True, slots=True)
class Create:
    """The birth-only fields: written once, when a product is created, and never again (P3, P4).

    `levels` are the initial stock levels by Zettle variant uuid, None when Zettle does not track
    the product. `price` is the initial price of a product without one: 0 (C6, decision 10).
    """

    category_id: int
    levels: Mapping[str, int] | None = None
    price: Decimal = Decimal(0)

    @property
    def tracked(self) -> bool:
        return self.levels is not None


@dataclass(frozen=True, slots=True)
class CreateProduct:
    desired: CatalogProduct
    create: Create


@dataclass(frozen=True, slots=True)
class UpdateProduct:
    product_id: int
    changes: Changes


@dataclass(frozen=True, slots=True)
class UpdateVariant:
    product_id: int
    variant_id: int
    changes: Changes


@dataclass(frozen=True, slots=True)
class CreateVariant:
    """Its option values are found by name. `level` is None when the product is not tracked."""

    product_id: int
    variant: CatalogVariant
    level: int | None = None


@dataclass(frozen=True, slots=True)
class DeleteVariant:
    product_id: int
    variant_id: int


@dataclass(frozen=True, slots=True)
class CreateOption:
    product_id: int
    option: CatalogOption
    sort_order: int


@dataclass(frozen=True, slots=True)
class RenameOption:
    product_id: int
    option_id: int
    name: str
    sort_order: int


@dataclass(frozen=True, slots=True)
class DeleteOption:
    product_id: int
    option_id: int


@dataclass(frozen=True, slots=True)
class CreateValue:
    product_id: int
    option: str
    label: str
    sort_order: int


@dataclass(frozen=True, slots=True)
class RenameValue:
    product_id: int
    option_id: int
    value_id: int
    label: str
    sort_order: int


@dataclass(frozen=True, slots=True)
class DeleteValue:
    product_id: int
    option_id: int
    value_id: int


@dataclass(frozen=True, slots=True)
class AddImage:
    product_id: int
    image: CatalogImage


@dataclass(frozen=True, slots=True)
class UpdateImage:
    product_id: int
    image_id: int
    image: CatalogImage


@dataclass(frozen=True, slots=True)
class DeleteImage:
    product_id: int
    image_id: int


@dataclass(frozen=True, slots=True)
class AddVideo:
    product_id: int
    video_id: str
    sort_order: int


@dataclass(frozen=True, slots=True)
class MoveVideo:
    product_id: int
    id: int
    sort_order: int


@dataclass(frozen=True, slots=True)
class DeleteVideo:
    product_id: int
    id: int


@dataclass(frozen=True, slots=True)
class DeleteProduct:
    product_id: int


@dataclass(frozen=True, slots=True)
class Unlink:
    """A linked product is let go and stays in the store (decision 12)."""

    product_id: int


@dataclass(frozen=True, slots=True)
class Forget:
    """The binding is deleted. Nothing is sent."""

    product_id: int


@dataclass(frozen=True, slots=True)
class SetTracking:
    product_id: int
    tracking: Tracking


Operation = (
    CreateProduct
    | UpdateProduct
    | UpdateVariant
    | CreateVariant
    | DeleteVariant
    | CreateOption
    | RenameOption
    | DeleteOption
    | CreateValue
    | RenameValue
    | DeleteValue
    | AddImage
    | UpdateImage
    | DeleteImage
    | AddVideo
    | MoveVideo
    | DeleteVideo
    | DeleteProduct
    | Unlink
    | Forget
    | SetTracking
)
