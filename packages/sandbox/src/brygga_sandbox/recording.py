"""Record a session over HTTP, and play it again: requests, answers, outgoing calls, and the times.

A recording is a list of events, one line of JSON each. The first holds a snapshot and the sandbox's
configuration. The others have `at`, the time on the sandbox's clock, and a `kind`:

asked       a request came in: `call`, `side`, and its content
answered    its answer; `broken` instead if the connection was cut
sent        the sandbox made a call: a webhook, a callback, a picture: `call`, and its content
received    the result of that call: `result`, a status or a picture; null without an answer

A recording holds only what comes over HTTP. Direct calls in Python are not in it: use the control
addresses (/sandbox/sell, /sandbox/orders, ...) in a session that you want to play again.

The clock must not move between events, or two reads of the time in one request would differ. Record
with a `ManualClock`, or with a `SteppedClock`, which moves by itself in small steps.
"""

import base64
import zlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import msgspec

from brygga_sandbox import bigcommerce, zettle
from brygga_sandbox.clock import ManualClock
from brygga_sandbox.http import Cut, Handler, NoAnswer, Request, Response, Router, json_response
from brygga_sandbox.sandbox import Plan, Sandbox

JSON = dict[str, Any]
VERSION = 1
OWN = frozenset({"/sandbox/recording", "/sandbox/snapshot"})
"""Control addresses that are not part of a session."""


class NotARecording(ValueError):
    """These lines cannot be played."""


def packed(data: bytes) -> Any:
    """Bytes as JSON: a text if they are text."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def unpacked(value: Any) -> bytes:
    """The bytes of such a JSON value."""
    return value.encode() if isinstance(value, str) else base64.b64decode(value["base64"])


def result_of(value: Any) -> Any:
    """The result of an outgoing call, as JSON."""
    return packed(value) if isinstance(value, bytes) else value


def started(sandbox: Sandbox) -> JSON:
    """The first event."""
    core = replace(sandbox.zettle.core.config, image_source=None)
    return {
        "kind": "started",
        "version": VERSION,
        "at": sandbox.clock.now(),
        "addresses": sandbox.addresses,
        "drawings": sandbox.plan.drawings,
        "zettle": asdict(core),
        "bigcommerce": asdict(sandbox.bigcommerce.config),
        "snapshot": base64.b64encode(zlib.compress(sandbox.snapshot(), 9)).decode(),
    }


def plan_of(event: JSON) -> Plan:
    """The configuration of a recording's sandbox. The snapshot holds the rest."""
    return Plan(
        merchants=0,
        zettle_url=event["addresses"][0],
        bigcommerce_url=event["addresses"][1],
        drawings=event["drawings"],
        zettle_config=zettle.Config(**event["zettle"]),
        bigcommerce_config=bigcommerce.Config(**event["bigcommerce"]),
    )


def asked(request: Request, side: str) -> JSON:
    """A request as it was recorded."""
    return {
        "kind": "asked",
        "side": side,
        "method": request.method,
        "path": request.path,
        "query": request.query,
        "headers": dict(request.headers),
        "base_url": request.base_url,
        "body": packed(request.body),
    }


def request_of(event: JSON) -> Request:
    return Request(
        event["method"],
        event["path"],
        [(name, value) for name, value in event["query"]],
        dict(event["headers"]),
        unpacked(event["body"]),
        base_url=event["base_url"],
    )


async def answer_of(dispatch: Handler, request: Request) -> tuple[JSON, Response | Exception]:
    """The answer as an event, and as the answer itself."""
    try:
        response = await dispatch(request)
    except (Cut, NoAnswer) as broken:
        return {"kind": "answered", "broken": type(broken).__name__}, broken
    said = {
        "kind": "answered",
        "status": response.status,
        "headers": [list(pair) for pair in response.headers],
        "body": packed(response.body),
    }
    return said, response


