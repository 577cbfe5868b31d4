"""One product field by field: what Zettle has, what BigCommerce showed when it was last read, whose
the field is, and whether both agree (P1, P4, P6).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from brygga.core import planning
from brygga.core.drift import differences
from brygga.core.mapping import desired
from brygga.core.model import (
    CatalogProduct,
    CatalogVariant,
    Connection,
    ObservedProduct,
    ObservedVariant,
    Product,
    Synced,
)
from brygga.core.overwriting import Overwritten
from brygga.core.planning import Owner
from brygga.core.terms import Terms, terms_of
from brygga.core.text import cut, one_line
from brygga.database.bindings import Binding, State
from brygga.database.library import Entry
from brygga.database.shown import Shown
from brygga.web.checks import variant_label
from brygga.web.i18n import Words
from brygga.web.readable import Units, amount, plain, units_of, weight

MOST: Final = 300
SAME, DIFFERS, WAITING, THEIRS, UNKNOWN = "same", "differs", "waiting", "theirs", "unknown"
"""How a field stands: both agree; edited in BigCommerce; on its way there; the merchant's own; not
read yet.
"""
ADAPTED, LATER, LEFT_OUT = "adapted", "later", "left_out"
"""What was written is not what Zettle has: another product has that value, or BigCommerce demands
one (decisions 6, 13); the next save writes it; some of it could not be carried over (decision 8).
"""
UNIQUE: Final = frozenset({"name", "sku", "url"})
BARCODES: Final = frozenset({"upc", "gtin"})


@dataclass(frozen=True, slots=True)
class FieldRow:
    """`owner` is zettle or merchant. A text is "" where the side has nothing."""

    key: str
    zettle: str
    shop: str
    owner: str
    state: str


@dataclass(frozen=True, slots=True)
class VariantRow:
    name: str
    cells: tuple[FieldRow, ...]
    state: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """`read_at` is None before the first read. `edited` counts the fields that somebody edited in
    BigCommerce.
    """

    fields: tuple[FieldRow, ...] = ()
    variants: tuple[VariantRow, ...] = ()
    read_at: datetime | None = None
    edited: int = 0
    accepted: bool = False
    missing: bool = False


NOTHING: Final = Comparison()


@dataclass(frozen=True, slots=True)
class _Compared:
    """The two sides of one product, and what is known to differ."""

    words: Words
    units: Units
    terms: Terms
    product: Product
    wanted: CatalogProduct
    shown: ObservedProduct | None
    is_written: bool
    """The version that Zettle has is the one that was written last."""
    edited: frozenset[tuple[str, str]] = frozenset()
    """Field and variant, "" for the product itself."""

    def state(self, key: str, zettle: str, shop: str, variant: str = "") -> str:
        if self.shown is None:
            return UNKNOWN
        keys = BARCODES if key == "barcode" else {key}
        if any((one, variant) in self.edited for one in keys):
            return DIFFERS
        if one_line(zettle) == one_line(shop):
            return SAME
        if not self.is_written:
            return WAITING
        return ADAPTED if key in UNIQUE and shop else LATER

    def row(self, key: str, zettle: str, shop: str, variant: str = "") -> FieldRow:
        """A field that Zettle owns."""
        return FieldRow(
            key, zettle, shop, Owner.ZETTLE.value, self.state(key, zettle, shop, variant)
        )

    def theirs(self, key: str, zettle: str, shop: str) -> FieldRow:
        """A field that is the merchant's own in BigCommerce."""
        state = UNKNOWN if self.shown is None else THEIRS
        return FieldRow(key, zettle, shop, Owner.MERCHANT.value, state)


