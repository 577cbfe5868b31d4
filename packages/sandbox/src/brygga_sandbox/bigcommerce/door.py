"""The access checks of the API: the token, the store, the remaining requests, and the faults."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from brygga_sandbox.faults import Faults, Rule
from brygga_sandbox.http import Cut, NoAnswer, Request, Response, Router, text_response
from brygga_sandbox.requests import Requests

from .fields import mistyped, unknown
from .media import Camera, Lens
from .quota import WINDOW_S, Quota
from .refusal import STATUS_CODES, Json, PlainRefusal, ProblemRefusal, Refusal, unfit, unsupported
from .render import View
from .shapes import WHOLE

if TYPE_CHECKING:
    from .apps import Apps, Grant
    from .hooks import Hooks
    from .state import Store

BARE = "x-sandbox-bare"
STORES = "/api/stores/{store_hash}"
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_DECODER = msgspec.json.Decoder(float_hook=Decimal)


def encoded(value: Any) -> bytes:
    """JSON with decimals as numbers."""
    return _ENCODER.encode(value)


def decoded(body: bytes) -> Any:
    """JSON with exact decimals, or 400 (bigcommerce facts 3.4)."""
    try:
        return _DECODER.decode(body)
    except (ValueError, RecursionError) as wrong:
        raise Refusal(400, "Input is invalid", detail="Syntax error") from wrong


def answer(value: Any, status: int = 200, kind: str = "application/json") -> Response:
    """A JSON answer."""
    return Response(status, encoded(value), [("Content-Type", kind)])


def nothing() -> Response:
    """204."""
    return Response(204)


def v2_refusal(refusal: Refusal) -> Response:
    """A refusal in the array form of v2 (bigcommerce facts 9)."""
    row: Json = {"status": refusal.status, "message": refusal.title}
    if refusal.errors:
        row["details"] = refusal.errors
    return answer([row], refusal.status)


def refused(refusal: Refusal, *, v2: bool = False) -> Response:
    """The answer of a refusal in the form of its API."""
    if isinstance(refusal, PlainRefusal):
        return answer(refusal.body(), refusal.status)
    if v2:
        return v2_refusal(refusal)
    problem = isinstance(refusal, ProblemRefusal)
    return answer(
        refusal.body(),
        refusal.status,
        "application/problem+json" if problem else "application/json",
    )


@dataclass(slots=True)
class Call:
    """One authorised request to the API."""

    request: Request
    store: Store
    client: str
    hooks: Hooks
    camera: Camera | Lens
    faults: Faults
    base: str
    acknowledged: list[Callable[[], None]] = field(default_factory=list)
    """This runs only if the client gets the handler's answer."""

    def body(self) -> Any:
        """The JSON body. 415 for a body that is not declared as JSON (bigcommerce facts 0, 9)."""
        kind = self.request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if self.request.body and kind != "application/json":
            raise Refusal(415, "Unsupported Media Type", {})
        value = decoded(self.request.body)
        self.check(value)
        return value

    def check(self, body: Any) -> None:
        """Refuse a field that the operation does not know, or of the wrong type (bigcommerce facts
        3.3).
        """
        path = self.request.template.removeprefix(STORES)
        shape = WHOLE.get((self.request.method, path))
        if self.store.switches.unknown_fields == "refuse" and (errors := unknown(body, shape)):
            raise unsupported(path, errors)
        if errors := mistyped(body, shape):
            raise unfit(path, errors)

    def param(self, name: str) -> str:
        """One value of the path."""
        return self.request.params[name]

    def view(self, **more: Any) -> View:
        """The product as a read shows it, with stock as of the read lag (bigcommerce facts 5.2)."""
        sellable = self.store.switches.catalog_level == "available_to_sell"
        return View(f"{self.base}/cdn", self.moment(), sellable=sellable, **more)

    def moment(self) -> float:
        """The time whose stock numbers a read shows. A fault can make them older."""
        rule = self.faults.hits("stale_inventory", self.request)
        late = float(rule.params.get("seconds", 3)) if rule else 0.0
        return self.store.now() - max(self.store.lag(), late)

    def hit(self, kind: str) -> Rule | None:
        """The special fault of that kind, if it fires for this request."""
        return self.faults.hits(kind, self.request)


Handler = Callable[[Call], Awaitable[Response]]
Route = tuple[str, str, str | None, Handler]


def throttled(rule: Rule, request: Request) -> Response:
    """429 by fault. It has no headers (the platform under load), unless the rule has `headers` or
    `retry_after`.
    """
    response = too_many()
    bare = not ({"headers", "retry_after"} & set(rule.params))
    response.header(BARE, "bare" if bare else "full")
    if "retry_after" in rule.params:
        response.header("X-Retry-After", str(rule.params["retry_after"]))
    extra = rule.params.get("headers")
    for name, value in extra.items() if isinstance(extra, dict) else ():
        response.header(name, str(value))
    return response


