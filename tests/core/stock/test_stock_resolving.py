"""What became of a write without an answer: the tables of `core.stock.resolving` as examples
(decision 16).
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from brygga.core import stock
from brygga.core.stock import (
    SUSPENDED,
    Change,
    Gap,
    Hint,
    Ledger,
    Level,
    LevelRead,
    ReportedChange,
    Resolved,
    Review,
    Side,
    Slot,
    StockRecord,
    Timing,
    Verdict,
)

T0 = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
TIMING = Timing()
SLOT = Slot(77, 40)
LATE = 12.0
"""A read that began so long after the first second is one lag after the request was given up."""


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def shop(change: int = -3, slot: Slot | None = SLOT) -> Ledger:
    """10 on both sides, then a write to the shop at second 1 whose answer was given up at second
    2.
    """
    ledger = Ledger(
        StockRecord(confirmed=10 + change), StockRecord(confirmed=10, to_push=change, variant_id=1)
    )
    return stock.unanswered(
        stock.sent(ledger, Side.SHOP, change, "call", at(1), slot), Side.SHOP, at(2)
    )


def level(number: int, *, base: int = 0, slot: Slot | None = SLOT) -> Ledger:
    """An absolute level, of a stock record that has a number (`base`) or, with 0, has none yet."""
    known = base or Gap.NOT_CREATED
    ledger = Ledger(
        StockRecord(confirmed=number),
        StockRecord(confirmed=known, to_push=number - base if base else 0, variant_id=1),
    )
    return stock.unanswered(stock.reset(ledger, "call", at(1), base, slot), Side.SHOP, at(2))


def till(change: int = -3) -> Ledger:
    ledger = Ledger(
        StockRecord(confirmed=10, to_push=change), StockRecord(confirmed=10 + change, variant_id=1)
    )
    return stock.unanswered(
        stock.sent(ledger, Side.ZETTLE, change, "call", at(1)), Side.ZETTLE, at(2)
    )


def resolved(ledger: Ledger, number: Level, slot: Level | None, when: float = LATE) -> Resolved:
    return stock.resolve_shop(ledger, LevelRead(number, at(when)), slot, TIMING)


# ---- BigCommerce ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ledger", "number", "slot", "verdict", "target"),
    [
        (shop(), 7, 41, Verdict.LANDED, 7),
        (shop(), 6, 41, Verdict.LANDED, 6),  # and one was sold
        (shop(), 10, 40, Verdict.NOT_LANDED, 7),
        (shop(), 8, 40, Verdict.NOT_LANDED, 5),  # and two were sold
        (shop(), 7, 40, Verdict.NOT_LANDED, 4),  # three were sold: it only looks like the write
        (shop(), 10, 41, Verdict.ASSUMED_LOST, 7),  # put back at once, or not all or nothing
        (shop(3), 10, 41, Verdict.ASSUMED_LANDED, 10),
        (shop(), 7, 42, Verdict.ASSUMED_LOST, 4),  # somebody changed the slot
        (shop(3), 13, Gap.UNKNOWN, Verdict.ASSUMED_LANDED, 13),  # the slot is gone
        (shop(3, None), 10, None, Verdict.ASSUMED_LANDED, 10),  # no marker
        (level(5), 5, 41, Verdict.LANDED, 5),
        (level(5), 4, 41, Verdict.LANDED, 4),
        (level(5), 0, 40, Verdict.NOT_LANDED, 5),
        (level(5), 0, 41, Verdict.ASSUMED_LANDED, 0),
        (level(5), 8, 42, Verdict.ASSUMED_LOST, 5),
        (level(5, base=9), 8, 40, Verdict.NOT_LANDED, 5),
        (level(5, base=9), 8, None, Verdict.ASSUMED_LOST, 5),
    ],
)
def test_the_slot_tells_what_became_of_a_write(
    ledger: Ledger, number: int, slot: Level | None, verdict: Verdict, target: int
) -> None:
    done = resolved(ledger, number, slot)

    assert (verdict, target) == (done.verdict, done.ledger.zettle.target)
    assert done.ledger.shop.pending_write is None


@pytest.mark.parametrize("slot", [40, 41, 42, None])
def test_a_read_before_the_request_is_dead_decides_nothing(slot: int | None) -> None:
    dying = stock.sent(
        Ledger(StockRecord(confirmed=7), StockRecord(confirmed=10, to_push=-3)),
        Side.SHOP,
        -3,
        "call",
        at(1),
        SLOT,
    )

    assert Verdict.WAITING is resolved(shop(), 10, slot, LATE - 0.1).verdict
    assert (
        Verdict.WAITING
        is resolved(
            dying, 10, slot, 1 + TIMING.request_deadline_s + TIMING.read_lag_s - 0.1
        ).verdict
    )
    assert (
        Verdict.WAITING
        is not resolved(dying, 10, slot, 1 + TIMING.request_deadline_s + TIMING.read_lag_s).verdict
    )


def test_a_sale_below_all_that_the_write_explains_counts_at_once() -> None:
    done = resolved(shop(), 5, None, 3)

    assert (Verdict.WAITING, -2, 5) == (done.verdict, done.change, done.ledger.target)


def test_a_slot_and_a_record_that_say_opposite_things_are_told_to_the_operator() -> None:
    assert [True, False, False] == [resolved(shop(), 10, slot).contradicts for slot in (41, 40, 42)]
    assert [False, True, False] == [resolved(shop(), 7, slot).contradicts for slot in (41, 40, 42)]


def test_a_first_level_that_did_not_land_waits_for_its_number_again() -> None:
    off = stock.stopped(
        Ledger(StockRecord(confirmed=5), StockRecord(confirmed=5, variant_id=1)), TIMING
    )
    restarted = stock.restarted(off, LevelRead(5, at(0)), uncounted=True)
    lost = stock.unanswered(stock.reset(restarted, "call", at(1), 5, SLOT), Side.SHOP, at(2))

    assert resolved(lost, 5, 40).ledger.is_unset


@pytest.mark.parametrize(
    ("slot", "level", "verdict"),
    [
        (40, 10, Verdict.NOT_LANDED),
        (41, 7, Verdict.ASSUMED_LOST),
        (40, 7, Verdict.ASSUMED_LOST),  # the record landed without its slot, or somebody took three
        (40, 11, Verdict.ASSUMED_LOST),
        (41, 10, Verdict.ASSUMED_LOST),
        (41, 6, Verdict.ASSUMED_LOST),
    ],
)
def test_where_a_call_may_land_in_part_all_but_the_untouched_is_asked_about(
    slot: int, level: int, verdict: Verdict
) -> None:
    assert (
        verdict
        is stock.resolve_shop(
            shop(), LevelRead(level, at(LATE)), slot, Timing(is_whole=False)
        ).verdict
    )


# ---- Zettle --------------------------------------------------------------------------------------


def read_at_till(
    ledger: Ledger, *reads: tuple[float, int], echoed: float | None = None
) -> Resolved:
    done = Resolved(ledger, Verdict.WAITING)
    for when, number in reads:
        if done.verdict is Verdict.WAITING:
            received = None if echoed is None else at(echoed)
            done = stock.resolve_till(done.ledger, LevelRead(number, at(when)), received, TIMING)
    return done


def moved(ledger: Ledger, when: float = 1.5) -> Ledger:
    return stock.hinted(ledger, Side.ZETTLE, Hint(at(when)))


@pytest.mark.parametrize(
    ("ledger", "reads", "verdict"),
    [
        (till(), [(3.9, 10)], Verdict.WAITING),  # it may still take effect
        (till(), [(4, 10)], Verdict.NOT_LANDED),
        (till(3), [(4, 10)], Verdict.WAITING),
        (till(3), [(4, 10), (124, 10)], Verdict.NOT_LANDED),
        (till(), [(4, 7), (60, 7)], Verdict.WAITING),
        (till(), [(4, 7), (124, 7)], Verdict.WAITING),  # what moved it may be reported late
        (till(), [(4, 7), (244, 7)], Verdict.ASSUMED_LOST),
        (moved(till()), [(4, 7), (124, 7)], Verdict.NOT_LANDED),
        (till(3), [(4, 13), (124, 13)], Verdict.WAITING),
        (till(3), [(4, 13), (244, 13)], Verdict.ASSUMED_LANDED),
        (moved(till(3)), [(4, 9), (124, 9)], Verdict.PRESUMED_LOST),
        # high enough to include it: its echo may be lost, and another count have been reported
        (moved(till(3)), [(4, 14), (124, 14)], Verdict.ASSUMED_LANDED),
    ],
)
def test_without_an_echo_the_level_and_time_decide(
    ledger: Ledger, reads: list[tuple[float, int]], verdict: Verdict
) -> None:
    assert verdict is read_at_till(ledger, *reads).verdict


def test_an_echo_lands_a_write_to_zettle_whatever_the_level() -> None:
    done = read_at_till(till(), (4, 6), echoed=3)

    assert (Verdict.LANDED, -1, 6) == (done.verdict, done.change, done.ledger.target)


def test_a_read_older_than_the_echo_is_not_taken_for_a_sale() -> None:
    done = read_at_till(till(), (1, 10), echoed=3)

    assert (0, 7) == (done.change, done.ledger.target)


def test_a_doubtful_write_promises_the_lower_number() -> None:
    fall, rise = (
        read_at_till(till(change), (4, 10 + change), (244, 10 + change)) for change in (-3, 3)
    )

    assert (4, 13) == (fall.ledger.target, rise.ledger.target)


@pytest.mark.parametrize(
    ("verdict", "echo", "over"),
    [
        (Verdict.NOT_LANDED, Review.OTHERWISE, Review.WAIT),
        (Verdict.PRESUMED_LOST, Review.AS_TAKEN, Review.OTHERWISE),
        (Verdict.ASSUMED_LANDED, Review.AS_TAKEN, Review.ASK),
        (Verdict.ASSUMED_LOST, Review.OTHERWISE, Review.ASK),
    ],
)
def test_a_late_echo_or_an_hour_ends_a_doubt(verdict: Verdict, echo: Review, over: Review) -> None:
    assert (echo, over) == tuple(
        stock.reviewed(verdict, echoed=received, over=not received) for received in (True, False)
    )
    assert Review.WAIT is stock.reviewed(verdict, echoed=False, over=False)


def test_a_late_echo_gives_back_what_was_written_twice() -> None:
    ledger = stock.corrected(
        Ledger(StockRecord(confirmed=7), StockRecord(confirmed=7, variant_id=1)), Side.ZETTLE, -3
    )

    assert (3, 3, 10) == (ledger.zettle.to_push, ledger.shop.to_push, ledger.target)


@pytest.mark.rule("S5")
def test_what_a_split_wrote_twice_is_given_back_to_its_own_record() -> None:
    ledger = stock.corrected(
        Ledger(StockRecord(confirmed=7), StockRecord(confirmed=7, variant_id=1), separate=True),
        Side.SHOP,
        -3,
    )

    assert (0, 3) == (ledger.zettle.to_push, ledger.shop.to_push)


# ---- A variant or a number that is gone ----------------------------------------------------------


def test_a_write_to_a_variant_that_is_gone_has_come_to_nothing() -> None:
    read = LevelRead(Gap.NOT_CREATED, at(LATE))
    early, done = (
        stock.absent(shop(), replace(read, read_started=at(5)), TIMING),
        stock.absent(shop(), read, TIMING),
    )

    assert early == shop()
    assert (None, -3, True) == (done.shop.pending_write, done.shop.to_push, done.shop.is_suspended)


@pytest.mark.rule("S4")
@pytest.mark.parametrize(
    ("ledger", "level", "zeroed"),
    [
        (Ledger(StockRecord(confirmed=9), StockRecord(confirmed=9, variant_id=1)), 0, True),
        (Ledger(StockRecord(confirmed=1), StockRecord(confirmed=1, variant_id=1)), 0, True),
        (Ledger(StockRecord(confirmed=9), StockRecord(confirmed=9, variant_id=1)), 1, False),
        (
            Ledger(
                StockRecord(confirmed=9),
                StockRecord(
                    confirmed=9, clear_read=at(0), reported=ReportedChange(at(20), edited=at(20))
                ),
            ),
            0,
            False,
        ),
        (
            Ledger(
                StockRecord(confirmed=9),
                StockRecord(
                    confirmed=9, clear_read=at(50), reported=ReportedChange(at(20), edited=at(20))
                ),
            ),
            0,
            True,
        ),  # that one is closed
        (
            Ledger(
                StockRecord(confirmed=9),
                StockRecord(confirmed=9, clear_read=at(0), reported=ReportedChange(at(20), at(20))),
            ),
            0,
            True,
        ),  # an order, of some
        (
            Ledger(
                StockRecord(confirmed=1),
                StockRecord(confirmed=1, clear_read=at(0), reported=ReportedChange(at(20), at(20))),
            ),
            0,
            False,
        ),  # of the only one
        (
            Ledger(
                StockRecord(confirmed=9),
                StockRecord(
                    confirmed=9,
                    clear_read=at(0),
                    reported=ReportedChange(at(20), at(20), edited=at(19)),
                ),
            ),
            0,
            False,
        ),  # and an edit beside it
    ],
)
def test_units_that_are_gone_without_an_event_empty_a_record(
    ledger: Ledger, level: int, zeroed: bool
) -> None:
    assert zeroed is stock.is_zeroed(ledger, LevelRead(level, at(60)), TIMING)


@pytest.mark.rule("S4")
def test_a_zeroed_record_waits_two_minutes() -> None:
    held = stock.unproven(
        Ledger(StockRecord(confirmed=9), StockRecord(confirmed=9, variant_id=1)),
        LevelRead(0, at(60)),
        TIMING,
    )

    assert held is not None
    assert stock.is_held(held)
    assert stock.unproven(held, LevelRead(0, at(60 + TIMING.resolve_timeout_s)), TIMING) is None


def test_a_record_that_sleeps_without_a_number_is_not_looked_at_again() -> None:
    """Its product is gone from the shop, and tracking is switched on in Zettle: the product work
    speaks first.
    """
    is_suspended = Ledger(
        StockRecord(5),
        StockRecord(Gap.UNKNOWN, recent=(Change(at(1), 0),), rests=SUSPENDED, variant_id=1),
    )
    resumed = stock.resumed(is_suspended, 1)

    assert (None, at(11)) == (
        stock.next_read(is_suspended, Side.SHOP, TIMING),
        stock.next_read(resumed, Side.SHOP, TIMING),
    )


# ---- Tracking was switched on --------------------------------------------------------------------


@pytest.mark.rule("S3", "S7")
def test_an_order_of_the_seconds_of_a_switch_counts() -> None:
    """The shop's number gives way with a change: what is sold before it lands shows afterwards."""
    on = stock.restarted(
        stock.stopped(
            Ledger(StockRecord(confirmed=3), StockRecord(confirmed=3, variant_id=1)), TIMING
        ),
        LevelRead(5, at(4)),
    )
    sent = stock.sent(stock.attached(on, 1, LevelRead(3, at(5))), Side.SHOP, 2, "call", at(5))
    seen = stock.observed(
        stock.landed(sent, Side.SHOP, at(6)), Side.SHOP, LevelRead(4, at(30)), TIMING
    )

    assert (-1, 4) == (seen.change, seen.ledger.target)


