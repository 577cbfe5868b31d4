"""The nouns of the integration, as `docs/rules.md` uses them.

`Product` is what Zettle says, `CatalogProduct` what we want in BigCommerce,
`Observed…` what BigCommerce holds, `Synced` what we last wrote.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

NOTHING: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount in minor units of an ISO 4217 currency."""

    minor: int
    currency: str


# ---- Zettle: the till side -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OptionDefinition:
    """An option of a Zettle product and its values, in the merchant's order, as written (not
    trimmed).
    """

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Variant:
    """One Zettle variant. `price` is None when the cashier types the price at the till."""

    uuid: str
    name: str = ""
    sku: str = ""
    barcode: str = ""
    price: Money | None = None
    options: tuple[tuple[str, str], ...] = ()
    """Pairs of (option name, value), in Zettle's order; empty in a simple product."""
    image_url: str = ""


@dataclass(frozen=True, slots=True)
class Product:
    """One Zettle product with the fields that rule P1 carries over. Absent, null and empty text are
    all "".
    """

    uuid: str
    name: str
    etag: str
    variants: tuple[Variant, ...]
    definitions: tuple[OptionDefinition, ...] = ()
    description: str = ""
    online_description: str = ""
    seo_title: str = ""
    seo_description: str = ""
    slug: str = ""
    weight_grams: Decimal | None = None
    weight_unread: str = ""
    """A weight in a unit that we do not know, as written; there are no grams then."""
    image_urls: tuple[str, ...] = ()
    """Every picture once, the main one first."""
    media_urls: tuple[str, ...] = ()
    """Possible videos, as written; mapping keeps those that BigCommerce can show."""
    vat_percentage: Decimal | None = None
    unit_name: str = ""
    created: datetime | None = None
    updated: datetime | None = None


class TaxationMode(StrEnum):
    INCLUSIVE = "INCLUSIVE"
    EXCLUSIVE = "EXCLUSIVE"


@dataclass(frozen=True, slots=True)
class Organization:
    """The Zettle account. One account has one currency (zettle facts 1.6)."""

    uuid: str
    name: str
    currency: str
    country: str = ""
    taxation_mode: TaxationMode = TaxationMode.INCLUSIVE
    language: str = ""
    contact_email: str = ""


class InventoryType(StrEnum):
    STORE = "STORE"
    SOLD = "SOLD"
    SUPPLIER = "SUPPLIER"
    BIN = "BIN"


# ---- BigCommerce: the shop side ------------------------------------------------------------------


class WeightUnit(StrEnum):
    KILOGRAM = "kg"
    GRAM = "g"
    OUNCE = "oz"
    POUND = "lb"
    TONNE = "t"


class StockMoment(StrEnum):
    """When BigCommerce takes an order's goods from stock (rule C12)."""

    ORDER_PLACED = "order_placed"
    ORDER_SHIPPED = "order_completed_or_shipped"


@dataclass(frozen=True, slots=True)
class Shop:
    """What we know of the BigCommerce store. `weight_unit` is None when the store names a unit that
    we do not know.
    """

    store_hash: str
    name: str
    currency: str
    weight_unit: WeightUnit | None
    prices_include_tax: bool
    domain: str = ""
    control_panel_url: str = ""
    default_channel_id: int = 1
    multi_storefront: bool = False
    location_id: int = 1
    category_id: int | None = None
    category_is_ours: bool = False
    """We made it, so we may delete it when it is empty at the end."""
    tree_id: int | None = None
    stock_moment: StockMoment | None = None
    backorders: bool = False
    """Some of its products may be sold beyond what is on hand (decision 21)."""
    restocks_refunds: bool | None = None
    owner_email: str = ""


class Tracking(StrEnum):
    """BigCommerce's `inventory_tracking`."""

    NONE = "none"
    PRODUCT = "product"
    VARIANT = "variant"


@dataclass(frozen=True, slots=True)
class CatalogVariant:
    """A variant as we want it in BigCommerce. `key` is the Zettle variant's uuid."""

    key: str
    sku: str = ""
    generated_sku: bool = False
    upc: str = ""
    gtin: str = ""
    price: Decimal | None = None
    """None: inherit the product's price, or prices are not ours."""
    values: tuple[tuple[str, str], ...] = ()
    """Pairs of (option, label), one for each of the product's options, in their order; empty in a
    simple product.
    """
    image: str = ""


@dataclass(frozen=True, slots=True)
class CatalogOption:
    name: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CatalogImage:
    source: str
    is_thumbnail: bool
    sort_order: int


@dataclass(frozen=True, slots=True)
class CatalogProduct:
    """The product as Zettle wants it in BigCommerce: every Zettle-owned field, none of the
    merchant's own.

    A simple product has no options and exactly one variant, whose SKU, barcode and price are the
    product's. `price` is None when prices are not synced or Zettle's price is open.
    """

    key: str
    name: str
    description: str
    weight: Decimal | None
    """In the store's unit. None while that unit is unknown to us: 0 at birth, never written."""
    page_title: str
    meta_description: str
    url: str
    """The custom URL's path with slashes around, or "" for BigCommerce's own choice."""
    variants: tuple[CatalogVariant, ...]
    options: tuple[CatalogOption, ...] = ()
    price: Decimal | None = None
    images: tuple[CatalogImage, ...] = ()
    videos: tuple[str, ...] = ()
    """YouTube ids, in order."""

    @property
    def is_simple(self) -> bool:
        return not self.options


