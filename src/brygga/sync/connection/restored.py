"""A connection that comes from a backup: both sides are read, and what they sold since. What is
alike and fits these sales is taken as it is, all else is a question. Nothing is written to either
platform before the last answer.

The library is read whole. A product that the backup does not know, and that the store may have from
us, gets an intent: the product work then searches the store before it creates one. Zettle's saves
since the backup count as saves now (P6).
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

from brygga.core import planning, stock
from brygga.core.mapping import desired
from brygga.core.report import Code, Severity
from brygga.core.stock import Doubt, Gap, LevelRead, Side, SoldSince
from brygga.core.stock.movement import Cause, Moved
from brygga.core.terms import terms_of
from brygga.database import (
    bindings,
    intents,
    ledgers,
    library,
    reported_changes,
    restoring,
    watching,
    work_items,
)
from brygga.database.engine import Tx
from brygga.database.intents import Intent
from brygga.database.ledgers import LedgerRow
from brygga.database.restoring import Restored
from brygga.database.values import to_plain
from brygga.database.work_items import Kind, WorkItem
from brygga.sync.products.library import library as read_library
from brygga.sync.shown import products_shown
from brygga.sync.stock import Till
from brygga.sync.stock.gather import World, gather
from brygga.sync.stock.reconciling import Reconciling
from brygga.sync.stock.reports import take_reports
from brygga.sync.stock.since_backup import sold_since
from brygga.sync.stock.unit_of_work import UnitOfWork, locked
from brygga.sync.worker.session import Session

SWEPT_AFTER = timedelta(minutes=1)
AT_ONCE = 200
"""How many products' ledgers are written in one transaction."""
AGAIN_S = 30.0
"""The wait before products are read again that could not be."""
MOST_TRIES = 8
"""How often both sides are read again because of sales that are fresh. Then the merchant is
asked.
"""
Doubts = Mapping[str, tuple[Doubt, int | None]]
"""By variant, as `stock.doubt` returns it."""
FOLLOW_S = 15.0
"""While a question is open, its product is read this often, so that the page shows a number of now:
till and shop go on selling.
"""


async def reconcile(session: Session, items: Sequence[WorkItem]) -> None:
    """The handler of its work items: one after the restore, and one after each answer."""
    async with session.read() as tx:
        found = await restoring.state(tx, session.connection.id)
    is_new, tries = found is not None and found.compared_at is None, items[0].attempts
    if found is not None and is_new and not await _compare(session, found, tries):
        for item in items:
            await session.again(item, AGAIN_S)
        return
    await _follow(session)
    async with session.transaction() as tx:
        now = await restoring.state(tx, session.connection.id)
        if now is not None and not is_over(now):
            for item in items:
                await session.again(item, FOLLOW_S, tx=tx)
            return
        if now is not None:
            await go_on(session, tx)
        await session.finish(*items, tx=tx)


def is_over(found: Restored) -> bool:
    return found.compared_at is not None and not found.questions


async def go_on(session: Session, tx: Tx) -> None:
    """The last question is answered: the usual work begins, with a look at everything."""
    connection_id, now = session.connection.id, session.clock.now()
    if not await restoring.end(tx, connection_id):
        return
    await watching.end(tx, connection_id)
    for kind in (Kind.ACCOUNT, Kind.HOOKS, Kind.MARKER):
        await work_items.add(tx, connection_id, kind, "", now)
    # Later: an order of a moment ago need not show yet in what is read now.
    await work_items.add(tx, connection_id, Kind.SWEEP, "", now, due_at=now + SWEPT_AFTER)
    await work_items.add_many(
        tx, connection_id, Kind.STOCK, await ledgers.products(tx, connection_id), now, bulk=True
    )


