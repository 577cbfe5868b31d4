"""Every movement of stock, the newest last. A page uses them to explain why a number is
what it is.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from brygga.core.stock.explaining import Explained, Unexplained
from brygga.core.stock.ledger import Side
from brygga.core.stock.movement import OWN, Cause, Movement, Reason
from brygga.database import ageing, stock_tables
from brygga.database.engine import Tx
from brygga.database.values import to_json, to_plain

KEPT = timedelta(days=90)
READS = OWN | {Cause.RESET, Cause.STARTED}
"""Causes after which the level on the movement's side was confirmed."""
CREATES = frozenset({Cause.CREATED, Cause.ATTACHED})
"""Causes after which the levels on both sides were confirmed."""
SWEEP = timedelta(minutes=30)
"""A sweep that began this long before a movement had read the level before the movement."""
_COLUMNS = (
    "at, product_uuid, variant_uuid, side, cause, change, zettle_before, zettle_after, shop_before,"
    " shop_after, "
    "call, reference, sent, reported, reason, seller, place"
)
_OF_VARIANT = (
    f"SELECT id, {_COLUMNS} FROM movements"  # noqa: S608 - only our own constants are put together
    " WHERE connection_id = :id AND variant_uuid = :variant"
)

ADD = f"""
    INSERT INTO movements (connection_id, {_COLUMNS})
    SELECT :id, {_COLUMNS} FROM jsonb_to_recordset(CAST(:movements AS jsonb)) AS n (
        nth integer, at timestamptz, product_uuid text, variant_uuid text, side text, cause text,
        change integer, zettle_before integer, zettle_after integer, shop_before integer,
        shop_after integer, call text, reference text, sent timestamptz, reported timestamptz,
        reason text, seller text, place text)
    ORDER BY nth
"""  # noqa: S608 - only our own constants are put together
_ADD = sa.text(ADD)


async def add(tx: Tx, connection_id: int, movements: Sequence[Movement]) -> None:
    """All in one statement, in this order."""
    if movements:
        await tx.run(_ADD, {"id": connection_id, **added(movements)})


def added(movements: Sequence[Movement]) -> Mapping[str, Any]:
    """These movements as the values of `ADD`."""
    rows = [{"nth": nth, **to_plain(one)} for nth, one in enumerate(movements)]
    return {"movements": to_json(rows)}


async def of_variant(
    tx: Tx, connection_id: int, variant_uuid: str, *, before: int | None = None, limit: int = 50
) -> Sequence[tuple[int, Movement]]:
    """The newest movements of a variant, or those older than the movement `before`."""
    statement = sa.text(
        f"{_OF_VARIANT} AND (CAST(:before AS bigint) IS NULL OR id < :before)"
        " ORDER BY id DESC LIMIT :limit"
    )
    values = {"id": connection_id, "variant": variant_uuid, "before": before, "limit": limit}
    return _numbered(await tx.rows(statement, values))


async def since(
    tx: Tx, connection_id: int, variant_uuid: str, after: int, limit: int
) -> Sequence[tuple[int, Movement]]:
    """The movements of a variant after the movement `after`, oldest first."""
    statement = sa.text(f"{_OF_VARIANT} AND id > :after ORDER BY id LIMIT :limit")
    values = {"id": connection_id, "variant": variant_uuid, "after": after, "limit": limit}
    return _numbered(await tx.rows(statement, values))


async def between(
    tx: Tx, connection_id: int, variant_uuid: str, start: datetime, end: datetime, *, limit: int
) -> Sequence[tuple[int, Movement]]:
    """The newest movements of a variant from `start` until before `end`, oldest first."""
    statement = sa.text(
        f"SELECT * FROM ({_OF_VARIANT} AND at >= :start AND at < :end"  # noqa: S608 - as above
        " ORDER BY id DESC LIMIT :limit) AS newest ORDER BY id"
    )
    values = {"id": connection_id, "variant": variant_uuid, "limit": limit}
    return _numbered(await tx.rows(statement, {**values, "start": start, "end": end}))


