"""Everything in one BigCommerce, whatever its address: stores, apps, webhooks, faults, and the
access checks of the API.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import httpx2

from brygga_sandbox.clock import Clock
from brygga_sandbox.faults import Faults
from brygga_sandbox.fetching import Fetch, fetcher
from brygga_sandbox.http import AsgiApp, Router
from brygga_sandbox.outbox import Outbox, Post, poster
from brygga_sandbox.requests import Requests

from .apps import App, Apps, Visit
from .door import SPEAKERS, Door
from .hooks import BLOCKED, Hooks
from .media import Camera
from .shop import Shop
from .state import Store, User, Violation
from .switches import Switches


@dataclass(frozen=True, slots=True)
class Config:
    """Settings that are choices of the sandbox and not readings of a document. Times are
    seconds.
    """

    public_url: str = ""
    """The address at which clients and browsers find the sandbox. Empty: the address that the
    client used.
    """
    read_lag_s: float = 0.0
    """How long reads of stock lag behind writes (bigcommerce facts 5.2)."""
    hook_delay_s: float = 0.0
    """How long it takes until a new webhook works. The platform takes up to 60 (bigcommerce facts
    6.1).
    """
    busy_s: float = 0.0
    """How long a call takes that must not run beside another of its kind (bigcommerce facts 2.1).
    0: one turn of the event loop.
    """
    delivery_timeout_s: float = 10.0
    """How long a delivery waits for an answer (bigcommerce facts 6.4)."""
    requests_kept: int = 1000


class Core:
    """Everything there is in one BigCommerce sandbox.

    `http` delivers webhooks and callbacks and fetches pictures. Each can be given on its own:
    `post` (url, headers, body -> status or None), `visit` (GET url -> status or None), `fetch` (url
    -> bytes or None).
    """

    def __init__(
        self,
        clock: Clock,
        dice: random.Random,
        http: httpx2.AsyncClient | None = None,
        config: Config | None = None,
        switches: Switches | None = None,
        *,
        post: Post | None = None,
        visit: Visit | None = None,
        fetch: Fetch | None = None,
    ) -> None:
        self.clock = clock
        self.dice = dice
        self.config = config or Config()
        self.first_switches = switches or Switches()
        self.carry = post or poster(
            http or httpx2.AsyncClient(), self.config.delivery_timeout_s, acknowledges
        )
        self.stores: dict[str, Store] = {}
        self.hooks: dict[str, Hooks] = {}
        self.faults = Faults(clock, dice, SPEAKERS)
        self.requests = Requests(self.config.requests_kept)
        self.outbox = Outbox(clock, self.deliver, dice)
        own = f"{self.config.public_url}/cdn/" if self.config.public_url else ""
        self.camera = Camera(fetch or fetcher(http), own)
        self.apps = Apps(clock, dice, visit or shopper(http))
        self.door = Door(
            stores=self.stores,
            apps=self.apps,
            hooks=self.hooks,
            camera=self.camera,
            faults=self.faults,
            requests=self.requests,
            busy_s=self.config.busy_s,
        )
        self.door.public_url = self.config.public_url
        self.router = Router(missing=self.door.missing)
        self.mount()
        self.app = AsgiApp(self.router.dispatch, self.wall)

    def mount(self) -> None:
        """Add every route to the table. This class has none: the routes build on it
        (`sandbox.py`).
        """

    def wall(self) -> float:
        """The time on BigCommerce's own clock."""
        return self.clock.now() + self.switches.clock_ahead_s

    async def deliver(self, url: str, headers: dict[str, str], body: bytes) -> int | None:
        """Send one webhook. If its domain is on the block list, the webhook waits in the retry
        queue.
        """
        if headers.pop(BLOCKED, None) is not None:
            return None
        return await self.carry(url, headers, body)

    # -- stores
    # ----------------------------------------------------------------------------------------------

    def add_store(
        self,
        store_hash: str | None = None,
        *,
        owner_email: str = "anna@example.com",
        **settings: Any,
    ) -> Store:
        """Add a store with its owner. `settings` are fields of `Settings`, such as currency and
        weight_units.
        """
        number = len(self.stores)
        name = store_hash or self.apps.word(10)
        if name in self.stores:
            raise ValueError(f"there is a store {name} already")
        store = Store(
            name, 1_025_646 + number, User(24_654 + number, owner_email), self.clock, self.dice
        )
        store.read_lag_s = self.config.read_lag_s
        store.switches = self.switches
        self.stores[name] = store
        self.hooks[name] = Hooks(store, self.outbox, self.apps.secret, self.config.hook_delay_s)
        Shop(store, self.camera).set_settings(**settings)
        return store

    def store(self, store_hash: str | None = None) -> Store:
        """The store with that hash. The first store when none is named. KeyError for an unknown
        hash.
        """
        return self.stores[store_hash] if store_hash else next(iter(self.stores.values()))

    def shop(self, store_hash: str | None = None) -> Shop:
        """What a store's merchant and shoppers do by hand."""
        return Shop(self.store(store_hash), self.camera)

    @property
    def switches(self) -> Switches:
        """The switches in force."""
        return self.first_switches

    @switches.setter
    def switches(self, switches: Switches) -> None:
        self.set_switches(switches)

    def set_switches(self, switches: Switches) -> None:
        """Set switches for every store."""
        self.first_switches = switches
        for store in self.stores.values():
            store.switches = switches

    @property
    def wire_violations(self) -> list[Violation]:
        """Requests of all stores in which an app wrote the merchant's own field other than at
        creation.
        """
        return [violation for store in self.stores.values() for violation in store.violations]

    # -- apps
    # ----------------------------------------------------------------------------------------------

    def register_app(
        self,
        name: str,
        *,
        auth_url: str,
        load_url: str,
        uninstall_url: str | None = None,
        remove_user_url: str | None = None,
        scopes: Iterable[str] = (),
        client_id: str | None = None,
        client_secret: str | None = None,
        draft_of: str = "",
    ) -> App:
        """Add an app of the developer portal."""
        app = App(
            client_id or self.apps.word(31),
            client_secret or self.apps.word(64),
            name,
            auth_url,
            load_url,
            uninstall_url or "",
            remove_user_url or "",
            tuple(scopes) or SCOPES,
            draft_of,
        )
        self.apps.registered[app.client_id] = app
        return app

    def issue_token(self, store_hash: str, client_id: str, scopes: Iterable[str] = ()) -> str:
        """A token as after an installation, without the pages."""
        store = self.stores[store_hash]
        return self.apps.grant(store, client_id, frozenset(scopes or SCOPES), store.owner).token

    async def uninstall(self, store_hash: str, client_id: str, user: User | None = None) -> bool:
        """The owner, or another user with that right, uninstalls an app. Its token is invalidated,
        its webhooks are deleted, and the callback is sent.

        False if the app was not installed.
        """
        return await self.apps.uninstall(
            self.stores[store_hash], client_id, self.hooks[store_hash], user
        )

    def change_owner(self, store_hash: str, email: str) -> None:
        """Change the owner's e-mail. Apps must then be authorised again (bigcommerce facts 1.4)."""
        store = self.stores[store_hash]
        store.owner = User(store.owner.id, email)
        store.emit("store/information/updated", {"type": "store"})
        self.apps.ask_again(store)

    def add_user(self, store_hash: str, email: str) -> User:
        """Allow another user to open apps. The first one switches multiple users on, and then every
        app must be authorised again (1.4, 1.5).
        """
        store = self.stores[store_hash]
        user = User(store.ids.next("user") + 1_000_000, email)
        store.users[user.id] = user
        if not store.settings.multiple_users:
            store.settings.multiple_users = True
            self.apps.ask_again(store)
        return user

    async def remove_user(self, store_hash: str, user_id: int) -> dict[str, int | None]:
        """Remove a user's access. Every installed app gets a callback. Client id -> status of its
        answer (None: no answer).
        """
        store = self.stores[store_hash]
        user = store.users.pop(user_id)
        clients = [
            one.client_id for one in self.apps.grants.values() if one.store_hash == store_hash
        ]
        return {client: await self.apps.remove_user(store, client, user) for client in clients}

    async def idle(self) -> None:
        """Return when no webhook is due now."""
        await self.outbox.idle()

    async def stop(self) -> None:
        """Drop the pending webhooks."""
        await self.outbox.stop()


SCOPES = (
    "store_v2_products", "store_inventory", "store_locations_read_only",
    "store_v2_information_read_only",
    "store_v2_orders_read_only", "store_channel_settings_read_only",
)  # fmt: skip


def acknowledges(answer: httpx2.Response) -> bool:
    """False for an answer whose headers are too many or too large: it counts as no answer
    (bigcommerce facts 6.4).
    """
    headers = answer.headers.multi_items()
    return len(headers) <= 64 and all(
        len(name) <= 64 and len(value) <= 8192 for name, value in headers
    )


def shopper(http: httpx2.AsyncClient | None) -> Visit:
    """Call callbacks over an HTTP client."""

    async def visit(url: str) -> int | None:
        if http is None:
            return None
        try:
            response = await http.get(url, timeout=10)
        except (httpx2.HTTPError, httpx2.InvalidURL):
            return None
        return response.status_code

    return visit
