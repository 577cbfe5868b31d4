"""Separate stock and tracking as moves of the ledger (S5 to S7, decisions 2 and 4)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brygga.core import stock
from brygga.core.stock import Ledger, LevelRead, Side, StockRecord
from tests.core.stock.ledgers import TIMING, at, seen, shared


@pytest.mark.rule("S5")
def test_a_split_makes_each_number_the_target_of_its_own_side() -> None:
    parted = stock.split(seen(shared(10), Side.ZETTLE, 9, 0), 5, 4)
    assert parted is not None
    sold = seen(parted, Side.ZETTLE, 7, 1)

    assert (-4, -6) == (parted.zettle.to_push, parted.shop.to_push)
    assert (-6, -4) == (sold.shop.to_push, sold.zettle.to_push)


@pytest.mark.rule("S5")
def test_a_variant_of_a_separate_product_starts_with_what_the_store_has() -> None:
    new = stock.new_ledger(LevelRead(9, at(0)), separate=True)
    created = stock.created(new, stock.first_level(new) or 0, 7, at(1))
    found = stock.attached(new, 7, LevelRead(2, at(1)))

    assert [(9, 0, 0, True), (9, 2, 0, True)] == [
        (one.zettle.confirmed, one.shop.confirmed, one.shop.to_push, one.separate)
        for one in (created, found)
    ]


@pytest.mark.rule("S5")
def test_a_separate_record_that_changed_its_shape_keeps_the_shops_own_number() -> None:
    parted = stock.split(shared(10), 6, 4)
    assert parted is not None
    found = stock.attached(stock.recreated(parted), 7, LevelRead(0, at(1)))

    assert (4, 6, True) == (found.shop.target, found.zettle.target, found.separate)


@pytest.mark.rule("S5")
def test_a_separate_record_that_lived_on_in_the_shop_has_what_is_there() -> None:
    parted = stock.split(shared(10), 6, 4)
    assert parted is not None
    found = stock.attached(stock.recreated(parted), 1, LevelRead(1, at(1)))

    assert (1, 6, True) == (found.shop.target, found.zettle.target, found.separate)


@pytest.mark.rule("S5", "D4")
@pytest.mark.parametrize(("variant_id", "shop"), [(1, 1), (7, 4)])
def test_a_separate_record_carried_over_has_what_is_there_or_its_target(
    variant_id: int, shop: int
) -> None:
    parted = stock.split(shared(10), 6, 4)
    assert parted is not None
    carried = stock.carried(parted)
    assert carried is not None
    found = stock.attached(carried, variant_id, LevelRead(1, at(1)))

    assert (shop, 6, True) == (found.shop.target, found.zettle.target, found.separate)
    assert stock.carried(shared(10)) is None


@pytest.mark.rule("S5")
def test_a_split_never_eats_the_next_restock() -> None:
    """The shop sold more than its share before the split was written: what is not there is dropped,
    nothing to push.
    """
    parted = stock.split(shared(10), 8, 2)
    assert parted is not None
    sold_out = seen(parted, Side.SHOP, 1, 20)

    assert (-1, -1) == (sold_out.shop.to_push, stock.sendable(sold_out, Side.SHOP, at(21), TIMING))


@pytest.mark.rule("S5")
def test_stock_without_two_numbers_cannot_be_split() -> None:
    assert stock.split(stock.new_ledger(LevelRead(8, at(0))), 4, 4) is None


@pytest.mark.rule("S6")
@given(st.integers(-50, 50), st.integers(0, 50), st.integers(-9, 9), st.integers(-9, 9))
def test_joined_is_the_sum_of_both(
    till: int, shop: int, to_push_zettle: int, to_push_bigcommerce: int
) -> None:
    separate = Ledger(
        StockRecord(confirmed=till, to_push=to_push_zettle),
        StockRecord(confirmed=shop, to_push=to_push_bigcommerce),
        separate=True,
    )

    assert till + to_push_zettle + shop + to_push_bigcommerce == stock.joined(separate).target


@pytest.mark.rule("S7")
def test_off_has_nothing_to_push_and_on_starts_from_zettle() -> None:
    off = stock.stopped(seen(shared(10), Side.ZETTLE, 7, 0), TIMING)
    on = stock.restarted(off, LevelRead(4, at(9)))

    assert (0, 0) == tuple(stock.sendable(off, side, at(1), TIMING) for side in Side)
    assert (None, 4, 1) == (off.target, stock.first_level(on), on.shop.variant_id)
