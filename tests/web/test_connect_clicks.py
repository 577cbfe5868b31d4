"""Connecting in a real Chromium, the ways that end elsewhere: each ends on one clear page, which
leads on (C2, C3). What the set-up says, and the way out (C4, C5, C7, C12, D1, D2, D4). The
platforms' own pages are left out: their links lead straight back.

What a merchant's whole day is made of: `tests/e2e`.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser as Chromium
from playwright.async_api import Page, Route, expect
from tests import pages
from tests.chromium import CHROMIUM
from tests.database.merchants import newest
from tests.e2e.conftest import TIMEOUT_S
from tests.web.conftest import ACCESS, BERG, LIND, SHOP, SHOP_TOKEN, World

from brygga.cli.serve import listen
from brygga.cli.serving import web
from brygga.core.failures import NeedsMerchant
from brygga.core.model import Connection, Shop, Stage, StockMoment
from brygga.database import connections, erasing, tokens
from brygga.database.tokens import Platform
from brygga.figures import Figures

DAY_S = 24 * 3600.0
expect.set_options(timeout=TIMEOUT_S * 1000)
PANEL = "https://store-abc123.mybigcommerce.com/manage/app"
MORE_FLAGS = [
    "--test-third-party-cookie-phaseout",
    "--disable-features=LocalNetworkAccessChecks,PrivateNetworkAccessRespectPreflightResults",
]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium"),
]


@dataclass
class Merchant:
    """A merchant's browser, and the service that it talks to."""

    world: World
    url: str
    page: Page
    faults: list[str] = field(default_factory=list)

    async def sign_in(self) -> None:
        await self.page.goto(f"{self.url}/apps")
        await self.page.get_by_role("link", name="Sign in with Zettle").click()
        await self.page.wait_for_url(f"{self.url}/apps")

    async def connect(self) -> None:
        await self.page.goto(f"{self.url}/apps/bigcommerce")
        await self.page.get_by_role("button", name="Connect").click()

    async def reads(self, title: str, *words: str, leads_to: str = "") -> None:
        """One heading, the words below it, and a link or button that leads on."""
        await self.page.get_by_role("heading", level=1, name=title).wait_for()
        said = await self.page.locator("main").inner_text()
        assert 1 == await self.page.get_by_role("heading", level=1).count()
        assert [] == [each for each in words if each not in said]
        if leads_to:
            await self.page.locator("main").get_by_role("link", name=leads_to).click()
            await self.page.wait_for_url(f"{self.url}/apps/bigcommerce")

    async def own(self) -> Connection:
        async with self.world.database.read() as tx:
            return await newest(tx, LIND.uuid)

    async def store_token(self) -> str:
        async with self.world.database.read() as tx:
            found = await tokens.get(tx, (await self.own()).id, Platform.BIGCOMMERCE)
        return found.access if found else ""


@asynccontextmanager
async def served(world: World) -> AsyncIterator[str]:
    """The application on a port of this machine, with both platforms' pages left out."""
    door = listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{door.getsockname()[1]}"
    settings = replace(world.deps.settings, public_url=url)
    world.deps = replace(world.deps, settings=settings, figures=Figures())
    lent, world.app = world.app, pages.lend(world.deps)
    signed_in: list[str] = []

    def authorize_url(state: str) -> str:
        signed_in.append(state)
        return f"{url}/zettle/auth?code=lind-{len(signed_in)}&state={state}"

    back = f"{url}/bigcommerce/auth?code=good&scope=store_v2_products&context=stores%2Fabc123"
    world.till.authorize_url = authorize_url  # type: ignore[method-assign]
    world.store.install_url = lambda: back  # type: ignore[method-assign]
    service: Any = SimpleNamespace(web=world.app, settings=SimpleNamespace(trusted_proxies=()))
    async with web(service, door):
        yield url
    door.close()
    pages.give_back(world.app)
    world.app = lent


@pytest_asyncio.fixture(loop_scope="module")
async def merchant(world: World, chromium: Chromium, database_url: str) -> AsyncIterator[Merchant]:
    async with served(world) as url:
        context = await chromium.new_context(locale="en-GB")
        page = await context.new_page()
        page.set_default_timeout(TIMEOUT_S * 1000)
        made = Merchant(world, url, page)
        context.on("weberror", lambda error: made.faults.append(str(error.error)))
        yield made
        await context.close()
        assert [] == made.faults


