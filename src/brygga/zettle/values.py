"""The arguments and results of Zettle's calls, beside the nouns of `core.model`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from brygga.core.model import InventoryType, Money, OptionDefinition, Product


@dataclass(frozen=True, slots=True)
class ZettleUrls:
    """One base address per host, so that each can be replaced (zettle facts 1.1)."""

    oauth: str = "https://oauth.zettle.com"
    products: str = "https://products.izettle.com"
    inventory: str = "https://inventory.izettle.com"
    pusher: str = "https://pusher.izettle.com"
    purchase: str = "https://purchase.izettle.com"
    secure: str = "https://secure.izettle.com"
    image: str = "https://image.izettle.com"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A product that lacks what Zettle itself guarantees: it is named and skipped, and the others
    go on.
    """

    uuid: str
    reason: str
    name: str = ""
    """"" when the product lacks its name."""


@dataclass(frozen=True, slots=True)
class LibraryPage:
    """One page of the library, or of what changed since an earlier one.

    `until` of the first page is where the next read starts. What changes while later pages are read
    is then read again, never missed. `next` leads to the following page, "" on the last.
    """

    products: tuple[Product, ...]
    unreadable: tuple[Unreadable, ...] = ()
    deleted: tuple[str, ...] = ()
    until: str = ""
    next: str = ""


@dataclass(frozen=True, slots=True)
class FeedTooOld:
    """The feed does not reach back to that point: read the whole library (zettle facts 2.2)."""


@dataclass(frozen=True, slots=True)
class NewVariant:
    uuid: str
    name: str = ""
    sku: str = ""
    barcode: str = ""
    price: Money | None = None
    options: tuple[tuple[str, str], ...] = ()


class SalesTax(StrEnum):
    """How a product of an account with sales tax is taxed. Accounts with VAT have a percentage
    instead (zettle facts 2.9).
    """

    DEFAULT = "default"
    EXEMPT = "exempt"


@dataclass(frozen=True, slots=True)
class NewProduct:
    """A product of our own form. All uuids are version 1 (zettle facts 2.7)."""

    uuid: str
    name: str
    variants: tuple[NewVariant, ...]
    definitions: tuple[OptionDefinition, ...] = ()
    description: str = ""
    online_description: str = ""
    seo_title: str = ""
    seo_description: str = ""
    slug: str = ""
    weight_grams: int | None = None
    vat_percentage: Decimal | None = None
    tax: SalesTax | None = None
    image_urls: tuple[str, ...] = ()
    """The main picture first, at most 26."""


@dataclass(frozen=True, slots=True)
class Inventory:
    """One of the account's inventories (formerly locations). It is found by type, not by name,
    which a merchant may change.
    """

    uuid: str
    type: InventoryType
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class Balance:
    """The balance of one variant in one inventory. None when Zettle's number could not be read,
    which is never the same as 0.
    """

    product_uuid: str
    variant_uuid: str
    inventory_uuid: str
    balance: int | None
    updated: datetime | None = None


@dataclass(frozen=True, slots=True)
class StockOf:
    """Zettle's answer about the stock of some products.

    `whole` names the products of an answer that has rows: such an answer leaves products out on
    purpose. An answer without any row may be empty by mistake. `refused` names the products that
    Zettle calls untracked or unknown.
    """

    rows: tuple[Balance, ...] = ()
    whole: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()

    def joined(self, other: "StockOf") -> "StockOf":
        return StockOf(
            self.rows + other.rows, self.whole | other.whole, self.refused | other.refused
        )


@dataclass(frozen=True, slots=True)
class Movement:
    """`change` pieces of a variant move from one inventory to another; 1 to 100 000 (zettle facts
    3.5).
    """

    product_uuid: str
    variant_uuid: str
    source: str
    target: str
    change: int


@dataclass(frozen=True, slots=True)
class Subscription:
    """A webhook subscription. `signing_key` is "" when the answer did not hold it."""

    uuid: str
    destination: str
    events: tuple[str, ...]
    is_active: bool = True
    signing_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class User:
    uuid: str
    organization_uuid: str


@dataclass(frozen=True, slots=True)
class PurchaseRow:
    product_uuid: str
    variant_uuid: str
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Purchase:
    """A Zettle sale or refund, with the fields that can explain a change of stock. It never drives
    stock (zettle facts 5.4).
    """

    uuid: str
    number: int
    is_refund: bool
    rows: tuple[PurchaseRow, ...]
    at: datetime | None = None
    seller: str = ""
    """The display name of the account's user who sold it."""
    source: str = ""
    """POS, WEB_SHOP or SDK."""


@dataclass(frozen=True, slots=True)
class PurchasePage:
    purchases: tuple[Purchase, ...]
    cursor: str = ""
    """Where the next read continues; unchanged when nothing came."""


@dataclass(frozen=True, slots=True)
class Picture:
    """The bytes of a picture with a proper file name, for a store that checks the extension (zettle
    facts 6.2).
    """

    name: str
    media_type: str
    content: bytes = field(repr=False)


Statuses = Mapping[str, bool]
"""Product uuid -> whether its stock is tracked."""
