"""The life of the marker product (decision 16): created, found again, repaired, removed.

There are never two in one store. In the database it is wanted, then begun, then there. A stop at
any point leaves one of these states. The next try first searches the store: by our metafield, then
by its SKU, which BigCommerce gives to one variant only. A marker that was changed is created again,
once no open call holds one of its slots.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from brygga.bigcommerce.codes import Code as ShopCode
from brygga.bigcommerce.values import Saved, StockChange
from brygga.core import marker as its
from brygga.core.failures import Failure, LeaseLost, NeedsMerchant, Refused, Unanswered, Unreachable
from brygga.core.model import ObservedProduct
from brygga.core.report import Code, Line, Severity, Topic
from brygga.core.stock import Slot
from brygga.database import markers, synclog
from brygga.database.engine import DatabaseBusy, DatabaseGone, Tx
from brygga.database.markers import Marker
from brygga.database.work_items import WorkItem
from brygga.sync.category import place
from brygga.sync.stock.gather import location
from brygga.sync.worker.session import Session

RESOLVE_AFTER = timedelta(seconds=30)
"""A create whose answer was lost may still take effect in the store. Only after this time does "not
found" mean "not created"."""
LATE = timedelta(minutes=10)
"""Much longer than the read lag. What a slot shows this long after its last call is its level."""
BUSY_S = 60.0
"""The wait before the next try, while open calls hold slots of a marker that must be recreated."""
TRIES = 3
_NO_BUGS = (Failure, LeaseLost, DatabaseBusy, DatabaseGone)


async def marker(session: Session, items: Sequence[WorkItem]) -> None:
    """The handler of its work items. If it cannot be created, stock goes on without it, and the
    sync log says so once.
    """
    done = True
    try:
        done = await ensure(session)
    except Refused as refused:
        await _refused(session, refused)
    except NeedsMerchant as full:
        if full.code != ShopCode.PLAN_LIMIT:
            raise
        await _refused(session, full)
    except _NO_BUGS:
        raise
    except Exception:
        # A bug of ours must not stop stock: no call waits for a marker that is not created.
        async with session.transaction() as tx:
            await markers.fail(tx, session.connection.id, Code.INTERNAL_ERROR)
        raise
    for item in items:
        await (session.finish(item) if done else session.again(item, BUSY_S))


async def ensure(session: Session) -> bool:
    """Ensures that the marker exists, unchanged. False: it must be recreated, and open calls hold
    its slots.
    """
    async with session.read() as tx:
        known = await markers.find(tx, session.connection.id)
    shown = None
    if known is not None and known.stands and known.product_id is not None:
        shown = await session.shop.product(known.product_id)
        if shown is not None and its.is_whole(shown):
            await _maintain(session)
            return True
    shown = shown or await _found(session)
    if shown is not None and not its.is_whole(shown):
        if not await _let_go(session, shown):
            return False
        shown = None
    elif shown is None and _may_be_coming(session, known):
        raise Unanswered(ShopCode.UNANSWERED, "the create of the marker may still take effect")
    made = _Made(shown) if shown is not None else await _made(session, known)
    await _remember(session, known, made)
    return True


def _may_be_coming(session: Session, known: Marker | None) -> bool:
    read_started = None if known is None else known.begun_at
    return read_started is not None and session.clock.now() - read_started < RESOLVE_AFTER


# ---- Finding -------------------------------------------------------------------------------------


async def _found(session: Session) -> ObservedProduct | None:
    """The marker of this store, from any connection and in any condition."""
    tagged = {one.product_id for one in await session.shop.metafields(its.METAFIELD_KEY)}
    ids = tagged or await session.shop.products_with_sku(its.SKUS[0])
    for product_id in sorted(ids):
        shown = await session.shop.product(product_id)
        if shown is not None and (product_id in tagged or its.is_marker(shown)):
            return shown
    return None


async def _found_by_name(session: Session) -> ObservedProduct | None:
    """A marker that has no metafield and has lost its first variant."""
    named = await session.shop.products_page(name=its.NAME)
    return next((one for one in named.items if its.is_marker(one)), None)


# ---- Making --------------------------------------------------------------------------------------


async def _let_go(session: Session, shown: ObservedProduct) -> bool:
    """Deletes a marker that was changed, unless an open call holds one of its slots: then it
    waits.
    """
    connection_id = session.connection.id
    async with session.transaction() as tx:
        there = set(its.slots_of(shown).values())
        gone = [one.slot.variant_id for one in await markers.free(tx, connection_id)]
        await markers.drop(tx, connection_id, [one for one in gone if one not in there])
        if await markers.held(tx, connection_id):
            return False
        await markers.begin(tx, connection_id, session.clock.now())
    await session.shop.delete_products([shown.product_id])
    return True


@dataclass(frozen=True, slots=True)
class _Made:
    """`is_counted`: its levels are those that we just sent. No read shows them yet."""

    product: ObservedProduct
    is_counted: bool = False


