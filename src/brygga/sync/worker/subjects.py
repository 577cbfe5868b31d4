"""What a mark's work is about, in the words of the sync log."""

from brygga.core.report import Topic
from brygga.database.work_items import STOCK_LANE, Kind, Mark

_PRODUCTS = frozenset({Kind.PRODUCT, Kind.SHOP_PRODUCT, Kind.ADDITION, Kind.LINK})
ABOUT_A_PRODUCT = frozenset(
    {Kind.STOCK, Kind.SETTLE, Kind.TRACKING, Kind.EXPLAIN, Kind.PRODUCT, Kind.ADDITION, Kind.LINK}
)
"""Kinds of marks whose subject is a Zettle product."""


def topic(mark: Mark) -> Topic:
    if mark.kind in STOCK_LANE:
        return Topic.STOCK
    return Topic.PRODUCT if mark.kind in _PRODUCTS else Topic.CONNECTION


def subject(mark: Mark) -> str:
    """The Zettle product that a line about this mark is about."""
    return mark.subject if mark.kind in ABOUT_A_PRODUCT else ""
