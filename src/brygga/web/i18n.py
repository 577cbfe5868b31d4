"""Every word that the merchant reads comes from `locale/`, in one of six languages.

Sentences of the pages are keyed by their English text. The sentences of a code (a line of the sync
log, a failure) are keyed by the code: `log.product_created`, `log.product_created.cause`,
`log.product_created.action`. Every language has an entry for these.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Final, Literal

from babel.dates import format_date, format_datetime, format_time
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal, get_currency_precision
from babel.support import Translations

from brygga.core.model import Money

Language = Literal["sv", "en", "nb", "da", "fi", "de"]
NAMES: Final[Mapping[Language, str]] = {
    "sv": "Svenska",
    "en": "English",
    "nb": "Norsk",
    "da": "Dansk",
    "fi": "Suomi",
    "de": "Deutsch",
}
"""Each language by its own name, in the order of the menu."""
LANGUAGES: Final[tuple[Language, ...]] = tuple(NAMES)
LOCALE: Final = Path(__file__).parent / "locale"
NORWEGIAN: Final = frozenset({"no", "nn"})
"""Codes for Norwegian beside that of Bokmål, which is the Norwegian that we have."""
PARAMETER: Final = re.compile(r" ?%\((\w+)\)s")


def as_language(text: str | None) -> Language | None:
    """The language of a code such as "sv". None when we do not have it."""
    code = "nb" if text in NORWEGIAN else text
    return next((language for language in LANGUAGES if language == code), None)


def preferred(accept_language: str) -> Language:
    """The first language in the browser's list that we have, otherwise English. Swedish when there
    is no list.
    """
    wishes: list[tuple[float, str]] = []
    for part in accept_language.split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            wishes.append((-float(weight or 1), tag.strip()[:2].lower()))
        except ValueError:
            continue
    for rank, tag in sorted(wishes, key=lambda wish: wish[0]):
        language = as_language(tag)
        if language and rank:
            return language
    return "en" if accept_language.strip() else "sv"


DAYS: Final[Mapping[Language, str]] = {
    "sv": "d MMM y",
    "en": "d MMM y",
    "nb": "d. MMM y",
    "da": "d. MMM y",
    "fi": "d.M.y",
    "de": "d. MMM y",
}
"""How a date is written."""


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence that a page fills in, because it may hold a time."""

    key: str
    params: tuple[tuple[str, str], ...] = ()
    times: tuple[tuple[str, datetime], ...] = ()


@dataclass(frozen=True, slots=True)
class Words:
    """One language: its sentences, and how it writes numbers, money and time."""

    language: Language
    catalog: Translations

    @property
    def delimiter(self) -> str:
        """What separates the columns of a spreadsheet's file: semicolons where the comma is the
        decimal sign, as Excel expects them.
        """
        return "," if self.language == "en" else ";"

    def text(self, message: str) -> str:
        return str(self.catalog.ugettext(message)) if message else ""

    def texts(self, singular: str, plural: str, n: int) -> str:
        return str(self.catalog.ungettext(singular, plural, n))

    def has(self, message: str) -> bool:
        """Whether `locale/` has a sentence for a key such as `log.product_created`."""
        return bool(message) and self.text(message) != message

    def fill(self, key: str, params: Mapping[str, str]) -> str:
        """The sentence of a key with its parameters. A missing or blank parameter is left out
        together with the space before it, and is never an error.
        """
        sentence = PARAMETER.sub(
            lambda spot: spot[0] if params.get(spot[1], "") != "" else "", self.text(key)
        )
        return sentence % params

    def number(self, value: int | Decimal) -> str:
        """With a minus sign, not a hyphen, as changes of stock are written too."""
        return str(format_decimal(value, locale=self.language)).replace("-", "−")

    def money(self, money: Money) -> str:
        precision = get_currency_precision(money.currency)
        return self.amount(Decimal(money.minor).scaleb(-precision), money.currency)

    def amount(self, amount: Decimal, currency: str) -> str:
        text = str(format_currency(amount, currency, locale=self.language))
        # A currency without a sign of its own is written as its code. English puts it directly
        # before the digits.
        return re.sub(r"(?<=[A-Z])(?=\d)", "\u00a0", text)

    def moment(self, moment: datetime, *, exact: bool = False) -> str:
        """The time in UTC, for readers without JavaScript. The page's script rewrites it in the
        reader's time zone.
        """
        pattern = f"{DAYS[self.language]} {'HH:mm:ss' if exact else 'HH:mm'}"
        text = format_datetime(moment.astimezone(UTC), pattern, locale=self.language)
        return f"{text} UTC"

    def day(self, day: date, *, year: bool = True) -> str:
        """A date as people write it."""
        pattern = DAYS[self.language] if year else DAYS[self.language].removesuffix("y").rstrip()
        return str(format_date(day, pattern, locale=self.language))

    def clock(self, moment: datetime) -> str:
        """The time of day, in the moment's own time zone."""
        return str(format_time(moment, "short", tzinfo=moment.tzinfo, locale=self.language))


@cache
def words(language: Language) -> Words:
    """The compiled catalog of a language, or its source where that is newer or not yet compiled.

    An installed wheel has no sources.
    """
    source = LOCALE / language / "LC_MESSAGES" / "messages.po"
    compiled = source.with_suffix(".mo")
    if source.exists() and not _is_current(compiled, source):
        data = compile_catalog(source)
    else:
        data = compiled.read_bytes()
    return Words(language, Translations(BytesIO(data), domain="messages"))


def _is_current(compiled: Path, source: Path) -> bool:
    return compiled.exists() and compiled.stat().st_mtime >= source.stat().st_mtime


def compile_catalog(source: Path) -> bytes:
    with source.open("rb") as file:
        catalog = read_po(file, locale=source.parent.parent.name)
    compiled = BytesIO()
    write_mo(compiled, catalog)
    return compiled.getvalue()
