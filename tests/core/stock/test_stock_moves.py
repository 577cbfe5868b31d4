"""The ledger's moves as examples, each with its rule (S1 to S7, decisions 2, 3, 4 and 7)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brygga.core import stock
from brygga.core.stock import Gap, Hint, Ledger, LevelRead, Side, StockRecord, Timing
from brygga.core.stock.ledger import Change

T0 = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
TIMING = Timing()


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def shared(level: int = 10, **shop: object) -> Ledger:
    record = StockRecord(confirmed=level, variant_id=1)
    return Ledger(StockRecord(confirmed=level), replace(record, **shop))  # type: ignore[arg-type]


def seen(ledger: Ledger, side: Side, level: int | Gap, when: float) -> Ledger:
    return stock.observed(ledger, side, LevelRead(level, at(when)), TIMING).ledger


def wrote(ledger: Ledger, side: Side, change: int, when: float) -> Ledger:
    return stock.landed(stock.sent(ledger, side, change, "call", at(when)), side, at(when))


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


# ---- Separate, tracking --------------------------------------------------------------------------


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


# ---- Numbers that are gone -----------------------------------------------------------------------


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