@pytest.mark.rule("C3")
async def test_a_link_and_a_page_of_yesterday_join_nothing(merchant: Merchant) -> None:
    """The page that asks is pressed after a day, and opened after a day; so is the control panel's
    link.
    """
    page, world = merchant.page, merchant.world
    stranger = await page.context.browser.new_page(locale="en-GB")  # type: ignore[union-attr]
    await stranger.goto(world.store.install_url())
    link = await stranger.get_by_role("link", name="Sign in with Zettle").get_attribute("href")
    await stranger.close()
    await merchant.sign_in()
    await merchant.connect()
    await page.get_by_role("heading", name="Connect Annas Butik?").wait_for()
    world.clock.move(DAY_S)
    await page.get_by_role("button", name="Connect", exact=True).click()
    await merchant.reads("The store is not waiting any more", "not confirmed within an hour")
    await page.goto(f"{merchant.url}/bigcommerce/join")
    await merchant.reads(
        "The store is not waiting any more", "Nothing is connected", leads_to="To the integration"
    )
    await page.goto(link or "")
    await merchant.reads(
        "The store is not waiting any more", "Nothing is connected", leads_to="To the integration"
    )

    assert (await merchant.own()).shop is None


@pytest.mark.rule("C2")
async def test_a_store_of_another_account_is_refused_by_name(merchant: Merchant) -> None:
    await merchant.world.running(BERG)
    await merchant.sign_in()
    await merchant.connect()
    await merchant.reads(
        "The store is already connected",
        "Annas Butik is linked with the Zettle account Bergs Bokhandel",
        "choose Disconnect",
        leads_to="Back to the integration",
    )

    assert (await merchant.own()).shop is None


@pytest.mark.rule("C2")
async def test_the_wrong_store_is_refused_and_the_own_one_stays(merchant: Merchant) -> None:
    """The merchant has a store, and installs the app in another one of theirs."""
    await merchant.world.running(shop=replace(SHOP, store_hash="first", name="Första butiken"))
    await merchant.sign_in()
    await merchant.page.goto(merchant.world.store.install_url())
    await merchant.reads(
        "Your Zettle account already has a store",
        "is linked with Första butiken",
        "disconnect Första butiken",
        leads_to="To the integration",
    )

    assert "first" == shop_of(await merchant.own()).store_hash


