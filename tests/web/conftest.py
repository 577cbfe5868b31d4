"""The web application on a real database, with both platforms' doors played by values."""

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

import httpx2
import pytest
import pytest_asyncio
from litestar import Litestar
from playwright.async_api import Browser as Chromium
from playwright.async_api import async_playwright
from tests import pages
from tests.chromium import CHROMIUM, FLAGS
from tests.conftest import CountingDice, MovableClock
from tests.log_watch import log_lines, secrets_kept, told

from brygga.core.failures import Refused
from brygga.core.model import (
    Choices,
    Connection,
    Money,
    Organization,
    Product,
    Shop,
    Stage,
    StockMoment,
    Variant,
    WeightUnit,
)
from brygga.database import connections, library, tokens
from brygga.database.engine import Database, Tx
from brygga.database.sessions import Sessions
from brygga.database.tokens import Platform, Token
from brygga.sync.stock import StockCommands
from brygga.web.deps import Granted, ShopGrant, ShopPayload, WebDeps, WebSettings, ZettleGrant
from brygga.web.operating.door import API, hash_of

HOME = "https://brygga.example"
LIND = Organization("6a1d3b00-52a1-11ed-9c3e-0b3d1f2a4c55", "Linds Keramik", "SEK", "SE")
BERG = Organization("7b1d3b00-52a1-11ed-9c3e-0b3d1f2a4c55", "Bergs Bokhandel", "SEK", "SE")
SHOP = Shop(
    "abc123",
    "Annas Butik",
    "SEK",
    WeightUnit.KILOGRAM,
    prices_include_tax=True,
    control_panel_url="https://store-abc123.mybigcommerce.com",
    stock_moment=StockMoment.ORDER_PLACED,
    restocks_refunds=True,
)
JOIN = "/bigcommerce/join"
ACCESS = "an access token of Zettle's"
REFRESH = "a refresh token of Zettle's"
SHOP_TOKEN = "a token of the store's"
CLIENT_SECRET = "the app's own secret"
FORMS_SECRET = "a secret for forms that is long"
FULL, READS = "full-" + "f" * 40, "reads-" + "r" * 40
"""Secrets of operators: one may do everything, one may only read."""
ALWAYS_SECRET = {ACCESS, REFRESH, SHOP_TOKEN, CLIENT_SECRET, FORMS_SECRET, FULL, READS}
OWNER = 7
"""The id of the store's owner among its users."""
LATER = datetime(2030, 1, 1, tzinfo=UTC)


@dataclass
class Till:
    """Zettle's sign-in. A code "lind" lets Linds in; one that was used is refused."""

    accounts: dict[str, Organization] = field(default_factory=lambda: {"lind": LIND, "berg": BERG})
    used: set[str] = field(default_factory=set)

    def authorize_url(self, state: str) -> str:
        return f"https://zettle.example/authorize?state={state}"

    async def sign_in(self, code: str) -> ZettleGrant:
        account = code.split("-", maxsplit=1)[0]
        if code in self.used or account not in self.accounts:
            raise Refused("zettle_sign_in_refused")
        self.used.add(code)
        return ZettleGrant(self.accounts[account], ACCESS, REFRESH, LATER)


@dataclass
class Store:
    """BigCommerce's install and its signed payloads."""

    shop: Shop = SHOP

    def install_url(self) -> str:
        return "https://login.example/app/cid/install"

    async def install(self, code: str, scope: str, context: str, granted: Granted) -> ShopGrant:
        if code != "good":
            raise Refused("install_code_refused")
        await granted(self.shop.store_hash, SHOP_TOKEN, scope)
        return ShopGrant(self.shop, SHOP_TOKEN, scope)

    def read_payload(self, signed_payload_jwt: str) -> ShopPayload | None:
        """ "signed", then the message's id and, for a user beside the owner, that user's:
        "signed-a-8".
        """
        begin, _, rest = signed_payload_jwt.partition("-")
        if begin != "signed":
            return None
        message, _, user = rest.partition("-")
        user_id = int(user or OWNER)
        return ShopPayload(
            self.shop.store_hash, message or "one", LATER, user_id, is_owner=user_id == OWNER
        )


@dataclass
class QuietJobs:
    """Remembers whom it was asked to wake; the work items are what counts."""

    resumed: list[int] = field(default_factory=list)

    async def enqueue(self, tx: Tx, connection_id: int, urgent: bool = False) -> None:
        self.resumed.append(connection_id)


@dataclass
class Browser:
    """A browser that keeps cookies, reads forms' tokens, and does not follow redirects by
    itself.
    """

    http: httpx2.AsyncClient

    async def open(self, path: str) -> httpx2.Response:
        return await self.http.get(path)

    async def press(
        self, path: str, token_of: str = "/help", **fields: str | list[str]
    ) -> httpx2.Response:
        """Sends a form with the token of the page `token_of`."""
        token = re.search(r'name="_csrf_token" value="(\w+)"', (await self.http.get(token_of)).text)
        assert token is not None
        return await self.http.post(path, data={"_csrf_token": token[1], **fields})

    async def confirm_store(self) -> httpx2.Response:
        """Presses Connect on the page that names both accounts."""
        page = (await self.open(JOIN)).text
        state = page.partition('name="state" value="')[2].partition('"')[0]
        return await self.press(JOIN, state=state)

    async def sign_in(self, code: str = "lind") -> httpx2.Response:
        away = await self.http.get("/sign-in/zettle")
        state = away.headers["location"].partition("state=")[2]
        return await self.http.get("/zettle/auth", params={"code": code, "state": state})


