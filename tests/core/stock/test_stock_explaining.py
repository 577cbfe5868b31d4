"""Which sales and orders a movement is put down to (rules S2, S3; it explains and moves
nothing).
"""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brygga.core.stock import Change, ReportedChange, StockRecord
from brygga.core.stock.explaining import (
    Explained,
    SourceTransaction,
    Unexplained,
    explained,
    is_order,
    unshown,
)
from brygga.core.stock.movement import Reason
from tests.conftest import NOON


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def sale(seconds: float, quantity: int, number: str = "1") -> SourceTransaction:
    return SourceTransaction(at(seconds), -quantity, Reason.SALE, number)


def refund(seconds: float, quantity: int, number: str = "9") -> SourceTransaction:
    return SourceTransaction(at(seconds), quantity, Reason.REFUND, number)


def moved(number: int, seconds: float, change: int, since: float | None = -50_000) -> Unexplained:
    return Unexplained(number, at(seconds), change, None if since is None else at(since))


@pytest.mark.rule("S2")
@pytest.mark.parametrize(
    ("change", "transactions", "reason", "numbers"),
    [
        (-3, [sale(99, 3)], Reason.SALE, ("1",)),
        (2, [refund(99, 2)], Reason.REFUND, ("9",)),
        (-3, [sale(90, 1, "1"), sale(95, 2, "2")], Reason.SALE, ("1", "2")),
        (-1, [sale(90, 2, "1"), refund(95, 1, "2")], Reason.SEVERAL, ("1", "2")),
        # The last few, where an earlier one belongs to a movement that is told already.
        (-2, [sale(10, 5, "1"), sale(95, 2, "2")], Reason.SALE, ("2",)),
        # Clocks differ by seconds, and a till without a network tells late.
        (-3, [sale(104, 3)], Reason.SALE, ("1",)),
        (-3, [sale(-7200, 3)], Reason.SALE, ("1",)),
        (-3, [], Reason.EDIT, ()),
        (-3, [sale(200, 3)], Reason.EDIT, ()),
        # A sale and an edit in one look: nobody can tell.
        (-3, [sale(99, 2)], Reason.UNCLEAR, ()),
        (4, [sale(99, 1)], Reason.UNCLEAR, ()),
    ],
)
def test_a_movement_is_put_down_to_what_fits(
    change: int, transactions: list[SourceTransaction], reason: Reason, numbers: tuple[str, ...]
) -> None:
    assert (Explained(7, reason, numbers),) == explained([moved(7, 100, change)], transactions)


@pytest.mark.rule("S2")
def test_equal_sales_are_told_in_their_order_and_none_twice() -> None:
    moves = [moved(1, 10, -1), moved(2, 20, -1, since=10), moved(3, 30, -1, since=20)]
    reported = explained(moves, [sale(9, 1, "a"), sale(19, 1, "b")])

    assert [(Reason.SALE, ("a",)), (Reason.SALE, ("b",)), (Reason.EDIT, ())] == [
        (one.reason, one.numbers) for one in reported
    ]


@pytest.mark.rule("S2")
@given(
    st.lists(st.integers(-4, 4).filter(bool), max_size=6),
    st.lists(st.integers(-4, 4).filter(bool), max_size=6),
)
def test_every_movement_is_told_once_and_what_is_named_makes_its_size(
    changes: list[int], transactions: list[int]
) -> None:
    moves = [
        moved(place, 60 * place, change, since=60 * (place - 1))
        for place, change in enumerate(changes, 1)
    ]
    done = [
        SourceTransaction(at(60 * place - 5), change, Reason.SALE, str(place))
        for place, change in enumerate(transactions, 1)
    ]
    sizes = {transaction.number: transaction.change for transaction in done}
    reported = explained(moves, done)
    made: dict[tuple[str, ...], int] = {}
    for one, move in zip(reported, moves, strict=True):
        made[one.numbers] = made.get(one.numbers, 0) + move.change
    made.pop((), None)
    named = [number for numbers in made for number in numbers]

    assert [move.id for move in moves] == [one.id for one in reported]
    assert len(named) == len(set(named))
    assert all(sum(sizes[n] for n in numbers) == change for numbers, change in made.items())


@pytest.mark.rule("S2", "S3")
@pytest.mark.parametrize(
    ("since", "transactions", "reason"),
    [
        (0, [], Reason.EDIT),
        (-86_000, [], Reason.EDIT),
        # What made it may have been before all that we have looked at.
        (-87_000, [], Reason.UNCLEAR),
        (None, [], Reason.UNCLEAR),
        (None, [sale(-1500, 2)], Reason.SALE),
        # What was before the look was in that look's number already, and takes no edit away.
        (0, [sale(-1500, 3)], Reason.EDIT),
        (-2000, [sale(-1500, 3)], Reason.UNCLEAR),
    ],
)
def test_nobody_is_said_to_have_changed_a_number_unless_we_know_since_when(
    since: float | None, transactions: list[SourceTransaction], reason: Reason
) -> None:
    (reported,) = explained([moved(7, 100, -2, since)], transactions)

    assert reason is reported.reason


# ---- An order ------------------------------------------------------------------------------------


def order(seconds: float, quantity: int, number: str = "104") -> SourceTransaction:
    return SourceTransaction(at(seconds), -quantity, Reason.ORDER, number)


def back(seconds: float, quantity: int, number: str = "104") -> SourceTransaction:
    return SourceTransaction(at(seconds), quantity, Reason.RETURN, number)


