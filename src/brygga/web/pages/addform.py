"""The "Add product" form. It is read tolerantly, checked against Zettle's limits (zettle facts 2.3
to 2.5), and made into a product (P9).
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from itertools import product as combined
from typing import Final

import msgspec
from babel.numbers import get_currency_precision

from brygga.core.model import Money, OptionDefinition, Organization, TaxationMode
from brygga.core.pictures import Wrong
from brygga.core.stock import LIMITS, Side
from brygga.core.text import barcode, one_line, path
from brygga.sync.products.adding import Wanted
from brygga.web.visit import Form
from brygga.zettle.values import NewProduct, NewVariant, SalesTax

NUMBER: Final = re.compile(r"\d{1,9}(?:\.\d{1,3})?", re.ASCII)
SEPARATORS: Final = re.compile(r"[\n;]|,(?=\s)|,(?!\d)|(?<!\d),")
"""The separators between values: a line end, a semicolon, or a comma that is not a decimal one as
in "0,5 l".
"""
OPTIONS: Final = (1, 2, 3)
MOST_VARIANTS: Final = 99
MOST_VALUES: Final = 99
MOST_STOCK: Final = LIMITS[Side.ZETTLE].highest
MOST_GRAMS: Final = 2_147_483_647
LENGTHS: Final = {
    "name": 256,
    "sku": 64,
    "barcode": 14,
    "description": 1024,
    "online_description": 3500,
    "seo_title": 256,
    "seo_description": 320,
    "slug": 256,
}
"""Zettle's limits, except for the barcode, of which BigCommerce accepts 14 characters (bigcommerce
facts 2.3).
"""
ONE_LINE: Final = ("name", "sku", "seo_title", "slug")
"""The fields that lose invisible characters, as the sync removes them (decision 20)."""
OF_VARIANT: Final = ("sku", "barcode", "stock")
"""The fields of a simple product that each variant has for itself."""
OTHER_RATE: Final = "other"
"""The choice of a VAT rate that is typed, in the field `vat_other`."""
PLAIN: Final = (*LENGTHS, "price", "vat", "tax", "weight", "weight_unit", "stock")


CODES: Final = (
    *(f"{name}_long" for name in LENGTHS),
    *(
        "name",
        "name_unseen",
        "slug",
        "price",
        "vat",
        "weight",
        "stock",
        "stock_untracked",
        "sku_twice",
        "refused",
    ),
    *("option_half", "option_name", "values_twice", "values_many"),
    *("variants_many", "variants_look", "variants_none"),
    *(wrong.value for wrong in Wrong),
    "picture_many",
)
"""Every error of the form. `newproduct.*` has a sentence for each."""


@dataclass(frozen=True, slots=True)
class Option:
    name: str = ""
    text: str = ""
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One variant of the table: its values, and what was typed for it."""

    values: tuple[str, ...]
    used: bool = True
    price: str = ""
    sku: str = ""
    barcode: str = ""
    stock: str = ""

    @property
    def key(self) -> str:
        return msgspec.json.encode(self.values).decode()

    @property
    def has_text(self) -> bool:
        return any((self.price, self.sku, self.barcode, self.stock))


@dataclass(frozen=True, slots=True)
class AddForm:
    """`errors`: field -> code of `newproduct.*`. `rows` is empty for a simple product."""

    texts: Mapping[str, str] = field(default_factory=lambda: dict.fromkeys(PLAIN, ""))
    options: tuple[Option, ...] = (Option(),) * len(OPTIONS)
    rows: tuple[Row, ...] = ()
    tracked: bool = False
    assigned: bool = True
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def used(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.used)


# ---- Reading -------------------------------------------------------------------------------------


def clean(form: Form) -> Form:
    """The form with one character per line end and no other control characters: no database and no
    platform accepts them.
    """

    def plain(text: str) -> str:
        return "".join(
            c for c in text.replace("\r\n", "\n") if c in "\n\t" or (ord(c) >= 32 and ord(c) != 127)
        )

    return Form(tuple((plain(key), plain(value)) for key, value in form.fields))


def read(form: Form, organization: Organization) -> AddForm:
    """The form as it was sent, with its errors."""
    texts = {name: _text(name, form.one(name)) for name in PLAIN}
    if texts["vat"] == OTHER_RATE:
        texts["vat"] = form.one("vat_other")
    options = tuple(_option(form, number) for number in OPTIONS)
    given = tuple(option for option in options if option.values)
    count = math.prod(len(option.values) for option in given) if given else 0
    before = _rows(form)
    rows: tuple[Row, ...] = ()
    if 0 < count <= MOST_VARIANTS:
        rows = tuple(
            before.get(values, Row(values))
            for values in combined(*(option.values for option in given))
        )
    texts, rows = _carried(texts, rows, before, is_simple=not given)
    found = AddForm(
        texts, options, rows, form.one("tracked") == "yes", form.one("bigcommerce") == "yes"
    )
    unseen = {"name": "name_unseen"} if form.one("name") and not texts["name"] else {}
    errors = (
        _wrong(found, organization.currency)
        | unseen
        | _wrong_options(found, count, fresh={row.values for row in rows} != {*before})
    )
    return replace(found, errors=errors)


