"""What belongs in the store, and the brakes on mass effects."""

import pytest

from brygga.core.assignment import belongs
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
def test_what_belongs(
    exists: bool, decided: bool | None, whole: bool, known: bool, expected: bool
) -> None:
    assert expected is belongs(
        exists=exists, decided=decided, whole_library=whole, known_at_setup=known
    )


@pytest.mark.parametrize(("wanted", "recent", "catalogue", "stops"), [
    (10, 0, 20, False), (11, 0, 20, True), (11, 0, 110, False), (12, 0, 110, True), (1, 10, 20,
    True), (0, 50, 20, False),
])  # fmt: skip
def test_more_than_ten_and_a_tenth_within_the_hour_stops(
    wanted: int, recent: int, catalogue: int, stops: bool
) -> None:
    """Decision 9."""
    expected = Verdict(0, asks=True) if stops else Verdict(wanted)

    assert expected == verdict(Cause.INFERRED, wanted, recent=recent, catalogue=catalogue)


@pytest.mark.parametrize("cause", [Cause.EVENT, Cause.ETAG, Cause.PERSON])
def test_what_zettle_announced_or_a_person_clicked_never_stops(cause: Cause) -> None:
    assert Verdict(500) == verdict(cause, 500, recent=500, catalogue=500)
