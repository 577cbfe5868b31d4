"""Fault injection: rules that say which requests fail, how, and how often.

This module carries out the general kinds, around a handler. Kinds that only a platform can carry
out (a batch refused, a stale read) are read by its handlers with `hits`.

    429              refused before any effect; params: retry_after, headers
    5xx_before       fails before the effect; params: status
    5xx_after        fails after the effect; params: status
    timeout_before   no answer, no effect; params: seconds (60)
    timeout_after    no answer, but the effect; params: seconds (60)
    cut_before       the connection is cut, no effect
    cut_after        the connection is cut after the effect
    html             an HTML page instead of JSON, before the effect; params: status
    hollow           an answer without content, before the effect; params: answer, one of `HOLLOWS`
    slow             answers late; params: seconds (5)
    token_expired, token_revoked                          401 as the platform writes it
    batch_refused, partial, stale_inventory, image_missing    the platform does it, if it has them

A rule fires for a number of requests (`next`), for a number of seconds (`lasts_s`), or until it is
removed.

A rule with a typing error is refused when it is added, and no call meets it.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from math import isfinite
from typing import Any

from brygga_sandbox.clock import Clock
from brygga_sandbox.http import (
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

BEFORE = frozenset(
    {
        "429",
        "5xx_before",
        "timeout_before",
        "cut_before",
        "html",
        "hollow",
        "token_expired",
        "token_revoked",
    }
)
AFTER = frozenset({"5xx_after", "timeout_after", "cut_after"})
GENERAL = BEFORE | AFTER | {"slow"}
SPECIAL = frozenset({"batch_refused", "partial", "stale_inventory", "image_missing"})
JSON_TYPE = ("Content-Type", "application/json")
HOLLOWS: Mapping[str, tuple[int, bytes]] = {
    "empty": (200, b""),
    "no_content": (204, b""),
    "empty_list": (200, b"[]"),
    "null": (200, b"null"),
    "empty_object": (200, b"{}"),
    "empty_envelope": (200, b'{"data":[],"meta":{}}'),
    "counted_empty": (
        200,
        b'{"data":[],"meta":{"pagination":{"total":0,"count":0,"current_page":1,"total_pages":0}}}',
    ),
    "page": (200, b""),
    "cut": (200, b""),
    "not_found": (404, b""),
    "not_tracked": (
        400,
        (
            b'{"errorType":"PRODUCT_NOT_TRACKED","developerMessage":"Product is not tracked",'
            b'"violations":[]}'
        ),
    ),
}
"""Answers without content: status and body. `page` is a web page with 200, `cut` the right answer
without its second half.
"""
METHODS = frozenset({"*", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
PARAMS: Mapping[str, frozenset[str]] = {
    "429": frozenset({"retry_after", "headers"}),
    "5xx_before": frozenset({"status"}),
    "5xx_after": frozenset({"status"}),
    "html": frozenset({"status"}),
    "hollow": frozenset({"answer"}),
    "timeout_before": frozenset({"seconds"}),
    "timeout_after": frozenset({"seconds"}),
    "slow": frozenset({"seconds"}),
    "stale_inventory": frozenset({"seconds"}),
}
"""The `params` of each kind. Every rule may carry any of them, so that one set of params can serve
all kinds. The other kinds have none.
"""
_KNOWN_PARAMS = frozenset().union(*PARAMS.values())


@dataclass(slots=True)
class Rule:
    """One fault: for requests that match, with a probability or for the next few, after some
    skipped ones.
    """

    kind: str
    method: str = "*"
    path: str = "*"
    probability: float = 1.0
    next: int | None = None
    skip: int = 0
    params: dict[str, Any] = field(default_factory=dict)
    fired: int = 0
    lasts_s: float | None = None
    ends: float | None = None
    """The time at which it ends, on the sandbox's clock."""

    def check(self) -> None:
        """Raises ValueError for a rule that can never fire as it is written."""
        if self.method not in METHODS:
            raise ValueError(f"method is one of {', '.join(sorted(METHODS))}, not {self.method!r}")
        if not str(self.path).startswith(("/", "*")):
            raise ValueError(f"path is a pattern such as */products/*, not {self.path!r}")
        if not number_in(self.probability, 0, 1):
            raise ValueError(f"probability is a number from 0 to 1, not {self.probability!r}")
        for name, count in (("next", self.next), ("skip", self.skip)):
            if not (isinstance(count, int) and not isinstance(count, bool) and count >= 0) and (
                name,
                count,
            ) != (
                "next",
                None,
            ):
                raise ValueError(f"{name} is a whole number from 0, not {count!r}")
        if self.lasts_s is not None and not number_in(self.lasts_s, 0, 1e9):
            raise ValueError(f"lasts_s is a number of seconds from 0, not {self.lasts_s!r}")
        if self.kind == "hollow" and self.params.get("answer") not in HOLLOWS:
            raise ValueError(
                f"answer is one of {', '.join(HOLLOWS)}, not {self.params.get('answer')!r}"
            )
        check_params(self.params)

    def matches(self, request: Request) -> bool:
        """Method and path match. The path pattern may match the path itself or its template."""
        if self.method not in {"*", request.method}:
            return False
        return fnmatchcase(request.path, self.path) or fnmatchcase(request.template, self.path)

    def fires(self, dice: random.Random) -> bool:
        """Whether the fault fires now. Uses up one of `next`."""
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


