"""Play a recording in a new sandbox, and report the first difference."""

import asyncio
import base64
import zlib
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator
from dataclasses import dataclass
from functools import partial
from types import coroutine
from typing import Any

import msgspec

from brygga_sandbox.clock import ManualClock
from brygga_sandbox.recording import (
    JSON,
    NotARecording,
    Wires,
    answer_of,
    plan_of,
    request_of,
    sent,
    unpacked,
)
from brygga_sandbox.sandbox import Sandbox

TURNS = 2_000
"""How many turns of the event loop an answer may take. Work in memory needs only a few."""
MISSING = object()


@dataclass(frozen=True, slots=True)
class Difference:
    """Where the replay differs. `event` is the line of the recording, counted from 1."""

    event: int
    what: str
    where: str
    recorded: Any
    now: Any

    def __str__(self) -> str:
        place = f" at {self.where}" if self.where else ""
        return (
            f"line {self.event}, {self.what}: differs{place}\n"
            f"  recorded: {shown(self.recorded)}\n"
            f"  now:      {shown(self.now)}"
        )


@dataclass(frozen=True, slots=True)
class Played:
    """The result: how many events were equal, and the first difference if there is one."""

    requests: int
    messages: int
    difference: Difference | None


def shown(value: Any) -> str:
    """A value on one line."""
    if value is MISSING:
        return "nothing"
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= 300 else f"{text[:300]}..."


def first_difference(recorded: Any, now: Any, where: str = "") -> tuple[str, Any, Any] | None:
    """Where two JSON values differ first, in the order of the recorded value."""
    if isinstance(recorded, dict) and isinstance(now, dict):
        pairs = [(f"{where}.{name}" if where else name, recorded.get(name, MISSING),
                  now.get(name, MISSING)) for name in {**recorded, **now}]  # fmt: skip
    elif isinstance(recorded, list) and isinstance(now, list):
        length = max(len(recorded), len(now))
        both = [[*values, *[MISSING] * (length - len(values))] for values in (recorded, now)]
        pairs = [(f"{where}[{at}]", both[0][at], both[1][at]) for at in range(length)]
    else:
        return None if recorded == now and type(recorded) is type(now) else (where, recorded, now)
    return next((one for one in (first_difference(a, b, at) for at, a, b in pairs) if one), None)


def opened(body: Any) -> Any:
    """A body as JSON if possible, so that a difference inside it can be located."""
    try:
        return msgspec.json.decode(body) if isinstance(body, str) else body
    except msgspec.MsgspecError:
        return body


@dataclass(slots=True)
class Waiting:
    """An outgoing call that waits for its recorded answer."""

    event: JSON
    result: "asyncio.Future[Any]"


