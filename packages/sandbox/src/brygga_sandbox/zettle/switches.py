"""Where Zettle's documents leave a choice: one switch each; the default is the reading that finds
most bugs in a client.
"""

from dataclasses import dataclass
from typing import Literal

from brygga_sandbox.switches import check_choices


@dataclass(frozen=True, slots=True)
class Switches:
    """The readings in force. Section numbers are those of docs/platforms/zettle.md.

    code_lives_s (1.2): for how many seconds an authorization code can be redeemed.
    decline_without_error (1.2): a declined consent comes back without `error`, only with `state`.
    http_redirects_refused (1.2): a redirect address that is not https is refused, localhost
        included.
    pkce_needs_no_secret (1.2): a code that was requested with a challenge is redeemed without a
        check of the secret.
    old_refresh_token_dies (1.3): a refresh invalidates the earlier refresh token at once; off, it
        stays valid.
    token_answer_is_chatty (1.3): the token answer also has `token_type` and `scope`.
    refusal_bodies (1.4): 401 and 403 of the API hosts have no body ("empty"), a whole JSON body
        ("whole"), or 401 one that only names its `errorType`, as an old client reads it
        ("error_type").
    access_token_outlives_removal (1.7): an access token stays valid after the merchant has removed
        the app.
    own_disconnect_sends_event (1.7): our own DELETE of the connection also sends
        ApplicationConnectionRemoved.
    users_self_needs_scope (1.5): users/self is refused without READ:USERINFO.
    organization_page_refused (1.6): the organization's details are refused with 403.
    removed_key_event (4.7): the end of the connection is sent as ApplicationConnectionRemoved with
        type PersonalAssertionDeleted.
    products_list_pages (2.2): products/v2 pages by Link, 500 at a time.
    library_needs_all (2.2): the library leaves out products that are not shown in the till, unless
        `all` is true.
    count_is_array (2.1): the product count is an array of one object, as the OpenAPI file says.
    nulls (2.3): what a saved product writes for unset fields: "null", "absent", or "mixed" from
        save to save.
    vat_as_number (2.3): vatPercentage is returned as a number, not as "25.0".
    existing_product_status (2.8): the status of ITEM_ALREADY_EXIST: 400, 409 or 422.
    validation_status (2.8): the status of a product that breaks a limit: 400 or 422.
    update_answers_body (2.6): PUT answers 200 with the product instead of 204.
    left_out_variants_stay (2.6): a variant that a PUT leaves out of `variants` stays.
    etag_header_quoted (2.6): the ETag header has quotes.
    any_uuid_version (2.7): uuids of other versions than 1 are accepted.
    equal_option_values_refused (2.4): two variants with the same option values are refused.
    event_log_lost (2.2): the library no longer knows any earlier eventLogUuid.
    inventories_from_start (3.2): the inventories exist before any product is tracked.
    untracked_stock_is_404 (3.4): the balance of an untracked product is 404 PRODUCT_NOT_TRACKED,
        not an empty list.
    unknown_stock_is_empty (3.4): the balance of a product that does not exist is an empty list, not
        404.
    zero_rows_left_out (3.4): lists of balances leave out rows of 0, as versions 1 and 2 did (3.7);
        off, a row stays once it exists.
    most_stock_rows (3.4): the highest `limit` of a page of balances.
    unit_balances_have_decimals (3.4): balances of products sold by unit are written with decimals.
    status_lists_untracked (3.3): the tracking status also lists products that were never tracked.
    not_tracked_status (3.5): the status of a movement for an untracked product.
    negative_store_refused (3.5): STORE cannot go below zero by a movement through the API.
    most_movements (3.5): how many movements one call may hold.
    movements_stop_half_way (3.5): movements before a refused one in the same call are made; off,
        all or none are made.
    tracking_sends_balances (4.6): tracking switched on, or a product deleted, also sends balance
        rows.
    balances_of_all_locations (4.6): InventoryBalanceChanged also holds the rows of SOLD and BIN.
    sales_name_no_client (4.6): `clientUuid` is null for actions at the till.
    refund_rows_are_reversed (5.3): a refund's rows go from SOLD to STORE; off, they have the order
        of a sale.
    refund_events_say_so (5.4): PurchaseCreated of a refund has `refund` and `refundsPurchaseUuid`.
    retry_after (7): 429 comes with Retry-After.
    subscription_names_client (4.1): subscriptions are answered with `clientId`.
    test_message_signed (4.2): the test message has a signature.
    test_payload_is_object (4.2): the test message's payload is an object, not a string.
    update_tests_destination (4.2): PUT with a new destination sends a test message too.
    list_shows_signing_key (4.1): GET subscriptions returns the signing keys.
    retries_are_signed_anew (4.4): a retried message has a new timestamp and signature.
    soft_changes_are_silent (10.2): no ProductUpdated when only `online`, category or picture
        changed.
    events_shorten_online (4.6): products in events carry only status and slug of `online`.
    fresh_image_missing_s (6.2): for how many seconds a new picture answers 404.
    import_takes_s (2.1): how many seconds an import of products takes.
    """

    code_lives_s: float = 600.0
    decline_without_error: bool = False
    http_redirects_refused: bool = False
    pkce_needs_no_secret: bool = True
    old_refresh_token_dies: bool = False
    token_answer_is_chatty: bool = False
    refusal_bodies: Literal["empty", "error_type", "whole"] = "empty"
    access_token_outlives_removal: bool = False
    own_disconnect_sends_event: bool = True
    users_self_needs_scope: bool = True
    organization_page_refused: bool = False
    removed_key_event: bool = False
    products_list_pages: bool = False
    library_needs_all: bool = True
    count_is_array: bool = False
    nulls: Literal["null", "absent", "mixed"] = "mixed"
    vat_as_number: bool = False
    existing_product_status: Literal[400, 409, 422] = 400
    validation_status: Literal[400, 422] = 400
    update_answers_body: bool = False
    left_out_variants_stay: bool = False
    etag_header_quoted: bool = True
    any_uuid_version: bool = False
    equal_option_values_refused: bool = False
    event_log_lost: bool = False
    inventories_from_start: bool = False
    untracked_stock_is_404: bool = False
    unknown_stock_is_empty: bool = False
    zero_rows_left_out: bool = False
    most_stock_rows: int = 1000
    unit_balances_have_decimals: bool = True
    status_lists_untracked: bool = False
    not_tracked_status: int = 400
    negative_store_refused: bool = False
    most_movements: int = 100
    movements_stop_half_way: bool = False
    tracking_sends_balances: bool = False
    balances_of_all_locations: bool = True
    sales_name_no_client: bool = True
    refund_rows_are_reversed: bool = False
    refund_events_say_so: bool = False
    retry_after: bool = False
    subscription_names_client: bool = False
    test_message_signed: bool = False
    test_payload_is_object: bool = False
    update_tests_destination: bool = True
    list_shows_signing_key: bool = True
    retries_are_signed_anew: bool = False
    soft_changes_are_silent: bool = False
    events_shorten_online: bool = True
    fresh_image_missing_s: float = 2.0
    import_takes_s: float = 5.0

    def __post_init__(self) -> None:
        """Raises ValueError for a reading that no document allows."""
        check_choices(self)
        if (
            not 400 <= self.not_tracked_status < 500
            or self.most_movements < 1
            or self.most_stock_rows < 1
        ):
            raise ValueError(
                "not_tracked_status is a 4xx status; most_movements and most_stock_rows are at "
                "least 1"
            )