def number_in(value: Any, low: float, high: float) -> bool:
    """True for a number within these bounds."""
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and isfinite(value)
        and low <= value <= high
    )


def check_params(params: Any) -> None:
    """Raises ValueError for params that no kind reads, or of the wrong type."""
    if not isinstance(params, dict) or set(params) - _KNOWN_PARAMS:
        raise ValueError(
            f"params is an object with any of {', '.join(sorted(_KNOWN_PARAMS))}, not {params!r}"
        )
    if not number_in(params.get("seconds", 0), 0, 1e9):
        raise ValueError(f"seconds is a number from 0, not {params['seconds']!r}")
    status = params.get("status", 500)
    if not isinstance(status, int) or isinstance(status, bool) or not 200 <= status <= 599:
        raise ValueError(f"status is an HTTP status from 200 to 599, not {status!r}")
    if params.get("answer", "empty") not in HOLLOWS:
        raise ValueError(f"answer is one of {', '.join(HOLLOWS)}, not {params['answer']!r}")
    retry = params.get("retry_after", 1)
    if not number_in(retry, 0, 1e9) and not (
        isinstance(retry, str) and retry.isprintable() and retry.isascii()
    ):
        raise ValueError(f"retry_after is a number of seconds or a date, not {retry!r}")
    headers = params.get("headers", {})
    if not isinstance(headers, dict) or not all(
        isinstance(part, str | int) and str(part).isascii() and str(part).isprintable()
        for pair in headers.items()
        for part in pair
    ):
        raise ValueError(f"headers is an object of texts, not {headers!r}")


Speaker = Callable[[Rule, Request], Response]


def too_many(rule: Rule, request: Request) -> Response:
    """429, with Retry-After if the rule has `retry_after`, and with the rule's `headers`."""
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
    """A web page instead of JSON, as proxies in front of APIs send it."""
    return html_response(
        "<!doctype html><title>Sorry</title><h1>Please try again</h1>",
        int(rule.params.get("status", 200)),
    )


def hollow(rule: Rule, request: Request) -> Response:
    """An answer without content, in one of its forms."""
    answer = str(rule.params["answer"])
    if answer == "page":
        return page(Rule("html"), request)
    status, body = HOLLOWS[answer]
    return Response(status, body, [JSON_TYPE] if body else [], is_fault=True)


def refused_token(rule: Rule, request: Request) -> Response:
    """401 without a body. A platform supplies its own."""
    return text_response("Unauthorized", 401)