async def _follow(session: Session) -> None:
    """What moved on either side since the comparison moves the numbers in question. Nothing is
    sent.
    """
    timing = session.settings.stock
    async with session.read() as tx:
        rows = await ledgers.in_question(tx, session.connection.id)
    uuids = sorted({row.product_uuid for row in rows})
    if not uuids:
        return
    world = await gather(session, Till(), uuids)
    async with locked(session, uuids) as unit:
        pending = await take_reports(session, unit, uuids, world.stored.bound, timing)
        await Reconciling(unit, world, timing).run(pending)


async def _compare(session: Session, found: Restored, tries: int) -> bool:
    """False while some number cannot be read, or a sale of this moment would decide. What could be
    compared stays so, and is not read again.
    """
    async with session.read() as tx:
        uuids = await ledgers.products(tx, session.connection.id)
        rows = (await ledgers.load(tx, session.connection.id, uuids)).values()
    if begun := any(_is_compared(row, found) for row in rows):
        uuids = sorted({one.product_uuid for one in rows if _is_left(one, found)})
    else:
        await read_library(session, ())
        if found.taken_over:
            await _bind_options(session)
        await _forget_reports(session, uuids)
    world = await _shown(session, uuids, whole=not begun)
    if world is None:
        return False
    doubts = {} if found.taken_over else await _doubts(session, world)
    fresh = {variant for variant, (how, _) in doubts.items() if how is Doubt.WAIT}
    waiting = fresh if tries < MOST_TRIES else set[str]()
    for place in range(0, len(uuids), AT_ONCE):
        async with locked(session, uuids[place : place + AT_ONCE]) as unit:
            for variant in sorted(unit.ledger_rows.keys() - waiting):
                if not _is_compared(unit.ledger_rows[variant], found):
                    _rebase(unit, world, variant, doubts.get(variant))
    if waiting:
        return False
    async with session.transaction() as tx:
        await _search_first(session, tx)
        await restoring.compared(tx, session.connection.id, session.clock.now())
    return True


async def _bind_options(session: Session) -> None:
    """A pair of a connection that watched knows the store's variants only. Their options and values
    are bound as the product work would: without them the product counts as one without options.
    """
    connection_id, terms = session.connection.id, terms_of(session.connection)
    async with session.read() as tx:
        bound = await bindings.all_of(tx, connection_id)
        entries = await library.get_many(tx, connection_id, bound.keys())
    wanted = {
        uuid: made
        for uuid, entry in entries.items()
        if entry.product is not None
        and (made := desired(entry.product, terms).product) is not None
        and not made.is_simple
        and not bound[uuid].synced.options
    }
    ids = sorted(bound[uuid].synced.product_id for uuid in wanted)
    shown = await products_shown(session, ids) if ids else {}
    async with session.transaction() as tx:
        for uuid, product in wanted.items():
            synced = bound[uuid].synced
            if (seen := shown.get(synced.product_id)) is None:
                continue
            children = planning.plan(product, synced, seen, terms, force=True).children
            if children is not None:
                await bindings.save(tx, connection_id, children, session.clock.now())


def _is_compared(row: LedgerRow, found: Restored) -> bool:
    """Since then nothing but the comparison reads a level into a ledger."""
    seen = row.ledger.zettle.seen
    return seen is not None and seen >= found.at


def _is_left(row: LedgerRow, found: Restored) -> bool:
    return row.ledger.zettle.seen is not None and not _is_compared(row, found)


async def _forget_reports(session: Session, uuids: Sequence[str]) -> None:
    """What was reported before now is in the numbers that are read next."""
    connection_id = session.connection.id
    async with session.transaction() as tx:
        bound = await bindings.all_of(tx, connection_id)
        ids = [str(one.synced.product_id) for one in bound.values()]
        await reported_changes.take(tx, connection_id, uuids, ids)


async def _shown(session: Session, uuids: Sequence[str], *, whole: bool) -> World | None:
    """What both sides show of these. None while some product cannot be read. A list of all that
    leaves a row out is no proof: such products are asked for by name.
    """
    till = Till()
    world = await gather(session, till, None if whole else uuids)
    lacking = sorted(_lacking(world) & {*uuids})
    if not lacking:
        return world
    named = await gather(session, till, lacking)
    return None if _lacking(named) else _together(world, named)


