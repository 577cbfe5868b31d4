"""What a receiver of webhooks has to know about a connection and the products of its messages."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa

from brygga.core.model import Connection, Stage
from brygga.core.stock import Hint, Side
from brygga.core.stock.movement import Cause
from brygga.database import (
    connections,
    hook_keys,
    kept_webhooks,
    leases,
    reported_changes,
    work_items,
)
from brygga.database.engine import Tx
from brygga.database.kept_webhooks import Webhook
from brygga.database.tokens import Platform
from brygga.database.values import unique
from brygga.database.work_items import Kind, Wish

ECHO = timedelta(seconds=5)
"""An event that comes later than this after a write of ours is about something else."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a receiver asks: which messages came the first time, and what is known of these
    BigCommerce products. `newborn`: what was bound after then is new.
    """

    platform: Platform
    message_ids: Collection[str]
    newborn: datetime
    product_ids: Collection[int] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """`fresh`: the messages that came the first time. `marker`: those products that are our own
    hidden one (decision 16). `bound`: those that belong to a Zettle product.
    `settled`: those of them that have for a while.
    """

    stage: Stage
    fresh: Collection[str] = ()
    marker: Collection[int] = frozenset()
    bound: Collection[int] = frozenset()
    settled: Collection[int] = frozenset()
    echoed: Collection[int] = frozenset()
    """Those whose stock we wrote a moment ago, or are writing, and whose stock no event has named
    since.
    """
    repeated: Collection[int] = frozenset()
    """Those whose stock we wrote likewise, and about which no other news waits."""
    closing: Mapping[int, datetime | None] = field(default_factory=dict)
    """For all of those, when their stock is read next, as far as that is known."""


# The gate of the connection's lease (`database/leases.py`): webhooks come without end. A connection
# that has ended keeps no message.
_RECEIVE = sa.text(f"""
    WITH fresh AS (
        INSERT INTO inbox (connection_id, platform, message_id, received_at)
        SELECT c.id, :platform, n.message, :now
        FROM pg_advisory_xact_lock_shared({leases.GATE}, {leases.gate_key(":id")}),
            unnest(CAST(:messages AS text[])) AS n (message) JOIN connections c
                ON c.id = :id AND c.stage <> 'disconnected'
        ORDER BY n.message
        ON CONFLICT DO NOTHING RETURNING message_id
    ), own AS (
        SELECT b.product_id, b.product_uuid, b.bound_at <= :newborn AS is_settled
        FROM bindings b WHERE b.connection_id = :id
            AND b.product_id = ANY (CAST(:products AS bigint[]))
    ), written AS (
        SELECT own.product_id, (
            SELECT i.due_at FROM work_items i WHERE i.connection_id = :id AND i.kind = :stock
                AND i.subject = own.product_uuid
        ) AS due_at FROM own WHERE own.is_settled AND (EXISTS (
            SELECT FROM pending_writes w WHERE w.connection_id = :id
                AND w.product_uuid = own.product_uuid AND w.side = 'shop' AND w.state = 'open'
                AND w.at > :open
        ) OR EXISTS (
            SELECT FROM ledgers l CROSS JOIN LATERAL (
                SELECT m.side, m.cause, m.at FROM movements m WHERE m.connection_id = :id
                    AND m.variant_uuid = l.variant_uuid ORDER BY m.id DESC LIMIT 3
            ) AS last
            WHERE l.connection_id = :id AND l.product_uuid = own.product_uuid
                AND l.updated_at > :lately AND last.side = 'shop' AND last.cause = :written
                AND last.at > :lately
        ))
    )
    SELECT c.stage, ARRAY(SELECT message_id FROM fresh) AS fresh,
        ARRAY(SELECT m.product_id FROM marker_products m WHERE m.connection_id = c.id
            AND m.product_id = ANY (CAST(:products AS bigint[]))) AS marker,
        ARRAY(SELECT product_id FROM own) AS bound,
        ARRAY(SELECT product_id FROM own WHERE is_settled) AS settled,
        ARRAY(SELECT product_id FROM written ORDER BY product_id) AS written,
        ARRAY(SELECT due_at FROM written ORDER BY product_id) AS due,
        ARRAY(SELECT product_id FROM written WHERE NOT EXISTS (
            SELECT FROM stock_hints h WHERE h.connection_id = c.id AND h.side = 'shop'
                AND (h.subject = CAST(product_id AS text)
                    OR starts_with(h.subject, product_id || '/'))
        )) AS echoed,
        ARRAY(SELECT product_id FROM written WHERE NOT EXISTS (
            SELECT FROM work_items i WHERE i.connection_id = c.id AND i.kind = :shop_product
                AND i.subject = CAST(product_id AS text)
        )) AS repeated
    FROM connections c WHERE c.id = :id
