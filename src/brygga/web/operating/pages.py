"""The operator's pages: merchants, one merchant, the queue. Only where a secret is set. Sessions of
merchants and the tokens of their forms are not looked at here (`door`).

They work without JavaScript, and show no secret, no price and nothing of a shopper.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.exceptions import ClientException
from litestar.response import Redirect

from brygga.database import kept_webhooks, operating, synclog
from brygga.database.operating import Standing, Summary
from brygga.database.synclog import Filter
from brygga.database.work_items import Kind
from brygga.web.bodies import BODY, SECRET
from brygga.web.lines import LineView
from brygga.web.operating import acts, door, status
from brygga.web.operating.acts import Failed, NotNow
from brygga.web.operating.api import is_moment, is_named, kept
from brygga.web.operating.door import HOME, SIGN_IN, Operator
from brygga.web.operating.shapes import ReplayWish
from brygga.web.operating.status import Cause, Status, Waiting
from brygga.web.paging import Paging, page_number, query_of
from brygga.web.replaying import NO_KEY, Again, read_again
from brygga.web.session import AnyRequest
from brygga.web.visit import Form, NotThere, Visit, language_of

SIZE: Final = 50
LINES: Final = 20
ONE: Final = f"{HOME}/merchants/{{number:int}}"
HOURS: Final = (1, 3, 24, 72)


@dataclass(frozen=True, slots=True)
class Row:
    """A merchant in the list."""

    of: Summary
    late_s: float
    share: int | None


@dataclass(frozen=True, slots=True)
class ListView:
    rows: tuple[Row, ...]
    paging: Paging
    query: str
    search: str
    state: str
    cause: str
    order: str
    states: tuple[str, ...] = tuple(one.value for one in Standing)


@dataclass(frozen=True, slots=True)
class MerchantView:
    of: Summary
    status: Status
    queue: Sequence[Waiting]
    lines: tuple[LineView, ...]
    name: str
    """What has to be typed to erase."""
    connected: bool
    acts: bool
    hours: tuple[int, ...] = HOURS


@dataclass(frozen=True, slots=True)
class WebhooksView:
    of: Summary
    hours: int
    again: tuple[Again, ...]
    total: int
    differ: int
    closed: int
    acts: bool
    choices: tuple[int, ...] = HOURS


@dataclass(frozen=True, slots=True)
class WorkerView:
    name: str
    of: tuple[operating.Working, ...]


@dataclass(frozen=True, slots=True)
class QueueView:
    queue: Sequence[Waiting]
    causes: Sequence[Cause]
    workers: tuple[WorkerView, ...]
    acts: bool


# ---- Signing in ----------------------------------------------------------------------------------


@get(SIGN_IN, skip_session=True, exclude_from_csrf=True)
async def sign_in(request: AnyRequest) -> Response[str]:
    return _door(request, wrong=False)


@post(SIGN_IN, opt={BODY: SECRET}, skip_session=True, exclude_from_csrf=True)
async def enter(request: AnyRequest) -> Response[Any]:
    return await door.begin(request) or _door(request, wrong=True)


def _door(request: AnyRequest, *, wrong: bool) -> Response[str]:
    visit = Visit(request.app.state.deps, request, language_of(request))
    return visit.page("operator_door.html", wrong, status=403 if wrong else 200)


@post(f"{HOME}/sign-out", skip_session=True, exclude_from_csrf=True)
async def sign_out(operator: Operator) -> Redirect:
    return await door.leave(operator)


# ---- Looking -------------------------------------------------------------------------------------


@get(HOME, skip_session=True, exclude_from_csrf=True)
async def merchants(operator: Operator, request: AnyRequest) -> Response[str]:
    asked = request.query_params
    number, now = page_number(asked.get("page", "")), operator.deps.clock.now()
    state = asked.get("state", "")
    standing = Standing(state) if state in {*Standing} else None
    by_lag, search = asked.get("order", "") == "lag", asked.get("q", "")[:100]
    cause = asked.get("cause", "")[:100]
    async with operator.deps.database.read() as tx:
        found = await operating.merchants(
            tx,
            now,
            standing=standing,
            cause=cause,
            search=search,
            by_lag=by_lag,
            limit=SIZE,
            offset=(number - 1) * SIZE,
        )
    rows = tuple(_row(one, now) for one in found.rows)
    chosen = standing.value if standing else ""
    ordered = "lag" if by_lag else ""
    query = query_of(q=search, state=chosen, cause=cause, order=ordered)
    paging = Paging(number, SIZE, found.total)
    view = ListView(rows, paging, query, search, chosen, cause, ordered)
    return operator.page("operator_merchants.html", view, section="merchants")


def _row(one: Summary, now: datetime) -> Row:
    budget = status.budget_of(one.budget)
    return Row(one, status.late_s(one.late_since, now), budget.share if budget else None)


@get(ONE, skip_session=True, exclude_from_csrf=True)
async def merchant(operator: Operator, number: int) -> Response[str]:
    deps, now = operator.deps, operator.deps.clock.now()
    summary = await _summary(operator, number)
    async with deps.database.read() as tx:
        connection = await acts.known(tx, number)
        (found,) = await status.statuses(tx, [connection], deps.settings.public_url, now)
        queue = await status.queue(tx, now, number)
        logged = await synclog.page(tx, number, Filter(), limit=LINES)
    lines = tuple(
        LineView(
            one.at,
            one.line.severity.value,
            *status.told(operator.words, one.line),
            id=one.id,
        )
        for one in logged
    )
    name = connection.organization.name or str(number)
    connected = summary.standing is not Standing.ENDED
    view = MerchantView(summary, found, queue, lines, name, connected, operator.acts)
    return operator.page("operator_merchant.html", view, section="merchants")


async def _summary(operator: Operator, number: int) -> Summary:
    """Raises `NotThere`."""
    if not 0 < number < 2**63:
        raise NotThere
    async with operator.deps.database.read() as tx:
        found = await operating.merchants(tx, operator.deps.clock.now(), one=number)
    if not found.rows:
        raise NotThere
    return found.rows[0]


@get(f"{ONE}/support.json", skip_session=True, exclude_from_csrf=True)
async def support(operator: Operator, number: int) -> Response[bytes]:
    await _summary(operator, number)
    deps = operator.deps
    async with deps.database.transaction() as tx:
        found = await acts.support(tx, number, "", operator.by, deps.clock.now())
    return Response(
        msgspec.json.format(msgspec.json.encode(found), indent=2),
        media_type="application/json",
        headers={"content-disposition": f'attachment; filename="brygga-{number}.json"'},
    )


@get(f"{ONE}/webhooks", skip_session=True, exclude_from_csrf=True)
async def webhooks(operator: Operator, number: int, hours: str = "1") -> Response[str]:
    summary = await _summary(operator, number)
    chosen = int(hours) if hours in {str(one) for one in HOURS} else 1
    now = operator.deps.clock.now()
    async with operator.deps.database.read() as tx:
        since, until = now - timedelta(hours=chosen), now + timedelta(minutes=1)
        found = await kept_webhooks.between(tx, number, since, until)
    again = [read_again(one) for one in found]
    view = WebhooksView(
        summary,
        chosen,
        tuple(reversed(again[-200:])),
        len(again),
        sum(one.differs for one in again),
        sum(one.name == NO_KEY for one in again),
        operator.acts,
    )
    return operator.page("operator_webhooks.html", view, section="merchants")


@get(f"{HOME}/queue", skip_session=True, exclude_from_csrf=True)
async def queue(operator: Operator) -> Response[str]:
    now = operator.deps.clock.now()
    async with operator.deps.database.read() as tx:
        work, causes = await status.queue(tx, now), await status.causes(tx)
        working = await operating.working(tx, now)
    names = dict.fromkeys(one.worker for one in working)
    workers = tuple(
        WorkerView(name, tuple(one for one in working if one.worker == name)) for name in names
    )
    view = QueueView(work, causes, workers, operator.acts)
    return operator.page("operator_queue.html", view, section="queue")


# ---- Acting --------------------------------------------------------------------------------------


@post(f"{ONE}/pause", skip_session=True, exclude_from_csrf=True)
async def pause(operator: Operator, number: int) -> Redirect:
    deps, back = operator.deps, f"{HOME}/merchants/{number}"
    await _summary(operator, number)
    try:
        async with deps.database.transaction() as tx:
            changed = await acts.pause(tx, number, operator.by, deps.clock.now())
    except NotNow as why:
        return operator.back(back, why.code)
    return operator.back(back, "held" if changed else "unchanged")


@post(f"{ONE}/resume", skip_session=True, exclude_from_csrf=True)
async def resume(operator: Operator, number: int) -> Redirect:
    deps, back = operator.deps, f"{HOME}/merchants/{number}"
    await _summary(operator, number)
    try:
        async with deps.database.transaction() as tx:
            await acts.go_on(tx, number, operator.by, deps.clock.now())
    except NotNow as why:
        return operator.back(back, why.code)
    return operator.back(back, "went_on")


@post(f"{ONE}/sync", skip_session=True, exclude_from_csrf=True)
async def sync(operator: Operator, number: int, form: Form) -> Redirect:
    deps, back = operator.deps, f"{HOME}/merchants/{number}"
    await _summary(operator, number)
    hooks = form.one("webhooks") == "yes"
    try:
        async with deps.database.transaction() as tx:
            now = deps.clock.now()
            await acts.sync(tx, number, form.one("product"), operator.by, now, webhooks=hooks)
    except NotNow as why:
        return operator.back(back, why.code)
    return operator.back(back, "sync_asked")


@post(f"{HOME}/retry", skip_session=True, exclude_from_csrf=True)
async def retry(operator: Operator, form: Form) -> Redirect:
    """What failed of one merchant, or of all where the form names none. Nothing is tried where the
    form names something that does not exist.
    """
    of, named = _number(form.one("number")), form.one("kind")
    if named and named not in {*Kind}:
        raise NotThere
    failed = Failed(of or None, Kind(named) if named else None, cause=form.one("cause") or None)
    back = f"{HOME}/merchants/{of}" if of else f"{HOME}/queue"
    try:
        async with operator.deps.database.transaction() as tx:
            found = await acts.retry(tx, failed, operator.by, operator.deps.clock.now())
    except NotNow:
        raise NotThere from None
    return operator.back(back, "retried", sum(found.values()))


@post(f"{ONE}/replay", skip_session=True, exclude_from_csrf=True)
async def replay(operator: Operator, number: int, form: Form) -> Redirect:
    """One webhook, or those of the last hours, or those of an hour."""
    await _summary(operator, number)
    deps, now = operator.deps, operator.deps.clock.now()
    wish = ReplayWish(_number(form.one("id")), _hours(form.one("hours")), _hour(form.one("at")))
    try:
        async with deps.database.transaction() as tx:
            found = await kept(tx, number, wish, now)
            work = await acts.replay(tx, number, found, operator.by, now)
    except NotNow as why:
        return operator.back(f"{HOME}/merchants/{number}", why.code)
    return operator.back(f"{HOME}/merchants/{number}", "replayed", work)


# A field that is there and cannot be read must never mean "all": it is refused.


def _number(text: str) -> int:
    """0 for an empty text. Raises `NotThere` for what is no number of ours."""
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) < 19 and int(text)):
        raise NotThere
    return int(text)


def _hours(text: str) -> int:
    return min(720, max(1, _number(text)))


def _hour(text: str) -> datetime | None:
    """The hour of a text such as 2026-11-30T10:00, in UTC. None for an empty text. Raises the
    refusal of any other.
    """
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ClientException("no time") from None
    at = found if found.tzinfo else found.replace(tzinfo=UTC)
    if not is_moment(at):
        raise ClientException("no time of ours")
    return at


@post(f"{ONE}/erase", skip_session=True, exclude_from_csrf=True)
async def erase(operator: Operator, number: int, form: Form) -> Redirect:
    """Only with the merchant's name typed. A connection that has not ended is disconnected first,
    and its products stay in the store.
    """
    await _summary(operator, number)
    deps = operator.deps
    async with deps.database.transaction() as tx:
        if not await is_named(tx, number, form.one("confirm")):
            return operator.back(f"{HOME}/merchants/{number}", "not_confirmed")
        ticket, now = deps.dice.token(), deps.clock.now()
        done = await acts.erase(tx, number, operator.by, now, ticket, disconnect=True)
    if done.receipt is None:
        return Redirect(f"/erased/{ticket}", status_code=303)
    return operator.back(HOME, "erased", done.receipt.rows)


ROUTES: Final = (
    sign_in,
    enter,
    sign_out,
    merchants,
    merchant,
    support,
    webhooks,
    queue,
    pause,
    resume,
    sync,
    retry,
    replay,
    erase,
)