def _lacking(world: World) -> set[str]:
    """Products with a variant that a side did not show."""
    stored, reads = world.stored, world.reads
    unknown = {
        row.product_uuid
        for variant, row in stored.ledger_rows.items()
        if _is_unknown(reads[Side.ZETTLE].get(variant))
    }
    return unknown | {
        uuid
        for variant, (uuid, _) in stored.variants.items()
        if variant in stored.ledger_rows and _is_unknown(reads[Side.SHOP].get(variant))
    }


def _is_unknown(read: LevelRead | None) -> bool:
    return read is None or read.level is Gap.UNKNOWN


def _together(world: World, named: World) -> World:
    reads = {side: {**world.reads[side], **named.reads[side]} for side in Side}
    return World(world.stored, reads)


async def _doubts(session: Session, world: World) -> Doubts:
    """By variant whose number both sides share and show, what the sales and orders since the backup
    say about it.
    """
    sold = await sold_since(session, world, session.settings.stock)
    till, shop = sold[Side.ZETTLE], sold[Side.SHOP]
    found = dict[str, tuple[Doubt, int | None]]()
    for variant, row in world.stored.ledger_rows.items():
        at_till, in_shop = (_level(world, side, variant) for side in Side)
        if row.ledger.separate or at_till is None or in_shop is None:
            continue
        found[variant] = stock.doubt(
            row.ledger.zettle.target,
            (at_till, in_shop),
            (
                None if till is None else till.get(variant, SoldSince()),
                None if shop is None else shop.get(variant, SoldSince()),
            ),
        )
    return found


def _level(world: World, side: Side, variant: str) -> int | None:
    read = world.reads[side].get(variant)
    return read.level if read is not None and isinstance(read.level, int) else None


def _rebase(
    unit: UnitOfWork, world: World, variant: str, doubt: tuple[Doubt, int | None] | None
) -> None:
    row = unit.ledger_rows[variant]
    till, shop = (world.reads[side].get(variant) for side in (Side.ZETTLE, Side.SHOP))
    if till is None:
        return
    gone = LevelRead(Gap.NOT_CREATED, till.read_started)
    how, left = doubt or (Doubt.NONE, None)
    ledger, differs = stock.rebased(row.ledger, till, shop or gone, left)
    is_asked = differs or how is not Doubt.NONE
    change = left - till.level if left is not None and isinstance(till.level, int) else 0
    if ledger == row.ledger:
        return
    row = unit.update(row, ledger, Moved(Side.ZETTLE, Cause.COMPARED, change))
    if is_asked:
        unit.ask_to_check(row)
        shown = {"till": str(ledger.zettle.confirmed), "shop": str(ledger.shop.confirmed)}
        unit.say(Code.STOCK_CHECK_COMPARED, row, Severity.WARNING, **shown)


async def _search_first(session: Session, tx: Tx) -> None:
    """An intent for each product that would be created: the store may have it, from us."""
    connection_id, terms = session.connection.id, terms_of(session.connection)
    bound = await bindings.all_of(tx, connection_id)
    unbound = (await library.etags(tx, connection_id)).keys() - bound.keys()
    entries = await library.get_many(tx, connection_id, sorted(unbound))
    begun = _unanswered(await intents.open_for(tx, connection_id, entries.keys()), entries)
    await intents.begin(
        tx,
        connection_id,
        [
            Intent(
                uuid,
                {"desired": to_plain(wanted)},
                session.clock.now(),
            )
            for uuid in begun
            if (product := entries[uuid].product) is not None
            and (wanted := desired(product, terms).product) is not None
        ],
    )


def _unanswered(
    open_: Mapping[str, Intent], entries: Mapping[str, library.Entry]
) -> Collection[str]:
    """An intent of the backup itself says more: what was sent, and when."""
    return sorted(entries.keys() - open_.keys())
