"""Suffixes that can go: their products get work items, and the product work writes the plain values
(decision 19).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from brygga.core import clashes
from brygga.core.claims import folded, values_held, values_of
from brygga.core.handover import Slot, Wish, wishes_of
from brygga.core.model import CatalogProduct, ObservedProduct, Synced
from brygga.core.report import Code
from brygga.database import bindings, suffixes, work_items
from brygga.database.engine import Tx
from brygga.database.suffixes import Suffix
from brygga.database.work_items import Kind
from brygga.sync.products.batch import Job
from brygga.sync.products.claiming import holder_of, holds
from brygga.sync.worker.session import Session

PAGE = 250
MOST_ADDRESSES = 5
"""Addresses that one sweep looks up, once each: finding a holder means paging through the store."""
MOST_ASKED = 20
"""Holders that one sweep looks for by their value, because nothing is known of them."""


# ---- After product work --------------------------------------------------------------------------


def still_wanted(fresh: Iterable[Job], there: Iterable[Job]) -> bool:
    """Whether a product to be created wants a value that a product in the store lets go of."""
    held = {value for job in there for value in _let_go(job)}
    return bool(held) and any(not held.isdisjoint(values_of(job.desired)) for job in fresh)


def _let_go(job: Job) -> set[tuple[str, str]]:
    """The values that the product held when it was read, and does not want any more."""
    if job.observed is None or job.mends:
        return set()
    return set(values_held(job.observed)) - set(values_of(job.desired))


async def give_way(tx: Tx, session: Session, jobs: Sequence[Job]) -> None:
    """Adds work items for products that wait for a value that these products let go of, when these
    are committed.
    """
    free = {
        job.binding.synced.product_id: let_go
        for job in jobs
        if job.binding and (let_go := _let_go(job))
    }
    if not free:
        return
    waiting = await suffixes.held_by(tx, session.connection.id, list(free))
    await _may_go(
        tx, session, [row for row in waiting if _pair(row) in free.get(row.holder_id, ())]
    )


async def gone(
    tx: Tx, session: Session, product_ids: Collection[int], uuids: Collection[str]
) -> None:
    """These products of ours are deleted in the store: products that wait for their values get work
    items.
    """
    waiting = await suffixes.held_by(tx, session.connection.id, product_ids, uuids)
    await _may_go(tx, session, [row for row in waiting if row.product_uuid not in uuids])


def say_gone(job: Job) -> None:
    """Reports a value that had a suffix and now is as Zettle has it."""
    wanted = {wish.slot: wish for wish in _wanted(job)}
    for row in job.had:
        slot = Slot(row.field, row.variant)
        wish = wanted.get(slot)
        if (
            slot not in job.suffixed
            and wish is not None
            and (wish.now, wish.wanted) == (row.written, row.plain)
        ):
            variant = row.variant if not job.desired.is_simple else ""
            job.say(Code.SUFFIX_GONE, variant=variant, field=row.field, value=row.plain)


def _wanted(job: Job) -> Sequence[Wish]:
    if job.binding is None or job.observed is None or not job.had:
        return ()
    return wishes_of(job.desired, job.binding.synced, job.observed)


# ---- In the sweep, and when a hook reports a holder ----------------------------------------------


def found_in(wanted: CatalogProduct, bound: Synced, seen: ObservedProduct) -> Iterable[Suffix]:
    """Values with our suffix that a product shows, whichever product has the plain value."""
    for wish in wishes_of(wanted, bound, seen):
        if wish.now and wish.now != wish.wanted and wish.now in wish.forms:
            generated = wish.slot.field == "sku" and wish.now == clashes.generated_sku(
                wish.slot.variant
            )
            if not generated:
                yield Suffix(wanted.key, wish.slot.field, wish.wanted, wish.now, wish.slot.variant)


async def review(session: Session, found: Iterable[Suffix]) -> None:
    """A suffix can go when its holder is gone, or has another value by now.

    `found` are suffixes that the sweep has seen. Those that are not in the database are saved.
    """
    async with session.transaction() as tx:
        known = {_place(row): row for row in await suffixes.all_of(tx, session.connection.id)}
        fresh = [row for row in found if _place(row) not in known]
        addresses = [row for row in fresh if row.field == "url"]
        # The next sweep finds the others again.
        fresh = [row for row in fresh if row not in addresses[MOST_ADDRESSES:]]
        # An address is saved once its holder is known: by then "no product" is an answer.
        await suffixes.save(tx, session.connection.id, [row for row in fresh if row.field != "url"])
    rows = [*known.values(), *fresh]
    rows = await _with_holders(session, rows, addresses[:MOST_ADDRESSES])
    shown = await _read(session, {row.holder_id for row in rows if row.holder_id})
    await release(session, rows, shown)


async def release(
    session: Session, rows: Sequence[Suffix], shown: Mapping[int, ObservedProduct]
) -> None:
    """Adds work items for rows whose holder, as just read, is missing or has another value."""
    free = [
        row
        for row in rows
        if row.holder_id
        and not ((found := shown.get(row.holder_id)) is not None and holds(found, row))
    ]
    async with session.transaction() as tx:
        await _may_go(tx, session, free)


async def _with_holders(
    session: Session, rows: Sequence[Suffix], addresses: Collection[Suffix]
) -> list[Suffix]:
    """Holders without an id are searched: by our own binding, or by the value, a few in each sweep.
    Nothing is known yet of `addresses`.
    """
    async with session.read() as tx:
        ids = await bindings.product_ids(tx, session.connection.id)
    known: list[Suffix] = []
    news: list[Suffix] = []
    free: list[Suffix] = []
    asked = 0
    for row in rows:
        if row.holder_id:
            known.append(row)
        elif row.holder_uuid in ids:
            news.append(replace(row, holder_id=ids[row.holder_uuid]))
        elif row.holder_uuid:
            free.append(row)
        elif row in addresses or (row.field != "url" and asked < MOST_ASKED):
            asked += row not in addresses
            other = await holder_of(session, row.field, row.plain)
            if other is None:
                free.append(row)
            else:
                news.append(replace(row, holder_id=other.product_id))
    async with session.transaction() as tx:
        await suffixes.save(tx, session.connection.id, news)
        await _may_go(tx, session, free)
    return [*known, *news]


async def _read(session: Session, ids: Collection[int]) -> dict[int, ObservedProduct]:
    shown: dict[int, ObservedProduct] = {}
    wanted = sorted(ids)
    for place in range(0, len(wanted), PAGE):
        shown |= await session.shop.products(wanted[place : place + PAGE], include=("variants",))
    return shown


async def _may_go(tx: Tx, session: Session, rows: Sequence[Suffix]) -> None:
    if not rows:
        return
    await suffixes.save(tx, session.connection.id, [replace(row, retry=True) for row in rows])
    uuids = [row.product_uuid for row in rows]
    await work_items.add_many(
        tx, session.connection.id, Kind.PRODUCT, uuids, session.clock.now(), bulk=True
    )


def _pair(row: Suffix) -> tuple[str, str]:
    return row.field, folded(row.field, row.plain)


def _place(row: Suffix) -> tuple[str, str, str]:
    return row.product_uuid, row.field, row.variant