@pytest.mark.rule("C3")
async def test_missing_rights_are_named_and_the_next_try_connects(
    merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def too_few(*_: object) -> None:
        raise NeedsMerchant("scope_missing")

    await merchant.sign_in()
    with monkeypatch.context() as patched:
        patched.setattr(type(merchant.world.store), "install", too_few)
        await merchant.connect()
        await merchant.reads(
            "BigCommerce gave the app too few rights",
            "without a right that Brygga needs",
            "approve everything",
            leads_to="Back to the integration",
        )
    before = (await merchant.own()).shop
    await merchant.connect()
    await merchant.page.get_by_role("button", name="Connect", exact=True).click()
    await merchant.page.wait_for_url(f"{merchant.url}/apps/bigcommerce**")

    assert before is None
    assert Stage.STORE_CONNECTED is (await merchant.own()).stage


@pytest.mark.rule("C3", "D3")
async def test_an_approval_again_takes_the_pause_away(merchant: Merchant) -> None:
    """The store's access was taken away: the page says so, and its button leads through
    BigCommerce back to a sync that goes on, without the page that asks.
    """
    connection = await merchant.world.running()
    await merchant.sign_in()
    async with merchant.world.database.transaction() as tx:
        await connections.pause(tx, connection.id, "bigcommerce_access_gone")
    await merchant.page.goto(f"{merchant.url}/apps/bigcommerce")
    await merchant.page.get_by_text("The access to the store is gone.").first.wait_for()
    before = await merchant.store_token()
    await merchant.page.locator("form[action='/apps/bigcommerce/connect'] button").first.click()
    await merchant.page.wait_for_url(f"{merchant.url}/apps/bigcommerce**")
    await merchant.page.get_by_text("Annas Butik").first.wait_for()
    said = await merchant.page.locator("main").inner_text()

    assert (ACCESS, SHOP_TOKEN) == (before, await merchant.store_token())
    assert "The access to the store is gone." not in said
    assert ("", Stage.RUNNING) == (
        (await merchant.own()).paused,
        (await merchant.own()).stage,
    )


@pytest.mark.rule("C3")
async def test_an_install_in_the_panels_frame_needs_no_cookie(merchant: Merchant) -> None:
    """BigCommerce shows us in a frame in which Chromium gives us no cookies, not even those of the
    merchant who is signed in beside it. The link in it opens our own pages in a new tab.
    """
    page, world = merchant.page, merchant.world
    await merchant.sign_in()

    async def control_panel(route: Route) -> None:
        frame = f'<iframe src="{world.store.install_url()}" width="900" height="600"></iframe>'
        await route.fulfill(body=f"<!doctype html>{frame}", content_type="text/html")

    asked: list[dict[str, str]] = []
    page.on("request", lambda one: asked.append(one.headers) if "/auth?" in one.url else None)
    await page.route(PANEL, control_panel)
    await page.goto(PANEL)
    framed = page.frame_locator("iframe")
    await framed.get_by_role("heading", name="One step left: your Zettle account").wait_for()
    async with page.context.expect_page() as opened:
        await framed.get_by_role("link", name="Sign in with Zettle").click()
    tab = await opened.value
    await tab.get_by_text("You did not press Connect here").wait_for()
    before = (await merchant.own()).shop
    await tab.get_by_role("button", name="Connect", exact=True).click()
    await tab.wait_for_url(f"{merchant.url}/apps/bigcommerce**")

    assert before is None
    assert "abc123" == shop_of(await merchant.own()).store_hash
    assert asked
    assert not [one for one in asked if "cookie" in one]


@pytest.mark.rule("C4", "C5", "C7", "C12")
async def test_the_set_up_says_what_prices_tax_and_stock_mean(merchant: Merchant) -> None:
    """A store without tax in its prices, which moves stock only when an order ships. The choice of
    prices is made once.
    """
    page, world = merchant.page, merchant.world
    late = StockMoment.ORDER_SHIPPED
    await world.running(
        shop=replace(SHOP, prices_include_tax=False, stock_moment=late), stage=Stage.STORE_CONNECTED
    )
    await merchant.sign_in()
    await world.stock_library(await merchant.own(), "Kanna", "Mugg", "Fat", "Skål")
    await page.goto(f"{merchant.url}/apps/bigcommerce")
    await page.get_by_text("Copied prices would change your margin").wait_for()
    examples = await page.locator("table tbody tr").count()
    own_prices = page.get_by_role("radio", name="I set prices in BigCommerce")
    recommended = await own_prices.is_checked()
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_role("radio", name="The whole library").wait_for()
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_text("Stock moves only when an order ships").wait_for()
    said = await page.locator("main").inner_text()

    assert (3, True) == (examples, recommended)
    assert "Is the stock in Zettle up to date?" in said
    assert "are set in BigCommerce" in said
    assert 0 == await page.get_by_role("radio", name="Prices come from Zettle").count()


@pytest.mark.rule("C4")
async def test_other_currencies_switch_the_choice_of_prices_off(merchant: Merchant) -> None:
    await merchant.world.running(shop=replace(SHOP, currency="EUR"), stage=Stage.STORE_CONNECTED)
    await merchant.sign_in()
    await merchant.page.goto(f"{merchant.url}/apps/bigcommerce")
    await merchant.page.get_by_text("Zettle uses SEK and the store EUR").wait_for()

    assert await merchant.page.locator("input[name=prices][value=yes]").is_disabled()
    assert await merchant.page.locator("input[name=prices][value=no]").is_checked()


@pytest.mark.rule("D1", "D2", "D4")
async def test_a_removal_is_undone_and_everything_is_erased_by_buttons(merchant: Merchant) -> None:
    """The undo stands on every page. After the end, the receipt needs no sign-in."""
    page, world = merchant.page, merchant.world
    connection = await world.running()
    await merchant.sign_in()
    await page.goto(f"{merchant.url}/apps/bigcommerce/disconnect")
    await page.get_by_role("radio", name="Remove the products").check()
    await page.locator("main").get_by_role("button", name="Disconnect").click()
    await page.goto(f"{merchant.url}/library")
    await page.get_by_role("button", name="Undo, and stay connected").click()
    await page.get_by_text("The removal is undone").wait_for()
    undone = (await merchant.own()).stage
    async with world.database.transaction() as tx:
        await connections.disconnect(tx, connection.id, world.clock.now())
    await page.goto(f"{merchant.url}/apps/erase")
    await page.get_by_role("checkbox").check()
    await page.get_by_role("button", name="Erase everything").click()
    await page.get_by_text("Everything is being erased").wait_for()
    async with world.database.transaction() as tx:
        receipt = await erasing.erase(tx, LIND.uuid, world.clock.now())
    await page.reload()
    await page.get_by_text(receipt.hash).wait_for()
    await page.goto(f"{merchant.url}/apps")
    await page.get_by_role("link", name="Sign in with Zettle").wait_for()

    assert Stage.RUNNING is undone


def shop_of(connection: Connection) -> Shop:
    assert connection.shop is not None
    return connection.shop
