"""The budget of a store and the pace of Zettle's inventory, on a clock that is moved by
sleeping.
"""

import asyncio
import itertools

import pytest

from brygga.wire import (
    Answer,
    Call,
    InventoryPace,
    OpenGate,
    ReadOnlyGate,
    StoreBudget,
    WriteRefused,
)
from brygga.wire.budget import KEPT_FOR_STOCK, MARGIN_S
from tests.wire.doubles import SkippingClock

ORDINARY = Call("bigcommerce", "GET", "https://api.example/stores/a/v3/x")
URGENT = Call("bigcommerce", "POST", "https://api.example/stores/a/v3/y", urgent=True)
STOCK = Call(
    "bigcommerce",
    "POST",
    "https://api.example/stores/a/v3/inventory",
    urgent=True,
    serial_group="inventory",
)
INVENTORY = Call("zettle", "GET", "https://inventory.example/v3/stock", serial_group="inventory")


def limits(left: int, reset_ms: int, quota: int = 150, status: int = 200) -> Answer:
    return Answer(
        status,
        {
            "x-rate-limit-requests-left": str(left),
            "x-rate-limit-requests-quota": str(quota),
            "x-rate-limit-time-reset-ms": str(reset_ms),
            "x-rate-limit-time-window-ms": "30000",
        },
    )


class Window:
    """A store that counts as BigCommerce does: so many in a fixed window, from the first request
    on.
    """

    def __init__(self, clock: SkippingClock, quota: int = 150) -> None:
        self.clock, self.quota = clock, quota
        self.begun, self.used, self.refused, self.served = clock.at, 0, 0, 0

    def answer(self, others: int = 0) -> Answer:
        while self.clock.at >= self.begun + 30:
            self.begun, self.used = self.begun + 30, 0
        self.used += 1 + others
        over = self.used > self.quota
        self.refused, self.served = self.refused + over, self.served + (not over)
        reset_ms = int((self.begun + 30 - self.clock.at) * 1000)
        return limits(max(self.quota - self.used, 0), reset_ms, self.quota, 429 if over else 200)


async def once(budget: StoreBudget, call: Call, answer: Answer | None) -> None:
    await budget.enter(call)
    budget.left(call, answer)


async def test_a_budget_that_knows_nothing_sends_one_probe_and_waits_for_it() -> None:
    budget = StoreBudget(SkippingClock())

    await budget.enter(ORDINARY)
    second = asyncio.ensure_future(budget.enter(ORDINARY))
    await asyncio.sleep(0)
    assert not second.done()

    budget.left(ORDINARY, limits(100, 30_000))
    await second


async def test_ordinary_calls_are_spread_over_what_is_left_of_the_window() -> None:
    clock = SkippingClock()
    budget = StoreBudget(clock)
    await once(budget, ORDINARY, limits(103, 20_000))

    began = clock.at
    starts = []
    for left in range(102, 52, -1):
        await budget.enter(ORDINARY)
        starts.append(clock.at - began)
        budget.left(ORDINARY, limits(left, int((20 - (clock.at - began)) * 1000)))

    gaps = [later - earlier for earlier, later in itertools.pairwise(starts)]
    assert all(0.19 < gap < 0.21 for gap in gaps)


async def test_a_first_import_is_never_refused_and_uses_nearly_every_window() -> None:
    clock = SkippingClock()
    window, budget = Window(clock), StoreBudget(clock)

    for _ in range(1500):
        await budget.enter(ORDINARY)
        budget.left(ORDINARY, window.answer())

    assert window.refused == 0
    assert window.served / (clock.at - 1000) > 0.9 * 150 / 30


async def test_when_other_apps_use_the_quota_too_the_headers_are_believed() -> None:
    clock = SkippingClock()
    window, budget = Window(clock), StoreBudget(clock)

    for at in range(600):
        await budget.enter(ORDINARY)
        budget.left(ORDINARY, window.answer(others=at % 2))

    assert window.refused == 0


async def test_three_requests_are_kept_for_stock() -> None:
    clock = SkippingClock()
    budget = StoreBudget(clock)
    await once(budget, ORDINARY, limits(KEPT_FOR_STOCK, 20_000))

    assert budget.wait_s(ORDINARY) == pytest.approx(20 + MARGIN_S)
    for left in (2, 1, 0):
        assert budget.wait_s(URGENT) == 0
        await once(budget, URGENT, limits(left, 20_000))
    assert budget.wait_s(URGENT) == pytest.approx(20 + MARGIN_S)


async def test_stock_is_not_spread() -> None:
    clock = SkippingClock()
    budget = StoreBudget(clock)
    await once(budget, ORDINARY, limits(50, 20_000))
    await once(budget, ORDINARY, limits(49, 20_000))

    assert budget.wait_s(ORDINARY) != 0
    assert budget.wait_s(URGENT) == 0


async def test_the_window_is_full_again_at_the_reset() -> None:
    clock = SkippingClock()
    budget = StoreBudget(clock)
    await once(budget, ORDINARY, limits(0, 4_000))

    await budget.enter(ORDINARY)

    assert clock.at == pytest.approx(1004 + MARGIN_S)
    assert budget.left_now == 149


