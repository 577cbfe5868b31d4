"""The service moves to another address: what the platforms tell follows it, and nothing is missed
(S2, S3, P5).

Subscriptions that still point at the old address are ours by their id, or by our connection's key
in their path. They go, new ones stand within seconds of the start, and a reading of everything
follows.
"""

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from brygga.core.report import Code
from brygga.database import subscriptions, work_items
from brygga.database.tokens import Platform
from brygga.database.work_items import Kind
from brygga_sandbox.sandbox import host_of
from tests.rules.stack import URL, DemoStack
from tests.rules.test_approved_again import approve, revoke

NEW = "https://ny.town.test"
SECRET = "x-brygga-secret"


class Stranger:
    """Whoever has the old address now: takes every message and says thanks."""

    def __init__(self, inner: Any = None) -> None:
        self.received: Counter[str] = Counter()
        self.secrets: set[str] = set()
        self.inner = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        self.received[scope["path"].split("/")[2]] += 1
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        self.secrets |= {headers[SECRET]} if SECRET in headers else set()
        if self.inner is not None:
            await self.inner(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


def places(home: DemoStack) -> tuple[set[str], set[str]]:
    """Where the till's and the shop's messages of our app go."""
    app = home.sandbox.plan.connector
    till = {
        one.destination
        for one in home.sandbox.merchant.organization.subscriptions.values()
        if one.client_id == app.zettle_client_id
    }
    shop = {
        hook.destination
        for hook in home.sandbox.bigcommerce.hooks[home.sandbox.merchant.store_hash].of(
            app.bigcommerce_client_id
        )
    }
    return till, shop


def all_at(home: DemoStack, url: str, key: str) -> bool:
    return places(home) == ({f"{url}/hooks/zettle/{key}"}, {f"{url}/hooks/bigcommerce/{key}"})


async def a_day_without_us(home: DemoStack, uuid: str) -> None:
    """One sale, one order and one new name, of which nobody tells us."""
    home.till.sell(home.variant(uuid))
    home.shop.place([{"product_id": home.id_of(uuid), "quantity": 1}])
    home.till.edit_product(uuid, name="Kopp")
    await asyncio.sleep(3 * 3600)


@pytest.mark.rule("P5", "S2", "S3")
@pytest.mark.parametrize("old", ["silent", "a stranger's", "ours"])
async def test_a_new_address_is_told_at_once_and_what_was_missed_is_caught_up(
    home: DemoStack, old: str
) -> None:
    uuid = home.add("Mugg", stock=10)
    await home.connect()
    key = (await home.connection()).hook_key
    await home.halt()
    sandbox, host = home.sandbox, host_of(URL)
    stranger = Stranger()
    if old == "silent":
        sandbox.hosts.close(host)
    else:
        sandbox.hosts.open(host, stranger)

    await a_day_without_us(home, uuid)
    await home.move(NEW)
    if old == "ours":
        stranger = Stranger(home.service.web)
        sandbox.hosts.open(host, stranger)
    await asyncio.sleep(10)
    assert all_at(home, NEW, key)
    await home.calm()

    assert ("Kopp", [(8, 8)]) == (home.shown(uuid)["name"], home.levels(uuid))
    before = sum(stranger.received.values())
    home.till.sell(home.variant(uuid))
    home.shop.place([{"product_id": home.id_of(uuid), "quantity": 1}])
    await home.wait(20)
    assert [(6, 6)] == home.levels(uuid)
    assert before == sum(stranger.received.values())


@pytest.mark.rule("S3")
async def test_a_hook_that_takes_a_minute_to_work_misses_nothing(home: DemoStack) -> None:
    """BigCommerce needs a while (bigcommerce facts 6.1): what happens meanwhile is read
    afterwards.
    """
    uuid = home.add("Mugg", stock=10)
    await home.connect()
    hooks = home.sandbox.bigcommerce.hooks[home.sandbox.merchant.store_hash]
    await home.halt()
    for hook in list(hooks.all.values()):
        hooks.delete(hook)
    home.sandbox.hosts.close(host_of(URL))

    await home.move(NEW)
    await asyncio.sleep(20)
    home.shop.place([{"product_id": home.id_of(uuid), "quantity": 1}])
    await home.wait(150)

    assert [(9, 9)] == home.levels(uuid)


@pytest.mark.rule("S3")
async def test_the_secret_that_the_old_address_has_read_is_good_for_nothing(
    home: DemoStack,
) -> None:
    uuid = home.add("Mugg", stock=10)
    await home.connect()
    key = (await home.connection()).hook_key
    await home.halt()
    stranger = Stranger()
    home.sandbox.hosts.open(host_of(URL), stranger)
    home.shop.place([{"product_id": home.id_of(uuid), "quantity": 1}])
    await asyncio.sleep(60)
    await home.move(NEW)
    await home.wait_hours(2)

    (read,) = stranger.secrets
    body = (
        f'{{"scope":"store/product/updated","producer":"stores/{home.sandbox.merchant.store_hash}",'
        f'"data":{{"id":1}}}}'
    )
    async with httpx2.AsyncClient(transport=home.sandbox.hosts) as http:
        answer = await http.post(
            f"{NEW}/hooks/bigcommerce/{key}", content=body, headers={SECRET: read}
        )

    assert 401 == answer.status_code


@pytest.mark.rule("P5")
async def test_what_is_not_ours_stays_and_what_has_our_key_goes_without_its_id(
    home: DemoStack,
) -> None:
    home.add("Mugg")
    await home.connect()
    connection, sandbox, app = await home.connection(), home.sandbox, home.sandbox.plan.connector
    async with home.service.database.transaction() as tx:
        for platform in Platform:
            rows = await subscriptions.all_of(tx, connection.id, platform)
            ids = [row.subscription_id for row in rows if row.destination]
            await subscriptions.remove(tx, connection.id, platform, ids)
        await subscriptions.save(
            tx,
            connection.id,
            subscriptions.Subscription(
                Platform.ZETTLE, "gone", "", f"{URL}/hooks/zettle/x", "active"
            ),
            home.service.worker.clock.now(),
        )
    hooks, elsewhere = (
        sandbox.bigcommerce.hooks[sandbox.merchant.store_hash],
        "https://annan.town.test/hooks/bigcommerce/other",
    )
    body = {"scope": "store/product/updated", "destination": elsewhere, "headers": {}}
    hooks.create(app.bigcommerce_client_id, body)
    await home.halt()
    sandbox.hosts.close(host_of(URL))

    await home.move(NEW)
    await asyncio.sleep(10)

    till, shop = places(home)
    assert {f"{NEW}/hooks/zettle/{connection.hook_key}"} == till
    assert {f"{NEW}/hooks/bigcommerce/{connection.hook_key}", elsewhere} == shop


@pytest.mark.rule("S2", "S3")
@pytest.mark.parametrize("gone", ["shop", "till"])
async def test_webhooks_of_a_paused_merchant_move_where_there_is_access(
    home: DemoStack, gone: str
) -> None:
    """A stranger at the old address hears nothing more of it, and what was missed is caught up when
    the merchant has helped.
    """
    uuid = home.add("Mugg", stock=10)
    await home.connect()
    key = (await home.connection()).hook_key
    if gone == "shop":
        revoke(home)
    else:
        home.till.remove_app(home.sandbox.plan.connector.zettle_client_id)
    home.till.sell(home.variant(uuid))
    home.shop.place([{"product_id": home.id_of(uuid), "quantity": 1}])
    await asyncio.sleep(60)
    paused = (await home.connection()).paused
    await home.halt()
    stranger = Stranger()
    home.sandbox.hosts.open(host_of(URL), stranger)
    asked = len(home.asked(of=gone))

    await home.move(NEW)
    await asyncio.sleep(10)
    till, shop = places(home)
    await asyncio.sleep(3 * 3600)
    more = len(home.asked(of=gone)) - asked

    # Zettle ends our subscriptions together with our access.
    there = [f"{NEW}/hooks/bigcommerce/{key}"]
    if gone == "shop":
        there = [f"{NEW}/hooks/zettle/{key}", f"{URL}/hooks/bigcommerce/{key}"]
    assert there == [*till, *shop]
    assert paused == (await home.connection()).paused == PAUSES[gone]
    assert [{"cause": paused}] == await home.reported(Code.PAUSED)
    assert 0 == more, "who gives no access is not asked"


PAUSES = {"shop": "bigcommerce_access_gone", "till": "zettle_access_gone"}


@pytest.mark.rule("S2")
async def test_a_store_approved_after_a_move_while_paused_catches_up(home: DemoStack) -> None:
    uuid = home.add("Mugg", stock=10)
    await home.connect()
    key = (await home.connection()).hook_key
    revoke(home)
    home.till.sell(home.variant(uuid))
    await asyncio.sleep(60)
    await home.halt()
    home.sandbox.hosts.open(host_of(URL), Stranger())
    home.till.edit_product(uuid, name="Kopp")
    await asyncio.sleep(600)
    await home.move(NEW)
    apps, client = home.sandbox.bigcommerce.apps, home.sandbox.plan.connector.bigcommerce_client_id
    apps.registered[client] = replace(apps.registered[client], auth_url=f"{NEW}/bigcommerce/auth")
    await asyncio.sleep(3600)

    await approve(home)
    await home.wait(120)

    assert all_at(home, NEW, key)
    assert ("Kopp", [(9, 9)]) == (home.shown(uuid)["name"], home.levels(uuid))


@pytest.mark.rule("P5", "S2")
async def test_a_full_read_is_due_before_a_hollow_list_moves_a_subscription(
    home: DemoStack,
) -> None:
    """BigCommerce's hooks are here already; Zettle's list leaves ours out, and asking for it moves
    it.
    """
    uuid = home.add("Mugg", stock=10)
    await home.connect()
    connection = await home.connection()
    await home.halt()
    home.sandbox.hosts.open(host_of(URL), Stranger())
    for hook in home.sandbox.bigcommerce.hooks[home.sandbox.merchant.store_hash].all.values():
        hook.destination = f"{NEW}/hooks/bigcommerce/{connection.hook_key}"
    async with home.service.database.transaction() as tx:
        rows = await subscriptions.all_of(tx, connection.id, Platform.BIGCOMMERCE)
        for row in rows:
            moved = replace(row, topic=NEW if row.topic == URL else row.topic)
            if row.destination:
                moved = replace(moved, destination=row.destination.replace(URL, NEW))
            await subscriptions.save(tx, connection.id, moved, home.service.worker.clock.now())
        await work_items.forget(tx, connection.id, [Kind.LIBRARY, Kind.SWEEP])
    home.till.edit_product(uuid, name="Kopp")
    home.till.sell(home.variant(uuid))
    await asyncio.sleep(3600)

    hollow = {"answer": "empty_list"}
    home.sandbox.zettle.faults.add(
        "hollow", method="GET", path="*/subscriptions*", params=hollow, next=1
    )
    await home.move(NEW)
    await home.wait(300)

    assert all_at(home, NEW, connection.hook_key)
    assert ("Kopp", [(9, 9)]) == (home.shown(uuid)["name"], home.levels(uuid))
