"""The operator's API: what tools ask and do with a secret, as JSON.

Each endpoint is an entry of `ENDPOINTS`, of which the routes and the OpenAPI document are made.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from math import ceil
from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.datastructures import State as AppState
from litestar.handlers import HTTPRouteHandler

from brygga.core.report import Severity, Topic
from brygga.database import (
    kept_webhooks,
    library_pages,
    operating,
    synclog,
)
from brygga.database.engine import Tx
from brygga.database.kept_webhooks import Kept
from brygga.database.library_pages import State
from brygga.database.operating import Standing
from brygga.database.synclog import Filter, Logged
from brygga.database.work_items import Kind
from brygga.web.deps import WebDeps
from brygga.web.i18n import LANGUAGES, as_language, words
from brygga.web.operating import acts, status
from brygga.web.operating.acts import Failed, NotNow
from brygga.web.operating.door import HOME, Wrong, tool
from brygga.web.operating.openapi import Endpoint, Query, Question, document, question
from brygga.web.operating.shapes import (
    Empty,
    Erased,
    EraseWish,
    Held,
    Log,
    Merchants,
    ProductList,
    Replayed,
    ReplayWish,
    Resumed,
    Retried,
    RetryWish,
    Said,
    SyncAsked,
    SyncWish,
    Webhooks,
)
from brygga.web.operating.status import ProductState, Queue, Status
from brygga.web.replaying import read_again
from brygga.web.session import AnyRequest

SIZE: Final = 50
MOST_PAGES: Final = 100_000
MISSING: Final = frozenset({"unknown", "no_product"})
"""What is answered 404; any other refusal of an act is 409."""

# ---- Reading -------------------------------------------------------------------------------------


async def merchants(asked: Question) -> Merchants:
    deps, query = asked.tool.deps, asked.query
    now, page = deps.clock.now(), query["page"]
    async with deps.database.read() as tx:
        found = await operating.merchants(
            tx,
            now,
            standing=Standing(query["state"]) if query["state"] else None,
            cause=query["cause"],
            search=query["q"],
            by_lag=query["order"] == "lag",
            limit=SIZE,
            offset=(page - 1) * SIZE,
        )
    rows = [status.merchant(one, now) for one in found.rows]
    return Merchants(rows, found.total, page, max(1, ceil(found.total / SIZE)))


async def merchant(asked: Question) -> Status:
    deps = asked.tool.deps
    async with deps.database.read() as tx:
        connection = await acts.known(tx, asked.number)
        url = deps.settings.public_url
        (found,) = await status.statuses(tx, [connection], url, deps.clock.now())
    return found


async def products(asked: Question) -> ProductList:
    state, page = asked.query["state"], asked.query["page"]
    async with asked.tool.deps.database.read() as tx:
        await acts.known(tx, asked.number)
        found = await library_pages.page(
            tx,
            asked.number,
            search=asked.query["q"],
            states=[State(state)] if state else (),
            limit=SIZE,
            offset=(page - 1) * SIZE,
        )
        rows = await status.products(tx, asked.number, found.rows)
    return ProductList(rows, found.total, page, max(1, ceil(found.total / SIZE)))


async def product(asked: Question) -> ProductState:
    async with asked.tool.deps.database.read() as tx:
        await acts.known(tx, asked.number)
        row = await library_pages.one(tx, asked.number, asked.uuid)
        if row is None:
            raise NotNow("no_product", f"connection {asked.number} has no such product")
        (found,) = await status.products(tx, asked.number, [row])
    return found


async def log(asked: Question) -> Log:
    query = asked.query
    language = as_language(query["language"]) or "en"
    wanted = Filter(
        Topic(query["topic"]) if query["topic"] else None,
        (Severity(query["severity"]),) if query["severity"] else (),
        query["product"],
    )
    async with asked.tool.deps.database.read() as tx:
        await acts.known(tx, asked.number)
        before = query["before"] or None
        found = await synclog.page(tx, asked.number, wanted, before=before, limit=SIZE)
    older = found[-1].id if len(found) == SIZE else None
    return Log([_said(one, language) for one in found], older)


def _said(logged: Logged, language: Any) -> Said:
    line = logged.line
    sentence, cause, action = status.told(words(language), line)
    return Said(
        logged.id,
        status.said(logged.at),
        line.code.value,
        line.topic.value,
        line.severity.value,
        line.subject,
        sentence,
        cause,
        action,
    )


async def support(asked: Question) -> Mapping[str, Any]:
    deps = asked.tool.deps
    async with deps.database.transaction() as tx:
        uuid, by = asked.query["product"], asked.tool.by
        return await acts.support(tx, asked.number, uuid, by, deps.clock.now())


async def webhooks(asked: Question) -> Webhooks:
    deps, now = asked.tool.deps, asked.tool.deps.clock.now()
    async with deps.database.read() as tx:
        await acts.known(tx, asked.number)
        wish = ReplayWish(hours=asked.query["hours"])
        again = [read_again(one) for one in await kept(tx, asked.number, wish, now)]
    shown = again if asked.query["all"] else [one for one in again if one.differs]
    return Webhooks(len(again), sum(one.differs for one in again), shown)


async def queue(asked: Question) -> Queue:
    deps, now = asked.tool.deps, asked.tool.deps.clock.now()
    async with deps.database.read() as tx:
        return Queue(
            await status.queue(tx, now), await status.causes(tx), await status.workers(tx, now)
        )


# ---- Acting --------------------------------------------------------------------------------------


async def kept(tx: Tx, number: int, wish: ReplayWish, now: datetime) -> list[Kept]:
    """The webhooks that are meant. One that is named is looked for in all that is kept."""
    since = wish.at or now - timedelta(hours=720 if wish.id else wish.hours)
    until = since + timedelta(hours=1) if wish.at else now + timedelta(minutes=1)
    found = await kept_webhooks.between(tx, number, since, until)
    return [one for one in found if wish.id in (0, one.id)]


def is_moment(at: datetime) -> bool:
    """Whether an hour can begin then: a time with its zone, which also an hour later is one."""
    return at.tzinfo is not None and 2000 <= at.year <= 2200


async def pause(asked: Question) -> Held:
    deps = asked.tool.deps
    async with deps.database.transaction() as tx:
        changed = await acts.pause(tx, asked.number, asked.tool.by, deps.clock.now())
    return Held(asked.number, held=True, changed=changed)


async def resume(asked: Question) -> Resumed:
    deps = asked.tool.deps
    async with deps.database.transaction() as tx:
        ended = await acts.go_on(tx, asked.number, asked.tool.by, deps.clock.now())
    return Resumed(asked.number, ended.held, ended.paused)


async def sync(asked: Question) -> SyncAsked:
    deps, wish = asked.tool.deps, asked.body
    async with deps.database.transaction() as tx:
        now, by = deps.clock.now(), asked.tool.by
        await acts.sync(tx, asked.number, wish.product, by, now, webhooks=wish.webhooks)
    return SyncAsked(asked.number, wish.product)


async def retry(asked: Question) -> Retried:
    """Of one connection, or of all where the path names none."""
    deps, wish = asked.tool.deps, asked.body
    try:
        kind = Kind(wish.kind) if wish.kind else None
    except ValueError:
        raise Wrong(400, "malformed", "kind: expected a kind of work") from None
    failed = Failed(asked.number or None, kind, wish.support_id or None, wish.cause or None)
    async with deps.database.transaction() as tx:
        found = await acts.retry(tx, failed, asked.tool.by, deps.clock.now())
    return Retried({str(number): count for number, count in found.items()})


async def replay(asked: Question) -> Replayed:
    deps, wish = asked.tool.deps, asked.body
    if wish.at is not None and not is_moment(wish.at):
        raise Wrong(400, "malformed", "at: expected a time with its zone, from 2000 to 2200")
    async with deps.database.transaction() as tx:
        now = deps.clock.now()
        await acts.known(tx, asked.number)
        found = await kept(tx, asked.number, wish, now)
        work = await acts.replay(tx, asked.number, found, asked.tool.by, now)
    return Replayed(len(found), work)


async def erase(asked: Question) -> Erased:
    deps, wish = asked.tool.deps, asked.body
    async with deps.database.transaction() as tx:
        if not await is_named(tx, asked.number, wish.confirm):
            raise NotNow("not_confirmed", "confirm has to be the merchant's name")
        ticket, now = deps.dice.token(), deps.clock.now()
        by = asked.tool.by
        done = await acts.erase(tx, asked.number, by, now, ticket, disconnect=wish.disconnect)
    if done.receipt is None:
        url = f"{deps.settings.public_url.rstrip('/')}/erased/{ticket}"
        return Erased(done=False, tables={}, hash="", receipt_url=url)
    return Erased(
        done=True, tables=dict(done.receipt.counts), hash=done.receipt.hash, receipt_url=""
    )


async def is_named(tx: Tx, number: int, typed: str) -> bool:
    """Whether this is the merchant's name, or the number where there is none. Raises `NotNow`."""
    connection = await acts.known(tx, number)
    return typed.strip() == (connection.organization.name or str(number))


