"""A service that moves to another address and dies at any point on the way leaves no double and no
gap (P5, S2, S3).
"""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from brygga.bigcommerce.api.hooks import SCOPES
from brygga.database import subscriptions, waiting_work, work_items
from brygga.database.engine import Database
from brygga.database.tokens import Platform
from brygga.database.work_items import Kind
from brygga.sync.connection.hooks import hooks
from tests.conftest import MovableClock
from tests.rules.products_bench import Bench, Facts, opened
from tests.simulation.crashing import Crash, Dying

KINDS = (Kind.HOOKS, Kind.LIBRARY, Kind.SWEEP)


async def thanks(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@pytest.fixture
async def bench(database: Database, clock: MovableClock) -> Bench:
    bench = await opened(database, clock)
    bench.sandbox.shop().set_settings(quota=10_000_000)
    await bench.finish_setup()
    return bench


async def watch(bench: Bench, url: str) -> None:
    """The watch at this address, by a work item that is on disk before."""
    bench.session = replace(bench.session, settings=Facts(public_url=url), finished=set())
    async with bench.database.read() as tx:
        due = await work_items.due(tx, bench.connection.id, bench.clock.now(), [Kind.HOOKS])
    await hooks(bench.session, due)


def there(bench: Bench) -> tuple[Counter[str], Counter[tuple[str, str]]]:
    """The hosts at which Zettle's subscriptions and BigCommerce's hooks point, by scope."""
    sandbox = bench.sandbox
    till = Counter(
        one.destination.split("/")[2]
        for one in sandbox.merchant.organization.subscriptions.values()
    )
    shop = sandbox.bigcommerce.hooks[sandbox.merchant.store_hash].all.values()
    return till, Counter((hook.scope, hook.destination.split("/")[2]) for hook in shop)


async def to_push(bench: Bench) -> set[Kind]:
    async with bench.database.read() as tx:
        waiting = await waiting_work.counts(tx, bench.connection.id)
    return {kind for kind in KINDS if waiting.get(kind)}


async def die_on_the_way(bench: Bench, at: int) -> Dying:
    """From the address of the run before to this run's, with a death at moment `at`."""
    database, plain = bench.database, bench.sandbox.transport()
    url, host = f"https://host-{at}.test", f"host-{at}.test"
    bench.sandbox.hosts.open(host, thanks)
    async with database.transaction() as tx:
        await work_items.forget(tx, bench.connection.id, KINDS)
        await work_items.add(tx, bench.connection.id, Kind.HOOKS, "", bench.clock.now())
    dying = Dying(at)
    await bench.restart(dying.disk(database), dying.wire(plain))
    try:
        await watch(bench, url)
    except Crash:
        till, shop = there(bench)
        assert till, f"{dying.moment}: Zettle tells nobody"
        assert set(SCOPES) == {scope for scope, _ in shop}, f"{dying.moment}: a gap"
        changed = any(where == host for where in till) or any(where == host for _, where in shop)
        assert not changed or {Kind.LIBRARY, Kind.SWEEP} <= await to_push(bench), (
            f"{dying.moment}: nothing is read"
        )
        await bench.restart(database, plain)
        await watch(bench, url)
    assert ({host: 1}, {(scope, host): 1 for scope in SCOPES}) == there(bench), dying.moment
    assert {Kind.LIBRARY, Kind.SWEEP} <= await to_push(bench), dying.moment
    async with database.read() as tx:
        for platform, count in ((Platform.ZETTLE, 1), (Platform.BIGCOMMERCE, len(SCOPES))):
            rows = await subscriptions.all_of(tx, bench.connection.id, platform)
            assert [host] * count == [
                row.destination.split("/")[2] for row in rows if row.destination
            ], dying.moment
    return dying


@pytest.mark.slow
@pytest.mark.rule("P5", "S2", "S3")
async def test_a_death_at_any_point_of_a_move_leaves_no_double_and_no_gap(bench: Bench) -> None:
    """Before and after every request and every commit."""
    bench.sandbox.hosts.open("host-0.test", thanks)
    async with bench.database.transaction() as tx:
        await work_items.add(tx, bench.connection.id, Kind.HOOKS, "", bench.clock.now())
    await watch(bench, "https://host-0.test")

    at = 1
    while (await die_on_the_way(bench, at)).struck:
        at += 1
    print(f"\n  a move of all webhooks: {at - 1} moments, no double, no gap")  # noqa: T201 - to be read with -s

    assert at > 2 * len(SCOPES)