DEFAULTS: Mapping[str, Speaker] = {
    "429": too_many,
    "5xx_before": server_fault,
    "5xx_after": server_fault,
    "html": page,
    "hollow": hollow,
    "token_expired": refused_token,
    "token_revoked": refused_token,
}


class Faults:
    """The rules in force at one platform. `speakers` are the platform's own answers for a kind.
    They replace the plain ones.
    """

    def __init__(
        self,
        clock: Clock,
        dice: random.Random,
        speakers: Mapping[str, Speaker] | None = None,
        absent: Mapping[str, str] | None = None,
    ) -> None:
        """`absent` gives the reason why this platform lacks a kind."""
        self.clock = clock
        self.absent = dict(absent or {})
        self.dice = dice
        self.speakers = {**DEFAULTS, **(speakers or {})}
        self.rules: list[Rule] = []

    def add(self, kind: str, **rule: Any) -> Rule:
        """Put a rule in force. Raises ValueError for an unknown kind, a kind that this platform
        lacks, and a rule that can never fire.
        """
        made = self.checked(kind, **rule)
        self.rules.append(made)
        return made

    def checked(self, kind: str, **rule: Any) -> Rule:
        """The rule, if it can be put in force."""
        kinds = (GENERAL | SPECIAL) - set(self.absent)
        if kind in self.absent:
            raise ValueError(f"there is no {kind} here: {self.absent[kind]}")
        if kind not in kinds:
            raise ValueError(f"there is no fault {kind!r}; there are {', '.join(sorted(kinds))}")
        made = Rule(kind, **rule)
        made.check()
        if made.lasts_s is not None:
            made.ends = self.clock.now() + made.lasts_s
        return made

    def clear(self) -> None:
        """Remove all rules."""
        self.rules.clear()

    def hits(self, kind: str, request: Request) -> Rule | None:
        """The rule of that kind that fires for this request, for a fault that the platform itself
        carries out.
        """
        if not self.rules:
            return None
        active = (
            r for r in self.rules if r.kind == kind and not self._is_over(r) and r.matches(request)
        )
        return next((r for r in active if r.fires(self.dice)), None)

    def _is_over(self, rule: Rule) -> bool:
        return rule.ends is not None and self.clock.now() >= rule.ends

    async def around(self, request: Request, handler: Handler) -> Response:
        """The answer of the handler, unless a general fault fires. One request meets one fault at
        most, besides slowness.
        """
        if not self.rules:
            return await handler(request)
        for rule in list(self.rules):
            if rule.kind not in GENERAL or self._is_over(rule) or not rule.matches(request):
                continue
            if not rule.fires(self.dice):
                continue
            if rule.kind == "slow":
                await self.clock.sleep(float(rule.params.get("seconds", 5)))
                continue
            return await self.strike(rule, request, handler)
        return await handler(request)

    async def strike(self, rule: Rule, request: Request, handler: Handler) -> Response:
        """Carry out one fault, before or after the handler's effect."""
        if rule.kind in AFTER:
            request.cut = True
            await handler(request)
        if rule.kind == "hollow" and rule.params["answer"] == "cut":
            whole = await handler(request)
            return Response(
                whole.status, whole.body[: len(whole.body) // 2], list(whole.headers), is_fault=True
            )
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
            # All of them or none: a list that is half in force would mislead the test.
            faults.rules += [
                faults.checked(**rule) for rule in (rules if isinstance(rules, list) else [rules])
            ]
        except (TypeError, ValueError) as error:
            return json_response({"error": str(error)}, 400)
        return json_response(faults.as_json())

    async def clear(request: Request) -> Response:
        faults.clear()
        return Response(204)

    router.add("GET", "/sandbox/faults", show, control=True)
    router.add("POST", "/sandbox/faults", add, control=True)
    router.add("DELETE", "/sandbox/faults", clear, control=True)
