"""The state of the Zettle sandbox: plain values, with no behaviour beyond lookups."""

from bisect import bisect_right
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

import msgspec

JSON = dict[str, Any]

SCOPES = (
    "READ:PRODUCT",
    "WRITE:PRODUCT",
    "READ:PURCHASE",
    "READ:FINANCE",
    "READ:USERINFO",
    "WRITE:USERINFO",
    "READ:PAYMENT",
    "WRITE:PAYMENT",
)


@dataclass(slots=True)
class App:
    """An app of the developer portal (1.2)."""

    client_id: str
    client_secret: str
    name: str
    redirect_uris: tuple[str, ...]
    scopes: tuple[str, ...] = SCOPES


@dataclass(slots=True)
class User:
    """A person who can sign in to an organization."""

    uuid: str
    name: str
    email: str


@dataclass(slots=True)
class Grant:
    """What a merchant has allowed an app. It exists as long as the application connection."""

    organization: str
    client_id: str
    user: str
    scopes: tuple[str, ...]
    since: float


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key that a merchant created for an app of their own (1.3)."""

    text: str
    organization: str
    client_id: str
    user: str
    scopes: tuple[str, ...]


@dataclass(slots=True)
class Token:
    """An access or a refresh token."""

    grant: Grant
    scopes: tuple[str, ...]
    expires: float
    alive: bool = True


@dataclass(slots=True)
class Code:
    """An authorization code. It is valid for ten minutes, once (1.2)."""

    grant: Grant
    scopes: tuple[str, ...]
    redirect_uri: str
    expires: float
    challenge: str | None


@dataclass(slots=True)
class Stored:
    """A product as the API answers it, stored as the bytes of its JSON. Fifty thousand of them fit
    in little memory.
    """

    seq: int
    uuid: str
    etag: str
    in_pos: bool
    body: bytes
    created_by: str

    def value(self) -> JSON:
        """The product as a fresh value that may be changed."""
        decoded: JSON = msgspec.json.decode(self.body)
        return decoded


@dataclass(slots=True)
class Row:
    """The balance of one variant in one inventory (3.4)."""

    seq: int
    inventory: str
    product: str
    variant: str
    balance: int
    created: float
    updated: float


@dataclass(frozen=True, slots=True)
class Inventory:
    """A place that stock moves from or to (3.2)."""

    uuid: str
    type: str
    name: str
    default: bool


@dataclass(frozen=True, slots=True)
class Logged:
    """An entry of the library's event log (2.2)."""

    uuid: str
    product: str


@dataclass(slots=True)
class Import:
    """Many products that are being imported into the library (2.1)."""

    uuid: str
    created: float
    due: float
    user: str
    products: list[JSON]
    state: str = "IMPORTING"
    error: str | None = None


@dataclass(slots=True)
class Subscription:
    """A webhook subscription of one app in one organization (4.1)."""

    uuid: str
    client_id: str
    event_names: tuple[str, ...]
    destination: str
    contact_email: str
    signing_key: str
    updated: float
    status: str = "ACTIVE"
    mails: int = 0

    def wants(self, event: str) -> bool:
        """An empty list of names means all events."""
        return not self.event_names or event in self.event_names


@dataclass(slots=True)
class Organization:
    """One merchant: details, library, stock, purchases, subscriptions."""

    uuid: str
    details: JSON
    users: list[User]
    first_event: str
    products: dict[str, Stored] = field(default_factory=dict)
    product_of: dict[str, str] = field(default_factory=dict)
    events: list[Logged] = field(default_factory=list)
    event_at: dict[str, int] = field(default_factory=dict)
    categories: dict[str, str] = field(default_factory=dict)
    imports: list[Import] = field(default_factory=list)
    tax_rates: dict[str, JSON] = field(default_factory=dict)
    inventories: dict[str, Inventory] = field(default_factory=dict)
    tracking: dict[str, bool] = field(default_factory=dict)
    rows: dict[tuple[str, str], Row] = field(default_factory=dict)
    variants_of: dict[str, tuple[str, ...]] = field(default_factory=dict)
    purchases: list[JSON] = field(default_factory=list)
    purchase_at: dict[str, int] = field(default_factory=dict)
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    settings: JSON = field(default_factory=dict)
    seq: int = 0
    tokens_left: float = 0.0
    tokens_at: float = 0.0
    ordered_products: list[Stored] | None = None
    ordered_rows: list[Row] | None = None

    @property
    def currency(self) -> str:
        return str(self.details["currency"])

    @property
    def owner(self) -> User:
        return self.users[0]

    def next_seq(self) -> int:
        self.seq += 1
        return self.seq

    def inventory(self, kind: str) -> Inventory | None:
        """The default inventory of that type, if the organization already has inventories."""
        return next(
            (
                i
                for i in self.inventories.values()
                if i.type == kind and (i.default or kind != "STORE")
            ),
            None,
        )

    def tracked(self, product: str) -> bool:
        return self.tracking.get(product, False)

    def balance(self, inventory: str, variant: str) -> int:
        """A variant without a row has 0 (3.4)."""
        row = self.rows.get((inventory, variant))
        return row.balance if row else 0

    def products_after(self, seq: int) -> list[Stored]:
        """The products in order of creation, from the one after that number."""
        if self.ordered_products is None:
            self.ordered_products = sorted(self.products.values(), key=attrgetter("seq"))
        return self.ordered_products[
            bisect_right(self.ordered_products, seq, key=attrgetter("seq")) :
        ]

    def rows_after(self, seq: int) -> list[Row]:
        """The stock rows of all inventories in order of creation, from the one after that
        number.
        """
        if self.ordered_rows is None:
            self.ordered_rows = sorted(self.rows.values(), key=attrgetter("seq"))
        return self.ordered_rows[bisect_right(self.ordered_rows, seq, key=attrgetter("seq")) :]


@dataclass(slots=True)
class Picture:
    """A file of the image host."""

    data: bytes
    content_type: str
    since: float