# ---- What BigCommerce holds ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ObservedValue:
    value_id: int
    label: str
    sort_order: int = 0


@dataclass(frozen=True, slots=True)
class ObservedOption:
    option_id: int
    name: str
    values: tuple[ObservedValue, ...]
    sort_order: int = 0


@dataclass(frozen=True, slots=True)
class ObservedVariant:
    """`values` holds (option id, value id) pairs; a base variant has none. `price` None inherits
    the product's.
    """

    variant_id: int
    sku: str = ""
    upc: str = ""
    gtin: str = ""
    price: Decimal | None = None
    values: tuple[tuple[int, int], ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    image_url: str = ""
    inventory_level: int = 0


@dataclass(frozen=True, slots=True)
class ObservedImage:
    image_id: int
    is_thumbnail: bool = False
    sort_order: int = 0
    file: str = ""
    """The shop's own name for it; "" where the answer does not say."""


@dataclass(frozen=True, slots=True)
class ObservedVideo:
    id: int
    video_id: str
    sort_order: int = 0


@dataclass(frozen=True, slots=True)
class ObservedProduct:
    """A product as BigCommerce answers it. `options` is None when the answer did not include
    them.
    """

    product_id: int
    name: str
    description: str = ""
    sku: str = ""
    upc: str = ""
    gtin: str = ""
    price: Decimal = Decimal(0)
    weight: Decimal = Decimal(0)
    page_title: str = ""
    meta_description: str = ""
    url: str = ""
    category_ids: tuple[int, ...] = ()
    is_visible: bool = False
    tax_class_id: int = 0
    tracking: Tracking = Tracking.NONE
    inventory_level: int | None = 0
    """None where the answer names no number."""
    base_variant_id: int | None = None
    variants: tuple[ObservedVariant, ...] = ()
    options: tuple[ObservedOption, ...] | None = None
    images: tuple[ObservedImage, ...] = ()
    videos: tuple[ObservedVideo, ...] = ()
    created: datetime | None = None
    modified: datetime | None = None


# ---- What we last wrote --------------------------------------------------------------------------


class Origin(StrEnum):
    """Who made the BigCommerce product of a binding (decision 12)."""

    CREATED = "created"
    LINKED = "linked"


@dataclass(frozen=True, slots=True)
class Synced:
    """A binding: the BigCommerce product of a Zettle product, what we last wrote, and our children
    in it.

    `etag` and `fingerprint` are those of the last sync that ended well; "" while one has not.
    """

    key: str
    product_id: int
    origin: Origin = Origin.CREATED
    etag: str = ""
    fingerprint: str = ""
    variants: Mapping[str, int] = field(default_factory=lambda: NOTHING)
    """Zettle variant uuid -> variant id (a simple product's base variant included)."""
    options: Mapping[str, int] = field(default_factory=lambda: NOTHING)
    """Option name as we wrote it -> option id."""
    values: Mapping[tuple[str, str], int] = field(default_factory=lambda: MappingProxyType({}))
    """(option name, label) as we wrote them -> value id."""
    images: Mapping[str, int] = field(default_factory=lambda: NOTHING)
    """Source URL -> image id; while an upload has not been answered, the newest id that was there
    before it, negative (or 0).
    """
    variant_images: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Zettle variant uuid -> source URL of the picture last uploaded for it."""
    videos: Mapping[str, int] = field(default_factory=lambda: NOTHING)
    """YouTube id -> BigCommerce's id of the video; 0 while adding it has not been answered."""


# ---- One merchant --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Choices:
    """What the merchant chose at set-up (C4, C5, C9)."""

    prices: bool = False
    whole_library: bool = False


class Stage(StrEnum):
    """How far set-up has come. The merchant signs in first, so a connection always has its Zettle
    account.
    """

    ZETTLE_CONNECTED = "zettle_connected"
    STORE_CONNECTED = "store_connected"
    PRICES_CHOSEN = "prices_chosen"
    PRODUCTS_CHOSEN = "products_chosen"
    RUNNING = "running"
    LEAVING = "leaving"
    """Disconnecting with removal: our products are being deleted in the store."""
    DISCONNECTED = "disconnected"


@dataclass(frozen=True, slots=True)
class Connection:
    """One Zettle account and, once connected, one BigCommerce store. `id` scopes every row we
    keep.
    """

    id: int
    organization: Organization
    stage: Stage
    shop: Shop | None = None
    choices: Choices = Choices()
    paused: str = ""
    """The code of what only the merchant can help with; "" while work goes on."""
    prices_paused: bool = False
    """A currency changed: prices wait for the merchant (decision 10)."""
    hook_key: str = field(default="", repr=False)
    """The unguessable part of our webhook addresses, per connection."""

    @property
    def is_running(self) -> bool:
        return self.stage is Stage.RUNNING and not self.paused
