"""The handler of product work items: changed products are read, planned and applied, in bulk.

Gather: the library's mirror (read again where a work item may be newer), the bindings, and one read
of the store per 250 products. Decide: `assignment.belongs`, `mapping.desired`, `planning.plan`.
Apply: creates, updates, removals. The commit of the bindings comes last.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from brygga.core import fingerprints, planning
from brygga.core.failures import Failure, Unreachable
from brygga.core.handover import Slot
from brygga.core.mapping import desired
from brygga.core.report import Code
from brygga.core.terms import Terms, terms_of
from brygga.database import (
    bindings,
    library,
    suffixes,
    synclog,
)
from brygga.database.suffixes import Suffix
from brygga.database.work_items import WorkItem
from brygga.sync.initial_levels import InitialLevels
from brygga.sync.products.batch import Job, active, each, finished
from brygga.sync.products.creating import Creating
from brygga.sync.products.gathering import Gathered, gather
from brygga.sync.products.labelling import (
    all_failed,
    are_in_channel,
    assign_channel,
    remember_channel,
    tag,
)
from brygga.sync.products.removing import remove
from brygga.sync.products.suffixing import give_way, say_gone, still_wanted
from brygga.sync.products.updating import Updating
from brygga.sync.shown import products_shown
from brygga.sync.worker.session import Session

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

    async def _jobs(self, session: Session, gathered: Gathered, terms: Terms) -> list[Job]:
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
