"""What is drawn for a day has dice of its own, and stays within what is documented."""

import pytest

from tests.simulation import sampled
from tests.simulation.acts import SPECIAL
from tests.simulation.disk import Disk
from tests.simulation.fault_plan import KINDS, PEOPLE
from tests.simulation.more_acts import MoreActs
from tests.simulation.session import session

MANY = range(3000)
DEADLINE_S = 30.0
"""The service takes a request for dead then (`wire.call.Call.timeout_s`)."""
PLAIN = 5
"""A day for which nothing is drawn."""


@pytest.mark.parametrize("kind", sampled.SHARES)
def test_each_kind_is_on_as_often_as_it_should(kind: str) -> None:
    days = sum(kind in sampled.sampled(seed) for seed in MANY)

    assert sampled.SHARES[kind] == pytest.approx(days / len(MANY), abs=0.03)
    assert kind not in {*KINDS, *PEOPLE}


def test_nothing_is_drawn_where_that_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampled, "SAMPLED", False)

    assert {frozenset()} == {sampled.sampled(seed) for seed in MANY}
    assert sampled.times_of(0, frozenset()) == sampled.Times()


def test_the_service_waits_longer_than_the_platform_may_take() -> None:
    sampled_times = [sampled.times_of(seed, frozenset({"timings"})) for seed in MANY]

    assert all(one.read_lag_s < one.service.read_lag_s > one.stale_s for one in sampled_times)
    assert all(one.late_s < DEADLINE_S < one.service.request_deadline_s for one in sampled_times)
    assert len({one.service for one in sampled_times}) > 50


def test_every_act_of_a_drawn_kind_is_one_that_people_can_do() -> None:
    acts = [act for kind in sampled.SHARES for act in SPECIAL.get(kind, ())]

    assert acts
    assert [] == [act for act in acts if not hasattr(MoreActs, act.replace(" ", "_"))]


@pytest.mark.slow
def test_a_day_for_which_nothing_is_drawn_is_as_before(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = session(PLAIN, disk)
    monkeypatch.setattr(sampled, "SAMPLED", False)

    assert frozenset() == sampled.sampled(PLAIN)
    assert session(PLAIN, disk).story == today.story
