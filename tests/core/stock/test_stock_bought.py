"""What the shop sold between the moment at which tracking was switched on and our first look (rules S3 and S7)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from brygga.core import stock
from brygga.core.stock import Gap, Hint, Ledger, Look, Shelf, Side, Timing, Told

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
