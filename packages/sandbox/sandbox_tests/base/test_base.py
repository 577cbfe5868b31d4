"""The shared base of the sandbox: HTTP, clocks, faults, the count of requests, the outbox."""

import asyncio
import random

import httpx2
import pytest

from brygga_sandbox.clock import LoopClock, ManualClock, iso
from brygga_sandbox.faults import Faults, mount_faults
from brygga_sandbox.http import (
    Answer,
    AsgiApp,
    Handler,
    Request,
    Response,
    Router,
    json_response,
    text_response,
)
from brygga_sandbox.outbox import DeliveryFaults, Message, Outbox
from brygga_sandbox.requests import Requests, mount_requests


async def echo(request: Request) -> Response:
    return json_response({"path": request.path, "params": request.params, "query": request.query})


class Counter:
    """A tiny platform: one number that POST raises."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.faults = Faults(self.clock, random.Random(1))
        self.requests = Requests()
        self.number = 0
        router = Router(around=self.around, slash=True)
        router.add("POST", "/count", self.count)
        router.add("GET", "/things/{id}", echo)
        router.add("GET", "/things/mine", self.mine)
        router.add("GET", "/things/{id}/parts/{part}", echo)
        mount_faults(router, self.faults)
        mount_requests(router, self.requests)
        transport = httpx2.ASGITransport(AsgiApp(router.dispatch))
        self.client = httpx2.AsyncClient(transport=transport, base_url="http://sandbox")

    async def around(self, request: Request, handler: Handler) -> Response:
        answer = await self.faults.around(request, handler)
        self.requests.note(request, answer.status)
        return answer

    async def count(self, request: Request) -> Response:
        self.number += 1
        return json_response(self.number)

    async def mine(self, request: Request) -> Response:
        raise Answer(text_response("from deep inside", 418))


@pytest.fixture
def bench() -> Counter:
    return Counter()


async def test_templates_give_parameters_and_literals_win(bench: Counter) -> None:
    """A literal segment is preferred to a parameter, wherever both fit."""
    parts = (await bench.client.get("/things/7/parts/wheel?a=1&a=2")).json()
    mine = await bench.client.get("/things/mine")

    assert parts["params"] == {"id": "7", "part": "wheel"}
    assert parts["query"] == [["a", "1"], ["a", "2"]]
    assert (mine.status_code, mine.text) == (418, "from deep inside")


async def test_a_trailing_slash_is_tolerated_and_unknown_things_are_named(bench: Counter) -> None:
    """404 for a path nobody has, 405 with Allow for a method nobody has."""
    assert (await bench.client.get("/things/7/")).status_code == 200
    assert (await bench.client.get("/nothing")).status_code == 404
    wrong = await bench.client.delete("/count")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "POST")


async def test_a_fault_strikes_before_or_after_the_effect(bench: Counter) -> None:
    """5xx before the effect leaves the world alone, 5xx after it does not; both look the same."""
    bench.faults.add("5xx_before", path="/count", next=1)
    bench.faults.add("5xx_after", path="/count", next=1)

    statuses = [(await bench.client.post("/count")).status_code for _ in range(3)]

    assert statuses == [500, 500, 200]
    assert bench.number == 2


async def test_a_cut_connection_is_a_protocol_error_for_the_client(bench: Counter) -> None:
    """The client cannot tell whether the effect happened."""
    bench.faults.add("cut_after", path="/count", next=1)

    with pytest.raises(httpx2.RemoteProtocolError):
        await bench.client.post("/count")
    assert bench.number == 1


async def test_a_timeout_takes_its_time_on_the_clock(bench: Counter) -> None:
    """No answer comes before the clock has moved, and then none either."""
    bench.faults.add("timeout_before", next=1, params={"seconds": 30})
    call = asyncio.ensure_future(bench.client.post("/count"))
    await bench.clock.advance(29)
    assert not call.done()
    await bench.clock.advance(1)

    with pytest.raises(httpx2.ReadTimeout):
        await call
    assert bench.number == 0


async def test_faults_are_set_and_cleared_over_http(bench: Counter) -> None:
    """429 with Retry-After for the next call only; an unknown kind is refused by name."""
    rules = [
        {"kind": "429", "method": "POST", "path": "/count", "next": 1, "params": {"retry_after": 3}}
    ]
    await bench.client.post("/sandbox/faults", json=rules)
    refused = await bench.client.post("/sandbox/faults", json=[{"kind": "earthquake"}])

    first, second = await bench.client.post("/count"), await bench.client.post("/count")

    assert (first.status_code, first.headers["retry-after"]) == (429, "3")
    assert second.status_code == 200
    assert refused.status_code == 400
    assert "earthquake" in refused.text
    assert (await bench.client.get("/sandbox/faults")).json()[0]["fired"] == 1
    await bench.client.delete("/sandbox/faults")
    assert (await bench.client.get("/sandbox/faults")).json() == []


async def test_requests_are_counted_by_method_and_template_and_control_calls_never(
    bench: Counter,
) -> None:
    """The count speaks of templates, so that it does not grow with ids."""
    await bench.client.get("/things/1")
    await bench.client.get("/things/2")
    await bench.client.post("/count", content=b"body")
    await bench.client.get("/sandbox/faults")

    counted = (await bench.client.get("/sandbox/requests")).json()

    rows = [
        {"method": "GET", "path": "/things/{id}", "count": 2},
        {"method": "POST", "path": "/count", "count": 1},
    ]
    assert {"total": 3, "by": rows} == counted
    assert (bench.requests.last[1].path, bench.requests.last[2].body) == ("/things/2", b"body")
    await bench.client.delete("/sandbox/requests")
    assert bench.requests.total() == 0


async def test_the_manual_clock_wakes_sleepers_in_order() -> None:
    """Each sleeper wakes at its own moment, however far the clock is moved at once."""
    clock, fired = ManualClock(100), []

    async def sleeper(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        fired.append((name, clock.now()))
        if name == "b":
            await sleeper("after b", 1)

    tasks = [
        asyncio.ensure_future(sleeper(name, wait))
        for name, wait in [("c", 9), ("a", 2), ("b", 5), ("d", 99)]
    ]
    await clock.advance(10)

    assert fired == [("a", 102), ("b", 105), ("after b", 106), ("c", 109)]
    assert clock.now() == 110
    tasks[-1].cancel()


async def test_the_loop_clock_counts_from_its_epoch() -> None:
    """The first question is the epoch, to the bit; then it moves with the loop, from an origin of
    one's choice too.
    """
    loop, clock = asyncio.get_running_loop(), LoopClock(5000)
    assert clock.now() == 5000

    before = loop.time()
    elsewhere = LoopClock(100, origin=before - 7)
    now, after = elsewhere.now(), loop.time()

    assert 107 <= round(now, 6)
    assert now - 107 <= after - before + 1e-6


def test_moments_are_written_in_utc() -> None:
    """Decimals are cut, never rounded into the next second."""
    assert iso(1_700_000_000.9999) == "2023-11-14T22:13:20.999Z"
    assert iso(1_700_000_000.9999, digits=0) == "2023-11-14T22:13:20Z"


class Host:
    """A receiver that answers what a list says (None: nothing), then 200."""

    def __init__(self, *answers: int | None) -> None:
        self.answers = list(answers)
        self.got: list[tuple[float, bytes]] = []
        self.clock = ManualClock(0)
        self.events: list[str] = []

    async def post(self, url: str, headers: dict[str, str], body: bytes) -> int | None:
        self.got.append((self.clock.now(), body))
        return self.answers.pop(0) if self.answers else 200

    def message(self, body: bytes = b"hello", gaps: tuple[float, ...] = (60, 60, 600)) -> Message:
        return Message(
            body,
            lambda: ("http://there", {}),
            gaps,
            landed=lambda: self.events.append("landed"),
            failed=lambda attempt, status: self.events.append(f"failed {attempt} {status}"),
            given_up=lambda: self.events.append("given up"),
        )


async def test_a_message_is_tried_on_schedule_until_it_lands() -> None:
    """Gaps are kept to the second, and what happened is reported."""
    host = Host(500, None)
    outbox = Outbox(host.clock, host.post, random.Random(1))

    outbox.send(host.message())
    await outbox.idle()
    await host.clock.advance(10_000)

    assert [moment for moment, _ in host.got] == [0, 60, 120]
    assert host.events == ["failed 1 500", "failed 2 None", "landed"]


async def test_a_message_is_given_up_after_its_last_gap() -> None:
    """A schedule of three gaps is four attempts."""
    host = Host(500, 500, 500, 500)
    outbox = Outbox(host.clock, host.post, random.Random(1))

    outbox.send(host.message())
    await host.clock.advance(10_000)

    assert [moment for moment, _ in host.got] == [0, 60, 120, 720]
    assert host.events[-1] == "given up"
    assert (outbox.tally.given_up, outbox.tally.failed, len(outbox.tasks)) == (1, 4, 0)


async def test_idle_returns_while_a_retry_waits_and_stop_drops_it() -> None:
    """Idle means that nothing is due now, not that all is well."""
    host = Host(None)
    outbox = Outbox(host.clock, host.post, random.Random(1))
    outbox.send(host.message())

    await outbox.idle()
    assert len(outbox.tasks) == 1
    await outbox.stop()
    await host.clock.advance(10_000)

    assert len(host.got) == 1
    assert outbox.working == 0


async def test_weather_loses_doubles_delays_and_shuffles_by_the_seed() -> None:
    """The same seed gives the same day; another gives another."""

    async def day(seed: int) -> tuple[list[tuple[float, bytes]], int, int]:
        host = Host()
        delivery_faults = DeliveryFaults(loss=0.2, duplicate=0.2, shuffle=0.5, delay=(1, 3))
        outbox = Outbox(host.clock, host.post, random.Random(seed), delivery_faults)
        for number in range(40):
            outbox.send(host.message(str(number).encode()))
        await host.clock.advance(100)
        return host.got, outbox.tally.lost, outbox.tally.doubled

    got, lost, doubled = await day(7)

    assert lost > 0
    assert doubled > 0
    assert 40 - lost + doubled == len(got)
    assert [body for _, body in got] != sorted((body for _, body in got), key=int)
    assert (got, lost, doubled) == await day(7)
    assert (got, lost, doubled) != await day(8)


async def test_nobody_is_written_to_who_no_longer_wants_it() -> None:
    """A message whose address has gone is dropped before its next attempt, without a give-up."""
    host, wanted = Host(500), [True]
    outbox = Outbox(host.clock, host.post, random.Random(1))
    message = host.message()
    message.address = lambda: ("http://there", {}) if wanted else None
    outbox.send(message)
    await outbox.idle()

    wanted.clear()
    await host.clock.advance(10_000)

    assert len(host.got) == 1
    assert host.events == ["failed 1 500"]
