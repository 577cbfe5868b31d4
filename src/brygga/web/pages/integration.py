"""The BigCommerce page: the set-up while it is not finished (C11), the overview afterwards (C12,
E1).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from litestar import Response, get, post
from litestar.response import Redirect

from brygga.core.connecting import missing_step, price_refusal, stock_moves_late
from brygga.core.guards import Effect
from brygga.core.model import Connection, Stage
from brygga.core.report import Code, Line, Topic
from brygga.database import (
    bindings,
    brakes,
    connections,
    library,
    library_pages,
    statements,
    synclog,
    work_items,
    zeroed,
)
from brygga.database.bindings import Totals
from brygga.database.engine import Tx
from brygga.database.library_pages import State
from brygga.database.statements import Stored
from brygga.database.work_items import Kind
from brygga.web.checks import doubtful
from brygga.web.checks import troubles as doubt_troubles
from brygga.web.messages import Trouble
from brygga.web.pages.apps import store_name
from brygga.web.pages.joining import drop_pending
from brygga.web.pages.setup import show_step
from brygga.web.standing import Phase
from brygga.web.troubles import failure_trouble, prices_trouble, question_trouble
from brygga.web.visit import Form, Merchant, NotThere
from brygga.web.work import ask

HOME = "/apps/bigcommerce"


@dataclass(frozen=True, slots=True)
class VatRow:
    percentage: Decimal | None
    count: int


@dataclass(frozen=True, slots=True)
class OverviewView:
    organization: str
    store: str
    state: str
    """connected, attention or leaving."""
    troubles: tuple[Trouble, ...] = ()
    synced: int = 0
    waiting: int = 0
    failed: int = 0
    unassigned: int = 0
    assigned: int = 0
    in_category: int = 0
    hidden: int = 0
    vat: tuple[VatRow, ...] = ()
    control_panel_url: str = ""
    prices: bool = False
    prices_paused: bool = False
    whole_library: bool = False
    stock_moment: str = ""
    stock_late: bool = False
    backorders: bool = False
    refunds: str = ""
    leaving: bool = False
    statement: Stored | None = None
    """The newest statement of the numbers on both sides."""


@get(HOME)
async def show(merchant: Merchant) -> Response[str] | Redirect:
    connection = merchant.own
    drop_pending(merchant)
    if missing_step(connection) is not None:
        return await show_step(merchant)
    async with merchant.deps.database.read() as tx:
        counts = await library_pages.counts(tx, connection.id)
        totals = await bindings.totals(tx, connection.id)
        vat = await library.by_vat(tx, connection.id)
        questions = await open_questions(tx, connection.id)
        number_checks = await doubtful(tx, connection.id, merchant.words)
        failing = await work_items.parked(tx, connection.id)
        statement = await statements.newest(tx, connection.id, 1)
    found = [
        failure_trouble(failing),
        prices_trouble(connection),
        *(question_trouble(kind, count) for kind, count in questions.items()),
        *doubt_troubles(number_checks, merchant.words),
    ]
    troubles = tuple(trouble for trouble in found if trouble is not None)
    rates = tuple(VatRow(None if rate is None else plain(rate), count) for rate, count in vat)
    view = overview(connection, counts, totals, rates, troubles)
    view = replace(view, statement=statement[0] if statement else None)
    return merchant.page("overview.html", view, section="apps")


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


def plain(rate: Decimal) -> Decimal:
    """25.0000 becomes 25, as it is written and compared in a link."""
    return rate.quantize(Decimal(1)) if rate == rate.to_integral_value() else rate.normalize()


def overview(
    connection: Connection,
    counts: Mapping[State, int],
    totals: Totals,
    vat: tuple[VatRow, ...] = (),
    troubles: tuple[Trouble, ...] = (),
) -> OverviewView:
    shop, leaving = connection.shop, connection.stage is Stage.LEAVING
    refunds = shop.restocks_refunds if shop else None
    return OverviewView(
        organization=connection.organization.name or "Zettle",
        store=store_name(connection),
        state="leaving" if leaving else "attention" if connection.paused else "connected",
        troubles=troubles,
        synced=counts.get(State.SYNCED, 0),
        waiting=counts.get(State.WAITING, 0),
        failed=counts.get(State.FAILED, 0) + counts.get(State.UNREADABLE, 0),
        unassigned=counts.get(State.NOT_ASSIGNED, 0),
        assigned=sum(counts.get(state, 0) for state in (State.SYNCED, State.WAITING, State.FAILED)),
        in_category=totals.in_category,
        hidden=totals.hidden,
        vat=vat,
        control_panel_url=shop.control_panel_url.rstrip("/") if shop else "",
        prices=connection.choices.prices,
        prices_paused=connection.prices_paused,
        whole_library=connection.choices.whole_library,
        stock_moment=shop.stock_moment.value if shop and shop.stock_moment else "",
        stock_late=stock_moves_late(shop) if shop else False,
        backorders=shop.backorders if shop else False,
        refunds="" if refunds is None else "yes" if refunds else "no",
        leaving=leaving,
    )


# ---- Buttons -------------------------------------------------------------------------------------


@post(f"{HOME}/resume")
async def resume(merchant: Merchant) -> Redirect:
    """The merchant says that the cause of the stop is corrected. If it is not, the next try reports
    it again.
    """
    deps, connection = merchant.deps, merchant.own
    if merchant.standing.phase not in {Phase.SETUP, Phase.RUNNING}:
        return merchant.unchanged(HOME)
    async with deps.database.transaction() as tx:
        resumed = await connections.resume(tx, connection.id)
        if resumed:
            await synclog.add(
                tx, connection.id, Line(Code.RESUMED, Topic.CONNECTION), deps.clock.now()
            )
            for kind in (Kind.ACCOUNT, Kind.HOOKS, Kind.SWEEP):
                await ask(deps, tx, connection.id, kind)
    return merchant.go(HOME, "resumed") if resumed else merchant.go(HOME, "unchanged_going", "warn")


@post(f"{HOME}/prices/resume")
async def resume_prices(merchant: Merchant) -> Redirect:
    """Decision 10: price sync resumes only when the merchant says so, and only with equal
    currencies.
    """
    deps, connection = merchant.deps, merchant.own
    if not merchant.running:
        return merchant.unchanged(HOME)
    if price_refusal(connection.organization, connection.shop) is not None:
        return merchant.go(HOME, "unchanged_prices", "warn")
    async with deps.database.transaction() as tx:
        resumed = await connections.set_prices_paused(tx, connection.id, paused=False)
        if resumed:
            await ask(
                deps,
                tx,
                connection.id,
                Kind.PRODUCT,
                await library.assigned_uuids(tx, connection.id),
                force=True,
                bulk=True,
            )
    return merchant.go(HOME, "resumed") if resumed else merchant.go(HOME, "unchanged_going", "warn")


@post(HOME + "/answer/{kind:str}")
async def answer(merchant: Merchant, form: Form, kind: str) -> Redirect:
    """Decision 9: a mass effect that was stopped goes on, or stays stopped, as the
    merchant says.
    """
    deps, connection = merchant.deps, merchant.own
    spoken = form.one("answer")
    if spoken not in {"yes", "no"}:
        raise NotThere
    if not merchant.running:
        return merchant.unchanged(HOME)
    async with deps.database.transaction() as tx:
        waited = await brakes.answer(
            tx, connection.id, kind, go=spoken == "yes", now=deps.clock.now()
        )
        if waited:
            await ask(deps, tx, connection.id, Kind.SWEEP)
    return merchant.go(HOME, "answered" if waited else "unchanged")
