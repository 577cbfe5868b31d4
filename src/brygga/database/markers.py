"""The marker of each store: one hidden product of ours, and which stock call holds which of its
variants (decision 16).

A slot is one variant. A call takes a slot in the transaction that records its intent, and gives it
back in the transaction that resolves it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from brygga.core.stock import Slot
from brygga.database.engine import Tx
from brygga.database.tables import marker_products, marker_slots

_p, _s = marker_products.c, marker_slots.c
_shown = _s.count.label("shown")
TOO_LONG = timedelta(hours=1)
TIMEOUT = timedelta(minutes=10)
"""How long calls wait for a marker that is being created."""


@dataclass(frozen=True, slots=True)
class Marker:
    """What we know of the marker product.

    Without `product_id` it is wanted, and does not exist yet. Since `begun_at` a create may be
    under way. `failed` says why there is none.
    """

    product_id: int | None
    begun_at: datetime | None
    made_at: datetime | None
    failed: str = ""

    @property
    def stands(self) -> bool:
        return self.product_id is not None and self.begun_at is None


@dataclass(frozen=True, slots=True)
class Held:
    """A slot that a call took and has not given back."""

    slot: Slot
    call: str
    taken_at: datetime


@dataclass(frozen=True, slots=True)
class Free:
    """A slot that no call holds, since `freed_at`."""

    slot: Slot
    freed_at: datetime


# ---- A call and its slot -------------------------------------------------------------------------

# The slot that was used longest ago, so that a read that still shows the last call is not taken for
# one about this call.
_TAKE = sa.text("""
    WITH free AS MATERIALIZED (
        SELECT slot FROM marker_slots s WHERE connection_id = :id AND call IS NULL
            AND EXISTS (SELECT FROM marker_products p WHERE p.connection_id = :id AND p.begun_at
                IS NULL)
        ORDER BY freed_at, slot LIMIT 1 FOR UPDATE OF s SKIP LOCKED
    )
    UPDATE marker_slots s SET call = :call, taken_at = :now FROM free
    WHERE s.connection_id = :id AND s.slot = free.slot RETURNING s.variant_id, s.count AS shown
""")


async def take(tx: Tx, connection_id: int, call: str, now: datetime) -> Slot | None:
    """A free slot for this call, in the transaction that records the call. None where all slots are
    held, or there is no marker (`exists`).
    """
    row = await tx.first(_TAKE, {"id": connection_id, "call": call, "now": now})
    return None if row is None else Slot(row.variant_id, row.shown)


async def exists(tx: Tx, connection_id: int, now: datetime) -> bool:
    """True when there is a marker, or one has been wanted for a moment only. Then a call for which
    `take` returns None waits for a slot. A marker that never comes delays nothing.
    """
    stands = sa.and_(_p.product_id.is_not(None), _p.begun_at.is_(None))
    coming = _p.wanted_at > now - TIMEOUT
    of = (_p.connection_id == connection_id, _p.failed == "")
    return await tx.first(sa.select(_p.connection_id).where(*of, stands | coming)) is not None


async def give_back(
    tx: Tx, connection_id: int, call: str, count: int, now: datetime | None = None
) -> None:
    """The slot of this call is free again and shows `count`, since `now`. Nothing happens when the
    call holds no slot.
    """
    values = {
        "count": count,
        "call": None,
        "taken_at": None,
        "freed_at": sa.func.coalesce(now, _s.taken_at),
    }
    of = (_s.connection_id == connection_id, _s.call == call)
    await tx.run(sa.update(marker_slots).where(*of).values(**values))


FREED = """
        UPDATE marker_slots s SET count = n.count, call = NULL, taken_at = NULL, freed_at = :now
        FROM unnest(CAST(:freed_calls AS text[]), CAST(:freed_counts AS integer[]))
            AS n (call, count)
        WHERE s.connection_id = :id AND s.call = n.call
