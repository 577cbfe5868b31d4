"""What belongs in the store, the tri-state box, and the brakes on mass effects."""

import pytest

from brygga.core.assignment import Box, Reassignment, Removal, belongs, box_of, reassigned, undo_seconds
from brygga.core.guards import Cause, Verdict, verdict


@pytest.mark.rule("P8", "P9", "P12", "A3")
@pytest.mark.parametrize(("exists", "decided", "whole", "known", "expected"), [
    (False, True, True, False, False),
    (True, True, False, True, True),
    (True, False, True, False, False),
    (True, None, True, True, True),
    (True, None, False, False, True),
    (True, None, False, True, False),
])  # fmt: skip
def test_what_belongs(exists: bool, decided: bool | None, whole: bool, known: bool, expected: bool) -> None:
    assert expected is belongs(exists=exists, decided=decided, whole_library=whole, known_at_setup=known)


@pytest.mark.rule("A5")
def test_a_box_left_mixed_changes_nothing() -> None:
    selected = [("a", True), ("b", False)]

    assert Box.MIXED is box_of(assigned for _, assigned in selected)
    assert Reassignment() == reassigned(selected, Box.MIXED)


@pytest.mark.rule("A1", "A3", "A5")
def test_only_what_changes_is_named() -> None:
    selected = [("a", True), ("b", False)]

    assert Reassignment(assign=("b",)) == reassigned(selected, Box.TICKED)
    assert Reassignment(unassign=("a",)) == reassigned(selected, Box.EMPTY)


def test_boxes_of_equal_and_empty_selections() -> None:
    assert [Box.TICKED, Box.EMPTY, Box.EMPTY] == [box_of([True, True]), box_of([False]), box_of([])]


def test_only_an_unassignment_can_be_undone() -> None:
    """Decision 14."""
    assert [10, 0, 0] == [undo_seconds(removal) for removal in Removal]


@pytest.mark.parametrize(("wanted", "recent", "catalogue", "stops"), [
    (10, 0, 20, False), (11, 0, 20, True), (11, 0, 110, False), (12, 0, 110, True), (1, 10, 20, True), (0, 50, 20, False),
])  # fmt: skip
def test_more_than_ten_and_a_tenth_within_the_hour_stops(wanted: int, recent: int, catalogue: int, stops: bool) -> None:
    """Decision 9."""
    expected = Verdict(0, asks=True) if stops else Verdict(wanted)

    assert expected == verdict(Cause.INFERRED, wanted, recent=recent, catalogue=catalogue)


@pytest.mark.parametrize("cause", [Cause.EVENT, Cause.ETAG, Cause.PERSON])
def test_what_zettle_announced_or_a_person_clicked_never_stops(cause: Cause) -> None:
    assert Verdict(500) == verdict(cause, 500, recent=500, catalogue=500)
