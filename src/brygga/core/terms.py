"""The terms of a connection that matter to its products: prices, weights, the category."""

from dataclasses import dataclass

from brygga.core.model import Connection, WeightUnit


@dataclass(frozen=True, slots=True)
class Terms:
    """`prices`: Zettle's prices are written now (C4, C5). `weight_unit` is None when the store's
    unit is unknown to us.

    `currency` is the Zettle account's. `category_id` is the store's category "Zettle" (P3), 0 while
    it is not known.
    """

    currency: str
    prices: bool
    weight_unit: WeightUnit | None
    category_id: int = 0


def terms_of(connection: Connection) -> Terms:
    """The terms of a connection that has a store.

    Prices are ours only if the merchant chose so, both accounts use one currency, and price sync is
    not paused (C4, decision 10).
    """
    shop, organization = connection.shop, connection.organization
    assert shop is not None, "products are mapped only for a connection with a store"
    same_currency = shop.currency == organization.currency != ""
    return Terms(
        currency=organization.currency,
        prices=connection.choices.prices and same_currency and not connection.prices_paused,
        weight_unit=shop.weight_unit,
        category_id=shop.category_id or 0,
    )
