"""The values of a store, and the indexes that keep names, SKUs and addresses unique."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar, TypeVar

from brygga_sandbox.clock import Clock

from .fields import PRODUCT, VARIANT
from .refusal import Json
from .switches import Switches

ABSOLUTE = "absolute"
RELATIVE = "relative"
DEFAULT_LOCATION = 1


def stamp(moment: float) -> str:
    """A time as v3 writes it (bigcommerce facts 0)."""
    return datetime.fromtimestamp(int(moment), UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")


@dataclass(slots=True)
class StockRecord:
    """The number of one item at one location. `born` is false until an absolute number is set
    (bigcommerce facts 5.2).
    """

    location_id: int
    level: int = 0
    born: bool = False
    safety_stock: int = 0
    warning_level: int = 0
    bin_picking_number: str = ""
    backorder_limit: int = 0
    """How many units may be sold beyond the stock on hand. Above 0, `level` may be below zero: the
    stock on hand less the units on backorder.
    """
    backordered: int = 0
    """The units that were sold beyond the stock on hand, and neither shipped nor cancelled since.
    """
    past: list[tuple[float, int, int]] | None = None
    """Earlier levels and units on backorder, with the time at which each ended, oldest first. They
    go back only as far as the read lag.
    """

    def put(self, level: int, now: float, horizon: float, backordered: int | None = None) -> None:
        """Set the level. The old one is remembered for reads that lag."""
        owed = self.backordered if backordered is None else max(0, backordered)
        if horizon > 0 and (level, owed) != (self.level, self.backordered):
            recent = [seen for seen in self.past or () if seen[0] > now - horizon]
            self.past = [*recent, (now, self.level, self.backordered)]
        self.level, self.backordered = level, owed
        self.born = True

    def seen(self, moment: float) -> int:
        """The level at that time."""
        return self.seen_both(moment)[0]

    def seen_both(self, moment: float) -> tuple[int, int]:
        """The level and the units on backorder at that time."""
        for ended, level, backordered in self.past or ():
            if ended > moment:
                return level, backordered
        return self.level, self.backordered

    def shown(self, reading: str, moment: float) -> tuple[int, int]:
        """`total_inventory_onhand` and `qty_backordered`, by one of three readings (open question
        B52).
        """
        level, backordered = self.seen_both(moment)
        return (level if reading == "below_zero" else level + backordered), backordered


@dataclass(slots=True)
class Picture:
    """One image of a product. The address it was fetched from is not stored, because it cannot be
    read back (bigcommerce facts 3.10).
    """

    id: int
    product_id: int
    file: str
    digest: str
    is_thumbnail: bool
    sort_order: int
    description: str
    modified: float


@dataclass(slots=True)
class Video:
    """One YouTube video of a product."""

    id: int
    product_id: int
    video_id: str
    title: str
    description: str
    length: str
    sort_order: int


@dataclass(slots=True)
class Value:
    """One value of an option."""

    id: int
    label: str
    sort_order: int
    is_default: bool = False
    value_data: Any = None


@dataclass(slots=True)
class Option:
    """One option of one product."""

    id: int
    product_id: int
    name: str
    display_name: str
    type: str
    sort_order: int
    values: list[Value]

    def value(self, value_id: int) -> Value | None:
        """The value with that id, if this option has it."""
        return next((value for value in self.values if value.id == value_id), None)


@dataclass(slots=True)
class Variant:
    """One item that can be sold. A base variant has no option values and no `sku_id`."""

    id: int
    product_id: int
    sku_id: int | None
    values: tuple[tuple[int, int], ...] = ()
    """(option id, value id) pairs in the order of the options."""
    fields: dict[str, Any] = field(default_factory=dict)
    records: list[StockRecord] = field(default_factory=list)
    picture: tuple[str, str] | None = None
    """Digest and file name of its only image."""

    def get(self, name: str) -> Any:
        """The stored field, or its default."""
        return self.fields[name] if name in self.fields else VARIANT[name].default

    def put(self, name: str, value: Any) -> None:
        """Store a field. A default value takes no memory."""
        if value == VARIANT[name].default:
            self.fields.pop(name, None)
        else:
            self.fields[name] = value


@dataclass(slots=True)
class Product:
    """One product. `fields` holds only what differs from the default, so that tens of thousands of
    products fit in memory.
    """

    id: int
    created: float
    modified: float
    fields: dict[str, Any]
    url: str = ""
    url_customized: bool = False
    base_variant: bool = True
    variants: list[Variant] = field(default_factory=list)
    options: list[Option] = field(default_factory=list)
    images: list[Picture] = field(default_factory=list)
    videos: list[Video] = field(default_factory=list)
    custom_fields: list[Json] = field(default_factory=list)
    bulk_pricing_rules: list[Json] = field(default_factory=list)
    channels: list[int] = field(default_factory=list)
    records: list[StockRecord] = field(default_factory=list)
    made_by: str | None = None
    """The client id of the app that created it. None for the merchant."""

    def get(self, name: str) -> Any:
        """The stored field, or its default."""
        return self.fields[name] if name in self.fields else PRODUCT[name].default

    def put(self, name: str, value: Any) -> None:
        """Store a field. A default value takes no memory."""
        if value == PRODUCT[name].default:
            self.fields.pop(name, None)
        else:
            self.fields[name] = value

    @property
    def simple(self) -> bool:
        """True if the product has only its base variant."""
        return self.base_variant

    @property
    def tracking(self) -> str:
        """none, product or variant."""
        return str(self.get("inventory_tracking"))

    def variant(self, variant_id: int) -> Variant | None:
        """The variant with that id, if this product has it."""
        return next((variant for variant in self.variants if variant.id == variant_id), None)


@dataclass(slots=True)
class Category:
    """One category of a tree."""

    id: int
    uuid: str
    tree_id: int
    parent_id: int
    name: str
    url: str
    fields: Json = field(default_factory=dict)
    url_customized: bool = False


@dataclass(slots=True)
class Metafield:
    """One key and value that an app (client id) stores with a resource."""

    id: int
    resource_type: str
    resource_id: int
    owner: str
    namespace: str
    key: str
    value: str
    permission_set: str
    description: str
    created: float
    modified: float


@dataclass(slots=True)
class User:
    """A user of the store."""

    id: int
    email: str


@dataclass(slots=True)
class Settings:
    """What a merchant sets in the control panel (bigcommerce facts 7)."""

    name: str = "Annas Butik"
    currency: str = "SEK"
    country: str = "Sweden"
    country_code: str = "SE"
    language: str = "sv"
    timezone: str = "Europe/Stockholm"
    weight_units: str = "KGS"
    is_price_entered_with_tax: bool = True
    plan: str = "Core"
    status: str = "live"
    multiple_users: bool = False
    """Users other than the owner may open apps (bigcommerce facts 1.5)."""
    multi_storefront: bool = False
    update_stock_behavior: str = "order_placed"
    edit_order_stock_adjustment: bool = True
    refund_order_stock_adjustment: bool = True
    default_channel_id: int = 1
    quota: int = 150
    """Requests in 30 seconds, shared by all apps of the store (bigcommerce facts 2.1)."""
    backorders: bool = False
    """The store takes part in the beta of backorders: items have a `backorder_limit` and a
    `qty_backordered`.
    """
    max_products: int = 0
    """How many products the plan allows. 0 means no limit (bigcommerce facts 2.3)."""


class Counter:
    """Ascending ids. Each kind starts at another number, so an id used for the wrong kind never
    matches by accident.
    """

    STARTS: ClassVar[dict[str, int]] = {
        "product": 111, "variant": 1384, "sku": 5350, "option": 220, "value": 7174, "image": 382,
        "video": 17,
        "category": 23, "metafield": 8, "hook": 18_048_287, "custom_field": 6, "rule": 83,
        "order": 250, "line": 900,
        "refund": 3, "brand": 40, "user": 24_654, "address": 5, "shipment": 12,
    }  # fmt: skip

    def __init__(self) -> None:
        self.last: dict[str, int] = {}

    def next(self, kind: str) -> int:
        """The next id of that kind."""
        self.last[kind] = self.last.get(kind, self.STARTS[kind] - 1) + 1
        return self.last[kind]


@dataclass(slots=True)
class Violation:
    """A request by an app that wrote the merchant's own field other than at creation."""

    kind: str
    product_id: int
    client_id: str
    method: str
    path: str
    body: Any