def _text(name: str, typed: str) -> str:
    if name == "barcode":
        return barcode(typed)
    return one_line(typed) if name in ONE_LINE else typed


def _option(form: Form, number: int) -> Option:
    text = form.one(f"option-{number}-values")
    parts = (" ".join(one_line(part).split()) for part in SEPARATORS.split(text))
    name = one_line(form.one(f"option-{number}-name"))
    return Option(" ".join(name.split()), text, tuple(part for part in parts if part))


def _carried(
    texts: dict[str, str],
    rows: tuple[Row, ...],
    before: Mapping[tuple[str, ...], Row],
    *,
    is_simple: bool,
) -> tuple[dict[str, str], tuple[Row, ...]]:
    """What was typed for a variant that is gone moves to the first new one that has its values, or
    has them but for an option that is gone. A simple product is the variant without values.
    """
    simple = Row((), sku=texts["sku"], barcode=texts["barcode"], stock=texts["stock"])
    now: dict[tuple[str, ...], Row] = {row.values: row for row in rows}
    if is_simple:
        now = {(): simple}
    fresh = [values for values in now if values not in before and not now[values].has_text]
    for values, row in {(): simple, **before}.items():
        if values in now or not row.has_text:
            continue
        heir = next((one for one in fresh if _is_like(values, one)), None)
        if heir is not None:
            fresh.remove(heir)
            now[heir] = replace(row, values=heir)
    alone = now.get((), Row(()) if rows else simple)
    price = {"price": alone.price} if alone.price and not texts["price"] else {}
    of_variant = {name: getattr(alone, name) for name in OF_VARIANT}
    return {**texts, **of_variant, **price}, tuple(now[row.values] for row in rows)


def _is_like(old: tuple[str, ...], new: tuple[str, ...]) -> bool:
    return {*old} <= {*new} or {*new} <= {*old}


def _rows(form: Form) -> dict[tuple[str, ...], Row]:
    """What was typed for each variant, by its values. The numbers in the field names only group the
    fields of a row.
    """
    found = {}
    for number, key in form.starting("row-key-").items():
        try:
            values = tuple(msgspec.json.decode(key, type=list[str]))
        except msgspec.MsgspecError:
            continue
        cells = {
            name: _text(name, form.one(f"row-{name}-{number}"))
            for name in ("price", "sku", "barcode", "stock")
        }
        found[values] = Row(values, used=form.one(f"row-use-{number}") == "yes", **cells)
    return found


def amount(text: str) -> Decimal | None:
    """A number as people write it: "12,50", "1 234.50" or "1.234,50". None for anything else."""
    plain = re.sub(r"[\s'’]", "", text)
    if "," in plain and "." in plain:
        thousands = "." if plain.rindex(",") > plain.rindex(".") else ","
        if not re.fullmatch(r"\d{1,3}(?:[.,]\d{3})*[.,]\d+", plain):
            return None
        plain = plain.replace(thousands, "")
    plain = plain.replace(",", ".")
    return Decimal(plain) if NUMBER.fullmatch(plain) else None


def minor(text: str, currency: str) -> int | None:
    """The price in minor units. None when it is no amount of that currency."""
    number = amount(text)
    if number is None:
        return None
    exact = number.scaleb(get_currency_precision(currency))
    return int(exact) if exact == exact.to_integral_value() else None


def grams(text: str, unit: str) -> int | None:
    number = amount(text)
    if number is None:
        return None
    exact = number * (1000 if unit == "kg" else 1)
    return max(int(exact.quantize(Decimal(1), ROUND_HALF_UP)), 1) if exact else 0


# ---- Checking ------------------------------------------------------------------------------------


def _wrong(form: AddForm, currency: str) -> dict[str, str]:
    """The errors of the single fields, and of each variant's fields."""
    errors = _wrong_texts(form.texts, currency)
    if not form.rows:
        return errors | _wrong_stock({"stock": form.texts["stock"]}, tracked=form.tracked)
    return errors | _wrong_rows(form, currency)


def _wrong_texts(texts: Mapping[str, str], currency: str) -> dict[str, str]:
    errors = {name: f"{name}_long" for name, most in LENGTHS.items() if len(texts[name]) > most}
    if not texts["name"]:
        errors["name"] = "name"
    vat, weight = amount(texts["vat"]), grams(texts["weight"], texts["weight_unit"])
    if texts["vat"] and (vat is None or vat > 100):
        errors["vat"] = "vat"
    if texts["weight"] and (weight is None or weight > MOST_GRAMS):
        errors["weight"] = "weight"
    if texts["slug"] and "slug" not in errors and not path(texts["slug"]):
        errors["slug"] = "slug"
    if texts["price"] and minor(texts["price"], currency) is None:
        errors["price"] = "price"
    return errors


