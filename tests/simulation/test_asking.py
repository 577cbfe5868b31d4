"""What the storm says of questions, and what a hand may hide from the service."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.simulation import storm
from tests.simulation.asking import FORGOTTEN, is_clean, table
from tests.simulation.day import Day, Goods
from tests.simulation.hands import Hands
from tests.simulation.judging import Verdict, hidden

NOBODY = cast("Any", None)


def goods(variant: str, **more: Any) -> Goods:
    return Goods(NOBODY, 1, "product", variant, variant, 11, **more)


def row(seed: int, faults: dict[str, int], asked: list[str], **more: Any) -> dict[str, Any]:
    verdict = Verdict(seed, checks=len(asked), asked=asked, **more)
    return {**storm.row_of(verdict), "faults": faults}


def test_questions_are_told_apart_by_cause_and_weather() -> None:
    rows = [
        row(1, {"hands": 1}, [FORGOTTEN], hidden=1),
        row(2, {"hands": 1}, ["_sold"]),
        row(3, {}, []),
        row(4, {"calls in part": 1}, ["_resolve"]),
        row(5, {}, ["_decide"], for_ever=True),
    ]

    lines = [line.split(" | ") for line in table(rows).splitlines()]

    assert [1, 2, 3] == [one["seed"] for one in rows if is_clean(one)]
    assert [
        ["| days that ask", "2 of 3", "2 of 2"],
        ["| days that ask, with hands at variants and counting", "2 of 2", "0 of 0"],
        ["| days that ask, without", "0 of 1", "2 of 2"],
        ["| of these, of what only the merchant knows", "1", "0"],
    ] == [line[:3] for line in lines[-4:]]
    assert "1 |" == lines[-1][3]


def test_only_what_a_hand_made_the_store_forget_is_the_merchants_to_know() -> None:
    day = SimpleNamespace(
        goods=[goods("seen"), *(goods(one, blinked=True) for one in ("hid", "both", "quiet"))],
        asked=[(1, one, FORGOTTEN) for one in ("seen", "hid", "both")] + [(1, "both", "_sold")],
    )
    checked = {(1, one) for one in ("seen", "hid", "both")}

    assert {(1, "hid")} == hidden(cast("Day", day), checked)


@pytest.mark.parametrize(
    ("parts", "till", "may_be"), [((2, -3), 12, (-2, 3)), ((-3,), 14, (0, 3)), ((), 11, (0, 0))]
)
def test_each_movement_on_its_way_may_be_lost_by_itself(
    parts: tuple[int, ...], till: int, may_be: tuple[int, int]
) -> None:
    one = goods("one", parts=parts)
    day = SimpleNamespace(dice=None, till_level=lambda _: till)

    Hands(cast("Day", day), NOBODY)._on_their_way(one)

    assert may_be == (one.less, one.more)
