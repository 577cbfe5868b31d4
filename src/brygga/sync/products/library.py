"""Reads Zettle's library, whole or by what changed, into the mirror. Changed products get work
items, and new products are assigned (P8).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from brygga.core.model import Stage
from brygga.core.report import Code, Line, Topic
from brygga.database import (
    assigning,
    connections,
    kept_bindings,
    plan_inputs,
    statistics,
    synclog,
    work_items,
)
from brygga.database import library as mirror
from brygga.database.engine import Tx
from brygga.database.library import Arrived
from brygga.database.work_items import Kind, WorkItem
from brygga.sync.products.gathering import DELETED, say_unreadable
from brygga.sync.products.likely import find_duplicates
from brygga.sync.products.plans import SMALL, Plans
from brygga.sync.worker.session import Session
from brygga.zettle.codes import Code as TillCode
from brygga.zettle.values import FeedTooOld, LibraryPage

FEW = 25
"""More products than this in one page are mass work: every small change is handled before them."""
DUPLICATES = "duplicates"
"""A work item's detail that asks for a new search for likely duplicates."""


async def library(session: Session, items: Sequence[WorkItem]) -> None:
    """Makes the mirror equal to Zettle, and adds a work item for everything that this may change in
    the store.

    Before the first sync, the store is also searched for likely duplicates (P11).
    """
    details = {item.detail for item in items}
    async with session.read() as tx:
        cursor = (await connections.health(tx, session.connection.id)).zettle_cursor
    since = "" if any(item.force for item in items) else cursor
    reading = _Reading(session, known_before=cursor != "")
    if not await reading.read(since):
        await reading.read("")
    await statistics.refresh(session.database)
    await _assign(session)

    running = session.connection.stage is Stage.RUNNING
    if running:
        await _say_what_changed(session)
    if session.connection.shop is not None and (not running or DUPLICATES in details):
        await find_duplicates(session)
        await statistics.refresh(session.database)
    if session.connection.shop is not None and not running:
        await _draw(session)
    await session.finish(*items)


async def _draw(session: Session) -> None:
    """The plan of a large library is computed before its merchant asks for it. A small one is
    computed when a page needs it.
    """
    async with session.read() as tx:
        size = await mirror.size(tx, session.connection.id)
    if size > SMALL:
        await Plans().draw(session.database, session.clock, session.connection)


@dataclass(slots=True)
class _Reading:
    """One read of the library. `known_before`: the mirror was complete once, so a product that it
    lacks was added since.
    """

    session: Session
    known_before: bool
    seen: set[str] = field(default_factory=set)

    async def read(self, since: str) -> bool:
        """False when the feed does not reach back to `since`. Each page is saved, with its work
        items, before the next is requested.
        """
        page = await self.session.zettle.library_page(since)
        if isinstance(page, FeedTooOld):
            return False
        until = page.until
        while True:
            await self._keep(page)
            if not page.next:
                break
            following = await self.session.zettle.library_page(since, page.next)
            if isinstance(following, FeedTooOld):
                return False
            page = following
        async with self.session.transaction() as tx:
            if not since:
                await self._nominate_absent(tx)
            await connections.set_cursor(tx, self.session.connection.id, until)
        return True

    async def _keep(self, page: LibraryPage) -> None:
        now, connection_id = self.session.clock.now(), self.session.connection.id
        running = self.session.connection.stage is Stage.RUNNING
        unreadable = {
            one.uuid: ("", one.name, TillCode.PRODUCT_UNREADABLE.value)
            for one in page.unreadable
            if one.uuid
        }
        self.seen |= {product.uuid for product in page.products} | unreadable.keys()
        async with self.session.transaction() as tx:
            assign_new = True if running and self.known_before else None
            arrived = await mirror.upsert_many(
                tx, connection_id, page.products, now, assign_new=assign_new, unreadable=unreadable
            )
            names = {uuid: name for uuid, (_, name, _) in unreadable.items()}
            await say_unreadable(tx, connection_id, arrived.broken, names, now)
            if running:
                await self._mark(tx, arrived)
                await work_items.add_many(
                    tx, connection_id, Kind.PRODUCT, page.deleted, now, detail=DELETED
                )
            else:
                # Nothing is in the store yet, so no proof is needed.
                await mirror.remove(tx, connection_id, page.deleted, now)

    async def _mark(self, tx: Tx, arrived: Arrived) -> None:
        added = arrived.added if self.known_before else ()
        bulk = len(added) + len(arrived.changed) > FEW
        now = self.session.clock.now()
        await work_items.add_many(
            tx, self.session.connection.id, Kind.PRODUCT, [*added, *arrived.changed], now, bulk=bulk
        )

    async def _nominate_absent(self, tx: Tx) -> None:
        """A product that is missing from the whole library is only a candidate for removal: its
        work item asks Zettle for the product itself.
        """
        now, connection_id = self.session.clock.now(), self.session.connection.id
        absent = sorted(set(await mirror.etags(tx, connection_id)) - self.seen)
        if self.session.connection.stage is Stage.RUNNING:
            await work_items.add_many(tx, connection_id, Kind.PRODUCT, absent, now)
        else:
            await mirror.remove(tx, connection_id, absent, now)


async def _assign(session: Session) -> None:
    """Whole-library mode assigns every product without a decision. Each product that belongs in the
    store and is missing there gets a work item.

    Before the set-up is finished, only products that this store kept from an earlier connection are
    assigned. They are synced again whatever the merchant picks (D4), and the pages say so
    beforehand.
    """
    now, connection_id = session.clock.now(), session.connection.id
    if session.connection.stage is not Stage.RUNNING:
        async with session.transaction() as tx:
            await assigning.assign_all(
                tx, connection_id, (await kept_bindings.kept_here(tx, connection_id)).keys()
            )
        return
    async with session.transaction() as tx:
        if session.connection.choices.whole_library:
            await assigning.assign_all(tx, connection_id)
        wanted = await mirror.unplaced(tx, connection_id)
        await work_items.add_many(
            tx, connection_id, Kind.PRODUCT, wanted, now, bulk=len(wanted) > FEW
        )


MOST_CHANGES = 20
"""Most changes between the plan and the first sync that are named. More are counted."""


async def _say_what_changed(session: Session) -> None:
    """On the first read after "Finish set-up", the log reports what differs from the plan that the
    merchant saw.
    """
    connection_id, now = session.connection.id, session.clock.now()
    async with session.transaction() as tx:
        changed = await plan_inputs.changes(tx, connection_id)
        lines = [
            Line(
                Code.PLAN_CHANGED,
                Topic.PRODUCT,
                subject=uuid,
                params={"name": name, "change": change.value},
            )
            for uuid, name, change in changed[:MOST_CHANGES]
        ]
        if more := len(changed[MOST_CHANGES:]):
            lines.append(Line(Code.PLAN_CHANGES, Topic.PRODUCT, params={"count": str(more)}))
        await synclog.add(tx, connection_id, lines, now)
        await plan_inputs.forget(tx, connection_id)
