"""A ledger from a backup meets what both sides show now."""

from dataclasses import replace
from datetime import timedelta

import pytest

from brygga.core.stock import (
    Doubt,
    Gap,
    Kind,
    Ledger,
    LevelRead,
    PendingWrite,
    SoldSince,
    StockRecord,
    Window,
    doubt,
    rebased,
)
from brygga.core.stock.explaining import SourceTransaction
from brygga.core.stock.movement import Reason
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


# ---- What sales and orders since the backup say --------------------------------------------------

ALIKE_SURE, WAIT = (Doubt.NONE, None), (Doubt.WAIT, None)


def sold(*certain: int, unsure: tuple[int, ...] = (), fresh: tuple[int, ...] = ()) -> SoldSince:
    return SoldSince(certain, unsure, fresh)


@pytest.mark.parametrize(
    ("levels", "till", "shop", "found"),
    [
        ((10, 10), sold(), sold(), ALIKE_SURE),
        ((7, 7), sold(-3), sold(), ALIKE_SURE),  # one side only: an edit explains the rest
        ((5, 5), sold(-3), sold(), ALIKE_SURE),
        ((5, 5), sold(-3), sold(-2), ALIKE_SURE),
        ((-2, 0), sold(-7), sold(-5), ALIKE_SURE),
        ((8, 8), sold(-2), sold(-2), (Doubt.ASK, 6)),  # the known case
        ((7, 7), sold(-3, -2), sold(-2), (Doubt.ASK, 3)),
        ((9, 9), sold(-3, 3), sold(-1, -1), (Doubt.ASK, 8)),
        ((8, 8), sold(-2), sold(-1, unsure=(-1,)), (Doubt.ASK, None)),
        ((8, 8), sold(-2), sold(fresh=(-2,)), WAIT),
        ((8, 9), sold(-2), sold(-1), (Doubt.ASK, 7)),
        ((8, 9), sold(-2), sold(), (Doubt.ASK, 8)),
        ((8, 9), sold(), sold(fresh=(-1,)), WAIT),
        ((8, 9), None, sold(-1), (Doubt.ASK, None)),
        ((8, 8), None, sold(-1), (Doubt.ASK, None)),
        ((8, 8), None, sold(), ALIKE_SURE),
        ((12, 12), None, None, ALIKE_SURE),
        ((9, 9), sold(-1), None, (Doubt.ASK, None)),
    ],
)
def test_equal_numbers_are_believed_only_as_far_as_sales_explain_them(
    levels: tuple[int, int],
    till: SoldSince | None,
    shop: SoldSince | None,
    found: tuple[Doubt, int | None],
) -> None:
    assert found == doubt(10, levels, (till, shop))


def test_without_a_number_in_the_backup_only_a_difference_is_asked_about() -> None:
    both = (sold(-1), sold(-1))

    assert (Doubt.NONE, None) == doubt(None, (4, 4), both)
    assert (Doubt.ASK, None) == doubt(None, (4, 5), both)


def test_what_sales_leave_counts_until_the_answer_where_it_is_lower() -> None:
    lower, _ = rebased(OLD, read(8), read(8), 6)
    higher, _ = rebased(OLD, read(8), read(8), 9)

    assert (6, -2, -2) == (lower.target, lower.zettle.to_push, lower.shop.to_push)
    assert 8 == higher.target


def test_a_sale_at_the_edge_of_a_read_may_be_in_it_or_not() -> None:
    """Each second since noon is one sale of that many units."""
    second = timedelta(seconds=1)
    window = Window(NOON + 20 * second, NOON + 60 * second, NOON + 63 * second, 5 * second, second)
    sales = [
        SourceTransaction(NOON + number * second, -number, Reason.SALE, str(number))
        for number in (13, 14, 21, 22, 53, 54, 64, 65)
    ]
    unclear = SourceTransaction(NOON + 30 * second, -30, Reason.UNCLEAR, "30")

    found = window.sold([*sales, unclear])
    still = replace(window, is_still=True).sold(sales)

    assert ((-14, -21, -22, -53), ()) == (still.certain, still.unsure)
    assert ((-22, -53), (-14, -21, -30), (-54, -64)) == (found.certain, found.unsure, found.fresh)
