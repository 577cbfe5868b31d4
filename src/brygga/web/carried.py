"""Which lines of the sync log say that something was not carried over to BigCommerce."""

from typing import Final

from brygga.core.report import Code

CODES: Final = frozenset(
    {
        Code.TEXT_CUT,
        Code.HTML_CLEANED,
        Code.SKU_TOO_LONG,
        Code.SKU_REPEATED,
        Code.BARCODE_TOO_LONG,
        Code.BARCODE_CHECK_DIGIT,
        Code.URL_TOO_LONG,
        Code.URL_UNUSABLE,
        Code.PRICE_OPEN,
        Code.PRICE_OTHER_CURRENCY,
        Code.WEIGHT_UNIT_UNKNOWN,
        Code.WEIGHT_UNREAD,
        Code.VIDEO_UNSUPPORTED,
        Code.IMAGE_UNUSABLE,
        Code.IMAGE_NOT_FETCHED,
        Code.OPTION_RENAMED,
        Code.VALUE_RENAMED,
        Code.FIELD_REFUSED,
        Code.CLASH,
        Code.TOO_MANY_VARIANTS,
        Code.TOO_MANY_VALUES,
        Code.NAME_MISSING,
        Code.NAME_UNSEEN,
        Code.PRODUCT_REFUSED,
        Code.STOCK_UNREADABLE,
    }
)
"""What is left out, cut, renamed or refused (decisions 6 and 8)."""
