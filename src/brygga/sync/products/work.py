"""The handler of product work items: changed products are read, planned and applied, in bulk.

Gather: the library's mirror (read again where a work item may be newer), the bindings, and one read
of the store per 250 products. Decide: `assignment.belongs`, `mapping.desired`, `planning.plan`.
Apply: creates, updates, removals. The commit of the bindings comes last.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from brygga.core import assignment, fingerprints, planning
from brygga.core.assignment import Removal
from brygga.core.failures import Failure, Refused, Unreachable
from brygga.core.guards import Cause
from brygga.core.handover import Slot
from brygga.core.mapping import desired
from brygga.core.model import Origin, Product, Synced
from brygga.core.report import Code, Line, Severity, Topic
from brygga.core.terms import Terms, terms_of
from brygga.database import bindings, duplicates, library, suffixes, synclog, work_items
from brygga.database.bindings import Binding, State
from brygga.database.engine import Tx
from brygga.database.library import Entry
from brygga.database.suffixes import Suffix
from brygga.database.work_items import BULK_RANK, Kind, WorkItem
from brygga.sync.initial_levels import InitialLevels
from brygga.sync.products.batch import PARALLEL, Job, active, each, finished
from brygga.sync.products.creating import Creating
from brygga.sync.products.labelling import (
    all_failed,
    are_in_channel,
    assign_channel,
    remember_channel,
    tag,
)
from brygga.sync.products.removing import ProductRemoval, remove
from brygga.sync.products.suffixing import give_way, say_gone, still_wanted
from brygga.sync.products.updating import Updating
from brygga.sync.shown import products_shown
from brygga.sync.worker.session import Session
from brygga.zettle.codes import Code as TillCode
from brygga.zettle.values import FeedTooOld

DELETED = "deleted"
"""A work item's detail when Zettle announced that the product is gone."""
ASK_AGAIN_S = 60.0
MADE_AT_ONCE = 50
"""Products that are created and then shown as synced. Each portion has one batch of tags and one of
channel assignments.
"""


@dataclass(frozen=True, slots=True)
class Products:
    """The handler of product work items: `await Products(initial_levels)(session, items)`."""

    initial_levels: InitialLevels

    async def __call__(self, session: Session, items: Sequence[WorkItem]) -> None:
        gathered = await gather(session, items)
        await remove(session, gathered.removals)

        terms = terms_of(session.connection)
        jobs = await self._jobs(session, gathered, terms)
        creating = Creating(session, terms, self.initial_levels)
        await look(session, jobs)
        # A product that is missing may already have been created again, by a call without an
        # answer.
        await creating.resolve([job for job in active(jobs) if job.observed is None])
        fresh = [job for job in active(jobs) if job.observed is None]
        there = [job for job in jobs if job.failure or job.observed]
        if is_first := still_wanted(fresh, there):
            # A product that lets go of a value is updated before a product is created with that
            # value.
            await self._apply_updates(session, there, terms)
        await self._make(session, creating, fresh, there, is_done=is_first)

    async def _make(
        self,
        session: Session,
        creating: Creating,
        fresh: Sequence[Job],
        there: Sequence[Job],
        *,
        is_done: bool,
    ) -> None:
        """Creates a portion at a time, and finishes each before the next begins: a merchant who
        watches sees the products arrive.

        The first portion is finished together with the products that are already `there`, so that
        they share their batches.
        """
        order = await creating.prepare(fresh)
        portions = [
            order[place : place + MADE_AT_ONCE] for place in range(0, len(order), MADE_AT_ONCE)
        ] or [()]
        outage: Failure | None = None
        in_channel = False
        for number, portion in enumerate(portions):
            if session.connection.products_paused:
                for job in portion:
                    job.is_left = True
            elif outage is None:
                await creating.create(portion)
                outage = _outage(portion)
            else:
                all_failed(portion, outage)
            if number == 0 and len(portions) > 1:
                in_channel = await are_in_channel(session, active(portion))
            if in_channel:
                await remember_channel(session, active(portion))
            await self._apply_updates(
                session, [*([] if number or is_done else there), *portion], creating.terms
            )
        if created := [job.uuid for job in (*there, *order) if job.has_creates]:
            await self.initial_levels.all_created(session, created)

    async def _apply_updates(self, session: Session, jobs: Sequence[Job], terms: Terms) -> None:
        """Updates the products in the store to what Zettle wants, and finishes their work items."""
        await Updating(session, self.initial_levels, terms).update(active(jobs))
        await self._finish(session, jobs)

    async def _jobs(self, session: Session, gathered: "Gathered", terms: Terms) -> list[Job]:
        """A job for each product that belongs in the store and may have changed. The work items of
        the others are finished.
        """
        jobs: list[Job] = []
        for item in gathered.staying:
            entry = gathered.entries[item.subject]
            product = entry.product
            assert product is not None, "unreadable products are finished while gathering"
            binding = gathered.bound.get(item.subject)
            wait = (
                (entry.unassign_at - session.clock.now()).total_seconds()
                if entry.unassign_at
                else None
            )
            mends: tuple[Suffix, ...] = ()
            if binding is not None and not planning.is_changed(
                binding.synced, product.etag, force=item.force
            ):
                mends = tuple(row for row in gathered.suffixed.get(item.subject, ()) if row.retry)
                if not mends:
                    await _let_go(session, item, wait)
                    continue
            mapped = desired(product, terms)
            if mapped.product is None:
                assert mapped.refusal is not None
                async with session.transaction() as tx:
                    now = session.clock.now()
                    await synclog.add(tx, session.connection.id, [mapped.refusal], now)
                    await library.fail(
                        tx, session.connection.id, item.subject, mapped.refusal.code.value, now
                    )
                await _let_go(session, item, wait)
                continue
            lines = [] if mends else list(mapped.lines)
            jobs.append(
                Job(item, product, mapped.product, lines, binding, unassign_in_s=wait, mends=mends)
            )
        return jobs

    async def _finish(self, session: Session, jobs: Sequence[Job]) -> None:
        """Writes tags and channel in batches, then commits the binding, the log and the work item
        in one transaction.
        """
        await tag(session, active(jobs))
        await assign_channel(session, active(jobs))
        await _commit(session, active(jobs))
        failed = [job for job in jobs if job.failure is not None]
        if lines := [line for job in failed for line in job.lines]:
            async with session.transaction() as tx:
                await synclog.add(tx, session.connection.id, lines, session.clock.now())
        for job in failed:
            await finished(session, job)
        for job in jobs:
            if job.is_left:
                session.leave(job.item)


