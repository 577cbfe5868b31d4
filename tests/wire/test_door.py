"""What a failure did to the world, for every way in which a call can end."""

import asyncio
from decimal import Decimal

import httpx2
import pytest

from brygga.core.failures import Failure, Unanswered, Unreachable
from brygga.wire import Answer, Call, GuardedGate, OpenGate, Upload, Wire, failure_of, open_client
from tests.wire.doubles import CountingGate, FarEnd, SkippingClock, far_end, says

URL = "https://shop.example/v3/things"
READ = Call("zettle", "GET", URL)
WRITE = Call("zettle", "POST", URL, json={"name": "Mugg"})
REPEATABLE = Call("zettle", "PUT", URL, json={"name": "Mugg"}, repeatable=True)


async def fate(call: Call, step: httpx2.Response | Exception) -> Failure:
    wire, _ = far_end(step)
    with pytest.raises(Failure) as caught:
        await wire.send(call, OpenGate())
    return caught.value


@pytest.mark.parametrize("call", [READ, WRITE, REPEATABLE])
@pytest.mark.parametrize(
    "error", [httpx2.ConnectError("no"), httpx2.ConnectTimeout("no"), httpx2.PoolTimeout("no")]
)
async def test_no_socket_means_that_nothing_happened(call: Call, error: Exception) -> None:
    failure = await fate(call, error)

    assert (type(failure), failure.code) == (Unreachable, "zettle_unreachable")


LOST = [
    httpx2.ReadTimeout("no"),
    httpx2.ReadError("no"),
    httpx2.WriteError("no"),
    httpx2.RemoteProtocolError("no"),
    says(500),
    says(502, "<html>"),
    says(503),
    says(504),
    says(499),
    says(408),
    says(403, "<html><title>Attention</title>"),
]


@pytest.mark.parametrize("step", LOST, ids=repr)
async def test_lost_after_sending_a_write_that_must_not_be_repeated_is_unanswered(
    step: httpx2.Response | Exception,
) -> None:
    failure = await fate(WRITE, step)

    assert (type(failure), failure.code) == (Unanswered, "zettle_unanswered")


@pytest.mark.parametrize("step", LOST, ids=repr)
@pytest.mark.parametrize("call", [READ, REPEATABLE])
async def test_lost_after_sending_what_may_be_repeated_is_unreachable(
    call: Call, step: httpx2.Response | Exception
) -> None:
    failure = await fate(call, step)

    assert (type(failure), failure.code) == (Unreachable, "zettle_unreachable")


@pytest.mark.parametrize("status", [423, 425, 429])
async def test_a_busy_platform_did_nothing_and_says_when_to_come_back(status: int) -> None:
    failure = await fate(WRITE, says(status, headers={"Retry-After": "7"}))

    assert isinstance(failure, Unreachable)
    assert (failure.code, failure.after_s) == ("zettle_busy", 7)


async def test_of_several_waits_the_longest_counts() -> None:
    headers = {"X-Retry-After": "2", "X-Rate-Limit-Time-Reset-Ms": "15000"}

    failure = await fate(WRITE, says(429, headers=headers))

    assert isinstance(failure, Unreachable)
    assert failure.after_s == 15


async def test_a_redirect_is_not_followed() -> None:
    wire, end = far_end(says(301, headers={"Location": "https://elsewhere.example/"}))

    with pytest.raises(Unreachable):
        await wire.send(READ, OpenGate())

    assert len(end.asked) == 1


async def test_a_lost_call_is_sent_once_and_never_repeated_by_the_wire() -> None:
    wire, end = far_end(says(503), says(200))

    with pytest.raises(Unreachable):
        await wire.send(READ, OpenGate())

    assert len(end.asked) == 1


@pytest.mark.parametrize("status", [200, 204, 207, 304, 400, 401, 403, 404, 409, 412, 422])
async def test_what_a_room_must_judge_comes_back_as_an_answer(status: int) -> None:
    wire, _ = far_end(says(status, {"title": "x"}))

    assert (await wire.send(READ, OpenGate())).status == status


async def test_a_wanted_status_comes_back_but_never_as_html() -> None:
    call = Call("zettle", "GET", URL, wanted=frozenset({404, 500}))

    assert failure_of(call, Answer(500, body=b"{}")) is None
    assert isinstance(failure_of(call, Answer(404, body=b" <html>")), Unreachable)


