"""What is observed and sent, and what a create begins with, as moves of the ledger (S2, decisions 3
and 7).
"""

import pytest

from brygga.core import stock
from brygga.core.stock import Gap, Hint, Ledger, LevelRead, Side, StockRecord
from tests.core.stock.ledgers import T0, TIMING, at, seen, shared, wrote

# ---- The law -------------------------------------------------------------------------------------


def test_records_that_promise_different_numbers_cannot_be_made() -> None:
    with pytest.raises(AssertionError):
        Ledger(StockRecord(confirmed=3), StockRecord(confirmed=4))


def test_separate_records_may_differ() -> None:
    assert (3, 4) == tuple(
        Ledger(StockRecord(confirmed=3), StockRecord(confirmed=4), separate=True)[side].target
        for side in Side
    )


# ---- Observed ------------------------------------------------------------------------------------


@pytest.mark.rule("S2")
def test_a_sale_at_the_till_is_to_push_to_the_shop() -> None:
    ledger = seen(shared(10), Side.ZETTLE, 7, 1)

    assert (7, -3, 7) == (ledger.zettle.confirmed, ledger.shop.to_push, ledger.target)


@pytest.mark.parametrize("gap", list(Gap))
def test_a_read_without_a_number_changes_nothing(gap: Gap) -> None:
    """Decision 3: unknown never writes, untracked is not zero."""
    assert shared(10) == seen(shared(10), Side.SHOP, gap, 1)


def test_an_older_read_than_the_last_says_nothing() -> None:
    ledger = seen(shared(10), Side.ZETTLE, 15, 5)

    assert ledger == seen(ledger, Side.ZETTLE, 10, 1)


@pytest.mark.parametrize(
    ("level", "change"),
    [(13, 0), (10, 0), (12, 0), (14, 0), (9, -1), (7, -3)],
)
def test_after_a_write_upwards_only_a_fall_below_everything_it_explains_counts(
    level: int, change: int
) -> None:
    """10 became 13 a moment ago: 10 to 13 may be late reads, more may be too; below 10 somebody
    bought.
    """
    ledger = wrote(seen(shared(10), Side.ZETTLE, 13, 0), Side.SHOP, 3, 1)

    assert change == stock.observed(ledger, Side.SHOP, LevelRead(level, at(3)), TIMING).change


def test_a_read_lag_after_the_write_a_read_shows_the_level() -> None:
    ledger = wrote(seen(shared(10), Side.ZETTLE, 13, 0), Side.SHOP, 3, 1)

    assert 2 == stock.observed(ledger, Side.SHOP, LevelRead(15, at(11)), TIMING).change


def test_what_was_sold_while_a_read_trails_is_found_by_the_next_one() -> None:
    ledger = wrote(seen(shared(10), Side.ZETTLE, 13, 0), Side.SHOP, 3, 1)
    first = seen(ledger, Side.SHOP, 9, 3)
    second = seen(first, Side.SHOP, 10, 30)

    assert (12, 10) == (first.shop.confirmed, second.shop.confirmed)


# ---- Sending -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "to_push", "floor", "change"),
    [
        (5, -3, 0, -3),
        (5, -9, 0, -5),  # decision 7: never below zero
        (5, -9, 2, -3),  # nor below the safety stock
        (0, -4, 0, 0),
        (5, 4, 0, 4),
        (2**31 - 3, 9, 0, 2),  # bigcommerce facts 5.2
    ],
)
def test_the_shop_gets_what_fits_its_record(
    known: int, to_push: int, floor: int, change: int
) -> None:
    ledger = Ledger(
        StockRecord(confirmed=known + to_push),
        StockRecord(confirmed=known, to_push=to_push, floor=floor, variant_id=1),
    )

    assert change == stock.sendable(ledger, Side.SHOP, T0, TIMING)


@pytest.mark.parametrize(
    ("known", "to_push", "change"), [(99_990, 50, 9), (5, -5, -5), (0, -2, 0), (-3, 2, 2)]
)
def test_zettle_gets_what_fits_its_record(known: int, to_push: int, change: int) -> None:
    ledger = Ledger(
        StockRecord(confirmed=known, to_push=to_push),
        StockRecord(confirmed=known + to_push, variant_id=1),
    )

    assert change == stock.sendable(ledger, Side.ZETTLE, T0, TIMING)


@pytest.mark.parametrize(
    ("known", "to_push", "beyond"),
    [(99_990, 9, 0), (99_990, 50, 41), (99_999, 50_001, 50_001), (10, -20, 0)],
)
def test_what_zettle_can_never_hold_is_told_from_what_is_on_its_way(
    known: int, to_push: int, beyond: int
) -> None:
    ledger = Ledger(
        StockRecord(confirmed=known, to_push=to_push),
        StockRecord(confirmed=known + to_push, variant_id=1),
    )

    assert (beyond, 0) == (stock.excess(ledger, Side.ZETTLE), stock.excess(ledger, Side.SHOP))
    assert 0 == stock.excess(
        Ledger(StockRecord(confirmed=Gap.UNKNOWN), StockRecord(confirmed=Gap.UNKNOWN)), Side.ZETTLE
    )


def test_one_pending_write_at_a_time() -> None:
    ledger = stock.sent(seen(shared(10), Side.ZETTLE, 7, 0), Side.SHOP, -3, "call", at(1))
    more = seen(ledger, Side.ZETTLE, 6, 2)

    assert (0, -1) == (stock.sendable(more, Side.SHOP, at(3), TIMING), more.shop.to_push)


