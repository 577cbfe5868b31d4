"""The door of the API: whose token, which store, how many requests are left, and what goes wrong on purpose."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from brygga.sandbox.faults import Faults, Rule
from brygga.sandbox.http import Cut, NoAnswer, Request, Response, Router, text_response
from brygga.sandbox.requests import Requests

from .refusal import STATUS_CODES, Json, PlainRefusal, ProblemRefusal, Refusal
from .render import View

if TYPE_CHECKING:
    from .apps import Apps, Grant
    from .hooks import Hooks
    from .media import Camera
    from .state import Store

WINDOW_S = 30
BARE = "x-sandbox-bare"
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_DECODER = msgspec.json.Decoder(float_hook=Decimal)


def encoded(value: Any) -> bytes:
    """JSON with decimals as numbers."""
    return _ENCODER.encode(value)


def decoded(body: bytes) -> Any:
    """JSON with exact decimals, or 400 (bigcommerce facts 3.4)."""
    try:
        return _DECODER.decode(body)
    except ValueError as wrong:
        raise Refusal(400, "Input is invalid", detail="Syntax error") from wrong


def answer(value: Any, status: int = 200, kind: str = "application/json") -> Response:
    """A JSON answer."""
    return Response(status, encoded(value), [("Content-Type", kind)])


def nothing() -> Response:
    """204."""
    return Response(204)


def v2_refusal(refusal: Refusal) -> Response:
    """A refusal in the array shape of v2 (bigcommerce facts 9)."""
    row: Json = {"status": refusal.status, "message": refusal.title}
    if refusal.errors:
        row["details"] = refusal.errors
    return answer([row], refusal.status)


def refused(refusal: Refusal, *, v2: bool = False) -> Response:
    """The answer of a refusal in the shape of its API."""
    if isinstance(refusal, PlainRefusal):
        return answer(refusal.body(), refusal.status)
    if v2:
        return v2_refusal(refusal)
    problem = isinstance(refusal, ProblemRefusal)
    return answer(refusal.body(), refusal.status, "application/problem+json" if problem else "application/json")


@dataclass(slots=True)
class Call:
    """One request to the API by an app that may make it."""

    request: Request
    store: Store
    client: str
    hooks: Hooks
    camera: Camera
    faults: Faults
    base: str
    acknowledged: list[Callable[[], None]] = field(default_factory=list)
    """Done only when the answer of the handler is the one the client gets."""

    def body(self) -> Any:
        """The JSON body."""
        return decoded(self.request.body)

    def param(self, name: str) -> str:
        """One value of the path."""
        return self.request.params[name]

    def view(self, **more: Any) -> View:
        """What a reader sees: stock as old as the lag makes it (bigcommerce facts 5.2)."""
        return View(f"{self.base}/cdn", self.moment(), **more)

    def moment(self) -> float:
        """The moment whose stock numbers a read shows; a fault can make them older still."""
        rule = self.faults.hits("stale_inventory", self.request)
        late = float(rule.params.get("seconds", 3)) if rule else 0.0
        return self.store.now() - max(self.store.lag(), late)

    def hit(self, kind: str) -> Rule | None:
        """The special fault of that kind, if it strikes this request."""
        return self.faults.hits(kind, self.request)


Handler = Callable[[Call], Awaitable[Response]]
Route = tuple[str, str, str | None, Handler]


class Quota:
    """The 30-second window of one store, shared by all its apps (bigcommerce facts 2.1)."""

    def __init__(self) -> None:
        self.started = float("-inf")
        self.used = 0

    def take(self, now: float, size: int) -> bool:
        """Use one request. False when none is left."""
        if now - self.started >= WINDOW_S:
            self.started, self.used = now, 0
        if self.used >= size:
            return False
        self.used += 1
        return True

    def headers(self, now: float, size: int) -> list[tuple[str, str]]:
        """The four headers of every answer."""
        reset = max(0, round((self.started + WINDOW_S - now) * 1000))
        return [
            ("X-Rate-Limit-Time-Window-Ms", str(WINDOW_S * 1000)),
            ("X-Rate-Limit-Time-Reset-Ms", str(reset)),
            ("X-Rate-Limit-Requests-Quota", str(size)),
            ("X-Rate-Limit-Requests-Left", str(max(0, size - self.used))),
        ]


def throttled(rule: Rule, request: Request) -> Response:
    """429 by fault: without any headers (the platform under load), unless the rule has `headers` or `retry_after`."""
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
    """A server's fault, as JSON."""
    status = int(rule.params.get("status", 500))
    return answer({"status": status, "title": "Internal Server Error", "type": STATUS_CODES}, status)


