"""What the platforms report about stock: hints that it moved, switches of tracking, and Zettle's
echoes of our own writes. A turn takes a hint or a switch once.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from brygga.core.stock import Hint, Side
from brygga.database.engine import Tx
from brygga.database.pending_writes import PENDING, Pending, read_pending
from brygga.database.values import unique

STARTED = "started:"
"""A prefix of a Zettle product in a hint's subject: its tracking was switched on."""
STOPPED = "stopped:"
"""A prefix of a Zettle product in a hint's subject: its tracking was switched off."""


@dataclass(frozen=True, slots=True)
class Reports:
    """What the platforms reported about some products since the last time, by product, in order of
    arrival.
    """

    hints: Mapping[Side, Mapping[str, Sequence[Hint]]]
    stops: Mapping[str, Sequence[tuple[datetime, datetime]]]
    """When tracking was switched off, by Zettle's clock, and when it was reported to us, by our
    clock.
    """
    starts: Mapping[str, datetime]
    """When tracking was last switched on, by Zettle's clock."""
    pending: Sequence[Pending]


async def record_echo(tx: Tx, connection_id: int, identifier: str, now: datetime) -> None:
    """As `record_echoes`, for one."""
    await record_echoes(tx, connection_id, [identifier], now)


_RECORD_ECHOES = sa.text("""
    INSERT INTO echoes (connection_id, identifier, received_at)
    SELECT :id, n.identifier, :now
    FROM unnest(CAST(:identifiers AS text[])) AS n (identifier) ORDER BY n.identifier
    ON CONFLICT (connection_id, identifier) DO NOTHING
""")


async def record_echoes(
    tx: Tx, connection_id: int, identifiers: Collection[str], now: datetime
) -> None:
    """Zettle reported movements with these identifiers. The pending writes say which are ours."""
    if identifiers:
        values = {"id": connection_id, "identifiers": unique(identifiers), "now": now}
        await tx.run(_RECORD_ECHOES, values)


async def is_echoed(tx: Tx, connection_id: int, call: str) -> bool:
    """Whether Zettle reported a movement with this identifier."""
    statement = sa.text("SELECT 1 FROM echoes WHERE connection_id = :id AND identifier = :call")
    return await tx.first(statement, {"id": connection_id, "call": call}) is not None


async def record_hint(tx: Tx, connection_id: int, side: Side, subject: str, hint: Hint) -> None:
    """As `record_hints`, for one."""
    await record_hints(tx, connection_id, side, [(subject, hint)])


HINT = """
    INSERT INTO stock_hints (connection_id, side, subject, at, by_order, happened_at)
    SELECT :id, :side, n.subject, n.at, n.by_order, n.made
    FROM unnest(CAST(:hinted AS text[]), CAST(:at AS timestamptz[]),
        CAST(:by_order AS boolean[]), CAST(:made AS timestamptz[])) WITH ORDINALITY
        AS n (subject, at, by_order, made, place)
    ORDER BY n.place
"""
_RECORD_HINTS = sa.text(HINT)


async def record_hints(
    tx: Tx, connection_id: int, side: Side, hints: Sequence[tuple[str, Hint]]
) -> None:
    """A platform reported that the stock of these products moved, in this order. A subject is
    Zettle's product uuid or BigCommerce's product id.

    Rows are only appended, so that a webhook never waits for a turn.
    """
    if hints:
        await tx.run(_RECORD_HINTS, {"id": connection_id, **hinted(side, hints)})


def hinted(side: Side, hints: Sequence[tuple[str, Hint]]) -> Mapping[str, Any]:
    """These hints as the values of `HINT`."""
    return {
        "side": side.value,
        "hinted": [f"{of}/{hint.variant}" if hint.variant else of for of, hint in hints],
        "at": [hint.at for _, hint in hints],
        "by_order": [hint.by_order for _, hint in hints],
        "made": [hint.made for _, hint in hints],
    }