""")  # noqa: S608 - only our own constants are put together


async def receive(tx: Tx, connection_id: int, asked: Question, now: datetime) -> Known | None:
    """Saves which messages came, in the transaction of their work items: a message that added no
    work item was not accepted.

    None for a connection that does not exist.
    """
    values = {
        "id": connection_id,
        "platform": asked.platform.value,
        "messages": unique(one for one in asked.message_ids if one),
        "now": now,
        "newborn": asked.newborn,
        "products": sorted(asked.product_ids),
        "open": now - ECHO - timedelta(minutes=1),
        "lately": now - ECHO,
        "written": Cause.WRITTEN.value,
        "stock": Kind.STOCK.value,
        "shop_product": Kind.SHOP_PRODUCT.value,
    }
    row = await tx.first(_RECEIVE, values)
    if row is None:
        return None
    return Known(
        Stage(row.stage),
        frozenset(row.fresh),
        frozenset(row.marker),
        frozenset(row.bound),
        frozenset(row.settled),
        frozenset(row.echoed),
        frozenset(row.repeated),
        dict(zip(row.written, row.due, strict=True)),
    )


@dataclass(frozen=True, slots=True)
class Messages:
    """What messages of one platform say: hints of changed stock, the work that they ask for, and
    what is kept of them for `brygga replay`.
    """

    platform: Platform
    hints: Sequence[tuple[str, Hint]]
    wishes: Sequence[Wish]
    kept: Sequence[Webhook]


_SAVE = sa.text(f"""
    WITH hinted AS ({reported_changes.HINT}
    ), kept AS ({kept_webhooks.KEEP}
    ), added AS ({work_items.ADD_MIXED}
    )
    {work_items.ANNOUNCE}
""")


async def save(tx: Tx, connection_id: int, messages: Messages, now: datetime) -> None:
    """Saves what messages say, in one statement."""
    if not (messages.hints or messages.wishes or messages.kept):
        return
    side = Side.ZETTLE if messages.platform is Platform.ZETTLE else Side.SHOP
    values = {
        "id": connection_id,
        "now": now,
        **reported_changes.hinted(side, messages.hints),
        **kept_webhooks.sealed(tx, connection_id, messages.platform, messages.kept),
        **work_items.mixed(tx, connection_id, messages.wishes, now),
    }
    await tx.run(_SAVE, values)


_ADDRESSED = sa.text(f"""
    SELECT {connections.named("c")}, ARRAY(SELECT s.signing_key FROM subscriptions s
        WHERE s.connection_id = c.id AND s.platform = :platform AND s.signing_key IS NOT NULL
        ORDER BY s.subscription_id) AS signing_keys
    FROM connections c WHERE c.hook_key_hash = :key
""")  # noqa: S608 - only our own constants are put together


async def addressed(
    tx: Tx, hook_key: str, platform: Platform
) -> tuple[Connection, Sequence[str]] | None:
    """The connection with this key in its webhook addresses, and the keys that may sign a message
    from this platform. It may be a disconnected one: its platforms may still call.
    """
    values = {"key": hook_keys.hashed(hook_key), "platform": platform.value}
    row = await tx.first(_ADDRESSED, values)
    if row is None:
        return None
    place = ("subscriptions", row.id, platform.value)
    return connections.read(tx, row), [
        tx.sealer.open(one, *place).decode() for one in row.signing_keys
    ]
