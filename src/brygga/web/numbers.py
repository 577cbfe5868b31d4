"""A number of units as a merchant types it."""

from enum import StrEnum
from typing import Final

HIGHEST: Final = 99_999
"""The most that Zettle keeps of a variant (zettle facts 3.5)."""
SPACES: Final = str.maketrans("", "", " \u00a0\u202f\u2009")


class Problem(StrEnum):
    """Why a number cannot be taken; each has a sentence in `locale/` under `number.`."""

    MISSING = "missing"
    NEGATIVE = "negative"
    NOT_WHOLE = "not_whole"
    TOO_BIG = "too_big"


def number(text: str) -> int | Problem:
    """A whole number from 0 to the most that a till keeps; spaces between the digits are how many write thousands."""
    bare = text.translate(SPACES)
    if not bare:
        return Problem.MISSING
    digits = bare.removeprefix("-").removeprefix("\u2212")
    if not (digits.isascii() and digits.isdigit()):
        return Problem.NOT_WHOLE
    if digits != bare and digits.strip("0"):
        return Problem.NEGATIVE
    if len(digits.lstrip("0")) > len(str(HIGHEST)) or int(digits) > HIGHEST:
        return Problem.TOO_BIG
    return int(digits)


def seen(text: str) -> int | None:
    """A number that we put into a form ourselves, below zero too; None for "", and for what somebody else put there."""
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) < 12 else None