class Wires:
    """Everything that enters and leaves a sandbox, so that a recorder can intercept it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        core, shop = sandbox.zettle.core, sandbox.bigcommerce
        self.apps = {"zettle": sandbox.zettle.app, "bigcommerce": shop.app}
        self.ways: list[tuple[Any, str]] = [
            (core.outbox, "post"),
            (core, "fetch"),
            (shop, "carry"),
            (shop.camera, "get"),
            (shop.apps, "visit"),
        ]
        self.inward = {side: app.dispatch for side, app in self.apps.items()}
        self.outward = [getattr(owner, name) for owner, name in self.ways]

    def replace(
        self,
        inward: Callable[[str, Handler], Handler] | None,
        outward: Callable[[str, Callable[..., Awaitable[Any]]], Callable[..., Awaitable[Any]]],
    ) -> None:
        for side, app in self.apps.items():
            app.dispatch = inward(side, self.inward[side]) if inward else self.inward[side]
        for (owner, name), way in zip(self.ways, self.outward, strict=True):
            setattr(owner, name, outward(name, way))

    def put_back(self) -> None:
        self.replace(None, lambda name, way: way)


class Recorder:
    """Records what happens in a sandbox, from now until `stop`. `write` takes each event.

    Raises ValueError for a clock that runs by itself.
    """

    def __init__(self, sandbox: Sandbox, write: Callable[[JSON], None]) -> None:
        if not isinstance(sandbox.clock, ManualClock):
            text = (
                "a clock that runs by itself cannot be recorded: see --record and --clock standing"
            )
            raise ValueError(text)  # noqa: TRY004 - a choice of the caller's
        self.sandbox = sandbox
        self.write = write
        self.calls = 0
        self.wires = Wires(sandbox)
        write(started(sandbox))
        self.wires.replace(self.inward, self.outward)

    def stop(self) -> None:
        """Stop recording."""
        self.wires.put_back()

    def note(self, call: int, event: JSON) -> None:
        self.write({"at": self.sandbox.clock.now(), "call": call, **event})

    def number(self) -> int:
        self.calls += 1
        return self.calls

    def inward(self, side: str, dispatch: Handler) -> Handler:
        async def recorded(request: Request) -> Response:
            if request.path in OWN:
                return await dispatch(request)
            call = self.number()
            self.note(call, asked(request, side))
            event, answer = await answer_of(dispatch, request)
            self.note(call, event)
            if isinstance(answer, Exception):
                raise answer
            return answer

        return recorded

    def outward(
        self, name: str, way: Callable[..., Awaitable[Any]]
    ) -> Callable[..., Awaitable[Any]]:
        async def reported(*values: Any) -> Any:
            call = self.number()
            self.note(call, sent(name, values))
            result = await way(*values)
            self.note(call, {"kind": "received", "result": result_of(result)})
            return result

        return reported


def sent(name: str, values: tuple[Any, ...]) -> JSON:
    """An outgoing call. `post` and `carry` have headers and a body, the others only an address."""
    url, headers, body = (*values, {}, b"")[:3]
    return {
        "kind": "sent", "how": name, "url": url, "headers": dict(headers), "body": packed(body),
    }  # fmt: skip


class Recordings:
    """The recording of a running sandbox, which can be started and stopped. There is one at a
    time.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.events: list[JSON] = []
        self.recorder: Recorder | None = None

    def begin(self, write: Callable[[JSON], None] | None = None) -> None:
        """Start a recording. The previous one is dropped. Raises ValueError."""
        self.end()
        self.events.clear()
        self.recorder = Recorder(self.sandbox, write or self.events.append)

    def end(self) -> None:
        if self.recorder:
            self.recorder.stop()
        self.recorder = None

    def to_file(self, path: str) -> None:
        """Start a recording into a file, line by line."""
        file = Path(path).open("wb", buffering=0)  # noqa: SIM115 - as long as the sandbox is open

        def write(event: JSON) -> None:
            file.write(lines_of([event]))

        self.begin(write)

    def mount(self, router: Router) -> None:
        """/sandbox/recording: POST starts, GET shows the recording so far, DELETE stops."""

        async def begin(request: Request) -> Response:
            await self.sandbox.idle()
            try:
                self.begin()
            except ValueError as wrong:
                return json_response({"error": str(wrong)}, 409)
            return Response(204)

        async def show(request: Request) -> Response:
            return Response(200, lines_of(self.events), [("Content-Type", "application/jsonl")])

        async def end(request: Request) -> Response:
            self.end()
            return Response(204)

        for method, handler in (("POST", begin), ("GET", show), ("DELETE", end)):
            router.add(method, "/sandbox/recording", handler, control=True)


def lines_of(events: Iterable[JSON]) -> bytes:
    """A recording in the form of a file."""
    return b"".join(msgspec.json.encode(event) + b"\n" for event in events)


def events_of(data: bytes) -> list[JSON]:
    """The events of a file. Raises NotARecording."""
    try:
        events = [msgspec.json.decode(line, type=JSON) for line in data.splitlines() if line]
    except msgspec.MsgspecError as wrong:
        raise NotARecording(f"it is not JSON, line by line: {wrong}") from wrong
    if not events or (events[0].get("kind"), events[0].get("version")) != ("started", VERSION):
        raise NotARecording(f"it does not begin as a recording of version {VERSION}")
    return events
