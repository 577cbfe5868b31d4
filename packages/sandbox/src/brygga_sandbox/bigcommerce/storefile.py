"""The store's own information: currency, tax, units, stock settings (bigcommerce facts 7)."""

from __future__ import annotations

from .refusal import Json
from .state import Store

# code -> (symbol, position, number of decimals, name)
CURRENCIES = {
    "SEK": ("kr", "right", 2, "Swedish Krona"),
    "NOK": ("kr", "right", 2, "Norwegian Krone"),
    "DKK": ("kr", "right", 2, "Danish Krone"),
    "EUR": ("€", "left", 2, "Euro"),
    "GBP": ("£", "left", 2, "Pound Sterling"),
    "USD": ("$", "left", 2, "US Dollar"),
    "MXN": ("$", "left", 2, "Mexican Peso"),
    "JPY": ("¥", "left", 0, "Japanese Yen"),
}
WEIGHTS = ("LBS", "Ounces", "KGS", "Grams", "Tonnes")
PLANS = {"Core": 150, "Growth": 150, "Scale": 450, "Performance": 450}
"""Requests in 30 seconds by plan (bigcommerce facts 2.1; changes of November 2026)."""
OLD_PLANS = {"Standard": 150, "Plus": 150, "Pro": 450, "Enterprise": 450}
"""The names of the plans until June 2026. A store may still use them."""
STOCK_BEHAVIOURS = ("order_placed", "order_completed_or_shipped")


def currency(store: Store) -> tuple[str, str, int, str]:
    """Symbol, its place, decimals and name of the store's currency."""
    code = store.settings.currency
    return CURRENCIES.get(code, (code, "right", 2, code))


def panel_url(store: Store, base: str) -> str:
    """The address below which BigCommerce's own paths of the control panel lead to our pages."""
    return f"{base}/control-panel/{store.hash}"


def store_information(store: Store, base: str) -> Json:
    """GET /v2/store: no envelope; `id` is the store hash."""
    mine = store.settings
    symbol, place, decimals, _ = currency(store)
    domain = f"store-{store.hash}.mybigcommerce.com"
    dates = {"display": "M jS Y", "export": "M jS Y", "extended_display": "M jS Y @ g:i A"}
    zone = {
        "name": mine.timezone,
        "raw_offset": 3600,
        "dst_offset": 7200,
        "dst_correction": True,
        "date_format": dates,
    }
    return {
        "id": store.hash, "account_uuid": store.account_uuid, "store_id": store.store_id,
        "domain": domain,
        "secure_url": f"https://{domain}", "control_panel_base_url": panel_url(store, base),
        "status": mine.status,
        "name": mine.name, "first_name": "Anna", "last_name": "Berg", "address": "",
        "country": mine.country,
        "country_code": mine.country_code, "infrastructure_region": "us-central1", "phone": "",
        "admin_email": store.owner.email, "order_email": store.owner.email, "favicon_url": "",
        "timezone": zone,
        "language": mine.language, "currency": mine.currency, "currency_symbol": symbol,
        "decimal_separator": ".",
        "thousands_separator": ",", "decimal_places": decimals, "currency_symbol_location": place,
        "weight_units": mine.weight_units, "dimension_units": "Centimeters",
        "dimension_decimal_places": 2,
        "dimension_decimal_token": ".", "dimension_thousands_token": ",", "plan_name": mine.plan,
        "plan_level": mine.plan, "plan_is_trial": False, "industry": "", "logo": [],
        "is_price_entered_with_tax": mine.is_price_entered_with_tax,
        "default_channel_id": mine.default_channel_id,
        "default_site_id": 1000, "active_comparison_modules": [],
        "features": {
            "stencil_enabled": True, "sitewidehttps_enabled": True, "facebook_catalog_id": "",
            "checkout_type": "optimized", "wishlists_enabled": True,
            "graphql_storefront_api_enabled": True,
            "shopper_consent_tracking_enabled": False,
            "multi_storefront_enabled": mine.multi_storefront,
            "storefront_limits": {"active": 3, "total_including_inactive": 4},
        },
    }  # fmt: skip


def currencies(store: Store) -> list[Json]:
    """GET /v2/currencies: the default currency. Catalogue prices are always in it."""
    symbol, place, decimals, name = currency(store)
    return [
        {
            "id": 1, "is_default": True, "last_updated": "Mon, 01 Jan 2024 00:00:00 +0000",
            "country_iso2": store.settings.country_code, "default_for_country_codes": [],
            "currency_code": store.settings.currency, "currency_exchange_rate": "1.0000000000",
            "auto_update": False,
            "token": symbol, "token_location": place, "decimal_token": ".", "thousands_token": ",",
            "decimal_places": decimals, "name": name, "enabled": True, "is_transactional": True,
            "use_default_name": True,
        }
    ]  # fmt: skip


def tax_classes(store: Store) -> list[Json]:
    """GET /v2/tax_classes; 0 is the default."""
    made = "Mon, 01 Jan 2024 00:00:00 +0000"
    return [
        {"id": key, "name": name, "created_at": made, "updated_at": made}
        for key, name in store.tax_classes.items()
    ]


def tax_settings(store: Store) -> Json:
    """GET /v3/tax/settings."""
    shown = "INCLUSIVE" if store.settings.is_price_entered_with_tax else "EXCLUSIVE"
    display = {
        "control_panel_price_display_strategy": shown,
        "invoice_price_display_strategy": "ZONE",
    }
    return {
        "tax_entered_with_prices": store.settings.is_price_entered_with_tax,
        "price_display_settings": display,
        "fallback_strategy": "FIXED",
        "should_subtract_store_tax": False,
        "store_tax_zone_id": 1,
        "rounding_strategy": "RATE_ROUNDING",
    }


def inventory_settings(store: Store) -> Json:
    """GET /v3/settings/inventory."""
    return {
        "product_out_of_stock_behavior": "do_nothing",
        "option_out_of_stock_behavior": "do_nothing",
        "update_stock_behavior": store.settings.update_stock_behavior,
        "edit_order_stock_adjustment": store.settings.edit_order_stock_adjustment,
        "refund_order_stock_adjustment": store.settings.refund_order_stock_adjustment,
        "stock_level_display": "dont_show",
        "default_out_of_stock_message": "",
        "hide_in_product_filtering": False,
        "show_pre_order_stock_levels": False,
        "show_out_of_stock_message": False,
    }


def units(store: Store) -> Json:
    """GET /v3/settings/store/units-of-measurement."""
    return {
        "weight_measurement": store.settings.weight_units,
        "length_measurement": "Centimeters",
        "decimal_token": ".",
        "thousands_token": ",",
        "decimal_places": 2,
    }
