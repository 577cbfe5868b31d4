"""A process that dies at any point of a disconnect with removal removes what is ours, once, and
nothing else; an undo brings everything back (D2, D4, decisions 12, 16).
"""

import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from brygga.core.failures import Failure
from brygga.core.lifecycle import Removing, Running
from brygga.core.model import Origin, Stage, Synced
from brygga.core.report import Code
from brygga.database import (
    bindings,
    connections,
    erasing,
    hidden,
    subscriptions,
    tokens,
    work_items,
)
from brygga.database.engine import Database
from brygga.database.tokens import Platform, Token
from brygga.database.work_items import Kind
from brygga.sync.connection.hooks import hooks
from brygga.sync.connection.leaving import leave
from brygga.sync.stock import marker
from tests.conftest import MovableClock
from tests.markers import is_marker
from tests.rules.products_bench import Bench, Facts, judge, opened
from tests.simulation.crashing import Crash, Dying
from tests.simulation.test_hooks_crash_walk import thanks

URL = "https://brygga.leaves.test"
UNDO = timedelta(minutes=1)
MUG, PLATE, BOWL, OWN = "Mugg", "Fat", "Skål", "Butikens egen"


@dataclass
class Shop:
    """A merchant at rest: a visible product of Zettle's, one that the merchant hid, one that was
    linked, and one of the store's own.
    """

    bench: Bench
    ids: dict[str, int] = field(default_factory=dict)

    def products(self) -> dict[str, bool]:
        """By name, whether it is visible. Our marker is left out."""
        state = self.bench.sandbox.shop().state()["products"]
        return {one["name"]: one["is_visible"] for one in state if not is_marker(one)}

    def ours_left(self) -> list[str]:
        """What stays of ours in the store besides products."""
        sandbox = self.bench.sandbox
        state = sandbox.shop().state()
        hooks_left = sandbox.bigcommerce.hooks[sandbox.merchant.store_hash].all.values()
        return [
            *("marker" for one in state["products"] if is_marker(one)),
            *("category" for one in state["categories"] if one["name"] == "Zettle"),
            *(one.scope for one in hooks_left if one.destination.startswith(URL)),
        ]

    def deleted(self) -> Counter[str]:
        """How often each product was asked to be deleted, by its id in the query."""
        asked: Counter[str] = Counter()
        for one in self.bench.requests("DELETE", "/catalog/products"):
            for name, value in one.query:
                if name == "id:in":
                    asked.update(value.split(","))
        return asked


async def at_rest(database: Database, clock: MovableClock) -> Shop:
    bench = await opened(database, clock)
    bench.sandbox.shop().set_settings(quota=10_000_000)
    bench.sandbox.hosts.open("brygga.leaves.test", thanks)
    bench.session = replace(bench.session, settings=Facts(public_url=URL))
    uuids = {
        name: bench.till_product(name, {"sku": name, "price": {"amount": 100, "currencyId": "SEK"}})
        for name in (MUG, PLATE, BOWL)
    }
    await bench.finish_setup()
    shop = Shop(bench, {name: await bench.product_id(uuid) for name, uuid in uuids.items()})
    hands = bench.sandbox.shop()
    await hands.edit_product(shop.ids[MUG], is_visible=True)
    # Not in our category, which is empty after the removal.
    own = hands.add_category("Eget").id
    await hands.edit_product(shop.ids[BOWL], is_visible=True, categories=[own])
    shop.ids[OWN] = (await hands.add_product(name=OWN, price=10, is_visible=True)).id
    await marker.ensure(bench.session)
    await bench.add_item(Kind.HOOKS, "")
    await due_now(bench, Kind.HOOKS)
    async with bench.database.transaction() as tx:
        token = Token(await bench.session.shop.tokens(), clock.now())
        await tokens.save(tx, bench.connection.id, Platform.BIGCOMMERCE, token)
        linked = Synced(uuids[BOWL], shop.ids[BOWL], Origin.LINKED)
        await bindings.save(tx, bench.connection.id, linked, clock.now())
        # What the second look would read is no part of this story.
        await work_items.forget(tx, bench.connection.id, list(Kind))
    return shop


async def due_now(bench: Bench, kind: Kind) -> None:
    """Works as the worker does: what fails is tried again until it ends."""
    handler = {Kind.LEAVE: leave, Kind.HOOKS: hooks}[kind]
    for _ in range(20):
        async with bench.database.read() as tx:
            due = await work_items.due(tx, bench.connection.id, bench.clock.now(), [kind])
        if not due:
            return
        try:
            await handler(bench.session, due)
        except Failure as failure:
            for item in bench.session.unresolved(list(due)):
                await judge(bench.session, item, failure)
        bench.clock.move(6)
    raise AssertionError("the work never ends")


async def decided(bench: Bench) -> None:
    """What the page's button writes."""
    async with bench.database.transaction() as tx:
        now = await connections.state(tx, bench.connection.id)
        if isinstance(now, Running):
            until = bench.clock.now() + UNDO
            await connections.save(tx, bench.connection.id, now.remove(), undo_until=until)
            await work_items.add(tx, bench.connection.id, Kind.LEAVE, "", bench.clock.now())


