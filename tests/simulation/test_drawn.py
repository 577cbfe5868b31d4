"""What is drawn for a day has dice of its own, and stays within what is documented."""

import pytest

from tests.simulation import drawn
from tests.simulation.acts import SPECIAL
from tests.simulation.disk import Disk
from tests.simulation.more_acts import MoreActs
from tests.simulation.session import session
from tests.simulation.weather import KINDS, PEOPLE

MANY = range(3000)
DEADLINE_S = 30.0
"""The service takes a request for dead then (`wire.call.Call.timeout_s`)."""
PLAIN = 5
"""A day for which nothing is drawn."""


@pytest.mark.parametrize("kind", drawn.SHARES)
def test_each_kind_is_on_as_often_as_it_should(kind: str) -> None:
    days = sum(kind in drawn.drawn(seed) for seed in MANY)

    assert drawn.SHARES[kind] == pytest.approx(days / len(MANY), abs=0.03)
    assert kind not in {*KINDS, *PEOPLE}


def test_nothing_is_drawn_where_that_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawn, "DRAWN", False)

    assert {frozenset()} == {drawn.drawn(seed) for seed in MANY}
    assert drawn.times_of(0, frozenset()) == drawn.Times()


def test_the_service_waits_longer_than_the_platform_may_take() -> None:
    drawn_times = [drawn.times_of(seed, frozenset({"timings"})) for seed in MANY]

    assert all(one.read_lag_s < one.service.lag_s > one.stale_s for one in drawn_times)
    assert all(one.late_s < DEADLINE_S < one.service.grace_s for one in drawn_times)
    assert len({one.service for one in drawn_times}) > 50


def test_every_act_of_a_drawn_kind_is_one_that_people_can_do() -> None:
    acts = [act for kind in drawn.SHARES for act in SPECIAL.get(kind, ())]

    assert acts
    assert [] == [act for act in acts if not hasattr(MoreActs, act.replace(" ", "_"))]


@pytest.mark.slow
def test_a_day_for_which_nothing_is_drawn_is_as_before(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = session(PLAIN, disk)
    monkeypatch.setattr(drawn, "DRAWN", False)

    assert frozenset() == drawn.drawn(PLAIN)
    assert session(PLAIN, disk).story == today.story
