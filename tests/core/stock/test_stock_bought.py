"""What the shop sold between the moment at which tracking was switched on and our first look (rules S3 and S7)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from brygga.core import stock
from brygga.core.stock import Flight, Gap, Hint, Ledger, Look, Owed, Shelf, Side, Timing, Told

T0 = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def shared(level: int = 10) -> Ledger:
    return Ledger(Shelf(known=level), Shelf(known=level, variant_id=1))


def order(when: float, value: int | None, *, relative: bool = True) -> Told:
    return Told(at(when), value, relative, by_order=True)


@pytest.mark.rule("S3", "S7")
@pytest.mark.parametrize(
    ("tale", "bought"),
    [
        ((), (0, True)),
        ((order(5, -4), order(9, -1), order(10, -2), order(30, -1)), (-4, True)),
        ((order(20, None),), (0, False)),
        ((order(20, -1), order(21, 6, relative=False)), (-1, False)),
        ((order(20, -1), order(21, 1)), (0, True)),
        ((order(2, -3), order(21, 3)), (3, True)),
        ((order(20, 1),), (0, False)),
        ((order(9, 3),), (0, True)),
        ((Told(at(20), -3, relative=True),), (0, True)),
        (tuple(order(20 + n, -1) for n in range(60)), (-60, False)),
    ],
    ids=[
        "nothing",
        "before and after",
        "no value",
        "a level",
        "a return",
        "a return of before",
        "a level or a return",
        "a return just before",
        "an edit",
        "more than is remembered",
    ],
)
def test_what_was_bought_since_a_start_is_what_orders_told_of(tale: tuple[Told, ...], bought: tuple[int, bool]) -> None:
    """A hook counts whole seconds: what may have been after the start was after it."""
    found = stock.bought_since(Shelf(known=Gap.UNTRACKED, tale=tale), at(9.5))

    assert bought == (found.change, found.sure)


@pytest.mark.rule("S3", "S7")
def test_a_return_is_known_for_one_once_the_store_has_told_of_an_order() -> None:
    """A hook whose value is below zero proves that values are changes, however long ago it came, and whatever was switched since."""
    told = Hint(at(1), told=order(1, -2), by_order=True)
    sold = stock.hinted(shared(10), Side.SHOP, told, Timing())
    off = stock.stopped(sold.put(Side.SHOP, replace(sold.shop, tale=())))
    found = stock.bought_since(replace(off.shop, tale=(order(20, 1),)), at(9.5))

    assert (1, True) == (found.change, found.sure)
    assert stock.restarted(off, Look(4, at(9))).shop.signed


@pytest.mark.rule("S3", "S7")
def test_what_was_bought_since_tracking_is_on_is_owed_to_the_till_and_promised_by_neither() -> None:
    on = stock.restarted(stock.stopped(shared(10)), Look(4, at(9)), -3)

    assert (4, -3, 1, 1) == (on.zettle.known, on.zettle.owed, on.promised, stock.first_level(on))


def stopped(level: int, owed: int, quantity: int | None = None) -> Shelf:
    """The till's shelf while tracking is off; a write of `quantity` was in the air when it was switched off."""
    flight = None if quantity is None else Flight("call", quantity, at(0), base=level)
    was = Ledger(Shelf(level, owed, flight), Shelf(level + owed + (quantity or 0)))
    return stock.stopped(was).zettle


@pytest.mark.rule("S3", "S7")
@pytest.mark.parametrize(
    ("till", "level", "echoed", "found"),
    [
        pytest.param(stopped(10, -3), 10, False, Owed(-3), id="its old number"),
        pytest.param(stopped(10, -3), 12, False, Owed(unknown=-3), id="another one"),
        pytest.param(stopped(10, 0), 12, False, Owed(), id="another one, and nothing was owed"),
        pytest.param(stopped(10, -1, -2), 10, False, Owed(-3, lost=True), id="without the write"),
        pytest.param(stopped(10, -1, -2), 8, False, Owed(-1), id="as after the write"),
        pytest.param(stopped(10, -1, -2), 8, True, Owed(-1), id="with the write"),
        pytest.param(stopped(10, -1, -2), 10, True, Owed(unknown=-1), id="the write, and something else"),
        pytest.param(stopped(0, -2), 0, False, Owed(-2), id="missing below zero, and not restocked"),
        pytest.param(stopped(0, -2), 3, False, Owed(), id="missing below zero, and counted anew"),
        pytest.param(stopped(2, -3), 9, False, Owed(unknown=-2), id="as far as the shelf went"),
    ],
)
def test_what_zettles_number_lacks_from_before_tracking_was_off(
    till: Shelf, level: int, echoed: bool, found: Owed
) -> None:
    assert found == stock.still_owed(till, Look(level, at(60)), Timing(), echoed=echoed)


@pytest.mark.rule("S7")
def test_a_write_that_can_still_arrive_is_waited_for() -> None:
    assert Owed(unknown=-1) == stock.still_owed(stopped(10, -1, -2), Look(10, at(20)), Timing(), echoed=False)


@pytest.mark.rule("S5", "S7")
def test_separate_stock_leaves_nothing_owed_behind() -> None:
    apart = Ledger(Shelf(6, -2), Shelf(4), separate=True)

    assert stock.stopped(apart).zettle.stopped is None
