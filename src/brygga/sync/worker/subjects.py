"""The subject of a work item, in the terms of the sync log."""

from brygga.core.report import Topic
from brygga.database.work_items import STOCK_KINDS, Kind, WorkItem

_PRODUCTS = frozenset({Kind.PRODUCT, Kind.SHOP_PRODUCT, Kind.ADDITION, Kind.LINK})
ABOUT_A_PRODUCT = frozenset(
    {Kind.STOCK, Kind.RESOLVE, Kind.TRACKING, Kind.EXPLAIN, Kind.PRODUCT, Kind.ADDITION, Kind.LINK}
)
"""Kinds of work items whose subject is a Zettle product."""


def topic(item: WorkItem) -> Topic:
    if item.kind in STOCK_KINDS:
        return Topic.STOCK
    return Topic.PRODUCT if item.kind in _PRODUCTS else Topic.CONNECTION


def subject(item: WorkItem) -> str:
    """The Zettle product that a line about this work item is about."""
    return item.subject if item.kind in ABOUT_A_PRODUCT else ""
