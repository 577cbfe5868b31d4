"""Days of sales, orders, edits and faults on one variant: no unit is lost or made (testing:
invariants 1, 7, 10, 11, 13).
"""

import random
import sys
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from brygga.core.stock import Side
from tests.core.stock.stock_world import Engine, Ledgers, Naive, Sandbox, calm, outcome, tick

Make = Callable[[Sandbox], Engine]


def day(seed: int, make: Make, edits: bool, drops: bool = False) -> tuple[Sandbox, Engine]:
    """One storm and the calm after it. Every chance comes from the seed."""
    dice = random.Random(seed)
    sandbox = Sandbox(dice, start=dice.choice([1, 5, 40]))
    sandbox.share, sandbox.crashes = (
        (0.03 if dice.random() < 0.8 else 0.0),
        (0.01 if dice.random() < 0.5 else 0.0),
    )
    sandbox.drops = 0.03 if drops and dice.random() < 0.3 else 0.0
    engine = make(sandbox)
    for _ in range(25):
        for _ in range(dice.randint(0, 12)):
            tick(sandbox, engine)
        sandbox.now_s += dice.uniform(0, 3)
        someone(sandbox, dice, edits)
    calm(sandbox, engine)
    return sandbox, engine


def someone(sandbox: Sandbox, dice: random.Random, edits: bool) -> None:
    what = dice.random()
    if what < 0.4:
        sandbox.people(Side.ZETTLE, -dice.randint(1, 3))
    elif what < 0.75:
        sandbox.people(Side.SHOP, -dice.randint(1, 3))
    elif what < 0.85 or not edits:
        sandbox.people(Side.ZETTLE, dice.randint(1, 9))
    else:
        sandbox.people(Side.SHOP, dice.randint(-4, 9), by_api=True)


def days(make: Make, edits: bool, count: int, drops: bool = False) -> Counter[str]:
    """How many days ended how; `pytest -s` shows it."""
    results: Counter[str] = Counter()
    for seed in range(count):
        sandbox, engine = day(seed, make, edits, drops)
        end = outcome(sandbox, engine)
        results[end + (" reported" if end != "right" and engine.reported else "")] += 1
        results["below zero"] += sandbox.below_zero
    sys.stdout.write(f"\n{make.__qualname__}, hand edits {edits}: {dict(results)}\n")
    return results


@pytest.mark.rule("S2", "S3")
def test_sales_and_orders_leave_both_records_right() -> None:
    """Answers lost before and after their effect, crashes, hooks late and doubled: every day ends
    right, or too low and reported.
    """
    results = days(Ledgers.of, edits=False, count=200)

    assert set(results) <= {"right", "low reported", "below zero"}
    assert results["right"] >= 195
    assert results["below zero"] == 0


@pytest.mark.rule("S4")
def test_hand_edits_leave_both_records_right() -> None:
    """An edit of just the size of a write without an answer is told apart from it (decision 16)."""
    results = days(Ledgers.of, edits=True, count=200)

    assert set(results) <= {"right", "low reported", "below zero"}
    assert results["right"] >= 195
    assert results["below zero"] == 0


def test_without_a_marker_nothing_ends_wrong_without_a_question() -> None:
    results = days(Ledgers.unmarked, edits=True, count=200)

    assert set(results) <= {"right", "right reported", "low reported", "below zero"}
    assert results["right"] >= 100


def test_hooks_lost_for_ever_are_mostly_healed_by_sweeps() -> None:
    """With neither answer nor echo nobody can know; the stock records agree all the same."""
    results = days(Ledgers.of, edits=False, count=100, drops=True)

    assert results["right"] >= 95
    assert results["apart"] == results["apart reported"] == 0


def test_the_sandbox_catches_a_naive_engine() -> None:
    """A world that finds nothing wrong with a wrong engine is decoration."""
    results = days(Naive.of, edits=False, count=50)

    assert results["right"] < 25


def test_a_quiet_sandbox_is_left_alone() -> None:
    """After calm, another hour of sweeps writes nothing (invariant 13)."""
    sandbox, engine = day(7, Ledgers.of, edits=True)
    writes = sandbox.writes
    calm(sandbox, engine)

    assert sandbox.writes == writes


def story(make: Make, die_at: int | None) -> tuple[Sandbox, Engine]:
    sandbox = Sandbox(random.Random(3), start=10)
    engine = make(sandbox)
    sandbox.die_at = die_at
    sandbox.people(Side.SHOP, -1)
    tick(sandbox, engine)
    sandbox.people(Side.ZETTLE, -2)
    for _ in range(30):
        tick(sandbox, engine)
    calm(sandbox, engine)
    return sandbox, engine


def test_a_crash_at_every_point_of_an_order_and_a_sale_loses_nothing() -> None:
    ends: Counter[str] = Counter()
    for point in range(1, 2000):
        sandbox, engine = story(Ledgers.of, point)
        if sandbox.deaths == 0:
            break
        ends[outcome(sandbox, engine)] += 1
    sys.stdout.write(f"\ncrash walk: {dict(ends)}\n")

    assert {"right"} == set(ends)
    assert ends["right"] > 20


class ProcessHost(RuleBasedStateMachine):
    """Hypothesis chooses who does what, when, and where the process dies; the law is asserted by
    the ledger itself.
    """

    def __init__(self) -> None:
        super().__init__()
        self.sandbox = Sandbox(random.Random(0), start=6)
        self.engine = Ledgers.of(self.sandbox)

    @rule(side=st.sampled_from(Side), units=st.integers(1, 4))
    def somebody_buys(self, side: Side, units: int) -> None:
        self.sandbox.people(side, -units)

    @rule(units=st.integers(-3, 9))
    def the_till_is_edited(self, units: int) -> None:
        self.sandbox.people(Side.ZETTLE, units)

    @rule(units=st.integers(1, 9))
    def an_order_is_cancelled(self, units: int) -> None:
        self.sandbox.people(Side.SHOP, units)

    @rule(seconds=st.integers(1, 20))
    def time_passes(self, seconds: int) -> None:
        for _ in range(seconds):
            tick(self.sandbox, self.engine)

    @rule(steps=st.integers(1, 14))
    def the_process_dies(self, steps: int) -> None:
        self.sandbox.die_at = self.sandbox.steps + steps

    @rule(share=st.sampled_from([0.0, 0.2, 0.5]))
    def the_fault_plan_changes(self, share: float) -> None:
        self.sandbox.share = share

    def teardown(self) -> None:
        calm(self.sandbox, self.engine)
        end = outcome(self.sandbox, self.engine)

        assert end == "right" or (end == "low" and self.engine.reported)
        assert self.sandbox.below_zero == 0


ProcessHost.TestCase.settings = settings(
    max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
TestProcessHost = ProcessHost.TestCase
