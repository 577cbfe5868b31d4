"""Messages to merchants, on disk before they are sent.

A process claims a message by moving its due time, sends it outside any transaction, and then saves
the outcome. If it dies in between, the message is due again after the claim, with the same message
id: whoever receives it twice can tell.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa

from brygga.database.alert_tables import alert_messages
from brygga.database.engine import Tx

CLAIM: Final = timedelta(minutes=5)
"""Longer than any delivery may take."""
KEPT: Final = timedelta(days=90)
c = alert_messages.c


class Channel(StrEnum):
    MAIL = "mail"
    WEBHOOK = "webhook"


TEST: Final = "test"
CONFIRM: Final = "confirm"


@dataclass(frozen=True, slots=True)
class Message:
    """`kind` is a cause of `core.alerts`, `TEST` or `CONFIRM`. `facts` are what its words need."""

    id: int
    connection_id: int
    channel: Channel
    kind: str
    message_id: str
    subjects: tuple[str, ...]
    facts: Mapping[str, Any]
    created_at: datetime
    attempts: int
    state: str = "waiting"
    ended_at: datetime | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    channel: Channel
    kind: str
    message_id: str
    subjects: tuple[str, ...]
    facts: Mapping[str, Any]


async def save(tx: Tx, connection_id: int, draft: Draft, now: datetime) -> None:
    """It is due at once."""
    values = {
        "connection_id": connection_id,
        "channel": draft.channel.value,
        "kind": draft.kind,
        "message_id": draft.message_id,
        "subjects": list(draft.subjects),
        "facts": dict(draft.facts),
        "created_at": now,
        "due_at": now,
        "state": "waiting",
    }
    await tx.run(sa.insert(alert_messages).values(**values))


async def is_due(tx: Tx, now: datetime) -> bool:
    statement = sa.select(c.id).where(c.state == "waiting", c.due_at <= now).limit(1)
    return await tx.first(statement) is not None


_CLAIM = sa.text("""
    UPDATE alert_messages SET due_at = :until, attempts = attempts + 1
    WHERE id = (
        SELECT id FROM alert_messages WHERE state = 'waiting' AND due_at <= :now
        ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    RETURNING *
""")


async def claim(tx: Tx, now: datetime) -> Message | None:
    """The message that has waited longest. Nobody else sends it until the claim ends."""
    row = await tx.first(_CLAIM, {"now": now, "until": now + CLAIM})
    return None if row is None else _message(row)


async def finish(tx: Tx, message: Message, state: str, now: datetime, error: str = "") -> None:
    """It was sent, is given up, or is over. The facts of a confirmation hold its link, so they are
    deleted.
    """
    values: dict[str, Any] = {"state": state, "ended_at": now, "error": error}
    if message.kind == CONFIRM:
        values["facts"] = {}
    await tx.run(sa.update(alert_messages).where(c.id == message.id).values(**values))


async def again(tx: Tx, message: Message, due_at: datetime, error: str) -> None:
    """It could not be delivered, and is tried again then."""
    values = {"due_at": due_at, "error": error}
    await tx.run(sa.update(alert_messages).where(c.id == message.id).values(**values))


async def newest(tx: Tx, connection_id: int, limit: int = 20) -> Sequence[Message]:
    statement = sa.select(alert_messages).where(c.connection_id == connection_id)
    return [_message(row) for row in await tx.rows(statement.order_by(c.id.desc()).limit(limit))]


async def drop(tx: Tx, connection_id: int, channel: Channel, kinds: Collection[str] = ()) -> None:
    """Deletes what waits for this channel: its address is gone or is another. `kinds` narrows
    it.
    """
    where = [c.connection_id == connection_id, c.channel == channel.value, c.state == "waiting"]
    if kinds:
        where.append(c.kind.in_(list(kinds)))
    await tx.run(sa.delete(alert_messages).where(*where))


async def waiting(tx: Tx) -> Mapping[str, int]:
    """How many wait after a failed try, by channel."""
    statement = (
        sa.select(c.channel, sa.func.count().label("messages"))
        .where(c.state == "waiting", c.attempts > 1)
        .group_by(c.channel)
    )
    return {row.channel: row.messages for row in await tx.rows(statement)}


async def prune(tx: Tx, now: datetime) -> int:
    return await tx.run(sa.delete(alert_messages).where(c.created_at < now - KEPT))


def _message(row: Any) -> Message:
    return Message(
        id=row.id,
        connection_id=row.connection_id,
        channel=Channel(row.channel),
        kind=row.kind,
        message_id=row.message_id,
        subjects=tuple(row.subjects),
        facts=row.facts,
        created_at=row.created_at,
        attempts=row.attempts,
        state=row.state,
        ended_at=row.ended_at,
        error=row.error,
    )
