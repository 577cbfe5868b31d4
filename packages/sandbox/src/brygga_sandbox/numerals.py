"""Numbers as clients write them in paths, queries and bodies. Any other text is no number, and
causes no error of ours.
"""

from __future__ import annotations

_DIGITS = 18
"""More digits than any id has; Python refuses to read thousands of them."""


def whole(text: object) -> int | None:
    """The whole number from 0 in a text. None for signs, digits of other scripts, and more digits
    than any id has.
    """
    if isinstance(text, bool) or text is None:
        return None
    written = str(text)
    return (
        int(written)
        if written.isascii() and written.isdigit() and len(written) <= _DIGITS
        else None
    )


def signed(text: object) -> int | None:
    """The same, with a minus sign allowed."""
    written = str(text)
    number = whole(written.removeprefix("-"))
    return number if number is None or not written.startswith("-") else -number
