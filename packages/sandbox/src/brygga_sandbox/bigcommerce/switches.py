"""The switches: one reading for each place where the documents are silent or disagree. A test may
select another reading.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from brygga_sandbox.switches import EitherWay, check_choices


@dataclass(frozen=True, slots=True)
class Switches:
    """The reading of every UNCERTAIN. A default is the reading that finds most bugs in a client.

    Each entry begins with its section of docs/platforms/bigcommerce.md.
    """

    unknown_fields: Literal["refuse", "ignore"] = "refuse"
    """3.3: a field that no document lists is 422, or silently dropped."""
    categories_required: bool = True
    """3.3: `categories` is required on create (the newer product experience)."""
    create_returns_children: bool = True
    """3.3: POST product answers with variants, options, images and videos (off: custom fields,
    rules and images).
    """
    inline_variant_without_sku: Literal["accept", "refuse"] = "accept"
    """3.3, 3.7: a variant without a SKU inside POST product; a later one must have it."""
    variants_on_put: Literal["refuse", "ignore"] = "refuse"
    """3.5: `variants` in PUT product is 422, or ignored."""
    images_on_put: Literal["append", "replace", "ignore"] = "append"
    """3.5: what `images` and `videos` in PUT product do."""
    identical_put_fires: bool = False
    """3.5: a PUT that changes nothing moves date_modified and fires product/updated."""
    inline_image_status: Literal[422, 400] = 422
    """3.4: status when an image inside POST product cannot be fetched."""
    url_clash_on_put: Literal["207", "409"] = "207"
    """3.4: PUT with a taken address saves the rest (207) or refuses all."""
    delete_unknown_product: Literal[204, 404] = 204
    """3.6: deleting an unknown product."""
    orphan_variants: bool = True
    """3.7: GET /catalog/variants also lists variants of deleted products, with `product_id` 0."""
    base_variant_goes: Literal["first_variant", "stays"] = "first_variant"
    """3.9: the first real variant removes the base variant of a simple product, or the base variant
    stays until it is deleted.
    """
    batch_variant_extras: bool = True
    """3.7: PUT /catalog/variants accepts updates of sku, gtin, mpn and image_url."""
    batch_variant_all_or_nothing: bool = True
    """3.7: one refused element of PUT /catalog/variants refuses all of them."""
    option_deletion: Literal["variants_die", "refuse"] = "variants_die"
    """3.8: deleting an option removes the product's variants (back to a base variant), or is
    refused.
    """
    value_in_use: Literal["refuse", "variants_die"] = "refuse"
    """3.8: deleting a value that variants use is 409, or also removes the variants."""
    omitted_values: Literal["refuse", "keep", "remove"] = "refuse"
    """3.8: values left out of `option_values` in PUT option."""
    new_option_on_variants: Literal["refuse", "accept"] = "refuse"
    """3.9: a whole new option on a product that has variants."""
    implicit_option_type: Literal["rectangles", "radio_buttons"] = "rectangles"
    """3.8: the type of options that POST product with variants creates."""
    duplicate_option_status: Literal[422, 409] = 422
    """3.8: a second option of the same display name."""
    empty_image_list: Literal["200", "204"] = "200"
    """3.10: the image list of a product without images."""
    wrong_video: Literal["refuse", "accept"] = "refuse"
    """3.11: a video id that cannot be YouTube's."""
    wrong_gtin: Literal["refuse", "accept"] = "refuse"
    """3.3: a `gtin` of other than 8, 12, 13 or 14 digits, or with a wrong check digit."""
    level_after_tracking_switch: Literal["unset", "keep"] = "unset"
    """5.4: a switch of the tracking level resets the numbers (an absolute number is then required),
    or keeps them.
    """
    first_option_level: Literal["unset", "keep"] = "unset"
    """3.9, 5.4: when an option creates its first variant, the number of a simple product is reset,
    or stays the product's number.
    """
    first_option_tracking: Literal["stays", "variant"] = "stays"
    """3.9: when an option creates its first variant, a tracked simple product stays tracked by
    product, or is then tracked by variant.
    """
    items_of_whole: Literal["product_level", "own_level", "absent"] = "product_level"
    """5.3: what /inventory/items shows for the variants of a product that is tracked as a whole:
    its number, their own (0), or no row.
    """
    limit_above_maximum: Literal["refuse", "clamp"] = "refuse"
    """2.2: `limit` above the maximum is 413, or clamped."""
    untracked_adjustment: Literal["refuse", "accept"] = "refuse"
    """5.2: adjusting an item of a product with tracking none."""
    negative_absolute: Literal["refuse", "clamp"] = "refuse"
    """5.2: a negative absolute quantity."""
    base_variant_by_variant_id: bool = True
    """5.2: a simple product may be adjusted by the id (and SKU) of its base variant."""
    random_read_lag: bool = False
    """5.2: every read of stock is stale by a random part of the read lag (otherwise by all of it).
    """
    read_lag_per_item: bool = False
    """5.2: in one answer each item is stale by its own random part of the read lag (otherwise all
    items are equally stale).
    """
    partial_adjustments: bool = False
    """5.2: an adjustment whose connection is cut is applied in part: to a random part of its items
    (otherwise to all or none).
    """
    backordered_units: Literal["kept_beside", "served_first", "below_zero"] = "kept_beside"
    """5.3: how units on backorder are shown: beside the stock on hand until they are shipped, also
    after a restock; beside it, and a restock fills them first; or as a number on hand below zero.
    """
    backorder_hooks: Literal["as_usual", "own_only"] = "as_usual"
    """6.3: an order of only backordered units fires the usual inventory webhooks, or only its own
    event.
    """
    unchanged_level_fires: bool = True
    """6.3: an adjustment that does not change the number still fires the inventory webhooks."""
    inventory_hook_value: Literal["level_or_delta", "always_level"] = "level_or_delta"
    """6.3: `value` is the level for absolute and the signed delta for relative, or always the
    level.
    """
    api_relative_method: Literal["absolute", "relative"] = "absolute"
    """6.3: `method` in the hook after a relative adjustment by API."""
    signed_webhooks: bool = True
    """6.5: deliveries carry the Standard Webhooks headers."""
    signature_key: Literal["client_secret", "decoded", "another", "v1a", "milliseconds"] = (
        "client_secret"
    )
    """6.5: what signs them: the client secret as it is, what it is the base64 of, a key that the
    app does not know, a pair of keys (version v1a); or the client secret, with the timestamp in
    milliseconds."""
    duplicate_hook_status: Literal[422, 409] = 422
    """6.1: a webhook that already exists (same client, scope and destination)."""
    unauthorized_body: Literal["text", "json"] = "text"
    """9: the body of 401."""
    throttled_body: Literal["json", "empty"] = "json"
    """2.1: the body of 429."""
    duplicate_category_status: Literal[422, 207] = 422
    """4: a second category of the same name among its siblings, in the trees API."""
    uninstall_callback: Literal["sent", "lost"] = "sent"
    """1.8: the uninstall callback reaches the app (integrators report that it may not)."""
    retry_after_header: bool = True
    """2.1: 429 over the quota also carries X-Retry-After: the seconds until the quota refreshes."""
    declined_order: Literal["keeps", "gives_back"] = "keeps"
    """8: a declined order keeps its units, or returns them as a cancelled order does."""
    api_order: Literal["takes", "takes_nothing"] = "takes"
    """8: an order made through the API takes stock as one of the storefront does, or never moves
    stock.
    """
    order_brought_back: Literal["takes_again", "takes_nothing"] = "takes_again"
    """8: a cancelled order that gets an open status again takes its units from stock again."""
    refund_api_restocks: bool = False
    """8: a refund made through the API returns stock."""
    refunds_have_pages: bool = False
    """8: the refunds of one order are paginated, with `meta.pagination`; off, all are in one
    answer, and `meta` is empty.
    """
    default_channel_auto: Literal["single_storefront", "always", "never"] = "single_storefront"
    """3.13: a new product is assigned to channel 1 automatically if the store has one storefront.
    """
    create_visible_default: bool = True
    """3.3: `is_visible` of a product that is created without it."""
    most_description: int = 65_535
    """2.3: how many characters a description may have (no limit is documented; a category's is 65
    535).
    """
    delete_above_maximum: Literal["refuse", "first_250"] = "refuse"
    """2.2: more than 250 ids in DELETE products are 413, or the first 250 are deleted."""
    most_metafields: int = 50
    """2.2: how many metafields one batch may hold (connectors use 50)."""
    most_assignments: int = 50
    """2.2: how many channel or category assignments one call may hold (connectors use 50)."""
    metafields_after_uninstall: Literal["kept", "gone"] = "kept"
    """3.12: the metafields of an uninstalled app are kept for a later installation, or are deleted.
    """
    store_wide_resource_filter: Literal["ignored", "works"] = "ignored"
    """3.12: `resource_id:in` on the metafields of all products."""
    thumbnail_heir: Literal["lowest_sort_order", "none"] = "lowest_sort_order"
    """3.10: which image becomes the thumbnail when the thumbnail is deleted."""
    category_with_products: Literal["deleted", "refused"] = "deleted"
    """4: deleting a category that holds products through the trees API."""
    unknown_item_status: Literal[422, 404] = 422
    """5.2: status of an adjustment of an item that does not exist."""
    parallel_calls: Literal["refuse", "accept"] = "refuse"
    """2.1: calls that must not run side by side (channel assignments, adjustments, nested trees)
    are 429 without headers, or served.
    """
    catalog_level: Literal["on_hand", "available_to_sell"] = "on_hand"
    """5.4: what `inventory_level` shows for an item with safety stock."""
    payload_algorithm: Literal["HS256", "HS512"] = "HS256"
    """1.5: how load, uninstall and remove_user payloads are signed."""
    uninstall_order: Literal["token_first", "callback_first"] = "token_first"
    """1.4: the token becomes invalid before the uninstall callback is sent, or after it was
    answered.
    """
    dead_token_status: Literal[401, 403, 404] = 401
    """1.4, 1.8: the status of a call after the uninstall."""
    closed_store_status: Literal[503, 403, 404] = 503
    """1.8, 9: the status of every call to a store that is closed, suspended or not paid for."""
    external_install_value: str = "1"
    """1.3: the value of `external_install`."""
    clock_ahead_s: EitherWay = 0.0
    """6.2: by how many seconds BigCommerce's own clock is ahead of the sandbox's (below 0: behind).

    It dates all that BigCommerce stamps: `created_at` and signatures of deliveries, webhooks,
    products, images, metafields, orders, refunds, GET /v2/time, and the Date of every answer. It
    does not change when things happen (deliveries, read lag, quotas, code lifetimes), nor the
    claims of signed payloads. An app compares their `iat` with its own time of an installation, and
    would treat an uninstall within these seconds as an earlier one.
    """

    def __post_init__(self) -> None:
        """Raises ValueError for a reading that is none of the choices."""
        check_choices(self)