def test_five_seconds_of_ambiguity_hold_our_writes_until_a_read_is_clear() -> None:
    ledger = wrote(seen(shared(10), Side.ZETTLE, 13, 0), Side.SHOP, 3, 1)
    doubtful = seen(seen(ledger, Side.SHOP, 12, 2), Side.ZETTLE, 12, 3)
    clear = seen(doubtful, Side.SHOP, 13, 20)

    assert (-1, 0, -1) == (
        stock.sendable(doubtful, Side.SHOP, at(4), TIMING),
        stock.sendable(doubtful, Side.SHOP, at(8), TIMING),
        stock.sendable(clear, Side.SHOP, at(21), TIMING),
    )


def test_a_hint_is_closed_only_by_a_read_started_a_read_lag_later() -> None:
    ledger = stock.hinted(shared(10), Side.SHOP, Hint(at(0)))
    early, late = seen(ledger, Side.SHOP, 10, 3), seen(ledger, Side.SHOP, 10, 10)

    assert (at(10), at(10), None) == tuple(
        stock.next_read(one, Side.SHOP, TIMING) for one in (ledger, early, late)
    )


def test_toward_zettle_one_repeat_closes_a_hint() -> None:
    ledger = stock.hinted(shared(10), Side.ZETTLE, Hint(at(0)))

    assert at(2) == stock.next_read(seen(ledger, Side.ZETTLE, 10, 0), Side.ZETTLE, TIMING)
    assert stock.next_read(seen(ledger, Side.ZETTLE, 10, 2), Side.ZETTLE, TIMING) is None
    assert stock.next_read(seen(ledger, Side.ZETTLE, 9, 0), Side.ZETTLE, TIMING) is None


def test_refused_for_too_little_it_rests_until_the_record_was_looked_at() -> None:
    ledger = stock.sent(seen(shared(10), Side.ZETTLE, 4, 0), Side.SHOP, -6, "call", at(1))
    back = stock.short(ledger, Side.SHOP, at(2), TIMING)
    looked = seen(back, Side.SHOP, 3, 13)

    assert 0 == stock.sendable(back, Side.SHOP, at(3), TIMING)
    assert (-3, -3) == (stock.sendable(looked, Side.SHOP, at(14), TIMING), looked.target)


def test_after_its_rest_a_record_is_looked_at_once() -> None:
    """A movement of its own answers the hint that the refusal left; the rest ends all the same."""
    ledger = stock.sent(seen(shared(10), Side.SHOP, 4, 0), Side.ZETTLE, -6, "call", at(1))
    moved = seen(stock.short(ledger, Side.ZETTLE, at(2), TIMING), Side.ZETTLE, 3, 3)
    rested = seen(moved, Side.ZETTLE, 3, 5)

    assert at(4) == stock.next_read(moved, Side.ZETTLE, TIMING)
    assert stock.next_read(rested, Side.ZETTLE, TIMING) is None


def test_an_unknown_item_sleeps_until_the_product_work_has_spoken() -> None:
    ledger = stock.refused(
        stock.sent(seen(shared(), Side.ZETTLE, 7, 0), Side.SHOP, -3, "call", at(1)), Side.SHOP
    )
    ledger = stock.suspended(ledger, Side.SHOP)

    assert (0, -3) == tuple(
        stock.sendable(one, Side.SHOP, at(60), TIMING) for one in (ledger, stock.resumed(ledger, 2))
    )


# ---- Creates ------------------------------------------------------------------------------------


def test_a_sale_between_the_level_and_the_create_is_to_push() -> None:
    ledger = stock.new_ledger(LevelRead(8, at(0)))
    given_level = stock.first_level(ledger)
    assert given_level is not None
    newborn = stock.created(seen(ledger, Side.ZETTLE, 6, 1), given_level, 7, at(2))

    assert (8, -2, 7) == (newborn.shop.confirmed, newborn.shop.to_push, newborn.shop.variant_id)


def test_below_zero_is_created_with_nothing_and_the_next_restock_pays() -> None:
    ledger = stock.new_ledger(LevelRead(-3, at(0)))
    newborn = stock.created(ledger, stock.first_level(ledger) or 0, 7, at(1))
    restocked = seen(newborn, Side.ZETTLE, 5, 30)

    assert (0, -3, 5) == (newborn.shop.confirmed, newborn.shop.to_push, restocked.shop.to_push)


def test_a_newborn_level_that_does_not_show_yet_is_no_sale() -> None:
    newborn = stock.created(stock.new_ledger(LevelRead(8, at(0))), 8, 7, at(1))

    assert 0 == stock.observed(newborn, Side.SHOP, LevelRead(0, at(2)), TIMING).change


def test_a_record_with_a_history_of_its_own_gets_the_difference() -> None:
    """P11, D4: Zettle is where stock is true when two histories meet."""
    ledger = stock.attached(stock.new_ledger(LevelRead(8, at(0))), 7, LevelRead(3, at(0)))

    assert (3, 5) == (ledger.shop.confirmed, ledger.shop.to_push)


def test_a_recreated_variant_keeps_the_promise_and_closes_the_old_one() -> None:
    ledger = stock.sent(seen(shared(10), Side.ZETTLE, 7, 0), Side.SHOP, -3, "call", at(1))
    again = stock.created(stock.recreated(ledger), 7, 2, at(5))

    assert (7, 0, (1,)) == (again.shop.confirmed, again.shop.to_push, again.closed)


def test_an_absolute_level_includes_what_was_to_push() -> None:
    ledger = stock.reset(seen(shared(10), Side.ZETTLE, 7, 0), "call", at(1), base=10)
    sold = seen(ledger, Side.ZETTLE, 6, 2)
    done, back = stock.landed(sold, Side.SHOP, at(3)), stock.refused(sold, Side.SHOP)

    assert ((7, -1), (10, -4)) == (
        (done.shop.confirmed, done.shop.to_push),
        (back.shop.confirmed, back.shop.to_push),
    )
