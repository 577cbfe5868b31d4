"""Webhooks are counted in memory, and written every ten seconds while there is something to write.

The last ones before a silence are written too, and no message fails because of it.
"""

import asyncio
from collections.abc import Callable

import pytest
from tests.web.conftest import World
from tests.web.webhooks import counted, listening, post_shop, shop_body

from brygga.core.model import Connection
from brygga.database import deliveries, receiving
from brygga.database.deliveries import Outcome
from brygga.database.engine import DatabaseBusy, DatabaseGone, Tx
from brygga.database.tokens import Platform

BODY = shop_body("store/product/updated", {"type": "product", "id": 7})


async def refuse(world: World, connection: Connection, times: int = 1) -> None:
    for _ in range(times):
        answer = await post_shop(world, connection.hook_key, BODY, "theirs")
        assert 401 == answer.status_code


async def on_disk(world: World) -> int:
    async with world.database.read() as tx:
        found = await deliveries.of_last_day(tx, world.clock.now())
    return sum(one.of(Outcome.REFUSED) for one in found)


async def until(seen: Callable[[], bool]) -> None:
    for _ in range(500):
        if seen():
            return
        await asyncio.sleep(0.002)
    raise AssertionError("it never came to be")


async def ten_seconds(world: World) -> None:
    """So much time, and what waits for it has come to its end."""
    tally = world.app.state.tally
    await until(
        lambda: tally._writing is None or tally._writing.done() or bool(world.clock._sleepers)
    )
    world.clock.move(10)
    await until(lambda: tally._writing.done() or bool(world.clock._sleepers))


@pytest.fixture
def writes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many messages each write is about."""
    seen, real = [], deliveries.add

    async def counting(
        tx: Tx, counts: dict[tuple[int, Platform, Outcome], int], *more: object
    ) -> None:
        seen.append(sum(counts.values()))
        await real(tx, counts, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(deliveries, "add", counting)
    return seen


async def test_a_flood_of_forged_webhooks_writes_once_in_ten_seconds(
    world: World, writes: list[int]
) -> None:
    connection = await listening(world)

    for _ in range(3):
        await refuse(world, connection, 20)
        await post_shop(world, "nobody", BODY, "theirs")
        await ten_seconds(world)

    assert [20, 20, 20] == writes
    assert {(connection.id, "bigcommerce", "refused"): 60} == await counted(world)


async def test_the_last_refused_webhooks_before_a_silence_are_written(
    world: World, writes: list[int]
) -> None:
    connection = await listening(world)
    await refuse(world, connection)
    await ten_seconds(world)
    await refuse(world, connection, 5)
    await ten_seconds(world)
    for _ in range(5):
        world.clock.move(60)
        await asyncio.sleep(0.01)

    assert 6 == await on_disk(world)
    assert [1, 5] == writes
    assert world.app.state.tally._writing.done(), "nothing waits while there is nothing to write"


async def test_a_service_that_stops_writes_what_it_has_counted(world: World) -> None:
    connection = await listening(world)
    async with world.app.lifespan():
        await refuse(world, connection, 3)
        before = await on_disk(world)

    assert (0, 3) == (before, await on_disk(world))
    assert world.app.state.tally._writing.done()


async def test_a_stop_in_the_middle_of_a_write_loses_no_count(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = await listening(world)
    reached, real = asyncio.Event(), deliveries.add

    async def slow(*_: object) -> None:
        reached.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(deliveries, "add", slow)
    async with world.app.lifespan():
        await refuse(world, connection, 3)
        await until(lambda: bool(world.clock._sleepers))
        world.clock.move(10)
        await asyncio.wait_for(reached.wait(), 10)
        monkeypatch.setattr(deliveries, "add", real)

    assert 3 == await on_disk(world)


@pytest.mark.parametrize(
    "trouble", [DatabaseBusy("57014"), DatabaseGone("away")], ids=["busy", "gone"]
)
async def test_counts_outlast_a_database_in_trouble(
    world: World, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    connection = await listening(world)
    calls = 0

    async def failing(*_: object) -> None:
        nonlocal calls
        calls += 1
        raise trouble

    with monkeypatch.context() as patch:
        patch.setattr(deliveries, "add", failing)
        await refuse(world, connection, 2)
        await ten_seconds(world)
        await refuse(world, connection)
        await ten_seconds(world)
    await ten_seconds(world)

    assert (2, 3) == (calls, await on_disk(world))


async def test_a_webhook_that_meets_a_busy_database_is_sent_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is no fault of ours, and nothing of it is written."""
    connection = await listening(world)

    async def busy(*_: object) -> None:
        raise DatabaseBusy("57014")

    monkeypatch.setattr(receiving, "addressed", busy)
    answer = await post_shop(world, connection.hook_key, BODY, "theirs")

    assert (503, b"") == (answer.status_code, answer.content)
