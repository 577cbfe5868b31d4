"""Platforms that cannot be read at present, by connection: since when, and whether the sync log
reports it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from brygga.database.engine import Tx
from brygga.database.tables import outages

_c = outages.c


@dataclass(frozen=True, slots=True)
class Outage:
    platform: str
    since: datetime
    is_reported: bool


async def note(tx: Tx, connection_id: int, platform: str, now: datetime) -> Outage:
    """The outage that this failure belongs to. It begins with the first failure."""
    begin = insert(outages).values(connection_id=connection_id, platform=platform, since=now)
    await tx.run(begin.on_conflict_do_nothing())
    found = sa.select(_c.since, _c.reported_at).where(
        _c.connection_id == connection_id, _c.platform == platform
    )
    row = await tx.first(found)
    assert row is not None
    return Outage(platform, row.since, row.reported_at is not None)


async def tell(tx: Tx, connection_id: int, platform: str, now: datetime) -> None:
    """Notes that the sync log reports the outage."""
    of = (_c.connection_id == connection_id, _c.platform == platform)
    await tx.run(sa.update(outages).where(*of).values(reported_at=now))


async def end(tx: Tx, connection_id: int) -> Sequence[Outage]:
    """Everything can be read again. Returns the outages that end now."""
    statement = (
        sa.delete(outages)
        .where(_c.connection_id == connection_id)
        .returning(_c.platform, _c.since, _c.reported_at)
    )
    rows = await tx.rows(statement)
    return sorted(
        (Outage(row.platform, row.since, row.reported_at is not None) for row in rows),
        key=lambda one: one.platform,
    )