class Player:
    """Plays the events of one recording."""

    def __init__(self, events: list[JSON]) -> None:
        self.events = events
        self.clock = ManualClock(float(events[0]["at"]))
        self.sandbox = Sandbox(plan_of(events[0]), self.clock)
        self.wires = Wires(self.sandbox)
        self.answers: dict[int, asyncio.Future[Any]] = {}
        self.asked: dict[int, JSON] = {}
        self.parked: deque[Waiting] = deque()
        self.sent: dict[int, Waiting] = {}
        self.requests = 0

    async def play(self) -> Played:
        """Stops at the first difference. Raises NotARecording."""
        try:
            snapshot = zlib.decompress(base64.b64decode(self.events[0]["snapshot"]))
            await self.sandbox.restore(snapshot)
            self.wires.replace(None, self.outward)
            return Played(*await self.through())
        except (KeyError, zlib.error, ValueError) as wrong:
            raise NotARecording(str(wrong)) from wrong
        finally:
            for task in self.answers.values():
                task.cancel()
            await self.sandbox.stop()

    async def through(self) -> tuple[int, int, Difference | None]:
        steps: dict[str, Callable[[int, JSON], Awaitable[Difference | None]]] = {
            "asked": self.ask,
            "answered": self.compare_answer,
            "sent": self.compare_sent,
            "received": self.receive,
        }
        for number, event in enumerate(self.events[1:], start=2):
            await self.wait_for(float(event["at"]))
            found = await steps[event["kind"]](number, event)
            if found:
                return self.requests, len(self.sent), found
        if self.parked:
            event = self.parked[0].event
            what = f"{event['how']} {event['url']}"
            found = Difference(len(self.events) + 1, what, "", MISSING, event)
            return self.requests, len(self.sent), found
        return self.requests, len(self.sent), None

    async def wait_for(self, moment: float) -> None:
        """Advance the clock, unless a running request does so (POST /sandbox/clock)."""

        def there() -> bool:
            return self.clock.now() >= moment

        if there() or (self.answers and await until(there, 100)):
            return
        await self.clock.advance_to(moment)

    async def ask(self, number: int, event: JSON) -> None:
        dispatch = self.wires.inward[event["side"]]
        self.asked[event["call"]] = event
        self.answers[event["call"]] = begun(answer_of(dispatch, request_of(event)))

    async def compare_answer(self, number: int, event: JSON) -> Difference | None:
        task, request = self.answers.pop(event["call"]), self.asked.pop(event["call"])
        what = f"{request['method']} {request['path']}"
        if not await until(task.done):
            self.answers[event["call"]] = task
            return Difference(number, what, "", event, MISSING)
        said, _ = task.result()
        self.requests += 1
        return difference(number, what, event, said)

    async def compare_sent(self, number: int, event: JSON) -> Difference | None:
        what = f"{event['how']} {event['url']}"
        if not await until(lambda: bool(self.parked)):
            return Difference(number, what, "", event, MISSING)
        waiting = self.parked.popleft()
        self.sent[event["call"]] = waiting
        return difference(number, what, event, waiting.event)

    async def receive(self, number: int, event: JSON) -> None:
        result, waiting = event["result"], self.sent[event["call"]]
        picture = waiting.event["how"] in {"fetch", "get"} and result is not None
        if not waiting.result.done():
            waiting.result.set_result(unpacked(result) if picture else result)
        await asyncio.sleep(0)

    def outward(
        self, name: str, way: Callable[..., Awaitable[Any]]
    ) -> Callable[..., Awaitable[Any]]:
        async def reported(*values: Any) -> Any:
            waiting = Waiting(sent(name, values), asyncio.get_running_loop().create_future())
            self.parked.append(waiting)
            return await waiting.result

        return reported


def difference(number: int, what: str, recorded: JSON, now: JSON) -> Difference | None:
    """The recorded event and the new one, without the time and the number of the call."""
    found = first_difference(compared(recorded), compared(plain(now)))
    return Difference(number, what, *found) if found else None


def compared(event: JSON) -> JSON:
    """The parts of an event that are compared."""
    return {
        name: opened(value) if name == "body" else value
        for name, value in event.items()
        if name not in {"at", "call"}
    }


def begun(work: Coroutine[Any, Any, Any]) -> "asyncio.Future[Any]":
    """A task that has already run until it had to wait, so that parallel calls interleave as in the
    recording.
    """
    try:
        first = work.send(None)
    except StopIteration as ended:
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        done.set_result(ended.value)
        return done

    @coroutine
    def rest() -> Generator[Any, Any, Any]:
        waits_for = first
        while True:
            try:
                value = yield waits_for
            except BaseException as error:
                step = partial(work.throw, error)
            else:
                step = partial(work.send, value)
            try:
                waits_for = step()
            except StopIteration as ended:
                return ended.value

    async def follow() -> Any:
        return await rest()

    return asyncio.create_task(follow())


def plain(event: JSON) -> JSON:
    """An event in the form of a file."""
    value: JSON = msgspec.json.decode(msgspec.json.encode(event))
    return value


async def until(there: Callable[[], bool], turns: int = TURNS) -> bool:
    """Let all tasks run until the condition holds. False if it never holds."""
    for _ in range(turns):
        if there():
            return True
        await asyncio.sleep(0)
    return there()


async def replayed(events: list[JSON]) -> Played:
    """Play a recording in a new sandbox. Raises NotARecording."""
    return await Player(events).play()
