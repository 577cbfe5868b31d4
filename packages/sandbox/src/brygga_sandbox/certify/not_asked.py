"""The open questions that no run can decide by itself, the reason, and how a person can find
out.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NotAsked:
    """Rows of docs/open-questions.md, by number; `how` is what to do instead."""

    numbers: tuple[str, ...]
    text: str
    switches: tuple[str, ...]
    why: str
    how: str


_PUBLIC = "webhooks need a public address"
_COLLECT = "point webhooks at any request collector, or read the service's log, while you "

NOT_ASKED = (
    NotAsked(
        ("B1", "B43"), ("What still works when the app is uninstalled, is it reported, and are its "
"metafields there when it comes back?"),
        ("uninstall_callback", "uninstall_order", "dead_token_status",
        "metafields_after_uninstall"), ("it would end the "
"connection"),
        "install the app on the test store, uninstall it under My Apps, and read in the service's "
"log whether and how often "
        "the uninstall address was called, and what the next call answered",
    ),
    NotAsked(
        ("B58",), "What do calls to a closed store answer?", ("closed_store_status",),
        "it would close the store",
        "set the test store to down for maintenance, later cancel it, and read in the service's "
"log what its next calls answered",
    ),
    NotAsked(
        ("B39",), ("What does `external_install` hold, can a draft be installed by the link, may "
"one redirect to /install/succeeded?"),
        ("external_install_value",), "it needs a browser and a registered app",
        ("install once by the link https://login.bigcommerce.com/app/{client id}/install and read "
"the address of the callback"),
    ),
    NotAsked(
        ("B40",), "How are load and uninstall payloads signed?", ("payload_algorithm",),
        ("it needs a "
"registered app"),
        "open the app in the control panel and decode the first part of signed_payload_jwt",
    ),
    NotAsked(
        ("B10", "B11", "B12", "B42", "B45"),
        "What do inventory hooks hold, which hooks does one stock write or one order fire, are "
"they signed and how, does a change to "
        "the same fire them, how long do they wait for an answer?",
        ("inventory_hook_value", "api_relative_method", "signed_webhooks", "signature_key",
        "unchanged_level_fires",
         "identical_put_fires"), _PUBLIC,
        _COLLECT + "set a stock level by API twice, relative and absolute, save a product "
"unchanged, and place an order; then "
        "let the collector answer late",
    ),
    NotAsked(
        ("B27", "B50"), "By how much does each reading of stock trail, and each item of it?",
        ("random_read_lag", "read_lag_per_item"), "five looks are not many",
        "measure over a day, with other load on the store",
    ),
    NotAsked(
        ("B52", "B53"), "How are units on backorder shown, and which webhook do they fire?",
        ("backordered_units", "backorder_hooks"),
        "only a store in the beta of backorders has them, and an order needs a shopper",
        "switch backorders on, give a product a limit, order more than there are, and read /v3/"
"inventory/items before and after a "
        "restock; " + _COLLECT + "do so",
    ),
    NotAsked(
        ("B54",), "Does a cancelled order that is brought back take its units again?",
        ("order_brought_back",),
        "an order needs a shopper",
        ("order one of a tracked product, cancel the order, set its status to Awaiting Fulfillment,"
" "
"and read the stock after each"),
    ),
    NotAsked(
        ("B51",), "May a product be in no category?", (), ("every question makes products in no "
"category"),
        "a run at a store that refuses that answers no question about products",
    ),
    NotAsked(
        ("B14",), "Does the Refund API put stock back?", ("refund_api_restocks",),
        ("it needs a paid "
"order and the "
"right to refund it"),
        ("order a tracked product, refund it with POST /v3/orders/{id}/payment_actions/refunds, "
"and "
"look at its stock"),
    ),
    NotAsked(
        ("B56", "B57"), ("Does a declined order give its units back, and does an order made "
"through "
"the API take any?"),
        ("declined_order", "api_order"), ("orders cannot be removed again, and the run has no "
"right "
"to make any"),
        "make an order of a tracked product with POST /v2/orders and read the stock; set its "
"status to Awaiting Fulfillment, "
        "then to Declined, and read it after each",
    ),
    NotAsked(
        ("B55",), "Are the refunds of one order listed in pages?", ("refunds_have_pages",),
        "it needs a refunded order",
        ("refund an order in parts and read `meta` of GET /v3/orders/{id}/payment_actions/refunds?"
"limit=1"),
    ),
    NotAsked(
        ("B41",), "Are more than 250 ids in DELETE products refused?", ("delete_above_maximum",),
        ("if the platform dropped an overlong filter, it would delete every "
"product"), "try it in a trial store that may be emptied",
    ),
    NotAsked(
        ("B44",), "How far ahead is the platform's clock, in `Date` and in webhooks?",
        ("clock_ahead_s",), _PUBLIC,
        _COLLECT + "adjust a stock level by API, and compare the message's created_at with the "
"Date of the answer to the adjustment, "
        "and both with a clock that is set right",
    ),
    NotAsked(
        ("Z3", "Z7", "Z28", "Z31"),
        "Which changes send messages, which rows and which parts of `online` do they hold?",
        ("soft_changes_are_silent", "balances_of_all_locations", "tracking_sends_balances",
        "events_shorten_online"), _PUBLIC,
        _COLLECT + "change only a picture, then only a category; sell, throw away and count a "
"tracked product; switch "
        "tracking on; delete a product",
    ),
    NotAsked(
        ("Z29", "Z41"), "How do sales and refunds say who and where?",
        ("sales_name_no_client", "refund_events_say_so", "refund_rows_are_reversed"),
        ("it needs a person "
"at the till"),
        "sell and refund a tracked product in the app; compare the messages with GET /purchases/v2",
    ),
    NotAsked(
        ("Z11", "Z30", "Z39", "Z42"),
        ("What does the test message look like, is the key shown later, are retries signed anew, "
"is "
"the client named?"),
        ("list_shows_signing_key", "test_message_signed", "test_payload_is_object",
        "update_tests_destination",
         "subscription_names_client", "retries_are_signed_anew"),
        ("a subscription needs a public address that answers its test "
"message"), _COLLECT + "subscribe, change the destination, "
        "list the subscriptions, and answer one message with 500",
    ),
    NotAsked(
        ("Z12", "Z15", "Z16"), "How does a connection end, and does a token outlive it?",
        ("own_disconnect_sends_event", "access_token_outlives_removal", "removed_key_event"),
        ("it would end the "
"connection"),
        "connect, disconnect on our side; connect again, take back the access at my.zettle.com; "
"delete an API key; each time "
        "read the messages, and call once with the old token",
    ),
    NotAsked(
        ("Z4", "Z5", "Z17", "Z18", "Z40"),
        ("What does sign-in answer: rotation, refusal, scopes, life of a code, addresses, proof "
"keys?"),
        ("old_refresh_token_dies", "decline_without_error", "users_self_needs_scope",
        "token_answer_is_chatty", "code_lives_s",
         "http_redirects_refused", "pkce_needs_no_secret"),
        ("an API key has neither consent page nor refresh "
"token"), "sign in with the app's own keys in a browser: decline, "
        "wait, confirm; refresh twice with the first refresh token",
    ),
    NotAsked(("Z23",), "How far back does the library's feed reach?", ("event_log_lost",),
    ("it needs an "
"account with "
"a long history"),
             "keep an untilEventLogUuid and ask for it again after weeks"),
    NotAsked(("Z24",), "Are there inventories before any product was tracked?",
    ("inventories_from_start",),
             ("only an account in which nothing was ever tracked can tell, and the other questions "
"change that"),
             "GET /v3/inventories in a new account, before the first run"),
    NotAsked(("Z32",), "How soon can a new picture be fetched?", ("fresh_image_missing_s",),
    ("pictures cannot be "
"removed again"),
             "take a picture of a product in the app and fetch its address at once"),
    NotAsked(("Z43",), "How long does an import take?", ("import_takes_s",),
    "nothing here imports", "POST /import/v2 with "
    "one product, and its status"),
)  # fmt: skip