def too_many(body: str = "json") -> Response:
    """429."""
    if body == "empty":
        return Response(429)
    return answer({"status": 429, "title": "Too Many Requests", "type": STATUS_CODES}, 429)


def broken(rule: Rule, request: Request) -> Response:
    """A server error, as JSON."""
    status = int(rule.params.get("status", 500))
    return answer(
        {"status": status, "title": "Internal Server Error", "type": STATUS_CODES}, status
    )


def dead_token(rule: Rule, request: Request) -> Response:
    """401 by fault."""
    return text_response("Unauthorized", 401)


SPEAKERS = {
    "429": throttled, "5xx_before": broken, "5xx_after": broken, "token_expired": dead_token,
    "token_revoked": dead_token,
}  # fmt: skip


class Door:
    """Checks calls before their handlers run."""

    def __init__(
        self,
        *,
        stores: Mapping[str, Store],
        apps: Apps,
        hooks: Mapping[str, Hooks],
        camera: Camera,
        faults: Faults,
        requests: Requests,
        busy_s: float = 0.0,
    ) -> None:
        self.stores = stores
        self.apps = apps
        self.hooks = hooks
        self.camera = camera
        self.faults = faults
        self.requests = requests
        self.quotas: dict[str, Quota] = {}
        self.busy: dict[tuple[str, str], int] = {}
        """How many calls run now in a serial group of a store."""
        self.busy_s = busy_s
        self.public_url = ""

    def mount(self, router: Router, routes: Iterable[Route]) -> None:
        """Put API routes behind the access checks."""
        for method, path, scope, handler in routes:
            router.add(method, STORES + path, self.guard(scope, handler))

    def guard(
        self, scope: str | None, handler: Handler
    ) -> Callable[[Request], Awaitable[Response]]:
        """The handler, behind token, quota, faults and scope."""

        async def enter(request: Request) -> Response:
            store = self.stores.get(request.params["store_hash"])
            grant = self.apps.grants.get(request.headers.get("x-auth-token", ""))
            if store is None or grant is None or store.settings.status != "live":
                response = self.turned_away(request, store)
                self.requests.note(request, response.status, grant.client_id if grant else None)
                return response
            try:
                response = await self.counted(request, store, grant, scope, handler)
            except (Cut, NoAnswer):
                self.requests.note(request, 0, grant.client_id)
                raise
            self.requests.note(request, response.status, grant.client_id)
            return response

        return enter

    def turned_away(self, request: Request, store: Store | None) -> Response:
        """401 for an invalid or unknown token, 503 for a store that is closed (bigcommerce facts
        1.8, 9). Neither uses up the quota.
        """
        if store is None:
            return text_response("Unauthorized", 401)
        was_good = request.headers.get("x-auth-token", "") in self.apps.dead
        status = store.switches.dead_token_status if was_good else 401
        if store.settings.status != "live":
            closed = store.switches.closed_store_status
            response = answer(
                {"status": closed, "title": "The store is not available", "type": STATUS_CODES},
                closed,
            )
        elif store.switches.unauthorized_body == "json" or status != 401:
            title = {401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}[status]
            response = answer(
                {"status": status, "title": title, "type": STATUS_CODES, "errors": {}}, status
            )
        else:
            response = text_response("Unauthorized", 401)
        response.headers.extend(self.quota(store).headers(store.now(), store.settings.quota))
        return response

    def quota(self, store: Store) -> Quota:
        """The quota window of that store."""
        return self.quotas.setdefault(store.hash, Quota())

    def missing(self, request: Request, allowed: tuple[str, ...]) -> Response:
        """404 and 405. Under a store's address they cost a request like any other, and carry its
        headers.
        """
        parts = request.path.split("/")
        store = (
            self.stores.get(parts[3])
            if parts[1:3] == ["api", "stores"] and len(parts) > 3
            else None
        )
        if store is None:
            return no_route(request, allowed)
        grant = self.apps.grants.get(request.headers.get("x-auth-token", ""))
        request.template = "(no such route)"
        if grant is None or store.settings.status != "live":
            response = self.turned_away(request, store)
        else:
            taken = self.quota(store).take(store.now(), store.settings.quota)
            response = no_route(request, allowed) if taken else self.over_quota(store)
            response.headers.extend(self.quota(store).headers(store.now(), store.settings.quota))
        self.requests.note(request, response.status, grant.client_id if grant else None)
        return response

    def over_quota(self, store: Store) -> Response:
        """429, with the seconds until the quota refreshes (bigcommerce facts 2.1)."""
        response = too_many(store.switches.throttled_body)
        if store.switches.retry_after_header:
            wait = self.quota(store).started + WINDOW_S - store.now()
            response.header("X-Retry-After", str(max(1, math.ceil(wait))))
        return response

    async def counted(
        self, request: Request, store: Store, grant: Grant, scope: str | None, handler: Handler
    ) -> Response:
        """Take one request from the quota, and put the four headers on its answer."""
        size, quota = store.settings.quota, self.quota(store)
        if not quota.take(store.now(), size):
            response = self.over_quota(store)
        elif grant.store_hash != store.hash:
            response = refused(Refusal(403, "The token belongs to another store", {}))
        else:
            response = await self.faulty(request, store, grant, scope, handler)
        marks = [value for name, value in response.headers if name == BARE]
        without_marks(response)
        if marks == ["bare"]:
            return response
        headers = quota.headers(store.now(), size)
        if marks == ["full"]:
            headers[3] = (headers[3][0], "0")
        response.headers.extend(headers)
        return response

    async def faulty(
        self, request: Request, store: Store, grant: Grant, scope: str | None, handler: Handler
    ) -> Response:
        """The handler's answer, unless a fault replaces it."""
        base = self.public_url or request.base_url
        call = Call(
            request, store, grant.client_id, self.hooks[store.hash], self.camera, self.faults, base
        )
        call.camera = Lens(self.camera, lambda: call.hit("image_missing") is not None)
        own: list[Response] = []

        async def inside(asked: Request) -> Response:
            own.append(await self.alone(call, grant, scope, handler))
            return own[0]

        response = await self.faults.around(request, inside)
        if own and response is own[0] and response.status < 300:
            for note in call.acknowledged:
                note()
        return response

    async def alone(
        self, call: Call, grant: Grant, scope: str | None, handler: Handler
    ) -> Response:
        """The handler's answer. For calls that must not run side by side, a call that comes too
        early gets 429 without headers.
        """
        serial_group, width = group_of(call.request)
        if not serial_group or call.store.switches.parallel_calls == "accept":
            return await self.handled(call, grant, scope, handler)
        key = (call.store.hash, serial_group)
        if self.busy.get(key, 0) >= width:
            return too_many(call.store.switches.throttled_body).header(BARE, "bare")
        self.busy[key] = self.busy.get(key, 0) + 1
        try:
            # At least one turn of the loop, so that calls sent together overlap.
            await (call.store.clock.sleep(self.busy_s) if self.busy_s > 0 else asyncio.sleep(0))
            return await self.handled(call, grant, scope, handler)
        finally:
            self.busy[key] -= 1

    async def handled(
        self, call: Call, grant: Grant, scope: str | None, handler: Handler
    ) -> Response:
        """The handler's answer if the token's scopes allow it."""
        v2 = "/v2/" in call.request.template
        try:
            if scope is not None and not granted(grant, scope, call.request.method):
                title = "You don't have a required scope to access the endpoint"
                raise Refusal(403, title, {})  # noqa: TRY301
            if not wants_json(call.request):
                raise Refusal(406, "Not Acceptable", {})  # noqa: TRY301
            return await handler(call)
        except Refusal as refusal:
            return refused(refusal, v2=v2)


