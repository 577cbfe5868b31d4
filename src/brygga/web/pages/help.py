"""Help: every question of rule E2, found by its words."""

import unicodedata
from dataclasses import dataclass
from typing import Final

from litestar import Response, get

from brygga.web.i18n import Words
from brygga.web.visit import Visit

QUESTIONS: Final = {
    "start": ("not-finished", "one-store", "how-fast"),
    "products": (
        "what-is-synced",
        "where-to-edit",
        "bigcommerce-edits",
        "no-export",
        "duplicates",
        "one-side-only",
        "does-not-show",
    ),
    "prices": ("why-no-prices", "vat"),
    "stock": (
        "stock-moves",
        "why-number",
        "check-number",
        "separate-stock",
        "stock-off",
        "backorders",
        "hidden-product",
        "fees",
    ),
    "leave": ("leaving",),
}


@dataclass(frozen=True, slots=True)
class Group:
    key: str
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HelpView:
    groups: tuple[Group, ...]
    query: str = ""
    open: bool = False


@get("/help")
async def show(visit: Visit, q: str = "") -> Response[str]:
    return visit.page("help.html", view(visit.words, q), section="help")


def view(words: Words, query: str) -> HelpView:
    """The questions whose text has every word of the query, whatever its accents and case."""
    wanted = _plain(query).split()

    def fits(key: str) -> bool:
        text = _plain(words.text(f"help.{key}.question") + " " + words.text(f"help.{key}.answer"))
        return all(word in text for word in wanted)

    groups = (Group(key, tuple(filter(fits, answers))) for key, answers in QUESTIONS.items())
    return HelpView(tuple(group for group in groups if group.answers), query, open=bool(wanted))


def _plain(text: str) -> str:
    return "".join(
        letter
        for letter in unicodedata.normalize("NFD", text.casefold())
        if not unicodedata.combining(letter)
    )
