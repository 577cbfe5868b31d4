"""A Zettle product as we want it in BigCommerce: the field table of rule P1, and everything that is
left out.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from brygga.core import clashes, text
from brygga.core.model import (
    CatalogImage,
    CatalogProduct,
    CatalogVariant,
    Money,
    Product,
    Variant,
    WeightUnit,
)
from brygga.core.options import Shape, shape_of
from brygga.core.report import Code, Line, Severity, Topic
from brygga.core.terms import Terms, terms_of
from brygga.core.text import (
    cut,
    is_gtin,
    is_picture,
    is_web_address,
    many_lines,
    one_line,
    path,
    safe_html,
    youtube_id,
)

__all__ = ["Mapped", "Terms", "desired", "price_in", "terms_of", "weight_in"]

VARIANTS_LIMIT = 600
VALUES_LIMIT = 250
BARCODE_LIMIT = 14
PAGE_TITLE_LIMIT = 255
META_DESCRIPTION_LIMIT = 65_535
"""bigcommerce facts 2.3."""
ADDRESS_LIMIT = 2000
"""The most characters of a picture's address. It is short enough for every server (RFC 9110 asks
for 8000 for the whole line) and for our database index.
"""
_SHOWN = 255

_GRAMS: Mapping[WeightUnit, Decimal] = {
    WeightUnit.GRAM: Decimal(1),
    WeightUnit.KILOGRAM: Decimal(1000),
    WeightUnit.TONNE: Decimal(1_000_000),
    WeightUnit.OUNCE: Decimal("28.349523125"),
    WeightUnit.POUND: Decimal("453.59237"),
}
_WEIGHT_STEP = Decimal("0.0001")

# Minor-unit digits that differ from two: ISO 4217.
_EXPONENTS: Mapping[str, int] = (
    dict.fromkeys(
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(),  # noqa: SIM905
        0,
    )
    | dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3)  # noqa: SIM905
    | {"CLF": 4, "UYW": 4}
)


@dataclass(frozen=True, slots=True)
class Mapped:
    """The desired product, or None and a refusal. `lines` has a line for everything that was left
    out or changed.
    """

    product: CatalogProduct | None
    lines: tuple[Line, ...] = ()
    refusal: Line | None = None


def desired(product: Product, terms: Terms) -> Mapped:
    """What BigCommerce should hold for a Zettle product, under a connection's terms.

    | BigCommerce | Zettle |
    |---|---|
    | name | `name`, cut to 250 |
    | description | the online description, else the description; text becomes HTML |
    | price | see `_prices`: in the account's currency, if prices are synced, never while open |
    | weight | grams in the store's unit; 0 without one; not ours while a unit is unknown |
    | SKU, UPC, GTIN | the variant's, if it fits; only a GTIN is sent as a GTIN |
    | page title, meta description, URL | the SEO title and description, the slug |
    | images, videos | each once, in order, the first image is the thumbnail; YouTube only |
    | options, variants | `options.shape_of`, in the order of the definitions |

    Zettle's category, folder and VAT are not carried over (P2). Nothing here sets category,
    visibility, channel or tax (P4, C8). A product that breaks a hard limit is refused whole
    (decision 8).
    """
    shape = shape_of(product)
    if refusal := _refusal(product, shape):
        return Mapped(None, refusal=refusal)
    lines = list(shape.lines)
    prices, commonest = _prices(product, terms, lines)
    images = _images(product, simple=not shape.options, lines=lines)
    description, cleaned = safe_html(
        product.online_description if product.online_description.strip() else product.description
    )
    if cleaned:
        lines.append(_line(product, Code.HTML_CLEANED))
    catalog = CatalogProduct(
        key=product.uuid,
        name=_cut(product, "name", one_line(product.name), clashes.NAME_LIMIT, lines),
        description=description,
        weight=_weight(product, terms, lines),
        page_title=_cut(
            product, "page_title", one_line(product.seo_title), PAGE_TITLE_LIMIT, lines
        ),
        meta_description=_cut(
            product,
            "meta_description",
            one_line(many_lines(product.seo_description)),
            META_DESCRIPTION_LIMIT,
            lines,
        ),
        url=_url(product, lines),
        variants=_variants(product, shape, prices, lines),
        options=shape.options,
        price=commonest,
        images=images,
        videos=_videos(product, lines),
    )
    return Mapped(catalog, tuple(lines))


def _refusal(product: Product, shape: Shape) -> Line | None:
    if not one_line(product.name):
        code = Code.NAME_UNSEEN if product.name.strip() else Code.NAME_MISSING
        return _line(product, code, Severity.ERROR)
    if not product.variants:
        return _line(
            product, Code.PRODUCT_REFUSED, Severity.ERROR, name=product.name, reason="no_variants"
        )
    if len(product.variants) > VARIANTS_LIMIT:
        count = str(len(product.variants))
        return _line(
            product, Code.TOO_MANY_VARIANTS, Severity.ERROR, count=count, limit=str(VARIANTS_LIMIT)
        )
    for option in shape.options:
        if len(option.labels) > VALUES_LIMIT:
            count = str(len(option.labels))
            return _line(
                product,
                Code.TOO_MANY_VALUES,
                Severity.ERROR,
                option=option.name,
                count=count,
                limit=str(VALUES_LIMIT),
            )
    return None


# ---- Price and weight ----------------------------------------------------------------------------


def price_in(money: Money) -> Decimal:
    """The amount in the currency's major unit, by the exponent of ISO 4217: 24900 SEK is 249.00,
    500 JPY is 500.
    """
    return Decimal(money.minor).scaleb(-_EXPONENTS.get(money.currency, 2))


def _prices(
    product: Product, terms: Terms, lines: list[Line]
) -> tuple[dict[str, Decimal], Decimal | None]:
    """The price of each variant that has one, and the product's price: the most common of them, the
    first among equals.

    Each variant of a product with options has its own price. So the store shows exactly Zettle's
    price for each, even after somebody edits the product's default price in BigCommerce.
    """
    if not terms.prices:
        return {}, None
    prices: dict[str, Decimal] = {}
    for variant in product.variants:
        if variant.price is None:
            lines.append(_line(product, Code.PRICE_OPEN, variant=variant.uuid))
        elif variant.price.currency != terms.currency:
            found, expected = variant.price.currency, terms.currency
            lines.append(
                _line(
                    product,
                    Code.PRICE_OTHER_CURRENCY,
                    variant=variant.uuid,
                    currency=found,
                    expected=expected,
                )
            )
        else:
            prices[variant.uuid] = price_in(variant.price)
    return prices, Counter(prices.values()).most_common(1)[0][0] if prices else None


def weight_in(grams: Decimal, unit: WeightUnit) -> Decimal:
    """The weight in the store's unit, to four decimals. A positive weight never becomes 0."""
    exact = grams / _GRAMS[unit]
    rounded = exact.quantize(_WEIGHT_STEP, ROUND_HALF_UP)
    return _plain(_WEIGHT_STEP if exact > 0 and rounded == 0 else rounded)


