"""What the shop sold between "tracking is on" and its first level: in no level, and told of later (rules S3, S7)."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from brygga.core.stock import (
    Early,
    Hint,
    Ledger,
    Look,
    Side,
    Told,
    hinted,
    landed,
    observed,
    ordered_early,
    reset,
    restarted,
    unanswered,
)
from tests.core.stock.tales import TIMING, at, edit, order


def told(ledger: Ledger, *tale: Told, heard: float) -> Ledger:
    for one in tale:
        ledger = hinted(ledger, Side.SHOP, Hint(at(heard), by_order=one.by_order, told=one), TIMING)
    return ledger


def begun(*before: Told) -> Ledger:
    """Tracking is on since half a second before 0, and Zettle has 10; the level leaves at 5.6 and lands at 5.8.

    `before` was told of before it left.
    """
    ledger = told(restarted(Ledger(), Look(10, at(5)), since=at(-0.5)), *before, heard=5.5)
    return landed(reset(ledger, "call", at(5.6), 0), Side.SHOP, at(5.8))


def seen(ledger: Ledger, *levels: tuple[float, int]) -> tuple[Ledger, Early | None]:
    early = None
    for second, level in levels:
        look = Look(level, at(second))
        ledger = observed(ledger, Side.SHOP, look, TIMING).ledger
        early = ordered_early(ledger, look, TIMING)
        ledger = ledger if early is None else early.ledger
    return ledger, early


@pytest.mark.rule("S3", "S7")
@pytest.mark.parametrize(
    ("tale", "level", "promised"),
    [
        pytest.param([], 10, 10, id="nothing was sold"),
        pytest.param([order(5, -2)], 10, 8, id="covered by the level"),
        pytest.param([order(5, -2)], 8, 8, id="in the same second, after the level"),
        pytest.param([order(5, -2), order(5, -1)], 9, 7, id="one before it and one after it"),
        pytest.param([order(3, -2), order(9, -3)], 7, 5, id="one before it, and one long after it"),
        pytest.param([order(3, -2), order(4, 2)], 10, 10, id="sold and cancelled before it"),
        pytest.param([order(-2, -2)], 10, 10, id="before tracking was on"),
        pytest.param([order(-1, -2)], 10, 8, id="in the second in which it was switched on: the lower number"),
        pytest.param([edit(5, 10)], 10, 10, id="the hook of our own level"),
    ],
)
@pytest.mark.parametrize("heard", [5.5, 7.0, 900.0], ids=["before it left", "just after it landed", "long after"])
def test_an_order_that_the_first_level_has_covered_counts_once(
    tale: list[Told], level: int, promised: int, heard: float
) -> None:
    if heard < 6:
        early = [one for one in tale if one.at <= at(5)]
        ledger = told(begun(*early), *[one for one in tale if one not in early], heard=10)
    else:
        ledger, _ = seen(begun(), (16, 10)) if heard > 60 and level == 10 else (begun(), None)
        ledger = told(ledger, *tale, heard=heard)
    ledger, _ = seen(ledger, (max(heard, 10) + 11, level))

    assert (promised, promised) == (ledger.zettle.promised, ledger.shop.promised)
    assert level == ledger.shop.known


@pytest.mark.rule("S3", "S7")
def test_an_order_counts_once_however_often_it_is_looked_at_or_told() -> None:
    ledger, _ = seen(told(begun(), order(5, -2), heard=7), (18, 10))
    ledger, early = seen(told(ledger, replace(order(5, -2), again=True), heard=30), (45, 10), (60, 10))

    assert early is None
    assert 8 == ledger.promised


@pytest.mark.rule("S3", "S7")
@pytest.mark.parametrize(
    "looks",
    [
        pytest.param([(15, 10)], id="it trails, and may not show what came after the level"),
        pytest.param([(16, 10)], id="it began too soon after the hook"),
    ],
)
def test_a_look_that_may_not_show_all_says_nothing(looks: Sequence[tuple[float, int]]) -> None:
    _, early = seen(told(begun(), order(5, -2), heard=7), *looks)

    assert early is None


@pytest.mark.rule("S3", "S7")
def test_what_leads_nowhere_is_waited_for_and_then_asked_about() -> None:
    """Somebody edited the shop in those seconds, or a hook is lost."""
    ledger = told(begun(), order(5, -2), heard=7)
    ledger, soon = seen(ledger, (18, 3))
    ledger, late = seen(ledger, (3700, 3))

    assert soon is None
    assert late is not None
    assert (False, 0) == (late.sure, late.change)
    assert (3, 3) == (ledger.zettle.promised, ledger.shop.promised)


@pytest.mark.rule("S3", "S7")
def test_a_level_without_an_answer_has_landed_when_it_was_given_up_at_the_latest() -> None:
    ledger = reset(restarted(Ledger(), Look(10, at(5)), since=at(-0.5)), "call", at(5.6), 0)
    ledger = landed(unanswered(ledger, Side.SHOP, at(35)), Side.SHOP, at(5.6))

    covered, _ = seen(told(ledger, order(20, -2), heard=36), (50, 10))
    sold, _ = seen(told(ledger, order(20, -2), heard=36), (50, 8))

    assert (8, 8) == (covered.promised, sold.promised)