@dataclass
class World:
    app: Litestar
    deps: WebDeps
    database: Database
    clock: MovableClock
    till: Till
    store: Store
    jobs: QuietJobs

    def browser(self, language: str = "en", address: str = "127.0.0.1") -> Browser:
        transport = httpx2.ASGITransport(
            app=cast(Any, self.app), client=(address, 5000), raise_app_exceptions=False
        )
        return Browser(
            httpx2.AsyncClient(
                transport=transport, base_url=HOME, headers={"accept-language": language}
            )
        )

    async def running(
        self, organization: Organization = LIND, shop: Shop = SHOP, stage: Stage = Stage.RUNNING
    ) -> Connection:
        """A connection that has come so far."""
        async with self.database.transaction() as tx:
            made = await connections.start(
                tx, organization, f"key-{organization.name.split()[0]}", self.clock.now()
            )
            await connections.set_shop(tx, made.id, shop)
            await connections.set_choices(tx, made.id, Choices(prices=True, whole_library=True))
            await connections.set_stage(tx, made.id, stage)
            for platform in Platform:
                await tokens.save(tx, made.id, platform, Token(ACCESS, self.clock.now(), REFRESH))
            found = await connections.by_id(tx, made.id)
        assert found is not None
        return found

    async def stock_library(
        self, connection: Connection, *names: str, assigned: bool | None = None
    ) -> list[str]:
        products = [product(f"{connection.id}-{name.lower()}", name) for name in names]
        async with self.database.transaction() as tx:
            await library.upsert_many(
                tx, connection.id, products, self.clock.now(), assign_new=assigned
            )
        return [each.uuid for each in products]


def product(uuid: str, name: str) -> Product:
    variant = Variant(f"{uuid}-v", sku=f"SKU-{name}", price=Money(24900, "SEK"))
    return Product(
        uuid,
        name,
        "etag",
        (variant,),
        description="Drejad för hand",
        vat_percentage=Decimal("25.0"),
    )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium(request: pytest.FixtureRequest) -> AsyncIterator[Chromium]:
    """One for a file, whose tests run on one loop: `loop_scope="module"`. A file may name more of
    its flags in `MORE_FLAGS`.
    """
    more = getattr(request.module, "MORE_FLAGS", [])
    async with async_playwright() as playwright:
        made = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *more])
        yield made
        await made.close()


@pytest.fixture(autouse=True)
def log_tells_no_secret() -> Iterator[None]:
    """Every line of every test of the pages is searched for whatever that test kept secret."""
    with log_lines() as lines, secrets_kept() as secrets:
        yield
    assert [] == told(lines, secrets | ALWAYS_SECRET)


@pytest.fixture
async def world(
    quick_database: Database, clock: MovableClock, dice: CountingDice
) -> AsyncIterator[World]:
    database = quick_database
    till, store, jobs = Till(), Store(), QuietJobs()
    settings = WebSettings(
        HOME,
        FORMS_SECRET,
        CLIENT_SECRET,
        "help@example.com",
        metrics_local=True,
    )
    deps = WebDeps(
        database,
        jobs,
        Sessions(database, clock),
        clock,
        dice,
        settings,
        till,
        store,
        StockCommands(),
    )
    app = pages.lend(deps)
    yield World(app, deps, database, clock, till, store, jobs)
    pages.give_back(app)


def minutes(count: int) -> float:
    return timedelta(minutes=count).total_seconds()


@dataclass
class Office:
    """A world whose operator has set both secrets."""

    world: World

    async def signed_in(self, secret: str = FULL) -> Browser:
        browser = self.world.browser()
        answer = await browser.http.post("/operator/sign-in", data={"secret": secret})
        assert 303 == answer.status_code
        return browser

    async def ask(self, method: str, path: str, secret: str = FULL, **more: Any) -> httpx2.Response:
        headers = {"authorization": f"Bearer {secret}"}
        http = self.world.browser().http
        return await http.request(method, f"{API}{path}", headers=headers, **more)


@pytest.fixture
async def office(
    quick_database: Database, clock: MovableClock, dice: CountingDice
) -> AsyncIterator[Office]:
    database, till, store, jobs = quick_database, Till(), Store(), QuietJobs()
    settings = WebSettings(
        HOME,
        FORMS_SECRET,
        CLIENT_SECRET,
        "help@example.com",
        operator=(hash_of(FULL),),
        operator_reads=(hash_of(READS),),
    )
    made = Sessions(database, clock)
    deps = WebDeps(database, jobs, made, clock, dice, settings, till, store, StockCommands())
    app = pages.lend(deps)
    yield Office(World(app, deps, database, clock, till, store, jobs))
    pages.give_back(app)
