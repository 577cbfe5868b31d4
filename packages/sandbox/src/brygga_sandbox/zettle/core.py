"""What all hosts of the Zettle sandbox share: state, clock, random generators, switches, tokens,
and the access checks.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from brygga_sandbox.clock import Clock
from brygga_sandbox.faults import Faults, Rule
from brygga_sandbox.fetching import Fetch, unreachable
from brygga_sandbox.http import Answer, Handler, Request, Response
from brygga_sandbox.outbox import Outbox, Post
from brygga_sandbox.requests import Requests
from brygga_sandbox.zettle.answers import bad_token, no_scope, refusal, with_body, wrong_version
from brygga_sandbox.zettle.ids import Ids, is_uuid, version
from brygga_sandbox.zettle.state import ApiKey, App, Code, Grant, Organization, Picture, Token
from brygga_sandbox.zettle.switches import Switches

ACCESS_TOKEN_S = 7200  # 1.3
REFRESH_TOKEN_S = 180 * 86_400  # 1.3
ABSENT = {
    "partial": "no call of Zettle that a client makes is documented to succeed in part",
    "stale_inventory": (
        "no document of Zettle speaks of balances that lag behind; webhooks can be "
        "late, see /sandbox/weather"
    ),
}


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of the Zettle sandbox.

    `insecure_destinations` allows webhooks to http:// addresses, for a demo on one machine; Zettle
    itself requires https (4.1). `inventory_per_s` and `inventory_burst` are the inventory host's
    limit (7); the burst is our reading of "on average". `image_source` draws pictures that nobody
    registered; None from it is 404.
    """

    insecure_destinations: bool = False
    inventory_per_s: float = 4.0
    inventory_burst: float = 8.0
    image_source: Callable[[str], tuple[bytes, str] | None] | None = None
    keep_requests: int = 1000


@dataclass(slots=True)
class Caller:
    """The caller: the organization, the app, the user, and the scopes of the token."""

    organization: Organization
    client_id: str
    user: str
    scopes: tuple[str, ...]


Guarded = Callable[[Request, Caller], Awaitable[Response]]


