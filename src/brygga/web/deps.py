"""What the pages are built from. `wiring` builds it. Tests build their own."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

from brygga.core.model import Organization, Shop
from brygga.core.stock import Timing
from brygga.database.engine import Database, Tx
from brygga.database.sessions import Sessions
from brygga.figures import Figures
from brygga.seams import Clock, Dice
from brygga.settings import AlertHooks
from brygga.sync.products.plans import Plans
from brygga.sync.stock import StockCommands

ZETTLE_CALLBACK: Final = "/zettle/auth"
"""Where Zettle sends the merchant back. It is registered with the Zettle app."""
SHOP_CALLBACK: Final = "/bigcommerce/auth"
SHOP_LOAD: Final = "/bigcommerce/load"
SHOP_UNINSTALL: Final = "/bigcommerce/uninstall"
SHOP_REMOVE_USER: Final = "/bigcommerce/remove_user"
"""The four addresses registered with the BigCommerce app (bigcommerce facts 1.2)."""


@dataclass(frozen=True, slots=True)
class ZettleGrant:
    """Zettle has granted a merchant's access: whose account it is, and its tokens."""

    organization: Organization
    access_token: str
    refresh_token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ShopGrant:
    """A store has granted us access. It was read once with the new token, so that set-up can show
    what it found.
    """

    shop: Shop
    token: str
    scope: str = ""
    user_id: int = 0
    """The store's user who approved the app."""


Granted = Callable[[str, str, str], Awaitable[None]]
"""Called with store hash, token and scopes as soon as BigCommerce has given them: from then on the
earlier token is void, even if a later step fails.
"""


@dataclass(frozen=True, slots=True)
class ShopPayload:
    """A verified `signed_payload_jwt`: BigCommerce says who opened, uninstalled or was removed
    (bigcommerce facts 1.5).
    """

    store_hash: str
    id: str
    expires: datetime
    user_id: int = 0
    is_owner: bool = False


class ZettleDoor(Protocol):
    def authorize_url(self, state: str) -> str:
        """Where the merchant signs in and approves. Zettle returns `state` unchanged (zettle facts
        1.2).
        """
        ...

    async def sign_in(self, code: str) -> ZettleGrant:
        """Exchanges a code, which works once. Raises a failure of `core.failures`."""
        ...


class ShopDoor(Protocol):
    def install_url(self) -> str:
        """BigCommerce's external install link (bigcommerce facts 1.3)."""
        ...

    async def install(self, code: str, scope: str, context: str, granted: Granted) -> ShopGrant:
        """Exchanges a code, which works once, calls `granted`, and reads the store. Raises a
        failure of `core.failures`.
        """
        ...

    def read_payload(self, signed_payload_jwt: str) -> ShopPayload | None:
        """None when the signature, the audience or the times are wrong."""
        ...


@dataclass(frozen=True, slots=True)
class WebSettings:
    public_url: str
    csrf_secret: str
    bigcommerce_client_secret: str = ""
    contact_email: str = ""
    erase_after: timedelta = timedelta(days=365)
    keep_webhooks: timedelta = timedelta(days=3)
    """How long webhooks are kept for `brygga replay`. Zero: none is."""
    metrics_token: str = ""
    """With a token, /metrics requires it as a bearer token. Without one, /metrics answers nobody,
    or only this machine.
    """
    metrics_local: bool = False

    stock: Timing = Timing()  # noqa: RUF009 - it is frozen

    rate_limits: bool = True
    """False where a proxy limits requests itself."""

    hsts_subdomains: bool = False

    trusted_proxies: tuple[str, ...] = ()
    """Addresses and networks of the proxies that are trusted to name a client."""

    installation: str = ""
    """What /healthz names us by, so that `brygga doctor` knows whether it reached this one."""

    mail: bool = False
    """Whether this installation can send mail."""

    alert_hooks: AlertHooks = AlertHooks.PUBLIC

    statements_kept: timedelta = timedelta(days=365)

    operator: tuple[str, ...] = field(repr=False, default=())
    """The hashes of the operator's secrets. Without one there are no pages of theirs."""

    operator_reads: tuple[str, ...] = field(repr=False, default=())
    """The hashes of the secrets that may only read."""

    @property
    def has_operator(self) -> bool:
        return bool(self.operator or self.operator_reads)

    @property
    def secure(self) -> bool:
        return self.public_url.startswith("https://")


class Jobs(Protocol):
    async def enqueue(self, tx: Tx, connection_id: int, urgent: bool = False) -> None: ...


@dataclass(frozen=True, slots=True)
class WebDeps:
    database: Database
    jobs: Jobs
    sessions: Sessions
    clock: Clock
    dice: Dice
    settings: WebSettings
    zettle: ZettleDoor
    shop: ShopDoor
    stock: StockCommands | None = None
    plans: Plans = field(default_factory=Plans)
    figures: Figures = field(default_factory=Figures)
    """Of this process: a worker that runs in it has the same."""
