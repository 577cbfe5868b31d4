"""When a record is read again."""

import pytest

from brygga.core import stock
from brygga.core.stock import Hint, Side
from tests.core.stock.ledgers import TIMING, at, seen, shared


@pytest.mark.rule("S3")
def test_an_order_that_a_read_did_not_show_is_looked_for_again_soon() -> None:
    """Every second, until it shows or four are over; then its event is closed as any other."""
    ledger = stock.hinted(shared(10), Side.SHOP, Hint(at(0), by_order=True, variant="1"))
    hidden, shown = seen(ledger, Side.SHOP, 10, 1), seen(ledger, Side.SHOP, 9, 1)
    late = seen(hidden, Side.SHOP, 10, 4)

    assert (at(2), at(11), at(10)) == tuple(
        stock.next_read(one, Side.SHOP, TIMING) for one in (hidden, shown, late)
    )


def test_an_event_that_names_no_order_is_read_once_and_closed() -> None:
    """It may be about our own write: a read that shows nothing new is no reason to look again."""
    ledger = stock.hinted(shared(10), Side.SHOP, Hint(at(0), variant="1"))

    assert at(10) == stock.next_read(seen(ledger, Side.SHOP, 10, 1), Side.SHOP, TIMING)