async def test_a_429_with_headers_waits_for_the_reset_one_without_ever_longer() -> None:
    clock = SkippingClock()
    budget = StoreBudget(clock)
    await once(budget, ORDINARY, limits(0, 12_000, status=429))
    assert budget.wait_s(URGENT) == pytest.approx(12 + MARGIN_S)

    clock.at += 60
    waits = []
    for _ in range(8):
        await once(budget, URGENT, Answer(429))
        waits.append(budget.wait_s(URGENT) or 0)

    assert [round(wait) for wait in waits] == [2, 4, 8, 16, 32, 60, 60, 60]


async def test_a_store_without_limits_is_not_slowed() -> None:
    clock = SkippingClock()
    budget = StoreBudget(clock)

    for _ in range(50):
        await once(budget, ORDINARY, Answer(200))

    assert clock.slept == []


async def test_four_ordinary_calls_at_once_and_one_place_more_for_stock() -> None:
    budget = StoreBudget(SkippingClock())
    await once(budget, ORDINARY, Answer(200))
    for _ in range(4):
        await budget.enter(ORDINARY)

    assert budget.wait_s(ORDINARY) is None
    assert budget.wait_s(URGENT) == 0


async def test_one_writer_of_stock_at_a_time() -> None:
    budget = StoreBudget(SkippingClock())
    await once(budget, ORDINARY, Answer(200))
    await budget.enter(STOCK)

    second = asyncio.ensure_future(budget.enter(STOCK))
    await asyncio.sleep(0)
    assert not second.done()
    assert budget.wait_s(ORDINARY) == 0

    budget.left(STOCK, Answer(200))
    await second


async def test_answers_that_overtake_each_other_never_raise_what_is_left() -> None:
    budget = StoreBudget(SkippingClock())
    await once(budget, ORDINARY, limits(100, 20_000))
    await budget.enter(URGENT)
    await budget.enter(URGENT)

    budget.left(URGENT, limits(98, 20_000))
    budget.left(URGENT, limits(99, 20_000))

    assert budget.left_now == 97


async def test_a_lost_call_frees_its_place_and_its_group() -> None:
    budget = StoreBudget(SkippingClock())
    await once(budget, ORDINARY, Answer(200))

    await once(budget, STOCK, None)

    assert budget.wait_s(STOCK) == 0
    assert budget.under_way == 0


async def test_a_budget_travels_with_its_connection() -> None:
    clock = SkippingClock()
    budget = StoreBudget(clock)
    await once(budget, ORDINARY, limits(10, 20_000))
    saved = budget.snapshot()
    clock.at += 5

    heir = StoreBudget(clock, saved)

    assert (heir.left_now, heir.quota, heir.known) == (10, 150, True)
    assert heir.reset_at - clock.at == pytest.approx(15 + MARGIN_S, abs=0.002)


async def test_after_a_crash_the_heir_probes() -> None:
    assert StoreBudget(SkippingClock(), {}).known is False
    assert StoreBudget(SkippingClock()).snapshot() == {}


async def test_inventory_takes_three_a_second_and_other_hosts_any_number() -> None:
    clock = SkippingClock()
    pace = InventoryPace(clock)
    starts = []
    for _ in range(10):
        await pace.enter(INVENTORY)
        starts.append(clock.at)
        await pace.enter(ORDINARY)

    assert all(sum(1 for one in starts if at <= one < at + 1) <= 3 for at in starts)
    assert clock.at == pytest.approx(1003)


async def test_after_a_429_inventory_waits_as_asked() -> None:
    clock = SkippingClock()
    pace = InventoryPace(clock)
    await pace.enter(INVENTORY)
    pace.left(INVENTORY, Answer(429, {"retry-after": "5"}))

    await pace.enter(INVENTORY)

    assert clock.at == pytest.approx(1005)


def test_a_wait_that_nobody_means_is_an_hour_at_most() -> None:
    """A header that says weeks would put a merchant's work off for weeks."""
    clock = SkippingClock()
    pace = InventoryPace(clock)

    pace.left(INVENTORY, Answer(429, {"retry-after": "5000000"}))

    assert 3600 == pace.wait_s(INVENTORY)


# ---- The gate of a connection that only reads ----------------------------------------------------


@pytest.mark.rule("C11")
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_no_write_passes_a_gate_that_is_shut(method: str) -> None:
    shut = ReadOnlyGate(OpenGate(), lambda: True)
    call = Call("bigcommerce", method, "https://api.example/stores/a/v3/catalog/products")

    with pytest.raises(WriteRefused):
        await shut.enter(call)
    await ReadOnlyGate(OpenGate(), lambda: False).enter(call)


async def test_reads_pass_it_also_those_that_are_a_post() -> None:
    shut = ReadOnlyGate(OpenGate(), lambda: True)

    await shut.enter(ORDINARY)
    await shut.enter(Call("zettle", "POST", "https://inventory.example/status", writes=False))


async def test_a_gate_that_shuts_while_a_write_waits_refuses_it() -> None:
    answers = iter([False, True])
    shut = ReadOnlyGate(OpenGate(), lambda: next(answers))

    with pytest.raises(WriteRefused):
        await shut.enter(STOCK)