async def record_switch(
    tx: Tx, connection_id: int, product_uuid: str, at: datetime, now: datetime, *, on: bool
) -> None:
    """Zettle reported that tracking was switched on or off `at` that time. No read can find that
    time.
    """
    statement = sa.text("""
        INSERT INTO stock_hints (connection_id, side, subject, at, happened_at) VALUES (:id, :side,
            :subject, :now, :at)
    """)
    values = {
        "id": connection_id,
        "side": Side.ZETTLE.value,
        "subject": f"{STARTED if on else STOPPED}{product_uuid}",
    }
    await tx.run(statement, {**values, "at": at, "now": now})


async def ordered(tx: Tx, connection_id: int, subjects: Collection[str]) -> Collection[str]:
    """Those of these BigCommerce products with a waiting hint of an order."""
    statement = sa.text("""
        SELECT DISTINCT split_part(subject, '/', 1) AS subject FROM stock_hints
        WHERE connection_id = :id AND side = :side AND by_order
            AND split_part(subject, '/', 1) = ANY (CAST(:subjects AS text[]))
    """)
    values = {"id": connection_id, "side": Side.SHOP.value, "subjects": list(subjects)}
    return {row.subject for row in await tx.rows(statement, values)}


async def waiting(tx: Tx, connection_id: int, side: Side, subjects: Collection[str]) -> bool:
    """Whether a hint of exactly these waits to be read: a product, or "product/variant"."""
    statement = sa.text("""
        SELECT 1 FROM stock_hints
        WHERE connection_id = :id AND side = :side AND subject = ANY (CAST(:subjects AS text[]))
            LIMIT 1
    """)
    values = {"id": connection_id, "side": side.value, "subjects": list(subjects)}
    return await tx.first(statement, values) is not None


async def take(
    tx: Tx, connection_id: int, at_till: Collection[str], in_shop: Collection[str]
) -> Reports:
    """The changes reported of these products since the last time, each once, and the writes to
    Zettle that wait for an echo.
    """
    statement = sa.text(f"""
        WITH heard AS (
            DELETE FROM stock_hints WHERE connection_id = :id AND (
                side = 'zettle' AND (
                    split_part(subject, '/', 1) = ANY (CAST(:till AS text[]))
                        OR subject = ANY (CAST(:switches AS text[]))
                ) OR side = 'shop' AND split_part(subject, '/', 1) = ANY (CAST(:shop AS text[]))
            )
            RETURNING id, side, subject, at, by_order, happened_at
        ), pending AS ({PENDING})
        SELECT heard.*, CAST(NULL AS jsonb) AS pending_write, NULL AS state FROM heard
        UNION ALL SELECT * FROM pending
    """)  # noqa: S608 - our own
    values = {"id": connection_id, "till": list(at_till), "shop": list(in_shop)}
    rows = await tx.rows(
        statement,
        {
            **values,
            "switches": [f"{word}{uuid}" for uuid in at_till for word in (STARTED, STOPPED)],
        },
    )
    hints: dict[Side, dict[str, list[Hint]]] = {side: {} for side in Side}
    stops: dict[str, list[tuple[datetime, datetime]]] = {}
    starts: dict[str, datetime] = {}
    pending_: list[Pending] = []
    for row in sorted(rows, key=lambda row: (row.id, row.at)):
        if row.pending_write is not None:
            pending_.append(read_pending(row))
            continue
        if row.subject.startswith(STOPPED):
            stops.setdefault(row.subject.removeprefix(STOPPED), []).append(
                (row.happened_at, row.at)
            )
            continue
        if row.subject.startswith(STARTED):
            uuid = row.subject.removeprefix(STARTED)
            starts[uuid] = max(row.happened_at, starts.get(uuid, row.happened_at))
            continue
        subject, _, variant = row.subject.partition("/")
        hints[Side(row.side)].setdefault(subject, []).append(
            Hint(row.at, row.by_order, variant, row.happened_at)
        )
    return Reports(hints, stops, starts, pending_)
