"""Identifiers and numbers that look random but are computed from a name, so that every run creates
the same library.
"""

from __future__ import annotations

import re
import unicodedata
from base64 import urlsafe_b64encode
from hashlib import blake2b

# 2019-01-01 in 100 ns steps since the Gregorian reform, and five years of such steps. A version 1
# uuid contains its creation time, which must be plausible.
_FIRST_TICK = 137_655_936_000_000_000
_TICKS = 5 * 365 * 86_400 * 10_000_000
_NODE = "4f1c6a7b8e90"


def digest(name: str, size: int = 8) -> int:
    """A number of `size` bytes that depends only on the name."""
    return int.from_bytes(blake2b(name.encode(), digest_size=size).digest())


def roll(name: str, sides: int) -> int:
    """A number from 0 to sides - 1 that is always the same for one name."""
    return digest(name) % sides


def uuid1(name: str) -> str:
    """A version 1 uuid: Zettle answers 422 to any other version (zettle facts 2.7)."""
    number = digest(name, 10)
    ticks = _FIRST_TICK + (number >> 14) % _TICKS
    sequence = 0x8000 | number & 0x3FFF
    return f"{ticks & 0xFFFFFFFF:08x}-{ticks >> 32 & 0xFFFF:04x}-{0x1000 | ticks >> 48 & 0x0FFF:04x}-{sequence:04x}-{_NODE}"


def etag(name: str) -> str:
    """32 upper-case hexadecimal digits, as Zettle's bodies carry them (zettle facts 2.3)."""
    return f"{digest('etag ' + name, 16):032X}"


def ean13(name: str) -> str:
    """A barcode under the Swedish prefix with a right check digit."""
    return with_check_digit(f"735{digest('ean ' + name) % 10**9:09d}")


def with_check_digit(twelve: str) -> str:
    """The EAN-13 whose first twelve digits are given."""
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(twelve))
    return f"{twelve}{-total % 10}"


def video_id(name: str) -> str:
    """Eleven characters of the alphabet YouTube uses for its videos."""
    return urlsafe_b64encode(digest("video " + name).to_bytes(8)).decode()[:11]


_WITHOUT_ACCENT = str.maketrans(
    {"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "æ": "ae", "Æ": "AE", "ß": "ss"}
)


def slug(text: str) -> str:
    """The text in the form of a web address: a to z, digits and hyphens. Names in other alphabets
    get a number.
    """
    plain = (
        unicodedata.normalize("NFKD", text.translate(_WITHOUT_ACCENT))
        .encode("ascii", "ignore")
        .decode()
        .lower()
    )
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or f"produkt-{digest(text) % 10**6:06d}"
