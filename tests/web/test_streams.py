"""Webhooks of one connection that come in a stream are saved together; what is urgent never
waits.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import httpx2
import pytest
from tests.conftest import NOON
from tests.web.conftest import World
from tests.web.webhooks import (
    SECRET,
    listening,
    marked,
    post_shop,
    post_zettle,
    reported,
    shop_body,
)

from brygga.core.stock import Hint, Side
from brygga.database import reported_changes
from brygga.web.streams import LINGER_S, Streams

Post = Callable[[World, str, str], Coroutine[Any, Any, httpx2.Response]]


async def edited_in_zettle(world: World, key: str, product: str) -> httpx2.Response:
    body, signature = reported("ProductUpdated", {"newEntity": {"uuid": product}}, product)
    return await post_zettle(world, key, body, signature)


async def edited_in_bigcommerce(world: World, key: str, product: str) -> httpx2.Response:
    data = {"type": "product", "id": int(product)}
    return await post_shop(world, key, shop_body("store/product/updated", data), SECRET)


async def waiting(world: World, streams: Streams[Any], connection_id: int, count: int) -> None:
    for _ in range(2000):
        if len(streams.streams[connection_id].waiting) == count:
            return
        await asyncio.sleep(0.001)
    raise AssertionError("the messages did not arrive")


async def answered(stream: Sequence[asyncio.Task[httpx2.Response]]) -> set[int]:
    return {answer.status_code for answer in await asyncio.gather(*stream)}


@pytest.mark.parametrize(
    ("platform", "kind", "post"),
    [
        ("zettle", "product", edited_in_zettle),
        ("bigcommerce", "shop_product", edited_in_bigcommerce),
    ],
)
async def test_a_stream_of_messages_is_saved_together(
    world: World, platform: str, kind: str, post: Post
) -> None:
    connection = await listening(world)
    streams: Streams[Any] = getattr(world.app.state.receiving, platform)
    streams.linger_s = LINGER_S
    await post(world, connection.hook_key, "7")

    stream = [asyncio.create_task(post(world, connection.hook_key, id_)) for id_ in ("8", "9", "8")]
    await waiting(world, streams, connection.id, len(stream))
    before, resumed = await marked(world, connection), len(world.jobs.resumed)
    world.clock.move(LINGER_S)

    assert {200} == await answered(stream)
    assert {(kind, "7", "")} == before
    assert {(kind, one, "") for one in "789"} == await marked(world, connection)
    assert len(world.jobs.resumed) <= resumed + 1


@pytest.mark.rule("S2")
async def test_an_order_in_a_stream_is_saved_at_once(world: World) -> None:
    connection = await listening(world)
    world.app.state.receiving.bigcommerce.linger_s = LINGER_S
    key, data = connection.hook_key, {"type": "product", "id": 7, "inventory": {"product_id": 7}}
    await edited_in_bigcommerce(world, key, "7")

    answer = await post_shop(
        world, key, shop_body("store/product/inventory/order/updated", data), SECRET
    )

    assert 200 == answer.status_code
    assert ("shop_stock", "7", "") in await marked(world, connection)


@pytest.mark.rule("S2")
async def test_a_sale_in_a_stream_takes_what_waits_with_it(world: World) -> None:
    """Also one call's echo, and a movement of another tool's: each keeps its meaning."""
    connection = await listening(world)
    streams: Streams[Any] = world.app.state.receiving.zettle
    streams.linger_s = LINGER_S
    await edited_in_zettle(world, connection.hook_key, "p1")
    stream = [
        asyncio.create_task(edited_in_zettle(world, connection.hook_key, one))
        for one in ("p2", "p3")
    ]
    await waiting(world, streams, connection.id, len(stream))

    def moved(product: str, message: str, **more: str) -> tuple[bytes, str]:
        row = {"productUuid": product, "variantUuid": "v", "locationUuid": "l", "balance": "3"}
        return reported("InventoryBalanceChanged", {"balanceAfter": [row], **more}, message)

    stream += [
        asyncio.create_task(post_zettle(world, connection.hook_key, *message))
        for message in (moved("p4", "sold"), moved("p5", "ours", externalUuid="call"))
    ]

    assert {200} == await answered(stream)
    assert {
        *(("product", one, "") for one in ("p1", "p2", "p3")),
        *(("stock", one, "") for one in ("p4", "p5")),
    } == await marked(world, connection)
    async with world.database.transaction() as tx:
        received = await reported_changes.take(tx, connection.id, ["p4", "p5"], [])
        assert await reported_changes.is_echoed(tx, connection.id, "call")
    hint = Hint(world.clock.now(), variant="v", made=NOON)
    assert {"p4": [hint]} == received.hints[Side.ZETTLE]
