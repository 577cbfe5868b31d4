"""How far a platform's clock goes apart from ours, measured by the Date of its answers."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx2
import pytest

from brygga.core.failures import Unanswered
from brygga.wire import Bounds, Call, Clocks, OpenGate, Wire, open_client
from tests.wire.doubles import NOON, FarEnd, SkippingClock, far_end, says

READ = Call("zettle", "GET", "https://shop.example/v3/things")


def width(bounds: Bounds) -> float:
    return bounds.high_s - bounds.low_s


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def date(at: datetime) -> str:
    """As a server writes it: cut to whole seconds."""
    return format_datetime(at.replace(microsecond=0), usegmt=True)


def measure(
    clocks: Clocks, clock_offset_s: float, *sent: float, way_s: float = 0.1
) -> Bounds | None:
    """Requests that leave at these seconds and take `way_s` each way, to a server whose clock is
    `clock_offset_s` ahead.
    """
    for one in sent:
        clocks.received(
            "zettle", date(at(one + way_s + clock_offset_s)), at(one), at(one + 2 * way_s)
        )
    return clocks.offset("zettle", at(sent[-1] + 2 * way_s))


@pytest.mark.parametrize("clock_offset_s", [-30.3, -3.0, -0.4, 0.0, 0.7, 2.95, 59.5])
def test_each_answer_narrows_it_and_the_truth_stays_within(clock_offset_s: float) -> None:
    clocks, sent = Clocks(), [n * 7.13 for n in range(40)]

    one = measure(clocks, clock_offset_s, sent[0])
    many = measure(clocks, clock_offset_s, *sent[1:])

    assert one is not None
    assert many is not None
    assert one.low_s <= clock_offset_s <= one.high_s
    assert many.low_s <= clock_offset_s <= many.high_s
    assert width(many) < 0.3 < width(one) < 1.202
    assert abs(many.middle_s - clock_offset_s) <= width(many) / 2


def test_nothing_is_known_before_the_first_answer_and_of_another_platform() -> None:
    clocks = Clocks()
    assert clocks.offset("zettle", NOON) is None

    measure(clocks, 0, 0)
    assert clocks.offset("bigcommerce", NOON) is None


def test_a_clock_that_was_set_is_measured_anew() -> None:
    clocks = Clocks()
    measure(clocks, 0, *[n * 7.13 for n in range(40)])

    one, two = measure(clocks, 30, 400), measure(clocks, 30, 401)
    three = measure(clocks, 30, 402)

    for still in (one, two):
        assert still is not None
        assert still.low_s <= 0 <= still.high_s
    assert three is not None
    assert three.low_s <= 30 <= three.high_s


def test_a_machine_of_the_platforms_that_is_wrong_itself_is_outvoted() -> None:
    clocks = Clocks()
    for n in range(30):
        measure(clocks, 0, n * 7.13)
        found = (
            measure(clocks, 3600, n * 7.13 + 1) if n % 2 else measure(clocks, -1.5e9, n * 7.13 + 1)
        )
        assert found is not None
        assert found.low_s <= 0 <= found.high_s


@pytest.mark.parametrize("clock_offset_s", [-3600.0, 700.3])
def test_clocks_that_are_minutes_apart_are_believed_when_three_answers_say_so(
    clock_offset_s: float,
) -> None:
    clocks = Clocks()

    assert measure(clocks, clock_offset_s, 0) is None
    assert measure(clocks, clock_offset_s, 5) is None
    found = measure(clocks, clock_offset_s, 10)

    assert found is not None
    assert found.low_s <= clock_offset_s <= found.high_s


def test_what_was_measured_long_ago_says_less_and_in_the_end_nothing() -> None:
    clocks = Clocks()
    fresh = measure(clocks, 0, *[n * 7.13 for n in range(40)])

    old, ancient = clocks.offset("zettle", at(3 * 3600)), clocks.offset("zettle", at(24 * 3600))

    assert fresh is not None
    assert old is not None
    assert width(old) > width(fresh)
    assert ancient is None


def test_an_answer_that_took_long_says_nothing() -> None:
    """Slow answers come just when others are lost: a wide guess would take an edit of long before
    for a write.
    """
    clocks = Clocks()
    assert measure(clocks, 0, 0, way_s=12) is None

    quick = measure(clocks, 0, 100)
    clocks.received("zettle", date(at(113)), at(101), at(125))
    assert quick is not None
    assert clocks.offset("zettle", at(100.2)) == quick


@pytest.mark.parametrize(
    "words",
    [
        "",
        "yesterday",
        "2026-03-02T12:00:00Z",
        "Mon, 99 Mar 2026 12:00:00 GMT",
        "Fri, 31 Dec 9999 23:59:59 -1200",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Mon, 99999999999999999999 Jan 2026 00:00:00 GMT",
    ],
)
def test_a_date_that_cannot_be_read_says_nothing(words: str) -> None:
    clocks = Clocks()

    clocks.received("zettle", words, at(0), at(1))

    assert clocks.offset("zettle", at(1)) is None


async def test_an_answer_with_an_absurd_date_is_an_answer() -> None:
    wire, far = far_end(says(200, {"id": 1}, {"Date": "Fri, 31 Dec 9999 23:59:59 -1200"}))

    answer = await wire.send(Call("bigcommerce", "POST", READ.url, json={}), OpenGate())

    assert (answer.status, answer.json(), len(far.asked)) == (200, {"id": 1}, 1)


async def test_every_answer_is_received_refusals_and_lost_ones_too() -> None:
    """Eleven seconds behind: what an answer says of the time does not depend on what else it
    says.
    """
    theirs = NOON - timedelta(seconds=11)
    for step in (says(200, {}, {"Date": date(theirs)}), says(500, {}, {"date": date(theirs)})):
        wire, _ = far_end(step)
        call = Call("bigcommerce", "POST", READ.url, json={})
        if step.status_code == 200:
            await wire.send(call, OpenGate())
        else:
            with pytest.raises(Unanswered):
                await wire.send(call, OpenGate())

        assert wire.clocks.offset("bigcommerce", NOON) == Bounds(-11, -10)


@pytest.mark.parametrize(
    ("name", "value"), [("Age", "5184000"), ("Content-Type", "text/html; charset=utf-8")]
)
async def test_the_answer_of_a_cache_or_of_something_in_between_is_not_received(
    name: str, value: str
) -> None:
    answer = says(200, {}, {"Date": date(datetime(2026, 1, 1, tzinfo=UTC)), name: value})
    far = FarEnd([answer])
    wire = Wire(open_client(httpx2.MockTransport(far)), SkippingClock())

    await wire.send(READ, OpenGate())

    assert wire.clocks.offset("zettle", NOON) is None
