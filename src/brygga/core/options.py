"""The options of a Zettle product as BigCommerce accepts them: every variant has exactly one label
of every option, and no two variants have the same labels.

Zettle allows what BigCommerce does not (zettle facts 2.4): names with spaces at either end, values
that differ only in case, variants without a value, with a value that no definition lists, or with
the same values as another one, and old products with several variants and no definitions.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from brygga.core.model import CatalogOption, Product, Variant
from brygga.core.report import Code, Line, Severity, Topic
from brygga.core.text import cut, one_line

NAME_LIMIT = 255
LABEL_LIMIT = 255
"""Option name and value label: bigcommerce facts 2.3."""

NAMELESS = "Variant"
"""The name of an option that has none. The word is the same in Swedish and in English."""
BLANK = "–"
"""The label of a variant that lacks a value."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The options in the merchant's order, and the labels by Zettle variant uuid. A simple product
    has no options.
    """

    options: tuple[CatalogOption, ...]
    labels: dict[str, tuple[tuple[str, str], ...]]
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class _Column:
    """One option in progress: its name as we write it, and the label for each Zettle value that a
    variant uses.
    """

    name: str
    labels: dict[str, str]


def shape_of(product: Product) -> Shape:
    """The options and labels of a product.

    | definitions | variants | options of the variants | becomes |
    |---|---|---|---|
    | none | one | none | a simple product |
    | none | several | none | one option, made from the variants' names |
    | none | any | some | the options that the variants name |
    | some | any | any | the defined options, also for a single variant |
    """
    raw = _raw_columns(product)
    if not raw:
        return Shape((), {variant.uuid: () for variant in product.variants})
    rows = _raw_rows(product, [name for name, _ in raw])
    lines: list[Line] = []
    names = _names(product, [name for name, _ in raw], lines)
    columns = [
        _column(product, names[place], values, [row[place] for row in rows], lines)
        for place, (_, values) in enumerate(raw)
    ]
    chosen = [
        [column.labels[value] for column, value in zip(columns, row, strict=True)] for row in rows
    ]
    _part_equal_rows(product, columns, chosen, lines)
    return _shape(product, columns, chosen, lines)


def _raw_columns(product: Product) -> list[tuple[str, Sequence[str]]]:
    if product.definitions:
        return [(definition.name, definition.values) for definition in product.definitions]
    named = _first_of_each(name for variant in product.variants for name, _ in variant.options)
    if named:
        return [(name, ()) for name in named]
    return [(NAMELESS, ())] if len(product.variants) > 1 else []


def _raw_rows(product: Product, names: Sequence[str]) -> list[list[str]]:
    return [
        [_value(product, variant, name, len(names)) for name in names]
        for variant in product.variants
    ]


def _value(product: Product, variant: Variant, name: str, options: int) -> str:
    """The variant's value of an option. If it has none and there is only one option, the variant's
    own name.
    """
    wanted = _folded(name)
    found = next(
        (one_line(value) for option, value in variant.options if _folded(option) == wanted), ""
    )
    if found:
        return found
    own = one_line(variant.name)
    return own if options == 1 and own != one_line(product.name) else ""


def _names(product: Product, raw: Sequence[str], lines: list[Line]) -> list[str]:
    """A name for each option. No name is empty, and no two are equal without case."""
    names: list[str] = []
    for written in raw:
        taken = {_folded(name) for name in names}
        name = cut(one_line(written), NAME_LIMIT) or NAMELESS
        number = 2
        while _folded(name) in taken:
            name = f"{cut(one_line(written), NAME_LIMIT - 4) or NAMELESS} {number}"
            number += 1
        if name != one_line(written):
            lines.append(
                _line(product, Code.OPTION_RENAMED, option=one_line(written), written=name)
            )
        names.append(name)
    return names


def _column(
    product: Product, name: str, defined: Sequence[str], used: Sequence[str], lines: list[Line]
) -> _Column:
    """An option with a label for every value that a variant uses: first in the order of the
    definition, then in the order of use.
    """
    labels: dict[str, str] = {}
    taken: set[str] = set()
    for value in _first_of_each([*map(one_line, defined), *used]):
        if value not in used:
            continue
        labels[value] = label = _free(cut(value, LABEL_LIMIT) or BLANK, taken)
        taken.add(_folded(label))
        if label != value:
            lines.append(
                _line(product, Code.VALUE_RENAMED, option=name, value=value, written=label)
            )
    return _Column(name, labels)


def _part_equal_rows(
    product: Product, columns: list[_Column], chosen: list[list[str]], lines: list[Line]
) -> None:
    """Keeps all variants with the same values: each later one gets a label of its own in the last
    option.
    """
    seen: set[tuple[str, ...]] = set()
    last = columns[-1]
    for row in chosen:
        if tuple(row) in seen:
            taken = {_folded(label) for label in last.labels.values()} | {
                _folded(other[-1]) for other in chosen
            }
            written = _free(row[-1], taken)
            lines.append(
                _line(product, Code.VALUE_RENAMED, option=last.name, value=row[-1], written=written)
            )
            row[-1] = written
        seen.add(tuple(row))


def _shape(
    product: Product, columns: list[_Column], chosen: list[list[str]], lines: list[Line]
) -> Shape:
    options = []
    for place, column in enumerate(columns):
        used = {row[place] for row in chosen}
        order = _first_of_each([*column.labels.values(), *(row[place] for row in chosen)])
        options.append(CatalogOption(column.name, tuple(label for label in order if label in used)))
    labels = {
        variant.uuid: tuple(
            (column.name, label) for column, label in zip(columns, row, strict=True)
        )
        for variant, row in zip(product.variants, chosen, strict=True)
    }
    return Shape(tuple(options), labels, tuple(lines))


def _free(label: str, taken: set[str]) -> str:
    """The label, or the label with the first free suffix " (2)", " (3)"… It is never longer than a
    label may be.
    """
    if _folded(label) not in taken:
        return label
    for number in range(2, len(taken) + 3):
        ending = f" ({number})"
        if len(label) + len(ending) <= LABEL_LIMIT:
            candidate = label + ending
        else:
            candidate = cut(label.removesuffix("…") + "……", LABEL_LIMIT - len(ending)) + ending
        if _folded(candidate) not in taken:
            return candidate
    raise AssertionError("among more numbers than labels one is free")


def _folded(text: str) -> str:
    """The text without case and surrounding space, which BigCommerce may take as equal. How it
    compares labels is not documented.
    """
    return one_line(text).casefold()


def _first_of_each(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))


def _line(product: Product, code: Code, **params: str) -> Line:
    return Line(code, Topic.PRODUCT, Severity.WARNING, product.uuid, params=params)