@dataclass(slots=True)
class Core:
    """Everything in one Zettle sandbox."""

    clock: Clock
    dice: random.Random
    post: Post
    config: Config
    switches: Switches = field(default_factory=Switches)
    fetch: Fetch = unreachable
    ids: Ids = field(init=False)
    faults: Faults = field(init=False)
    requests: Requests = field(init=False)
    outbox: Outbox = field(init=False)
    organizations: dict[str, Organization] = field(default_factory=dict)
    apps: dict[str, App] = field(default_factory=dict)
    grants: dict[tuple[str, str], Grant] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    access_tokens: dict[str, Token] = field(default_factory=dict)
    refresh_tokens: dict[str, Token] = field(default_factory=dict)
    api_keys: dict[str, ApiKey] = field(default_factory=dict)
    pictures: dict[str, Picture] = field(default_factory=dict)
    errands: set["asyncio.Task[None]"] = field(default_factory=set)

    def __post_init__(self) -> None:
        # Each use of chance has its own random generator, so that a fault rule or a delivery fault
        # does not change the ids that follow.
        self.ids = Ids(random.Random(self.dice.getrandbits(64)))
        speakers = {
            "429": self.say_too_many,
            "token_expired": say_expired,
            "token_revoked": say_revoked,
        }
        self.faults = Faults(self.clock, random.Random(self.dice.getrandbits(64)), speakers, ABSENT)
        self.outbox = Outbox(self.clock, self.post, random.Random(self.dice.getrandbits(64)))
        self.requests = Requests(self.config.keep_requests)

    def now(self) -> float:
        return self.clock.now()

    def later(self, moment: float, act: Callable[[], None]) -> None:
        """Run the action at a time on the sandbox's clock. Needs a running event loop."""

        async def wait() -> None:
            await self.clock.sleep(moment - self.now())
            act()

        task = asyncio.get_running_loop().create_task(wait())
        self.errands.add(task)
        task.add_done_callback(self.errands.discard)

    def uuid1(self) -> str:
        return self.ids.uuid1(self.now())

    # -- access checks

    async def around(self, request: Request, handler: Handler) -> Response:
        """Apply faults and count the call, for every call that is not a control call."""
        status, client = 0, None
        token = self.access_tokens.get(request.bearer() or "")
        if token:
            client = token.grant.client_id
        try:
            answer = await self.faults.around(request, handler)
            status = answer.status
            if status in {401, 403} and not answer.body:
                answer = with_body(answer, self.switches.refusal_bodies)
        finally:
            self.requests.note(request, status, client)
        return answer

    def guarded(
        self, scope: str | None, handler: Guarded, body: str = "application/json"
    ) -> Handler:
        """The handler behind a token with that scope. An {org} in the path must be `self` or the
        token's own.

        415 for a body that does not declare the type that the call accepts (1.1).
        """

        async def inside(request: Request) -> Response:
            caller = self.caller(request)
            if scope and scope not in caller.scopes:
                return no_scope()
            named = request.params.get("org", "self")
            if named not in {"self", caller.organization.uuid}:
                return no_scope()
            kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
            if request.body and request.method != "GET" and kind != body:
                return refusal(415, "HTTP 415 Unsupported Media Type")
            return await handler(request, caller)

        return inside

    def caller(self, request: Request) -> Caller:
        """The caller. Answers 401 for a token that is missing, unknown, revoked or expired."""
        text = request.bearer()
        token = self.access_tokens.get(text) if text else None
        if token is None or not token.alive:
            raise Answer(
                bad_token(
                    "ACCESS_TOKEN_INVALID" if text else "ACCESS_TOKEN_MISSING", "invalid_token"
                )
            )
        if token.expires <= self.now():
            oauth = request.path.startswith("/oauth/")
            raise Answer(
                bad_token("The access token has expired" if oauth else "ACCESS_TOKEN_EXPIRED")
            )
        organization = self.organizations[token.grant.organization]
        return Caller(organization, token.grant.client_id, token.grant.user, token.scopes)

    def limited(self, handler: Guarded) -> Guarded:
        """The handler behind the inventory host's limit: calls a second on average, continuously
        measured (7).
        """

        async def inside(request: Request, caller: Caller) -> Response:
            organization, now = caller.organization, self.now()
            earned = max(0.0, now - organization.tokens_at) * self.config.inventory_per_s
            organization.tokens_left = min(
                self.config.inventory_burst, organization.tokens_left + earned
            )
            organization.tokens_at = now
            if organization.tokens_left < 1:
                return self.too_many()
            organization.tokens_left -= 1
            return await handler(request, caller)

        return inside

    def too_many(self) -> Response:
        response = refusal(429, "Too many requests")
        return response.header("Retry-After", "1") if self.switches.retry_after else response

    def say_too_many(self, rule: Rule, request: Request) -> Response:
        response = refusal(429, "Too many requests")
        if "retry_after" in rule.params:
            response.header("Retry-After", str(rule.params["retry_after"]))
        for name, value in rule.params.get("headers", {}).items():
            response.header(name, str(value))
        return response

    def version_1(self, what: str, *uuids: object) -> None:
        """Answers 422 unless all are version-1 uuids (2.7)."""
        for value in uuids:
            if not is_uuid(value) or (
                version(str(value)) != 1 and not self.switches.any_uuid_version
            ):
                raise Answer(wrong_version(what))


def say_expired(rule: Rule, request: Request) -> Response:
    """401 as for an expired token (two hours)."""
    return bad_token()


def say_revoked(rule: Rule, request: Request) -> Response:
    """401 as for a revoked token."""
    return bad_token("ACCESS_TOKEN_INVALID", "invalid_token")
