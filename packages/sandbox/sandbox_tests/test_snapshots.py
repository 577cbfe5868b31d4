"""A snapshot holds the whole state: put back, it is the same to the byte, and what follows is the
same again.
"""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import is_dataclass, replace
from inspect import getmembers, isclass
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest

from brygga_sandbox import bigcommerce, snapshots, zettle
from brygga_sandbox.bigcommerce import state as shop_state
from brygga_sandbox.clock import LoopClock, ManualClock, MovableClock, RealClock
from brygga_sandbox.graph import NotASnapshot
from brygga_sandbox.http import AsgiApp, Request, Response
from brygga_sandbox.library import demo_library
from brygga_sandbox.sandbox import Plan, Sandbox
from brygga_sandbox.snapshots import KINDS
from brygga_sandbox.zettle import state as till_state

PLAN = Plan(seed=3, products=6, drawings=False, merchants=2)
HOOKS = "service.test"
MOST_CALLS = 60_000


class Receiver:
    """An app that takes no message until it is reported to."""

    def __init__(self) -> None:
        self.status = 500
        self.received: list[bytes] = []

    async def __call__(self, request: Request) -> Response:
        self.received.append(request.body)
        return Response(self.status)


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
async def sandbox(receiver: Receiver) -> AsyncIterator[Sandbox]:
    """A sandbox in which something of everything is under way."""
    made = opened(receiver)
    await furnished(made)
    yield made
    await made.stop()


def opened(receiver: Receiver, plan: Plan = PLAN, clock: Any = None) -> Sandbox:
    made = Sandbox(plan, clock or ManualClock())
    made.transport({HOOKS: AsgiApp(receiver)})
    return made


async def furnished(sandbox: Sandbox) -> None:
    """Goods, orders, sales, tokens, webhooks that fail, an import, faults, and a moved clock."""
    await sandbox.furnish()
    shop, till = sandbox.shop(), sandbox.till()
    shop.set_settings(currency="EUR", quota=100)
    sandbox.bigcommerce.faults.add("429", probability=0.2, next=1000)
    sandbox.zettle.faults.add("slow", path="*/none", lasts_s=90.0)
    sandbox.bigcommerce.outbox.delivery_faults = replace(
        sandbox.bigcommerce.outbox.delivery_faults, duplicate=0.5
    )
    async with httpx2.AsyncClient(transport=sandbox.transport()) as client:
        await subscribed(sandbox, client)
        cup = await shop.add_product(
            name="Kopp", sku="K-1", weight=1, price=9, inventory_tracking="product"
        )
        shop.set_stock(5, sku="K-1")
        order = shop.place([{"sku": "K-1", "quantity": 2}])
        shop.refund(order.id)
        await shop.edit_product(cup.id, name="Mugg")
        variant = next(iter(sandbox.merchant.organization.product_of))
        till.refund(till.sell(variant))
        await sandbox.idle()
        await imported(sandbox, client)
    await moved(sandbox, 70)


async def subscribed(sandbox: Sandbox, client: httpx2.AsyncClient) -> None:
    destination = f"https://{HOOKS}/hook"
    hook = {"scope": "store/product/*", "destination": destination, "headers": {"X-Key": "1"}}
    headers = {"X-Auth-Token": sandbox.store_token()}
    answer = await client.post(f"{sandbox.api()}/v3/hooks", headers=headers, json=hook)
    while answer.status_code == 429:
        answer = await client.post(f"{sandbox.api()}/v3/hooks", headers=headers, json=hook)
    assert answer.status_code < 300, answer.text


async def imported(sandbox: Sandbox, client: httpx2.AsyncClient) -> None:
    uuid = "0a8f3c00-4d5e-11ee-8f00-0123456789ab"
    product = {"uuid": uuid, "name": "Skål", "variants": [{"uuid": uuid.replace("0a8", "0b8")}]}
    place = f"{sandbox.plan.zettle_url}/products/organizations/self/import/v2"
    bearer = {"Authorization": f"Bearer {sandbox.zettle_tokens().access}"}
    answer = await client.post(place, headers=bearer, json={"products": [product]})
    assert answer.status_code == 200, answer.text


async def moved(sandbox: Sandbox, seconds: float) -> None:
    assert isinstance(sandbox.clock, ManualClock)
    await sandbox.clock.advance(seconds)
    await sandbox.idle()


async def a_day(sandbox: Sandbox) -> bytes:
    """Acts that use the dice, the clock, the tokens, and what is on its way."""
    async with httpx2.AsyncClient(transport=sandbox.transport()) as client:
        headers = {"X-Auth-Token": sandbox.store_token()}
        for _ in range(5):
            await client.get(f"{sandbox.api()}/v3/catalog/products", headers=headers)
        sandbox.shop().place([{"sku": "K-1", "quantity": 1}])
        sandbox.till().sell(next(iter(sandbox.merchant.organization.product_of)), 2)
        await moved(sandbox, 200)
        sandbox.zettle_tokens(connector=sandbox.plan.connector)
        await imported(sandbox, client)
        await moved(sandbox, 5000)
    return sandbox.snapshot()