async def around(
    tx: Tx, connection_id: int, variant_uuid: str, start: datetime, end: datetime, *, limit: int
) -> tuple[Sequence[tuple[int, Movement]], Sequence[tuple[int, Movement]]]:
    """The last movements of a variant before `start`, and the first ones from `end` on, at most
    `limit` of each. Both oldest first.
    """
    values = {"id": connection_id, "variant": variant_uuid, "limit": limit}
    found = []
    for when, at in (("at < :at ORDER BY id DESC", start), ("at >= :at ORDER BY id", end)):
        statement = sa.text(
            f"SELECT * FROM ({_OF_VARIANT} AND {when} LIMIT :limit)"  # noqa: S608 - as above
            " AS nearest ORDER BY id"
        )
        found.append(_numbered(await tx.rows(statement, {**values, "at": at})))
    return found[0], found[1]


async def newest(tx: Tx, connection_id: int) -> int:
    """The id of the latest movement of all, 0 for none. A page that shows stock reloads when it
    rises.
    """
    statement = sa.text(
        "SELECT id FROM movements WHERE connection_id = :id ORDER BY id DESC LIMIT 1"
    )
    return int(await tx.scalar(statement, {"id": connection_id}) or 0)


async def latest(tx: Tx, connection_id: int, limit: int) -> Sequence[Movement]:
    """The latest movements of all variants, the newest first."""
    statement = sa.text(
        f"SELECT {_COLUMNS} FROM movements WHERE connection_id = :id"  # noqa: S608
        " ORDER BY id DESC LIMIT :limit"
    )
    rows = await tx.rows(statement, {"id": connection_id, "limit": limit})
    return [_movement(row) for row in rows]


async def questioned(
    tx: Tx, connection_id: int, variant_uuids: Collection[str]
) -> Mapping[str, Movement]:
    """For each of these variants, what the merchant is asked about: the last write whose outcome
    could not be found out, or the last comparison of both sides.
    """
    statement = sa.text(
        f"SELECT DISTINCT ON (variant_uuid) {_COLUMNS} FROM movements"  # noqa: S608
        " WHERE connection_id = :id AND variant_uuid = ANY (CAST(:variants AS text[]))"
        " AND cause = ANY (CAST(:causes AS text[]))"
        " ORDER BY variant_uuid, id DESC"
    )
    causes = [Cause.IN_DOUBT.value, Cause.CONTRADICTED.value, Cause.COMPARED.value]
    values = {"id": connection_id, "variants": list(variant_uuids), "causes": causes}
    return {row.variant_uuid: _movement(row) for row in await tx.rows(statement, values)}


async def last_moves(
    tx: Tx, connection_id: int, since: datetime
) -> Mapping[tuple[Side, str], datetime]:
    """When a record last moved by itself or by a command, by side and variant, as far as that was
    since then. Our own writes and creates do not count.
    """
    statement = sa.text("""
        SELECT side, variant_uuid, max(at) AS at FROM movements
        WHERE connection_id = :id AND at >= :since AND cause <> ALL (CAST(:causes AS text[]))
        GROUP BY side, variant_uuid
    """)
    causes = [Cause.WRITTEN.value, Cause.CREATED.value]
    rows = await tx.rows(statement, {"id": connection_id, "since": since, "causes": causes})
    return {(Side(row.side), row.variant_uuid): row.at for row in rows}


async def last_splits(
    tx: Tx, connection_id: int, product_uuids: Collection[str]
) -> Mapping[str, datetime]:
    """When the stock of these products was last made separate, where that is still known."""
    statement = sa.text("""
        SELECT product_uuid, max(at) AS at FROM movements
        WHERE connection_id = :id AND product_uuid = ANY (CAST(:uuids AS text[])) AND cause = :cause
            GROUP BY product_uuid
    """)
    values = {"id": connection_id, "uuids": list(product_uuids), "cause": Cause.SPLIT.value}
    return {row.product_uuid: row.at for row in await tx.rows(statement, values)}


