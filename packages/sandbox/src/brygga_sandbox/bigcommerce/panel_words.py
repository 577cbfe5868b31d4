"""The control panel's messages for refusals: (Swedish, English), each with a reason and what to
do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from brygga_sandbox.http import Request
from brygga_sandbox.pages import language

from .refusal import Refusal

Pair = tuple[str, str]

TAKEN: Final[Mapping[str, Pair]] = {
    "name": (
        "En annan produkt heter redan så. Välj ett annat namn.",
        "Another product has that name. Choose another one.",
    ),
    "sku": (
        "En annan produkt eller variant har redan den SKU:n. Välj en annan.",
        "Another product or variant has that SKU. Choose another one.",
    ),
    "custom_url": (
        "En annan sida har redan den webbadressen. Välj en annan.",
        "Another page has that web address. Choose another one.",
    ),
    "url": (("En annan sida har redan den webbadressen. Välj en "
"annan."), "Another page has that web address. Choose another one."),
    "label": ("Två värden kan inte heta likadant.", "Two values cannot have the same name."),
    "display_name": (("Produkten har redan ett alternativ som heter "
"så."), "The product has an option of that name."),
    "lines": ("Så många finns inte i lager.", "There are not that many in stock."),
}  # fmt: skip

FIELDS: Final[Mapping[str, Pair]] = {
    "name": ("Namn", "Name"),
    "sku": ("SKU", "SKU"),
    "price": ("Pris", "Price"),
    "sale_price": ("Reapris", "Sale price"),
    "weight": ("Vikt", "Weight"),
    "upc": ("Streckkod", "Barcode"),
    "gtin": ("GTIN", "GTIN"),
    "custom_url": ("Webbadress", "Web address"),
    "page_title": ("Sidtitel", "Page title"),
    "meta_description": ("Metabeskrivning", "Meta description"),
    "level": ("Lager", "Stock"),
    "quantity": ("Antal", "Quantity"),
    "inventory_level": ("Lager", "Stock"),
    "image_url": ("Bildens adress", "The image's address"),
    "video_id": ("Video", "Video"),
    "label": ("Värde", "Value"),
    "display_name": ("Alternativets namn", "The option's name"),
    "custom_fields": ("Egna fält", "Custom fields"),
    "tax_class_id": ("Momsklass", "Tax class"),
    "categories": ("Kategorier", "Categories"),
    "owner_email": ("E-post", "E-mail"),
    "currency": ("Valuta", "Currency"),
    "quota": ("Anrop per 30 sekunder", "Requests per 30 seconds"),
    "read_lag_s": ("Fördröjda lageravläsningar", "Late stock readings"),
    "hook_delay_s": ("Nya webhookar", "New webhooks"),
}  # fmt: skip

NUMBER: Final[Pair] = (
    "{field}: ”{value}” är inget tal. Skriv till exempel 12,50.",
    "{field}: “{value}” is not a number. Write for example 12.50.",
)
WHOLE: Final[Pair] = (
    "{field}: ”{value}” är inget antal. Skriv ett heltal från 0.",
    "{field}: “{value}” is no count. Write a whole number from 0.",
)
CHECK: Final[Pair] = ("Kontrollera {fields}: {why}.", "Check {fields}: {why}.")
NO_PICTURE: Final[Pair] = (
    "Bilden kunde inte hämtas eller är ingen bild. Kontrollera adressen eller välj en annan fil.",
    "The image could not be fetched, or is no image. Check its address or choose another file.",
)
GONE: Final[Pair] = (
    "Det finns inte längre. Ladda om sidan.",
    "That no longer exists. Load the page again.",
)
OTHER: Final[Pair] = ("Det gick inte: {why}.", "That was refused: {why}.")


class Mistyped(Exception):
    """A person typed a value that the field does not accept."""

    def __init__(self, field: str, value: str, words: Pair = NUMBER) -> None:
        super().__init__(field)
        self.field = field
        self.value = value
        self.words = words


def explain(request: Request, wrong: Refusal | Mistyped) -> str:
    """What went wrong and what to do, in the reader's language."""
    place = 0 if language(request) == "sv" else 1

    def named(field: str) -> str:
        return FIELDS[field][place] if field in FIELDS else field

    if isinstance(wrong, Mistyped):
        return wrong.words[place].format(field=named(wrong.field), value=wrong.value)
    errors = wrong.errors or {}
    first = next(iter(errors), "")
    if wrong.status == 409 and first in TAKEN:
        return TAKEN[first][place]
    if first in {"image_url", "image_file"} or "image" in wrong.title:
        return NO_PICTURE[place]
    if wrong.status == 404:
        return GONE[place]
    if errors:
        fields = ", ".join(named(name) for name in errors)
        return CHECK[place].format(
            fields=fields, why=str(errors[first]).removeprefix(f"{first} ").rstrip(".")
        )
    return OTHER[place].format(why=wrong.title.rstrip("."))