# ---- Gathering -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Gathered:
    entries: Mapping[str, Entry]
    bound: Mapping[str, Binding]
    removals: tuple[ProductRemoval, ...]
    staying: tuple[WorkItem, ...]
    suffixed: Mapping[str, tuple[Suffix, ...]]


async def gather(session: Session, items: Sequence[WorkItem]) -> Gathered:
    """What we know and what Zettle says of these products, and which of them leave the store."""
    now, connection_id = session.clock.now(), session.connection.id
    gone, failed = await read_again(session, items)
    failed |= await _contradicted(
        session, [item for item in items if item.subject in gone and item.attempts > 0]
    )
    uuids = [item.subject for item in items]
    async with session.transaction() as tx:
        await library.decide_unassigned(tx, connection_id, uuids, now)
        entries = await library.get_many(tx, connection_id, uuids)
        bound = dict(await bindings.get_many(tx, connection_id, uuids))
        links = await duplicates.links(
            tx, connection_id, [uuid for uuid in uuids if uuid not in bound]
        )
        linked = await _link(session, links, tx)
        suffixed = await suffixes.of(tx, connection_id, uuids)
    bound |= linked
    removals, staying = [], []
    for item in items:
        if item.subject in failed:
            await session.fail(item, failed[item.subject])
            continue
        entry, binding = entries.get(item.subject), bound.get(item.subject)
        exists = entry is not None and entry.removed_at is None and item.subject not in gone
        belongs = assignment.belongs(
            exists=exists,
            decided=entry.assigned if entry else None,
            whole_library=session.connection.choices.whole_library,
            known_at_setup=True,
        )
        if belongs and entry is not None and entry.product is not None:
            staying.append(item)
        elif belongs:
            await session.finish(
                item
            )  # Unreadable: the library says so, and its next version adds a work item again.
        elif item.subject in gone and not _announced(item, entry) and item.attempts == 0:
            await session.again(item, ASK_AGAIN_S)
        else:
            removals.append(_removal(item, entry, binding, exists))
    bound |= await _kept(session, [item.subject for item in staying], bound)
    return Gathered(entries, bound, tuple(removals), tuple(staying), suffixed)


async def _kept(
    session: Session, uuids: Sequence[str], bound: Mapping[str, Binding]
) -> Mapping[str, Binding]:
    """Products that were assigned again before a delete was sent, or before its outcome was known:
    what is left of them is synced again.
    """
    back = [uuid for uuid in uuids if uuid in bound and bound[uuid].state is State.TO_DELETE]
    if not back:
        return {}
    async with session.transaction() as tx:
        await bindings.keep(tx, session.connection.id, back)
        await work_items.add_many(tx, session.connection.id, Kind.STOCK, back, session.clock.now())
        return await bindings.get_many(tx, session.connection.id, back)


