"""The arguments and results of BigCommerce's calls, beside the nouns of `core.model`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Generic, TypeVar

from brygga.core.model import CatalogVariant, ObservedProduct, ObservedVariant, StockMoment

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ShopUrls:
    """The base address of the API (bigcommerce facts 0); `oauth.ShopApp` has that of sign-in."""

    api: str = "https://api.bigcommerce.com"


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list. `next` is the number of the following page, None on the last."""

    items: tuple[T, ...]
    next: int | None = None
    total: int = 0

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)


@dataclass(frozen=True, slots=True)
class Saved:
    """A product that was saved. `failed` holds what was not saved (207): its address or its stock,
    by field.

    `complete` is False when the ids of its variants or pictures are not known yet: read the product
    before relying on them.
    """

    product: ObservedProduct
    failed: Mapping[str, str] = field(default_factory=dict)
    complete: bool = True


@dataclass(frozen=True, slots=True)
class BatchSaved:
    """The products that a batch saved. A product that is absent from `products` was not saved;
    `failed` is what the store said about the parts.
    """

    products: Mapping[int, ObservedProduct]
    failed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewVariant:
    """A variant for an existing product. `values` are (option id, value id), one for every option
    of the product.
    """

    product_id: int
    variant: CatalogVariant
    values: tuple[tuple[int, int], ...]
    level: int | None = None


@dataclass(frozen=True, slots=True)
class OwnedVariant:
    """A variant and its product's id, as in the store-wide list."""

    product_id: int
    variant: ObservedVariant


@dataclass(frozen=True, slots=True)
class Metafield:
    """A key and value of our own at a product."""

    id: int
    product_id: int
    key: str
    value: str


@dataclass(frozen=True, slots=True)
class MetafieldsSaved:
    """The products whose metafield was saved. For the others it existed already, or the product is
    gone.
    """

    saved: tuple[Metafield, ...]
    failed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Category:
    id: int
    name: str
    tree_id: int = 0
    parent_id: int = 0


@dataclass(frozen=True, slots=True)
class Tree:
    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Channel:
    id: int
    name: str
    type: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class Currency:
    code: str
    is_default: bool
    decimals: int = 2


@dataclass(frozen=True, slots=True)
class InventorySettings:
    """What rule C12 shows the merchant; None when the store does not say."""

    moment: StockMoment | None
    restocks_refunds: bool | None


@dataclass(frozen=True, slots=True)
class Location:
    id: int
    label: str = ""


@dataclass(frozen=True, slots=True)
class Level:
    """The stock of one item at one location. `onhand` is what adjustments change, less the units
    that are already sold on backorder (decision 21); `available` is what the storefront sells.

    None means that the answer held no number, which is never the same as 0.
    """

    product_id: int
    variant_id: int
    onhand: int | None
    available: int | None
    safety_stock: int = 0
    sku: str = ""
    backorder_limit: int = 0
    backordered: int = 0

    @property
    def takes_backorders(self) -> bool:
        return self.backorder_limit > 0 or self.backordered > 0


@dataclass(frozen=True, slots=True)
class StockChange:
    """One item of an adjustment. `quantity` is the new number (absolute) or the signed change
    (relative).

    Exactly one of `variant_id` and `product_id` is given: the level at which the product is tracked
    (bigcommerce facts 5.2).
    """

    location_id: int
    quantity: int
    variant_id: int = 0
    product_id: int = 0

    def __post_init__(self) -> None:
        assert bool(self.variant_id) != bool(self.product_id), "one identity per item"


@dataclass(frozen=True, slots=True)
class Hook:
    """One webhook. Its headers hold our secret."""

    id: int
    scope: str
    destination: str
    is_active: bool = True
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class OrderLine:
    line_id: int
    product_id: int
    variant_id: int
    quantity: Decimal
    shipped: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Order:
    """The part of an order that can explain a change of stock: no names, no addresses, no money."""

    id: int
    status_id: int
    source: str = ""
    created: datetime | None = None
    modified: datetime | None = None


@dataclass(frozen=True, slots=True)
class Refund:
    id: int
    order_id: int
    items: tuple[tuple[int, Decimal], ...]
    """(order line id, quantity)."""
    created: datetime | None = None
