"""Products that exist on both sides before the first sync, as the merchant is shown them, and what
was chosen for each (P11).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from brygga.database.engine import Tx
from brygga.database.product_tables import duplicates, library
from brygga.database.values import from_plain, to_plain


class Choice(StrEnum):
    OPEN = ""
    LINK = "link"
    KEEP_BOTH = "keep"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a merchant tells the two products of a pair apart by, as they were when the pair was
    found. Stock is None where it is not counted or was not read.
    """

    picture: str = ""
    """The address of the store's picture."""
    sku: str = ""
    price: Decimal | None = None
    """In the store's currency. None where the store gives none."""
    stock: int | None = None
    url: str = ""
    """The store's address of the product, a path."""
    till_stock: int | None = None
    """Zettle's stock of all variants."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A Zettle product and one of the store's own that is likely the same."""

    product_uuid: str
    product_id: int
    certainty: str
    reason: str = ""
    shop_name: str = ""
    choice: Choice = Choice.OPEN
    facts: Facts = Facts()


async def found(tx: Tx, connection_id: int, pairs: Collection[Pair], now: datetime) -> None:
    """Replaces the pairs found before. A choice that was made for the same pair stays."""
    chosen = {
        (pair.product_uuid, pair.product_id): pair.choice
        for pair in await all_of(tx, connection_id)
    }
    await tx.run(sa.delete(duplicates).where(duplicates.c.connection_id == connection_id))
    values = [
        _row(
            connection_id,
            replace(one, choice=chosen.get((one.product_uuid, one.product_id), one.choice)),
            now,
        )
        for one in pairs
    ]
    await tx.run_many(sa.insert(duplicates), values)


async def add_found(tx: Tx, connection_id: int, pairs: Collection[Pair], now: datetime) -> None:
    """What a search has found so far, beside the pairs that are known. `found` ends the search."""
    values = [_row(connection_id, replace(one, choice=Choice.OPEN), now) for one in pairs]
    if values:
        await tx.run_many(postgresql.insert(duplicates).on_conflict_do_nothing(), values)


def _row(connection_id: int, pair: Pair, now: datetime) -> dict[str, Any]:
    return {
        "connection_id": connection_id,
        "product_uuid": pair.product_uuid,
        "product_id": pair.product_id,
        "certainty": pair.certainty,
        "reason": pair.reason,
        "shop_name": pair.shop_name,
        "choice": pair.choice.value,
        "found_at": now,
        "facts": to_plain(pair.facts),
    }


async def all_of(
    tx: Tx, connection_id: int, uuids: Collection[str] | None = None
) -> Sequence[Pair]:
    """In the order of the library page."""
    c = duplicates.c
    conditions: list[Any] = [c.connection_id == connection_id]
    if uuids is not None:
        conditions.append(c.product_uuid.in_(list(uuids)))
    statement = (
        sa.select(duplicates)
        .outerjoin(
            library,
            sa.and_(
                library.c.connection_id == c.connection_id, library.c.product_uuid == c.product_uuid
            ),
        )
        .where(*conditions)
        .order_by(library.c.sort_key, c.product_uuid, c.product_id)
    )
    async with tx.joining_whole():
        rows = await tx.rows(statement)
    return [
        Pair(
            row.product_uuid,
            row.product_id,
            row.certainty,
            row.reason,
            row.shop_name,
            Choice(row.choice),
            from_plain(row.facts, Facts) if row.facts else Facts(),
        )
        for row in rows
    ]


async def undecided(tx: Tx, connection_id: int) -> int:
    """Products with a likely partner and no choice yet. A bound product does not count: it has a
    product of its own in the store.
    """
    statement = sa.text("""
        SELECT count(*) FROM (
            SELECT product_uuid FROM duplicates WHERE connection_id = :id
                GROUP BY product_uuid HAVING bool_and(choice = '')
        ) AS found
        WHERE NOT EXISTS (
            SELECT FROM bindings b WHERE b.connection_id = :id
                AND b.product_uuid = found.product_uuid AND b.state <> 'kept'
        )
    """)
    async with tx.joining_whole():
        return int(await tx.scalar(statement, {"id": connection_id}))


async def first_undecided(tx: Tx, connection_id: int, limit: int) -> Sequence[tuple[str, Pair]]:
    """The first products of `undecided` in the order of the library, each with its name in Zettle
    and its strongest pair.
    """
    statement = sa.text("""
        SELECT l.name, d.* FROM library l CROSS JOIN LATERAL (
            SELECT product_uuid, product_id, certainty, reason, shop_name FROM duplicates
            WHERE connection_id = :id AND product_uuid = l.product_uuid
            ORDER BY certainty, product_id LIMIT 1) AS d
        WHERE l.connection_id = :id AND l.product_uuid IN (
            SELECT product_uuid FROM duplicates WHERE connection_id = :id
                GROUP BY product_uuid HAVING bool_and(choice = ''))
            AND NOT EXISTS (
                SELECT FROM bindings b WHERE b.connection_id = :id
                    AND b.product_uuid = l.product_uuid AND b.state <> 'kept')
        ORDER BY l.sort_key, l.product_uuid LIMIT :limit
    """)
    async with tx.joining_whole():
        rows = await tx.rows(statement, {"id": connection_id, "limit": limit})
    return [
        (
            row.name,
            Pair(row.product_uuid, row.product_id, row.certainty, row.reason, row.shop_name),
        )
        for row in rows
    ]


async def choose(
    tx: Tx, connection_id: int, product_uuid: str, product_id: int, choice: Choice
) -> bool:
    """False when there is no such pair."""
    c = duplicates.c
    statement = sa.update(duplicates).where(
        c.connection_id == connection_id, c.product_uuid == product_uuid, c.product_id == product_id
    )
    return await tx.run(statement.values(choice=choice.value)) == 1


async def undecide(tx: Tx, connection_id: int, product_uuid: str) -> None:
    """Withdraws the choice whether this product is sold in the store: the mode decides."""
    c = library.c
    statement = sa.update(library).where(
        c.connection_id == connection_id, c.product_uuid == product_uuid
    )
    await tx.run(statement.values(assigned=None, unassign_at=None))


async def links(
    tx: Tx, connection_id: int, uuids: Collection[str] | None = None
) -> Mapping[str, int]:
    """Zettle product uuid -> the store's product that the merchant chose to link it with."""
    return {
        pair.product_uuid: pair.product_id
        for pair in await all_of(tx, connection_id, uuids)
        if pair.choice is Choice.LINK
    }
