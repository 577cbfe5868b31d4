"""Every code a failure from BigCommerce can carry, and what is true then. One code per meaning,
whatever status and words came.

| code | failure | the world |
|---|---|---|
| `bigcommerce_unreachable`, `bigcommerce_busy` | Unreachable | nothing happened; try later |
| `bigcommerce_unanswered` | Unanswered | a write was sent, its outcome is unknown |
| `bigcommerce_access_gone` | NeedsMerchant | the token is dead, also for the cheapest question: uninstalled |
| `scope_missing` | NeedsMerchant | our access lacks a right; the app must be approved again |
| `plan_limit` | NeedsMerchant | the store's plan is full |
| `bigcommerce_forbidden` | NeedsMerchant | 403 for another reason: wrong or closed store |
| `name_taken`, `sku_taken`, `url_taken` | Refused | another product or variant has it; `errors["value"]` where the shop named it |
| `variant_exists` | Refused | a variant with these option values is there already |
| `option_exists` | Refused | the product has an option of this name already |
| `category_exists`, `category_unknown` | Refused | a sibling has this name; the category is gone |
| `image_refused` | Refused | too large, no picture, or its address breaks a rule |
| `image_unreachable` | Refused | the shop could not fetch the picture |
| `video_refused` | Refused | the video is none that the shop can show |
| `too_many_items` | Refused | a batch or page above its limit: our bug, or a limit that moved; split |
| `tracking_level` | Refused | stock is counted at the other level (product or variant), or not at all |
| `needs_absolute_first` | Refused | the item never had a number: a relative change needs an absolute one before it |
| `not_enough_stock` | Refused | the change would go below the safety stock |
| `item_unknown` | Refused | the stock item is not there |
| `product_gone` | Refused | the product is not there |
| `gone` | Refused | something else that the call named is not there |
| `hook_exists` | Refused | the webhook is there already |
| `metafield_exists` | Refused | the metafield is there already |
| `install_code_refused` | Refused | the install's code was wrong, used or too old |
| `signed_payload_refused` | Refused | a callback's signed payload is not BigCommerce's, or not for this app, or too old |
| `input_refused` | Refused | a field was refused; `errors` names it |
| `bigcommerce_refused` | Refused | anything else the shop said no to |

Stock refusals name their items in `errors`: `{"variant_id": "106,107"}`; `refusals.named_items`
reads them.
"""

from enum import StrEnum


class Code(StrEnum):
    UNREACHABLE = "bigcommerce_unreachable"
    BUSY = "bigcommerce_busy"
    UNANSWERED = "bigcommerce_unanswered"
    ACCESS_GONE = "bigcommerce_access_gone"
    SCOPE_MISSING = "scope_missing"
    PLAN_LIMIT = "plan_limit"
    FORBIDDEN = "bigcommerce_forbidden"
    NAME_TAKEN = "name_taken"
    SKU_TAKEN = "sku_taken"
    URL_TAKEN = "url_taken"
    VARIANT_EXISTS = "variant_exists"
    OPTION_EXISTS = "option_exists"
    CATEGORY_EXISTS = "category_exists"
    CATEGORY_UNKNOWN = "category_unknown"
    IMAGE_REFUSED = "image_refused"
    IMAGE_UNREACHABLE = "image_unreachable"
    VIDEO_REFUSED = "video_refused"
    TOO_MANY_ITEMS = "too_many_items"
    TRACKING_LEVEL = "tracking_level"
    NEEDS_ABSOLUTE_FIRST = "needs_absolute_first"
    NOT_ENOUGH_STOCK = "not_enough_stock"
    ITEM_UNKNOWN = "item_unknown"
    PRODUCT_GONE = "product_gone"
    GONE = "gone"
    HOOK_EXISTS = "hook_exists"
    METAFIELD_EXISTS = "metafield_exists"
    INSTALL_CODE_REFUSED = "install_code_refused"
    SIGNED_PAYLOAD_REFUSED = "signed_payload_refused"
    INPUT_REFUSED = "input_refused"
    REFUSED = "bigcommerce_refused"
