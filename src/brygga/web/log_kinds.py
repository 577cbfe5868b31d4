"""The kinds of lines that the sync log is filtered by, in the order of the filter. Each code of
`core.report` belongs to exactly one.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Final

from brygga.core.report import Code


class LogKind(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    REMOVED = "removed"
    LINKED = "linked"
    EDITED = "edited"
    PICTURES = "pictures"
    NAMES = "names"
    LEFT_OUT = "left_out"
    NOT_SYNCED = "not_synced"
    STOCK_MOVED = "stock_moved"
    STOCK_CHECKED = "stock_checked"
    STOCK_SWITCHED = "stock_switched"
    STOCK_NOT_SYNCED = "stock_not_synced"
    CONNECTION = "connection"


CODES: Final[Mapping[LogKind, frozenset[Code]]] = {
    LogKind.CREATED: frozenset(
        {Code.PRODUCT_CREATED, Code.PRODUCT_RESTORED, Code.PRODUCT_ATTACHED, Code.PRODUCT_ADDED}
    ),
    LogKind.UPDATED: frozenset(
        {Code.PRODUCT_UPDATED, Code.VALUE_OVERWRITTEN, Code.VALUES_OVERWRITTEN}
    ),
    LogKind.REMOVED: frozenset(
        {Code.PRODUCT_DELETED, Code.DELETE_REFUSED, Code.MASS_EFFECT_STOPPED}
    ),
    LogKind.LINKED: frozenset(
        {
            Code.PRODUCT_UNLINKED,
            Code.LINKED_INSTEAD,
            Code.LINK_IMPOSSIBLE,
            Code.PLAN_CHANGED,
            Code.PLAN_CHANGES,
        }
    ),
    LogKind.EDITED: frozenset(
        {Code.DRIFT, Code.MISSING_IN_SHOP, Code.VARIANTS_MISSING, Code.VARIANTS_BOUND_AGAIN}
    ),
    LogKind.PICTURES: frozenset(
        {Code.IMAGE_UNUSABLE, Code.IMAGE_NOT_FETCHED, Code.VIDEO_UNSUPPORTED}
    ),
    LogKind.NAMES: frozenset(
        {
            Code.CLASH,
            Code.SUFFIX_GONE,
            Code.SKU_TOO_LONG,
            Code.SKU_REPEATED,
            Code.SKU_GENERATED,
            Code.BARCODE_TOO_LONG,
            Code.BARCODE_CHECK_DIGIT,
            Code.URL_TOO_LONG,
            Code.URL_UNUSABLE,
        }
    ),
    LogKind.LEFT_OUT: frozenset(
        {
            Code.TEXT_CUT,
            Code.HTML_CLEANED,
            Code.PRICE_OPEN,
            Code.PRICE_OTHER_CURRENCY,
            Code.WEIGHT_UNIT_UNKNOWN,
            Code.WEIGHT_UNREAD,
            Code.OPTION_RENAMED,
            Code.VALUE_RENAMED,
            Code.FIELD_REFUSED,
        }
    ),
    LogKind.NOT_SYNCED: frozenset(
        {
            Code.TOO_MANY_VARIANTS,
            Code.TOO_MANY_VALUES,
            Code.NAME_MISSING,
            Code.NAME_UNSEEN,
            Code.PRODUCT_REFUSED,
            Code.PRODUCT_UNREADABLE,
            Code.ADDITION_REFUSED,
            Code.OPENING_STOCK_REFUSED,
            Code.OPENING_STOCK_UNSURE,
            Code.REFUSED,
            Code.INTERNAL_ERROR,
            Code.WORKS_AGAIN,
        }
    ),
    LogKind.STOCK_MOVED: frozenset(
        {
            Code.STOCK_TILL_MOVED,
            Code.STOCK_SHOP_MOVED,
            Code.STOCK_SHOP_ORDER,
            Code.STOCK_FOUND_BY_SWEEP,
            Code.STOCK_ATTACHED,
            Code.STOCK_REPLACED,
            Code.STOCK_FULL,
            Code.STOCK_BELOW_ZERO,
        }
    ),
    LogKind.STOCK_CHECKED: frozenset(
        {
            Code.STOCK_CHECK,
            Code.STOCK_CHECK_COMPARED,
            Code.STOCK_VANISHED,
            Code.ZEROES_ACCEPTED,
            Code.ZEROES_LEFT,
            Code.ZEROES_OVER,
            Code.STOCK_COUNTED,
            Code.STOCK_COUNTED_SEPARATE,
            Code.STOCK_CONFIRMED,
            Code.STOCK_CORRECTED,
            Code.STOCK_ORDERS_UNCOUNTED,
        }
    ),
    LogKind.STOCK_SWITCHED: frozenset(
        {
            Code.STOCK_STARTED,
            Code.STOCK_STOPPED,
            Code.STOCK_STOPPED_SEPARATE,
            Code.STOCK_OFF_SEPARATE,
            Code.STOCK_SPLIT,
            Code.STOCK_JOINED,
            Code.STOCK_CREATED_SEPARATE,
            Code.SEPARATE_ENDED,
            Code.STOCK_WHOLE,
            Code.STOCK_SPLIT_UP,
            Code.STOCK_LUMPED,
            Code.STOCK_NOT_COUNTED,
            Code.STOCK_RESUMED,
            Code.STOCK_SWITCHED_ON,
        }
    ),
    LogKind.STOCK_NOT_SYNCED: frozenset(
        {Code.STOCK_ITEM_UNKNOWN, Code.STOCK_REFUSED, Code.STOCK_UNREADABLE}
    ),
    LogKind.CONNECTION: frozenset(
        {
            Code.CONNECTED,
            Code.SETUP_FINISHED,
            Code.DISCONNECTED,
            Code.PAUSED,
            Code.PRODUCTS_PAUSED,
            Code.PRODUCTS_RESUMED,
            Code.HELD,
            Code.LET_GO,
            Code.MOVED_HERE,
            Code.RESUMED,
            Code.PRICES_PAUSED,
            Code.WEIGHT_UNIT_CHANGED,
            Code.STOCK_MOMENT_CHANGED,
            Code.TAX_ENTRY_CHANGED,
            Code.STORE_OWNER_CHANGED,
            Code.BACKORDERS_ON,
            Code.SIDE_UNREADABLE,
            Code.SIDE_READABLE,
            Code.KEPT_FOR_LACK_OF_ACCESS,
            Code.MARKER_MADE,
            Code.MARKER_MADE_AGAIN,
            Code.MARKER_RECOUNTED,
            Code.MARKER_REFUSED,
            Code.MARKER_LEFT,
        }
    ),
}

AGAIN: Final = frozenset(
    {
        Code.IMAGE_NOT_FETCHED,
        Code.FIELD_REFUSED,
        Code.PRODUCT_REFUSED,
        Code.PRODUCT_UNREADABLE,
        Code.DELETE_REFUSED,
        Code.REFUSED,
        Code.INTERNAL_ERROR,
        Code.STOCK_REFUSED,
        Code.STOCK_ITEM_UNKNOWN,
        Code.STOCK_UNREADABLE,
    }
)
"""Lines about work whose outcome may be another one the next time."""


def kinds_of(codes: Collection[str]) -> tuple[LogKind, ...]:
    """The kinds that have one of these codes."""
    return tuple(kind for kind, mine in CODES.items() if any(code.value in codes for code in mine))
