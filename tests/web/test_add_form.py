"""What the "Add product" form takes and refuses, field by field (rule P9)."""

import re

import pytest
from tests.web.conftest import LIND

from brygga.web.pages.addform import AddForm, amount, minor, read, wanted
from brygga.web.visit import Form

SIZES = {"option-1-name": "Storlek", "option-1-values": "S, M"}


def form_of(**fields: str) -> AddForm:
    return read(
        Form(tuple((name.replace("_1_", "-1-"), value) for name, value in fields.items())), LIND
    )


@pytest.mark.rule("P9")
@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"name": "Kanna", "price": "249,50", "vat": "25"}, {}),
        ({"name": "Kanna"}, {}),
        ({"name": ""}, {"name": "name"}),
        ({"name": "x" * 257}, {"name": "name_long"}),
        ({"name": "Kanna", "price": "249,505"}, {"price": "price"}),
        ({"name": "Kanna", "price": "-1"}, {"price": "price"}),
        ({"name": "Kanna", "price": "gratis"}, {"price": "price"}),
        ({"name": "Kanna", "vat": "101"}, {"vat": "vat"}),
        ({"name": "Kanna", "barcode": "123456789012345"}, {"barcode": "barcode_long"}),
        ({"name": "Kanna", "sku": "s" * 65}, {"sku": "sku_long"}),
        ({"name": "Kanna", "description": "d" * 1025}, {"description": "description_long"}),
        (
            {"name": "Kanna", "online_description": "d" * 3501},
            {"online_description": "online_description_long"},
        ),
        (
            {"name": "Kanna", "seo_description": "d" * 321},
            {"seo_description": "seo_description_long"},
        ),
        ({"name": "Kanna", "slug": "!!!"}, {"slug": "slug"}),
        ({"name": "Kanna", "weight": "tung"}, {"weight": "weight"}),
        ({"name": "Kanna", "weight": "2147484", "weight_unit": "kg"}, {"weight": "weight"}),
        ({"name": "\u200e\u3164"}, {"name": "name_unseen"}),
        ({"name": "Kanna", "barcode": "978-91-1-234567-4"}, {}),
        ({"name": "Kanna", "stock": "5"}, {"stock": "stock_untracked"}),
        ({"name": "Kanna", "stock": "-5", "tracked": "yes"}, {"stock": "stock"}),
        ({"name": "Kanna", "stock": "100000", "tracked": "yes"}, {"stock": "stock"}),
        ({"name": "Kanna", "option_1_name": "Storlek"}, {"option-1-values": "option_half"}),
        ({"name": "Kanna", "option_1_values": "S, M"}, {"option-1-name": "option_half"}),
        (
            {"name": "Kanna", "option_1_name": "S" * 31, "option_1_values": "S"},
            {"option-1-name": "option_name"},
        ),
        (
            {"name": "Kanna", "option_1_name": "Storlek", "option_1_values": "S, M, s"},
            {"option-1-values": "values_twice"},
        ),
        (
            {
                "name": "Kanna",
                "option_1_name": "Nr",
                "option_1_values": "\n".join(map(str, range(100))),
            },
            {"option-1-values": "values_many"},
        ),
    ],
)
def test_the_form_says_what_is_wrong_and_where(
    fields: dict[str, str], errors: dict[str, str]
) -> None:
    assert errors == form_of(**fields).errors


def test_what_cannot_be_seen_is_not_typed() -> None:
    """Decision 20."""
    found = form_of(
        name="Kan\u200bna",
        sku="K\u00ad-1",
        barcode="7310 865004703",
        option_1_name="Storlek\u2060",
        option_1_values="S\u200b, M",
    )

    first = found.rows[0]

    assert ("Kanna", "K-1", "7310865004703") == (found.texts["name"], first.sku, first.barcode)
    assert ("Storlek", ("S", "M")) == (found.options[0].name, found.options[0].values)


