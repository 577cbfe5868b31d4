"""Levels that a sweep found at zero and did not accept. The merchant is asked about them, or has
said that they stay as they are (decision 9).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from brygga.core.stock import Ledger, Side
from brygga.database import ledgers
from brygga.database.engine import Tx
from brygga.database.tables import zeroed_levels

AT_ONCE = 2000
Place = tuple[str, Side]
"""A variant's uuid and a side."""


@dataclass(frozen=True, slots=True)
class ZeroedLevel:
    """`level` is what the sweep read. `known` and `seen` are the ledger's values from then. When
    they differ now, the stock has been read or written since, and the question is over.

    `is_left` once the merchant said that it stays as it is.
    """

    product_uuid: str
    variant_uuid: str
    side: Side
    confirmed: int
    level: int
    seen: datetime | None
    is_left: bool = False

    @property
    def place(self) -> Place:
        return self.variant_uuid, self.side

    def is_as_it_was(self, ledger: Ledger) -> bool:
        record = ledger[self.side]
        return (record.confirmed, record.seen) == (self.confirmed, self.seen)


async def all_of(tx: Tx, connection_id: int) -> Mapping[Place, ZeroedLevel]:
    c = zeroed_levels.c
    statement = sa.select(zeroed_levels).where(c.connection_id == connection_id)
    rows = await tx.rows(statement.order_by(c.product_uuid, c.variant_uuid, c.side))
    found = [
        ZeroedLevel(
            row.product_uuid,
            row.variant_uuid,
            Side(row.side),
            row.confirmed,
            row.level,
            row.seen,
            row.is_left,
        )
        for row in rows
    ]
    return {one.place: one for one in found}


async def over(tx: Tx, connection_id: int) -> frozenset[str]:
    """Products that were asked about and have been read or written since. The next sweep removes
    them from the question.
    """
    asked = [one for one in (await all_of(tx, connection_id)).values() if not one.is_left]
    products = {one.product_uuid for one in asked}
    ledger_rows = await ledgers.load(tx, connection_id, products) if products else {}
    waiting = {
        one.product_uuid
        for one in asked
        if (ledger_row := ledger_rows.get(one.variant_uuid)) is not None
        and one.is_as_it_was(ledger_row.ledger)
    }
    return frozenset(products - waiting)


async def save(tx: Tx, connection_id: int, records: Collection[ZeroedLevel]) -> None:
    """Saves these as the whole list: what is not named is deleted."""
    await tx.run(sa.delete(zeroed_levels).where(zeroed_levels.c.connection_id == connection_id))
    for some in _chunked([_row(connection_id, one) for one in records]):
        await tx.run(insert(zeroed_levels).values(some))


def _row(connection_id: int, one: ZeroedLevel) -> dict[str, Any]:
    return {
        "connection_id": connection_id,
        "variant_uuid": one.variant_uuid,
        "side": one.side.value,
        "product_uuid": one.product_uuid,
        "confirmed": one.confirmed,
        "level": one.level,
        "seen": one.seen,
        "is_left": one.is_left,
    }


def _chunked(rows: list[dict[str, Any]]) -> Iterable[list[dict[str, Any]]]:
    return (rows[place : place + AT_ONCE] for place in range(0, len(rows), AT_ONCE))
