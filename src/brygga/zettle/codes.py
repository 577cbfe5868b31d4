"""Every code that a failure from Zettle can carry, and what it means.

| code | failure | meaning |
|---|---|---|
| `zettle_unreachable`, `zettle_busy` | Unreachable | no effect; try later |
| `zettle_unanswered` | Unanswered | a write was sent, its outcome is unknown |
| `zettle_access_gone` | NeedsMerchant | the merchant or Zettle ended our access (1) |
| `zettle_scope_missing` | NeedsMerchant | our access lacks a right |
| `zettle_not_tracked` | Refused | stock is not tracked for this product |
| `zettle_inventories_missing` | Refused | the account has only the STORE inventory (2) |
| `zettle_item_unknown` | Refused | product, variant or inventory does not exist (any more) |
| `zettle_product_unreadable` | Refused | the product lacks a name, a variant or an id |
| `zettle_product_exists` | Refused | a product with this uuid exists already |
| `zettle_input_refused` | Refused | a field was refused; `errors` names it |
| `zettle_subscription_exists` | Refused | the webhook subscription exists already |
| `zettle_subscription_gone` | Refused | the webhook subscription does not exist any more |
| `zettle_destination_unreachable` | Unreachable | Zettle could not reach our webhook address (3) |
| `zettle_purchases_closed` | Refused | sales cannot be read; only the log's explanations suffer |
| `zettle_sign_in_refused` | Refused | the sign-in's code was wrong, used or too old |
| `zettle_picture_unreadable` | Refused | a picture cannot be read (4) |
| `zettle_picture_refused` | Refused | Zettle refused a picture of our "Add product" form |
| `zettle_refused` | Refused | any other refusal by Zettle |

(1) Only signing in again helps.
(2) Stock has no inventory to come from or go to.
(3) Nothing was subscribed.
(4) It is gone, too large, not a picture, or not on Zettle's hosts.
"""

from enum import StrEnum


class Code(StrEnum):
    UNREACHABLE = "zettle_unreachable"
    BUSY = "zettle_busy"
    UNANSWERED = "zettle_unanswered"
    ACCESS_GONE = "zettle_access_gone"
    SCOPE_MISSING = "zettle_scope_missing"
    NOT_TRACKED = "zettle_not_tracked"
    INVENTORIES_MISSING = "zettle_inventories_missing"
    ITEM_UNKNOWN = "zettle_item_unknown"
    PRODUCT_UNREADABLE = "zettle_product_unreadable"
    PRODUCT_EXISTS = "zettle_product_exists"
    INPUT_REFUSED = "zettle_input_refused"
    SUBSCRIPTION_EXISTS = "zettle_subscription_exists"
    SUBSCRIPTION_GONE = "zettle_subscription_gone"
    DESTINATION_UNREACHABLE = "zettle_destination_unreachable"
    PURCHASES_CLOSED = "zettle_purchases_closed"
    SIGN_IN_REFUSED = "zettle_sign_in_refused"
    PICTURE_UNREADABLE = "zettle_picture_unreadable"
    PICTURE_REFUSED = "zettle_picture_refused"
    REFUSED = "zettle_refused"
