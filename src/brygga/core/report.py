"""Every line that the sync log can have, as codes with parameters. The sentences, in each
language, are in `web/locale`.

A code's comment names its parameters. The build fails if a code has no sentence, no cause or no
advice.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType


class Severity(StrEnum):
    INFO = "info"
    WARNING = "warning"
    """Something was left out or must be checked. The rest went on."""
    ERROR = "error"
    """Something the merchant wanted did not happen."""


class Topic(StrEnum):
    """Product sync and stock sync are separate topics (rule A4)."""

    PRODUCT = "product"
    STOCK = "stock"
    CONNECTION = "connection"


class Code(StrEnum):
    # -- connection: its states
    CONNECTED = "connected"  # store
    SETUP_FINISHED = "setup_finished"  # mode
    DISCONNECTED = "disconnected"  # reason, removed
    PAUSED = "paused"  # cause (a failure's code)
    RESUMED = "resumed"
    PRODUCTS_PAUSED = "products_paused"  # the merchant paused product sync
    PRODUCTS_RESUMED = "products_resumed"
    HELD = "held"  # an operator holds the work of the connection
    LET_GO = "let_go"
    MOVED_HERE = "moved_here"  # the connection came from another installation
    REFUSED = "refused"  # cause (a failure's code): for work that has no code of its own
    INTERNAL_ERROR = "internal_error"  # support_id
    WORKS_AGAIN = "works_again"  # support_id: the work that failed is done
    PRICES_PAUSED = "prices_paused"  # till, shop: currencies that differ now (decision 10)
    WEIGHT_UNIT_CHANGED = "weight_unit_changed"  # unit, "" for an unknown one
    STOCK_MOMENT_CHANGED = "stock_moment_changed"  # moment (rule C12)
    TAX_ENTRY_CHANGED = (
        "tax_entry_changed"  # side: whether prices include tax has changed there (C7)
    )
    STORE_OWNER_CHANGED = "store_owner_changed"
    BACKORDERS_ON = "backorders_on"  # the store sells beyond what is on hand (decision 21)
    SIDE_UNREADABLE = "side_unreadable"  # side: for more than a minute (decision 15)
    SIDE_READABLE = "side_readable"  # side: as above, and it is over
    KEPT_FOR_LACK_OF_ACCESS = (
        "kept_for_lack_of_access"  # count, cause: products that were to be removed (decision 11)
    )
    # name: the hidden product that shows whether a stock call landed (decision 16)
    MARKER_MADE = "marker_made"
    MARKER_MADE_AGAIN = "marker_made_again"  # name, why: "deleted" or "changed"
    MARKER_RECOUNTED = "marker_recounted"  # name: somebody changed its stock
    MARKER_REFUSED = "marker_refused"  # name, cause (a failure's code)
    MARKER_LEFT = "marker_left"  # name: the access is gone, so it could not be removed
    # -- product: what was done
    PRODUCT_CREATED = "product_created"  # name
    PRODUCT_UPDATED = "product_updated"  # name, fields
    PRODUCT_DELETED = "product_deleted"  # name
    PRODUCT_UNLINKED = "product_unlinked"  # name
    PRODUCT_RESTORED = "product_restored"  # name: it was missing in BigCommerce and is recreated
    PRODUCT_ATTACHED = "product_adopted"  # name: an unanswered create was found again
    VALUE_OVERWRITTEN = "value_overwritten"  # name, field, was, now
    VALUES_OVERWRITTEN = "values_overwritten"  # name, count: more of the same product
    # name, field, shop, till: edited in BigCommerce, stays until the next save in Zettle (decision
    # 1)
    DRIFT = "drift"
    # name: deleted in BigCommerce, recreated at the next save in Zettle (P10)
    MISSING_IN_SHOP = "missing_in_shop"
    VARIANTS_MISSING = "variants_missing"  # name, variants: deleted in BigCommerce (decision 17)
    VARIANTS_BOUND_AGAIN = (
        "variants_bound_again"  # name, variants: the merchant recreated them there (decision 17)
    )
    # name, field, value, written, other, other_id: equal name, SKU or URL got a suffix (decision 6)
    CLASH = "clash"
    SUFFIX_GONE = "suffix_gone"  # name, field, value: no other product has it now (decision 19)
    PRODUCT_ADDED = "product_added"  # name: the product of our own form is in Zettle (P9)
    ADDITION_REFUSED = "addition_refused"  # name, cause (a failure's code)
    OPENING_STOCK_REFUSED = "opening_stock_refused"  # name, cause (a failure's code)
    # name: it is in doubt whether it was written; it is not written twice
    OPENING_STOCK_UNSURE = "opening_stock_unsure"
    PLAN_CHANGED = "plan_changed"  # name, change: between the plan and the first sync
    PLAN_CHANGES = "plan_changes"  # count: more of the same
    LINKED_INSTEAD = "linked_instead"  # name, other, other_id (decision 6)
    LINK_IMPOSSIBLE = "link_impossible"  # name, other_id, obstacle: nothing was changed
    # -- product: what was left out
    TEXT_CUT = "text_cut"  # field, limit
    HTML_CLEANED = "html_cleaned"
    SKU_TOO_LONG = "sku_too_long"  # sku, limit
    SKU_REPEATED = "sku_repeated"  # sku, written
    SKU_GENERATED = "sku_generated"  # sku (decision 13)
    BARCODE_TOO_LONG = "barcode_too_long"  # barcode, limit
    BARCODE_CHECK_DIGIT = (
        "barcode_check_digit"  # barcode: as long as a GTIN, with a wrong last digit (decision 20)
    )
    URL_TOO_LONG = "url_too_long"  # limit
    URL_UNUSABLE = "url_unusable"  # slug
    PRICE_OPEN = "price_open"  # the cashier types it in Zettle (decision 10)
    PRICE_OTHER_CURRENCY = "price_other_currency"  # currency, expected
    WEIGHT_UNIT_UNKNOWN = "weight_unit_unknown"
    WEIGHT_UNREAD = "weight_unread"  # weight: as written in Zettle, in an unknown unit
    VIDEO_UNSUPPORTED = "video_unsupported"  # url
    IMAGE_UNUSABLE = "image_unusable"  # url
    IMAGE_NOT_FETCHED = "image_not_fetched"  # url
    OPTION_RENAMED = "option_renamed"  # option, written
    VALUE_RENAMED = "value_renamed"  # option, value, written
    FIELD_REFUSED = "field_refused"  # field, value, reason: BigCommerce took the product without it
    # -- product: what could not be done
    TOO_MANY_VARIANTS = "too_many_variants"  # count, limit
    TOO_MANY_VALUES = "too_many_values"  # option, count, limit
    NAME_MISSING = "name_missing"
    NAME_UNSEEN = "name_unseen"  # only invisible characters (decision 20)
    PRODUCT_REFUSED = "product_refused"  # name, reason
    PRODUCT_UNREADABLE = "product_unreadable"  # name: skipped, written once
    DELETE_REFUSED = "delete_refused"  # name, reason: stays "to delete" (decision 11)
    MASS_EFFECT_STOPPED = "mass_effect_stopped"  # effect, count, catalogue (decision 9)
    # -- stock: what moved; every line also carries `name` and `variant_name`
    STOCK_TILL_MOVED = (
        "stock_till_moved"  # change, number: a sale, refund or edit in Zettle (S2, S4)
    )
    # change, number: an edit in BigCommerce, or an order that no event named (S4)
    STOCK_SHOP_MOVED = "stock_shop_moved"
    STOCK_SHOP_ORDER = "stock_shop_order"  # change, number: an order there, named by an event (S3)
    STOCK_FOUND_BY_SWEEP = "stock_found_by_sweep"  # side, change, number: no event announced it
    STOCK_STARTED = "stock_started"  # number: tracking was switched on (S7)
    # the product got options in BigCommerce and is counted there as one (decision 17)
    STOCK_WHOLE = "stock_whole"
    STOCK_SPLIT_UP = (
        "stock_split_up"  # as above, but counted by variant: no number is Zettle's, stock is paused
    )
    # its variants are counted as one in BigCommerce: stock is paused (decision 18)
    STOCK_LUMPED = "stock_lumped"
    STOCK_NOT_COUNTED = "stock_not_counted"  # BigCommerce no longer counts it
    STOCK_RESUMED = (
        "stock_resumed"  # it is counted as in Zettle again, and Zettle's number is written
    )
    STOCK_SWITCHED_ON = (
        "stock_switched_on"  # number: BigCommerce had stopped counting the product; it counts again
    )
    STOCK_FULL = (
        "stock_full"  # side, limit, number: the side cannot hold that many (zettle facts 3.5)
    )
    # was, number: as `STOCK_STARTED`, and the store had another number
    STOCK_REPLACED = "stock_replaced"
    STOCK_STOPPED = "stock_stopped"  # tracking was switched off (S7, decision 2)
    STOCK_STOPPED_SEPARATE = (
        "stock_stopped_apart"  # till, shop: as above, and separate stock ended with it
    )
    STOCK_OFF_SEPARATE = (
        "stock_off_apart"  # till, shop: as above, reported by an event: it may be on again now
    )
    # number: the store sold an unknown quantity before we saw that tracking is on
    STOCK_ORDERS_UNCOUNTED = "stock_orders_uncounted"
    STOCK_SPLIT = "stock_split"  # till, shop (S5)
    # till: a variant added in Zettle while the product's stock is separate (S5)
    STOCK_CREATED_SEPARATE = "stock_born_apart"
    STOCK_ATTACHED = (
        "stock_adopted"  # was, number: Zettle's number replaced the store's own (P11, D4)
    )
    SEPARATE_ENDED = (
        "separate_ended"  # count: products that had it in an earlier connection (S5, D4)
    )
    STOCK_JOINED = "stock_joined"  # number (S6, decision 4)
    # units: sold without being in stock; the next restock covers them (decision 7)
    STOCK_BELOW_ZERO = "stock_below_zero"
    # side, change, number: a write is in doubt; the lower number is the target
    STOCK_CHECK = "stock_check"
    STOCK_CHECK_COMPARED = "stock_check_compared"  # till, shop: after a restore or a take-over
    # was: several units are gone from the store at once, without an event
    STOCK_VANISHED = "stock_vanished"
    # count: many zeroed levels, and the merchant said yes (decision 9)
    ZEROES_ACCEPTED = "zeroes_believed"
    ZEROES_LEFT = "zeroes_left"  # count: as above, and the merchant said no
    ZEROES_OVER = "zeroes_over"  # no product waits for that question any more
    STOCK_COUNTED = (
        "stock_counted"  # was, number: the merchant, asked to check, typed what was counted
    )
    STOCK_COUNTED_SEPARATE = "stock_counted_apart"  # till, shop: as above, with separate stock
    STOCK_CONFIRMED = (
        "stock_confirmed"  # number: the merchant, asked to check, said that it is right
    )
    STOCK_CORRECTED = "stock_corrected"  # change, number: the outcome of a write is known now
    # side: the platform does not know the variant; waits for the product's sync
    STOCK_ITEM_UNKNOWN = "stock_item_unknown"
    STOCK_REFUSED = "stock_refused"  # side, cause (a failure's code)
    STOCK_UNREADABLE = (
        "stock_unreadable"  # Zettle's number could not be read: created without stock
    )


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the sync log. `subject` is a Zettle product's uuid, or "" when the line is about
    the connection.

    `params` are short texts, already formatted as data (numbers in digits, money as minor units and
    currency). They never contain a secret or a shopper's personal data.
    """

    code: Code
    topic: Topic
    severity: Severity = Severity.INFO
    subject: str = ""
    variant: str = ""
    params: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
