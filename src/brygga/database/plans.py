"""The plan of a connection as it was last previewed.

It is searched, filtered, counted and paged in the database.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from brygga.database.engine import Tx
from brygga.database.library_pages import patterns
from brygga.database.values import to_json

PORTION = 500
"""The number of steps that one statement writes."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One step.

    `step` is JSON that only its writer understands. `filters` are the page filters that show it.
    """

    product_uuid: str
    sort_key: str
    filters: tuple[str, ...]
    search: str
    step: str


@dataclass(frozen=True, slots=True)
class DrawnPlan:
    """A whole plan.

    `stamp` is the stamp of its inputs. `counts` are the numbers of steps by filter.
    """

    stamp: str
    counts: Mapping[str, int]
    steps: Sequence[Kept]


@dataclass(frozen=True, slots=True)
class Page:
    """`total` counts the steps that match search and filter, over all pages. `any_of`: whether the
    filter asked about shows one of them.
    """

    steps: tuple[str, ...]
    total: int
    any_of: bool


_KEEP = sa.text("""
    INSERT INTO plans (connection_id, stamp, counts, drawn_at)
    VALUES (:id, :stamp, CAST(:counts AS jsonb), :now)
    ON CONFLICT (connection_id) DO UPDATE SET
        stamp = EXCLUDED.stamp, counts = EXCLUDED.counts, drawn_at = EXCLUDED.drawn_at
""")
_KEEP_STEPS = sa.text("""
    INSERT INTO plan_steps AS s (connection_id, product_uuid, sort_key, filters, search, step)
    SELECT :id, product_uuid, sort_key, string_to_array(filters, ' '), search, CAST(step AS jsonb)
    FROM unnest(
        CAST(:uuids AS text[]), CAST(:sort_keys AS text[]), CAST(:filters AS text[]),
        CAST(:searches AS text[]), CAST(:steps AS text[])
    ) AS n (product_uuid, sort_key, filters, search, step)
    ON CONFLICT (connection_id, product_uuid) DO UPDATE SET
        sort_key = EXCLUDED.sort_key, filters = EXCLUDED.filters,
        search = EXCLUDED.search, step = EXCLUDED.step
    WHERE (s.sort_key, s.filters, s.search, s.step) IS DISTINCT FROM
        (EXCLUDED.sort_key, EXCLUDED.filters, EXCLUDED.search, EXCLUDED.step)
""")
_DROP_OTHERS = sa.text("""
    DELETE FROM plan_steps WHERE connection_id = :id AND product_uuid <> ALL (CAST(:uuids
        AS text[]))
""")
_WHERE = """
    connection_id = :id AND (:shown = '' OR :shown = ANY (filters))
    AND search LIKE ALL (CAST(:patterns AS text[]))
"""
_PAGE = sa.text(f"""
    SELECT CAST(step AS text) AS step FROM plan_steps WHERE {_WHERE}
    ORDER BY sort_key, product_uuid LIMIT :limit OFFSET :offset
""")  # noqa: S608 - our own words
_TOTAL = sa.text(f"""
    SELECT count(*) AS total, coalesce(bool_or(:one = ANY (filters)), false) AS any_of
    FROM plan_steps WHERE {_WHERE}
""")  # noqa: S608 - our own words
_UUIDS = sa.text(f"""
    SELECT product_uuid FROM plan_steps WHERE {_WHERE} ORDER BY sort_key, product_uuid
""")  # noqa: S608 - our own words


async def stamp(tx: Tx, connection_id: int) -> str | None:
    """The stamp of the inputs of the stored plan. None where there is no plan."""
    found: str | None = await tx.scalar(
        sa.text("SELECT stamp FROM plans WHERE connection_id = :id"), {"id": connection_id}
    )
    return found


async def keep(tx: Tx, connection_id: int, plan: DrawnPlan, now: datetime) -> None:
    """Saves exactly this plan. Rows that stay the same cost a read, not a write."""
    head = {"stamp": plan.stamp, "counts": to_json(dict(plan.counts)), "now": now}
    await tx.run(_KEEP, {"id": connection_id, **head})
    uuids = [one.product_uuid for one in plan.steps]
    await tx.run(_DROP_OTHERS, {"id": connection_id, "uuids": uuids})
    rows = plan.steps
    for place in range(0, len(rows), PORTION):
        some = rows[place : place + PORTION]
        values = {
            "id": connection_id,
            "uuids": [one.product_uuid for one in some],
            "sort_keys": [one.sort_key for one in some],
            "filters": [" ".join(one.filters) for one in some],
            "searches": [one.search for one in some],
            "steps": [one.step for one in some],
        }
        await tx.run(_KEEP_STEPS, values)
    tx.touch(connection_id)


async def counts(tx: Tx, connection_id: int) -> Mapping[str, int]:
    """The numbers of steps by filter, of the whole plan."""
    found: Mapping[str, int] | None = await tx.scalar(
        sa.text("SELECT counts FROM plans WHERE connection_id = :id"), {"id": connection_id}
    )
    return found or {}


async def page(
    tx: Tx, connection_id: int, *, search: str, shown: str, any_of: str, limit: int, offset: int
) -> Page:
    values = {"id": connection_id, "shown": shown, "patterns": patterns(search)}
    rows = await tx.rows(_PAGE, {**values, "limit": limit, "offset": offset})
    found = await tx.first(_TOTAL, {**values, "one": any_of})
    assert found is not None
    return Page(tuple(row.step for row in rows), found.total, found.any_of)


async def uuids(tx: Tx, connection_id: int, *, search: str, shown: str) -> Sequence[str]:
    """The uuids of all steps that match search and filter."""
    rows = await tx.rows(
        _UUIDS, {"id": connection_id, "shown": shown, "patterns": patterns(search)}
    )
    return [row.product_uuid for row in rows]


async def forget(tx: Tx, connection_id: int) -> None:
    await tx.run(sa.text("DELETE FROM plans WHERE connection_id = :id"), {"id": connection_id})