def dead_token(rule: Rule, request: Request) -> Response:
    """401 by fault."""
    return text_response("Unauthorized", 401)


SPEAKERS = {
    "429": throttled, "5xx_before": broken, "5xx_after": broken, "token_expired": dead_token, "token_revoked": dead_token,
}  # fmt: skip


class Door:
    """Lets calls in."""

    def __init__(
        self,
        *,
        stores: Mapping[str, Store],
        apps: Apps,
        hooks: Mapping[str, Hooks],
        camera: Camera,
        faults: Faults,
        requests: Requests,
    ) -> None:
        self.stores = stores
        self.apps = apps
        self.hooks = hooks
        self.camera = camera
        self.faults = faults
        self.requests = requests
        self.quotas: dict[str, Quota] = {}
        self.public_url = ""

    def mount(self, router: Router, routes: Iterable[Route]) -> None:
        """Put API routes behind the door."""
        for method, path, scope, handler in routes:
            router.add(method, "/api/stores/{store_hash}" + path, self.guard(scope, handler))

    def guard(self, scope: str | None, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        """The handler, behind token, quota, faults and scope."""

        async def enter(request: Request) -> Response:
            store = self.stores.get(request.params["store_hash"])
            grant = self.apps.grants.get(request.headers.get("x-auth-token", ""))
            if store is None or grant is None or store.settings.status != "live":
                response = self.turned_away(store)
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

    def turned_away(self, store: Store | None) -> Response:
        """401 for a dead or unknown token, 503 for a store that is closed (bigcommerce facts 9)."""
        if store is not None and store.settings.status != "live":
            return answer({"status": 503, "title": "The store is not available", "type": STATUS_CODES}, 503)
        if store is not None and store.switches.unauthorized_body == "json":
            return answer({"status": 401, "title": "Unauthorized", "type": STATUS_CODES, "errors": {}}, 401)
        return text_response("Unauthorized", 401)

    async def counted(
        self, request: Request, store: Store, grant: Grant, scope: str | None, handler: Handler
    ) -> Response:
        """One request of the quota, with the four headers on its answer."""
        size, quota = store.settings.quota, self.quotas.setdefault(store.hash, Quota())
        if not quota.take(store.now(), size):
            response = too_many(store.switches.throttled_body)
            if store.switches.retry_after_header:
                response.header("X-Retry-After", str(round(quota.started + WINDOW_S - store.now()) + 1))
        elif grant.store_hash != store.hash:
            response = refused(Refusal(403, "The token belongs to another store", {}))
        else:
            response = await self.faulty(request, store, grant, scope, handler)
        marks = [value for name, value in response.headers if name == BARE]
        response.headers = [pair for pair in response.headers if pair[0] != BARE]
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
        """The handler's answer, unless a fault puts another in its place."""
        base = self.public_url or request.base_url
        call = Call(request, store, grant.client_id, self.hooks[store.hash], self.camera, self.faults, base)
        own: list[Response] = []

        async def inside(asked: Request) -> Response:
            own.append(await self.handled(call, grant, scope, handler))
            return own[0]

        response = await self.faults.around(request, inside)
        if own and response is own[0] and response.status < 300:
            for note in call.acknowledged:
                note()
        return response

    async def handled(self, call: Call, grant: Grant, scope: str | None, handler: Handler) -> Response:
        """The handler's answer where the token's scopes allow it."""
        v2 = "/v2/" in call.request.template
        try:
            if scope is not None and not granted(grant, scope, call.request.method):
                title = "You don't have a required scope to access the endpoint"
                raise Refusal(403, title, {})  # noqa: TRY301
            return await handler(call)
        except Refusal as refusal:
            return refused(refusal, v2=v2)


def granted(grant: Grant, scope: str, method: str) -> bool:
    """True where the scope itself was given, or its read-only half and this only reads (bigcommerce facts 1.6)."""
    reads = method in {"GET", "HEAD"}
    return scope in grant.scopes or (reads and f"{scope}_read_only" in grant.scopes)


def no_route(request: Request, allowed: tuple[str, ...]) -> Response:
    """404 and 405 as the platform says them."""
    if allowed:
        return answer({"status": 405, "title": "Method Not Allowed", "type": STATUS_CODES}, 405)
    return answer({"status": 404, "title": "The route is not found, check the URL", "type": STATUS_CODES}, 404)