async def test_put_back_it_is_the_same_to_the_byte(sandbox: Sandbox) -> None:
    first = sandbox.snapshot()
    assert sandbox.bigcommerce.outbox.deliveries
    await a_day(sandbox)

    await sandbox.restore(first)
    assert first == sandbox.snapshot()


async def test_after_it_is_put_back_the_same_day_follows(
    sandbox: Sandbox, receiver: Receiver
) -> None:
    first = sandbox.snapshot()
    evening = await a_day(sandbox)
    received = receiver.received[:]
    receiver.received.clear()

    await sandbox.restore(first)
    assert evening == await a_day(sandbox)
    assert receiver.received == received[-len(receiver.received) :]
    assert receiver.received


async def test_another_sandbox_goes_on_where_the_first_one_was(sandbox: Sandbox) -> None:
    first = sandbox.snapshot()
    evening = await a_day(sandbox)
    receiver = Receiver()
    other = opened(receiver)

    await other.restore(first)
    assert first == other.snapshot()
    assert evening == await a_day(other)
    await other.stop()


async def test_a_message_on_its_way_arrives_at_its_time(
    sandbox: Sandbox, receiver: Receiver
) -> None:
    first = sandbox.snapshot()
    receiver.status = 200
    await sandbox.restore(first)
    due = min(one.due for one in sandbox.bigcommerce.outbox.deliveries)
    received = len(receiver.received)

    await moved(sandbox, due - sandbox.clock.now() - 0.01)
    assert len(receiver.received) == received
    await moved(sandbox, 0.02)
    assert len(receiver.received) > received


async def test_a_process_with_other_hashes_writes_the_same_bytes(tmp_path: Path) -> None:
    """The order of a set differs from process to process."""
    script = (
        "import asyncio, sys\n"
        "from sandbox_tests.test_snapshots import Receiver, furnished, opened\n"
        "async def main():\n"
        "    sandbox = opened(Receiver())\n"
        "    await furnished(sandbox)\n"
        "    sys.stdout.buffer.write(sandbox.snapshot())\n"
        "    await sandbox.stop()\n"
        "asyncio.run(main())\n"
    )
    root = Path(__file__).parents[1]
    written = [
        subprocess.run(  # noqa: ASYNC221 - nothing else waits
            [sys.executable, "-c", script],
            cwd=root, env={"PYTHONHASHSEED": seed}, capture_output=True, check=True,
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip

    assert len(written[0]) > 10_000
    assert written[0] == written[1]


async def test_merchants_and_stores_stay_the_same_objects(sandbox: Sandbox) -> None:
    first, merchant = sandbox.snapshot(), sandbox.merchant
    shop, till = sandbox.shop(), sandbox.till()
    await a_day(sandbox)
    await sandbox.restore(first)

    assert sandbox.merchant is merchant
    shop.place([{"sku": "K-1", "quantity": 1}])
    till.sell(next(iter(merchant.organization.product_of)))
    assert len(sandbox.shop().store.orders) == 2
    assert len(merchant.organization.purchases) == 3


async def test_a_merchant_who_came_later_is_there_or_not(sandbox: Sandbox) -> None:
    before = sandbox.snapshot()
    sandbox.add_merchant("Fjärde", products=1)
    after = sandbox.snapshot()

    await sandbox.restore(before)
    assert (len(sandbox.merchants), len(sandbox.bigcommerce.stores)) == (2, 2)
    await sandbox.restore(after)
    assert [one.name for one in sandbox.merchants][2:] == ["Fjärde"]
    assert after == sandbox.snapshot()


async def test_addresses_are_those_of_the_sandbox_it_is_put_into(sandbox: Sandbox) -> None:
    plan = replace(PLAN, zettle_url="http://till.example", bigcommerce_url="http://shop.example")
    other = Sandbox(plan, ManualClock())

    await other.restore(sandbox.snapshot())
    stored = next(iter(other.merchant.organization.products.values()))
    assert b"http://till.example/image" in stored.body
    assert b"zettle.town.test" not in stored.body
    await other.stop()


# ---- Over HTTP -----------------------------------------------------------------------------------


@pytest.mark.parametrize("side", ["zettle", "bigcommerce"])
async def test_both_platforms_give_it_and_take_it(sandbox: Sandbox, side: str) -> None:
    place = f"{getattr(sandbox.plan, f'{side}_url')}/sandbox/snapshot"
    async with httpx2.AsyncClient(transport=sandbox.transport()) as client:
        first = (await client.get(place)).content
        await a_day(sandbox)
        answer = await client.put(place, content=first)

        assert answer.status_code == 200
        assert answer.json()["now"] == sandbox.clock.now()
        assert (await client.get(place)).content == first


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"\x93\x02\x90\x90", msgspec.msgpack.encode([["a", "b"], b"\xc0"])]
)
async def test_other_bytes_are_refused_and_change_nothing(sandbox: Sandbox, content: bytes) -> None:
    before = sandbox.snapshot()
    async with httpx2.AsyncClient(transport=sandbox.transport()) as client:
        answer = await client.put(f"{sandbox.plan.zettle_url}/sandbox/snapshot", content=content)

    assert answer.status_code == 400
    assert "no snapshot" in answer.json()["error"]
    assert before == sandbox.snapshot()


