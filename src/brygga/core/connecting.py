"""The steps of set-up, when prices may be synced, and what the merchant is warned of."""

from enum import StrEnum

from brygga.core.model import Connection, Organization, Shop, Stage, StockMoment, TaxationMode


class Step(StrEnum):
    """The steps of the set-up page, in their order."""

    CONNECT = "connect"
    PRICES = "prices"
    PRODUCTS = "products"
    FINISH = "finish"


_MISSING = {
    Stage.ZETTLE_CONNECTED: Step.CONNECT,
    Stage.STORE_CONNECTED: Step.PRICES,
    Stage.PRICES_CHOSEN: Step.PRODUCTS,
    Stage.PRODUCTS_CHOSEN: Step.FINISH,
    Stage.WATCHING: Step.FINISH,
    Stage.DISCONNECTED: Step.CONNECT,
}


def missing_step(connection: Connection) -> Step | None:
    """The step at which set-up resumes (C11). None when it is finished, or when the connection is
    being removed.
    """
    return _MISSING.get(connection.stage)


class PriceRefusal(StrEnum):
    """Why prices cannot come from Zettle (C4)."""

    CURRENCIES_DIFFER = "currencies_differ"
    STORE_UNKNOWN = "store_unknown"


def price_refusal(organization: Organization, shop: Shop | None) -> PriceRefusal | None:
    """None when prices may come from Zettle: both sides use the same currency (C4)."""
    if shop is None or not shop.currency or not organization.currency:
        return PriceRefusal.STORE_UNKNOWN
    if shop.currency.upper() != organization.currency.upper():
        return PriceRefusal.CURRENCIES_DIFFER
    return None


def tax_changes_margin(organization: Organization, shop: Shop) -> bool:
    """Whether only one side's prices include tax: then copied prices change the margin (C7)."""
    return (organization.taxation_mode is TaxationMode.INCLUSIVE) != shop.prices_include_tax


def stock_moves_late(shop: Shop) -> bool:
    """Whether the store takes goods from stock only when an order ships. Zettle may sell the same
    unit before that (C12).
    """
    return shop.stock_moment is StockMoment.ORDER_SHIPPED


def prices_must_pause(connection: Connection, organization: Organization, shop: Shop) -> bool:
    """Whether a currency has changed since prices were chosen (decision 10). Prices never resume by
    themselves: the merchant must resume them.
    """
    if not connection.choices.prices:
        return False
    return connection.prices_paused or price_refusal(organization, shop) is not None
