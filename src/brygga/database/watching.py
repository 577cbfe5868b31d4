"""What a connection that watches has seen, and what Brygga would have written (`core.watching`)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa

from brygga.core.watching import Counts, Levels, Outcome
from brygga.database.engine import Tx
from brygga.database.tables import connections
from brygga.database.values import from_plain, to_json
from brygga.database.watching_tables import predictions, watched_products

KEPT = timedelta(days=90)
"""How long predictions are kept after they were made."""

w, p = watched_products.c, predictions.c


@dataclass(frozen=True, slots=True)
class Watched:
    """A pair, the product's version that was last compared, and the variants' levels."""

    product_uuid: str
    product_id: int
    etag: str = ""
    variants: Mapping[str, Levels] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Prediction:
    """`change` is for stock alone. `name` is the product's, as it was then."""

    product_uuid: str
    variant_uuid: str
    field: str
    name: str
    was: str
    expected: str
    made_at: datetime
    change: int = 0
    outcome: Outcome = Outcome.OPEN
    seen: str = ""
    settled_at: datetime | None = None
    id: int = 0


async def begin(tx: Tx, connection_id: int, now: datetime) -> None:
    """Watching begins anew: nothing of an earlier time counts."""
    await tx.run(sa.delete(watched_products).where(w.connection_id == connection_id))
    await tx.run(sa.delete(predictions).where(p.connection_id == connection_id))
    await tx.run(
        sa.update(connections).where(connections.c.id == connection_id).values(watched_at=now)
    )
    tx.touch(connection_id)


async def since(tx: Tx, connection_id: int) -> datetime | None:
    """When watching began. None where the connection never watched."""
    row = await tx.first(
        sa.select(connections.c.watched_at).where(connections.c.id == connection_id)
    )
    return None if row is None else row.watched_at


async def end(tx: Tx, connection_id: int) -> None:
    """The pairs are bindings now, or forgotten. The predictions stay for the report."""
    await tx.run(sa.delete(watched_products).where(w.connection_id == connection_id))
    tx.touch(connection_id)


async def pairs(
    tx: Tx, connection_id: int, uuids: Collection[str] | None = None
) -> Mapping[str, Watched]:
    conditions = [w.connection_id == connection_id]
    if uuids is not None:
        conditions.append(w.product_uuid.in_(list(uuids)))
    rows = await tx.rows(sa.select(watched_products).where(*conditions).order_by(w.product_uuid))
    return {
        row.product_uuid: Watched(
            row.product_uuid,
            row.product_id,
            row.etag,
            {key: from_plain(one, Levels) for key, one in row.variants.items()},
        )
        for row in rows
    }


_SAVE = sa.text("""
    INSERT INTO watched_products (connection_id, product_uuid, product_id, etag, variants)
    SELECT :id, uuid, product_id, etag, CAST(variants AS jsonb) FROM unnest(
        CAST(:uuids AS text[]), CAST(:product_ids AS bigint[]), CAST(:etags AS text[]),
        CAST(:variants AS text[])
    ) AS n (uuid, product_id, etag, variants)
    ON CONFLICT (connection_id, product_uuid) DO UPDATE SET product_id = EXCLUDED.product_id,
        etag = EXCLUDED.etag, variants = EXCLUDED.variants
""")


async def save(tx: Tx, connection_id: int, some: Iterable[Watched]) -> None:
    rows = list(some)
    if rows:
        values = {
            "uuids": [one.product_uuid for one in rows],
            "product_ids": [one.product_id for one in rows],
            "etags": [one.etag for one in rows],
            "variants": [to_json(one.variants) for one in rows],
        }
        await tx.run(_SAVE, {"id": connection_id, **values})