Emit = Callable[[str, Json], None]
Thing = TypeVar("Thing")


def by_id(things: Mapping[int, Thing], key: Any) -> Thing | None:
    """The value with that id, whatever a client sent as an id."""
    return things.get(key) if isinstance(key, int) and not isinstance(key, bool) else None


class Store:
    """One merchant's store: its catalogue, stock, orders and settings. Stores share nothing."""

    def __init__(
        self, store_hash: str, store_id: int, owner: User, clock: Clock, dice: random.Random
    ) -> None:
        self.hash = store_hash
        self.store_id = store_id
        self.owner = owner
        self.orphans: deque[Json] = deque(maxlen=20)
        """Variants of deleted products, which the store-wide list still shows (bigcommerce facts
        3.7).
        """
        self.users: dict[int, User] = {}
        """The users besides the owner whom the owner allowed to open apps."""
        self.clock = clock
        self.dice = dice
        self.account_uuid = uuid_of(dice)
        self.settings = Settings()
        self.switches = Switches()
        self.read_lag_s = 0.0
        self.ids = Counter()
        self.products: dict[int, Product] = {}
        self.variants: dict[int, Variant] = {}
        self.names: dict[str, int] = {}
        self.skus: dict[str, tuple[int, int | None]] = {}
        self.urls: dict[str, int] = {}
        self.categories: dict[int, Category] = {}
        self.trees: dict[int, tuple[str, list[int]]] = {1: ("Default catalog tree", [1])}
        self.channels: dict[int, Json] = {1: channel(1, "Storefront", "storefront", "bigcommerce")}
        self.locations: dict[int, Json] = {DEFAULT_LOCATION: location(DEFAULT_LOCATION)}
        self.metafields: dict[int, Metafield] = {}
        self.metafields_of: dict[tuple[str, int], list[int]] = {}
        self.brands: dict[int, str] = {}
        self.tax_classes: dict[int, str] = {
            0: "Default Tax Class",
            1: "Non-Taxable Products",
            2: "Shipping",
        }
        self.orders: dict[int, Any] = {}
        self.refunds: list[Any] = []
        self.oversold: list[tuple[int, int]] = []
        """(variant id, units) that shipped without being on hand, so that all units can still be
        counted.
        """
        self.events: deque[tuple[float, str, Json]] = deque(maxlen=2000)
        self.violations: list[Violation] = []
        self.channels_at_create: set[tuple[int, int]] = set()
        """(product id, channel id) pairs whose first assignment by an app was answered."""
        self.version = 0
        self.last_listing: tuple[int, tuple[tuple[str, str], ...], list[Product]] | None = None
        self.subscribers: list[Emit] = []

    def now(self) -> float:
        """Unix seconds on the sandbox's clock: the time at which things happen."""
        return self.clock.now()

    def wall(self) -> float:
        """The same time on BigCommerce's own clock, which stamps its records."""
        return self.now() + self.switches.clock_ahead_s

    def emit(self, scope: str, data: Json) -> None:
        """Report an event to every listener."""
        self.events.append((self.now(), scope, data))
        for subscriber in self.subscribers:
            subscriber(scope, data)

    def touched(self, product: Product | None = None) -> None:
        """The catalogue changed, and the product's date_modified with it."""
        self.version += 1
        if product is not None:
            product.modified = self.wall()

    def all_variants(self) -> Iterator[Variant]:
        """Every variant in the order of creation."""
        return iter(self.variants.values())

    def lag(self) -> float:
        """The current lag of stock reads (bigcommerce facts 5.2)."""
        if self.read_lag_s <= 0:
            return 0.0
        return (
            self.dice.uniform(0, self.read_lag_s)
            if self.switches.random_read_lag
            else self.read_lag_s
        )

    def item_moment(self, moment: float) -> float:
        """The time that one item of an answer shows: the answer's, or with one reading its own.

        A fault that makes the whole answer older than usual (`stale_inventory`) applies to each
        item.
        """
        if not self.switches.read_lag_per_item or self.read_lag_s <= 0:
            return moment
        own = self.now() - self.dice.uniform(0, self.read_lag_s)
        return min(own, moment) if moment < self.now() - self.read_lag_s else own


def uuid_of(dice: random.Random) -> str:
    """A version 4 uuid from this random generator."""
    digits = f"{dice.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def channel(channel_id: int, name: str, kind: str, platform: str) -> Json:
    """A channel as GET /v3/channels shows it (bigcommerce facts 7)."""
    return {
        "id": channel_id, "name": name, "type": kind, "platform": platform, "status": "active",
        "is_listable_from_ui": True, "is_visible": True, "external_id": "", "icon_url": "",
    }  # fmt: skip


def location(location_id: int, label: str = "Default location") -> Json:
    """A location as GET /inventory/locations shows it (bigcommerce facts 5.1)."""
    return {
        "id": location_id, "code": f"BC-LOCATION-{location_id}", "label": label, "description": "",
        "managed_by_external_source": False, "type_id": "PHYSICAL", "enabled": True,
        "operating_hours": {},
        "time_zone": "Etc/UTC", "address": {}, "storefront_visibility": True, "special_hours": [],
    }  # fmt: skip
