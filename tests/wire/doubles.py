"""A clock that sleeps at once, and a wire whose far end is a list of answers."""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2

from brygga.wire import Gate, OpenGate, Wire, open_client

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass(slots=True)
class SkippingClock:
    """Time passes only by sleeping, and then at once."""

    at: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.at - 1000)

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.slept.append(seconds)
        self.at += seconds
        await asyncio.sleep(0)


def says(
    status: int = 200, body: Any = None, headers: dict[str, str] | None = None
) -> httpx2.Response:
    """An answer: JSON for any value, nothing for None, and text or bytes as they are."""
    content = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else None
    if content is None and body is not None:
        content = json.dumps(body).encode()
    return httpx2.Response(status, headers=headers, content=content or b"")


Step = httpx2.Response | Exception | Callable[[httpx2.Request], httpx2.Response]


@dataclass(slots=True)
class FarEnd:
    """Answers each request with the next step, and remembers what it was asked."""

    steps: list[Step]
    asked: list[httpx2.Request] = field(default_factory=list)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        assert self.steps, f"nothing was to be asked any more: {request.method} {request.url}"
        match self.steps.pop(0):
            case Exception() as error:
                raise error
            case httpx2.Response() as response:
                return response
            case step:
                return step(request)

    def sent(self, at: int = -1) -> Any:
        """The JSON of a request."""
        return json.loads(self.asked[at].content)


def far_end(*steps: Step) -> tuple[Wire, FarEnd]:
    end = FarEnd(list(steps))
    return Wire(open_client(httpx2.MockTransport(end)), SkippingClock(), "Brygga/test"), end


@dataclass(slots=True)
class CountingGate:
    """Counts who is inside."""

    inner: Gate = field(default_factory=OpenGate)
    entered: int = 0
    answers: list[int | None] = field(default_factory=list)

    async def enter(self, call: Any) -> None:
        await self.inner.enter(call)
        self.entered += 1

    def left(self, call: Any, answer: Any) -> None:
        self.inner.left(call, answer)
        self.answers.append(answer.status if answer else None)


def queries(requests: Sequence[httpx2.Request]) -> list[dict[str, str]]:
    return [dict(request.url.params) for request in requests]