def _announced(item: WorkItem, entry: Entry | None) -> bool:
    return item.detail == DELETED or (entry is not None and entry.removed_at is not None)


def _removal(
    item: WorkItem, entry: Entry | None, binding: Binding | None, exists: bool
) -> ProductRemoval:
    removal = Removal.UNASSIGNED if exists else Removal.DELETED_IN_ZETTLE
    sure = exists or _announced(item, entry)
    cause = Cause.PERSON if exists else Cause.EVENT if sure else Cause.INFERRED
    return ProductRemoval(item, entry.name if entry else "", binding, removal, cause)


async def _link(session: Session, links: Mapping[str, int], tx: Tx) -> dict[str, Binding]:
    """The merchant's own match of two existing products (P11), unless the store's product is
    already bound.
    """
    taken = await bindings.by_product_ids(tx, session.connection.id, list(links.values()))
    made = {
        uuid: Synced(uuid, id_, Origin.LINKED) for uuid, id_ in links.items() if id_ not in taken
    }
    # Two Zettle products cannot share one product of the store: the first match stands.
    single = {synced.product_id: synced for synced in reversed(made.values())}
    for synced in single.values():
        await bindings.save(tx, session.connection.id, synced, session.clock.now())
    return {synced.key: Binding(synced) for synced in single.values()}


async def read_again(
    session: Session, items: Sequence[WorkItem]
) -> tuple[set[str], dict[str, Failure]]:
    """Updates the mirror for work items that may be newer than it. Returns the products that Zettle
    does not have, and those whose read failed.

    Work items of mass work come from a read of the library and need no new read.
    """
    fresh = [item for item in items if item.rank < BULK_RANK]
    found: dict[str, Product] = {}
    unreadable: dict[str, tuple[str, str, str]] = {}
    gone: set[str] = set()
    failed: dict[str, Failure] = {}
    gate = asyncio.Semaphore(PARALLEL)

    async def read(item: WorkItem) -> None:
        uuid = item.subject
        async with gate:
            try:
                product = await session.zettle.product(uuid)
            except Refused as refused:
                unreadable[uuid] = ("", str(refused.errors.get("name", "")), refused.code)
            except Failure as failure:
                failed[uuid] = failure
            else:
                if product is None:
                    gone.add(uuid)
                else:
                    found[uuid] = product

    await asyncio.gather(*(read(item) for item in fresh))
    await _mirror(session, fresh, found, unreadable, gone)
    return gone, failed


async def _contradicted(session: Session, in_doubt: Sequence[WorkItem]) -> dict[str, Failure]:
    """Products for which Zettle answers 404 while its library lists them. One answer is no proof,
    and they are read again (decision 15).

    The library is read when nobody announced that the product is gone.
    """
    async with session.read() as tx:
        entries = await library.get_many(
            tx, session.connection.id, [item.subject for item in in_doubt]
        )
    unannounced = {
        item.subject for item in in_doubt if not _announced(item, entries.get(item.subject))
    }
    if not unannounced:
        return {}
    whole = await session.zettle.library()
    if isinstance(whole, FeedTooOld):
        raise Unreachable(TillCode.UNREACHABLE, "the library cannot be read")
    listed = {product.uuid for product in whole.products} | {one.uuid for one in whole.unreadable}
    why = "404 for a product that the library lists"
    return {
        uuid: Unreachable(TillCode.UNREACHABLE, f"{uuid}: {why}") for uuid in unannounced & listed
    }


async def _mirror(
    session: Session,
    fresh: Sequence[WorkItem],
    found: Mapping[str, Product],
    unreadable: Mapping[str, tuple[str, str, str]],
    gone: Collection[str],
) -> None:
    """A product that is new to us was added after set-up, and is synced by itself (P8)."""
    now, connection_id = session.clock.now(), session.connection.id
    proven = [item.subject for item in fresh if item.subject in gone and item.detail == DELETED]
    async with session.transaction() as tx:
        if found or unreadable:
            new = True if session.connection.is_running else None
            known = await library.get_many(tx, connection_id, [*found, *unreadable])
            # Only a product that was never seen is new; a product that was left out by hand stays
            # out.
            late = [
                product
                for uuid, product in found.items()
                if uuid not in known or known[uuid].product is None
            ]
            rest = [product for product in found.values() if product not in late]
            broken = {
                uuid: (known[uuid].etag, known[uuid].name, code)
                if uuid in known
                else ("", name, code)
                for uuid, (_, name, code) in unreadable.items()
            }
            await library.upsert_many(tx, connection_id, late, now, assign_new=new)
            arrived = await library.upsert_many(tx, connection_id, rest, now, unreadable=broken)
            names = {uuid: name for uuid, (_, name, _) in broken.items()}
            await say_unreadable(tx, connection_id, arrived.broken, names, now)
        await library.remove(tx, connection_id, proven, now)


