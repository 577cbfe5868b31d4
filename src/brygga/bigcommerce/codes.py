"""Every code that a failure from BigCommerce can carry, and what it means.

There is one code per meaning, for any status and words.

| code | failure | meaning |
|---|---|---|
| `bigcommerce_unreachable`, `bigcommerce_busy` | Unreachable | no effect; try later |
| `bigcommerce_unanswered` | Unanswered | a write was sent, its outcome is unknown |
| `bigcommerce_access_gone` | NeedsMerchant | the cheapest read is refused too: uninstalled |
| `scope_missing` | NeedsMerchant | our access lacks a right; the app must be approved again |
| `plan_limit` | NeedsMerchant | the store's plan is full |
| `bigcommerce_forbidden` | NeedsMerchant | 403 for another reason: wrong or closed store |
| `name_taken`, `sku_taken`, `url_taken` | Refused | another product or variant has it (1) |
| `variant_exists` | Refused | a variant with these option values exists already |
| `option_exists` | Refused | the product has an option of this name already |
| `category_exists`, `category_unknown` | Refused | a sibling has this name; the category is gone |
| `image_refused` | Refused | too large, not a picture, or its address breaks a rule |
| `image_unreachable` | Refused | the store could not fetch the picture |
| `video_refused` | Refused | the store cannot show the video |
| `too_many_items` | Refused | a batch or page is above its limit (2) |
| `tracking_level` | Refused | stock is counted at the other level, or not at all (3) |
| `needs_absolute_first` | Refused | the item never had a number (4) |
| `not_enough_stock` | Refused | the change would go below the safety stock |
| `item_unknown` | Refused | the stock item does not exist |
| `product_gone` | Refused | the product does not exist |
| `gone` | Refused | something else that the call named does not exist |
| `hook_exists` | Refused | the webhook exists already |
| `metafield_exists` | Refused | the metafield exists already |
| `install_code_refused` | Refused | the install's code was wrong, used or too old |
| `signed_payload_refused` | Refused | a callback's signed payload is not valid (5) |
| `input_refused` | Refused | a field was refused; `errors` names it |
| `bigcommerce_refused` | Refused | any other refusal by the store |

(1) `errors["value"]` holds it when the store named it.
(2) Our bug, or a limit that changed: split the batch.
(3) The levels are product and variant.
(4) An absolute change is needed before a relative one.
(5) It is not BigCommerce's, or not for this app, or too old.

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
