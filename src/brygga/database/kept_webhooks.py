"""The webhooks of the last days as far as we read them, sealed, with what each caused.

They serve `brygga replay` alone: no work reads them. One that was sealed with a key that is gone is
left out.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from brygga.database import ageing
from brygga.database.access_tables import kept_webhooks
from brygga.database.engine import Tx
from brygga.database.sealing import SealBroken
from brygga.database.tokens import Platform

PLACE = "kept_webhooks"


@dataclass(frozen=True, slots=True)
class Webhook:
    """`body` is trimmed to what this service reads. `caused` are the work items and events that it
    led to then, as lines (`web.replaying`).
    """

    body: str
    caused: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    id: int
    platform: Platform
    received_at: datetime
    webhook: Webhook | None
    """None where no key of ours opens it."""


KEEP = """
    INSERT INTO kept_webhooks (connection_id, platform, received_at, sealed)
    SELECT :id, :platform, :now, n.sealed
    FROM unnest(CAST(:sealed AS bytea[])) WITH ORDINALITY AS n (sealed, place) ORDER BY n.place
"""
_KEEP = sa.text(KEEP)


async def add(
    tx: Tx, connection_id: int, platform: Platform, webhooks: Sequence[Webhook], now: datetime
) -> None:
    """Keeps these webhooks, in one statement."""
    if webhooks:
        values = {"id": connection_id, "now": now}
        await tx.run(_KEEP, {**values, **sealed(tx, connection_id, platform, webhooks)})


def sealed(
    tx: Tx, connection_id: int, platform: Platform, webhooks: Sequence[Webhook]
) -> Mapping[str, Any]:
    """These webhooks as the values of `KEEP`."""
    place = (PLACE, connection_id, platform.value)
    bodies = [json.dumps({"body": one.body, "caused": one.caused}) for one in webhooks]
    return {
        "platform": platform.value,
        "sealed": [tx.sealer.seal(body.encode(), *place) for body in bodies],
    }


async def between(
    tx: Tx, connection_id: int, since: datetime, until: datetime, limit: int = 10_000
) -> Sequence[Kept]:
    """Those received from `since` until before `until`, the oldest first."""
    c = kept_webhooks.c
    statement = (
        sa.select(c.id, c.platform, c.received_at, c.sealed)
        .where(c.connection_id == connection_id, c.received_at >= since, c.received_at < until)
        .order_by(c.received_at, c.id)
        .limit(limit)
    )
    return [
        Kept(
            row.id,
            Platform(row.platform),
            row.received_at,
            _opened(tx, (PLACE, connection_id, row.platform), row.sealed),
        )
        for row in await tx.rows(statement)
    ]


def _opened(tx: Tx, place: tuple[object, ...], sealed: bytes) -> Webhook | None:
    try:
        found = json.loads(tx.sealer.open(sealed, *place))
    except SealBroken:
        return None
    return Webhook(found["body"], tuple(found["caused"]))


async def prune(tx: Tx, before: datetime) -> int:
    """Deletes those received before then."""
    return await ageing.delete_older(tx, kept_webhooks.c.received_at, before)
