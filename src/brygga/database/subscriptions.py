"""Our webhook subscriptions at the platforms, as last read there."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from brygga.database.engine import Tx
from brygga.database.tables import subscriptions
from brygga.database.tokens import Platform

KEY_IN_ADDRESS: Final = re.compile(r"(?<=/hooks/zettle/)[^/]+$|(?<=/hooks/bigcommerce/)[^/]+$")
"""An address is stored without the connection's key, which is a secret."""


@dataclass(frozen=True, slots=True)
class Subscription:
    platform: Platform
    subscription_id: str
    topic: str
    destination: str
    status: str
    signing_key: str = field(repr=False, default="")


async def save(tx: Tx, connection_id: int, subscription: Subscription, now: datetime) -> None:
    """Saved under its id. An empty signing key keeps the stored one, because a platform shows the
    key only once.
    """
    sealed = None
    if subscription.signing_key:
        sealed = tx.sealer.seal(
            subscription.signing_key.encode(),
            "subscriptions",
            connection_id,
            subscription.platform.value,
        )
    values = {
        "topic": subscription.topic,
        "destination": KEY_IN_ADDRESS.sub("…", subscription.destination),
        "status": subscription.status,
        "checked_at": now,
        **({"signing_key": sealed} if sealed else {}),
    }
    statement = insert(subscriptions).values(
        connection_id=connection_id,
        platform=subscription.platform.value,
        subscription_id=subscription.subscription_id,
        created_at=now,
        **values,
    )
    await tx.run(
        statement.on_conflict_do_update(
            index_elements=["connection_id", "platform", "subscription_id"], set_=values
        )
    )


_ALL_OF = (
    sa.select(subscriptions)
    .where(
        subscriptions.c.connection_id == sa.bindparam("id"),
        subscriptions.c.platform == sa.bindparam("platform"),
    )
    .order_by(subscriptions.c.subscription_id)
)


async def all_of(tx: Tx, connection_id: int, platform: Platform) -> Sequence[Subscription]:
    return [
        Subscription(
            platform,
            row.subscription_id,
            row.topic,
            row.destination,
            row.status,
            tx.sealer.open(row.signing_key, "subscriptions", connection_id, platform.value).decode()
            if row.signing_key
            else "",
        )
        for row in await tx.rows(_ALL_OF, {"id": connection_id, "platform": platform.value})
    ]


async def signing_keys(tx: Tx, connection_id: int, platform: Platform) -> Sequence[str]:
    """The keys that may sign a message from this platform."""
    return [
        found.signing_key
        for found in await all_of(tx, connection_id, platform)
        if found.signing_key
    ]


_ELSEWHERE = sa.text("""
    SELECT DISTINCT s.connection_id FROM subscriptions s JOIN connections c
        ON c.id = s.connection_id
    WHERE c.stage <> 'disconnected' AND s.destination <> '' AND NOT starts_with(s.destination,
        :base)
    ORDER BY s.connection_id
""")


async def elsewhere(tx: Tx, address: str) -> Sequence[int]:
    """Active connections with a subscription that does not point below this address of ours."""
    return [row.connection_id for row in await tx.rows(_ELSEWHERE, {"base": f"{address}/"})]


async def remove(
    tx: Tx, connection_id: int, platform: Platform, subscription_ids: Iterable[str]
) -> None:
    c = subscriptions.c
    statement = sa.delete(subscriptions).where(
        c.connection_id == connection_id,
        c.platform == platform.value,
        c.subscription_id.in_(list(subscription_ids)),
    )
    await tx.run(statement)
