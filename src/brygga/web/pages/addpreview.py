"""What a product of our own form will be in Zettle and in BigCommerce, before it is saved. The
BigCommerce side is made by the same rule as the sync's (rule P1).
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from babel.numbers import get_currency_precision

from brygga.core.mapping import Terms, desired, terms_of
from brygga.core.model import CatalogProduct, Connection, Money, Product, Variant
from brygga.sync.products.adding import Wanted
from brygga.web.i18n import Words
from brygga.web.lines import spoken
from brygga.web.pages.addform import AddForm, wanted
from brygga.zettle.values import NewProduct


@dataclass(frozen=True, slots=True)
class PreviewVariant:
    """`price` is None when the cashier types it, `shop_price` when Brygga does not set it. `stock`
    is None without inventory management.
    """

    name: str
    sku: str
    price: Money | None
    shop_price: Money | None
    stock: int | None


@dataclass(frozen=True, slots=True)
class Preview:
    name: str
    description: str
    variants: tuple[PreviewVariant, ...]
    vat: Decimal | None
    tracked: bool
    assigned: bool
    shop_name: str = ""
    shop_description: str = ""
    url: str = ""
    """"" where the store chooses one."""
    prices: bool = False
    remarks: tuple[str, ...] = ()
    """What BigCommerce will not have, or will have otherwise."""
    refusal: str = ""
    """Why BigCommerce will not get the product at all."""


def preview_of(
    words: Words, connection: Connection, form: AddForm, fresh_uuid: Callable[[], str]
) -> Preview:
    """The preview of a form without errors."""
    asked = wanted(form, connection.organization, fresh_uuid(), fresh_uuid)
    terms = terms_of(connection)
    mapped = desired(_product(asked.product), terms)
    catalog, refusal = mapped.product, mapped.refusal
    new = asked.product
    return Preview(
        name=new.name,
        description=new.description,
        variants=_variants(asked, catalog, terms),
        vat=new.vat_percentage,
        tracked=asked.tracked,
        assigned=asked.assigned,
        shop_name=catalog.name if catalog else "",
        shop_description=new.online_description or new.description,
        url=catalog.url if catalog else "",
        prices=terms.prices,
        remarks=tuple(spoken(words, line.code.value, line.params)[0] for line in mapped.lines),
        refusal=spoken(words, refusal.code.value, refusal.params)[0] if refusal else "",
    )


def _product(new: NewProduct) -> Product:
    """As Zettle will show it."""
    variants = tuple(
        Variant(one.uuid, one.name, one.sku, one.barcode, one.price, one.options)
        for one in new.variants
    )
    return Product(
        uuid=new.uuid,
        name=new.name,
        etag="",
        variants=variants,
        definitions=new.definitions,
        description=new.description,
        online_description=new.online_description,
        seo_title=new.seo_title,
        seo_description=new.seo_description,
        slug=new.slug,
        weight_grams=None if new.weight_grams is None else Decimal(new.weight_grams),
        vat_percentage=new.vat_percentage,
    )


def _variants(
    asked: Wanted, catalog: CatalogProduct | None, terms: Terms
) -> tuple[PreviewVariant, ...]:
    common = catalog.price if catalog else None
    prices = {one.key: one.price for one in catalog.variants} if catalog else {}

    def shop_price(uuid: str) -> Money | None:
        price = prices.get(uuid) or common
        if price is None:
            return None
        return Money(int(price.scaleb(get_currency_precision(terms.currency))), terms.currency)

    return tuple(
        PreviewVariant(
            one.name,
            one.sku,
            one.price,
            shop_price(one.uuid),
            asked.stock.get(one.uuid, 0) if asked.tracked else None,
        )
        for one in asked.product.variants
    )
