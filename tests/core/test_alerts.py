"""When a merchant is told: once for each cause, not before it has lasted, and not without end."""

from collections.abc import Collection
from datetime import timedelta

import pytest

from brygga.core.alerts import (
    BETWEEN,
    GATHER,
    GIVE_UP,
    NEWS_FOR,
    RETRY_MOST,
    Cause,
    Condition,
    Known,
    compared,
    next_try,
    to_tell,
)
from tests.conftest import NOON

LATER = NOON + GATHER


def known(cause: Cause, subject: str = "", *, told: bool = False) -> Known:
    return Known(Condition(cause, subject), NOON, NOON if told else None)


def told(*conditions: Known, off: Collection[Cause] = ()) -> dict[Cause, tuple[str, ...]]:
    return dict(to_tell(conditions, off, LATER))


def test_what_was_not_there_begins_and_what_is_gone_ends() -> None:
    stays, gone = known(Cause.BRAKE, "zeroed"), known(Cause.ACCESS_LOST, "zettle_access_gone")
    new = Condition(Cause.NUMBERS_TO_CHECK, "v1")

    begun, ended = compared([stays.condition, new], [stays, gone])

    assert ([new], [gone.condition]) == ([*begun], [*ended])


def test_the_first_sync_never_begins_a_second_time() -> None:
    assert (frozenset(), frozenset()) == compared([], [known(Cause.FIRST_SYNC_DONE)])


@pytest.mark.parametrize("cause", Cause)
def test_each_cause_is_told_once(cause: Cause) -> None:
    assert {cause: ("x",)} == told(known(cause, "x"))
    assert {} == told(known(cause, "x", told=True))


@pytest.mark.parametrize("cause", Cause)
def test_each_cause_can_be_switched_off(cause: Cause) -> None:
    other = next(one for one in Cause if one is not cause)

    assert {other: ("",)} == told(known(cause), known(other), off=[cause])


def test_what_ends_within_two_minutes_is_never_told() -> None:
    condition = known(Cause.SYNC_STOPPED, "zettle_unknown")

    assert {} == to_tell([condition], (), LATER - timedelta(seconds=1))


def test_what_begins_together_is_one_message() -> None:
    several = [known(Cause.NUMBERS_TO_CHECK, name) for name in ("v2", "v1")]

    assert {Cause.NUMBERS_TO_CHECK: ("v1", "v2")} == told(*several)


def test_the_next_of_a_cause_waits_an_hour() -> None:
    before, new = known(Cause.BRAKE, "removed", told=True), known(Cause.BRAKE, "zeroed")

    assert {} == to_tell([before, new], (), NOON + BETWEEN - timedelta(seconds=1))
    assert {Cause.BRAKE: ("zeroed",)} == to_tell([before, new], (), NOON + BETWEEN)


def test_a_first_sync_of_long_ago_is_no_news() -> None:
    done = known(Cause.FIRST_SYNC_DONE)

    assert {} == to_tell([done], (), NOON + NEWS_FOR + timedelta(seconds=1))


def test_a_message_is_tried_with_growing_pauses_and_given_up_after_three_days() -> None:
    pauses = [next_try(tries, NOON, NOON) for tries in range(1, 9)]
    minutes = [(at - NOON).total_seconds() / 60 for at in pauses if at]

    assert [1, 2, 4, 8, 16, 32, 60, 60] == minutes
    assert NOON + GIVE_UP - timedelta(1) + RETRY_MOST == next_try(
        10_000, NOON, NOON + GIVE_UP - timedelta(1)
    )
    assert next_try(1, NOON, NOON + GIVE_UP) is None
