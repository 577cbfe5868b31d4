"""Numbers that are gone, zeros among them, as moves of the ledger: what explains them (S3 to S5,
decision 3).
"""

from datetime import datetime

import pytest

from brygga.core import stock
from brygga.core.stock import Gap, Hint, Ledger, LevelRead, Side, StockRecord
from brygga.core.stock.ledger import Change
from tests.core.stock.ledgers import TIMING, at, seen, shared, wrote


@pytest.mark.rule("S5")
def test_a_separate_variant_that_was_found_gone_is_not_looked_for() -> None:
    """One that is counted anew is: it has a number that no look has shown yet."""
    parted = stock.split(shared(10, clear_read=at(0)), 6, 4)
    assert parted is not None
    gone = stock.absent(parted, LevelRead(Gap.NOT_CREATED, at(60)), TIMING)
    anew = stock.renewed(parted, 7, at(60), TIMING, stock.Orders.NEW)

    assert (False, None) == (gone.is_unset, stock.next_read(gone, Side.SHOP, TIMING))
    assert (True, at(70)) == (anew.is_unset, stock.next_read(anew, Side.SHOP, TIMING))


@pytest.mark.rule("S3")
def test_a_number_that_is_gone_waits_and_the_last_read_that_counted_stays() -> None:
    ledger = shared(10, seen=at(0), clear_read=at(0))
    held = stock.unproven(ledger, LevelRead(0, at(60)), TIMING)
    assert held is not None
    still = stock.unproven(held, LevelRead(0, at(90)), TIMING)
    assert still is not None

    assert [(True, at(0)), (True, at(0))] == [
        (stock.is_held(one), one.shop.seen) for one in (held, still)
    ]
    assert stock.unproven(still, LevelRead(0, at(181)), TIMING) is None


@pytest.mark.rule("S3")
@pytest.mark.parametrize(("level", "zeroed"), [(0, True), (2, False), (9, False)])
def test_a_number_is_gone_also_while_a_write_to_it_is_open(level: int, zeroed: bool) -> None:
    """The event of our own write does not tell of it."""
    sent = stock.sent(
        Ledger(StockRecord(confirmed=9), StockRecord(10, to_push=-1, variant_id=1)),
        Side.SHOP,
        -1,
        "call",
        at(0),
    )
    reported = stock.hinted(sent, Side.SHOP, Hint(at(1), variant="1"))

    assert zeroed is stock.is_zeroed(reported, LevelRead(level, at(5)), TIMING)


@pytest.mark.rule("S3")
@pytest.mark.parametrize(("fell", "level", "zeroed"), [(1, 1, False), (1, 2, True), (3, 1, True)])
def test_an_order_explains_one_zero_and_none_after_reads_that_showed_more(
    fell: int, level: int, zeroed: bool
) -> None:
    """A fall since its event has shown it. And a fall counts at once, and the next reads may show
    that nothing was sold. An order that is reported after the 0 explains it.
    """
    order = Hint(at(2), by_order=True, variant="1")
    ledger = stock.hinted(
        shared(1, clear_read=at(0), recent=(Change(at(fell), -1),)), Side.SHOP, order
    )
    ledger = seen(ledger, Side.SHOP, level, 4)
    held = stock.unproven(ledger, LevelRead(0, at(90)), TIMING)
    assert held is not None
    told = stock.hinted(held, Side.SHOP, Hint(at(91), by_order=True, variant="1"))

    assert [zeroed, False] == [
        stock.is_zeroed(one, LevelRead(0, at(when)), TIMING)
        for one, when in ((ledger, 90), (told, 92))
    ]


@pytest.mark.rule("S3")
@pytest.mark.parametrize(("level", "zeroed"), [(0, True), (2, False)])
def test_a_write_does_not_explain_a_zero_that_was_there_before_it(level: int, zeroed: bool) -> None:
    """It tells whether the store has a number: one that is forgotten takes no change."""
    ledger = seen(shared(1, seen=at(0), clear_read=at(0)), Side.ZETTLE, 0, 1)
    held = stock.unproven(ledger, LevelRead(0, at(60)), TIMING)
    assert held is not None
    sent = stock.sent(held, Side.SHOP, -1, "call", at(61))

    assert zeroed is stock.is_zeroed(sent, LevelRead(level, at(80)), TIMING)


@pytest.mark.rule("S3")
def test_what_was_told_of_a_variant_outlives_its_renewal() -> None:
    reported = stock.hinted(
        shared(10), Side.SHOP, Hint(at(1), by_order=True, variant="1", made=at(0))
    )

    assert at(0) == stock.renewed(reported, 7, at(5), TIMING, stock.Orders.UNSEEN).shop.ordered