async def test_a_snapshot_of_another_version_is_refused(sandbox: Sandbox) -> None:
    places, graph = msgspec.msgpack.decode(sandbox.snapshot())
    form, classes, body = msgspec.msgpack.decode(graph)
    row = next(row for row in classes if row[0] == "bigcommerce.state.Product")
    row[row.index("modified")] = "changed"
    other = msgspec.msgpack.encode([places, msgspec.msgpack.encode([form, classes, body])])

    with pytest.raises(NotASnapshot, match=r"bigcommerce.state.Product is another one now"):
        await sandbox.restore(other)


async def test_a_snapshot_that_lacks_a_field_changes_nothing(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        whole = snapshots.parts
        patched.setattr(
            snapshots, "parts", lambda of: [(owner, names[:-1]) for owner, names in whole(of)]
        )
        older = sandbox.snapshot()
    before = sandbox.snapshot()

    with pytest.raises(NotASnapshot, match="none of this version"):
        await sandbox.restore(older)
    assert before == sandbox.snapshot()


async def test_no_code_runs_that_a_snapshot_names(sandbox: Sandbox) -> None:
    """Only methods of known objects, and none that begin with a line."""
    places, graph = msgspec.msgpack.decode(sandbox.snapshot())
    form, classes, body = msgspec.msgpack.decode(graph)
    rows = [body]
    while rows:
        row = rows.pop()
        rows += [one for one in row if isinstance(one, list)]
        if row[-1] == "address":
            row[-1] = "__dir__"
    changed = msgspec.msgpack.encode([form, classes, body])

    with pytest.raises(NotASnapshot, match="__dir__ is no method"):
        await sandbox.restore(msgspec.msgpack.encode([places, changed]))


async def test_a_clock_that_cannot_be_set_is_refused(receiver: Receiver) -> None:
    made = opened(receiver, clock=RealClock())
    async with httpx2.AsyncClient(transport=made.transport()) as client:
        answer = await client.put(
            f"{made.plan.zettle_url}/sandbox/snapshot", content=made.snapshot()
        )
    assert answer.status_code == 409
    await made.stop()


@pytest.mark.parametrize("clock", [MovableClock(), LoopClock(1_700_000_000.0)])
async def test_a_running_clock_goes_on_from_then(receiver: Receiver, clock: Any) -> None:
    made = opened(receiver, clock=clock)
    began = clock.now()
    before = made.snapshot()
    clock.set(clock.now() + 3600)
    await made.restore(before)

    assert 0 <= clock.now() - began < 60
    await made.stop()


# ---- What it costs, and what it holds ------------------------------------------------------------


async def test_a_test_can_start_from_one(receiver: Receiver) -> None:
    """The demo library, put back: a count of calls, of which building it takes several times
    more.
    """
    made = opened(receiver, Plan(drawings=False))
    await made.furnish()
    snapshot = made.snapshot()
    calls = 0

    def count(frame: Any, event: str, argument: Any) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        await made.restore(snapshot)
    finally:
        sys.setprofile(None)

    assert len(demo_library().products) == len(made.merchant.organization.products)
    assert calls < MOST_CALLS
    await made.stop()


def test_every_class_of_the_state_can_be_written() -> None:
    found = {
        kind
        for module in (shop_state, till_state, bigcommerce.orders, bigcommerce.apps, zettle.pusher)
        for _, kind in getmembers(module, isclass)
        if is_dataclass(kind) and kind.__module__ == module.__name__
    }
    passing = {bigcommerce.orders.Extra}

    assert found - passing - set(KINDS.named.values()) == set()


async def test_a_sleeper_never_goes_on_before_its_time() -> None:
    clock, fired = ManualClock(100), list[float]()

    async def sleep(seconds: float) -> None:
        await clock.sleep(seconds)
        fired.append(clock.now())

    tasks = [asyncio.create_task(sleep(seconds)) for seconds in (10, 50)]
    await asyncio.sleep(0)
    clock.set(120)
    await asyncio.sleep(0)
    assert fired == [120]
    await clock.advance(30)
    assert fired == [120, 150]
    await asyncio.gather(*tasks)
