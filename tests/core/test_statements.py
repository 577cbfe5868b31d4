"""The statement of two sides' numbers, and the chain that shows what was changed afterwards."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brygga.core.statements import (
    FIRST,
    NIGHT,
    SPREAD,
    ZONES,
    Facts,
    Link,
    Outcome,
    Reason,
    Row,
    Statement,
    broken,
    canonical,
    compare,
    hash_of,
    next_night,
    told,
)
from brygga.core.stock import Gap, Ledger, LevelRead, Side, StockRecord
from tests.conftest import NOON

Level = int | Gap


def ledger(zettle: int, shop: int, *, separate: bool = False) -> Ledger:
    """As the law wants it: what differs is to be pushed to the store."""
    to_push = 0 if separate else zettle - shop
    return Ledger(StockRecord(zettle), StockRecord(shop, to_push), separate)


def of(zettle: Level | None, shop: Level | None, facts: Facts) -> Outcome:
    reads = {
        side: {} if level is None else {"v": LevelRead(level, NOON)}
        for side, level in ((Side.ZETTLE, zettle), (Side.SHOP, shop))
    }
    return compare({"v": ("p", facts)}, reads)


def test_equal_numbers_are_counted_and_not_listed() -> None:
    assert Outcome(equal=1) == of(7, 7, Facts(ledger(7, 7)))


def test_separate_stock_is_not_compared() -> None:
    assert Outcome(separate=1) == of(7, 3, Facts(ledger(7, 3, separate=True)))


@pytest.mark.rule("S1")
def test_what_zettle_does_not_track_is_in_no_statement() -> None:
    assert Outcome() == of(Gap.UNTRACKED, 3, Facts(Ledger()))


@pytest.mark.parametrize(
    ("zettle", "shop", "facts", "reason"),
    [
        (7, 5, Facts(ledger(7, 5), asked=True), Reason.ASKED),
        (0, 5, Facts(ledger(0, 5), held=True), Reason.HELD),
        (-2, 0, Facts(ledger(-2, 0)), Reason.BELOW_ZERO),
        (99_999, 100_005, Facts(ledger(99_999, 100_005), highest=99_999), Reason.FULL),
        (7, 5, Facts(ledger(7, 5)), Reason.UNDER_WAY),
        (7, 5, Facts(ledger(7, 7)), Reason.UNEXPLAINED),
    ],
)
def test_a_difference_has_its_reason(zettle: int, shop: int, facts: Facts, reason: Reason) -> None:
    outcome = of(zettle, shop, facts)

    assert [(zettle, shop, reason)] == [
        (one.zettle, one.shop, one.reason) for one in outcome.different
    ]
    assert (reason in {Reason.UNDER_WAY, Reason.UNEXPLAINED}) == bool(told(outcome.different))


@pytest.mark.parametrize(
    ("zettle", "shop", "facts", "reason"),
    [
        (7, 5, Facts(Ledger(), odd=True), Reason.COUNTED_OTHERWISE),
        (None, 5, Facts(Ledger()), Reason.ZETTLE_UNREAD),
        (7, None, Facts(Ledger()), Reason.SHOP_UNREAD),
        (7, Gap.UNTRACKED, Facts(Ledger()), Reason.NOT_COUNTED),
        (7, Gap.NOT_CREATED, Facts(Ledger()), Reason.NOT_THERE),
        (7, None, Facts(Ledger(), there=False), Reason.NOT_THERE),
    ],
)
def test_what_nobody_can_compare_has_its_reason(
    zettle: Level | None, shop: Level | None, facts: Facts, reason: Reason
) -> None:
    outcome = of(zettle, shop, facts)

    assert ([reason], (), 0) == (
        [one.reason for one in outcome.unknown],
        outcome.different,
        outcome.equal,
    )


# ---- The chain -----------------------------------------------------------------------------------


def chained(count: int) -> list[Link]:
    links: list[Link] = []
    previous = FIRST
    for number in range(1, count + 1):
        row = Row("p", "v", "Mugg Å", "SKU", 7, None, "shop_unread")
        made = Statement(number, previous, NOON, "a", "s", 3, 0, 1, 0, (), (row,))
        text = canonical(made)
        links.append(Link(number, previous, hash_of(text), text))
        previous = links[-1].hash
    return links


def test_an_untouched_chain_fits_also_where_its_beginning_was_deleted() -> None:
    links = chained(4)

    assert broken(links) is None
    assert broken(links[2:]) is None
    assert broken([]) is None


@pytest.mark.parametrize(
    ("change", "first"),
    [
        (lambda links: links.pop(1), 3),
        (lambda links: links.insert(2, links[1]), 2),
        (lambda links: links.__setitem__(1, replace(links[1], text="no JSON")), 2),
        (lambda links: links.__setitem__(0, replace(links[0], previous="1" * 64)), 1),
    ],
)
def test_a_chain_shows_the_first_that_does_not_fit(change: object, first: int) -> None:
    links = chained(4)
    assert callable(change)
    change(links)

    assert first == broken(links)


def test_a_number_changed_afterwards_is_seen_even_with_a_new_hash() -> None:
    """Whoever changes a text and its hash must change every statement after it."""
    links = chained(3)
    text = links[1].text.replace('"equal":3', '"equal":4')
    assert text != links[1].text

    assert 2 == broken([links[0], replace(links[1], text=text), links[2]])
    assert 3 == broken([links[0], replace(links[1], text=text, hash=hash_of(text)), links[2]])


# ---- When ----------------------------------------------------------------------------------------


@given(
    country=st.sampled_from([*ZONES, "", "xx"]),
    share=st.floats(0, 1, exclude_max=True),
    hours=st.integers(0, 24 * 366),
)
def test_the_next_night_is_in_the_future_and_within_a_day(
    country: str, share: float, hours: int
) -> None:
    now = NOON + timedelta(hours=hours)

    at = next_night(country, share, now)

    assert now < at <= now + timedelta(hours=25)
    assert at == next_night(country, share, at - timedelta(seconds=1))


def test_in_stockholm_it_is_night() -> None:
    at = next_night("SE", 0.5, NOON)

    assert datetime.combine(NOON.date() + timedelta(1), NIGHT).hour == 1
    assert NOON + timedelta(hours=14) == at  # 03:00 in Stockholm, which is an hour ahead in March


def test_merchants_are_spread_over_the_night() -> None:
    times = [next_night("SE", share / 10, NOON) for share in range(10)]

    assert {SPREAD / 10} == {later - earlier for earlier, later in pairwise(times)}
