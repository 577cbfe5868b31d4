"""The overview of a running connection, from the top: is everything all right, what needs the
merchant, what is on its way, and the figures (C12, E1).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from brygga.core.connecting import stock_moves_late
from brygga.core.guards import Effect
from brygga.core.model import Connection, Stage
from brygga.core.stock.latest import last_change
from brygga.core.stock.ledger import Side
from brygga.core.stock.movement import Movement
from brygga.database import (
    brakes,
    connections,
    deliveries,
    movements,
    statements,
    ticks,
    waiting_work,
    zeroed,
)
from brygga.database.engine import Tx
from brygga.database.library_pages import State
from brygga.database.statements import Stored, Unequal
from brygga.database.tokens import Platform
from brygga.database.work_items import STOCK_KINDS, Kind
from brygga.web import progress
from brygga.web.checks import doubtful
from brygga.web.checks import troubles as doubt_troubles
from brygga.web.live import Boards
from brygga.web.messages import Trouble
from brygga.web.progress import Progress
from brygga.web.standing import store_name
from brygga.web.state import Health, LastView, StateView, last_view, state
from brygga.web.summary import Summary
from brygga.web.todo import ITEM, Todo, todo
from brygga.web.troubles import (
    failed_trouble,
    failure_trouble,
    left_out_trouble,
    miscounted_trouble,
    prices_trouble,
    question_trouble,
)
from brygga.web.visit import Merchant

MOVES = 60
"""How many of the latest movements are searched for the last change."""
SOON = timedelta(seconds=2)
"""Stock work that is due later only makes sure of what was done."""


@dataclass(frozen=True, slots=True)
class FirstSync:
    """The progress while many products are being created."""

    made: int
    wanted: int
    texts: Mapping[str, str]
    limit: str = ""
    waits_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Activity:
    """When things last happened, and what comes next. None: not known, or not yet."""

    last: LastView | None = None
    from_zettle: datetime | None = None
    from_store: datetime | None = None
    swept: datetime | None = None
    next_sweep: datetime | None = None
    budget_seen: bool = False
    budget_share: int | None = None
    budget_free: int = 0
    budget_quota: int = 0
    budget_window_s: int = 0


@dataclass(frozen=True, slots=True)
class OverviewView:
    organization: str
    store: str
    state: StateView
    leaving: bool = False
    needs: tuple[Trouble, ...] = ()
    notes: tuple[Trouble, ...] = ()
    """What the merchant should know of, and need not do anything about."""
    synced: int = 0
    waiting: int = 0
    failed: int = 0
    unassigned: int = 0
    first: FirstSync | None = None
    can_pause: bool = False
    activity: Activity = field(default_factory=Activity)
    todo: Todo = field(default_factory=Todo)
    control_panel_url: str = ""
    prices: bool = False
    prices_paused: bool = False
    whole_library: bool = False
    stock_moment: str = ""
    stock_late: bool = False
    backorders: bool = False
    refunds: str = ""
    statement: Stored | None = None
    """The newest statement of the numbers on both sides."""
    unequal: Unequal = field(default_factory=Unequal)


async def overview(merchant: Merchant) -> OverviewView:
    connection, deps, words = merchant.own, merchant.deps, merchant.words
    now = deps.clock.now()
    boards: Boards = merchant.request.app.state.boards
    numbers = await boards.summary(connection.id)
    of, waiting = numbers.progress, numbers.counts[State.WAITING]
    async with deps.database.read() as tx:
        ticked = await ticks.all_of(tx, connection.id, ITEM)
        stock_waiting = await waiting_work.due_by(tx, connection.id, STOCK_KINDS, now + SOON)
        needs, notes = await _troubles(merchant, tx, numbers)
        activity = await _activity(merchant, tx, of)
        statement = await statements.newest(tx, connection.id, 1)
    standing = merchant.standing
    health = Health(
        stopped=standing.paused,
        products_paused=standing.products_paused,
        silent=standing.silent,
        needs=len(needs),
        wanted=of.made.wanted if of.is_shown else 0,
        made=of.made.made,
        waiting=waiting,
        stock_waiting=stock_waiting,
        synced=numbers.counts[State.SYNCED],
        unequal=numbers.unequal.count,
    )
    return _view(
        connection,
        numbers,
        state=state(words, health),
        needs=needs,
        notes=notes,
        first=_first(merchant, of),
        activity=activity,
        statement=statement[0] if statement else None,
        todo=Todo() if of.is_shown else todo(connection, numbers.totals, numbers.vat, ticked),
    )


async def _troubles(
    merchant: Merchant, tx: Tx, numbers: Summary
) -> tuple[tuple[Trouble, ...], tuple[Trouble, ...]]:
    """What only the merchant can do, and what the merchant should only know."""
    connection, words = merchant.own, merchant.words
    prices = prices_trouble(connection)
    questions = await open_questions(tx, connection.id)
    checks = await doubtful(tx, connection.id, words)
    parked = failure_trouble(await waiting_work.parked(tx, connection.id))
    totals = numbers.totals
    paused = miscounted_trouble(words, totals.miscounted, totals.first_miscounted)
    failing = None if parked else failed_trouble(words, numbers.failed)
    found = [
        *(question_trouble(kind, count) for kind, count in questions.items()),
        *doubt_troubles(checks, words),
        *((prices,) if prices else ()),
        *((failing,) if failing else ()),
        *((paused,) if paused else ()),
    ]
    left = left_out_trouble(words, numbers.left_out)
    notes = [*((parked,) if parked else ()), *((left,) if left else ())]
    needs = [one for one in found if one.post or one.link]
    return tuple(needs), (*(one for one in found if one not in needs), *notes)


async def _activity(merchant: Merchant, tx: Tx, of: Progress) -> Activity:
    connection_id, now = merchant.own.id, merchant.deps.clock.now()
    moves = await movements.latest(tx, connection_id, MOVES)
    received = await deliveries.latest(tx, connection_id)
    health = await connections.health(tx, connection_id)
    budget = of.budget
    return Activity(
        last=last_view(merchant.words, last_change(moves)),
        from_zettle=_latest(received.get(Platform.ZETTLE), moves, Side.ZETTLE),
        from_store=_latest(received.get(Platform.BIGCOMMERCE), moves, Side.SHOP),
        swept=health.swept_at,
        next_sweep=await waiting_work.due_at(tx, connection_id, Kind.SWEEP),
        budget_seen=budget is not None,
        budget_share=budget.share(now) if budget else None,
        budget_free=budget.free(now) if budget else 0,
        budget_quota=(budget.quota or 0) if budget else 0,
        budget_window_s=round(budget.window_s) if budget else 0,
    )


def _latest(received: datetime | None, moves: Sequence[Movement], side: Side) -> datetime | None:
    """When that side's last message came. Messages are counted some seconds later than they are
    acted on, so a movement may know of a later one.
    """
    reported = [one.reported for one in moves if one.reported and one.side is side]
    return max([*reported, *([received] if received else [])], default=None)


def _first(merchant: Merchant, of: Progress) -> FirstSync | None:
    if not of.is_shown:
        return None
    words = merchant.words
    return FirstSync(
        of.made.made,
        of.made.wanted,
        progress.texts(words, of),
        progress.limit_text(words, of.budget),
        of.waits_until,
    )


async def open_questions(tx: Tx, connection_id: int) -> Mapping[str, int]:
    """The number of products that each question is about now. A question about none is closed."""
    counts: dict[str, int] = {}
    for each in (await brakes.all_questions(tx, connection_id)).values():
        over = (
            await zeroed.over(tx, connection_id)
            if each.kind == Effect.ZEROED.value
            else frozenset()
        )
        left = [subject for subject in each.subjects if subject not in over]
        if left and not each.answer:
            counts[each.kind] = len(left)
    return counts


def _view(
    connection: Connection,
    numbers: Summary,
    *,
    state: StateView,
    needs: tuple[Trouble, ...],
    notes: tuple[Trouble, ...],
    first: FirstSync | None,
    activity: Activity,
    todo: Todo,
    statement: Stored | None,
) -> OverviewView:
    shop, leaving = connection.shop, connection.stage is Stage.LEAVING
    refunds = shop.restocks_refunds if shop else None
    counts, waiting = numbers.counts, numbers.counts[State.WAITING]
    return OverviewView(
        organization=connection.organization.name or "Zettle",
        store=store_name(connection),
        state=state,
        leaving=leaving,
        needs=needs,
        notes=notes,
        synced=counts[State.SYNCED],
        waiting=waiting,
        failed=numbers.failed,
        unassigned=counts[State.NOT_ASSIGNED],
        first=first,
        can_pause=bool(waiting or first) and not connection.products_paused,
        activity=activity,
        todo=todo,
        statement=statement,
        unequal=numbers.unequal,
        control_panel_url=shop.control_panel_url.rstrip("/") if shop else "",
        prices=connection.choices.prices,
        prices_paused=connection.prices_paused,
        whole_library=connection.choices.whole_library,
        stock_moment=shop.stock_moment.value if shop and shop.stock_moment else "",
        stock_late=stock_moves_late(shop) if shop else False,
        backorders=shop.backorders if shop else False,
        refunds="" if refunds is None else "yes" if refunds else "no",
    )