async def unexplained(
    tx: Tx, connection_id: int, product_uuid: str, since: datetime
) -> Mapping[tuple[Side, str], Sequence[Unexplained]]:
    """Movements on a platform that nobody has asked about yet, oldest first, by side and variant,
    each with the time of a read before it.

    That read is the previous movement on that side, or the last sweep, of which only the time is
    kept. The sweep does not count for a movement that the sweep itself found.
    """
    statement = sa.text("""
        SELECT m.id, m.side, m.variant_uuid, m.at, m.change, m.cause, greatest(
            (
                SELECT l.at FROM movements l
                WHERE l.connection_id = m.connection_id AND l.variant_uuid = m.variant_uuid
                    AND l.id < m.id
                    AND (l.side = m.side AND l.cause = ANY (CAST(:looks AS text[]))
                        OR l.cause = ANY (CAST(:initial_levels AS text[])))
                ORDER BY l.id DESC LIMIT 1
            ),
            CASE WHEN m.cause <> :swept AND c.swept_at <= m.at - CAST(:sweep AS interval)
                THEN c.swept_at END
        ) AS look
        FROM movements m JOIN connections c ON c.id = m.connection_id
        WHERE m.connection_id = :id AND m.product_uuid = :uuid AND m.at >= :since AND m.reason
            IS NULL AND m.change <> 0
            AND m.cause = ANY (CAST(:causes AS text[]))
        ORDER BY m.id
    """)
    values = {
        "id": connection_id,
        "uuid": product_uuid,
        "since": since,
        "causes": [cause.value for cause in OWN],
        "looks": [cause.value for cause in READS],
        "initial_levels": [cause.value for cause in CREATES],
        "swept": Cause.SWEPT.value,
        "sweep": SWEEP,
    }
    found: dict[tuple[Side, str], list[Unexplained]] = {}
    for row in await tx.rows(statement, values):
        of = (Side(row.side), row.variant_uuid)
        by_order = row.cause == Cause.ORDER.value
        found.setdefault(of, []).append(Unexplained(row.id, row.at, row.change, row.look, by_order))
    return found


async def reported(
    tx: Tx, connection_id: int, product_uuid: str, since: datetime
) -> frozenset[tuple[str, Reason, str]]:
    """The explanations that movements of this product have already: variant, reason and number. No
    sale explains two movements.
    """
    statement = sa.text("""
        SELECT variant_uuid, reason, reference FROM movements
        WHERE connection_id = :id AND product_uuid = :uuid AND at >= :since AND reason IS NOT NULL
            AND reference <> ''
    """)
    rows = await tx.rows(statement, {"id": connection_id, "uuid": product_uuid, "since": since})
    return frozenset(
        (row.variant_uuid, Reason(row.reason), one)
        for row in rows
        for one in row.reference.split(", ")
    )


async def explain(tx: Tx, connection_id: int, found: Sequence[Explained], now: datetime) -> None:
    statement = sa.text("""
        UPDATE movements SET reason = :reason, reference = :reference, seller = :seller,
            place = :place, explained_at = :now
        WHERE connection_id = :id AND id = :movement
    """)
    rows = [
        {
            "id": connection_id,
            "movement": one.id,
            "reason": one.reason.value,
            "reference": ", ".join(one.numbers),
            "seller": one.seller,
            "place": one.place,
            "now": now,
        }
        for one in found
    ]
    if rows:
        await tx.run_many(statement, rows)


async def latest_explained(tx: Tx, connection_id: int) -> datetime | None:
    """When a movement was last explained. A page that shows stock reloads when it rises."""
    statement = sa.text(
        "SELECT max(explained_at) FROM movements WHERE connection_id = :id AND explained_at IS NOT "
        "NULL"
    )
    found: datetime | None = await tx.scalar(statement, {"id": connection_id})
    return found


async def prune(tx: Tx, now: datetime) -> int:
    return await ageing.delete_older(tx, stock_tables.movements.c.at, now - KEPT)


def _numbered(rows: Sequence[Any]) -> Sequence[tuple[int, Movement]]:
    return [(row.id, _movement(row)) for row in rows]


def _movement(row: Any) -> Movement:
    return Movement(
        row.at,
        row.product_uuid,
        row.variant_uuid,
        Side(row.side),
        Cause(row.cause),
        row.change,
        row.zettle_before,
        row.zettle_after,
        row.shop_before,
        row.shop_after,
        row.call,
        row.reference,
        row.sent,
        row.reported,
        None if row.reason is None else Reason(row.reason),
        row.seller,
        row.place,
    )
