"""Every plan of two events on the stock core, with every single deviation (docs/simulation.md,
"Every small world").
"""

from datetime import datetime
from pathlib import Path

import pytest

from brygga.core.stock import Ledger, Side, refused
from tests.core.stock import stock_world
from tests.explorer.__main__ import main
from tests.explorer.search import deviations, explore, reported
from tests.explorer.world import Act, Plan, play

ONE_OF_EACH = Plan((Act.SALE, Act.ORDER), 1.0)


@pytest.mark.slow
@pytest.mark.rule("S2", "S3", "S4", "S5", "S6")
def test_two_events_with_one_deviation_never_end_wrong() -> None:
    """No class is left out: an edit of just the size of a write without an answer is known from it
    (decision 16).
    """
    found = explore(list(Act), events=2, most=1)

    assert [] == [reported(*one) for one in found.wrong]
    assert 3 * len(Act) ** 2 == found.plans
    assert found.runs > 10_000
    assert found.asked <= 48


def test_a_call_that_lands_in_part_is_asked_about() -> None:
    """Whatever moves the record before it is read: nothing ends wrong without a question."""
    found = explore(list(Act), events=2, most=1, partial=True)

    assert [] == [reported(*one) for one in found.wrong]
    assert found.asked > 0


def test_two_deviations_from_a_sale_and_an_order_never_end_wrong() -> None:
    runs = list(deviations(ONE_OF_EACH, 2))

    assert [] == [reported(ONE_OF_EACH, taken, end) for taken, end in runs if end.is_wrong]
    assert len(runs) > 1_000


def test_a_run_is_the_same_whenever_it_is_played() -> None:
    assert play(ONE_OF_EACH, {5: 1}) == play(ONE_OF_EACH, {5: 1})


@pytest.mark.parametrize("partial", [False, True])
def test_a_run_that_goes_on_from_another_is_the_run_from_its_beginning(partial: bool) -> None:
    plans = (ONE_OF_EACH, Plan((Act.SPLIT, Act.ORDER), 1.0), Plan((Act.TILL_COUNT, Act.JOIN), 0.0))
    for plan in plans:
        for taken, end in deviations(plan, 1, partial=partial):
            assert end == play(plan, dict(taken), partial=partial)


def test_an_engine_that_repeats_blindly_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search that finds nothing wrong with a wrong engine proves nothing."""

    def repeated(ledger: Ledger, side: Side, at: datetime) -> Ledger:
        return refused(ledger, side)

    monkeypatch.setattr(stock_world, "unanswered", repeated)

    assert any(end.is_wrong for _, end in deviations(ONE_OF_EACH, 1))


def test_exploring_stops_in_time_and_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One event: nine plans. What was played with another core is played again."""
    state = tmp_path / "explored.txt"
    words = ["--events", "1", "--resume", str(state)]
    other = (
        '{"version": "of another core", "deviations": 1, "plan": "sale", "runs": 1, "asked": 0,'
        ' "wrong": 1}\n'
    )
    state.write_text(other, encoding="utf-8")

    assert main([*words, "--seconds", "-1"]) == 0
    assert "0 plans, 0 runs" in capsys.readouterr().out
    assert main([*words, "--seconds", "60"]) == 0
    whole = capsys.readouterr().out.splitlines()[-1]
    assert main([*words, "--seconds", "-1"]) == 0

    assert whole.startswith("9 plans, ")
    assert whole.endswith("100.0% of all plans of 1 events, 0 left")
    assert ["going on after 9 plans", whole] == capsys.readouterr().out.splitlines()
