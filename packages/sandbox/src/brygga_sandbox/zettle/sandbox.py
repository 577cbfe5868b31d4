"""One whole Zettle: its hosts, its till and its control addresses, behind one ASGI application."""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx2

from brygga_sandbox.clock import Clock
from brygga_sandbox.faults import Faults
from brygga_sandbox.fetching import Fetch, fetcher
from brygga_sandbox.http import AsgiApp, Router
from brygga_sandbox.outbox import Outbox, Post, poster
from brygga_sandbox.pages import mount_static
from brygga_sandbox.requests import Requests
from brygga_sandbox.zettle import (
    accounts,
    consent,
    control,
    images,
    imports,
    inventory,
    library,
    products,
    purchases,
    records,
    stock,
    subscriptions,
    taxes,
    tillpage,
)
from brygga_sandbox.zettle.answers import missing, unreadable
from brygga_sandbox.zettle.core import Config, Core
from brygga_sandbox.zettle.ids import slug, zoned
from brygga_sandbox.zettle.state import JSON, App, Organization, User
from brygga_sandbox.zettle.switches import Switches
from brygga_sandbox.zettle.till import Till


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the token call would answer."""

    access: str
    refresh: str


class ZettleSandbox:
    """Zettle as its documents describe it. `http` delivers webhooks: a client, or a function url,
    headers, body -> status or None.

    `fetch` gets pictures by address for the image host (url -> bytes or None). By default the
    client gets them.
    """

    def __init__(
        self,
        clock: Clock,
        dice: random.Random,
        http: httpx2.AsyncClient | Post,
        config: Config | None = None,
        switches: Switches | None = None,
        *,
        fetch: Fetch | None = None,
    ) -> None:
        client = http if isinstance(http, httpx2.AsyncClient) else None
        post = http if not isinstance(http, httpx2.AsyncClient) else poster(http)
        reach = fetch or fetcher(client)
        self.core = Core(clock, dice, post, config or Config(), switches or Switches(), reach)
        self.router = Router(
            around=self.core.around, missing=missing, malformed=unreadable, slash=True
        )
        for room in (
            accounts,
            consent,
            products,
            records,
            taxes,
            imports,
            inventory,
            subscriptions,
            purchases,
            images,
            tillpage,
            control,
        ):
            room.mount(self.router, self.core)
        mount_static(self.router)
        self.app = AsgiApp(self.router.dispatch, self.core.now)

    @property
    def organizations(self) -> dict[str, Organization]:
        return self.core.organizations

    @property
    def faults(self) -> Faults:
        return self.core.faults

    @property
    def requests(self) -> Requests:
        return self.core.requests

    @property
    def outbox(self) -> Outbox:
        return self.core.outbox

    @property
    def switches(self) -> Switches:
        return self.core.switches

    @switches.setter
    def switches(self, switches: Switches) -> None:
        self.core.switches = switches

    def add_organization(
        self, name: str = "Linds Keramik", *, owner: str = "Nora Lind", **details: Any
    ) -> Organization:
        """Add a merchant with an owner. `details` are fields of the organization (1.6), such as
        currency and taxationMode.
        """
        core = self.core
        uuid, first = core.uuid1(), core.uuid1()
        first_name = owner.split(maxsplit=1)[0].lower()
        user = User(core.uuid1(), owner, f"{first_name}@{slug(name)}.example")
        organization = Organization(uuid, {}, [user], first)
        numbered = 12_345_678 + len(core.organizations)
        organization.details = {
            **default_details(organization, name, zoned(core.now()), numbered),
            **details,
        }
        organization.tokens_left, organization.tokens_at = core.config.inventory_burst, core.now()
        core.organizations[uuid] = organization
        return organization

    def register_app(
        self,
        name: str,
        redirect_uris: Iterable[str],
        *,
        client_id: str | None = None,
        client_secret: str | None = None,
    ) -> App:
        """Add an app of the developer portal."""
        ids = self.core.ids
        app = App(
            client_id or ids.uuid_of(4),
            client_secret or f"IZSEC{ids.uuid_of(4)}",
            name,
            tuple(redirect_uris),
        )
        self.core.apps[app.client_id] = app
        return app

    def issue_token(
        self, organization: Organization, client_id: str, scopes: Iterable[str]
    ) -> Tokens:
        """Tokens as after a consent, without the pages."""
        given = tuple(scopes)
        grant = accounts.grant_for(
            self.core, organization, self.core.apps[client_id], organization.owner.uuid, given
        )
        access = accounts.give_access(self.core, grant, given)
        return Tokens(access, accounts.give_refresh(self.core, grant, given))

    def load_products(
        self,
        organization: Organization,
        products: list[JSON],
        stock_levels: Mapping[str, int] | None = None,
        tracked: Iterable[str] | None = None,
    ) -> None:
        """Load raw products as the API answers them, and levels by variant. No checks, no webhooks.

        `tracked` are the products whose tracking is on. By default these are the products with a
        level.
        """
        library.load(self.core, organization, products)
        stock.load_stock(self.core, organization, dict(stock_levels or {}), tracked)

    def add_picture(self, key: str, data: bytes, content_type: str) -> None:
        """Add a picture at the image host that counts as old."""
        images.register(self.core, key, data, content_type)

    def till(self, organization: Organization | None = None) -> Till:
        """What a merchant does by hand. The default is the first merchant."""
        return Till(self.core, organization or next(iter(self.organizations.values())))

    async def idle(self) -> None:
        """Return when no webhook is due now."""
        await self.core.outbox.idle()

    async def stop(self) -> None:
        """Drop the pending webhooks and imports."""
        for errand in list(self.core.errands):
            errand.cancel()
        await self.core.outbox.stop()


def default_details(organization: Organization, name: str, created: str, number: int) -> JSON:
    """An organization's details with all the fields there are (1.6)."""
    owner = organization.owner
    return {
        "uuid": organization.uuid,
        "name": owner.name,
        "receiptName": name,
        "city": "Lund",
        "zipCode": "22222",
        "address": "Storgatan 1",
        "addressLine2": None,
        "legalName": f"{name} AB",
        "legalAddress": "Storgatan 1",
        "legalZipCode": "22222",
        "legalCity": "Lund",
        "legalState": None,
        "phoneNumber": "+4670000000",
        "webSite": None,
        "contactEmail": owner.email,
        "receiptEmail": owner.email,
        "legalEntityType": "COMPANY",
        "legalEntityNr": "5560000000",
        "vatNr": None,
        "vatPercentage": 25.0,
        "country": "SE",
        "language": "sv",
        "currency": "SEK",
        "profileImageUrl": None,
        "created": created,
        "ownerUuid": owner.uuid,
        "organizationId": number,
        "customerStatus": "ACCEPTED",
        "usesVat": True,
        "customerType": "LimitedCompany",
        "taxationType": "VAT",
        "taxationMode": "INCLUSIVE",
        "timeZone": "Europe/Stockholm",
    }