# ---- The table -----------------------------------------------------------------------------------

PAGE: Final = Query("page", f"which {SIZE} of them", bounds=(1, MOST_PAGES), default=1)
ONE: Final = "/merchants/{number}"
ENDPOINTS: Final = (
    Endpoint(
        "GET",
        "/merchants",
        "listMerchants",
        "Merchants with state, lag, budget and last event",
        merchants,
        Merchants,
        (
            Query("state", "only in this state", tuple(one.value for one in Standing)),
            Query("cause", "only paused for this cause"),
            Query("q", "a merchant's or store's name, a store's hash, or a number"),
            Query("order", "lag: the latest work first", ("number", "lag"), default="number"),
            PAGE,
        ),
    ),
    Endpoint("GET", ONE, "readMerchant", "How one merchant is doing", merchant, Status),
    Endpoint(
        "GET",
        f"{ONE}/products",
        "listProducts",
        "Products with their state and stock",
        products,
        ProductList,
        (
            Query("state", "only in this state", tuple(one.value for one in State)),
            Query("q", "words of a name, SKU or barcode"),
            PAGE,
        ),
    ),
    Endpoint(
        "GET",
        f"{ONE}/products/{{uuid}}",
        "readProduct",
        "One product, by its Zettle uuid",
        product,
        ProductState,
    ),
    Endpoint(
        "GET",
        f"{ONE}/log",
        "readLog",
        "The sync log in words, the newest line first",
        log,
        Log,
        (
            Query("topic", "only of this topic", tuple(one.value for one in Topic)),
            Query("severity", "only of this severity", tuple(one.value for one in Severity)),
            Query("product", "only about this Zettle product"),
            Query("language", "of the sentences", LANGUAGES, default="en"),
            Query("before", "lines older than this one", bounds=(0, 2**63 - 1), default=0),
        ),
    ),
    Endpoint(
        "GET",
        f"{ONE}/support",
        "readSupport",
        "The support bundle: codes, ids, counts and times",
        support,
        None,
        (Query("product", "about this Zettle product"),),
    ),
    Endpoint(
        "GET",
        f"{ONE}/webhooks",
        "readWebhooks",
        "What this version makes of kept webhooks",
        webhooks,
        Webhooks,
        (
            Query("hours", "of the last hours", bounds=(1, 720), default=24),
            Query("all", "also those of which it makes the same", default=False),
        ),
    ),
    Endpoint("GET", "/queue", "readQueue", "What waits, failed, and is worked on", queue, Queue),
    Endpoint("POST", f"{ONE}/pause", "pause", "Hold all work", pause, Held, body=Empty),
    Endpoint("POST", f"{ONE}/resume", "resume", "Resume", resume, Resumed, body=Empty),
    Endpoint("POST", f"{ONE}/sync", "sync", "Sync now", sync, SyncAsked, body=SyncWish),
    Endpoint(
        "POST", f"{ONE}/retry", "retry", "Try failed work now", retry, Retried, body=RetryWish
    ),
    Endpoint(
        "POST",
        f"{ONE}/replay",
        "replay",
        "Do the work of kept webhooks again; nothing is counted twice",
        replay,
        Replayed,
        body=ReplayWish,
    ),
    Endpoint(
        "POST",
        f"{ONE}/erase",
        "erase",
        "Erase everything of the merchant",
        erase,
        Erased,
        body=EraseWish,
    ),
    Endpoint(
        "POST",
        "/retry",
        "retryAll",
        "Try failed work of all merchants now",
        retry,
        Retried,
        body=RetryWish,
    ),
)


def _route(endpoint: Endpoint) -> HTTPRouteHandler:
    async def answer(request: AnyRequest) -> Response[bytes]:
        who = tool(request, acts=endpoint.acts)
        asked = await question(request, endpoint, who)
        try:
            found = await endpoint.does(asked)
        except NotNow as why:
            raise Wrong(404 if why.code in MISSING else 409, why.code, str(why)) from None
        return Response(msgspec.json.encode(found), media_type="application/json", status_code=200)

    made = post if endpoint.acts else get
    return made(endpoint.route, name=endpoint.name, skip_session=True, exclude_from_csrf=True)(
        answer
    )


@get(f"{HOME}/api/openapi.json", skip_session=True, exclude_from_csrf=True)
async def described(state: AppState) -> Response[bytes]:
    """The OpenAPI document, for anybody: it holds no secret."""
    deps: WebDeps = state.deps
    found = document(ENDPOINTS, deps.settings.public_url)
    return Response(msgspec.json.encode(found), media_type="application/json")


ROUTES: Final = (described, *map(_route, ENDPOINTS))