def _wrong_rows(form: AddForm, currency: str) -> dict[str, str]:
    """The errors of the fields of each variant that is used."""
    errors: dict[str, str] = {}
    numbered = [(number, row) for number, row in enumerate(form.rows) if row.used]
    wrong: tuple[tuple[str, Callable[[Row], bool], str], ...] = (
        ("price", lambda row: bool(row.price) and minor(row.price, currency) is None, "price"),
        ("sku", lambda row: len(row.sku) > LENGTHS["sku"], "sku_long"),
        ("barcode", lambda row: len(row.barcode) > LENGTHS["barcode"], "barcode_long"),
    )
    for name, is_wrong, code in wrong:
        errors |= {f"row-{name}-{number}": code for number, row in numbered if is_wrong(row)}
    errors |= _wrong_stock(
        {f"row-stock-{number}": row.stock for number, row in numbered}, tracked=form.tracked
    )
    return _twice(numbered) | errors


def _wrong_stock(numbers: Mapping[str, str], *, tracked: bool) -> dict[str, str]:
    errors = {}
    for name, text in numbers.items():
        if text and (
            not text.isascii() or not text.isdigit() or len(text) > 9 or int(text) > MOST_STOCK
        ):
            errors[name] = "stock"
        elif text and int(text) and not tracked:
            errors[name] = "stock_untracked"
    return errors


def _twice(numbered: Sequence[tuple[int, Row]]) -> dict[str, str]:
    """BigCommerce requires unique SKUs (bigcommerce facts 3.4)."""
    errors, seen = {}, set()
    for number, row in numbered:
        sku = row.sku.casefold()
        if sku and sku in seen:
            errors[f"row-sku-{number}"] = "sku_twice"
        seen.add(sku)
    return errors


def _wrong_options(form: AddForm, count: int, *, fresh: bool) -> dict[str, str]:
    """`fresh`: the table of variants differs from the one that the merchant saw."""
    errors: dict[str, str] = {}
    names = [option.name.casefold() for option in form.options if option.values]
    for number, option in zip(OPTIONS, form.options, strict=True):
        place = f"option-{number}"
        folded = [value.casefold() for value in option.values]
        if bool(option.name) != bool(option.values):
            errors[f"{place}-{'values' if option.name else 'name'}"] = "option_half"
        elif len(option.name) > 30 or (option.values and names.count(option.name.casefold()) > 1):
            errors[f"{place}-name"] = "option_name"
        elif len(set(folded)) < len(folded):
            errors[f"{place}-values"] = "values_twice"
        elif len(option.values) > MOST_VALUES or any(len(value) > 256 for value in option.values):
            errors[f"{place}-values"] = "values_many"
    if errors:
        return errors
    if count > MOST_VARIANTS:
        return {"variants": "variants_many"}
    if form.rows and fresh:
        return {"variants": "variants_look"}
    return {"variants": "variants_none"} if form.rows and not form.used else {}


# ---- Making --------------------------------------------------------------------------------------


def wanted(
    form: AddForm, organization: Organization, uuid: str, fresh_uuid: Callable[[], str]
) -> Wanted:
    """The product of a form without errors. Every variant gets a uuid of its own."""
    texts = form.texts
    given = [option for option in form.options if option.values]
    shown = form.used or (
        Row(
            (),
            price=texts["price"],
            sku=texts["sku"],
            barcode=texts["barcode"],
            stock=texts["stock"],
        ),
    )
    variants, stock = [], {}
    for row in shown:
        variant = fresh_uuid()
        variants.append(
            _variant(
                row,
                variant,
                [option.name for option in given],
                (texts["price"], organization.currency),
            )
        )
        if form.tracked and row.stock:
            stock[variant] = int(row.stock)
    sales_tax = organization.taxation_mode is TaxationMode.EXCLUSIVE
    new = NewProduct(
        uuid=uuid,
        name=texts["name"],
        variants=tuple(variants),
        definitions=tuple(_definition(option, place, shown) for place, option in enumerate(given)),
        description=texts["description"],
        online_description=texts["online_description"],
        seo_title=texts["seo_title"],
        seo_description=texts["seo_description"],
        slug=texts["slug"].strip("/"),
        weight_grams=grams(texts["weight"], texts["weight_unit"]) if texts["weight"] else None,
        vat_percentage=amount(texts["vat"]) if texts["vat"] and not sales_tax else None,
        tax=(SalesTax.EXEMPT if texts["tax"] == "exempt" else SalesTax.DEFAULT)
        if sales_tax
        else None,
    )
    return Wanted(new, assigned=form.assigned, tracked=form.tracked, stock=stock)


def _variant(row: Row, uuid: str, names: Sequence[str], price: tuple[str, str]) -> NewVariant:
    common, currency = price
    found = minor(row.price or common, currency) if row.price or common else None
    return NewVariant(
        uuid,
        name=", ".join(row.values)[:256],
        sku=row.sku,
        barcode=row.barcode,
        price=None if found is None else Money(found, currency),
        options=tuple(zip(names, row.values, strict=True)),
    )


def _definition(option: Option, place: int, shown: Sequence[Row]) -> OptionDefinition:
    """Only values that a variant has, in the order in which they were typed."""
    named = {row.values[place] for row in shown}
    return OptionDefinition(option.name, tuple(value for value in option.values if value in named))