SERIAL_GROUPS: Mapping[str, tuple[str, int]] = {
    "/v3/catalog/trees/{tree_id}/categories": ("nested trees", 1),
    "/v3/catalog/categories": ("categories", 40),
    "/v3/inventory/locations": ("locations", 50),
    "/v3/catalog/products/channel-assignments": ("channel assignments", 1),
    "/v3/inventory/adjustments/absolute": ("adjustments", 1),
    "/v3/inventory/adjustments/relative": ("adjustments", 1),
}
"""How many calls to these paths may run side by side (bigcommerce facts 2.1)."""


def group_of(request: Request) -> tuple[str, int]:
    """The serial group of a call and its width. The name is empty for a call that may run beside
    any other. Links may be read in parallel.
    """
    template = request.template.removeprefix(STORES)
    if request.method == "GET" and template.endswith("-assignments"):
        return "", 0
    return SERIAL_GROUPS.get(template, ("", 0))


def without_marks(response: Response) -> Response:
    """The answer without the internal marks in its headers."""
    response.headers = [pair for pair in response.headers if pair[0] != BARE]
    return response


def granted(grant: Grant, scope: str, method: str) -> bool:
    """True if the token has the scope itself, or its read-only half and this call only reads
    (bigcommerce facts 1.6).
    """
    reads = method in {"GET", "HEAD"}
    return scope in grant.scopes or (reads and f"{scope}_read_only" in grant.scopes)


def wants_json(request: Request) -> bool:
    """False for a client that does not accept JSON (bigcommerce facts 0, 9)."""
    kinds = {
        part.partition(";")[0].strip().lower()
        for part in request.headers.get("accept", "*/*").split(",")
    }
    return bool(
        kinds & {"*/*", "application/*", "application/json", "application/problem+json", ""}
    )


def no_route(request: Request, allowed: tuple[str, ...]) -> Response:
    """404 and 405 as the platform writes them."""
    if allowed:
        response = answer({"status": 405, "title": "Method Not Allowed", "type": STATUS_CODES}, 405)
        return response.header("Allow", ", ".join(allowed))
    return answer(
        {"status": 404, "title": "The route is not found, check the URL", "type": STATUS_CODES}, 404
    )
