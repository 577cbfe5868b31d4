"""Our two apps at the platforms, and how the pages sign a merchant in there, before there is a
connection.
"""

from dataclasses import dataclass
from datetime import timedelta

from brygga.bigcommerce import oauth as shop_oauth
from brygga.bigcommerce.api import ShopApi
from brygga.bigcommerce.oauth import ShopApp
from brygga.bigcommerce.values import ShopUrls
from brygga.core.failures import NeedsMerchant, Refused
from brygga.seams import Clock
from brygga.settings import Hosts, Settings
from brygga.sync.connection.account import read_shop
from brygga.web.deps import (
    SHOP_CALLBACK,
    ZETTLE_CALLBACK,
    Granted,
    ShopGrant,
    ShopPayload,
    ZettleGrant,
)
from brygga.wire import OpenGate, StoreBudget, Wire
from brygga.zettle import oauth as zettle_oauth
from brygga.zettle.api import Zettle
from brygga.zettle.oauth import ZettleApp
from brygga.zettle.values import ZettleUrls


@dataclass(frozen=True, slots=True)
class Platforms:
    """Our two apps and all access to the platforms, for all merchants."""

    settings: Settings
    wire: Wire
    clock: Clock

    @property
    def zettle_app(self) -> ZettleApp:
        settings = self.settings
        return ZettleApp(
            settings.zettle_client_id,
            settings.public_url + ZETTLE_CALLBACK,
            settings.zettle_client_secret,
            settings.hosts.zettle_oauth,
        )

    @property
    def shop_app(self) -> ShopApp:
        settings = self.settings
        return ShopApp(
            settings.bigcommerce_client_id,
            settings.public_url + SHOP_CALLBACK,
            settings.bigcommerce_client_secret,
            settings.hosts.bigcommerce_login,
        )

    @property
    def zettle_urls(self) -> ZettleUrls:
        return zettle_urls(self.settings.hosts)

    @property
    def shop_urls(self) -> ShopUrls:
        return ShopUrls(self.settings.hosts.bigcommerce_api)


def zettle_urls(hosts: Hosts) -> ZettleUrls:
    return ZettleUrls(
        oauth=hosts.zettle_oauth,
        products=hosts.zettle_products,
        inventory=hosts.zettle_inventory,
        pusher=hosts.zettle_pusher,
        purchase=hosts.zettle_purchase,
        secure=hosts.zettle_secure,
        image=hosts.zettle_image,
    )


@dataclass(frozen=True, slots=True)
class ZettleSignIn:
    """How the pages reach Zettle: signing in, before there is a connection."""

    platforms: Platforms

    def authorize_url(self, state: str) -> str:
        return zettle_oauth.authorize_url(self.platforms.zettle_app, state)

    async def sign_in(self, code: str) -> ZettleGrant:
        grant = await zettle_oauth.exchange(self.platforms.wire, self.platforms.zettle_app, code)
        api = Zettle(
            self.platforms.wire,
            OpenGate(),
            self.platforms.zettle_urls,
            FreshToken(grant.access_token),
        )
        ends = self.platforms.clock.now() + timedelta(seconds=grant.lifetime_s)

        return ZettleGrant(await api.organization(), grant.access_token, grant.refresh_token, ends)


@dataclass(frozen=True, slots=True)
class FreshToken:
    """A token that was given a moment ago. If it is refused already, there is no other."""

    token: str

    async def __call__(self) -> str:
        return self.token

    async def renew(self, stale: str) -> str:
        raise NeedsMerchant("zettle_access_gone", "a fresh token was refused")


@dataclass(frozen=True, slots=True)
class ShopInstall:
    """How the pages reach BigCommerce: installing the app, and the payloads that
    BigCommerce signs.
    """

    platforms: Platforms

    def install_url(self) -> str:
        return self.platforms.shop_app.install_url

    async def install(self, code: str, scope: str, context: str, granted: Granted) -> ShopGrant:
        wire, app = self.platforms.wire, self.platforms.shop_app
        grant = await shop_oauth.exchange(wire, app, code=code, scope=scope, context=context)
        rights = " ".join(sorted(grant.scopes))
        await granted(grant.store_hash, grant.access_token, rights)
        if grant.missing_scopes:
            raise NeedsMerchant(
                "scope_missing", f"the app lacks {', '.join(sorted(grant.missing_scopes))}"
            )
        api = ShopApi(
            wire,
            StoreBudget(self.platforms.clock),
            self.platforms.shop_urls,
            grant.access_token,
            grant.store_hash,
        )

        return ShopGrant(await read_shop(api), grant.access_token, rights, grant.user_id)

    def read_payload(self, signed_payload_jwt: str) -> ShopPayload | None:
        now = self.platforms.clock.now()
        try:
            found = shop_oauth.read_signed_payload(self.platforms.shop_app, signed_payload_jwt, now)
        except Refused:
            return None
        return ShopPayload(found.store_hash, found.id, found.expires, found.user_id, found.is_owner)