async def say_unreadable(
    tx: Tx, connection_id: int, uuids: Collection[str], names: Mapping[str, str], now: datetime
) -> None:
    """A product that Zettle cannot send in a readable form is skipped, and the log says so once."""
    for uuid in uuids:
        params = {"name": names.get(uuid) or uuid}
        line = Line(Code.PRODUCT_UNREADABLE, Topic.PRODUCT, Severity.ERROR, uuid, params=params)
        await synclog.add(tx, connection_id, line, now)


# ---- The store's side ----------------------------------------------------------------------------


async def look(session: Session, jobs: Sequence[Job]) -> None:
    """What the store holds of the bound products, 250 in a read. A product that is missing from the
    list is read by itself.
    """
    bound = [job for job in jobs if job.binding is not None and job.observed is None]
    for place in range(0, len(bound), 250):
        batch = bound[place : place + 250]
        ids = [job.binding.synced.product_id for job in batch if job.binding]
        found = await products_shown(session, ids)
        for job in batch:
            assert job.binding is not None
            job.observed = found.get(job.binding.synced.product_id)

    async def ask(job: Job) -> None:
        assert job.binding is not None
        job.observed = await session.shop.product(job.binding.synced.product_id)
        job.restored = job.observed is None

    await each([job for job in bound if job.observed is None], ask)


def _outage(jobs: Sequence[Job]) -> Failure | None:
    """The failure of all jobs, if the store was unreachable for each: the remaining products of a
    library are then not tried.
    """
    failures = [job.failure for job in jobs if isinstance(job.failure, Unreachable)]
    return failures[0] if failures and len(failures) == len(jobs) else None


# ---- The end -------------------------------------------------------------------------------------


async def _commit(session: Session, jobs: Sequence[Job]) -> None:
    if not jobs:
        return
    now, connection_id = session.clock.now(), session.connection.id
    category_id = session.connection.shop.category_id if session.connection.shop else None
    seen = {
        job.uuid: (not job.observed.is_visible, category_id in job.observed.category_ids)
        for job in jobs
        if job.observed
    }
    for job in jobs:
        _say_updated(job)
        say_gone(job)
    async with session.transaction() as tx:
        done = [job for job in jobs if job.picture_in_s is None]
        committed = {job.uuid: _committed_as(job) for job in done}
        await bindings.commit(tx, connection_id, committed, now)
        await suffixes.replace(
            tx,
            connection_id,
            [job.uuid for job in jobs],
            [row for job in jobs for row in _rows(job)],
        )
        await give_way(tx, session, jobs)
        await bindings.set_seen(tx, connection_id, seen)
        await library.succeed(tx, connection_id, list(committed))
        await synclog.add(tx, connection_id, [line for job in jobs for line in job.lines], now)
        ended: list[WorkItem] = []
        for job in jobs:
            waits = [
                max(wait, 0.0) for wait in (job.unassign_in_s, job.picture_in_s) if wait is not None
            ]
            if waits:
                await session.again(job.item, min(waits), tx=tx)
            else:
                ended.append(job.item)
        await session.finish(*ended, tx=tx)


def _rows(job: Job) -> list[Suffix]:
    """The suffixes of a product. Where only some were taken away, the others stay as they were."""
    others = [
        row
        for row in job.had
        if job.mends and row not in job.mends and _slot(row) not in job.suffixed
    ]
    return [*others, *job.suffixed.values()]


def _slot(row: Suffix) -> Slot:
    return Slot(row.field, row.variant)


def _committed_as(job: Job) -> tuple[str, str]:
    """Where only a suffix was taken away, nothing of Zettle's was written."""
    if job.mends and job.binding is not None:
        return job.binding.synced.etag, job.binding.synced.fingerprint
    return job.product.etag, fingerprints.fingerprint(job.desired)


def _say_updated(job: Job) -> None:
    said = {line.code for line in job.lines}
    made = {Code.PRODUCT_CREATED, Code.PRODUCT_RESTORED, Code.PRODUCT_ATTACHED}
    if job.changed_fields and not said & made:
        job.say(Code.PRODUCT_UPDATED, fields=", ".join(dict.fromkeys(job.changed_fields)))


async def _let_go(session: Session, item: WorkItem, wait_s: float | None) -> None:
    """Finishes a work item without work. When a decision can still be undone, the item is kept
    until that decision is due (decision 14).
    """
    if wait_s is None:
        await session.finish(item)
    else:
        await session.again(item, max(wait_s, 0.0))