"""


def freed(slots: Mapping[str, int]) -> Mapping[str, Any]:
    """Calls and what their slots show, as the values of `FREED`: as `give_back`, for each."""
    return {"freed_calls": [*slots], "freed_counts": [*slots.values()]}


async def held(tx: Tx, connection_id: int) -> Mapping[str, Slot]:
    """Every call that holds a slot, with its slot."""
    statement = sa.select(_s.call, _s.variant_id, _shown).where(
        _s.connection_id == connection_id, _s.call.is_not(None)
    )
    return {row.call: Slot(row.variant_id, row.shown) for row in await tx.rows(statement)}


async def orphans(tx: Tx, connection_id: int, before: datetime) -> Sequence[Held]:
    """Slots taken before then by calls without an open write, or with a write that has been open
    for an hour. Whatever the outcome of that write is, the slot proves nothing more.
    """
    statement = sa.text("""
        SELECT s.variant_id, s.count AS shown, s.call, s.taken_at FROM marker_slots s
        WHERE s.connection_id = :id AND s.call IS NOT NULL AND s.taken_at < :before
            AND (s.taken_at < :long_ago OR NOT EXISTS (
                SELECT 1 FROM pending_writes f WHERE f.connection_id = :id AND f.call = s.call
                    AND f.state = 'open'
            ))
        ORDER BY s.slot
    """)
    rows = await tx.rows(
        statement, {"id": connection_id, "before": before, "long_ago": before - TOO_LONG}
    )
    return [Held(Slot(row.variant_id, row.shown), row.call, row.taken_at) for row in rows]


async def free(tx: Tx, connection_id: int) -> Sequence[Free]:
    """Every slot that no call holds."""
    of = (_s.connection_id == connection_id, _s.call.is_(None))
    rows = await tx.rows(sa.select(_s.variant_id, _shown, _s.freed_at).where(*of).order_by(_s.slot))
    return [Free(Slot(row.variant_id, row.shown), row.freed_at) for row in rows]


async def recount(tx: Tx, connection_id: int, slot: Slot, level: int) -> bool:
    """A free slot shows another level than expected. That level is the expected one from now on.
    False when a call took the slot meanwhile.
    """
    of = (_s.connection_id == connection_id, _s.variant_id == slot.variant_id)
    still = (_s.count == slot.count, _s.call.is_(None))
    return await tx.run(sa.update(marker_slots).where(*of, *still).values(count=level)) == 1


# ---- The life of the product ---------------------------------------------------------------------


async def find(tx: Tx, connection_id: int) -> Marker | None:
    """None where there is no marker and none is wanted."""
    row = await tx.first(sa.select(marker_products).where(_p.connection_id == connection_id))
    return None if row is None else Marker(row.product_id, row.begun_at, row.made_at, row.failed)


async def is_marker(tx: Tx, connection_id: int, product_id: int) -> bool:
    """This product of the store is our marker."""
    statement = sa.select(_p.connection_id).where(
        _p.connection_id == connection_id, _p.product_id == product_id
    )
    return await tx.first(statement) is not None


async def want(tx: Tx, connection_id: int, now: datetime) -> None:
    """The marker is about to be created: calls wait for it from now on. Nothing happens where there
    is one.
    """
    await tx.run(
        insert(marker_products)
        .values(connection_id=connection_id, wanted_at=now)
        .on_conflict_do_nothing()
    )


async def begin(tx: Tx, connection_id: int, now: datetime) -> None:
    """A create is about to be sent. Calls that hold a slot keep it, and no other call takes one.

    Where an earlier create was refused (`failed`), no call waits for this one either.
    """
    statement = insert(marker_products).values(
        connection_id=connection_id, begun_at=now, wanted_at=now
    )
    stood = sa.and_(_p.product_id.is_not(None), _p.begun_at.is_(None))
    changes = {"begun_at": now, "wanted_at": sa.case((stood, now), else_=_p.wanted_at)}
    await tx.run(statement.on_conflict_do_update(index_elements=["connection_id"], set_=changes))


async def save(
    tx: Tx, connection_id: int, product_id: int, slots: Sequence[Slot], now: datetime
) -> None:
    """The marker exists, with these slots. Slots that we had keep their counts and their calls. A
    call of another product holds none.
    """
    statement = (
        sa.delete(marker_slots).where(_s.connection_id == connection_id).returning(marker_slots)
    )
    before = {row.variant_id: row for row in await tx.rows(statement)}
    await forget(tx, connection_id)
    made = {"connection_id": connection_id, "product_id": product_id, "made_at": now}
    await tx.run(insert(marker_products).values(**made))
    rows: list[dict[str, Any]] = []
    for place, slot in enumerate(slots, 1):
        row = {
            "connection_id": connection_id,
            "slot": place,
            "variant_id": slot.variant_id,
            "count": slot.count,
        }
        old = before.get(slot.variant_id)
        kept = {} if old is None else {**old._mapping, "slot": place}
        rows.append({"call": None, "taken_at": None, "freed_at": now, **row, **kept})
    await tx.run(insert(marker_slots).values(rows))


async def have_counts(tx: Tx, connection_id: int, variant_ids: Collection[int]) -> bool:
    """The count of each of these variants is known: the product was found again, and it is the one
    that we have.
    """
    statement = sa.select(_s.variant_id).where(_s.connection_id == connection_id)
    return {row.variant_id for row in await tx.rows(statement)} >= set(variant_ids)


async def fail(tx: Tx, connection_id: int, code: str) -> None:
    """The marker cannot be created. Stock works without it."""
    await forget(tx, connection_id)
    await tx.run(insert(marker_products).values(connection_id=connection_id, failed=code))


async def drop(tx: Tx, connection_id: int, variant_ids: Collection[int]) -> int:
    """These variants are gone in the store, so that no call takes them any more. Returns the number
    of slots removed.
    """
    of = (_s.connection_id == connection_id, _s.variant_id.in_(list(variant_ids)))
    return await tx.run(sa.delete(marker_slots).where(*of))


async def forget(tx: Tx, connection_id: int) -> None:
    """There is no marker any more, and no slot."""
    await tx.run(sa.delete(marker_products).where(_p.connection_id == connection_id))