@pytest.mark.rule("S3")
@pytest.mark.parametrize(
    ("changes", "transactions", "reported"),
    [
        ([-1, -2], [order(0, 3)], [(Reason.ORDER, ("104",))] * 2),
        ([1, 2], [back(0, 3)], [(Reason.RETURN, ("104",))] * 2),
        (
            [-1, -2, -4],
            [order(0, 3), order(1, 4, "105")],
            [*[(Reason.ORDER, ("104",))] * 2, (Reason.ORDER, ("105",))],
        ),
        # The parts have the size of another order, which was read whole.
        (
            [-1, -2, -3],
            [order(0, 3)],
            [(Reason.UNCLEAR, ()), (Reason.UNCLEAR, ()), (Reason.ORDER, ("104",))],
        ),
        (
            [-1, -2, -3],
            [order(0, 3), order(1, 3, "105")],
            [*[(Reason.ORDER, ("104",))] * 2, (Reason.ORDER, ("105",))],
        ),
        # Not of the order's size together, or one of them up.
        ([-1, -1], [order(0, 3)], [(Reason.UNCLEAR, ())] * 2),
        ([-4, 1], [order(0, 3)], [(Reason.UNCLEAR, ())] * 2),
    ],
)
def test_an_order_seen_bit_by_bit_is_one(
    changes: list[int],
    transactions: list[SourceTransaction],
    reported: list[tuple[Reason, tuple[str, ...]]],
) -> None:
    moves = [moved(place, 2 + 3 * place, change) for place, change in enumerate(changes)]

    assert reported == [(one.reason, one.numbers) for one in explained(moves, transactions)]


@pytest.mark.rule("S3")
def test_what_is_minutes_apart_is_no_one_order() -> None:
    moves = [moved(1, 2, -1), moved(2, 200, -2, since=100)]

    assert [Reason.UNCLEAR, Reason.EDIT] == [one.reason for one in explained(moves, [order(0, 3)])]


@pytest.mark.rule("S3")
def test_an_order_that_took_and_gave_back_at_once_is_named_once() -> None:
    (reported,) = explained([moved(7, 100, -2)], [order(95, 3), back(96, 1)])

    assert (Reason.SEVERAL, ("104",)) == (reported.reason, reported.numbers)


@pytest.mark.rule("S3", "S4")
@pytest.mark.parametrize(("by_order", "reason"), [(True, Reason.UNCLEAR), (False, Reason.EDIT)])
def test_what_an_event_called_an_order_is_no_edit(by_order: bool, reason: Reason) -> None:
    """The log has told it as an order: the page does not say that no order fits."""
    (reported,) = explained([Unexplained(7, at(100), -1, at(0), by_order)], [])

    assert reason is reported.reason


LAG = timedelta(seconds=10)


@pytest.mark.rule("S3", "S4")
@pytest.mark.parametrize(
    ("received", "change", "says"),
    [
        ([True], -2, True),
        ([True], 2, True),
        ([True, True], -2, True),
        # An edit by hand, also right after an order: whose event came, and when, decides.
        ([False], -2, False),
        ([False], 5, False),
        ([True, False], -2, False),
        ([True, False], 3, False),
        ([], -2, False),
        ([], 2, False),
    ],
)
def test_an_order_made_a_change_only_where_the_events_say_so(
    received: list[bool], change: int, says: bool
) -> None:
    long_ago = StockRecord(
        8, hinted=at(-60), reported=ReportedChange(at(-60), at(-60)), clear_read=at(-40)
    )

    assert says is is_order(long_ago, received, change, LAG)


@pytest.mark.rule("S3", "S4")
@pytest.mark.parametrize(
    ("recent", "received", "change", "says"),
    [
        # A read that trailed shows it a moment after its event.
        ((), [], -2, True),
        ((), [], 2, False),
        # The order has moved the record already; what comes next may be an edit.
        ((Change(at(1), -2),), [], -2, False),
        # Two orders after each other; what rises may be the order before and an edit.
        ((Change(at(1), -2),), [True], -2, True),
        ((Change(at(1), -2),), [True], 2, False),
    ],
)
def test_an_event_that_is_still_open_explains_a_fall_once(
    recent: tuple[Change, ...], received: list[bool], change: int, says: bool
) -> None:
    open_ = StockRecord(
        8, recent=recent, hinted=at(0), reported=ReportedChange(at(0), at(0)), clear_read=at(-40)
    )

    assert says is is_order(open_, received, change, LAG)


@pytest.mark.rule("S3")
@pytest.mark.parametrize(
    ("shown", "left"),
    [
        ([], ["1", "2", "3"]),
        ([(1, -1)], ["2", "3"]),
        ([(1, -1), (2, -1)], ["3"]),
        ([(1, -2)], ["1", "2", "3"]),
        ([(-9, -1)], ["1", "2", "3"]),
    ],
)
def test_what_a_movement_has_shown_explains_nothing_else(
    shown: list[tuple[int, int]], left: list[str]
) -> None:
    """One of its size, and none that happened after it."""
    sold = [sale(0, 1, "1"), sale(1, 1, "2"), refund(5, 1, "3")]
    movements = [(at(seconds), change) for seconds, change in shown]

    assert left == [one.number for one in unshown(sold, movements, timedelta(seconds=4))[0]]


@pytest.mark.rule("S3")
@pytest.mark.parametrize(
    ("shown", "is_sure"),
    [([(1, -1)], True), ([(2, -2)], False), ([(-9, 4)], True), ([(1, -1), (2, -1), (3, 7)], True)],
)
def test_a_movement_that_may_have_shown_several_leaves_it_open(
    shown: list[tuple[int, int]], is_sure: bool
) -> None:
    """One that is older than all that is left has shown none of it."""
    sold = [sale(0, 1, "1"), sale(1, 1, "2"), refund(50, 1, "3")]
    movements = [(at(seconds), change) for seconds, change in shown]

    assert is_sure is unshown(sold, movements, timedelta(seconds=4))[1]
