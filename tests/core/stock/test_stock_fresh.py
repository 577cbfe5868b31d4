"""What the shop sold between "tracking is on" and its first level: in no level, and told of later (rules S3, S7)."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from brygga.core.stock import (
    Early,
    Gap,
    Hint,
    Ledger,
    Look,
    Shelf,
    Side,
    Told,
    awaits_level,
    counted,
    hinted,
    landed,
    observed,
    ordered_early,
    reset,
    reset_refused,
    restarted,
    settle,
    split,
    started_earlier,
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
@pytest.mark.parametrize("lost", [35.0, None], ids=["given up", "its process died"])
def test_a_level_without_an_answer_can_have_landed_until_it_was_given_up(lost: float | None) -> None:
    ledger = reset(restarted(Ledger(), Look(10, at(5)), since=at(-0.5)), "call", at(5.6), 0)
    ledger = ledger if lost is None else unanswered(ledger, Side.SHOP, at(lost))
    for second in (70, 85):
        ledger = settle(ledger, Side.SHOP, Look(10, at(second)), None, TIMING).ledger

    covered, _ = seen(told(ledger, order(20, -2), heard=90), (101, 10))
    assert (10, 8) == (covered.shop.known, covered.promised)


@pytest.mark.rule("S3", "S7")
def test_another_order_s_late_hook_makes_it_another_answer() -> None:
    """The second one is in the look that decides, and told of only after it."""
    ledger, first = seen(told(begun(), order(5, -1), heard=7), (18, 9))
    ledger, second = seen(told(ledger, order(17, -1), heard=20), (31, 9))
    ledger, last = seen(ledger, (300, 9))

    assert first is None
    assert second is not None
    assert last is not None
    assert -1 == second.change
    assert (0, 8, 8) == (last.change, ledger.zettle.promised, ledger.shop.promised)
    assert ledger.shop.fresh is not None
    assert () == ledger.shop.fresh.early


@pytest.mark.rule("S3", "S7")
@pytest.mark.parametrize(
    "one",
    [
        pytest.param(replace(order(5, -2), value=None), id="no value"),
        pytest.param(replace(order(5, 8), relative=False), id="a level"),
    ],
)
def test_an_early_order_that_does_not_say_how_much_is_asked_about(one: Told) -> None:
    ledger, early = seen(told(begun(), one, heard=7), (18, 10))
    _, again = seen(ledger, (40, 10))

    assert early is not None
    assert (False, 10) == (early.sure, ledger.promised)
    assert again is None


@pytest.mark.rule("S7")
def test_more_early_orders_than_are_told_apart_are_asked_about() -> None:
    _, early = seen(told(begun(), *[order(3, -1)] * 80, heard=7), (18, 10))

    assert early is not None
    assert not early.sure


@pytest.mark.rule("S3", "S7")
@pytest.mark.parametrize(("start", "promised"), [(-3.5, 8), (-0.4, 10), (-9.0, 10)], ids=["since", "later", "before"])
def test_a_start_that_is_told_of_only_later_counts_the_orders_since(start: float, promised: int) -> None:
    """The look that found tracking on was quicker. A start of before it was last off is told once more, and is none of this."""
    ledger = begun()
    assert ledger.shop.fresh is not None
    shop = replace(ledger.shop, fresh=replace(ledger.shop.fresh, off=at(-5)))
    ledger = started_earlier(told(ledger.put(Side.SHOP, shop), order(-3, -2), heard=7), at(start))
    ledger, _ = seen(ledger, (18, 10))

    assert promised == ledger.promised


@pytest.mark.rule("S3", "S7")
def test_an_order_that_was_heard_of_before_anybody_told_that_tracking_is_on_counts_once_that_is_told() -> None:
    """A look found tracking on; the order's hook was there before, and the switch's own message comes last."""
    off = Ledger(Shelf(Gap.UNTRACKED), Shelf(Gap.UNTRACKED))
    off = told(off, order(2, -2), order(-20, -4), heard=3)
    ledger = reset(restarted(off, Look(10, at(5)), since=at(5), told=False), "call", at(5.6), 0)
    ledger, _ = seen(landed(ledger, Side.SHOP, at(5.8)), (18, 10), (600, 10))
    ledger, _ = seen(started_earlier(ledger, at(1)), (1200, 10))

    assert 8 == ledger.promised


@pytest.mark.rule("S7")
def test_what_was_counted_or_parted_by_hand_ends_it() -> None:
    by_count, by_split = counted(begun(), 10, 10), split(begun(), 6, 4)

    assert by_count is not None
    assert by_split is not None
    assert [None, None] == [one.shop.fresh for one in (by_count, by_split)]


@pytest.mark.rule("S7")
def test_a_later_level_of_a_shelf_that_has_a_number_begins_nothing() -> None:
    """BigCommerce had stopped counting it: what was ordered before is in the number."""
    ledger, _ = seen(told(begun(), order(100, -2), heard=101), (112, 8))
    ledger = landed(reset(ledger, "later", at(120), 8), Side.SHOP, at(120.2))
    ledger, early = seen(told(ledger, order(100, -2), heard=125), (140, 8))

    assert early is None
    assert 8 == ledger.promised


@pytest.mark.rule("S7")
def test_hooks_do_not_come_days_late() -> None:
    ledger = told(begun(), order(5, -2), heard=5 * 24 * 3600)

    assert ledger.shop.fresh is None
    assert 10 == ledger.promised


@pytest.mark.rule("S7")
def test_a_first_level_that_was_refused_leaves_no_number() -> None:
    """The store shows what it had before: that is not ours, and no movement."""
    ledger = reset(restarted(Ledger(), Look(10, at(5)), 0, at(0)), "call", at(5.6), 0)
    ledger = reset_refused(ledger)
    waits = awaits_level(ledger)
    ledger, _ = seen(ledger, (20, 7))

    assert waits
    assert (10, None) == (ledger.promised, ledger.shop.promised)
    assert awaits_level(ledger)


@pytest.mark.rule("S3", "S7")
def test_a_first_level_that_never_landed_takes_nothing_back_of_what_was_ordered() -> None:
    """Two looks show the old number, which has the order in it."""
    ledger = reset(restarted(Ledger(), Look(10, at(5)), since=at(-0.5)), "call", at(5.6), 0)
    ledger = told(unanswered(ledger, Side.SHOP, at(6)), order(3, -2), heard=7)
    for second in (20, 35):
        ledger = settle(ledger, Side.SHOP, Look(5, at(second)), None, TIMING).ledger

    assert (5, 8, 8) == (ledger.shop.known, ledger.zettle.promised, ledger.shop.promised)
