"""The chart of a number: its lines, marks, days and words."""

import re
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import NOON
from tests.web.conftest import World
from tests.web.moved import move, sold

from brygga.core.stock import Side
from brygga.core.stock.movement import Cause, Movement, Reason
from brygga.web.chart import Shown, chart, scale, whole
from brygga.web.days import Day, day_of, ticks, zone_of

LEVELS = st.lists(
    st.tuples(st.none() | st.integers(-50, 99_999), st.none() | st.integers(-50, 99_999)),
    max_size=30,
)


@given(LEVELS)
def test_every_point_of_a_chart_lies_in_the_drawing(
    levels: list[tuple[int | None, int | None]],
) -> None:
    moves = [
        Movement(
            NOON + timedelta(minutes=n),
            "p",
            "v",
            Side.ZETTLE,
            Cause.SEEN,
            0,
            a[0],
            b[0],
            a[1],
            b[1],
        )
        for n, (a, b) in enumerate(pairwise(levels))
    ]
    drawn = chart(whole(moves, NOON + timedelta(days=1)), UTC, [(one, "x") for one in moves])
    if drawn is None:
        assert all(level is None for pair in (levels if moves else []) for level in pair)
        return
    assert all(0 < one.across < 100 for one in drawn.labels)
    assert len(drawn.marks) <= len(moves)
    for path in (drawn.till, drawn.shop, *(one.path for one in drawn.marks)):
        across = [float(x) for x in re.findall(r"[MH]([-\d.]+)", path)]
        down = [
            float(y) for y in re.findall(r"M[-\d.]+ ([-\d.]+)|V([-\d.]+)", path) for y in y if y
        ]
        assert all(0 <= x <= 1000 for x in across)
        assert all(0 <= y <= 200 for y in down)
        assert sorted(across) == across


@given(st.integers(-99_999, 99_999), st.integers(-99_999, 99_999))
def test_the_lines_of_a_chart_are_round_few_and_hold_every_number(one: int, other: int) -> None:
    ticks = scale(min(one, other), max(one, other))

    assert 2 <= len(ticks) <= 6
    assert 0 in ticks
    assert ticks[-1] <= min(one, other)
    assert max(one, other) <= ticks[0]
    assert 1 == len({above - below for above, below in pairwise(ticks)})


async def test_the_chart_is_told_in_words_too(world: World) -> None:
    _, browser, _, path = await sold(world, 2)
    page = (await browser.open(path)).text

    assert 'role="img" aria-labelledby="chart-title chart-text"' in page
    assert "from 8 to 7, lowest 7, highest 8" in page


SALE_AT_NOON = move(Cause.SEEN, -1, (6, 7), reason=Reason.SALE, reference="12")


def test_each_event_has_a_dot_on_its_line_and_an_edit_has_another() -> None:
    edit = move(Cause.SEEN, 3, (9, 7), at=NOON + timedelta(hours=1), reason=Reason.EDIT)
    drawn = chart(
        whole([SALE_AT_NOON, edit], NOON + timedelta(hours=2)),
        UTC,
        [(SALE_AT_NOON, "a sale"), (edit, "an edit")],
    )
    assert drawn is not None
    first, second = drawn.marks
    level = float(re.findall(r"V([\d.]+)", drawn.till)[0])

    assert [("a sale", False), ("an edit", True)] == [(m.text, m.is_edit) for m in drawn.marks]
    assert f"M{first.path[1:].partition(' ')[0]} {level}h0" == first.path
    assert float(first.path[1:].partition(" ")[0]) < float(second.path[1:].partition(" ")[0])


@given(
    st.timedeltas(timedelta(0), timedelta(days=365)).map(lambda later: NOON + later),
    st.timedeltas(timedelta(minutes=1), timedelta(days=100)),
    st.sampled_from(["SE", "US", "GB"]),
)
def test_the_times_below_a_chart_are_round_few_and_in_it(
    start: datetime, length: timedelta, country: str
) -> None:
    found = ticks(start, start + length, zone_of(country))
    local = [one.at.astimezone(zone_of(country)) for one in found]

    assert len(found) <= 8
    assert all(start <= one.at <= start + length for one in found)
    assert sorted(one.at for one in found) == [one.at for one in found]
    assert all((at.second, at.microsecond) == (0, 0) for at in local)
    assert all(
        (at.hour, at.minute) == (0, 0) for at, one in zip(local, found, strict=True) if one.is_day
    )
    assert len(found) >= 1 or length < timedelta(days=2)


def test_a_day_is_the_shops_day_also_when_clocks_change() -> None:
    zone = zone_of("SE")
    spring, autumn = Day(date(2026, 3, 29), zone), Day(date(2026, 10, 25), zone)

    assert datetime(2026, 3, 28, 23, tzinfo=UTC) == spring.start
    assert [23, 25] == [(day.end - day.start) / timedelta(hours=1) for day in (spring, autumn)]
    assert UTC == zone_of("US") == zone_of("")
    assert [None] * 4 == [
        day_of(text, zone) for text in ("", "yesterday", "2026-02-30", "9999-12-31")
    ]


def test_a_day_without_a_movement_is_a_straight_line() -> None:
    day = Day(date(2026, 3, 1), UTC)
    drawn = chart(Shown([], day.start, day.end, SALE_AT_NOON))

    assert drawn is not None
    assert (6, 7) == (drawn.till_extent.last, drawn.shop_extent.last)
    assert chart(Shown([], day.start, day.end)) is None