def compare(
    words: Words, connection: Connection, entry: Entry, binding: Binding | None, shown: Shown | None
) -> Comparison:
    """Empty for a product that cannot be read or mapped, or before there is a store."""
    product = entry.product
    if product is None or connection.shop is None:
        return NOTHING
    terms = terms_of(connection)
    wanted = desired(product, terms).product
    if wanted is None:
        return NOTHING
    synced = binding.synced if binding is not None and binding.state is State.BOUND else None
    shown = _of_today(binding, shown) if synced is not None else None
    observed = shown.product if shown is not None else None
    edited: Iterable[Overwritten] = ()
    if synced is not None and observed is not None:
        edited = differences(wanted, synced, observed, terms)
    found = _Compared(
        words,
        units_of(connection),
        terms,
        product,
        wanted,
        observed,
        synced is not None and not planning.is_changed(synced, entry.etag, force=False),
        frozenset((one.field, one.variant) for one in edited),
    )
    return Comparison(
        tuple(_fields(found, synced)),
        _variants(found, synced) if not wanted.is_simple else (),
        None if shown is None else shown.read_at,
        len(found.edited),
        shown is not None and shown.is_accepted,
        shown is not None and shown.product is None,
    )


def _of_today(binding: Binding | None, shown: Shown | None) -> Shown | None:
    """What was read of the product that is bound. None for a read of an earlier product, or from
    before the last sync: it says nothing any more.
    """
    if binding is None or shown is None or shown.product_id != binding.synced.product_id:
        return None
    is_old = binding.synced_at is not None and binding.synced_at > shown.read_at
    return None if is_old else shown


def _fields(of: _Compared, synced: Synced | None) -> Iterable[FieldRow]:
    """Zettle's fields first, then the merchant's. A field that both sides lack is left out."""
    rows = [*_texts(of), *_singles(of), *_media(of, synced), *_merchants(of)]
    return (row for row in rows if row.zettle or row.shop)


def _texts(of: _Compared) -> list[FieldRow]:
    wanted, shown = of.wanted, of.shown
    options = _options((one.name, one.labels) for one in wanted.options)
    in_shop = "" if shown is None else _options(_shown_options(shown))
    return [
        of.row("name", wanted.name, shown.name if shown else ""),
        of.row(
            "description",
            cut(plain(wanted.description), MOST),
            cut(plain(shown.description), MOST) if shown else "",
        ),
        of.row("options", options, in_shop),
        of.row("page_title", wanted.page_title, shown.page_title if shown else ""),
        of.row(
            "meta_description", wanted.meta_description, shown.meta_description if shown else ""
        ),
        of.row("url", wanted.url, shown.url if shown else "")
        if wanted.url
        else of.theirs("url", "", shown.url if shown else ""),
    ]


def _options(pairs: Iterable[tuple[str, Iterable[str]]]) -> str:
    return " · ".join(f"{name}: {', '.join(labels)}" for name, labels in pairs)


def _shown_options(shown: ObservedProduct) -> Iterable[tuple[str, list[str]]]:
    """By the variants, where the answer had no options."""
    found: dict[str, dict[str, None]] = {}
    for variant in shown.variants:
        for name, label in variant.labels:
            found.setdefault(name, {})[label] = None
    return ((name, list(labels)) for name, labels in found.items())


def _singles(of: _Compared) -> list[FieldRow]:
    """What a product without variants has itself, and its weight."""
    wanted, shown, words = of.wanted, of.shown, of.words
    rows: list[FieldRow] = []
    if wanted.is_simple:
        (variant,) = wanted.variants
        rows = [
            of.row("sku", variant.sku, shown.sku if shown else ""),
            of.row(
                "barcode",
                variant.gtin or variant.upc,
                (shown.gtin or shown.upc) if shown else "",
            ),
        ]
    in_till = "" if wanted.weight is None else weight(words, str(wanted.weight), of.units.weight)
    in_shop = weight(words, str(shown.weight), of.units.weight) if shown else ""
    if wanted.weight is not None and (wanted.weight or (shown and shown.weight)):
        rows.append(of.row("weight", in_till, in_shop))
    return [*_price(of), *rows]


def _price(of: _Compared) -> list[FieldRow]:
    """The merchant's own, unless prices are synced and Zettle has one (C6, decision 10)."""
    first = of.product.variants[0] if of.product.variants else None
    in_till = of.words.money(first.price) if first is not None and first.price else ""
    in_shop = amount(of.words, str(of.shown.price), of.units.currency) if of.shown else ""
    is_zettles = planning.whose("price", of.terms) is Owner.ZETTLE
    if not of.wanted.is_simple and is_zettles:
        return []
    if is_zettles and of.wanted.price is not None:
        return [of.row("price", in_till, in_shop)]
    return [of.theirs("price", in_till, in_shop)]