async def _made(session: Session, known: Marker | None) -> _Made:
    """Sends one POST, with the intent saved before it. If the name or SKU is taken, our own earlier
    create may have taken it, whose answer never came.
    """
    async with session.transaction() as tx:
        await markers.begin(tx, session.connection.id, session.clock.now())
    categories: tuple[int, ...] = ()
    for _ in range(TRIES):
        try:
            saved = await session.shop.create_marker(its.NAME, categories)
        except Refused as refused:
            if refused.code in {ShopCode.NAME_TAKEN, ShopCode.SKU_TAKEN}:
                ours = await _found(session) or await _found_by_name(session)
                if ours is None and known is not None and known.product_id is not None:
                    # It exists, and no read shows it (decision 15). Open calls keep their slots.
                    raise Unreachable(
                        ShopCode.UNREACHABLE, "the marker exists, and cannot be read"
                    ) from refused
                if ours is None:
                    raise
                if its.is_whole(ours):
                    return _Made(ours)
                await session.shop.delete_products([ours.product_id])
            elif refused.code == ShopCode.CATEGORY_UNKNOWN and not categories:
                # Whether a product may be in no category is not documented (bigcommerce facts 3.3).
                categories = ((await place(session)).category_id or 0,)
            else:
                raise
        else:
            return await _whole(session, saved)
    raise Refused(ShopCode.REFUSED, "the marker was refused for one reason after the other")


async def _whole(session: Session, saved: Saved) -> _Made:
    """The created marker with its variants' ids. It is not documented whether a create returns them
    (bigcommerce facts 3.3).
    """
    product, product_id = saved.product, saved.product.product_id
    if not its.is_whole(product):
        product = await session.shop.product(product_id) or product
    if not its.is_whole(product):
        raise Unreachable(
            ShopCode.UNREACHABLE, f"the marker {product_id} was made, and cannot be read"
        )
    return _Made(product, is_counted=not saved.failed)


async def _remember(session: Session, known: Marker | None, made: _Made) -> None:
    """Writes its metafield and its levels, and then saves it. From then on calls use it."""
    with contextlib.suppress(Refused):  # not needed: its SKU finds it too
        await session.shop.create_metafields(
            [(made.product.product_id, its.METAFIELD_KEY, its.METAFIELD_VALUE)]
        )
    connection_id, variant_ids = session.connection.id, list(its.slots_of(made.product).values())
    async with session.read() as tx:
        counted = made.is_counted or await markers.have_counts(tx, connection_id, variant_ids)
    if not counted:
        # Its levels are written, not read: a read may trail a recent write.
        place_ = location(session)
        changes = [StockChange(place_, its.FIRST_LEVEL, variant_id=one) for one in variant_ids]
        await session.shop.set_levels(changes, "Brygga")
    slots = [Slot(one, its.FIRST_LEVEL) for one in variant_ids]
    before = None if known is None else known.product_id
    async with session.transaction() as tx:
        await markers.save(tx, connection_id, made.product.product_id, slots, session.clock.now())
        if before is None:
            await _say(tx, session, Code.MARKER_MADE)
        elif before != made.product.product_id:
            await _say(tx, session, Code.MARKER_MADE_AGAIN)


# ---- Maintaining ---------------------------------------------------------------------------------


async def _maintain(session: Session) -> None:
    """Takes over the levels of free slots that somebody changed, with a line in the sync log. A
    slot whose call is over is given back with the level read.
    """
    connection_id, before = session.connection.id, session.clock.now() - LATE
    async with session.read() as tx:
        free = await markers.free(tx, connection_id)
        orphans = await markers.orphans(tx, connection_id, before)
    quiet = [one.slot for one in free if one.freed_at < before]
    ids = [slot.variant_id for slot in (*quiet, *(one.slot for one in orphans))]
    rows = await session.shop.levels(location(session), variant_ids=ids) if ids else ()
    levels = {row.variant_id: row.onhand for row in rows if row.onhand is not None}
    now = session.clock.now()
    async with session.transaction() as tx:
        moved = False
        for slot in quiet:
            level = levels.get(slot.variant_id, slot.count)
            moved |= level != slot.count and await markers.recount(tx, connection_id, slot, level)
        for one in orphans:
            if one.slot.variant_id in levels:
                await markers.give_back(
                    tx, connection_id, one.call, levels[one.slot.variant_id], now
                )
        if moved:
            await _say(tx, session, Code.MARKER_RECOUNTED)


# ---- Removing ------------------------------------------------------------------------------------


async def remove(session: Session) -> None:
    """Removes the marker, at every kind of disconnect. One whose create was not answered is
    searched for.
    """
    async with session.read() as tx:
        known = await markers.find(tx, session.connection.id)
    if known is None:
        return
    if known.stands:
        product_id = known.product_id
    else:
        found = await _found(session)
        product_id = None if found is None else found.product_id
    if product_id is not None:
        await session.shop.delete_products([product_id])
    async with session.transaction() as tx:
        await markers.forget(tx, session.connection.id)


async def left(tx: Tx, session: Session) -> None:
    """Without access (decision 5) the marker stays in the store, hidden. The sync log says so. The
    row stays too, so that the pages can say it.
    """
    known = await markers.find(tx, session.connection.id)
    if known is not None and (known.product_id is not None or known.begun_at is not None):
        await _say(tx, session, Code.MARKER_LEFT)


# ---- Reporting -----------------------------------------------------------------------------------


async def _refused(session: Session, why: Failure) -> None:
    async with session.transaction() as tx:
        known = await markers.find(tx, session.connection.id)
        await markers.fail(tx, session.connection.id, why.code)
        if known is None or known.failed != why.code:
            await _say(tx, session, Code.MARKER_REFUSED, Severity.WARNING, cause=why.code)
    session.log.warning("the marker cannot be made", code=why.code, detail=why.detail)


async def _say(
    tx: Tx, session: Session, code: Code, severity: Severity = Severity.INFO, **params: str
) -> None:
    line = Line(code, Topic.CONNECTION, severity, params={"name": its.NAME, **params})
    await synclog.add(tx, session.connection.id, line, session.clock.now())
