"""Values of product fields as a merchant reads them: text without HTML, prices with their currency,
weights with their unit, numbers as the language writes them.
"""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from html.parser import HTMLParser
from typing import Final

from babel.numbers import get_currency_precision

from brygga.core.model import Connection, Money
from brygga.core.text import cut, looks_like_html
from brygga.web.i18n import Words

MOST: Final = 120
"""The most characters of a text in a sentence."""
_BREAKS: Final = frozenset(
    {"p", "br", "div", "li", "ul", "ol", "tr", "table", "h1", "h2", "h3", "h4", "h5", "h6", "hr"}
)


@dataclass(frozen=True, slots=True)
class Units:
    """What a bare number of a field is counted in. "" where it is not known."""

    currency: str = ""
    weight: str = ""


def units_of(connection: Connection) -> Units:
    shop = connection.shop
    weight = shop.weight_unit.value if shop is not None and shop.weight_unit is not None else ""
    return Units(connection.organization.currency, weight)


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.parts.append(" " if tag in _BREAKS else "")

    def handle_endtag(self, tag: str) -> None:
        self.parts.append(" " if tag in _BREAKS else "")

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def plain(html: str) -> str:
    """The words of a description on one line. A tag that was cut off at the end is left out."""
    if not looks_like_html(html) and "&" not in html:
        return " ".join(html.split())
    parser = _Text()
    parser.feed(html)
    if not html.rpartition("<")[2].count(">") and "<" in html:
        parser.rawdata = ""
    parser.close()
    return " ".join("".join(parser.parts).split())


def amount(words: Words, text: str, currency: str) -> str:
    """A price. The text as it is where it is no number."""
    number = _decimal(text)
    if number is None:
        return text
    if not currency:
        return words.number(number)
    minor = int(number.scaleb(get_currency_precision(currency)).to_integral_value())
    return words.money(Money(minor, currency))


def weight(words: Words, text: str, unit: str) -> str:
    number = _decimal(text)
    return text if number is None else f"{words.number(number)} {unit}".rstrip()


def value_of(words: Words, field: str, text: str, units: Units) -> str:
    """One value of a field, short enough for a sentence. An empty one is said to be so."""
    match field:
        case _ if not text.strip():
            return words.fill("value.empty", {})
        case "description" | "meta_description":
            return cut(plain(text), MOST)
        case "price":
            return amount(words, text, units.currency)
        case "weight":
            return weight(words, text, units.weight)
        case _:
            return cut(text, MOST)


def _decimal(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number.normalize() if number.is_finite() else None