async def test_a_call_that_drips_longer_than_its_timeout_is_lost() -> None:
    class Never(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            await asyncio.Event().wait()
            raise AssertionError

    wire = Wire(open_client(Never()), SkippingClock())

    with pytest.raises(Unanswered):
        await wire.send(Call("zettle", "POST", URL, json=[], timeout_s=0.01), OpenGate())


@pytest.mark.parametrize("step", [says(200, {}), says(500), httpx2.ReadError("no")])
async def test_whoever_entered_a_gate_leaves_it_once(step: httpx2.Response | Exception) -> None:
    wire, _ = far_end(step)
    gate = CountingGate()

    with (
        pytest.raises(Failure)
        if not isinstance(step, httpx2.Response) or step.status_code == 500
        else _nothing()
    ):
        await wire.send(READ, gate)

    assert (gate.entered, len(gate.answers)) == (1, 1)


async def test_a_cancelled_call_leaves_its_gate() -> None:
    class Never(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            started.set()
            await asyncio.Event().wait()
            raise AssertionError

    started, gate = asyncio.Event(), CountingGate()
    task = asyncio.ensure_future(Wire(open_client(Never()), SkippingClock()).send(READ, gate))
    await started.wait()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert gate.answers == [None]


async def test_a_lease_that_ends_too_soon_stops_the_call_at_the_socket() -> None:
    def gone(call: Call) -> None:
        raise LookupError(call.path)

    wire, end = far_end()
    inner = CountingGate()

    with pytest.raises(LookupError):
        await wire.send(READ, GuardedGate(inner, gone))

    assert (end.asked, inner.answers) == ([], [None])


async def test_no_secret_shows_in_a_failure_or_in_a_repr() -> None:
    call = Call(
        "zettle",
        "POST",
        URL + "?token=in-the-query",
        headers={"Authorization": "Bearer s3cret-t0ken"},
        json={"key": "b0dy"},
    )
    wire, _ = far_end(says(500, "s3cret-t0ken"))

    with pytest.raises(Failure) as caught:
        await wire.send(call, OpenGate())

    reported = f"{caught.value} {caught.value.detail} {call!r}".replace("?token=in-the-query", "")
    assert "s3cret" not in reported
    assert "b0dy" not in reported
    assert caught.value.detail == "POST /v3/things: 500"
    assert caught.value.__cause__ is None


async def test_one_merchants_cookie_never_travels_with_anothers_call() -> None:
    wire, end = far_end(says(200, {}, {"Set-Cookie": "session=first; Path=/"}), says(200, {}))

    await wire.send(READ, OpenGate())
    await wire.send(READ, OpenGate())

    assert "cookie" not in end.asked[1].headers


async def test_every_call_says_who_we_are() -> None:
    wire, end = far_end(says(200, {}))

    await wire.send(READ, OpenGate())

    assert end.asked[0].headers["user-agent"] == "Brygga/test"


async def test_a_price_goes_out_and_comes_back_digit_for_digit() -> None:
    wire, end = far_end(says(200, '{"price": 0.10, "weight": 1e-3}'))

    answer = await wire.send(
        Call("zettle", "POST", URL, json={"price": Decimal("19.90")}), OpenGate()
    )

    assert b'"price":19.90' in end.asked[0].content
    assert answer.json() == {"price": Decimal("0.10"), "weight": Decimal("0.001")}


async def test_a_file_goes_out_as_the_same_bytes_each_time() -> None:
    wire, end = far_end(says(200, {}), says(200, {}))
    call = Call(
        "zettle", "POST", URL, upload=Upload("image_file", 'a"b.png', "image/png", b"\x89PNG")
    )

    await wire.send(call, OpenGate())
    await wire.send(call, OpenGate())

    assert end.asked[0].content == end.asked[1].content
    assert (
        b'name="image_file"; filename="ab.png"\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n--'
        in end.asked[0].content
    )
    assert end.asked[0].headers["content-type"].startswith("multipart/form-data; boundary=")


async def test_a_body_longer_than_allowed_is_cut_and_says_so() -> None:
    wire, _ = far_end(says(200, b'"' + b"x" * 100 + b'"'))

    answer = await wire.send(Call("zettle", "GET", URL, max_bytes=10), OpenGate())

    assert not answer.whole
    with pytest.raises(ValueError, match="cut"):
        answer.json()


async def test_an_observer_sees_every_call() -> None:
    received: list[tuple[str, int | None]] = []
    end = FarEnd([says(200, {}), httpx2.ReadError("no")])
    wire = Wire(
        open_client(httpx2.MockTransport(end)),
        SkippingClock(),
        observe=lambda call, answer, _: received.append(
            (call.path, answer.status if answer else None)
        ),
    )

    await wire.send(READ, OpenGate())
    with pytest.raises(Unreachable):
        await wire.send(READ, OpenGate())

    assert received == [("/v3/things", 200), ("/v3/things", None)]


class _nothing:  # noqa: N801 (reads as a word beside pytest.raises)
    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...
