"""The merchant approves the app again while work goes on (rules C3, D2): the token that we had is
void at that moment, and the new one is good (bigcommerce facts 1.4). Only a token that still counts
pauses."""

import asyncio
from typing import Any

import pytest

from brygga.cli.browser import Lost
from brygga.core.model import Stage
from brygga.core.report import Code
from brygga_sandbox.sandbox import host_of
from tests.rules.stack import URL, DemoStack

PRODUCTS = 30


def approval(home: DemoStack) -> str:
    """Where BigCommerce sends the browser once the merchant has said yes."""
    sandbox = home.sandbox
    app = sandbox.bigcommerce.apps.registered[sandbox.plan.connector.bigcommerce_client_id]
    return sandbox.bigcommerce.apps.approve(
        app, home.shop.store, home.shop.store.owner, external=False
    )


async def approve(home: DemoStack) -> None:
    await home.browser().open(approval(home))


def revoke(home: DemoStack) -> None:
    """The token dies and nobody says so."""
    apps = home.sandbox.bigcommerce.apps
    grant = apps.installed(
        home.sandbox.merchant.store_hash, home.sandbox.plan.connector.bigcommerce_client_id
    )
    assert grant is not None
    apps.kill(grant)


def answer_late(home: DemoStack, path: str, seconds: float) -> None:
    """BigCommerce does what is asked at this path, and says so later."""
    sandbox = home.sandbox
    inner = sandbox.bigcommerce.app

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        async def late(message: Any) -> None:
            if scope["path"].endswith(path) and message["type"] == "http.response.start":
                await asyncio.sleep(seconds)
            await send(message)

        await inner(scope, receive, late)

    sandbox.hosts.open(host_of(sandbox.plan.bigcommerce_url), slow)


async def went_on(home: DemoStack, products: int) -> bool:
    return (
        len(home.in_shop()) == products
        and Code.PAUSED not in await home.codes()
        and not (await home.connection()).paused
    )


@pytest.mark.rule("C3")
@pytest.mark.parametrize("times", [1, 2], ids=["once", "twice in a row"])
async def test_an_approval_in_the_middle_of_an_import_stops_nothing(
    home: DemoStack, times: int
) -> None:
    for number in range(PRODUCTS):
        home.add(f"Mugg {number}", stock=3)
    await home.prepare()
    await home.browser_session.open("/apps/bigcommerce")
    await home.press("Finish set-up")
    await home.until(lambda: len(home.in_shop()) >= PRODUCTS // 3)
    assert len(home.in_shop()) < PRODUCTS

    for _ in range(times):
        await approve(home)
    await home.calm()

    assert await went_on(home, PRODUCTS)


@pytest.mark.rule("C3")
@pytest.mark.parametrize(
    ("path", "late"),
    [("/oauth2/token", 3.0), ("/v2/store", 5.0)],
    ids=["the new token comes late", "the store is read slowly"],
)
async def test_what_is_on_its_way_when_the_token_is_replaced_goes_again(
    home: DemoStack, path: str, late: float
) -> None:
    """Between the moment at which the old token dies and the one at which we hold the new one."""
    uuid = home.add("Mugg", stock=5)
    await home.connect()
    answer_late(home, path, late)

    approving = asyncio.create_task(approve(home))
    await asyncio.sleep(1)
    home.till.sell(home.variant(uuid))
    await approving
    await home.wait(60)

    assert await went_on(home, 1)
    assert [(4, 4)] == home.levels(uuid)


def ask_late(home: DemoStack, path: str, seconds: float) -> None:
    """The first request at this path is long on its way to BigCommerce."""
    sandbox = home.sandbox
    inner, asked = sandbox.bigcommerce.app, 0

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        nonlocal asked
        asked += scope["path"].endswith(path)
        if scope["path"].endswith(path) and asked == 1:
            await asyncio.sleep(seconds)
        await inner(scope, receive, send)

    sandbox.hosts.open(host_of(sandbox.plan.bigcommerce_url), slow)


@pytest.mark.rule("C3")
async def test_of_two_approvals_the_one_that_is_answered_last_counts(home: DemoStack) -> None:
    """It was begun first, and its token is the one that BigCommerce honours."""
    uuid = home.add("Mugg", stock=5)
    await home.connect()
    ask_late(home, "/oauth2/token", 5.0)

    first = asyncio.create_task(approve(home))
    await asyncio.sleep(1)
    await approve(home)
    await first
    home.till.sell(home.variant(uuid))
    await home.wait(60)

    assert await went_on(home, 1)
    assert [(4, 4)] == home.levels(uuid)


@pytest.mark.rule("C3")
async def test_a_new_token_is_kept_although_the_store_cannot_be_read(home: DemoStack) -> None:
    uuid = home.add("Mugg", stock=5)
    await home.connect()
    rule = home.sandbox.bigcommerce.faults.add("5xx_before", path="*/v2/store", next=1)

    with pytest.raises(Lost, match="503"):
        await approve(home)
    home.till.sell(home.variant(uuid))
    await home.wait(60)

    assert 1 == rule.fired
    assert await went_on(home, 1)
    assert [(4, 4)] == home.levels(uuid)


@pytest.mark.rule("D3")
async def test_a_token_that_is_really_gone_pauses_at_once(home: DemoStack) -> None:
    uuid = home.add("Mugg", stock=5)
    await home.connect()

    revoke(home)
    home.till.sell(home.variant(uuid))
    await home.until(lambda: any(one.status == 401 for one in home.asked()))
    await asyncio.sleep(5)

    assert "bigcommerce_access_gone" == (await home.connection()).paused
    assert [{"cause": "bigcommerce_access_gone"}] == await home.reported(Code.PAUSED)


@pytest.mark.rule("C3")
async def test_a_code_that_is_refused_delays_no_pause_for_long(home: DemoStack) -> None:
    """Anybody can call the address where approvals come back."""
    uuid = home.add("Mugg", stock=5)
    await home.connect()

    revoke(home)
    store = f"stores/{home.sandbox.merchant.store_hash}"
    for _ in range(3):
        with pytest.raises(Lost, match="400"):
            await home.browser().open(
                f"{URL}/bigcommerce/auth?code=forged&scope=any&context={store}"
            )
        home.till.sell(home.variant(uuid))
        await asyncio.sleep(20)

    assert "bigcommerce_access_gone" == (await home.connection()).paused


@pytest.mark.rule("D2")
async def test_an_approval_while_products_are_removed_leaves_none_behind(home: DemoStack) -> None:
    for name in ("Fat", "Mugg", "Vas"):
        home.add(name)
    await home.connect()
    answer_late(home, "/oauth2/token", 3.0)

    approving = asyncio.create_task(approve(home))
    await asyncio.sleep(1)
    await home.open("/apps/bigcommerce/disconnect")
    await home.press("Disconnect", products="remove")
    await approving
    await home.wait(60)

    assert ([], Stage.DISCONNECTED) == (home.in_shop(), (await home.connection()).stage)
    assert Code.KEPT_FOR_LACK_OF_ACCESS not in await home.codes()
