"""Where the platforms tell us that something may have changed.

A message is verified, remembered, turned into marks, and a job is queued, in one transaction; only its commit lets us answer 200. What it
says is a hint: the work reads the truth. The answers: 404 for an address that is nobody's, 400 for a body that is no message, 401 for a
signature that is wrong, 200 otherwise, also for events that we do not act on.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from litestar import Response, post
from litestar.datastructures import State
from litestar.enums import MediaType

from brygga.bigcommerce import events as shop_events
from brygga.core.model import Connection, Stage
from brygga.core.report import Code, Line, Severity, Topic
from brygga.core.stock import Hint, Told
from brygga.store import connections, inbox, subscriptions, synclog, tokens
from brygga.store.database import Tx
from brygga.store.marks import Kind
from brygga.store.tokens import Platform
from brygga.web.deps import WebDeps
from brygga.web.metrics import Metrics
from brygga.web.session import AnyRequest
from brygga.web.work import ask
from brygga.zettle import events as till_events
from brygga.zettle.codes import Code as TillCode

LARGEST: Final = 1_000_000
"""No message of either platform comes near a megabyte; anything longer is not read."""


AT_ONCE: Final = 8
"""Messages that are written down at the same time. An import brings hundreds at once; those that wait hold no connection to the
database meanwhile, so that pages and work keep theirs."""


@dataclass(frozen=True, slots=True)
class Dirty:
    kind: Kind
    subjects: tuple[str, ...] = ("",)
    detail: str = ""


# ---- Zettle (zettle facts 4) -----------------------------------------------------------------------------------------


@post(
    "/hooks/zettle/{hook_key:str}",
    status_code=200,
    request_max_body_size=LARGEST,
    exclude_from_csrf=True,
    skip_session=True,
)
async def zettle(request: AnyRequest, state: State, hook_key: str) -> Response[bytes]:
    body = await request.body()
    async with state.receiving:
        status = await _zettle(state.deps, hook_key, request.headers.get("x-izettle-signature", ""), body)
    return _answer(state.metrics, "zettle", status)


async def _zettle(deps: WebDeps, hook_key: str, signature: str, body: bytes) -> int:
    async with deps.database.transaction() as tx:
        connection = await connections.by_hook_key(tx, hook_key)
        if connection is None or connection.stage is Stage.DISCONNECTED:
            return 404
        try:
            event = till_events.read(body)
        except till_events.MalformedError:
            return 400
        if isinstance(event, till_events.TestMessage):
            # Its key is not known yet, and it asks for nothing (zettle facts 4.2).
            return 200
        keys = await subscriptions.signing_keys(tx, connection.id, Platform.ZETTLE)
        ours = event.envelope.organization_uuid in {"", connection.organization.uuid}
        if not ours or not any(till_events.verify(key, signature, body) for key in keys):
            return 401
        if await _is_new(deps, tx, connection, Platform.ZETTLE, event.envelope.message_id):
            await _hear_zettle(deps, tx, connection, event)
    return 200


async def _hear_zettle(deps: WebDeps, tx: Tx, connection: Connection, event: till_events.Event) -> None:
    match event:
        case till_events.ConnectionRemoved():
            await _zettle_left(deps, tx, connection)
        case till_events.BalanceChanged(external_uuid=echo) if echo and deps.stock is not None:
            await deps.stock.hear_echo(tx, connection.id, echo, deps.clock.now())
        case till_events.BalanceChanged() if deps.stock is not None:
            await deps.stock.hear_till(tx, connection.id, _till_hints(event, deps.clock.now()))
        case till_events.TrackingStarted(product_uuid=uuid, at=at) if uuid and at and deps.stock is not None:
            await deps.stock.hear_start(tx, connection.id, uuid, at, deps.clock.now())
        case till_events.TrackingStopped(product_uuid=uuid, at=at) if uuid and at and deps.stock is not None:
            await deps.stock.hear_stop(tx, connection.id, uuid, at, deps.clock.now())
    for dirty in till_marks(event):
        await ask(deps, tx, connection.id, dirty.kind, dirty.subjects, detail=dirty.detail)


def _till_hints(event: till_events.BalanceChanged, now: datetime) -> list[tuple[str, Hint]]:
    """A hint for each row. A sale may stand there twice, in the shop's inventory and in that of what is sold (zettle facts 4.6)."""
    at = event.at
    hints: list[tuple[str, Hint]] = []
    for row in event.rows:
        before, after = row.balance_before, row.balance_after
        change = None if at is None or before is None or after is None else after - before
        told = Told(at or now, change, relative=True, variant=row.variant_uuid, place=row.inventory_uuid)
        hints += [(row.product_uuid, Hint(now, told=told))] if row.product_uuid else []
    return hints


