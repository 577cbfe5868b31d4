"""An uninstall is a report until the store confirms it (rule D3, decision 5)."""

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from brygga.core.model import Stage
from tests.rules.stack import URL, DemoStack
from tests.rules.test_pages_true import uninstall


async def staff_message(home: DemoStack) -> str:
    """The signed message with which a user beside the owner opens the app, taken out of the
    browser.
    """
    user = home.sandbox.bigcommerce.add_user(home.sandbox.merchant.store_hash, "eva@example.com")
    apps, store = (
        home.sandbox.bigcommerce.apps,
        home.sandbox.bigcommerce.stores[home.sandbox.merchant.store_hash],
    )
    app = apps.registered[home.sandbox.plan.connector.bigcommerce_client_id]
    address = apps.load_address(app, store, user)
    return parse_qs(urlsplit(address).query)["signed_payload_jwt"][0]


async def stage(home: DemoStack) -> Stage:
    return (await home.connection()).stage


def switch(home: DemoStack, **switches: Any) -> None:
    store = home.sandbox.bigcommerce.stores[home.sandbox.merchant.store_hash]
    store.switches = replace(store.switches, **switches)


@pytest.mark.rule("D3")
@pytest.mark.parametrize("opened", [True, False])
async def test_a_staff_users_load_message_disconnects_nobody(home: DemoStack, opened: bool) -> None:
    """Whether or not it was used to open the page, it is no proof that the app is gone."""
    uuid = home.add("Mugg")
    await home.connect()
    message = await staff_message(home)
    if opened:
        await home.browser_session.open(f"{URL}/bigcommerce/load?signed_payload_jwt={message}")
    http = home.browser()._http

    answer = await http.get(f"{URL}/bigcommerce/uninstall?signed_payload_jwt={message}")
    await home.wait_hours(3)

    assert (401 if opened else 200) == answer.status_code
    assert Stage.RUNNING is await stage(home)
    assert "Kopp" == (await home.save(uuid, name="Kopp"))["name"]


@pytest.mark.rule("D3")
@pytest.mark.parametrize("status", [401, 403, 404])
async def test_a_real_uninstall_ends_the_connection_whatever_the_store_answers(
    home: DemoStack, status: int
) -> None:
    home.add("Mugg")
    await home.connect()
    switch(home, dead_token_status=status)

    await uninstall(home)

    assert (["Mugg"], Stage.DISCONNECTED) == (home.in_shop(), await stage(home))


@pytest.mark.rule("D3")
async def test_a_report_that_comes_before_the_token_ends_is_believed_later(home: DemoStack) -> None:
    """Whether the token works while BigCommerce tells us is open (B1): we ask again after a
    minute.
    """
    home.add("Mugg")
    await home.connect()
    switch(home, uninstall_order="callback_first")

    await uninstall(home)
    await home.wait(90)

    assert Stage.DISCONNECTED is await stage(home)


@pytest.mark.rule("D3")
async def test_a_store_that_does_not_answer_is_asked_until_it_does(home: DemoStack) -> None:
    home.add("Mugg")
    await home.connect()
    home.sandbox.bigcommerce.faults.add("5xx_before", next=20)

    await uninstall(home)
    home.sandbox.bigcommerce.faults.clear()
    await home.wait_hours(2)

    assert Stage.DISCONNECTED is await stage(home)


@pytest.mark.rule("D3", "D4")
async def test_an_app_that_is_installed_again_at_once_stays_connected(home: DemoStack) -> None:
    """The report is about the install before: the token of now is asked about."""
    uuid = home.add("Mugg")
    await home.connect()
    message = await staff_message(home)
    store, sandbox = home.sandbox.merchant.store_hash, home.sandbox.bigcommerce
    grant = sandbox.apps.installed(store, home.sandbox.plan.connector.bigcommerce_client_id)
    assert grant is not None
    sandbox.apps.kill(grant)
    await home.browser_session.open(f"{home.sandbox.plan.bigcommerce_url}/manage/{store}/apps")
    await home.press("Install")
    await home.press("Confirm")
    await home.browser()._http.get(f"{URL}/bigcommerce/uninstall?signed_payload_jwt={message}")
    await home.calm()

    assert Stage.RUNNING is await stage(home)
    assert "Kopp" == (await home.save(uuid, name="Kopp"))["name"]


@pytest.mark.rule("D3")
async def test_a_removed_user_of_the_store_has_no_session_left(home: DemoStack) -> None:
    await home.connect()
    sandbox, store = home.sandbox.bigcommerce, home.sandbox.merchant.store_hash
    user = sandbox.add_user(store, "eva@example.com")
    app = sandbox.apps.registered[home.sandbox.plan.connector.bigcommerce_client_id]
    eva = home.browser()
    await eva.open(sandbox.apps.load_address(app, sandbox.stores[store], user))
    await eva.press("Open Brygga")
    await eva.press("Sign in with Zettle")
    if eva.offers("Confirm"):
        await eva.press("Confirm")
    before = await eva.open(f"{URL}/apps")
    await home.wait(5)

    await sandbox.remove_user(store, user.id)

    assert "Apps · Integrations" in before
    assert "Sign in with Zettle" in await eva.open(f"{URL}/apps")
    assert "Apps · Integrations" in await home.open("/apps")