async def owners(tx: Tx, connection_id: int, product_ids: Collection[int]) -> Mapping[int, str]:
    """BigCommerce product id -> the Zettle product of the pair."""
    statement = sa.select(w.product_id, w.product_uuid).where(
        w.connection_id == connection_id, w.product_id.in_(list(product_ids))
    )
    return {row.product_id: row.product_uuid for row in await tx.rows(statement)}


async def drop(tx: Tx, connection_id: int, uuids: Collection[str]) -> None:
    condition = w.product_uuid.in_(list(uuids))
    await tx.run(sa.delete(watched_products).where(w.connection_id == connection_id, condition))


# ---- Predictions ---------------------------------------------------------------------------------


async def predict(tx: Tx, connection_id: int, made: Iterable[Prediction]) -> None:
    rows = [
        {
            "connection_id": connection_id,
            "product_uuid": one.product_uuid,
            "variant_uuid": one.variant_uuid,
            "field": one.field,
            "name": one.name,
            "was": one.was[:MOST_TEXT],
            "expected": one.expected[:MOST_TEXT],
            "change": one.change,
            "made_at": one.made_at,
            "outcome": one.outcome.value,
            "seen": one.seen[:MOST_TEXT],
            "settled_at": one.settled_at,
        }
        for one in made
    ]
    await tx.run_many(sa.insert(predictions), rows)
    if rows:
        tx.touch(connection_id)


MOST_TEXT = 500
"""A longer value is cut: it is only shown, and compared with another one that is cut alike."""


async def open_for(
    tx: Tx, connection_id: int, uuids: Collection[str] | None = None
) -> Sequence[Prediction]:
    """Those whose end is not known yet, oldest first."""
    conditions = [p.connection_id == connection_id, p.outcome == ""]
    if uuids is not None:
        conditions.append(p.product_uuid.in_(list(uuids)))
    rows = await tx.rows(sa.select(predictions).where(*conditions).order_by(p.id))
    return [_prediction(row) for row in rows]


async def resolve(
    tx: Tx, connection_id: int, ids: Collection[int], end: tuple[Outcome, str], now: datetime
) -> None:
    """`end` is the outcome, and what was seen instead or as predicted."""
    outcome, seen = end
    statement = sa.update(predictions).where(
        p.connection_id == connection_id, p.id.in_(list(ids)), p.outcome == ""
    )
    values = {"outcome": outcome.value, "seen": seen[:MOST_TEXT], "settled_at": now}
    await tx.run(statement.values(**values))
    tx.touch(connection_id)


async def withdraw(tx: Tx, connection_id: int, ids: Collection[int]) -> None:
    """Nothing is expected of these any more: Zettle has another value by now."""
    await tx.run(
        sa.delete(predictions).where(p.connection_id == connection_id, p.id.in_(list(ids)))
    )


async def counts(tx: Tx, connection_id: int) -> Counts:
    statement = (
        sa.select(p.outcome, sa.func.count().label("n"))
        .where(p.connection_id == connection_id)
        .group_by(p.outcome)
    )
    return Counts({Outcome(row.outcome): row.n for row in await tx.rows(statement)})


async def page(
    tx: Tx, connection_id: int, outcomes: Collection[Outcome], limit: int = 100
) -> Sequence[Prediction]:
    """The newest with one of these outcomes."""
    statement = (
        sa.select(predictions)
        .where(p.connection_id == connection_id, p.outcome.in_([one.value for one in outcomes]))
        .order_by(p.id.desc())
        .limit(limit)
    )
    return [_prediction(row) for row in await tx.rows(statement)]


async def prune(tx: Tx, now: datetime) -> None:
    await tx.run(sa.delete(predictions).where(p.made_at < now - KEPT))


def _prediction(row: sa.Row[tuple[object, ...]]) -> Prediction:
    return Prediction(
        row.product_uuid,
        row.variant_uuid,
        row.field,
        row.name,
        row.was,
        row.expected,
        row.made_at,
        row.change,
        Outcome(row.outcome),
        row.seen,
        row.settled_at,
        row.id,
    )
