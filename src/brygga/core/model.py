"""The nouns of the integration, as `docs/rules.md` uses them.

`Product` is what Zettle shows, `CatalogProduct` what we want in BigCommerce, `Observed…` what
BigCommerce shows, and `Synced` what we last wrote.
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


# ---- Zettle --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OptionDefinition:
    """An option of a Zettle product and its values, in the merchant's order, as written (not
    trimmed).
    """

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Variant:
    """One Zettle variant. `price` is None when the cashier types the price in Zettle."""

    uuid: str
    name: str = ""
    sku: str = ""
    barcode: str = ""
    price: Money | None = None
    options: tuple[tuple[str, str], ...] = ()
    """Pairs of (option name, value), in Zettle's order. Empty in a simple product."""
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
    """A weight in an unknown unit, as written. Then `weight_grams` is None."""
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


# ---- BigCommerce ---------------------------------------------------------------------------------


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
    """What we know about the BigCommerce store. `weight_unit` is None when its unit is unknown."""

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
    """We created it, so we may delete it if it is empty when the merchant disconnects."""
    tree_id: int | None = None
    stock_moment: StockMoment | None = None
    backorders: bool = False
    """Some of its products may be sold without being in stock (decision 21)."""
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
    """Pairs of (option, label), one for each of the product's options, in their order. Empty in a
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
    """In the store's unit. None while that unit is unknown: 0 at creation, never written later."""
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


# ---- What BigCommerce shows ----------------------------------------------------------------------


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
    """`values` are (option id, value id) pairs; a base variant has none. With `price` None the
    variant inherits the product's price.
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
    """The store's own name for it. "" where the answer has none."""
    url: str = field(default="", compare=False)
    """Where a small form of it can be seen."""


@dataclass(frozen=True, slots=True)
class ObservedVideo:
    id: int
    video_id: str
    sort_order: int = 0


@dataclass(frozen=True, slots=True)
class ObservedProduct:
    """A product as BigCommerce returns it. `options` is None when the answer does not include
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
    """None where the answer has no number."""
    base_variant_id: int | None = None
    variants: tuple[ObservedVariant, ...] = ()
    options: tuple[ObservedOption, ...] | None = None
    images: tuple[ObservedImage, ...] = ()
    videos: tuple[ObservedVideo, ...] = ()
    created: datetime | None = None
    modified: datetime | None = None


# ---- What we last wrote --------------------------------------------------------------------------


class Origin(StrEnum):
    """Whether we created the BigCommerce product of a binding, or linked it (decision 12)."""

    CREATED = "created"
    LINKED = "linked"


@dataclass(frozen=True, slots=True)
class Synced:
    """A binding: the BigCommerce product of a Zettle product, what we last wrote, and our children
    in it.

    `etag` and `fingerprint` are those of the last successful sync. "" before the first.
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
    """Source URL -> image id. While an upload has no answer: the newest image id before it, as a
    negative number (or 0).
    """
    variant_images: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Zettle variant uuid -> source URL of the picture last uploaded for it."""
    videos: Mapping[str, int] = field(default_factory=lambda: NOTHING)
    """YouTube id -> BigCommerce's id of the video. 0 while adding it has no answer."""


# ---- One merchant --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Choices:
    """What the merchant chose at set-up (C4, C5, C9)."""

    prices: bool = False
    whole_library: bool = False


class Stage(StrEnum):
    """The stage of a connection. The merchant signs in first, so a connection always has its Zettle
    account.
    """

    ZETTLE_CONNECTED = "zettle_connected"
    STORE_CONNECTED = "store_connected"
    PRICES_CHOSEN = "prices_chosen"
    PRODUCTS_CHOSEN = "products_chosen"
    WATCHING = "watching"
    """Beside another app that links the two: both sides are read, nothing is written."""
    RUNNING = "running"
    LEAVING = "leaving"
    """Disconnecting with removal: our products are being deleted in the store."""
    DISCONNECTED = "disconnected"


@dataclass(frozen=True, slots=True)
class Connection:
    """One Zettle account and, once connected, one BigCommerce store. Every stored row belongs to a
    connection's `id`.
    """

    id: int
    organization: Organization
    stage: Stage
    shop: Shop | None = None
    choices: Choices = Choices()
    paused: str = ""
    """The code of the failure that only the merchant can resolve. "" while work goes on."""
    prices_paused: bool = False
    """A currency changed: prices wait for the merchant (decision 10)."""
    products_paused: bool = False
    """The merchant has paused product sync. Stock sync goes on."""
    hook_key: str = field(default="", repr=False)
    """The unguessable part of our webhook addresses, per connection."""

    @property
    def is_running(self) -> bool:
        return self.stage is Stage.RUNNING and not self.paused
