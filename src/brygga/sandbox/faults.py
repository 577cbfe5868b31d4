"""Faults on purpose: rules that say which requests go wrong, how, and how often.

General kinds act here, around a handler. Kinds that only a platform can act out (a batch refused, a stale read) are asked for by its
handlers with `hits`.

    429              refused before any effect; params: retry_after, headers
    5xx_before       fails before the effect; params: status
    5xx_after        fails after the effect; params: status
    timeout_before   no answer, no effect; params: seconds
    timeout_after    no answer, but the effect; params: seconds
    cut_before       the connection is cut, no effect
    cut_after        the connection is cut after the effect
    html             an HTML page instead of JSON, before the effect; params: status
    slow             answers late; params: seconds
    token_expired, token_revoked                          401 as the platform writes it
    batch_refused, partial, stale_inventory, image_missing, ...    acted out by the platform
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from brygga.sandbox.clock import Clock
from brygga.sandbox.http import (
    Cut,
    Handler,
    NoAnswer,
    Request,
    Response,
    Router,
    html_response,
    json_response,
    text_response,
)

BEFORE = frozenset({"429", "5xx_before", "timeout_before", "cut_before", "html", "token_expired", "token_revoked"})
AFTER = frozenset({"5xx_after", "timeout_after", "cut_after"})
GENERAL = BEFORE | AFTER | {"slow"}
SPECIAL = frozenset({"batch_refused", "partial", "stale_inventory", "image_missing"})


@dataclass(slots=True)
class Rule:
    """One thing that goes wrong: for requests that match, with a probability or for the next few, after skipping some."""

    kind: str
    method: str = "*"
    path: str = "*"
    probability: float = 1.0
    next: int | None = None
    skip: int = 0
    params: dict[str, Any] = field(default_factory=dict)
    fired: int = 0

    def matches(self, request: Request) -> bool:
        """Method and path fit; the path pattern may speak of the path itself or of its template."""
        if self.method not in {"*", request.method}:
            return False
        return fnmatchcase(request.path, self.path) or fnmatchcase(request.template, self.path)

    def fires(self, dice: random.Random) -> bool:
        """Whether it goes wrong this time. Uses up one of `next`."""
        if self.next is not None and self.next <= 0:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.probability < 1.0 and dice.random() >= self.probability:
            return False
        if self.next is not None:
            self.next -= 1
        self.fired += 1
        return True


Speaker = Callable[[Rule, Request], Response]


def too_many(rule: Rule, request: Request) -> Response:
    """429, with Retry-After when the rule has `retry_after`, and any `headers` it has."""
    response = text_response("Too Many Requests", 429)
    if "retry_after" in rule.params:
        response.header("Retry-After", str(rule.params["retry_after"]))
    for name, value in rule.params.get("headers", {}).items():
        response.header(name, str(value))
    return response


def server_fault(rule: Rule, request: Request) -> Response:
    """500, or the status the rule has."""
    return text_response("Internal Server Error", int(rule.params.get("status", 500)))


def page(rule: Rule, request: Request) -> Response:
    """A web page where JSON was expected, as proxies in front of APIs send them."""
    return html_response(
        "<!doctype html><title>Sorry</title><h1>Please try again</h1>", int(rule.params.get("status", 200))
    )


def refused_token(rule: Rule, request: Request) -> Response:
    """401 without a word; a platform writes its own."""
    return text_response("Unauthorized", 401)


DEFAULTS: Mapping[str, Speaker] = {
    "429": too_many,
    "5xx_before": server_fault,
    "5xx_after": server_fault,
    "html": page,
    "token_expired": refused_token,
    "token_revoked": refused_token,
}


class Faults:
    """The rules in force at one platform. `speakers` are the platform's own words for a kind, in place of the plain ones."""

    def __init__(self, clock: Clock, dice: random.Random, speakers: Mapping[str, Speaker] | None = None) -> None:
        self.clock = clock
        self.dice = dice
        self.speakers = {**DEFAULTS, **(speakers or {})}
        self.rules: list[Rule] = []

    def add(self, kind: str, **rule: Any) -> Rule:
        """Put a rule in force. Raises ValueError for an unknown kind."""
        if kind not in GENERAL and kind not in SPECIAL:
            raise ValueError(f"there is no fault {kind!r}; there are {', '.join(sorted(GENERAL | SPECIAL))}")
        self.rules.append(Rule(kind, **rule))
        return self.rules[-1]

    def clear(self) -> None:
        """Heal everything."""
        self.rules.clear()

    def hits(self, kind: str, request: Request) -> Rule | None:
        """The rule of that kind that fires for this request. For what a platform must act out itself."""
        if not self.rules:
            return None
        return next((r for r in self.rules if r.kind == kind and r.matches(request) and r.fires(self.dice)), None)

    async def around(self, request: Request, handler: Handler) -> Response:
        """The answer of the handler, unless a general fault fires; one fault a request, besides slowness."""
        if not self.rules:
            return await handler(request)
        for rule in list(self.rules):
            if rule.kind not in GENERAL or not rule.matches(request) or not rule.fires(self.dice):
                continue
            if rule.kind == "slow":
                await self.clock.sleep(float(rule.params.get("seconds", 5)))
                continue
            return await self.strike(rule, request, handler)
        return await handler(request)

    async def strike(self, rule: Rule, request: Request, handler: Handler) -> Response:
        """Let one fault happen, before or after the handler's effect."""
        if rule.kind in AFTER:
            await handler(request)
        if rule.kind.startswith("cut"):
            raise Cut
        if rule.kind.startswith("timeout"):
            await self.clock.sleep(float(rule.params.get("seconds", 60)))
            raise NoAnswer
        return self.speakers[rule.kind](rule, request)

    def as_json(self) -> list[dict[str, Any]]:
        """The rules in force and how often each has fired."""
        return [asdict(rule) for rule in self.rules]


def mount_faults(router: Router, faults: Faults) -> None:
    """GET, POST (a list of rules, or one, to add) and DELETE /sandbox/faults."""

    async def show(request: Request) -> Response:
        return json_response(faults.as_json())

    async def add(request: Request) -> Response:
        rules = request.json()
        try:
            for rule in rules if isinstance(rules, list) else [rules]:
                faults.add(**rule)
        except (TypeError, ValueError) as error:
            return json_response({"error": str(error)}, 400)
        return json_response(faults.as_json())

    async def clear(request: Request) -> Response:
        faults.clear()
        return Response(204)

    router.add("GET", "/sandbox/faults", show, control=True)
    router.add("POST", "/sandbox/faults", add, control=True)
    router.add("DELETE", "/sandbox/faults", clear, control=True)
