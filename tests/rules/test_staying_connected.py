"""Every row of docs/staying-connected.md, on virtual time. Each test waits no longer than its row
allows.
"""

import asyncio
from dataclasses import replace
from typing import Literal

import pytest

from brygga.core.model import Stage
from brygga.core.report import Code
from tests.rules.stack import DemoStack, another_worker
from tests.rules.staying import within_s

DAY_S = 24 * 3600.0
SELDOM_S = 600.0
pytestmark = pytest.mark.slow


async def connected(home: DemoStack, every_s: float = 60) -> str:
    """Routine work is looked for every minute, as in a real installation. Where a row allows a day,
    every ten minutes (`SELDOM_S`), which is later and costs a tenth.
    """
    uuid = home.add("Mugg", stock=5)
    await home.halt()
    home.service.worker.pace = replace(home.service.worker.pace, tick_s=every_s, tidy_s=every_s)
    home.start()
    await home.connect()
    return uuid


def switch_off(home: DemoStack) -> None:
    """BigCommerce switches every hook of ours off, as after two days of failures (bigcommerce facts
    6.4).
    """
    hooks = home.sandbox.bigcommerce.hooks[home.sandbox.merchant.store_hash]
    for hook in hooks.all.values():
        hooks.switch_off(hook)


async def goes_on(home: DemoStack, uuid: str, row: str) -> None:
    """A sale reaches the store, and no page asks for anything."""
    home.till.sell(home.variant(uuid), 1)
    await asyncio.sleep(within_s(row))
    await home.calm()
    assert [(4, 4)] == home.levels(uuid)
    assert "" == (await home.connection()).paused
    assert [] == await home.reported(Code.PAUSED)


async def pages(home: DemoStack, row: str) -> str:
    """What the apps page and the sync log say after the time that the row allows."""
    await asyncio.sleep(within_s(row))
    return await home.read("/apps") + await home.read("/apps/bigcommerce/log")


def deaf(home: DemoStack) -> None:
    """No webhook arrives any more: the platforms forget where to send them."""
    home.sandbox.bigcommerce.hooks[home.sandbox.merchant.store_hash].all.clear()
    home.till.organization.subscriptions.clear()


def uninstall_quietly(home: DemoStack) -> None:
    """The app goes, and BigCommerce's callback is lost on the way (bigcommerce facts 1.8)."""
    store = home.sandbox.bigcommerce.stores[home.sandbox.merchant.store_hash]
    grant = home.sandbox.bigcommerce.apps.installed(
        store.hash, home.sandbox.plan.connector.bigcommerce_client_id
    )
    assert grant is not None
    home.sandbox.bigcommerce.apps.kill(grant)


