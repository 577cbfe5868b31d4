"""Where the platforms report that something may have changed.

The address is looked up first, then the message is verified. Only a genuine message opens a
transaction. In that one transaction it is recorded in the inbox, turned into work items, and a job
is queued. Only after the commit do we answer 200. The message is a hint: the work reads the actual
state.

The answers: 404 for an address that belongs to nobody, 400 for a body that is no message, 401 for a
wrong signature of Zettle's or a wrong secret of BigCommerce's, 429 for a source that fails too
often. 200 otherwise, also for events that we do not act on.

Two messages are the same when the signed content, its time and its payload are equal, whatever
their ids (`Envelope`). A replay costs one read: the inbox keeps messages for longer than the
platforms repeat them, and an older message counts as no evidence. A BigCommerce signature that does
not verify refuses nothing where our secret is right. It is counted, as are refused and stray
messages of known connections (`web.tally`).
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final

import structlog
from litestar import post
from litestar.datastructures import State
from litestar.enums import MediaType
from litestar.response.base import ASGIResponse
from litestar.types import ASGIApp

from brygga.bigcommerce import events as shop_events
from brygga.database import connections, subscriptions
from brygga.database.engine import Tx
from brygga.database.tokens import Platform
from brygga.web.addresses import Addressed, Addresses
from brygga.web.bodies import BODY, HOOK, announced
from brygga.web.deps import WebDeps
from brygga.web.limits import source_of
from brygga.web.metrics import Metrics
from brygga.web.receiving import Receiving
from brygga.web.session import AnyRequest
from brygga.web.tally import Reports
from brygga.zettle import events as till_events

LARGE: Final = 64_000
"""Hardly any message is larger. A larger one must prove itself before we read all of it."""


# ---- Zettle (zettle facts 4) ---------------------------------------------------------------------


@post(
    "/hooks/zettle/{hook_key:str}",
    status_code=200,
    opt={BODY: HOOK},
    exclude_from_csrf=True,
    skip_session=True,
)
async def zettle(request: AnyRequest) -> ASGIApp:
    state, hook_key = request.app.state, str(request.path_params["hook_key"])
    addresses: Addresses = state.addresses
    source = source_of(request)
    found = _named(await addresses.find(Platform.ZETTLE, hook_key, source))
    received = Reports(found=found)
    signature = request.headers.get(till_events.SIGNATURE_HEADER, "")
    if found is None:
        body = await _small_body(request) if signature else b""
        status = await _astray(state, _stray_zettle, signature, body, received)
    else:
        with addresses.reading(hook_key, source):
            body = await request.body()
        is_proven = _is_proven(found, signature, body)
        if is_proven:
            addresses.keep(Platform.ZETTLE, hook_key, found)
        else:
            found = await addresses.again(Platform.ZETTLE, hook_key, found) or found
            is_proven = _is_proven(found, signature, body)
        status = await _zettle(state.receiving, found, body, received, is_proven=is_proven)
        addresses.keep(Platform.ZETTLE, hook_key, found, status)
        addresses.note(hook_key, source, status)
    await state.tally.note(state.deps, Platform.ZETTLE, status, received)
    return _answer(state.metrics, "zettle", status)


async def _zettle(
    receiving: Receiving, found: Addressed, body: bytes, received: Reports, *, is_proven: bool
) -> int:
    if len(body) > LARGE and not is_proven:
        received.connection_id = found.connection.id
        return 401
    try:
        event = till_events.read(body)
    except till_events.MalformedError:
        return 400
    if isinstance(event, till_events.TestMessage):
        # The signing key is not known yet, and the message asks for nothing (zettle facts 4.2).
        return 200
    received.connection_id = found.connection.id
    ours = event.envelope.organization_uuid in {"", found.connection.organization.uuid}
    if not ours or not is_proven:
        return 401
    return 200 if await receiving.save_zettle(found.connection.id, event, body) else 404


def _is_proven(found: Addressed, signature: str, body: bytes) -> bool:
    return any(till_events.verify(key, signature, body) for key in found.keys)


async def _stray_zettle(tx: Tx, signature: str, body: bytes) -> int:
    """The active connection for which a message to a wrong address is genuine. 0: none."""
    try:
        event = till_events.read(body)
    except till_events.MalformedError:
        return 0
    if isinstance(event, till_events.TestMessage) or not event.envelope.organization_uuid:
        return 0
    connection = await connections.by_organization(tx, event.envelope.organization_uuid)
    keys = (
        await subscriptions.signing_keys(tx, connection.id, Platform.ZETTLE) if connection else ()
    )
    proven = any(till_events.verify(key, signature, body) for key in keys)
    return connection.id if connection is not None and proven else 0


# ---- BigCommerce (bigcommerce facts 6) -----------------------------------------------------------


@post(
    "/hooks/bigcommerce/{hook_key:str}",
    status_code=200,
    opt={BODY: HOOK},
    exclude_from_csrf=True,
    skip_session=True,
)
async def bigcommerce(request: AnyRequest) -> ASGIApp:
    state, hook_key = request.app.state, str(request.path_params["hook_key"])
    addresses: Addresses = state.addresses
    source, headers = source_of(request), dict(request.headers)
    found = await addresses.find(Platform.BIGCOMMERCE, hook_key, source)
    if found is not None and not _is_secret(found, headers):
        found = await addresses.again(Platform.BIGCOMMERCE, hook_key, found)
    _named(found)
    received = Reports(found=found)
    if found is None or found.connection.shop is None:
        body = await _small_body(request) if shop_events.SECRET_HEADER.lower() in headers else b""
        status = await _astray(state, _stray_shop, headers, body, received)
    elif not _is_secret(found, headers):
        received.connection_id, status = found.connection.id, 401
    else:
        addresses.keep(Platform.BIGCOMMERCE, hook_key, found)
        with addresses.reading(hook_key, source):
            body = await request.body()
        status = await _bigcommerce(state.receiving, found, headers, body, received)
    if found is not None:
        addresses.keep(Platform.BIGCOMMERCE, hook_key, found, status)
        addresses.note(hook_key, source, status)
    await state.tally.note(state.deps, Platform.BIGCOMMERCE, status, received)
    return _answer(state.metrics, "bigcommerce", status)


async def _bigcommerce(
    receiving: Receiving,
    found: Addressed,
    headers: dict[str, str],
    body: bytes,
    received: Reports,
) -> int:
    deps, shop = receiving.deps, found.connection.shop
    received.connection_id = found.connection.id
    if not _is_secret(found, headers):
        return 401
    try:
        event = shop_events.read(body)
    except shop_events.MalformedError:
        received.connection_id = 0
        return 400
    received.is_signed = shop_events.is_signed(
        headers, body, deps.settings.bigcommerce_client_secret, deps.clock.now()
    )
    if shop is None or event.envelope.store_hash != shop.store_hash:
        return 401
    return 200 if await receiving.save_bigcommerce(found.connection.id, event, body) else 404


def _is_secret(found: Addressed, headers: dict[str, str]) -> bool:
    return any(shop_events.bears_secret(headers, secret) for secret in found.keys)


async def _stray_shop(tx: Tx, headers: dict[str, str], body: bytes) -> int:
    """The active connection for which a message to a wrong address is genuine. 0: none."""
    try:
        event = shop_events.read(body)
    except shop_events.MalformedError:
        return 0
    connection = await connections.by_store(tx, event.envelope.store_hash)
    keys = (
        await subscriptions.signing_keys(tx, connection.id, Platform.BIGCOMMERCE)
        if connection
        else ()
    )
    proven = any(shop_events.bears_secret(headers, key) for key in keys)
    return connection.id if connection is not None and proven else 0


# ---- Both ----------------------------------------------------------------------------------------


def _named(found: Addressed | None) -> Addressed | None:
    """Each later log line of the request names the connection."""
    if found is not None:
        structlog.contextvars.bind_contextvars(connection=found.connection.id)
    return found


async def _small_body(request: AnyRequest) -> bytes:
    """The body of a message to an address that belongs to nobody. b"" for one larger than nearly
    every message.
    """
    length = announced(request.scope)
    return await request.body() if length is not None and length <= LARGE else b""


async def _astray(
    state: State,
    prove: Callable[[Tx, Any, bytes], Awaitable[int]],
    proof: Any,
    body: bytes,
    received: Reports,
) -> int:
    """Answers 404, and counts the message for its connection where it is genuine."""
    if body:
        deps: WebDeps = state.deps
        async with deps.database.read() as tx:
            received.connection_id = await prove(tx, proof, body)
    return 404


def _answer(metrics: Metrics, platform: str, status: int) -> ASGIApp:
    """An answer with a status only: it has no body."""
    metrics.webhooks.labels(platform, str(status)).inc()
    return ASGIResponse(status_code=status, media_type=MediaType.TEXT)