def _weight(product: Product, terms: Terms, lines: list[Line]) -> Decimal | None:
    if product.weight_unread:
        lines.append(_line(product, Code.WEIGHT_UNREAD, weight=product.weight_unread[:_SHOWN]))
        return None
    if terms.weight_unit is None:
        if product.weight_grams:
            lines.append(_line(product, Code.WEIGHT_UNIT_UNKNOWN))
        return None
    return weight_in(max(product.weight_grams or Decimal(0), Decimal(0)), terms.weight_unit)


def _plain(number: Decimal) -> Decimal:
    """The number without trailing zeros and without an exponent."""
    normal = number.normalize()
    return normal if normal.as_tuple().exponent in range(-20, 1) else normal.quantize(Decimal(1))


# ---- SKU and barcode -----------------------------------------------------------------------------


def _variants(
    product: Product, shape: Shape, prices: Mapping[str, Decimal], lines: list[Line]
) -> tuple[CatalogVariant, ...]:
    """The variants in the order of the definitions. In a simple product the variant has no picture
    of its own: it is the product's.
    """
    skus = _skus(product, lines)
    variants = []
    for variant in product.variants:
        barcode = _barcode(product, variant, lines)
        variants.append(
            CatalogVariant(
                key=variant.uuid,
                sku=skus[variant.uuid],
                upc=barcode,
                gtin=barcode if is_gtin(barcode) else "",
                price=prices.get(variant.uuid),
                values=shape.labels[variant.uuid],
                image=_image_url(product, variant.image_url, lines) if shape.options else "",
            )
        )
    return tuple(_in_order(variants, shape))


def _in_order(variants: Sequence[CatalogVariant], shape: Shape) -> Iterator[CatalogVariant]:
    """The variants in the order of the definitions. If combinations are missing, the values of each
    option still first appear in their order.

    BigCommerce creates the values in the order in which the variants name them (bigcommerce facts
    3.8).
    """
    order = [
        {label: place for place, label in enumerate(option.labels)} for option in shape.options
    ]
    places = {
        variant.key: [order[at][label] for at, (_, label) in enumerate(variant.values)]
        for variant in variants
    }
    pending = sorted(variants, key=lambda variant: places[variant.key])
    named = [0] * len(order)
    while pending:
        fitting = (
            v for v in pending if all(place <= named[at] for at, place in enumerate(places[v.key]))
        )
        variant = next(fitting, pending[0])
        pending.remove(variant)
        named = [
            max(count, place + 1) for count, place in zip(named, places[variant.key], strict=True)
        ]
        yield variant


