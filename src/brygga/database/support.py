"""Support ids: what a merchant reads out to us, and the redacted bundle that an operator finds
under it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from brygga.database.engine import Tx
from brygga.database.tables import support


@dataclass(frozen=True, slots=True)
class Case:
    """`bundle` holds no secret, no name and no payload: only codes, ids, counts and times. A report
    that a merchant asked for is under "report".
    """

    support_id: str
    connection_id: int
    at: datetime
    subject: str
    bundle: Mapping[str, Any]


async def save(tx: Tx, case: Case) -> None:
    values = {
        "id": case.support_id,
        "connection_id": case.connection_id,
        "at": case.at,
        "subject": case.subject,
        "bundle": dict(case.bundle),
    }
    await tx.run(sa.insert(support).values(**values))


async def renew(tx: Tx, support_id: str, bundle: Mapping[str, Any]) -> None:
    """The same fault happened again: saves its newest traces, with the time of the first."""
    await tx.run(sa.update(support).where(support.c.id == support_id).values(bundle=dict(bundle)))


async def by_id(tx: Tx, support_id: str) -> Case | None:
    """For operators: across connections."""
    row = await tx.first(sa.select(support).where(support.c.id == support_id))
    return None if row is None else _case(row)


async def of(tx: Tx, connection_id: int, limit: int = 50) -> Sequence[Case]:
    """The connection's cases, newest first."""
    statement = sa.select(support).where(support.c.connection_id == connection_id)
    return [
        _case(row)
        for row in await tx.rows(statement.order_by(support.c.at.desc(), support.c.id).limit(limit))
    ]


async def faults(tx: Tx, connection_id: int, limit: int = 20) -> Sequence[Case]:
    """The cases that our own work caused, newest first. Reports that were asked for are
    left out.
    """
    return [case for case in await of(tx, connection_id, limit) if "report" not in case.bundle]


def _case(row: Any) -> Case:
    return Case(row.id, row.connection_id, row.at, row.subject, row.bundle)
