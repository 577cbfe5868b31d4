"""Some of the walk of hollow answers, from every GET that the service makes; all of it by `python
-m tests.simulation.hollow`.
"""

import pytest

from tests.simulation.disk import Disk
from tests.simulation.hollow import is_in, walked

PARTS = 37
"""One case in so many: each GET has about sixty, so each is met, by other kinds at other
moments.
"""


@pytest.mark.slow
@pytest.mark.rule("S2", "S3", "P5")
def test_an_answer_that_says_nothing_moves_nothing(disk: Disk) -> None:
    """Nothing is written because of it, nothing is lost after it, and where it lasts the log names
    the side (decision 15).
    """
    found = walked(disk, is_in(5, PARTS))

    assert ([], [], []) == (found.wrong, found.lost, found.silent)
    assert len(found.gets) >= 24, sorted(map(str, found.gets))
    assert found.struck >= found.cases // 2