@pytest.mark.rule("S7")
def test_a_write_that_may_still_land_is_waited_for_before_an_attach() -> None:
    sent = stock.sent(
        Ledger(StockRecord(5), StockRecord(4, 1, variant_id=1)), Side.SHOP, 1, "call", at(1)
    )
    lost = stock.unanswered(sent, Side.SHOP, at(2))
    on = stock.restarted(stock.stopped(lost, TIMING), LevelRead(5, at(4)))

    assert [False, True] == [
        on.shop.is_clear(LevelRead(5, at(s)), TIMING.read_lag(Side.SHOP)) for s in (11, 12)
    ]
    assert at(12) == stock.next_read(on, Side.SHOP, TIMING)


@pytest.mark.rule("S7")
def test_what_was_to_push_to_zettle_at_the_stop_is_missing_at_the_start() -> None:
    to_push = Ledger(StockRecord(confirmed=10, to_push=-3), StockRecord(confirmed=7, variant_id=1))
    flying = stock.sent(to_push, Side.ZETTLE, -3, "call", at(1))
    on = [
        stock.restarted(stock.stopped(one, TIMING), LevelRead(10, at(9)))
        for one in (to_push, flying)
    ]

    assert [(10, 7), (10, 7)] == [(one.zettle.confirmed, one.target) for one in on]
    assert [True, True] == [stock.is_unsure(one) for one in (to_push, flying)]
