"""A number of units as a merchant types it."""

from enum import StrEnum
from typing import Final

from brygga.core.stock import LIMITS, Side

SPACES: Final = str.maketrans("", "", " \u00a0\u202f\u2009")


class Problem(StrEnum):
    """Why a number is refused. Each reason has a sentence in `locale/` under `number.`."""

    MISSING = "missing"
    NEGATIVE = "negative"
    NOT_WHOLE = "not_whole"
    TOO_BIG_ZETTLE = "too_big_zettle"
    TOO_BIG_SHOP = "too_big_shop"


TOO_BIG: Final = {Side.ZETTLE: Problem.TOO_BIG_ZETTLE, Side.SHOP: Problem.TOO_BIG_SHOP}


def number(text: str, side: Side) -> int | Problem:
    """A whole number from 0 to the most that this side can hold. Spaces between the digits are
    allowed, because many people write thousands with them.
    """
    bare = text.translate(SPACES)
    if not bare:
        return Problem.MISSING
    digits = bare.removeprefix("-").removeprefix("\u2212")
    if not (digits.isascii() and digits.isdigit()):
        return Problem.NOT_WHOLE
    if digits != bare and digits.strip("0"):
        return Problem.NEGATIVE
    highest, significant = LIMITS[side].highest, digits.lstrip("0") or "0"
    if len(significant) > len(str(highest)) or int(significant) > highest:
        return TOO_BIG[side]
    return int(significant)


def seen(text: str) -> int | None:
    """A number that we put into a form ourselves, which may be below zero. None for "", and for
    anything that we did not put there.
    """
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) < 12 else None
