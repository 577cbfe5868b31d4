"""The tolerant reader: what may be absent, null or of a neighbouring type, and what is never
guessed.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brygga.wire.reading import (
    decode,
    flag,
    identifier,
    moment,
    number,
    record,
    records,
    text,
    whole,
    within,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("25.0", "25.0"),
        (25, "25"),
        (Decimal("12.5"), "12.5"),
        (None, None),
        ("", None),
        ("x", None),
        (True, None),
        ("NaN", None),
    ],
)
def test_a_number_is_a_number_or_its_text(value: Any, expected: str | None) -> None:
    assert number(value) == (None if expected is None else Decimal(expected))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("12", 12),
        ("0.75", 0),
        ("-0.25", -1),
        (Decimal("3.999"), 3),
        (0, 0),
        ("1E+400", None),
        ("1E-400", 0),
        (2**31 - 1, 2**31 - 1),
        (10**15 - 1, 10**15 - 1),
        (10**15, None),
        (-(10**28), None),
        ([], None),
    ],
)
def test_a_whole_number_is_rounded_down(value: Any, expected: int | None) -> None:
    assert whole(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("7", 7),
        (0, 0),
        (-3, 0),
        (None, 0),
        (2**63 - 1, 2**63 - 1),
        (2**63, 0),
        (str(10**25), 0),
        ("1E+400", 0),
    ],
)
def test_an_id_is_positive_or_nothing(value: Any, expected: int) -> None:
    assert identifier(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(" S ", " S "), (None, ""), (12, "12"), (True, ""), (["x"], ""), ("a\x00b", "ab")],
)
def test_text_is_not_trimmed_and_has_no_nul(value: Any, expected: str) -> None:
    assert text(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        "2024-02-01T09:15:00.123+0000",
        "2024-02-01T09:15:00.123Z",
        "2024-02-01T10:15:00.123+01:00",
        "2024-02-01T09:15:00.123",
        1706778900123,
    ],
)
def test_a_time_is_utc_however_it_is_spelt(value: Any) -> None:
    assert moment(value) == datetime(2024, 2, 1, 9, 15, 0, 123000, UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Tue, 05 Mar 2019 21:40:11 +0000", datetime(2019, 3, 5, 21, 40, 11, tzinfo=UTC)),
        ("2024-02-01T09:30:47.087507Z", datetime(2024, 2, 1, 9, 30, 47, 87507, UTC)),
        (1714000000, datetime(2024, 4, 24, 23, 6, 40, tzinfo=UTC)),
        ("soon", None),
        (None, None),
        (True, None),
        ("2024-13-01T00:00:00Z", None),
    ],
)
def test_other_times_and_none(value: Any, expected: datetime | None) -> None:
    assert moment(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        "Mon, 99999999999999999999 Jan 2026 00:00:00 GMT",
        "Mon, 01 Jan 2026 99999999999999999999:00:00 GMT",
        "Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
        "Fri, 31 Dec 9999 23:59:59 -1200",
        "Mon, 01 Jan 0001 00:00:00 +99999999999999999999",
        "9999-12-31T23:59:59-12:00",
        "0001-01-01T00:00:00+12:00",
        "\ud800",
        10**4000,
        -(10**4000),
        Decimal("1E+9999999"),
        Decimal("-1E+9999999"),
        Decimal("1E+999999"),
        253_402_300_800_000,
    ],
)
def test_a_time_that_no_calendar_has_is_none(value: Any) -> None:
    assert moment(value) is None


_PIECES = st.sampled_from(
    [
        "Mon, ",
        "01 ",
        "9" * 20,
        "Jan ",
        "9999 ",
        "2026-01-01",
        "T",
        "00:00",
        ":",
        "-12:00",
        "+",
        "+" + "9" * 9,
        "GMT",
        "Z",
        "(a ",
    ]
)


@given(
    st.lists(_PIECES | st.text(max_size=4), max_size=8).map("".join)
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False)
)
def test_no_text_and_no_number_breaks_the_reading_of_a_time(value: str | int | Decimal) -> None:
    found = moment(value)

    assert found is None or found.tzinfo is UTC


def test_truth_may_be_text() -> None:
    assert [flag(value) for value in (True, False, "true", "false", None, 1)] == [
        True,
        False,
        True,
        False,
        None,
        None,
    ]


def test_an_empty_list_is_read_as_an_empty_object_and_odd_rows_are_passed_over() -> None:
    assert record([]) == {}
    assert list(records([{"a": 1}, None, 3])) == [{"a": 1}]
    assert within({"a": {"b": None}}, "a", "b", "c") is None


def test_bytes_that_are_no_utf8_and_half_pairs_do_not_hide_the_rest() -> None:
    assert decode(b'{"name": "5\xff pot", "more": "\\ud83d"}') == {
        "name": "5\ufffd pot",
        "more": "\ufffd",
    }


@pytest.mark.parametrize(
    "body", [b"<html>", b'{"a":', b"NaN", b'{"a": Infinity}', b"[" * 20_000, b'{"a":' * 20_000]
)
def test_what_is_no_json_is_an_error(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(body)
