"""What could not be carried over to BigCommerce at each product's last sync: a list that the
merchant can work through and tick off.

It is read from the sync log, which keeps its lines for a limited time. A product that is synced
again without such a line leaves the list.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from brygga.core.report import Code
from brygga.database.engine import Tx

ITEM: Final = "left:"
"""How the ticks of this list begin; the product's uuid follows."""

_LINES = f"""
    lines AS (
        SELECT s.subject, s.id, s.code, s.params, l.name, l.sort_key
        FROM synclog s
        JOIN library l ON l.connection_id = s.connection_id AND l.product_uuid = s.subject
        LEFT JOIN bindings b ON b.connection_id = s.connection_id AND b.product_uuid = s.subject
        WHERE s.connection_id = :id AND s.subject <> '' AND s.code = ANY (CAST(:codes AS text[]))
            AND l.removed_at IS NULL AND l.assigned
            AND s.at >= greatest(b.synced_at, l.failed_at)
    ), products AS (
        SELECT n.subject, min(n.sort_key) AS sort_key, count(*) AS lines,
            count(*) <= coalesce(max(t.count), 0) AS ticked
        FROM lines n LEFT JOIN ticks t ON t.connection_id = :id AND t.item = '{ITEM}' || n.subject
        GROUP BY n.subject
    )
"""  # noqa: S608 - our own constant
_TOTALS = sa.text(f"""
    WITH {_LINES}
    SELECT count(*) FILTER (WHERE NOT ticked) AS open, count(*) FILTER (WHERE ticked) AS ticked
    FROM products
""")  # noqa: S608 - as above
_PAGE = sa.text(f"""
    WITH {_LINES}, cut AS (
        SELECT subject, sort_key, ticked FROM products WHERE ticked = :ticked
        ORDER BY sort_key, subject LIMIT :limit OFFSET :offset
    )
    SELECT n.subject, n.name, n.code, n.params FROM lines n JOIN cut USING (subject)
    ORDER BY cut.sort_key, n.subject, n.id
""")  # noqa: S608 - as above
_COUNTED = sa.text(f"""
    WITH {_LINES} SELECT subject, lines FROM products
    WHERE subject = ANY (CAST(:uuids AS text[]))
""")  # noqa: S608 - as above


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One product, and what its last sync said of it."""

    product_uuid: str
    name: str
    lines: tuple[tuple[Code, Mapping[str, str]], ...]


async def totals(tx: Tx, connection_id: int, codes: Collection[Code]) -> tuple[int, int]:
    """How many products have such a line that is not ticked off, and how many are ticked off."""
    async with tx.joining_whole():
        row = await tx.first(_TOTALS, _values(connection_id, codes))
    assert row is not None
    return row.open, row.ticked


async def page(
    tx: Tx, connection_id: int, codes: Collection[Code], *, ticked: bool, limit: int, offset: int
) -> Sequence[LeftOut]:
    """The products in the order of the library."""
    values = {**_values(connection_id, codes), "ticked": ticked, "limit": limit, "offset": offset}
    found: dict[str, LeftOut] = {}
    async with tx.joining_whole():
        rows = await tx.rows(_PAGE, values)
    for row in rows:
        before = found.get(row.subject) or LeftOut(row.subject, row.name, ())
        found[row.subject] = LeftOut(
            row.subject, row.name, (*before.lines, (Code(row.code), row.params))
        )
    return list(found.values())


async def counted(
    tx: Tx, connection_id: int, codes: Collection[Code], uuids: Collection[str]
) -> Mapping[str, int]:
    """How many lines each of these products has now, for its tick."""
    values = {**_values(connection_id, codes), "uuids": list(uuids)}
    return {row.subject: row.lines for row in await tx.rows(_COUNTED, values)}


def _values(connection_id: int, codes: Collection[Code]) -> dict[str, object]:
    return {"id": connection_id, "codes": [code.value for code in codes]}
