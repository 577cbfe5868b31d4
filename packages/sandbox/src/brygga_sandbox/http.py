"""A small ASGI layer that controls every byte of an answer.

It knows requests, answers, a table of routes, and how a connection ends. It knows nothing of either
platform, and holds no state.
"""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import httpx2
import msgspec

from brygga_sandbox.clock import http_date

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class MalformedBodyError(ValueError):
    """The body is not the JSON or form that its type declares."""


@dataclass(slots=True)
class Request:
    """One HTTP request, read completely. Header names are lower-case; `params` are the values of
    the path template.
    """

    method: str
    path: str
    query: list[tuple[str, str]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    params: dict[str, str] = field(default_factory=dict)
    template: str = ""
    base_url: str = ""
    cut: bool = False
    """The connection ends before the answer. The effect may still exist (faults `*_after`)."""

    @property
    def is_cut(self) -> bool:
        """The client does not wait for the answer: a fault says so, or the client's own header,
        because a server in memory cannot notice it.
        """
        return self.cut or "x-sandbox-cut" in self.headers

    def json(self) -> Any:
        """The body as JSON. Raises MalformedBodyError for anything else, the empty body
        included.
        """
        try:
            return msgspec.json.decode(self.body)
        except (ValueError, RecursionError) as error:
            raise MalformedBodyError(str(error)) from error

    def form(self) -> dict[str, str]:
        """The body as a URL-encoded form. The last value of a repeated name counts."""
        try:
            return dict(parse_qsl(self.body.decode(), keep_blank_values=True))
        except UnicodeDecodeError as error:
            raise MalformedBodyError(str(error)) from error

    def form_pairs(self) -> list[tuple[str, str]]:
        """The body as an URL-encoded form, in order, with repeated names."""
        return parse_qsl(self.body.decode(errors="replace"), keep_blank_values=True)

    def value(self, name: str) -> str | None:
        """The first query value of that name."""
        return next((value for key, value in self.query if key == name), None)

    def values(self, name: str) -> list[str]:
        """All query values of that name, in order."""
        return [value for key, value in self.query if key == name]

    def cookies(self) -> dict[str, str]:
        """The cookies of the request."""
        pairs = (part.strip().partition("=") for part in self.headers.get("cookie", "").split(";"))
        return {name: value for name, _, value in pairs if name}

    def bearer(self) -> str | None:
        """The token of `Authorization: Bearer`, if there is one."""
        kind, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() or None if kind.lower() == "bearer" else None


@dataclass(slots=True)
class Response:
    """One HTTP answer. Header names are written as given. Content-Length and Date are added when it
    is sent.
    """

    status: int = 200
    body: bytes = b""
    headers: list[tuple[str, str]] = field(default_factory=list)
    is_fault: bool = False
    """A fault replaced the platform's answer. The client does not learn this."""

    def header(self, name: str, value: str) -> "Response":
        """The same answer with one more header."""
        self.headers.append((name, value))
        return self


def json_response(
    value: Any, status: int = 200, headers: Iterable[tuple[str, str]] = ()
) -> Response:
    """A JSON answer in UTF-8."""
    return Response(
        status, msgspec.json.encode(value), [("Content-Type", "application/json"), *headers]
    )


def html_response(
    text: str, status: int = 200, headers: Iterable[tuple[str, str]] = ()
) -> Response:
    """An HTML page in UTF-8."""
    return Response(status, text.encode(), [("Content-Type", "text/html; charset=utf-8"), *headers])


def text_response(
    text: str, status: int = 200, headers: Iterable[tuple[str, str]] = ()
) -> Response:
    """Plain text in UTF-8."""
    return Response(
        status, text.encode(), [("Content-Type", "text/plain; charset=utf-8"), *headers]
    )


def redirect(location: str, status: int = 302, headers: Iterable[tuple[str, str]] = ()) -> Response:
    """An answer that redirects the browser."""
    return Response(status, b"", [("Location", location), *headers])


class Answer(Exception):
    """A handler raises it to answer at once, at any depth of the call stack."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


class Cut(httpx2.RemoteProtocolError):
    """The connection is closed without an answer.

    It is a protocol error of the client library, so that a client in memory meets the same error as
    a client over a socket.
    """

    def __init__(self, message: str = "Server disconnected without sending a response.") -> None:
        super().__init__(message)


class NoAnswer(httpx2.ReadTimeout):
    """No answer comes at any time. Over a socket the client's own timeout is usually shorter."""

    def __init__(self, message: str = "The server did not answer.") -> None:
        super().__init__(message)


Handler = Callable[[Request], Awaitable[Response]]
Around = Callable[[Request, Handler], Awaitable[Response]]
Missing = Callable[[Request, tuple[str, ...]], Response]


@dataclass(slots=True)
class Route:
    """One handler behind one method and template. A control route is not part of the platform: no
    faults apply to it, and it is never counted.
    """

    handler: Handler
    template: str
    names: tuple[str, ...]
    control: bool


@dataclass(slots=True)
class Node:
    """One path segment of the route table; a literal segment wins over a parameter."""

    literal: dict[str, "Node"] = field(default_factory=dict)
    any: "Node | None" = None
    routes: dict[str, Route] = field(default_factory=dict)

    def find(self, segments: list[str], at: int, values: list[str]) -> "Node | None":
        """The node for these segments. The parameter values on the way are appended to `values`."""
        if at == len(segments):
            return self if self.routes else None
        literal = self.literal.get(segments[at])
        if literal and (found := literal.find(segments, at + 1, values)):
            return found
        if self.any is None or not segments[at]:
            return None
        values.append(segments[at])
        found = self.any.find(segments, at + 1, values)
        if found is None:
            values.pop()
        return found


def nothing_here(request: Request, allowed: tuple[str, ...]) -> Response:
    """The plain answer to an unknown path (404) or method (405)."""
    if allowed:
        return text_response("Method Not Allowed", 405, [("Allow", ", ".join(allowed))])
    return text_response("Not Found", 404)


def bad_body(request: Request, error: MalformedBodyError) -> Response:
    """The plain answer to a body that cannot be read."""
    return text_response(f"Malformed body: {error}", 400)


class Router:
    """A table of method + path template -> handler.

    Templates are literal segments and parameters: "/v3/catalog/products/{id}". `around` wraps every
    route that is not a control route (faults, counting, limits). `missing` answers unknown paths
    and methods, `malformed` unreadable bodies. With `slash` one trailing slash is tolerated
    everywhere.
    """

    def __init__(
        self,
        *,
        around: Around | None = None,
        missing: Missing = nothing_here,
        malformed: Callable[[Request, MalformedBodyError], Response] = bad_body,
        slash: bool = False,
    ) -> None:
        self.around = around
        self.missing = missing
        self.malformed = malformed
        self.slash = slash
        self.root = Node()

    def add(self, method: str, template: str, handler: Handler, *, control: bool = False) -> None:
        """Put a handler behind a method and a path template."""
        node, names = self.root, []
        for segment in template.split("/")[1:]:
            if segment.startswith("{"):
                names.append(segment[1:-1])
                node.any = node = node.any or Node()
            else:
                node = node.literal.setdefault(segment, Node())
        if method in node.routes:
            raise ValueError(f"{method} {template} is taken")
        node.routes[method] = Route(handler, template, tuple(names), control)

    def table(
        self, routes: Iterable[tuple[str, str, Handler]], *, prefix: str = "", control: bool = False
    ) -> None:
        """Put many handlers behind their methods and templates."""
        for method, template, handler in routes:
            self.add(method, prefix + template, handler, control=control)

    async def dispatch(self, request: Request) -> Response:
        """The answer to a request. Cut and NoAnswer are not caught: they are no answers."""
        segments = request.path.split("/")[1:]
        if self.slash and len(segments) > 1 and not segments[-1]:
            segments.pop()
        values: list[str] = []
        node = self.root.find(segments, 0, values)
        if node is None:
            return self.missing(request, ())
        method = "GET" if request.method == "HEAD" and "HEAD" not in node.routes else request.method
        route = node.routes.get(method)
        if route is None:
            return self.missing(request, tuple(sorted(node.routes)))
        request.template = route.template
        request.params = dict(zip(route.names, values, strict=True))
        if route.control or self.around is None:
            return await self.answered(route.handler, request)
        return await self.answered(lambda asked: self.guarded(route.handler, asked), request)

    async def guarded(self, handler: Handler, request: Request) -> Response:
        assert self.around is not None
        return await self.around(request, lambda asked: self.answered(handler, asked))

    async def answered(self, handler: Handler, request: Request) -> Response:
        """The handler's answer, whether it is returned or raised."""
        try:
            return await handler(request)
        except Answer as answer:
            return answer.response
        except MalformedBodyError as error:
            return self.malformed(request, error)
        except RecursionError:
            # A body nested so deep that it can be read but not traversed.
            return self.malformed(request, MalformedBodyError("nested too deep"))


class AsgiApp:
    """An ASGI application around one function; for uvicorn and for httpx2.ASGITransport.

    With a clock (Unix seconds) every answer carries `Date`, as a server that has a clock sends it
    (RFC 9110, 6.6.1).
    """

    def __init__(self, dispatch: Handler, clock: Callable[[], float] | None = None) -> None:
        self.dispatch = dispatch
        self.clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> Any:
        if scope["type"] == "lifespan":
            await self.lifespan(receive, send)
            return None
        if scope["type"] != "http":
            return None
        try:
            response = await self.dispatch(await read(scope, receive))
        except (Cut, NoAnswer):
            # Only a real server names a spec_version. In memory the exception itself is what the
            # client meets; a server such as uvicorn answers 500 for an exception, but closes the
            # connection without a byte when the application returns something.
            if "spec_version" in scope["asgi"]:
                return "cut"
            raise
        headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in response.headers
        ]
        headers.append((b"content-length", str(len(response.body)).encode()))
        if self.clock is not None and all(name != b"date" for name, _ in headers):
            headers.append((b"date", http_date(self.clock()).encode()))
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send({"type": "http.response.body", "body": response.body, "more_body": False})
        return None

    async def lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return


async def read(scope: Scope, receive: Receive) -> Request:
    """The whole request of an ASGI scope. `base_url` is scheme and host as the client named
    them.
    """
    chunks, more = [], True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Cut
        chunks.append(message.get("body", b""))
        more = message.get("more_body", False)
    headers = {
        name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
    }
    query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    host = headers.get("host", "localhost")
    return Request(
        scope["method"],
        scope["path"],
        query,
        headers,
        b"".join(chunks),
        base_url=f"{scope['scheme']}://{host}",
    )
