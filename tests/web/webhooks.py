"""Webhooks of both platforms as they come to us, and what is left of them."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx2
from tests.web.conftest import LIND, World

from brygga.core.model import Connection
from brygga.database import (
    deliveries,
    subscriptions,
    work_items,
)
from brygga.database.subscriptions import Subscription
from brygga.database.tokens import Platform
from brygga.database.work_items import Kind
from brygga.web.receiving_bigcommerce import LATER_S

KEY = "k" * 64
SECRET = "the shop's secret"


async def listening(world: World) -> Connection:
    connection = await world.running()
    async with world.database.transaction() as tx:
        for platform, key in ((Platform.ZETTLE, KEY), (Platform.BIGCOMMERCE, SECRET)):
            row = Subscription(platform, "one", "", "", "active", key)
            await subscriptions.save(tx, connection.id, row, world.clock.now())
    return connection


def reported(
    event: str, payload: dict[str, Any], message: str = "m1", organization: str = LIND.uuid
) -> tuple[bytes, str]:
    stamp, inner = "2026-03-02T12:00:00.000Z", json.dumps(payload)
    body = {
        "eventName": event,
        "organizationUuid": organization,
        "messageId": message,
        "timestamp": stamp,
        "payload": inner,
    }
    return json.dumps(body).encode(), hmac.new(
        KEY.encode(), f"{stamp}.{inner}".encode(), hashlib.sha256
    ).hexdigest()


async def post_zettle(world: World, hook_key: str, body: bytes, signature: str) -> httpx2.Response:
    headers = {"x-izettle-signature": signature, "content-type": "application/json"}
    return await world.browser().http.post(
        f"/hooks/zettle/{hook_key}", content=body, headers=headers
    )


async def post_shop(
    world: World, hook_key: str, body: bytes, secret: str, more: Mapping[str, str] | None = None
) -> httpx2.Response:
    headers = {"x-brygga-secret": secret, "content-type": "application/json", **(more or {})}
    return await world.browser().http.post(
        f"/hooks/bigcommerce/{hook_key}", content=body, headers=headers
    )


async def marked(world: World, connection: Connection) -> set[tuple[str, str, str]]:
    """The work that is due now or in a few seconds."""
    soon = world.clock.now() + 2 * timedelta(seconds=LATER_S)
    async with world.database.read() as tx:
        found = set()
        for kind in Kind:
            due = await work_items.due(tx, connection.id, soon, [kind])
            found |= {(item.kind.value, item.subject, item.detail) for item in due}
    return found


def shop_body(scope: str, data: dict[str, Any], store: str = "abc123") -> bytes:
    return json.dumps(
        {
            "scope": scope,
            "producer": f"stores/{store}",
            "store_id": "1",
            "created_at": 1772452800,
            "hash": "h",
            "data": data,
        }
    ).encode()


def signed(world: World, body: bytes, message: str) -> dict[str, str]:
    """As the app's store signs it; nothing without a message id."""
    stamp = str(int(world.clock.now().timestamp()))
    secret = world.deps.settings.bigcommerce_client_secret.encode()
    mac = hmac.new(secret, f"{message}.{stamp}.".encode() + body, hashlib.sha256).digest()
    headers = {"webhook-id": message, "webhook-timestamp": stamp}
    return (
        {**headers, "webhook-signature": "v1," + base64.b64encode(mac).decode()} if message else {}
    )


async def counted(world: World) -> dict[tuple[int, str, str], int]:
    await world.app.state.tally.write(world.deps)
    async with world.database.read() as tx:
        found = await deliveries.of_last_day(tx, world.clock.now())
    return {
        (one.connection_id, one.platform.value, outcome.value): count
        for one in found
        for outcome, count in one.counts.items()
    }


def stamped(world: World, body: bytes, **changes: str) -> dict[str, str]:
    return {**signed(world, body, "m1"), **changes}