def till_marks(event: till_events.Event) -> tuple[Dirty, ...]:
    """What an event of Zettle's makes dirty."""
    match event:
        case till_events.ProductCreated(product_uuid=uuid) | till_events.ProductUpdated(product_uuid=uuid):
            return _dirty(Kind.PRODUCT, [uuid])
        case till_events.ProductDeleted(product_uuid=uuid):
            return _dirty(Kind.PRODUCT, [uuid], "deleted")
        case till_events.BalanceChanged(rows=rows):
            return _dirty(Kind.STOCK, (row.product_uuid for row in rows))
        case till_events.TrackingStarted(product_uuid=uuid) | till_events.TrackingStopped(product_uuid=uuid):
            return _dirty(Kind.TRACKING, [uuid])
        case till_events.OrganizationUpdated():
            return (Dirty(Kind.ACCOUNT),)
        case _:
            return ()


async def _zettle_left(deps: WebDeps, tx: Tx, connection: Connection) -> None:
    """The merchant removed our access in Zettle (D3): work stops, products stay, and the page offers to remove them.

    While we are leaving by ourselves this is only the echo of our own goodbye.
    """
    if connection.stage is Stage.LEAVING:
        return
    now, code = deps.clock.now(), TillCode.ACCESS_GONE.value
    await tokens.revoke(tx, connection.id, Platform.ZETTLE, now)
    if await connections.pause(tx, connection.id, code):
        line = Line(Code.PAUSED, Topic.CONNECTION, Severity.ERROR, params={"cause": code})
        await synclog.add(tx, connection.id, line, now)


# ---- BigCommerce (bigcommerce facts 6) -------------------------------------------------------------------------------


@post(
    "/hooks/bigcommerce/{hook_key:str}",
    status_code=200,
    request_max_body_size=LARGEST,
    exclude_from_csrf=True,
    skip_session=True,
)
async def bigcommerce(request: AnyRequest, state: State, hook_key: str) -> Response[bytes]:
    body = await request.body()
    async with state.receiving:
        status = await _bigcommerce(state.deps, hook_key, dict(request.headers), body)
    return _answer(state.metrics, "bigcommerce", status)


async def _bigcommerce(deps: WebDeps, hook_key: str, headers: dict[str, str], body: bytes) -> int:
    now = deps.clock.now()
    async with deps.database.transaction() as tx:
        connection = await connections.by_hook_key(tx, hook_key)
        if connection is None or connection.shop is None or connection.stage is Stage.DISCONNECTED:
            return 404
        try:
            event = shop_events.read(body)
        except shop_events.MalformedError:
            return 400
        secrets = await subscriptions.signing_keys(tx, connection.id, Platform.BIGCOMMERCE)
        client_secret = deps.settings.bigcommerce_client_secret
        proven = any(shop_events.verify(headers, body, secret, client_secret, now) for secret in secrets)
        if not proven or event.envelope.store_hash != connection.shop.store_hash:
            return 401
        is_new = await _is_new(deps, tx, connection, Platform.BIGCOMMERCE, event.envelope.key)
        if is_new:
            await _hear_shop(deps, tx, connection, event, now)
        if isinstance(event, shop_events.StockChanged) and event.relative:
            await _hear_equal(deps, tx, connection, event, shop_events.message_id(headers), again=not is_new)
    return 200


