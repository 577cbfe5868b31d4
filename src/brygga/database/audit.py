"""Actions that matter to security: who did what, when, from where. Never a secret, a name or a
payload.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

import sqlalchemy as sa

from brygga.database.engine import Tx
from brygga.database.tables import audit

KEPT: Final = timedelta(days=400)
"""A year, and a month to examine it."""
_NOTHING: Mapping[str, str] = MappingProxyType({})


class Act(StrEnum):
    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    SIGNED_OUT_EVERYWHERE = "signed_out_everywhere"
    JOINED = "joined"
    DISCONNECTED = "disconnected"
    UNINSTALLED = "uninstalled"
    ACCESS_REMOVED = "access_removed"
    KEYS_CHANGED = "keys_changed"
    EXPORTED = "exported"
    ALERTS_CHANGED = "alerts_changed"
    ERASED = "erased"
    OPERATOR = "operator"


class Actor(StrEnum):
    MERCHANT = "merchant"
    ZETTLE = "zettle"
    BIGCOMMERCE = "bigcommerce"
    OPERATOR = "operator"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Entry:
    """`connection_id` None: the action belongs to no merchant, or to one that is erased. `source`
    is an address.
    """

    act: Act
    actor: Actor
    connection_id: int | None = None
    source: str = ""
    request_id: str = ""
    facts: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    at: datetime | None = None


async def add(tx: Tx, entry: Entry, now: datetime) -> None:
    """Call it in the transaction of the action: an action that is rolled back leaves no line.

    Open pages of the merchant notice: an action may have ended their sessions.
    """
    values = {
        "at": now,
        "connection_id": entry.connection_id,
        "act": entry.act.value,
        "actor": entry.actor.value,
        "source": entry.source,
        "request_id": entry.request_id,
        "facts": dict(entry.facts),
    }
    await tx.run(sa.insert(audit).values(**values))
    if entry.connection_id is not None:
        tx.touch(entry.connection_id)


async def of(tx: Tx, connection_id: int | None, limit: int = 200) -> Sequence[Entry]:
    """The actions of one connection, newest first. None: those of no merchant."""
    c = audit.c
    whose = c.connection_id.is_(None) if connection_id is None else c.connection_id == connection_id
    rows = await tx.rows(sa.select(audit).where(whose).order_by(c.id.desc()).limit(limit))
    return [_entry(row) for row in rows]


async def newest(tx: Tx, connection_id: int) -> int:
    """A number that changes with every action of the connection. 0: there was none."""
    wanted = sa.select(sa.func.max(audit.c.id)).where(audit.c.connection_id == connection_id)
    return int(await tx.scalar(wanted) or 0)


async def prune(tx: Tx, now: datetime) -> int:
    return await tx.run(sa.delete(audit).where(audit.c.at < now - KEPT))


def _entry(row: Any) -> Entry:
    return Entry(
        Act(row.act),
        Actor(row.actor),
        row.connection_id,
        row.source,
        row.request_id,
        row.facts,
        row.at,
    )
