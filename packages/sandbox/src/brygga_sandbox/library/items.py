"""The types and words in which the demo library is written."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Item:
    """One product as written by hand: price in öre with VAT, weight in grams (0: not weighed), the
    picture's motif.

    An option reads "Storlek: Liten|Mellan +50|Stor +120": its name, its values in the merchant's
    order, and the addition of a value to the price in kronor. `missing` names combinations that are
    not sold, as "Stor/Sand".
    """

    motif: str
    name: str
    price: int
    grams: int
    text: str
    options: tuple[str, ...] = ()
    vat: int = 25
    missing: tuple[str, ...] = ()
    videos: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Department:
    """A department of the shop: the prefix of its SKUs, its category, and the ending of its online
    descriptions.
    """

    prefix: str
    category: str
    care: str
    items: tuple[Item, ...]


COLOURS = {
    "Aska": "8f8f8a",
    "Benvit": "ece5d8",
    "Blå": "4f6d8f",
    "Bärnsten": "c98b3c",
    "Ek": "c7a26f",
    "Furu": "dcbf8e",
    "Glasklar": "d7e3e4",
    "Granit": "6d6f73",
    "Grön": "5f7f64",
    "Guld": "c9a24b",
    "Gul": "dcb345",
    "Hav": "3f6c7a",
    "Indigo": "3b4a6b",
    "Järn": "4a4643",
    "Kalk": "f1ede4",
    "Koppar": "b8704a",
    "Lin": "d8cbb3",
    "Ljung": "8f6f8f",
    "Mässing": "b8964f",
    "Mossa": "6b7449",
    "Ockra": "c68a3a",
    "Orange": "d0753c",
    "Persika": "e3b394",
    "Plommon": "6b4055",
    "Rosa": "d9a5a0",
    "Rost": "a8573a",
    "Röd": "b0433c",
    "Salvia": "9aab8c",
    "Sand": "d6c2a0",
    "Silver": "b9bdc1",
    "Skiffer": "50585f",
    "Svart": "2f2d2b",
    "Teak": "8a5a3a",
    "Terrakotta": "bf6f4f",
    "Turkos": "5aa3a0",
    "Valnöt": "5d4030",
    "Vit": "f4f1ea",
}
"""The colours of the shop, as options name them and as pictures show them."""