def _skus(product: Product, lines: list[Line]) -> dict[str, str]:
    taken: set[str] = set()
    return {variant.uuid: _sku(product, variant, taken, lines) for variant in product.variants}


def _sku(product: Product, variant: Variant, taken: set[str], lines: list[Line]) -> str:
    """The SKU if it fits. BigCommerce's SKUs must be unique without case; Zettle's need not be. So
    the later one gets its suffix.
    """
    sku = one_line(variant.sku)
    if len(sku) > clashes.SKU_LIMIT:
        lines.append(
            _line(
                product,
                Code.SKU_TOO_LONG,
                variant=variant.uuid,
                sku=sku,
                limit=str(clashes.SKU_LIMIT),
            )
        )
        return ""
    if sku and sku.casefold() in taken:
        written = clashes.distinct_sku(sku, variant.uuid)
        lines.append(
            _line(product, Code.SKU_REPEATED, variant=variant.uuid, sku=sku, written=written)
        )
        sku = written
    if sku:
        taken.add(sku.casefold())
    return sku


def _barcode(product: Product, variant: Variant, lines: list[Line]) -> str:
    """The barcode without spaces and dashes. BigCommerce's UPC accepts any text of its length, its
    GTIN only a GTIN.

    Digits of a GTIN's length with a wrong last digit are most likely a typing error. The merchant
    gets a line about it.
    """
    barcode = text.barcode(variant.barcode)
    if text.looks_like_gtin(barcode) and barcode.strip("0") and not is_gtin(barcode):
        lines.append(
            _line(product, Code.BARCODE_CHECK_DIGIT, variant=variant.uuid, barcode=barcode)
        )
    if len(barcode) <= BARCODE_LIMIT:
        return barcode
    lines.append(
        _line(
            product,
            Code.BARCODE_TOO_LONG,
            variant=variant.uuid,
            barcode=barcode,
            limit=str(BARCODE_LIMIT),
        )
    )
    return ""


# ---- Text, pictures, videos ----------------------------------------------------------------------


def _cut(product: Product, field: str, whole: str, limit: int, lines: list[Line]) -> str:
    if len(whole) > limit:
        lines.append(_line(product, Code.TEXT_CUT, field=field, limit=str(limit)))
    return cut(whole, limit)


def _url(product: Product, lines: list[Line]) -> str:
    url = path(product.slug)
    if len(url) > clashes.URL_LIMIT:
        lines.append(_line(product, Code.URL_TOO_LONG, limit=str(clashes.URL_LIMIT)))
        return ""
    if not url and one_line(product.slug):
        lines.append(_line(product, Code.URL_UNUSABLE, slug=product.slug))
    return url


def _images(product: Product, *, simple: bool, lines: list[Line]) -> tuple[CatalogImage, ...]:
    """Every picture once, in order, with the picture of a simple product's only variant."""
    addresses = [
        *product.image_urls,
        *(variant.image_url for variant in product.variants if simple and variant.image_url),
    ]
    usable = [
        _image_url(product, address, lines)
        for address in dict.fromkeys(address.strip() for address in addresses)
    ]
    return tuple(
        CatalogImage(url, place == 0, place) for place, url in enumerate(filter(None, usable))
    )


def _image_url(product: Product, address: str, lines: list[Line]) -> str:
    """The address if it can be a picture's. A picture that BigCommerce does not fetch itself is
    uploaded as bytes.
    """
    address = address.strip()
    if not address or (is_web_address(address) and len(address) <= ADDRESS_LIMIT):
        return address
    lines.append(_line(product, Code.IMAGE_UNUSABLE, url=address[:_SHOWN]))
    return ""


def _videos(product: Product, lines: list[Line]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for address in product.media_urls:
        if video := youtube_id(address):
            found[video] = None
        elif address.strip() and not is_picture(address) and address not in product.image_urls:
            lines.append(_line(product, Code.VIDEO_UNSUPPORTED, url=address[:_SHOWN]))
    return tuple(found)


def _line(
    product: Product,
    code: Code,
    severity: Severity = Severity.WARNING,
    variant: str = "",
    **params: str,
) -> Line:
    return Line(code, Topic.PRODUCT, severity, product.uuid, variant, params)