async def undone(bench: Bench) -> None:
    """What the page's other button writes. Nothing, once it is too late."""
    async with bench.database.transaction() as tx:
        now = await connections.state(tx, bench.connection.id)
        if isinstance(now, Removing):
            await connections.save(tx, bench.connection.id, now.undo())
            await work_items.add(tx, bench.connection.id, Kind.LEAVE, "", bench.clock.now())


async def removed(bench: Bench) -> None:
    await decided(bench)
    await due_now(bench, Kind.LEAVE)
    bench.clock.move(61)
    await due_now(bench, Kind.LEAVE)


async def regretted(bench: Bench) -> None:
    await decided(bench)
    await due_now(bench, Kind.LEAVE)
    await undone(bench)
    await due_now(bench, Kind.LEAVE)


async def dies(shop: Shop, at: int, story: Callable[[Bench], Awaitable[None]]) -> Dying:
    """The story with a death at moment `at`, then a new process that goes on. The merchant's
    buttons are pressed once more by nobody: what was decided is on disk.
    """
    bench, database, plain = shop.bench, shop.bench.database, shop.bench.sandbox.transport()
    began = bench.clock.now()
    dying = Dying(at)
    await bench.restart(dying.disk(database), dying.wire(plain))
    with contextlib.suppress(Crash):
        await story(bench)
    if dying.struck and bench.clock.now() < began + UNDO:
        assert {MUG, PLATE, BOWL, OWN} == set(shop.products()), f"{dying.moment}: too early"
    await bench.restart(database, plain)
    await due_now(bench, Kind.LEAVE)
    return dying


async def stage_of(bench: Bench) -> Stage:
    await bench.session.reload()
    return bench.connection.stage


async def end(shop: Shop) -> None:
    """Room for the next walk on the same database."""
    bench = shop.bench
    await bench.session.reload()
    async with bench.database.transaction() as tx:
        await connections.disconnect(tx, bench.connection.id, bench.clock.now())
        await erasing.erase(tx, bench.connection.organization.uuid, bench.clock.now())


@pytest.mark.slow
@pytest.mark.rule("D2", "D4")
async def test_a_death_at_any_point_of_a_removal_removes_ours_and_no_other(
    database: Database, clock: MovableClock
) -> None:
    """Products, marker, category, webhooks, and both platforms' access: each is gone, the count is
    right, and what was linked or the merchant's own stands as it stood.
    """
    at, struck = 1, True
    while struck:
        shop = await at_rest(database, clock)
        bench = shop.bench
        dying = await dies(shop, at, removed)
        if not await has_decided(bench):
            await decided(bench)
            await due_now(bench, Kind.LEAVE)
        bench.clock.move(61)
        await due_now(bench, Kind.LEAVE)

        where = dying.moment if dying.struck else "without a death"
        assert Stage.DISCONNECTED is await stage_of(bench), where
        assert {BOWL: True, OWN: True} == shop.products(), where
        assert [] == shop.ours_left(), where
        assert not bench.sandbox.merchant.organization.subscriptions, where
        assert set() == set(shop.deleted()) & {str(shop.ids[one]) for one in (BOWL, OWN)}, where
        assert max(shop.deleted().values()) <= 2, where
        ends = [dict(one.params) for one in await bench.log() if one.code is Code.DISCONNECTED]
        assert [{"reason": "remove", "removed": "2"}] == ends, where
        async with database.read() as tx:
            assert [] == list(await hidden.some(tx, bench.connection.id, 10)), where
            for platform in Platform:
                left = await subscriptions.all_of(tx, bench.connection.id, platform)
                assert [] == list(left), where
        await end(shop)
        at, struck = at + 1, dying.struck
    print(f"\n  a removal: {at - 2} moments, ours gone once, nothing else")  # noqa: T201 - to be read with -s

    assert at > 30


@pytest.mark.slow
@pytest.mark.rule("D2", "P4")
async def test_a_death_at_any_point_of_an_undone_removal_loses_nothing(
    database: Database, clock: MovableClock
) -> None:
    """What we hid is visible again, and what the merchant hid is not."""
    at, struck = 1, True
    while struck:
        shop = await at_rest(database, clock)
        bench, before = shop.bench, shop.products()
        dying = await dies(shop, at, regretted)
        await undone(bench)
        await due_now(bench, Kind.LEAVE)

        where = dying.moment if dying.struck else "without a death"
        assert Stage.RUNNING is await stage_of(bench), where
        assert before == shop.products(), where
        assert not shop.deleted(), where
        assert "marker" in shop.ours_left(), where
        assert "category" in shop.ours_left(), where
        await end(shop)
        at, struck = at + 1, dying.struck
    print(f"\n  an undone removal: {at - 2} moments, nothing lost")  # noqa: T201 - to be read with -s

    assert at > 12


async def has_decided(bench: Bench) -> bool:
    async with bench.database.transaction() as tx:
        return not isinstance(await connections.state(tx, bench.connection.id), Running)
