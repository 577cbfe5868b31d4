"""Shelves that a sweep found emptied and did not believe: asked about, or left alone by the
merchant's word (decision 9).
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
from brygga.database.tables import emptied_shelves

AT_ONCE = 2000
Place = tuple[str, Side]
"""A variant's uuid and a side."""


@dataclass(frozen=True, slots=True)
class EmptiedShelf:
    """`level` is what the sweep saw. `known` and `seen` are the ledger's from then: when they
    differ now, the shelf has been looked at or written since, and this is over. `is_left` once the
    merchant said that it is to be left as it is."""

    product_uuid: str
    variant_uuid: str
    side: Side
    known: int
    level: int
    seen: datetime | None
    is_left: bool = False

    @property
    def place(self) -> Place:
        return self.variant_uuid, self.side

    def is_as_it_was(self, ledger: Ledger) -> bool:
        shelf = ledger[self.side]
        return (shelf.known, shelf.seen) == (self.known, self.seen)


async def all_of(tx: Tx, connection_id: int) -> Mapping[Place, EmptiedShelf]:
    c = emptied_shelves.c
    statement = sa.select(emptied_shelves).where(c.connection_id == connection_id)
    rows = await tx.rows(statement.order_by(c.product_uuid, c.variant_uuid, c.side))
    found = [
        EmptiedShelf(
            row.product_uuid,
            row.variant_uuid,
            Side(row.side),
            row.known,
            row.level,
            row.seen,
            row.is_left,
        )
        for row in rows
    ]
    return {one.place: one for one in found}


async def over(tx: Tx, connection_id: int) -> frozenset[str]:
    """Products that were asked about and have been looked at or written to since: the next sweep
    takes them out of the question.
    """
    asked = [one for one in (await all_of(tx, connection_id)).values() if not one.is_left]
    products = {one.product_uuid for one in asked}
    books = await ledgers.load(tx, connection_id, products) if products else {}
    waiting = {
        one.product_uuid
        for one in asked
        if (book := books.get(one.variant_uuid)) is not None and one.is_as_it_was(book.ledger)
    }
    return frozenset(products - waiting)


async def put(tx: Tx, connection_id: int, shelves: Collection[EmptiedShelf]) -> None:
    """These are all there are: what is not named is forgotten."""
    await tx.run(sa.delete(emptied_shelves).where(emptied_shelves.c.connection_id == connection_id))
    for some in _chunked([_row(connection_id, one) for one in shelves]):
        await tx.run(insert(emptied_shelves).values(some))


def _row(connection_id: int, one: EmptiedShelf) -> dict[str, Any]:
    return {
        "connection_id": connection_id,
        "variant_uuid": one.variant_uuid,
        "side": one.side.value,
        "product_uuid": one.product_uuid,
        "known": one.known,
        "level": one.level,
        "seen": one.seen,
        "is_left": one.is_left,
    }


def _chunked(rows: list[dict[str, Any]]) -> Iterable[list[dict[str, Any]]]:
    return (rows[place : place + AT_ONCE] for place in range(0, len(rows), AT_ONCE))
