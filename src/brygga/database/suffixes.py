"""Names, SKUs and URLs with a suffix, and which product has the plain value (decision 19).

A row is saved before the suffix is sent, and deleted when the plain value is written. So no suffix
is forgotten, and none is tried again while another product holds the plain value.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from brygga.database.engine import Tx


@dataclass(frozen=True, slots=True)
class Suffix:
    """`holder_id` is the BigCommerce product with the plain value, 0 while unknown.

    `holder_uuid` is its Zettle uuid, "" if it is not ours.

    `retry`: the holder gave the value up, and the plain value has to be written.
    """

    product_uuid: str
    field: str
    plain: str
    written: str
    variant: str = ""
    holder_id: int = 0
    holder_uuid: str = ""
    retry: bool = False


_COLUMNS = "product_uuid, variant_uuid, field, plain, written, holder_id, holder_uuid, retry"
_SAVE_ROWS = sa.text("""
    INSERT INTO suffixes (connection_id, product_uuid, variant_uuid, field, plain, written,
        holder_id, holder_uuid, retry)
    SELECT CAST(:id AS bigint), n.* FROM unnest(
        CAST(:uuids AS text[]), CAST(:variants AS text[]), CAST(:fields AS text[]), CAST(:plain
            AS text[]), CAST(:written AS text[]),
        CAST(:holder_ids AS bigint[]), CAST(:holder_uuids AS text[]), CAST(:retry AS boolean[])
    ) AS n (product_uuid, variant_uuid, field, plain, written, holder_id, holder_uuid, retry)
    JOIN bindings b ON b.connection_id = :id AND b.product_uuid = n.product_uuid
    ON CONFLICT (connection_id, product_uuid, variant_uuid, field) DO UPDATE SET
        plain = EXCLUDED.plain, written = EXCLUDED.written, holder_id = EXCLUDED.holder_id,
            holder_uuid = EXCLUDED.holder_uuid,
        retry = EXCLUDED.retry
""")
_OF = sa.text(f"""
    SELECT {_COLUMNS} FROM suffixes WHERE connection_id = :id AND product_uuid = ANY (CAST(:uuids
        AS text[]))
    ORDER BY product_uuid, field, variant_uuid
""")  # noqa: S608 - only our own constants are put together
_ALL = sa.text(f"""
    SELECT {_COLUMNS} FROM suffixes WHERE connection_id = :id ORDER BY product_uuid, field,
        variant_uuid
""")  # noqa: S608 - as above
_HELD_BY = sa.text(f"""
    SELECT {_COLUMNS} FROM suffixes WHERE connection_id = :id AND (
        holder_id = ANY (CAST(:product_ids AS bigint[])) OR holder_uuid = ANY (CAST(:uuids
            AS text[]))
    ) ORDER BY product_uuid, field, variant_uuid
""")  # noqa: S608 - as above
_FIND_HOLDERS = sa.text("""
    UPDATE suffixes s SET holder_id = b.product_id FROM bindings b
    WHERE s.connection_id = :id AND s.holder_id = 0 AND s.holder_uuid <> ''
        AND b.connection_id = s.connection_id AND b.product_uuid = s.holder_uuid
""")


async def save(tx: Tx, connection_id: int, rows: Collection[Suffix]) -> None:
    """Adds or replaces them. Only products that are bound have suffixes."""
    if not rows:
        return
    values = {
        "id": connection_id,
        "uuids": [row.product_uuid for row in rows],
        "variants": [row.variant for row in rows],
        "fields": [row.field for row in rows],
        "plain": [row.plain for row in rows],
        "written": [row.written for row in rows],
        "holder_ids": [row.holder_id for row in rows],
        "holder_uuids": [row.holder_uuid for row in rows],
        "retry": [row.retry for row in rows],
    }
    await tx.run(_SAVE_ROWS, values)


async def replace(
    tx: Tx, connection_id: int, uuids: Collection[str], rows: Collection[Suffix]
) -> None:
    """These products have exactly these suffixes. A holder of ours may have been created
    meanwhile.
    """
    await tx.run(
        sa.text(
            "DELETE FROM suffixes WHERE connection_id = :id AND product_uuid = ANY (CAST(:uuids AS "
            "text[]))"
        ),
        {"id": connection_id, "uuids": list(uuids)},
    )
    await save(tx, connection_id, rows)
    await tx.run(_FIND_HOLDERS, {"id": connection_id})


async def of(
    tx: Tx, connection_id: int, uuids: Collection[str]
) -> Mapping[str, tuple[Suffix, ...]]:
    """The suffixes of these products; products without one are not among the keys."""
    found: dict[str, tuple[Suffix, ...]] = {}
    for row in await tx.rows(_OF, {"id": connection_id, "uuids": list(uuids)}):
        found[row.product_uuid] = (*found.get(row.product_uuid, ()), _suffix(row))
    return found


async def all_of(tx: Tx, connection_id: int) -> tuple[Suffix, ...]:
    return tuple(_suffix(row) for row in await tx.rows(_ALL, {"id": connection_id}))


async def held_by(
    tx: Tx, connection_id: int, product_ids: Collection[int], uuids: Collection[str] = ()
) -> tuple[Suffix, ...]:
    """The suffixes that these products cause, by BigCommerce id or by Zettle uuid."""
    values = {"id": connection_id, "product_ids": list(product_ids), "uuids": list(uuids)}
    return tuple(_suffix(row) for row in await tx.rows(_HELD_BY, values))


def _suffix(row: Any) -> Suffix:
    return Suffix(
        row.product_uuid,
        row.field,
        row.plain,
        row.written,
        row.variant_uuid,
        row.holder_id,
        row.holder_uuid,
        row.retry,
    )
