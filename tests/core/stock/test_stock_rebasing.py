"""A ledger from a backup meets what both sides show now."""

from dataclasses import replace

import pytest

from brygga.core.stock import Gap, Kind, Ledger, LevelRead, PendingWrite, StockRecord, rebased
from tests.conftest import NOON

WRITE = PendingWrite("call", -3, NOON, Kind.CHANGE, 10)
OLD = Ledger(
    StockRecord(confirmed=10, to_push=-1, seen=NOON),
    StockRecord(confirmed=10, to_push=2, pending_write=WRITE, variant_id=7, seen=NOON),
)


def read(level: "int | Gap") -> LevelRead:
    return LevelRead(level, NOON)


@pytest.mark.parametrize(
    ("till", "shop", "target", "differs"),
    [(8, 8, 8, False), (8, 9, 8, True), (9, 8, 8, True), (-2, 0, -2, False), (0, -1, 0, False)],
)
def test_equal_numbers_count_and_of_two_the_lower_until_it_is_answered(
    till: int, shop: int, target: int, differs: bool
) -> None:
    ledger, asked = rebased(OLD, read(till), read(shop))

    assert (differs, target, target) == (asked, ledger.zettle.target, ledger.shop.target)
    assert (till, shop, 7) == (
        ledger.zettle.confirmed,
        ledger.shop.confirmed,
        ledger.shop.variant_id,
    )
    assert ledger.shop.pending_write is None


def test_separate_stock_keeps_each_sides_own_number() -> None:
    ledger, asked = rebased(replace(OLD, separate=True), read(3), read(5))

    assert (False, 3, 5) == (asked, ledger.zettle.target, ledger.shop.target)
    assert (0, 0) == (ledger.zettle.to_push, ledger.shop.to_push)


def test_a_variant_that_the_store_lost_keeps_zettles_number() -> None:
    ledger, asked = rebased(OLD, read(4), read(Gap.NOT_CREATED))

    assert (False, 4, Gap.NOT_CREATED) == (asked, ledger.zettle.target, ledger.shop.confirmed)


@pytest.mark.parametrize("shop", [Gap.UNTRACKED, Gap.UNKNOWN])
def test_a_store_that_does_not_count_gets_nothing(shop: Gap) -> None:
    ledger, asked = rebased(OLD, read(4), read(shop))

    assert (False, 4, None) == (asked, ledger.zettle.target, ledger.shop.target)


def test_a_product_that_is_not_tracked_has_nothing_to_write() -> None:
    ledger, asked = rebased(OLD, read(Gap.UNTRACKED), read(4))

    assert not asked
    assert (0, 0) == (ledger.zettle.to_push, ledger.shop.to_push)
    assert ledger.shop.pending_write is None
