"""Sends one call, receives one answer, and decides what a loss means.

| what happened | a read, or a repeatable write | any other write |
|---|---|---|
| no socket: refused, no route, no free connection | Unreachable | Unreachable |
| lost after sending: cut, timed out, 5xx, 408, 499 | Unreachable | Unanswered |
| an answer that cannot be read, HTML in place of JSON | Unreachable | Unanswered |
| 423, 425, 429 | Unreachable, with the platform's own delay | the same |
| a redirect | Unreachable: a wrong base URL, or a proxy | the same |

Everything else comes back as an answer. The platform's package knows what a 401, 403, 404, 409 or
422 means.
"""

import asyncio
import functools
from collections.abc import Callable
from contextlib import AbstractContextManager
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import httpx2

from brygga import traces
from brygga.core.failures import Failure, Unanswered, Unreachable
from brygga.seams import Clock
from brygga.wire.call import Answer, Call, Pairs
from brygga.wire.clocks import Clocks
from brygga.wire.gates import Gate, asked_wait_s

CONNECT_S = 10.0
NOT_SENT = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.UnsupportedProtocol,
)
LATER = frozenset({423, 425, 429})
UNKNOWN_OUTCOME = frozenset({408, 499})
Observer = Callable[[Call, Answer | None, float], None]
"""Called after every call with the answer or None, and the seconds it took. It must not raise."""


def open_client(transport: httpx2.AsyncBaseTransport | None = None) -> httpx2.AsyncClient:
    """A client for all merchants: no redirects, no retries, and no cookies, because one merchant's
    cookies must never be sent with another merchant's call.
    """
    client = httpx2.AsyncClient(
        transport=transport,
        follow_redirects=False,
        limits=httpx2.Limits(
            max_connections=200, max_keepalive_connections=50, keepalive_expiry=20.0
        ),
    )
    client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return client


class Wire:
    """The one HTTP client. It sends each call once and translates what was lost. It never retries
    by itself.
    """

    def __init__(
        self,
        client: httpx2.AsyncClient,
        clock: Clock,
        user_agent: str = "Brygga",
        observe: Observer | None = None,
    ) -> None:
        self.client = client
        self.clock = clock
        self.user_agent = user_agent
        self.observe = observe
        self.clocks = Clocks()

    async def send(self, call: Call, gate: Gate) -> Answer:
        """The platform's answer. Raises Unreachable or Unanswered as the table above says, and what
        the gate raises.
        """
        await gate.enter(call)
        answer: Answer | None = None
        began = self.clock.monotonic()
        try:
            with span_of(call) as span:
                answer = await self._exchange(call)
                span.set_attribute("http.response.status_code", answer.status)
        finally:
            gate.left(call, answer)
            if self.observe is not None:
                self.observe(call, answer, self.clock.monotonic() - began)
        if failure := failure_of(call, answer):
            raise failure
        return answer

    async def _exchange(self, call: Call) -> Answer:
        content, media_type = call.body()
        headers = {"Accept": "application/json", "User-Agent": self.user_agent, **call.headers}
        if media_type:
            headers["Content-Type"] = media_type
        request = self.client.build_request(
            call.method,
            _address(call.url, call.params),
            content=content,
            headers=headers,
            timeout=httpx2.Timeout(call.timeout_s, connect=min(CONNECT_S, call.timeout_s)),
        )
        # The client's own timeout applies to each step; the lease of a connection needs a limit for
        # the whole call.
        try:
            async with asyncio.timeout(call.timeout_s):
                return await self._receive(call, request)
        except NOT_SENT as error:
            raise Unreachable(
                f"{call.platform}_unreachable", _detail(call, type(error).__name__)
            ) from None
        except (httpx2.RequestError, TimeoutError) as error:
            raise lost(call, type(error).__name__) from None

    async def _receive(self, call: Call, request: httpx2.Request) -> Answer:
        sent = self.clock.now()
        response = await self.client.send(request, stream=True)
        received = self.clock.now()
        try:
            if _is_their_own(response):
                self.clocks.received(
                    call.platform, response.headers.get("date", ""), sent, received
                )
            chunks, size = [], 0
            async for chunk in response.aiter_bytes():
                chunks.append(chunk)
                size += len(chunk)
                if size > call.max_bytes:
                    break
        finally:
            await response.aclose()
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, headers, b"".join(chunks), whole=size <= call.max_bytes)


@functools.lru_cache(500)
def _address(url: str, params: Pairs) -> httpx2.URL:
    """Read once: the same addresses are asked again and again."""
    return httpx2.URL(url, params=params) if params else httpx2.URL(url)


def span_of(call: Call) -> AbstractContextManager[traces.Span]:
    """A request in a trace: method, platform and the path's template, nothing else of it."""
    name = f"{call.platform} {call.method}"
    if not traces.is_on():
        return traces.span(name)
    route = traces.template(call.path)
    return traces.span(name, http_request_method=call.method, url_template=route)


def _is_their_own(response: httpx2.Response) -> bool:
    """False for a cache, or a proxy that answers in HTML: its time is that of another machine."""
    return "age" not in response.headers and "html" not in response.headers.get("content-type", "")


def failure_of(call: Call, answer: Answer) -> Failure | None:
    """The failure that a status alone means on any platform; None when the platform's package has
    to read the answer.
    """
    why = str(answer.status)
    if answer.status >= 400 and answer.body.lstrip()[:1] == b"<":
        # Neither platform's API answers in HTML: this came from a proxy, and proves nothing about
        # the merchant.
        return lost(call, f"{why} HTML", asked_wait_s(answer))
    if answer.status in call.wanted:
        return None
    if answer.status in LATER:
        return Unreachable(f"{call.platform}_busy", _detail(call, why), asked_wait_s(answer))
    if answer.status >= 500 or answer.status in UNKNOWN_OUTCOME:
        return lost(call, why, asked_wait_s(answer))
    if 300 <= answer.status < 400 and answer.status != 304:
        return Unreachable(f"{call.platform}_unreachable", _detail(call, f"{why} redirect"))
    return None


def lost(call: Call, why: str, after_s: float | None = None) -> Failure:
    """No answer, or an unreadable one. Only a repeatable call can be treated as not done."""
    if call.may_repeat:
        return Unreachable(f"{call.platform}_unreachable", _detail(call, why), after_s)
    return Unanswered(f"{call.platform}_unanswered", _detail(call, why))


def clean(call: Call, words: str) -> str:
    """A platform's own text, made safe for an operator's log: one line, short, printable, and
    without any secret of the call.
    """
    for secret in (*call.headers.values(), *(call.form or {}).values()):
        for part in secret.split():
            if len(part) > 7:
                words = words.replace(part, "…")
    line = " ".join("".join(char if char.isprintable() else " " for char in words).split())
    return line if len(line) <= 160 else line[:159] + "…"


def _detail(call: Call, why: str) -> str:
    return f"{call.method} {call.path}: {why}"


def detail(call: Call, answer: Answer, title: Any = "") -> str:
    """What an operator reads of a refusal: method, path, status, and the cleaned title."""
    words = clean(call, title) if isinstance(title, str) else ""
    return _detail(call, f"{answer.status} {words}".rstrip())