async def test_an_idle_merchant_stays_connected(
    home: DemoStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Zettle's refresh tokens live half a year (zettle facts 1.3). Here they live a day, so that
    two days are longer than every token lives.
    """
    monkeypatch.setattr("brygga_sandbox.zettle.accounts.REFRESH_TOKEN_S", DAY_S)
    uuid = await connected(home, SELDOM_S)
    await asyncio.sleep(2 * DAY_S)

    await goes_on(home, uuid, "K1")


async def test_after_two_months_without_a_worker_the_sync_goes_on(home: DemoStack) -> None:
    uuid = await connected(home)
    await home.halt()
    await asyncio.sleep(60 * DAY_S)
    home.till.edit_product(uuid, name="Kopp")
    home.start()
    await asyncio.sleep(within_s("K2"))
    await home.calm()

    assert ["Kopp"] == home.in_shop()
    assert [] == await home.reported(Code.PAUSED)


async def test_two_workers_renew_one_token(home: DemoStack, database_url: str) -> None:
    uuid = await connected(home)
    await home.halt()
    await asyncio.sleep(3 * 3600)
    async with another_worker(home, database_url):
        home.start()
        await goes_on(home, uuid, "K3")


async def test_a_renewal_whose_answer_is_lost_ends_nothing(home: DemoStack) -> None:
    uuid = await connected(home)
    home.sandbox.zettle.faults.add("5xx_after", method="POST", path="*/token*", next=1)
    await asyncio.sleep(3 * 3600)

    await goes_on(home, uuid, "K4")


@pytest.mark.rule("D3")
async def test_access_removed_in_zettle_is_read_on_the_pages(home: DemoStack) -> None:
    await connected(home)
    home.till.remove_app(home.sandbox.plan.connector.zettle_client_id)

    assert "The access to Zettle is gone." in await pages(home, "K5")


@pytest.mark.rule("D3")
async def test_access_removed_in_zettle_without_a_word(home: DemoStack) -> None:
    await connected(home)
    deaf(home)
    home.till.remove_app(home.sandbox.plan.connector.zettle_client_id)

    assert "The access to Zettle is gone." in await pages(home, "K6")


@pytest.mark.rule("D3")
async def test_an_uninstall_is_read_on_the_pages(home: DemoStack) -> None:
    await connected(home)
    sandbox, client = home.sandbox.bigcommerce, home.sandbox.plan.connector.bigcommerce_client_id
    await sandbox.uninstall(home.sandbox.merchant.store_hash, client)

    assert "Disconnected: the app was uninstalled in BigCommerce" in await pages(home, "K7")


@pytest.mark.rule("D3")
async def test_an_uninstall_without_a_word(home: DemoStack) -> None:
    await connected(home)
    uninstall_quietly(home)

    assert "The access to the store is gone." in await pages(home, "K8")


@pytest.mark.rule("C4")
async def test_another_currency_in_the_store_pauses_prices(home: DemoStack) -> None:
    await connected(home)
    home.shop.set_settings(currency="EUR")

    said = await pages(home, "K9")

    assert "Price sync is paused: Zettle uses SEK and the store EUR." in said
    assert (await home.connection()).prices_paused


@pytest.mark.rule("C4")
async def test_another_currency_without_a_word(home: DemoStack) -> None:
    await connected(home, SELDOM_S)
    home.sandbox.bigcommerce.hooks[home.sandbox.merchant.store_hash].all.clear()
    home.shop.set_settings(currency="EUR")

    assert "Price sync is paused: Zettle uses SEK and the store EUR." in await pages(home, "K10")


@pytest.mark.rule("C7")
async def test_another_tax_entry_in_the_store_is_said(home: DemoStack) -> None:
    await connected(home)
    includes = home.sandbox.bigcommerce.stores[
        home.sandbox.merchant.store_hash
    ].settings.is_price_entered_with_tax
    home.shop.set_settings(is_price_entered_with_tax=not includes)

    assert "Prices are entered differently about tax now" in await pages(home, "K11")


async def test_another_weight_unit_is_said(home: DemoStack) -> None:
    await connected(home)
    home.shop.set_settings(weight_units="LBS")

    assert "The store’s weight unit changed" in await pages(home, "K12")


@pytest.mark.rule("C3")
async def test_another_owner_is_said_and_the_sync_goes_on(home: DemoStack) -> None:
    uuid = await connected(home)
    home.sandbox.bigcommerce.change_owner(home.sandbox.merchant.store_hash, "eva@example.com")

    said = await pages(home, "K13")

    assert "The store has another owner" in said
    assert "approve the app again" in said
    await goes_on(home, uuid, "K13")


async def test_a_smaller_plan_slows_down_and_stops_nothing(home: DemoStack) -> None:
    uuid = await connected(home)
    home.shop.set_settings(plan="Core")
    store = home.sandbox.bigcommerce.stores[home.sandbox.merchant.store_hash]
    store.settings = replace(store.settings, quota=60)

    await goes_on(home, uuid, "K14")


async def test_subscriptions_that_end_are_made_again(home: DemoStack) -> None:
    uuid = await connected(home)
    deaf(home)
    home.till.edit_product(uuid, name="Kopp")
    await asyncio.sleep(within_s("K15"))
    await home.calm()
    missed = home.in_shop()

    assert ["Kopp"] == missed
    assert Stage.RUNNING is (await home.connection()).stage
    home.till.sell(home.variant(uuid), 1)
    await home.wait(60)
    assert [(4, 4)] == home.levels(uuid)


@pytest.mark.rule("C4")
async def test_another_currency_in_zettle_pauses_prices(home: DemoStack) -> None:
    """The rest is synced, and the price stays."""
    uuid = await connected(home)
    before = home.shown(uuid)["price"]
    home.till.edit_organization(currency="EUR")

    said = await pages(home, "K16")
    home.till.edit_product(uuid, name="Kopp")
    await home.calm()

    assert "Price sync is paused: Zettle uses EUR and the store SEK." in said
    assert (await home.connection()).prices_paused
    assert ("Kopp", before) == (home.shown(uuid)["name"], home.shown(uuid)["price"])


@pytest.mark.rule("C4")
async def test_another_currency_in_zettle_without_a_word(home: DemoStack) -> None:
    await connected(home, SELDOM_S)
    home.till.organization.subscriptions.clear()
    home.till.edit_organization(currency="EUR")

    assert "Price sync is paused: Zettle uses EUR and the store SEK." in await pages(home, "K17")


async def test_hooks_that_bigcommerce_switched_off_are_switched_on_again(home: DemoStack) -> None:
    """An edit that BigCommerce told nobody of is read."""
    uuid = await connected(home)
    switch_off(home)
    home.shop.set_stock(3, product_id=home.id_of(uuid))
    await asyncio.sleep(within_s("K18"))
    await home.calm()
    missed = home.levels(uuid)
    home.shop.set_stock(2, product_id=home.id_of(uuid))
    await home.wait(60)

    assert [(3, 3)] == missed
    assert [(2, 2)] == home.levels(uuid)
    assert [] == await home.reported(Code.PAUSED)


@pytest.mark.rule("C7")
async def test_another_tax_entry_in_zettle_is_said(home: DemoStack) -> None:
    await connected(home)
    home.till.edit_organization(taxationMode="EXCLUSIVE")

    assert "Prices are entered differently about tax now" in await pages(home, "K19")


@pytest.mark.rule("C3", "C7")
async def test_another_owner_unit_and_tax_entry_without_a_word(home: DemoStack) -> None:
    await connected(home, SELDOM_S)
    store = home.sandbox.merchant.store_hash
    home.sandbox.bigcommerce.hooks[store].all.clear()
    includes = home.sandbox.bigcommerce.stores[store].settings.is_price_entered_with_tax
    home.shop.set_settings(is_price_entered_with_tax=not includes, weight_units="LBS")
    home.sandbox.bigcommerce.change_owner(store, "eva@example.com")

    said = await pages(home, "K20")

    assert "The store has another owner" in said
    assert "The store’s weight unit changed" in said
    assert "Prices are entered differently about tax now" in said


Closed = Literal[503, 403, 404]
UNREADABLE = "BigCommerce cannot be read right now."


def close_store(home: DemoStack, status: Closed) -> None:
    """The merchant's store is closed, and every call to it gets this answer (bigcommerce facts
    1.8, 9).
    """
    store = home.sandbox.bigcommerce.stores[home.sandbox.merchant.store_hash]
    store.switches = replace(store.switches, closed_store_status=status)
    store.settings = replace(store.settings, status="down_for_maintenance")


async def reopened(home: DemoStack, uuid: str) -> None:
    """Whatever happened while the store was closed reaches it, and the log says since when."""
    store = home.sandbox.bigcommerce.stores[home.sandbox.merchant.store_hash]
    store.settings = replace(store.settings, status="live")

    said = await pages(home, "K22")

    assert "BigCommerce can be read again." in said
    assert ([(4, 4)], ["Kopp"]) == (home.levels(uuid), home.in_shop())
    assert Stage.RUNNING is (await home.connection()).stage


async def closed(home: DemoStack, status: Closed, row: str) -> tuple[str, str]:
    """A sale and a new name come while the store is closed. The product, and what is read."""
    uuid = await connected(home)
    close_store(home, status)
    home.till.sell(home.variant(uuid), 1)
    home.till.edit_product(uuid, name="Kopp")
    return uuid, await pages(home, row)


async def test_a_closed_store_is_said_and_nothing_is_lost(home: DemoStack) -> None:
    _, said = await closed(home, 503, "K21")

    assert UNREADABLE in said
    assert "" == (await home.connection()).paused


async def test_a_store_that_opens_again_gets_what_waited(home: DemoStack) -> None:
    uuid, _ = await closed(home, 503, "K22")

    await reopened(home, uuid)


async def test_a_closed_store_that_denies_itself_is_no_reason_to_forget(home: DemoStack) -> None:
    """404 to everything would mean that every product is gone: none is believed."""
    uuid, said = await closed(home, 404, "K23")

    assert UNREADABLE in said
    assert "" == (await home.connection()).paused
    await reopened(home, uuid)


async def test_a_closed_store_that_refuses_us_asks_for_the_merchant(home: DemoStack) -> None:
    _, said = await closed(home, 403, "K24")

    assert "The store refuses our access." in said
    assert "The store may be closed or suspended." in said
    assert Stage.RUNNING is (await home.connection()).stage