async def _hear_shop(
    deps: WebDeps, tx: Tx, connection: Connection, event: shop_events.ShopEvent, now: datetime
) -> None:
    if isinstance(event, shop_events.StockChanged) and event.product_id and deps.stock is not None:
        await deps.stock.hear_shop(tx, connection.id, event.product_id, _shop_hint(event, now))
    for dirty in shop_marks(event):
        await ask(deps, tx, connection.id, dirty.kind, dirty.subjects, detail=dirty.detail)


def _shop_hint(event: shop_events.StockChanged, now: datetime, *, again: bool = False) -> Hint:
    """Our own writes fire the same event: its time tells whether it can be about one of them (bigcommerce facts 6.3)."""
    at = event.envelope.at
    told = Told(at or now, None if at is None else event.value, event.relative, event.by_order, again=again)
    return Hint(now, None if event.by_order or again else at or now, event.by_order, event.variant_id, told)


async def _hear_equal(
    deps: WebDeps, tx: Tx, connection: Connection, event: shop_events.StockChanged, message_id: str, *, again: bool
) -> None:
    """Two orders of as many units in one second bear the same words. The second asks for no look of its own; it is only remembered.

    Told apart from a delivery that comes twice by the id of a signed message. Without one it may be either (`Told.again`).
    """
    if message_id and not await _is_new(deps, tx, connection, Platform.BIGCOMMERCE, message_id):
        return
    if again and event.product_id and deps.stock is not None:
        hint = _shop_hint(event, deps.clock.now(), again=True)
        await deps.stock.hear_shop(tx, connection.id, event.product_id, hint)


def shop_marks(event: shop_events.ShopEvent) -> tuple[Dirty, ...]:  # noqa: PLR0911 - one answer per event
    """What an event of BigCommerce's makes dirty. Orders only explain a line; their stock has events of its own."""
    match event:
        case shop_events.ProductChanged(change=shop_events.Change.CREATED):
            return ()
        case shop_events.ProductChanged(product_id=product_id, change=change):
            return _dirty(
                Kind.SHOP_PRODUCT, [_id(product_id)], change.value if change is shop_events.Change.DELETED else ""
            )
        case shop_events.VariantChanged(product_id=product_id):
            return _dirty(Kind.SHOP_PRODUCT, [_id(product_id)])
        case shop_events.StockChanged(product_id=product_id):
            return _dirty(Kind.SHOP_STOCK, [_id(product_id)])
        case shop_events.StoreChanged() | shop_events.CategoryChanged(change=shop_events.Change.DELETED):
            return (Dirty(Kind.ACCOUNT),)
        case shop_events.Uninstalled() | shop_events.DeliveryFailed():
            # Neither proves that the app is gone (bigcommerce facts 1.8): a look at the hooks finds out.
            return (Dirty(Kind.HOOKS),)
        case _:
            return ()


# ---- Both ------------------------------------------------------------------------------------------------------------


def _dirty(kind: Kind, subjects: Iterable[str], detail: str = "") -> tuple[Dirty, ...]:
    known = tuple(dict.fromkeys(subject for subject in subjects if subject))
    return (Dirty(kind, known, detail),) if known else ()


def _id(number: int) -> str:
    return str(number) if number else ""


async def _is_new(deps: WebDeps, tx: Tx, connection: Connection, platform: Platform, message_id: str) -> bool:
    """Both platforms deliver more than once. A message without an id is always heard: a doubled hint costs one look."""
    return not message_id or await inbox.accept(tx, connection.id, platform, message_id, deps.clock.now())


def _answer(metrics: Metrics, platform: str, status: int) -> Response[bytes]:
    """The status says it all: nothing follows it."""
    metrics.webhooks.labels(platform, str(status)).inc()
    return Response(b"", status_code=status, media_type=MediaType.TEXT)
