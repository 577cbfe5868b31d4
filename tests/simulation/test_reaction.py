"""How fast the other side follows in the calm, of which `reaction` prints more."""

import pytest

from tests.simulation import reaction
from tests.simulation.disk import Disk


@pytest.mark.slow
@pytest.mark.rule("S2", "S3")
def test_a_burst_of_ten_reaches_the_other_side_in_seconds(disk: Disk) -> None:
    """Reads that trail by a second; a cancelled order alone waits for a read lag after our own
    write, since each item of an answer may trail by itself (B50).
    """
    found = reaction.played(0, disk, lag_s=1.0).seconds

    assert reaction.BURSTS * reaction.BURST == len(found[reaction.FALLS])
    assert reaction.share(found[reaction.FALLS], 0.9) < 3.0
    assert max(found[reaction.FALLS]) < 5.0
    assert max(found[reaction.RISE_IN_QUIET]) < 3.0
    assert max(found[reaction.RISE_AFTER_OURS]) < 13.0