def _media(of: _Compared, synced: Synced | None) -> list[FieldRow]:
    shown, number = of.shown, of.words.number
    images = {image.image_id for image in shown.images} if shown else set()
    videos = {video.id for video in shown.videos} if shown else set()
    rows = [
        ("images", [image.source for image in of.wanted.images], synced and synced.images, images),
        ("videos", list(of.wanted.videos), synced and synced.videos, videos),
    ]
    found = []
    for key, wanted, bound, there in rows:
        state = _children_state(of, wanted, bound or {}, there)
        texts = (number(len(wanted)) if wanted else "", number(len(there)) if there else "")
        found.append(FieldRow(key, *texts, Owner.ZETTLE.value, state))
    return found


def _children_state(
    of: _Compared, wanted: list[str], bound: Mapping[str, int], there: set[int]
) -> str:
    """Pictures that the merchant added are no difference (P6)."""
    if of.shown is None:
        return UNKNOWN
    if any(source not in bound for source in wanted):
        # The line in the sync log says which, and why.
        return LEFT_OUT if of.is_written else WAITING
    return SAME if all(bound[source] in there for source in wanted) else DIFFERS


def _merchants(of: _Compared) -> list[FieldRow]:
    """Set when the product is created or never, and the merchant's from then on (P4, C8)."""
    words, shown, product = of.words, of.shown, of.product
    vat = words.number(product.vat_percentage) + " %" if product.vat_percentage is not None else ""
    if shown is None:
        return [of.theirs("tax_class", vat, "")]
    visible = words.fill(f"visible.{'yes' if shown.is_visible else 'no'}", {})
    own = [id_ for id_ in shown.category_ids if id_ != of.terms.category_id]
    parts = [
        *(["Zettle"] if len(own) < len(shown.category_ids) else []),
        *([words.fill("categories.own", {"n": words.number(len(own))})] if own else []),
    ]
    tax = words.fill("tax_class.number", {"n": str(shown.tax_class_id)})
    if shown.tax_class_id == 0:
        tax = words.fill("tax_class.default", {})
    return [
        of.theirs("is_visible", "", visible),
        of.theirs("categories", "", ", ".join(parts)),
        of.theirs("tax_class", vat, tax),
    ]


def _variants(of: _Compared, synced: Synced | None) -> tuple[VariantRow, ...]:
    there = {one.variant_id: one for one in of.shown.variants} if of.shown else {}
    prices = {one.uuid: one.price for one in of.product.variants}
    rows = []
    for variant in of.wanted.variants:
        found = there.get(synced.variants.get(variant.key, 0)) if synced else None
        price = prices.get(variant.key)
        in_till = of.words.money(price) if price else ""
        cells = _cells(of, variant, found, in_till)
        states = {cell.state for cell in cells if cell.owner == Owner.ZETTLE.value}
        order = (UNKNOWN, DIFFERS, WAITING, LATER, ADAPTED)
        state = next((one for one in order if one in states), SAME)
        if of.shown is not None and found is None:
            state = "missing" if of.is_written else WAITING
        rows.append(VariantRow(variant_label(of.product, variant.key), cells, state))
    return tuple(rows)


def _cells(
    of: _Compared, variant: CatalogVariant, found: ObservedVariant | None, in_till: str
) -> tuple[FieldRow, ...]:
    key = variant.key
    sku, barcode, price = "", "", ""
    if found is not None:
        sku, barcode = found.sku, found.gtin or found.upc
        own = found.price
        if own is None and of.shown is not None:
            own = of.shown.price
        price = amount(of.words, str(own), of.units.currency)
    in_sku = of.row("sku", variant.sku, sku, key)
    in_barcode = of.row("barcode", variant.gtin or variant.upc, barcode, key)
    if planning.whose("price", of.terms) is Owner.ZETTLE and variant.price is not None:
        return in_sku, in_barcode, of.row("price", in_till, price, key)
    return in_sku, in_barcode, of.theirs("price", in_till, price)
