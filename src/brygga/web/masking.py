"""The token of our forms, which is different on every page.

Answers are compressed. An attacker who can make a browser request a page with the attacker's words
in its address, and who sees the length of each answer, learns byte by byte what else is in the
page, if that is always the same (BREACH). The token is the one secret in a page, so each page has
it under a mask of its own.
"""

import hashlib
from typing import Final

HALF: Final = 64
"""The number of hexadecimal digits of a session's token. Its mask has as many."""


def masked(secret: str, noise: str) -> str:
    """A mask made of `noise`, and the secret under it."""
    mask = hashlib.sha256(noise.encode()).digest()
    return mask.hex() + _mixed(mask, bytes.fromhex(secret)).hex()


def unmasked(text: str) -> str | None:
    """The secret, or None for a text that no page of ours can have contained."""
    try:
        given = bytes.fromhex(text)
    except ValueError:
        return None
    if len(given) != HALF:
        return None
    return _mixed(given[: HALF // 2], given[HALF // 2 :]).hex()


def _mixed(one: bytes, other: bytes) -> bytes:
    return bytes(left ^ right for left, right in zip(one, other, strict=True))