def test_more_variants_than_zettle_takes_are_refused_before_any_table_is_made() -> None:
    """Three options of ninety-nine values would be a million combinations."""
    values = "\n".join(map(str, range(99)))
    fields = {
        f"option-{number}-{part}": text
        for number in (1, 2, 3)
        for part, text in (("name", f"N{number}"), ("values", values))
    }
    form = read(Form((("name", "Kanna"), *fields.items())), LIND)

    assert ({"variants": "variants_many"}, ()) == (form.errors, form.rows)


def test_the_same_sku_twice_is_named_at_its_second_place() -> None:
    rows = {
        f"row-{part}-{n}": text
        for n, value in enumerate("SM")
        for part, text in (("key", f'["{value}"]'), ("use", "yes"), ("sku", "tr-1"))
    }
    form = read(Form((("name", "Tröja"), *SIZES.items(), *rows.items())), LIND)

    assert {"row-sku-1": "sku_twice"} == form.errors


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12,50", "12.50"),
        ("12.50", "12.50"),
        ("1 234,50", "1234.50"),
        ("1\u00a0234", "1234"),
        ("1,234.50", "1234.50"),
        ("1.234,50", "1234.50"),
        ("1,2,3", None),
        ("1.23,50", None),
        ("", None),
        ("1e5", None),
        ("٣", None),
    ],
)
def test_numbers_are_read_as_people_write_them(text: str, number: str | None) -> None:
    assert number == (None if (found := amount(text)) is None else str(found))


def test_a_price_has_as_many_decimals_as_its_currency() -> None:
    assert [1250, None, 500, None] == [
        minor("12,5", "SEK"),
        minor("12,505", "SEK"),
        minor("500", "JPY"),
        minor("500,5", "JPY"),
    ]


# ---- Options -------------------------------------------------------------------------------------

ROWS = {"row_key_0": '["S"]', "row_use_0": "yes", "row_key_1": '["M"]', "row_use_1": "yes"}


def typed(form: AddForm) -> list[tuple[str, str, str]]:
    return [(" ".join(row.values), row.sku, row.stock) for row in form.rows]


def sent(**fields: str) -> AddForm:
    pairs = [
        (name.replace("_", "-") if re.search(r"_\d", name) else name, value)
        for name, value in fields.items()
    ]
    return read(Form(tuple(pairs)), LIND)


@pytest.mark.rule("P9")
def test_what_was_typed_moves_to_the_first_variant_and_back() -> None:
    """Adding options loses no field, and neither does another option, another name of a value, or
    taking all options away.
    """
    first = sent(name="Mugg", sku="M-1", stock="7", **SIZES)
    rows = {**ROWS, "row_sku_0": "M-1", "row_stock_0": "7", "row_sku_1": "M-2"}
    colours = {"option_2_name": "Färg", "option_2_values": "Röd, Blå"}
    second = sent(name="Mugg", **rows, **SIZES, **colours)
    alone = sent(name="Mugg", **rows)

    assert [("S", "M-1", "7"), ("M", "", "")] == typed(first)
    assert ("", "") == (first.texts["sku"], first.texts["stock"])
    assert ("S Röd", "M-1", "7") == typed(second)[0]
    assert ("M Röd", "M-2", "") == typed(second)[2]
    assert ("M-1", "7", []) == (alone.texts["sku"], alone.texts["stock"], typed(alone))


@pytest.mark.rule("P9")
def test_a_row_that_stays_keeps_its_own_and_takes_no_others() -> None:
    rows = {**ROWS, "row_sku_0": "M-1", "row_sku_1": "M-2"}
    fewer = sent(name="Mugg", **rows, option_1_name="Storlek", option_1_values="M")

    assert [("M", "M-2", "")] == typed(fewer)


@pytest.mark.rule("P9")
def test_another_vat_rate_is_typed() -> None:
    other = sent(name="Mugg", vat="other", vat_other="13,5")
    product = wanted(other, LIND, "u", lambda: "v").product

    assert ({}, "13.5") == (other.errors, str(product.vat_percentage))
    assert {"vat": "vat"} == sent(name="Mugg", vat="other", vat_other="mycket").errors
