"""How far a platform's clock goes apart from ours, measured by the Date of its answers."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx2
import pytest

from brygga.core.failures import Unanswered
from brygga.wire import Apart, Call, Clocks, OpenGate, Wire, open_client
from tests.wire.doubles import NOON, FarEnd, SkippingClock, far_end, says

READ = Call("zettle", "GET", "https://shop.example/v3/things")


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def date(at: datetime) -> str:
    """As a server writes it: cut to whole seconds."""
    return format_datetime(at.replace(microsecond=0), usegmt=True)


def measure(clocks: Clocks, ahead_s: float, *sent: float, way_s: float = 0.1) -> Apart | None:
    """Requests that leave at these seconds and take `way_s` each way, to a server whose clock is `ahead_s` ahead."""
    for one in sent:
        clocks.heard("zettle", date(at(one + way_s + ahead_s)), at(one), at(one + 2 * way_s))
    return clocks.apart("zettle")


@pytest.mark.parametrize("ahead_s", [-120.3, -3.0, -0.4, 0.0, 0.7, 2.95, 3600.5])
def test_each_answer_narrows_it_and_the_truth_stays_within(ahead_s: float) -> None:
    clocks, sent = Clocks(), [n * 7.13 for n in range(40)]

    one = measure(clocks, ahead_s, sent[0])
    many = measure(clocks, ahead_s, *sent[1:])

    assert one is not None
    assert many is not None
    assert one.low_s <= ahead_s <= one.high_s
    assert many.low_s <= ahead_s <= many.high_s
    assert many.within_s < 0.15 < one.within_s < 0.601
    assert abs(many.middle_s - ahead_s) <= many.within_s


def test_nothing_is_known_before_the_first_answer_and_of_another_platform() -> None:
    clocks = Clocks()
    assert clocks.apart("zettle") is None

    measure(clocks, 0, 0)
    assert clocks.apart("bigcommerce") is None


def test_a_clock_that_was_set_is_measured_anew() -> None:
    clocks = Clocks()
    measure(clocks, 0, *[n * 7.13 for n in range(40)])

    found = measure(clocks, 30, 400)

    assert found is not None
    assert found.low_s <= 30 <= found.high_s


def test_what_was_measured_long_ago_says_less() -> None:
    clocks = Clocks()
    fresh = measure(clocks, 0, *[n * 7.13 for n in range(40)])

    old = measure(clocks, 0, 3 * 3600)

    assert fresh is not None
    assert old is not None
    assert old.within_s > fresh.within_s


@pytest.mark.parametrize("words", ["", "yesterday", "2026-03-02T12:00:00Z", "Mon, 99 Mar 2026 12:00:00 GMT"])
def test_a_date_that_cannot_be_read_says_nothing(words: str) -> None:
    clocks = Clocks()

    clocks.heard("zettle", words, at(0), at(1))

    assert clocks.apart("zettle") is None


async def test_every_answer_is_heard_refusals_and_lost_ones_too() -> None:
    """Eleven minutes behind: what an answer says of the time does not depend on what else it says."""
    theirs = NOON - timedelta(minutes=11)
    for step in (says(200, {}, {"Date": date(theirs)}), says(500, {}, {"date": date(theirs)})):
        wire, _ = far_end(step)
        call = Call("bigcommerce", "POST", READ.url, json={})
        if step.status_code == 200:
            await wire.send(call, OpenGate())
        else:
            with pytest.raises(Unanswered):
                await wire.send(call, OpenGate())

        assert wire.clocks.apart("bigcommerce") == Apart(-660, -659)


@pytest.mark.parametrize(("name", "value"), [("Age", "5184000"), ("Content-Type", "text/html; charset=utf-8")])
async def test_the_answer_of_a_cache_or_of_something_in_between_is_not_heard(name: str, value: str) -> None:
    answer = says(200, {}, {"Date": date(datetime(2026, 1, 1, tzinfo=UTC)), name: value})
    far = FarEnd([answer])
    wire = Wire(open_client(httpx2.MockTransport(far)), SkippingClock())

    await wire.send(READ, OpenGate())

    assert wire.clocks.apart("zettle") is None