@pytest.mark.rule("S4")
@pytest.mark.parametrize(
    ("whole", "by_order", "zeroed"),
    [(None, False, False), (1, False, True), (-20, False, False), (1, True, False)],
)
def test_an_edit_explains_no_zero_of_a_product_counted_whole(
    whole: float | None, by_order: bool, zeroed: bool
) -> None:
    """Its number may be forgotten since the last clear read. An order of the only unit explains its
    0 (decision 3).
    """
    ledger = shared(1 if by_order else 10, clear_read=at(0))
    if whole is not None:
        ledger = stock.hinted(ledger, Side.SHOP, Hint(at(whole)))
    ledger = stock.hinted(ledger, Side.SHOP, Hint(at(20), by_order=by_order, variant="1"))

    assert zeroed is stock.is_zeroed(ledger, LevelRead(0, at(40)), TIMING)


@pytest.mark.rule("S3")
@pytest.mark.parametrize(
    ("first", "second", "explained"),
    [
        (at(20), at(23), True),
        (at(20), at(21), False),
        (None, at(23), False),
    ],
    ids=["two edits", "two events of one edit", "nothing told of the first"],
)
def test_a_second_edit_explains_a_zero_just_after_the_first(
    first: datetime | None, second: datetime, explained: bool
) -> None:
    """BigCommerce sends several events for one edit, at most a second apart."""
    ledger = shared(0, clear_read=at(0))
    if first is not None:
        ledger = stock.hinted(ledger, Side.SHOP, Hint(at(20.5), variant="1", made=first))
    ledger = stock.observed(ledger, Side.SHOP, LevelRead(1, at(22)), TIMING).ledger
    ledger = stock.hinted(ledger, Side.SHOP, Hint(at(23.5), variant="1", made=second))

    assert 1 == ledger.shop.confirmed
    assert explained is not stock.is_zeroed(ledger, LevelRead(0, at(35)), TIMING)


@pytest.mark.rule("S3")
@pytest.mark.parametrize(
    ("made", "explained"),
    [((20, 23), True), ((20, 21), False), ((20, 20, 20), False), ((23,), False)],
    ids=["an edit after it", "two events of it", "one that came twice", "one alone"],
)
def test_an_edit_is_known_beside_our_own_write(made: tuple[int, ...], explained: bool) -> None:
    """Our write fires an event too: only one that was made later is of an edit."""
    below = Ledger(StockRecord(confirmed=2), StockRecord(3, -1, variant_id=1, clear_read=at(0)))
    ledger = wrote(below, Side.SHOP, -1, 20)
    for second in made:
        ledger = stock.hinted(ledger, Side.SHOP, Hint(at(24), variant="1", made=at(second)))

    assert explained is not stock.is_zeroed(ledger, LevelRead(0, at(35)), TIMING)


def test_the_orders_of_a_change_are_searched_from_the_read_before_it() -> None:
    ledger = seen(shared(3), Side.SHOP, 3, 20)
    sold = seen(ledger, Side.SHOP, 2, 80)
    again = seen(sold, Side.SHOP, 2, 85)
    later = seen(again, Side.SHOP, 2, 99)

    assert [at(20), at(20), at(20), at(99)] == [
        one.shop.unshown_since for one in (ledger, sold, again, later)
    ]


@pytest.mark.rule("S3")
def test_an_undone_order_makes_no_forgotten_number_true() -> None:
    """BigCommerce forgot 28 units, and two come back to the 0 that was not believed."""
    ledger = shared(28, clear_read=at(0))
    held = stock.unproven(ledger, LevelRead(0, at(40)), TIMING)
    assert held is not None
    held = stock.hinted(held, Side.SHOP, Hint(at(60), by_order=True, variant="1"))

    assert [True, False, False] == [
        stock.is_zeroed(held, LevelRead(level, at(62)), TIMING) for level in (2, 27, 28)
    ]
    assert not stock.is_zeroed(ledger, LevelRead(2, at(62)), TIMING)


@pytest.mark.parametrize(
    ("confirmed", "to_push", "floor", "unshown"),
    [(0, -2, 0, -2), (3, -5, 0, -2), (3, -2, 0, 0), (3, -2, 2, -1), (5, 4, 0, 0), (-2, 4, 0, 0)],
)
def test_what_a_side_cannot_show_is_not_on_its_way(
    confirmed: int, to_push: int, floor: int, unshown: int
) -> None:
    """Below zero, or below the safety stock (decision 7)."""
    shop = StockRecord(confirmed, to_push, floor=floor)
    ledger = Ledger(StockRecord(confirmed + to_push), shop)

    assert (0, unshown) == (stock.unshown(ledger, Side.ZETTLE), stock.unshown(ledger, Side.SHOP))
